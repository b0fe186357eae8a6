//! From a core module, as most toolchains make it, to a component.

use super::{BuildError, LIFECYCLE};
use std::path::Path;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::{Parser, Payload, Validator};
use wit_component::ComponentEncoder;

/// What the bytes of a `.wasm` file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WasmKind {
    Module,
    Component,
}

/// Tells modules from components and both from everything else, by their header.
pub(super) fn kind_of(wasm: &[u8], path: &Path) -> Result<WasmKind, BuildError> {
    if Parser::is_component(wasm) {
        Ok(WasmKind::Component)
    } else if Parser::is_core_wasm(wasm) {
        Ok(WasmKind::Module)
    } else {
        Err(BuildError::NotWasm { path: path.to_owned() })
    }
}

/// Refuses what the WebAssembly specification refuses. `path` is only named.
pub(super) fn validate(wasm: &[u8], path: &Path) -> Result<(), BuildError> {
    match Validator::new().validate_all(wasm) {
        Ok(_) => Ok(()),
        Err(source) => Err(BuildError::Invalid {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Encodes a valid core module as the component that its own metadata describes, with the adapter for WASI preview 1
/// if it imports that. `path` is only named.
pub(super) fn lift(module: &[u8], path: &Path) -> Result<Vec<u8>, BuildError> {
    if !has_component_type(module, path)? {
        return Err(BuildError::NoContract { path: path.to_owned() });
    }
    ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| {
            encoder.adapter(
                WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
                WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
            )
        })
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| BuildError::Lift {
            path: path.to_owned(),
            source: error.into(),
        })
}

/// Refuses a component that does not export the algorithm's lifecycle, in whatever version: whether a host runs that
/// version is for the host to say.
pub(super) fn require_lifecycle(component: &[u8], path: &Path) -> Result<(), BuildError> {
    let invalid = |source| BuildError::Invalid {
        path: path.to_owned(),
        source,
    };
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(invalid)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    let name = export.map_err(invalid)?.name.name;
                    if name
                        .strip_prefix(LIFECYCLE)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
                    {
                        return Ok(());
                    }
                }
            }
            _ => {}
        }
    }
    Err(BuildError::NotAnAlgorithm { path: path.to_owned() })
}

fn has_component_type(module: &[u8], path: &Path) -> Result<bool, BuildError> {
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(|source| BuildError::Invalid {
            path: path.to_owned(),
            source,
        })?;
        if let Payload::CustomSection(section) = payload
            && section.name().starts_with("component-type")
        {
            return Ok(true);
        }
    }
    Ok(false)
}
