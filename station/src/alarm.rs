//! Alarms of the station itself, beside those of its workers: somebody should come.

use crate::events::Kind;
use crate::station::Station;
use procvision_host::protocol::now_ms;
use procvision_host::visible;
use serde_json::json;

/// What somebody should come for. The runbook in docs/station.md has a section for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// A version does not start where another judges, and that goes on.
    NotStarted,
    /// A line had a picture, and it was not judged.
    NotJudged,
    /// The store cannot be read, so that nobody knows what should judge.
    StoreUnreadable,
    /// Old results cannot be let go.
    ResultsNotSwept,
}

impl Alarm {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::NotJudged => "not_judged",
            Self::StoreUnreadable => "store_unreadable",
            Self::ResultsNotSwept => "results_not_swept",
        }
    }
}

/// What an alarm concerns; nothing if it is the station as a whole.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct About<'a> {
    /// A product model.
    pub pid: Option<&'a str>,
    /// The line that judges it.
    pub line: Option<&'a str>,
}

impl<'a> About<'a> {
    /// A product model.
    pub(crate) fn pid(pid: &'a str) -> Self {
        Self {
            pid: Some(pid),
            line: None,
        }
    }
}

impl Station {
    /// Calls somebody: in the station's log, among the events, and in what is counted.
    pub(crate) fn alarm(&self, alarm: Alarm, about: About<'_>, message: &str) {
        let About { pid, line } = about;
        tracing::error!(pid, line, "{}: {}", alarm.as_str(), visible::line(message));
        self.metrics().alarm(pid.unwrap_or_default());
        let mut data = json!({"at_ms": now_ms(), "pid": pid, "kind": alarm.as_str(), "message": message});
        if let Some(line) = line {
            data["line"] = line.into();
        }
        self.events().say(Kind::Alarm, &data);
    }
}
