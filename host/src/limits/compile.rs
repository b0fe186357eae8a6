//! What compiling one component may use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// What compiling one component may use. A component that does not compile within it is refused.
///
/// Compiling hostile code takes as long as its author likes, so that it is bounded from outside. By default the largest
/// component that a station loads, if it is like those that compilers make, compiles on a machine half as fast as the one
/// that was measured: 64 MiB of code took two minutes of its processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub struct CompileLimits {
    /// Address space of the compiling process, in bytes: code, stacks and what it reserves without using it included.
    #[schemars(range(min = Self::MEMORY_BYTES.0, max = Self::MEMORY_BYTES.1))]
    pub memory_bytes: u64,
    /// Processor time of the compiling process, in seconds, on all cores together.
    #[schemars(range(min = Self::CPU_SECONDS.0, max = Self::CPU_SECONDS.1))]
    pub cpu_seconds: u64,
    /// Wall-clock time of the compiling process, in seconds. It ends one that waits instead of working.
    #[schemars(range(min = Self::WALL_SECONDS.0, max = Self::WALL_SECONDS.1))]
    pub wall_seconds: u64,
}

impl CompileLimits {
    /// The least and the most that `memory_bytes` can be. Below it the compiler does not even start.
    pub const MEMORY_BYTES: (u64, u64) = (256 * MIB, 64 * GIB);
    /// The least and the most that `cpu_seconds` can be.
    pub const CPU_SECONDS: (u64, u64) = (1, 3_600);
    /// The least and the most that `wall_seconds` can be.
    pub const WALL_SECONDS: (u64, u64) = (1, 3_600);

    /// Each limit's name, with its value and the least and the most that it can be.
    pub(crate) fn bounds(&self) -> [(&'static str, u64, (u64, u64)); 3] {
        [
            ("memory_bytes", self.memory_bytes, Self::MEMORY_BYTES),
            ("cpu_seconds", self.cpu_seconds, Self::CPU_SECONDS),
            ("wall_seconds", self.wall_seconds, Self::WALL_SECONDS),
        ]
    }
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 4 * GIB,
            cpu_seconds: 240,
            wall_seconds: 300,
        }
    }
}
