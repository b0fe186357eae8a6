//! What goes wrong inside an algorithm.

use super::{BOTH, Case, V02, V03, case};
use crate::answer;
use crate::bench::Bench;
use crate::request::Call;
use crate::step::{Note, Step, Stop};
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case(
        "accident.exception",
        BOTH,
        "An exception in the algorithm is an error 1009, and the next call works.",
        |bench| error(bench, "trap", "1009"),
    ),
    case(
        "accident.recursion",
        BOTH,
        "Endless recursion is an error 1009, and the next call works.",
        |bench| error(bench, "recurse", "1009"),
    ),
    case(
        "accident.exit",
        BOTH,
        "An algorithm that ends its process is an error 1009, and the next call works.",
        |bench| error(bench, "exit", "1009"),
    ),
    case(
        "accident.memory",
        BOTH,
        "Memory that is not to be had is 1004, and the next call works.",
        memory,
    ),
    case(
        "accident.bad-return",
        BOTH,
        "A return that is none is an error 1000, and the next call works.",
        |bench| error(bench, "bad-return", "1000"),
    ),
    case(
        "accident.repeated",
        BOTH,
        "An exception in every second call is answered every time.",
        repeated,
    ),
    case(
        "accident.endless-pre",
        V02,
        "A `pre_execute` that does not end is 1005 after its limit, and the next call works.",
        |bench| endless(bench, &bench.call("c-1", "loop").phase("pre"), bench.subject.pre_limit),
    ),
    case(
        "accident.endless-execute",
        V03,
        "An `execute` that does not end is 1005 after its limit, and the next call works.",
        |bench| endless(bench, &bench.call("c-1", "loop"), bench.subject.execute_limit),
    ),
    case(
        "accident.endless-sleep",
        V02,
        "A `pre_execute` that waits for too long is 1005 after its limit, and the next call works.",
        |bench| {
            endless(
                bench,
                &bench.call("c-1", "sleep 600000").phase("pre"),
                bench.subject.pre_limit,
            )
        },
    ),
];

fn error(bench: &Bench<'_>, task: &str, code: &str) -> Step<Note> {
    let mut peer = bench.start()?;
    peer.send(&bench.call("c-1", task).message())?;
    answer::error(&peer.receive()?.message, Some("c-1"), code)?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn memory(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.fails(&mut peer, &bench.call("c-1", "hog"), &["1004"])?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn repeated(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    for number in 0..10 {
        let id = format!("c-{number}");
        peer.send(&bench.call(&id, "trap").message())?;
        answer::error(&peer.receive()?.message, Some(&id), "1009")?;
        bench.works(&mut peer)?;
    }
    Ok(None)
}

fn endless(bench: &Bench<'_>, call: &Call, limit: Duration) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    let begun = Instant::now();
    peer.send(&call.message())?;
    let message = peer.receive_within(limit + bench.patience).map_err(|stop| match stop {
        Stop::Failed(seen) => Stop::Failed(format!("{seen} within {} s", limit.as_secs())),
        other => other,
    })?;
    answer::failure(&message.message, call, &["1005"])?;
    let took = message.at.duration_since(begun);
    bench.works(&mut peer)?;
    Ok(Some(format!("after {} ms of {}", took.as_millis(), limit.as_millis())))
}
