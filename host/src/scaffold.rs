//! A new algorithm project: files that build, pass their tests and run at once.

mod error;
mod names;
mod pictures;
mod sdk;
mod templates;

pub use error::InitError;

use names::Names;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What project to make.
#[derive(Clone, Debug)]
pub struct ProjectRequest {
    /// Lower-case letters, digits, `-` and `_`, beginning with a letter.
    pub name: String,
    /// The project's folder; else one called like the project. It must not exist or be empty.
    pub dir: Option<PathBuf>,
    /// Product models it judges, 1 to 50.
    pub pids: Vec<String>,
    /// A checkout of the SDK to depend on; else the SDK is copied into the project.
    pub sdk: Option<PathBuf>,
}

/// A project that was made.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its folder.
    pub dir: PathBuf,
    /// Cargo's name of it, with `-`.
    pub package: String,
    /// The manifest's name of it, with `_`.
    pub name: String,
    /// The SDK it depends on, if that is not copied into it.
    pub sdk: Option<PathBuf>,
}

/// Makes a project. Either the whole project is there afterwards, or nothing of it.
///
/// # Errors
///
/// If the name, a product model, the folder or the SDK cannot be used, or files cannot be written.
pub fn create(request: &ProjectRequest) -> Result<Project, InitError> {
    let names = Names::new(&request.name)?;
    names::check_pids(&request.pids)?;
    let dir = request.dir.clone().unwrap_or_else(|| PathBuf::from(&request.name));
    let sdk = request.sdk.as_deref().map(sdk::locate).transpose()?;
    let exists = is_empty_folder(&dir)?;

    let failed = |source| InitError::Write {
        dir: dir.clone(),
        source,
    };
    // Beside the place it will have, or inside it if that exists: a rename must not cross file systems.
    let near = if exists { dir.clone() } else { parent_of(&dir) };
    fs::create_dir_all(&near).map_err(failed)?;
    let temporary = tempfile::Builder::new()
        .prefix(".procvision-init-")
        .tempdir_in(&near)
        .map_err(failed)?;
    let staged = temporary.path().join("project");
    write_files(&staged, &names, &request.pids, sdk.as_deref()).map_err(failed)?;
    if exists {
        move_entries(&staged, &dir)
    } else {
        fs::rename(&staged, &dir)
    }
    .map_err(failed)?;

    Ok(Project {
        dir,
        package: names.package,
        name: names.manifest,
        sdk,
    })
}

fn write_files(dir: &Path, names: &Names, pids: &[String], sdk: Option<&Path>) -> io::Result<()> {
    for (path, text) in templates::render(names, pids, sdk).map_err(io::Error::other)? {
        write(&dir.join(path), text.as_bytes())?;
    }
    for (path, picture) in pictures::samples().map_err(io::Error::other)? {
        write(&dir.join(path), &picture)?;
    }
    if sdk.is_none() {
        sdk::copy_to(&dir.join(sdk::VENDORED))?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

/// Whether the folder exists. It must be empty if it does: nobody's files are overwritten.
fn is_empty_folder(dir: &Path) -> Result<bool, InitError> {
    match fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            None => Ok(true),
            Some(_) => Err(InitError::Occupied { dir: dir.to_owned() }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(_) if fs::symlink_metadata(dir).is_ok() => Err(InitError::Occupied { dir: dir.to_owned() }),
        Err(source) => Err(InitError::Write {
            dir: dir.to_owned(),
            source,
        }),
    }
}

fn parent_of(dir: &Path) -> PathBuf {
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn move_entries(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::rename(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
