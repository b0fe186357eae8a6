//! `procvision sign`: signs a package, inside the archive or beside it.

use super::error::CommandError;
use super::exit::Exit;
use super::outputs::unwritable;
use super::terminal::DONE;
use super::{help, secrets, terminal};
use clap::Args;
use procvision_host::archive::{self, Archive};
use procvision_host::signing::{self, NewSignature, Place, SecretKey};
use procvision_host::visible;
use procvision_host::whole_file::{self, Existing};
use serde_json::{Value, json};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use time::{Date, OffsetDateTime};

/// Sign a package
///
/// Every byte of the package is signed, with its name, version, digest and the time. The signature becomes the last
/// entry of the archive, or with --detached a file beside it.
#[derive(Args)]
#[command(after_help = help::SIGN)]
pub struct Sign {
    /// The package
    #[arg(value_name = "ZIP")]
    package: PathBuf,

    /// The secret key, NAME.key
    #[arg(short, long, value_name = "NAME.key")]
    key: PathBuf,

    /// Write the signature to ZIP.minisig and leave the package as it is
    #[arg(long)]
    detached: bool,

    /// Where the signed package, or with --detached the signature, is written [default: in place, or ZIP.minisig]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The last day on which the signature is to be valid, in UTC [default: no end]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_day)]
    expires: Option<Date>,

    /// Take the password from the first line of this file or pipe, which only its owner may be able to read
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// Replace a signature or a file that is there
    #[arg(long)]
    force: bool,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

fn parse_day(text: &str) -> Result<Date, String> {
    signing::parse_day(text).ok_or_else(|| "expected a day such as 2027-06-30".to_owned())
}

impl Sign {
    /// Signs and says what was written.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let package = Archive::read(&self.package)?;
        if !self.detached && !self.force && package.signature().is_some() {
            let message = format!("{} is signed already", self.package.display());
            return Err(CommandError::could_not_run("exists", message)
                .help("replace its signature with --force, or add a second one beside it with --detached"));
        }
        let target = self.target()?;
        let key = secrets::unlock(&self.key, self.password_file.as_deref())?;
        let unsigned = package.unsigned();
        let now = OffsetDateTime::now_utc();
        let signature = signing::sign(&unsigned, package.manifest(), &key, now, self.expires)?;
        let bytes = match self.detached {
            true => signature.text.clone().into_bytes(),
            // Read again, so that nothing is written that no station would read.
            false => Archive::parse(archive::embed(&unsigned, &signature.text)?, &self.package)?.into_bytes(),
        };
        target.write(&bytes)?;
        if self.json {
            terminal::print_json(&self.to_json(&package, &key, &signature, &target.path))?;
        } else {
            terminal::print(&text_of(&package, &key, &signature, &target.path))?;
        }
        Ok(Exit::Good)
    }

    fn target(&self) -> Result<Target, CommandError> {
        let replace = if self.force { Existing::Replace } else { Existing::Keep };
        let target = match (&self.output, self.detached) {
            (Some(output), _) => Target::new(output.clone(), replace),
            (None, true) => Target::new(signing::beside_path(&self.package), replace),
            (None, false) => return Target::in_place(&self.package),
        };
        if target.existing == Existing::Keep && target.path.symlink_metadata().is_ok() {
            return Err(exists(&target.path));
        }
        Ok(target)
    }

    fn to_json(&self, package: &Archive, key: &SecretKey, signature: &NewSignature, written: &Path) -> Value {
        let place = if self.detached { Place::Beside } else { Place::Inside };
        json!({
            "schema": 1,
            "written": written,
            "place": place,
            "name": package.manifest().name,
            "version": package.manifest().version,
            "sha256": package.digest(),
            "key_id": key.public().id(),
            "signed": signing::show_moment(signature.signed),
            "expires": signature.expires.map(signing::show_day),
            "trusted_comment": signature.trusted_comment,
        })
    }
}

/// What is written to.
struct Target {
    path: PathBuf,
    existing: Existing,
    mode: u32,
}

impl Target {
    fn new(path: PathBuf, existing: Existing) -> Self {
        Self {
            path,
            existing,
            mode: 0o644,
        }
    }

    /// The package itself, not a link to it, with the mode that it has.
    fn in_place(package: &Path) -> Result<Self, CommandError> {
        let found = package.canonicalize().and_then(|path| Ok((path.metadata()?, path)));
        let (metadata, path) = found.map_err(|error| unwritable(package, &error.to_string()))?;
        Ok(Self {
            path,
            existing: Existing::Replace,
            mode: metadata.permissions().mode() & 0o777,
        })
    }

    fn write(&self, bytes: &[u8]) -> Result<(), CommandError> {
        whole_file::write(&self.path, bytes, self.mode, self.existing).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(&self.path),
            _ => unwritable(&self.path, &error.to_string()),
        })
    }
}

fn exists(path: &Path) -> CommandError {
    CommandError::could_not_run("exists", format!("{} exists already", path.display()))
        .help("replace it with --force, or name another file with -o")
}

fn text_of(package: &Archive, key: &SecretKey, signature: &NewSignature, written: &Path) -> String {
    let manifest = package.manifest();
    let until = match signature.expires {
        Some(last) => format!(", valid through {} (UTC)", signing::show_day(last)),
        None => String::new(),
    };
    format!(
        "{DONE}Signed{DONE:#} {} {} with the key {}{until}\n  {}\n  SHA-256 {}",
        manifest.name,
        manifest.version,
        key.public().id(),
        visible::line(&written.to_string_lossy()),
        package.digest(),
    )
}
