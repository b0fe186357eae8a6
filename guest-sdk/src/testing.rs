//! A fake host for native tests: the contract's rules without a sandbox.
//!
//! [`Station`] runs an algorithm as a station does: it checks the algorithm's [`Info`](crate::Info), calls the
//! lifecycle in order, checks parameters against the schema and fills in defaults, lends pictures, keeps the session
//! within its bound, checks the answer, and keeps what was logged and published. Each station is a world of its own;
//! tests in different threads do not disturb each other.
//!
//! ```
//! use procvision_guest::prelude::*;
//! use procvision_guest::testing::{Image, Station};
//!
//! #[derive(Default)]
//! struct Brightness;
//!
//! impl Algorithm for Brightness {
//!     fn info() -> Info {
//!         let minimum = Param::int("minimum", 0..=255).default(100);
//!         Info::new("brightness", "0.1.0").pids(["A01"]).step(Step::new(1, "look").param(minimum))
//!     }
//!
//!     fn execute(&mut self, call: &Call, _session: &Session) -> Result<Verdict, Failure> {
//!         let gray = call.frame().gray()?;
//!         let darkest = gray.as_bytes().iter().min().copied().unwrap_or_default();
//!         log::info!(darkest; "looked at the picture");
//!         if i64::from(darkest) < call.params().int("minimum") {
//!             return Ok(Verdict::ng("too dark").defect(Finding::new(call.frame().bounds(), "dark")));
//!         }
//!         Ok(Verdict::ok())
//!     }
//! }
//!
//! let station = Station::<Brightness>::new();
//! let mut inspection = station.inspection("A01");
//! let picture = Image::from_fn(8, 8, |x, _| [150 + x as u8]);
//!
//! assert!(inspection.step(1).image(&picture).execute().verdict().is_ok());
//!
//! let strict = inspection.step(1).image(&picture).param("minimum", 200).execute();
//! assert_eq!(strict.verdict().reason(), Some("too dark"));
//! assert_eq!(strict.logs()[0].message, "looked at the picture");
//!
//! let wrong = inspection.step(1).image(&picture).param("minimum", 300).execute();
//! assert_eq!(wrong.failure().message(), "parameter `minimum` is 300, but must be at most 255");
//! ```

mod answer;
pub(crate) mod host;
mod image;
mod info;
pub(crate) mod mapped;
mod params;
pub mod scene;
mod station;
mod step;
mod store;

pub use host::LogLine;
pub use image::{Image, ImageError};
pub use station::{Inspection, Station};
pub use step::{StepRequest, StepRun};
