//! The algorithm that `procvision bench` measures, compiled to WebAssembly and embedded in the host. It uses the contract's
//! raw bindings, since the SDK would choose itself how a picture is delivered.

#![cfg(target_family = "wasm")]

mod bindings {
    pub(super) use procvision_guest::__private::bindings::exports::procvision::algorithm::lifecycle::Guest;
    pub(super) use procvision_guest::__private::bindings::procvision::algorithm::imaging::{
        ImageError, ImageSet, MemoryRange, PixelFormat,
    };
    pub(super) use procvision_guest::__private::bindings::procvision::algorithm::logging;
    pub(super) use procvision_guest::__private::bindings::procvision::algorithm::session::Session;
    pub(super) use procvision_guest::__private::bindings::procvision::algorithm::types::{
        AlgorithmInfo, Failure, FailureCode, ParamInfo, ParamKind, ParamValue, Pass, Readiness, Ready, Rect, Severity,
        StepCall, StepInfo, StepOutcome, StringBounds, Verdict,
    };
}

mod delivery;

use bindings::*;
use procvision_bench_tasks::kernels::{self, Inputs, Kernel};
use procvision_bench_tasks::task::Task;
use std::cell::{OnceCell, RefCell};
use std::hint::black_box;

struct Measured;

thread_local! {
    /// What makes the memory large.
    static BALLAST: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    /// What kernels work on, once it is made.
    static INPUTS: OnceCell<Inputs> = const { OnceCell::new() };
}

/// Bytes of a page of linear memory.
const WASM_PAGE: usize = 64 * 1024;

impl Guest for Measured {
    fn get_info() -> Result<AlgorithmInfo, Failure> {
        let any = StringBounds {
            min_length: None,
            max_length: None,
            pattern: None,
        };
        let task = ParamInfo {
            key: "task".to_owned(),
            kind: ParamKind::String(any),
            required: true,
            default: None,
            description: None,
            unit: None,
        };
        let step = StepInfo {
            index: 1,
            name: "measure".to_owned(),
            params: vec![task],
        };
        Ok(AlgorithmInfo {
            name: "bench".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Does what `procvision bench` measures".to_owned(),
            supported_pids: vec!["A01".to_owned()],
            steps: vec![step],
        })
    }

    fn setup() -> Result<(), Failure> {
        Ok(())
    }

    fn on_step_start(_: u32, _: &Session) -> Result<(), Failure> {
        Ok(())
    }

    fn pre_execute(_: StepCall, _: &Session, _: &ImageSet) -> Result<Readiness, Failure> {
        Ok(Readiness::Ready(Ready {
            message: None,
            calibration_rects: Vec::new(),
        }))
    }

    fn execute(call: StepCall, session: &Session, images: &ImageSet) -> Result<Verdict, Failure> {
        let word = call.params.iter().find_map(|param| match &param.value {
            ParamValue::String(word) if param.key == "task" => Some(word.as_str()),
            _ => None,
        });
        let task = word
            .and_then(|word| word.parse().ok())
            .ok_or_else(|| failure("there is no such task"))?;
        Ok(answer(perform(task, session, images)?))
    }

    fn on_step_finish(_: u32, _: &Session, _: StepOutcome) -> Result<(), Failure> {
        Ok(())
    }

    fn reset(_: &Session) -> Result<(), Failure> {
        Ok(())
    }

    fn teardown() -> Result<(), Failure> {
        Ok(())
    }
}

/// Does a task; the number is what it found.
fn perform(task: Task, session: &Session, images: &ImageSet) -> Result<Option<u64>, Failure> {
    match task {
        Task::Noop => Ok(None),
        Task::Remember => {
            let count = session.get("count").and_then(|text| text.parse().ok()).unwrap_or(0_u64);
            let stored = session.set("count", &(count + 1).to_string());
            stored.map_err(|_| failure("the session does not take a number"))?;
            logging::log(logging::Level::Info, "remembered", &[]);
            Ok(None)
        }
        Task::Trap => panic!("asked to trap"),
        Task::Deliver(way, touch) => delivery::deliver(way, touch, images).map(Some),
        Task::Grow(mebibytes) => {
            grow(mebibytes as usize * 1024 * 1024);
            Ok(Some(memory_bytes() as u64))
        }
        Task::Kernel(index, times) => {
            let kernel = kernel(index)?;
            Ok(Some(INPUTS.with(|inputs| {
                kernels::run(kernel, inputs.get_or_init(kernels::inputs), times)
            })))
        }
        Task::Digest(index) => {
            let kernel = kernel(index)?;
            Ok(Some(INPUTS.with(|inputs| {
                kernel.run(inputs.get_or_init(kernels::inputs)).digest()
            })))
        }
    }
}

fn kernel(index: u32) -> Result<&'static Kernel, Failure> {
    kernels::all()
        .get(index as usize)
        .ok_or_else(|| failure("there is no such kernel"))
}

fn memory_bytes() -> usize {
    core::arch::wasm32::memory_size::<0>() * WASM_PAGE
}

/// Takes memory until there are `bytes` of it, and writes to all of it.
fn grow(bytes: usize) {
    while memory_bytes() < bytes {
        let missing = bytes - memory_bytes();
        // The allocator rounds up and keeps some for itself.
        let block = missing.saturating_sub(WASM_PAGE).clamp(WASM_PAGE, 64 << 20);
        BALLAST.with_borrow_mut(|ballast| ballast.push(black_box(vec![1; block])));
    }
}

fn answer(found: Option<u64>) -> Verdict {
    Verdict::Ok(Pass {
        message: found.map(|found| found.to_string()),
        position_rects: Vec::new(),
    })
}

fn failure(message: &str) -> Failure {
    Failure {
        code: FailureCode::UnknownError,
        message: message.to_owned(),
        severity: Severity::Recoverable,
    }
}

procvision_guest::__private::__export_algorithm_world!(
    Measured with_types_in procvision_guest::__private::bindings
);
