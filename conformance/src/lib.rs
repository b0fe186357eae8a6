//! The runner's side of the ProcVision protocol, and a suite of cases that an adapter must pass.
//!
//! It shares no code with the host, so that a mistake in the host's framing cannot hide itself. In the order of use:
//! [`subject`] says what is started, [`peer`] is the running process, [`request`] and [`answer`] are what goes to and
//! fro, [`bench`](mod@bench) is what a case has to work with, [`cases`] are the cases, [`suite`] runs them, [`report`] tells.
//! [`soak`] asks an adapter very many times.
//!
//! [`station`] is a whole station as its callers have it, and [`load`] puts it under the load of cameras.

pub mod answer;
pub mod bench;
pub mod camera;

pub mod cases;
pub mod load;
pub mod peer;
pub mod pictures;
pub mod processes;
pub mod report;
pub mod request;

pub mod soak;
pub mod station;
pub mod step;
pub mod subject;
pub mod suite;
pub mod wire;
