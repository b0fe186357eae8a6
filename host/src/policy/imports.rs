//! Which imports a station lets a component have.

use crate::contract::{self, Import, ImportClass};
use crate::strict_json;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// What happens to a component that imports interfaces which are only answered with errors, such as file systems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ClosedImports {
    /// They are linked to stand-ins whose every operation answers with the interface's own error.
    #[default]
    Answer,
    /// The component is refused.
    Refuse,
}

/// One interface that this host offers, such as `wasi:clocks/wall-clock`, or all that it offers of one package, such as
/// `wasi:clocks/*`. Versions are not part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImportPattern(String);

impl ImportPattern {
    /// Every pattern there is, sorted.
    pub fn all() -> Vec<String> {
        let mut all: Vec<String> = contract::interfaces().collect();
        let packages = all.iter().filter_map(|interface| interface.split_once('/'));
        let packages: Vec<String> = packages.map(|(package, _)| format!("{package}/*")).collect();
        all.extend(packages);
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The pattern as policies write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an import, with or without a version, is one of those that are meant.
    pub fn matches(&self, import: &str) -> bool {
        let interface = contract::without_version(import);
        match self.0.strip_suffix('*') {
            Some(package) => interface.starts_with(package),
            None => interface == self.0,
        }
    }
}

impl TryFrom<String> for ImportPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let all = ImportPattern::all();
        if all.contains(&text) {
            return Ok(Self(text));
        }
        let known = || all.iter().map(String::as_str);
        let shown = crate::imports::cut(text.clone(), 100);
        let meant = contract::without_version(&text);
        Err(if all.iter().any(|known| known == meant) {
            format!("`{shown}` names a version, but patterns hold for all versions; write `{meant}`")
        } else if let Some(nearest) = strict_json::nearest(meant, known()) {
            format!("`{shown}` is nothing that this host knows; did you mean `{nearest}`?")
        } else {
            let packages: Vec<&str> = known().filter(|pattern| pattern.ends_with('*')).collect();
            format!(
                "`{shown}` is nothing that this host knows; use {}, or one interface of these",
                packages.join(", ")
            )
        })
    }
}

impl From<ImportPattern> for String {
    fn from(pattern: ImportPattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for ImportPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for ImportPattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ImportPattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::all() })
    }
}

/// Which imports a component may have. Hosts that load algorithms and stations that judge packages ask the same rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportRules {
    /// What happens to imports that are only answered closed.
    pub closed: ClosedImports,
    /// The imports that are allowed; all that this host offers if there is no list.
    pub allowed: Option<Vec<ImportPattern>>,
}

/// Why a component is refused for an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportRefusal {
    /// No host of this version offers it; why.
    NotOffered(String),
    /// The station's list of allowed imports leaves it out.
    NotAllowed,
    /// It is only answered closed, and the station refuses such imports.
    Closed,
}

impl ImportRefusal {
    /// The policy's key that refuses it; `imports` if every station does.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::NotOffered(_) => "imports",
            Self::NotAllowed => "allowed_imports",
            Self::Closed => "closed_imports",
        }
    }
}

impl fmt::Display for ImportRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOffered(why) => why,
            Self::NotAllowed => "is not in this station's `allowed_imports`",
            Self::Closed => "is closed, and this station refuses closed imports",
        })
    }
}

impl ImportRules {
    /// Why a component is refused for this import, if it is.
    pub fn refusal(&self, import: &Import) -> Option<ImportRefusal> {
        if import.class == ImportClass::Refused {
            let why = import.reason.as_deref().unwrap_or("is refused");
            return Some(ImportRefusal::NotOffered(why.to_owned()));
        }
        let allowed = self.allowed.as_ref();
        if allowed.is_some_and(|allowed| !allowed.iter().any(|pattern| pattern.matches(&import.name))) {
            return Some(ImportRefusal::NotAllowed);
        }
        (self.closed == ClosedImports::Refuse && import.stand_in).then_some(ImportRefusal::Closed)
    }

    /// An interface that every algorithm imports and that the list leaves out, so that it would refuse them all.
    pub(super) fn missing(&self) -> Option<String> {
        let allowed = self.allowed.as_ref()?;
        let mut needed = contract::INDISPENSABLE
            .iter()
            .map(|interface| format!("{}/{interface}", contract::PACKAGE));
        needed.find(|needed| !allowed.iter().any(|pattern| pattern.matches(needed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Result<ImportPattern, String> {
        ImportPattern::try_from(text.to_owned())
    }

    #[test]
    fn a_pattern_is_an_interface_or_a_package() {
        let clocks = pattern("wasi:clocks/*").unwrap();
        assert!(clocks.matches("wasi:clocks/wall-clock@0.2.9") && clocks.matches("wasi:clocks/monotonic-clock"));
        assert!(!clocks.matches("wasi:clocksmith/x@0.2.0") && !clocks.matches("wasi:cli/stdin@0.2.0"));
        let wall = pattern("wasi:clocks/wall-clock").unwrap();
        assert!(wall.matches("wasi:clocks/wall-clock@0.2.0") && !wall.matches("wasi:clocks/wall-clock-2@0.2.0"));
    }

    #[test]
    fn what_matches_nothing_is_an_error_with_a_suggestion() {
        let refused = |text: &str| pattern(text).unwrap_err();
        assert!(refused("wasi:clock/*").contains("did you mean `wasi:clocks/*`?"));
        assert!(refused("wasi:clocks/walclock").contains("did you mean `wasi:clocks/wall-clock`?"));
        assert!(refused("wasi:io/streams@0.2.0").contains("write `wasi:io/streams`"));
        for text in ["", "*", "http", "[", &"x".repeat(100_000)] {
            let refused = refused(text);
            assert!(refused.contains("wasi:io/*") && refused.len() < 500, "{refused}");
        }
    }

    #[test]
    fn the_list_must_leave_room_for_an_algorithm() {
        let rules = |list: &[&str]| ImportRules {
            allowed: Some(list.iter().map(|text| pattern(text).unwrap()).collect()),
            ..ImportRules::default()
        };
        assert_eq!(rules(&["procvision:algorithm/*"]).missing(), None);
        assert_eq!(
            rules(&["wasi:io/*"]).missing().as_deref(),
            Some("procvision:algorithm/types")
        );
        assert_eq!(ImportRules::default().missing(), None);
    }
}
