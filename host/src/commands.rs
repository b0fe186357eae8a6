//! The subcommands, one file each, and what they share.

#[cfg(feature = "bench")]
pub mod bench;
pub mod build;
pub mod completions;
pub mod error;
pub mod exit;
pub mod failure;
pub mod frames;
pub mod help;
pub mod init;
pub mod inspect;
pub mod keygen;
pub mod outputs;
pub mod package;
pub mod policy;
pub mod run;
pub mod schema;
pub mod secrets;
pub mod sign;
pub mod store;
pub mod subject;
pub mod terminal;
pub mod trust;
pub mod usage;
pub mod validate;
pub mod verify;
