//! An algorithm that is loaded and can be asked. Drives the lifecycle, replaces the instance after a trap, and gives
//! up on an algorithm that traps too often in a row.

mod hooks;
mod load;
mod params;
mod prepared;
mod step;

pub use crate::interruption::Interrupter;
pub use load::{LoadError, LoadReport};
pub use prepared::Prepared;

use crate::answer::stated_failure;
use crate::assets::Assets;
use crate::bindings::AlgorithmPre;
use crate::call::StepCall;
use crate::failure::{ErrorCode, Failure, FailureClass, Severity};
use crate::host::{Host, HostInner};
use crate::info::AlgorithmInfo;
use crate::instance::{Budget, GuestState, Instance};
use crate::interruption::Interruption;
use crate::limits::{GrantedLimits, Limits};
use crate::logs::Logs;
use crate::outcome::{Phase, StepReport, Usage};
use crate::params::Schema;
use crate::session::Session;
use crate::shape::Shape;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use wasmtime::component::Resource;

/// A loaded algorithm with at most one running instance. Calls come one at a time; for more, load it more often.
pub struct Algorithm {
    host: Host,
    component: AlgorithmPre<GuestState>,
    info: AlgorithmInfo,
    schemas: BTreeMap<u32, Schema>,
    configured: Map<String, Value>,
    shape: Shape,
    granted: GrantedLimits,
    limits: Arc<Limits>,
    assets: Arc<Assets>,
    report: LoadReport,
    interruption: Arc<Interruption>,
    instance: Option<Instance>,
    /// Failures in a row that cost the instance.
    lost_in_a_row: u32,
    quarantine: Option<String>,
}

/// What became of a hook, or of starting a fresh instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HookReport {
    /// Why it failed, if it did. Never fatal for the station.
    pub failure: Option<Failure>,
    /// What it cost.
    pub usage: Usage,
    /// What the algorithm logged and printed.
    pub logs: Logs,
}

impl Algorithm {
    /// What the algorithm says about itself.
    pub fn info(&self) -> &AlgorithmInfo {
        &self.info
    }

    /// What the component is made of.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The limits that hold, and what of the package's request was cut.
    pub fn limits(&self) -> &GrantedLimits {
        &self.granted
    }

    /// What loading cost and what the algorithm logged while it was loaded.
    pub fn load_report(&self) -> &LoadReport {
        &self.report
    }

    /// Why the algorithm is not called any more, if it is quarantined.
    pub fn quarantine(&self) -> Option<&str> {
        self.quarantine.as_deref()
    }

    /// Ends a quarantine: the next call starts a fresh instance.
    pub fn release(&mut self) {
        self.quarantine = None;
        self.lost_in_a_row = 0;
    }

    /// Asks whether the conditions are right.
    pub fn pre_execute(&mut self, session: &mut Session, call: &StepCall) -> StepReport {
        self.step(Phase::PreExecute, session, call)
    }

    /// Asks whether the product is good.
    pub fn execute(&mut self, session: &mut Session, call: &StepCall) -> StepReport {
        self.step(Phase::Execute, session, call)
    }

