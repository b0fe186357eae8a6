//! Why a process that must be locked is not.

use super::report::{Lock, LockReport};
use crate::explain::Explain;
use std::borrow::Cow;

/// Why a process must not run algorithms.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockdownError {
    /// Locks are missing, and the station requires all of them.
    #[error("this machine cannot lock the process down: {0}")]
    Missing(LockReport),
}

impl LockdownError {
    /// What became of every lock.
    pub fn report(&self) -> &LockReport {
        match self {
            Self::Missing(report) => report,
        }
    }
}

impl Explain for LockdownError {
    fn code(&self) -> Cow<'static, str> {
        "not-locked-down".into()
    }

    fn remedy(&self) -> Option<String> {
        let first = self.report().missing().next()?;
        if first.lock == Lock::Files && self.report().landlock().is_some() {
            return Some("report it: the kernel can do it, and the program has left a thread out".to_owned());
        }
        Some(format!(
            "{}; or have the station's policy say `\"lockdown\": \"best_effort\"`, to go on with the locks that there are",
            first.lock.remedy()
        ))
    }
}
