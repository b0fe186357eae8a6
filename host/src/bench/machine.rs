//! The machine that figures are from, as far as figures depend on it.

use serde::Serialize;
use std::fs;

/// What a reader must know to compare figures.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor's own name.
    pub cpu: String,
    /// Processors that this program may use.
    pub cores: usize,
    /// Release of the kernel.
    pub kernel: String,
    /// Memory of the machine.
    pub memory_bytes: u64,
}

impl Machine {
    /// This one. What the system does not tell is empty or 0.
    pub(super) fn this() -> Self {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kibibytes = field(&memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse().ok());
        Self {
            cpu: field(&cpus, "model name").unwrap_or_default().to_owned(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
                .unwrap_or_default()
                .trim()
                .to_owned(),
            memory_bytes: kibibytes.unwrap_or(0_u64).saturating_mul(1024),
        }
    }
}

/// The value of the first line `name: value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut values = text.lines().filter_map(|line| line.split_once(':'));
    values
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "cpu MHz\t\t: 1\nmodel\t\t: 17\nmodel name\t: A B\nmodel name\t: C\n";
        assert_eq!(field(text, "model name"), Some("A B"));
        assert_eq!(field(text, "name"), None);
    }
}
