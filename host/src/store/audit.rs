//! `logs/audit.jsonl`: who did what, when, to what, and how it ended. Entries are only ever added, and each carries the
//! hash of the line before it; the registry knows where the log ends.
//!
//! An entry is put into the registry first, together with what it says has happened, and from there into the log. So a
//! crash between the two leaves an entry that the registry has and calls pending; a log that ends early without that
//! was cut.

use super::registry::AuditHead;
use crate::manifest::{MAX_PIDS, PID_CHARACTERS};
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
/// Bytes of one line. The texts of an entry are cut so that it stays far below.
const LINE_BYTES: usize = 256 << 10;
/// Bytes that are read at once.
const PART_BYTES: usize = 64 << 10;
/// Characters of a sentence in an entry.
const DETAIL_CHARACTERS: usize = 2_000;
/// Characters of a name, a version, a user and the like; what is in order is shorter.
const WORD_CHARACTERS: usize = 256;
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
    /// The product models it is about, at most as many as a package can have.
    pub pids: Vec<String>,
    /// The package digest, where it is known.
    pub digest: Option<String>,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Why it was refused, as the code of the error.
    pub code: Option<String>,
    /// More about it, as a sentence.
    pub detail: Option<String>,
    /// SHA-256 of the store's `policy.json` in hex, if there was one. Older entries do not have it.
    pub policy: Option<String>,
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
            user: user_name(uid).map(|user| cut(user, WORD_CHARACTERS)),
            by: by.map(|by| cut(by.to_owned(), DETAIL_CHARACTERS)),
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

/// The first characters.
fn cut(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
    text
}

/// Puts an event behind all others, as a pending entry of the registry. `policy` is the digest of the policy as it is now.
///
/// Callers can name whatever they like, to be refused: so every text is cut to what something that is in order may have.
pub(super) fn put(head: &mut AuditHead, mut event: Event, actor: Actor, policy: Option<String>) {
    if event.pids.len() > MAX_PIDS {
        let more = format!("{} product models, of which {MAX_PIDS} are listed", event.pids.len());
        event.detail = Some(match event.detail {
            Some(detail) => format!("{more}; {detail}"),
            None => more,
        });
        event.pids.truncate(MAX_PIDS);
    }
    let word = |text: String| cut(text, WORD_CHARACTERS);
    let entry = AuditEntry {
        seq: head.seq.saturating_add(1),
        time: now(),
        actor,
        operation: event.operation.to_owned(),
        name: event.name.map(word),
        version: event.version.map(word),
        pids: event.pids.into_iter().map(|pid| cut(pid, PID_CHARACTERS)).collect(),
        digest: event.digest.map(word),
        outcome: event.outcome,
        code: event.code.map(word),
        detail: event.detail.map(|text| cut(text, DETAIL_CHARACTERS)),
        policy,
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
            Some(hash) if hash == head.hash => Ok(End::Whole),
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
        head.bytes = head.bytes.saturating_add(pending.len() as u64);
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
    head.bytes = length.saturating_add(text.len() as u64);
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
        Some(file) => BufReader::with_capacity(PART_BYTES, file),
        None => {
            if let End::Altered(what) = end {
                wrong.push(what);
            }
            return Ok((0, wrong));
        }
    };
    let (mut number, mut seq, mut previous) = (0_u64, 0_u64, NO_HASH.to_owned());
    while let Some(line) = read_line(&mut lines)? {
        number = number.saturating_add(1);
        if !line.ended {
            if !matches!(end, End::Interrupted(_)) {
                wrong.push(format!("line {number} has no end"));
            }
            break;
        }
        let entry = match &line.text {
            Some(text) => serde_json::from_slice::<AuditEntry>(text).map_err(|error| error.to_string()),
            None => Err(format!("it has more than {LINE_BYTES} bytes")),
        };
        match entry {
            Err(why) => {
                wrong.push(format!("line {number} is not an entry: {why}"));
                // What stands in the place of an entry is counted as one.
                seq = seq.saturating_add(1);
            }
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
        previous = line.hash;
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

/// A line of the log, however long it is.
struct Line {
    /// Without its end; nothing if it is longer than any entry.
    text: Option<Vec<u8>>,
    /// SHA-256 of all of it without its end.
    hash: String,
    /// Whether it has an end.
    ended: bool,
}

/// The next line, of which no more is kept than an entry can have. `None` at the end.
fn read_line(lines: &mut impl BufRead) -> io::Result<Option<Line>> {
    let (mut hash, mut text, mut read, mut ended) = (Sha256::new(), Some(Vec::new()), false, false);
    while !ended {
        let part = match lines.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            part => part?,
        };
        if part.is_empty() {
            break;
        }
        read = true;
        let end = part.iter().position(|byte| *byte == b'\n');
        let content = &part[..end.unwrap_or(part.len())];
        hash.update(content);
        text = text.filter(|text: &Vec<u8>| text.len().saturating_add(content.len()) <= LINE_BYTES);
        if let Some(text) = &mut text {
            text.extend_from_slice(content);
        }
        ended = end.is_some();
        let used = content.len() + usize::from(ended);
        lines.consume(used);
    }
    let hash = hex(&hash.finalize());
    Ok(read.then_some(Line { text, hash, ended }))
}

/// SHA-256 of the last line without its end, however long it is; `None` of an empty file.
fn last_line(file: &mut File, length: u64) -> io::Result<Option<String>> {
    if length == 0 {
        return Ok(None);
    }
    // The end of the line before it lies before the last byte, which is its own end.
    let (mut begin, mut end) = (0, length - 1);
    while end > 0 {
        let from = end.saturating_sub(PART_BYTES as u64);
        let mut part = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        Read::take(&mut *file, end - from).read_to_end(&mut part)?;
        if let Some(place) = part.iter().rposition(|byte| *byte == b'\n') {
            begin = from + place as u64 + 1;
            break;
        }
        end = from;
    }
    file.seek(SeekFrom::Start(begin))?;
    let line = read_line(&mut BufReader::with_capacity(PART_BYTES, file))?;
    Ok(line.map(|line| line.hash))
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
