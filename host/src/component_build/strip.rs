//! Taking the debug information out of a component and out of the modules and components inside it.
//!
//! Only custom sections named `.debug_*` go. The `name` section stays, so that a trap can still name functions; so do
//! `producers` and everything that component tooling writes. Names of functions lose what LLVM appends to local
//! functions that it shares between units of compilation: a digest of the unit with its debug information, so of the
//! folder that the crate lies in.

use wasm_encoder::Encode;
use wasmparser::{BinaryReader, BinaryReaderError, Parser};

const CUSTOM: u8 = 0;
/// Section of a component that holds a core module.
const CORE_MODULE: u8 = 1;
/// Section of a component that holds another component.
const NESTED_COMPONENT: u8 = 4;
/// The custom section of a core module that names its functions.
const NAMES: &str = "name";
/// The part of that section with the names of functions.
const FUNCTION_NAMES: u8 = 1;
/// What stands between a function's name and the digest that LLVM appends to it.
const LLVM_SUFFIX: &str = ".llvm.";
/// Magic number and version, the same length for modules and components.
const HEADER: usize = 8;
/// Components of real toolchains nest one or two deep; deeper content is copied as it is.
const MAX_DEPTH: u32 = 16;

/// A copy of `wasm`, a module or component that has been validated, without debug sections and with names of functions
/// that do not depend on where it was compiled.
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
        let name = match id {
            CUSTOM => BinaryReader::new(content, 0).read_string()?,
            _ => "",
        };
        if name.starts_with(".debug_") {
            continue;
        }
        out.push(id);
        if component && matches!(id, CORE_MODULE | NESTED_COMPONENT) && depth < MAX_DEPTH {
            let mut inner = Vec::with_capacity(content.len());
            copy(content, depth + 1, &mut inner)?;
            inner.as_slice().encode(out);
        } else if name == NAMES && !component {
            // Nobody validates this section; one that cannot be understood is copied as it is.
            stable_names(content).as_deref().unwrap_or(content).encode(out);
        } else {
            content.encode(out);
        }
    }
    Ok(())
}

/// The content of a name section with what LLVM appended to the names of functions taken off.
fn stable_names(section: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut reader = BinaryReader::new(section, 0);
    let mut out = Vec::with_capacity(section.len());
    reader.read_string()?.encode(&mut out);
    while !reader.eof() {
        let id = reader.read_u8()?;
        let length = reader.read_var_u32()? as usize;
        let content = reader.read_bytes(length)?;
        out.push(id);
        match id {
            FUNCTION_NAMES => stable_function_names(content)?.as_slice().encode(&mut out),
            _ => content.encode(&mut out),
        }
    }
    Ok(out)
}

fn stable_function_names(names: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut reader = BinaryReader::new(names, 0);
    let mut out = Vec::with_capacity(names.len());
    let count = reader.read_var_u32()?;
    count.encode(&mut out);
    for _ in 0..count {
        reader.read_var_u32()?.encode(&mut out);
        without_llvm_suffix(reader.read_string()?).encode(&mut out);
    }
    // What follows a list that is complete belongs to nothing; it is kept all the same.
    out.extend_from_slice(reader.read_bytes(reader.bytes_remaining())?);
    Ok(out)
}

fn without_llvm_suffix(name: &str) -> &str {
    match name.rsplit_once(LLVM_SUFFIX) {
        Some((name, digest)) if !digest.is_empty() && digest.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::without_debug;
    use wasm_encoder::{Component, CustomSection, Module, ModuleSection, NameMap, NameSection, NestedComponentSection};

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

    #[test]
    fn names_of_functions_do_not_tell_where_they_were_compiled() {
        let build = |names: [&str; 4]| {
            let mut functions = NameMap::new();
            let mut globals = NameMap::new();
            for (index, name) in (0..).zip(names) {
                functions.append(index * 200, name);
                globals.append(index, "g.llvm.12");
            }
            let mut section = NameSection::new();
            section.module("m.llvm.12");
            section.functions(&functions);
            section.globals(&globals);
            let mut module = Module::new();
            module.section(&section);
            component(&[], &module).finish()
        };
        let compiled = build([
            "_ZN3one3two17h00E.llvm.15097338146350734950",
            "b.llvm.",
            "c.llvm.x1",
            "d",
        ]);
        let shipped = build(["_ZN3one3two17h00E", "b.llvm.", "c.llvm.x1", "d"]);
        assert_eq!(without_debug(&compiled).unwrap(), shipped);
        assert_eq!(without_debug(&shipped).unwrap(), shipped);
    }

    #[test]
    fn a_name_section_that_makes_no_sense_is_kept() {
        let nonsense = component(&[], &module(&["name"])).finish();
        assert_eq!(without_debug(&nonsense).unwrap(), nonsense);
    }
}
