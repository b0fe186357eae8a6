//! What `cargo auditable` leaves in a component: the list of its crates, in custom sections named `.dep-v0`.

use super::{Crate, CrateGraph, CrateSource};
use auditable_serde::{DependencyKind, Package, Source, VersionInfo};
use flate2::read::ZlibDecoder;
use std::collections::BTreeSet;
use std::io::{self, Read};
use wasmparser::{BinaryReaderError, Parser, Payload};

const SECTION: &str = ".dep-v0";
/// Most bytes of the list once it is unpacked. Lists of real programs have some kilobytes; a small section can claim to
/// hold gigabytes.
const LIST_BYTES: u64 = 8 << 20;

/// Why the data in a component cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// Not WebAssembly, or damaged.
    #[error("the component is damaged")]
    Component(#[source] BinaryReaderError),
    /// The section cannot be unpacked.
    #[error("the list of dependencies in the component cannot be unpacked")]
    Packed(#[source] io::Error),
    /// It is larger than any list.
    #[error("the list of dependencies in the component has more than {LIST_BYTES} bytes")]
    TooLarge,
    /// It is not such a list.
    #[error("the list of dependencies in the component makes no sense")]
    List(#[source] serde_json::Error),
    /// A crate of the list depends on one that is not in it.
    #[error("the list of dependencies in the component names a place {0} that it does not have")]
    Place(usize),
}

/// The crates that the component says it is made of, or `None` if it does not say. A component of several modules can
/// have several such lists; they are put one after the other, and then no crate is the root.
///
/// # Errors
///
/// See [`EmbeddedError`].
pub fn embedded_dependencies(component: &[u8]) -> Result<Option<CrateGraph>, EmbeddedError> {
    let mut graph: Option<CrateGraph> = None;
    let mut room = LIST_BYTES;
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::CustomSection(section) = payload.map_err(EmbeddedError::Component)?
            && section.name() == SECTION
        {
            let list = unpack(section.data(), room)?;
            // Never more than there was room for.
            room = room.saturating_sub(list.len() as u64);
            let list: VersionInfo = serde_json::from_slice(&list).map_err(EmbeddedError::List)?;
            append(&mut graph, list.packages)?;
        }
    }
    Ok(graph)
}

fn unpack(packed: &[u8], limit: u64) -> Result<Vec<u8>, EmbeddedError> {
    let mut list = Vec::new();
    ZlibDecoder::new(packed)
        .take(limit.saturating_add(1))
        .read_to_end(&mut list)
        .map_err(EmbeddedError::Packed)?;
    if list.len() as u64 > limit {
        return Err(EmbeddedError::TooLarge);
    }
    Ok(list)
}

fn append(graph: &mut Option<CrateGraph>, packages: Vec<Package>) -> Result<(), EmbeddedError> {
    let is_first = graph.is_none();
    let graph = graph.get_or_insert_default();
    let offset = graph.crates.len();
    let count = packages.len();
    graph.root = packages.iter().position(|package| package.root).filter(|_| is_first);
    for package in packages {
        let mut dependencies = BTreeSet::new();
        for place in package.dependencies {
            if place >= count {
                return Err(EmbeddedError::Place(place));
            }
            dependencies.insert(offset + place);
        }
        graph.crates.push(Crate {
            name: package.name,
            version: package.version.to_string(),
            source: match package.source {
                Source::CratesIo => CrateSource::CratesIo,
                Source::Registry => CrateSource::Registry(None),
                Source::Git => CrateSource::Git(None),
                Source::Local => CrateSource::Local,
                _ => CrateSource::Other,
            },
            licence: None,
            licence_file: None,
            sha256: None,
            features: Vec::new(),
            linked: package.kind == DependencyKind::Runtime,
            dependencies,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use serde_json::json;
    use std::io::Write;
    use wasm_encoder::{Component, CustomSection, Module, ModuleSection};

    fn component(lists: &[&[u8]]) -> Vec<u8> {
        let mut module = Module::new();
        for list in lists {
            module.section(&CustomSection {
                name: SECTION.into(),
                data: (*list).into(),
            });
        }
        let mut component = Component::new();
        component.section(&ModuleSection(&module));
        component.finish()
    }

    fn packed(list: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(list).unwrap();
        encoder.finish().unwrap()
    }

    fn list(root: &str) -> Vec<u8> {
        let list = json!({"packages": [
            {"name": "cc", "version": "1.2.0", "source": "crates.io", "kind": "build"},
            {"name": root, "version": "0.1.0", "source": "local", "root": true, "dependencies": [0, 2]},
            {"name": "serde", "version": "1.0.0", "source": "crates.io"},
        ]});
        packed(list.to_string().as_bytes())
    }

    #[test]
    fn a_list_is_found_inside_the_component() {
        assert_eq!(embedded_dependencies(&component(&[])).unwrap(), None);
        let graph = embedded_dependencies(&component(&[&list("alg")])).unwrap().unwrap();
        assert_eq!(graph.root, Some(1));
        let crates: Vec<_> = graph.crates.iter().map(|one| (one.name.as_str(), one.linked)).collect();
        assert_eq!(crates, [("cc", false), ("alg", true), ("serde", true)]);
        assert_eq!(graph.crates[1].dependencies, BTreeSet::from([0, 2]));

        let two = embedded_dependencies(&component(&[&list("a"), &list("b")]))
            .unwrap()
            .unwrap();
        assert_eq!(two.root, None);
        assert_eq!(two.crates[4].dependencies, BTreeSet::from([3, 5]));
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        let bomb = packed(&vec![b' '; usize::try_from(LIST_BYTES).unwrap() + 1]);
        assert!(bomb.len() < 20_000);
        let error = |list: &[u8]| embedded_dependencies(&component(&[list])).unwrap_err();
        assert!(matches!(error(&bomb), EmbeddedError::TooLarge));
        assert!(matches!(error(b"no zlib"), EmbeddedError::Packed(_)));
        assert!(matches!(error(&packed(b"[")), EmbeddedError::List(_)));
        let whole = list("a");
        assert!(matches!(error(&whole[..whole.len() / 2]), EmbeddedError::Packed(_)));
        let cyclic = json!({"packages": [
            {"name": "a", "version": "1.0.0", "source": "local", "dependencies": [1]},
            {"name": "b", "version": "1.0.0", "source": "local", "dependencies": [0]},
        ]});
        assert!(matches!(
            error(&packed(cyclic.to_string().as_bytes())),
            EmbeddedError::List(_)
        ));
        let nowhere = json!({"packages": [
            {"name": "a", "version": "1.0.0", "source": "local", "dependencies": [7]},
        ]});
        assert!(matches!(
            error(&packed(nowhere.to_string().as_bytes())),
            EmbeddedError::Place(7)
        ));
        let half = packed(&vec![b' '; usize::try_from(LIST_BYTES).unwrap() / 2 + 1]);
        assert!(matches!(error(&half), EmbeddedError::List(_)));
        assert!(matches!(
            embedded_dependencies(b"text"),
            Err(EmbeddedError::Component(_))
        ));
    }
}
