//! What commands that try something for long tell in the end: a summary, as text or as JSON, and one line that concludes it.

use crate::style;
use anyhow::{Context, Result};
use serde::Serialize;

/// Prints a summary, for a program or for people.
pub fn tell<S: Serialize>(summary: &S, json: bool, text: impl FnOnce(&S) -> String) -> Result<()> {
    if json {
        println!(
            "{}",
            serde_json::to_string(summary).context("the summary cannot be written")?
        );
    } else {
        print!("{}", text(summary));
    }
    Ok(())
}

/// The last line: that all is `good`, or what is wrong.
pub fn conclusion(problem: Option<&str>, good: &str) -> String {
    match problem {
        None => style::out(good, style::GREEN),
        Some(problem) => format!("{} {problem}", style::out("Wrong:", style::RED)),
    }
}
