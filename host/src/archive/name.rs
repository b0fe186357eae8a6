//! Names of entries: paths that mean the same file on every system, and what of a package each of them is.

use super::error::Fault;
use crate::limits::{ARCHIVE_NAME_BYTES, ARCHIVE_NAME_DEPTH};
use std::collections::HashMap;

/// The manifest.
pub const MANIFEST: &str = "manifest.json";
/// The list of digests.
pub const DIGESTS: &str = "digests.json";
/// The signature.
pub const SIGNATURE: &str = "signature.minisig";
/// The bill of materials.
pub const SBOM: &str = "sbom.cdx.json";
/// The golden cases.
pub const CASES: &str = "cases.json";
/// With what the names of assets begin.
pub const ASSETS: &str = "assets/";
/// With what the names of the golden cases' pictures begin.
pub const PICTURES: &str = "pictures/";

/// What an entry is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Manifest,
    Digests,
    Signature,
    Sbom,
    Cases,
    Asset,
    Picture,
    /// The component, if the manifest agrees.
    Component,
}

/// What an entry of this name is; `None` if a package has no such entries.
pub(super) fn kind(name: &str) -> Option<Kind> {
    let kind = match name {
        MANIFEST => Kind::Manifest,
        DIGESTS => Kind::Digests,
        SIGNATURE => Kind::Signature,
        SBOM => Kind::Sbom,
        CASES => Kind::Cases,
        _ if is_component(name) => Kind::Component,
        _ if name.starts_with(ASSETS) => Kind::Asset,
        _ if name.starts_with(PICTURES) => Kind::Picture,
        _ => return None,
    };
    Some(kind)
}

/// Whether it is the name of a component, in any case.
pub(super) fn is_component(name: &str) -> bool {
    let ending = name.len().checked_sub(".wasm".len()).and_then(|at| name.get(at..));
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".wasm"))
}

/// Why a name cannot be that of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameFault {
    /// Not UTF-8.
    #[error("is not UTF-8")]
    NotUtf8,
    /// No name at all.
    #[error("is empty")]
    Empty,
    /// Longer than the limit.
    #[error("is longer than the {ARCHIVE_NAME_BYTES} bytes a name may have")]
    TooLong,
    /// Deeper than the limit.
    #[error("has more than the {ARCHIVE_NAME_DEPTH} parts a name may have")]
    TooDeep,
    /// Begins with `/`.
    #[error("is an absolute path")]
    Absolute,
    /// Has a part `..`.
    #[error("leads out of the package")]
    Parent,
    /// Ends with `/`.
    #[error("is that of a folder, but a package holds files only")]
    Folder,
    /// Has an empty part or a part `.`.
    #[error("has a part without meaning (`.` or nothing)")]
    Meaningless,
    /// Has a backslash, which some systems take for `/`.
    #[error("has a backslash")]
    Backslash,
    /// Has a colon: a drive or a stream on some systems.
    #[error("has a colon, which names a drive on some systems")]
    Colon,
    /// Has characters that cannot be seen, or that change how others are shown.
    #[error("has characters that cannot be seen")]
    Invisible,
    /// Has a character that cannot be in the name of a file on some systems.
    #[error("has the character `{0}`, which some systems do not allow")]
    Character(char),
    /// A part ends with a dot or a space, which some systems drop.
    #[error("has a part that ends with a dot or a space, which some systems drop")]
    Ending,
}

/// The text of a name, if it can be that of an entry.
pub(super) fn check(name: &[u8]) -> Result<&str, NameFault> {
    if name.len() > ARCHIVE_NAME_BYTES {
        return Err(NameFault::TooLong);
    }
    let name = str::from_utf8(name).map_err(|_| NameFault::NotUtf8)?;
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    if name.contains('\\') {
        return Err(NameFault::Backslash);
    }
    if name.starts_with('/') {
        return Err(NameFault::Absolute);
    }
    if name.contains(':') {
        return Err(NameFault::Colon);
    }
    if matches!(crate::visible::line(name), std::borrow::Cow::Owned(_)) {
        return Err(NameFault::Invisible);
    }
    if let Some(character) = name.chars().find(|character| "*?\"<>|".contains(*character)) {
        return Err(NameFault::Character(character));
    }
    if name.split('/').any(|part| part == "..") {
        return Err(NameFault::Parent);
    }
    if name.ends_with('/') {
        return Err(NameFault::Folder);
    }
    if name.split('/').any(|part| matches!(part, "" | ".")) {
        return Err(NameFault::Meaningless);
    }
    if name.split('/').any(|part| part.ends_with(['.', ' '])) {
        return Err(NameFault::Ending);
    }
    if name.split('/').count() > ARCHIVE_NAME_DEPTH {
        return Err(NameFault::TooDeep);
    }
    Ok(name)
}

