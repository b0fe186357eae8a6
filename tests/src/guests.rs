//! The ill-behaved guests of `tests/guests`: how they are built and put into packages.
//!
//! - `rogue` and `snoop` are Rust crates, built by cargo once in each process that asks for them.
//! - `lifted/*.wat` are core modules with parts in common, lifted into components.
//! - `shapes/*.wat` are whole components that the host must refuse.

use procvision_host::limits::Limits;
use procvision_host::package::Package;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SourceMap};

const TARGET: &str = "wasm32-wasip2";

/// The component of the Rust guest `name`, `rogue` or `snoop`, with its line tables.
///
/// # Panics
///
/// If it cannot be built; the message says what to do.
pub fn rust_guest(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target = root.join("target/guests");
        let status = Command::new(env!("CARGO"))
            .current_dir(&root)
            .args([
                "build",
                "--release",
                "--quiet",
                "--target",
                TARGET,
                "-p",
                "rogue",
                "-p",
                "snoop",
            ])
            .env("CARGO_TARGET_DIR", &target)
            // Flags for the host's build mean nothing to the guests' compiler.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .status();
        let built = status.as_ref().is_ok_and(std::process::ExitStatus::success);
        assert!(
            built,
            "the guests cannot be built ({status:?}); is their target installed? rustup target add {TARGET}"
        );
        target.join(TARGET).join("release")
    });
    folder.join(format!("{name}.wasm"))
}

