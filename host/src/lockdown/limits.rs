//! Resource limits: memory, descriptors, processes, files, dumps.

use super::Lockdown;
use super::report::{Lock, LockReport, State};
use crate::frame::MOST_DECODING_BYTES;
use crate::limits::{CONTEXT_BYTES, Limits, PICTURE_FILE_BYTES, PICTURE_PIXELS};
use crate::source::MOST_RECENT_BYTES;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::io;
use std::path::Path;

const MIB: u64 = 1 << 20;
/// Pictures that a step has at most beside each other: the current one, and the one that it is compared with.
const PICTURES: u64 = 2;
/// Bytes of a pixel.
const PICTURE_CHANNELS: u64 = 3;
/// For everything that no limit names: parsed requests, answers on their way, logs, the allocator's own.
const HOST_BYTES: u64 = 256 * MIB;

/// What a process may need beyond what it has before an algorithm runs, in bytes.
pub(super) fn memory_for(limits: &Limits, sessions: usize) -> u64 {
    let session = limits.session_bytes.saturating_add(CONTEXT_BYTES as u64);
    let parts = [
        // One instance at a time: one that is replaced gives its memory back before.
        limits.memory_bytes,
        limits.hostcall_bytes,
        limits.log_bytes,
        session.saturating_mul(sessions as u64),
        limits.diagnostics_bytes,
        limits.asset_read_bytes,
        limits.image_read_bytes,
        limits.result_text_bytes,
        PICTURES.saturating_mul(PICTURE_PIXELS).saturating_mul(PICTURE_CHANNELS),
        // The file that one is decoded from, beside what the decoder may take.
        PICTURE_FILE_BYTES,
        MOST_DECODING_BYTES,
        MOST_RECENT_BYTES,
        HOST_BYTES,
    ];
    parts.into_iter().fold(0, u64::saturating_add)
}

/// Descriptors through which a file on a disk can be written, such as a log to which stderr was redirected.
pub(super) fn written_files() -> io::Result<Vec<String>> {
    let mut written = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let number = entry?.file_name().to_string_lossy().into_owned();
        // What has been closed since it was listed is not there any more.
        if is_written_file(&number).is_some_and(|written| written) {
            written.push(number);
        }
    }
    written.sort();
    Ok(written)
}

fn is_written_file(number: &str) -> Option<bool> {
    let link = Path::new("/proc/self/fd").join(number);
    let in_memory = fs::read_link(&link)
        .ok()?
        .as_os_str()
        .as_encoded_bytes()
        .starts_with(b"/memfd:");
    if in_memory || !fs::metadata(&link).ok()?.is_file() {
        return Some(false);
    }
    let info = fs::read_to_string(Path::new("/proc/self/fdinfo").join(number)).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    let flags = libc::c_int::from_str_radix(flags.trim(), 8).ok()?;
    Some(flags & libc::O_ACCMODE != libc::O_RDONLY)
}

/// Private writable memory of this process, in bytes, as the limit counts it.
pub(crate) fn data_in_use() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes
        .and_then(|kibibytes| kibibytes.checked_mul(1 << 10))
        .ok_or_else(|| io::Error::other("the kernel does not say how much memory is in use"))
}

/// Sets all limits and notes what came of it.
pub(super) fn apply(
    lockdown: &Lockdown,
    written: io::Result<Vec<String>>,
    in_use: io::Result<u64>,
    report: &mut LockReport,
) {
    // Counted is what is private and can be written: heaps, stacks, linear memory as it grows, pictures laid over it.
    // Address space that is only reserved is not, of which an engine reserves gigabytes for each instance; a limit of
    // address space would have to leave room for that, and so bound nothing.
    let memory = in_use.and_then(|in_use| limit(Resource::Data, in_use.saturating_add(lockdown.memory_bytes)));
    report.note(Lock::Memory, memory);
    report.note(Lock::Descriptors, limit(Resource::Nofile, lockdown.descriptors));
    report.note(Lock::Processes, no_processes());
    let file_size = match written {
        Ok(written) if written.is_empty() => match limit(Resource::Fsize, 0) {
            Ok(()) => State::Held,
            Err(error) => State::Missing(error.to_string()),
        },
        Ok(written) => State::Missing(format!(
            "files are open to be written, such as a log, as descriptors {}",
            written.join(", ")
        )),
        Err(error) => State::Missing(error.to_string()),
    };
    report.set(Lock::FileSize, file_size);
    // Beside what makes the process not dumpable, for kernels that pipe cores to a program.
    let _ = limit(Resource::Core, 0);
}

/// Counted are all processes and threads of the user, so that with a limit of none nothing can be started, while what runs
/// goes on. The kernel does not hold root to it.
fn no_processes() -> io::Result<()> {
    limit(Resource::Nproc, 0)?;
    match rustix::process::getuid().is_root() {
        true => Err(io::Error::other(
            "the limit does not hold for root, as whom the process runs",
        )),
        false => Ok(()),
    }
}

/// Lowers a limit for good. Where the process itself may use less, that stays.
pub(crate) fn limit(resource: Resource, value: u64) -> io::Result<()> {
    limit_to(resource, value, value)
}

/// Lowers a limit, and what it could be raised to again.
pub(crate) fn limit_to(resource: Resource, current: u64, maximum: u64) -> io::Result<()> {
    let before = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let new = Rlimit {
        current: Some(current.min(before)),
        maximum: Some(maximum.min(before)),
    };
    Ok(setrlimit(resource, new)?)
}
