//! Signatures of packages: who signed which bytes, and whether this station trusts the key.
//!
//! Keys and signatures are those of minisign (Ed25519 over a BLAKE2b-512 hash), so that its tool can check what this
//! host checks. What is signed is the unsigned archive, byte for byte: manifest, component, assets, bill of materials
//! and digests. A signature lies inside the archive, as its last entry, or beside it in a file of its own, and is the same
//! text in both places. In order:
//!
//! 1. `signature`: the text is read strictly; inside an archive it has exactly one form.
//! 2. `trust`: the key of that identifier is looked up in the station's folder of public keys. An identifier only says
//!    which keys to try.
//! 3. `assess`: the signature must fit the bytes under that key; what its comment says must be true of the package; the
//!    key must not be revoked, nor the signature expired.
//!
//! Nothing here decides what becomes of a package: that is the station's policy.

mod assess;
mod beside;
mod comment;
mod error;
mod key;
mod password;
mod secret;
mod sign;
mod signature;
mod status;
mod trust;

pub use assess::{assess, assess_each, worst};
pub use beside::{beside_path, read_beside};
pub use error::{BesideError, KeyError, KeyFormError, SignError, TrustError};
pub use key::PublicKey;
pub use password::{Password, PasswordError};
pub use secret::{LockedKey, NewKey, SecretKey};
pub use sign::{NewSignature, sign};
pub use status::{Place, SignatureInfo, SignatureStatus, parse_day, show_day, show_moment};
pub use trust::{TrustStore, TrustedKey};
