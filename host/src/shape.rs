//! What a component is made of, read from the binary itself before anything is compiled: imports, exports, core
//! modules, memories. Refuses shapes that the sandbox does not run.

use crate::contract::{self, Import, ImportClass, VersionMatch};
use crate::explain::Explain;
use crate::imports::cut;
use crate::limits::MEMORIES;
use crate::policy::ImportRules;
use crate::visible;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write as _;
use wasmparser::{Encoding, Instance, Parser, Payload, Validator, WasmFeatures};

/// What a component is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// What it imports and what becomes of each import.
    pub imports: Vec<Import>,
    /// What it exports.
    pub exports: Vec<String>,
    /// Core modules in it.
    pub core_modules: u32,
    /// Core modules that are instantiated, each time counted.
    pub core_instances: u32,
    /// Linear memories that its modules define.
    pub memories: u32,
    /// Tables that its modules define.
    pub tables: u32,
    /// Modules with a start function.
    pub start_functions: u32,
    /// Functions that its modules define.
    pub functions: u32,
    /// Bytes of its data segments.
    pub data_bytes: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
}

/// Why a file is not a component that the sandbox runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// Not WebAssembly at all.
    #[error("the file is not WebAssembly")]
    NotWasm,
    /// A core module.
    #[error("the file is a core module, not a component")]
    CoreModule,
    /// WebAssembly that is damaged or uses features that are switched off.
    #[error("the component is damaged or uses features that are switched off")]
    Invalid(#[source] wasmparser::BinaryReaderError),
    /// It does not export the lifecycle.
    #[error("the component does not export {}@{}", contract::LIFECYCLE, contract::VERSION)]
    NoLifecycle,
    /// It was built for another version of the contract.
    #[error("the component {0}")]
    ContractVersion(String),
    /// It imports what is not offered.
    #[error("the component imports {}", list_refused(.0))]
    RefusedImports(Vec<Import>),
    /// More linear memories than one.
    #[error("the component has {0} linear memories; {MEMORIES} is allowed")]
    Memories(u32),
    /// A component inside the component that contains code.
    #[error("the component contains another component with code in it, or too many within each other")]
    NestedComponent,
}

impl Explain for ShapeError {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::NoLifecycle | Self::ContractVersion(_) | Self::RefusedImports(_) => "2003".into(),
            _ => "2005".into(),
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::NotWasm | Self::Invalid(_) => "build the component again with `procvision build`",
            Self::CoreModule => "lift it into a component with `procvision build FILE.wasm`",
            Self::NoLifecycle => "export the algorithm with `procvision_guest::export!`",
            Self::ContractVersion(_) => "build it with the SDK of this host's version, or update the host",
            Self::RefusedImports(_) => "remove the code or dependency that uses these interfaces",
            Self::Memories(_) => "build it with a toolchain that uses one memory",
            Self::NestedComponent => "link the parts into one component before packaging",
        };
        Some(remedy.into())
    }

    fn subject_failed(&self) -> bool {
        true
    }
}

/// Components within components, the outermost included. Lifting a module makes two levels.
const NESTING: usize = 4;
/// Refused imports that a message lists.
const LISTED: usize = 8;
/// Most bytes of an import's name in a message.
const SHOWN_BYTES: usize = 200;

fn list_refused(imports: &[Import]) -> String {
    let reason = |import: &Import| import.reason.clone().unwrap_or_else(|| "is refused".to_owned());
    named(imports.iter().map(|import| (import, reason(import))))
}

/// Imports with their reasons, for a message; of many only the first. What has the same reason stands together.
pub(crate) fn named<'a>(imports: impl ExactSizeIterator<Item = (&'a Import, String)>) -> String {
    let more = imports.len().saturating_sub(LISTED);
    let mut by_reason: Vec<(String, Vec<String>)> = Vec::new();
    for (import, reason) in imports.take(LISTED) {
        let name = format!("`{}`", cut(visible::line(&import.name).into_owned(), SHOWN_BYTES));
        match by_reason.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(name),
            None => by_reason.push((reason, vec![name])),
        }
    }
    let one = |(reason, names): (String, Vec<String>)| match &names[..] {
        [name] => format!("{name}, which {reason}"),
        names => format!("{}, each of which {reason}", names.join(", ")),
    };
    let mut listed = by_reason.into_iter().map(one).collect::<Vec<_>>().join("; ");
    if more > 0 {
        let _ = write!(listed, "; and {more} more");
    }
    listed
}

/// The WebAssembly features that components may use. What is not needed is switched off.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::GC_TYPES
        | WasmFeatures::SIMD
        | WasmFeatures::FLOATS
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::COMPONENT_MODEL
}

