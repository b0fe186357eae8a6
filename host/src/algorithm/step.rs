//! One step: check the request, lend session and pictures, call the hooks around the question, check the answer, and
//! undo what a trapped call did to the session.

use super::{Algorithm, lend, session_handle, usage};
use crate::answer::{Answer, Check, stated_failure, told};
use crate::bindings::types::{Failure as WitFailure, StepCall as WitCall};
use crate::call::{Hooks, StepCall};
use crate::failure::{ErrorCode, Failure};
use crate::imports::imaging::ImageSet;
use crate::instance::{Budget, Instance};
use crate::limits::{CONTEXT_BYTES, Limits};
use crate::outcome::{Outcome, Phase, StepReport, Usage, Warning};
use crate::session::Session;
use std::time::{Duration, Instant};
use wasmtime::component::Resource;

/// What the visit to the algorithm brought.
struct Visit {
    outcome: Outcome,
    warnings: Vec<Warning>,
    /// A failure that cost the instance: the outcome itself, or one in `on_step_finish`, after the outcome was known.
    lost: Option<Failure>,
}

impl Algorithm {
    pub(super) fn step(&mut self, phase: Phase, session: &mut Session, call: &StepCall) -> StepReport {
        let _calling = self.interruption.begin();
        let start = Instant::now();
        let checked = check_context(session).and_then(|()| call.check(&self.info, &self.schemas, &self.configured));
        let prepared = checked.and_then(|request| {
            let setup = self.ensure_instance()?;
            match budget(phase, &self.limits, call.since) {
                Ok(budget) => Ok((request, setup.logs, budget)),
                Err(mut late) => {
                    // They may say what took so long.
                    late.logs = setup.logs;
                    Err(late)
                }
            }
        });
        // The instance comes back at the end. Should the host itself panic meanwhile, it goes, and everything that was lent
        // to it with it.
        let (request, images, setup_logs, budget, mut running) = match (prepared, self.instance.take()) {
            (Ok(((request, images), logs, budget)), Some(instance)) => (request, images, logs, budget, instance),
            (Ok(_), None) => unreachable!("ensure_instance succeeded"),
            (Err(failure), instance) => {
                self.instance = instance;
                return StepReport::refused(phase, failure, start);
            }
        };
        let instance = &mut running;

        instance.begin(budget);
        instance.state().diagnostics = Default::default();
        instance.state().access = Default::default();
        session.checkpoint();
        let picture = (call.image.width(), call.image.height());
        let mut check = Check::new(&self.limits, picture);
        check.warnings.extend(stand_in_warnings(call));
        let visit = lend(instance, session, |instance| {
            visit(phase, instance, &request, images, call.hooks, &mut check)
        });
        let visit = visit.unwrap_or_else(|failure| Visit::lost(failure, check.warnings));
        if visit.lost.is_some() {
            session.roll_back();
        }

        let published = std::mem::take(&mut instance.state().diagnostics);
        let mut logs = instance.state().take_logs();
        logs.prepend(setup_logs);
        let mut report = StepReport {
            phase,
            outcome: visit.outcome,
            warnings: visit.warnings,
            usage: usage(instance, start),
            logs,
            diagnostics: published.values,
            picture: instance.state().access,
            instance_replaced: false,
        };
        if report.logs.dropped_lines > 0 {
            let message = format!(
                "{} log lines exceeded the bounds and were dropped",
                report.logs.dropped_lines
            );
            report.warnings.push(Warning {
                kind: "logs_dropped",
                message,
            });
        }
        if published.dropped > 0 {
            let message = format!("{} diagnostics exceeded the bounds and were dropped", published.dropped);
            report.warnings.push(Warning {
                kind: "diagnostics_dropped",
                message,
            });
        }
        self.instance = Some(running);
        self.settle(&mut report, visit.lost);
        report
    }

    /// Draws the consequences for the instance.
    fn settle(&mut self, report: &mut StepReport, lost: Option<Failure>) {
        let asked_for = match &report.outcome {
            Outcome::Failed(failure) if lost.is_none() => failure.asks_for_fresh_instance().then(|| failure.clone()),
            _ => None,
        };
        match lost.or(asked_for) {
            Some(failure) => {
                self.lose_instance(&failure);
                report.instance_replaced = true;
            }
            None => self.lost_in_a_row = 0,
        }
    }
}

impl Visit {
    fn lost(failure: Failure, warnings: Vec<Warning>) -> Self {
        Self {
            outcome: Outcome::Failed(failure.clone()),
            warnings,
            lost: Some(failure),
        }
    }
}

impl StepReport {
    fn refused(phase: Phase, mut failure: Failure, start: Instant) -> Self {
        let logs = std::mem::take(&mut failure.logs);
        Self {
            phase,
            outcome: Outcome::Failed(failure),
            warnings: Vec::new(),
            usage: Usage {
                wall: start.elapsed(),
                ..Usage::default()
            },
            logs,
            diagnostics: Default::default(),
            picture: Default::default(),
            instance_replaced: false,
        }
    }
}

