//! What a trial used of what it might have used.

use super::{RunReport, amount, format};
use crate::limits::Unit;
use crate::outcome::{Phase, StepReport};
use std::time::Duration;

/// One resource: what was used of it and how much there was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// What it is.
    pub name: String,
    /// The limit's name, as manifests write it.
    pub limit_name: &'static str,
    /// What both numbers count.
    pub unit: Unit,
    /// What was used; of a time, whole milliseconds.
    pub used: u64,
    /// The exact time, if it is one.
    pub time: Option<Duration>,
    /// How much there was.
    pub limit: u64,
}

impl Used {
    /// The share in percent, at most 100.
    pub fn percent(&self) -> f64 {
        if self.limit == 0 {
            return 100.0;
        }
        let used = self.time.map_or(self.used as f64, |time| time.as_secs_f64() * 1e3);
        (used / self.limit as f64 * 100.0).min(100.0)
    }

    /// What was used, in words.
    pub fn shown(&self) -> String {
        self.time.map_or_else(|| amount(self.unit, self.used), format::time)
    }
}

/// Fuel, time, memory, session and log against their limits.
pub fn usage(report: &RunReport) -> Vec<Used> {
    let limits = &report.subject.limits.limits;
    let used = |name: &str, limit_name, unit, used, limit| Used {
        name: name.to_owned(),
        limit_name,
        unit,
        used,
        time: None,
        limit,
    };
    let mut all = Vec::new();
    for step in report.steps() {
        let phase = step.phase.as_str();
        let (fuel, deadline) = match step.phase {
            Phase::PreExecute => (
                ("pre_execute_fuel", limits.pre_execute_fuel),
                ("pre_execute_deadline_ms", limits.pre_execute_deadline_ms),
            ),
            Phase::Execute => (
                ("execute_fuel", limits.execute_fuel),
                ("execute_deadline_ms", limits.execute_deadline_ms),
            ),
        };
        let name = format!("fuel of {phase}");
        all.push(used(&name, fuel.0, Unit::Fuel, step.usage.fuel, fuel.1));
        let wall = step.usage.wall;
        let name = format!("time of {phase}");
        let milliseconds = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX);
        all.push(Used {
            time: Some(wall),
            ..used(&name, deadline.0, Unit::Milliseconds, milliseconds, deadline.1)
        });
    }
    let most = |of: fn(&StepReport) -> u64| report.steps().map(of).max().unwrap_or(0);
    let memory = most(|step| step.usage.peak_memory_bytes);
    let session = report.session.bytes() as u64;
    let lines = most(|step| step.logs.lines.len() as u64 + u64::from(step.logs.dropped_lines));
    all.extend([
        used("memory", "memory_bytes", Unit::Bytes, memory, limits.memory_bytes),
        used("session", "session_bytes", Unit::Bytes, session, limits.session_bytes),
        used(
            "log lines of one question",
            "log_lines",
            Unit::Count,
            lines,
            limits.log_lines,
        ),
    ]);
    all
}
