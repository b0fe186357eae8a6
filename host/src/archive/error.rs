//! Why an archive is refused: one fault, in one sentence that names the entry.

use super::name::{ASSETS, NameFault, PICTURES};
use super::record::{Deviation, RecordKind};
use crate::explain::Explain;
use crate::limits::{
    ARCHIVE_BYTES, ARCHIVE_CONTENT_BYTES, ARCHIVE_ENTRIES, ARCHIVE_NAME_BYTES, ARCHIVE_RATIO, ASSET_FILES,
};
use crate::manifest::ManifestError;
use crate::strict_json::StrictJsonError;
use crate::visible;
use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

/// Why an archive cannot be read, written or unpacked.
#[derive(Debug, thiserror::Error)]
#[error("{}{fault}", subject(.path))]
pub struct ArchiveError {
    path: PathBuf,
    #[source]
    fault: Box<Fault>,
}

impl ArchiveError {
    pub(super) fn new(path: &Path, fault: Fault) -> Self {
        Self {
            path: path.to_owned(),
            fault: fault.into(),
        }
    }

    /// The archive; empty for one that was to be written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// What is wrong, without the archive.
    pub fn into_fault(self) -> Box<Fault> {
        self.fault
    }
}

fn subject(path: &Path) -> String {
    match path.as_os_str().is_empty() {
        true => "not a package: ".to_owned(),
        false => format!("{} is not a package: ", path.display()),
    }
}

