//! Calls with something wrong about them.

use super::{BOTH, Case, V02, V03, case, refused};
use crate::answer;
use crate::bench::Bench;
use crate::step::{Note, Step, check};
use serde_json::{Value, json};

pub const CASES: &[Case] = &[
    refused(
        "request.unknown-pid",
        V02,
        "A product model that is not supported is 1001.",
        |call| call.with("pid", "Z99"),
        &["1001"],
    ),
    refused(
        "request.no-pid",
        V02,
        "A call without product model is not judged: 1000 or 1001.",
        |call| call.without("pid"),
        &["1000", "1001"],
    ),
    refused(
        "request.unknown-step",
        V02,
        "A step that the algorithm does not have is not judged: 1000 or 1006.",
        |call| call.with("step_index", 99),
        &["1000", "1006"],
    ),
    refused(
        "request.step-type",
        BOTH,
        "A step_index that is no number is refused: 1000 or 1006.",
        |call| call.with("step_index", "one"),
        &["1000", "1006"],
    ),
    refused(
        "request.step-huge",
        BOTH,
        "A step_index beyond all numbers is refused: 1000 or 1006.",
        |call| call.with("step_index", 1e300),
        &["1000", "1006"],
    ),
    refused(
        "request.unknown-phase",
        V02,
        "A phase that there is not is an error 1000.",
        |call| call.phase("judge"),
        &["1000"],
    ),
    refused(
        "request.session-type",
        V02,
        "A session that is no object is an error 1000.",
        |call| call.with("session", "s-1"),
        &["1000"],
    ),
    refused(
        "request.context-type",
        V02,
        "A context that is no object is an error 1000.",
        |call| call.with("session", json!({ "id": "s-1", "context": ["A01"] })),
        &["1000"],
    ),
    refused(
        "request.params-type",
        V02,
        "`user_params` that are no object are refused: 1000 or 1006.",
        |call| call.with("user_params", json!(["ok"])),
        &["1000", "1006"],
    ),
    case(
        "request.no-id",
        BOTH,
        "A call without request_id is an error 1000 with the request_id null.",
        no_id,
    ),
    case(
        "request.no-data",
        BOTH,
        "A call without any field is refused, and never judged.",
        no_data,
    ),
    case(
        "param.missing",
        V02,
        "A required parameter that is missing is 1006, and is named.",
        |bench| named(bench, "serial", None),
    ),
    case(
        "param.type",
        V02,
        "A parameter of another type is 1006, and is named.",
        |bench| named(bench, "count", Some(json!("three"))),
    ),
    case(
        "param.range",
        V02,
        "A parameter out of range is 1006, and is named.",
        |bench| named(bench, "count", Some(json!(11))),
    ),
    case(
        "param.pattern",
        V02,
        "A parameter that does not match its pattern is 1006, and is named.",
        |bench| named(bench, "serial", Some(json!("12-A"))),
    ),
    case(
        "param.length",
        V02,
        "A parameter that is too long is 1006, and is named.",
        |bench| named(bench, "serial", Some(json!("AB123456789"))),
    ),
    case(
        "param.enum",
        V02,
        "A parameter that is none of its choices is 1006, and is named.",
        |bench| named(bench, "colour", Some(json!("blue"))),
    ),
    refused(
        "param.rect-outside",
        V02,
        "A rect outside the picture is 1007.",
        |call| call.with_param("area", json!({ "x": 60, "y": 0, "width": 5, "height": 5 })),
        &["1007"],
    ),
    refused(
        "request.no-current",
        V03,
        "A call without `cur_image_shm_id` is an error 1000.",
        |call| call.without("cur_image_shm_id"),
        &["1000"],
    ),
    refused(
        "request.no-guide",
        V03,
        "A call without `guide_image_shm_id` is an error 1000.",
        |call| call.without("guide_image_shm_id"),
        &["1000"],
    ),
    refused(
        "request.guide-unknown",
        V03,
        "With a guide picture that is not there nothing is judged: 1002.",
        |call| call.with("guide_image_shm_id", "dev-shm:nobody"),
        &["1002"],
    ),
    refused(
        "request.guide-info-type",
        V03,
        "`guide_info` that is no list is refused: 1000 or 1006.",
        |call| call.with("guide_info", "screw"),
        &["1000", "1006"],
    ),
];

fn no_id(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    let mut message = bench.call("c-1", "ok").message();
    if let Value::Object(message) = &mut message {
        message.remove("request_id");
    }
    peer.send(&message)?;
    answer::error(&peer.receive()?.message, None, "1000")?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn no_data(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    let mut call = bench.call("c-1", "ok");
    call.fields.clear();
    bench.fails(&mut peer, &call, &["1000", "1001", "1002", "1006"])?;
    bench.works(&mut peer)?;
    Ok(None)
}

/// A call of step 2 whose parameter `key` is this must be 1006 and the message name the key.
fn named(bench: &Bench<'_>, key: &str, value: Option<Value>) -> Step<Note> {
    let mut peer = bench.start()?;
    let mut call = bench.call("c-1", "ok").with("step_index", 2);
    if key != "serial" {
        call = call.with_param("serial", "AB1");
    }
    if let Some(value) = value {
        call = call.with_param(key, value);
    }
    let message = bench.fails(&mut peer, &call, &["1006"])?;
    check(message.contains(key), || format!("`{key}` is not named"))?;
    bench.works(&mut peer)?;
    Ok(None)
}
