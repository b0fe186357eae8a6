//! The directory the demonstration leaves: an overview, the packages, three files for every case, and a station.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::example::Example;

/// Shows that a directory is ours and may be emptied.
const MARKER: &str = ".procvision-demo";
const MARKER_TEXT: &str = "Made by `cargo xtask demo`, which empties this directory when it runs again.\n";

/// A directory that holds nothing but what this run puts into it.
pub struct Output {
    dir: PathBuf,
}

/// Where the results of one case are.
pub struct CaseFiles {
    pub report: PathBuf,
    pub picture: PathBuf,
    answer: PathBuf,
    /// Relative to the output directory and without extension, with forward slashes.
    pub link: String,
}

impl Output {
    /// Makes `dir`, or empties it if an earlier run made it.
    ///
    /// # Errors
    ///
    /// It holds something that no earlier run put there, a station runs in it, or it cannot be written.
    pub fn prepare(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("cannot make the directory {}", dir.display()))?;
        let entries = fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
        let entries = entries
            .collect::<Result<Vec<_>, _>>()
            .with_context(|| format!("cannot list {}", dir.display()))?;
        let marker = dir.join(MARKER);
        let ours = fs::read_to_string(&marker).is_ok_and(|text| text == MARKER_TEXT);
        if !ours && !entries.is_empty() {
            bail!(
                "{} is not empty and was not made by `cargo xtask demo`, so it is left alone: choose another directory \
                 with --out",
                dir.display(),
            );
        }
        // A station holds this for as long as it runs.
        if let Ok(lock) = File::open(dir.join("station/store/station/lock"))
            && matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
        {
            bail!(
                "another demonstration's station runs in {}: end that one, or choose another directory with --out",
                dir.display()
            );
        }
        for entry in entries.iter().filter(|entry| entry.file_name() != OsStr::new(MARKER)) {
            let path = entry.path();
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let removed = if is_dir {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed.with_context(|| format!("cannot remove {}", path.display()))?;
        }
        write(&marker, MARKER_TEXT.as_bytes())?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// Copies what belongs to the package out of an example's folder, so that what is judged is the package.
    pub fn add_package(&self, example: &Example) -> Result<PathBuf> {
        let package = self.dir.join("packages").join(example.versioned_name());
        for file in [Path::new("manifest.json"), example.component()] {
            copy(&example.folder().join(file), &package.join(file))?;
        }
        let assets = example.folder().join("assets");
        if assets.is_dir() {
            copy(&assets, &package.join("assets"))?;
        }
        Ok(package)
    }

    /// Where the archive of an example's package goes.
    pub fn archive(&self, example: &Example) -> PathBuf {
        let name = format!("{}-offline.zip", example.versioned_name());
        self.dir.join("packages").join(name)
    }

    /// Where everything of the station is.
    pub fn station(&self) -> PathBuf {
        self.dir.join("station")
    }

    /// Writes a picture beside the station's page; the answer is its link there.
    pub fn write_station_picture(&self, result: u64, jpeg: &[u8]) -> Result<String> {
        let folder = self.station().join("pictures");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the directory {}", folder.display()))?;
        write(&folder.join(format!("{result}.jpg")), jpeg)?;
        Ok(format!("pictures/{result}.jpg"))
    }

    /// Writes the page about what the station has judged; the answer is its path.
    pub fn write_station_page(&self, page: &str) -> Result<PathBuf> {
        let path = self.station().join("index.html");
        write(&path, page.as_bytes())?;
        Ok(path)
    }

    /// Where the results of a case go; their directory exists afterwards.
    pub fn case_files(&self, package: &str, case: &str) -> Result<CaseFiles> {
        let plain = |c: char| {
            if c.is_alphanumeric() || "-_".contains(c) {
                c
            } else {
                '-'
            }
        };
        let stem: String = case.chars().map(plain).collect();
        let dir = self.dir.join("cases").join(package);
        fs::create_dir_all(&dir).with_context(|| format!("cannot make the directory {}", dir.display()))?;
        let file = |extension: &str| dir.join(format!("{stem}.{extension}"));
        let link = format!("cases/{package}/{stem}");
        Ok(CaseFiles {
            report: file("html"),
            picture: file("png"),
            answer: file("json"),
            link,
        })
    }

    /// Writes the overview; the answer is its path.
    pub fn write_index(&self, page: &str) -> Result<PathBuf> {
        let index = self.dir.join("index.html");
        write(&index, page.as_bytes())?;
        Ok(index)
    }
}

impl CaseFiles {
    /// Keeps the host's answer beside its report.
    pub fn keep_answer(&self, json: &[u8]) -> Result<()> {
        write(&self.answer, json)
    }
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// Copies a file, or a directory with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("cannot copy {} to {}", from.display(), to.display());
    if from.is_dir() {
        for entry in fs::read_dir(from).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).with_context(failed)?;
    }
    fs::copy(from, to).with_context(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_result_is_emptied_and_anything_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let ours = dir.path().join("a/b");
        Output::prepare(&ours)
            .unwrap()
            .case_files("p", "c")
            .unwrap()
            .keep_answer(b"{}")
            .unwrap();
        assert!(ours.join("cases/p/c.json").is_file());
        Output::prepare(&ours).unwrap();
        assert_eq!(fs::read_dir(&ours).unwrap().count(), 1, "only the marker is left");

        let theirs = dir.path().join("photos");
        fs::create_dir(&theirs).unwrap();
        fs::write(theirs.join("holiday.jpg"), "x").unwrap();
        let Err(error) = Output::prepare(&theirs) else {
            panic!("it was taken")
        };
        assert!(error.to_string().contains("photos"), "{error}");
        assert!(theirs.join("holiday.jpg").is_file());
        // A file that only happens to have the marker's name does not give a directory away.
        fs::write(theirs.join(MARKER), "mine").unwrap();
        assert!(Output::prepare(&theirs).is_err());
        assert!(theirs.join("holiday.jpg").is_file());
    }

    #[test]
    fn a_directory_in_which_a_station_runs_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        Output::prepare(dir.path()).unwrap();
        let folder = dir.path().join("station/store/station");
        fs::create_dir_all(&folder).unwrap();
        let station = File::create(folder.join("lock")).unwrap();
        station.lock().unwrap();
        let Err(error) = Output::prepare(dir.path()) else {
            panic!("it was emptied")
        };
        assert!(error.to_string().contains("station runs"), "{error}");
        assert!(folder.join("lock").is_file());
        drop(station);
        Output::prepare(dir.path()).unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn names_of_cases_become_names_of_files() {
        let dir = tempfile::tempdir().unwrap();
        let files = Output::prepare(dir.path())
            .unwrap()
            .case_files("p", "two/../parts: #1")
            .unwrap();
        assert_eq!(files.link, "cases/p/two----parts---1");
        assert_eq!(files.picture, dir.path().join("cases/p/two----parts---1.png"));
    }
}
