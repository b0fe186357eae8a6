//! The frame pool under everything that cameras, hosts and brokers can do to each other: dying at any moment, lying,
//! speaking nonsense, wanting too much. Real processes, real signals.

mod commands;
mod connector;
mod death;
mod docs;
mod following;
mod lies;
mod pressure;
mod protocol;
mod python;
mod references;
mod stage;
