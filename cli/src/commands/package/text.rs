//! What `procvision package` tells people.

use super::Made;
use crate::commands::terminal::DONE;
use anstyle::{AnsiColor, Style};
use indicatif::BinaryBytes;
use procvision_host::validation::Status;
use procvision_host::visible;
use std::fmt::Write;

const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// One line that says what was made, then what is in it and what somebody should look at.
pub(super) fn of(made: &Made) -> String {
    let manifest = made.archive.manifest();
    let done = if made.was_there { "Unchanged" } else { "Packed" };
    let mut text = format!(
        "{DONE}{done}{DONE:#} {} {}: {}, {}\n",
        manifest.name,
        manifest.version,
        made.path.display(),
        BinaryBytes(made.archive.as_bytes().len() as u64),
    );
    let mut line = |text_of_line: String| {
        // Only memory is written to.
        let _ = writeln!(text, "{text_of_line}");
    };
    line(format!("SHA-256  {}", made.archive.digest()));
    line(format!("crates   {}", crates(made)));
    if let Some(moved) = made.reproduced {
        let place = if moved {
            "in another folder"
        } else {
            "in the same folder"
        };
        line(format!("built    twice, the second time {place}, with the same result"));
    }
    line("entries".to_owned());
    for entry in made.archive.entries() {
        line(format!(
            "  {:>11}  {}",
            BinaryBytes(entry.bytes).to_string(),
            visible::line(&entry.name)
        ));
    }
    for check in made
        .validation
        .checks
        .iter()
        .filter(|check| check.status == Status::Warn)
    {
        let detail = format!("{}: {}", check.id.title(), check.detail);
        line(format!("{WARNING}warning:{WARNING:#} {}", visible::line(&detail)));
    }
    for warning in &made.warnings {
        line(format!(
            "{WARNING}warning:{WARNING:#} {}",
            visible::line(&warning.message)
        ));
    }
    text.truncate(text.trim_end().len());
    text
}

fn crates(made: &Made) -> String {
    let collected = &made.collected;
    let (linked, building) = (collected.crates_linked, collected.crates_for_building);
    match collected.contents {
        "built" => format!("{linked} linked, {building} only used for building"),
        "embedded" => format!("{linked} linked, {building} only used for building, as the component itself says"),
        _ => "not known".to_owned(),
    }
}
