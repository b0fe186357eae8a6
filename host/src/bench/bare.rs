//! A typed call with nothing around it: no fuel, no deadline, no hooks, no checks of request or answer. What calls are
//! compared with.

use super::BenchError;
use super::stage::{self, COMPONENT, Sandbox};
use crate::bindings::types::{Param, ParamValue, StepCall};
use crate::bindings::{Algorithm as Exports, AlgorithmPre};
use crate::engine::memory::GuestMemory;
use crate::host::Host;
use crate::instance::GuestState;
use crate::session::Session;
use procvision_bench_tasks::task::Task;
use std::sync::Arc;
use wasmtime::Store;
use wasmtime::component::{Component, Resource};

/// An instance that is called directly.
pub(super) struct Bare {
    store: Store<GuestState>,
    exports: Exports,
    call: StepCall,
    /// Kept for its engine's clock.
    _host: Host,
}

impl Bare {
    pub(super) fn new() -> Result<Self, BenchError> {
        let engine_error = |error: wasmtime::Error| BenchError::Engine(error.into());
        let host = stage::host(Sandbox::Unmetered, None)?;
        let (engine, linker) = (&host.inner.engine, &host.inner.linker);
        let component = Component::from_binary(engine, COMPONENT).map_err(engine_error)?;
        let component = linker
            .instantiate_pre(&component)
            .and_then(AlgorithmPre::new)
            .map_err(engine_error)?;
        let package = stage::package();
        let limits = package.limits().limits.clone();
        let state = GuestState::new(
            limits.into(),
            &host.config().policy,
            package.assets().clone(),
            Arc::default(),
        );
        let mut store = Store::new(engine, state);
        let (exports, _) = GuestMemory::claim(|| component.instantiate(&mut store));
        let exports = exports.map_err(engine_error)?;
        let call = StepCall {
            step_index: 1,
            pid: "A01".into(),
            params: vec![Param {
                key: "task".into(),
                value: ParamValue::String(Task::Noop.to_string()),
            }],
            step_desc: None,
            guides: Vec::new(),
        };
        Ok(Self {
            store,
            exports,
            call,
            _host: host,
        })
    }

    /// Calls `execute`.
    pub(super) fn execute(&mut self) -> Result<(), BenchError> {
        let lifecycle = self.exports.procvision_algorithm_lifecycle();
        let (session, images) = (Resource::<Session>::new_borrow(0), Resource::new_borrow(0));
        let answer = lifecycle
            .call_execute(&mut self.store, &self.call, session, images)
            .map_err(|error| BenchError::Engine(error.into()))?;
        match answer {
            Ok(_) => Ok(()),
            Err(stated) => Err(BenchError::Engine(stated.message.into())),
        }
    }
}
