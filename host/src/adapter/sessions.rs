//! The inspections that are going on, by the runner's identifiers. Their number is bounded; the one that was used least
//! recently goes.

use crate::protocol::Inspection;
use crate::session::Session;
use serde_json::Map;
use std::collections::HashMap;

/// The inspections of one adapter.
pub(super) struct Sessions {
    most: usize,
    /// With the time of their last use, which is the number of the call.
    by_id: HashMap<String, (u64, Session)>,
    calls: u64,
}

impl Sessions {
    /// None yet; at most `most`, but at least one.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            by_id: HashMap::new(),
            calls: 0,
        }
    }

    /// Takes the session of an inspection out, or a new one if it is not known. [`Sessions::put_back`] keeps it.
    pub(super) fn take(&mut self, inspection: Option<&Inspection>) -> Session {
        let id = inspection
            .and_then(|inspection| inspection.id.as_deref())
            .unwrap_or_default();
        let context = inspection.and_then(|inspection| inspection.context.as_ref());
        match self.by_id.remove(id) {
            Some((_, session)) => session,
            None => Session::new(id, context.cloned().unwrap_or_else(Map::new)),
        }
    }

    /// Keeps the session until the inspection's next call; not that of an inspection without identifier. Returns the
    /// identifier of the one that has to go for it.
    pub(super) fn put_back(&mut self, session: Session) -> Option<String> {
        if session.id().is_empty() {
            return None;
        }
        self.calls += 1;
        self.by_id.insert(session.id().to_owned(), (self.calls, session));
        if self.by_id.len() <= self.most {
            return None;
        }
        let oldest = self.by_id.iter().min_by_key(|(_, (last, _))| *last);
        let oldest = oldest.map(|(id, _)| id.clone())?;
        self.by_id.remove(&oldest);
        Some(oldest)
    }
}
