//! `procvision keygen`: a pair of keys for signing packages.

use super::error::CommandError;
use super::exit::Exit;
use super::terminal::DONE;
use super::{help, secrets, terminal};
use clap::Args;
use procvision_host::signing::{KeyError, NewKey};
use procvision_host::visible;
use procvision_host::whole_file::Existing;
use serde_json::json;
use std::path::{Component, Path, PathBuf};

/// Make a pair of keys: NAME.key to sign packages with, NAME.pub for the stations
///
/// The keys are Ed25519 keys in the form of minisign. The secret one is encrypted with a password, which is asked for on
/// the terminal, and only its owner can read the file.
#[derive(Args)]
#[command(after_help = help::KEYGEN)]
pub struct Keygen {
    /// Name of the two files in this folder, without ending
    #[arg(required_unless_present = "output")]
    name: Option<String>,

    /// Path of the two files, without ending
    #[arg(short, long, value_name = "PATH", conflicts_with = "name")]
    output: Option<PathBuf>,

    /// Take the password from the first line of this file or pipe, which only its owner may be able to read
    #[arg(long, value_name = "FILE", conflicts_with = "no_password")]
    password_file: Option<PathBuf>,

    /// Do not encrypt the secret key: whoever gets the file can sign
    #[arg(long)]
    no_password: bool,

    /// Replace keys that are there, which are lost then
    #[arg(long)]
    force: bool,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

impl Keygen {
    /// Makes the keys and says where they are.
    pub fn run(&self) -> Result<Exit, CommandError> {
        let stem = self.stem()?;
        let [secret, public] = [".key", ".pub"].map(|ending| {
            let mut path = stem.as_os_str().to_owned();
            path.push(ending);
            PathBuf::from(path)
        });
        if !self.force {
            // Before anybody has thought of a password.
            for path in [&secret, &public] {
                if path.symlink_metadata().is_ok() {
                    return Err(KeyError::Exists(path.clone()).into());
                }
            }
        }
        secrets::keep_memory_private()?;
        let password = match self.no_password {
            true => None,
            false => Some(secrets::new_password(self.password_file.as_deref())?),
        };
        let key = NewKey::generate(password.as_ref())?;
        let existing = if self.force { Existing::Replace } else { Existing::Keep };
        key.write(&secret, &public, existing)?;
        let id = key.public().id();
        let warning = password
            .is_none()
            .then(|| format!("{} is not encrypted: whoever gets the file can sign", secret.display()));
        if self.json {
            terminal::print_json(&json!({
                "schema": 1,
                "key_id": id,
                "secret_key": secret,
                "public_key": public,
                "encrypted": password.is_some(),
                "public_key_text": key.public().to_text(),
                "warnings": warning.iter().map(|message| json!({"kind": "not_encrypted", "message": message})).collect::<Vec<_>>(),
            }))?;
        } else {
            let line = |path: &Path| visible::line(&path.to_string_lossy()).into_owned();
            let (secret, public) = (line(&secret), line(&public));
            let mut text = format!(
                "{DONE}Made{DONE:#} the key {id}\n  {secret}  keep it secret, and keep a copy\n  {public}  give it to the stations"
            );
            if let Some(warning) = &warning {
                text.push_str(&terminal::warning(warning));
            }
            terminal::print(&text)?;
        }
        Ok(Exit::Good)
    }

    /// The path of both files without their endings.
    fn stem(&self) -> Result<PathBuf, CommandError> {
        let given = match (&self.output, &self.name) {
            (Some(output), _) => output.clone(),
            (None, name) => PathBuf::from(name.as_deref().unwrap_or_default()),
        };
        let stem = match given.extension() {
            Some(ending) if ending == "key" || ending == "pub" => given.with_extension(""),
            _ => given,
        };
        let mut parts = stem.components();
        let last = parts.next_back();
        let plain = matches!(last, Some(Component::Normal(_))) && !stem.to_string_lossy().ends_with('/');
        if !plain || (self.output.is_none() && parts.next().is_some()) {
            let message = format!("`{}` is not the name of a file", stem.display());
            return Err(CommandError::could_not_run("usage", message)
                .help("give a name such as `acme`, or a path with -o, such as `-o keys/acme`"));
        }
        Ok(stem)
    }
}
