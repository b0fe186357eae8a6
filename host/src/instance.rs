//! One running instance of an algorithm: its store, its limits, and the only way to call into it.

mod classify;
mod limiter;
mod state;
mod windows;

pub(crate) use classify::HostFault;
pub(crate) use state::GuestState;
pub(crate) use windows::WindowError;
use windows::Windows;

use crate::assets::Assets;
use crate::bindings::{Algorithm as Exports, AlgorithmPre, Lifecycle};
use crate::engine::memory::GuestMemory;
use crate::failure::Failure;
use crate::interruption::Interruption;
use crate::limits::Limits;
use crate::policy::SandboxPolicy;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::{Engine, Store, StoreContextMut, UpdateDeadline};

/// After how many ticks of the engine's clock it is looked whether the call is to end: at each.
const TICK: u64 = 1;

/// What a call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) fuel: u64,
    /// How long whoever asks waits for the answer.
    pub(crate) deadline: Duration,
    /// How much of that has passed before the algorithm is called.
    pub(crate) waited: Duration,
}

impl Budget {
    pub(crate) fn new(fuel: u64, deadline_ms: u64) -> Self {
        Self {
            fuel,
            deadline: Duration::from_millis(deadline_ms),
            waited: Duration::ZERO,
        }
    }

    /// The budget; or the failure of a call for which no time is left. The algorithm has done nothing wrong then, and its
    /// instance stays.
    pub(crate) fn unless_used_up(self) -> Result<Self, Failure> {
        match self.time().is_zero() {
            true => Err(classify::used_up(self)),
            false => Ok(self),
        }
    }

    /// How long the algorithm may take.
    pub(crate) fn time(&self) -> Duration {
        self.deadline.saturating_sub(self.waited)
    }
}

/// A running instance. After a failure that poisons it, it must be dropped.
pub(crate) struct Instance {
    store: Store<GuestState>,
    exports: Exports,
    budget: Budget,
}

impl Instance {
    /// Instantiates a component within a budget: start functions and initialisers run here.
    pub(crate) fn start(
        engine: &Engine,
        component: &AlgorithmPre<GuestState>,
        limits: &Arc<Limits>,
        policy: &SandboxPolicy,
        assets: &Arc<Assets>,
        interruption: &Arc<Interruption>,
        budget: Budget,
    ) -> Result<Self, Failure> {
        let state = GuestState::new(limits.clone(), policy, assets.clone(), interruption.clone());
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(usize::try_from(limits.hostcall_bytes).unwrap_or(usize::MAX));
        store.set_max_component_handles(usize::try_from(limits.component_handles).unwrap_or(usize::MAX));
        store.epoch_deadline_callback(|store| {
            let state = store.data();
            state.timer.check(state.deadline)?;
            Ok(UpdateDeadline::Continue(TICK))
        });
        grant(&mut store, budget);
        let (instantiated, memory) = GuestMemory::claim(|| component.instantiate(&mut store));
        store.data_mut().windows = Windows::new(memory);
        match instantiated {
            Ok(exports) => Ok(Self { store, exports, budget }),
            Err(error) => {
                let mut failure = classify::failure(&error, &mut store, budget, "while the instance started");
                failure.logs = store.data().take_logs();
                Err(failure)
            }
        }
    }

    /// Begins a visit: what follows, up to the next `begin`, shares one budget.
    pub(crate) fn begin(&mut self, budget: Budget) {
        self.budget = budget;
        grant(&mut self.store, budget);
    }

    /// Calls one function of the lifecycle within the budget of the visit. `doing` completes the sentence of a failure:
    /// "in execute".
    pub(crate) fn call<T>(
        &mut self,
        doing: &str,
        call: impl FnOnce(&Lifecycle, StoreContextMut<'_, GuestState>) -> wasmtime::Result<T>,
    ) -> Result<T, Failure> {
        if self.store.data().timer.interrupted() {
            return Err(classify::interrupted(doing));
        }
        // What one call said about a panic must not explain the trap of another.
        self.store.data_mut().panic = None;
        let lifecycle = self.exports.procvision_algorithm_lifecycle();
        use wasmtime::AsContextMut;
        match call(lifecycle, self.store.as_context_mut()) {
            // The tick that would have ended it may not have come yet.
            Ok(_) if Instant::now() >= self.store.data().deadline => Err(classify::late(self.budget, doing)),
            Ok(answer) => Ok(answer),
            Err(error) => Err(classify::failure(&error, &mut self.store, self.budget, doing)),
        }
    }

    /// Fuel burnt since the visit began.
    pub(crate) fn fuel_used(&self) -> u64 {
        // Fuel is always on, see `engine::new_engine`.
        self.budget.fuel.saturating_sub(self.store.get_fuel().unwrap_or(0))
    }

    /// Most linear memory so far, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.store.data().limiter.peak_memory()
    }

    /// What the host keeps for the instance.
    pub(crate) fn state(&mut self) -> &mut GuestState {
        self.store.data_mut()
    }
}

fn grant(store: &mut Store<GuestState>, budget: Budget) {
    // Fuel is always on, see `engine::new_engine`; setting it cannot fail.
    let _ = store.set_fuel(budget.fuel);
    store.set_epoch_deadline(TICK);
    let now = Instant::now();
    // A deadline that the clock cannot express is as good as one that is a year away.
    store.data_mut().deadline = now
        .checked_add(budget.time())
        .unwrap_or(now + Duration::from_secs(365 * 24 * 3600));
}
