//! The adapters that are asked, each around the algorithm of known behaviour: ours around `conformance/subject`, the
//! original ones around `xtask/peers/conformance_subject.py`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use procvision_conformance::subject::{Dialect, Launch, SLOW_LOAD, Subject};
use serde_json::json;

use crate::bench::peers;
use crate::host;
use crate::shell::Line;
use crate::workspace::Workspace;

/// What this project's adapter is called in tables.
pub const OURS: &str = "procvision";
/// The original adapters: what they are called in tables, the version of the package, and of the protocol.
pub const ORIGINALS: [(&str, &str, Dialect); 2] = [("0.0.7", "0.0.7", Dialect::V02), ("0.3.2", "0.3.2", Dialect::V03)];
/// Limits that the package asks for, so that nobody waits for long: milliseconds of `pre_execute` and of `execute`.
const LIMITS_MS: (u64, u64) = (1000, 4000);

/// Those whose names are in `wanted`, or all; this project's first.
pub fn all(workspace: &Workspace, wanted: &[String]) -> Result<Vec<Subject>> {
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    let known: Vec<&str> = [OURS]
        .into_iter()
        .chain(ORIGINALS.iter().map(|(name, ..)| *name))
        .collect();
    if let Some(word) = wanted.iter().find(|word| !known.contains(&word.as_str())) {
        bail!("there is no subject {word}; there are {}", known.join(", "));
    }
    let mut subjects = Vec::new();
    if is_wanted(OURS) {
        subjects.push(ours(workspace)?);
    }
    for (name, version, dialect) in ORIGINALS {
        if is_wanted(name) {
            subjects.push(original(workspace, name, version, dialect)?);
        }
    }
    Ok(subjects)
}

/// A command line that somebody gave.
pub fn of_command(command: &[OsString], dialect: Option<Dialect>) -> Subject {
    let mut words = command.iter().cloned();
    let mut launch = Launch::new(words.next().unwrap_or_default());
    launch.args.extend(words);
    let dialects = dialect.map_or_else(|| Dialect::ALL.to_vec(), |dialect| vec![dialect]);
    let name = command.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>();
    Subject::new(name.join(" "), dialects, launch)
}

fn ours(workspace: &Workspace) -> Result<Subject> {
    let program = host::build(workspace)?;
    let launch = |folder: PathBuf| Launch::new(&program).arg("adapter").arg(folder);
    let package = |name, load| package(workspace, &program, name, load);
    let fast = launch(package("package", None)?);
    let slow = launch(package("package-slow", Some(SLOW_LOAD))?);
    let subject = Subject::new(OURS, Dialect::ALL, fast);
    Ok(Subject {
        slow: Some(slow),
        pre_limit: Duration::from_millis(LIMITS_MS.0),
        execute_limit: Duration::from_millis(LIMITS_MS.1),
        ..subject
    })
}

/// The folder of a package with the known algorithm, which takes `load` to be set up.
pub fn package(workspace: &Workspace, program: &Path, name: &str, load: Option<Duration>) -> Result<PathBuf> {
    let folder = workspace.target_dir()?.join("conformance").join(name);
    fs::create_dir_all(folder.join("assets")).with_context(|| format!("cannot make {}", folder.display()))?;
    let build = Line::new(program, workspace.root())
        .args(["build", "conformance/subject", "--json", "--output"])
        .arg(folder.join("component.wasm"));
    if !build.output()?.status.success() {
        bail!("the algorithm cannot be built (see above); repeat with: {build}");
    }
    let manifest = json!({
        "manifest_version": 1,
        "name": "conformance_subject",
        "version": "1.0.0",
        "description": "Does what the conformance suite tells it to do",
        "component": "component.wasm",
        "supported_pids": ["A01", "A02"],
        "limits": { "pre_execute_deadline_ms": LIMITS_MS.0, "execute_deadline_ms": LIMITS_MS.1 },
    });
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    write("manifest.json", manifest.to_string())?;
    if let Some(load) = load {
        write("assets/load-ms", load.as_millis().to_string())?;
    }
    Ok(folder)
}

fn original(workspace: &Workspace, name: &str, version: &str, dialect: Dialect) -> Result<Subject> {
    let folder = format!("conformance/python-{version}");
    let package = format!("procvision-algorithm-sdk=={version}");
    let python = peers::environment_with(workspace, &folder, &[&package])?;
    let mut launch = Launch::new(python);
    for arg in [
        "-B",
        "-m",
        "procvision_algorithm_sdk.adapter",
        "--entry",
        "conformance_subject:Subject",
    ] {
        launch = launch.arg(arg);
    }
    launch.dir = Some(workspace.root().join("xtask/peers"));
    Ok(Subject::new(name, [dialect], launch))
}
