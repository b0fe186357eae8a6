//! How the SDK's errors become failures, so that `?` works in an algorithm.

use crate::assets::AssetError;
use crate::failure::Failure;
use crate::frame::FrameError;
use crate::params::ParamsError;
use crate::session::SessionError;

/// 1007 for an area outside the picture, else 1002.
impl From<FrameError> for Failure {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::OutsidePicture { .. } => Self::coordinate_invalid(error.to_string()),
            FrameError::TooLarge { .. } => Self::image_load_failed(error.to_string()).permanent(),
            FrameError::NoSuchImage | FrameError::NotDelivered => Self::image_load_failed(error.to_string()),
        }
    }
}

/// 9999, permanent: the same request would meet the same session.
impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::unknown(error.to_string()).permanent()
    }
}

/// 1003.
impl From<AssetError> for Failure {
    fn from(error: AssetError) -> Self {
        Self::model_not_found(error.to_string())
    }
}

/// 1006.
impl From<ParamsError> for Failure {
    fn from(error: ParamsError) -> Self {
        Self::invalid_params(error.to_string())
    }
}
