//! Frames in pieces, and frames that are none.

use super::{BOTH, Case, Named, bytes, case};
use crate::answer;
use crate::bench::Bench;
use crate::peer::Peer;
use crate::request::ping;
use crate::step::{Note, Step, check, failed};
use crate::wire::{frame, framed};
use serde_json::json;
use std::thread;
use std::time::Duration;

pub const CASES: &[Case] = &[
    case(
        "framing.byte-by-byte",
        BOTH,
        "A frame may come byte by byte.",
        byte_by_byte,
    ),
    case(
        "framing.several",
        BOTH,
        "Several frames may come in one write; each is answered.",
        several,
    ),
    case(
        "framing.split-length",
        BOTH,
        "A frame may be split inside its length.",
        |bench| split(bench, 2),
    ),
    case(
        "framing.split-character",
        BOTH,
        "A frame may be split inside a character of UTF-8.",
        split_character,
    ),
    case("framing.large", BOTH, "A frame of 1 MiB is read.", large),
    bytes(
        "framing.zero-length",
        "A frame of no bytes is an error 1000.",
        || framed(b""),
        Named::Never,
    ),
    case(
        "framing.four-gib",
        BOTH,
        "A length of 4 GiB is an error 1000 and takes no memory; a frame that follows it is read.",
        four_gib,
    ),
    case(
        "framing.too-long",
        BOTH,
        "A frame of 48 MiB that is no JSON is an error 1000; a frame that follows it is read.",
        too_long,
    ),
    bytes(
        "framing.not-utf8",
        "Bytes that are not UTF-8 are an error 1000.",
        || framed(b"{\"type\":\"\xff\xfe\"}"),
        Named::Never,
    ),
    bytes(
        "framing.not-json",
        "Text that is not JSON is an error 1000.",
        || framed(b"ping"),
        Named::Never,
    ),
    bytes(
        "framing.cut-json",
        "JSON that is cut off is an error 1000.",
        || framed(b"{\"type\":\"ping\","),
        Named::Never,
    ),
    bytes(
        "framing.nul",
        "NUL bytes are an error 1000.",
        || framed(&[0; 16]),
        Named::Never,
    ),
    bytes(
        "framing.blank",
        "Blanks alone are an error 1000.",
        || framed(b"    "),
        Named::Never,
    ),
    bytes(
        "framing.more-after",
        "Something after the JSON object is an error 1000.",
        || framed(b"{\"type\":\"ping\",\"request_id\":\"x-1\"} {}"),
        Named::Perhaps("x-1"),
    ),
    bytes(
        "framing.deep",
        "JSON that is nested very deeply is an error 1000.",
        || {
            framed(
                &[
                    &b"{\"type\":\"ping\",\"request_id\":\"x-1\",\"n\":"[..],
                    &b"[".repeat(100_000),
                    &b"]".repeat(100_000),
                    b"}",
                ]
                .concat(),
            )
        },
        Named::Perhaps("x-1"),
    ),
    bytes(
        "framing.huge-number",
        "A number beyond all bounds is an error 1000.",
        || framed(b"{\"type\":\"ping\",\"request_id\":\"x-1\",\"n\":1e999}"),
        Named::Perhaps("x-1"),
    ),
    bytes(
        "framing.nan",
        "NaN is not JSON: an error 1000.",
        || framed(b"{\"type\":\"ping\",\"request_id\":\"x-1\",\"n\":NaN}"),
        Named::Perhaps("x-1"),
    ),
    bytes(
        "framing.duplicate-keys",
        "A key that occurs twice is an error 1000.",
        || framed(b"{\"type\":\"ping\",\"request_id\":\"x-1\",\"n\":1,\"n\":2}"),
        Named::Perhaps("x-1"),
    ),
    bytes(
        "framing.half-surrogate",
        "Half of a surrogate pair is no text: an error 1000.",
        || framed(b"{\"type\":\"ping\",\"request_id\":\"x-1\",\"n\":\"\\ud800\"}"),
        Named::Perhaps("x-1"),
    ),
    bytes(
        "framing.list",
        "JSON that is no object is an error 1000.",
        || framed(b"[1,2]"),
        Named::Never,
    ),
    bytes(
        "framing.null",
        "null is an error 1000.",
        || framed(b"null"),
        Named::Never,
    ),
    bytes(
        "framing.empty-object",
        "An object without anything is an error 1000.",
        || framed(b"{}"),
        Named::Never,
    ),
    bytes(
        "framing.no-type",
        "A message without type is an error 1000.",
        || frame(&json!({ "request_id": "x-1" })),
        Named::Always("x-1"),
    ),
    bytes(
        "framing.unknown-type",
        "A message of a type that there is not is an error 1000.",
        || frame(&json!({ "type": "judge", "request_id": "x-1" })),
        Named::Always("x-1"),
    ),
    bytes(
        "framing.type-type",
        "A message whose type is no text is an error 1000.",
        || frame(&json!({ "type": 7, "request_id": "x-1" })),
        Named::Always("x-1"),
    ),
    case(
        "framing.many-bad",
        BOTH,
        "Of a hundred bad frames in one write each is an error 1000.",
        many_bad,
    ),
];

