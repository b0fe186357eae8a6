//! What a runner sets in the environment of an algorithm's process.

use procvision_host::adapter::HEARTBEAT_MS;
use procvision_host::logs::Level;
use std::path::PathBuf;

/// The variables, read. What cannot be used is left out and said.
#[derive(Debug, Default)]
pub(super) struct Environment {
    pub(super) root: Option<PathBuf>,
    pub(super) entry: Option<String>,
    pub(super) log_level: Option<Level>,
    pub(super) strict_stdio: bool,
    pub(super) heartbeat_interval_ms: Option<u64>,
    pub(super) heartbeat_grace_ms: Option<u64>,
    /// What cannot be used, one sentence each.
    pub(super) complaints: Vec<String>,
}

impl Environment {
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let mut environment = Self::default();
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        environment.root = variable("PROC_ALGO_ROOT").map(PathBuf::from);
        environment.entry = variable("PROC_ENTRY_POINT");
        if let Some(text) = variable("PROC_LOG_LEVEL") {
            match level(&text) {
                Ok(level) => environment.log_level = Some(level),
                Err(why) => environment.complain("PROC_LOG_LEVEL", &why),
            }
        }
        if let Some(text) = variable("PROC_STRICT_STDIO") {
            let text = text.trim().to_ascii_lowercase();
            environment.strict_stdio = ["1", "true", "yes", "on"].contains(&text.as_str());
        }
        let mut time = |name| {
            let text = variable(name)?;
            let ms = text.trim().parse().ok().filter(|ms| HEARTBEAT_MS.contains(ms));
            if ms.is_none() {
                let (least, most) = HEARTBEAT_MS.into_inner();
                environment.complain(name, &format!("it must be {least} to {most} milliseconds"));
            }
            ms
        };
        let (interval, grace) = (time("PROC_HEARTBEAT_INTERVAL_MS"), time("PROC_HEARTBEAT_GRACE_MS"));
        environment.heartbeat_interval_ms = interval;
        environment.heartbeat_grace_ms = grace;
        environment
    }

    fn complain(&mut self, name: &str, why: &str) {
        self.complaints.push(format!("{name} is not used: {why}"));
    }
}

/// A level as this program and as Python's logging call it.
pub(super) fn level(text: &str) -> Result<Level, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "warning" => Ok(Level::Warn),
        "critical" | "fatal" => Ok(Level::Error),
        other => other.parse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Environment {
        Environment::read(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn values_are_understood_as_runners_write_them() {
        let environment = read(&[
            ("PROC_LOG_LEVEL", "WARNING"),
            ("PROC_STRICT_STDIO", " Yes "),
            ("PROC_HEARTBEAT_INTERVAL_MS", "1000"),
        ]);
        assert_eq!(environment.log_level, Some(Level::Warn));
        assert!(environment.strict_stdio);
        assert_eq!(environment.heartbeat_interval_ms, Some(1_000));
        assert!(environment.complaints.is_empty());
        assert!(!read(&[("PROC_STRICT_STDIO", "0")]).strict_stdio);
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let environment = read(&[("PROC_LOG_LEVEL", "loud"), ("PROC_HEARTBEAT_GRACE_MS", "-1")]);
        assert_eq!(environment.complaints.len(), 2, "{:?}", environment.complaints);
        assert_eq!((environment.log_level, environment.heartbeat_grace_ms), (None, None));
    }
}
