//! Which locks hold.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Something that a locked process cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Lock {
    /// Gain privileges by starting programs.
    Privileges,
    /// Open files but those in named folders, for reading. On every thread.
    Files,
    /// Connect to or listen at TCP ports.
    Tcp,
    /// Send signals to other processes.
    Signals,
    /// Connect to abstract Unix sockets of other programs.
    AbstractSockets,
    /// Make system calls but those that running algorithms needs. On every thread.
    SystemCalls,
    /// Use more memory than it was given.
    Memory,
    /// Have more descriptors than it was given.
    Descriptors,
    /// Start processes or threads.
    Processes,
    /// Make files longer.
    FileSize,
    /// Be read by other processes of its user, or leave its memory in a file when it crashes.
    Dumps,
}

impl Lock {
    /// All locks, in the order in which they are reported.
    pub const ALL: [Self; 11] = [
        Self::Privileges,
        Self::Files,
        Self::Tcp,
        Self::Signals,
        Self::AbstractSockets,
        Self::SystemCalls,
        Self::Memory,
        Self::Descriptors,
        Self::Processes,
        Self::FileSize,
        Self::Dumps,
    ];

    /// The lock as it is written in JSON and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privileges => "privileges",
            Self::Files => "files",
            Self::Tcp => "tcp",
            Self::Signals => "signals",
            Self::AbstractSockets => "abstract_sockets",
            Self::SystemCalls => "system_calls",
            Self::Memory => "memory",
            Self::Descriptors => "descriptors",
            Self::Processes => "processes",
            Self::FileSize => "file_size",
            Self::Dumps => "dumps",
        }
    }

    /// What a process that has it cannot do, in words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Privileges => "no privileges are gained by starting programs",
            Self::Files => "no files but those of named folders, and those only for reading",
            Self::Tcp => "no connections over TCP",
            Self::Signals => "no signals to other processes",
            Self::AbstractSockets => "no connections to other programs' sockets",
            Self::SystemCalls => "no new code, and no system calls but those on a list",
            Self::Memory => "no more memory than was granted",
            Self::Descriptors => "no more descriptors than were granted",
            Self::Processes => "no new processes or threads",
            Self::FileSize => "no file is made longer",
            Self::Dumps => "no looking into the process from outside, and no memory in dumps",
        }
    }

    /// Whether the system-call filter alone keeps it from being done.
    fn is_covered_by_system_calls(self) -> bool {
        matches!(
            self,
            Self::Tcp | Self::Signals | Self::AbstractSockets | Self::Processes | Self::FileSize
        )
    }

    /// What a machine needs to have it.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::Files => {
                "run a kernel with Landlock (Linux 5.13 or later) that is switched on: `landlock` must be in \
                 /sys/kernel/security/lsm, see the kernel's parameter `lsm=`; in a container, allow the landlock system calls"
            }
            Self::SystemCalls => {
                "run a kernel with seccomp filters (CONFIG_SECCOMP_FILTER); in a container, allow the system call seccomp"
            }
            Self::Tcp | Self::Signals | Self::AbstractSockets => "run a newer kernel, or one with seccomp filters",
            Self::Privileges | Self::Memory | Self::Descriptors | Self::Processes | Self::FileSize | Self::Dumps => {
                "look at what keeps the process from lowering its own limits, such as a container's rules"
            }
        }
    }
}

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a lock holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
pub enum State {
    /// By the means that is made for it.
    Held,
    /// That means is missing, for the reason that is given, but the system-call filter keeps it from being done.
    Covered(String),
    /// It does not hold, for the reason that is given.
    Missing(String),
}

impl State {
    /// The state as it is written in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Covered(_) => "covered",
            Self::Missing(_) => "missing",
        }
    }

    /// Why it is not simply held.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Held => None,
            Self::Covered(reason) | Self::Missing(reason) => Some(reason),
        }
    }
}

/// One lock, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockState {
    /// The lock.
    pub lock: Lock,
    /// Whether it holds.
    #[serde(flatten)]
    pub state: State,
}

/// What became of every lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockReport {
    locks: Vec<LockState>,
    landlock: Option<i32>,
    closed_folders: Vec<PathBuf>,
}

impl LockReport {
    /// Every lock with its state, in the order of [`Lock::ALL`].
    pub fn locks(&self) -> &[LockState] {
        &self.locks
    }

