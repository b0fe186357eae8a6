//! The crates behind a component.

use std::collections::BTreeSet;

/// Crates and what depends on what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrateGraph {
    /// The place in `crates` of the crate that became the component, if that is known.
    pub root: Option<usize>,
    /// In the order of names, versions and sources.
    pub crates: Vec<Crate>,
    /// Version of Rust that compiled them, and so of its standard library, if that is known.
    pub rust: Option<String>,
}

/// One crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crate {
    /// As cargo knows it.
    pub name: String,
    /// As cargo knows it.
    pub version: String,
    /// Where it comes from.
    pub source: CrateSource,
    /// What it says about its licence, in words of its own; in most cases an SPDX expression.
    pub licence: Option<String>,
    /// The name of its file with the licence, if it names one.
    pub licence_file: Option<String>,
    /// SHA-256 of the crate as its registry delivers it, in hex.
    pub sha256: Option<String>,
    /// The features that it was compiled with, sorted.
    pub features: Vec<String>,
    /// Whether it is in the component. Others, such as procedural macros and what build scripts use, have run on the
    /// machine that built it.
    pub linked: bool,
    /// Places of what it uses in [`CrateGraph::crates`].
    pub dependencies: BTreeSet<usize>,
}

/// Where a crate comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CrateSource {
    /// crates.io.
    CratesIo,
    /// Another registry, with the address of its index if that is worth telling.
    Registry(Option<String>),
    /// A git repository, with address and commit if they are worth telling.
    Git(Option<String>),
    /// The machine that built it.
    Local,
    /// Something else that a component's own data names.
    Other,
}

impl CrateSource {
    /// A source as cargo writes it, such as `registry+https://...`. Addresses lose user names and passwords, and places
    /// on this machine are not told.
    pub(crate) fn of_cargo(source: &str) -> Self {
        const CRATES_IO: [&str; 2] = [
            "registry+https://github.com/rust-lang/crates.io-index",
            "sparse+https://index.crates.io/",
        ];
        if CRATES_IO.contains(&source) {
            return Self::CratesIo;
        }
        match source.split_once('+') {
            Some(("git", address)) => Self::Git(public(address)),
            Some(("registry" | "sparse", address)) => Self::Registry(public(address)),
            Some(("path", _)) => Self::Local,
            _ => Self::Registry(None),
        }
    }
}

/// An address without user name and password, unless it leads to this machine.
fn public(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    if scheme == "file" {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Some(format!("{scheme}://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::CrateSource;

    #[test]
    fn sources_tell_neither_passwords_nor_places() {
        let cases = [
            (
                "registry+https://github.com/rust-lang/crates.io-index",
                CrateSource::CratesIo,
            ),
            ("sparse+https://index.crates.io/", CrateSource::CratesIo),
            (
                "sparse+https://kim:secret@crates.example.com/index/",
                CrateSource::Registry(Some("https://crates.example.com/index/".into())),
            ),
            (
                "git+ssh://git@example.com/a/b@c?branch=main#0123",
                CrateSource::Git(Some("ssh://example.com/a/b@c?branch=main#0123".into())),
            ),
            ("git+file:///home/kim/b#0123", CrateSource::Git(None)),
            ("registry+file:///home/kim/index", CrateSource::Registry(None)),
            ("path+file:///home/kim/b", CrateSource::Local),
            ("/home/kim", CrateSource::Registry(None)),
        ];
        for (source, expected) in cases {
            assert_eq!(CrateSource::of_cargo(source), expected, "{source}");
        }
    }
}
