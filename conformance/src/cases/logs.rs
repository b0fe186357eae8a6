//! Logs on stderr, one JSON object in each line.

use super::{BOTH, Case, case};
use crate::bench::Bench;
use crate::request::shutdown;
use crate::step::{Note, Step, check, failed};
use serde_json::Value;

pub const CASES: &[Case] = &[
    case(
        "logs.lines",
        BOTH,
        "Every line of stderr is a JSON object with level, timestamp_ms and message, the algorithm's lines too.",
        |bench| lines(bench, "log"),
    ),
    case(
        "logs.printed",
        BOTH,
        "What an algorithm prints is in such lines, too.",
        |bench| lines(bench, "print"),
    ),
    case(
        "logs.level",
        BOTH,
        "With PROC_LOG_LEVEL=error lines of level info are left out.",
        level,
    ),
];

/// What the algorithm logs and prints in its tasks `log` and `print`.
const SAID: &str = "the algorithm says something";

/// The whole of stderr after one call.
fn stderr(bench: &Bench<'_>, task: &str, env: &[(&str, &str)]) -> Step<String> {
    let mut peer = bench.start_with(&bench.subject.launch, env)?;
    peer.send(&bench.call("c-1", task).message())?;
    peer.receive()?;
    peer.send(&shutdown())?;
    peer.receive()?;
    peer.ended()?;
    peer.whole_stderr()
}

fn lines(bench: &Bench<'_>, task: &str) -> Step<Note> {
    let text = stderr(bench, task, &[])?;
    check(text.contains(SAID), || "the algorithm's line is not there".to_owned())?;
    for line in text.lines() {
        let Ok(Value::Object(object)) = serde_json::from_str(line) else {
            let shown: String = line.chars().take(40).collect();
            return failed(format!("the line `{shown}`"));
        };
        let whole = object.get("level").is_some_and(Value::is_string)
            && object.get("timestamp_ms").is_some_and(Value::is_u64)
            && object.get("message").is_some_and(Value::is_string);
        check(whole, || "a line without level, timestamp_ms or message".to_owned())?;
    }
    Ok(None)
}

fn level(bench: &Bench<'_>) -> Step<Note> {
    let text = stderr(bench, "log", &[("PROC_LOG_LEVEL", "error")])?;
    check(!text.contains(SAID), || "the line is there".to_owned())?;
    Ok(None)
}
