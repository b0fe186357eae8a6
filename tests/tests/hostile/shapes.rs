//! Components that are refused for what they are, before anything is compiled.

use crate::stage::Stage;
use procvision_host::algorithm::LoadError;
use procvision_host::explain::Explain;
use procvision_host::failure::{ErrorCode, FailureClass};
use procvision_host::shape::{Shape, ShapeError};
use procvision_tests::guests::{Folder, lifted, lifted_for, shape};

fn refused(bytes: &[u8]) -> ShapeError {
    match Stage::fuel().refuses(&Folder::with_bytes("lifted", "1.0.0", bytes)) {
        LoadError::Shape(error) => error,
        other => panic!("another error: {other:?}"),
    }
}

fn refused_imports(name: &str, named: &[&str]) {
    let error = refused(&shape(name));
    let ShapeError::RefusedImports(imports) = &error else {
        panic!("another error: {error:?}")
    };
    let names: Vec<&str> = imports.iter().map(|import| import.name.as_str()).collect();
    assert_eq!(names, named);
    assert!(named.iter().all(|name| error.to_string().contains(name)), "{error}");
    assert_eq!(error.code(), "2003");
}

#[test]
fn http_and_unknown_imports_are_named() {
    refused_imports("http", &["wasi:http/types@0.2.0", "wasi:http/outgoing-handler@0.2.0"]);
    refused_imports("unknown-import", &["acme:backdoor/shell@1.2.3"]);
    refused_imports("bare-function-import", &["system", "code"]);
    refused_imports(
        "other-interface-of-the-contract",
        &["procvision:algorithm/network@1.0.0"],
    );
    refused_imports("wasi-0-3", &["wasi:io/streams@0.3.0"]);
}

#[test]
fn refused_imports_without_number_make_a_short_message() {
    let imports: String = (0..900)
        .map(|number| format!("(import \"acme:{}{number}/x\" (instance))", "a".repeat(1_000)))
        .collect();
    let lifecycle = "(instance $e) (export \"procvision:algorithm/lifecycle@1.0.0\" (instance $e))";
    let bytes = wat::parse_str(format!("(component {imports} {lifecycle})")).expect("it is WebAssembly text");
    let error = refused(&bytes);
    assert!(matches!(&error, ShapeError::RefusedImports(imports) if imports.len() == 900));
    assert!(
        error.to_string().len() < 8_192,
        "a message of {} bytes",
        error.to_string().len()
    );
}

#[test]
fn other_versions_of_the_contract() {
    for version in ["2.0.0", "1.1.0", "0.9.0", "1.0.0-rc.1"] {
        let error = refused(&lifted_for("base", version));
        assert!(matches!(error, ShapeError::ContractVersion(_)), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains(version) && text.contains("procvision:algorithm@1.0.0"),
            "{text}"
        );
        assert_eq!(error.code(), "2003");
    }
}

#[test]
fn no_lifecycle() {
    assert!(matches!(refused(&shape("no-lifecycle")), ShapeError::NoLifecycle));
}

#[test]
fn lifecycle_without_functions() {
    let folder = Folder::with_bytes("lifted", "1.0.0", &shape("empty-lifecycle"));
    let error = Stage::fuel().refuses(&folder);
    assert!(matches!(error, LoadError::Link(_)), "{error:?}");
    assert_eq!(error.code(), "2003");
}

#[test]
fn core_module() {
    assert!(matches!(refused(&shape("core-module")), ShapeError::CoreModule));
}

#[test]
fn two_memories() {
    assert!(matches!(refused(&shape("two-memories")), ShapeError::Memories(2)));
}

#[test]
fn code_in_a_nested_component() {
    assert!(matches!(refused(&shape("nested-code")), ShapeError::NestedComponent));
}

/// Sections can be added to a component that works: a module that does nothing, started forty times.
#[test]
fn more_core_instances_than_allowed() {
    let mut bytes = lifted("base");
    let module = Shape::read(&bytes).expect("it is a component").core_modules as u8;
    bytes.extend([1, 8, 0, b'a', b's', b'm', 1, 0, 0, 0]);
    bytes.extend([2, 1 + 3 * 40, 40]);
    bytes.extend([0, module, 0].repeat(40));
    let LoadError::GetInfo(failure) = Stage::fuel().refuses(&Folder::with_bytes("lifted", "1.0.0", &bytes)) else {
        panic!("another error")
    };
    let text = "exceeds the limit `core_instances` of 32";
    assert!(failure.message.contains(text), "{failure}");
    assert_eq!(
        (failure.class, failure.code),
        (FailureClass::ResourceLimit, ErrorCode::OutOfMemory)
    );
}

/// Each level costs a few bytes; looking at them must not cost the square of their number.
#[test]
fn components_nested_a_hundred_thousand_deep() {
    // Written from the inside out, so backwards: the sizes of the outer levels depend on the inner ones.
    let header = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
    let mut backwards: Vec<u8> = header.iter().rev().copied().collect();
    for _ in 0..100_000 {
        let mut section = header.to_vec();
        section.push(4);
        leb128(&mut section, backwards.len());
        backwards.extend(section.iter().rev());
    }
    let bytes: Vec<u8> = backwards.into_iter().rev().collect();
    assert!(matches!(refused(&bytes), ShapeError::NestedComponent));
}

fn leb128(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[test]
fn features_that_are_switched_off() {
    for name in [
        "shared-memory",
        "atomics",
        "memory64",
        "multi-memory",
        "gc",
        "function-references",
        "tail-call",
        "exceptions",
        "relaxed-simd",
        "stack-switching",
        "async",
        "error-context",
        "custom-page-size",
    ] {
        let error = refused(&shape(name));
        assert!(matches!(error, ShapeError::Invalid(_)), "{name}: {error:?}");
    }
}

#[test]
fn component_without_fault_is_accepted() {
    let folder = Folder::with_bytes("lifted", "1.0.0", &lifted("base"));
    assert!(crate::stage::load(&Stage::fuel().host, &folder).is_ok());
}

/// Counts stand in the file before anything is validated.
#[test]
fn counts_beyond_all_bounds() {
    // A component of core modules, each of which claims to define 2^32 - 1 memories or tables.
    for section in [5, 4, 3] {
        let module = [
            b"\0asm\x01\0\0\0".as_slice(),
            &[section, 5, 0xff, 0xff, 0xff, 0xff, 0x0f],
        ]
        .concat();
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        for _ in 0..2 {
            bytes.extend([1, u8::try_from(module.len()).unwrap()]);
            bytes.extend(&module);
        }
        let error = refused(&bytes);
        assert!(matches!(error, ShapeError::Invalid(_)), "{error:?}");
    }
}
