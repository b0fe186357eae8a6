//! Runs third-party inspection algorithms as WebAssembly components in a sandbox.

pub mod algorithm;
mod answer;
pub mod assets;
mod bindings;
pub mod call;
pub mod component_build;
pub mod contract;
mod description;
mod engine;
pub mod explain;
pub mod failure;
pub mod frame;
pub mod host;
mod imports;
pub mod info;
mod instance;
pub mod limits;
pub mod logs;
pub mod manifest;
pub mod outcome;
pub mod package;
mod params;
pub mod policy;
pub mod scaffold;
pub mod session;
pub mod shape;
