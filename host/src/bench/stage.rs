//! The measured algorithm, loaded, and asked one thing at a time.

use super::BenchError;
use crate::algorithm::Algorithm;
use crate::call::StepCall;
use crate::engine::Metering;
use crate::failure::{ErrorCode, Failure, FailureClass, Severity};
use crate::frame::{Frame, PixelFormat};
use crate::host::{Host, HostConfig};
use crate::imports;
use crate::limits::{LimitRequest, Limits};
use crate::outcome::Outcome;
use crate::package::Package;
use crate::policy::SandboxPolicy;
use crate::session::Session;
use procvision_bench_tasks::task::Task;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

/// The algorithm, as `procvision build` would ship it. Built by `build.rs`.
pub(super) const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/bench-guest.wasm"));

/// The sandbox that is measured, or one that something is left out of for comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sandbox {
    /// As stations have it.
    Normal,
    /// Without fuel and epochs.
    Unmetered,
    /// Pictures are read through a function as it is generated from the contract, which returns a `Vec<u8>`.
    ListOfVec,
}

/// A host for measuring. Nothing is quarantined, so that traps can be measured.
pub(super) fn host(sandbox: Sandbox, cache: Option<&Path>) -> Result<Host, BenchError> {
    let config = HostConfig {
        policy: SandboxPolicy {
            quarantine_after: u32::MAX,
            ..SandboxPolicy::default()
        },
        compile_cache: cache.map(Path::to_owned),
        ..HostConfig::default()
    };
    Ok(match sandbox {
        Sandbox::Normal => Host::new(config)?,
        Sandbox::Unmetered => Host::for_measuring(config, Metering::Off, imports::link)?,
        Sandbox::ListOfVec => Host::for_measuring(config, Metering::On, imports::link_as_generated)?,
    })
}

/// The measured algorithm as a package. It may use more memory and fuel than others, within the ceiling, because
/// large memories and long runs are what is measured.
pub(super) fn package() -> Package {
    let ceiling = Limits::default_ceiling();
    let request = LimitRequest {
        memory_bytes: Some(1 << 30),
        execute_fuel: Some(ceiling.execute_fuel),
        ..LimitRequest::default()
    };
    Package::embedded("procvision bench", COMPONENT, ceiling.grant(&request))
}

/// The algorithm and a session to ask it in. Clones are the same instance.
#[derive(Clone)]
pub(super) struct Stage(Rc<RefCell<(Algorithm, Session)>>);

impl Stage {
    /// A fresh instance in a sandbox.
    pub(super) fn new(sandbox: Sandbox) -> Result<Self, BenchError> {
        Self::on(&host(sandbox, None)?)
    }

    /// A fresh instance on a host.
    pub(super) fn on(host: &Host) -> Result<Self, BenchError> {
        let algorithm = host.load(&package())?;
        Ok(Self(Rc::new(RefCell::new((
            algorithm,
            Session::new("bench", Default::default()),
        )))))
    }

    /// One whole step, as a station asks it. The number is what the algorithm found.
    pub(super) fn ask(&self, call: &StepCall) -> Result<Option<u64>, BenchError> {
        let (algorithm, session) = &mut *self.0.borrow_mut();
        match algorithm.execute(session, call).outcome {
            Outcome::Ok { message, .. } => Ok(message.and_then(|found| found.parse().ok())),
            Outcome::Failed(failure) => Err(failed(call, failure)),
            other => {
                let message = format!("unexpected answer {other:?}");
                let failure = Failure::new(
                    FailureClass::Algorithm,
                    ErrorCode::Unknown,
                    message,
                    Severity::Permanent,
                );
                Err(failed(call, failure))
            }
        }
    }

    /// The same for something that ends the instance.
    pub(super) fn trap(&self, call: &StepCall) -> Result<(), BenchError> {
        match self.ask(call) {
            Err(BenchError::Step { source, .. }) if source.class == FailureClass::Trap => Ok(()),
            other => other.map(drop),
        }
    }
}

fn failed(call: &StepCall, source: Failure) -> BenchError {
    let task = call.params.get("task").and_then(|task| task.as_str());
    BenchError::Step {
        task: task.unwrap_or_default().to_owned(),
        source,
    }
}

/// The request for a task with a picture.
pub(super) fn call(task: Task, picture: Frame) -> StepCall {
    StepCall::new(1, "A01", picture).with_param("task", task.to_string())
}

/// The request for a task that looks at no picture. There is one all the same, as in every step.
pub(super) fn call_without_picture(task: Task) -> Result<StepCall, BenchError> {
    let picture = Frame::from_pixels(PixelFormat::RGB8, 8, 8, 24, vec![0; 192])?;
    Ok(call(task, picture))
}
