//! A station's store: which packages are installed, which version judges which product model, and who changed that.
//!
//! A folder with one truth in it, `registry.json`; docs/store.md is its contract. A change is made in this order:
//!
//! 1. everything that takes long, outside the lock: reading, checking, unpacking to `tmp/`, compiling, trying;
//! 2. the exclusive lock; what a killed operation has left is put right, and what was planned is compared with what is;
//! 3. files are moved to where nothing was, which the registry announces first;
//! 4. the registry is replaced, with the entry for the audit log in it: from here on it has happened;
//! 5. `active/` and the audit log follow, and the registry notes that they have.
//!
//! Wherever that is broken off, the next holder of the lock goes on or back, by what the registry says. Nothing here
//! prints; what takes long tells a [`Progress`].

mod activation;
mod audit;
mod creation;
mod deployed;
mod derived;
mod durable;
mod error;
mod gc;
mod install;
mod layout;
mod list;
mod lock;
mod mend;
mod opened;
mod progress;
mod registry;
mod rollback;
mod stage;
mod station;
mod strays;
mod transaction;
mod trial;
mod uninstall;
mod verify;

pub use activation::{Activated, Activation, Move, Pids};
pub use audit::{Actor, AuditEntry, AuditOutcome};
pub use error::StoreError;
pub use gc::{Collected, Collection, Rubbish, Thing};
pub use install::Installation;
pub use list::{ActivePid, Listing, Version, VersionState};
pub use lock::Holder;
pub use opened::OpenVersion;
pub use progress::{NoProgress, Progress, Stage};
pub use registry::Release;
pub use rollback::{Deactivated, RolledBack, Selection};
pub use uninstall::Uninstalled;
pub use verify::{Finding, FindingKind, Verification};

use layout::Layout;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Version of the layout that this host reads and writes.
pub const STORE_VERSION: u32 = 1;

/// How somebody works with a store.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// How long other operations, and for a forced uninstallation the users of a version, are waited for.
    pub wait: Duration,
    /// Who does it, for the audit log, besides the user of the process.
    pub by: Option<String>,
    /// The program that compiles, as [`CompileChild::program`](crate::compiler::CompileChild::program) says, within the
    /// limits of the store's policy. Without one, components are compiled in this process, without a bound.
    pub compile_with: Option<PathBuf>,
}

impl Default for StoreOptions {
    /// Half a minute, nobody but the user, and compiling in this process.
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(30),
            by: None,
            compile_with: None,
        }
    }
}

/// A station's store. Several processes and threads may work with the same one at the same time.
#[derive(Debug)]
pub struct Store {
    layout: Layout,
    options: StoreOptions,
}

impl Store {
    /// The folder of the store.
    pub fn root(&self) -> &Path {
        self.layout.root()
    }

    /// How it is worked with.
    pub fn options(&self) -> &StoreOptions {
        &self.options
    }
}
