//! `cargo xtask test`: every check that CI runs, cheapest first, stopping at the first failure.
//!
//! Everything is in the release profile. The engine is too slow in the dev profile for the tests, and one profile means
//! that its build scripts and macros are compiled once for linting, documentation and tests.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::shell::Line;
use crate::toolchain::{ALL, GUEST_TARGET};
use crate::workspace::Workspace;
use crate::{Finding, links, setup, style};

/// One check: what it is called, what it does in words, and how it is done.
struct Check {
    name: &'static str,
    does: &'static str,
    by: Means,
}

enum Means {
    Cargo(Line),
    Links,
}

/// Runs all checks, or with `quick` those that give an answer soon.
pub fn run(workspace: &Workspace, quick: bool) -> Result<Finding> {
    let begun = Instant::now();
    announce("set-up", "is the toolchain complete?");
    setup::ensure(workspace, &ALL)?;
    finished("set-up", begun);

    let checks = checks(workspace, quick)?;
    for check in &checks {
        let begun = Instant::now();
        announce(check.name, check.does);
        if let Some(sentence) = failure(workspace, check)? {
            eprintln!(
                "{} {sentence}",
                style::err(&format!("{} failed:", check.name), style::RED)
            );
            return Ok(Finding::Bad);
        }
        finished(check.name, begun);
    }
    let left_out = if quick {
        ", without those that --quick leaves out"
    } else {
        ""
    };
    let summary = format!(
        "All {} checks passed in {}{left_out}.",
        checks.len(),
        style::duration(begun.elapsed())
    );
    println!("{}", style::out(&summary, style::GREEN));
    Ok(Finding::Good)
}

fn checks(workspace: &Workspace, quick: bool) -> Result<Vec<Check>> {
    let cargo = |args: &[&str]| Means::Cargo(workspace.cargo().args(args));
    let mut checks = vec![
        Check {
            name: "format",
            does: "is all Rust code formatted?",
            by: cargo(&["fmt", "--all", "--check"]),
        },
        Check {
            name: "links",
            does: "does every file named in a document exist?",
            by: Means::Links,
        },
        Check {
            name: "clippy",
            does: "no warning in any crate, test or benchmark",
            by: cargo(&[
                "clippy",
                "--release",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
        },
    ];
    if !quick {
        checks.push(Check {
            name: "clippy for wasm",
            does: "no warning in the algorithms as the sandbox runs them",
            by: Means::Cargo(guests_clippy(workspace)?),
        });
        checks.push(Check {
            name: "documentation",
            does: "it builds without a warning, and its links lead somewhere",
            by: Means::Cargo(
                workspace
                    .cargo()
                    .args(["doc", "--release", "--workspace", "--no-deps"])
                    .env("RUSTDOCFLAGS", "-D warnings"),
            ),
        });
    }
    checks.push(Check {
        name: "build",
        does: "the program `procvision`, which the tests start",
        by: Means::Cargo(workspace.host_build()),
    });
    checks.push(if quick {
        Check {
            name: "unit tests",
            does: "the tests inside the crates",
            by: cargo(&["test", "--release", "--workspace", "--lib", "--bins"]),
        }
    } else {
        Check {
            name: "tests",
            does: "unit tests, end-to-end tests, hostile algorithms, and the documentation's examples",
            by: cargo(&["test", "--release", "--workspace"]),
        }
    });
    Ok(checks)
}

fn guests_clippy(workspace: &Workspace) -> Result<Line> {
    let guests = workspace.guests()?;
    if guests.is_empty() {
        bail!("no package of the workspace builds a cdylib, so there is no algorithm to check");
    }
    let packages = guests.iter().flat_map(|guest| ["--package", guest]);
    let line = workspace
        .cargo()
        .args(["clippy", "--release", "--target", GUEST_TARGET])
        .args(packages);
    Ok(line.args(["--", "-D", "warnings"]))
}

/// Why the check failed and how to repeat it, or `None` if it passed.
fn failure(workspace: &Workspace, check: &Check) -> Result<Option<String>> {
    match &check.by {
        Means::Cargo(line) => {
            let passed = line.run()?.success();
            Ok((!passed).then(|| format!("see above; repeat it with: {line}")))
        }
        Means::Links => {
            let broken = links::broken(workspace.root())?;
            for link in &broken {
                eprintln!("   {link}");
            }
            let sentence = "the documents name things that do not exist; mend them and repeat with: cargo xtask test";
            Ok((!broken.is_empty()).then(|| sentence.to_owned()))
        }
    }
}

fn announce(name: &str, does: &str) {
    eprintln!("{} {does}", style::err(&format!("== {name}:"), style::BOLD));
}

fn finished(name: &str, begun: Instant) {
    eprintln!(
        "{} {}",
        style::err(&format!("   {name} passed in"), style::GREEN),
        style::duration(begun.elapsed())
    );
}
