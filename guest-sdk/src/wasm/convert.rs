//! Between the contract's generated types and the crate's own.

use super::bindings::procvision::algorithm::{assets, imaging, logging, types};
use crate::assets::AssetError;
use crate::call::Guide;
use crate::failure::{Failure, FailureCode, Severity};
use crate::frame::{FrameInfo, PixelFormat};
use crate::geometry::Rect;
use crate::params::{ParamValue, Params};
use crate::scalar::Scalar;
use crate::schema::{Info, Param, ParamKind, Step};
use crate::verdict::{Finding, Readiness, StepOutcome, Verdict};

impl From<Rect> for types::Rect {
    fn from(rect: Rect) -> Self {
        Self {
            x: rect.x,
            y: rect.y,
            width: rect.width,
            height: rect.height,
        }
    }
}

impl From<types::Rect> for Rect {
    fn from(rect: types::Rect) -> Self {
        Self::new(rect.x, rect.y, rect.width, rect.height)
    }
}

impl From<Scalar> for types::Scalar {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::String(value) => Self::String(value),
            Scalar::Int(value) => Self::Int(value),
            Scalar::Float(value) => Self::Float(value),
            Scalar::Bool(value) => Self::Bool(value),
        }
    }
}

impl From<log::Level> for logging::Level {
    fn from(level: log::Level) -> Self {
        match level {
            log::Level::Trace => Self::Trace,
            log::Level::Debug => Self::Debug,
            log::Level::Info => Self::Info,
            log::Level::Warn => Self::Warn,
            log::Level::Error => Self::Error,
        }
    }
}

impl From<logging::Level> for log::LevelFilter {
    fn from(level: logging::Level) -> Self {
        match level {
            logging::Level::Trace => Self::Trace,
            logging::Level::Debug => Self::Debug,
            logging::Level::Info => Self::Info,
            logging::Level::Warn => Self::Warn,
            logging::Level::Error => Self::Error,
        }
    }
}

impl From<PixelFormat> for imaging::PixelFormat {
    fn from(format: PixelFormat) -> Self {
        match format {
            PixelFormat::Mono8 => Self::Mono8,
            PixelFormat::Rgb8 => Self::Rgb8,
            PixelFormat::Bgr8 => Self::Bgr8,
        }
    }
}

impl From<imaging::ImageInfo> for FrameInfo {
    fn from(info: imaging::ImageInfo) -> Self {
        Self {
            name: info.name,
            width: info.width,
            height: info.height,
            format: match info.format {
                imaging::PixelFormat::Mono8 => PixelFormat::Mono8,
                imaging::PixelFormat::Rgb8 => PixelFormat::Rgb8,
                imaging::PixelFormat::Bgr8 => PixelFormat::Bgr8,
            },
            timestamp_ms: info.timestamp_ms,
            camera_id: info.camera_id,
        }
    }
}

pub(super) fn asset_error(name: &str, error: assets::AssetError) -> AssetError {
    let name = name.to_owned();
    match error {
        assets::AssetError::NotFound => AssetError::NotFound(name),
        assets::AssetError::TooLarge(limit) => AssetError::TooLarge { name, limit },
        assets::AssetError::Unreadable => AssetError::Unreadable(name),
    }
}

impl From<FailureCode> for types::FailureCode {
    fn from(code: FailureCode) -> Self {
        match code {
            FailureCode::InvalidPid => Self::InvalidPid,
            FailureCode::ImageLoadFailed => Self::ImageLoadFailed,
            FailureCode::ModelNotFound => Self::ModelNotFound,
            FailureCode::OutOfMemory => Self::OutOfMemory,
            FailureCode::Timeout => Self::Timeout,
            FailureCode::InvalidParams => Self::InvalidParams,
            FailureCode::CoordinateInvalid => Self::CoordinateInvalid,
            FailureCode::Unknown => Self::UnknownError,
        }
    }
}

impl From<types::FailureCode> for FailureCode {
    fn from(code: types::FailureCode) -> Self {
        match code {
            types::FailureCode::InvalidPid => Self::InvalidPid,
            types::FailureCode::ImageLoadFailed => Self::ImageLoadFailed,
            types::FailureCode::ModelNotFound => Self::ModelNotFound,
            types::FailureCode::OutOfMemory => Self::OutOfMemory,
            types::FailureCode::Timeout => Self::Timeout,
            types::FailureCode::InvalidParams => Self::InvalidParams,
            types::FailureCode::CoordinateInvalid => Self::CoordinateInvalid,
            types::FailureCode::UnknownError => Self::Unknown,
        }
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code().into(),
            message: failure.message().to_owned(),
            severity: match failure.severity() {
                Severity::Recoverable => types::Severity::Recoverable,
                Severity::Permanent => types::Severity::Permanent,
                Severity::Fatal => types::Severity::Fatal,
            },
        }
    }
}

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        let converted = Self::new(failure.code.into(), failure.message);
        match failure.severity {
            types::Severity::Recoverable => converted.recoverable(),
            types::Severity::Permanent => converted.permanent(),
            types::Severity::Fatal => converted.fatal(),
        }
    }
}

/// Converts every item of a list.
fn all<To, From: Into<To>>(items: Vec<From>) -> Vec<To> {
    items.into_iter().map(Into::into).collect()
}

