//! The page in a real browser, in the hands of those who use it: a real station, the real examples, pictures from
//! cameras.

mod hands;
mod looks;
mod lost;
mod pictures;
mod stage;
mod story;
