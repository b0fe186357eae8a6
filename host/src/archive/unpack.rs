//! Putting the contents of an archive on disk, so that they are there whatever happens to the machine afterwards.

use super::error::{ArchiveError, Fault};
use super::name::ASSETS;
use super::{Archive, Entry};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const FILE_MODE: u32 = 0o644;
const FOLDER_MODE: u32 = 0o755;

/// Writes every entry into `folder`. Nothing that is there already is touched or used: neither files nor folders.
pub(super) fn unpack(archive: &Archive, folder: &Path) -> Result<(), ArchiveError> {
    let mut folders = BTreeSet::new();
    for entry in archive.entries() {
        let write = |source: io::Error, path: &Path| {
            let path = path.to_owned();
            ArchiveError::new(archive.path(), Fault::Write { path, source })
        };
        for (end, _) in entry.name.match_indices('/') {
            let inner = folder.join(&entry.name[..end]);
            if folders.insert(inner.clone()) {
                make_folder(&inner).map_err(|error| write(error, &inner))?;
            }
        }
        let path = folder.join(&entry.name);
        write_file(archive, entry, &path)?.map_err(|error| write(error, &path))?;
    }
    // What lies inside comes before that which it lies in.
    let outside = PathBuf::from(folder);
    for folder in folders.iter().rev().chain([&outside]) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| {
            let path = folder.clone();
            ArchiveError::new(archive.path(), Fault::Write { path, source })
        })?;
    }
    Ok(())
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(FOLDER_MODE).create(path)?;
    // Whatever the process's own mask is.
    fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE))
}

fn write_file(archive: &Archive, entry: &Entry, path: &Path) -> Result<io::Result<()>, ArchiveError> {
    let create = || {
        let mut options = File::options();
        let file = options.write(true).create_new(true).mode(FILE_MODE).open(path)?;
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
        Ok(file)
    };
    let mut file = match create() {
        Ok(file) => file,
        Err(error) => return Ok(Err(error)),
    };
    let written = write_content(archive, entry, &mut file)?;
    Ok(written.and_then(|()| file.sync_all()))
}

fn write_content(archive: &Archive, entry: &Entry, file: &mut File) -> Result<io::Result<()>, ArchiveError> {
    let mut written = Ok(());
    archive.each_piece(entry, |piece| {
        if written.is_ok() {
            written = file.write_all(piece);
        }
    })?;
    Ok(written)
}

/// Every asset in a file of its own that has no name, so that nobody else can open it and nothing of it is left when
/// it is closed, however this process ends.
pub(super) fn open_assets(archive: &Archive) -> Result<BTreeMap<String, File>, ArchiveError> {
    let mut files = BTreeMap::new();
    for entry in archive.entries() {
        let Some(name) = entry.name.strip_prefix(ASSETS) else {
            continue;
        };
        let write = |source| {
            let path = std::env::temp_dir();
            ArchiveError::new(archive.path(), Fault::Write { path, source })
        };
        let mut file = tempfile::tempfile().map_err(write)?;
        write_content(archive, entry, &mut file)?.map_err(write)?;
        files.insert(name.to_owned(), file);
    }
    Ok(files)
}
