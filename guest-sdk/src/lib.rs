//! Write ProcVision inspection algorithms in ordinary Rust.

mod algorithm;
mod assets;
mod call;
mod conversions;
pub mod diagnostics;
mod export;
mod failure;
mod frame;
mod geometry;
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
pub use failure::{Failure, FailureCode};
pub use frame::{Frame, FrameError, PixelFormat};
pub use geometry::Rect;
pub use log;
pub use params::{ParamValue, Params, ParamsError};
pub use pixels::{Gray, GrayView, Origin, Pixels, Rgb, RgbView, View};
pub use scalar::Scalar;
pub use schema::{FloatBounds, Info, IntBounds, LengthBounds, Param, ParamKind, Step};
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
