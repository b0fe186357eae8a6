//! The threads of a process that will be locked. The kernel takes Landlock's rules for one thread only, so that every
//! thread gives up its files itself, as early as it can.

use super::files;
use std::cell::Cell;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long threads that have just started are waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether this process will be locked.
static DECLARED: AtomicBool = AtomicBool::new(false);
/// The threads that live and have given up their files, by the kernel's numbers.
static WITHOUT_FILES: Mutex<Option<HashSet<i32>>> = Mutex::new(None);
/// That there is one more.
static ONE_MORE: Condvar = Condvar::new();

fn without_files() -> MutexGuard<'static, Option<HashSet<i32>>> {
    // Each change of the set is whole before anything could panic.
    WITHOUT_FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a thread out of the set when it ends: its number may be given to another thread.
struct Entry(Cell<Option<i32>>);

impl Drop for Entry {
    fn drop(&mut self) {
        if let (Some(thread), Some(known)) = (self.0.get(), without_files().as_mut()) {
            known.remove(&thread);
        }
    }
}

thread_local! {
    static ENTRY: Entry = const { Entry(Cell::new(None)) };
}

/// Says that this process will be locked with [`Lockdown::apply`](super::Lockdown::apply). To be called before a
/// [`Host`](crate::host::Host) is made, whose clock is a thread: it then gives up its files when it starts.
pub fn declare() {
    DECLARED.store(true, Ordering::SeqCst);
}

/// Gives up all files, TCP ports and abstract sockets for the calling thread and threads that it starts. Descriptors that
/// are open can be used as before. A thread of a process that will be locked calls this first of all.
///
/// # Errors
///
/// If the kernel cannot do it. [`Lockdown::apply`](super::Lockdown::apply) then reports that the lock is missing, so that
/// the thread need do no more about it.
pub fn renounce_files() -> io::Result<()> {
    files::enforce(&[])?;
    let thread = super::process::thread();
    ENTRY.with(|entry| entry.0.set(Some(thread)));
    without_files().get_or_insert_default().insert(thread);
    ONE_MORE.notify_all();
    Ok(())
}

/// Gives up the calling thread's files if the process has [declared](declare) that it will be locked.
pub(crate) fn renounce_if_declared() {
    if DECLARED.load(Ordering::SeqCst) {
        // What is missing is found and reported when the process is locked.
        let _ = renounce_files();
    }
}

/// The threads besides the caller that have not given up their files, by their names.
pub(super) struct Unlocked(io::Result<Vec<String>>);

impl Unlocked {
    pub(super) fn into_result(self) -> io::Result<()> {
        match self.0 {
            Ok(names) if names.is_empty() => Ok(()),
            Ok(names) => Err(io::Error::other(format!(
                "threads have not given up their files: {}",
                names.join(", ")
            ))),
            Err(error) => Err(io::Error::other(format!("cannot see which threads there are: {error}"))),
        }
    }
}

/// Looks at all threads, and waits a moment for those that are about to give up their files.
pub(super) fn wait_for_others() -> Unlocked {
    let deadline = Instant::now() + PATIENCE;
    let mut known = without_files();
    loop {
        let others = match others(known.as_ref()) {
            Ok(others) => others,
            Err(error) => return Unlocked(Err(error)),
        };
        let left = deadline.saturating_duration_since(Instant::now());
        // Without Landlock nobody will.
        if others.is_empty() || left.is_zero() || super::process::landlock_version().is_err() {
            return Unlocked(Ok(others));
        }
        // A thread that ends tells nobody; it is looked for again soon.
        known = ONE_MORE
            .wait_timeout(known, left.min(Duration::from_millis(20)))
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
}

fn others(known: Option<&HashSet<i32>>) -> io::Result<Vec<String>> {
    let me = super::process::thread();
    let mut names = Vec::new();
    for entry in fs::read_dir("/proc/self/task")? {
        let number = entry?.file_name().to_string_lossy().parse::<i32>().ok();
        let Some(number) = number.filter(|number| *number != me) else {
            continue;
        };
        if known.is_some_and(|known| known.contains(&number)) {
            continue;
        }
        // It may have ended just now.
        if let Ok(name) = fs::read_to_string(format!("/proc/self/task/{number}/comm")) {
            names.push(name.trim().to_owned());
        }
    }
    Ok(names)
}
