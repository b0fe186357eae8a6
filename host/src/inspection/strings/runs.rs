//! Stretches of printable text in bytes.

use std::ops::Range;

/// Most letters of a stretch; what is longer is cut into pieces, which bounds the memory that looking at one takes.
const LONGEST: usize = 1 << 20;

const fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

/// Stretches of ASCII.
pub(super) fn ascii(bytes: &[u8], shortest: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let letters = bytes[at..].iter().take(LONGEST);
            let length = letters.take_while(|byte| is_printable(**byte)).count();
            let start = at;
            at += length.max(1);
            if length >= shortest {
                return Some(start..start + length);
            }
        }
        None
    })
}

/// Stretches of ASCII letters in UTF-16, the lower byte first: where each begins, and its letters.
pub(super) fn utf16(bytes: &[u8], shortest: usize) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at + 1 < bytes.len() {
            let pairs = bytes[at..].chunks_exact(2).take(LONGEST);
            let letters = pairs.map_while(|pair| (is_printable(pair[0]) && pair[1] == 0).then_some(pair[0]));
            let text: Vec<u8> = letters.collect();
            let start = at;
            at += if text.is_empty() { 1 } else { 2 * text.len() };
            if text.len() >= shortest {
                return Some((start, text));
            }
        }
        None
    })
}
