//! From an error of the engine to a [`Failure`]: by the error's type, never by its text.

use super::limiter::LimitExceeded;
use super::{Budget, GuestState};
use crate::failure::{ErrorCode, Failure, FailureClass, GuestFrame, Severity};
use crate::imports::{ClosedOperation, Interrupted};
use crate::limits::STACK_BYTES;
use crate::visible;
use rustc_demangle::demangle;
use std::fmt::{self, Write};
use wasmtime::component::ResourceTableError;
use wasmtime::{Store, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// Something in the host failed while it served an algorithm.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct HostFault(pub(crate) &'static str);

/// Most frames of a backtrace that are kept; the innermost ones tell.
const FRAMES: usize = 32;
/// Most bytes of a name from the component that are kept.
const NAME_BYTES: usize = 256;

/// Classifies what ended a call. `doing` completes the sentence: "in execute".
pub(super) fn failure(error: &wasmtime::Error, store: &mut Store<GuestState>, budget: Budget, doing: &str) -> Failure {
    let panic = store.data_mut().panic.take();
    let (class, code, message, severity) = if let Some(exceeded) = exceeded(error, store) {
        let (class, what) = match exceeded.limit {
            "memory_bytes" => (FailureClass::MemoryLimit, "ran out of memory"),
            _ => (FailureClass::ResourceLimit, "used more than it is granted"),
        };
        (
            class,
            ErrorCode::OutOfMemory,
            format!("the algorithm {what} {doing}: {exceeded}"),
            Severity::Fatal,
        )
    } else if let Some(I32Exit(status)) = error.downcast_ref::<I32Exit>() {
        let message = format!("the algorithm tried to exit with status {status} {doing}");
        (FailureClass::Exit, ErrorCode::Trap, message, Severity::Fatal)
    } else if let Some(closed) = error.downcast_ref::<ClosedOperation>() {
        let message = format!("the algorithm asked for what no station gives {doing}: {closed}");
        (FailureClass::Trap, ErrorCode::Trap, message, Severity::Fatal)
    } else if error.is::<Interrupted>() {
        cut_off(doing)
    } else if let Some(fault) = error.downcast_ref::<HostFault>() {
        (
            FailureClass::HostFault,
            ErrorCode::Unknown,
            format!("the host failed {doing}: {fault}"),
            Severity::Recoverable,
        )
    } else {
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => {
                let message = format!("the algorithm used up its {} units of fuel {doing}", budget.fuel);
                (
                    FailureClass::OutOfFuel,
                    ErrorCode::Timeout,
                    message,
                    Severity::Recoverable,
                )
            }
            Some(Trap::Interrupt) => too_late(budget, doing),
            Some(Trap::StackOverflow) => {
                let message = format!("the algorithm exhausted its call stack of {STACK_BYTES} bytes {doing}");
                (FailureClass::StackOverflow, ErrorCode::Trap, message, Severity::Fatal)
            }
            Some(trap) if boundary(*trap) => abi_violation(error, doing),
            Some(trap) => {
                let message = match &panic {
                    Some(panic) => match &panic.location {
                        Some(place) => format!("the algorithm panicked {doing} at {place}: {}", panic.message),
                        None => format!("the algorithm panicked {doing}: {}", panic.message),
                    },
                    None => format!("the algorithm trapped {doing}: {}", describe(*trap)),
                };
                (FailureClass::Trap, ErrorCode::Trap, message, Severity::Fatal)
            }
            // Neither a trap nor an error of ours: the component model refused what crossed the boundary.
            None => abi_violation(error, doing),
        }
    };
    let mut failure = Failure::new(class, code, message, severity);
    failure.panic = panic.map(Box::new);
    failure.backtrace = backtrace(error);
    failure
}

/// A call that is not begun any more.
pub(super) fn interrupted(doing: &str) -> Failure {
    let (class, code, message, severity) = cut_off(doing);
    Failure::new(class, code, message, severity)
}

fn cut_off(doing: &str) -> (FailureClass, ErrorCode, String, Severity) {
    let message = format!("the station interrupted the algorithm {doing}");
    (
        FailureClass::Interrupted,
        ErrorCode::Timeout,
        message,
        Severity::Recoverable,
    )
}

/// A call that ended too late.
pub(super) fn late(budget: Budget, doing: &str) -> Failure {
    let (class, code, message, severity) = too_late(budget, doing);
    Failure::new(class, code, message, severity)
}

