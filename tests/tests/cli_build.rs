//! `procvision build`: components from crates and from files, and a clear answer where there is none.

use procvision_tests::binary::{Answer, procvision};
use procvision_tests::guests::{lifted_for, shape};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;
use wasmparser::{Parser, Payload, Validator};

const WASIP2: &str = "wasm32-wasip2";
const TARGETS: [&str; 3] = [WASIP2, "wasm32-wasip1", "wasm32-unknown-unknown"];
/// The smallest core module.
const EMPTY_MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// Runs `procvision build` with these arguments in this folder.
#[track_caller]
fn build(folder: &Path, arguments: &[&str]) -> Answer {
    Answer::of(procvision().current_dir(folder).arg("build").args(arguments))
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A project made by `procvision init`, and its component with debug information.
fn project() -> &'static (TempDir, PathBuf) {
    static PROJECT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    PROJECT.get_or_init(|| {
        let root = folder();
        Answer::of(
            procvision()
                .current_dir(root.path())
                .args(["init", "build-scaffold", "--dir", "."]),
        )
        .expect(0);
        let built = build(root.path(), &["--json"]).expect(0).json();
        let with_debug = PathBuf::from(built["with_debug"].as_str().unwrap());
        (root, with_debug)
    })
}

/// A crate without dependencies: its `Cargo.toml` after the package's name, and its source.
fn tiny_crate(name: &str, manifest: &str, source: &str) -> TempDir {
    let root = folder();
    fs::create_dir(root.path().join("src")).unwrap();
    let package = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n[workspace]\n{manifest}");
    fs::write(root.path().join("Cargo.toml"), package).unwrap();
    fs::write(root.path().join("src/lib.rs"), source).unwrap();
    root
}

const CDYLIB: &str = "[lib]\ncrate-type = [\"cdylib\"]\n";

/// The names of all custom sections, at every depth.
fn custom_sections(wasm: &[u8]) -> Vec<String> {
    let payloads = Parser::new(0).parse_all(wasm).map(Result::unwrap);
    let name = |payload| match payload {
        Payload::CustomSection(section) => Some(section.name().to_owned()),
        _ => None,
    };
    payloads.filter_map(name).collect()
}

fn has_debug(wasm: &[u8]) -> bool {
    custom_sections(wasm).iter().any(|name| name.starts_with(".debug_"))
}

/// Checks that the error is told twice, in text and in JSON, with this code and status.
#[track_caller]
fn refused(folder: &Path, arguments: &[&str], status: i32, code: &str) -> Value {
    let text = build(folder, arguments).expect(status);
    assert_eq!(text.stdout, "");
    let answer = build(folder, &[arguments, &["--json"]].concat()).expect(status);
    let error = answer.json()["error"].take();
    assert_eq!(error["code"], code, "{answer:#?}");
    let said = format!("error: {}\n", error["message"].as_str().unwrap());
    assert!(text.stderr.contains(&said), "{said}{text:#?}");
    if let Some(help) = error["help"].as_str() {
        assert!(text.stderr.ends_with(&format!("{said}help: {help}\n")), "{text:#?}");
    }
    error
}

#[test]
fn a_project_becomes_a_stripped_component_for_every_target() {
    let (root, _) = project();
    for target in TARGETS {
        let place = format!("{target}.wasm");
        let built = build(root.path(), &["--target", target, "-o", &place, "--json"])
            .expect(0)
            .json();
        assert_eq!(built["component"], json!(place));
        assert_eq!(built["origin"], "crate");
        assert_eq!(built["target"], target);

        let shipped = fs::read(root.path().join(&place)).unwrap();
        let with_debug = fs::read(built["with_debug"].as_str().unwrap()).unwrap();
        assert_eq!(built["bytes"], json!(shipped.len()));
        assert_eq!(built["bytes_with_debug"], json!(with_debug.len()));
        assert!(Parser::is_component(&shipped) && Parser::is_component(&with_debug));
        Validator::new().validate_all(&shipped).unwrap();
        assert!(!has_debug(&shipped), "{target}");
        assert!(
            custom_sections(&with_debug).iter().any(|name| name == ".debug_line"),
            "{target}"
        );
        assert!(
            custom_sections(&shipped).iter().any(|name| name == "name"),
            "functions keep their names"
        );
        assert!(shipped.len() < with_debug.len() / 2, "{target}");
    }
}

