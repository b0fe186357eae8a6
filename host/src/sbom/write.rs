//! Writing a bill of materials.

use super::{Crate, CrateGraph, licence, purl};
use crate::manifest::Manifest;
use crate::report::sha256;
use cyclonedx_bom::errors::JsonWriteError;
use cyclonedx_bom::models::bom::BomReference;
use cyclonedx_bom::models::component::{Classification, Scope};
use cyclonedx_bom::models::composition::{AggregateType, Composition, Compositions};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::hash::{Hash, HashAlgorithm, HashValue, Hashes};
use cyclonedx_bom::models::license::{LicenseChoice, Licenses};
use cyclonedx_bom::models::property::{Properties, Property};
use cyclonedx_bom::models::tool::Tools;
use cyclonedx_bom::prelude::{Bom, Component, Components, Metadata, NormalizedString, Purl, SpecVersion, Validate};
use std::collections::BTreeMap;
use std::str::FromStr;

const PACKAGE: &str = "package";
const WASM: &str = "component";
const RUST: &str = "rust-std";

/// What the bill is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The package's manifest.
    pub manifest: &'a Manifest,
    /// The bytes of its component.
    pub component: &'a [u8],
}

/// What is known about what the component is made of.
#[derive(Clone, Copy, Debug)]
pub enum Contents<'a> {
    /// The crates that cargo has linked into it.
    Built(&'a CrateGraph),
    /// The crates that it lists itself.
    Embedded(&'a CrateGraph),
    /// Nothing.
    Unknown,
}

impl Contents<'_> {
    /// The word for it in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Built(_) => "built",
            Self::Embedded(_) => "embedded",
            Self::Unknown => "unknown",
        }
    }
}

/// Why no bill was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SbomWriteError {
    /// It breaks the rules of CycloneDX.
    #[error("the bill of materials would not be valid CycloneDX: {0}")]
    Invalid(String),
    /// It cannot be written as JSON.
    #[error("the bill of materials cannot be written")]
    Json(#[source] JsonWriteError),
}

/// The bill of materials of a package, as JSON with a line break at its end.
///
/// # Errors
///
/// See [`SbomWriteError`]; only names that no crate can have lead to one.
pub fn write(subject: Subject<'_>, contents: Contents<'_>) -> Result<Vec<u8>, SbomWriteError> {
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let mut compositions = Vec::new();
    let mut of_package = Vec::new();
    match contents {
        Contents::Built(graph) | Contents::Embedded(graph) => {
            let references = references(graph);
            let reference = |place: usize| references.get(place).cloned();
            for (place, one) in graph.crates.iter().enumerate() {
                let mut uses: Vec<String> = one.dependencies.iter().filter_map(|place| reference(*place)).collect();
                if graph.root == Some(place) && graph.rust.is_some() {
                    uses.push(RUST.to_owned());
                }
                let name = reference(place).unwrap_or_default();
                components.push(describe(one, &name));
                dependencies.push(depends(name, uses));
            }
            match graph.root.and_then(reference) {
                Some(root) => of_package.push(root),
                // Nobody says where it begins, so that all of it is what the package uses.
                None => of_package.extend(references.iter().cloned()),
            }
            compositions.push(completeness(AggregateType::Complete, references));
            if let Some(version) = &graph.rust {
                components.push(standard_library(version));
                dependencies.push(depends(RUST.to_owned(), Vec::new()));
                compositions.push(completeness(AggregateType::Unknown, vec![RUST.to_owned()]));
            }
        }
        Contents::Unknown => compositions.push(completeness(AggregateType::Unknown, vec![PACKAGE.to_owned()])),
    }
    dependencies.insert(0, depends(PACKAGE.to_owned(), of_package));
    let bom = Bom {
        serial_number: None,
        metadata: Some(Metadata {
            timestamp: None,
            tools: Some(Tools::Object {
                services: None,
                components: Some(Components(vec![Component::new(
                    Classification::Application,
                    "procvision",
                    env!("CARGO_PKG_VERSION"),
                    None,
                )])),
            }),
            authors: None,
            component: Some(package(subject)),
            manufacture: None,
            supplier: None,
            licenses: None,
            properties: Some(Properties(vec![Property::new(
                "procvision:contents",
                contents.as_str(),
            )])),
            lifecycles: None,
        }),
        components: Some(Components(components)),
        dependencies: Some(Dependencies(dependencies)),
        compositions: Some(Compositions(compositions)),
        spec_version: SpecVersion::V1_5,
        ..Bom::default()
    };
    let validity = bom.validate();
    if validity.has_errors() {
        return Err(SbomWriteError::Invalid(format!("{validity:?}")));
    }
    let mut text = Vec::new();
    bom.output_as_json(&mut text, SpecVersion::V1_5)
        .map_err(SbomWriteError::Json)?;
    text.push(b'\n');
    Ok(text)
}

