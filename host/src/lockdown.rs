//! What the process that runs algorithms gives up before the first byte of an algorithm's code runs.
//!
//! The sandbox is the first wall. This is the second one, of the operating system: should the engine have a hole, whoever
//! comes through it finds a process that can open nothing but pictures, for reading; that has no way to other programs or
//! machines but the descriptors it was given; that cannot make new code; and whose memory is bounded.
//!
//! In order: `files.rs` (Landlock), `limits.rs` (resource limits), `process.rs` (privileges, dumps), and last `calls.rs`
//! (the system-call filter), since it forbids everything that the others are made of. Landlock holds for one thread, so
//! that `threads.rs` has the other threads give up their files themselves; the filter is laid over all threads at once.
//! `report.rs` says which locks hold. What a kernel cannot do is reported, and by [`Requirement`] fatal or not.
//! `trial.rs` finds out by trying, in a process that is thrown away.

pub(crate) mod calls;
mod error;
mod files;
pub(crate) mod limits;
pub(crate) mod process;
mod report;
mod threads;
mod trial;

pub use error::LockdownError;
pub use report::{Lock, LockReport, LockState, State};
pub use threads::{declare, renounce_files};
pub use trial::{Attempt, TrialError, TrialReport, serve_if_asked, try_locks};

pub(crate) use threads::renounce_if_declared;

use crate::limits::Limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What becomes of a process if the kernel lacks a lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Requirement {
    /// It runs no algorithm.
    #[default]
    Required,
    /// It goes on with the locks that there are, and says which are missing.
    BestEffort,
}

/// What a process keeps when it gives up everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lockdown {
    /// Folders whose files may be opened, for reading, with everything below them. The lock is on the folder that is
    /// there when it is applied: one that is made later, even in the same place, stays closed.
    pub readable: Vec<PathBuf>,
    /// How much private writable memory the process may take beyond what it has when the lock is applied, in bytes.
    /// [`memory_for`](Self::memory_for) says how much algorithms may need.
    pub memory_bytes: u64,
    /// How many descriptors may be open, those that are open already included.
    pub descriptors: u64,
    /// What becomes of the process if a lock is missing.
    pub requirement: Requirement,
}

/// Descriptors of a process that runs an algorithm: its three, its assets are open already, and two for each of some dozens
/// of frame pools.
const DESCRIPTORS: u64 = 256;

impl Lockdown {
    /// Nothing can be opened, and the process may take the memory that one algorithm under `limits` may need, and so many
    /// sessions at a time.
    pub fn new(limits: &Limits, sessions: usize, requirement: Requirement) -> Self {
        Self {
            readable: Vec::new(),
            memory_bytes: Self::memory_for(limits, sessions),
            descriptors: DESCRIPTORS,
            requirement,
        }
    }

    /// What a process may need for one algorithm under these limits, in bytes: its linear memory, of which there is one at
    /// a time; what each limited exchange with it may hold; so many `sessions`; a picture and one to compare it with, what
    /// decoding takes, and the pictures that are kept decoded; and room for the host's own work. A process with several algorithms adds their linear memories.
    pub fn memory_for(limits: &Limits, sessions: usize) -> u64 {
        limits::memory_for(limits, sessions)
    }

    /// Locks the process.
    ///
    /// Must be called once, on the thread that will call algorithms, when everything is open that will be needed and all
    /// components are compiled. Other threads must have called [`renounce_files`] by then or do so at once: it is waited for
    /// them for a moment. Compiling in this process leaves threads behind that keep their files; a process that will be
    /// locked has a [child](crate::compiler::Compiler::Child) compile. No thread can be started afterwards. After an error
    /// the process is locked in part and should end.
    ///
    /// Calls that are refused afterwards fail with `EPERM`, and openings with `EACCES`; nothing ends the process. A call
    /// that a newer system library makes, and nobody here foresaw, is then a failure that its caller handles, not the end
    /// of a station.
    ///
    /// # Errors
    ///
    /// If a lock is missing and [`requirement`](Self::requirement) says that it must not be.
    pub fn apply(&self) -> Result<LockReport, LockdownError> {
        let mut report = LockReport::default();
        // What needs files comes first: which threads there are, what may still be written, how much memory is used.
        let threads = threads::wait_for_others();
        let written = limits::written_files();
        let in_use = limits::data_in_use();

        report.note(Lock::Privileges, process::forgo_privileges());
        files::restrict(&self.readable, threads, &mut report);
        limits::apply(self, written, in_use, &mut report);
        report.note(Lock::Dumps, process::refuse_dumps());
        report.note(
            Lock::SystemCalls,
            process::separate_code_from_data().and_then(|()| calls::host().install()),
        );
        report.settle();
        match self.requirement {
            Requirement::Required if !report.is_complete() => Err(LockdownError::Missing(report)),
            Requirement::Required | Requirement::BestEffort => Ok(report),
        }
    }
}