#[cfg(unix)]
#[test]
fn the_component_goes_where_the_manifest_says() {
    let (root, _) = project();
    let place = folder();
    for entry in ["Cargo.toml", "src", "vendor"] {
        std::os::unix::fs::symlink(root.path().join(entry), place.path().join(entry)).unwrap();
    }
    let mut manifest: Value = serde_json::from_slice(&fs::read(root.path().join("manifest.json")).unwrap()).unwrap();
    manifest["component"] = json!("out/algorithm.wasm");
    fs::write(place.path().join("manifest.json"), manifest.to_string()).unwrap();

    let answer = build(place.path(), &[]).expect(0);
    assert!(answer.stdout.starts_with("Built ./out/algorithm.wasm: "), "{answer:#?}");
    assert!(place.path().join("out/algorithm.wasm").is_file());
    assert!(!place.path().join("component.wasm").exists());
}

#[test]
fn debug_information_can_be_kept() {
    let (_, with_debug) = project();
    let place = folder();
    let input = with_debug.to_str().unwrap();
    let built = build(place.path(), &[input, "--keep-debug", "-o", "kept.wasm", "--json"])
        .expect(0)
        .json();
    assert_eq!(built["origin"], "component");
    assert_eq!(built["with_debug"], json!(input));
    assert_eq!(
        fs::read(place.path().join("kept.wasm")).unwrap(),
        fs::read(with_debug).unwrap()
    );
}

#[test]
fn a_lone_file_is_left_alone_and_its_component_put_beside_it() {
    let (root, with_debug) = project();
    let place = folder();
    let target = "wasm32-unknown-unknown";
    let built = build(root.path(), &["--target", target, "-o", "beside.wasm", "--json"])
        .expect(0)
        .json();
    let lifted = PathBuf::from(built["with_debug"].as_str().unwrap());
    let module = fs::read(lifted.with_file_name("build_scaffold.wasm")).unwrap();
    assert!(Parser::is_core_wasm(&module));

    for (name, bytes, origin) in [
        ("module.wasm", module, "module"),
        ("whole.wasm", fs::read(with_debug).unwrap(), "component"),
    ] {
        fs::write(place.path().join(name), &bytes).unwrap();
        let built = build(place.path(), &[name, "--json"]).expect(0).json();
        assert_eq!(built["origin"], origin);
        assert_eq!(built["target"], Value::Null);
        assert_eq!(fs::read(place.path().join(name)).unwrap(), bytes);
        let component = fs::read(place.path().join(built["component"].as_str().unwrap())).unwrap();
        assert!(Parser::is_component(&component) && !has_debug(&component));
    }
    let from_module = fs::read(place.path().join("module.component.wasm")).unwrap();
    assert_eq!(
        from_module,
        fs::read(root.path().join("beside.wasm")).unwrap(),
        "the same as from the crate"
    );
}

