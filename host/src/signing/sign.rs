//! Making a signature.

use super::comment::PackageComment;
use super::signature::untrusted_comment;
use super::status::show_day;
use super::{Place, SecretKey, SignError, TrustStore, assess_each};
use crate::manifest::Manifest;
use sha2::{Digest, Sha256};
use std::io::Cursor;
use time::{Date, OffsetDateTime, UtcOffset};

/// A signature that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSignature {
    /// The text, for inside the archive or beside it.
    pub text: String,
    /// When it was made, in UTC and whole seconds.
    pub signed: OffsetDateTime,
    /// The last day on which it is valid, in UTC.
    pub expires: Option<Date>,
    /// What is signed besides the archive.
    pub trusted_comment: String,
}

/// Signs the bytes of an unsigned archive. The text can go inside the archive or beside it. `now` is what it says of when
/// it was made; `expires` is the last day, in UTC, on which it is to be valid.
///
/// What was made is checked as a station would before it is handed out.
///
/// # Errors
///
/// See [`SignError`].
pub fn sign(
    unsigned: &[u8],
    manifest: &Manifest,
    key: &SecretKey,
    now: OffsetDateTime,
    expires: Option<Date>,
) -> Result<NewSignature, SignError> {
    let now = now.to_offset(UtcOffset::UTC);
    let signed = now.replace_nanosecond(0).map_err(|_| SignError::Failed)?;
    if let Some(last) = expires.filter(|last| *last < signed.date()) {
        return Err(SignError::Expired(show_day(last)));
    }
    let trusted_comment = PackageComment {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        sha256: format!("{:x}", Sha256::digest(unsigned)),
        signed,
        expires,
    }
    .to_string();
    let signature = minisign::sign(
        Some(key.public().inner()),
        key.inner(),
        Cursor::new(unsigned),
        Some(&trusted_comment),
        Some(untrusted_comment()),
    );
    let text = signature.map_err(|_| SignError::Failed)?.into_string();
    let own = TrustStore::of_key("self", key.public().clone());
    let seen = assess_each(unsigned, Some(&text), Some(&text), manifest, &own, now);
    let good = seen.len() == Place::ALL.len() && seen.iter().all(|(_, status)| status.is_valid());
    let made = NewSignature {
        text,
        signed,
        expires,
        trusted_comment,
    };
    good.then_some(made).ok_or(SignError::Failed)
}
