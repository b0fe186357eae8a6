//! A station from outside: its processes, and asking it over HTTP.

mod client;
mod process;
mod unix;

pub use client::{Answer, Client, Events};
pub use process::{Ended, Server, Spawned};
