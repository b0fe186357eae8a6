//! Which version of the contract this host speaks, which interfaces a component may import, and what becomes of each.

use semver::Version;
use serde::Serialize;

/// The contract's package name.
pub const PACKAGE: &str = "procvision:algorithm";
/// The contract's version; `wit/` says the same.
pub const VERSION: Version = Version::new(1, 0, 0);
/// The interface that every algorithm exports.
pub const LIFECYCLE: &str = "procvision:algorithm/lifecycle";

/// Interfaces of the contract that an algorithm may import.
const CONTRACT: &[&str] = &["types", "imaging", "session", "logging", "diagnostics", "assets"];

/// WASI interfaces that do something: streams that end in the log, clocks and random numbers as the policy says.
const WASI_GRANTED: &[&str] = &[
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
];

/// WASI interfaces that are there, but empty: no variables, no arguments, no input, no terminal; `exit` ends the call.
const WASI_EMPTY: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
];

/// WASI interfaces whose every operation answers with the interface's own error.
const WASI_DENIED: &[&str] = &[
    "wasi:filesystem/types",
    "wasi:filesystem/preopens",
    "wasi:sockets/network",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// Interfaces without which no algorithm can be: the lifecycle speaks of what they define.
pub(crate) const INDISPENSABLE: [&str; 3] = ["types", "imaging", "session"];

/// Every interface that a component may import from this host, without version: those of the contract first.
pub fn interfaces() -> impl Iterator<Item = String> {
    let of_contract = CONTRACT.iter().map(|interface| format!("{PACKAGE}/{interface}"));
    let of_wasi = [WASI_GRANTED, WASI_EMPTY, WASI_DENIED].into_iter().flatten();
    of_contract.chain(of_wasi.map(|interface| (*interface).to_owned()))
}

/// The interface that an import names, without its version.
pub fn without_version(import: &str) -> &str {
    split_version(import).0
}

/// What becomes of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportClass {
    /// It works.
    Granted,
    /// It is there and answers, but gives nothing.
    Closed,
    /// The component is refused for it.
    Refused,
}

/// One import and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Import {
    /// The interface's name as the component writes it.
    pub name: String,
    /// What becomes of it.
    pub class: ImportClass,
    /// Why it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Served by the stand-in that answers every operation with an error.
    #[serde(skip)]
    pub(crate) stand_in: bool,
}

/// How a version that a component asks for compares with what this host speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionMatch {
    /// The host serves it.
    Served,
    /// The host does not; why.
    NotServed(String),
}

/// Splits `package/interface@version`; the version may be missing.
fn split_version(name: &str) -> (&str, Option<Version>) {
    match name.rsplit_once('@') {
        Some((interface, version)) => match Version::parse(version) {
            Ok(version) => (interface, Some(version)),
            Err(_) => (name, None),
        },
        None => (name, None),
    }
}

/// Whether this host serves `version` of the contract: the same major version, and no newer minor version.
#[expect(
    clippy::absurd_extreme_comparisons,
    reason = "the comparison says what holds for every minor version, not only for 0"
)]
pub fn match_version(version: Option<&Version>) -> VersionMatch {
    match version {
        None => VersionMatch::NotServed(format!("names no version, but this host speaks {PACKAGE}@{VERSION}")),
        Some(version) if version.major == VERSION.major && version.minor <= VERSION.minor && version.pre.is_empty() => {
            VersionMatch::Served
        }
        Some(version) => {
            // A version may carry a text of any length.
            let version = crate::imports::cut(version.to_string(), 64);
            VersionMatch::NotServed(format!(
                "was built for {PACKAGE}@{version}, but this host speaks {PACKAGE}@{VERSION}"
            ))
        }
    }
}

/// What becomes of an import, if closed interfaces are answered.
pub fn classify(name: &str) -> Import {
    let import = |class, stand_in, reason| Import {
        name: name.to_owned(),
        class,
        reason,
        stand_in,
    };
    let (interface, version) = split_version(name);
    let in_contract = interface
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.strip_prefix('/'))
        .map(|interface| CONTRACT.contains(&interface));
    if let Some(known) = in_contract {
        return match match_version(version.as_ref()) {
            VersionMatch::NotServed(reason) => import(ImportClass::Refused, false, Some(reason)),
            VersionMatch::Served if known => import(ImportClass::Granted, false, None),
            VersionMatch::Served => import(ImportClass::Refused, false, Some("is not part of the contract".into())),
        };
    }
    let preview_2 = version
        .as_ref()
        .is_some_and(|version| version.major == 0 && version.minor == 2);
    let known = |list: &[&str]| list.contains(&interface);
    if !preview_2 && (known(WASI_GRANTED) || known(WASI_EMPTY) || known(WASI_DENIED)) {
        return import(ImportClass::Refused, false, Some("has a version other than 0.2".into()));
    }
    if known(WASI_GRANTED) {
        import(ImportClass::Granted, false, None)
    } else if known(WASI_EMPTY) {
        import(ImportClass::Closed, false, None)
    } else if known(WASI_DENIED) {
        import(ImportClass::Closed, true, None)
    } else {
        import(ImportClass::Refused, false, Some("is not offered to algorithms".into()))
    }
}

/// The version in the name of an exported lifecycle, if it is one.
pub(crate) fn lifecycle_version(export: &str) -> Option<Option<Version>> {
    let (interface, version) = split_version(export);
    (interface == LIFECYCLE).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_classified_by_name_and_version() {
        let class = |name| classify(name).class;
        assert_eq!(class("procvision:algorithm/imaging@1.0.0"), ImportClass::Granted);
        assert_eq!(class("procvision:algorithm/imaging@1.0.7"), ImportClass::Granted);
        assert_eq!(class("procvision:algorithm/network@1.0.0"), ImportClass::Refused);
        assert_eq!(class("procvision:algorithm/imaging"), ImportClass::Refused);
        assert_eq!(class("wasi:io/streams@0.2.9"), ImportClass::Granted);
        assert_eq!(class("wasi:io/streams@0.3.0"), ImportClass::Refused);
        assert_eq!(class("wasi:filesystem/types@0.2.0"), ImportClass::Closed);
        assert_eq!(class("wasi:http/types@0.2.0"), ImportClass::Refused);
        assert_eq!(class("evil"), ImportClass::Refused);
    }

    #[test]
    fn a_newer_contract_is_refused_with_both_versions() {
        for version in ["2.0.0", "1.1.0", "0.9.0", "1.0.0-rc.1"] {
            let import = classify(&format!("procvision:algorithm/imaging@{version}"));
            let reason = import.reason.unwrap();
            assert!(reason.contains(version) && reason.contains("@1.0.0"), "{reason}");
        }
    }
}
