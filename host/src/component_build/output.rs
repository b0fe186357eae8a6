//! Where a built component goes, and how it gets there.

use super::BuildError;
use crate::manifest::{Manifest, ManifestError};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

const MANIFEST: &str = "manifest.json";
const COMPONENT: &str = "component.wasm";

/// The place that the manifest in `dir` names for the component, or the usual one if there is no manifest yet.
pub(super) fn component_of(dir: &Path) -> Result<PathBuf, BuildError> {
    match Manifest::read(&dir.join(MANIFEST)) {
        Ok(manifest) => Ok(dir.join(manifest.component)),
        Err(ManifestError::Missing(_)) => Ok(dir.join(COMPONENT)),
        Err(error) => Err(error.into()),
    }
}

/// The default place for a component made from a lone file: beside it, never over it.
pub(super) fn beside(file: &Path) -> PathBuf {
    file.with_extension(COMPONENT)
}

/// Writes `bytes` to `path` so that a reader sees the old file or the whole new one.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    write_via_temporary(path, bytes).map_err(|source| BuildError::Write {
        path: path.to_owned(),
        source,
    })
}

fn write_via_temporary(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".component-").suffix(".tmp");
    // Temporary files are private by default; a component is read by whoever may read the folder.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file: NamedTempFile = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::write_atomically;
    use crate::component_build::BuildError;
    use std::fs;

    #[test]
    fn writing_leaves_the_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/component.wasm");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert!(matches!(
            write_atomically(&path.join("below"), b"x"),
            Err(BuildError::Write { .. })
        ));
    }
}