pub(super) fn check_context(session: &Session) -> Result<(), Failure> {
    let bytes = session.context_json().len();
    if bytes > CONTEXT_BYTES {
        let message = format!("the context of the session has {bytes} bytes of at most {CONTEXT_BYTES}");
        return Err(Failure::refused(ErrorCode::BadExchange, message));
    }
    Ok(())
}

/// What is left for the question of a station that waits `since` then.
fn budget(phase: Phase, limits: &Limits, since: Option<Instant>) -> Result<Budget, Failure> {
    let mut budget = match phase {
        Phase::PreExecute => Budget::new(limits.pre_execute_fuel, limits.pre_execute_deadline_ms),
        Phase::Execute => Budget::new(limits.execute_fuel, limits.execute_deadline_ms),
    };
    budget.waited = since.map_or(Duration::ZERO, |since| since.elapsed());
    budget.unless_used_up()
}

/// Calls the question, and the hooks around it if they are ours to call. An error costs the instance.
fn visit(
    phase: Phase,
    instance: &mut Instance,
    request: &WitCall,
    images: ImageSet,
    hooks: Hooks,
    check: &mut Check<'_>,
) -> Result<Visit, Failure> {
    let step_index = request.step_index;
    if hooks == Hooks::AroundQuestion
        && let Err(stated) = start_hook(instance, step_index)?
    {
        check
            .warnings
            .push(hook_warning("on_step_start", &stated_failure(stated)));
    }
    let outcome = question(phase, instance, request, images, check)?;
    let mut lost = None;
    if hooks == Hooks::AroundQuestion {
        // The answer is known; what happens from here on cannot take it back, and neither can it take back what the
        // algorithm stored before.
        if let Some(session) = &mut instance.state().session {
            session.checkpoint();
        }
        match finish_hook(instance, step_index, phase, &outcome) {
            Ok(Ok(())) => {}
            Ok(Err(stated)) => check
                .warnings
                .push(hook_warning("on_step_finish", &stated_failure(stated))),
            Err(failure) => {
                check.warnings.push(hook_warning("on_step_finish", &failure));
                lost = Some(failure);
            }
        }
    }
    Ok(Visit {
        outcome,
        warnings: std::mem::take(&mut check.warnings),
        lost,
    })
}

/// Asks, with the pictures lent.
fn question(
    phase: Phase,
    instance: &mut Instance,
    request: &WitCall,
    images: ImageSet,
    check: &mut Check<'_>,
) -> Result<Outcome, Failure> {
    instance.state().images = Some(images);
    // The handle of the pictures that are lent; there is only one set at a time.
    let images = Resource::<ImageSet>::new_borrow(0);
    let answer = match phase {
        Phase::PreExecute => instance
            .call("in pre_execute", |lifecycle, store| {
                lifecycle.call_pre_execute(store, request, session_handle(), images)
            })
            .map(Answer::PreExecute),
        Phase::Execute => instance
            .call("in execute", |lifecycle, store| {
                lifecycle.call_execute(store, request, session_handle(), images)
            })
            .map(Answer::Execute),
    };
    // The answer is lifted, or lost: nobody needs the pictures in the instance's memory any more. The windows go before
    // the leases of the pictures do.
    instance.state().windows.unmap_all();
    instance.state().images = None;
    Ok(check.outcome(answer?))
}

/// What a hook answers: the failure that it states, or the one that costs the instance.
pub(super) type HookResult = Result<Result<(), WitFailure>, Failure>;

pub(super) fn start_hook(instance: &mut Instance, step_index: u32) -> HookResult {
    instance.call("in on_step_start", |lifecycle, store| {
        lifecycle.call_on_step_start(store, step_index, session_handle())
    })
}

pub(super) fn finish_hook(instance: &mut Instance, step_index: u32, phase: Phase, outcome: &Outcome) -> HookResult {
    instance.call("in on_step_finish", |lifecycle, store| {
        lifecycle.call_on_step_finish(store, step_index, session_handle(), &told(phase, outcome))
    })
}

/// A verdict on a picture that nobody took must not look like any other.
fn stand_in_warnings(call: &StepCall) -> impl Iterator<Item = Warning> {
    let primary = std::iter::once(("the picture".to_owned(), &call.image));
    let references = call.references.iter();
    let named = primary.chain(references.map(|(name, frame)| (format!("the reference `{name}`"), frame)));
    named.filter_map(|(what, frame)| {
        let reason = frame.stand_in_reason()?;
        tracing::warn!("judging zeros in place of {what}: {reason}");
        Some(Warning {
            kind: "picture_zero_filled",
            message: format!("{what} is filled with zeros: {reason}"),
        })
    })
}

fn hook_warning(hook: &str, failure: &Failure) -> Warning {
    Warning {
        kind: "hook_failed",
        message: format!("{hook} failed: {failure}"),
    }
}
