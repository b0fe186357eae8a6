//! Descriptions that cannot be used, or that would make their reader work without bound.

use crate::bindings::procvision::algorithm::types::{
    AlgorithmInfo, FloatBounds, IntBounds, ParamInfo, ParamKind, ParamValue, StepInfo, StringBounds,
};

pub(crate) fn info(attack: &str) -> AlgorithmInfo {
    let mut info = AlgorithmInfo {
        name: "rogue".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "Does the harm it is told to do".to_owned(),
        supported_pids: vec!["A01".to_owned()],
        steps: vec![StepInfo {
            index: 1,
            name: "only".to_owned(),
            params: vec![param("attack", text(None))],
        }],
    };
    let params = &mut info.steps[0].params;
    match attack {
        "info-other-name" => info.name = "somebody_else".to_owned(),
        "info-other-version" => info.version = "9.9.9".to_owned(),
        "info-other-pids" => info.supported_pids = vec!["A01".to_owned(), "B02".to_owned()],
        "info-terminal-name" => info.name = "\u{1b}[2J\u{1b}]0;pwned\u{7}".to_owned(),
        "info-long-name" => info.name = "n".repeat(500_000),
        "info-many-steps" => {
            info.steps = (1..=5_000)
                .map(|index| StepInfo {
                    index,
                    name: String::new(),
                    params: Vec::new(),
                })
                .collect();
        }
        "info-many-bad-steps" => {
            info.steps = (0..1_000)
                .map(|_| StepInfo {
                    index: 0,
                    name: String::new(),
                    params: Vec::new(),
                })
                .collect();
        }
        "info-many-params" => params.extend((0..3_000).map(|number| param(&format!("p{number}"), ParamKind::Bool))),
        "info-many-pids" => info.supported_pids = (0..10_000).map(|number| format!("P{number}")).collect(),
        "info-many-patterns" => {
            params.extend((0..400).map(|number| param(&format!("p{number}"), text(Some("[^x]{900}")))));
        }
        // As much as is allowed.
        "info-patterns" => {
            params.extend((0..50).map(|number| param(&format!("p{number}"), text(Some("[^x]{900}")))));
        }
        "info-pattern-bomb" => params.push(param("p", text(Some("(((\\w{100}){100}){100}){100}")))),
        "info-pattern-deep" => {
            let deep = format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000));
            params.push(param("p", text(Some(&deep))));
        }
        "info-pattern-broken-out" => params.push(param("p", text(Some(")|(.*")))),
        "info-default-misfit" => {
            let bounds = IntBounds {
                min: Some(1),
                max: Some(5),
            };
            params.push(ParamInfo {
                default: Some(ParamValue::Int(9)),
                ..param("p", ParamKind::Int(bounds))
            });
        }
        "info-default-of-other-type" => params.push(ParamInfo {
            default: Some(ParamValue::String("five".to_owned())),
            ..param("p", ParamKind::Bool)
        }),
        "info-default-nan" => params.push(ParamInfo {
            default: Some(ParamValue::Float(f64::NAN)),
            ..param("p", ParamKind::Float(FloatBounds { min: None, max: None }))
        }),
        "info-bounds-nan" => params.push(param(
            "p",
            ParamKind::Float(FloatBounds {
                min: Some(f64::NAN),
                max: None,
            }),
        )),
        "info-bounds-crossed" => params.push(param(
            "p",
            ParamKind::Int(IntBounds {
                min: Some(5),
                max: Some(1),
            }),
        )),
        "info-no-choices" => params.push(param("p", ParamKind::Enum(Vec::new()))),
        "info-no-steps" => info.steps.clear(),
        _ => {}
    }
    info
}

fn param(key: &str, kind: ParamKind) -> ParamInfo {
    ParamInfo {
        key: key.to_owned(),
        kind,
        required: false,
        default: None,
        description: None,
        unit: None,
    }
}

fn text(pattern: Option<&str>) -> ParamKind {
    ParamKind::String(StringBounds {
        min_length: None,
        max_length: None,
        pattern: pattern.map(str::to_owned),
    })
}
