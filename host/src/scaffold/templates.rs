//! The text files of a new project.

use super::names::Names;
use super::sdk::{CRATE, VENDORED};
use crate::schemas::PublishedSchema;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, context, syntax::SyntaxConfig};
use serde_json::json;
use std::path::Path;

/// Version that a project begins with.
const VERSION: &str = "0.1.0";

/// A copy of the manifest's schema, so that editors help without a network.
const MANIFEST_SCHEMA: &str = "manifest.schema.json";

const FILES: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("templates/Cargo.toml.jinja")),
    (".gitignore", include_str!("templates/gitignore.jinja")),
    ("src/lib.rs", include_str!("templates/lib.rs.jinja")),
    ("tests/verdicts.rs", include_str!("templates/verdicts.rs.jinja")),
    ("README.md", include_str!("templates/README.md.jinja")),
];

/// Paths inside the project, and texts. `sdk` is the SDK's folder if it is not copied into the project.
pub(super) fn render(names: &Names, pids: &[String], sdk: Option<&Path>) -> Result<Vec<(&'static str, String)>, Error> {
    let sdk_path = match sdk {
        Some(path) => path.to_str().map(str::to_owned).ok_or_else(|| {
            Error::new(
                ErrorKind::BadSerialization,
                format!("the path of the SDK is not Unicode: {}", path.display()),
            )
        })?,
        None => format!("{VENDORED}/{CRATE}"),
    };
    let values = context! {
        package => names.package.clone(),
        name => names.manifest.clone(),
        version => VERSION,
        pids => pids.iter().map(|pid| quoted(pid)).collect::<Vec<_>>(),
        pids_plain => pids.to_vec(),
        sdk_path => quoted(&sdk_path),
        vendored => sdk.is_none(),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).build()?);
    let mut files = vec![("manifest.json", manifest(names, pids)), ("cases.json", cases(pids))];
    files.extend(PublishedSchema::find("manifest").map(|schema| (MANIFEST_SCHEMA, schema.text())));
    for (path, template) in FILES {
        files.push((path, environment.render_str(template, &values)?));
    }
    Ok(files)
}

fn manifest(names: &Names, pids: &[String]) -> String {
    let manifest = json!({
        "$schema": MANIFEST_SCHEMA,
        "manifest_version": crate::manifest::MANIFEST_VERSION,
        "name": names.manifest,
        "version": VERSION,
        "description": "Is a bright part of the required size in the picture?",
        "component": "component.wasm",
        "supported_pids": pids,
    });
    format!("{manifest:#}\n")
}

/// The two pictures of the project, with the answers that its algorithm gives.
fn cases(pids: &[String]) -> String {
    let pid = pids.first();
    let cases = json!([
        {
            "name": "a part of the required size",
            "pid": pid,
            "image": "pictures/ok.png",
            "verdict": "OK",
        },
        {
            "name": "a part that is too small",
            "pid": pid,
            "image": "pictures/ng.png",
            "verdict": "NG",
            "ng_reason_contains": "2000 are required",
            "defect_rects": [{ "x": 125, "y": 95, "width": 31, "height": 31, "label": "too small" }],
        },
    ]);
    format!("{cases:#}\n")
}

/// A string literal, the same in Rust, TOML and JSON for everything that names and paths contain.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
