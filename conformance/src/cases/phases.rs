//! The phases of version 0.2.

use super::{Case, V02, case};
use crate::bench::{Bench, PID};
use crate::peer::Peer;
use crate::step::{Note, Step, check};
use serde_json::{Value, json};

pub const CASES: &[Case] = &[
    case(
        "phase.pre",
        V02,
        "The phase pre asks `pre_execute`; its result has no verdict.",
        pre,
    ),
    case(
        "phase.execute",
        V02,
        "The phase execute asks `execute`; its result says so.",
        execute,
    ),
    case(
        "phase.info",
        V02,
        "The phase info brings name, version, supported_pids and steps under `data.info`.",
        info,
    ),
    case(
        "phase.info-schema",
        V02,
        "The steps of `data.info` have their parameters with type, bounds and default.",
        schema,
    ),
    case(
        "phase.setup",
        V02,
        "The phase setup is answered OK, and the algorithm is not asked to judge.",
        |bench| plain(bench, "setup"),
    ),
    case(
        "phase.teardown",
        V02,
        "The phase teardown is answered OK, and the next call is answered.",
        |bench| plain(bench, "teardown"),
    ),
    case(
        "phase.reset",
        V02,
        "The phase reset is answered OK, and the algorithm is not asked to judge.",
        |bench| plain(bench, "reset"),
    ),
    case(
        "phase.on-step-start",
        V02,
        "The phase on_step_start is answered OK.",
        |bench| plain(bench, "on_step_start"),
    ),
    case(
        "phase.on-step-finish",
        V02,
        "The phase on_step_finish is answered OK.",
        |bench| plain(bench, "on_step_finish"),
    ),
    case(
        "phase.hooks",
        V02,
        "Every question is between the hooks on_step_start and on_step_finish.",
        hooks,
    ),
    case(
        "phase.hooks-once",
        V02,
        "If the runner itself asks for on_step_start, the hook does not run a second time.",
        hooks_once,
    ),
    case("phase.reset-told", V02, "The algorithm is told of a reset.", reset_told),
    case(
        "phase.teardown-fresh",
        V02,
        "After teardown the next call finds an algorithm that was set up again.",
        fresh,
    ),
];

fn comes_back(data: &Value, phase: &str) -> Step<()> {
    check(data == phase, || format!("the phase {data} comes back"))
}

fn pre(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    let answer = bench.ask(&mut peer, &bench.call("c-1", "ok").phase("pre"))?.ok()?;
    comes_back(answer.get("phase"), "pre")?;
    check(answer.get("result_status").is_null(), || answer.kind())?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn execute(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    let answer = bench.ask(&mut peer, &bench.call("c-1", "ok"))?.ok()?;
    comes_back(answer.get("phase"), "execute")?;
    check(answer.get("result_status") == "OK", || answer.kind())?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn asked_for_info(bench: &Bench<'_>) -> Step<Value> {
    let mut peer = bench.start()?;
    let answer = bench.ask(&mut peer, &bench.phase("c-1", "info"))?.ok()?;
    comes_back(answer.get("phase"), "info")?;
    bench.works(&mut peer)?;
    Ok(answer.get("info").clone())
}

fn info(bench: &Bench<'_>) -> Step<Note> {
    let info = asked_for_info(bench)?;
    for key in ["name", "version"] {
        check(info[key].is_string(), || format!("the {key} is {}", info[key]))?;
    }
    let pids = info["supported_pids"].as_array();
    check(pids.is_some_and(|pids| pids.contains(&PID.into())), || {
        format!("the supported_pids are {}", info["supported_pids"])
    })?;
    check(info["steps"][0]["index"] == 1, || {
        format!("the first step is {}", info["steps"][0])
    })?;
    Ok(None)
}

fn schema(bench: &Bench<'_>) -> Step<Note> {
    let info = asked_for_info(bench)?;
    let params = info["steps"][0]["params"].as_array().cloned().unwrap_or_default();
    let count = params
        .iter()
        .find(|param| param["key"] == "count")
        .cloned()
        .unwrap_or_default();
    for (key, value) in [
        ("type", json!("int")),
        ("min", json!(0)),
        ("max", json!(10)),
        ("default", json!(3)),
    ] {
        check(count[key] == value, || {
            format!("{key} of the parameter is {}", count[key])
        })?;
    }
    Ok(None)
}

/// A call of this phase, which must be answered OK and without a verdict.
fn told(bench: &Bench<'_>, peer: &mut Peer, id: &str, phase: &str) -> Step<()> {
    let answer = bench.ask(peer, &bench.phase(id, phase))?;
    comes_back(answer.get("phase"), phase)?;
    let answer = answer.ok()?;
    check(answer.get("result_status").is_null(), || answer.kind())
}

fn plain(bench: &Bench<'_>, phase: &str) -> Step<Note> {
    let mut peer = bench.start()?;
    told(bench, &mut peer, "c-1", phase)?;
    bench.works(&mut peer)?;
    Ok(None)
}

/// How often the hooks ran, as the algorithm counts.
fn counted(bench: &Bench<'_>, peer: &mut Peer, id: &str) -> Step<Value> {
    bench.ask(peer, &bench.call(id, "hooks"))?.ok()?.echo()
}

fn ran(counts: &Value, key: &str, times: u64) -> Step<()> {
    check(counts[key] == times, || {
        format!("{key} ran {} times in place of {times}", counts[key])
    })
}

fn hooks(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.ask(&mut peer, &bench.call("c-1", "ok").phase("pre"))?.ok()?;
    let counts = counted(bench, &mut peer, "c-2")?;
    ran(&counts, "on_step_start", 2)?;
    ran(&counts, "on_step_finish", 1)?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn hooks_once(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    told(bench, &mut peer, "c-1", "on_step_start")?;
    let counts = counted(bench, &mut peer, "c-2")?;
    ran(&counts, "on_step_start", 1)?;
    ran(&counts, "on_step_finish", 0)?;
    told(bench, &mut peer, "c-3", "on_step_finish")?;
    let counts = counted(bench, &mut peer, "c-4")?;
    ran(&counts, "on_step_start", 2)?;
    ran(&counts, "on_step_finish", 1)?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn reset_told(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    told(bench, &mut peer, "c-1", "reset")?;
    ran(&counted(bench, &mut peer, "c-2")?, "reset", 1)?;
    bench.works(&mut peer)?;
    Ok(None)
}

fn fresh(bench: &Bench<'_>) -> Step<Note> {
    let mut peer = bench.start()?;
    bench.works(&mut peer)?;
    told(bench, &mut peer, "c-1", "teardown")?;
    let counts = counted(bench, &mut peer, "c-2")?;
    ran(&counts, "setup", 1)?;
    ran(&counts, "on_step_start", 1)?;
    bench.works(&mut peer)?;
    Ok(None)
}
