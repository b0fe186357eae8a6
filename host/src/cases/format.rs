//! One case as `cases.json` writes it, and what in it can contradict itself.

use super::error::Fault;
use crate::archive::PICTURES;
use crate::limits::CASES;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// Longest name of a case in bytes: a line.
const NAME_BYTES: usize = 200;

/// Pictures with the answers that are expected of the algorithm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(title = "ProcVision golden cases", extend("$id" = "urn:procvision:schema:cases:1"))]
pub struct CaseList(#[schemars(length(min = 1, max = CASES))] pub Vec<Case>);

/// What to judge, and what must come of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What is special about it, for people. No other case of the package has the same name.
    pub name: String,
    /// Product model, one of `supported_pids`.
    pub pid: String,
    /// Number of the step, from 1.
    #[serde(default = "first_step")]
    #[schemars(range(min = 1))]
    pub step: u32,
    /// The picture that is judged, a PNG or JPEG file of the package, such as `pictures/good.png`.
    pub image: String,
    /// Further pictures of the package by name, such as one of a good part.
    #[serde(default)]
    pub references: BTreeMap<String, String>,
    /// Parameters by key, as a station sets them. Others have their defaults.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// How `pre_execute` must end.
    #[serde(default)]
    pub pre: ExpectedPre,
    /// The verdict of `execute`; without one, or with null, the algorithm must not give any.
    #[serde(default)]
    pub verdict: Option<ExpectedVerdict>,
    /// What the reason of an NG must contain, in upper or lower case.
    #[serde(default)]
    pub ng_reason_contains: Option<String>,
    /// Where the defects of an NG are: each of these areas must be marked by some defect, and no defect may be elsewhere.
    /// Empty: not looked at.
    #[serde(default)]
    pub defect_rects: Vec<ExpectedRect>,
}

/// How `pre_execute` must end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedPre {
    /// The conditions are right, and `execute` is asked.
    #[default]
    Ready,
    /// The conditions are not right.
    NotReady,
    /// The algorithm says that it cannot judge, in `pre_execute` or in `execute`.
    Failed,
}

/// What `execute` must answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExpectedVerdict {
    /// The product is good.
    Ok,
    /// It is not.
    Ng,
}

/// An area of the picture in pixels, from its upper left corner, that must be marked as a defect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedRect {
    /// Left border.
    pub x: u32,
    /// Upper border.
    pub y: u32,
    /// At least 1.
    #[schemars(range(min = 1))]
    pub width: u32,
    /// At least 1.
    #[schemars(range(min = 1))]
    pub height: u32,
    /// The defect's label; without one, any will do.
    #[serde(default)]
    pub label: Option<String>,
}

fn first_step() -> u32 {
    1
}

impl Case {
    /// Every picture that it names.
    pub fn pictures(&self) -> impl Iterator<Item = &str> {
        let image = std::iter::once(&self.image);
        image.chain(self.references.values()).map(String::as_str)
    }

    /// Whether it does not contradict itself.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if self.name.trim().is_empty() || self.name.len() > NAME_BYTES {
            return Err(Fault::Name);
        }
        if self.step == 0 {
            return Err(Fault::Zero("the step 0, but steps count from 1"));
        }
        if self.references.keys().any(String::is_empty) {
            return Err(Fault::Zero("a reference without a name"));
        }
        if let Some(path) = self.pictures().find(|path| !is_picture(path)) {
            return Err(Fault::PicturePath(path.to_owned()));
        }
        if self.pre != ExpectedPre::Ready && self.verdict.is_some() {
            return Err(Fault::VerdictWithoutQuestion);
        }
        let about_defects = self.ng_reason_contains.is_some() || !self.defect_rects.is_empty();
        if self.verdict != Some(ExpectedVerdict::Ng) && about_defects {
            return Err(Fault::DefectWithoutNg);
        }
        if self.defect_rects.iter().any(|rect| rect.width == 0 || rect.height == 0) {
            return Err(Fault::EmptyArea);
        }
        Ok(())
    }

    /// The expected answer in a word or two.
    pub fn expected(&self) -> &'static str {
        match (self.pre, self.verdict) {
            (_, Some(ExpectedVerdict::Ok)) => "OK",
            (_, Some(ExpectedVerdict::Ng)) => "NG",
            (ExpectedPre::NotReady, None) => "not ready",
            (ExpectedPre::Ready | ExpectedPre::Failed, None) => "failed",
        }
    }
}

/// Whether it is a plain path below the folder of pictures, written in the one way that archives have.
fn is_picture(path: &str) -> bool {
    let inside = path.strip_prefix(PICTURES);
    let plain = |rest: &str| {
        let parts = || Path::new(rest).components();
        !rest.is_empty()
            && parts().all(|part| matches!(part, Component::Normal(_)))
            && parts().map(|part| part.as_os_str().len() + 1).sum::<usize>() == rest.len() + 1
            && !rest.contains(['\\', '\0'])
    };
    inside.is_some_and(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_lie_below_their_folder() {
        for path in ["pictures/a.png", "pictures/a/b.jpg", "pictures/ä b.png"] {
            assert!(is_picture(path), "{path}");
        }
        for path in [
            "",
            "a.png",
            "pictures",
            "pictures/",
            "pictures/../a.png",
            "pictures/./a.png",
            "pictures//a.png",
            "pictures/a.png/",
            "/pictures/a.png",
            "../pictures/a.png",
            "pictures\\a.png",
            "pictures/a\\b.png",
        ] {
            assert!(!is_picture(path), "{path}");
        }
    }
}