/// The text of `tests/guests/<kind>/<name>.wat`.
///
/// # Panics
///
/// If there is no such file.
pub fn source(kind: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("guests/{kind}/{name}.wat"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The whole component `shapes/<name>.wat`.
///
/// # Panics
///
/// If it is not WebAssembly text.
pub fn shape(name: &str) -> Vec<u8> {
    wat::parse_str(source("shapes", name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The core module `lifted/<name>.wat`, completed from `lifted/base.wat` and lifted into a component.
///
/// # Panics
///
/// If it cannot be lifted.
pub fn lifted(name: &str) -> Vec<u8> {
    lifted_for(name, "1.0.0")
}

/// The same, built for another version of the contract.
///
/// # Panics
///
/// If it cannot be lifted.
pub fn lifted_for(name: &str, version: &str) -> Vec<u8> {
    let mut parts = parts(&source("lifted", "base"));
    if name != "base" {
        parts.extend(self::parts(&source("lifted", name)));
    }
    assemble(name, version, &parts)
}

/// The core module `lifted/base.wat` with one more function, which nobody calls, lifted into a component. Its locals are
/// 32-bit integers.
///
/// # Panics
///
/// If it cannot be lifted.
pub fn lifted_with_function(locals: usize, body: &str) -> Vec<u8> {
    let mut parts = parts(&source("lifted", "base"));
    let locals = "i32 ".repeat(locals);
    parts.insert("one-more".to_owned(), format!("(func (local {locals}) {body})"));
    assemble("one more function", "1.0.0", &parts)
}

/// A component that the compiler works at for minutes, though it is small: a table of that many branches, each to its own
/// place, where values of everywhere meet.
pub fn slow_to_compile(branches: usize) -> Vec<u8> {
    let mut body = "block ".repeat(branches) + "local.get 0 br_table";
    (0..branches).for_each(|branch| body += &format!(" {branch}"));
    for branch in 0..branches {
        let other = (branch * 7 + 3) % branches;
        body += &format!(" end local.get {other} local.get {branch} i32.add local.set {branch}");
    }
    lifted_with_function(branches, &body)
}

/// A component that the compiler needs gigabytes for, though it is small: that many loops in a row, each of which uses two
/// of many values that live all the time.
pub fn hungry_to_compile(loops: usize) -> Vec<u8> {
    let locals = loops / 2;
    let mut body = String::new();
    for number in 0..loops {
        let (one, other) = (number % locals, (number * 7 + 3) % locals);
        body += &format!(" loop local.get {other} local.get {one} i32.add local.tee {one} br_if 0 end");
    }
    lifted_with_function(locals, &body)
}

fn assemble(name: &str, version: &str, parts: &BTreeMap<String, String>) -> Vec<u8> {
    let order = ["imports", "memory", "table", "realloc", "give-back"];
    let rest = parts.keys().map(String::as_str).filter(|part| !order.contains(part));
    let text: String = order.into_iter().chain(rest).map(|part| parts[part].as_str()).collect();
    let text = format!("(module {text})").replace("@1.0.0", &format!("@{version}"));
    let module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    lift(module, version).unwrap_or_else(|error| panic!("{name}: {error:?}"))
}

/// The parts of a text, by the name on the line `;;; name` that begins each.
fn parts(text: &str) -> BTreeMap<String, String> {
    let parts = text.split("\n;;; ").skip(1);
    parts
        .map(|part| {
            let (name, body) = part.split_once('\n').unwrap_or((part, ""));
            (name.trim().to_owned(), format!("{body}\n"))
        })
        .collect()
}

fn lift(mut module: Vec<u8>, version: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut resolve = Resolve::default();
    let mut sources = SourceMap::new();
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit"))? {
        let path = file?.path();
        let text = std::fs::read_to_string(&path)?;
        sources.push_str(
            &path.display().to_string(),
            text.replace("procvision:algorithm@1.0.0", &format!("procvision:algorithm@{version}")),
        );
    }
    let contract = sources.parse().map_err(|(_, error)| error)?;
    resolve.push_group(contract)?;
    // A resource of its own is all that a guest may need beyond the contract.
    let toy = format!(
        "package rogue:toy;
         interface things {{ resource thing; }}
         world plain {{ include procvision:algorithm/algorithm@{version}; }}
         world with-things {{ include procvision:algorithm/algorithm@{version}; export things; }}"
    );
    let toy = resolve.push_str("toy.wit", &toy)?;
    let uses_things = module.windows(9).any(|window| window == b"rogue:toy");
    let world = resolve.select_world(&[toy], Some(if uses_things { "with-things" } else { "plain" }))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    Ok(ComponentEncoder::default().module(&module)?.validate(true).encode()?)
}

/// A package on disk, as long as the value lives.
pub struct Folder {
    folder: TempDir,
    component: PathBuf,
}

impl Folder {
    /// A package named `name` with a component that is a file already.
    ///
    /// # Panics
    ///
    /// If the temporary folder cannot be written.
    pub fn with_file(name: &str, version: &str, component: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let manifest = serde_json::json!({
            "manifest_version": 1,
            "name": name,
            "version": version,
            "description": "A guest of the tests",
            "component": "component.wasm",
            "supported_pids": ["A01"],
        });
        std::fs::write(folder.path().join("manifest.json"), manifest.to_string()).expect("it can be written");
        Self { folder, component }
    }

    /// A package with these bytes as its component.
    ///
    /// # Panics
    ///
    /// If the temporary folder cannot be written.
    pub fn with_bytes(name: &str, version: &str, component: &[u8]) -> Self {
        let mut package = Self::with_file(name, version, PathBuf::new());
        package.component = package.folder.path().join("component.wasm");
        std::fs::write(&package.component, component).expect("it can be written");
        package
    }

    /// The same package with the asset `attack`, which orders an attack that runs before any call.
    ///
    /// # Panics
    ///
    /// If the temporary folder cannot be written.
    #[must_use]
    pub fn ordering(self, attack: &str) -> Self {
        let assets = self.folder.path().join("assets");
        std::fs::create_dir_all(&assets).expect("it can be written");
        std::fs::write(assets.join("attack"), attack).expect("it can be written");
        self
    }

    /// Overwrites the order in place, so that a loaded package sees it. An order of another length would be cut.
    ///
    /// # Panics
    ///
    /// If there is no order.
    pub fn reorder(&self, attack: &str) {
        let path = self.folder.path().join("assets/attack");
        let order = std::fs::OpenOptions::new().write(true).open(path);
        order
            .and_then(|mut file| file.write_all(attack.as_bytes()))
            .expect("there is an order");
    }

    /// The path of the component.
    pub fn component(&self) -> &Path {
        &self.component
    }

    /// Opens the package under `ceiling`.
    ///
    /// # Errors
    ///
    /// What the host says.
    pub fn open(&self, ceiling: &Limits) -> Result<Package, procvision_host::package::PackageError> {
        Package::open_with_component(self.folder.path(), &self.component, ceiling)
    }
}
