//! Runs third-party inspection algorithms as WebAssembly components in a sandbox.
//!
//! A station photographs every product at every step and asks an algorithm two things: are the conditions right, and is
//! the product OK or NG? This library loads such algorithms and asks them, under fuel, memory limits and deadlines,
//! with pictures that they can read but neither keep nor change, and with no way in or out but the contract.
//!
//! Data flows one way through the modules:
//!
//! | module | job |
//! | --- | --- |
//! | [`archive`] | a package in one file, in its one byte form |
//! | [`package`], [`manifest`], [`assets`], [`strict_json`] | what is on disk |
//! | [`contract`], [`shape`] | what the component is made of and what becomes of its imports, before compiling |
//! | [`limits`], [`policy`], [`admission`] | what it may use, and whether a station accepts it |
//! | [`schemas`] | the published schemas of the files that people write |
//! | [`signing`] | keys, signatures, and whom a station trusts |
//! | [`host`], [`compiler`], [`heap`] | the engine, its clock, the compile cache; compiling in a process of its own; memory that is kept |
//! | [`lockdown`] | what the process gives up before an algorithm runs |
//! | [`algorithm`] | a loaded algorithm: the lifecycle, replacement after a trap, quarantine |
//! | [`frame`], [`session`], [`call`] | what a step is given |
//! | [`pool`] | pictures that cameras write into memory they share with this process |
//! | [`source`], [`leftovers`] | where pictures come from, by identifier; what old stores leave behind |
//! | [`outcome`], [`failure`], [`logs`] | what comes back, checked |
//! | [`protocol`], [`adapter`] | the runner protocol, and the process that speaks it |
//! | [`runner_config`] | what is set for one algorithm at a station |
//! | [`store`] | what is installed at a station, and which version judges which product model |
//! | [`explain`], [`visible`], [`whole_file`] | code and remedy of every error; an algorithm's text made safe to show; files written whole |
//! | [`exposure`] | whether others could change a file that is to be believed |
//! | [`cases`] | golden cases: pictures with the answers that are expected |
//! | [`annotate`], [`report`], [`validation`] | what came back as picture, page and JSON; every check of a package |
//! | [`inspection`] | what a reviewer must know of a package before anybody runs it |
//! | [`doctor`] | what this machine offers to a station |
//! | `bench` | what the sandbox costs on this machine; feature `bench`, on by default |
//! | [`component_build`], [`scaffold`] | for authors: from a crate to a component, from nothing to a crate |
//! | [`packaging`], [`sbom`] | from a folder to a package; what its component is made of, as a bill of materials |
//!
//! # Judging a photograph from another program
//!
//! ```
//! use procvision_host::call::StepCall;
//! use procvision_host::component_build::{self, BuildOptions};
//! use procvision_host::frame::Frame;
//! use procvision_host::host::{Host, HostConfig};
//! use procvision_host::outcome::Outcome;
//! use procvision_host::package::Package;
//! use procvision_host::session::Session;
//! use serde_json::{Map, json};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/presence-check"));
//! // A package in `folder`; here it is one of the project's examples and is built first.
//! component_build::build(folder, &BuildOptions { quiet: true, ..Default::default() })?;
//!
//! let host = Host::new(HostConfig::default())?;
//! let package = Package::open(folder, &host.config().ceiling)?;
//! let mut algorithm = host.load(&package)?;
//!
//! // One session for each product, one call for each step.
//! let context = Map::from_iter([("product_code".to_owned(), json!("A01"))]);
//! let mut session = Session::new("inspection-17", context);
//! let call = StepCall::new(1, "A01", Frame::open(folder.join("pictures/coins.png"))?);
//!
//! let report = algorithm.execute(&mut session, &call);
//! match &report.outcome {
//!     Outcome::Ok { position_rects, .. } => println!("OK: {} parts", position_rects.len()),
//!     Outcome::Ng { reason, defect_rects, .. } => println!("NG: {reason} ({} places)", defect_rects.len()),
//!     Outcome::Failed(failure) => println!("no verdict: {failure}"),
//!     Outcome::Ready { .. } | Outcome::NotReady { .. } => unreachable!("answers of pre_execute"),
//! }
//! assert_eq!(report.outcome.verdict(), Some("OK"));
//! assert!(report.usage.fuel < algorithm.limits().limits.execute_fuel);
//!
//! algorithm.teardown();
//! # Ok(())
//! # }
//! ```
//!
//! A failure is data in the report, never an `Err`: every step ends in OK, NG or an explicit failure, and the host goes
//! on whatever an algorithm does. Calls are synchronous and run on the calling thread; the types are `Send`, so that each
//! algorithm can have its own thread.

pub mod adapter;
mod address_space;
pub mod admission;
pub mod algorithm;
pub mod annotate;
mod answer;
pub mod archive;
pub mod assets;
#[cfg(feature = "bench")]
pub mod bench;
mod bindings;
mod bounded_file;
pub mod call;
pub mod cases;
mod child_process;
pub mod compiler;
pub mod component_build;
pub mod contract;
mod description;
pub mod doctor;
mod engine;
pub mod explain;
pub mod exposure;
pub mod failure;
pub mod frame;
pub mod heap;
pub mod host;
mod imports;
pub mod info;
pub mod inspection;
mod instance;
mod interruption;
pub mod leftovers;
pub mod limits;
pub mod lockdown;
pub mod logs;
pub mod manifest;
mod opening;
pub mod outcome;
pub mod package;
pub mod packaging;
mod params;
pub mod policy;
pub mod pool;
pub mod protocol;
pub mod report;
pub mod runner_config;
pub mod sbom;
pub mod scaffold;
pub mod schemas;
pub mod session;
pub mod shape;
pub mod signing;
pub mod source;
pub mod store;
pub mod strict_json;
pub mod validation;
pub mod visible;
pub mod whole_file;
