//! The algorithm that `procvision bench` measures. Compiled to WebAssembly it is embedded in the host; compiled natively
//! it is what the sandbox is compared with, from the same source.
//!
//! [`task`] is what the host asks for, [`touch`] how a picture is looked at, [`kernels`] what is computed. The component
//! uses the contract's raw bindings, since the SDK would choose itself how a picture is delivered.

pub mod kernels;
pub mod task;
pub mod touch;

#[cfg(target_family = "wasm")]
mod wasm;
