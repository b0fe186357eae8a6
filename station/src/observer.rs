//! What the processes of a product model tell, passed on to everybody who watches.

use crate::events::{Events, Kind};
use crate::logs::{Line, Logs};
use crate::metrics::Metrics;
use procvision_host::protocol::now_ms;
use procvision_runner::{Event, LogLine, Observer, WorkerId};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Who is told.
#[derive(Clone, Debug)]
pub struct Audience {
    /// Who watches.
    pub events: Events,
    /// The lines that are kept.
    pub logs: Arc<Logs>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl Audience {
    /// Listens to the processes of a product model.
    pub fn of(&self, pid: &str) -> Arc<dyn Observer> {
        Arc::new(Watcher {
            pid: pid.to_owned(),
            audience: self.clone(),
        })
    }
}

/// Passes on what the processes of a product model tell.
struct Watcher {
    pid: String,
    audience: Audience,
}

impl Observer for Watcher {
    fn event(&self, worker: &WorkerId, event: Event) {
        let Audience { metrics, .. } = &self.audience;
        match event {
            Event::State(state, why) => self.say(Kind::Worker, worker, json!({"state": state.as_str(), "why": why})),
            Event::Log(line) => self.line(worker, line),
            Event::Restarted { in_a_row } => {
                metrics.restarted(&self.pid);
                self.say(Kind::Worker, worker, json!({"restarted": in_a_row}));
            }
            Event::Alarm { kind, message } => {
                metrics.alarm(&self.pid);
                tracing::error!(pid = self.pid, "{message}");
                self.say(Kind::Alarm, worker, json!({"kind": kind.as_str(), "message": message}));
            }
            Event::Killed { why, .. } => {
                tracing::warn!(pid = self.pid, "a process was killed: it {why}");
                self.say(Kind::Worker, worker, json!({"killed": why.to_string()}));
            }
        }
    }
}

impl Watcher {
    /// Says something, with whom it is about.
    fn say(&self, kind: Kind, worker: &WorkerId, what: Value) {
        let mut data = Map::from_iter([
            ("pid".to_owned(), self.pid.as_str().into()),
            ("worker".to_owned(), worker.as_str().into()),
            ("id".to_owned(), worker.as_str().into()),
            ("at_ms".to_owned(), now_ms().into()),
        ]);
        if let Value::Object(what) = what {
            data.extend(what);
        }
        self.audience.events.say(kind, &Value::Object(data));
    }

    fn line(&self, worker: &WorkerId, mut line: LogLine) {
        // What the protocol calls a session is an inspection here.
        if let Some(session) = line
            .fields
            .get("session_id")
            .filter(|session| session.is_string())
            .cloned()
        {
            line.fields.insert("inspection".to_owned(), session);
        }
        if let Some(request_id) = line.request_id {
            line.fields.insert("request_id".to_owned(), request_id.into());
        }
        let line = Line {
            at_ms: line.at_ms,
            pid: self.pid.clone(),
            worker: worker.to_string(),
            level: line.level.into(),
            message: line.message,
            fields: line.fields,
        };
        let data = serde_json::to_value(&line).unwrap_or_default();
        self.audience.events.say(Kind::Log, &data);
        self.audience.logs.keep(line);
    }
}
