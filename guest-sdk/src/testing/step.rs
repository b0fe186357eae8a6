//! One request to an algorithm, and everything that came of it.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::answer::{self, Answer};
use super::host::{Host, LogLine};
use super::image::Image;
use super::params;
use super::station::{self, Inspection};
use crate::algorithm::Algorithm;
use crate::assets::Assets;
use crate::call::{Call, Guide};
use crate::failure::Failure;
use crate::frame::Frame;
use crate::geometry::Rect;
use crate::scalar::Scalar;
use crate::session::Session;
use crate::verdict::{Readiness, StepOutcome, Verdict};

/// A request in the making; [`execute`](Self::execute) or [`pre_execute`](Self::pre_execute) sends it.
#[must_use = "a request does nothing until `execute` or `pre_execute` sends it"]
pub struct StepRequest<'a, A: Algorithm> {
    inspection: &'a Inspection<'a, A>,
    index: u32,
    primary: Option<Image>,
    references: Vec<(String, Image)>,
    params: Map<String, Value>,
    step_desc: Option<String>,
    guides: Vec<Guide>,
}

impl<'a, A: Algorithm> StepRequest<'a, A> {
    pub(super) fn new(inspection: &'a Inspection<'a, A>, index: u32) -> Self {
        Self {
            inspection,
            index,
            primary: None,
            references: Vec::new(),
            params: Map::new(),
            step_desc: None,
            guides: Vec::new(),
        }
    }

    /// The picture to judge. Without one the step fails with 1002.
    pub fn image(mut self, image: impl Into<Image>) -> Self {
        self.primary = Some(image.into());
        self
    }

    /// Adds a reference picture.
    ///
    /// # Panics
    ///
    /// If `name` is empty or taken: a station's names are neither.
    #[track_caller]
    pub fn reference(mut self, name: impl Into<String>, image: impl Into<Image>) -> Self {
        let name = name.into();
        let usable = !name.is_empty() && self.references.iter().all(|(other, _)| *other != name);
        assert!(
            usable,
            "a reference picture needs a name that no other one has, but got `{name}`"
        );
        self.references.push((name, image.into()));
        self
    }

    /// Gives a parameter. Numbers, booleans, texts, [`Rect`]s and anything made by `json!` will do.
    pub fn param(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.params.insert(key.into(), value.into());
        self
    }

    /// Gives all parameters at once, as the station would: a JSON object.
    ///
    /// # Panics
    ///
    /// If it is not an object.
    #[track_caller]
    pub fn params(mut self, params: Value) -> Self {
        self.params = station::object(params, "the parameters");
        self
    }

    /// What the station calls the step.
    pub fn step_desc(mut self, step_desc: impl Into<String>) -> Self {
        self.step_desc = Some(step_desc.into());
        self
    }

    /// Says where the station expects something.
    pub fn guide(mut self, label: impl Into<String>, positions: impl IntoIterator<Item = Rect>) -> Self {
        self.guides.push(Guide {
            label: label.into(),
            positions: positions.into_iter().collect(),
        });
        self
    }

    /// Asks whether the conditions are right.
    pub fn pre_execute(self) -> StepRun<Readiness> {
        self.run(A::pre_execute, StepOutcome::PreExecute)
    }

    /// Asks for a verdict.
    pub fn execute(self) -> StepRun<Verdict> {
        self.run(A::execute, StepOutcome::Execute)
    }

