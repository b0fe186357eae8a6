//! A package that the bytes change, with checksums and digests that agree again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use procvision_fuzz::{mutate, targets};

fuzz_target!(|bytes: &[u8]| {
    let mut choices = mutate::Choices(bytes.iter().copied());
    targets::archive(&mutate::archive(&mut choices));
});
