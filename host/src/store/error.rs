//! Why an operation on a store was not done. Nothing has changed then, unless the error says so.

use super::lock::Holder;
use super::registry::Release;
use crate::admission::{AdmissionError, StationError};
use crate::algorithm::LoadError;
use crate::archive::ArchiveError;
use crate::cases::CasesError;
use crate::explain::Explain;
use crate::exposure::ExposureError;
use crate::host::HostError;
use crate::package::PackageError;
use crate::policy::PolicyError;
use crate::shape::ShapeError;
use crate::signing::{BesideError, TrustError};
use semver::Version;
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// Why an operation on a store was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store in this folder.
    #[error("there is no store in {}", .0.display())]
    Missing(PathBuf),
    /// The folder holds other things, so that no store is made in it.
    #[error("{} is not a store: it contains `{entry}`", path.display())]
    NotAStore {
        /// The folder.
        path: PathBuf,
        /// Something in it that no store has.
        entry: String,
    },
    /// A newer host has made the store.
    #[error("the store {} has version {version}, but this host knows version {}", path.display(), super::STORE_VERSION)]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// A file that the store rests on cannot be understood. Nothing is touched then.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is no room in the registry.
    #[error("{} would have {bytes} bytes, and may have {most}", path.display())]
    Full {
        /// The registry.
        path: PathBuf,
        /// How large it would be.
        bytes: usize,
        /// How large it may be.
        most: usize,
    },
    /// Others hold the store's lock.
    #[error("the store {} is in use by {}{}", path.display(), shown(holder), waited(*seconds))]
    Locked {
        /// The folder.
        path: PathBuf,
        /// How long it was waited for.
        seconds: u64,
        /// Who holds it, if that can be known.
        holder: Option<Holder>,
    },
    /// A file or folder of the store cannot be used.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was to be done with it.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The station's policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The store had a policy, and it is not there any more. The defaults may allow what it did not.
    #[error("{} is missing, and this store had one", .0.display())]
    PolicyGone(PathBuf),
    /// Signatures are strict, and others can change the policy, the keys or the store.
    #[error(transparent)]
    Exposed(#[from] ExposureError),
    /// The sandbox cannot be set up.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Code 2001, 2002 or 2004: the archive is bad.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The signature beside the archive cannot be read.
    #[error(transparent)]
    Beside(#[from] BesideError),
    /// The folder of trusted keys cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The component cannot be read.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Code 2005: the version is there already.
    #[error(
        "{release} is installed already, {} (package digest {digest})",
        if *.same { "from the same package" } else { "from another package" }
    )]
    AlreadyInstalled {
        /// Which version.
        release: Release,
        /// The package digest of what is installed.
        digest: String,
        /// Whether it is the same package.
        same: bool,
    },
    /// Code 2005: something that the store does not know lies where the version would.
    #[error("{} is in the way and not in the registry", .0.display())]
    InTheWay(PathBuf),
    /// The station's policy refuses the version.
    #[error(transparent)]
    Refused(#[from] AdmissionError),
    /// The package's files cannot be used.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The algorithm does not start.
    #[error("{release} does not start")]
    Load {
        /// Which version.
        release: Release,
        /// Why.
        source: Box<LoadError>,
    },
    /// The golden cases of the package cannot be used.
    #[error(transparent)]
    BadCases(#[from] CasesError),
    /// Code 2005: a golden case of the package does not come out as it must.
    #[error("{release} fails {failed} of its {all} golden cases: {first}")]
    Cases {
        /// Which version.
        release: Release,
        /// How many fail.
        failed: usize,
        /// How many there are.
        all: usize,
        /// What is wrong with the first that fails.
        first: String,
    },
    /// No such version is installed.
    #[error("{release} is not installed{}", others(versions))]
    NotInstalled {
        /// Which version.
        release: Release,
        /// Versions of the algorithm that are.
        versions: Vec<Version>,
    },
    /// Code 2005: the version is being uninstalled.
    #[error("{0} is being uninstalled")]
    Stopped(Release),
    /// Code 2006: the version does not judge this product model.
    #[error("{release} does not judge {pid}; it judges {}", supported.join(", "))]
    UnsupportedPid {
        /// Which version.
        release: Release,
        /// The product model.
        pid: String,
        /// Those that it judges.
        supported: Vec<String>,
    },
    /// Code 2006: another version judges this product model.
    #[error("{pid} is judged by {holder}")]
    PidTaken {
        /// The product model.
        pid: String,
        /// What judges it.
        holder: Release,
    },
    /// Code 2006: there is nothing to switch from.
    #[error("{0} is not judged by any version, so that there is nothing to switch from")]
    NothingToSwitch(String),
    /// Nothing judges this product model.
    #[error("no algorithm is active for {0}")]
    NotActive(String),
    /// The product model had nothing before that is still installed.
    #[error("{0} has nothing before what judges it now to go back to")]
    NothingBefore(String),
    /// Neither a product model nor an algorithm that judges one was named.
    #[error("no product model is judged by `{0}`")]
    JudgesNothing(String),
    /// Meanwhile another operation has changed what judges the product model.
    #[error("what judges {0} has changed meanwhile")]
    ChangedMeanwhile(String),
    /// Code 2007: the version judges product models.
    #[error("{release} is active for {}", pids.join(", "))]
    Active {
        /// Which version.
        release: Release,
        /// The product models.
        pids: Vec<String>,
    },
    /// Code 2007: somebody works with the version.
    #[error(
        "{release} is in use by {}{}{}",
        shown(holder),
        waited(*seconds),
        if *.stopped { "; it is not active any more and will not start again" } else { "" }
    )]
    InUse {
        /// Which version.
        release: Release,
        /// How long it was waited for.
        seconds: u64,
        /// Who works with it, if that can be known.
        holder: Option<Holder>,
        /// Whether it has been stopped all the same, since that was forced.
        stopped: bool,
    },
    /// What is deployed is not what was installed.
    #[error("{release} is not as it was installed: {what}")]
    Altered {
        /// Which version.
        release: Release,
        /// The first thing that is wrong.
        what: String,
    },
}

