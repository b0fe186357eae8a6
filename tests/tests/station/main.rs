//! `procvision serve` in the hands of its callers, over HTTP, with real processes.

mod access;
mod inspections;
mod lasting;
mod lines;
mod page;
mod processes;
mod versions;