/// What is wrong with an archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// There is no such file.
    #[error("it does not exist")]
    Missing,
    /// Not a regular file.
    #[error("it is not a file")]
    NotAFile,
    /// The file cannot be read.
    #[error("it cannot be read")]
    Read(#[source] io::Error),
    /// The file is larger than the limit.
    #[error("it has {0} bytes; the limit `archive_bytes` is {ARCHIVE_BYTES}")]
    TooLarge(u64),
    /// Begins unlike an archive.
    #[error("it does not begin as a zip archive does")]
    NotAnArchive,
    /// The end record is not there.
    #[error("it is cut off: the record with which an archive ends is missing")]
    CutOff,
    /// Something follows the end record.
    #[error("{0} bytes follow its end, where nothing may follow")]
    Trailing(usize),
    /// The archive has a comment.
    #[error("it has a comment of {0} bytes, where nothing may be said")]
    Comment(usize),
    /// A field says that the value stands in a ZIP64 record.
    #[error("it is a ZIP64 archive, which a package never needs")]
    Zip64,
    /// More entries than the limit, or none.
    #[error("it has {0} entries; a package has 1 to {ARCHIVE_ENTRIES} (limit `archive_entries`)")]
    EntryCount(u32),
    /// The directory does not end where the end record begins, or its records do not fill it.
    #[error("its directory does not fill the place that the end record gives it")]
    Directory,
    /// A record has a value that no package has there.
    #[error("{} {deviation}", of_record(.entry, *.record))]
    Record {
        /// Which record.
        record: RecordKind,
        /// The entry's name, if it is known.
        entry: Option<String>,
        /// The field and its value.
        deviation: Deviation,
    },
    /// A name that is not allowed.
    #[error("the name of entry `{}` {fault}", shown(.name))]
    Name {
        /// The name; what is not UTF-8 is replaced.
        name: String,
        /// What is wrong with it.
        fault: NameFault,
    },
    /// The same name twice.
    #[error("entry `{}` is there twice", shown(.0))]
    Duplicate(String),
    /// Entries that do not stand in the order of their names.
    #[error("entry `{}` stands after `{}`, but entries are sorted by name", shown(.name), shown(.after))]
    Order {
        /// The entry.
        name: String,
        /// The one before.
        after: String,
    },
    /// The signature is not the last entry.
    #[error("entry `{}` stands after the signature, which must be the last entry", shown(.0))]
    AfterSignature(String),
    /// Two paths that differ in case only.
    #[error(
        "`{}` and `{}` differ in case only, and some systems take them for the same",
        shown(.first),
        shown(.second)
    )]
    Case {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// A path that is a file and a folder.
    #[error("`{}` is both a file and a folder", shown(.name))]
    FileAndFolder {
        /// The path.
        name: String,
    },
    /// The local header says something else than the directory.
    #[error("entry `{}` has another {what} in its local header than in the directory", shown(.name))]
    Disagreement {
        /// The entry.
        name: String,
        /// What differs.
        what: &'static str,
    },
    /// The local header is not where the entry before ends.
    #[error("entry `{}` begins at byte {found}, but what is before it ends at byte {expected}", shown(.name))]
    Place {
        /// The entry.
        name: String,
        /// Where it begins.
        found: u64,
        /// Where it should begin.
        expected: u64,
    },
    /// The content would go past the beginning of the directory.
    #[error("entry `{}` goes on past the beginning of the directory", shown(.0))]
    PastDirectory(String),
    /// Something between the last entry and the directory.
    #[error("{0} bytes between the last entry and the directory belong to nothing")]
    Gap(u64),
    /// Packed by something else than deflate.
    #[error("entry `{}` is packed by method {method}; a package stores (0) or deflates (8)", shown(.name))]
    Method {
        /// The entry.
        name: String,
        /// The method.
        method: u32,
    },
    /// Stored, but with two sizes.
    #[error("entry `{}` is stored but declares {packed} packed bytes for {bytes} bytes", shown(.name))]
    StoredSize {
        /// The entry.
        name: String,
        /// Packed bytes.
        packed: u64,
        /// Bytes.
        bytes: u64,
    },
    /// Deflated without need.
    #[error("entry `{}` is deflated but not smaller for it, so it must be stored", shown(.0))]
    NotSmaller(String),
    /// The signature is deflated.
    #[error("entry `{}` must be stored, not deflated", shown(.0))]
    MustBeStored(String),
    /// Grows too much.
    #[error(
        "entry `{}` would grow from {packed} to {bytes} bytes; the limit `archive_ratio` is {ARCHIVE_RATIO}",
        shown(.name)
    )]
    Ratio {
        /// The entry.
        name: String,
        /// Packed bytes.
        packed: u64,
        /// Bytes.
        bytes: u64,
    },
    /// The content of one entry is larger than its kind may be.
    #[error("entry `{}` has {bytes} bytes; the limit `{limit}` is {most}", shown(.name))]
    ContentTooLarge {
        /// The entry.
        name: String,
        /// Its bytes.
        bytes: u64,
        /// The limit's name.
        limit: &'static str,
        /// The limit.
        most: u64,
    },
    /// All contents together are larger than the limit.
    #[error("its contents have {0} bytes or more; the limit `archive_content_bytes` is {ARCHIVE_CONTENT_BYTES}")]
    ContentsTooLarge(u64),
    /// The packed content cannot be unpacked.
    #[error("the packed content of entry `{}` is damaged", shown(.0))]
    Damaged(String),
    /// The content is not as long as declared.
    #[error("entry `{}` declares {declared} bytes but has {}", shown(.name), more_or(*.found))]
    Length {
        /// The entry.
        name: String,
        /// Declared bytes.
        declared: u64,
        /// The bytes that are there; `None` if there are more.
        found: Option<u64>,
    },
    /// Something follows the packed content.
    #[error("{rest} bytes follow the packed content of entry `{}`", shown(.name))]
    Rest {
        /// The entry.
        name: String,
        /// How many.
        rest: u64,
    },
    /// The content has another CRC-32.
    #[error("the content of entry `{}` does not have the CRC-32 that is declared", shown(.0))]
    Crc(String),
    /// An entry that a package does not have.
    #[error("entry `{}` has no place in a package", shown(.0))]
    Unknown(String),
    /// More assets than a package may have.
    #[error("it has more than {ASSET_FILES} assets (limit `asset_files`)")]
    TooManyAssets,
    /// There is no manifest.
    #[error("it has no manifest.json")]
    ManifestMissing,
    /// The manifest cannot be used.
    #[error(transparent)]
    Manifest(ManifestError),
    /// Name and version make too long a name for a file.
    #[error("name and version in manifest.json make a file name longer than {ARCHIVE_NAME_BYTES} bytes")]
    FileName,
    /// The component that the manifest names is not there.
    #[error("the component `{}`, which the manifest names, is missing", shown(.0))]
    ComponentMissing(String),
    /// The component cannot lie there.
    #[error(
        "the manifest names the component `{}`, but a component ends with `.wasm` and lies neither under `{ASSETS}` nor \
         under `{PICTURES}`",
        shown(.0)
    )]
    ComponentName(String),
    /// The component has no bytes.
    #[error("the component `{}` is empty", shown(.0))]
    ComponentEmpty(String),
    /// Something else is WebAssembly, too.
    #[error("entry `{}` is WebAssembly besides the component that the manifest names", shown(.0))]
    SecondComponent(String),
    /// A required asset is not there.
    #[error("asset `{}`, required as `{}` for {pid}, is missing", shown(.asset), shown(.kind))]
    AssetMissing {
        /// The product model.
        pid: String,
        /// The kind.
        kind: String,
        /// Its path in the package.
        asset: String,
    },
    /// There is no list of digests.
    #[error("it has no digests.json")]
    DigestsMissing,
    /// The list of digests cannot be read.
    #[error("digests.json is not a list of digests")]
    Digests(#[source] StrictJsonError),
    /// A version of the list that this host does not read.
    #[error("digests.json has version {0}, but this host reads version {known}", known = super::digests::VERSION)]
    DigestsVersion(u32),
    /// The list does not name an entry.
    #[error("digests.json does not name entry `{}`", shown(.0))]
    DigestMissing(String),
    /// The list names what is not there.
    #[error("digests.json names `{}`, which is not there", shown(.0))]
    DigestOfNothing(String),
    /// The content has another length or SHA-256.
    #[error("the content of entry `{}` is not what digests.json says", shown(.0))]
    DigestWrong(String),
    /// The list says the right thing in another form.
    #[error("digests.json is not written in its one form: sorted, indented by two spaces, with a line end")]
    DigestsForm,
    /// The list of golden cases cannot be read.
    #[error("cases.json is not a list of golden cases")]
    Cases(#[source] serde_json::Error),
    /// A case names a picture that is not there, or not under `pictures/`.
    #[error("cases.json names the picture `{}`, which is not there", shown(.0))]
    PictureMissing(String),
    /// A picture that no case names.
    #[error("no case in cases.json names the picture `{}`", shown(.0))]
    PictureUnnamed(String),
    /// The signature's text has another form.
    #[error("the signature is not written in its one form: {0}")]
    SignatureForm(&'static str),
    /// A signature would be added to a signed package.
    #[error("it is signed already")]
    Signed,
    /// The caller gave what the writer makes itself.
    #[error("`{}` is made by whoever writes the package", shown(.0))]
    Reserved(String),
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Explain for ArchiveError {
    fn code(&self) -> Cow<'static, str> {
        match *self.fault {
            Fault::Missing | Fault::NotAFile | Fault::Read(_) | Fault::Write { .. } => "2005",
            Fault::ManifestMissing | Fault::Manifest(_) => "2002",
            Fault::ComponentMissing(_) | Fault::AssetMissing { .. } => "2004",
            _ => "2001",
        }
        .into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match &*self.fault {
            Fault::Missing => "name a package that exists",
            Fault::NotAFile | Fault::Read(_) => "name a file that can be read",
            Fault::Write { .. } => "make room, or name a folder that can be written to",
            Fault::NotAnArchive | Fault::CutOff | Fault::Damaged(_) | Fault::Crc(_) => {
                "fetch the package again; it is damaged or was not copied to its end"
            }
            Fault::Unknown(_) => {
                "leave it out, or put it under `assets/`; a package holds manifest.json, the component, assets/, \
                 cases.json with pictures/, sbom.cdx.json, digests.json and signature.minisig"
            }
            Fault::Name { .. } | Fault::Case { .. } | Fault::FileAndFolder { .. } => {
                "rename it and make the package again with `procvision package`"
            }
            Fault::ManifestMissing | Fault::Manifest(_) | Fault::FileName => {
                "correct the manifest and make the package again with `procvision package`"
            }
            Fault::ComponentMissing(_) | Fault::ComponentName(_) | Fault::ComponentEmpty(_) => {
                "build the component, correct `component` in the manifest, and make the package again"
            }
            Fault::AssetMissing { .. } => "add the asset, or correct `required_assets` in the manifest",
            Fault::SecondComponent(_) => "leave it out: nothing but the component that the manifest names is code",
            Fault::Cases(_) | Fault::PictureMissing(_) | Fault::PictureUnnamed(_) => {
                "correct cases.json or its pictures and make the package again"
            }
            Fault::DigestMissing(_) | Fault::DigestOfNothing(_) | Fault::DigestWrong(_) => {
                "do not use it: it was changed after it was made; ask who made it for another"
            }
            Fault::Signed => "remove the signature first, or sign the unsigned package",
            Fault::SignatureForm(_) => "sign the package with `procvision sign`, or with minisign",
            Fault::Reserved(_) => "leave it out of the files that are packed",
            Fault::TooLarge(_)
            | Fault::EntryCount(_)
            | Fault::ContentTooLarge { .. }
            | Fault::ContentsTooLarge(_)
            | Fault::TooManyAssets => "make the package smaller",
            _ => "make the package with `procvision package`; other tools write other archives",
        };
        Some(remedy.into())
    }

    fn subject_failed(&self) -> bool {
        !matches!(
            *self.fault,
            Fault::Missing | Fault::NotAFile | Fault::Read(_) | Fault::Write { .. }
        )
    }
}

/// A name from an archive as it is shown in a sentence: in one line, and not without end.
fn shown(name: &str) -> Cow<'_, str> {
    visible::shortened(name, 80)
}

fn of_record(entry: &Option<String>, record: RecordKind) -> String {
    match entry {
        Some(name) => format!("entry `{}`, by its {record},", shown(name)),
        None => format!("its {record}"),
    }
}

fn more_or(found: Option<u64>) -> String {
    found.map_or("more".to_owned(), |found| found.to_string())
}
