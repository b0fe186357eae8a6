//! Any bytes as a manifest.

#![no_main]

use libfuzzer_sys::fuzz_target;
use procvision_fuzz::targets;

fuzz_target!(|bytes: &[u8]| {
    targets::manifest(bytes);
});
