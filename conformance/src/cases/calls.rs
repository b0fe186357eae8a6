//! The shapes of a call, and that its fields reach the algorithm.

use super::{BOTH, Case, V02, V03, case};
use crate::answer;
use crate::bench::{Bench, GUIDE, GUIDE_COLOUR, GUIDE_SIZE, PICTURE, PICTURE_COLOUR, PICTURE_SIZE};
use crate::request::{Call, Shape, meta};
use crate::step::{Note, Step, check};
use crate::subject::Dialect;
use serde_json::{Value, json};

pub const CASES: &[Case] = &[
    case(
        "call.top-level",
        BOTH,
        "The fields of a call may stand at the top level.",
        |bench| shaped(bench, Shape::TopLevel),
    ),
    case(
        "call.data",
        BOTH,
        "The fields of a call may stand under `data`.",
        |bench| shaped(bench, Shape::Data),
    ),
    case(
        "call.payload",
        BOTH,
        "The fields of a call may stand under `payload`.",
        |bench| shaped(bench, Shape::Payload),
    ),
    case(
        "call.method-pre",
        V02,
        "`method: \"pre_execute\"` with the fields under `payload` is the phase pre.",
        method_pre,
    ),
    case(
        "call.method-execute",
        V02,
        "`method: \"execute\"` with the fields under `payload` is the phase execute.",
        method_execute,
    ),
    case(
        "call.default-phase",
        V02,
        "A call without phase is an execute.",
        default_phase,
    ),
    case(
        "call.step-index",
        BOTH,
        "`step_index` reaches the algorithm and comes back in the result.",
        step_index,
    ),
    case("call.pid", V02, "`pid` reaches the algorithm.", pid),
    case(
        "call.session",
        V02,
        "`session.id` and `session.context` reach the algorithm.",
        session,
    ),
    case("call.params", V02, "`user_params` reach the algorithm.", params),
    case(
        "call.param-defaults",
        V02,
        "A parameter that is not given has the default of the step's schema.",
        defaults,
    ),
    case(
        "call.unknown-fields",
        BOTH,
        "Fields that nobody knows are left alone.",
        unknown_fields,
    ),
    case("call.step-desc", V03, "`step_desc` reaches the algorithm.", step_desc),
    case(
        "call.guide-info",
        V03,
        "`guide_info` reaches the algorithm.",
        guide_info,
    ),
    case(
        "call.two-pictures",
        V03,
        "The current and the guide picture both reach the algorithm.",
        two_pictures,
    ),
    case(
        "call.pictures-swapped",
        V03,
        "The picture that is judged is the current one.",
        swapped,
    ),
];

/// What the algorithm says that it was given, for this call as it is sent.
fn echo(bench: &Bench<'_>, call: &Call, message: &Value) -> Step<Value> {
    let mut peer = bench.start()?;
    peer.send(message)?;
    let echo = answer::result(&peer.receive()?.message, call)?.ok()?.echo()?;
    bench.works(&mut peer)?;
    Ok(echo)
}

fn echo_has(bench: &Bench<'_>, call: &Call, key: &str, value: &Value) -> Step<Note> {
    let echo = echo(bench, call, &call.message())?;
    check(echo[key] == *value, || {
        format!("the algorithm is given {} in place of {value}", echo[key])
    })?;
    Ok(None)
}

fn shaped(bench: &Bench<'_>, shape: Shape) -> Step<Note> {
    let call = bench.call("c-1", "echo shaped");
    let echo = echo(bench, &call, &call.shaped(shape))?;
    check(echo["value"] == "shaped", || {
        format!("the algorithm is given {}", echo["value"])
    })?;
    check(echo["pictures"][0] == picture("", PICTURE_SIZE, PICTURE_COLOUR), || {
        format!("the picture is {}", echo["pictures"][0])
    })?;
    Ok(None)
}

fn method(bench: &Bench<'_>, method: &str, phase: &str) -> Step<Note> {
    let call = bench.call("c-1", "echo m").without("phase");
    let mut message = call.shaped(Shape::Payload);
    message["method"] = method.into();
    let echo = echo(bench, &call, &message)?;
    check(echo["phase"] == phase && echo["value"] == "m", || {
        format!("the algorithm is asked {} with {}", echo["phase"], echo["value"])
    })?;
    Ok(None)
}

fn method_pre(bench: &Bench<'_>) -> Step<Note> {
    method(bench, "pre_execute", "pre")
}

