//! Nothing but frames on stdout.

use super::{BOTH, Case, case};
use crate::answer;
use crate::bench::Bench;
use crate::step::{Note, Step, check};

pub const CASES: &[Case] = &[
    case(
        "stdout.printed",
        BOTH,
        "What an algorithm prints does not get onto stdout.",
        printed,
    ),
    case(
        "stdout.frame-printed",
        BOTH,
        "A frame that an algorithm prints does not get onto stdout.",
        frame_printed,
    ),
    case(
        "stdout.strict",
        BOTH,
        "With PROC_STRICT_STDIO=1 a call in which the algorithm printed is an error 1010.",
        strict,
    ),
    case(
        "stdout.strict-clean",
        BOTH,
        "With PROC_STRICT_STDIO=1 a call in which nothing was printed is answered, also after one in which it was.",
        strict_clean,
    ),
];

fn answered(bench: &Bench<'_>, task: &str) -> Step<Note> {
    let mut peer = bench.start()?;
    let answer = bench.ask(&mut peer, &bench.call("c-1", task))?;
    check(answer.get("result_status") == "OK", || answer.kind())?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn printed(bench: &Bench<'_>) -> Step<Note> {
    answered(bench, "print")
}

fn frame_printed(bench: &Bench<'_>) -> Step<Note> {
    answered(bench, "print-frame")
}

const STRICT: &[(&str, &str)] = &[("PROC_STRICT_STDIO", "1")];

fn strict(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start_with(&bench.subject.launch, STRICT)?;
    peer.send(&bench.call("c-1", "print").message())?;
    answer::error(&peer.receive()?.message, Some("c-1"), "1010")?;
    Ok(None)
}

fn strict_clean(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start_with(&bench.subject.launch, STRICT)?;
    bench.works(&mut peer)?;
    peer.send(&bench.call("c-1", "print").message())?;
    peer.receive()?;
    bench.works(&mut peer)?;
    Ok(None)
}
