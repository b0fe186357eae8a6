//! What is remembered from call to call. Version 0.2 only.

use super::{Case, V02, case};
use crate::bench::Bench;
use crate::peer::Peer;
use crate::request::Call;
use crate::step::{Note, Step, check};
use serde_json::json;

pub const CASES: &[Case] = &[
    case(
        "session.kept",
        V02,
        "What an algorithm puts into a session is there in the session's next call.",
        kept,
    ),
    case(
        "session.pre-to-execute",
        V02,
        "What `pre_execute` puts into a session is there in `execute`.",
        pre_to_execute,
    ),
    case(
        "session.apart",
        V02,
        "Two sessions do not see each other's data.",
        apart,
    ),
    case(
        "session.reset",
        V02,
        "After a reset the session is empty, and others are as they were.",
        reset,
    ),
    case(
        "session.context",
        V02,
        "The context is the newest that was sent.",
        context,
    ),
    case(
        "session.none",
        V02,
        "Calls without a session have a fresh one each.",
        none,
    ),
];

/// The algorithm counts its calls in the session; this is the count.
fn count(bench: &Bench<'_>, peer: &mut Peer, call: &Call) -> Step<String> {
    Ok(bench.ask(peer, call)?.ok()?.message)
}

fn counts(count: &str, wanted: &str) -> Step<()> {
    check(count == wanted, || {
        format!("call {wanted} of the session is the session's call {count}")
    })
}

fn kept(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    for wanted in ["1", "2", "3"] {
        let call = bench.call(&format!("c-{wanted}"), "remember").session("s-1");
        counts(&count(bench, &mut peer, &call)?, wanted)?;
    }
    bench.works(&mut peer)?;
    Ok(None)
}

fn pre_to_execute(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    let call = bench.call("c-1", "remember").session("s-1").phase("pre");
    counts(&count(bench, &mut peer, &call)?, "1")?;
    let call = bench.call("c-2", "remember").session("s-1");
    counts(&count(bench, &mut peer, &call)?, "2")?;
    Ok(None)
}

fn apart(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    for (number, (session, wanted)) in [("a", "1"), ("b", "1"), ("a", "2"), ("b", "2"), ("c", "1")]
        .iter()
        .enumerate()
    {
        let call = bench.call(&format!("c-{number}"), "remember").session(session);
        counts(&count(bench, &mut peer, &call)?, wanted)?;
    }
    bench.works(&mut peer)?;
    Ok(None)
}

fn reset(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    for session in ["a", "b"] {
        let call = bench.call(&format!("c-{session}"), "remember").session(session);
        counts(&count(bench, &mut peer, &call)?, "1")?;
    }
    bench.ask(&mut peer, &bench.phase("r-1", "reset").session("a"))?.ok()?;
    for (session, wanted) in [("a", "1"), ("b", "2")] {
        let call = bench.call(&format!("d-{session}"), "remember").session(session);
        counts(&count(bench, &mut peer, &call)?, wanted)?;
    }
    bench.works(&mut peer)?;
    Ok(None)
}

fn context(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    for operator in ["Kim", "Lee"] {
        let session = json!({ "id": "s-1", "context": { "operator": operator } });
        let echo = bench.ask(&mut peer, &bench.call(operator, "echo").with("session", session))?;
        let echo = echo.ok()?.echo()?;
        check(echo["operator"] == operator, || {
            format!("the operator is {}", echo["operator"])
        })?;
    }
    bench.works(&mut peer)?;
    Ok(None)
}

fn none(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    for id in ["c-1", "c-2"] {
        let call = bench.call(id, "remember").without("session");
        counts(&count(bench, &mut peer, &call)?, "1")?;
    }
    bench.works(&mut peer)?;
    Ok(None)
}
