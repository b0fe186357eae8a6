//! What `procvision bench --json` says, as far as tables are made of it, and how figures are written.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::shell::Line;

/// The answer of `procvision bench --json`. Sections that were not asked for are missing.
#[derive(Debug, Deserialize)]
pub struct Figures {
    pub machine: Machine,
    pub frames: Option<Frames>,
    pub calls: Option<Rows<Call>>,
    pub kernels: Option<Rows<Kernel>>,
    pub start: Option<Rows<Start>>,
    pub aims: Vec<Aim>,
}

#[derive(Debug, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: u32,
    pub kernel: String,
    pub memory_bytes: u64,
}

#[derive(Debug, Deserialize)]
pub struct Rows<T> {
    pub rows: Vec<T>,
}

#[derive(Debug, Deserialize)]
pub struct Frames {
    pub pages: String,
    pub deliveries: Vec<Delivery>,
    pub copies: Vec<Copy>,
    pub growth: Growth,
    pub memory_sizes: Vec<MemorySize>,
}

#[derive(Debug, Deserialize)]
pub struct Delivery {
    pub size: String,
    pub width: u32,
    pub height: u32,
    pub touched: String,
    pub way: String,
    #[serde(flatten)]
    pub timing: Timing,
    pub ratio: f64,
}

#[derive(Debug, Deserialize)]
pub struct Copy {
    pub size: String,
    pub copy: String,
    #[serde(flatten)]
    pub timing: Timing,
    pub ratio: f64,
}

#[derive(Debug, Deserialize)]
pub struct Growth {
    pub pictures: u32,
    pub before_bytes: u64,
    pub after_bytes: u64,
    pub mappings_before: u32,
    pub mappings_after: u32,
}

#[derive(Debug, Deserialize)]
pub struct MemorySize {
    pub memory_mib: u32,
    #[serde(flatten)]
    pub timing: Timing,
    pub ratio: f64,
}

#[derive(Debug, Deserialize)]
pub struct Call {
    pub call: String,
    #[serde(flatten)]
    pub timing: Timing,
    pub ratio: f64,
}

#[derive(Debug, Deserialize)]
pub struct Start {
    pub start: String,
    pub baseline: String,
    #[serde(flatten)]
    pub timing: Timing,
    pub ratio: f64,
}

#[derive(Debug, Deserialize)]
pub struct Kernel {
    pub kernel: String,
    pub native: Timing,
    pub sandboxed: Timing,
    pub unmetered: Timing,
    pub over_native: f64,
    pub metering: f64,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Aim {
    pub what: String,
    pub bound: String,
    pub limit: f64,
    pub unit: String,
    pub measured: f64,
    pub reached: bool,
    pub missed_by: Vec<String>,
}

impl Aim {
    /// What is wanted, what was measured and whether it is enough, as they are written.
    pub fn shown(&self) -> [String; 3] {
        let shown = |value| match self.unit.as_str() {
            "us" => time(value),
            "times" => ratio(value),
            _ => format!("{:.0} KiB", value / 1024.0),
        };
        let wanted = format!("{} {}", self.bound.replace('_', " "), shown(self.limit));
        let verdict = match (self.reached, self.missed_by.as_slice()) {
            (true, _) => "reached".to_owned(),
            (false, []) => "**missed**".to_owned(),
            (false, by) => format!("**missed** by {}", by.join(", ")),
        };
        [wanted, shown(self.measured), verdict]
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Timing {
    pub p50_us: f64,
    pub p99_us: f64,
}

/// Has `procvision bench` measure what `line` asks for.
pub fn measure(line: &Line) -> Result<Figures> {
    let output = line.output()?;
    let value: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("the answer of `{line}` is not JSON; its messages are above"))?;
    if let Some(message) = value["error"]["message"].as_str() {
        bail!("`{line}` could not measure: {message}");
    }
    serde_json::from_value(value).with_context(|| format!("the answer of `{line}` has another form than expected"))
}

/// Microseconds with a unit that suits them, to three digits.
pub fn time(microseconds: f64) -> String {
    let (value, unit) = match microseconds {
        us if us < 1.0 => (us * 1e3, "ns"),
        us if us < 1e3 => (us, "us"),
        us if us < 1e6 => (us / 1e3, "ms"),
        us => (us / 1e6, "s"),
    };
    let decimals = match value {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {unit}")
}

/// A ratio, to about three digits.
pub fn ratio(ratio: f64) -> String {
    match ratio {
        small if small < 0.1 => format!("{small:.3}"),
        middle if middle < 100.0 => format!("{middle:.2}"),
        large => format!("{large:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_about_three_digits() {
        let shown = [0.5, 23.45, 412.3, 1_234.0, 2_500_000.0].map(time);
        assert_eq!(shown, ["500 ns", "23.4 us", "412 us", "1.23 ms", "2.50 s"]);
        assert_eq!(
            [0.0523, 1.0, 99.9, 1234.5].map(ratio),
            ["0.052", "1.00", "99.90", "1234"]
        );
    }
}
