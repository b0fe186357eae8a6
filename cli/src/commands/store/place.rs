//! Which store, and how it is worked with.

use crate::commands::error::CommandError;
use clap::Args;
use procvision_host::compiler::CompileChild;
use procvision_host::limits::CompileLimits;
use procvision_host::store::{Store, StoreError, StoreOptions};
use std::path::PathBuf;
use std::time::Duration;

/// The environment variable that names the store.
const STORE_VARIABLE: &str = "PROCVISION_STORE";

/// The store that the environment names.
pub(in crate::commands) fn named_by_environment() -> Option<PathBuf> {
    let named = std::env::var_os(STORE_VARIABLE).filter(|folder| !folder.is_empty());
    named.map(PathBuf::from)
}

const HEADING: &str = "Options of every store command";

/// Options that every command of the store has.
#[derive(Args)]
pub(super) struct PlaceArgs {
    /// Folder of the store; without it the environment variable PROCVISION_STORE names it
    #[arg(long, global = true, value_name = "DIR", help_heading = HEADING)]
    store: Option<PathBuf>,

    /// How long to wait for other operations and, with --force, for users of a version
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30, help_heading = HEADING)]
    wait: u32,

    /// Who does it, for the audit log, besides the user
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    by: Option<String>,

    /// Answer in JSON
    #[arg(long, global = true, help_heading = HEADING)]
    pub(super) json: bool,
}

impl PlaceArgs {
    /// The store, which must be there.
    pub(super) fn open(&self) -> Result<Store, CommandError> {
        self.with(Store::open)
    }

    /// The store, which is made if it is not there.
    pub(super) fn create(&self) -> Result<Store, CommandError> {
        self.with(Store::create)
    }

    fn with(&self, open: fn(PathBuf, StoreOptions) -> Result<Store, StoreError>) -> Result<Store, CommandError> {
        let Some(folder) = self.store.clone().or_else(named_by_environment) else {
            let message = format!("no store is named, neither by --store nor by {STORE_VARIABLE}");
            return Err(CommandError::could_not_run("usage", message).help("give --store DIR"));
        };
        let options = StoreOptions {
            wait: Duration::from_secs(self.wait.into()),
            by: self.by.clone(),
            compile_with: Some(CompileChild::this_program(CompileLimits::default()).program),
        };
        Ok(open(folder, options)?)
    }
}
