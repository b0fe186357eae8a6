//! What is remembered about the frames of one inspection.

use procvision_guest::prelude::*;
use serde::{Deserialize, Serialize};

/// Counts over all frames of an inspection so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Frames that were judged.
    pub seen: u32,
    /// Frames that met all requirements.
    pub accepted: u32,
    /// The highest sharpness of an accepted frame; 0 if there is none.
    pub best_sharpness: f64,
}

const KEY: &str = "series";

impl Series {
    /// What the session holds; nothing counted yet if it holds nothing.
    ///
    /// # Errors
    ///
    /// If the session holds something else under this key.
    pub fn load(session: &Session) -> Result<Self, Failure> {
        Ok(session.get(KEY)?.unwrap_or_default())
    }

    /// Keeps the counts for the next step of this inspection.
    ///
    /// # Errors
    ///
    /// If the session is full.
    pub fn save(&self, session: &Session) -> Result<(), Failure> {
        Ok(session.set(KEY, self)?)
    }

    /// Forgets all frames.
    pub fn forget(session: &Session) {
        session.delete(KEY);
    }

    /// Counts one more frame.
    #[must_use]
    pub fn with_frame(self, is_accepted: bool, sharpness: f64) -> Self {
        Self {
            seen: self.seen.saturating_add(1),
            accepted: self.accepted.saturating_add(u32::from(is_accepted)),
            best_sharpness: if is_accepted {
                self.best_sharpness.max(sharpness)
            } else {
                self.best_sharpness
            },
        }
    }
}
