//! What a station calls apart from the questions: starting and ending the instance, `reset`, and the hooks around a
//! question where the station calls them itself.

use super::step::{HookResult, check_context, finish_hook, start_hook};
use super::{Algorithm, HookReport, hook_budget, hook_failure, hook_report, lend, session_handle};
use crate::call::step;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::logs::Logs;
use crate::outcome::{Outcome, Phase, Usage};
use crate::session::Session;
use std::time::Instant;

impl Algorithm {
    /// Makes sure that there is an instance, as each question does: starts one and runs `setup` if there is none.
    pub fn ensure_running(&mut self) -> HookReport {
        let _calling = self.interruption.begin();
        let start = Instant::now();
        self.ensure_instance()
            .unwrap_or_else(|failure| HookReport::failed(failure, start))
    }

    /// Whether there is an instance.
    pub fn is_running(&self) -> bool {
        self.instance.is_some()
    }

    /// Tells the algorithm that its instance is about to go (`teardown`), and drops the instance. The next question starts
    /// a fresh one.
    pub fn stop(&mut self) -> HookReport {
        let Some(mut instance) = self.instance.take() else {
            return HookReport::default();
        };
        let _calling = self.interruption.begin();
        let start = Instant::now();
        instance.begin(hook_budget(&self.limits));
        let result = instance.call("in teardown", |lifecycle, store| lifecycle.call_teardown(store));
        hook_report(&mut instance, hook_failure(result), start)
    }

    /// Stops the algorithm for good, see [`Algorithm::stop`]. Dropping an algorithm without this ends the instance as a
    /// trap would.
    pub fn teardown(mut self) -> HookReport {
        self.stop()
    }

    /// Tells the algorithm that the inspection is restarted or broken off, then forgets what it stored in the session.
    pub fn reset(&mut self, session: &mut Session) -> HookReport {
        // A fresh instance knows nothing of the inspection; there is nothing to tell it.
        let report = match self.instance {
            Some(_) => self.hook(session, Logs::default(), |instance| {
                instance.call("in reset", |lifecycle, store| {
                    lifecycle.call_reset(store, session_handle())
                })
            }),
            None => HookReport::default(),
        };
        session.clear();
        report
    }

    /// Tells the algorithm that a step begins (`on_step_start`), for stations whose questions say
    /// [`Hooks::ByStation`](crate::call::Hooks::ByStation). Starts an instance if there is none. If the hook costs the
    /// instance, what it wrote to the session is undone.
    pub fn step_start(&mut self, session: &mut Session, step_index: u32) -> HookReport {
        let start = Instant::now();
        if let Err(failure) = self.check_step(session, step_index) {
            return HookReport::failed(failure, start);
        }
        let setup = self.ensure_running();
        if setup.failure.is_some() {
            return setup;
        }
        self.hook(session, setup.logs, |instance| start_hook(instance, step_index))
    }

    /// Tells the algorithm that a step has ended (`on_step_finish`), and how: `outcome` is what the last question of the
    /// step brought. An instance that has been started since knows nothing of the step, but is told all the same; if there
    /// is none, there is nobody to tell.
    pub fn step_finish(
        &mut self,
        session: &mut Session,
        step_index: u32,
        phase: Phase,
        outcome: &Outcome,
    ) -> HookReport {
        let start = Instant::now();
        match self.check_step(session, step_index) {
            Err(failure) => HookReport::failed(failure, start),
            Ok(()) if self.instance.is_none() => HookReport::default(),
            Ok(()) => self.hook(session, Logs::default(), |instance| {
                finish_hook(instance, step_index, phase, outcome)
            }),
        }
    }

    /// Calls a hook that is lent a session. There is an instance. `logs` is what it logged before.
    fn hook(
        &mut self,
        session: &mut Session,
        logs: Logs,
        call: impl FnOnce(&mut Instance) -> HookResult,
    ) -> HookReport {
        // The instance comes back at the end, unless the host itself panics meanwhile.
        let Some(mut instance) = self.instance.take() else {
            return HookReport::default();
        };
        let _calling = self.interruption.begin();
        let start = Instant::now();
        session.checkpoint();
        instance.begin(hook_budget(&self.limits));
        let result = lend(&mut instance, session, call);
        let mut report = hook_report(&mut instance, hook_failure(result), start);
        report.logs.prepend(logs);
        self.instance = Some(instance);
        let poisoned = |failure: &&Failure| failure.class.poisons_instance();
        if let Some(failure) = report.failure.as_ref().filter(poisoned) {
            session.roll_back();
            self.lose_instance(failure);
        }
        report
    }

    fn check_step(&self, session: &Session, step_index: u32) -> Result<(), Failure> {
        check_context(session)?;
        step(step_index, &self.info, &self.schemas).map(|_| ())
    }
}

impl HookReport {
    fn failed(mut failure: Failure, start: Instant) -> Self {
        Self {
            logs: std::mem::take(&mut failure.logs),
            failure: Some(failure),
            usage: Usage {
                wall: start.elapsed(),
                ..Usage::default()
            },
        }
    }
}
