//! What an algorithm answers, and what of it a runner gets to see.

use super::{BOTH, Case, V02, case};
use crate::answer::{self, Answer};
use crate::bench::Bench;
use crate::step::{Note, Step, check};
use serde_json::{Value, json};

pub const CASES: &[Case] = &[
    case(
        "result.ok",
        BOTH,
        "OK without a word: status OK, message empty, result_status OK, no defect_rects.",
        ok,
    ),
    case(
        "result.message",
        BOTH,
        "The algorithm's message is the result's message, in any script.",
        message,
    ),
    case(
        "result.ng",
        BOTH,
        "NG has ng_reason and defect_rects with x, y, width, height, label and score.",
        ng,
    ),
    case("result.positions", BOTH, "position_rects come through.", positions),
    case(
        "result.failure",
        BOTH,
        "A failure that the algorithm states has its message and its error_code.",
        failure,
    ),
    case(
        "result.fatal",
        BOTH,
        "After a fatal failure the next call is answered.",
        fatal,
    ),
    case("result.defects", BOTH, "Of more than 20 defects 20 are kept.", defects),
    case(
        "result.rect-outside",
        BOTH,
        "A rect outside the picture is a failure 1007, never a verdict.",
        rect_outside,
    ),
    case(
        "result.ng-without-reason",
        BOTH,
        "NG without a reason is refused: an error 1000.",
        ng_without_reason,
    ),
    case(
        "result.bad-score",
        BOTH,
        "A score that is not in 0 to 1 is refused: an error 1000.",
        bad_score,
    ),
    case(
        "result.no-message",
        BOTH,
        "An ERROR has a message, also if the algorithm gives none.",
        no_message,
    ),
    case(
        "result.debug",
        BOTH,
        "What the algorithm measured comes through under `data.debug`.",
        debug,
    ),
    case(
        "result.pre-not-ready",
        V02,
        "Conditions that are not right are an ERROR with a message.",
        not_ready,
    ),
    case(
        "result.pre-calibration",
        V02,
        "calibration_rects come through.",
        calibration,
    ),
    case(
        "result.pre-failure",
        V02,
        "A failure in `pre_execute` has its message and its error_code.",
        pre_failure,
    ),
];

fn asked(bench: &Bench<'_>, task: &str) -> Step<Answer> {
    let mut peer = bench.start()?;
    let answer = bench.ask(&mut peer, &bench.call("c-1", task))?;
    bench.works(&mut peer)?;
    Ok(answer)
}

fn asked_pre(bench: &Bench<'_>, task: &str) -> Step<Answer> {
    let mut peer = bench.start()?;
    let answer = bench.ask(&mut peer, &bench.call("c-1", task).phase("pre"))?;
    bench.works(&mut peer)?;
    Ok(answer)
}

fn is(answer: &Answer, key: &str, value: &Value) -> Step<()> {
    check(answer.get(key) == value, || {
        format!("{key} is {} in place of {value}", answer.get(key))
    })
}

fn ok(bench: &Bench<'_>) -> Step<Note> {
    let answer = asked(bench, "ok")?.ok()?;
    check(answer.message.is_empty(), || {
        format!("the message is `{}`", answer.message)
    })?;
    is(&answer, "result_status", &json!("OK"))?;
    is(&answer, "defect_rects", &json!([]))?;
    Ok(None)
}

fn message(bench: &Bench<'_>) -> Step<Note> {
    let answer = asked(bench, "say all parts are there, 全部到位 \u{1f44d}")?.ok()?;
    check(answer.message == "all parts are there, 全部到位 \u{1f44d}", || {
        format!("the message is `{}`", answer.message)
    })?;
    Ok(None)
}

