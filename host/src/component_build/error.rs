//! Everything that can keep a component from being built.

use super::Target;
use super::input::INPUT_BYTES;
use crate::contract::LIFECYCLE;
use crate::explain::Explain;
use crate::manifest::ManifestError;
use crate::shape::ShapeError;
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// Why no component was built. Where nothing was built, nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The path names nothing.
    #[error("`{}` does not exist", path.display())]
    NotFound {
        /// As it was given.
        path: PathBuf,
    },
    /// A folder without a crate in it.
    #[error("`{}` has no Cargo.toml", dir.display())]
    NoCrate {
        /// The folder.
        dir: PathBuf,
    },
    /// A file or folder exists but cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Neither a folder nor a regular file.
    #[error("`{}` is neither a folder nor a regular file", path.display())]
    NotAFile {
        /// As it was given.
        path: PathBuf,
    },
    /// Larger than any component.
    #[error("`{}` is larger than the {INPUT_BYTES} bytes that a component to be built may have", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// `manifest.json` cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// There is no cargo.
    #[error("cargo is not installed: `{program}` cannot be found")]
    CargoMissing {
        /// The program that was to be started.
        program: String,
    },
    /// Cargo exists but does not work.
    #[error("cargo could not be run")]
    CargoBroken {
        /// What the system, or the parser of cargo's answer, says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The standard library for the target is not installed.
    #[error("the Rust target {target} is not installed")]
    TargetMissing {
        /// The target asked for.
        target: Target,
    },
    /// Cargo refused the manifest; its complaint has been shown.
    #[error("cargo cannot use `{}`, for the reason shown above", manifest.display())]
    CargoManifest {
        /// The crate's `Cargo.toml`.
        manifest: PathBuf,
    },
    /// A `Cargo.toml` that lists members but is no crate itself.
    #[error("`{}` is a workspace without a crate of its own", dir.display())]
    WorkspaceOnly {
        /// The folder.
        dir: PathBuf,
    },
    /// The crate has no library of the type that becomes a component.
    #[error("the crate {package} has no library of type cdylib")]
    NotCdylib {
        /// The crate.
        package: String,
    },
    /// The crate does not compile; the compiler's errors have been shown.
    #[error("the crate {package} does not build for {target}, for the reason shown above")]
    CompileFailed {
        /// The crate.
        package: String,
        /// The target asked for.
        target: Target,
    },
    /// Cargo succeeded without naming a `.wasm` file.
    #[error("cargo built {package} without producing a .wasm file")]
    NoArtefact {
        /// The crate.
        package: String,
    },
    /// Not WebAssembly at all.
    #[error("`{}` is not a WebAssembly file", path.display())]
    NotWasm {
        /// The file.
        path: PathBuf,
    },
    /// WebAssembly that breaks its own rules, or uses features that hosts switch off.
    #[error("`{}` is damaged or uses WebAssembly features that are switched off", path.display())]
    Invalid {
        /// The file it came from.
        path: PathBuf,
        /// The validator's complaint.
        source: wasmparser::BinaryReaderError,
    },
    /// A core module that was not built against the contract.
    #[error("the module `{}` does not say which component it is to become", path.display())]
    NoContract {
        /// The module.
        path: PathBuf,
    },
    /// A core module that cannot become a component.
    #[error("the module `{}` cannot be turned into a component", path.display())]
    Lift {
        /// The module.
        path: PathBuf,
        /// The encoder's complaint.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A component of another kind.
    #[error("`{}` is a component but not an algorithm: it does not export {LIFECYCLE}", path.display())]
    NotAnAlgorithm {
        /// The file it came from.
        path: PathBuf,
    },
    /// An algorithm that every host refuses.
    #[error("hosts would refuse `{}`", path.display())]
    NotRunnable {
        /// The file it came from.
        path: PathBuf,
        /// What they would say.
        source: ShapeError,
    },
    /// The result could not be stored. What was there before is still there.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Explain for BuildError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            // The code with which loading it would fail.
            Self::NotRunnable { source, .. } => return source.code(),
            Self::NotFound { .. } => "not-found",
            Self::NoCrate { .. } => "no-crate",
            Self::Unreadable { .. } => "unreadable",
            Self::NotAFile { .. } => "not-a-file",
            Self::TooLarge { .. } => "too-large",
            Self::Manifest(_) => "2002",
            Self::CargoMissing { .. } => "cargo-missing",
            Self::CargoBroken { .. } => "cargo-broken",
            Self::TargetMissing { .. } => "target-missing",
            Self::CargoManifest { .. } => "cargo-manifest",
            Self::WorkspaceOnly { .. } => "workspace-only",
            Self::NotCdylib { .. } => "not-cdylib",
            Self::CompileFailed { .. } => "compile-failed",
            Self::NoArtefact { .. } => "no-artefact",
            Self::NotWasm { .. } => "not-wasm",
            Self::Invalid { .. } => "invalid-wasm",
            Self::NoContract { .. } => "no-contract",
            Self::Lift { .. } => "lift-failed",
            Self::NotAnAlgorithm { .. } => "not-an-algorithm",
            Self::Write { .. } => "unwritable",
        })
    }

    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::NotFound { .. } | Self::NotAFile { .. } => "name the folder of a crate, or a .wasm file".into(),
            Self::TooLarge { .. } => "leave debug information and data out of it; ship data as assets".into(),
            Self::Invalid { .. } => {
                "build it again, without optional features such as threads, tail calls or several memories".into()
            }
            Self::NotRunnable { source, .. } => return source.remedy(),
            Self::NoCrate { .. } => {
                "name the folder of a crate or a .wasm file, or start a project with `procvision init NAME`".into()
            }
            Self::Manifest(_) => "correct the manifest".into(),
            Self::CargoMissing { .. } => "install Rust from https://rustup.rs, or set CARGO to the cargo to use".into(),
            Self::TargetMissing { target } => format!("run `rustup target add {target}`"),
            Self::WorkspaceOnly { .. } => "name the folder of one of its members".into(),
            Self::NotCdylib { .. } => "add to its Cargo.toml: [lib] crate-type = [\"cdylib\", \"rlib\"]".into(),
            Self::NotWasm { .. } => "give a component, a core module, or the folder of a crate".into(),
            Self::NoContract { .. } | Self::NotAnAlgorithm { .. } => {
                "export your type with `procvision_guest::export!(YourType);`".into()
            }
            Self::Unreadable { .. }
            | Self::CargoBroken { .. }
            | Self::CargoManifest { .. }
            | Self::CompileFailed { .. }
            | Self::NoArtefact { .. }
            | Self::Lift { .. }
            | Self::Write { .. } => return None,
        })
    }

    fn subject_failed(&self) -> bool {
        matches!(
            self,
            Self::NotCdylib { .. }
                | Self::CompileFailed { .. }
                | Self::NoArtefact { .. }
                | Self::Invalid { .. }
                | Self::NoContract { .. }
                | Self::Lift { .. }
                | Self::NotAnAlgorithm { .. }
                | Self::NotRunnable { .. }
        )
    }
}
