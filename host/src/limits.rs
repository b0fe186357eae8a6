//! Every limit of the sandbox in one place: name, unit, default, ceiling and reason.
//!
//! Three values stand behind each limit: what the package asks for (its manifest), what the station allows at most (its
//! ceiling), and what holds. A package may ask for less or more than the default; the ceiling wins. A station may move
//! its ceilings, up to what is plausible: a higher one is taken for a slip, since no machine would be safe under it.

mod compile;

pub use compile::CompileLimits;

use crate::strict_json;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

macro_rules! limits {
    ($(
        $(#[doc = $doc:literal])+
        $field:ident: $unit:ident, default $default:expr, ceiling $ceiling:expr, most $most:expr;
    )*) => {
        /// The limits that hold for one algorithm. See [`Limits::describe`] for units and reasons.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        pub struct Limits {
            $( $(#[doc = $doc])+ pub $field: u64, )*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl Limits {
            /// The most a station grants unless its operator says otherwise.
            pub fn default_ceiling() -> Self {
                Self { $( $field: $ceiling, )* }
            }

            /// The most that the operator of a station may set each ceiling to.
            pub fn highest_ceiling() -> Self {
                Self { $( $field: $most, )* }
            }

            /// Each limit with its unit, value and the reason it exists, in a fixed order; those that no package can
            /// change ([`FIXED_LIMITS`]) stand last.
            pub fn describe(&self) -> Vec<LimitDescription> {
                let mut all = vec![ $( LimitDescription {
                    name: stringify!($field),
                    unit: Unit::$unit,
                    value: self.$field,
                    reason: concat!($($doc),+).trim_start(),
                }, )* ];
                all.extend_from_slice(FIXED_LIMITS);
                all
            }

            /// The value of the limit of this name.
            pub fn get(&self, name: &str) -> Option<u64> {
                match name {
                    $( stringify!($field) => Some(self.$field), )*
                    _ => None,
                }
            }

            /// Sets the limit of this name; says whether there is one.
            pub fn set(&mut self, name: &str, value: u64) -> bool {
                match name {
                    $( stringify!($field) => self.$field = value, )*
                    _ => return false,
                }
                true
            }

            /// What holds when a package asks for `request` under this ceiling.
            pub fn grant(&self, request: &LimitRequest) -> GrantedLimits {
                let defaults = Limits::default();
                let mut cut = Vec::new();
                let mut grant = |name: &'static str, asked: Option<u64>, default: u64, ceiling: u64| {
                    if let Some(asked) = asked.filter(|asked| *asked > ceiling) {
                        cut.push(CutLimit { name, asked, granted: ceiling });
                    }
                    asked.unwrap_or(default).min(ceiling)
                };
                let limits = Limits {
                    $( $field: grant(stringify!($field), request.$field, defaults.$field, self.$field), )*
                };
                GrantedLimits { limits, cut }
            }
        }

        /// What a package asks for in its manifest: any subset of the limits, by name.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct LimitRequest {
            $(
                $(#[doc = $doc])+
                #[serde(default, deserialize_with = "strict_json::given", skip_serializing_if = "Option::is_none")]
                #[schemars(with = "u64", extend("default" = $default))]
                pub $field: Option<u64>,
            )*
        }

        impl LimitRequest {
            /// The limits that are asked for, by name.
            pub fn asked(&self) -> BTreeMap<&'static str, u64> {
                let mut asked = BTreeMap::new();
                $( if let Some(value) = self.$field { asked.insert(stringify!($field), value); } )*
                asked
            }
        }

        /// The names of all limits, in the order of [`Limits::describe`].
        pub const LIMIT_NAMES: &[&str] = &[$( stringify!($field) ),*];
    };
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const BILLION: u64 = 1_000_000_000;
/// The most of a fuel ceiling: hours of one core.
const HOURS_OF_FUEL: u64 = 10_000 * BILLION;
/// The most of a deadline's ceiling.
const HOUR_MS: u64 = 3_600_000;

limits! {
    /// Size of the component file. Bounds what is read and compiled.
    component_bytes: Bytes, default 64 * MIB, ceiling 64 * MIB, most GIB;
    /// Work of `get_info` and of starting an instance. The budget is the same on every machine.
    info_fuel: Fuel, default BILLION, ceiling 10 * BILLION, most HOURS_OF_FUEL;
    /// Work of `setup`, where models and templates are loaded.
    setup_fuel: Fuel, default 60 * BILLION, ceiling 600 * BILLION, most HOURS_OF_FUEL;
    /// Work of one `pre_execute` with its hooks.
    pre_execute_fuel: Fuel, default 10 * BILLION, ceiling 100 * BILLION, most HOURS_OF_FUEL;
    /// Work of one `execute` with its hooks.
    execute_fuel: Fuel, default 30 * BILLION, ceiling 300 * BILLION, most HOURS_OF_FUEL;
    /// Work of `reset`, of `teardown`, and of a hook of a step that the station calls apart from the question.
    hook_fuel: Fuel, default BILLION, ceiling 10 * BILLION, most HOURS_OF_FUEL;
    /// Wall-clock time of `get_info` and of starting an instance.
    info_deadline_ms: Milliseconds, default 5_000, ceiling 10_000, most HOUR_MS;
    /// Wall-clock time of `setup`.
    setup_deadline_ms: Milliseconds, default 60_000, ceiling 300_000, most HOUR_MS;
    /// Wall-clock time of one `pre_execute` with its hooks. Below the 10 s after which a runner kills the process.
    pre_execute_deadline_ms: Milliseconds, default 9_000, ceiling 60_000, most HOUR_MS;
    /// Wall-clock time of one `execute` with its hooks. Below the 30 s after which a runner kills the process.
    execute_deadline_ms: Milliseconds, default 28_000, ceiling 300_000, most HOUR_MS;
    /// Wall-clock time of `reset`, of `teardown`, and of a hook of a step that the station calls apart from the question.
    hook_deadline_ms: Milliseconds, default 2_000, ceiling 10_000, most HOUR_MS;
    /// Linear memory of one instance. 20 megapixels in colour with room to work.
    memory_bytes: Bytes, default 512 * MIB, ceiling 2048 * MIB, most 4 * GIB;
    /// Elements of all tables together. A table holds function pointers, not data.
    table_elements: Count, default 100_000, ceiling 1_000_000, most 100_000_000;
    /// Tables of one instance. A component of several core modules has a few.
    tables: Count, default 16, ceiling 64, most 10_000;
    /// Core instances of one component. A lifted module has about five.
    core_instances: Count, default 32, ceiling 64, most 10_000;
    /// Entries of the host's resource table: streams, timers, subscriptions.
    resource_table_entries: Count, default 256, ceiling 1_024, most 1_000_000;
    /// Live component-model handles, those a component makes for itself included.
    component_handles: Count, default 1_024, ceiling 10_000, most 1_000_000;
    /// Data that the algorithm may move to the host in one call; bounds the host's memory for arguments and results.
    hostcall_bytes: Bytes, default MIB, ceiling 16 * MIB, most GIB;
    /// Log lines kept of one call, standard output and error included.
    log_lines: Count, default 1_000, ceiling 10_000, most 1_000_000;
    /// Bytes of log text kept of one call, fields included.
    log_bytes: Bytes, default 256 * KIB, ceiling 4 * MIB, most GIB;
    /// Keys and values of one session together, in bytes of UTF-8.
    session_bytes: Bytes, default 100_000, ceiling 1_000_000, most GIB;
    /// Bytes of one session key.
    session_key_bytes: Bytes, default 256, ceiling 1_024, most MIB;
    /// Values published to diagnostics in one call.
    diagnostics_entries: Count, default 100, ceiling 1_000, most 1_000_000;
    /// Keys and values of the diagnostics of one call together.
    diagnostics_bytes: Bytes, default 64 * KIB, ceiling MIB, most GIB;
    /// Bytes of one asset that are delivered in one call.
    asset_read_bytes: Bytes, default 16 * MIB, ceiling 64 * MIB, most 4 * GIB;
    /// Bytes of pixels that are delivered in one copying read. 20 megapixels in colour.
    image_read_bytes: Bytes, default 64 * MIB, ceiling 256 * MIB, most 4 * GIB;
    /// Random bytes that are delivered in one call.
    random_bytes: Bytes, default 4 * KIB, ceiling 64 * KIB, most 64 * MIB;
    /// Text of one result: messages, reasons and labels together, in bytes of UTF-8.
    result_text_bytes: Bytes, default 64 * KIB, ceiling MIB, most GIB;
    /// Defects that one NG keeps; the rest is cut with a warning (the protocol's `max_defects`).
    max_defects: Count, default 20, ceiling 1_000, most 1_000_000;
    /// Positions or calibration areas that one result keeps; the rest is cut with a warning.
    max_positions: Count, default 1_000, ceiling 10_000, most 1_000_000;
}

/// Linear memories of one component.
pub const MEMORIES: usize = 1;
/// Call stack of WebAssembly code, in bytes.
pub const STACK_BYTES: usize = 512 << 10;
/// Pixels of one picture.
pub const PICTURE_PIXELS: u64 = 100_000_000;
/// Bytes of one picture file.
pub const PICTURE_FILE_BYTES: u64 = 256 * MIB;
/// Bytes of one manifest.
pub const MANIFEST_BYTES: u64 = MIB;
/// Bytes of one station's policy.
pub const POLICY_BYTES: u64 = MIB;
/// Files in the `assets` folder of one package.
pub const ASSET_FILES: usize = 256;
/// Bytes of one session's context.
pub const CONTEXT_BYTES: usize = 64 << 10;
/// Bytes of one package archive.
pub const ARCHIVE_BYTES: u64 = 1024 * MIB;
/// Bytes of all contents of one package archive together, unpacked.
pub const ARCHIVE_CONTENT_BYTES: u64 = 1024 * MIB;
/// Entries of one package archive.
pub const ARCHIVE_ENTRIES: usize = 1_024;
/// Bytes of the name of one entry of a package archive.
pub const ARCHIVE_NAME_BYTES: usize = 240;
/// Parts of the name of one entry of a package archive.
pub const ARCHIVE_NAME_DEPTH: usize = 16;
/// Bytes to which one packed byte may grow.
pub const ARCHIVE_RATIO: u64 = 100;
/// Bytes of `digests.json` in a package archive.
pub const DIGESTS_BYTES: u64 = MIB;
/// Bytes of `sbom.cdx.json` in a package archive.
pub const SBOM_BYTES: u64 = 16 * MIB;
/// Bytes of `cases.json`.
pub const CASES_BYTES: u64 = MIB;
/// Golden cases of one package.
pub const CASES: usize = 200;
/// Bytes of a signature.
pub const SIGNATURE_BYTES: u64 = 4 * KIB;
/// Bytes of one file that holds a public or a secret key.
pub const KEY_BYTES: u64 = 4 * KIB;
/// Entries of a trust folder, and of the revoked keys in it.
pub const TRUSTED_KEYS: usize = 1_000;
/// Characters of the sentence in which a manifest says what its package judges.
pub const DESCRIPTION_CHARACTERS: usize = 1_000;
/// Bytes of the registry of one store.
pub const REGISTRY_BYTES: usize = 64 << 20;

/// Limits that hold for everybody: they are settings of the engine or guard the host before a manifest is read.
pub const FIXED_LIMITS: &[LimitDescription] = &[
    LimitDescription {
        name: "memories",
        unit: Unit::Count,
        value: MEMORIES as u64,
        reason: "Linear memories of one component. Pictures are delivered into the one that is there.",
    },
    LimitDescription {
        name: "stack_bytes",
        unit: Unit::Bytes,
        value: STACK_BYTES as u64,
        reason: "Call stack of WebAssembly code. The calling thread needs about as much again for the host.",
    },
    LimitDescription {
        name: "picture_pixels",
        unit: Unit::Count,
        value: PICTURE_PIXELS,
        reason: "Pixels of one picture. A small file may declare a huge picture; this is checked before decoding.",
    },
    LimitDescription {
        name: "picture_file_bytes",
        unit: Unit::Bytes,
        value: PICTURE_FILE_BYTES,
        reason: "Bytes of one picture file; no more is ever read of it.",
    },
    LimitDescription {
        name: "manifest_bytes",
        unit: Unit::Bytes,
        value: MANIFEST_BYTES,
        reason: "Bytes of one manifest; no more is ever read of it.",
    },
    LimitDescription {
        name: "policy_bytes",
        unit: Unit::Bytes,
        value: POLICY_BYTES,
        reason: "Bytes of one station's policy; no more is ever read of it.",
    },
    LimitDescription {
        name: "asset_files",
        unit: Unit::Count,
        value: ASSET_FILES as u64,
        reason: "Files in the assets folder of one package. Each stays open while the package is loaded.",
    },
    LimitDescription {
        name: "context_bytes",
        unit: Unit::Bytes,
        value: CONTEXT_BYTES as u64,
        reason: "Bytes of one session's read-only context.",
    },
    LimitDescription {
        name: "archive_bytes",
        unit: Unit::Bytes,
        value: ARCHIVE_BYTES,
        reason: "Bytes of one package archive; no more is ever read of it.",
    },
    LimitDescription {
        name: "archive_content_bytes",
        unit: Unit::Bytes,
        value: ARCHIVE_CONTENT_BYTES,
        reason: "Bytes of all contents of one package archive together, unpacked. Checked before anything is unpacked.",
    },
    LimitDescription {
        name: "archive_entries",
        unit: Unit::Count,
        value: ARCHIVE_ENTRIES as u64,
        reason: "Entries of one package archive.",
    },
    LimitDescription {
        name: "archive_name_bytes",
        unit: Unit::Bytes,
        value: ARCHIVE_NAME_BYTES as u64,
        reason: "Name of one entry of a package archive, in bytes of UTF-8.",
    },
    LimitDescription {
        name: "archive_name_depth",
        unit: Unit::Count,
        value: ARCHIVE_NAME_DEPTH as u64,
        reason: "Parts of the name of one entry of a package archive. Bounds how deep folders lie.",
    },
    LimitDescription {
        name: "archive_ratio",
        unit: Unit::Count,
        value: ARCHIVE_RATIO,
        reason: "Bytes to which one packed byte of a package archive may grow. What packs better is stored unpacked.",
    },
    LimitDescription {
        name: "digests_bytes",
        unit: Unit::Bytes,
        value: DIGESTS_BYTES,
        reason: "Bytes of the list of digests in a package archive.",
    },
    LimitDescription {
        name: "sbom_bytes",
        unit: Unit::Bytes,
        value: SBOM_BYTES,
        reason: "Bytes of the bill of materials in a package archive.",
    },
    LimitDescription {
        name: "cases_bytes",
        unit: Unit::Bytes,
        value: CASES_BYTES,
        reason: "Bytes of the list of golden cases of a package.",
    },
    LimitDescription {
        name: "cases",
        unit: Unit::Count,
        value: CASES as u64,
        reason: "Golden cases of a package.",
    },
    LimitDescription {
        name: "signature_bytes",
        unit: Unit::Bytes,
        value: SIGNATURE_BYTES,
        reason: "Bytes of one signature.",
    },
    LimitDescription {
        name: "key_bytes",
        unit: Unit::Bytes,
        value: KEY_BYTES,
        reason: "Bytes of one file with a public or secret key.",
    },
    LimitDescription {
        name: "trusted_keys",
        unit: Unit::Count,
        value: TRUSTED_KEYS as u64,
        reason: "Entries of a trust folder, and of the revoked keys in it.",
    },
    LimitDescription {
        name: "description_characters",
        unit: Unit::Count,
        value: DESCRIPTION_CHARACTERS as u64,
        reason: "Characters of the description in one manifest. Every registry, list and report carries it.",
    },
    LimitDescription {
        name: "registry_bytes",
        unit: Unit::Bytes,
        value: REGISTRY_BYTES as u64,
        reason: "Bytes of the registry of one store. The last MiB is only for what takes away.",
    },
];

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Units of fuel: roughly one per WebAssembly instruction, and one per byte of a bulk operation.
    Fuel,
    /// Milliseconds of wall-clock time.
    Milliseconds,
    /// Things.
    Count,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Fuel => "fuel",
            Self::Milliseconds => "ms",
            Self::Count => "count",
        })
    }
}

