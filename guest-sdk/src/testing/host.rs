//! The functions of [`crate::platform`] by way of a fake host, one for each thread and call.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::image::Image;
use super::store::SessionStore;
use crate::assets::{Asset, AssetError};
use crate::frame::{FrameError, PixelFormat};
use crate::geometry::Rect;
use crate::scalar::Scalar;
use crate::session::SessionError;

/// What the fake host delivers of a picture in one call, in bytes. Less than is usual, to be on the safe side.
const READ_BYTES: u64 = 16 * 1024 * 1024;
/// What the fake host delivers of an asset in one call, in bytes. Less than is usual, to be on the safe side.
const ASSET_READ_BYTES: u32 = 256 * 1024;

/// A line that the algorithm logged.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LogLine {
    /// How important it is.
    pub level: log::Level,
    /// The text.
    pub message: String,
    /// The fields, in the order they were given.
    pub fields: Vec<(String, Scalar)>,
}

impl LogLine {
    /// The value of the field `key`, if the line has it.
    pub fn field(&self, key: &str) -> Option<&Scalar> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

/// Written as level, message and fields.
impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.level, self.message)?;
        for (key, value) in &self.fields {
            match value {
                Scalar::String(value) => write!(f, " {key}={value:?}")?,
                Scalar::Int(value) => write!(f, " {key}={value}")?,
                Scalar::Float(value) => write!(f, " {key}={value}")?,
                Scalar::Bool(value) => write!(f, " {key}={value}")?,
            }
        }
        Ok(())
    }
}

/// The files of a package and what the manifest says about them.
#[derive(Clone, Debug, Default)]
pub(super) struct Package {
    pub files: BTreeMap<String, Vec<u8>>,
    /// Asset names by pid and kind.
    pub required: BTreeMap<(String, String), String>,
}

/// What surrounds the algorithm during one call.
pub(super) struct Host {
    /// No other host has the same number.
    pub call: u64,
    pub package: Rc<Package>,
    pub session: Option<Rc<SessionStore>>,
    pub images: Vec<Image>,
    pub logs: RefCell<Vec<LogLine>>,
    pub diagnostics: RefCell<BTreeMap<String, Scalar>>,
}

impl Host {
    pub fn new(package: Rc<Package>, session: Option<Rc<SessionStore>>, images: Vec<Image>) -> Rc<Self> {
        Rc::new(Self {
            call: CALLS.fetch_add(1, Ordering::Relaxed),
            package,
            session,
            images,
            logs: RefCell::default(),
            diagnostics: RefCell::default(),
        })
    }

    /// Makes this host the thread's own while `work` runs, also if `work` panics.
    pub fn run<R>(self: &Rc<Self>, work: impl FnOnce() -> R) -> R {
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                HOSTS.with_borrow_mut(Vec::pop);
            }
        }
        HOSTS.with_borrow_mut(|hosts| hosts.push(Rc::clone(self)));
        let _leave = Leave;
        work()
    }

    pub fn warn(&self, message: String) {
        self.logs.borrow_mut().push(LogLine {
            level: log::Level::Warn,
            message,
            fields: Vec::new(),
        });
    }
}

/// How many hosts there were.
static CALLS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The innermost host is the current one.
    static HOSTS: RefCell<Vec<Rc<Host>>> = const { RefCell::new(Vec::new()) };
}

/// The thread's current host. None outside a call, and in threads that the algorithm started itself; the sandbox has
/// no threads.
pub(super) fn current() -> Option<Rc<Host>> {
    HOSTS.with_borrow(|hosts| hosts.last().cloned())
}

/// The session that is lent at the moment. A `Session` exists only while one is.
fn session() -> Rc<SessionStore> {
    current()
        .and_then(|host| host.session.clone())
        .expect("a session is used in the thread and call it was lent to")
}

pub(crate) fn log(level: log::Level, message: String, fields: Vec<(String, Scalar)>) {
    if let Some(host) = current() {
        host.logs.borrow_mut().push(LogLine { level, message, fields });
    }
}

pub(crate) fn publish(key: &str, value: Scalar) {
    if let Some(host) = current() {
        host.diagnostics.borrow_mut().insert(key.to_owned(), value);
    }
}

pub(crate) fn read_picture(index: u32, area: Rect, format: PixelFormat, length: usize) -> Result<Vec<u8>, FrameError> {
    let host = current().ok_or(FrameError::NoSuchImage)?;
    let image = host.images.get(index as usize).ok_or(FrameError::NoSuchImage)?;
    if length as u64 > READ_BYTES {
        return Err(FrameError::TooLarge { limit: READ_BYTES });
    }
    image.read(area, format)
}

pub(crate) fn session_id() -> String {
    session().id.clone()
}

pub(crate) fn session_context() -> String {
    session().context.clone()
}

pub(crate) fn session_get(key: &str) -> Option<String> {
    session().get(key)
}

pub(crate) fn session_set(key: &str, json: &str) -> Result<(), SessionError> {
    session().set(key, json)
}

pub(crate) fn session_delete(key: &str) -> bool {
    session().delete(key)
}

pub(crate) fn session_exists(key: &str) -> bool {
    session().exists(key)
}

pub(crate) fn asset_list() -> Vec<Asset> {
    let Some(host) = current() else { return Vec::new() };
    host.package
        .files
        .iter()
        .map(|(name, bytes)| Asset {
            name: name.clone(),
            size: bytes.len() as u64,
        })
        .collect()
}

pub(crate) fn asset_lookup(pid: &str, kind: &str) -> Option<String> {
    current()?
        .package
        .required
        .get(&(pid.to_owned(), kind.to_owned()))
        .cloned()
}

pub(crate) fn asset_read(name: &str, offset: u64, length: u32) -> Result<Vec<u8>, AssetError> {
    let host = current().ok_or_else(|| AssetError::Unreadable(name.to_owned()))?;
    let bytes = host
        .package
        .files
        .get(name)
        .ok_or_else(|| AssetError::NotFound(name.to_owned()))?;
    if length > ASSET_READ_BYTES {
        return Err(AssetError::TooLarge {
            name: name.to_owned(),
            limit: ASSET_READ_BYTES.into(),
        });
    }
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let end = start.saturating_add(length as usize).min(bytes.len());
    Ok(bytes[start..end].to_vec())
}