    fn run<T: Answer>(
        mut self,
        phase: fn(&mut A, &Call, &Session) -> Result<T, Failure>,
        outcome_of: fn(Result<T, Failure>) -> StepOutcome,
    ) -> StepRun<T> {
        let inspection = self.inspection;
        let images = self
            .primary
            .iter()
            .chain(self.references.iter().map(|(_, image)| image))
            .cloned()
            .collect();
        let host = Host::new(
            Rc::clone(&inspection.station.package),
            Some(Rc::clone(&inspection.store)),
            images,
        );
        let result = self.call().and_then(|call| {
            inspection.station.with_instance(&host, |algorithm| {
                let session = Session::lent();
                if let Err(failure) = algorithm.on_step_start(call.step_index, &session) {
                    host.warn(format!("on_step_start failed: {failure}"));
                }
                let result = phase(algorithm, &call, &session)
                    .map_err(|failure| answer::check_failure(failure, &host))
                    .and_then(|answer| answer.checked(call.frame().bounds(), &host));
                let outcome = outcome_of(result.clone());
                if let Err(failure) = algorithm.on_step_finish(call.step_index, &session, &outcome) {
                    host.warn(format!("on_step_finish failed: {failure}"));
                }
                result
            })
        });
        StepRun {
            result,
            logs: host.logs.take(),
            diagnostics: host.diagnostics.take(),
        }
    }

    /// What the algorithm is called with, once everything has passed the host's checks.
    fn call(&mut self) -> Result<Call, Failure> {
        let info = &self.inspection.station.info;
        let pid = &self.inspection.pid;
        if !info.pids.contains(pid) {
            return Err(Failure::invalid_pid(format!(
                "pid `{pid}` is not one of {}",
                info.pids.join(", ")
            )));
        }
        let Some(step) = info.steps.iter().find(|step| step.index == self.index) else {
            let known: Vec<_> = info.steps.iter().map(|step| step.index.to_string()).collect();
            return Err(Failure::invalid_params(format!(
                "step {} is not one of {}",
                self.index,
                known.join(", ")
            )));
        };
        let Some(primary) = &self.primary else {
            return Err(Failure::image_load_failed(
                "the step has no picture; give it with `image`",
            ));
        };
        let package_defaults = &self.inspection.station.package_defaults;
        Ok(Call {
            step_index: self.index,
            pid: pid.clone(),
            params: params::check(step, &self.params, package_defaults, primary.bounds())?,
            step_desc: self.step_desc.take(),
            guides: std::mem::take(&mut self.guides),
            primary: Frame::new(0, primary.info("")),
            references: (1u32..)
                .zip(&self.references)
                .map(|(index, (name, image))| Frame::new(index, image.info(name)))
                .collect(),
            assets: Assets::lent(),
        })
    }
}

/// Everything that came of a request.
#[derive(Debug)]
#[must_use]
pub struct StepRun<T> {
    result: Result<T, Failure>,
    logs: Vec<LogLine>,
    diagnostics: BTreeMap<String, Scalar>,
}

impl<T> StepRun<T> {
    /// The answer, or why there is none.
    pub fn result(&self) -> Result<&T, &Failure> {
        self.result.as_ref()
    }

    /// Why there is no answer.
    ///
    /// # Panics
    ///
    /// If there is one.
    #[track_caller]
    pub fn failure(&self) -> &Failure
    where
        T: fmt::Debug,
    {
        match &self.result {
            Ok(answer) => panic!("the step did not fail, but answered {answer:?}{}", Logs(&self.logs)),
            Err(failure) => failure,
        }
    }

    /// What was logged during the step, its hooks included.
    pub fn logs(&self) -> &[LogLine] {
        &self.logs
    }

    /// What was published during the step.
    pub fn diagnostics(&self) -> &BTreeMap<String, Scalar> {
        &self.diagnostics
    }

    #[track_caller]
    fn answer(&self) -> &T {
        match &self.result {
            Ok(answer) => answer,
            Err(failure) => panic!("the step failed: {failure}{}", Logs(&self.logs)),
        }
    }
}

impl StepRun<Verdict> {
    /// The verdict.
    ///
    /// # Panics
    ///
    /// If the step failed, with the failure and what was logged.
    #[track_caller]
    pub fn verdict(&self) -> &Verdict {
        self.answer()
    }
}

impl StepRun<Readiness> {
    /// Whether the conditions are right.
    ///
    /// # Panics
    ///
    /// If the step failed, with the failure and what was logged.
    #[track_caller]
    pub fn readiness(&self) -> &Readiness {
        self.answer()
    }
}

/// Log lines as they follow a panic's message, one indented line each.
struct Logs<'a>(&'a [LogLine]);

impl Display for Logs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
