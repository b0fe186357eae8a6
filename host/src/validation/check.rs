//! One check and its result, and the list of all checks.

use crate::explain::{Explain, one_line};
use serde::Serialize;

/// How a check ended, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It does not apply, or an earlier check failed.
    NotRun,
    /// All is well.
    Pass,
    /// A station would accept it, but somebody should look at it.
    Warn,
    /// A station would refuse it.
    Fail,
}

macro_rules! checks {
    ($( $id:ident = $text:literal; )*) => {
        /// Which check.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum CheckId {
            $( #[doc = $text] $id, )*
        }

        impl CheckId {
            /// Every check in the order in which they are made.
            pub const ALL: &[Self] = &[$( Self::$id ),*];

            /// What is checked, in a few words.
            pub const fn title(self) -> &'static str {
                match self {
                    $( Self::$id => $text, )*
                }
            }
        }
    };
}

checks! {
    Archive = "archive, its form and its digests";
    Manifest = "manifest is there and well-formed";
    ManifestValues = "name, version, product models";
    PidCount = "number of product models";
    Assets = "assets";
    Component = "component is there and not too large";
    Limits = "limits within the station's ceiling";
    Signature = "signature";
    Policy = "the station's policy";
    Binary = "WebAssembly, its features and structure";
    Contract = "contract and its version";
    Imports = "imports";
    Memories = "linear memories";
    Compile = "compilation";
    Link = "types of imports and exports";
    GetInfo = "get_info";
    Description = "steps, parameters, defaults";
    Mismatch = "algorithm agrees with its manifest";
    DefaultConfig = "default_config";
    Setup = "setup";
    Cases = "golden cases";
    Calls = "pre_execute and execute";
    Advice = "answers follow the advice";
    Determinism = "same picture, same answer";
    Reset = "reset";
    Teardown = "teardown";
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which one.
    pub id: CheckId,
    /// How it ended.
    pub status: Status,
    /// What was found, one sentence or a few words.
    pub detail: String,
    /// The protocol's code of what is wrong, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What would mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    pub(super) fn pass(id: CheckId, detail: impl Into<String>) -> Self {
        Self::new(id, Status::Pass, detail)
    }

    pub(super) fn warn(id: CheckId, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..Self::new(id, Status::Warn, detail)
        }
    }

    pub(super) fn fail(id: CheckId, error: &impl Explain) -> Self {
        Self {
            code: Some(error.code().into_owned()),
            remedy: error.remedy(),
            ..Self::new(id, Status::Fail, one_line(error))
        }
    }

    pub(super) fn not_run(id: CheckId, why: impl Into<String>) -> Self {
        Self::new(id, Status::NotRun, why)
    }

    pub(super) fn new(id: CheckId, status: Status, detail: impl Into<String>) -> Self {
        Self {
            id,
            status,
            detail: detail.into(),
            code: None,
            remedy: None,
        }
    }
}

/// The checks that were made.
#[derive(Debug, Default)]
pub(super) struct Checks {
    made: Vec<Check>,
}

impl Checks {
    pub(super) fn add(&mut self, check: Check) {
        self.made.push(check);
    }

    /// Whether a check of this kind has failed.
    pub(super) fn has_failed(&self, id: CheckId) -> bool {
        let mut made = self.made.iter();
        made.any(|check| check.id == id && check.status == Status::Fail)
    }

    /// Every check in order; those that were not made say why.
    pub(super) fn finish(self) -> Vec<Check> {
        let failed = self.made.iter().find(|check| check.status == Status::Fail);
        let why = match failed {
            Some(check) => format!("needs: {}", check.id.title()),
            None => "nothing to check".to_owned(),
        };
        let mut all = Vec::new();
        for id in CheckId::ALL {
            let before = all.len();
            all.extend(self.made.iter().filter(|check| check.id == *id).cloned());
            if all.len() == before {
                all.push(Check::not_run(*id, why.as_str()));
            }
        }
        all
    }
}
