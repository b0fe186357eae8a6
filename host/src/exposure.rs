//! Whether others than root and the user who runs this could change what lies at a path: the thing itself, or a folder or
//! link on the way to it.

use crate::explain::Explain;
use rustix::io::Errno;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

const ROOT: u32 = 0;
/// Group or others may write.
const WRITABLE: u32 = 0o022;
/// Only the owner of an entry, or of the folder, may rename or remove the entry.
const STICKY: u32 = 0o1000;
/// Links that are followed on one way, as the kernel does.
const LINKS: u32 = 40;

/// Why something that only its user should change is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExposureError {
    /// Others can change it.
    #[error(
        "others than root and the user who runs this can change {}{}, and signatures are strict here",
        part.display(),
        on_the_way(part, path)
    )]
    Exposed {
        /// What must be safe.
        path: PathBuf,
        /// What can be changed: it, or a folder or link on the way to it.
        part: PathBuf,
    },
    /// It cannot be looked at.
    #[error("cannot find out who can change {}", path.display())]
    Io {
        /// What must be safe.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn on_the_way(part: &Path, path: &Path) -> String {
    match part == path {
        true => String::new(),
        false => format!(", on the way to {}", path.display()),
    }
}

impl Explain for ExposureError {
    fn code(&self) -> Cow<'static, str> {
        "policy-exposed".into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Exposed { .. } => {
                "let it belong to that user or to root, and take the right to write from group and others with `chmod go-w`"
            }
            Self::Io { .. } => "make the folders on the way to it readable",
        };
        Some(remedy.into())
    }
}

/// Makes sure that nobody else can change what lies at `path`. What is not there cannot be changed.
///
/// # Errors
///
/// See [`ExposureError`].
pub(crate) fn check(path: &Path) -> Result<(), ExposureError> {
    match exposed(path, rustix::process::geteuid().as_raw()) {
        Ok(None) => Ok(()),
        Ok(Some(part)) => Err(ExposureError::Exposed {
            path: path.to_owned(),
            part,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(ExposureError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

/// The first thing on the way to `path`, itself included, that others than root and `user` could change.
fn exposed(path: &Path, user: u32) -> io::Result<Option<PathBuf>> {
    let mut here = PathBuf::from("/");
    let mut rest = parts(&std::path::absolute(path)?);
    let mut links = 0;
    while let Some(part) = rest.pop_front() {
        match part {
            Part::Root => here = PathBuf::from("/"),
            Part::Up => {
                here.pop();
            }
            Part::Name(name) => {
                let next = here.join(name);
                let metadata = fs::symlink_metadata(&next)?;
                if metadata.is_symlink() {
                    links += 1;
                    if links > LINKS {
                        return Err(Errno::LOOP.into());
                    }
                    // In a folder with the sticky bit, whose link it is counts.
                    if !belongs(&metadata, user) {
                        return Ok(Some(next));
                    }
                    for part in parts(&fs::read_link(&next)?).into_iter().rev() {
                        rest.push_front(part);
                    }
                    continue;
                }
                here = next;
            }
        }
        if !is_safe_on_the_way(&fs::symlink_metadata(&here)?, user) {
            return Ok(Some(here));
        }
    }
    // Here the sticky bit is no excuse: whoever can add to a folder of keys is trusted soon.
    let exposed = fs::symlink_metadata(&here)?.mode() & WRITABLE != 0;
    Ok(exposed.then_some(here))
}

/// Whether nobody but root and `user` can put something else in the place of what lies in a folder. A group that may write
/// counts like everybody: who is in it can change at any time, and this program cannot know.
pub(crate) fn is_safe_on_the_way(metadata: &Metadata, user: u32) -> bool {
    let mode = metadata.mode();
    belongs(metadata, user) && (mode & WRITABLE == 0 || metadata.is_dir() && mode & STICKY != 0)
}

fn belongs(metadata: &Metadata, user: u32) -> bool {
    metadata.uid() == ROOT || metadata.uid() == user
}

/// A step on a path.
enum Part {
    Root,
    Up,
    Name(OsString),
}

fn parts(path: &Path) -> VecDeque<Part> {
    let parts = path.components().filter_map(|component| match component {
        Component::RootDir => Some(Part::Root),
        Component::ParentDir => Some(Part::Up),
        Component::Normal(name) => Some(Part::Name(name.to_owned())),
        Component::CurDir | Component::Prefix(_) => None,
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn what_others_can_change_on_the_way_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let user = rustix::process::geteuid().as_raw();
        // What lies above is as it is on this machine.
        let found = |path: &Path| exposed(path, user).unwrap();
        let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let top = fs::canonicalize(folder.path()).unwrap();
        let (outer, inner, file) = (top.join("outer"), top.join("outer/inner"), top.join("outer/inner/file"));
        fs::create_dir_all(&inner).unwrap();
        fs::write(&file, "").unwrap();
        let link = top.join("link");
        symlink("outer/../outer/inner", &link).unwrap();
        let modes = [
            (0o755, 0o755, 0o644, None),
            (0o755, 0o755, 0o664, Some(&file)),
            (0o755, 0o755, 0o646, Some(&file)),
            (0o755, 0o775, 0o644, Some(&inner)),
            (0o777, 0o755, 0o644, Some(&outer)),
            (0o1777, 0o755, 0o644, None),
        ];
        for (outer_mode, inner_mode, file_mode, expected) in modes {
            set(&outer, outer_mode);
            set(&inner, inner_mode);
            set(&file, file_mode);
            assert_eq!(found(&file).as_ref(), expected);
            assert_eq!(found(&link.join("file")).as_ref(), expected);
        }
        set(&outer, 0o755);
        // At the end of the way the sticky bit does not help.
        set(&inner, 0o1777);
        assert_eq!(found(&file), None);
        assert_eq!(found(&inner), Some(inner));
        assert_eq!(exposed(&file, user + 1).unwrap().is_none(), user == ROOT);
        let missing = exposed(&top.join("outer/nothing"), user).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        let round = top.join("round");
        symlink("round", &round).unwrap();
        assert!(exposed(&round, user).is_err());
    }
}
