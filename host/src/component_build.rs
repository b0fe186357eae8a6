//! From an author's crate, or from a WebAssembly file of some toolchain, to the component of a package.
//!
//! In order: have cargo compile the crate, lift a core module into a component, check that a host would run it, take the
//! debug information out, check again, write.

mod cargo;
mod check;
mod copy;
mod error;
mod graph;
mod input;
mod lift;
mod output;
mod remap;
mod rustflags;
mod strip;
mod toolchain;

pub use error::BuildError;

use crate::sbom::CrateGraph;
use lift::WasmKind;
use serde::Serialize;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What a crate is compiled for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Target {
    /// Components directly from the compiler.
    #[default]
    #[serde(rename = "wasm32-wasip2")]
    Wasip2,
    /// Core modules with the first version of WASI, which an adapter turns into the second.
    #[serde(rename = "wasm32-wasip1")]
    Wasip1,
    /// Core modules without any system interface.
    #[serde(rename = "wasm32-unknown-unknown")]
    UnknownUnknown,
}

impl Target {
    /// All targets, the default first.
    pub const ALL: [Self; 3] = [Self::Wasip2, Self::Wasip1, Self::UnknownUnknown];

    /// The target's name for rustc and rustup.
    pub const fn triple(self) -> &'static str {
        match self {
            Self::Wasip2 => "wasm32-wasip2",
            Self::Wasip1 => "wasm32-wasip1",
            Self::UnknownUnknown => "wasm32-unknown-unknown",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.triple())
    }
}

/// Whether cargo colours what it prints on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CargoColor {
    /// As cargo decides.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How to build. The default is what a package needs.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// What to compile a crate for. Means nothing for a file that is compiled already.
    pub target: Target,
    /// Where the component goes; else where the manifest says, or beside the file.
    pub output: Option<PathBuf>,
    /// Leave the debug information in.
    pub keep_debug: bool,
    /// Let cargo use no network.
    pub offline: bool,
    /// Let cargo say nothing but errors.
    pub quiet: bool,
    /// Colours of what cargo prints.
    pub color: CargoColor,
    /// Where cargo puts what it compiles, an absolute path; else where it always does.
    pub target_dir: Option<PathBuf>,
    /// Find out which crates are linked into the component.
    pub crate_graph: bool,
}

/// What a component was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A crate that cargo compiled.
    Crate,
    /// A core module.
    Module,
    /// A component.
    Component,
}

/// A component that was built.
#[derive(Clone, Debug, Serialize)]
pub struct Build {
    /// The component as it is shipped.
    pub component: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The same component with its debug information, so that a trap can name the line: kept in cargo's target folder,
    /// or the component that was given. `None` for a lone module, whose component exists only as [`Self::component`].
    pub with_debug: Option<PathBuf>,
    /// The size in bytes of the component before stripping.
    pub bytes_with_debug: u64,
    /// What it was made from.
    pub origin: Origin,
    /// What the crate was compiled for.
    pub target: Option<Target>,
    /// The crates in it, if they were asked for and it was made from a crate.
    #[serde(skip)]
    pub crates: Option<CrateGraph>,
}

/// Where the sources of a crate lie.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The folder of its workspace, or its own.
    pub root: PathBuf,
    /// Folders of what cargo has compiled, which need not exist.
    pub targets: Vec<PathBuf>,
    /// Names of crates that are used from folders outside of it. Their places are part of what cargo names them by, so
    /// that the same sources elsewhere make another component.
    pub outside: Vec<String>,
}

/// Asks cargo where the sources of the crate in the folder `dir` lie. Runs nothing of them.
///
/// # Errors
///
/// If cargo cannot be asked or cannot use the crate.
pub fn workspace(dir: &Path, options: &BuildOptions) -> Result<Workspace, BuildError> {
    let metadata = cargo::workspace(dir, options)?;
    let targets = [Some(&metadata.target_directory), metadata.build_directory.as_ref()];
    Ok(Workspace {
        root: metadata.workspace_root.clone().into_std_path_buf(),
        targets: targets.into_iter().flatten().map(|path| path.clone().into()).collect(),
        outside: remap::outside(&metadata).into_values().collect(),
    })
}

