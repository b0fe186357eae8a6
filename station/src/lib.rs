//! A station on an assembly line: which algorithm judges which product model, in which process, what it said, and who may know.
//!
//! Data flows one way:
//!
//! ```text
//! pictures -> inspection -> judge -> seat -> (runner: processes) -> (results: on disk) -> events, http
//! ```
//!
//! | module | job |
//! | --- | --- |
//! | [`config`] | what the station's people set |
//! | [`picture`] | where pictures come from |
//! | [`inspection`], [`judge`] | inspections, their steps, what is kept of answers |
//! | [`seat`], [`seats`], [`launch`] | what judges a product model, and in which processes |
//! | [`lines`] | what is judged without anybody asking |
//! | `alarm` | calling somebody |
//! | [`operations`] | installing, activating, switching, rolling back, without a gap |
//! | [`events`], [`logs`], [`metrics`] | what happens, what was written, what is counted |
//! | [`station`], [`service`] | all of it together, and its life as a process |
//! | [`http`] | the station over HTTP |

mod alarm;
pub mod config;
pub mod events;
pub mod http;
pub mod inspection;
pub mod judge;
pub mod launch;
pub mod lines;
pub mod logs;
pub mod metrics;
mod observer;
pub mod operations;
pub mod picture;
pub mod seat;
pub mod seats;
pub mod service;
pub mod station;
mod thumbnail;
