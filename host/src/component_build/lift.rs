//! From a core module, as most toolchains make it, to a component.

use super::BuildError;
use crate::shape;
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

/// Encodes a core module as the component that its own metadata describes, with the adapter for WASI preview 1 if it
/// imports that. `path` is only named.
pub(super) fn lift(module: &[u8], path: &Path) -> Result<Vec<u8>, BuildError> {
    // The encoder's own complaint about a bad module would not say where it is bad.
    Validator::new_with_features(shape::features())
        .validate_all(module)
        .map_err(|source| BuildError::Invalid {
            path: path.to_owned(),
            source,
        })?;
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
