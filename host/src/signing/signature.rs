//! The text of a signature, four lines, read strictly. minisign's own readers pass over spaces, line ends and trailing
//! lines; here nothing can be added or changed without being noticed, but for the untrusted comment of a signature that
//! lies beside its package.

use super::Place;
use super::key::PublicKey;
use crate::archive::UNTRUSTED_COMMENT;
use crate::limits::SIGNATURE_BYTES;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign::SignatureBox;
use std::io::Cursor;

const UNTRUSTED: &str = "untrusted comment: ";
const TRUSTED: &str = "trusted comment: ";
/// Algorithm, key identifier and the signature of the package.
const PACKAGE_PART: usize = 2 + 8 + 64;
/// The signature of that signature and the trusted comment.
const COMMENT_PART: usize = 64;
const PREHASHED: &[u8] = b"ED";
const LEGACY: &[u8] = b"Ed";

/// Why a text is no signature, as part of a sentence.
#[derive(Debug, thiserror::Error)]
pub(super) enum FormError {
    #[error("it has {0} bytes, and a signature at most {SIGNATURE_BYTES}")]
    TooLarge(usize),
    #[error("a signature has four lines, each with a line feed at its end")]
    Lines,
    #[error("line {0} contains a control character")]
    Control(usize),
    #[error("line {line} does not begin with `{prefix}`")]
    Prefix { line: usize, prefix: &'static str },
    #[error("the first line of a signature inside a package is `{UNTRUSTED_COMMENT}`")]
    UntrustedComment,
    #[error("line {line} is not the base64 form of {bytes} bytes")]
    Base64 { line: usize, bytes: usize },
    #[error("the trusted comment begins or ends with a space")]
    Spaces,
    #[error("it is of minisign's legacy kind, which signs the file without hashing it; sign without the option `-l`")]
    Legacy,
    #[error("it is made by an unknown algorithm")]
    Algorithm,
    #[error("minisign's reader refuses it")]
    Refused,
}

/// A signature whose form is in order. It proves nothing yet.
pub(super) struct SignatureText<'a> {
    key_id: String,
    trusted_comment: &'a str,
    signature: SignatureBox,
}

impl<'a> SignatureText<'a> {
    /// Reads a signature that was found in this place.
    pub fn parse(text: &'a str, place: Place) -> Result<Self, FormError> {
        if text.len() as u64 > SIGNATURE_BYTES {
            return Err(FormError::TooLarge(text.len()));
        }
        let lines: Vec<&str> = text.split('\n').collect();
        let &[untrusted, package_part, trusted, comment_part, ""] = lines.as_slice() else {
            return Err(FormError::Lines);
        };
        for (line, number) in [untrusted, package_part, trusted, comment_part].into_iter().zip(1..) {
            // minisign puts tabs into its comments.
            if line.contains(|letter: char| letter.is_control() && letter != '\t') {
                return Err(FormError::Control(number));
            }
        }
        without_prefix(untrusted, 1, UNTRUSTED)?;
        if place == Place::Inside && untrusted != UNTRUSTED_COMMENT {
            return Err(FormError::UntrustedComment);
        }
        let signed = decode(package_part, 2, PACKAGE_PART)?;
        let trusted_comment = without_prefix(trusted, 3, TRUSTED)?;
        if trusted_comment.trim() != trusted_comment {
            return Err(FormError::Spaces);
        }
        decode(comment_part, 4, COMMENT_PART)?;
        match signed.get(..2) {
            Some(PREHASHED) => {}
            Some(LEGACY) => return Err(FormError::Legacy),
            _ => return Err(FormError::Algorithm),
        }
        let signature = SignatureBox::from_string(text).map_err(|_| FormError::Refused)?;
        Ok(Self {
            key_id: super::key::key_id(signature.keynum()),
            trusted_comment,
            signature,
        })
    }

    /// The identifier of the key that made it, as it says.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The comment that is signed, too.
    pub fn trusted_comment(&self) -> &'a str {
        self.trusted_comment
    }

    /// Whether this key signed these bytes and the trusted comment.
    pub fn fits(&self, bytes: &[u8], key: &PublicKey) -> bool {
        minisign::verify(key.inner(), &self.signature, Cursor::new(bytes), true, false, false).is_ok()
    }
}

/// The comment that every signature inside a package has on its first line.
pub(super) fn untrusted_comment() -> &'static str {
    UNTRUSTED_COMMENT.strip_prefix(UNTRUSTED).unwrap_or_default()
}

fn without_prefix<'a>(text: &'a str, line: usize, prefix: &'static str) -> Result<&'a str, FormError> {
    text.strip_prefix(prefix).ok_or(FormError::Prefix { line, prefix })
}

/// Exactly so many bytes from the one base64 text that stands for them: padded, and with zeros in the bits left over.
pub(super) fn decode(text: &str, line: usize, bytes: usize) -> Result<Vec<u8>, FormError> {
    let decoded = STANDARD.decode(text).ok().filter(|decoded| decoded.len() == bytes);
    decoded
        .filter(|decoded| STANDARD.encode(decoded) == text)
        .ok_or(FormError::Base64 { line, bytes })
}
