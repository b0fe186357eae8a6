//! Pictures on their way to an algorithm's process: those of the station's sources, those that a caller names in a pool, and
//! those that a caller sends.

use crate::config::SourceConfig;
use crate::thumbnail;
use procvision_host::explain::one_line;
use procvision_host::frame::{Frame, FrameError};
use procvision_host::pool::consumer::{Follow, PoolClient, PoolError, PoolMark};
use procvision_host::pool::message::Refusal;
use procvision_host::pool::{FrameReference, LinkError, PoolName, ReferenceError};
use procvision_results::Picture as PictureRecord;
use procvision_runner::PictureRef;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, UNIX_EPOCH};
use tempfile::TempPath;
use tokio::sync::Semaphore;

/// How names of files begin that the station writes: the identifier, as the development store spells it in a name.
const PREFIX: &str = "dev-shm_station-";
/// How names of files end that hold a PNG or JPEG picture.
const SUFFIX: &str = ".bin";
/// The most bytes of a file that is a source; what follows is not read, and the picture is then none.
const MOST_FILE_BYTES: u64 = 1 << 30;
/// Pictures that are read or decoded at the same time; each may take some hundred megabytes meanwhile. Others wait.
const MOST_DECODED: usize = 4;
/// How often it is looked whether a file that is a source has changed.
const LOOK: Duration = Duration::from_millis(10);

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Nobody has set up such a source.
    #[error("there is no source `{0}`")]
    NoSource(String),
    /// The reference is none.
    #[error("`{text}` names no picture of a pool")]
    Reference {
        /// What was given.
        text: String,
        /// What is wrong with it.
        source: ReferenceError,
    },
    /// The pool does not give the picture.
    #[error("the pool gives no picture")]
    Pool(#[from] PoolError),
    /// What was sent, or lies in the file, is no picture.
    #[error("{what} is no picture")]
    Decode {
        /// What it is.
        what: String,
        /// Why.
        source: FrameError,
    },
    /// The thread that reads the picture has ended early.
    #[error("the picture was not read to its end")]
    Interrupted,
    /// A file that is a source cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The picture cannot be brought to where algorithms look for it.
    #[error("cannot write {}", path.display())]
    Write {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A picture that an algorithm's process can be told of. It is there for as long as this is.
#[derive(Debug)]
pub struct Picture {
    /// What the process is told.
    pub reference: PictureRef,
    /// What is noted with the result.
    pub record: PictureRecord,
    /// When it was published, if a pool was followed.
    pub published: Option<Instant>,
    pixels: Pixels,
}

/// Where the pixels are.
#[derive(Debug)]
enum Pixels {
    /// In a pool, leased.
    Leased(Frame),
    /// In a file of the station, encoded: of many pictures that wait, it is the encoded ones that take memory.
    Kept(TempPath),
}

impl Picture {
    /// A small one of it, as a JPEG file. `None` if it cannot be made small enough, or not be read any more.
    fn thumbnail(&self) -> Option<Vec<u8>> {
        match &self.pixels {
            Pixels::Leased(frame) => thumbnail::of(frame),
            Pixels::Kept(file) => thumbnail::of(&Frame::decode(&fs::read(file).ok()?).ok()?),
        }
    }
}

impl Picture {
    /// What is noted with a result about which the process was asked at that moment.
    pub fn record(&self, asked: Instant) -> PictureRecord {
        let delivered = self
            .published
            .map(|published| asked.saturating_duration_since(published));
        PictureRecord {
            delivered_us: delivered.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
            ..self.record.clone()
        }
    }
}

/// Where somebody is who follows the pictures of a source: at this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A picture of a pool.
    Pool(PoolName, PoolMark),
    /// A file, by its path, the time at which it was written and its size.
    File(PathBuf, u128, u64),
}

/// A picture of a source that is followed.
#[derive(Debug)]
pub struct Followed {
    /// The picture.
    pub picture: Picture,
    /// To find those that come later.
    pub mark: Mark,
    /// How many there were between the last one and this one, as far as that is known: of a file it is not.
    pub passed_over: u64,
}

/// Where pictures come from.
#[derive(Debug)]
pub struct Pictures {
    folder: PathBuf,
    pools: PoolClient,
    sources: RwLock<BTreeMap<String, SourceConfig>>,
    decoding: Semaphore,
}

impl Pictures {
    /// Pictures that are not in a pool lie in `folder`, which belongs to the station: what is left in it is removed.
    ///
    /// # Errors
    ///
    /// The folder cannot be made, or not be cleared.
    pub fn new(
        folder: PathBuf,
        pools: PoolClient,
        sources: BTreeMap<String, SourceConfig>,
    ) -> Result<Self, PictureError> {
        clear(&folder).map_err(|source| PictureError::Write {
            path: folder.clone(),
            source,
        })?;
        Ok(Self {
            folder,
            pools,
            sources: RwLock::new(sources),
            decoding: Semaphore::new(MOST_DECODED),
        })
    }

    /// From now on these are the sources.
    pub fn set_sources(&self, sources: BTreeMap<String, SourceConfig>) {
        *self.sources.write().unwrap_or_else(PoisonError::into_inner) = sources;
    }

    /// Works with pictures on a thread where that may take its time.
    ///
    /// # Errors
    ///
    /// [`PictureError::Interrupted`] if the work panics.
    pub async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, PictureError> {
        let pictures = self.clone();
        // It is never closed.
        let _place = self.decoding.acquire().await;
        let done = tokio::task::spawn_blocking(move || work(&pictures)).await;
        done.map_err(|_| PictureError::Interrupted)
    }

    /// A small one of a picture, as a JPEG file, if it can be had.
    pub async fn thumbnail(self: &Arc<Self>, picture: &Arc<Picture>) -> Option<Vec<u8>> {
        let picture = picture.clone();
        self.work(move |_| picture.thumbnail()).await.ok().flatten()
    }

    /// The picture that a source has now.
    ///
    /// # Errors
    ///
    /// See [`PictureError`].
    pub fn of_source(&self, name: &str) -> Result<Picture, PictureError> {
        match self.source(name) {
            None => Err(PictureError::NoSource(name.to_owned())),
            Some(SourceConfig::Pool(pool)) => {
                let pool = pool_name(&pool)?;
                let (reference, frame) = self.pools.newest(&pool)?;
                Ok(leased(&reference, frame, name))
            }
            Some(SourceConfig::File(path)) => Ok(self.of_file(&path, name)?.0),
        }
    }

    /// The picture in a file, and the mark of the file that was read: it may be replaced meanwhile.
    fn of_file(&self, path: &Path, name: &str) -> Result<(Picture, Mark), PictureError> {
        let unreadable = |source| PictureError::Read {
            path: path.to_owned(),
            source,
        };
        let mut file = fs::File::open(path).map_err(unreadable)?;
        let mark = mark(path, &file.metadata().map_err(unreadable)?).map_err(unreadable)?;
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(&mut file, MOST_FILE_BYTES), &mut bytes).map_err(unreadable)?;
        let frame = Frame::decode(&bytes).map_err(|source| PictureError::Decode {
            what: path.display().to_string(),
            source,
        })?;
        Ok((self.written(&bytes, &frame, name)?, mark))
    }

    /// A picture of a source that came after the one of the mark: of a pool the oldest that is still there, or the newest;
    /// of a file the one in it, if it has changed. `None` if there is none yet. A mark of another source is none.
    ///
    /// # Errors
    ///
    /// See [`PictureError`].
    pub fn after(&self, name: &str, mark: Option<&Mark>, which: Follow) -> Result<Option<Followed>, PictureError> {
        match self.source(name) {
            None => Err(PictureError::NoSource(name.to_owned())),
            Some(SourceConfig::Pool(pool)) => {
                let pool = pool_name(&pool)?;
                let found = self.pools.after(&pool, pool_mark(mark, &pool), which)?;
                Ok(found.map(|found| {
                    let mut picture = leased(&found.reference, found.frame, name);
                    picture.record.sequence = Some(found.sequence);
                    picture.published = Instant::now().checked_sub(found.age);
                    Followed {
                        picture,
                        mark: Mark::Pool(pool, found.mark),
                        passed_over: found.passed_over,
                    }
                }))
            }
            Some(SourceConfig::File(path)) => {
                let there = fs::metadata(&path).and_then(|file| self::mark(&path, &file));
                let now = there.map_err(|source| PictureError::Read {
                    path: path.clone(),
                    source,
                })?;
                if mark == Some(&now) {
                    return Ok(None);
                }
                let (picture, mark) = self.of_file(&path, name)?;
                Ok(Some(Followed {
                    picture,
                    mark,
                    passed_over: 0,
                }))
            }
        }
    }

    /// Waits until there may be a picture after the one of the mark, but not for longer than `patience`. Keeps the thread
    /// waiting that calls it.
    pub fn wait_after(&self, name: &str, mark: Option<&Mark>, patience: Duration) {
        if let Some(SourceConfig::Pool(pool)) = self.source(name)
            && let Ok(pool) = pool_name(&pool)
            && self.pools.wait_after(&pool, pool_mark(mark, &pool), patience).is_ok()
        {
            return;
        }
        // What cannot be waited for is looked for; that tells what is wrong, too.
        std::thread::sleep(LOOK.min(patience));
    }

    fn source(&self, name: &str) -> Option<SourceConfig> {
        let sources = self.sources.read().unwrap_or_else(PoisonError::into_inner);
        sources.get(name).cloned()
    }

    /// The picture of a pool that a reference names.
    ///
    /// # Errors
    ///
    /// See [`PictureError`].
    pub fn of_pool(&self, reference: &str) -> Result<Picture, PictureError> {
        let parsed: FrameReference = reference.parse().map_err(|source| PictureError::Reference {
            text: reference.to_owned(),
            source,
        })?;
        let frame = self.pools.open(&parsed)?;
        Ok(leased(&parsed, frame, parsed.pool().as_str()))
    }

    /// A picture that somebody has sent, as a PNG or JPEG file.
    ///
    /// # Errors
    ///
    /// See [`PictureError`].
    pub fn of_upload(&self, bytes: &[u8]) -> Result<Picture, PictureError> {
        let frame = Frame::decode(bytes).map_err(|source| PictureError::Decode {
            what: "what was sent".to_owned(),
            source,
        })?;
        self.written(bytes, &frame, "upload")
    }

    fn written(&self, bytes: &[u8], frame: &Frame, source: &str) -> Result<Picture, PictureError> {
        let failed = |source: io::Error| PictureError::Write {
            path: self.folder.clone(),
            source,
        };
        let mut file = tempfile::Builder::new();
        let mut file = file
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .tempfile_in(&self.folder)
            .map_err(failed)?;
        io::Write::write_all(&mut file, bytes).map_err(failed)?;
        let path = file.into_temp_path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let unique = name
            .strip_prefix(PREFIX)
            .and_then(|name| name.strip_suffix(SUFFIX))
            .unwrap_or_default();
        Ok(Picture {
            reference: PictureRef {
                id: format!("dev-shm:station-{unique}"),
                meta: meta(frame),
            },
            record: record(frame, source),
            published: None,
            pixels: Pixels::Kept(path),
        })
    }
}