impl From<StationError> for StoreError {
    fn from(error: StationError) -> Self {
        match error {
            StationError::Policy(error) => Self::Policy(error),
            StationError::Trust(error) => Self::Trust(error),
            StationError::Exposed(error) => Self::Exposed(error),
        }
    }
}

fn shown(holder: &Option<Holder>) -> String {
    match holder {
        Some(holder) => holder.to_string(),
        None => "another process".to_owned(),
    }
}

fn waited(seconds: u64) -> String {
    match seconds {
        0 => String::new(),
        seconds => format!(", also after {seconds} s"),
    }
}

fn others(versions: &[Version]) -> String {
    if versions.is_empty() {
        return String::new();
    }
    let versions: Vec<String> = versions.iter().map(Version::to_string).collect();
    format!("; installed are {}", versions.join(", "))
}

impl Explain for StoreError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Missing(_) | Self::NotAStore { .. } => "no-store".into(),
            Self::Newer { .. } => "store-version".into(),
            Self::Damaged { .. } => "store-damaged".into(),
            Self::Full { .. } => "store-full".into(),
            Self::Locked { .. } => "store-locked".into(),
            Self::Io { .. } => "store-io".into(),
            Self::Policy(error) => error.code(),
            Self::PolicyGone(_) => "policy-gone".into(),
            Self::Exposed(error) => error.code(),
            Self::Host(_) => "host-unusable".into(),
            Self::Archive(error) => error.code(),
            Self::Refused(error) => error.code(),
            Self::Package(error) => error.code(),
            Self::Load { source, .. } => source.code(),
            Self::Beside(error) => error.code(),
            Self::Trust(error) => error.code(),
            Self::Shape(error) => error.code(),
            Self::BadCases(error) => error.code(),
            Self::AlreadyInstalled { .. } | Self::InTheWay(_) | Self::Cases { .. } | Self::Stopped(_) => "2005".into(),
            Self::UnsupportedPid { .. } | Self::PidTaken { .. } | Self::NothingToSwitch(_) => "2006".into(),
            Self::Active { .. } | Self::InUse { .. } => "2007".into(),
            Self::NotInstalled { .. } => "not-installed".into(),
            Self::NotActive(_) | Self::JudgesNothing(_) => "not-active".into(),
            Self::NothingBefore(_) => "nothing-before".into(),
            Self::ChangedMeanwhile(_) => "changed-meanwhile".into(),
            Self::Altered { .. } => "altered".into(),
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Policy(error) => return error.remedy(),
            Self::Exposed(error) => return error.remedy(),
            Self::PolicyGone(_) => {
                "put it back from a copy; if the defaults are to hold from now on, say so with `{\"policy_version\": 1}` in it"
            }
            Self::Archive(error) => return error.remedy(),
            Self::Refused(error) => return error.remedy(),
            Self::Package(error) => return error.remedy(),
            Self::Load { source, .. } => return source.remedy(),
            Self::Beside(error) => return error.remedy(),
            Self::Trust(error) => return error.remedy(),
            Self::Shape(error) => return error.remedy(),
            Self::BadCases(error) => return error.remedy(),
            Self::Host(_) => return None,
            Self::Missing(_) => "name the store's folder; `procvision store install` makes a store where there is none",
            Self::NotAStore { .. } => "name the folder of a store, or an empty one",
            Self::Newer { .. } => "use the host that made the store, or a newer one",
            Self::Damaged { .. } => {
                "put the file back from a copy; or move the folder aside and install the archives in its zips/ into a \
                 new store"
            }
            Self::Full { .. } => "uninstall what is not needed any more; `procvision store gc` finds it",
            Self::Locked { .. } => "try again when the other operation has ended, or wait longer with --wait",
            Self::Io { .. } => "let the user that runs this program write the store's folder, and look for free space",
            Self::AlreadyInstalled { same: true, .. } => "nothing needs to be done",
            Self::AlreadyInstalled { same: false, .. } => {
                "give the package another version, or uninstall the one that is there"
            }
            Self::InTheWay(_) => "look at it; `procvision store gc` removes it",
            Self::Cases { .. } => "`procvision validate` on the package shows every case",
            Self::NotInstalled { .. } => "`procvision store list` shows what is installed",
            Self::Stopped(_) => "finish that with `procvision store uninstall`, then install it again",
            Self::UnsupportedPid { .. } => "name a product model that it judges",
            Self::PidTaken { .. } => "use `procvision store switch`",
            Self::NothingToSwitch(_) => "use `procvision store activate`",
            Self::NotActive(_) | Self::JudgesNothing(_) => "`procvision store list` shows what is active",
            Self::NothingBefore(_) => "use `procvision store switch` or `activate` with a version that is installed",
            Self::ChangedMeanwhile(_) => "look at `procvision store list` and try again",
            Self::Active { .. } => "switch or deactivate it first, or use --force",
            Self::InUse { stopped: true, .. } => "uninstall it again when that has ended",
            Self::InUse { .. } => "try again when that has ended, or use --force",
            Self::Altered { .. } => {
                "`procvision store verify` shows everything; uninstall the version and install it again"
            }
        };
        Some(remedy.into())
    }

    fn subject_failed(&self) -> bool {
        match self {
            Self::Archive(error) => error.subject_failed(),
            // Under the station's ceiling, which is the policy's.
            Self::Package(PackageError::ComponentTooLarge { .. }) => true,
            Self::Package(error) => error.subject_failed(),
            Self::Refused(error) => error.subject_failed(),
            Self::Beside(error) => error.subject_failed(),
            Self::Trust(error) => error.subject_failed(),
            Self::Shape(error) => error.subject_failed(),
            Self::BadCases(error) => error.subject_failed(),
            Self::Load { .. } | Self::Cases { .. } | Self::Altered { .. } => true,
            _ => false,
        }
    }
}
