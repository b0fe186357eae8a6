//! Whether an answer is the expected one, and what differs, in words.

use super::format::{Case, ExpectedPre, ExpectedRect};
use crate::failure::FailureClass;
use crate::frame::Rect;
use crate::outcome::{Finding, Outcome};

/// How much a reported area and an expected one must share, as intersection over union. An algorithm may draw its
/// area a little wider or narrower than the person who marked the defect.
const SHARED_AREA: f64 = 0.3;

/// The answer in a word or two, as [`Case::expected`] says it.
pub(super) fn shown(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ready { .. } => "ready",
        Outcome::NotReady { .. } => "not ready",
        Outcome::Ok { .. } => "OK",
        Outcome::Ng { .. } => "NG",
        Outcome::Failed(_) => "failed",
    }
}

/// What is not as expected, each in words; empty if all is well.
pub(super) fn differences(case: &Case, outcome: &Outcome) -> Vec<String> {
    let (shown, expected) = (shown(outcome), case.expected());
    if shown != expected {
        let why = match outcome {
            Outcome::Ng { reason, .. } => format!(": {reason}"),
            Outcome::NotReady { message, .. } => format!(": {message}"),
            Outcome::Failed(failure) => format!(": {failure}"),
            Outcome::Ready { .. } | Outcome::Ok { .. } => String::new(),
        };
        return vec![format!("the answer is {shown}, {expected} was expected{why}")];
    }
    match outcome {
        // That an algorithm cannot judge a picture is an answer; that it breaks down over one is none.
        Outcome::Failed(failure) if failure.class != FailureClass::Algorithm => {
            vec![format!("it did not say that it cannot judge, but failed: {failure}")]
        }
        Outcome::Ng {
            reason, defect_rects, ..
        } => {
            let mut differences = Vec::new();
            if let Some(part) = &case.ng_reason_contains
                && !reason.to_lowercase().contains(&part.to_lowercase())
            {
                differences.push(format!("the reason {reason:?} does not contain {part:?}"));
            }
            differences.extend(misplaced(&case.defect_rects, defect_rects));
            differences
        }
        _ => Vec::new(),
    }
}

/// Whether `pre_execute` may be followed by `execute`.
pub(super) fn goes_on(case: &Case, pre: &Outcome) -> bool {
    matches!(pre, Outcome::Ready { .. }) && case.pre != ExpectedPre::NotReady
}

/// Areas without a defect, and defects without an area.
fn misplaced(expected: &[ExpectedRect], found: &[Finding]) -> Vec<String> {
    if expected.is_empty() {
        return Vec::new();
    }
    let mut differences = Vec::new();
    for rect in expected {
        let here: Vec<&Finding> = found.iter().filter(|finding| meet(rect, &finding.area)).collect();
        let place = place(&area(rect));
        match &rect.label {
            _ if here.is_empty() => differences.push(format!("no defect was marked at {place}")),
            Some(label) if here.iter().all(|finding| &finding.label != label) => differences.push(format!(
                "the defect at {place} is labelled {:?}, {label:?} was expected",
                here[0].label
            )),
            _ => {}
        }
    }
    for finding in found {
        if !expected.iter().any(|rect| meet(rect, &finding.area)) {
            differences.push(format!(
                "a defect {:?} was marked at {}, where none is",
                finding.label,
                place(&finding.area)
            ));
        }
    }
    differences
}

fn meet(expected: &ExpectedRect, found: &Rect) -> bool {
    shared(&area(expected), found) >= SHARED_AREA
}

fn area(rect: &ExpectedRect) -> Rect {
    Rect::new(rect.x, rect.y, rect.width, rect.height)
}

fn place(rect: &Rect) -> String {
    format!("({}, {}), {}x{}", rect.x, rect.y, rect.width, rect.height)
}

