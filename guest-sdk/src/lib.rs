//! Write ProcVision inspection algorithms in ordinary Rust.
//!
//! An algorithm looks at the picture of a product and says OK or NG (not good). It implements [`Algorithm`], is
//! exported with [`export!`], and is compiled to WebAssembly; a station runs it in a sandbox. The same crate compiles
//! natively, where [`testing`] stands in for the station, so that `cargo test` needs no sandbox.
//!
//! # A whole algorithm
//!
//! Is there exactly one bright spot in the picture, and is it in the right place?
//!
//! ```
//! use procvision_guest::prelude::*;
//! use procvision_guest::vision;
//!
//! #[derive(Default)]
//! struct SpotCheck;
//!
//! impl Algorithm for SpotCheck {
//!     fn info() -> Info {
//!         let area = Param::rect("area").required().describe("Where the spot belongs.");
//!         let level = Param::int("level", 0..=255).default(128).describe("Brighter pixels belong to a spot.");
//!         Info::new("spot_check", "0.1.0")
//!             .description("Is there exactly one bright spot, in its place?")
//!             .pids(["A01"])
//!             .step(Step::new(1, "spot").param(area).param(level))
//!     }
//!
//!     fn execute(&mut self, call: &Call, session: &Session) -> Result<Verdict, Failure> {
//!         let level = u8::try_from(call.params().int("level")).unwrap_or(u8::MAX);
//!         let place = call.params().rect("area");
//!         let picture = call.frame().gray()?;
//!         let spots = vision::components(vision::at_least(picture.view(), level).view());
//!         log::info!(spots = spots.len(), product = session.context().product_code(); "looked");
//!         diagnostics::publish("spots", spots.len() as f64);
//!
//!         let (right, wrong): (Vec<Rect>, Vec<Rect>) =
//!             spots.iter().map(|spot| spot.bounds()).partition(|spot| place.contains_rect(*spot));
//!         Ok(match (right.as_slice(), wrong.is_empty()) {
//!             ([spot], true) => Verdict::ok().position(Finding::new(*spot, "spot")),
//!             ([], true) => Verdict::ng("the spot is missing").defect(Finding::new(place, "missing: spot")),
//!             _ => Verdict::ng("there are surplus spots")
//!                 .with_defects(wrong.into_iter().chain(right).map(|spot| Finding::new(spot, "spot"))),
//!         })
//!     }
//! }
//!
//! procvision_guest::export!(SpotCheck);
//!
//! // Usually under `#[cfg(test)]`:
//! use procvision_guest::testing::{Image, Station};
//!
//! # fn main() {
//! let spot = Rect::new(10, 10, 5, 5);
//! let picture = Image::from_fn(64, 48, |x, y| [if spot.contains(x, y) { 220 } else { 30 }]);
//! let station = Station::<SpotCheck>::new();
//! let mut inspection = station.inspection("A01");
//!
//! let run = inspection.step(1).image(&picture).param("area", Rect::new(8, 8, 10, 10)).execute();
//! assert!(run.verdict().is_ok());
//! assert_eq!(run.verdict().positions()[0].area, spot);
//!
//! let run = inspection.step(1).image(&picture).param("area", Rect::new(30, 8, 10, 10)).execute();
//! assert_eq!(run.verdict().reason(), Some("there are surplus spots"));
//! # }
//! ```
//!
//! # What an algorithm has
//!
//! - [`Call`]: the step, the product model, the [`Params`] and the pictures, each a [`Frame`]. Pixels are fetched on
//!   demand: [`Frame::gray`], [`Frame::rgb`] or only a region.
//! - [`Pixels`] and [`View`]: pixels in memory, which the kernels in [`vision`] work on.
//! - [`Session`]: what is remembered about one product between its steps.
//! - [`Assets`]: the package's own files, usually loaded in [`Algorithm::setup`].
//! - [`log`]: lines for the report, with typed fields (`log::info!(area = 3; "found")`).
//! - [`diagnostics`]: measured values for the report.
//! - [`Verdict`], [`Readiness`] and [`Failure`]: the answers. A failure is neither OK nor NG; the SDK's own errors become
//!   one by `?`.
//!
//! With the feature `image`, pictures become those of the crate `image` and back without a copy, so that `imageproc` can
//! be used as it is: see [`Pixels`] and [`View`].
//!
//! Nothing else: no files, no network, no environment, no threads. What the standard library offers for them answers
//! with an error inside the sandbox.
//!
//! # Testing
//!
//! On every target but WebAssembly there is the module [`testing`]: a fake host that checks what a real one
//! checks. [`testing::Station`] runs the algorithm, [`testing::Image`] makes pictures, and [`testing::scene`] composes
//! pictures with known truth.
//!
//! # Panics
//!
//! A panic ends the instance; the step fails (1009), and the report shows the message with file, line and column. Use it
//! for mistakes in the algorithm, and [`Failure`] for everything that comes from outside.

mod algorithm;
mod assets;
mod call;
mod conversions;
pub mod diagnostics;
mod export;
mod failure;
mod frame;
mod geometry;
#[cfg(feature = "image")]
mod image_interop;
mod logging;
mod params;
mod pixels;
mod platform;
pub mod prelude;
mod scalar;
mod schema;
mod session;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod verdict;
pub mod vision;
#[cfg(target_family = "wasm")]
mod wasm;

pub use algorithm::Algorithm;
pub use assets::{Asset, AssetError, Assets};
pub use call::{Call, Guide};
pub use failure::{Failure, FailureCode, Severity};
pub use frame::{Frame, FrameError, PixelFormat};
pub use geometry::Rect;
#[cfg(feature = "image")]
pub use image_interop::EmptyImage;
#[doc(no_inline)]
pub use log;
pub use params::{ParamValue, Params, ParamsError};
pub use pixels::{Gray, GrayView, Origin, Pixels, Rgb, RgbView, View};
pub use scalar::Scalar;
pub use schema::{FloatBounds, Info, IntBounds, LengthBounds, Param, ParamKind, Step};
#[doc(no_inline)]
pub use serde_json::json;
pub use session::{Context, Session, SessionError};
pub use verdict::{Finding, Readiness, StepOutcome, Verdict};

/// What [`export!`] needs in the author's crate; nothing for authors.
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod __private {
    pub use crate::wasm::bindings::{self, __export_algorithm_world};
    pub use crate::wasm::export::Exported;
}

/// Keeps the example in the README working.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