#[test]
fn the_authors_compiler_flags_are_kept_wherever_they_are() {
    let source = "
        #[cfg(not(author))] compile_error!(\"the author's flag is lost\");
        #[cfg(not(target_feature = \"simd128\"))] compile_error!(\"vectors are off\");
        #[unsafe(no_mangle)] pub extern \"C\" fn nothing() {}";
    let lints = "[lints.rust]\nunexpected_cfgs = \"allow\"\n";
    let config = |root: &TempDir, text: &str| {
        fs::create_dir(root.path().join(".cargo")).unwrap();
        fs::write(root.path().join(".cargo/config.toml"), text).unwrap();
    };
    type Setting = (&'static str, &'static str, &'static str);
    let settings: [Setting; 6] = [
        ("flags-environment", "RUSTFLAGS", "--cfg author"),
        ("flags-encoded", "CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}author"),
        ("flags-build-environment", "CARGO_BUILD_RUSTFLAGS", "--cfg author"),
        (
            "flags-target-environment",
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
            "--cfg author",
        ),
        ("flags-build", "", "[build]\nrustflags = [\"--cfg\", \"author\"]\n"),
        (
            "flags-target",
            "",
            "[target.wasm32-unknown-unknown]\nrustflags = \"--cfg author\"\n",
        ),
    ];
    for (name, variable, value) in settings {
        let root = tiny_crate(name, &format!("{CDYLIB}{lints}"), source);
        let mut command = procvision();
        command
            .current_dir(root.path())
            .args(["build", "--json", "--target", "wasm32-unknown-unknown"]);
        if variable.is_empty() {
            config(&root, value);
        } else {
            command.env(variable, value);
        }
        // Compiled as wished, and only then found to be no algorithm.
        let answer = Answer::of(&mut command).expect(1);
        assert_eq!(answer.json()["error"]["code"], "no-contract", "{name}: {answer:#?}");
    }
}

#[test]
fn a_crate_that_does_not_compile_is_bad_and_its_old_component_stays() {
    let root = tiny_crate("not-compiling", CDYLIB, "pub fn broken() -> u32 { \"text\" }");
    fs::write(root.path().join("component.wasm"), "old").unwrap();
    let error = refused(root.path(), &[], 1, "compile-failed");
    assert_eq!(
        error["message"],
        "the crate not-compiling does not build for wasm32-wasip2, for the reason shown above"
    );
    assert!(
        build(root.path(), &["-q"])
            .expect(1)
            .stderr
            .contains("mismatched types"),
        "the compiler's own words"
    );
    assert_eq!(fs::read(root.path().join("component.wasm")).unwrap(), b"old");
}

#[test]
fn a_crate_of_the_wrong_kind_is_told_what_to_change() {
    let library = tiny_crate("no-cdylib", "", "");
    let error = refused(library.path(), &[], 1, "not-cdylib");
    assert_eq!(
        error["help"],
        "add to its Cargo.toml: [lib] crate-type = [\"cdylib\", \"rlib\"]"
    );

    let program = tiny_crate("no-library", "", "");
    fs::rename(program.path().join("src/lib.rs"), program.path().join("src/main.rs")).unwrap();
    fs::write(program.path().join("src/main.rs"), "fn main() {}").unwrap();
    refused(program.path(), &[], 1, "not-cdylib");

    let workspace = folder();
    fs::write(workspace.path().join("Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
    refused(workspace.path(), &[], 2, "workspace-only");

    let silent = tiny_crate(
        "no-export",
        CDYLIB,
        "#[unsafe(no_mangle)] pub extern \"C\" fn nothing() {}",
    );
    let error = refused(silent.path(), &[], 1, "not-an-algorithm");
    assert_eq!(
        error["help"],
        "export your type with `procvision_guest::export!(YourType);`"
    );
    assert!(!silent.path().join("component.wasm").exists());
}

#[test]
fn what_is_not_a_crate_is_refused() {
    let root = folder();
    refused(root.path(), &["nowhere"], 2, "not-found");
    refused(root.path(), &["."], 2, "no-crate");
    fs::write(root.path().join("Cargo.toml"), "[package\n").unwrap();
    refused(root.path(), &[], 2, "cargo-manifest");
}

#[test]
fn a_bad_manifest_is_refused_before_anything_is_compiled() {
    let root = tiny_crate("bad-manifest", CDYLIB, "compile_error!(\"compiled\");");
    let manifest = |text: &str| fs::write(root.path().join("manifest.json"), text).unwrap();
    let good = json!({
        "manifest_version": 1, "name": "bad_manifest", "version": "1.0.0", "description": "",
        "component": "component.wasm", "supported_pids": ["A01"],
    });
    manifest("{\"name\": ");
    refused(root.path(), &[], 2, "2002");
    for (key, value) in [
        ("component", json!("../x.wasm")),
        ("component", json!(1)),
        ("extra", json!(1)),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        manifest(&bad.to_string());
        let error = refused(root.path(), &[], 2, "2002");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| message.contains("manifest.json")),
            "{error}"
        );
    }
    fs::remove_file(root.path().join("manifest.json")).unwrap();
    fs::create_dir(root.path().join("manifest.json")).unwrap();
    refused(root.path(), &["-o", "x.wasm"], 1, "compile-failed");
}

#[test]
fn a_file_that_is_no_algorithm_is_refused() {
    let root = folder();
    let (_, whole) = project();
    let whole = fs::read(whole).unwrap();
    let noise: Vec<u8> = (0..5000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let cases: [(&str, &[u8], i32, &str); 6] = [
        ("empty.wasm", b"", 2, "not-wasm"),
        ("noise.wasm", &noise, 2, "not-wasm"),
        ("text.wasm", b"(module)", 2, "not-wasm"),
        ("cut.wasm", &whole[..whole.len() / 2], 1, "invalid-wasm"),
        ("module.wasm", EMPTY_MODULE, 1, "no-contract"),
        ("component.wasm", b"\0asm\x0d\0\x01\0", 1, "not-an-algorithm"),
    ];
    for (name, bytes, status, code) in cases {
        fs::write(root.path().join(name), bytes).unwrap();
        let error = refused(root.path(), &[name, "-o", "out.wasm"], status, code);
        assert!(
            error["message"].as_str().is_some_and(|message| message.contains(name)),
            "{error}"
        );
        assert!(!root.path().join("out.wasm").exists());
    }
}

#[test]
fn what_no_host_would_run_is_refused_with_the_hosts_own_words() {
    let root = folder();
    let cases: [(&str, Vec<u8>, &str, &str); 9] = [
        ("http", shape("http"), "2003", "`wasi:http/types@0.2.0`"),
        (
            "unknown",
            shape("unknown-import"),
            "2003",
            "`acme:backdoor/shell@1.2.3`",
        ),
        ("newer", lifted_for("base", "1.1.0"), "2003", "@1.1.0"),
        ("two-memories", shape("two-memories"), "2005", "2 linear memories"),
        ("nested", shape("nested-code"), "2005", "another component"),
        (
            "multi-memory",
            shape("multi-memory"),
            "invalid-wasm",
            "multiple memories",
        ),
        ("tail-call", shape("tail-call"), "invalid-wasm", "tail calls"),
        ("threads", shape("atomics"), "invalid-wasm", "threads"),
        ("no-lifecycle", shape("no-lifecycle"), "not-an-algorithm", "lifecycle"),
    ];
    for (name, bytes, code, said) in cases {
        let file = format!("{name}.wasm");
        fs::write(root.path().join(&file), bytes).unwrap();
        let error = refused(root.path(), &[&file, "-o", "out.wasm"], 1, code);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&file) && message.contains(said), "{name}: {message}");
        assert!(error["help"].is_string(), "{error}");
        assert!(!root.path().join("out.wasm").exists());
    }
}

