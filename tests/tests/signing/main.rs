//! Keys, signatures and trust: through the library, through the program, and beside the tools that others use for the
//! same files.

mod commands;
mod flipped;
mod interop;
mod prompts;
mod stage;
mod statuses;
mod texts;
mod trust;
