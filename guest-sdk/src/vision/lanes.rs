//! Vectors of the sandbox from bytes and back, without unsafe code.

use std::arch::wasm32::*;

/// The first 16 bytes as one vector. The compiler makes one load of it.
#[inline(always)]
pub(super) fn load(bytes: &[u8]) -> v128 {
    let (halves, _) = bytes[..16].as_chunks::<8>();
    u64x2(u64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1]))
}

/// The 16 bytes of a vector, into the first 16 of `to`.
#[inline(always)]
pub(super) fn store(vector: v128, to: &mut [u8]) {
    to[..8].copy_from_slice(&u64x2_extract_lane::<0>(vector).to_le_bytes());
    to[8..16].copy_from_slice(&u64x2_extract_lane::<1>(vector).to_le_bytes());
}

/// The sum of four numbers, wrapping around.
#[inline(always)]
pub(super) fn total(numbers: v128) -> i32 {
    let pairs = i32x4_add(numbers, i32x4_shuffle::<2, 3, 0, 1>(numbers, numbers));
    i32x4_extract_lane::<0>(pairs).wrapping_add(i32x4_extract_lane::<1>(pairs))
}
