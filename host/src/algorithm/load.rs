//! Loading: look at the component, compile it, let it describe itself, compare that with the manifest, set it up.

use super::{Algorithm, HookReport, hook_report, info_budget, with_logs};
use crate::answer::stated_failure;
use crate::bindings::AlgorithmPre;
use crate::compiler::CompileError;
use crate::description;
use crate::explain::Explain;
use crate::failure::{ErrorCode, Failure, FailureClass, Severity};
use crate::host::Host;
use crate::imports::link_stand_ins;
use crate::info::AlgorithmInfo;
use crate::instance::Instance;
use crate::limits::{Limits, MEMORIES};
use crate::package::Package;
use crate::shape::{Shape, ShapeError};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::Component;

/// What loading cost.
#[derive(Clone, Debug)]
pub struct LoadReport {
    /// Compiling, or reading what was compiled before.
    pub compile: Duration,
    /// Whether it was compiled before.
    pub from_cache: bool,
    /// Starting an instance and `get_info`.
    pub describe: HookReport,
    /// `setup`.
    pub setup: HookReport,
}

/// Why an algorithm cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The component has a shape that the sandbox does not run.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The component cannot be compiled.
    #[error("the component cannot be compiled")]
    Compile(#[from] CompileError),
    /// The types of its imports or exports are not those of the contract.
    #[error("the component does not fit the contract")]
    Link(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The instance did not start, or `get_info` failed.
    #[error("the algorithm does not describe itself")]
    GetInfo(#[source] Failure),
    /// What it says about itself cannot be used.
    #[error("the algorithm's description cannot be used: {}", .0.join("; "))]
    Description(Vec<String>),
    /// What it says about itself is not what the manifest says.
    #[error("manifest and algorithm disagree: {}", .0.join("; "))]
    Mismatch(Vec<String>),
    /// The manifest configures parameters that no step takes or with values that are not allowed.
    #[error("the manifest configures parameters wrongly: {}", .0.join("; "))]
    DefaultConfig(Vec<String>),
    /// `setup` failed.
    #[error("the algorithm cannot be set up")]
    Setup(#[source] Failure),
}

impl Explain for LoadError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Shape(error) => error.code(),
            Self::Link(_) => "2003".into(),
            Self::Compile(error) => error.code(),
            Self::Description(_) | Self::Mismatch(_) | Self::DefaultConfig(_) => "2005".into(),
            Self::GetInfo(failure) | Self::Setup(failure) => failure.code.as_str().into(),
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Shape(error) => return error.remedy(),
            Self::Compile(error) => return error.remedy(),
            Self::Link(_) => "build it with the SDK of this host's version",
            Self::GetInfo(_) | Self::Setup(_) => "mend the algorithm; `procvision run` shows where it failed",
            Self::Description(_) => "correct `info` in the algorithm",
            Self::Mismatch(_) => "make `info` in the algorithm and manifest.json say the same",
            Self::DefaultConfig(_) => "correct `default_config` in manifest.json",
        };
        Some(remedy.into())
    }

    fn subject_failed(&self) -> bool {
        match self {
            Self::Compile(error) => error.subject_failed(),
            _ => true,
        }
    }
}

impl Algorithm {
    pub(crate) fn load(host: Host, package: &Package) -> Result<Self, LoadError> {
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
        let start = Instant::now();
        let (policy, assets) = (&inner.config.policy, package.assets());
        let mut instance = Instance::start(&inner.engine, &component, &limits, policy, assets, info_budget(&limits))
            .map_err(LoadError::GetInfo)?;
        let info = describe(&mut instance).map_err(|failure| LoadError::GetInfo(with_logs(failure, &mut instance)))?;
        let describe = hook_report(&mut instance, None, start);
        drop(instance);

        let schemas = description::check(&info).map_err(LoadError::Description)?;
        let mut configured = serde_json::Map::new();
        if let Some(manifest) = package.manifest() {
            description::compare(&info, manifest).map_err(LoadError::Mismatch)?;
            description::check_configured(&manifest.default_config, &schemas).map_err(LoadError::DefaultConfig)?;
            configured = manifest.default_config.clone();
        }

        let mut algorithm = Self {
            component,
            info,
            schemas,
            configured,
            shape,
            granted,
            limits,
            assets: package.assets().clone(),
            report: LoadReport {
                compile: compiled.took,
                from_cache: compiled.from_cache,
                setup: HookReport {
                    failure: None,
                    usage: Default::default(),
                    logs: Default::default(),
                },
                describe,
            },
            instance: None,
            lost_in_a_row: 0,
            quarantine: None,
            host,
        };
        let (instance, setup) = algorithm.start_instance().map_err(LoadError::Setup)?;
        algorithm.instance = Some(instance);
        algorithm.report.setup = setup;
        Ok(algorithm)
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
