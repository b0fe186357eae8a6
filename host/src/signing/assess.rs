//! The judgement: everything that is known about the signatures of one package, and the worst of it.

use super::comment::{CommentError, PackageComment, minisign_timestamp};
use super::signature::{FormError, SignatureText};
use super::{Place, SignatureInfo, SignatureStatus, TrustStore};
use crate::manifest::Manifest;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// What the signatures of a package are worth: `unsigned` are the bytes of the archive without its signature, `inside`
/// the text of the signature that was taken out, `beside` that of the file beside the archive.
///
/// Both signatures are looked at, and each must be valid: one that is not makes the package not valid, whatever the
/// other one is. The worst counts, in the order tampered, revoked, expired, unknown key; of equals the one inside.
pub fn assess(
    unsigned: &[u8],
    inside: Option<&str>,
    beside: Option<&str>,
    manifest: &Manifest,
    trust: &TrustStore,
    now: OffsetDateTime,
) -> SignatureStatus {
    worst(&assess_each(unsigned, inside, beside, manifest, trust, now))
}

/// The worst of what [`assess_each`] has found, which is what counts.
pub fn worst(each: &[(Place, SignatureStatus)]) -> SignatureStatus {
    let worst =
        each.iter().map(|(_, status)| status).reduce(
            |worst, next| {
                if next.badness() > worst.badness() { next } else { worst }
            },
        );
    worst.cloned().unwrap_or(SignatureStatus::Unsigned)
}

/// The same for each signature that there is.
pub fn assess_each(
    unsigned: &[u8],
    inside: Option<&str>,
    beside: Option<&str>,
    manifest: &Manifest,
    trust: &TrustStore,
    now: OffsetDateTime,
) -> Vec<(Place, SignatureStatus)> {
    let subject = Subject {
        unsigned,
        manifest,
        trust,
        now,
    };
    let places = [(Place::Inside, inside), (Place::Beside, beside)];
    let there = places.into_iter().filter_map(|(place, text)| Some((place, text?)));
    there.map(|(place, text)| (place, subject.judge(text, place))).collect()
}

/// What is wrong with a signature, as part of a sentence.
#[derive(Debug, thiserror::Error)]
enum Flaw {
    #[error(transparent)]
    Form(#[from] FormError),
    #[error(transparent)]
    Comment(#[from] CommentError),
    #[error("it does not fit: the package or the signature was changed, or another key of that identifier made it")]
    Misfit,
    #[error("it does not fit: it speaks of {0}, and this is {1}")]
    OtherPackage(String, String),
}

struct Subject<'a> {
    unsigned: &'a [u8],
    manifest: &'a Manifest,
    trust: &'a TrustStore,
    now: OffsetDateTime,
}

impl Subject<'_> {
    fn judge(&self, text: &str, place: Place) -> SignatureStatus {
        let tampered = |key_id: Option<&str>, flaw: Flaw| SignatureStatus::Tampered {
            key_id: key_id.map(str::to_owned),
            reason: flaw.to_string(),
        };
        let signature = match SignatureText::parse(text, place) {
            Ok(signature) => signature,
            Err(error) => return tampered(None, error.into()),
        };
        let key_id = signature.key_id();
        let keys: Vec<_> = self.trust.with_id(key_id).collect();
        if keys.is_empty() {
            return SignatureStatus::UnknownKey {
                key_id: key_id.to_owned(),
            };
        }
        let Some(signer) = keys.iter().find(|key| signature.fits(self.unsigned, key.key())) else {
            return tampered(Some(key_id), self.misfit(signature.trusted_comment()));
        };
        let comment = match PackageComment::parse(signature.trusted_comment()) {
            Ok(comment) => comment,
            Err(error) => return tampered(Some(key_id), error.into()),
        };
        if let Some(comment) = &comment
            && let Err(error) = comment.check(self.manifest, &self.sha256())
        {
            return tampered(Some(key_id), error.into());
        }
        let signature = SignatureInfo {
            key_id: key_id.to_owned(),
            signer: signer.name().to_owned(),
            place,
            signed: match &comment {
                Some(comment) => Some(comment.signed),
                None => minisign_timestamp(signature.trusted_comment()),
            },
            expires: comment.and_then(|comment| comment.expires),
            trusted_comment: signature.trusted_comment().to_owned(),
        };
        let today = self.now.to_offset(time::UtcOffset::UTC).date();
        if signer.is_revoked() {
            SignatureStatus::Revoked { signature }
        } else if signature.expires.is_some_and(|last| today > last) {
            SignatureStatus::Expired { signature }
        } else {
            SignatureStatus::Valid { signature }
        }
    }

    /// Why a signature does not fit. Its comment is not proven, but it can explain a mix-up.
    fn misfit(&self, comment: &str) -> Flaw {
        let Manifest { name, version, .. } = self.manifest;
        match PackageComment::parse(comment) {
            Ok(Some(says)) if (&says.name, &says.version) != (name, version) => {
                Flaw::OtherPackage(format!("{} {}", says.name, says.version), format!("{name} {version}"))
            }
            _ => Flaw::Misfit,
        }
    }

    fn sha256(&self) -> String {
        format!("{:x}", Sha256::digest(self.unsigned))
    }
}