/// A name for each crate in the bill. Two crates can differ in nothing but their source.
fn references(graph: &CrateGraph) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let name = |one: &Crate| {
        let name = format!("{}@{}", one.name, one.version);
        let count = seen.entry(name.clone()).or_insert(0);
        *count += 1;
        match *count {
            1 => name,
            more => format!("{name}#{more}"),
        }
    };
    graph.crates.iter().map(name).collect()
}

fn package(Subject { manifest, component }: Subject<'_>) -> Component {
    let version = manifest.version.to_string();
    let mut package = named(Classification::Application, &manifest.name, &version, PACKAGE);
    package.description = Some(NormalizedString::new(&manifest.description));
    let mut wasm = named(Classification::File, &manifest.component, &version, WASM);
    wasm.version = None;
    wasm.hashes = Some(hashes(&sha256(component)));
    package.components = Some(Components(vec![wasm]));
    package
}

fn describe(one: &Crate, reference: &str) -> Component {
    let mut component = named(Classification::Library, &one.name, &one.version, reference);
    component.scope = Some(if one.linked { Scope::Required } else { Scope::Excluded });
    component.licenses = licence::of(one);
    component.hashes = one.sha256.as_deref().map(hashes);
    // Never fails: what it takes is checked with the whole bill.
    component.purl = purl::of(one).and_then(|purl| Purl::from_str(&purl).ok());
    if !one.features.is_empty() {
        let features = Property::new("procvision:features", &one.features.join(","));
        component.properties = Some(Properties(vec![features]));
    }
    component
}

/// What every crate is linked with. It has dependencies of its own, which the toolchain does not list.
fn standard_library(version: &str) -> Component {
    let mut component = named(Classification::Library, RUST, version, RUST);
    component.description = Some(NormalizedString::new(
        "Rust's standard library and what is in it, as the toolchain delivers it compiled",
    ));
    component.scope = Some(Scope::Required);
    component.licenses = Some(Licenses(vec![LicenseChoice::expression("MIT OR Apache-2.0")]));
    component
}

fn named(class: Classification, name: &str, version: &str, reference: &str) -> Component {
    Component::new(class, name, version, Some(reference.to_owned()))
}

fn hashes(sha256: &str) -> Hashes {
    Hashes(vec![Hash {
        alg: HashAlgorithm::SHA_256,
        content: HashValue(sha256.to_owned()),
    }])
}

fn depends(dependency_ref: String, dependencies: Vec<String>) -> Dependency {
    Dependency {
        dependency_ref,
        dependencies,
    }
}

fn completeness(aggregate: AggregateType, of: Vec<String>) -> Composition {
    let of = of.into_iter().map(BomReference).collect();
    let of_package = aggregate == AggregateType::Unknown;
    Composition {
        bom_ref: None,
        aggregate,
        assemblies: of_package.then(|| Vec::clone(&of)),
        dependencies: Some(of),
        vulnerabilities: None,
        signature: None,
    }
}