fn ng(bench: &Bench<'_>) -> Step<Note> {
    let answer = asked(bench, "ng")?.ok()?;
    is(&answer, "result_status", &json!("NG"))?;
    is(&answer, "ng_reason", &json!("two screws are missing"))?;
    let defects = json!([
        { "x": 1, "y": 2, "width": 3, "height": 4, "label": "screw", "score": 0.5 },
        { "x": 10, "y": 20, "width": 5, "height": 6, "label": "screw", "score": 1.0 },
    ]);
    is(&answer, "defect_rects", &defects)?;
    Ok(None)
}

fn positions(bench: &Bench<'_>) -> Step<Note> {
    let positions = json!([{ "x": 0, "y": 0, "width": 2, "height": 2, "label": "cap", "score": 0.25 }]);
    is(&asked(bench, "positions")?.ok()?, "position_rects", &positions)?;
    Ok(None)
}

fn stated(answer: &Answer) -> Step<Note> {
    check(answer.status == "ERROR", || answer.kind())?;
    check(answer.message == "the template is missing", || {
        format!("the message is `{}`", answer.message)
    })?;
    check(answer.error_code.as_deref() == Some("1003"), || answer.kind())?;
    Ok(None)
}

fn failure(bench: &Bench<'_>) -> Step<Note> {
    stated(&asked(bench, "fail")?)
}

fn fatal(bench: &Bench<'_>) -> Step<Note> {
    let answer = asked(bench, "fatal")?;
    check(answer.status == "ERROR", || answer.kind())?;
    check(answer.error_code.as_deref() == Some("9999"), || answer.kind())?;
    Ok(None)
}

fn defects(bench: &Bench<'_>) -> Step<Note> {
    let answer = asked(bench, "defects 25")?.ok()?;
    is(&answer, "result_status", &json!("NG"))?;
    let kept = answer.get("defect_rects").as_array().map_or(0, Vec::len);
    check(kept == 20, || format!("{kept} are kept"))?;
    Ok(None)
}

fn refused(bench: &Bench<'_>, task: &str, code: &str) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.fails(&mut peer, &bench.call("c-1", task), &[code])?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn rect_outside(bench: &Bench<'_>) -> Step<Note> {
    refused(bench, "outside", "1007")
}

fn ng_without_reason(bench: &Bench<'_>) -> Step<Note> {
    refused(bench, "no-reason", "1000")
}

fn bad_score(bench: &Bench<'_>) -> Step<Note> {
    refused(bench, "bad-score", "1000")
}

fn no_message(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    let call = bench.call("c-1", "fail-silently");
    peer.send(&call.message())?;
    let message = peer.receive()?.message;
    if message["type"] == "error" {
        answer::error(&message, Some("c-1"), "1000")?;
    } else {
        let answer = answer::result(&message, &call)?;
        check(answer.status == "ERROR", || answer.kind())?;
        check(!answer.message.is_empty(), || "an ERROR without message".to_owned())?;
    }
    bench.works(&mut peer)?;
    Ok(None)
}

fn debug(bench: &Bench<'_>) -> Step<Note> {
    let answer = asked(bench, "debug")?.ok()?;
    check(answer.get("debug")["answer"] == 42, || {
        format!("debug is {}", answer.get("debug"))
    })?;
    Ok(None)
}

fn not_ready(bench: &Bench<'_>) -> Step<Note> {
    let answer = asked_pre(bench, "not-ready")?;
    check(answer.status == "ERROR", || answer.kind())?;
    check(answer.message == "it is too dark", || {
        format!("the message is `{}`", answer.message)
    })?;
    Ok(None)
}

fn calibration(bench: &Bench<'_>) -> Step<Note> {
    let answer = asked_pre(bench, "calibrate")?.ok()?;
    let rects = json!([{ "x": 4, "y": 3, "width": 2, "height": 1, "label": "mark", "score": 1.0 }]);
    is(&answer, "calibration_rects", &rects)?;
    Ok(None)
}

fn pre_failure(bench: &Bench<'_>) -> Step<Note> {
    stated(&asked_pre(bench, "fail")?)
}
