//! Attacks on the session and its bounds. Those that are refused with a value report it as their message.

use crate::bindings::procvision::algorithm::session::SessionError;
use crate::{Answer, Scene, good};

pub(crate) fn answer(scene: &Scene<'_>) -> Answer {
    let session = scene.session;
    let text = match scene.attack {
        "session-flood" => {
            let mut stored = 0;
            let refusal = loop {
                match session.set(&format!("key {stored}"), &format!("\"{}\"", "x".repeat(1_000))) {
                    Ok(()) => stored += 1,
                    Err(refusal) => break refusal,
                }
            };
            format!("after {stored}: {}", said(refusal))
        }
        "session-key-flood" => {
            let mut stored = 0;
            while stored < 200_000 && session.set(&stored.to_string(), "0").is_ok() {
                stored += 1;
            }
            format!("stored {stored}")
        }
        "session-long-key" => refused(session.set(&"k".repeat(257), "0")),
        "session-huge-key" => refused(session.set(&"k".repeat(500_000), "0")),
        "session-empty-key" => refused(session.set("", "0")),
        "session-huge-value" => refused(session.set("k", &format!("\"{}\"", "x".repeat(500_000)))),
        "session-not-json" => refused(session.set("k", "{\"open\": ")),
        "session-nothing" => refused(session.set("k", "")),
        "session-two-values" => refused(session.set("k", "1 2")),
        "session-deep" => refused(session.set("k", &format!("{}{}", "[".repeat(40_000), "]".repeat(40_000)))),
        "session-huge-number" => refused(session.set("k", "1e999999")),
        "session-lone-surrogate" => refused(session.set("k", "\"\\ud800\"")),
        "session-write-then-trap" => {
            let _ = session.set("before", "1");
            let _ = session.delete("kept");
            core::arch::wasm32::unreachable()
        }
        "session-write" => refused(session.set("secret", "\"of the first product\"")),
        "session-read" => format!("{:?} {:?}", session.id(), session.get("secret")),
        _ => return None,
    };
    Some(good(&text))
}

fn refused(result: Result<(), SessionError>) -> String {
    result.map_or_else(said, |()| "stored".to_owned())
}

fn said(refusal: SessionError) -> String {
    match refusal {
        SessionError::NotJson(_) => "not JSON".to_owned(),
        SessionError::BadKey(limit) => format!("bad key, limit {limit}"),
        SessionError::Full(limit) => format!("full, limit {limit}"),
    }
}
