//! What nearly every algorithm needs: `use procvision_guest::prelude::*;`.

pub use crate::diagnostics;
pub use crate::{
    Algorithm, Assets, Call, Failure, Finding, Frame, Gray, GrayView, Info, Param, Readiness, Rect, Rgb, RgbView,
    Session, Step, StepOutcome, Verdict,
};
pub use log;
