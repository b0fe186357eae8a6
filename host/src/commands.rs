//! The subcommands, one file each, and what they share.

pub mod build;
pub mod completions;
pub mod error;
pub mod exit;
pub mod help;
pub mod init;
pub mod terminal;
pub mod usage;
