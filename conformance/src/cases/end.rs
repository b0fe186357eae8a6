//! How an adapter ends.

use super::{BOTH, Case, V02, case};
use crate::answer;
use crate::bench::Bench;
use crate::peer::{Peer, exit, kind};
use crate::request::{ping, shutdown};
use crate::step::{Note, Step, check, failed};
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case(
        "end.shutdown",
        BOTH,
        "A shutdown is answered by a shutdown with the status OK, and the process ends with 0.",
        |bench| {
            let mut peer = ready(bench)?;
            peer.send(&shutdown())?;
            says_so(&mut peer)
        },
    ),
    case(
        "end.teardown",
        V02,
        "Before the process ends the algorithm's teardown runs.",
        teardown,
    ),
    case(
        "end.shutdown-during-call",
        BOTH,
        "A shutdown while a call runs: the call is answered somehow, then the shutdown, and the process ends with 0.",
        |bench| during_call(bench, |peer| peer.send(&shutdown())),
    ),
    case(
        "end.shutdown-while-loading",
        BOTH,
        "A shutdown while the algorithm is loaded is answered.",
        while_loading,
    ),
    case(
        "end.eof",
        BOTH,
        "The end of stdin ends the process with 0, without another frame.",
        |bench| {
            let mut peer = ready(bench)?;
            peer.close_stdin();
            goes(&mut peer)
        },
    ),
    case(
        "end.eof-inside-frame",
        BOTH,
        "The end of stdin inside a frame ends the process with 0.",
        eof_inside_frame,
    ),
    case(
        "end.eof-during-call",
        BOTH,
        "The end of stdin while a call runs ends the process with 0.",
        eof_during_call,
    ),
    case("end.sigterm", BOTH, "SIGTERM is the same as a shutdown.", |bench| {
        let mut peer = ready(bench)?;
        peer.terminate();
        says_so(&mut peer)
    }),
    case(
        "end.sigterm-during-call",
        BOTH,
        "SIGTERM while a call runs: the call is answered somehow, then the shutdown, and the process ends with 0.",
        |bench| {
            during_call(bench, |peer| {
                peer.terminate();
                Ok(())
            })
        },
    ),
];

/// How long a pong is waited for that shows that a call was read.
const SETTLED: Duration = Duration::from_secs(2);

/// An adapter that has answered a call.
fn ready(bench: &Bench<'_>) -> Step<Peer> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    Ok(peer)
}

fn goes(peer: &mut Peer) -> Step<Note> {
    let status = peer.ended()?;
    check(status.success(), || format!("it ends with {}", exit(status)))?;
    Ok(None)
}

fn says_so(peer: &mut Peer) -> Step<Note> {
    let message = peer.receive()?.message;
    check(message["type"] == "shutdown", || {
        format!("{} in place of a shutdown", kind(&message))
    })?;
    answer::timestamp(&message)?;
    check(message["status"] == "OK", || {
        format!("the status is {}", message["status"])
    })?;
    goes(peer)
}

fn teardown(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = ready(bench)?;
    peer.send(&shutdown())?;
    says_so(&mut peer)?;
    let text = peer.whole_stderr()?;
    check(text.contains("the algorithm is torn down"), || {
        "the algorithm does not say so".to_owned()
    })?;
    Ok(None)
}

/// Sends a call that takes a minute, and waits until it was read.
fn long_call(bench: &Bench<'_>, peer: &mut Peer) -> Step<()> {
    peer.send(&bench.call("c-1", "sleep 60000").message())?;
    peer.send(&ping("p-1"))?;
    // A pong says that the call before it was read. One that cannot answer now has been given the time.
    if let Some(received) = peer.glance(bench.patience.min(SETTLED))? {
        answer::pong(&received.message, "p-1")?;
    }
    Ok(())
}

/// Starts a call that takes a minute, has the process ended, and waits until it has.
fn during_call(bench: &Bench<'_>, end: fn(&mut Peer) -> Step<()>) -> Step<Note> {
    let mut peer = ready(bench)?;
    long_call(bench, &mut peer)?;
    let begun = Instant::now();
    end(&mut peer)?;
    let message = peer.receive()?.message;
    if message["request_id"] != "c-1" {
        return failed(format!("{} in place of the call's answer", kind(&message)));
    }
    says_so(&mut peer)?;
    Ok(Some(format!("after {} ms", begun.elapsed().as_millis())))
}

fn while_loading(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start_with(bench.slow()?, &[])?;
    peer.send(&shutdown())?;
    says_so(&mut peer)
}

fn eof_inside_frame(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = ready(bench)?;
    peer.send_bytes(b"\0\0\0\x20{\"type\":".to_vec())?;
    peer.close_stdin();
    // An error that says so may come first.
    if let Some(received) = peer.glance(bench.patience)? {
        answer::error(&received.message, None, "1000")?;
    }
    goes(&mut peer)
}

fn eof_during_call(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = ready(bench)?;
    long_call(bench, &mut peer)?;
    let begun = Instant::now();
    peer.close_stdin();
    if let Some(received) = peer.glance(bench.patience)? {
        check(received.message["request_id"] == "c-1", || kind(&received.message))?;
    }
    goes(&mut peer)?;
    Ok(Some(format!("after {} ms", begun.elapsed().as_millis())))
}
