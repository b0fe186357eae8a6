//! Loading, in two parts. First no code of the algorithm runs: the component is looked at, compiled and linked. Then it
//! describes itself, that is compared with the manifest, and it is set up.

use super::{Algorithm, HookReport, LoadError, LoadReport, hook_report, instantiate, with_logs};
use crate::answer::stated_failure;
use crate::assets::Assets;
use crate::bindings::AlgorithmPre;
use crate::description;
use crate::failure::{ErrorCode, Failure, FailureClass, Severity};
use crate::host::Host;
use crate::imports::link_stand_ins;
use crate::info::AlgorithmInfo;
use crate::instance::{GuestState, Instance};
use crate::interruption::{Interrupter, Interruption};
use crate::limits::{GrantedLimits, Limits, MEMORIES};
use crate::manifest::Manifest;
use crate::package::Package;
use crate::shape::Shape;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::Component;

/// An algorithm that is compiled, of which no code has run yet.
///
/// What comes between this and [`Prepared::start`] is done while nothing can interfere: a process that runs a stranger's
/// code gives up here what it does not need for that.
pub struct Prepared {
    host: Host,
    component: AlgorithmPre<GuestState>,
    shape: Shape,
    granted: GrantedLimits,
    limits: Arc<Limits>,
    assets: Arc<Assets>,
    manifest: Option<Manifest>,
    compile: Duration,
    from_cache: bool,
    interruption: Arc<Interruption>,
}

impl Prepared {
    pub(crate) fn new(host: Host, package: &Package) -> Result<Self, LoadError> {
        let inner = &host.inner;
        let shape = Shape::read(package.component())?;
        shape.check(&inner.config.policy.imports)?;

        let compiled = host.compile(package.component())?;
        let mut linker = inner.linker.clone();
        let component = link_stand_ins(&mut linker, &inner.engine, &compiled.component, &shape.imports)
            .and_then(|()| linker.instantiate_pre(&compiled.component))
            .and_then(AlgorithmPre::new)
            .map_err(|error| LoadError::Link(error.into()))?;

        let granted = package.limits().clone();
        let limits = Arc::new(granted.limits.clone());
        check_counts(&shape, &compiled.component, &limits).map_err(LoadError::GetInfo)?;
        Ok(Self {
            component,
            shape,
            granted,
            limits,
            assets: package.assets().clone(),
            manifest: package.manifest().cloned(),
            compile: compiled.took,
            from_cache: compiled.from_cache,
            interruption: Arc::default(),
            host,
        })
    }

    /// What the component is made of.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The limits that will hold, and what of the package's request was cut.
    pub fn limits(&self) -> &GrantedLimits {
        &self.granted
    }

    /// How long compiling took, or reading what was compiled before.
    pub fn compile_time(&self) -> Duration {
        self.compile
    }

    /// Whether it was compiled before.
    pub fn from_cache(&self) -> bool {
        self.from_cache
    }

    /// What ends [`Prepared::start`], and later calls of the algorithm, from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.interruption.interrupter()
    }

    /// Runs the algorithm for the first time: `get_info`, comparison with the manifest, `setup`.
    ///
    /// Calls into the algorithm, here and later, run on the calling thread, which needs a megabyte of free stack.
    ///
    /// # Errors
    ///
    /// See [`LoadError`].
    pub fn start(self) -> Result<Algorithm, LoadError> {
        let _calling = self.interruption.begin();
        let start = Instant::now();
        let instance = instantiate(
            &self.host,
            &self.component,
            &self.limits,
            &self.assets,
            &self.interruption,
        );
        let mut instance = instance.map_err(LoadError::GetInfo)?;
        let info = describe(&mut instance).map_err(|failure| LoadError::GetInfo(with_logs(failure, &mut instance)))?;
        let describe = hook_report(&mut instance, None, start);
        drop(instance);

        let schemas = description::check(&info).map_err(LoadError::Description)?;
        let mut configured = serde_json::Map::new();
        if let Some(manifest) = self.manifest {
            description::compare(&info, &manifest).map_err(LoadError::Mismatch)?;
            description::check_configured(&manifest.default_config, &schemas).map_err(LoadError::DefaultConfig)?;
            configured = manifest.default_config;
        }

        let mut algorithm = Algorithm {
            component: self.component,
            info,
            schemas,
            configured,
            shape: self.shape,
            granted: self.granted,
            limits: self.limits,
            assets: self.assets,
            report: LoadReport {
                compile: self.compile,
                from_cache: self.from_cache,
                setup: HookReport::default(),
                describe,
            },
            interruption: self.interruption,
            instance: None,
            lost_in_a_row: 0,
            quarantine: None,
            host: self.host,
        };
        let (instance, setup) = algorithm.start_instance().map_err(LoadError::Setup)?;
        algorithm.instance = Some(instance);
        algorithm.report.setup = setup;
        Ok(algorithm)
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

/// Compares what an instance will consist of with the limits. The engine would refuse it as well, but not say which
/// limit it was.
fn check_counts(shape: &Shape, component: &Component, limits: &Limits) -> Result<(), Failure> {
    let required = component.resources_required();
    let (memories, tables) = required.map_or((0, 0), |required| (required.num_memories, required.num_tables));
    let counts = [
        ("core_instances", shape.core_instances, limits.core_instances),
        ("memories", memories, MEMORIES as u64),
        ("tables", tables, limits.tables),
    ];
    for (limit, wanted, allowed) in counts {
        let wanted = u64::from(wanted);
        if wanted > allowed {
            let message =
                format!("the component needs {wanted} {limit}, which exceeds the limit `{limit}` of {allowed}");
            let (class, code) = (FailureClass::ResourceLimit, ErrorCode::OutOfMemory);
            return Err(Failure::new(class, code, message, Severity::Permanent));
        }
    }
    Ok(())
}

/// `get_info`, within what starting the instance has left of the budget.
fn describe(instance: &mut Instance) -> Result<AlgorithmInfo, Failure> {
    match instance.call("in get_info", |lifecycle, store| lifecycle.call_get_info(store))? {
        Ok(info) => Ok(info.into()),
        Err(stated) => Err(stated_failure(stated)),
    }
}
