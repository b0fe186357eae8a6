//! From a component to native code: in this process, or in a child that may use so much memory and time and no more.
//!
//! Compiling is the one part of the work whose cost a component decides about and no fuel bounds: a function of some
//! kilobytes can be made that takes minutes and gigabytes. In a child (`child.rs`, started and watched by `parent.rs`)
//! that costs what [`CompileLimits`] say, ends in an error that names the limit, and the host goes on; so does it if the
//! compiler crashes. The two speak as `message.rs` says. The child is the same program, so that its engine is the same.
//!
//! What the child gives back is native code, and the host believes it. The child bounds what compiling costs; it is no
//! wall against a compiler that has been taken over.

mod child;
mod lockdown;
mod message;
mod parent;

pub use child::serve_if_asked;
pub use lockdown::BoundedAllocator;

use crate::engine::{Artifact, EngineSettings};
use crate::explain::Explain;
use crate::limits::CompileLimits;
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use wasmtime::component::Component;
use wasmtime::{CodeBuilder, Engine};

/// Where components are compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Compiler {
    /// In this process. Nothing but the size of the component bounds what it costs, and a crash of the compiler takes the
    /// host with it: for components that are known.
    #[default]
    InProcess,
    /// In a child process with limits, for each component that has to be compiled.
    Child(CompileChild),
}

/// The process that compiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileChild {
    /// A program that calls [`serve_if_asked`] first of all, and is built from this version of the library.
    pub program: PathBuf,
    /// What it may use.
    pub limits: CompileLimits,
}

impl CompileChild {
    /// The program that is running, even if another one lies in its place by now. It must call [`serve_if_asked`] first
    /// of all; of one that does not, every component is refused.
    pub fn this_program(limits: CompileLimits) -> Self {
        Self {
            program: "/proc/self/exe".into(),
            limits,
        }
    }
}

/// Why a component was not compiled. All have the code 2005.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The engine's own words.
    #[error("{0}")]
    Refused(String),
    /// The limit `cpu_seconds` was reached.
    #[error("compiling it took more than {limit} s of processor time")]
    ProcessorTime {
        /// The limit in seconds, of all processors together.
        limit: u64,
    },
    /// The limit `wall_seconds` was reached.
    #[error("compiling it took longer than {limit} s")]
    WallTime {
        /// The limit in seconds.
        limit: u64,
    },
    /// The limit `memory_bytes` was reached.
    #[error("compiling it needs more than {limit} bytes of memory")]
    Memory {
        /// The limit in bytes.
        limit: u64,
    },
    /// The compiler's process was ended by a signal: it crashed, or the system ended it.
    #[error("the compiler was ended by {}{}", signal_name(*signal), with_detail(detail))]
    Crashed {
        /// The number of the signal.
        signal: i32,
        /// The beginning of what it said last, perhaps nothing.
        detail: String,
    },
    /// The compiler's process ended by itself, but without an answer, as it does after a panic.
    #[error("the compiler gave up with status {status}{}", with_detail(detail))]
    GaveUp {
        /// Its exit status.
        status: i32,
        /// The beginning of what it said last, perhaps nothing.
        detail: String,
    },
    /// The compiler's process answered with something that is no compiled component for this engine.
    #[error("{} answered with something else than a compiled component", .0.display())]
    BadAnswer(PathBuf),
    /// The program compiles for other engines: it is of another version.
    #[error("{} compiles for another version of the host than this one", .0.display())]
    OtherEngine(PathBuf),
    /// The process cannot be started or waited for.
    #[error("cannot run the compiler {}", program.display())]
    Process {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Explain for CompileError {
    fn code(&self) -> Cow<'static, str> {
        "2005".into()
    }

    fn remedy(&self) -> Option<String> {
        let limit = |name| {
            format!(
                "have somebody look at the component, which is unlike any that is made to inspect pictures; if it is as it \
                 should be, raise `compile.{name}` of the station"
            )
        };
        Some(match self {
            Self::Refused(_) => "build the component again with `procvision build`".to_owned(),
            Self::ProcessorTime { .. } => limit("cpu_seconds"),
            Self::WallTime { .. } => limit("wall_seconds"),
            Self::Memory { .. } => limit("memory_bytes"),
            Self::Crashed { signal, .. } if *signal == KILLED => {
                "look at the system's log; the machine may have run out of memory".to_owned()
            }
            Self::Crashed { .. } | Self::GaveUp { .. } => {
                "do not use the component, and report it: no component should be able to do this".to_owned()
            }
            Self::BadAnswer(_) | Self::OtherEngine(_) => {
                "set up the host with the program of its own version as its compiler".to_owned()
            }
            Self::Process { .. } => "make it possible to start and watch the program".to_owned(),
        })
    }

    fn subject_failed(&self) -> bool {
        !matches!(self, Self::BadAnswer(_) | Self::OtherEngine(_) | Self::Process { .. })
    }
}

const KILLED: i32 = rustix::process::Signal::KILL.as_raw();

fn signal_name(signal: i32) -> String {
    use rustix::process::Signal;
    let known = [
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::ILL, "SIGILL"),
        (Signal::KILL, "SIGKILL"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::SYS, "SIGSYS"),
        (Signal::TERM, "SIGTERM"),
        (Signal::TRAP, "SIGTRAP"),
    ];
    let name = known.iter().find(|(known, _)| known.as_raw() == signal);
    name.map_or_else(
        || format!("signal {signal}"),
        |(_, name)| format!("signal {signal} ({name})"),
    )
}

fn with_detail(detail: &str) -> String {
    match detail {
        "" => String::new(),
        detail => format!(": {detail}"),
    }
}

/// A component ready to run, and the bytes it was made from if they are there already.
pub(crate) struct Output {
    pub(crate) component: Component,
    pub(crate) artifact: Option<Artifact>,
}

impl Compiler {
    /// Compiles a component for `engine`, which was made with `settings`.
    pub(crate) fn compile(
        &self,
        engine: &Engine,
        settings: EngineSettings,
        component: &[u8],
    ) -> Result<Output, CompileError> {
        match self {
            Self::InProcess => Ok(Output {
                component: Component::from_binary(engine, component).map_err(refused)?,
                artifact: None,
            }),
            Self::Child(child) => {
                let artifact = parent::compile(child, engine, settings, component)?;
                let component = artifact
                    .load(engine)
                    .map_err(|_| CompileError::BadAnswer(child.program.clone()))?;
                Ok(Output {
                    component,
                    artifact: Some(artifact),
                })
            }
        }
    }
}

/// What the child does in its process.
fn compile_here(engine: &Engine, component: &[u8]) -> wasmtime::Result<Vec<u8>> {
    let mut builder = CodeBuilder::new(engine);
    builder.wasm_binary(component, None)?;
    builder.compile_component_serialized()
}

fn refused(error: wasmtime::Error) -> CompileError {
    CompileError::Refused(format!("{error:#}"))
}
