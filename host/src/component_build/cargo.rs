//! Having cargo compile a crate, with the flags that guests need and without losing the author's.

use super::graph::{self, Unit};
use super::toolchain::Toolchain;
use super::{BuildError, BuildOptions, CargoColor, Target};
use super::{remap, rustflags};
use crate::sbom::CrateGraph;
use cargo_metadata::{CrateType, Metadata, Package};
use serde::Deserialize;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One of the lines that cargo prints with `--message-format=json`.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
    target: Option<CargoTarget>,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct CargoTarget {
    crate_types: Vec<String>,
}

/// What cargo made of a crate.
pub(super) struct Compiled {
    /// The `.wasm` file.
    pub artefact: PathBuf,
    /// The crates in it, if they were asked for.
    pub crates: Option<CrateGraph>,
}

/// Compiles the crate in `dir` for `target` in release mode. Cargo's progress and complaints go to stderr.
pub(super) fn compile(dir: &Path, target: Target, options: &BuildOptions) -> Result<Compiled, BuildError> {
    let dir = dir.canonicalize().map_err(|source| BuildError::Unreadable {
        path: dir.to_owned(),
        source,
    })?;
    let metadata = describe(&dir, options, &["--no-deps"])?;
    let package = package_in(&metadata, &dir)?;
    let toolchain = Toolchain::for_target(&dir, target)?;

    let mut cargo = cargo_in(&dir, options);
    cargo.args([
        "build",
        "--release",
        "--lib",
        "--message-format=json-render-diagnostics",
    ]);
    cargo.args(["--target", target.triple(), "--package", &package.id.repr]);
    // Line tables let a trap name the line; what is shipped is stripped of them afterwards.
    if std::env::var_os("CARGO_PROFILE_RELEASE_DEBUG").is_none() {
        cargo.args(["--config", "profile.release.debug=\"line-tables-only\""]);
    }
    let cargo_home = rustflags::cargo_home(&dir);
    let remap = remap::flags(&metadata, cargo_home.as_deref(), &toolchain);
    rustflags::add_ours(&mut cargo, &dir, target, &remap);
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

    // What is left of earlier builds must not shape this one.
    cargo.env("CARGO_INCREMENTAL", "0");

    tracing::info!(command = ?cargo, "compiling");
    let mut child = cargo
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| not_started(&cargo, e))?;
    let mut artefact = None;
    let mut units = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line.map_err(|source| BuildError::CargoBroken { source: source.into() })?;
            // Lines that are not JSON come from build scripts of old cargos and from wrappers; they announce nothing.
            let Ok(message) = serde_json::from_str::<Message>(&line) else {
                continue;
            };
            artefact = wasm_of(&message, &package.id.repr).or(artefact);
            units.extend(unit_of(message, &metadata, target));
        }
    }
    let status = child
        .wait()
        .map_err(|source| BuildError::CargoBroken { source: source.into() })?;
    if !status.success() {
        return Err(BuildError::CompileFailed {
            package: package.name.to_string(),
            target,
        });
    }
    let artefact = artefact.ok_or_else(|| BuildError::NoArtefact {
        package: package.name.to_string(),
    })?;
    let crates = match options.crate_graph {
        true => {
            let metadata = describe(&dir, options, &["--filter-platform", target.triple()])?;
            Some(graph::of(&metadata, &package.id.repr, &units, toolchain.release)?)
        }
        false => None,
    };
    Ok(Compiled { artefact, crates })
}

/// Where the crate in `dir` and its workspace lie, and what they depend on outside of it.
pub(super) fn workspace(dir: &Path, options: &BuildOptions) -> Result<Metadata, BuildError> {
    let dir = dir.canonicalize().map_err(|source| BuildError::Unreadable {
        path: dir.to_owned(),
        source,
    })?;
    describe(&dir, options, &["--no-deps"])
}

