//! Ill-behaved guests. Each test shows three things: how the host classifies what happened, that the host goes on (an
//! algorithm that behaves answers in the same host), and that the next call of the same algorithm succeeds.
//!
//! `cargo test -p procvision-tests --release --test hostile -- --nocapture` prints what each attack led to.

mod stage;

mod answers;
mod boundary;
mod closed;
mod damaged;
mod floods;
mod handles;
mod hooks;
mod interrupted;
mod lifecycle;
mod load;
mod memory;
mod sessions;
mod shapes;
mod time;
mod traps;
mod wasi;
mod windows;
