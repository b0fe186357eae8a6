use super::*;
use crate::limits::SBOM_BYTES;
use crate::manifest::Manifest;
use cyclonedx_bom::models::bom::Bom;
use cyclonedx_bom::prelude::Validate;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

fn manifest() -> Manifest {
    let manifest = json!({
        "manifest_version": 1, "name": "caps", "version": "1.2.3", "description": "Are\tall caps there?",
        "component": "component.wasm", "supported_pids": ["A01"],
    });
    Manifest::parse(manifest.to_string().as_bytes(), Path::new("manifest.json")).unwrap()
}

fn one(name: &str, source: CrateSource, licence: Option<&str>, linked: bool, dependencies: &[usize]) -> Crate {
    Crate {
        name: name.into(),
        version: "1.0.0".into(),
        sha256: (source == CrateSource::CratesIo).then(|| "ab".repeat(32)),
        source,
        licence: licence.map(str::to_owned),
        licence_file: Some("COPYING".into()),
        features: vec!["default".into(), "std".into()],
        linked,
        dependencies: dependencies.iter().copied().collect::<BTreeSet<_>>(),
    }
}

fn graph() -> CrateGraph {
    CrateGraph {
        root: Some(0),
        crates: vec![
            one("caps", CrateSource::Local, Some("Apache-2.0 OR MIT"), true, &[1, 2, 3]),
            one("old", CrateSource::CratesIo, Some("MIT/Apache-2.0"), true, &[]),
            one(
                "old",
                CrateSource::Git(Some("https://example.com/old#01".into())),
                Some("as you like"),
                true,
                &[],
            ),
            one("derive", CrateSource::CratesIo, None, false, &[]),
        ],
        rust: Some("1.95.0".into()),
    }
}

fn text(contents: Contents<'_>) -> Vec<u8> {
    let manifest = manifest();
    let subject = Subject {
        manifest: &manifest,
        component: b"wasm",
    };
    write(subject, contents).unwrap()
}

#[test]
fn a_bill_is_valid_and_the_same_every_time() {
    let graph = graph();
    for contents in [Contents::Built(&graph), Contents::Embedded(&graph), Contents::Unknown] {
        let first = text(contents);
        assert_eq!(first, text(contents));
        let bom = Bom::parse_from_json(first.as_slice()).unwrap();
        assert!(!bom.validate().has_errors(), "{:?}", bom.validate());
        let value: Value = serde_json::from_slice(&first).unwrap();
        assert_eq!(value["specVersion"], "1.5");
        for absent in ["serialNumber", "timestamp"] {
            assert!(value.get(absent).is_none() && value["metadata"].get(absent).is_none());
        }
    }
}

#[test]
fn a_bill_says_what_is_in_the_component_and_what_only_built_it() {
    let graph = graph();
    let value: Value = serde_json::from_slice(&text(Contents::Built(&graph))).unwrap();
    let old = &value["components"][1];
    assert_eq!(old["purl"], "pkg:cargo/old@1.0.0");
    assert_eq!(old["hashes"][0]["content"], "ab".repeat(32));
    let edges = value["dependencies"].as_array().unwrap();
    let of = |name: &str| edges.iter().find(|edge| edge["ref"] == name).unwrap()["dependsOn"].clone();
    assert_eq!(of("package"), json!(["caps@1.0.0"]));
    assert_eq!(
        of("caps@1.0.0"),
        json!(["old@1.0.0", "old@1.0.0#2", "derive@1.0.0", "rust-std"])
    );

    let read = Sbom::read(&text(Contents::Built(&graph))).unwrap();
    assert_eq!(read.completeness, Completeness::Complete);
    assert_eq!(read.subject.as_ref().unwrap().name, "caps");
    let licences: Vec<_> = read
        .components
        .iter()
        .map(|one| (one.name.as_str(), one.licences.join("; "), one.scope))
        .collect();
    let expected = [
        ("caps", "Apache-2.0 OR MIT", Scope::Required),
        ("old", "MIT OR Apache-2.0", Scope::Required),
        ("old", "as you like", Scope::Required),
        ("derive", "see its file COPYING", Scope::Excluded),
        ("rust-std", "MIT OR Apache-2.0", Scope::Required),
    ];
    assert_eq!(
        licences,
        expected.map(|(name, licence, scope)| (name, licence.to_owned(), scope))
    );
    assert_eq!(read.included(), 4);
}

#[test]
fn a_bill_without_contents_says_that_it_does_not_know() {
    let read = Sbom::read(&text(Contents::Unknown)).unwrap();
    assert_eq!(read.completeness, Completeness::Unknown);
    assert!(read.components.is_empty());
}

#[test]
fn a_bill_of_somebody_else_is_read_or_refused() {
    let good = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "x",
        "components": [{
            "type": "library", "name": "a", "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "own"}}],
            "components": [{"name": "b", "version": "2", "scope": "optional"}],
        }],
        "compositions": [{"aggregate": "complete"}, {"aggregate": "incomplete_first_party_only"}],
    });
    let read = Sbom::read(good.to_string().as_bytes()).unwrap();
    assert_eq!(read.components[0].licences, ["MIT", "own"]);
    assert_eq!(
        (read.components[1].name.as_str(), read.components[1].scope),
        ("b", Scope::Optional)
    );
    assert_eq!(read.completeness, Completeness::Incomplete);

    let mut other = good.clone();
    other["bomFormat"] = json!("SPDX");
    assert!(matches!(
        Sbom::read(other.to_string().as_bytes()),
        Err(SbomError::Format(_))
    ));
    let deep = format!(
        "{{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":{}{}}}",
        "[{\"name\":\"a\",\"components\":".repeat(5000),
        "[]".to_owned() + &"}]".repeat(5000)
    );
    for bad in ["", "[]", "{\"bomFormat\": \"CycloneDX\"}", deep.as_str()] {
        assert!(matches!(Sbom::read(bad.as_bytes()), Err(SbomError::Syntax(_))));
    }
    let too_large = vec![b' '; usize::try_from(SBOM_BYTES).unwrap() + 1];
    assert!(matches!(Sbom::read(&too_large), Err(SbomError::TooLarge)));
}
