//! How a conversation begins.

use super::{BOTH, Case, V02, case};
use crate::answer;
use crate::bench::Bench;
use crate::peer::kind;
use crate::request::{hello, ping};
use crate::step::{Note, Step, check, failed};
use crate::subject::Dialect;
use serde_json::Value;

pub const CASES: &[Case] = &[
    case(
        "hello.first",
        BOTH,
        "The adapter speaks first: hello with `sdk_version` and `timestamp_ms`.",
        first,
    ),
    case(
        "hello.capabilities",
        BOTH,
        "Hello names the capabilities ping, call, shutdown, shared_memory:v1, and info (0.2) or execute (0.3).",
        capabilities,
    ),
    case(
        "hello.phases",
        V02,
        "Hello names setup, teardown, reset, on_step_start and on_step_finish as well.",
        phases,
    ),
    case(
        "hello.answered",
        BOTH,
        "The runner's hello is taken without an answer, also twice.",
        answered,
    ),
];

fn first(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.launch(&bench.subject.launch, &[])?;
    let received = peer.receive()?;
    let hello = received.message;
    check(hello["type"] == "hello", || {
        format!("{} in place of hello", kind(&hello))
    })?;
    check(
        hello["sdk_version"].as_str().is_some_and(|version| !version.is_empty()),
        || format!("sdk_version is {}", hello["sdk_version"]),
    )?;
    answer::timestamp(&hello)?;
    Ok(Some(format!("after {} ms", peer.age().as_millis())))
}

fn names(bench: &Bench<'_>, wanted: &[&str]) -> Step<Note> {
    let mut peer = bench.launch(&bench.subject.launch, &[])?;
    let hello = peer.receive()?.message;
    let Some(capabilities) = hello["capabilities"].as_array() else {
        return failed("hello without capabilities");
    };
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|name| !capabilities.contains(&Value::from(*name)))
        .collect();
    check(missing.is_empty(), || format!("{} not named", missing.join(", ")))?;
    Ok(None)
}

fn capabilities(bench: &Bench<'_>) -> Step<Note> {
    let own = match bench.dialect {
        Dialect::V02 => "info",
        Dialect::V03 => "execute",
    };
    names(bench, &["ping", "call", "shutdown", "shared_memory:v1", own])
}

fn phases(bench: &Bench<'_>) -> Step<Note> {
    names(
        bench,
        &["setup", "teardown", "reset", "on_step_start", "on_step_finish"],
    )
}

fn answered(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    peer.send(&hello())?;
    peer.send(&ping("p-1"))?;
    answer::pong(&peer.receive()?.message, "p-1")?;
    bench.works(&mut peer)?;
    Ok(None)
}
