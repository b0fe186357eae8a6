//! Guests that fill the session, store what is not JSON, and look for other products' data.

use crate::stage::{Villain, message, new_session};
use procvision_host::failure::{ErrorCode, FailureClass};
use procvision_host::session::SessionBounds;
use serde_json::Value;

fn bounces(attack: &str, text: &str) -> Villain {
    let mut villain = Villain::rogue();
    let report = villain.attack(attack);
    assert!(villain.session.bytes() <= 100_000);
    for (key, value) in villain.session.entries() {
        assert!(serde_json::from_str::<Value>(value).is_ok(), "{key} is not JSON");
    }
    villain.bounces(&report, text);
    villain
}

#[test]
fn flood() {
    bounces("session-flood", "after 99: full, limit 100000");
}

#[test]
fn flood_of_keys() {
    let villain = bounces("session-key-flood", "stored 18");
    assert!(villain.session.bytes() > 90_000);
}

#[test]
fn keys_that_are_too_long_or_empty() {
    for attack in ["session-long-key", "session-huge-key", "session-empty-key"] {
        let villain = bounces(attack, "bad key, limit 256");
        assert_eq!(villain.session.bytes(), 0);
    }
}

#[test]
fn value_that_is_too_large() {
    bounces("session-huge-value", "full, limit 100000");
}

#[test]
fn values_that_are_not_json() {
    for attack in [
        "session-not-json",
        "session-nothing",
        "session-two-values",
        "session-deep",
        "session-huge-number",
        "session-lone-surrogate",
    ] {
        let villain = bounces(attack, "not JSON");
        assert_eq!(villain.session.bytes(), 0, "{attack}");
    }
}

#[test]
fn trap_undoes_what_its_call_wrote_and_deleted() {
    let mut villain = Villain::rogue();
    let bounds = SessionBounds {
        bytes: 100,
        key_bytes: 10,
    };
    villain.session.set("kept", "7".into(), bounds).expect("it fits");
    let report = villain.attack("session-write-then-trap");
    let entries: Vec<_> = villain.session.entries().collect();
    assert_eq!(entries, [("kept", "7")]);
    villain.loses(&report, FailureClass::Trap, ErrorCode::Trap, "unreachable");
}

#[test]
fn two_sessions_never_see_each_other() {
    let mut villain = Villain::rogue();
    assert_eq!(message(&villain.attack("session-write")), "stored");
    let mut second = new_session("second");
    std::mem::swap(&mut villain.session, &mut second);
    assert_eq!(message(&villain.attack("session-read")), "\"second\" None");
    std::mem::swap(&mut villain.session, &mut second);
    let report = villain.attack("session-read");
    villain.bounces(&report, "\"inspection\" Some(\"\\\"of the first product\\\"\")");
}
