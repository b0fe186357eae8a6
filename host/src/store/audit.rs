//! `logs/audit.jsonl`: who did what, when, to what, and how it ended. Entries are only ever added, and each carries the
//! hash of the line before it; the registry knows where the log ends.
//!
//! An entry is put into the registry first, together with what it says has happened, and from there into the log. So a
//! crash between the two leaves an entry that the registry has and calls pending; a log that ends early without that
//! was cut.

use super::registry::AuditHead;
use crate::opening::{self, Links};
use rustix::fs::{CWD, FileType, OFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// What the first entry has in place of the hash of a line before it.
pub(super) const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Bytes of one line. Sentences in entries are cut far below.
const LINE_BYTES: u64 = 256 << 10;
/// Characters of a sentence in an entry.
const DETAIL_CHARACTERS: usize = 2_000;
/// Bytes of the list of users.
const PASSWD_BYTES: u64 = 1 << 20;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// From 1, without gaps.
    pub seq: u64,
    /// RFC 3339 in UTC.
    pub time: String,
    /// Who did it.
    pub actor: Actor,
    /// `create`, `install`, `activate`, `switch`, `rollback`, `deactivate`, `stop`, `uninstall`, `gc` or `mend`.
    pub operation: String,
    /// The algorithm, where it is known.
    pub name: Option<String>,
    /// Its version, where it is known.
    pub version: Option<String>,
    /// The product models it is about.
    pub pids: Vec<String>,
    /// The package digest, where it is known.
    pub digest: Option<String>,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Why it was refused, as the code of the error.
    pub code: Option<String>,
    /// More about it, as a sentence.
    pub detail: Option<String>,
    /// SHA-256 of the line before, without its line end, in hex; zeros in the first.
    pub previous: String,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The user of the process, as the kernel says.
    pub uid: u32,
    /// The name that the machine's list of users has for it.
    pub user: Option<String>,
    /// Who it was, as the caller says; nobody checks that.
    pub by: Option<String>,
}

impl Actor {
    /// The user of this process.
    pub(super) fn current(by: Option<&str>) -> Self {
        let uid = rustix::process::getuid().as_raw();
        Self {
            uid,
            user: user_name(uid),
            by: by.map(|by| by.chars().take(DETAIL_CHARACTERS).collect()),
        }
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was not done, and nothing has changed.
    Refused,
}

/// What an entry says, before it has its place in the log.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) operation: &'static str,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) pids: Vec<String>,
    pub(super) digest: Option<String>,
    pub(super) outcome: AuditOutcome,
    pub(super) code: Option<String>,
    pub(super) detail: Option<String>,
}

impl Event {
    pub(super) fn done(operation: &'static str) -> Self {
        Self {
            operation,
            name: None,
            version: None,
            pids: Vec::new(),
            digest: None,
            outcome: AuditOutcome::Done,
            code: None,
            detail: None,
        }
    }
}

/// RFC 3339 in UTC, always with three digits of a second, so that the order of the texts is that of the moments.
const MOMENT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// The moment, to the millisecond, as RFC 3339 in UTC.
pub(super) fn now() -> String {
    // Only years past 9999 cannot be written.
    let text = OffsetDateTime::now_utc().format(MOMENT);
    text.unwrap_or_else(|_| "9999-12-31T23:59:59.999Z".to_owned())
}

/// Puts an event behind all others, as a pending entry of the registry.
pub(super) fn put(head: &mut AuditHead, event: Event, actor: Actor) {
    let entry = AuditEntry {
        seq: head.seq.saturating_add(1),
        time: now(),
        actor,
        operation: event.operation.to_owned(),
        name: event.name,
        version: event.version,
        pids: event.pids,
        digest: event.digest,
        outcome: event.outcome,
        code: event.code,
        detail: event.detail.map(|text| text.chars().take(DETAIL_CHARACTERS).collect()),
        previous: head.hash.clone(),
    };
    // Texts and numbers can always be written as JSON.
    let line = serde_json::to_string(&entry).unwrap_or_default();
    head.seq = entry.seq;
    head.hash = hash(line.as_bytes());
    head.pending.push(line);
}

/// What was found at the end of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// What the registry says.
    Whole,
    /// The pending entries are not there, or only a part of them, which begins at this byte: their writer was interrupted.
    Interrupted(u64),
    /// The pending entries are there; only the registry does not know.
    Unsettled,
    /// Something else than what was written; a sentence.
    Altered(String),
}

/// Looks at the end of the log. The whole chain is looked at by [`check`].
pub(super) fn look_at_end(path: &Path, head: &AuditHead) -> io::Result<End> {
    let mut file = match open(path)? {
        Some(file) => file,
        None if head.bytes == 0 && head.seq == 0 => return Ok(End::Whole),
        None if head.bytes == 0 && !head.pending.is_empty() => return Ok(End::Interrupted(0)),
        None => return Ok(End::Altered("it is missing".to_owned())),
    };
    let length = file.metadata()?.len();
    let altered = |what: &str| Ok(End::Altered(what.to_owned()));
    if length < head.bytes {
        return altered("it is shorter than it was");
    }
    if head.pending.is_empty() {
        if length > head.bytes {
            return altered("something was added to it");
        }
        return match last_line(&mut file, length)? {
            Some(line) if hash(&line) == head.hash => Ok(End::Whole),
            None if head.seq == 0 => Ok(End::Whole),
            _ => altered("its last entry is not the one that was written"),
        };
    }
    let expected = lines(&head.pending);
    file.seek(SeekFrom::Start(head.bytes))?;
    let mut rest = Vec::new();
    file.take(expected.len() as u64 + 1).read_to_end(&mut rest)?;
    match expected.strip_prefix(rest.as_slice()) {
        Some([]) => Ok(End::Unsettled),
        Some(_) => Ok(End::Interrupted(head.bytes)),
        None => altered("something was added to it"),
    }
}

