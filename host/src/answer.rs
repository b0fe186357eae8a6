//! What an algorithm answers, checked before anybody believes it: rects inside the picture, scores between 0 and 1, an
//! NG with its reason, a failure with its message, nothing too long.

use crate::bindings::types as wit;
use crate::failure::{ErrorCode, Failure, FailureClass, Severity};
use crate::frame::Rect;
use crate::limits::Limits;
use crate::outcome::{Finding, Outcome, Phase, Warning};

/// Advised characters of a message.
const MESSAGE_CHARS: usize = 100;
/// Advised characters of an `ng_reason`.
const REASON_CHARS: usize = 50;

/// What the algorithm returned.
pub(crate) enum Answer {
    PreExecute(Result<wit::Readiness, wit::Failure>),
    Execute(Result<wit::Verdict, wit::Failure>),
}

/// Checks one answer. Collects what a person should know but what does not spoil the answer.
pub(crate) struct Check<'a> {
    pub(crate) limits: &'a Limits,
    /// Width and height of the primary picture.
    pub(crate) picture: (u32, u32),
    pub(crate) warnings: Vec<Warning>,
    text_bytes: u64,
}

type Checked<T> = Result<T, Failure>;

impl<'a> Check<'a> {
    pub(crate) fn new(limits: &'a Limits, picture: (u32, u32)) -> Self {
        Self {
            limits,
            picture,
            warnings: Vec::new(),
            text_bytes: 0,
        }
    }

    /// The outcome of a step that ended with `answer`.
    pub(crate) fn outcome(&mut self, answer: Answer) -> Outcome {
        let checked = match answer {
            Answer::PreExecute(Ok(readiness)) => self.readiness(readiness),
            Answer::Execute(Ok(verdict)) => self.verdict(verdict),
            Answer::PreExecute(Err(failure)) | Answer::Execute(Err(failure)) => self.failure(failure),
        };
        checked.unwrap_or_else(Outcome::Failed)
    }

    fn readiness(&mut self, readiness: wit::Readiness) -> Checked<Outcome> {
        Ok(match readiness {
            wit::Readiness::Ready(ready) => Outcome::Ready {
                message: self.optional("message", ready.message)?,
                calibration_rects: self.positions("calibration_rects", ready.calibration_rects)?,
            },
            wit::Readiness::NotReady(not_ready) => Outcome::NotReady {
                message: self.mandatory("message", not_ready.message, MESSAGE_CHARS)?,
                calibration_rects: self.positions("calibration_rects", not_ready.calibration_rects)?,
            },
        })
    }

    fn verdict(&mut self, verdict: wit::Verdict) -> Checked<Outcome> {
        Ok(match verdict {
            wit::Verdict::Ok(pass) => Outcome::Ok {
                message: self.optional("message", pass.message)?,
                position_rects: self.positions("position_rects", pass.position_rects)?,
            },
            wit::Verdict::Ng(reject) => {
                let reason = self.mandatory("ng_reason", reject.reason, REASON_CHARS)?;
                if reject.defect_rects.is_empty() {
                    self.warn("no_defect_rects", "the NG does not show where the defect is".into());
                }
                let defect_rects = self.findings("defect_rects", reject.defect_rects, self.limits.max_defects)?;
                Outcome::Ng {
                    reason,
                    defect_rects,
                    message: self.optional("message", reject.message)?,
                    position_rects: self.positions("position_rects", reject.position_rects)?,
                }
            }
        })
    }

    fn failure(&mut self, failure: wit::Failure) -> Checked<Outcome> {
        let message = self.mandatory("message", failure.message, MESSAGE_CHARS)?;
        let (code, severity) = (code(failure.code), severity(failure.severity));
        Ok(Outcome::Failed(Failure::new(
            FailureClass::Algorithm,
            code,
            message,
            severity,
        )))
    }

    fn positions(&mut self, key: &str, findings: Vec<wit::Finding>) -> Checked<Vec<Finding>> {
        self.findings(key, findings, self.limits.max_positions)
    }

    fn findings(&mut self, key: &str, mut findings: Vec<wit::Finding>, most: u64) -> Checked<Vec<Finding>> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if findings.len() > most {
            self.warn(
                "too_many_rects",
                format!("{key} has {} entries; the first {most} are kept", findings.len()),
            );
            findings.truncate(most);
        }
        findings
            .into_iter()
            .enumerate()
            .map(|(index, finding)| self.finding(key, index, finding))
            .collect()
    }

    fn finding(&mut self, key: &str, index: usize, finding: wit::Finding) -> Checked<Finding> {
        let area = Rect::from(finding.area);
        let (width, height) = self.picture;
        if !area.lies_inside(width, height) {
            let message = format!("{key}[{index}] is {area}, which is not inside the picture of {width} x {height}");
            return Err(Failure::bad_return(ErrorCode::CoordinateInvalid, message));
        }
        if !(0.0..=1.0).contains(&finding.score) {
            let message = format!(
                "{key}[{index}] has score {}, but a score lies between 0 and 1",
                finding.score
            );
            return Err(Failure::bad_return(ErrorCode::BadExchange, message));
        }
        self.count_text(&finding.label)?;
        Ok(Finding {
            area,
            label: finding.label,
            score: finding.score,
        })
    }

    fn mandatory(&mut self, key: &'static str, text: String, advised: usize) -> Checked<String> {
        if text.trim().is_empty() {
            return Err(Failure::bad_return(
                ErrorCode::BadExchange,
                format!("{key} is empty, but must say why"),
            ));
        }
        self.count_text(&text)?;
        let chars = text.chars().count();
        if chars > advised {
            self.warn(
                "text_too_long",
                format!("{key} has {chars} characters; at most {advised} are advised"),
            );
        }
        Ok(text)
    }

    fn optional(&mut self, key: &'static str, text: Option<String>) -> Checked<Option<String>> {
        match text {
            Some(text) if text.trim().is_empty() => Ok(None),
            Some(text) => self.mandatory(key, text, MESSAGE_CHARS).map(Some),
            None => Ok(None),
        }
    }

    fn count_text(&mut self, text: &str) -> Checked<()> {
        self.text_bytes = self.text_bytes.saturating_add(text.len() as u64);
        let limit = self.limits.result_text_bytes;
        if self.text_bytes > limit {
            let message = format!("the result has more than the {limit} bytes of text that `result_text_bytes` allows");
            return Err(Failure::bad_return(ErrorCode::BadExchange, message));
        }
        Ok(())
    }

    fn warn(&mut self, kind: &'static str, message: String) {
        self.warnings.push(Warning { kind, message });
    }
}

