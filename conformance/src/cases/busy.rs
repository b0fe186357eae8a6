//! One call at a time.

use super::{BOTH, Case, V02, case};
use crate::answer;
use crate::bench::Bench;
use crate::peer::kind;
use crate::request::Call;
use crate::step::{Note, Step, check, failed};
use std::time::Instant;

pub const CASES: &[Case] = &[
    case(
        "busy.second",
        BOTH,
        "A second call while one runs is an error 1000; the first is answered.",
        second,
    ),
    case(
        "busy.many",
        BOTH,
        "Of ten calls in one write the first is answered and the others are busy.",
        many,
    ),
    case("busy.info", V02, "Any phase is busy while a call runs.", info),
    case(
        "busy.never-after",
        BOTH,
        "A call that follows a result is never busy: 300 in a row.",
        never_after,
    ),
];

/// Sends `calls` in one write. The first must be answered by a result, the others before it by an error.
fn overlapping(bench: &Bench<'_>, calls: &[Call]) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    let frames: Vec<u8> = calls
        .iter()
        .flat_map(|call| crate::wire::frame(&call.message()))
        .collect();
    peer.send_bytes(frames)?;
    for call in &calls[1..] {
        let message = peer.receive()?.message;
        if message["request_id"] == calls[0].request_id.as_str() {
            return failed(format!("{} before the other call is answered", kind(&message)));
        }
        answer::error(&message, Some(&call.request_id), "1000")?;
    }
    answer::result(&peer.receive()?.message, &calls[0])?.ok()?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn second(bench: &Bench<'_>) -> Step<Note> {
    overlapping(bench, &[bench.call("c-1", "sleep 1000"), bench.call("c-2", "ok")])
}

fn many(bench: &Bench<'_>) -> Step<Note> {
    let mut calls = vec![bench.call("c-0", "sleep 1000")];
    calls.extend((1..10).map(|number| bench.call(&format!("c-{number}"), "ok")));
    overlapping(bench, &calls)
}

fn info(bench: &Bench<'_>) -> Step<Note> {
    overlapping(bench, &[bench.call("c-1", "sleep 1000"), bench.phase("c-2", "info")])
}

fn never_after(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    let begun = Instant::now();
    for number in 0..300 {
        let answer = bench.ask(&mut peer, &bench.call(&format!("c-{number}"), "ok"))?;
        check(answer.get("result_status") == "OK", || answer.kind())?;
    }
    let each = begun.elapsed() / 300;
    bench.works(&mut peer)?;
    Ok(Some(format!("{} us each", each.as_micros())))
}
