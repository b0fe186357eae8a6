//! `procvision adapter` in the hands of a runner, over real pipes.

mod calls;
mod ending;
mod frames;
mod hooks;
mod loading;
mod locked;
mod log;
mod settings;
mod unread;
