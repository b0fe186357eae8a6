//! What a reviewer is told: points, and the verdict that follows from them.

use super::component::LISTED;
use serde::Serialize;
use std::borrow::Cow;

/// How much a point weighs, the heaviest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The station refuses it.
    Refused,
    /// A person must decide whether it is right.
    Look,
    /// Worth knowing; there is nothing to decide.
    Note,
}

/// What all points together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing a reviewer must decide.
    Clear,
    /// There are points to look at.
    Look,
    /// The station would refuse it.
    Refused,
}

/// Something that a reviewer should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// A stable word for programs.
    pub id: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What it is, in one sentence without a full stop.
    pub title: String,
    /// What it means and what to do about it.
    pub meaning: Cow<'static, str>,
    /// Where it comes from: a part of the component, a file, a key of the manifest or of the policy.
    pub source: String,
    /// What it rests on.
    pub evidence: Vec<String>,
    /// Evidence that is not listed.
    pub more: u64,
    /// The code with which a station refuses it.
    pub code: Option<Cow<'static, str>>,
}

impl Point {
    pub(super) fn new(
        severity: Severity,
        id: &'static str,
        title: impl Into<String>,
        source: impl Into<String>,
        meaning: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            id,
            severity,
            title: title.into(),
            meaning: meaning.into(),
            source: source.into(),
            evidence: Vec::new(),
            more: 0,
            code: None,
        }
    }

    /// The same point with what it rests on.
    pub(super) fn with(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        let mut evidence = evidence.into_iter();
        let room = LISTED.saturating_sub(self.evidence.len());
        self.evidence.extend(evidence.by_ref().take(room));
        self.more += evidence.count() as u64;
        self
    }

    /// The same point with evidence that nobody listed.
    pub(super) fn and_more(mut self, more: u64) -> Self {
        self.more = self.more.saturating_add(more);
        self
    }
}

/// What these points say together.
pub(super) fn verdict(points: &[Point]) -> Verdict {
    match points.iter().map(|point| point.severity).min() {
        Some(Severity::Refused) => Verdict::Refused,
        Some(Severity::Look) => Verdict::Look,
        Some(Severity::Note) | None => Verdict::Clear,
    }
}

/// `1 point`, `3 points`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{} {many}", indicatif::HumanCount(count)),
    }
}
