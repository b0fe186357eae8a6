//! What a platform says about a picture beside its identifier: the protocol's `image_meta`. Nothing of it is believed
//! before it is checked.

use crate::explain::Explain;
use crate::failure::ErrorCode;
use crate::frame::PixelFormat;
use crate::limits::PICTURE_PIXELS;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// Most bytes of a camera's name. Algorithms are told it.
const CAMERA_ID_BYTES: usize = 256;
const WRONG_CAMERA: MetaError = MetaError::Wrong {
    key: "camera_id",
    expected: "a text of at most 256 bytes",
};

/// The order of the colours in raw pixels. An encoded picture knows its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColorSpace {
    /// Red, green, blue.
    #[default]
    RGB,
    /// Blue, green, red.
    BGR,
}

impl ColorSpace {
    /// The format of raw colour pixels in this order.
    pub(super) fn format(self) -> PixelFormat {
        match self {
            Self::RGB => PixelFormat::RGB8,
            Self::BGR => PixelFormat::BGR8,
        }
    }
}

/// What is said about a picture, checked. The default says nothing.
///
/// ```
/// use procvision_host::source::ImageMeta;
/// use serde_json::json;
///
/// let meta = ImageMeta::from_json(&json!({"width": 640, "height": 480, "timestamp_ms": 0, "camera_id": "cam-01"}))?;
/// assert_eq!(meta.size(), Some((640, 480)));
/// assert!(ImageMeta::from_json(&json!({"width": 0, "height": 480})).is_err());
/// # Ok::<(), procvision_host::source::MetaError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct ImageMeta {
    size: Option<(u32, u32)>,
    timestamp_ms: u64,
    camera_id: String,
    color_space: ColorSpace,
}

/// Why what is said about a picture cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetaError {
    /// It is something else than an object.
    #[error("`image_meta` is not an object")]
    NotAnObject,
    /// A value has the wrong type or range.
    #[error("`{key}` in `image_meta` must be {expected}")]
    Wrong {
        /// Which one.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// Only one of width and height is there.
    #[error("`image_meta` has only one of `width` and `height`")]
    HalfASize,
    /// Width or height is not positive: there is no picture.
    #[error("`image_meta` says {width} x {height} pixels: there is no picture")]
    NoPixels {
        /// In pixels.
        width: i64,
        /// In pixels.
        height: i64,
    },
    /// More pixels than are accepted.
    #[error("`image_meta` says {width} x {height} pixels, more than the {PICTURE_PIXELS} that are accepted")]
    TooLarge {
        /// In pixels.
        width: i64,
        /// In pixels.
        height: i64,
    },
}

impl Explain for MetaError {
    fn code(&self) -> Cow<'static, str> {
        self.error_code().as_str().into()
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::HalfASize | Self::NoPixels { .. } | Self::TooLarge { .. } => "say the size that the picture has",
            Self::NotAnObject | Self::Wrong { .. } => {
                "send an object such as {\"width\": 640, \"height\": 480, \"camera_id\": \"cam-01\"}"
            }
        };
        Some(remedy.into())
    }
}

impl MetaError {
    /// 1002 where the size says that there is no picture, 1000 where the protocol was not followed.
    pub fn error_code(&self) -> ErrorCode {
        match self {
            Self::HalfASize | Self::NoPixels { .. } | Self::TooLarge { .. } => ErrorCode::ImageLoadFailed,
            Self::NotAnObject | Self::Wrong { .. } => ErrorCode::BadExchange,
        }
    }
}

impl ImageMeta {
    /// From the protocol's `image_meta`. `null` says nothing; so does a key that is missing or `null`. Keys of other
    /// names are left alone.
    ///
    /// # Errors
    ///
    /// See [`MetaError`].
    pub fn from_json(meta: &Value) -> Result<Self, MetaError> {
        let object = match meta {
            Value::Null => return Ok(Self::default()),
            Value::Object(object) => object,
            _ => return Err(MetaError::NotAnObject),
        };
        let get = |key: &'static str| object.get(key).filter(|value| !value.is_null());
        let pixels = |key| {
            let wrong = MetaError::Wrong {
                key,
                expected: "a whole number of pixels",
            };
            get(key).map(|value| integer(value).ok_or(wrong)).transpose()
        };
        let mut meta = match (pixels("width")?, pixels("height")?) {
            (Some(width), Some(height)) => Self::default().with_size(width, height)?,
            (None, None) => Self::default(),
            _ => return Err(MetaError::HalfASize),
        };
        if let Some(value) = get("timestamp_ms") {
            // Python's clock gives fractions.
            let whole = value
                .as_u64()
                .or_else(|| Some(value.as_f64().filter(|time| *time >= 0.0)? as u64));
            meta.timestamp_ms = whole.ok_or(MetaError::Wrong {
                key: "timestamp_ms",
                expected: "milliseconds since 1970",
            })?;
        }
        if let Some(value) = get("camera_id") {
            meta = match value {
                Value::Number(number) => meta.with_camera_id(number.to_string())?,
                Value::String(camera) => meta.with_camera_id(camera)?,
                _ => return Err(WRONG_CAMERA),
            };
        }
        if let Some(value) = get("color_space") {
            meta.color_space = ColorSpace::deserialize(value).map_err(|_| MetaError::Wrong {
                key: "color_space",
                expected: "\"RGB\" or \"BGR\"",
            })?;
        }
        Ok(meta)
    }

