//! What an algorithm remembers about one product between its steps, and what the platform says about it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::platform;

/// Why a value could not be read from or written to a session. After a failed write the session is as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The stored value is not of the type that was asked for.
    #[error("session value `{key}` is not of the expected type: {source}")]
    OtherType {
        /// The key that was read.
        key: String,
        /// What did not fit.
        source: serde_json::Error,
    },
    /// The value cannot be written as JSON, for instance a map whose keys are not texts.
    #[error("session value `{key}` cannot be written as JSON: {source}")]
    NotJson {
        /// The key that was to be written.
        key: String,
        /// What does not fit JSON.
        source: serde_json::Error,
    },
    /// The host did not take the value for JSON.
    #[error("the host refused a session value: {0}")]
    Refused(String),
    /// The key is empty or too long.
    #[error("a session key must be 1 to {limit} bytes long")]
    BadKey {
        /// The longest allowed key in bytes.
        limit: u32,
    },
    /// The session holds too much.
    #[error("the session would exceed {limit} bytes: store results, not pictures, and delete what is done with")]
    Full {
        /// What keys and values together may take, in bytes.
        limit: u32,
    },
}

/// The inspection of one product, from its first step to its last.
///
/// Values are JSON, so anything that serde can write goes in. They belong to this product alone, and are gone after
/// its last step. A session is bounded (about 100 KB), for results, not for pictures.
///
/// ```
/// use procvision_guest::prelude::*;
///
/// fn count_step(session: &Session) -> Result<u32, Failure> {
///     let steps = session.get_or("steps", 0)? + 1;
///     session.set("steps", &steps)?;
///     Ok(steps)
/// }
/// ```
#[derive(Debug)]
pub struct Session {
    _lent: (),
}

impl Session {
    pub(crate) fn lent() -> Self {
        Self { _lent: () }
    }

    /// The platform's identifier of the inspection.
    pub fn id(&self) -> String {
        platform::session_id()
    }

    /// What the platform says about the inspection: product code, operator, trace id and the like.
    pub fn context(&self) -> Context {
        Context::parse(&platform::session_context())
    }

    /// The value under `key`, if there is one.
    ///
    /// # Errors
    ///
    /// [`SessionError::OtherType`] if the value is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, SessionError> {
        platform::session_get(key)
            .map(|json| serde_json::from_str(&json))
            .transpose()
            .map_err(|source| SessionError::OtherType {
                key: key.to_owned(),
                source,
            })
    }

    /// The value under `key`, or `default` if there is none.
    ///
    /// # Errors
    ///
    /// [`SessionError::OtherType`] if the value is not a `T`.
    pub fn get_or<T: DeserializeOwned>(&self, key: &str, default: T) -> Result<T, SessionError> {
        Ok(self.get(key)?.unwrap_or(default))
    }

    /// Stores `value` under `key`, replacing what was there. A float that is NaN or infinite is stored as `null`, as
    /// JSON has no such number.
    ///
    /// # Errors
    ///
    /// If the value cannot be written as JSON, the key is empty or too long, or the session would become too large.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), SessionError> {
        let json = serde_json::to_string(value).map_err(|source| SessionError::NotJson {
            key: key.to_owned(),
            source,
        })?;
        platform::session_set(key, &json)
    }

    /// Removes `key`; says whether it was there.
    pub fn delete(&self, key: &str) -> bool {
        platform::session_delete(key)
    }

    /// Whether there is a value under `key`.
    pub fn exists(&self, key: &str) -> bool {
        platform::session_exists(key)
    }
}

/// What the platform says about an inspection; read-only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    values: Map<String, Value>,
}

impl Context {
    /// The contract promises an object; from anything else nothing can be read.
    fn parse(json: &str) -> Self {
        Self {
            values: serde_json::from_str(json).unwrap_or_default(),
        }
    }

    /// The product's code, if the platform gives it.
    pub fn product_code(&self) -> Option<&str> {
        self.text("product_code")
    }

    /// Who works at the station, if the platform says so.
    pub fn operator(&self) -> Option<&str> {
        self.text("operator")
    }

    /// The identifier under which the platform traces the inspection, if there is one.
    pub fn trace_id(&self) -> Option<&str> {
        self.text("trace_id")
    }

    /// The value under `key`, if there is one of type `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        T::deserialize(self.values.get(key)?).ok()
    }

    /// Everything the platform says.
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.as_str()
    }
}
