//! `cargo xtask` as a whole, with stand-ins for cargo, rustc, rustup and the host (see `../fakes`).
#![cfg(unix)]

mod checks;
mod demo;
mod peers;
mod project;
mod setup;
mod words;