/// Long enough that an adapter that waits for bytes reads what is there, and gets a part of a frame.
const PAUSE: Duration = Duration::from_millis(30);

fn byte_by_byte(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    let call = bench.call("c-1", "ok");
    for byte in frame(&call.message()) {
        peer.send_bytes(vec![byte])?;
        peer.flush()?;
    }
    answer::result(&peer.receive()?.message, &call)?.ok()?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn several(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    let call = bench.call("c-1", "ok");
    let frames = [frame(&ping("p-1")), frame(&call.message()), frame(&ping("p-2"))].concat();
    peer.send_bytes(frames)?;
    let mut left = vec!["p-1", "c-1", "p-2"];
    while !left.is_empty() {
        let message = peer.receive()?.message;
        // The result may come before or after the second pong.
        let id = message["request_id"].as_str().unwrap_or_default();
        let Some(place) = left.iter().position(|wanted| *wanted == id) else {
            return failed(format!("{} for nobody", crate::peer::kind(&message)));
        };
        match left.remove(place) {
            "c-1" => drop(answer::result(&message, &call)?.ok()?),
            ping => answer::pong(&message, ping)?,
        }
    }
    bench.works(&mut peer)?;
    Ok(None)
}

fn in_two(peer: &Peer, frame: &[u8], at: usize) -> Step<()> {
    peer.send_bytes(frame[..at].to_vec())?;
    peer.flush()?;
    thread::sleep(PAUSE);
    peer.send_bytes(frame[at..].to_vec())
}

fn split(bench: &Bench<'_>, at: usize) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    let call = bench.call("c-1", "ok");
    in_two(&peer, &frame(&call.message()), at)?;
    answer::result(&peer.receive()?.message, &call)?.ok()?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn split_character(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    let call = bench.call("c-1", "say 螺");
    let frame = frame(&call.message());
    let Some(at) = frame.windows(3).position(|window| window == "螺".as_bytes()) else {
        return failed("the character is not in the frame");
    };
    in_two(&peer, &frame, at + 1)?;
    let answer = answer::result(&peer.receive()?.message, &call)?.ok()?;
    check(answer.message == "螺", || {
        format!("the message is `{}`", answer.message)
    })?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn large(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    let mut message = ping("p-1");
    message["padding"] = "x".repeat(1 << 20).into();
    peer.send(&message)?;
    answer::pong(&peer.receive()?.message, "p-1")?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn four_gib(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    let before = peer.taken()?.memory_bytes;
    peer.send_bytes(vec![0xff; 4])?;
    answer::error(&peer.receive()?.message, None, "1000")?;
    let grown = peer.taken()?.memory_bytes.saturating_sub(before);
    check(grown < 16 << 20, || format!("{} MiB more are taken", grown >> 20))?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn too_long(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    peer.send_bytes(framed(&vec![b'x'; 48 << 20]))?;
    answer::error(&peer.receive()?.message, None, "1000")?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn many_bad(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    peer.send_bytes(framed(b"no JSON").repeat(100))?;
    for _ in 0..100 {
        answer::error(&peer.receive()?.message, None, "1000")?;
    }
    bench.works(&mut peer)?;
    Ok(None)
}