    /// What ends a call of this algorithm from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.interruption.interrupter()
    }

    /// Makes sure that there is an instance that can be called.
    ///
    /// Returns what setting up a fresh one brought.
    fn ensure_instance(&mut self) -> Result<HookReport, Failure> {
        if let Some(reason) = &self.quarantine {
            let message = format!("the algorithm is quarantined: {reason}");
            return Err(Failure::new(
                FailureClass::Quarantined,
                ErrorCode::Trap,
                message,
                Severity::Permanent,
            ));
        }
        if self.instance.is_some() {
            return Ok(HookReport::default());
        }
        match self.start_instance() {
            Ok((instance, setup)) => {
                self.instance = Some(instance);
                Ok(setup)
            }
            Err(failure) => {
                self.lose_instance(&failure);
                Err(failure)
            }
        }
    }

    /// Starts an instance and runs `setup`.
    fn start_instance(&self) -> Result<(Instance, HookReport), Failure> {
        let mut instance = instantiate(
            &self.host,
            &self.component,
            &self.limits,
            &self.assets,
            &self.interruption,
        )?;
        let start = Instant::now();
        instance.begin(Budget::new(self.limits.setup_fuel, self.limits.setup_deadline_ms));
        let result = instance.call("in setup", |lifecycle, store| lifecycle.call_setup(store));
        if let Some(mut failure) = hook_failure(result) {
            if failure.class == FailureClass::Algorithm {
                // Whatever the algorithm calls it, the protocol's word for an unusable instance is 1003.
                failure.code = ErrorCode::ModelNotFound;
                failure.message = format!("setup failed: {}", failure.message);
            }
            return Err(with_logs(failure, &mut instance));
        }
        let report = hook_report(&mut instance, None, start);
        Ok((instance, report))
    }

    /// Gives up the instance after a failure, and the algorithm after too many in a row.
    fn lose_instance(&mut self, failure: &Failure) {
        self.instance = None;
        // A failure that the algorithm states itself is not a crash, even if it asks for a new instance; and the station may
        // interrupt whatever it likes.
        if matches!(failure.class, FailureClass::Algorithm | FailureClass::Interrupted) {
            return;
        }
        self.lost_in_a_row += 1;
        tracing::warn!(
            algorithm = self.info.name,
            class = failure.class.as_str(),
            "instance lost: {failure}"
        );
        let most = self.host.config().policy.quarantine_after;
        if self.lost_in_a_row >= most {
            let reason = format!(
                "{} failures in a row cost its instance; the last: {failure}",
                self.lost_in_a_row
            );
            tracing::error!(algorithm = self.info.name, "quarantined: {reason}");
            self.quarantine = Some(reason);
        }
    }
}

/// Starts an instance: its start functions run, and nothing else yet.
fn instantiate(
    host: &Host,
    component: &AlgorithmPre<GuestState>,
    limits: &Arc<Limits>,
    assets: &Arc<Assets>,
    interruption: &Arc<Interruption>,
) -> Result<Instance, Failure> {
    let HostInner { engine, config, .. } = &*host.inner;
    let budget = info_budget(limits);
    Instance::start(engine, component, limits, &config.policy, assets, interruption, budget)
}

/// Lends a session to an instance for the length of `call`.
fn lend<T>(instance: &mut Instance, session: &mut Session, call: impl FnOnce(&mut Instance) -> T) -> T {
    instance.state().session = Some(std::mem::take(session));
    let result = call(instance);
    if let Some(returned) = instance.state().session.take() {
        *session = returned;
    }
    result
}

/// The handle of the session that is lent. There is only one at a time, so that its number does not matter.
fn session_handle() -> Resource<Session> {
    Resource::new_borrow(0)
}

fn info_budget(limits: &Limits) -> Budget {
    Budget::new(limits.info_fuel, limits.info_deadline_ms)
}

fn hook_budget(limits: &Limits) -> Budget {
    Budget::new(limits.hook_fuel, limits.hook_deadline_ms)
}

/// The failure of a hook, whether it was stated or happened.
fn hook_failure(result: step::HookResult) -> Option<Failure> {
    match result {
        Ok(Ok(())) => None,
        Ok(Err(stated)) => Some(stated_failure(stated)),
        Err(failure) => Some(failure),
    }
}

/// The failure with what the instance logged before it.
fn with_logs(mut failure: Failure, instance: &mut Instance) -> Failure {
    failure.logs = instance.state().take_logs();
    failure
}

fn hook_report(instance: &mut Instance, failure: Option<Failure>, start: Instant) -> HookReport {
    HookReport {
        failure,
        usage: usage(instance, start),
        logs: instance.state().take_logs(),
    }
}

fn usage(instance: &Instance, start: Instant) -> Usage {
    Usage {
        wall: start.elapsed(),
        fuel: instance.fuel_used(),
        peak_memory_bytes: instance.peak_memory(),
    }
}
