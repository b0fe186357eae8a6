//! Adding a compiler flag to those that the author has already set, wherever that was.
//!
//! Cargo takes flags from the first of these places that has any, and forgets the others: the environment variable
//! `CARGO_ENCODED_RUSTFLAGS`, then `RUSTFLAGS`, then `target.<triple>.rustflags` of its configuration, then
//! `build.rustflags`. So ours must join whichever place is in use.

use super::Target;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use toml::{Table, Value};

/// Guests use 128-bit vectors: the SDK's kernels are slow without them, and every host of the contract has them.
const SIMD: [&str; 2] = ["-C", "target-feature=+simd128"];
/// LLVM's loop strength reduction computes the address of every access in a loop anew, where WebAssembly has an offset
/// for it in the instruction itself. Without it, the SDK's kernels need up to a third less time.
const OFFSETS: [&str; 2] = ["-C", "llvm-args=-disable-lsr"];
const ENCODED: &str = "CARGO_ENCODED_RUSTFLAGS";

/// Lets `cargo`, started in `dir`, compile for `target` with vector instructions, offsets and the flags `remap`, each one
/// word.
pub(super) fn add_ours(cargo: &mut Command, dir: &Path, target: Target, remap: &[String]) {
    let encoded = std::env::var(ENCODED).ok();
    let plain = std::env::var("RUSTFLAGS").ok();
    if let Some(flags) = from_environment(encoded.as_deref(), plain.as_deref(), remap) {
        cargo.env(ENCODED, flags);
        return;
    }
    let configs = config_files(dir, cargo_home(dir).as_deref());
    let value = match flags_in_one_string(&configs, target.triple()) {
        // Cargo adds lists up, but a string replaces the one before it and cannot be mixed with a list.
        Some(flags) => {
            // It is cut at spaces, so that a path with one in it cannot be said.
            let whole = |flag: &&str| !flag.contains(char::is_whitespace);
            let ours: Vec<&str> = ours(flags, remap).into_iter().filter(whole).collect();
            Value::from(format!("{flags} {}", ours.join(" ")))
        }
        None => {
            let mut flags = build_flags(&configs, target.triple());
            let ours: Vec<String> = ours(&flags.join(" "), remap).into_iter().map(str::to_owned).collect();
            flags.extend(ours);
            Value::from(flags)
        }
    };
    let key = format!("target.{}.rustflags", target.triple());
    cargo.arg("--config").arg(format!("{key}={value}"));
}

/// Where cargo keeps the sources of dependencies and the user's configuration.
pub(super) fn cargo_home(dir: &Path) -> Option<PathBuf> {
    match std::env::var_os("CARGO_HOME") {
        Some(home) if !home.is_empty() => Some(dir.join(home)),
        _ => Some(dirs::home_dir()?.join(".cargo")),
    }
}

/// The value for [`ENCODED`] if the author sets flags by environment. Ours come first, so that the author's prevail.
fn from_environment(encoded: Option<&str>, plain: Option<&str>, remap: &[String]) -> Option<String> {
    let author: Vec<&str> = match (encoded, plain) {
        (Some(flags), _) => flags.split('\x1f').filter(|flag| !flag.is_empty()).collect(),
        (None, Some(flags)) => flags.split_whitespace().collect(),
        (None, None) => return None,
    };
    let ours = ours(&author.join(" "), remap);
    Some(ours.into_iter().chain(author).collect::<Vec<_>>().join("\x1f"))
}

/// What is added to the author's flags. LLVM refuses to be told the same thing twice.
fn ours<'a>(author: &str, remap: &'a [String]) -> Vec<&'a str> {
    let offsets = OFFSETS.into_iter().filter(|_| !author.contains("-disable-lsr"));
    let remap = remap.iter().map(String::as_str);
    SIMD.into_iter().chain(offsets).chain(remap).collect()
}

/// Cargo's configuration for a folder, most general first. A file that cannot be read or parsed is left for cargo to
/// complain about.
fn config_files(dir: &Path, cargo_home: Option<&Path>) -> Vec<Table> {
    let mut folders: Vec<PathBuf> = dir.ancestors().map(|folder| folder.join(".cargo")).collect();
    if let Some(home) = cargo_home.filter(|home| !folders.iter().any(|folder| folder == home)) {
        folders.push(home.to_owned());
    }
    folders.reverse();
    let read = |folder: &PathBuf| {
        // Cargo prefers the name without extension where both exist.
        let text = ["config", "config.toml"]
            .iter()
            .find_map(|name| std::fs::read_to_string(folder.join(name)).ok())?;
        text.parse().ok()
    };
    folders.iter().filter_map(read).collect()
}

