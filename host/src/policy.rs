//! What a station decides: whom it trusts, what it grants, how algorithms see the world.
//!
//! The whole of it is a [`StationPolicy`], which a station keeps in one file, `policy.json`; `docs/policy.md` lists
//! every key. What concerns a running algorithm is the [`SandboxPolicy`] in it. Whether a package is admitted under a
//! policy is for [`crate::admission`] to say.

mod describe;
mod error;
mod imports;
mod sandbox;
mod station;

pub use describe::KeyDescription;
pub use error::PolicyError;
pub use imports::{ClosedImports, ImportPattern, ImportRefusal, ImportRules};
pub use sandbox::{ClockPolicy, PicturePolicy, RandomPolicy, SandboxPolicy};
pub use station::{POLICY_FILE, POLICY_VERSION, SignaturePolicy, StationPolicy};