impl Shape {
    /// Reads a component.
    ///
    /// # Errors
    ///
    /// It is not WebAssembly, not a component, or not valid under the features that are on. Shapes that are valid but
    /// refused are found by [`Shape::check`].
    pub fn read(bytes: &[u8]) -> Result<Self, ShapeError> {
        match bytes.get(..8) {
            Some([0, b'a', b's', b'm', _, _, 0, 0]) => return Err(ShapeError::CoreModule),
            Some([0, b'a', b's', b'm', ..]) => {}
            _ => return Err(ShapeError::NotWasm),
        }
        let mut shape = Self {
            bytes: bytes.len() as u64,
            ..Self::default()
        };
        // Encodings of the module or component that is being read, outermost first.
        let mut open: Vec<Encoding> = Vec::new();
        let mut nested_code = false;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(ShapeError::Invalid)? {
                Payload::Version { encoding, .. } => {
                    // Each level costs its author a few bytes, and whoever reads on more than that.
                    if open.len() >= NESTING {
                        return Err(ShapeError::NestedComponent);
                    }
                    let components = open.iter().filter(|encoding| **encoding == Encoding::Component).count();
                    if encoding == Encoding::Module {
                        shape.core_modules += 1;
                        nested_code |= components > 1;
                    }
                    open.push(encoding);
                }
                Payload::End(_) => {
                    open.pop();
                }
                Payload::ComponentImportSection(imports) if open.len() == 1 => {
                    for import in imports {
                        let import = import.map_err(ShapeError::Invalid)?;
                        shape.imports.push(contract::classify(import.name.name));
                    }
                }
                Payload::ComponentExportSection(exports) if open.len() == 1 => {
                    for export in exports {
                        shape
                            .exports
                            .push(export.map_err(ShapeError::Invalid)?.name.name.to_owned());
                    }
                }
                Payload::InstanceSection(instances) if open.len() == 1 => {
                    for instance in instances {
                        if let Instance::Instantiate { .. } = instance.map_err(ShapeError::Invalid)? {
                            shape.core_instances = shape.core_instances.saturating_add(1);
                        }
                    }
                }
                // Nothing is validated yet, so that a count may be anything.
                Payload::MemorySection(memories) => shape.memories = shape.memories.saturating_add(memories.count()),
                Payload::TableSection(tables) => shape.tables = shape.tables.saturating_add(tables.count()),
                Payload::FunctionSection(functions) => {
                    shape.functions = shape.functions.saturating_add(functions.count());
                }
                Payload::StartSection { .. } => shape.start_functions += 1,
                Payload::DataSection(data) => {
                    for segment in data {
                        shape.data_bytes += segment.map_err(ShapeError::Invalid)?.data.len() as u64;
                    }
                }
                _ => {}
            }
        }
        if nested_code {
            return Err(ShapeError::NestedComponent);
        }
        // Validation comes after the cheap look, so that the cheap refusals have the clearer message.
        Validator::new_with_features(features())
            .validate_all(bytes)
            .map_err(ShapeError::Invalid)?;
        Ok(shape)
    }

    /// Checks a component's shape against the contract, the engine's limits and the station's policy.
    ///
    /// # Errors
    ///
    /// It exports no lifecycle or one of another version, imports what is refused, or has too many memories.
    pub fn check(&self, rules: &ImportRules) -> Result<(), ShapeError> {
        self.check_contract()?;
        let refused = self.refused(rules);
        if !refused.is_empty() {
            return Err(ShapeError::RefusedImports(refused));
        }
        self.check_memories()
    }

    /// Whether it exports the lifecycle in a version that this host speaks.
    pub(crate) fn check_contract(&self) -> Result<(), ShapeError> {
        let version = self
            .exports
            .iter()
            .find_map(|export| contract::lifecycle_version(export));
        let Some(version) = version else {
            return Err(ShapeError::NoLifecycle);
        };
        match contract::match_version(version.as_ref()) {
            VersionMatch::NotServed(reason) => Err(ShapeError::ContractVersion(reason)),
            VersionMatch::Served => Ok(()),
        }
    }

    /// Whether it has no more linear memories than one.
    pub(crate) fn check_memories(&self) -> Result<(), ShapeError> {
        if self.memories as usize > MEMORIES {
            return Err(ShapeError::Memories(self.memories));
        }
        Ok(())
    }

    /// The imports for which the component is refused under a policy, each with its reason.
    pub fn refused(&self, rules: &ImportRules) -> Vec<Import> {
        let refused = self.imports.iter().filter_map(|import| {
            let refusal = rules.refusal(import)?;
            Some(Import {
                class: ImportClass::Refused,
                reason: Some(refusal.to_string()),
                ..import.clone()
            })
        });
        refused.collect()
    }
}
