//! What came of looking at a package's signatures.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::fmt;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

/// `2027-06-30`.
const DAY: &[BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]");

/// Where a signature lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Inside the archive, as its last entry.
    Inside,
    /// In a file beside the archive.
    Beside,
}

impl Place {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Inside, Self::Beside];

    /// The place as it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Beside => "beside",
        }
    }
}

/// A signature that fits the package and was made with a key that the station knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureInfo {
    /// Identifier of the key, 16 hexadecimal digits as the minisign tool writes them.
    pub key_id: String,
    /// Name of the station's file with that key, without `.pub`.
    pub signer: String,
    /// Where the signature lies.
    pub place: Place,
    /// When it was made, as the signer says.
    pub signed: Option<OffsetDateTime>,
    /// The last day on which it is valid, in UTC.
    pub expires: Option<Date>,
    /// What the signer has signed besides the package, as it stands there.
    pub trusted_comment: String,
}

/// What is known about the signatures of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureStatus {
    /// There is no signature.
    Unsigned,
    /// Nobody here knows the key, so nothing is known about the signature either.
    UnknownKey {
        /// The identifier that the signature names.
        key_id: String,
    },
    /// The signature does not fit the package, says something untrue about it, or is no signature.
    Tampered {
        /// The identifier that the signature names, if it could be read.
        key_id: Option<String>,
        /// What is wrong, as part of a sentence.
        reason: String,
    },
    /// It fits, but its last day has passed.
    Expired {
        /// The signature.
        signature: SignatureInfo,
    },
    /// It fits, but its key is revoked.
    Revoked {
        /// The signature.
        signature: SignatureInfo,
    },
    /// It fits, and its key is trusted.
    Valid {
        /// The signature.
        signature: SignatureInfo,
    },
}

impl SignatureStatus {
    /// Whether the package is signed, by somebody who is trusted, and everything about it is in order.
    pub fn is_valid(&self) -> bool {
        matches!(self, Self::Valid { .. })
    }

    /// The status as it is written in JSON: `unsigned`, `unknown_key`, `tampered`, `expired`, `revoked` or `valid`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::UnknownKey { .. } => "unknown_key",
            Self::Tampered { .. } => "tampered",
            Self::Expired { .. } => "expired",
            Self::Revoked { .. } => "revoked",
            Self::Valid { .. } => "valid",
        }
    }

    /// The identifier of the key, if there is a signature that names one.
    pub fn key_id(&self) -> Option<&str> {
        match self {
            Self::Unsigned => None,
            Self::UnknownKey { key_id } => Some(key_id),
            Self::Tampered { key_id, .. } => key_id.as_deref(),
            Self::Expired { signature } | Self::Revoked { signature } | Self::Valid { signature } => {
                Some(&signature.key_id)
            }
        }
    }

    /// The signature, if it fits the package and its key is known.
    pub fn signature(&self) -> Option<&SignatureInfo> {
        match self {
            Self::Unsigned | Self::UnknownKey { .. } | Self::Tampered { .. } => None,
            Self::Expired { signature } | Self::Revoked { signature } | Self::Valid { signature } => Some(signature),
        }
    }

    /// How far from valid; of several signatures the worst one counts.
    pub(super) fn badness(&self) -> u8 {
        match self {
            Self::Valid { .. } => 0,
            Self::Unsigned => 1,
            Self::UnknownKey { .. } => 2,
            Self::Expired { .. } => 3,
            Self::Revoked { .. } => 4,
            Self::Tampered { .. } => 5,
        }
    }

    /// The status with all that is known, as it is written in JSON: an object with `status`, `message` and the keys
    /// `key_id`, `signer`, `place`, `signed`, `expires`, `trusted_comment` and `reason`, each `null` if there is none.
    pub fn to_json(&self) -> Value {
        let signature = self.signature();
        let reason = match self {
            Self::Tampered { reason, .. } => Some(reason),
            _ => None,
        };
        json!({
            "status": self.as_str(),
            "message": self.to_string(),
            "key_id": self.key_id(),
            "signer": signature.map(|signature| &signature.signer),
            "place": signature.map(|signature| signature.place),
            "signed": signature.and_then(|signature| signature.signed).map(show_moment),
            "expires": signature.and_then(|signature| signature.expires).map(show_day),
            "trusted_comment": signature.map(|signature| &signature.trusted_comment),
            "reason": reason,
        })
    }
}

impl Serialize for SignatureStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl fmt::Display for SignatureStatus {
    /// One sentence without a full stop. It may quote a signature: make it [visible](crate::visible) before showing it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("the package is not signed"),
            Self::UnknownKey { key_id } => write!(
                f,
                "the package is signed with the key {key_id}, which nobody trusts here"
            ),
            Self::Tampered {
                key_id: Some(key_id),
                reason,
            } => {
                write!(f, "the signature with the key {key_id} is not good: {reason}")
            }
            Self::Tampered { key_id: None, reason } => write!(f, "the signature is not good: {reason}"),
            Self::Expired { signature } => {
                write!(f, "the signature by {signature} is no longer valid")?;
                match signature.expires {
                    Some(last) => write!(f, "; its last day was {}", show_day(last)),
                    None => Ok(()),
                }
            }
            Self::Revoked { signature } => {
                write!(f, "the package is signed by {signature}, and that key is revoked")
            }
            Self::Valid { signature } => write!(f, "the package is signed by {signature}"),
        }
    }
}

impl fmt::Display for SignatureInfo {
    /// Who, with which key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (key {})", self.signer, self.key_id)
    }
}

/// `2026-11-25T03:02:31Z`, or with the offset that it has.
pub fn show_moment(time: OffsetDateTime) -> String {
    // Fails only for years that no calendar of today has.
    time.format(&Rfc3339)
        .unwrap_or_else(|_| time.unix_timestamp().to_string())
}

/// `2027-06-30`.
pub fn show_day(date: Date) -> String {
    date.format(DAY).unwrap_or_else(|_| date.to_string())
}

/// The day that is written so, in the one form `2027-06-30`.
pub fn parse_day(text: &str) -> Option<Date> {
    Date::parse(text, DAY).ok().filter(|date| show_day(*date) == text)
}
