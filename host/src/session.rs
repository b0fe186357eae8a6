//! What an algorithm remembers about one product between its steps. Bounded, JSON only, and undone as a whole when a
//! step traps.

use crate::limits::Limits;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One inspection of one product. Owned by the caller, lent to the algorithm for the length of each call.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    id: String,
    context: Map<String, Value>,
    /// The same as text, made once: an algorithm may ask for it as often as it likes.
    context_json: Arc<str>,
    values: Values,
    /// What was there at the start of the step. Shares everything with `values` until the step writes.
    checkpoint: Values,
}

impl Default for Session {
    /// An inspection without identifier and context.
    fn default() -> Self {
        Self::new("", Map::new())
    }
}

/// JSON texts by key, as the algorithm wrote them, and the bytes of both together.
#[derive(Clone, Debug, Default, PartialEq)]
struct Values {
    by_key: Arc<BTreeMap<String, String>>,
    bytes: usize,
}

/// Why a value was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The text is not one JSON value.
    #[error("the value for session key `{key}` is not JSON: {reason}")]
    NotJson {
        /// The key.
        key: String,
        /// What the parser said.
        reason: String,
    },
    /// The key is empty or too long.
    #[error("a session key has 1 to {limit} bytes, but this one has {actual}")]
    BadKey {
        /// Most bytes of a key.
        limit: usize,
        /// Bytes of this key.
        actual: usize,
    },
    /// The session would exceed its bound.
    #[error("storing session key `{key}` would make {needed} bytes of at most {limit}; keep less in the session")]
    Full {
        /// The key.
        key: String,
        /// Bytes the session would have.
        needed: usize,
        /// Most bytes of a session.
        limit: usize,
    },
}

/// Bounds of a session, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionBounds {
    /// All keys and values together.
    pub bytes: usize,
    /// One key.
    pub key_bytes: usize,
}

impl SessionBounds {
    /// The bounds that the limits of an algorithm set.
    pub fn of(limits: &Limits) -> Self {
        let narrow = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        Self {
            bytes: narrow(limits.session_bytes),
            key_bytes: narrow(limits.session_key_bytes),
        }
    }
}

impl Session {
    /// A new inspection. `context` is what the platform says about it: `product_code`, `operator`, `trace_id`, ...
    ///
    /// A context of more than [`crate::limits::CONTEXT_BYTES`] makes every step of the inspection fail (1000).
    pub fn new(id: impl Into<String>, context: Map<String, Value>) -> Self {
        let (context, context_json) = written(context);
        Self {
            id: id.into(),
            context,
            context_json,
            values: Values::default(),
            checkpoint: Values::default(),
        }
    }

    /// The platform's identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the platform says about the inspection.
    pub fn context(&self) -> &Map<String, Value> {
        &self.context
    }

    /// Puts what the platform says by now in the place of what it said before. What the algorithm stored stays.
    ///
    /// The bound is that of [`Session::new`].
    pub fn set_context(&mut self, context: Map<String, Value>) {
        // Platforms send the same with every step; writing it anew costs more than comparing.
        if context != self.context {
            (self.context, self.context_json) = written(context);
        }
    }

    /// The context as JSON text.
    pub(crate) fn context_json(&self) -> &str {
        &self.context_json
    }