/// When a file was written last, and how long it is.
fn mark(path: &Path, file: &fs::Metadata) -> io::Result<Mark> {
    let written = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Mark::File(path.to_owned(), written.as_nanos(), file.len()))
}

/// The configuration was checked: it is one.
fn pool_name(pool: &str) -> Result<PoolName, PictureError> {
    pool.parse().map_err(|source| PictureError::Reference {
        text: pool.to_owned(),
        source,
    })
}

fn pool_mark(mark: Option<&Mark>, of: &PoolName) -> Option<PoolMark> {
    match mark {
        Some(Mark::Pool(pool, mark)) if pool == of => Some(*mark),
        _ => None,
    }
}

fn leased(reference: &FrameReference, frame: Frame, source: &str) -> Picture {
    Picture {
        reference: PictureRef {
            id: reference.to_string(),
            meta: meta(&frame),
        },
        record: record(&frame, source),
        published: None,
        pixels: Pixels::Leased(frame),
    }
}

fn meta(frame: &Frame) -> Value {
    let mut meta = Map::from_iter([
        ("width".to_owned(), frame.width().into()),
        ("height".to_owned(), frame.height().into()),
    ]);
    if frame.timestamp_ms() > 0 {
        meta.insert("timestamp_ms".to_owned(), frame.timestamp_ms().into());
    }
    if !frame.camera_id().is_empty() {
        meta.insert("camera_id".to_owned(), frame.camera_id().into());
    }
    Value::Object(meta)
}

