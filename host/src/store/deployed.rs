//! What is deployed, compared with the registry while it is read: a file that was changed is not used.

use super::Store;
use super::audit::hex;
use super::progress::{Progress, Stage};
use super::registry::{FileRecord, Installed, Release};
use crate::opening::{self, Links};
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

const OPEN_FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
/// Folders in folders of a package. More than any path in one has parts of use.
const DEPTH: usize = 64;

/// What is wrong with a deployed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Missing,
    /// A link, a folder, a device or the like.
    NotAFile,
    Altered,
    /// The registry does not know it.
    Extra,
    Unreadable(String),
}

impl Fault {
    pub(super) fn sentence(&self, path: &str) -> String {
        match self {
            Self::Missing => format!("{path} is missing"),
            Self::NotAFile => format!("{path} is not a file"),
            Self::Altered => format!("{path} was changed"),
            Self::Extra => format!("{path} was added"),
            Self::Unreadable(why) => format!("{path} cannot be read: {why}"),
        }
    }
}

fn fault(errno: Errno) -> Fault {
    match errno {
        Errno::NOENT => Fault::Missing,
        Errno::LOOP | Errno::NOTDIR | Errno::NXIO => Fault::NotAFile,
        errno => Fault::Unreadable(io::Error::from(errno).to_string()),
    }
}

/// A folder of the store, such as an installed version's, opened without following a link.
pub(super) struct Deployed(OwnedFd);

impl Deployed {
    /// The folder `path` of the store.
    pub(super) fn folder(path: &Path) -> Result<Self, Fault> {
        let folder = rustix::fs::openat(CWD, path, OPEN_FOLDER, Mode::empty());
        folder.map(Self).map_err(fault)
    }

    /// The folder of an installed version.
    pub(super) fn open(store: &Store, release: &Release) -> Result<Self, Fault> {
        let open = |folder: &OwnedFd, name: &str| rustix::fs::openat(folder, name, OPEN_FOLDER, Mode::empty());
        let deployed = rustix::fs::openat(CWD, store.layout.deployed(), OPEN_FOLDER, Mode::empty());
        deployed
            .and_then(|folder| open(&folder, &release.name))
            .and_then(|folder| open(&folder, &release.version.to_string()))
            .map(Self)
            .map_err(fault)
    }

    /// The file `path`, open, if it is a plain file and no part of its path is a link.
    fn file(&self, path: &str) -> Result<(File, u64), Fault> {
        let mut folder = None::<OwnedFd>;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let here = folder.as_ref().unwrap_or(&self.0);
            if parts.peek().is_some() {
                let next = rustix::fs::openat(here, part, OPEN_FOLDER, Mode::empty()).map_err(fault)?;
                folder = Some(next);
                continue;
            }
            let (file, stat) = opening::open_at(here, part, Links::Refuse).map_err(fault)?;
            if opening::kind(&stat) != FileType::RegularFile {
                return Err(Fault::NotAFile);
            }
            return Ok((file, u64::try_from(stat.st_size).unwrap_or(0)));
        }
        Err(Fault::Missing)
    }

    /// The content of a file, if it is what the registry says.
    pub(super) fn read(&self, path: &str, record: &FileRecord) -> Result<Vec<u8>, Fault> {
        let (file, bytes) = self.file(path)?;
        if bytes != record.bytes {
            return Err(Fault::Altered);
        }
        let mut content = Vec::new();
        file.take(record.bytes.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(|error| Fault::Unreadable(error.to_string()))?;
        if content.len() as u64 != record.bytes || hex(&Sha256::digest(&content)) != record.sha256 {
            return Err(Fault::Altered);
        }
        Ok(content)
    }

    /// Compares a file with the registry without keeping it.
    pub(super) fn compare(&self, path: &str, record: &FileRecord) -> Result<(), Fault> {
        let (file, bytes) = self.file(path)?;
        if bytes != record.bytes {
            return Err(Fault::Altered);
        }
        match digest(file, record.bytes) {
            Ok(sha256) if sha256 == record.sha256 => Ok(()),
            Ok(_) => Err(Fault::Altered),
            Err(error) => Err(Fault::Unreadable(error.to_string())),
        }
    }

    /// Everything in the folder that is not a folder, and folders that hold no file of the package.
    pub(super) fn extra(&self, known: &BTreeSet<&str>) -> Result<Vec<String>, Fault> {
        let mut extra = Vec::new();
        self.look(&self.0, "", known, DEPTH, &mut extra)?;
        extra.sort();
        Ok(extra)
    }

    fn look(
        &self,
        folder: &OwnedFd,
        prefix: &str,
        known: &BTreeSet<&str>,
        depth: usize,
        extra: &mut Vec<String>,
    ) -> Result<(), Fault> {
        let unreadable = |errno: Errno| Fault::Unreadable(io::Error::from(errno).to_string());
        for entry in Dir::read_from(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy();
            if matches!(name.as_ref(), "." | "..") {
                continue;
            }
            let path = format!("{prefix}{name}");
            if known.contains(path.as_str()) {
                continue;
            }
            let inside = format!("{path}/");
            let holds_known = known
                .range(inside.as_str()..)
                .next()
                .is_some_and(|next| next.starts_with(&inside));
            if !holds_known || depth == 0 {
                extra.push(path);
                continue;
            }
            // What is not a folder here is missed as the folder of the files that it should hold.
            if let Ok(next) = rustix::fs::openat(folder, entry.file_name(), OPEN_FOLDER, Mode::empty()) {
                self.look(&next, &inside, known, depth - 1, extra)?;
            }
        }
        Ok(())
    }

    /// Whether every file is there with its size; contents are not looked at.
    pub(super) fn looks_whole(&self, installed: &Installed) -> bool {
        let files = &installed.files;
        files
            .iter()
            .all(|(path, record)| self.file(path).is_ok_and(|(_, bytes)| bytes == record.bytes))
    }
}

/// SHA-256 in hex of at most `most` bytes and one more of a file.
pub(super) fn digest(file: File, most: u64) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut rest = file.take(most.saturating_add(1));
    let mut part = vec![0; 256 << 10];
    loop {
        match rest.read(&mut part) {
            Ok(0) => return Ok(hex(&digest.finalize())),
            Ok(read) => digest.update(&part[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Everything that is wrong with what is deployed of a version: path in the package, and what.
pub(super) fn faults(
    store: &Store,
    release: &Release,
    installed: &Installed,
    progress: &mut dyn Progress,
    done: &mut u64,
    all: u64,
) -> Vec<(String, Fault)> {
    progress.stage(Stage::Hashing);
    let folder = match Deployed::open(store, release) {
        Ok(folder) => folder,
        Err(fault) => return vec![(String::new(), fault)],
    };
    let mut faults = Vec::new();
    for (path, record) in &installed.files {
        if let Err(fault) = folder.compare(path, record) {
            faults.push((path.clone(), fault));
        }
        *done = done.saturating_add(record.bytes);
        progress.advance(*done, all);
    }
    let known = installed.files.keys().map(String::as_str).collect();
    match folder.extra(&known) {
        Ok(extra) => faults.extend(extra.into_iter().map(|path| (path, Fault::Extra))),
        Err(fault) => faults.push((String::new(), fault)),
    }
    faults
}

/// The path of a file of a version, as it is shown.
pub(super) fn shown(release: &Release, path: &str) -> String {
    let folder = Path::new("deployed")
        .join(&release.name)
        .join(release.version.to_string());
    match path {
        "" => folder.display().to_string(),
        path => folder.join(path).display().to_string(),
    }
}
