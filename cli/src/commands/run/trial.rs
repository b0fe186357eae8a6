//! Asking both questions, the second perhaps many times.

use super::PhaseArg;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use procvision_host::algorithm::Algorithm;
use procvision_host::call::StepCall;
use procvision_host::outcome::{Outcome, StepReport, Warning};
use procvision_host::report::Repeat;
use procvision_host::session::Session;
use std::time::{Duration, Instant};

/// How long repeating may take before it shows how far it is.
const PATIENCE: Duration = Duration::from_secs(1);

/// The answers.
pub(super) struct Trial {
    pub(super) pre_execute: Option<StepReport>,
    pub(super) execute: Option<StepReport>,
    pub(super) repeat: Option<Repeat>,
    pub(super) warnings: Vec<Warning>,
}

/// Asks `execute` only if the conditions are right or are not asked about. `target` is where progress is shown.
pub(super) fn run(
    algorithm: &mut Algorithm,
    session: &mut Session,
    call: &StepCall,
    phase: PhaseArg,
    times: u32,
    target: ProgressDrawTarget,
) -> Trial {
    let mut trial = Trial {
        pre_execute: None,
        execute: None,
        repeat: None,
        warnings: Vec::new(),
    };
    if phase != PhaseArg::Execute {
        let answer = algorithm.pre_execute(session, call);
        let ready = matches!(answer.outcome, Outcome::Ready { .. });
        trial.pre_execute = Some(answer);
        if !ready || phase == PhaseArg::Pre {
            return trial;
        }
    }
    if times == 1 {
        trial.execute = Some(algorithm.execute(session, call));
    } else {
        repeat(algorithm, session, call, times, target, &mut trial);
    }
    trial
}

/// Asks again and again, each time with the session as it was before; the first answer counts unless a later one fails.
fn repeat(
    algorithm: &mut Algorithm,
    session: &mut Session,
    call: &StepCall,
    times: u32,
    target: ProgressDrawTarget,
    trial: &mut Trial,
) {
    let mut target = Some(target);
    let before = session.clone();
    let begun = Instant::now();
    let mut bar = None;
    let mut walls = Vec::new();
    let mut differing = 0;
    let mut first: Option<StepReport> = None;
    for turn in 0..times {
        let mut lent = before.clone();
        let answer = algorithm.execute(&mut lent, call);
        walls.push(answer.usage.wall);
        let failed = answer.outcome.failure().is_some();
        match &first {
            Some(first) if !failed => differing += u32::from(first.outcome != answer.outcome),
            _ => {
                first = Some(answer);
                *session = lent;
            }
        }
        if failed {
            break;
        }
        if begun.elapsed() > PATIENCE
            && let Some(target) = target.take()
        {
            bar = Some(progress(times, target));
        }
        if let Some(bar) = &bar {
            bar.set_position(u64::from(turn + 1));
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    if differing > 0 {
        let message = format!("{differing} of {} answers differed from the first", walls.len());
        trial.warnings.push(Warning {
            kind: "not_deterministic",
            message,
        });
    }
    trial.repeat = Some(Repeat::new(times, walls, differing));
    trial.execute = first;
}

/// A bar; nothing where that is not a terminal.
fn progress(times: u32, target: ProgressDrawTarget) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(u64::from(times)), target);
    match ProgressStyle::with_template("execute {wide_bar} {pos}/{len}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
