//! The contract's rules for what an algorithm returns.

use super::host::Host;
use crate::failure::Failure;
use crate::geometry::Rect;
use crate::verdict::{Finding, Readiness, Verdict};

/// A host's usual bound on defects.
const MAX_DEFECTS: usize = 20;
/// A host's usual bound on positions and on calibration areas.
const MAX_POSITIONS: usize = 1_000;
/// A host's usual bound on the messages, reasons and labels of one answer together, in bytes.
const TEXT_BYTES: usize = 64 * 1024;

/// An answer that a host checks before anybody acts on it.
pub(super) trait Answer: Clone {
    /// The answer as it counts: findings outside the picture make it a failure 1007, surplus findings are cut with a
    /// warning, a message of nothing but spaces goes.
    ///
    /// # Panics
    ///
    /// If the host would refuse it as a bad return (1000), which no test should expect.
    fn checked(self, picture: Rect, host: &Host) -> Result<Self, Failure>;
}

impl Answer for Verdict {
    fn checked(mut self, picture: Rect, host: &Host) -> Result<Self, Failure> {
        let mut check = Check::new(picture, host);
        if let Some(rejection) = &mut self.rejection {
            check.mandatory(&rejection.reason, "an NG verdict has an empty reason");
            check.findings("defects", &mut rejection.defects, MAX_DEFECTS)?;
        }
        check.optional(&mut self.message);
        check.findings("positions", &mut self.positions, MAX_POSITIONS)?;
        Ok(self)
    }
}

impl Answer for Readiness {
    fn checked(mut self, picture: Rect, host: &Host) -> Result<Self, Failure> {
        let mut check = Check::new(picture, host);
        if self.ready {
            check.optional(&mut self.message);
        } else {
            check.mandatory(
                self.message.as_deref().unwrap_or_default(),
                "a not-ready answer has an empty message",
            );
        }
        check.findings("calibrations", &mut self.calibrations, MAX_POSITIONS)?;
        Ok(self)
    }
}

/// A failure that says nothing, or too much, is a bad return too.
pub(super) fn check_failure(failure: Failure, host: &Host) -> Failure {
    Check::new(Rect::default(), host).mandatory(failure.message(), "a failure has an empty message");
    failure
}

/// The check of one answer. It panics where a host would answer with a bad return.
struct Check<'a> {
    picture: Rect,
    host: &'a Host,
    text_bytes: usize,
}

impl<'a> Check<'a> {
    fn new(picture: Rect, host: &'a Host) -> Self {
        Self {
            picture,
            host,
            text_bytes: 0,
        }
    }

    fn mandatory(&mut self, text: &str, complaint: &str) {
        accept(!text.trim().is_empty(), || complaint.to_owned());
        self.count(text);
    }

    fn optional(&mut self, text: &mut Option<String>) {
        text.take_if(|text| text.trim().is_empty());
        if let Some(text) = text {
            self.count(text);
        }
    }

    fn findings(&mut self, what: &str, findings: &mut Vec<Finding>, most: usize) -> Result<(), Failure> {
        let count = findings.len();
        if count > most {
            findings.truncate(most);
            self.host.warn(format!(
                "{count} {what} were returned, and only the first {most} are kept"
            ));
        }
        findings.iter().try_for_each(|finding| self.finding(finding))
    }

    fn finding(&mut self, Finding { area, label, score }: &Finding) -> Result<(), Failure> {
        let picture = self.picture;
        if !picture.contains_rect(*area) {
            return Err(Failure::coordinate_invalid(format!(
                "finding `{label}` is {area}, but must lie inside the picture of {} x {} pixels",
                picture.width, picture.height
            )));
        }
        accept((0.0..=1.0).contains(score), || {
            format!("the score of `{label}` is {score}, but must be 0 to 1")
        });
        self.count(label);
        Ok(())
    }

    fn count(&mut self, text: &str) {
        self.text_bytes += text.len();
        accept(self.text_bytes <= TEXT_BYTES, || {
            format!("its messages, reasons and labels have more than {TEXT_BYTES} bytes together")
        });
    }
}

fn accept(good: bool, complaint: impl FnOnce() -> String) {
    assert!(good, "the host refuses this answer (1000): {}", complaint());
}