/// What cargo says about the crates of the workspace that `dir` lies in.
fn describe(dir: &Path, options: &BuildOptions, arguments: &[&str]) -> Result<Metadata, BuildError> {
    let mut cargo = cargo_in(dir, options);
    cargo.args(["metadata", "--format-version=1"]).args(arguments);
    if options.offline {
        cargo.arg("--offline");
    }
    if options.quiet {
        cargo.arg("--quiet");
    }
    cargo.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = cargo.output().map_err(|e| not_started(&cargo, e))?;
    if !output.status.success() {
        return Err(BuildError::CargoManifest {
            manifest: dir.join("Cargo.toml"),
        });
    }
    serde_json::from_slice(&output.stdout).map_err(|source| BuildError::CargoBroken { source: source.into() })
}

/// The crate whose manifest lies in `dir`, checked to be one that can become a component.
fn package_in<'a>(metadata: &'a Metadata, dir: &Path) -> Result<&'a Package, BuildError> {
    let manifest = dir.join("Cargo.toml");
    let real = manifest
        .canonicalize()
        .map_err(|source| BuildError::Unreadable { path: manifest, source })?;
    let package = metadata
        .packages
        .iter()
        .find(|package| package.manifest_path.canonicalize().is_ok_and(|path| path == real))
        .ok_or_else(|| BuildError::WorkspaceOnly { dir: dir.to_owned() })?;
    let mut types = package.targets.iter().flat_map(|target| &target.crate_types);
    if types.any(|kind| *kind == CrateType::CDyLib) {
        Ok(package)
    } else {
        Err(BuildError::NotCdylib {
            package: package.name.to_string(),
        })
    }
}

/// The `.wasm` file that a message of cargo announces for the package, if it does.
fn wasm_of(message: &Message, package_id: &str) -> Option<PathBuf> {
    let is_cdylib = |target: &CargoTarget| target.crate_types.iter().any(|kind| kind == "cdylib");
    let ours = message.reason == "compiler-artifact"
        && message.package_id == package_id
        && message.target.as_ref().is_some_and(is_cdylib);
    let is_wasm = |file: &&PathBuf| file.extension().is_some_and(|extension| extension == "wasm");
    message.filenames.iter().find(is_wasm).filter(|_| ours).cloned()
}

/// The crate that a message of cargo announces as compiled, if it does. What cargo compiles for the target lies in a
/// folder of its own; everything else runs on this machine.
fn unit_of(message: Message, metadata: &Metadata, target: Target) -> Option<Unit> {
    if message.reason != "compiler-artifact" {
        return None;
    }
    let folders = [Some(&metadata.target_directory), metadata.build_directory.as_ref()];
    let folders = folders.map(|folder| folder.map(|folder| folder.join(target.triple())));
    let for_target = |file: &PathBuf| folders.iter().flatten().any(|folder| file.starts_with(folder));
    Some(Unit {
        linked: message.filenames.iter().any(for_target),
        package_id: message.package_id,
        features: message.features,
    })
}

fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Cargo started in the crate's folder, so that the crate's toolchain file and configuration count.
fn cargo_in(dir: &Path, options: &BuildOptions) -> Command {
    let mut command = Command::new(program());
    command.current_dir(dir);
    if let Some(folder) = &options.target_dir {
        command.env("CARGO_TARGET_DIR", folder);
        command.env("CARGO_BUILD_BUILD_DIR", folder);
    }
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
    use super::{Message, wasm_of};
    use std::path::PathBuf;

    #[test]
    fn only_the_packages_own_cdylib_counts() {
        let line = |id: &str, kind: &str, file: &str| {
            let text = format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","target":{{"kind":["{kind}"],"crate_types":["{kind}"]}},"filenames":["{file}"],"fresh":true}}"#
            );
            serde_json::from_str::<Message>(&text).unwrap()
        };
        assert_eq!(
            wasm_of(&line("me", "cdylib", "/t/a.wasm"), "me"),
            Some(PathBuf::from("/t/a.wasm"))
        );
        assert_eq!(wasm_of(&line("other", "cdylib", "/t/a.wasm"), "me"), None);
        assert_eq!(wasm_of(&line("me", "bin", "/t/a.wasm"), "me"), None);
        assert_eq!(wasm_of(&line("me", "cdylib", "/t/a.rlib"), "me"), None);
        let finished = serde_json::from_str(r#"{"reason":"build-finished","success":true}"#).unwrap();
        assert_eq!(wasm_of(&finished, "me"), None);
    }
}