/// Adds the pending entries to the log, in place of what an interrupted writer has left of them, and brings them to disk.
/// Afterwards they are pending no more. Says what is wrong with the log as it was found, if something is.
pub(super) fn settle(path: &Path, head: &mut AuditHead) -> io::Result<Option<String>> {
    let end = look_at_end(path, head)?;
    let altered = match &end {
        End::Altered(what) => Some(what.clone()),
        _ => None,
    };
    let pending = lines(&head.pending);
    if pending.is_empty() || end == End::Unsettled {
        head.bytes += pending.len() as u64;
        head.pending.clear();
        return Ok(altered);
    }
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(path)?;
    if let End::Interrupted(begin) = end {
        file.set_len(begin)?;
    }
    let length = file.seek(SeekFrom::End(0))?;
    let mut text = Vec::with_capacity(pending.len() + 1);
    // Whoever cut the log in the middle of a line does not get this entry as its end.
    if matches!(end, End::Altered(_)) && length > 0 && !ends_with_line(&mut file, length)? {
        text.push(b'\n');
    }
    text.extend_from_slice(&pending);
    file.seek(SeekFrom::End(0))?;
    file.write_all(&text)?;
    file.sync_all()?;
    // A new file's entry in the folder.
    if length == 0
        && let Some(folder) = path.parent()
    {
        super::durable::sync_folder(folder)?;
    }
    head.bytes = length + text.len() as u64;
    head.pending.clear();
    Ok(altered)
}

/// The entries as they stand in the log.
fn lines(entries: &[String]) -> Vec<u8> {
    entries
        .iter()
        .flat_map(|line| [line.as_bytes(), b"\n"].concat())
        .collect()
}

/// Everything that is wrong with the log, each as a sentence, and how many entries it has. A pending entry that is not
/// there yet is not wrong.
pub(super) fn check(path: &Path, head: &AuditHead) -> io::Result<(u64, Vec<String>)> {
    let mut wrong = Vec::new();
    let end = look_at_end(path, head)?;
    let mut lines = match open(path)? {
        Some(file) => BufReader::new(file),
        None => {
            if let End::Altered(what) = end {
                wrong.push(what);
            }
            return Ok((0, wrong));
        }
    };
    let (mut number, mut seq, mut previous) = (0_u64, 0_u64, NO_HASH.to_owned());
    let mut line = Vec::new();
    loop {
        line.clear();
        lines.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            break;
        }
        number += 1;
        if line.pop_if(|last| *last == b'\n').is_none() {
            if !matches!(end, End::Interrupted(_)) {
                wrong.push(format!("line {number} has no end"));
            }
            break;
        }
        match serde_json::from_slice::<AuditEntry>(&line) {
            Err(error) => wrong.push(format!("line {number} is not an entry: {error}")),
            Ok(entry) => {
                if entry.seq != seq.saturating_add(1) {
                    let expected = seq.saturating_add(1);
                    wrong.push(format!(
                        "line {number} has the number {} where {expected} was expected: entries were removed, moved or added",
                        entry.seq
                    ));
                } else if entry.previous != previous {
                    wrong.push(format!(
                        "line {number} does not follow the line before it: that one was changed, or this one"
                    ));
                }
                seq = entry.seq;
            }
        }
        previous = hash(&line);
    }
    // Of the last entry the registry alone can tell.
    if let End::Altered(what) = end {
        wrong.push(format!("{what}: the registry says that entry {} is the last", head.seq));
    }
    Ok((number, wrong))
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match opening::open_at(CWD, path, Links::Refuse) {
        Ok((file, stat)) if opening::kind(&stat) == FileType::RegularFile => Ok(Some(file)),
        Ok(_) => Err(io::Error::other("it is not a file")),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// The last line without its end; `None` of an empty file.
fn last_line(file: &mut File, length: u64) -> io::Result<Option<Vec<u8>>> {
    let begin = length.saturating_sub(LINE_BYTES);
    file.seek(SeekFrom::Start(begin))?;
    let mut tail = Vec::new();
    file.take(LINE_BYTES).read_to_end(&mut tail)?;
    let Some(text) = tail.strip_suffix(b"\n") else {
        return Ok((!tail.is_empty()).then_some(tail));
    };
    Ok(text.rsplit(|byte| *byte == b'\n').next().map(<[u8]>::to_vec))
}

fn ends_with_line(file: &mut File, length: u64) -> io::Result<bool> {
    file.seek(SeekFrom::Start(length.saturating_sub(1)))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// SHA-256 in hex.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('?'));
        }
    }
    text
}

/// The name that `/etc/passwd` has for a user.
fn user_name(uid: u32) -> Option<String> {
    let text = crate::bounded_file::read(Path::new("/etc/passwd"), PASSWD_BYTES).ok()?;
    let text = String::from_utf8(text).ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _, id) = (fields.next()?, fields.next()?, fields.next()?);
        (id.parse() == Ok(uid)).then(|| name.to_owned())
    })
}
