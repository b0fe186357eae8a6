//! Having cargo compile a crate, with the flags that guests need and without losing the author's.

use super::rustflags;
use super::{BuildError, BuildOptions, CargoColor, Target};
use serde::Deserialize;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The part of `cargo metadata`'s answer that is needed.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
    targets: Vec<CargoTarget>,
}

#[derive(Deserialize)]
struct CargoTarget {
    crate_types: Vec<String>,
}

/// One of the lines that cargo prints with `--message-format=json`.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
    target: Option<CargoTarget>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// Compiles the crate in `dir` for `target` in release mode and returns the path of its `.wasm` file. Cargo's progress
/// and complaints go to stderr.
pub(super) fn compile(dir: &Path, target: Target, options: &BuildOptions) -> Result<PathBuf, BuildError> {
    let dir = dir.canonicalize().map_err(|source| BuildError::Unreadable {
        path: dir.to_owned(),
        source,
    })?;
    let package = package_in(&dir)?;
    require_installed(&dir, target)?;

    let mut cargo = cargo_in(&dir);
    cargo.args([
        "build",
        "--release",
        "--lib",
        "--message-format=json-render-diagnostics",
    ]);
    cargo.args(["--target", target.triple(), "--package", &package.id]);
    // Line tables let a trap name the line; what is shipped is stripped of them afterwards.
    if std::env::var_os("CARGO_PROFILE_RELEASE_DEBUG").is_none() {
        cargo.args(["--config", "profile.release.debug=\"line-tables-only\""]);
    }
    rustflags::add_ours(&mut cargo, &dir, target);
    if options.offline {
        cargo.arg("--offline");
    }
    if options.quiet {
        cargo.arg("--quiet");
    }
    match options.color {
        CargoColor::Auto => {}
        CargoColor::Always => drop(cargo.args(["--color", "always"])),
        CargoColor::Never => drop(cargo.args(["--color", "never"])),
    }

    tracing::info!(command = ?cargo, "compiling");
    let mut child = cargo
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| not_started(&cargo, e))?;
    let mut artefact = None;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line.map_err(|source| BuildError::CargoBroken { source: source.into() })?;
            artefact = wasm_of(&line, &package.id).or(artefact);
        }
    }
    let status = child
        .wait()
        .map_err(|source| BuildError::CargoBroken { source: source.into() })?;
    if !status.success() {
        return Err(BuildError::CompileFailed {
            package: package.name,
            target,
        });
    }
    artefact.ok_or(BuildError::NoArtefact { package: package.name })
}

/// The crate whose manifest lies in `dir`, checked to be one that can become a component.
fn package_in(dir: &Path) -> Result<Package, BuildError> {
    let manifest = dir.join("Cargo.toml");
    let mut cargo = cargo_in(dir);
    cargo
        .args(["metadata", "--no-deps", "--format-version=1"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = cargo.output().map_err(|e| not_started(&cargo, e))?;
    if !output.status.success() {
        return Err(BuildError::CargoManifest { manifest });
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).map_err(|source| BuildError::CargoBroken { source: source.into() })?;
    let real = manifest
        .canonicalize()
        .map_err(|source| BuildError::Unreadable { path: manifest, source })?;
    let package = metadata
        .packages
        .into_iter()
        .find(|package| package.manifest_path.canonicalize().is_ok_and(|path| path == real))
        .ok_or_else(|| BuildError::WorkspaceOnly { dir: dir.to_owned() })?;
    if package.targets.iter().any(CargoTarget::is_cdylib) {
        Ok(package)
    } else {
        Err(BuildError::NotCdylib { package: package.name })
    }
}

impl CargoTarget {
    fn is_cdylib(&self) -> bool {
        self.crate_types.iter().any(|kind| kind == "cdylib")
    }
}

/// The `.wasm` file that a line of cargo's output announces for the package, if it does.
fn wasm_of(line: &str, package_id: &str) -> Option<PathBuf> {
    // Lines that are not JSON come from build scripts of old cargos and from wrappers; they announce nothing.
    let message: Message = serde_json::from_str(line).ok()?;
    let ours = message.reason == "compiler-artifact"
        && message.package_id == package_id
        && message.target.is_some_and(|target| target.is_cdylib());
    let mut files = message.filenames.into_iter();
    if ours {
        files.find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
    } else {
        None
    }
}

/// Asks the compiler where its libraries for `target` are, and refuses if they are not there. A compiler that cannot
/// be asked is left for cargo to complain about.
fn require_installed(dir: &Path, target: Target) -> Result<(), BuildError> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let answer = Command::new(rustc)
        .current_dir(dir)
        .args(["--print", "target-libdir", "--target", target.triple()])
        .stdin(Stdio::null())
        .output();
    let Ok(answer) = answer else { return Ok(()) };
    let libdir = String::from_utf8_lossy(&answer.stdout);
    if answer.status.success() && !Path::new(libdir.trim()).is_dir() {
        return Err(BuildError::TargetMissing { target });
    }
    Ok(())
}

fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Cargo started in the crate's folder, so that the crate's toolchain file and configuration count.
fn cargo_in(dir: &Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(dir);
    command
}

fn not_started(cargo: &Command, error: io::Error) -> BuildError {
    if error.kind() == io::ErrorKind::NotFound {
        BuildError::CargoMissing {
            program: cargo.get_program().to_string_lossy().into_owned(),
        }
    } else {
        BuildError::CargoBroken { source: error.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::wasm_of;
    use std::path::PathBuf;

    #[test]
    fn only_the_packages_own_cdylib_counts() {
        let line = |id: &str, kind: &str, file: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","target":{{"kind":["{kind}"],"crate_types":["{kind}"]}},"filenames":["{file}"],"fresh":true}}"#
            )
        };
        assert_eq!(
            wasm_of(&line("me", "cdylib", "/t/a.wasm"), "me"),
            Some(PathBuf::from("/t/a.wasm"))
        );
        assert_eq!(wasm_of(&line("other", "cdylib", "/t/a.wasm"), "me"), None);
        assert_eq!(wasm_of(&line("me", "bin", "/t/a.wasm"), "me"), None);
        assert_eq!(wasm_of(&line("me", "cdylib", "/t/a.rlib"), "me"), None);
        assert_eq!(wasm_of(r#"{"reason":"build-finished","success":true}"#, "me"), None);
        assert_eq!(wasm_of("hello", "me"), None);
    }
}