/// A failure of `get_info`, `setup` or a hook, as the algorithm stated it.
pub(crate) fn stated_failure(failure: wit::Failure) -> Failure {
    let message = if failure.message.trim().is_empty() {
        "no reason given".into()
    } else {
        failure.message
    };
    Failure::new(
        FailureClass::Algorithm,
        code(failure.code),
        message,
        severity(failure.severity),
    )
}

fn severity(severity: wit::Severity) -> Severity {
    match severity {
        wit::Severity::Recoverable => Severity::Recoverable,
        wit::Severity::Permanent => Severity::Permanent,
        wit::Severity::Fatal => Severity::Fatal,
    }
}

fn code(code: wit::FailureCode) -> ErrorCode {
    match code {
        wit::FailureCode::InvalidPid => ErrorCode::InvalidPid,
        wit::FailureCode::ImageLoadFailed => ErrorCode::ImageLoadFailed,
        wit::FailureCode::ModelNotFound => ErrorCode::ModelNotFound,
        wit::FailureCode::OutOfMemory => ErrorCode::OutOfMemory,
        wit::FailureCode::Timeout => ErrorCode::Timeout,
        wit::FailureCode::InvalidParams => ErrorCode::InvalidParams,
        wit::FailureCode::CoordinateInvalid => ErrorCode::CoordinateInvalid,
        wit::FailureCode::UnknownError => ErrorCode::Unknown,
    }
}

/// The outcome as `on-step-finish` is told: what the station will see, not what the algorithm returned.
pub(crate) fn told(phase: Phase, outcome: &Outcome) -> wit::StepOutcome {
    let findings = |findings: &[Finding]| -> Vec<wit::Finding> {
        let one = |finding: &Finding| wit::Finding {
            area: finding.area.into(),
            label: finding.label.clone(),
            score: finding.score,
        };
        findings.iter().map(one).collect()
    };
    match (phase, outcome) {
        (
            _,
            Outcome::Ready {
                message,
                calibration_rects,
            },
        ) => {
            let ready = wit::Ready {
                message: message.clone(),
                calibration_rects: findings(calibration_rects),
            };
            wit::StepOutcome::PreExecute(Ok(wit::Readiness::Ready(ready)))
        }
        (
            _,
            Outcome::NotReady {
                message,
                calibration_rects,
            },
        ) => {
            let not_ready = wit::NotReady {
                message: message.clone(),
                calibration_rects: findings(calibration_rects),
            };
            wit::StepOutcome::PreExecute(Ok(wit::Readiness::NotReady(not_ready)))
        }
        (
            _,
            Outcome::Ok {
                message,
                position_rects,
            },
        ) => {
            let pass = wit::Pass {
                message: message.clone(),
                position_rects: findings(position_rects),
            };
            wit::StepOutcome::Execute(Ok(wit::Verdict::Ok(pass)))
        }
        (
            _,
            Outcome::Ng {
                reason,
                defect_rects,
                message,
                position_rects,
            },
        ) => {
            let reject = wit::Reject {
                reason: reason.clone(),
                defect_rects: findings(defect_rects),
                message: message.clone(),
                position_rects: findings(position_rects),
            };
            wit::StepOutcome::Execute(Ok(wit::Verdict::Ng(reject)))
        }
        (Phase::PreExecute, Outcome::Failed(failure)) => wit::StepOutcome::PreExecute(Err(told_failure(failure))),
        (Phase::Execute, Outcome::Failed(failure)) => wit::StepOutcome::Execute(Err(told_failure(failure))),
    }
}

fn told_failure(failure: &Failure) -> wit::Failure {
    let code = match failure.code {
        ErrorCode::InvalidPid => wit::FailureCode::InvalidPid,
        ErrorCode::ImageLoadFailed => wit::FailureCode::ImageLoadFailed,
        ErrorCode::ModelNotFound => wit::FailureCode::ModelNotFound,
        ErrorCode::OutOfMemory => wit::FailureCode::OutOfMemory,
        ErrorCode::Timeout => wit::FailureCode::Timeout,
        ErrorCode::InvalidParams => wit::FailureCode::InvalidParams,
        ErrorCode::CoordinateInvalid => wit::FailureCode::CoordinateInvalid,
        ErrorCode::BadExchange | ErrorCode::Trap | ErrorCode::Polluted | ErrorCode::Unknown => {
            wit::FailureCode::UnknownError
        }
    };
    let severity = match failure.severity {
        Severity::Recoverable => wit::Severity::Recoverable,
        Severity::Permanent => wit::Severity::Permanent,
        Severity::Fatal => wit::Severity::Fatal,
    };
    wit::Failure {
        code,
        message: failure.message.clone(),
        severity,
    }
}
