//! How a case ends before its end.

/// Why a case does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The rule is broken; what was seen. The same at every run, so that it can stand in a document.
    Failed(String),
    /// The case cannot be asked of this subject, and why.
    NotApplicable(String),
}

/// A part of a case.
pub type Step<T> = Result<T, Stop>;

/// What a case that holds has to add, such as a time that was measured.
pub type Note = Option<String>;

/// A broken rule, with what was seen.
pub fn failed<T>(seen: impl Into<String>) -> Step<T> {
    Err(Stop::Failed(seen.into()))
}

/// Goes on if `holds`, and else says what was `seen`.
pub fn check(holds: bool, seen: impl FnOnce() -> String) -> Step<()> {
    if holds { Ok(()) } else { failed(seen()) }
}
