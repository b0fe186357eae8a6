//! Gathers what the library embeds: the SDK that `procvision init` copies into an author's project, and, with the
//! feature `bench`, the algorithm that `procvision bench` measures, compiled to WebAssembly.

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

/// What of the project is the SDK: without its tests, the contract beside it, and the licences of both.
const SDK: [&str; 6] = [
    "guest-sdk/Cargo.toml",
    "guest-sdk/README.md",
    "guest-sdk/src",
    "wit",
    "LICENSE-APACHE",
    "LICENSE-MIT",
];

/// The package of the measured algorithm, what of the project it is made of besides the SDK, and its target.
const MEASURED: &str = "procvision-bench-guest";
const MEASURED_PARTS: [&str; 2] = ["bench-guest", "Cargo.lock"];
const TARGET: &str = "wasm32-wasip2";
/// What `procvision build` gives the compiler.
const FLAGS: &str = "-C\x1ftarget-feature=+simd128\x1f-C\x1fllvm-args=-disable-lsr";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    gather_sdk(&root, &out.join("sdk"))?;
    if env::var_os("CARGO_FEATURE_BENCH").is_some() {
        let component = if is_linted() {
            Vec::new()
        } else {
            fs::read(build_measured(&root, &out.join("target"))?)?
        };
        for part in MEASURED_PARTS {
            println!("cargo::rerun-if-changed={}", root.join(part).display());
        }
        fs::write(out.join("bench-guest.wasm"), component)?;
    }
    Ok(())
}

/// Clippy looks at the code that embeds the algorithm and never runs it; building it for that would be for nothing.
fn is_linted() -> bool {
    println!("cargo::rerun-if-env-changed=RUSTC_WORKSPACE_WRAPPER");
    let wrapper = env::var_os("RUSTC_WORKSPACE_WRAPPER").map(PathBuf::from);
    wrapper.is_some_and(|wrapper| wrapper.file_stem() == Some(OsStr::new("clippy-driver")))
}

/// Has cargo compile the measured algorithm as `procvision build` would: in release mode, with 128-bit vectors, and
/// shipped without debug information. The target folder is one of its own, because the cargo that runs this holds the
/// lock of the usual one.
fn build_measured(root: &Path, target: &Path) -> Result<PathBuf, Box<dyn Error>> {
    require_target()?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["build", "--release", "--lib", "--package", MEASURED, "--target", TARGET])
        .arg("--target-dir")
        .arg(target)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    // What cargo tells this build script about its own package, and flags for the host's compiler, mean nothing to the
    // guest's.
    let described = ["CARGO_FEATURE_", "CARGO_CFG_", "CARGO_PKG_", "CARGO_MANIFEST_"];
    let flags = [
        "RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "RUSTC_WORKSPACE_WRAPPER",
    ];
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if flags.contains(&text.as_ref()) || described.iter().any(|prefix| text.starts_with(prefix)) {
            cargo.env_remove(&name);
        }
    }
    cargo
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS)
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo");
    let status = cargo.status()?;
    if !status.success() {
        return Err(format!("cargo could not build {MEASURED}, which `procvision bench` measures: {status}").into());
    }
    Ok(target.join(TARGET).join("release/procvision_bench_guest.wasm"))
}

/// Refuses with the remedy if the compiler has no libraries for the guest's target. A compiler that cannot be asked is
/// left for cargo to complain about.
fn require_target() -> Result<(), Box<dyn Error>> {
    let answer = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--print", "target-libdir", "--target", TARGET])
        .stdin(Stdio::null())
        .output();
    let Ok(answer) = answer else { return Ok(()) };
    let folder = String::from_utf8_lossy(&answer.stdout);
    if answer.status.success() && !Path::new(folder.trim()).is_dir() {
        return Err(format!(
            "`procvision bench` embeds an algorithm, and the Rust target {TARGET} that it is compiled for is not \
             installed; run: rustup target add {TARGET}   (or build the library without the feature `bench`)"
        )
        .into());
    }
    Ok(())
}

fn gather_sdk(root: &Path, gathered: &Path) -> Result<(), Box<dyn Error>> {
    match fs::remove_dir_all(gathered) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    for part in SDK {
        let source = root.join(part);
        println!("cargo::rerun-if-changed={}", source.display());
        copy(&source, &gathered.join(part)).map_err(|error| format!("{}: {error}", source.display()))?;
    }
    Ok(())
}

/// Copies a file or a whole folder.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(drop)
}