    /// The version of the kernel's Landlock interface, if it restricts the thread that locked the process.
    pub fn landlock(&self) -> Option<i32> {
        self.landlock
    }

    /// Folders that should have stayed readable but were not there or could not be looked at. They stay closed for as long as the process lives.
    pub fn closed_folders(&self) -> &[PathBuf] {
        &self.closed_folders
    }

    /// The locks that do not hold.
    pub fn missing(&self) -> impl Iterator<Item = &LockState> {
        self.locks.iter().filter(|lock| matches!(lock.state, State::Missing(_)))
    }

    /// Whether every lock holds.
    pub fn is_complete(&self) -> bool {
        self.missing().next().is_none()
    }

    /// The state of one lock.
    pub fn state(&self, lock: Lock) -> Option<&State> {
        self.locks
            .iter()
            .find(|known| known.lock == lock)
            .map(|known| &known.state)
    }

    /// `{"locks": {NAME: "held" | "covered" | "missing"}, "reasons": {NAME: TEXT}, "landlock": 7, "closed_folders": [...]}`.
    pub fn to_json(&self) -> Value {
        let states = self
            .locks
            .iter()
            .map(|lock| (lock.lock.as_str().to_owned(), json!(lock.state.as_str())));
        let reasons = self.locks.iter().filter_map(|lock| {
            let reason = lock.state.reason()?;
            Some((lock.lock.as_str().to_owned(), json!(reason)))
        });
        json!({
            "locks": states.collect::<serde_json::Map<_, _>>(),
            "reasons": reasons.collect::<serde_json::Map<_, _>>(),
            "landlock": self.landlock,
            "closed_folders": self.closed_folders,
        })
    }

    pub(super) fn set(&mut self, lock: Lock, state: State) {
        self.locks.push(LockState { lock, state });
    }

    /// Notes what came of a lock that has one means.
    pub(super) fn note(&mut self, lock: Lock, result: io::Result<()>) {
        let state = match result {
            Ok(()) => State::Held,
            Err(error) => State::Missing(error.to_string()),
        };
        self.set(lock, state);
    }

    pub(super) fn note_landlock(&mut self, version: i32) {
        self.landlock = Some(version);
    }

    pub(super) fn note_closed(&mut self, folder: PathBuf) {
        self.closed_folders.push(folder);
    }

    /// Turns what is missing and covered by another lock that holds into that, and sorts.
    pub(super) fn settle(&mut self) {
        let filtered = self.state(Lock::SystemCalls) == Some(&State::Held);
        for lock in &mut self.locks {
            if filtered
                && lock.lock.is_covered_by_system_calls()
                && let State::Missing(reason) = &mut lock.state
            {
                lock.state = State::Covered(std::mem::take(reason));
            }
        }
        self.locks
            .sort_by_key(|lock| Lock::ALL.iter().position(|known| *known == lock.lock));
    }
}

/// One line: `11 locks held`, or which are not.
impl fmt::Display for LockReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.locks.len() - self.missing().count();
        write!(f, "{held} of {} locks hold", self.locks.len())?;
        for (number, lock) in self.missing().enumerate() {
            let separator = if number == 0 { "; missing:" } else { "," };
            write!(
                f,
                "{separator} {} ({})",
                lock.lock,
                lock.state.reason().unwrap_or_default()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(filter: State) -> LockReport {
        let mut report = LockReport::default();
        report.set(Lock::SystemCalls, filter);
        report.set(Lock::Tcp, State::Missing("too old".to_owned()));
        report.set(Lock::Files, State::Held);
        report.settle();
        report
    }

    #[test]
    fn the_filter_covers_what_it_refuses_anyway() {
        let report = report(State::Held);
        assert!(report.is_complete());
        assert_eq!(report.state(Lock::Tcp), Some(&State::Covered("too old".to_owned())));
        assert_eq!(report.to_string(), "3 of 3 locks hold");
        assert_eq!(report.locks()[0].lock, Lock::Files);
    }

    #[test]
    fn without_the_filter_nothing_is_covered() {
        let report = report(State::Missing("none".to_owned()));
        assert!(!report.is_complete());
        assert_eq!(
            report.to_string(),
            "1 of 3 locks hold; missing: tcp (too old), system_calls (none)"
        );
        assert_eq!(report.to_json()["reasons"]["tcp"], "too old");
    }
}
