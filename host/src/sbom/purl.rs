//! Package URLs of crates.

use super::{Crate, CrateSource};

/// The crate's package URL. A crate that nobody else can fetch has none: a plain one would say that it is what crates.io
/// has under this name.
pub(super) fn of(one: &Crate) -> Option<String> {
    let qualifier = match &one.source {
        CrateSource::CratesIo => String::new(),
        CrateSource::Registry(Some(index)) => format!("?repository_url={}", encoded(index)),
        CrateSource::Git(Some(address)) => format!("?vcs_url={}", encoded(&vcs(address))),
        CrateSource::Registry(None) | CrateSource::Git(None) | CrateSource::Local | CrateSource::Other => return None,
    };
    Some(format!(
        "pkg:cargo/{}@{}{qualifier}",
        encoded(&one.name),
        encoded(&one.version)
    ))
}

/// `https://host/repository?branch=main#commit` as package URLs have it: `git+https://host/repository@commit`.
fn vcs(address: &str) -> String {
    let (address, commit) = address.split_once('#').unwrap_or((address, ""));
    let (address, _) = address.split_once('?').unwrap_or((address, ""));
    match commit {
        "" => format!("git+{address}"),
        commit => format!("git+{address}@{commit}"),
    }
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_source_has_its_form() {
        let of = |source| {
            of(&Crate {
                name: "wasip2".into(),
                version: "1.0.4+wasi-0.2.12".into(),
                source,
                licence: None,
                licence_file: None,
                sha256: None,
                features: Vec::new(),
                linked: true,
                dependencies: BTreeSet::new(),
            })
        };
        let plain = "pkg:cargo/wasip2@1.0.4%2Bwasi-0.2.12";
        assert_eq!(of(CrateSource::CratesIo).unwrap(), plain);
        assert_eq!(
            of(CrateSource::Git(Some("https://example.com/a?tag=v1#0123".into()))).unwrap(),
            format!("{plain}?vcs_url=git%2Bhttps%3A%2F%2Fexample.com%2Fa%400123")
        );
        assert_eq!(
            of(CrateSource::Registry(Some("https://example.com/".into()))).unwrap(),
            format!("{plain}?repository_url=https%3A%2F%2Fexample.com%2F")
        );
        assert_eq!(of(CrateSource::Local), None);
    }
}
