//! What is started for a product model.

use crate::config::{CommandConfig, Config, Dialect};
use procvision_host::store::Release;
use procvision_runner::{Dialect as RunnerDialect, Launch};
use std::ffi::OsString;
use std::path::PathBuf;

/// What every process of the station is told.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The program `procvision`.
    pub program: PathBuf,
    /// The store.
    pub store: PathBuf,
    /// The socket of the frame pools' broker.
    pub frames_socket: PathBuf,
    /// The folder in which pictures lie that are not in a pool.
    pub pictures: PathBuf,
}

impl Surroundings {
    /// The process that serves a version of the store to a product model.
    pub fn of_release(&self, pid: &str, release: &Release, config: &Config) -> Launch {
        let mut arguments: Vec<OsString> = vec!["adapter".into(), "--store".into(), self.store.clone().into()];
        let version = format!("{}@{}", release.name, release.version);
        arguments.extend(["--release".into(), version.into(), format!("--pid={pid}").into()]);
        if let Some(path) = &config.path {
            arguments.extend(["--config".into(), path.clone().into()]);
        }
        Launch {
            program: self.program.clone(),
            arguments,
            environment: self.environment(),
            folder: None,
        }
    }

    /// The process of another program that speaks the protocol.
    pub fn of_command(&self, command: &CommandConfig) -> Launch {
        let (program, arguments) = match command.command.split_first() {
            Some((program, arguments)) => (program.as_str(), arguments),
            // The configuration was checked.
            None => ("", [].as_slice()),
        };
        let added = command
            .environment
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Launch {
            program: program.into(),
            arguments: arguments.iter().map(Into::into).collect(),
            environment: self.environment().into_iter().chain(added).collect(),
            folder: command.folder.clone(),
        }
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        vec![
            ("PROC_SHM_DIR".into(), self.pictures.clone().into()),
            ("PROCVISION_FRAMES_SOCKET".into(), self.frames_socket.clone().into()),
        ]
    }
}

/// The version of the protocol, as the runner calls it.
pub(crate) fn dialect(dialect: Dialect) -> RunnerDialect {
    match dialect {
        Dialect::V2 => RunnerDialect::V2,
        Dialect::V3 => RunnerDialect::V3,
    }
}