#[test]
fn a_module_with_features_that_are_switched_off_is_refused() {
    let root = folder();
    let module = wat::parse_str("(module (memory 1) (memory 1))").unwrap();
    fs::write(root.path().join("module.wasm"), module).unwrap();
    let error = refused(root.path(), &["module.wasm"], 1, "invalid-wasm");
    assert!(error["message"].as_str().unwrap().contains("memories"), "{error}");
}

#[test]
fn a_file_too_large_to_be_a_component_is_not_read() {
    let root = folder();
    let file = fs::File::create(root.path().join("huge.wasm")).unwrap();
    file.set_len((512 << 20) + 1).unwrap();
    refused(root.path(), &["huge.wasm"], 2, "too-large");
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_opened() {
    let root = folder();
    let pipe = root.path().join("pipe.wasm");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    refused(root.path(), &["pipe.wasm"], 2, "not-a-file");
    refused(root.path(), &["/dev/zero", "-o", "out.wasm"], 2, "not-a-file");
    std::os::unix::fs::symlink(&pipe, root.path().join("link.wasm")).unwrap();
    refused(root.path(), &["link.wasm"], 2, "not-a-file");
}

#[test]
fn options_that_mean_nothing_for_a_file_are_refused() {
    let root = folder();
    fs::write(root.path().join("module.wasm"), EMPTY_MODULE).unwrap();
    refused(root.path(), &["module.wasm", "--target", WASIP2], 2, "usage");
    refused(root.path(), &["module.wasm", "--offline"], 2, "usage");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let (_, with_debug) = project();
    let root = folder();
    fs::write(root.path().join("file"), "").unwrap();
    let error = refused(
        root.path(),
        &[with_debug.to_str().unwrap(), "-o", "file/out.wasm"],
        2,
        "unwritable",
    );
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("cannot write `file/out.wasm`: "))
    );
}

#[test]
fn missing_tools_are_named_with_the_command_that_installs_them() {
    let root = tiny_crate("missing-tools", CDYLIB, "");
    let mut command = procvision();
    let answer = Answer::of(
        command
            .current_dir(root.path())
            .arg("build")
            .env("CARGO", "/nowhere/cargo"),
    )
    .expect(2);
    insta::assert_snapshot!(answer.stderr.trim_end(), @r"
    error: cargo is not installed: `/nowhere/cargo` cannot be found
    help: install Rust from https://rustup.rs, or set CARGO to the cargo to use
    ");
}

#[cfg(unix)]
#[test]
fn a_missing_target_is_named_with_the_command_that_installs_it() {
    use std::os::unix::fs::PermissionsExt;
    let root = tiny_crate("missing-target", CDYLIB, "");
    let compiler = root.path().join("rustc");
    let script =
        "#!/bin/sh\ncase \"$*\" in *target-libdir*) echo /nowhere/lib/rustlib/lib;; *) exec rustc \"$@\";; esac\n";
    fs::write(&compiler, script).unwrap();
    fs::set_permissions(&compiler, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = procvision();
    command
        .current_dir(root.path())
        .args(["build", "--target", "wasm32-wasip1"])
        .env("RUSTC", &compiler);
    insta::assert_snapshot!(Answer::of(&mut command).expect(2).stderr.trim_end(), @r"
    error: the Rust target wasm32-wasip1 is not installed
    help: run `rustup target add wasm32-wasip1`
    ");
}
