//! What the end-to-end tests share: the program under test, started as its users start it.

pub mod binary;
