//! Bills of materials: what a component is made of, as CycloneDX 1.5 in JSON.
//!
//! Written from the crates that cargo has linked into a component, or from what `cargo auditable` has left in one, and the
//! same for the same contents: no time stamp, no random serial number, no place on this machine. Where neither is known it
//! says that the contents are not known. Read back for people who look at a package.

mod crates;
mod embedded;
mod licence;
mod purl;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub use crates::{Crate, CrateGraph, CrateSource};
pub use embedded::{EmbeddedError, embedded_dependencies};
pub use read::{Completeness, Sbom, SbomComponent, SbomError, Scope};
pub use write::{Contents, SbomWriteError, Subject, write};
