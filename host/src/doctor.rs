//! What this machine offers to a station: kernel, locks, memory for pictures, clocks, folders, and tools for authors.
//!
//! Where it can be tried it is tried, in this process (`memory.rs`, `clock.rs`, `station.rs`) or, for the locks, in one that is
//! thrown away (`locks.rs`); the rest is what the system says (`system.rs`, `tools.rs`).

mod clock;
mod finding;
mod locks;
mod memory;
mod station;
mod system;
mod tools;

pub use finding::{Finding, Section, Status};

use std::path::PathBuf;

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Examination {
    /// A program of this version that calls [`compiler::serve_if_asked`](crate::compiler::serve_if_asked) and
    /// [`lockdown::serve_if_asked`](crate::lockdown::serve_if_asked) first of all.
    pub program: PathBuf,
    /// The folder of compiled components that the station would use. It is made if it is missing.
    pub cache: Option<PathBuf>,
    /// The station's store.
    pub store: Option<PathBuf>,
}

impl Examination {
    /// Looks at everything. Takes less than a second, or two if cargo has to be woken.
    pub fn findings(&self) -> Vec<Finding> {
        // The station's policy says whether a missing lock is a problem.
        let (store, policy) = station::store(self.store.as_deref());
        let mut findings = system::findings();
        findings.extend(locks::findings(&self.program, policy.lockdown));
        findings.extend(memory::findings());
        findings.extend(clock::findings());
        findings.extend(station::findings(self, &policy));
        findings.extend(store);
        findings.extend(tools::findings());
        findings
    }
}

/// Whether a station can run, for all that was found.
pub fn is_ready(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.status != Status::Problem)
}