fn method_execute(bench: &Bench<'_>) -> Step<Note> {
    method(bench, "execute", "execute")
}

fn default_phase(bench: &Bench<'_>) -> Step<Note> {
    echo_has(
        bench,
        &bench.call("c-1", "echo").without("phase"),
        "phase",
        &json!("execute"),
    )
}

fn step_index(bench: &Bench<'_>) -> Step<Note> {
    let call = bench.call("c-1", "echo").with("step_index", 3);
    let mut peer = bench.start()?;
    let answer = bench.ask(&mut peer, &call)?.ok()?;
    let echo = answer.echo()?;
    check(echo["step"] == 3, || format!("the algorithm is given {}", echo["step"]))?;
    check(answer.get("step_index") == 3, || {
        format!("step_index {} comes back", answer.get("step_index"))
    })?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn pid(bench: &Bench<'_>) -> Step<Note> {
    echo_has(
        bench,
        &bench.call("c-1", "echo").with("pid", "A02"),
        "pid",
        &json!("A02"),
    )
}

fn session(bench: &Bench<'_>) -> Step<Note> {
    let context = json!({ "product_code": "A01", "operator": "Zoë" });
    let call = bench
        .call("c-1", "echo")
        .with("session", json!({ "id": "s-7", "context": context }));
    let echo = echo(bench, &call, &call.message())?;
    check(echo["session"] == "s-7", || {
        format!("the algorithm is given the session {}", echo["session"])
    })?;
    check(echo["operator"] == "Zoë", || {
        format!("the algorithm is given the operator {}", echo["operator"])
    })?;
    Ok(None)
}

fn params(bench: &Bench<'_>) -> Step<Note> {
    echo_has(
        bench,
        &bench.call("c-1", "echo").with_param("count", 7),
        "count",
        &json!(7),
    )
}

fn defaults(bench: &Bench<'_>) -> Step<Note> {
    echo_has(bench, &bench.call("c-1", "echo"), "count", &json!(3))
}

fn unknown_fields(bench: &Bench<'_>) -> Step<Note> {
    let call = bench
        .call("c-1", "echo kept")
        .with("fields_of_tomorrow", json!({ "a": [1, null] }));
    echo_has(bench, &call, "value", &json!("kept"))
}

fn step_desc(bench: &Bench<'_>) -> Step<Note> {
    echo_has(
        bench,
        &bench.call("c-1", "echo fit the 螺丝"),
        "value",
        &json!("fit the 螺丝"),
    )
}

fn guide_info(bench: &Bench<'_>) -> Step<Note> {
    let guides = json!([
        { "label": "cap", "posList": [] },
        { "label": "screw", "posList": [
            { "x": 0, "y": 0, "width": 1, "height": 1 }, { "x": 5, "y": 6, "width": 7, "height": 8 },
        ] },
    ]);
    let call = bench.call("c-1", "echo").with("guide_info", guides);
    echo_has(
        bench,
        &call,
        "guides",
        &json!([["cap", []], ["screw", [[0, 0, 1, 1], [5, 6, 7, 8]]]]),
    )
}

/// A picture as the algorithm tells of it: name, width, height, first pixel.
fn picture(name: &str, (width, height): (u32, u32), colour: [u8; 3]) -> Value {
    json!([name, width, height, colour])
}

fn two_pictures(bench: &Bench<'_>) -> Step<Note> {
    let (current, guide) = (
        picture("", PICTURE_SIZE, PICTURE_COLOUR),
        picture("guide", GUIDE_SIZE, GUIDE_COLOUR),
    );
    echo_has(bench, &bench.call("c-1", "echo"), "pictures", &json!([current, guide]))
}

fn swapped(bench: &Bench<'_>) -> Step<Note> {
    debug_assert_eq!(bench.dialect, Dialect::V03);
    let call = bench
        .call("c-1", "echo")
        .picture(GUIDE, GUIDE_SIZE.0.into(), GUIDE_SIZE.1.into())
        .with("guide_image_shm_id", PICTURE)
        .with("guide_image_meta", meta(PICTURE_SIZE.0.into(), PICTURE_SIZE.1.into()));
    let (current, guide) = (
        picture("", GUIDE_SIZE, GUIDE_COLOUR),
        picture("guide", PICTURE_SIZE, PICTURE_COLOUR),
    );
    echo_has(bench, &call, "pictures", &json!([current, guide]))
}
