//! What the host gives to algorithms, one file per interface: the contract's five, and WASI as far as a language's
//! standard library needs it.

mod assets;
mod closed;
mod diagnostics;
pub(crate) mod imaging;
mod logging;
mod sessions;
mod waiting;
mod wasi;

pub(crate) use closed::{ClosedOperation, link_stand_ins};
pub(crate) use logging::cut;
pub(crate) use waiting::{Interrupted, Timer};
pub(crate) use wasi::{StreamToLog, context as wasi_context};

use crate::bindings::Algorithm;
use crate::bindings::types::{Host as TypesHost, Scalar};
use crate::instance::GuestState;
use serde_json::Value;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

/// Everything that every algorithm is given.
pub(crate) fn link(engine: &Engine) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = link_as_generated(engine)?;
    imaging::link_shared_read(&mut linker)?;
    Ok(linker)
}

/// The same with every function as it is generated from the contract: pictures are read as a `Vec<u8>`. Used for itself
/// only to measure that.
pub(crate) fn link_as_generated(engine: &Engine) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = Linker::new(engine);
    Algorithm::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, |state| state)?;
    wasi::link(&mut linker)?;
    Ok(linker)
}

impl TypesHost for GuestState {}

/// A scalar as JSON, and the bytes it counts against a bound. JSON has no NaN and no infinities: they become text.
fn scalar_to_json(scalar: Scalar) -> (Value, u64) {
    let value = match scalar {
        Scalar::String(text) => Value::from(text),
        Scalar::Int(number) => Value::from(number),
        Scalar::Float(number) if number.is_finite() => Value::from(number),
        Scalar::Float(number) => Value::from(number.to_string()),
        Scalar::Bool(flag) => Value::from(flag),
    };
    let bytes = scalar_bytes(&value);
    (value, bytes)
}

/// The bytes that a scalar counts against a bound.
fn scalar_bytes(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Bool(_) => 1,
        _ => 8,
    }
}