    /// The JSON text under `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.by_key.get(key).map(String::as_str)
    }

    /// Keys and JSON texts, sorted by key.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .by_key
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Bytes of all keys and values together.
    pub fn bytes(&self) -> usize {
        self.values.bytes
    }

    /// Stores one JSON value.
    ///
    /// # Errors
    ///
    /// The key is empty or too long, the text is not JSON, or the session would exceed `bounds`. Nothing is changed.
    pub fn set(&mut self, key: &str, json: String, bounds: SessionBounds) -> Result<(), SessionError> {
        if key.is_empty() || key.len() > bounds.key_bytes {
            return Err(SessionError::BadKey {
                limit: bounds.key_bytes,
                actual: key.len(),
            });
        }
        let old = self.values.by_key.get(key).map_or(0, |old| key.len() + old.len());
        let needed = (self.values.bytes - old)
            .saturating_add(key.len())
            .saturating_add(json.len());
        // Before parsing, so that the work of a refused write is bounded as well.
        if needed > bounds.bytes {
            return Err(SessionError::Full {
                key: key.to_owned(),
                needed,
                limit: bounds.bytes,
            });
        }
        // Parsed as whoever reads it later will: what merely looks like JSON may nest too deeply, hold a number beyond all
        // floats or half a surrogate pair.
        if let Err(error) = serde_json::from_str::<Value>(&json) {
            return Err(SessionError::NotJson {
                key: key.to_owned(),
                reason: error.to_string(),
            });
        }
        Arc::make_mut(&mut self.values.by_key).insert(key.to_owned(), json);
        self.values.bytes = needed;
        Ok(())
    }

    /// Removes a key; says whether it was there.
    pub fn delete(&mut self, key: &str) -> bool {
        if !self.values.by_key.contains_key(key) {
            return false;
        }
        if let Some(value) = Arc::make_mut(&mut self.values.by_key).remove(key) {
            self.values.bytes -= key.len() + value.len();
        }
        true
    }

    /// Forgets everything the algorithm stored. The context stays.
    pub fn clear(&mut self) {
        self.values = Values::default();
    }

    /// Makes the present content the one that [`Session::roll_back`] returns to.
    pub(crate) fn checkpoint(&mut self) {
        self.checkpoint = self.values.clone();
    }

    /// Undoes every change since the last checkpoint.
    pub(crate) fn roll_back(&mut self) {
        self.values = self.checkpoint.clone();
    }
}

/// A context, and the same as text.
fn written(context: Map<String, Value>) -> (Map<String, Value>, Arc<str>) {
    let context = Value::Object(context);
    let text = context.to_string().into();
    let Value::Object(context) = context else {
        unreachable!("made from an object above")
    };
    (context, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: SessionBounds = SessionBounds {
        bytes: 20,
        key_bytes: 4,
    };

    #[test]
    fn a_refused_write_changes_nothing() {
        let mut session = Session::new("s", Map::new());
        session.set("a", "1".into(), BOUNDS).unwrap();
        let before = session.clone();
        assert!(matches!(
            session.set("b", "{".into(), BOUNDS),
            Err(SessionError::NotJson { .. })
        ));
        assert!(matches!(
            session.set("b", "1 2".into(), BOUNDS),
            Err(SessionError::NotJson { .. })
        ));
        assert!(matches!(
            session.set("", "1".into(), BOUNDS),
            Err(SessionError::BadKey { .. })
        ));
        assert!(matches!(
            session.set("long!", "1".into(), BOUNDS),
            Err(SessionError::BadKey { .. })
        ));
        assert!(matches!(
            session.set("b", "\"twenty characters\"".into(), BOUNDS),
            Err(SessionError::Full { .. })
        ));
        assert_eq!(session, before);
    }

    #[test]
    fn replacing_counts_the_old_value_out() {
        let mut session = Session::new("s", Map::new());
        session.set("k", "\"0123456789abc\"".into(), BOUNDS).unwrap();
        session.set("k", "\"0123456789abcd\"".into(), BOUNDS).unwrap();
        assert_eq!(session.bytes(), 17);
        assert!(session.delete("k") && !session.delete("k"));
        assert_eq!(session.bytes(), 0);
    }

    #[test]
    fn another_context_leaves_what_was_stored() {
        let mut session = Session::new("s", Map::new());
        session.set("a", "1".into(), BOUNDS).unwrap();
        let context = Map::from_iter([("operator".to_owned(), Value::from("eva"))]);
        session.set_context(context.clone());
        assert_eq!(
            (session.context(), session.context_json()),
            (&context, r#"{"operator":"eva"}"#)
        );
        assert_eq!(session.get("a"), Some("1"));
    }

    #[test]
    fn rolling_back_restores_content_and_size() {
        let mut session = Session::new("s", Map::new());
        session.set("a", "1".into(), BOUNDS).unwrap();
        session.set("b", "2".into(), BOUNDS).unwrap();
        session.checkpoint();
        let before = session.clone();
        session.set("a", "333".into(), BOUNDS).unwrap();
        session.set("a", "44".into(), BOUNDS).unwrap();
        session.delete("b");
        session.set("c", "5".into(), BOUNDS).unwrap();
        session.roll_back();
        assert_eq!(session, before);
    }
}
