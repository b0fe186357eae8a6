//! What the end-to-end tests share: the program under test, started as its users start it.

pub mod binary;
pub mod browser;
pub mod conformance;
pub mod examples;
pub mod frame_pool;
pub mod guests;
pub mod packages;
mod probe;
pub mod python;
pub mod runner;
pub mod station;
pub mod workplace;

pub use probe::{conformance_component, digester_component, probe_component};

/// The guide for authors; its code is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/authoring.md")]
pub struct Authoring;