/// Intersection over union, 0 to 1.
fn shared(one: &Rect, other: &Rect) -> f64 {
    let overlap = |a: u32, a_length: u32, b: u32, b_length: u32| {
        let end = (u64::from(a) + u64::from(a_length)).min(u64::from(b) + u64::from(b_length));
        end.saturating_sub(u64::from(a.max(b))) as f64
    };
    let size = |rect: &Rect| f64::from(rect.width) * f64::from(rect.height);
    let both = overlap(one.x, one.width, other.x, other.width) * overlap(one.y, one.height, other.y, other.height);
    let either = size(one) + size(other) - both;
    if either > 0.0 { both / either } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{ErrorCode, Failure, Severity};

    fn case(fields: &str) -> Case {
        serde_json::from_str(&format!(
            r#"{{"name": "n", "pid": "A01", "image": "pictures/a.png", {fields}}}"#
        ))
        .unwrap()
    }

    fn failed(class: FailureClass) -> Outcome {
        Outcome::Failed(Failure::new(
            class,
            ErrorCode::Unknown,
            "no".to_owned(),
            Severity::Permanent,
        ))
    }

    fn ng(areas: &[(Rect, &str)]) -> Outcome {
        let finding = |(area, label): &(Rect, &str)| Finding {
            area: *area,
            label: (*label).to_owned(),
            score: 1.0,
        };
        Outcome::Ng {
            message: None,
            position_rects: Vec::new(),
            reason: "1 part missing".to_owned(),
            defect_rects: areas.iter().map(finding).collect(),
        }
    }

    #[test]
    fn the_same_answer_is_no_difference_and_any_other_is_one() {
        let cases = [
            case(r#""verdict": "OK""#),
            case(r#""verdict": "NG""#),
            case(r#""pre": "not_ready", "verdict": null"#),
            case(r#""pre": "failed""#),
        ];
        let answers = [
            Outcome::Ok {
                message: None,
                position_rects: Vec::new(),
            },
            ng(&[]),
            Outcome::NotReady {
                message: "dark".to_owned(),
                calibration_rects: Vec::new(),
            },
            failed(FailureClass::Algorithm),
        ];
        for (i, case) in cases.iter().enumerate() {
            for (j, answer) in answers.iter().enumerate() {
                assert_eq!(differences(case, answer).is_empty(), i == j, "{case:?} {answer:?}");
            }
        }
        // A failure that the algorithm did not state is not what anybody expects.
        for class in [FailureClass::Trap, FailureClass::Refused, FailureClass::Deadline] {
            assert_eq!(differences(&cases[3], &failed(class)).len(), 1, "{class:?}");
        }
    }

    #[test]
    fn the_reason_must_contain_the_words_in_any_case() {
        let named = |part: &str| case(&format!(r#""verdict": "NG", "ng_reason_contains": "{part}""#));
        assert!(differences(&named("Missing"), &ng(&[])).is_empty());
        let found = differences(&named("surplus"), &ng(&[]));
        assert!(
            found[0].contains("1 part missing") && found[0].contains("surplus"),
            "{found:?}"
        );
    }

    #[test]
    fn defects_must_be_marked_where_they_are_and_nowhere_else() {
        let case = case(r#""verdict": "NG", "defect_rects": [{"x": 10, "y": 10, "width": 20, "height": 20}]"#);
        let here = (Rect::new(12, 8, 20, 22), "a");
        let there = (Rect::new(100, 8, 20, 22), "a");
        let everywhere = (Rect::new(0, 0, 500, 500), "a");
        assert_eq!(differences(&case, &ng(&[here])), [""; 0]);
        assert_eq!(differences(&case, &ng(&[])).len(), 1);
        assert_eq!(differences(&case, &ng(&[there])).len(), 2);
        assert_eq!(differences(&case, &ng(&[everywhere])).len(), 2);
        let both = differences(&case, &ng(&[here, there]));
        assert!(both.len() == 1 && both[0].contains("100"), "{both:?}");
    }

    #[test]
    fn a_label_must_be_that_of_a_defect_at_its_place() {
        let case = case(
            r#""verdict": "NG", "defect_rects": [{"x": 10, "y": 10, "width": 20, "height": 20, "label": "scratch"}]"#,
        );
        let place = Rect::new(10, 10, 20, 20);
        assert_eq!(
            differences(&case, &ng(&[(place, "stain"), (place, "scratch")])),
            [""; 0]
        );
        let other = differences(&case, &ng(&[(place, "stain")]));
        assert!(
            other.len() == 1 && other[0].contains("stain") && other[0].contains("scratch"),
            "{other:?}"
        );
    }
}