fn record(frame: &Frame, source: &str) -> PictureRecord {
    PictureRecord {
        source: source.to_owned(),
        width: frame.width(),
        height: frame.height(),
        format: frame.format().to_string(),
        timestamp_ms: Some(frame.timestamp_ms()).filter(|time| *time > 0),
        ..PictureRecord::default()
    }
}

/// Makes the folder, closed to other users, and removes the pictures that a station has left in it which did not end well.
fn clear(folder: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Somebody else may have made it first, where everybody can make folders.
    let there = fs::symlink_metadata(folder)?;
    let ours = there.is_dir() && there.uid() == rustix::process::geteuid().as_raw() && there.mode() & 0o077 == 0;
    if !ours {
        return Err(io::Error::other(
            "it belongs to somebody else, or is open to others; remove it",
        ));
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// What a caller is told: codes that programs know, and all causes in one line.
impl PictureError {
    /// The code of the protocol, or a word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSource(_) => "no-source",
            Self::Write { .. } | Self::Interrupted => "unavailable",
            Self::Reference { .. } | Self::Pool(_) | Self::Decode { .. } | Self::Read { .. } => "1002",
        }
    }

    /// Whether the pool, or its broker, is not there: whatever a pool of that name has later, it has since.
    pub fn is_no_pool(&self) -> bool {
        let Self::Pool(PoolError::Broker(error)) = self else {
            return false;
        };
        match error {
            LinkError::NoBroker { .. } | LinkError::HungUp => true,
            LinkError::Refused { code, .. } => *code == Refusal::UnknownPool,
            _ => false,
        }
    }

    /// The sentence.
    pub fn sentence(&self) -> String {
        one_line(self)
    }
}
