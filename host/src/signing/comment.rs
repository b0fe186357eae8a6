//! What `procvision sign` writes into the trusted comment: which package, since when, until when. It is signed with the
//! package, so that it can be believed as far as the key can.

use super::status::{parse_day, show_day, show_moment};
use crate::manifest::Manifest;
use semver::Version;
use std::fmt;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

/// How a comment begins that this host takes for its own kind; whatever else it then is must be in order.
const KIND: &str = "procvision:";
const VERSION: &str = "1";

/// A trusted comment of this host's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PackageComment {
    pub name: String,
    pub version: Version,
    /// SHA-256 of the unsigned archive, in lower-case hexadecimal.
    pub sha256: String,
    /// In UTC, whole seconds.
    pub signed: OffsetDateTime,
    /// The last day, in UTC.
    pub expires: Option<Date>,
}

/// Why a comment that begins like ours cannot be used, as part of a sentence.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CommentError {
    #[error("its comment is of version {0}, and this host knows version {VERSION}")]
    Version(String),
    #[error(
        "its comment begins with `{KIND}{VERSION}`, but goes on in another form than name, version, sha256, signed and expires"
    )]
    Form,
    #[error("it was made for {key} `{says}`, and the package has `{is}`")]
    Disagrees {
        key: &'static str,
        says: String,
        is: String,
    },
}

impl PackageComment {
    /// Reads a trusted comment; `None` if it is of another kind, such as the minisign tool's own.
    pub fn parse(comment: &str) -> Result<Option<Self>, CommentError> {
        let Some(rest) = comment.strip_prefix(KIND) else {
            return Ok(None);
        };
        let (version, fields) = rest.split_once(' ').unwrap_or((rest, ""));
        if version != VERSION {
            return Err(CommentError::Version(version.to_owned()));
        }
        let parsed = Self::fields(fields).filter(|parsed| parsed.to_string() == comment);
        parsed.map(Some).ok_or(CommentError::Form)
    }

    fn fields(text: &str) -> Option<Self> {
        let mut fields = text.split(' ');
        let mut field = |key: &str| fields.next()?.strip_prefix(key)?.strip_prefix(':');
        let parsed = Self {
            name: field("name")?.to_owned(),
            version: Version::parse(field("version")?).ok()?,
            sha256: field("sha256")?.to_owned(),
            signed: OffsetDateTime::parse(field("signed")?, &Rfc3339).ok()?,
            expires: None,
        };
        let expires = match fields.next() {
            None => None,
            Some(last) => Some(parse_day(last.strip_prefix("expires:")?)?),
        };
        fields.next().is_none().then_some(Self { expires, ..parsed })
    }

    /// Whether what it says is so.
    pub fn check(&self, manifest: &Manifest, sha256: &str) -> Result<(), CommentError> {
        let version = (self.version.to_string(), manifest.version.to_string());
        for (key, says, is) in [
            ("name", &self.name, manifest.name.as_str()),
            ("version", &version.0, &version.1),
            ("sha256", &self.sha256, sha256),
        ] {
            if says != is {
                return Err(CommentError::Disagrees {
                    key,
                    says: says.clone(),
                    is: is.to_owned(),
                });
            }
        }
        Ok(())
    }
}

impl fmt::Display for PackageComment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name, version, sha256, ..
        } = self;
        let signed = show_moment(self.signed);
        write!(
            f,
            "{KIND}{VERSION} name:{name} version:{version} sha256:{sha256} signed:{signed}"
        )?;
        match self.expires {
            Some(last) => write!(f, " expires:{}", show_day(last)),
            None => Ok(()),
        }
    }
}

/// When a signature with the minisign tool's own comment was made: it begins with `timestamp:` and seconds since 1970.
pub(super) fn minisign_timestamp(comment: &str) -> Option<OffsetDateTime> {
    let rest = comment.strip_prefix("timestamp:")?;
    let digits = rest.split(['\t', ' ']).next()?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    OffsetDateTime::from_unix_timestamp(digits.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn comment() -> PackageComment {
        PackageComment {
            name: "presence_check".to_owned(),
            version: Version::new(1, 2, 3),
            sha256: "0".repeat(64),
            signed: datetime!(2026-11-25 03:02:31 UTC),
            expires: None,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for expires in [None, Some(date!(2027 - 06 - 30))] {
            let comment = PackageComment { expires, ..comment() };
            assert_eq!(PackageComment::parse(&comment.to_string()), Ok(Some(comment)));
        }
    }

    #[test]
    fn there_is_one_form() {
        let good = PackageComment {
            expires: Some(date!(2027 - 06 - 30)),
            ..comment()
        }
        .to_string();
        for (from, to) in [
            ("signed:2026-11-25T03:02:31Z", "signed:2026-11-25T03:02:31+00:00"),
            ("signed:2026-11-25T03:02:31Z", "signed:2026-11-25T03:02:31.0Z"),
            ("signed:2026-11-25T03:02:31Z", "signed:2026-11-25t03:02:31z"),
            ("signed:2026-11-25T03:02:31Z", "signed:soon"),
            ("version:1.2.3", "version:1.2"),
            ("version:1.2.3", "version:01.2.3"),
            ("expires:2027-06-30", "expires:2027-6-30"),
            ("expires:2027-06-30", "expires:+2027-06-30"),
            ("expires:2027-06-30", "expires:2027-06-31"),
            ("expires:2027-06-30", "expires:2027-06-30 more:1"),
            ("expires:2027-06-30", "expires:2027-06-30 "),
            ("expires:", "until:"),
            ("name:presence_check ", ""),
            (" version", "  version"),
            (" signed", "\tsigned"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good);
            assert_eq!(PackageComment::parse(&bad), Err(CommentError::Form), "{bad}");
        }
        let newer = good.replace("procvision:1", "procvision:2");
        assert_eq!(
            PackageComment::parse(&newer),
            Err(CommentError::Version("2".to_owned()))
        );
        assert_eq!(
            PackageComment::parse("procvision:"),
            Err(CommentError::Version(String::new()))
        );
        assert_eq!(PackageComment::parse("procvision:1"), Err(CommentError::Form));
    }

    #[test]
    fn other_comments_are_none_of_ours() {
        assert_eq!(PackageComment::parse("timestamp:1\tfile:a.zip\thashed"), Ok(None));
        assert_eq!(PackageComment::parse(""), Ok(None));
        let time = minisign_timestamp("timestamp:1764039751\tfile:a.zip\thashed");
        assert_eq!(time, Some(datetime!(2025-11-25 03:02:31 UTC)));
        for comment in [
            "timestamp:",
            "timestamp:-1",
            "timestamp:+1",
            "timestamp:99999999999999999999",
            "time:1",
        ] {
            assert_eq!(minisign_timestamp(comment), None, "{comment}");
        }
    }
}
