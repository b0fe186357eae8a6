//! `procvision verify`: whether a package is in order, and who signed it.

use super::error::CommandError;
use super::exit::Exit;
use super::outputs::unwritable;
use super::{help, terminal};
use anstyle::{AnsiColor, Style};
use clap::Args;
use procvision_host::archive::Archive;
use procvision_host::signing::{self, Place, PublicKey, SignatureStatus, TrustStore};
use procvision_host::visible;
use procvision_host::whole_file::{self, Existing};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();

/// Check a package's form, digests and signature
///
/// The signature inside is looked at, and the one beside it in ZIP.minisig or --signature. Whoever is not named by
/// --key or --trust is not trusted.
#[derive(Args)]
#[command(after_help = help::VERIFY)]
pub struct Verify {
    /// The package
    #[arg(value_name = "ZIP")]
    package: PathBuf,

    /// Trust this public key
    #[arg(short, long, value_name = "NAME.pub", conflicts_with = "trust")]
    key: Option<PathBuf>,

    /// Trust the public keys in this folder, but not those in its folder `revoked`
    #[arg(short, long, value_name = "DIR")]
    trust: Option<PathBuf>,

    /// File of a signature that does not lie in the package [default: ZIP.minisig, if there is one]
    #[arg(short, long, value_name = "FILE")]
    signature: Option<PathBuf>,

    /// Write the package without its signature and the signature apart to this folder, for the minisign tool
    #[arg(long, value_name = "DIR")]
    split: Option<PathBuf>,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

impl Verify {
    /// Checks and says what came of it.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let package = Archive::read(&self.package)?;
        let beside = self.beside()?;
        let trust = self.trust()?;
        let now = OffsetDateTime::now_utc();
        let (inside, manifest) = (package.signature(), package.manifest());
        let each = signing::assess_each(&package.unsigned(), inside, beside.as_deref(), manifest, &trust, now);
        let status = signing::worst(&each);
        let split = match &self.split {
            Some(folder) => self.split(&package, beside.as_deref(), folder)?,
            None => Vec::new(),
        };
        if self.json {
            let of = |(place, status): &(Place, SignatureStatus)| {
                let mut value = status.to_json();
                value["place"] = json!(place);
                value
            };
            terminal::print_json(&json!({
                "schema": 1,
                "valid": status.is_valid(),
                "name": manifest.name,
                "version": manifest.version,
                "sha256": package.digest(),
                "signature": status,
                "signatures": each.iter().map(of).collect::<Vec<Value>>(),
                "split": split,
                "warnings": trust.warnings().iter().map(|message| json!({"kind": "trust_folder", "message": message})).collect::<Vec<_>>(),
            }))?;
        } else {
            terminal::print(&self.to_text(&package, &status, &each, &split, &trust))?;
        }
        Ok(match status.is_valid() {
            true => Exit::Good,
            false => Exit::SubjectFailed,
        })
    }

    fn beside(&self) -> Result<Option<String>, CommandError> {
        let Some(file) = &self.signature else {
            return Ok(signing::read_beside(&signing::beside_path(&self.package))?);
        };
        let text = signing::read_beside(file)?;
        text.map(Some).ok_or_else(|| {
            CommandError::could_not_run("unreadable", format!("the signature {} does not exist", file.display()))
        })
    }

    fn trust(&self) -> Result<TrustStore, CommandError> {
        Ok(match (&self.key, &self.trust) {
            (Some(file), _) => {
                let name = file.file_stem().unwrap_or(file.as_os_str());
                TrustStore::of_key(name.to_string_lossy(), PublicKey::read(file)?)
            }
            (None, Some(folder)) => TrustStore::open(folder)?,
            (None, None) => TrustStore::empty(),
        })
    }

    /// Writes the unsigned package and the signature inside, or else the one beside, and gives their paths.
    fn split(&self, package: &Archive, beside: Option<&str>, folder: &Path) -> Result<Vec<PathBuf>, CommandError> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(unwritable(folder, &error.to_string()));
            }
            _ => {}
        }
        let name = self.package.file_name().unwrap_or(OsStr::new("package.zip"));
        let unsigned = folder.join(name);
        let mut files = vec![(unsigned.clone(), package.unsigned().into_owned())];
        if let Some(text) = package.signature().or(beside) {
            files.push((signing::beside_path(&unsigned), text.as_bytes().to_vec()));
        }
        for (path, bytes) in &files {
            whole_file::write(path, bytes, 0o644, Existing::Keep).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    CommandError::could_not_run("exists", format!("{} exists already", path.display()))
                        .help("name a folder where it does not")
                }
                _ => unwritable(path, &error.to_string()),
            })?;
        }
        Ok(files.into_iter().map(|(path, _)| path).collect())
    }

    fn to_text(
        &self,
        package: &Archive,
        status: &SignatureStatus,
        each: &[(Place, SignatureStatus)],
        split: &[PathBuf],
        trust: &TrustStore,
    ) -> String {
        let (style, word) = match status.is_valid() {
            true => (GREEN, "VALID"),
            false => (RED, "NOT VALID"),
        };
        let manifest = package.manifest();
        // Writing to a string cannot fail.
        let mut text = format!("{style}{word}{style:#}  {}", visible::line(&status.to_string()));
        let _ = write!(
            text,
            "\n  {} {}, SHA-256 {}",
            manifest.name,
            manifest.version,
            package.digest()
        );
        for (place, status) in each {
            let _ = write!(
                text,
                "\n  signature {}: {}",
                place.as_str(),
                status.as_str().replace('_', " ")
            );
            if let Some(signature) = status.signature() {
                if let Some(signed) = signature.signed {
                    let _ = write!(text, ", made {}", signing::show_moment(signed));
                }
                if let Some(last) = signature.expires {
                    let _ = write!(text, ", valid through {} (UTC)", signing::show_day(last));
                }
                let _ = write!(text, "\n    {}", visible::line(&signature.trusted_comment));
            }
        }
        for path in split {
            let _ = write!(text, "\n  written: {}", visible::line(&path.to_string_lossy()));
        }
        for warning in trust.warnings() {
            text.push_str(&terminal::warning(warning));
        }
        if matches!(status, SignatureStatus::UnknownKey { .. }) && self.key.is_none() && self.trust.is_none() {
            text.push_str("\n  nobody is trusted without --key NAME.pub or --trust DIR");
        }
        text
    }
}
