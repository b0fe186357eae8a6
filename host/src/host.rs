//! The host: one engine, its clock, its compile cache, and what it grants. Loads algorithms.

use crate::algorithm::{Algorithm, LoadError, Prepared};
use crate::compiler::{CompileError, Compiler, Output};
use crate::engine::cache::{CacheError, CacheKey, CompileCache};
use crate::engine::{Artifact, EngineSettings, Metering, Ticker, fingerprint, new_engine};
use crate::imports;
use crate::instance::GuestState;
use crate::limits::Limits;
use crate::package::Package;
use crate::policy::SandboxPolicy;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

/// How a host is set up.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// The most that any package is granted.
    pub ceiling: Limits,
    /// Clocks, randomness, closed imports, logging, quarantine.
    pub policy: SandboxPolicy,
    /// Where compiled components are kept; nowhere if not given. The folder is made if it is missing and must be private
    /// to the user the host runs as.
    pub compile_cache: Option<PathBuf>,
    /// Where components are compiled that are not in the cache. A program that loads components nobody vouches for should
    /// have them compiled in a child process.
    pub compiler: Compiler,
}

impl Default for HostConfig {
    /// The default ceiling and policy, no compile cache, and compiling in this process.
    fn default() -> Self {
        Self {
            ceiling: Limits::default_ceiling(),
            policy: SandboxPolicy::default(),
            compile_cache: None,
            compiler: Compiler::InProcess,
        }
    }
}

/// Why a host cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// This machine cannot run the engine.
    #[error("cannot set up the WebAssembly engine")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The thread that watches deadlines cannot be started.
    #[error("cannot start the thread that watches deadlines")]
    Ticker(#[source] std::io::Error),
    /// The compile cache cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

/// Runs algorithms. Cheap to clone; clones share the engine and the cache.
#[derive(Clone)]
pub struct Host {
    pub(crate) inner: Arc<HostInner>,
}

pub(crate) struct HostInner {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<GuestState>,
    pub(crate) config: HostConfig,
    settings: EngineSettings,
    cache: Option<CompileCache>,
    /// Kept for its thread.
    _ticker: Ticker,
}

/// A component in native code, and how it came to be.
pub(crate) struct Compiled {
    pub(crate) component: Component,
    pub(crate) from_cache: bool,
    pub(crate) took: Duration,
}

impl Host {
    /// Sets up the engine.
    ///
    /// # Errors
    ///
    /// See [`HostError`].
    pub fn new(config: HostConfig) -> Result<Self, HostError> {
        Self::set_up(config, Metering::On, imports::link)
    }

    /// A host like any other but for what somebody wants to measure the cost of.
    #[cfg(feature = "bench")]
    pub(crate) fn for_measuring(
        config: HostConfig,
        metering: Metering,
        link: impl FnOnce(&Engine) -> wasmtime::Result<Linker<GuestState>>,
    ) -> Result<Self, HostError> {
        Self::set_up(config, metering, link)
    }

    fn set_up(
        config: HostConfig,
        metering: Metering,
        link: impl FnOnce(&Engine) -> wasmtime::Result<Linker<GuestState>>,
    ) -> Result<Self, HostError> {
        let engine_error = |error: wasmtime::Error| HostError::Engine(error.into());
        let settings = EngineSettings {
            metering,
            line_tables: config.policy.line_tables,
        };
        let engine = new_engine(settings).map_err(engine_error)?;
        let linker = link(&engine).map_err(engine_error)?;
        let ticker = Ticker::start(&engine).map_err(HostError::Ticker)?;
        let cache = config.compile_cache.as_deref().map(CompileCache::open).transpose()?;
        Ok(Self {
            inner: Arc::new(HostInner {
                engine,
                linker,
                config,
                settings,
                cache,
                _ticker: ticker,
            }),
        })
    }

    /// How the host is set up.
    pub fn config(&self) -> &HostConfig {
        &self.inner.config
    }

    /// Checks and compiles an algorithm: imports, shape, compilation. No code of it runs.
    ///
    /// # Errors
    ///
    /// See [`LoadError`].
    pub fn prepare(&self, package: &Package) -> Result<Prepared, LoadError> {
        Prepared::new(self.clone(), package)
    }

    /// Checks, compiles and starts an algorithm: [`Host::prepare`] and [`Prepared::start`].
    ///
    /// # Errors
    ///
    /// See [`LoadError`].
    pub fn load(&self, package: &Package) -> Result<Algorithm, LoadError> {
        self.prepare(package)?.start()
    }

    /// The name of the file in a compile cache that holds what this host makes of a component.
    pub(crate) fn compiled_name(&self, component: &[u8]) -> String {
        CacheKey::new(&fingerprint(&self.inner.engine), component).file_name()
    }

    pub(crate) fn compile(&self, bytes: &[u8]) -> Result<Compiled, CompileError> {
        let start = Instant::now();
        let HostInner {
            engine,
            settings,
            cache,
            config,
            ..
        } = &*self.inner;
        let kept = cache
            .as_ref()
            .map(|cache| (cache, CacheKey::new(&fingerprint(engine), bytes)));
        if let Some(component) = kept.as_ref().and_then(|(cache, key)| cache.load(engine, key)) {
            return Ok(Compiled {
                component,
                from_cache: true,
                took: start.elapsed(),
            });
        }
        let Output { component, artifact } = config.compiler.compile(engine, *settings, bytes)?;
        let took = start.elapsed();
        if let Some((cache, key)) = kept {
            match artifact.map_or_else(|| Artifact::of(&component), Ok) {
                Ok(artifact) => cache.store(&key, &artifact),
                Err(error) => tracing::warn!(%error, "a compiled component cannot be kept"),
            }
        }
        Ok(Compiled {
            component,
            from_cache: false,
            took,
        })
    }
}
