//! A component in native code, as bytes. Whoever makes such bytes controls the host that loads them.

use wasmtime::Engine;
use wasmtime::component::Component;

/// Bytes that this program has compiled, in this process or another one.
pub(crate) struct Artifact(Vec<u8>);

impl Artifact {
    /// What the engine in this process has compiled.
    pub(crate) fn of(component: &Component) -> wasmtime::Result<Self> {
        component.serialize().map(Self)
    }

    /// Bytes that came from elsewhere.
    ///
    /// # Safety
    ///
    /// The bytes are, unchanged, what [`Component::serialize`] or `CodeBuilder::compile_component_serialized` of this
    /// version of the engine returned.
    pub(crate) unsafe fn trusted(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Makes code of it that can run. The engine refuses what was compiled with other settings.
    pub(crate) fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: `deserialize` believes its bytes to be its own; they are, by the promise of `trusted` and by `of`, and
        // nobody else can change them in between, since this value owns them.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}
