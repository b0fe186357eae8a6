//! What a trial used of what it might have used.

use super::RunReport;
use crate::limits::Unit;
use crate::outcome::{Phase, StepReport};

/// One resource: what was used of it and how much there was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// What it is.
    pub name: String,
    /// The limit's name, as manifests write it.
    pub limit_name: &'static str,
    /// What both numbers count.
    pub unit: Unit,
    /// What was used.
    pub used: u64,
    /// How much there was.
    pub limit: u64,
}

impl Used {
    /// The share in percent, at most 100.
    pub fn percent(&self) -> f64 {
        if self.limit == 0 {
            return 100.0;
        }
        (self.used as f64 / self.limit as f64 * 100.0).min(100.0)
    }
}

/// Fuel, time, memory, session and log against their limits.
pub fn usage(report: &RunReport) -> Vec<Used> {
    let limits = &report.subject.limits.limits;
    let mut all = Vec::new();
    let mut add = |name: &str, limit_name, unit, used, limit| {
        all.push(Used {
            name: name.to_owned(),
            limit_name,
            unit,
            used,
            limit,
        });
    };
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
        add(&format!("fuel of {phase}"), fuel.0, Unit::Fuel, step.usage.fuel, fuel.1);
        let wall = u64::try_from(step.usage.wall.as_millis()).unwrap_or(u64::MAX);
        add(
            &format!("time of {phase}"),
            deadline.0,
            Unit::Milliseconds,
            wall,
            deadline.1,
        );
    }
    let memory = report.steps().map(|step| step.usage.peak_memory_bytes).max();
    add(
        "memory",
        "memory_bytes",
        Unit::Bytes,
        memory.unwrap_or(0),
        limits.memory_bytes,
    );
    let session = report.session.bytes() as u64;
    add("session", "session_bytes", Unit::Bytes, session, limits.session_bytes);
    let lines = |step: &StepReport| step.logs.lines.len() as u64 + step.logs.dropped_lines;
    let lines = report.steps().map(lines).max().unwrap_or(0);
    add(
        "log lines of one question",
        "log_lines",
        Unit::Count,
        lines,
        limits.log_lines,
    );
    all
}
