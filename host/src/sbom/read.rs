//! Reading a bill of materials of somebody else's making: bounded, and only what is shown to people.

use crate::limits::SBOM_BYTES;
use serde::{Deserialize, Serialize};

/// A bill of materials, as far as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sbom {
    /// Version of CycloneDX.
    pub spec_version: String,
    /// What it is about, if it says so.
    pub subject: Option<SbomComponent>,
    /// Everything in it, nested parts after what they are in.
    pub components: Vec<SbomComponent>,
    /// What it says about its own completeness.
    pub completeness: Completeness,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SbomComponent {
    /// Its name.
    pub name: String,
    /// Its version, empty if it has none.
    pub version: String,
    /// Licences as SPDX expressions, identifiers or names; empty if nothing is said.
    pub licences: Vec<String>,
    /// Package URL.
    pub purl: Option<String>,
    /// Whether it is part of the subject.
    pub scope: Scope,
}

/// Whether something is part of what the bill is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// It is. So is what says nothing.
    #[default]
    Required,
    /// It may be used.
    Optional,
    /// It is not; it was needed to build it, for example.
    Excluded,
}

/// What a bill says about its own completeness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// Everything is listed, perhaps but for what parts such as the standard library bring.
    Complete,
    /// Something is missing.
    Incomplete,
    /// Nobody knows, or nothing is said.
    Unknown,
}

/// Why a bill cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SbomError {
    /// Larger than any bill.
    #[error("the bill of materials has more than {SBOM_BYTES} bytes")]
    TooLarge,
    /// Not JSON, or of another shape.
    #[error("the bill of materials is not CycloneDX in JSON")]
    Syntax(#[from] serde_json::Error),
    /// JSON of another format.
    #[error("the bill of materials says that its format is `{0}`, not `CycloneDX`")]
    Format(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    bom_format: String,
    spec_version: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    components: Vec<Component>,
    #[serde(default)]
    compositions: Vec<Composition>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    component: Option<Component>,
}

#[derive(Deserialize)]
struct Component {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    licenses: Vec<Licence>,
    purl: Option<String>,
    #[serde(default)]
    scope: Scope,
    /// Deeper ones than the parser of JSON follows are an error.
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Licence {
    expression: Option<String>,
    license: Option<LicenceName>,
}

#[derive(Deserialize)]
struct LicenceName {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Composition {
    aggregate: String,
}

impl Sbom {
    /// Reads a bill in any version of CycloneDX's JSON; what it has beyond [`Sbom`] is passed over.
    ///
    /// # Errors
    ///
    /// See [`SbomError`].
    pub fn read(text: &[u8]) -> Result<Self, SbomError> {
        if text.len() as u64 > SBOM_BYTES {
            return Err(SbomError::TooLarge);
        }
        let text: Text = serde_json::from_slice(text)?;
        if text.bom_format != "CycloneDX" {
            return Err(SbomError::Format(text.bom_format));
        }
        let says = |prefix: &str| text.compositions.iter().any(|one| one.aggregate.starts_with(prefix));
        let completeness = match (says("incomplete"), says("complete")) {
            (true, _) => Completeness::Incomplete,
            (false, true) => Completeness::Complete,
            (false, false) => Completeness::Unknown,
        };
        let mut components = Vec::new();
        text.components.into_iter().for_each(|one| one.flatten(&mut components));
        let subject = text.metadata.component.and_then(|one| {
            let mut all = Vec::new();
            one.flatten(&mut all);
            all.into_iter().next()
        });
        Ok(Self {
            spec_version: text.spec_version,
            subject,
            components,
            completeness,
        })
    }

    /// How many parts are in the subject.
    pub fn included(&self) -> usize {
        let included = |one: &&SbomComponent| one.scope != Scope::Excluded;
        self.components.iter().filter(included).count()
    }
}

impl Component {
    fn flatten(self, out: &mut Vec<SbomComponent>) {
        let licence = |licence: Licence| {
            let name = licence.license.and_then(|licence| licence.id.or(licence.name));
            licence.expression.or(name)
        };
        out.push(SbomComponent {
            name: self.name,
            version: self.version,
            licences: self.licenses.into_iter().filter_map(licence).collect(),
            purl: self.purl,
            scope: self.scope,
        });
        self.components.into_iter().for_each(|one| one.flatten(out));
    }
}
