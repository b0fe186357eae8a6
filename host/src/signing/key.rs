//! Public keys in minisign's form: a line with a comment, a line with the key.

use super::error::{KeyError, KeyFormError};
use crate::bounded_file::{self, BoundedFileError};
use crate::limits::KEY_BYTES;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::path::Path;

/// Where the key begins, behind algorithm and identifier.
const KEY_BEGIN: usize = 2 + 8;
const BYTES: usize = KEY_BEGIN + 32;
const ED25519: &[u8] = b"Ed";

/// A key with which signatures are checked.
#[derive(Clone)]
pub struct PublicKey {
    id: String,
    bytes: [u8; BYTES],
    inner: minisign::PublicKey,
}

impl PublicKey {
    /// Reads the file of a public key, as `procvision keygen`, `minisign -G` and `rsign generate` write them.
    ///
    /// # Errors
    ///
    /// See [`KeyError`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let text = bounded_file::read(path, KEY_BYTES).map_err(|error| match error {
            BoundedFileError::Missing(_) => KeyError::Missing(path.to_owned()),
            BoundedFileError::NotAFile => KeyError::NotAFile(path.to_owned()),
            BoundedFileError::TooLarge(_) => KeyError::TooLarge(path.to_owned()),
            BoundedFileError::Io(source) => KeyError::Read {
                path: path.to_owned(),
                source,
            },
        })?;
        Self::parse(&text).map_err(|source| KeyError::NotAPublicKey {
            path: path.to_owned(),
            source,
        })
    }

    /// Reads the text of such a file: two lines, of which the second may end without a line feed.
    ///
    /// # Errors
    ///
    /// See [`KeyFormError`].
    pub fn parse(text: &[u8]) -> Result<Self, KeyFormError> {
        let decoded = two_lines(text)?;
        let bytes: [u8; BYTES] = decoded.as_slice().try_into().map_err(|_| KeyFormError::Length {
            bytes: decoded.len(),
            expected: BYTES,
        })?;
        Self::from_bytes(bytes).ok_or(KeyFormError::Algorithm)
    }

    fn from_bytes(bytes: [u8; BYTES]) -> Option<Self> {
        let inner = minisign::PublicKey::from_bytes(&bytes).ok()?;
        bytes.starts_with(ED25519).then(|| Self {
            id: key_id(inner.keynum()),
            bytes,
            inner,
        })
    }

    /// The key of minisign's library.
    pub(super) fn from_inner(inner: &minisign::PublicKey) -> Option<Self> {
        Self::from_bytes(inner.to_bytes().try_into().ok()?)
    }

    /// Its identifier: 16 hexadecimal digits, as the minisign tool shows it. Different keys can have the same one.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The text of its file, in the one form in which this host writes it.
    pub fn to_text(&self) -> String {
        format!(
            "untrusted comment: minisign public key {}\n{}\n",
            self.id,
            STANDARD.encode(self.bytes)
        )
    }

    /// Whether it is the same Ed25519 key, under whatever identifier. Whoever has the secret half of one can sign under
    /// both: the identifier is only a name that stands beside the key.
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.bytes[KEY_BEGIN..] == other.bytes[KEY_BEGIN..]
    }

    pub(super) fn inner(&self) -> &minisign::PublicKey {
        &self.inner
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id)
    }
}

/// The bytes that the second line of a key file stands for.
pub(super) fn two_lines(text: &[u8]) -> Result<Vec<u8>, KeyFormError> {
    let text = str::from_utf8(text).map_err(|_| KeyFormError::Text)?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let (comment, key) = text.split_once('\n').ok_or(KeyFormError::Lines)?;
    if key.contains('\n') {
        return Err(KeyFormError::Lines);
    }
    if !comment.starts_with("untrusted comment: ") {
        return Err(KeyFormError::Comment);
    }
    STANDARD.decode(key).map_err(|_| KeyFormError::Base64)
}

/// The identifier as the minisign tool shows it: the number, most significant byte first.
pub(super) fn key_id(number: &[u8]) -> String {
    number.iter().rev().map(|byte| format!("{byte:02X}")).collect()
}
