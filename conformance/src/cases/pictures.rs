//! Pictures of the development store.

use super::{BOTH, Case, V02, case, refused};
use crate::bench::{Bench, PICTURE};
use crate::pictures::{JPEG_COLOUR, JPEG_SIZE, plain};
use crate::request::{Call, meta};
use crate::step::{Note, Step, check};
use serde_json::{Value, json};

pub const CASES: &[Case] = &[
    case("picture.array", BOTH, "An array H x W x 3 is seen as it is.", array),
    case(
        "picture.gray",
        BOTH,
        "An array H x W is seen as three equal channels.",
        |bench| gray(bench, &[2, 3]),
    ),
    case(
        "picture.gray-channel",
        BOTH,
        "An array H x W x 1 is seen as three equal channels.",
        |bench| gray(bench, &[2, 3, 1]),
    ),
    case(
        "picture.bgr",
        BOTH,
        "With `color_space` BGR the channels are reversed.",
        bgr,
    ),
    case("picture.jpeg", BOTH, "A JPEG file is decoded.", jpeg),
    case(
        "picture.array-first",
        BOTH,
        "If there are an array and a file, the array is taken.",
        array_first,
    ),
    refused(
        "picture.none",
        V02,
        "A call without `shared_mem_id` is never judged: 1000 or 1002.",
        |call| call.without("shared_mem_id"),
        &["1000", "1002"],
    ),
    refused(
        "picture.unknown",
        BOTH,
        "A picture that is not there is never judged: 1002.",
        |call| call.picture("dev-shm:nobody", 64, 40),
        &["1002"],
    ),
    case(
        "picture.damaged-array",
        BOTH,
        "An array that is cut off is never judged: 1002.",
        damaged_array,
    ),
    case(
        "picture.damaged-file",
        BOTH,
        "A picture file that is cut off is never judged: 1002.",
        damaged_file,
    ),
    case(
        "picture.empty-file",
        BOTH,
        "An empty picture file is never judged: 1002.",
        empty_file,
    ),
    refused(
        "picture.other-size",
        BOTH,
        "A picture of another size than `image_meta` says is never judged: 1002.",
        |call| call.picture(PICTURE, 40, 64),
        &["1002"],
    ),
    refused(
        "picture.zero-width",
        BOTH,
        "A width of zero is no picture: 1002 or 1006.",
        |call| call.picture(PICTURE, 0, 40),
        &["1002", "1006"],
    ),
    refused(
        "picture.zero-height",
        BOTH,
        "A height of zero is no picture: 1002 or 1006.",
        |call| call.picture(PICTURE, 64, 0),
        &["1002", "1006"],
    ),
    refused(
        "picture.negative",
        BOTH,
        "A negative size is no picture: 1002 or 1006.",
        |call| call.picture(PICTURE, -64, -40),
        &["1002", "1006"],
    ),
    refused(
        "picture.huge",
        BOTH,
        "A size that nothing can have is no picture, and takes no memory: 1002 or 1006.",
        |call| call.picture("dev-shm:nobody", 4_000_000_000, 4_000_000_000),
        &["1002", "1006"],
    ),
    refused(
        "picture.meta-type",
        BOTH,
        "A width that is no number is refused: 1000, 1002 or 1006.",
        |call| call.picture_with(PICTURE, json!({ "width": "wide", "height": 40 })),
        &["1000", "1002", "1006"],
    ),
];

/// Sends a call with this picture; the algorithm must see this size and, but for `slack`, this colour.
fn seen(bench: &Bench<'_>, call: &Call, (width, height): (u32, u32), colour: [u8; 3], slack: u64) -> Step<Note> {
    let mut peer = bench.start()?;
    let echo = bench.ask(&mut peer, call)?.ok()?.echo()?;
    let picture = &echo["pictures"][0];
    let near = |channel: usize| {
        let seen = picture[3][channel].as_u64();
        seen.is_some_and(|seen| seen.abs_diff(colour[channel].into()) <= slack)
    };
    let right = picture[1] == width && picture[2] == height && (0..3).all(near);
    check(right, || {
        format!(
            "{} in place of {}",
            picture_text(picture),
            picture_text(&json!(["", width, height, colour]))
        )
    })?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn picture_text(picture: &Value) -> String {
    format!("{} x {} pixels of {}", picture[1], picture[2], picture[3])
}

fn array(bench: &Bench<'_>) -> Step<Note> {
    bench
        .store
        .put_array("dev-shm:array", &[2, 3, 3], &plain(3, 2, [1, 2, 3]))?;
    seen(
        bench,
        &bench.call("c-1", "echo").picture("dev-shm:array", 3, 2),
        (3, 2),
        [1, 2, 3],
        0,
    )
}

fn gray(bench: &Bench<'_>, shape: &[u32]) -> Step<Note> {
    bench.store.put_array("dev-shm:gray", shape, &[77; 6])?;
    seen(
        bench,
        &bench.call("c-1", "echo").picture("dev-shm:gray", 3, 2),
        (3, 2),
        [77; 3],
        0,
    )
}

fn bgr(bench: &Bench<'_>) -> Step<Note> {
    bench
        .store
        .put_array("dev-shm:bgr", &[2, 3, 3], &plain(3, 2, [1, 2, 3]))?;
    let mut meta = meta(3, 2);
    meta["color_space"] = "BGR".into();
    seen(
        bench,
        &bench.call("c-1", "echo").picture_with("dev-shm:bgr", meta),
        (3, 2),
        [3, 2, 1],
        0,
    )
}

fn jpeg(bench: &Bench<'_>) -> Step<Note> {
    let call = bench.call("c-1", "echo");
    let call = call.picture("dev-shm:jpeg", JPEG_SIZE.0.into(), JPEG_SIZE.1.into());
    // Decoders may differ by a little.
    seen(bench, &call, JPEG_SIZE, JPEG_COLOUR, 3)
}

fn array_first(bench: &Bench<'_>) -> Step<Note> {
    bench
        .store
        .put_array("dev-shm:both", &[2, 3, 3], &plain(3, 2, [9, 8, 7]))?;
    bench.store.put_file("dev-shm:both", crate::pictures::JPEG)?;
    seen(
        bench,
        &bench.call("c-1", "echo").picture("dev-shm:both", 3, 2),
        (3, 2),
        [9, 8, 7],
        0,
    )
}

fn never_judged(bench: &Bench<'_>, id: &str) -> Step<Note> {
    let mut peer = bench.start()?;
    let (width, height) = JPEG_SIZE;
    let call = bench.call("c-1", "ok").picture(id, width.into(), height.into());
    bench.fails(&mut peer, &call, &["1002"])?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn damaged_array(bench: &Bench<'_>) -> Step<Note> {
    let (width, height) = JPEG_SIZE;
    let bytes = plain(width, height, [1, 2, 3]);
    bench
        .store
        .put_array("dev-shm:damaged", &[height, width, 3], &bytes[..bytes.len() / 2])?;
    never_judged(bench, "dev-shm:damaged")
}

fn damaged_file(bench: &Bench<'_>) -> Step<Note> {
    let bytes = crate::pictures::JPEG;
    bench
        .store
        .put_file("dev-shm:damaged-file", &bytes[..bytes.len() / 2])?;
    never_judged(bench, "dev-shm:damaged-file")
}

fn empty_file(bench: &Bench<'_>) -> Step<Note> {
    bench.store.put_file("dev-shm:empty", b"")?;
    never_judged(bench, "dev-shm:empty")
}