/// The files and folders that names speak of, to find those that some systems take for the same.
#[derive(Default)]
pub(super) struct Tree {
    /// By the path without distinction of case: the path, and whether it is a file.
    paths: HashMap<String, (String, bool)>,
}

impl Tree {
    /// Adds the file `name` and the folders it lies in.
    pub(super) fn add(&mut self, name: &str) -> Result<(), Fault> {
        let ends = name.match_indices('/').map(|(at, _)| at);
        for end in ends.chain([name.len()]) {
            let (path, file) = (&name[..end], end == name.len());
            let folded = path.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
            let known = self
                .paths
                .entry(folded.collect())
                .or_insert_with(|| (path.to_owned(), file));
            let (first, second) = (known.0.clone(), path.to_owned());
            if first != second {
                return Err(Fault::Case { first, second });
            }
            match (known.1, file) {
                (false, false) => {}
                // What was just put there, or the same name a second time.
                (true, true) => {}
                _ => return Err(Fault::FileAndFolder { name: second }),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_else_elsewhere_is_no_name() {
        let long = "a".repeat(ARCHIVE_NAME_BYTES + 1);
        let deep = format!("{}a", "a/".repeat(ARCHIVE_NAME_DEPTH));
        let cases: &[(&[u8], NameFault)] = &[
            (b"a/\xff", NameFault::NotUtf8),
            (b"", NameFault::Empty),
            (long.as_bytes(), NameFault::TooLong),
            (deep.as_bytes(), NameFault::TooDeep),
            (b"/etc/passwd", NameFault::Absolute),
            (b"..", NameFault::Parent),
            (b"assets/../../x", NameFault::Parent),
            (b"assets/", NameFault::Folder),
            (b"assets//x", NameFault::Meaningless),
            (b"./x", NameFault::Meaningless),
            (b"assets\\x", NameFault::Backslash),
            (b"\\\\server\\share", NameFault::Backslash),
            (b"C:x", NameFault::Colon),
            (b"a\0b", NameFault::Invisible),
            (b"a\x1b[2J", NameFault::Invisible),
            ("a\u{202e}gnp".as_bytes(), NameFault::Invisible),
            (b"a?", NameFault::Character('?')),
            (b"assets/x.", NameFault::Ending),
            (b"assets /x", NameFault::Ending),
        ];
        for (name, fault) in cases {
            assert_eq!(check(name), Err(*fault), "{:?}", String::from_utf8_lossy(name));
        }
        for name in ["manifest.json", "assets/a b.json", "assets/模板/ä.png", "a/..b/c"] {
            assert_eq!(check(name.as_bytes()), Ok(name));
        }
    }

    #[test]
    fn names_that_some_systems_take_for_the_same_are_found() {
        let collide = |names: &[&str]| {
            let mut tree = Tree::default();
            names.iter().try_for_each(|name| tree.add(name)).is_err()
        };
        assert!(collide(&["assets/a", "assets/A"]));
        assert!(collide(&["assets/ä", "assets/Ä"]));
        assert!(collide(&["assets/straße", "assets/STRASSE"]));
        assert!(collide(&["assets/\u{212a}", "assets/k"]));
        assert!(collide(&["assets/a/x", "assets/A/y"]));
        assert!(collide(&["assets/a", "assets/a/b"]));
        assert!(!collide(&["assets/a/x", "assets/a/y", "assets/ab", "manifest.json"]));
    }

    #[test]
    fn components_are_told_by_their_names_in_any_case() {
        assert!(is_component("a.wasm") && is_component("assets/a.WaSm"));
        assert!(!is_component("wasm") && !is_component("ä.wasn") && !is_component("a.wasm.txt"));
    }
}
