//! Answers that are well-formed but not allowed.

use crate::bindings::procvision::algorithm::types::{
    Failure, Finding, NotReady, Pass, Readiness, Ready, Rect, Reject, Severity, Verdict,
};
use crate::{Answer, Scene, failure};

pub(crate) fn answer(scene: &Scene<'_>) -> Answer {
    let verdict = match scene.attack {
        "million-rects" => ng("many", vec![rect(0, 0, 1, 1); 1_000_000]),
        "thousands-of-rects" => ng("many", vec![rect(0, 0, 1, 1); 20_000]),
        "thousands-of-positions" => ok(vec![rect(0, 0, 1, 1); 20_000]),
        "long-reason" => ng(&"because ".repeat(20_000), Vec::new()),
        "long-labels" => ok((0..500).map(|_| labelled(&"x".repeat(1_000))).collect()),
        "score-nan" => ok(vec![scored(f64::NAN)]),
        "score-infinite" => ok(vec![scored(f64::INFINITY)]),
        "score-negative" => ng("n", vec![scored(-0.1)]),
        "score-above-one" => ng("n", vec![scored(1.000_001)]),
        "rect-outside" => ng("n", vec![rect(63, 0, 2, 1)]),
        "rect-empty" => ng("n", vec![rect(0, 0, 0, 1)]),
        "rect-overflow" => ng("n", vec![rect(u32::MAX, u32::MAX, u32::MAX, u32::MAX)]),
        "position-outside" => ok(vec![rect(0, 64, 1, 1)]),
        "reason-empty" => ng("", vec![rect(0, 0, 1, 1)]),
        "reason-blank" => ng(" \n\t\u{a0}", vec![rect(0, 0, 1, 1)]),
        "failure-empty" => return Some(Err(failure("", Severity::Recoverable))),
        "failure-fatal" => return Some(Err(failure("the model is broken", Severity::Fatal))),
        "failure-recoverable" => return Some(Err(failure("try again", Severity::Recoverable))),
        "failure-at-length" => return Some(Err(failure(&"x".repeat(900_000), Severity::Recoverable))),
        "terminal" => ng("\u{1b}[2J\u{1b}]0;pwned\u{7}gone\r\nstatus: OK", Vec::new()),
        _ => return None,
    };
    Some(Ok(verdict))
}

pub(crate) fn readiness(attack: &str) -> Option<Result<Readiness, Failure>> {
    let (message, rects) = match attack {
        "ready-outside" => {
            return Some(Ok(Readiness::Ready(Ready {
                message: None,
                calibration_rects: vec![rect(0, 0, 65, 1)],
            })));
        }
        "not-ready-empty" => ("", Vec::new()),
        "not-ready-nan" => ("dark", vec![scored(f64::NAN)]),
        _ => return None,
    };
    Some(Ok(Readiness::NotReady(NotReady {
        message: message.to_owned(),
        calibration_rects: rects,
    })))
}

pub(crate) fn ng(reason: &str, defect_rects: Vec<Finding>) -> Verdict {
    Verdict::Ng(Reject {
        reason: reason.to_owned(),
        defect_rects,
        message: None,
        position_rects: Vec::new(),
    })
}

pub(crate) fn ok(position_rects: Vec<Finding>) -> Verdict {
    Verdict::Ok(Pass {
        message: None,
        position_rects,
    })
}

fn rect(x: u32, y: u32, width: u32, height: u32) -> Finding {
    Finding {
        area: Rect { x, y, width, height },
        label: String::new(),
        score: 0.5,
    }
}

fn scored(score: f64) -> Finding {
    Finding {
        score,
        ..rect(0, 0, 1, 1)
    }
}

fn labelled(label: &str) -> Finding {
    Finding {
        label: label.to_owned(),
        ..rect(0, 0, 1, 1)
    }
}
