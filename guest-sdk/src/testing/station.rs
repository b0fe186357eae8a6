//! A station that runs one algorithm, and its inspections.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Once;

use serde::Serialize;
use serde_json::{Map, Value};

use super::host::{Host, LogLine, Package};
use super::info;
use super::step::StepRequest;
use super::store::SessionStore;
use crate::algorithm::Algorithm;
use crate::assets::Assets;
use crate::failure::{Failure, Severity};
use crate::schema::Info;
use crate::session::Session;

/// A station that runs one instance of an algorithm natively.
///
/// The instance is made and set up when it is first needed, and anew after a fatal failure, as by a real host.
/// A panic in the algorithm is a panic in the test.
pub struct Station<A: Algorithm> {
    pub(super) info: Info,
    pub(super) package: Rc<Package>,
    pub(super) package_defaults: Map<String, Value>,
    context: Map<String, Value>,
    instance: RefCell<Option<A>>,
    setup_logs: RefCell<Vec<LogLine>>,
    inspections: Cell<u32>,
}

impl<A: Algorithm> Station<A> {
    /// A station without assets.
    ///
    /// # Panics
    ///
    /// If the algorithm's info is not valid, naming everything that is wrong with it.
    #[track_caller]
    pub fn new() -> Self {
        capture_logs();
        let info = A::info();
        let problems = info::problems(&info);
        assert!(
            problems.is_empty(),
            "the algorithm's info is not valid: {}",
            problems.join("; ")
        );
        Self {
            info,
            package: Rc::default(),
            package_defaults: Map::new(),
            context: Map::new(),
            instance: RefCell::default(),
            setup_logs: RefCell::default(),
            inspections: Cell::default(),
        }
    }

    /// Adds a file to the package's assets.
    #[must_use]
    pub fn asset(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Rc::make_mut(&mut self.package).files.insert(name.into(), bytes.into());
        self
    }

    /// Says which asset the manifest's `required_assets` gives for a product model and a kind.
    #[must_use]
    pub fn asset_for(mut self, pid: impl Into<String>, kind: impl Into<String>, name: impl Into<String>) -> Self {
        Rc::make_mut(&mut self.package)
            .required
            .insert((pid.into(), kind.into()), name.into());
        self
    }

    /// The manifest's `default_config`: values that come before the defaults of the schema.
    ///
    /// # Panics
    ///
    /// If it is not a JSON object.
    #[must_use]
    #[track_caller]
    pub fn default_config(mut self, config: Value) -> Self {
        self.package_defaults = object(config, "the default config");
        self
    }

    /// What the platform says about every inspection. `product_code` is the pid unless given here.
    ///
    /// # Panics
    ///
    /// If it is not a JSON object.
    #[must_use]
    #[track_caller]
    pub fn context(mut self, context: Value) -> Self {
        self.context = object(context, "the context");
        self
    }

    /// Makes the instance and sets it up, unless that is done. Steps do this by themselves.
    ///
    /// # Errors
    ///
    /// What `setup` answers.
    pub fn setup(&self) -> Result<(), Failure> {
        let mut instance = self.instance.borrow_mut();
        if instance.is_none() {
            let host = Host::new(Rc::clone(&self.package), None, Vec::new());
            let mut algorithm = A::default();
            let answer = host.run(|| algorithm.setup(&Assets::lent()));
            *self.setup_logs.borrow_mut() = host.logs.take();
            answer?;
            *instance = Some(algorithm);
        }
        Ok(())
    }

    /// What the last `setup` logged.
    pub fn setup_logs(&self) -> Vec<LogLine> {
        self.setup_logs.borrow().clone()
    }

    /// Begins the inspection of one product, with a session of its own.
    pub fn inspection(&self, pid: impl Into<String>) -> Inspection<'_, A> {
        let pid = pid.into();
        self.inspections.set(self.inspections.get() + 1);
        let mut context = self.context.clone();
        context.entry("product_code").or_insert_with(|| pid.clone().into());
        let id = format!("inspection-{}", self.inspections.get());
        let store = Rc::new(SessionStore::new(id, Value::Object(context).to_string()));
        Inspection {
            station: self,
            pid,
            store,
        }
    }

    /// Calls `teardown`, if there is an instance.
    ///
    /// # Errors
    ///
    /// What `teardown` answers.
    pub fn teardown(self) -> Result<(), Failure> {
        let host = Host::new(Rc::clone(&self.package), None, Vec::new());
        match self.instance.into_inner() {
            Some(mut algorithm) => host.run(|| algorithm.teardown()),
            None => Ok(()),
        }
    }

    /// Sets up an instance if needed and lends it to `work` inside `host`. After a fatal failure the instance goes.
    pub(super) fn with_instance<R>(
        &self,
        host: &Rc<Host>,
        work: impl FnOnce(&mut A) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        self.setup()?;
        let mut slot = self.instance.borrow_mut();
        let algorithm = slot
            .as_mut()
            .ok_or_else(|| Failure::unknown("the algorithm is not set up"))?;
        let answer = host.run(|| work(algorithm));
        if answer
            .as_ref()
            .is_err_and(|failure| failure.severity() == Severity::Fatal)
        {
            *slot = None;
        }
        answer
    }
}

impl<A: Algorithm> Default for Station<A> {
    fn default() -> Self {
        Self::new()
    }
}

/// The inspection of one product: steps that share a session.
pub struct Inspection<'a, A: Algorithm> {
    pub(super) station: &'a Station<A>,
    pub(super) pid: String,
    pub(super) store: Rc<SessionStore>,
}

impl<A: Algorithm> Inspection<'_, A> {
    /// Prepares a request for the step with this index.
    pub fn step(&mut self, index: u32) -> StepRequest<'_, A> {
        StepRequest::new(self, index)
    }

    /// What the algorithm keeps in the session under `key`.
    pub fn session_value(&self, key: &str) -> Option<Value> {
        self.store.get(key).and_then(|json| serde_json::from_str(&json).ok())
    }

    /// Puts a value into the session, as if an earlier step had left it there.
    ///
    /// # Panics
    ///
    /// If the session does not take it.
    #[track_caller]
    pub fn set_session_value(&mut self, key: &str, value: impl Serialize) {
        let json = serde_json::to_string(&value).expect("the value can be written as JSON");
        if let Err(error) = self.store.set(key, &json) {
            panic!("{error}");
        }
    }

    /// Tells the algorithm that the inspection starts again or is broken off.
    ///
    /// # Errors
    ///
    /// What `reset`, or `setup` before it, answers.
    pub fn reset(&mut self) -> Result<(), Failure> {
        let host = Host::new(
            Rc::clone(&self.station.package),
            Some(Rc::clone(&self.store)),
            Vec::new(),
        );
        let answer = self
            .station
            .with_instance(&host, |algorithm| algorithm.reset(&Session::lent()));
        // As the host does, whatever the algorithm answered.
        self.store.clear();
        answer
    }
}

#[track_caller]
pub(super) fn object(value: Value, what: &str) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{what} must be a JSON object, but is {other}"),
    }
}

/// A test program that has a logger of its own keeps it; then nothing is captured.
fn capture_logs() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        if crate::logging::install() {
            log::set_max_level(log::LevelFilter::Trace);
        }
    });
}
