//! The station's policy: how its file is read, that every key does what it says, and what is published about it.

mod command;
mod docs;
mod file;
mod judgement;
mod keys;
mod schemas;
mod signed;
mod stage;
