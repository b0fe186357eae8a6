//! Parts of what the commands of the store say to people and to programs.

use super::place::PlaceArgs;
use crate::commands::error::CommandError;
use crate::commands::terminal::{self, DONE};
use procvision_host::admission::Objection;
use procvision_host::algorithm::LoadError;
use procvision_host::store::{Activated, Move, Release, StoreError};
use procvision_host::visible;
use serde_json::{Value, json};
use std::fmt::Write;

/// The line that says what was done.
pub(super) fn done(word: &str, rest: &str) -> String {
    format!("{DONE}{word}{DONE:#} {rest}")
}

/// Lines about what somebody should look at, each with a line break before it.
pub(super) fn warnings<'a>(all: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for warning in all {
        // Writing to a string cannot fail.
        let _ = write!(text, "\nwarning: {}", visible::line(warning));
    }
    text
}

/// An error of the store, with the backtrace of an algorithm that did not start.
pub(super) fn told(error: StoreError) -> CommandError {
    let failure = match &error {
        StoreError::Load { source, .. } => match source.as_ref() {
            LoadError::GetInfo(failure) | LoadError::Setup(failure) => Some(failure.clone()),
            _ => None,
        },
        _ => None,
    };
    CommandError::from(error).failure(failure)
}

pub(super) fn objections(all: &[Objection]) -> impl Iterator<Item = &str> {
    all.iter().map(|objection| objection.message.as_str())
}

pub(super) fn release_json(release: &Release) -> Value {
    json!({ "name": release.name, "version": release.version.to_string() })
}

pub(super) fn move_json(one: &Move) -> Value {
    json!({ "pid": one.pid, "from": one.from.as_ref().map(release_json) })
}

/// Answers with what was activated or switched, which `word` says.
pub(super) fn tell_activated(place: &PlaceArgs, done: &Activated, word: &str) -> Result<(), CommandError> {
    match place.json {
        true => terminal::print_json(&activated_json(done)),
        false => terminal::print(&activated(done, word)),
    }
}

/// What was activated or switched, as a program reads it.
fn activated_json(activated: &Activated) -> Value {
    json!({
        "schema": 1,
        "name": activated.release.name,
        "version": activated.release.version.to_string(),
        "moves": activated.moves.iter().map(move_json).collect::<Vec<_>>(),
        "unchanged": activated.unchanged,
        "cases": activated.cases,
        "objections": activated.objections,
        "warnings": activated.warnings,
    })
}

/// The same for people.
fn activated(activated: &Activated, word: &str) -> String {
    let release = &activated.release;
    let mut text = match activated.moves.as_slice() {
        [] => done(
            "unchanged",
            &format!("{release} judges {} already", activated.unchanged.join(", ")),
        ),
        moves => done(word, &format!("{release} for {}", moves_text(moves))),
    };
    if activated.cases > 0 {
        let _ = write!(
            text,
            "\n  golden cases replayed: {}, all as they must be",
            activated.cases
        );
    }
    let objections = objections(&activated.objections);
    text += &warnings(objections.chain(activated.warnings.iter().map(String::as_str)));
    text
}

/// `A01 (was cap_check 1.0.0), A02`.
pub(super) fn moves_text(moves: &[Move]) -> String {
    let moves = moves.iter().map(|one| match &one.from {
        Some(from) => format!("{} (was {from})", one.pid),
        None => one.pid.clone(),
    });
    moves.collect::<Vec<_>>().join(", ")
}

/// `1 file`, `2 files`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `1,234,567`.
pub(super) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
