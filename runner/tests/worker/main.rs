//! Workers around real processes that misbehave as they are told (`fake-adapter`), and around the project's own
//! adapter.

mod hostile;
mod questions;
mod real;
mod start;
mod stop;
mod support;