/// Whether `path` is a folder with a crate in it, as opposed to a package that is only to be used.
pub fn is_crate(path: &Path) -> bool {
    path.join("Cargo.toml").is_file()
}

/// Builds the component of the crate in the folder `source`, or of the `.wasm` file `source`.
///
/// Compiling a crate runs its build scripts and procedural macros on this machine, with the rights of the caller.
/// Cargo's progress and the compiler's errors go to stderr; nothing is written to stdout.
///
/// # Errors
///
/// Everything that [`BuildError`] lists; the component that was there before is then still there.
pub fn build(source: &Path, options: &BuildOptions) -> Result<Build, BuildError> {
    if source.is_dir() {
        build_crate(source, options)
    } else {
        build_file(source, options)
    }
}

impl Workspace {
    /// Copies the sources into the new folder `to`, but for what cargo has compiled and the history of version control.
    ///
    /// # Errors
    ///
    /// What the system says, and [`io::ErrorKind::FileTooLarge`] if there is more than sources would have.
    pub fn copy_to(&self, to: &Path) -> io::Result<()> {
        copy::copy(&self.root, to, &self.targets)
    }
}

fn build_crate(dir: &Path, options: &BuildOptions) -> Result<Build, BuildError> {
    if !is_crate(dir) {
        return Err(BuildError::NoCrate { dir: dir.to_owned() });
    }
    let component = match &options.output {
        Some(path) => path.clone(),
        None => output::component_of(dir)?,
    };
    let cargo::Compiled { artefact, crates } = cargo::compile(dir, options.target, options)?;
    let (bytes, kind) = component_from(&artefact)?;
    let with_debug = match kind {
        WasmKind::Component => artefact,
        WasmKind::Module => {
            let path = output::beside(&artefact);
            output::write_atomically(&path, &bytes)?;
            path
        }
    };
    let build = finish(&bytes, &with_debug, options, component)?;
    Ok(Build {
        with_debug: Some(with_debug),
        origin: Origin::Crate,
        target: Some(options.target),
        crates,
        ..build
    })
}

fn build_file(file: &Path, options: &BuildOptions) -> Result<Build, BuildError> {
    let component = options.output.clone().unwrap_or_else(|| output::beside(file));
    let (bytes, kind) = component_from(file)?;
    let build = finish(&bytes, file, options, component)?;
    Ok(match kind {
        WasmKind::Module => Build {
            origin: Origin::Module,
            ..build
        },
        WasmKind::Component => Build {
            with_debug: Some(file.to_owned()),
            ..build
        },
    })
}

/// Reads a module or component and makes it a component that a host would run; says what it was.
fn component_from(path: &Path) -> Result<(Vec<u8>, WasmKind), BuildError> {
    let wasm = input::read(path)?;
    let kind = lift::kind_of(&wasm, path)?;
    let component = match kind {
        WasmKind::Component => wasm,
        WasmKind::Module => lift::lift(&wasm, path)?,
    };
    check::runnable(&component, path)?;
    Ok((component, kind))
}

/// Strips `component`, which was made from the file `from` and checked, checks the result and writes it to `place`.
fn finish(component: &[u8], from: &Path, options: &BuildOptions, place: PathBuf) -> Result<Build, BuildError> {
    let stripped = if options.keep_debug {
        None
    } else {
        let stripped = strip::without_debug(component).map_err(|source| BuildError::Invalid {
            path: from.to_owned(),
            source,
        })?;
        check::runnable(&stripped, from)?;
        Some(stripped)
    };
    let shipped = stripped.as_deref().unwrap_or(component);
    output::write_atomically(&place, shipped)?;
    Ok(Build {
        component: place,
        bytes: shipped.len() as u64,
        with_debug: None,
        bytes_with_debug: component.len() as u64,
        origin: Origin::Component,
        target: None,
        crates: None,
    })
}

/// The version of the compiler that would build components in a folder, if there is one.
///
/// # Errors
///
/// If the compiler has no libraries for components.
pub(crate) fn toolchain_version(folder: &Path) -> Result<Option<String>, BuildError> {
    Ok(toolchain::Toolchain::for_target(folder, Target::default())?.release)
}
