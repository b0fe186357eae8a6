//! What a security reviewer wants to know of a package before anybody runs it.
//!
//! Everything is read from the files themselves, within bounds; nothing is compiled or run. In order: the files are read
//! ([`crate::package`]); the component is taken apart ([`component`]); initial memory and assets are searched for text
//! that wants an explanation ([`strings`]); the lists of what it was made of are compared ([`dependencies`]); the station's
//! policy is asked ([`crate::admission`], the same code that installing and running asks); what follows for a reviewer
//! becomes points ([`point`]), and the points a verdict. [`difference`] compares with an older package.
//!
//! What a package says about itself is hostile: it is cut here, and made visible by whoever shows it.

pub mod component;
pub mod content;
pub mod dependencies;
pub mod difference;
mod json;
mod judgement;
mod page;
pub mod point;
mod rules;
pub mod strings;
mod subject;

pub use judgement::{Judged, Station};
pub use page::PageError;
pub use subject::{FileFacts, Form, Role, Subject};

use crate::archive::ArchiveError;
use crate::explain::Explain;
use crate::package::{Package, PackageError};
use crate::signing::{BesideError, SignatureStatus};
use component::Anatomy;
use content::ContentKind;
use dependencies::Dependencies;
use difference::Difference;
use point::{Point, Severity, Verdict};
use std::borrow::Cow;
use std::path::Path;
use strings::Findings;

/// Version of the JSON shape.
pub const SCHEMA: u32 = 1;

/// Everything about one package or component.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// What it is, and its files.
    pub subject: Subject,
    /// What the component is made of.
    pub anatomy: Anatomy,
    /// What the component was made of.
    pub dependencies: Dependencies,
    /// Text that wants an explanation.
    pub strings: Findings,
    /// What the station says.
    pub judged: Judged,
    /// How it differs from an older one, if there is one to compare with.
    pub difference: Option<Difference>,
    /// What a reviewer should know, the weightiest first.
    pub points: Vec<Point>,
}

/// Why nothing can be inspected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectionError {
    /// The package cannot be read.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// An entry of the archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The signature beside the package cannot be read.
    #[error(transparent)]
    Signature(#[from] BesideError),
    /// An asset cannot be read.
    #[error("cannot read {name}")]
    Asset {
        /// Its path in the package.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Explain for InspectionError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Package(error) => error.code(),
            Self::Archive(error) => error.code(),
            Self::Signature(error) => error.code(),
            Self::Asset { .. } => "unreadable".into(),
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Package(error) => error.remedy(),
            Self::Archive(error) => error.remedy(),
            Self::Signature(error) => error.remedy(),
            Self::Asset { .. } => Some("make it readable".into()),
        }
    }

    /// A package that is damaged or breaks the rules was examined and found bad.
    fn subject_failed(&self) -> bool {
        match self {
            Self::Package(PackageError::NotFound(_) | PackageError::ComponentRead { .. }) | Self::Asset { .. } => false,
            Self::Package(PackageError::Archive(error)) => error.subject_failed(),
            Self::Package(_) => true,
            Self::Archive(error) => error.subject_failed(),
            Self::Signature(error) => error.subject_failed(),
        }
    }
}

impl Inspection {
    /// Looks at the package or component at `path`, as `station` would. `watch` is told what is looked at, for those who
    /// wait.
    ///
    /// # Errors
    ///
    /// See [`InspectionError`]. A component that is damaged or refused is no error: that is what an inspection tells.
    pub fn open(path: &Path, station: &Station, watch: &mut dyn FnMut(&str)) -> Result<Self, InspectionError> {
        watch("the files");
        let package = Package::open(path, station.ceiling())?;
        let looked = subject::look(&package, watch)?;
        let dependencies = Dependencies::read(looked.sbom.as_deref(), package.component());
        let judged = Judged::new(station, &package)?;
        let mut points: Vec<Point> = judged.points().collect();
        points.extend(rules::points(
            &looked.subject,
            &looked.anatomy,
            &dependencies,
            &looked.strings,
            &judged,
            station,
        ));
        let mut inspection = Self {
            subject: looked.subject,
            anatomy: looked.anatomy,
            dependencies,
            strings: looked.strings,
            judged,
            difference: None,
            points,
        };
        inspection.sort();
        Ok(inspection)
    }

    /// Compares with an older package, which adds to the points.
    #[must_use]
    pub fn against(mut self, old: &Self) -> Self {
        let difference = Difference::between(old, &self);
        let points = difference.points(old, &self);
        self.points.extend(points);
        self.difference = Some(difference);
        self.sort();
        self
    }

    fn sort(&mut self) {
        self.points.sort_by_key(|point| point.severity);
    }

    /// What all points together say.
    pub fn verdict(&self) -> Verdict {
        point::verdict(&self.points)
    }

    /// How many points weigh so much.
    pub fn count(&self, severity: Severity) -> u64 {
        self.points.iter().filter(|point| point.severity == severity).count() as u64
    }

    /// The verdict as a sentence without a full stop.
    pub fn headline(&self) -> String {
        let (refused, look) = (self.count(Severity::Refused), self.count(Severity::Look));
        match self.verdict() {
            Verdict::Clear => "Nothing a reviewer must decide".to_owned(),
            Verdict::Look => format!("Look at {}", point::counted(look, "point", "points")),
            Verdict::Refused => {
                let reasons = point::counted(refused, "reason", "reasons");
                match look {
                    0 => format!("Would be refused, for {reasons}"),
                    look => format!(
                        "Would be refused, for {reasons}; and {} to look at",
                        point::counted(look, "point", "points")
                    ),
                }
            }
        }
    }

    /// The kinds of its assets by content, each with the number of files and bytes.
    pub fn asset_kinds(&self) -> Vec<(ContentKind, u64, u64)> {
        rules::kinds(&self.subject)
    }

    /// Names and versions of what it was made of, by the best source there is.
    fn parts(&self) -> Box<dyn Iterator<Item = (&str, &str)> + '_> {
        match (&self.dependencies.sbom, &self.dependencies.embedded) {
            (Some(bill), _) => Box::new(bill.parts.iter().map(|part| (&*part.name, &*part.version))),
            (None, Some(embedded)) => Box::new(embedded.iter().map(|(name, version)| (&**name, &**version))),
            (None, None) => Box::new(std::iter::empty()),
        }
    }

    fn parts_known(&self) -> bool {
        self.dependencies.sbom.is_some() || self.dependencies.embedded.is_some()
    }

    /// Who signed, in a few words that are the same for the same signer.
    fn signer(&self) -> String {
        match &self.judged.signature {
            SignatureStatus::Unsigned => "not signed".to_owned(),
            SignatureStatus::UnknownKey { key_id } => format!("by the unknown key {key_id}"),
            SignatureStatus::Tampered { .. } => "not properly".to_owned(),
            SignatureStatus::Expired { signature } => format!("by {signature}, expired"),
            SignatureStatus::Revoked { signature } => format!("by {signature}, revoked"),
            SignatureStatus::Valid { signature } => format!("by {signature}"),
        }
    }
}
