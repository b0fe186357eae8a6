//! Landlock: what the calling thread may still open, connect to and signal.

use super::process;
use super::report::{Lock, LockReport, State};
use super::threads::Unlocked;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope, path_beneath_rules,
};
use std::io;
use std::path::PathBuf;

/// The first version of Landlock's interface that knows TCP ports (Linux 6.7).
const TCP: i32 = 4;
/// The first that keeps signals and abstract sockets inside (Linux 6.12).
const SCOPES: i32 = 6;

/// Restricts this thread to reading below `readable`, and notes what came of it. `others` are threads that have not given
/// up their files.
pub(super) fn restrict(readable: &[PathBuf], others: Unlocked, report: &mut LockReport) {
    // The library passes over what it cannot open.
    let (present, absent): (Vec<_>, Vec<_>) = readable
        .iter()
        .partition(|folder| folder.is_dir() && PathFd::new(folder).is_ok());
    absent.into_iter().for_each(|folder| report.note_closed(folder.clone()));
    let abi = match enforce(&present) {
        Ok(abi) => abi,
        Err(error) => {
            let reason = error.to_string();
            for lock in [Lock::Files, Lock::Tcp, Lock::Signals, Lock::AbstractSockets] {
                report.set(lock, State::Missing(reason.clone()));
            }
            return;
        }
    };
    report.note_landlock(abi);
    report.note(Lock::Files, others.into_result());
    for (lock, needed) in [
        (Lock::Tcp, TCP),
        (Lock::Signals, SCOPES),
        (Lock::AbstractSockets, SCOPES),
    ] {
        report.set(
            lock,
            match abi >= needed {
                true => State::Held,
                false => State::Missing(format!(
                    "this kernel's Landlock is of version {abi}, and {needed} is needed"
                )),
            },
        );
    }
}

/// Restricts this thread to reading below `readable`; says which version of Landlock does it.
pub(super) fn enforce(readable: &[&PathBuf]) -> io::Result<i32> {
    let abi = process::landlock_version()?;
    let ruleset = |readable: &[&PathBuf]| -> Result<RulesetStatus, RulesetError> {
        // Whatever this version of Landlock can forbid; the library leaves out what the kernel does not know.
        let reading: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
        let restriction = Ruleset::default()
            .handle_access(AccessFs::from_all(ABI::V5))?
            .handle_access(AccessNet::from_all(ABI::V4))?
            .scope(Scope::from_all(ABI::V6))?
            .create()?
            .add_rules(path_beneath_rules(readable, reading))?
            .restrict_self()?;
        Ok(restriction.ruleset)
    };
    match ruleset(readable) {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(abi),
        Ok(RulesetStatus::NotEnforced) => Err(io::Error::other("the kernel did not take Landlock's rules")),
        Err(error) => Err(io::Error::other(crate::explain::one_line(&error))),
    }
}
