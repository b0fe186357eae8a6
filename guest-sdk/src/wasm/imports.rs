//! The functions of [`crate::platform`] by way of the contract's imports.

use scoped_tls::scoped_thread_local;

use super::bindings::procvision::algorithm::imaging::{ImageError, ImageSet};
use super::bindings::procvision::algorithm::session::{self, Session};
use super::bindings::procvision::algorithm::{assets, diagnostics, logging};
use super::{convert, delivery};
use crate::assets::{Asset, AssetError};
use crate::frame::{FrameError, PixelFormat};
use crate::geometry::Rect;
use crate::scalar::Scalar;
use crate::session::SessionError;

// The host lends both for one call. Keeping them here for exactly that long spares `Frame` and `Session` a lifetime
// that every author would have to write.
scoped_thread_local!(pub(super) static IMAGES: ImageSet);
scoped_thread_local!(pub(super) static SESSION: Session);

pub(crate) fn log(level: log::Level, message: String, fields: Vec<(String, Scalar)>) {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(key, value)| logging::Field {
            key,
            value: value.into(),
        })
        .collect();
    logging::log(level.into(), &message, &fields);
}

pub(super) fn max_level() -> log::LevelFilter {
    logging::max_level().into()
}

pub(crate) fn publish(key: &str, value: Scalar) {
    diagnostics::publish(key, &value.into());
}

pub(crate) fn read_picture(index: u32, area: Rect, format: PixelFormat, length: usize) -> Result<Vec<u8>, FrameError> {
    if !IMAGES.is_set() {
        return Err(FrameError::NoSuchImage);
    }
    IMAGES
        .with(|images| match delivery::fill(images, index, area, format, length) {
            // A host may not be able to write to this memory itself.
            Err(ImageError::NotAvailable) => images.read(index, area.into(), format.into()),
            filled => filled,
        })
        .map_err(|error| match error {
            ImageError::NoSuchImage => FrameError::NoSuchImage,
            ImageError::TooLarge(limit) => FrameError::TooLarge { limit },
            // `Frame` has checked the area, and the target is as long as the area needs.
            ImageError::OutsidePicture | ImageError::BadTarget | ImageError::NotAvailable => FrameError::NotDelivered,
        })
}

pub(crate) fn session_id() -> String {
    SESSION.with(Session::id)
}

pub(crate) fn session_context() -> String {
    SESSION.with(Session::context)
}

pub(crate) fn session_get(key: &str) -> Option<String> {
    SESSION.with(|session| session.get(key))
}

pub(crate) fn session_set(key: &str, json: &str) -> Result<(), SessionError> {
    SESSION
        .with(|session| session.set(key, json))
        .map_err(|error| match error {
            session::SessionError::NotJson(complaint) => SessionError::Refused(complaint),
            session::SessionError::BadKey(limit) => SessionError::BadKey { limit },
            session::SessionError::Full(limit) => SessionError::Full { limit },
        })
}

pub(crate) fn session_delete(key: &str) -> bool {
    SESSION.with(|session| session.delete(key))
}

pub(crate) fn session_exists(key: &str) -> bool {
    SESSION.with(|session| session.exists(key))
}

pub(crate) fn asset_list() -> Vec<Asset> {
    assets::list()
        .into_iter()
        .map(|asset| Asset {
            name: asset.name,
            size: asset.size,
        })
        .collect()
}

pub(crate) fn asset_lookup(pid: &str, kind: &str) -> Option<String> {
    assets::lookup(pid, kind)
}

pub(crate) fn asset_read(name: &str, offset: u64, length: u32) -> Result<Vec<u8>, AssetError> {
    assets::read(name, offset, length).map_err(|error| convert::asset_error(name, error))
}
