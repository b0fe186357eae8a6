//! The inspections that are going on, by the runner's identifiers. Their number is bounded; the one that was used least
//! recently goes.

use crate::call::Hooks;
use crate::outcome::{Outcome, Phase};
use crate::protocol::InspectionRequest;
use crate::session::Session;
use std::collections::HashMap;

/// One inspection, from its first call to the one after which it is forgotten.
#[derive(Debug, Default)]
pub(super) struct Inspection {
    pub(super) session: Session,
    /// The step whose hooks the runner calls itself.
    step: Option<OwnStep>,
}

/// A step that the runner has begun with `on_step_start` and not ended yet.
#[derive(Debug)]
struct OwnStep {
    index: u32,
    /// What the last question of the step brought.
    asked: Option<(Phase, Outcome)>,
}

impl Inspection {
    /// The runner has called `on_step_start`.
    pub(super) fn begin_step(&mut self, index: u32) {
        self.step = Some(OwnStep { index, asked: None });
    }

    /// The runner has called `on_step_finish`: what the last question of the step brought, if one was asked.
    pub(super) fn end_step(&mut self, index: u32) -> Option<(Phase, Outcome)> {
        self.step.take_if(|step| step.index == index)?.asked
    }

    /// Whose the hooks around a question about a step are.
    pub(super) fn hooks(&self, index: u32) -> Hooks {
        match &self.step {
            Some(step) if step.index == index => Hooks::ByStation,
            _ => Hooks::AroundQuestion,
        }
    }

    /// A question was asked.
    pub(super) fn asked(&mut self, index: u32, phase: Phase, outcome: &Outcome) {
        if let Some(step) = self.step.as_mut().filter(|step| step.index == index) {
            step.asked = Some((phase, outcome.clone()));
        }
    }

    /// The inspection begins anew.
    pub(super) fn restart(&mut self) {
        self.step = None;
    }
}

/// The inspections of one adapter.
pub(super) struct Sessions {
    most: usize,
    /// With the number of the call that used it last.
    by_id: HashMap<String, (u64, Inspection)>,
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

    /// Takes an inspection out, or a new one if it is not known. What the platform says about it is what it said last.
    pub(super) fn take(&mut self, request: Option<&InspectionRequest>) -> Inspection {
        let Some(request) = request else {
            return Inspection::default();
        };
        let id = request.id.as_deref().unwrap_or_default();
        let known = self.by_id.remove(id).map(|(_, inspection)| inspection);
        match (known, &request.context) {
            (Some(mut inspection), Some(context)) => {
                inspection.session.set_context(context.clone());
                inspection
            }
            (Some(inspection), None) => inspection,
            (None, context) => Inspection {
                session: Session::new(id, context.clone().unwrap_or_default()),
                step: None,
            },
        }
    }

    /// Keeps the inspection until its next call; not one without identifier. Returns the identifier of the one that has to
    /// go for it.
    pub(super) fn put_back(&mut self, inspection: Inspection) -> Option<String> {
        let id = inspection.session.id();
        if id.is_empty() {
            return None;
        }
        self.calls += 1;
        self.by_id.insert(id.to_owned(), (self.calls, inspection));
        if self.by_id.len() <= self.most {
            return None;
        }
        let oldest = self.by_id.iter().min_by_key(|(_, (last, _))| *last);
        let oldest = oldest.map(|(id, _)| id.clone())?;
        self.by_id.remove(&oldest);
        Some(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionBounds;
    use serde_json::{Map, json};

    fn request(id: &str, operator: Option<&str>) -> InspectionRequest {
        InspectionRequest {
            id: Some(id.to_owned()),
            context: operator.map(|operator| Map::from_iter([("operator".to_owned(), json!(operator))])),
        }
    }

    /// Stores something in the session.
    fn used(sessions: &mut Sessions, id: &str) -> Option<String> {
        let mut inspection = sessions.take(Some(&request(id, None)));
        let bounds = SessionBounds {
            bytes: 100,
            key_bytes: 10,
        };
        inspection.session.set("seen", "1".to_owned(), bounds).unwrap();
        sessions.put_back(inspection)
    }

    fn is_known(sessions: &mut Sessions, id: &str) -> bool {
        let inspection = sessions.take(Some(&request(id, None)));
        let known = inspection.session.get("seen").is_some();
        if known {
            sessions.put_back(inspection);
        }
        known
    }

    #[test]
    fn the_inspection_that_was_used_least_recently_goes() {
        let mut sessions = Sessions::new(2);
        assert_eq!(used(&mut sessions, "a"), None);
        assert_eq!(used(&mut sessions, "b"), None);
        assert_eq!(used(&mut sessions, "a"), None);
        assert_eq!(used(&mut sessions, "c").as_deref(), Some("b"));
        assert!(is_known(&mut sessions, "a") && is_known(&mut sessions, "c") && !is_known(&mut sessions, "b"));
    }

    #[test]
    fn an_inspection_without_identifier_is_not_kept() {
        let mut sessions = Sessions::new(2);
        assert_eq!(used(&mut sessions, ""), None);
        assert!(!is_known(&mut sessions, "") && sessions.by_id.is_empty());
        assert_eq!(sessions.take(None).session.id(), "");
    }

    #[test]
    fn the_newest_context_counts() {
        let mut sessions = Sessions::new(2);
        let operator = |sessions: &mut Sessions, said| {
            let inspection = sessions.take(Some(&request("a", said)));
            let operator = inspection.session.context().get("operator").cloned();
            sessions.put_back(inspection);
            operator
        };
        assert_eq!(operator(&mut sessions, Some("Kim")), Some(json!("Kim")));
        assert_eq!(operator(&mut sessions, None), Some(json!("Kim")));
        assert_eq!(operator(&mut sessions, Some("Jo")), Some(json!("Jo")));
    }

    #[test]
    fn the_hooks_of_a_step_are_the_runners_from_start_to_finish() {
        let mut inspection = Inspection::default();
        let outcome = Outcome::Ok {
            message: None,
            position_rects: Vec::new(),
        };
        assert_eq!(inspection.end_step(2), None);
        inspection.begin_step(2);
        inspection.asked(2, Phase::Execute, &outcome);
        assert_eq!(
            (inspection.hooks(2), inspection.hooks(3)),
            (Hooks::ByStation, Hooks::AroundQuestion)
        );
        assert_eq!(inspection.end_step(3), None);
        assert_eq!(inspection.end_step(2), Some((Phase::Execute, outcome)));
        assert_eq!(inspection.hooks(2), Hooks::AroundQuestion);
        inspection.begin_step(2);
        inspection.restart();
        assert_eq!(inspection.hooks(2), Hooks::AroundQuestion);
    }
}
