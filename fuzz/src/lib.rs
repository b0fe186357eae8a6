//! What the fuzz targets do, apart from libFuzzer, so that the project's tests can do the same on a stable toolchain.

pub mod forge;
pub mod mutate;
pub mod package;
pub mod targets;