impl From<Finding> for types::Finding {
    fn from(finding: Finding) -> Self {
        Self {
            area: finding.area.into(),
            label: finding.label,
            score: finding.score,
        }
    }
}

impl From<types::Finding> for Finding {
    fn from(finding: types::Finding) -> Self {
        Self {
            area: finding.area.into(),
            label: finding.label,
            score: finding.score,
        }
    }
}

impl From<Verdict> for types::Verdict {
    fn from(verdict: Verdict) -> Self {
        let (message, position_rects) = (verdict.message, all(verdict.positions));
        match verdict.rejection {
            None => Self::Ok(types::Pass {
                message,
                position_rects,
            }),
            Some(rejection) => Self::Ng(types::Reject {
                reason: rejection.reason,
                defect_rects: all(rejection.defects),
                message,
                position_rects,
            }),
        }
    }
}

impl From<types::Verdict> for Verdict {
    fn from(verdict: types::Verdict) -> Self {
        let (converted, message, positions) = match verdict {
            types::Verdict::Ok(pass) => (Self::ok(), pass.message, pass.position_rects),
            types::Verdict::Ng(reject) => (
                Self::ng(reject.reason).with_defects(all::<Finding, _>(reject.defect_rects)),
                reject.message,
                reject.position_rects,
            ),
        };
        Self {
            message,
            positions: all(positions),
            ..converted
        }
    }
}

impl From<Readiness> for types::Readiness {
    fn from(readiness: Readiness) -> Self {
        let (message, calibration_rects) = (readiness.message, all(readiness.calibrations));
        if readiness.ready {
            Self::Ready(types::Ready {
                message,
                calibration_rects,
            })
        } else {
            Self::NotReady(types::NotReady {
                message: message.unwrap_or_default(),
                calibration_rects,
            })
        }
    }
}

impl From<types::Readiness> for Readiness {
    fn from(readiness: types::Readiness) -> Self {
        match readiness {
            types::Readiness::Ready(ready) => Self {
                ready: true,
                message: ready.message,
                calibrations: all(ready.calibration_rects),
            },
            types::Readiness::NotReady(not_ready) => Self {
                ready: false,
                message: Some(not_ready.message),
                calibrations: all(not_ready.calibration_rects),
            },
        }
    }
}

impl From<types::StepOutcome> for StepOutcome {
    fn from(outcome: types::StepOutcome) -> Self {
        match outcome {
            types::StepOutcome::PreExecute(answer) => Self::PreExecute(answer.map(Into::into).map_err(Into::into)),
            types::StepOutcome::Execute(answer) => Self::Execute(answer.map(Into::into).map_err(Into::into)),
        }
    }
}

impl From<ParamValue> for types::ParamValue {
    fn from(value: ParamValue) -> Self {
        match value {
            ParamValue::Int(value) => Self::Int(value),
            ParamValue::Float(value) => Self::Float(value),
            ParamValue::Rect(value) => Self::Rect(value.into()),
            ParamValue::Choice(value) => Self::Enum(value),
            ParamValue::Bool(value) => Self::Bool(value),
            ParamValue::String(value) => Self::String(value),
        }
    }
}

impl From<types::ParamValue> for ParamValue {
    fn from(value: types::ParamValue) -> Self {
        match value {
            types::ParamValue::Int(value) => Self::Int(value),
            types::ParamValue::Float(value) => Self::Float(value),
            types::ParamValue::Rect(value) => Self::Rect(value.into()),
            types::ParamValue::Enum(value) => Self::Choice(value),
            types::ParamValue::Bool(value) => Self::Bool(value),
            types::ParamValue::String(value) => Self::String(value),
        }
    }
}

pub(super) fn params(params: Vec<types::Param>) -> Params {
    Params::new(
        params
            .into_iter()
            .map(|param| (param.key, param.value.into()))
            .collect(),
    )
}

impl From<types::Guide> for Guide {
    fn from(guide: types::Guide) -> Self {
        Self {
            label: guide.label,
            positions: all(guide.positions),
        }
    }
}

impl From<ParamKind> for types::ParamKind {
    fn from(kind: ParamKind) -> Self {
        match kind {
            ParamKind::Int(bounds) => Self::Int(types::IntBounds {
                min: bounds.min,
                max: bounds.max,
            }),
            ParamKind::Float(bounds) => Self::Float(types::FloatBounds {
                min: bounds.min,
                max: bounds.max,
            }),
            ParamKind::Rect => Self::Rect,
            ParamKind::Choice(choices) => Self::Enum(choices),
            ParamKind::Bool => Self::Bool,
            ParamKind::String { length, pattern } => Self::String(types::StringBounds {
                min_length: length.min,
                max_length: length.max,
                pattern,
            }),
        }
    }
}

impl From<Param> for types::ParamInfo {
    fn from(param: Param) -> Self {
        Self {
            key: param.key,
            kind: param.kind.into(),
            required: param.required,
            default: param.default.map(Into::into),
            description: param.description,
            unit: param.unit,
        }
    }
}

impl From<Step> for types::StepInfo {
    fn from(step: Step) -> Self {
        Self {
            index: step.index,
            name: step.name,
            params: all(step.params),
        }
    }
}

impl From<Info> for types::AlgorithmInfo {
    fn from(info: Info) -> Self {
        Self {
            name: info.name,
            version: info.version,
            description: info.description,
            supported_pids: info.pids,
            steps: all(info.steps),
        }
    }
}
