//! The contract's rules for what an algorithm returns.

use super::host::Host;
use crate::failure::Failure;
use crate::geometry::Rect;
use crate::verdict::{Finding, Readiness, Verdict};

/// The station's usual bound on defects.
const MAX_DEFECTS: usize = 20;

/// An answer that a host checks before anybody acts on it.
pub(super) trait Answer: Clone {
    /// The answer as it counts: findings outside the picture make it a failure 1007, surplus defects are cut.
    ///
    /// # Panics
    ///
    /// If the host would refuse it as a bad return (1000), which no test should expect.
    fn checked(self, picture: Rect, host: &Host) -> Result<Self, Failure>;
}

impl Answer for Verdict {
    fn checked(mut self, picture: Rect, host: &Host) -> Result<Self, Failure> {
        if let Some(rejection) = &mut self.rejection {
            not_empty(&rejection.reason, "an NG verdict has an empty reason");
            check_findings(&rejection.defects, picture)?;
            let count = rejection.defects.len();
            if count > MAX_DEFECTS {
                rejection.defects.truncate(MAX_DEFECTS);
                host.warn(format!(
                    "{count} defects were returned, and only the first {MAX_DEFECTS} are kept"
                ));
            }
        }
        check_findings(&self.positions, picture)?;
        Ok(self)
    }
}

impl Answer for Readiness {
    fn checked(self, picture: Rect, _: &Host) -> Result<Self, Failure> {
        if !self.ready {
            not_empty(
                self.message.as_deref().unwrap_or_default(),
                "a not-ready answer has an empty message",
            );
        }
        check_findings(&self.calibrations, picture)?;
        Ok(self)
    }
}

/// A failure that says nothing is a bad return too.
pub(super) fn check_failure(failure: Failure) -> Failure {
    not_empty(failure.message(), "a failure has an empty message");
    failure
}

fn not_empty(text: &str, complaint: &str) {
    assert!(!text.is_empty(), "the host refuses this answer (1000): {complaint}");
}

fn check_findings(findings: &[Finding], picture: Rect) -> Result<(), Failure> {
    for Finding { area, label, score } in findings {
        assert!(
            (0.0..=1.0).contains(score),
            "the host refuses this answer (1000): the score of `{label}` is {score}, but must be 0 to 1"
        );
        if !picture.contains_rect(*area) {
            return Err(Failure::coordinate_invalid(format!(
                "finding `{label}` is {area}, but must lie inside the picture of {} x {} pixels",
                picture.width, picture.height
            )));
        }
    }
    Ok(())
}
