//! Whether the process lives, whatever it is doing.

use super::{BOTH, Case, case};
use crate::answer;
use crate::bench::Bench;
use crate::peer::Peer;
use crate::request::{Call, ping};
use crate::step::{Note, Step, failed};
use std::time::Instant;

pub const CASES: &[Case] = &[
    case(
        "ping.idle",
        BOTH,
        "A ping is answered by a pong with its request_id, a time and the status OK.",
        idle,
    ),
    case(
        "ping.waiting",
        BOTH,
        "A ping is answered while a call runs that waits: the pong comes before the result.",
        waiting,
    ),
    case(
        "ping.computing",
        BOTH,
        "A ping is answered while a call runs that computes: the pong comes before the result.",
        computing,
    ),
    case(
        "ping.loading",
        BOTH,
        "A ping is answered while the algorithm is loaded; a call that came before it waits and is answered after it.",
        loading,
    ),
    case(
        "ping.many",
        BOTH,
        "A hundred pings in one write are answered by a hundred pongs in their order.",
        many,
    ),
];

fn idle(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    // The first one is answered when everything is loaded, where an adapter cannot do better.
    bench.works(&mut peer)?;
    let sent = Instant::now();
    peer.send(&ping("p-1"))?;
    let received = peer.receive()?;
    answer::pong(&received.message, "p-1")?;
    Ok(Some(format!(
        "within {} us",
        received.at.duration_since(sent).as_micros()
    )))
}

/// Sends a call and then pings, which must be answered before the call is. The note is the longest time of a pong.
fn meanwhile(peer: &mut Peer, call: &Call) -> Step<Note> {
    peer.send(&call.message())?;
    let mut longest = 0;
    for number in 0..5 {
        let id = format!("p-{number}");
        let sent = Instant::now();
        peer.send(&ping(&id))?;
        let received = peer.receive()?;
        if received.message["type"] == "result" {
            answer::result(&received.message, call)?;
            return failed("the pong comes after the result");
        }
        answer::pong(&received.message, &id)?;
        longest = longest.max(received.at.duration_since(sent).as_micros());
    }
    let received = peer.receive()?;
    answer::result(&received.message, call)?.ok()?;
    Ok(Some(format!("within {longest} us")))
}

fn waiting(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    let note = meanwhile(&mut peer, &bench.call("c-1", "sleep 1500"))?;
    bench.works(&mut peer)?;
    Ok(note)
}

fn computing(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    let note = meanwhile(&mut peer, &bench.call("c-1", "spin 1500"))?;
    bench.works(&mut peer)?;
    Ok(note)
}

fn loading(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start_with(bench.slow()?, &[])?;
    let note = meanwhile(&mut peer, &bench.call("c-1", "ok"))?;
    bench.works(&mut peer)?;
    Ok(note)
}

fn many(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    let ids: Vec<String> = (0..100).map(|number| format!("p-{number}")).collect();
    let frames: Vec<u8> = ids.iter().flat_map(|id| crate::wire::frame(&ping(id))).collect();
    peer.send_bytes(frames)?;
    for id in &ids {
        answer::pong(&peer.receive()?.message, id)?;
    }
    bench.works(&mut peer)?;
    Ok(None)
}
