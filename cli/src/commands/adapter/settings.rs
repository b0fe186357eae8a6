//! What holds of arguments, environment and configuration, in this order.

use super::Adapter;
use super::environment::Environment;
use crate::commands::error::CommandError;
use procvision_host::adapter::{DebugFields, Heartbeat, SESSIONS};
use procvision_host::logs::Level;
use procvision_host::runner_config::{ReadRunnerConfig, RunnerConfig};
use std::time::Duration;

/// What was decided before anything is opened.
pub(super) struct Settings {
    pub(super) config: RunnerConfig,
    /// The least important lines that are written; if it is not said, the policy says it.
    pub(super) log_level: Option<Level>,
    pub(super) heartbeat: Heartbeat,
    pub(super) sessions: usize,
    pub(super) debug: DebugFields,
    /// What is odd about the configuration.
    pub(super) warnings: Vec<String>,
}

impl Settings {
    pub(super) fn read(arguments: &Adapter, environment: &Environment) -> Result<Self, CommandError> {
        let ReadRunnerConfig { config, warnings } = match &arguments.config {
            Some(path) => RunnerConfig::read(path)?,
            None => ReadRunnerConfig::default(),
        };
        let usual = Heartbeat::default();
        let first = |times: [Option<u64>; 3], usual| {
            let said = times.into_iter().flatten().next();
            said.map_or(usual, Duration::from_millis)
        };
        let heartbeat = Heartbeat {
            interval: first(
                [
                    arguments.heartbeat_interval_ms,
                    environment.heartbeat_interval_ms,
                    config.heartbeat_interval_ms,
                ],
                usual.interval,
            ),
            grace: first(
                [
                    arguments.heartbeat_grace_ms,
                    environment.heartbeat_grace_ms,
                    config.heartbeat_grace_ms,
                ],
                usual.grace,
            ),
        };
        let level = arguments.subject.log_level().or(environment.log_level);
        let sessions = config.max_sessions.and_then(|most| usize::try_from(most).ok());
        let fields = config.save_debug_fields.iter().flatten().map(String::as_str);
        Ok(Self {
            log_level: level.or(config.log_level),
            heartbeat,
            sessions: sessions.unwrap_or(SESSIONS),
            debug: DebugFields::named(fields),
            warnings,
            config,
        })
    }
}