/// One limit, for a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitDescription {
    /// The limit's name, as manifests write it.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// The value that holds.
    pub value: u64,
    /// Why it is there.
    pub reason: &'static str,
}

/// What holds, and what of the package's request was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedLimits {
    /// The limits that hold.
    pub limits: Limits,
    /// Requests above the ceiling.
    pub cut: Vec<CutLimit>,
}

/// A request that the station's ceiling cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CutLimit {
    /// The limit's name.
    pub name: &'static str,
    /// What the package asked for.
    pub asked: u64,
    /// What it got.
    pub granted: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_within_its_ceiling() {
        let (default, ceiling) = (Limits::default().describe(), Limits::default_ceiling().describe());
        for (default, ceiling) in default.iter().zip(&ceiling) {
            assert!(default.value <= ceiling.value, "{}", default.name);
            let highest = Limits::highest_ceiling().get(default.name);
            assert!(
                highest.is_none_or(|highest| ceiling.value <= highest),
                "{}",
                default.name
            );
            assert!(!default.reason.is_empty(), "{}", default.name);
        }
    }

    #[test]
    fn the_ceiling_wins_and_says_so() {
        let request = LimitRequest {
            memory_bytes: Some(u64::MAX),
            tables: Some(2),
            ..Default::default()
        };
        let granted = Limits::default_ceiling().grant(&request);
        assert_eq!(granted.limits.memory_bytes, 2048 * MIB);
        assert_eq!(granted.limits.tables, 2);
        assert_eq!(granted.limits.execute_fuel, Limits::default().execute_fuel);
        let cut: Vec<_> = granted.cut.iter().map(|cut| cut.name).collect();
        assert_eq!(cut, ["memory_bytes"]);
    }

    #[test]
    fn every_limit_can_be_read_and_set_by_its_name() {
        let mut limits = Limits::default();
        for name in LIMIT_NAMES {
            assert!(limits.set(name, 7));
            assert_eq!(limits.get(name), Some(7), "{name}");
        }
        assert!(!limits.set("stack_bytes", 7));
        assert_eq!(limits.get("stack_bytes"), None);
    }

    #[test]
    fn a_lower_ceiling_also_lowers_defaults() {
        let ceiling = Limits {
            memory_bytes: 64 * MIB,
            ..Limits::default_ceiling()
        };
        assert_eq!(ceiling.grant(&LimitRequest::default()).limits.memory_bytes, 64 * MIB);
    }
}
