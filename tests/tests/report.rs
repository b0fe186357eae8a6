//! The HTML report: one file that fetches nothing and runs nothing, whatever an algorithm says.

use procvision_host::failure::{ErrorCode, Failure, FailureClass, GuestFrame, Panic, Severity};
use procvision_host::frame::{Frame, PixelFormat, Rect};
use procvision_host::info::{AlgorithmInfo, StepInfo};
use procvision_host::limits::{LimitRequest, Limits};
use procvision_host::logs::{Level, LogLine, LogSource, Logs};
use procvision_host::outcome::{Finding, Outcome, Phase, PictureAccess, StepReport, Usage, Warning};
use procvision_host::report::{Picture, PictureOrigin, Preparation, Repeat, Request, RunReport, Subject};
use procvision_host::session::{Session, SessionBounds};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Would run a script, leave an attribute, turn the text around, or begin a template's tag.
const HOSTILE: &str = "</style><script>alert(1)</script>\" onload='x' {{ 7*7 }} {% raw %} \u{202e}]]>-->&amp;";

fn picture(name: &str) -> Picture {
    Picture {
        name: name.into(),
        origin: PictureOrigin::File(HOSTILE.into()),
        frame: Frame::from_pixels(PixelFormat::Mono8, 40, 30, 40, vec![99; 1200]).unwrap(),
    }
}

fn map() -> Map<String, Value> {
    Map::from_iter([(HOSTILE.to_owned(), json!(HOSTILE))])
}

fn step(phase: Phase, outcome: Outcome) -> StepReport {
    StepReport {
        phase,
        outcome,
        warnings: vec![Warning {
            kind: "text_too_long",
            message: HOSTILE.into(),
        }],
        usage: Usage {
            wall: Duration::from_millis(5),
            fuel: 29_000_000_000,
            peak_memory_bytes: 1 << 20,
        },
        logs: Logs {
            lines: vec![LogLine {
                level: Level::Error,
                source: LogSource::Stderr,
                message: HOSTILE.into(),
                fields: map(),
            }],
            dropped_lines: 3,
            printed: false,
        },
        diagnostics: map(),
        picture: PictureAccess::default(),
        instance_replaced: false,
    }
}

fn hostile(execute: Outcome) -> RunReport {
    let bounds = SessionBounds {
        bytes: 10_000,
        key_bytes: 1_000,
    };
    let mut session = Session::new(HOSTILE, map());
    session.set(HOSTILE, json!(HOSTILE).to_string(), bounds).unwrap();
    let finding = Finding {
        area: Rect::new(1, 2, 3, 4),
        label: HOSTILE.into(),
        score: 0.5,
    };
    let ready = Outcome::Ready {
        message: Some(HOSTILE.into()),
        calibration_rects: vec![finding],
    };
    let ceiling = Limits::default_ceiling();
    let asked = LimitRequest {
        memory_bytes: Some(4 << 30),
        ..LimitRequest::default()
    };
    RunReport {
        subject: Subject {
            info: AlgorithmInfo {
                name: HOSTILE.into(),
                version: HOSTILE.into(),
                description: HOSTILE.into(),
                supported_pids: vec![HOSTILE.into()],
                steps: vec![StepInfo {
                    index: 1,
                    name: HOSTILE.into(),
                    params: Vec::new(),
                }],
            },
            source: HOSTILE.into(),
            component_bytes: 7,
            component_sha256: "ab".repeat(32),
            imports: vec![procvision_host::contract::classify(HOSTILE)],
            limits: ceiling.grant(&asked),
            asked: asked.asked(),
            ceiling,
        },
        request: Request {
            pid: HOSTILE.into(),
            step: 1,
            params: map(),
            image: picture(""),
            references: vec![picture(HOSTILE)],
        },
        preparation: Preparation::default(),
        pre_execute: Some(step(Phase::PreExecute, ready)),
        execute: Some(step(Phase::Execute, execute)),
        repeat: Some(Repeat::new(3, vec![Duration::from_millis(1); 2], 1)),
        session,
        warnings: vec![Warning {
            kind: "limit_cut",
            message: HOSTILE.into(),
        }],
        annotated: Some(HOSTILE.into()),
        report: None,
    }
}

fn ng() -> Outcome {
    let finding = |x| Finding {
        area: Rect::new(x, 2, 3, 4),
        label: HOSTILE.into(),
        score: 1.0,
    };
    Outcome::Ng {
        reason: HOSTILE.into(),
        defect_rects: vec![finding(1), finding(9)],
        message: Some(HOSTILE.into()),
        position_rects: vec![finding(20)],
    }
}

fn failed() -> Outcome {
    Outcome::Failed(Failure {
        panic: Some(Box::new(Panic {
            message: HOSTILE.into(),
            location: Some(HOSTILE.into()),
        })),
        backtrace: vec![GuestFrame {
            function: HOSTILE.into(),
            location: Some(HOSTILE.into()),
        }],
        ..Failure::new(FailureClass::Trap, ErrorCode::Trap, HOSTILE, Severity::Fatal)
    })
}

/// Every tag of the page with its attributes.
fn tags(html: &str) -> Vec<&str> {
    html.split('<')
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap())
        .collect()
}

#[test]
fn nothing_an_algorithm_says_becomes_markup() {
    for outcome in [ng(), failed()] {
        let report = hostile(outcome);
        let html = report.to_html().unwrap();
        let mut known = BTreeMap::<&str, usize>::new();
        for tag in tags(&html) {
            let name = tag
                .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '!')
                .next()
                .unwrap();
            *known.entry(name).or_default() += 1;
            assert!(!tag.contains("onload"), "{tag}");
        }
        assert!(!known.contains_key("script"), "{known:?}");
        assert_eq!(known["style"], 1);
        assert!(!html.contains('\u{202e}') && html.contains(r"\u{202e}"));
        assert!(html.contains("{{ 7*7 }}") && !html.contains("49 {%"));
    }
}

#[test]
fn the_page_fetches_nothing() {
    let html = hostile(ng()).to_html().unwrap();
    assert!(html.contains("default-src 'none'"));
    for tag in tags(&html) {
        for attribute in ["src=", "href="] {
            if let Some((_, value)) = tag.split_once(attribute) {
                assert!(value.starts_with("\"data:image/png;base64,"), "{tag}");
            }
        }
    }
    assert!(!html.contains("url(") && !html.contains("@import") && !html.contains("http:") && !html.contains("https:"));
}

#[test]
fn the_page_shows_everything() {
    let html = hostile(failed()).to_html().unwrap();
    for part in [
        "NO VERDICT",
        "1009 trap",
        "Backtrace, innermost first",
        "Used of what is allowed",
        "asked 2 times of 3",
        "1 answers differed",
        "4.00 GiB",
        "2.00 GiB",
        "station&rsquo;s ceiling",
        "SHA-256",
        "procvision:algorithm@1.0.0",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let html = hostile(ng()).to_html().unwrap();
    assert!(html.contains("Defects (2)") && html.contains("Positions (1)") && html.contains("Calibration (1)"));
    assert_eq!(html.matches("<g class=\"mark ").count(), 4);
}

#[test]
fn the_json_has_its_documented_keys() {
    let json = hostile(ng()).to_json();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let documented = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md")).unwrap();
    for key in keys {
        assert!(
            documented.contains(&format!("| `{key}` |")),
            "docs/cli.md does not explain `{key}`"
        );
    }
    assert_eq!((&json["schema"], &json["verdict"]), (&1.into(), &"NG".into()));
    assert_eq!(json["execute"]["data"]["ng_reason"], HOSTILE);
}
