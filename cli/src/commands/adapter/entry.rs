//! `--entry` and `PROC_ENTRY_POINT`: what runners say about where the algorithm is in its package.

use crate::commands::error::CommandError;
use procvision_host::package::Package;
use procvision_host::visible;
use std::path::Path;

/// Compares what was named with what is served.
///
/// # Errors
///
/// It is another component than the package's.
pub(super) fn check(entry: &str, package: &Package) -> Result<(), CommandError> {
    let component = match package.manifest() {
        Some(manifest) => manifest.component.clone(),
        None => package
            .source()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    };
    let shown = visible::line(entry);
    if is_python(entry) {
        tracing::warn!(
            entry,
            component,
            "`{shown}` is an entry point of the Python SDK; served is the component `{component}` of this package"
        );
        return Ok(());
    }
    let named = Path::new(entry.trim_start_matches("./"));
    if named == Path::new(&component) {
        return Ok(());
    }
    let message = format!("the entry `{shown}` is not the component of the package, which is `{component}`");
    Err(CommandError::could_not_run("entry", message).help("leave the entry out; the manifest names the component"))
}

/// `module.path:Class`.
fn is_python(entry: &str) -> bool {
    let name = |text: &str| {
        let word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
        !text.is_empty() && text.chars().all(word)
    };
    entry
        .split_once(':')
        .is_some_and(|(module, class)| name(module) && name(class))
}

#[cfg(test)]
mod tests {
    use super::is_python;

    #[test]
    fn entry_points_of_python_are_known() {
        assert!(is_python("algorithm.main:Algorithm") && is_python("a:B"));
        for other in ["component.wasm", "a/b:C", ":C", "a:", ""] {
            assert!(!is_python(other), "{other}");
        }
    }
}
