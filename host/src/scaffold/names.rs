//! What a project and its product models may be called.

use super::InitError;
use crate::manifest::{MAX_PIDS, is_name, is_pid};

/// Names that would not work as the name of a crate: keywords, and crates that every program sees.
const RESERVED: [&str; 58] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "procvision_guest",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// One project's name in its two spellings.
#[derive(Debug)]
pub(super) struct Names {
    /// For cargo: words joined by `-`.
    pub(super) package: String,
    /// For the manifest and in Rust: words joined by `_`.
    pub(super) manifest: String,
}

impl Names {
    pub(super) fn new(name: &str) -> Result<Self, InitError> {
        let manifest = name.replace('-', "_");
        if !is_name(&manifest) {
            return Err(InitError::BadName {
                name: name.to_owned(),
                suggestion: similar(name),
            });
        }
        if RESERVED.contains(&manifest.as_str()) {
            return Err(InitError::ReservedName { name: name.to_owned() });
        }
        Ok(Self {
            package: manifest.replace('_', "-"),
            manifest,
        })
    }
}

/// A name that can be used and looks like `name`, if there is one.
fn similar(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let words = lower
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    let start = joined.find(|letter: char| letter.is_ascii_lowercase())?;
    let candidate: String = joined[start..].chars().take(64).collect();
    Names::new(&candidate).is_ok().then_some(candidate)
}

pub(super) fn check_pids(pids: &[String]) -> Result<(), InitError> {
    if pids.is_empty() || pids.len() > MAX_PIDS {
        return Err(InitError::PidCount { count: pids.len() });
    }
    for (index, pid) in pids.iter().enumerate() {
        if !is_pid(pid) {
            return Err(InitError::BadPid { pid: pid.clone() });
        }
        if pids[..index].contains(pid) {
            return Err(InitError::RepeatedPid { pid: pid.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Names, RESERVED, similar};

    #[test]
    fn a_name_has_two_spellings() {
        for name in ["cap-check", "cap_check"] {
            let names = Names::new(name).unwrap();
            assert_eq!(
                (names.package.as_str(), names.manifest.as_str()),
                ("cap-check", "cap_check")
            );
        }
    }

    #[test]
    fn names_that_cannot_work_are_refused() {
        let long = "a".repeat(65);
        for name in [
            "",
            "Cap",
            "1cap",
            "-cap",
            "cap check",
            "cap/check",
            "../cap",
            "käppchen",
            &long,
        ] {
            assert!(Names::new(name).is_err(), "{name:?}");
        }
        for name in RESERVED.into_iter().chain(["proc-macro", "procvision-guest"]) {
            assert!(Names::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_similar_name_is_offered() {
        assert_eq!(similar("Cap Check!").as_deref(), Some("cap-check"));
        assert_eq!(similar("2nd_cap").as_deref(), Some("nd-cap"));
        assert_eq!(similar("../x").as_deref(), Some("x"));
        assert_eq!(similar("123"), None);
        assert_eq!(similar("Type"), None);
    }
}
