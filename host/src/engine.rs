//! The WebAssembly engine: every setting in one function, the clock that drives deadlines, and compilation.

mod artifact;
pub(crate) mod cache;
pub(crate) mod memory;
mod ticker;

pub(crate) use artifact::Artifact;
pub(crate) use ticker::Ticker;

use crate::limits::STACK_BYTES;
use memory::HostMemory;
use sha2::{Digest, Sha256};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use wasmtime::{Config, Engine, OptLevel, RegallocAlgorithm, Strategy, WasmBacktraceDetails};

/// Whether algorithms are metered. Nothing but `procvision bench` turns it off, for its own algorithm, to measure what
/// it costs; a host that loads packages cannot be made without it, see [`Host::new`](crate::host::Host::new).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metering {
    /// Fuel and epochs.
    On,
    /// Neither.
    #[cfg_attr(not(feature = "bench"), expect(dead_code, reason = "only measured"))]
    Off,
}

/// What may differ between the engines of two hosts of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EngineSettings {
    /// Fuel and epochs, or neither.
    pub(crate) metering: Metering,
    /// Whether a trap's backtrace names lines.
    pub(crate) line_tables: bool,
}

/// The engine with every setting that differs from the default or that safety rests on. The same settings make engines
/// that run each other's code, in another process as well.
pub(crate) fn new_engine(settings: EngineSettings) -> wasmtime::Result<Engine> {
    let mut config = Config::new();

    // Code generation. Cranelift is the backend with the most scrutiny; the others are never used.
    config.strategy(Strategy::Cranelift);
    config.cranelift_opt_level(OptLevel::Speed);
    config.cranelift_regalloc_algorithm(RegallocAlgorithm::Backtracking);
    // The same picture gives the same verdict on every machine.
    config.cranelift_nan_canonicalization(true);

    // Metering. Fuel is the deterministic budget; epochs are the wall clock. Bulk operations burn fuel by the byte.
    let metered = settings.metering == Metering::On;
    config.consume_fuel(metered);
    config.epoch_interruption(metered);

    // Memory. The host lays linear memories out itself, so that pictures can be laid over parts of them; the engine can
    // then not lay its own copy of a component's initial data over them as well.
    config.with_host_memory(Arc::new(HostMemory));
    config.memory_init_cow(false);

    // Stacks. Calls run on the caller's thread; a Rust thread's two megabytes hold this and the host's own frames.
    config.max_wasm_stack(STACK_BYTES);

    // Language features: what compilers for plain WebAssembly 2.0 emit, and nothing else. `shape::features` is the same
    // list for the validator that looks at a component first.
    config.wasm_component_model(true);
    config.wasm_simd(true);
    config.wasm_relaxed_simd(false);
    config.wasm_multi_memory(false);
    config.wasm_memory64(false);
    config.wasm_tail_call(false);
    config.wasm_wide_arithmetic(false);
    config.wasm_custom_page_sizes(false);
    // Tasks, streams and futures of the component model are not part of the contract; without them every call is
    // cheaper.
    config.concurrency_support(false);

    // Reports. Addresses are turned into names and lines when a trap is reported, not before.
    config.wasm_backtrace_details(if settings.line_tables {
        WasmBacktraceDetails::Enable
    } else {
        WasmBacktraceDetails::Disable
    });

    Engine::new(&config)
}

/// Length of a [`fingerprint`] in bytes.
pub(crate) const FINGERPRINT_BYTES: usize = 32;

/// What two engines must have in common for one to run what the other has compiled: the engine's version, every setting
/// that code depends on, and the processor's features.
pub(crate) fn fingerprint(engine: &Engine) -> [u8; FINGERPRINT_BYTES] {
    /// The engine gives these as something to hash; 64 bits of a hash would do against mistakes.
    struct Wide(Sha256);
    impl Hasher for Wide {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            let digest = self.0.clone().finalize();
            digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
        }
    }
    let mut hasher = Wide(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}
