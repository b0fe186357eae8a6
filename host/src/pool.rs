//! Frame pools: memory that cameras write pictures into and algorithms see them in, without a copy on the way.

pub mod memory;
