//! A runner that does not read what it is told, and one that asks for much.

use super::{BOTH, Case, V02, case};
use crate::answer;
use crate::bench::Bench;
use crate::request::ping;
use crate::step::{Note, Step, check, failed};
use crate::wire::frame;
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case(
        "pressure.unread-pongs",
        BOTH,
        "A runner that sends 80 MB of pings and reads nothing does not make the adapter grow by 32 MiB.",
        unread_pongs,
    ),
    case(
        "pressure.unread-result",
        BOTH,
        "The result of a call is there when a runner that did not read begins to.",
        unread_result,
    ),
    case(
        "pressure.unread-logs",
        BOTH,
        "A runner that does not read stderr gets its answers all the same.",
        unread_logs,
    ),
    case(
        "pressure.sessions",
        V02,
        "1000 sessions of 80 kB each do not make the adapter grow by 32 MiB.",
        sessions,
    ),
];

/// Growth that is no leak: buffers, and what an allocator keeps.
const GROWTH: u64 = 32 << 20;
const PINGS: usize = 20_000;
/// For how long an adapter must take nothing before it counts as one that waits for its runner.
const STUCK: Duration = Duration::from_secs(1);

fn unread_pongs(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    let before = peer.taken()?.memory_bytes;
    peer.stop_reading();
    let ping = frame(&ping(&"p".repeat(4000)));
    let taken_all = (0..PINGS).all(|_| peer.offer(ping.clone(), STUCK));
    let grown = peer.taken()?.memory_bytes.saturating_sub(before);
    check(grown < GROWTH, || format!("it grows by {} MiB", grown >> 20))?;
    peer.go_on_reading();
    // Pongs may have been dropped, so that their number says nothing.
    let call = bench.call("c-1", "ok");
    peer.send(&call.message())?;
    let deadline = Instant::now() + bench.patience;
    loop {
        let message = peer.receive()?.message;
        if message["type"] == "result" {
            answer::result(&message, &call)?.ok()?;
            break;
        }
        if Instant::now() > deadline {
            return failed("nothing but pongs comes");
        }
    }
    bench.works(&mut peer)?;
    let how = if taken_all {
        "all pings were read"
    } else {
        "it reads no more"
    };
    Ok(Some(format!("{} KiB more, {how}", grown >> 10)))
}

fn unread_result(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    peer.stop_reading();
    let call = bench.call("c-1", "sleep 200");
    peer.send(&call.message())?;
    // More pongs than a pipe has room for, most of them before the result.
    let ping = frame(&ping(&"p".repeat(4000)));
    let _ = (0..100).all(|_| peer.offer(ping.clone(), STUCK));
    peer.go_on_reading();
    for _ in 0..=100 {
        let message = peer.receive()?.message;
        if message["type"] == "result" {
            answer::result(&message, &call)?.ok()?;
            return Ok(None);
        }
    }
    failed("the result is lost")
}

fn unread_logs(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    peer.stop_reading_stderr();
    for number in 0..20 {
        let answer = bench.ask(&mut peer, &bench.call(&format!("c-{number}"), "log-much"))?;
        check(answer.get("result_status") == "OK", || answer.kind())?;
    }
    bench.works(&mut peer)?;
    Ok(None)
}

fn sessions(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    let before = peer.taken()?.memory_bytes;
    for number in 0..1000 {
        let call = bench
            .call(&format!("c-{number}"), "remember-much")
            .session(&format!("s-{number}"));
        bench.ask(&mut peer, &call)?.ok()?;
    }
    let grown = peer.taken()?.memory_bytes.saturating_sub(before);
    check(grown < GROWTH, || format!("it grows by {} MiB", grown >> 20))?;
    bench.works(&mut peer)?;
    Ok(Some(format!("{} KiB more", grown >> 10)))
}
