//! Taking the debug information out of a component and out of the modules and components inside it.
//!
//! Only custom sections named `.debug_*` go. The `name` section stays, so that a trap can still name functions; so do
//! `producers` and everything that component tooling writes.

use wasm_encoder::Encode;
use wasmparser::{BinaryReader, BinaryReaderError, Parser};

const CUSTOM: u8 = 0;
/// Section of a component that holds a core module.
const CORE_MODULE: u8 = 1;
/// Section of a component that holds another component.
const NESTED_COMPONENT: u8 = 4;
/// Magic number and version, the same length for modules and components.
const HEADER: usize = 8;
/// Components of real toolchains nest one or two deep; deeper content is copied as it is.
const MAX_DEPTH: u32 = 16;

/// A copy of `wasm`, a module or component that has been validated, without debug sections.
pub(super) fn without_debug(wasm: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut out = Vec::with_capacity(wasm.len());
    copy(wasm, 0, &mut out)?;
    Ok(out)
}

fn copy(wasm: &[u8], depth: u32, out: &mut Vec<u8>) -> Result<(), BinaryReaderError> {
    let component = Parser::is_component(wasm);
    let mut reader = BinaryReader::new(wasm, 0);
    out.extend_from_slice(reader.read_bytes(HEADER)?);
    while !reader.eof() {
        let id = reader.read_u8()?;
        let length = reader.read_var_u32()? as usize;
        let content = reader.read_bytes(length)?;
        if id == CUSTOM && is_debug(content)? {
            continue;
        }
        out.push(id);
        if component && matches!(id, CORE_MODULE | NESTED_COMPONENT) && depth < MAX_DEPTH {
            let mut inner = Vec::with_capacity(content.len());
            copy(content, depth + 1, &mut inner)?;
            inner.as_slice().encode(out);
        } else {
            content.encode(out);
        }
    }
    Ok(())
}

fn is_debug(custom_section: &[u8]) -> Result<bool, BinaryReaderError> {
    Ok(BinaryReader::new(custom_section, 0)
        .read_string()?
        .starts_with(".debug_"))
}

#[cfg(test)]
mod tests {
    use super::without_debug;
    use wasm_encoder::{Component, CustomSection, Module, ModuleSection, NestedComponentSection};

    fn custom(name: &str) -> CustomSection<'_> {
        CustomSection {
            name: name.into(),
            data: b"content"[..].into(),
        }
    }

    fn module(names: &[&str]) -> Module {
        let mut module = Module::new();
        for name in names {
            module.section(&custom(name));
        }
        module
    }

    fn component(names: &[&str], inner: &Module) -> Component {
        let mut component = Component::new();
        component.section(&ModuleSection(inner));
        for name in names {
            component.section(&custom(name));
        }
        component
    }

    #[test]
    fn debug_sections_go_at_every_level_and_nothing_else_does() {
        let build = |debug: bool| {
            let all = [
                ".debug_info",
                "name",
                "producers",
                ".debug_line",
                "component-type:x",
                "debug_info",
            ];
            let names: Vec<_> = all
                .into_iter()
                .filter(|name| debug || !name.starts_with(".debug_"))
                .collect();
            let nested = component(&names, &module(&names));
            let mut outer = component(&names, &module(&names));
            outer.section(&NestedComponentSection(&nested));
            outer.finish()
        };
        assert_eq!(without_debug(&build(true)).unwrap(), build(false));
        assert_eq!(without_debug(&build(false)).unwrap(), build(false));
    }

    #[test]
    fn what_is_cut_short_is_an_error() {
        let whole = component(&["name"], &module(&["name"])).finish();
        for length in (9..whole.len()).filter(|length| *length != 8 + 2 + whole[9] as usize) {
            assert!(without_debug(&whole[..length]).is_err(), "{length}");
        }
    }
}
