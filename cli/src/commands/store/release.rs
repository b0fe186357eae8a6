//! Names, versions and product models as arguments.

use clap::Args;
use procvision_host::manifest::{is_name, is_pid};
use procvision_host::store::Release;
use semver::Version;

/// A version of an algorithm.
#[derive(Args)]
pub(super) struct ReleaseArgs {
    /// Name of the algorithm
    #[arg(value_parser = parse_name)]
    name: String,

    /// Its version, such as 1.1.0
    version: Version,
}

impl ReleaseArgs {
    pub(super) fn release(&self) -> Release {
        Release {
            name: self.name.clone(),
            version: self.version.clone(),
        }
    }
}

/// The name of an algorithm.
pub(super) fn parse_name(text: &str) -> Result<String, String> {
    match is_name(text) {
        true => Ok(text.to_owned()),
        false => Err(
            "a name has lower-case letters, digits and underscores, starts with a letter and has at most 64 characters"
                .to_owned(),
        ),
    }
}

/// A version of an algorithm in one word: `cap_check@1.1.0`.
pub(in crate::commands) fn parse_release(text: &str) -> Result<Release, String> {
    let (name, version) = text
        .split_once('@')
        .ok_or("write it as NAME@VERSION, such as cap_check@1.1.0")?;
    Ok(Release {
        name: parse_name(name)?,
        version: version
            .parse()
            .map_err(|error| format!("`{version}` is no version: {error}"))?,
    })
}

/// A product model.
pub(super) fn parse_pid(text: &str) -> Result<String, String> {
    match is_pid(text) {
        true => Ok(text.to_owned()),
        false => Err("a product model has 1 to 64 letters, digits, `-`, `_` or `.`".to_owned()),
    }
}
