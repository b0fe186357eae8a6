//! What authors of algorithms need and stations do not.

use super::finding::{Finding, Section};
use crate::component_build;
use crate::explain::{Explain, one_line};
use std::path::Path;
use std::process::{Command, Stdio};

const SECTION: Section = Section::Authors;

pub(super) fn findings() -> Vec<Finding> {
    let mut findings = vec![cargo()];
    findings.extend(target());
    findings
}

fn cargo() -> Finding {
    let asked = Command::new("cargo")
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match asked {
        Ok(answer) if answer.status.success() => {
            Finding::ok(SECTION, "cargo", String::from_utf8_lossy(&answer.stdout).trim())
        }
        _ => Finding::hint(
            SECTION,
            "cargo",
            "there is none; packages run without it",
            "to write algorithms, install Rust from https://rustup.rs",
        ),
    }
}

/// `None` if there is no compiler that could have it.
fn target() -> Option<Finding> {
    match component_build::toolchain_version(Path::new(".")) {
        Ok(version) => Some(Finding::ok(
            SECTION,
            "wasm_target",
            format!(
                "Rust {} compiles for {}",
                version?,
                component_build::Target::default().triple()
            ),
        )),
        Err(error) => {
            let remedy = error.remedy().unwrap_or_default();
            Some(Finding::hint(SECTION, "wasm_target", one_line(&error), remedy))
        }
    }
}
