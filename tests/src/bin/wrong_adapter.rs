//! An adapter that gets things wrong, so that the conformance suite can be seen to fail.
//!
//! ```text
//! wrong-adapter yes       every call is judged OK, whatever it says; every other frame but hello is answered by a pong
//! wrong-adapter twice     the same, and every answer is given twice
//! wrong-adapter silent    hello, and nothing after it
//! wrong-adapter text      text on stdout
//! ```

use procvision_conformance::wire;
use serde_json::{Value, json};
use std::io::{self, Write};

/// In milliseconds; always the same, as nobody looks at it.
const NOW: u64 = 1_800_000_000_000;

fn main() -> io::Result<()> {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let mut stdin = io::stdin().lock();
    if mode == "text" {
        say(b"the model is loaded\n")?;
    }
    say(&wire::frame(&json!({
        "type": "hello", "sdk_version": "0", "timestamp_ms": NOW, "capabilities": ["ping", "call", "shutdown"],
    })))?;
    while let Ok(Some(message)) = wire::read(&mut stdin) {
        if mode == "silent" || message["type"] == "hello" {
            continue;
        }
        let answer = wire::frame(&answer(&message));
        say(&answer)?;
        if mode == "twice" {
            say(&answer)?;
        }
    }
    Ok(())
}

fn answer(message: &Value) -> Value {
    let request_id = &message["request_id"];
    if message["type"] == "call" {
        json!({
            "type": "result", "request_id": request_id, "timestamp_ms": NOW, "status": "OK", "message": "",
            "data": { "phase": "execute", "step_index": 1, "result_status": "OK", "defect_rects": [] },
        })
    } else {
        json!({ "type": "pong", "request_id": request_id, "timestamp_ms": NOW, "status": "OK" })
    }
}

fn say(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