/// The flags for exactly this target, where they are configured as one string instead of a list.
fn flags_in_one_string<'a>(configs: &'a [Table], triple: &str) -> Option<&'a str> {
    let flags = |config: &'a Table| config.get("target")?.get(triple)?.get("rustflags")?.as_str();
    configs.iter().rev().find_map(flags)
}

/// The flags of `build.rustflags` and of its environment variable, unless flags for the target are configured: those make cargo ignore the former.
fn build_flags(configs: &[Table], triple: &str) -> Vec<String> {
    let for_target = |config: &Table| {
        let targets = config.get("target").and_then(Value::as_table);
        targets
            .into_iter()
            .flatten()
            .any(|(name, settings)| (name == triple || name.starts_with("cfg(")) && settings.get("rustflags").is_some())
    };
    let by_environment = format!("CARGO_TARGET_{}_RUSTFLAGS", triple.to_uppercase().replace('-', "_"));
    if configs.iter().any(for_target) || std::env::var_os(OsStr::new(&by_environment)).is_some() {
        return Vec::new();
    }
    let files = configs
        .iter()
        .filter_map(|config| config.get("build")?.get("rustflags"));
    let environment = std::env::var("CARGO_BUILD_RUSTFLAGS").ok().map(Value::from);
    files.chain(&environment).flat_map(flag_list).collect()
}

/// Flags as cargo writes them: a list of strings, or one string with spaces.
fn flag_list(value: &Value) -> Vec<String> {
    match value {
        Value::String(flags) => flags.split_whitespace().map(str::to_owned).collect(),
        Value::Array(flags) => flags
            .iter()
            .filter_map(|flag| Some(flag.as_str()?.to_owned()))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{build_flags, config_files, flags_in_one_string, from_environment};
    use std::fs;

    #[test]
    fn flags_of_the_environment_are_kept() {
        assert_eq!(from_environment(None, None, &[]), None);
        let ours = "-C\x1ftarget-feature=+simd128\x1f-C\x1fllvm-args=-disable-lsr";
        assert_eq!(from_environment(None, Some(""), &[]).unwrap(), ours);
        assert_eq!(
            from_environment(None, Some(" -g  --cfg x "), &[]).unwrap(),
            format!("{ours}\x1f-g\x1f--cfg\x1fx")
        );
        assert_eq!(
            from_environment(
                Some("--cfg\x1fa b"),
                Some("-g"),
                &["--remap-path-prefix=/a b=/c".to_owned()]
            )
            .unwrap(),
            format!("{ours}\x1f--remap-path-prefix=/a b=/c\x1f--cfg\x1fa b")
        );
    }

    #[test]
    fn llvm_is_not_told_twice() {
        assert_eq!(
            from_environment(None, Some("-Cllvm-args=-disable-lsr"), &[]).unwrap(),
            "-C\x1ftarget-feature=+simd128\x1f-Cllvm-args=-disable-lsr"
        );
    }

    #[test]
    fn flags_of_every_configuration_file_are_kept_general_ones_first() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("project");
        let home = root.path().join("home");
        for folder in [root.path().join(".cargo"), inner.join(".cargo"), home.clone()] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(
            root.path().join(".cargo/config.toml"),
            "[build]\nrustflags = \"--cfg middle\"\n",
        )
        .unwrap();
        fs::write(
            inner.join(".cargo/config.toml"),
            "[build]\nrustflags = [\"--cfg\", \"near\"]\n",
        )
        .unwrap();
        fs::write(home.join("config.toml"), "[build]\nrustflags = [\"-g\"]\n").unwrap();

        let flags = build_flags(&config_files(&inner, Some(&home)), "wasm32-wasip2");
        assert_eq!(flags, ["-g", "--cfg", "middle", "--cfg", "near"]);

        let target = "[target.wasm32-wasip2]\nrustflags = \"-g\"\n";
        fs::write(home.join("config.toml"), target).unwrap();
        let configs = config_files(&inner, Some(&home));
        assert!(
            build_flags(&configs, "wasm32-wasip2").is_empty(),
            "cargo itself would ignore them"
        );
        assert!(!build_flags(&configs, "wasm32-wasip1").is_empty());
        assert_eq!(flags_in_one_string(&configs, "wasm32-wasip2"), Some("-g"));
        assert_eq!(flags_in_one_string(&configs, "wasm32-wasip1"), None);
    }
}
