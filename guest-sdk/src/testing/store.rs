//! A session's values, within the bounds that a host sets.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::session::SessionError;

/// What keys and values together may take, in bytes.
const SESSION_BYTES: u32 = 100_000;
/// The longest key, in bytes.
const KEY_BYTES: u32 = 256;

/// One inspection's session. Values are JSON texts.
#[derive(Debug)]
pub(super) struct SessionStore {
    pub id: String,
    pub context: String,
    values: RefCell<BTreeMap<String, String>>,
}

impl SessionStore {
    pub fn new(id: String, context: String) -> Self {
        Self {
            id,
            context,
            values: RefCell::default(),
        }
    }

    pub fn get(&self, key: &str) -> Option<String> {
        self.values.borrow().get(key).cloned()
    }

    pub fn set(&self, key: &str, json: &str) -> Result<(), SessionError> {
        if key.is_empty() || key.len() > KEY_BYTES as usize {
            return Err(SessionError::BadKey { limit: KEY_BYTES });
        }
        let mut values = self.values.borrow_mut();
        let others: usize = values
            .iter()
            .filter(|(k, _)| *k != key)
            .map(|(k, v)| k.len() + v.len())
            .sum();
        if others + key.len() + json.len() > SESSION_BYTES as usize {
            return Err(SessionError::Full { limit: SESSION_BYTES });
        }
        values.insert(key.to_owned(), json.to_owned());
        Ok(())
    }

    pub fn delete(&self, key: &str) -> bool {
        self.values.borrow_mut().remove(key).is_some()
    }

    pub fn clear(&self) {
        self.values.borrow_mut().clear();
    }

    pub fn exists(&self, key: &str) -> bool {
        self.values.borrow().contains_key(key)
    }
}
