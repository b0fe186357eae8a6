//! The adapters that are asked, each around the algorithm of known behaviour: ours around `conformance/subject`, the
//! original ones around `xtask/peers/conformance_subject.py`.

use std::ffi::OsString;
use std::time::Duration;

use anyhow::{Result, bail};
use procvision_conformance::subject::{Dialect, Launch, SLOW_LOAD, Subject};

use super::package::{self, EXECUTE_LIMIT, Wishes};
use crate::bench::peers;
use crate::host;
use crate::workspace::Workspace;

/// What this project's adapter is called in tables.
pub const OURS: &str = "procvision";
/// The original adapters: what they are called in tables, the version of the package, and of the protocol.
pub const ORIGINALS: [(&str, &str, Dialect); 2] = [("0.0.7", "0.0.7", Dialect::V02), ("0.3.2", "0.3.2", Dialect::V03)];
/// Limit of `pre_execute` that our package asks for, so that nobody waits for long.
const PRE_LIMIT: Duration = Duration::from_secs(1);

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
    let launch = |name, load| -> Result<Launch> {
        let wishes = Wishes {
            pre_limit: PRE_LIMIT,
            load,
        };
        let folder = package::make(workspace, &program, name, &wishes)?;
        Ok(Launch::new(&program).arg("adapter").arg(folder))
    };
    Ok(Subject {
        slow: Some(launch("package-slow", Some(SLOW_LOAD))?),
        pre_limit: PRE_LIMIT,
        execute_limit: EXECUTE_LIMIT,
        ..Subject::new(OURS, Dialect::ALL, launch("package", None)?)
    })
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