    /// The same with a size in pixels.
    ///
    /// # Errors
    ///
    /// A size that is not positive, or more pixels than [`crate::limits::PICTURE_PIXELS`].
    pub fn with_size(mut self, width: i64, height: i64) -> Result<Self, MetaError> {
        if width <= 0 || height <= 0 {
            return Err(MetaError::NoPixels { width, height });
        }
        let too_large = MetaError::TooLarge { width, height };
        let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) else {
            return Err(too_large);
        };
        if u64::from(width) * u64::from(height) > PICTURE_PIXELS {
            return Err(too_large);
        }
        self.size = Some((width, height));
        Ok(self)
    }

    /// The same with the time at which the picture was taken, in milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn with_timestamp_ms(mut self, timestamp_ms: u64) -> Self {
        self.timestamp_ms = timestamp_ms;
        self
    }

    /// The same with the camera that took the picture.
    ///
    /// # Errors
    ///
    /// A name of more than 256 bytes.
    pub fn with_camera_id(mut self, camera_id: impl Into<String>) -> Result<Self, MetaError> {
        self.camera_id = camera_id.into();
        if self.camera_id.len() > CAMERA_ID_BYTES {
            return Err(WRONG_CAMERA);
        }
        Ok(self)
    }

    /// The same with the order of the colours in raw pixels.
    #[must_use]
    pub fn with_color_space(mut self, color_space: ColorSpace) -> Self {
        self.color_space = color_space;
        self
    }

    /// Width and height in pixels, if they are said.
    pub fn size(&self) -> Option<(u32, u32)> {
        self.size
    }

    /// When the picture was taken, in milliseconds since 1970-01-01T00:00:00Z; 0 if that is not said.
    pub fn timestamp_ms(&self) -> u64 {
        self.timestamp_ms
    }

    /// Which camera took it; empty if that is not said.
    pub fn camera_id(&self) -> &str {
        &self.camera_id
    }

    /// The order of the colours in raw pixels.
    pub fn color_space(&self) -> ColorSpace {
        self.color_space
    }
}

impl TryFrom<Value> for ImageMeta {
    type Error = MetaError;

    fn try_from(meta: Value) -> Result<Self, MetaError> {
        Self::from_json(&meta)
    }
}

/// A whole number, also where it is written `640.0`; one that is too large becomes the largest.
fn integer(value: &Value) -> Option<i64> {
    let float = || Some(value.as_f64().filter(|number| number.fract() == 0.0)? as i64);
    value.as_i64().or_else(float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_protocol_says_is_read() {
        let meta = json!({
            "width": 1920, "height": 1080.0, "timestamp_ms": 1_700_000_000_123.75, "camera_id": "cam-01",
            "color_space": "BGR", "exposure": 3,
        });
        let meta = ImageMeta::from_json(&meta).unwrap();
        assert_eq!(meta.size(), Some((1920, 1080)));
        assert_eq!((meta.timestamp_ms(), meta.camera_id()), (1_700_000_000_123, "cam-01"));
        assert_eq!(meta.color_space(), ColorSpace::BGR);
        for nothing in [json!(null), json!({}), json!({"width": null, "height": null})] {
            assert_eq!(ImageMeta::from_json(&nothing), Ok(ImageMeta::default()), "{nothing}");
        }
        let camera: ImageMeta = serde_json::from_str("{\"camera_id\": 7}").unwrap();
        assert_eq!(camera.camera_id(), "7");
    }

    #[test]
    fn a_size_that_no_picture_has_is_no_picture() {
        for (width, height) in [(0, 480), (640, 0), (-1, 480), (640, i64::MIN), (0, 0)] {
            let said = ImageMeta::from_json(&json!({"width": width, "height": height}));
            assert_eq!(said, Err(MetaError::NoPixels { width, height }));
        }
        for (width, height) in [(i64::MAX, 1), (1 << 32, 1), (1 << 31, 1 << 31), (10_001, 10_000)] {
            let said = ImageMeta::from_json(&json!({"width": width, "height": height}));
            assert_eq!(said, Err(MetaError::TooLarge { width, height }));
        }
        assert_eq!(
            ImageMeta::from_json(&json!({"width": 1e300, "height": 1})),
            Err(MetaError::TooLarge {
                width: i64::MAX,
                height: 1
            })
        );
        for half in [json!({"width": 3}), json!({"height": 3, "width": null})] {
            assert_eq!(ImageMeta::from_json(&half), Err(MetaError::HalfASize), "{half}");
        }
    }

    #[test]
    fn what_does_not_follow_the_protocol_is_named() {
        for (meta, key) in [
            (json!({"width": "640", "height": 480}), "width"),
            (json!({"width": 640, "height": 480.5}), "height"),
            (json!({"width": true, "height": 480}), "width"),
            (json!({"timestamp_ms": -1}), "timestamp_ms"),
            (json!({"timestamp_ms": "now"}), "timestamp_ms"),
            (json!({"camera_id": ["cam"]}), "camera_id"),
            (json!({"camera_id": "c".repeat(257)}), "camera_id"),
            (json!({"color_space": "HSV"}), "color_space"),
            (json!({"color_space": 3}), "color_space"),
        ] {
            let error = ImageMeta::from_json(&meta).unwrap_err();
            assert!(
                matches!(error, MetaError::Wrong { key: named, .. } if named == key),
                "{meta}: {error}"
            );
            assert_eq!(error.error_code(), ErrorCode::BadExchange);
        }
        assert_eq!(ImageMeta::from_json(&json!([640, 480])), Err(MetaError::NotAnObject));
    }
}
