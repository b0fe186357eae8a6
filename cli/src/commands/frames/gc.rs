//! `procvision frames gc`: removes what crashed programs left in the development store and in shared memory.

use crate::commands::error::CommandError;
use crate::commands::exit::Exit;
use crate::commands::{help, terminal};
use clap::Args;
use procvision_host::leftovers::{Fate, Leftover, Leftovers, Search};
use procvision_host::source::DevStore;
use procvision_host::visible;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// Remove pictures that crashed programs left behind and nobody has open
///
/// Looks through the development store (PROC_SHM_DIR, else procvision_dev_shm in the folder for temporary files) and,
/// with --posix-prefix, through shared-memory objects. In the store only files whose names begin with dev-shm_ and end
/// with .npy or .bin are looked at. Only files of the calling user go, and only if they are old enough and nobody has
/// them open or mapped.
#[derive(Args)]
#[command(after_help = help::FRAMES_GC)]
pub struct Gc {
    /// Only say what would be removed
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Leave alone what is younger; a number with s, m, h or d
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "60s")]
    older_than: Duration,

    /// Also remove shared-memory objects whose names begin so; all programs of the machine share them
    #[arg(long, value_name = "NAME")]
    posix_prefix: Option<String>,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// `90`, `90s`, `5m`, `2h`, `1d`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("expected a number with s, m, h or d, such as 90s".to_owned()),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "expected a number, such as 90s".to_owned())?;
    let seconds = number.checked_mul(unit).ok_or("that is longer than time")?;
    Ok(Duration::from_secs(seconds))
}

impl Gc {
    /// Looks, removes, and says what became of each file.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let search = Search {
            dev_store: DevStore::from_environment(),
            posix_prefix: self.posix_prefix.clone(),
            older_than: self.older_than,
            dry_run: self.dry_run,
        };
        let found = search.run()?;
        if self.json {
            terminal::print_json(&self.to_json(&found))?;
        } else {
            terminal::print(&self.to_text(&found, &search))?;
        }
        Ok(match found.with(Fate::Failed).next() {
            Some(_) => Exit::SubjectFailed,
            None => Exit::Good,
        })
    }

    fn gone(&self) -> Fate {
        match self.dry_run {
            true => Fate::WouldBeRemoved,
            false => Fate::Removed,
        }
    }

    fn to_json(&self, found: &Leftovers) -> Value {
        let files: Vec<Value> = found.files.iter().map(file_to_json).collect();
        json!({
            "dry_run": self.dry_run,
            "older_than_s": self.older_than.as_secs(),
            "files": files,
            "removed": found.with(Fate::Removed).count(),
            "removed_bytes": bytes(found.with(Fate::Removed)),
            "hidden_processes": found.hidden_processes,
        })
    }

    fn to_text(&self, found: &Leftovers, search: &Search) -> String {
        let mut text = String::new();
        for file in &found.files {
            let path = file.path.to_string_lossy();
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "{:<16} {:>12} bytes  {:>8}  {}",
                word(file.fate),
                file.bytes,
                age(file.age),
                visible::line(&path)
            );
            let _ = match &file.reason {
                Some(reason) => writeln!(text, "  ({})", visible::line(reason)),
                None => writeln!(text),
            };
        }
        let gone = found.with(self.gone());
        let (count, bytes) = (gone.clone().count(), bytes(gone));
        let files = if count == 1 {
            "1 file".to_owned()
        } else {
            format!("{count} files")
        };
        let _ = write!(text, "{}: {files}, {bytes} bytes", word(self.gone()));
        if found.files.is_empty() {
            let store = search.dev_store.folder().to_string_lossy();
            let _ = write!(text, "; there is nothing in {}", visible::line(&store));
            if let Some(prefix) = &self.posix_prefix {
                let _ = write!(
                    text,
                    ", and no shared-memory object begins with {}",
                    visible::line(prefix)
                );
            }
        }
        if found.hidden_processes > 0 {
            let _ = write!(
                text,
                "\n{} processes cannot be looked into by this user; for those the kernel was asked file by file",
                found.hidden_processes
            );
        }
        text
    }
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Removed => "removed",
        Fate::WouldBeRemoved => "would be removed",
        Fate::Kept => "kept",
        Fate::Failed => "not removed",
    }
}

fn bytes<'a>(files: impl Iterator<Item = &'a Leftover>) -> u64 {
    files.map(|file| file.bytes).sum()
}

fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn file_to_json(file: &Leftover) -> Value {
    json!({
        "place": file.place,
        "path": file.path.to_string_lossy(),
        "bytes": file.bytes,
        "age_s": file.age.as_secs(),
        "fate": file.fate,
        "reason": file.reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_or_are_seconds() {
        assert_eq!(parse_duration("60s"), Ok(procvision_host::leftovers::DEFAULT_AGE));
        for (text, seconds) in [("0", 0), ("90", 90), ("5m", 300), ("2h", 7_200), ("1d", 86_400)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "s",
            "-1s",
            "1w",
            "1.5h",
            "99999999999999999999",
            "9999999999999999d",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
