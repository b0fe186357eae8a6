//! Opening a store, and making one. `store.json` is written when everything else is there: a folder without it is not a
//! store yet, and making it goes on where it was broken off.

use super::audit::Event;
use super::layout::{self, Layout};
use super::lock::Mode;
use super::registry::Registry;
use super::transaction::Transaction;
use super::{STORE_VERSION, Store, StoreError, StoreOptions, durable};
use crate::bounded_file::{self, BoundedFileError};
use serde_json::{Value, json};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Bytes of `store.json`.
const STORE_FILE_BYTES: u64 = 4 << 10;

impl Store {
    /// Opens the store in `root`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] if there is none, [`StoreError::Newer`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn open(root: impl AsRef<Path>, options: StoreOptions) -> Result<Self, StoreError> {
        let layout = Layout::new(root.as_ref());
        if !is_there(&layout)? {
            return Err(StoreError::Missing(root.as_ref().to_owned()));
        }
        Ok(Self { layout, options })
    }

    /// Opens the store in `root`, and makes one if there is no such folder or nothing in it but what a store may have.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); [`StoreError::NotAStore`] if the folder holds something else.
    pub fn create(root: impl AsRef<Path>, options: StoreOptions) -> Result<Self, StoreError> {
        let root = root.as_ref();
        let store = Self {
            layout: Layout::new(root),
            options,
        };
        if is_there(&store.layout)? {
            return Ok(store);
        }
        let made = DirBuilder::new().recursive(true).mode(0o755).create(root);
        made.map_err(failed("make", root))?;
        store.check_contents()?;
        let lock = store.lock(Mode::Exclusive)?;
        // Somebody else may have made it meanwhile.
        if !is_there(&store.layout)? {
            store.make(lock)?;
        }
        Ok(store)
    }

    fn check_contents(&self) -> Result<(), StoreError> {
        let root = self.root();
        let failed = failed("read", root);
        for entry in fs::read_dir(root).map_err(&failed)? {
            let name = entry.map_err(&failed)?.file_name();
            let name = name.to_string_lossy();
            if !layout::KNOWN.contains(&name.as_ref()) && !durable::is_unfinished(&name) {
                return Err(StoreError::NotAStore {
                    path: root.to_owned(),
                    entry: name.into_owned(),
                });
            }
        }
        Ok(())
    }

    fn make(&self, lock: super::lock::Held) -> Result<(), StoreError> {
        let root = self.root();
        for folder in layout::FOLDERS {
            let path = root.join(folder);
            durable::make_folder(&path).map_err(failed("make", &path))?;
        }
        // What a store that has lost its store.json says is not thrown away.
        let registry = match fs::symlink_metadata(self.layout.registry()) {
            Ok(_) => Registry::read(&self.layout)?,
            Err(_) => Registry::new(),
        };
        let mut transaction = Transaction::with(self, lock, registry)?;
        transaction.commit([Event::done("create")])?;
        let path = self.layout.store();
        let text = format!("{}\n", json!({ "store_version": STORE_VERSION }));
        durable::replace(&path, text.as_bytes()).map_err(failed("write", &path))?;
        // Gives the lock back. The next holder takes away what is unfinished, so that nothing may be by then.
        transaction.settle();
        Ok(())
    }
}

/// Whether there is a store, of a version that this host knows.
fn is_there(layout: &Layout) -> Result<bool, StoreError> {
    let path = layout.store();
    let damaged = |why: String| StoreError::Damaged {
        path: path.clone(),
        why,
    };
    let text = match bounded_file::read(&path, STORE_FILE_BYTES) {
        Ok(text) => text,
        Err(BoundedFileError::Missing(_)) => return Ok(false),
        Err(BoundedFileError::NotAFile) => return Err(damaged("it is not a file".to_owned())),
        Err(BoundedFileError::TooLarge(_)) => return Err(damaged("it is too large".to_owned())),
        Err(BoundedFileError::Io(source)) => return Err(failed("read", &path)(source)),
    };
    let value: Value = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    match value.get("store_version").and_then(Value::as_u64) {
        Some(version) if version == u64::from(STORE_VERSION) => Ok(true),
        Some(version) if version > u64::from(STORE_VERSION) => Err(StoreError::Newer {
            path: layout.root().to_owned(),
            version,
        }),
        _ => Err(damaged("it names no version of a store".to_owned())),
    }
}

/// The error for a file of the store that cannot be used.
pub(super) fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