fn too_late(budget: Budget, doing: &str) -> (FailureClass, ErrorCode, String, Severity) {
    let took = format!(
        "the algorithm took longer than {} ms {doing}",
        budget.time().as_millis()
    );
    let message = match budget.waited.is_zero() {
        true => took,
        false => format!(
            "{took}; the call of at most {} ms had waited before that",
            budget.deadline.as_millis()
        ),
    };
    timeout(message)
}

/// A call that had waited too long to be begun.
pub(super) fn used_up(budget: Budget) -> Failure {
    let (class, code, message, severity) = timeout(format!(
        "the call had waited {} ms of {} ms before the algorithm could be asked",
        budget.waited.as_millis(),
        budget.deadline.as_millis()
    ));
    Failure::new(class, code, message, severity)
}

fn timeout(message: String) -> (FailureClass, ErrorCode, String, Severity) {
    (
        FailureClass::Deadline,
        ErrorCode::Timeout,
        message,
        Severity::Recoverable,
    )
}

/// The limit that was exceeded, if that is what happened.
fn exceeded(error: &wasmtime::Error, store: &Store<GuestState>) -> Option<LimitExceeded> {
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        let allowed = store.data().limits.resource_table_entries;
        return Some(LimitExceeded {
            limit: "resource_table_entries",
            wanted: allowed.saturating_add(1),
            allowed,
        });
    }
    error.downcast_ref::<LimitExceeded>().cloned()
}

fn abi_violation(error: &wasmtime::Error, doing: &str) -> (FailureClass, ErrorCode, String, Severity) {
    let cause = error.root_cause().to_string();
    let message = format!("the component broke the rules of the component model {doing}: {cause}");
    (FailureClass::AbiViolation, ErrorCode::Trap, message, Severity::Fatal)
}

/// Traps that the component model raises at the boundary, not code.
fn boundary(trap: Trap) -> bool {
    matches!(
        trap,
        Trap::CannotEnterComponent
            | Trap::CannotLeaveComponent
            | Trap::InvalidChar
            | Trap::StringOutOfBounds
            | Trap::ListOutOfBounds
            | Trap::InvalidDiscriminant
            | Trap::UnalignedPointer
    )
}

fn describe(trap: Trap) -> String {
    let text = trap.to_string();
    text.strip_prefix("wasm trap: ").map_or(text.clone(), str::to_owned)
}

fn backtrace(error: &wasmtime::Error) -> Vec<GuestFrame> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let frames = backtrace.frames();
    // Above a panic stand the frames of the machinery that reports it; what the reader wants is who called it.
    let machinery = frames
        .iter()
        .position(|frame| frame.func_name().is_some_and(is_panic_entry));
    let frames = frames.iter().skip(machinery.map_or(0, |index| index + 1)).take(FRAMES);
    frames
        .map(|frame| {
            let name = match frame.func_name() {
                Some(name) => readable(name),
                None => format!("function {}", frame.func_index()),
            };
            // The innermost inlined function comes first.
            let symbol = frame.symbols().first();
            let location = symbol.and_then(|symbol| {
                let place = [symbol.line(), symbol.column()].into_iter().flatten();
                let file = symbol.file()?.to_owned();
                Some(place.fold(file, |text, number| format!("{text}:{number}")))
            });
            let inlined = symbol.and_then(|symbol| symbol.name()).map(readable);
            GuestFrame {
                function: inlined.unwrap_or(name),
                location: location.map(|place| cut(visible::line(&place).into_owned())),
            }
        })
        .collect()
}

/// The function of Rust's core library that every panic goes through.
fn is_panic_entry(name: &str) -> bool {
    readable(name) == "core::panicking::panic_fmt"
}

/// A function's name as its author wrote it. A mangled name of a few bytes may stand for megabytes, so writing stops
/// where the text would be cut.
fn readable(name: &str) -> String {
    struct Bounded(String);

    impl Write for Bounded {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0.push_str(part);
            if self.0.len() > NAME_BYTES {
                Err(fmt::Error)
            } else {
                Ok(())
            }
        }
    }

    let mut text = Bounded(String::new());
    // An error says that there is enough.
    let _ = write!(text, "{:#}", demangle(name));
    cut(visible::line(&text.0).into_owned())
}

fn cut(text: String) -> String {
    crate::imports::cut(text, NAME_BYTES)
}
