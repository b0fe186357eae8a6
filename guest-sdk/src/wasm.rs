//! The sandboxed side, compiled for WebAssembly only: the contract's bindings and what stands between them and the
//! rest of the crate. Generated names stay in here.

pub mod bindings;
mod convert;
pub(crate) mod delivery;
pub mod export;
pub(crate) mod imports;
mod panic;
