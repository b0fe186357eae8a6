//! Pictures that were decoded a moment ago. Decoding costs more than all the rest of a call, and platforms ask about the
//! same file more than once: before the step and in it, and about the picture of a good part with every product.
//!
//! The same bytes are the same picture, whatever they are called; nothing else is looked at.

use crate::frame::{Frame, FrameError};
use bytes::Bytes;
use std::sync::{Mutex, PoisonError};

/// Most pictures that are kept.
const PICTURES: usize = 4;
/// Most bytes that they have together, encoded and decoded.
pub(super) const BYTES: u64 = 128 << 20;

/// The last pictures with the bytes they were decoded from, the last that was asked for first.
#[derive(Debug, Default)]
pub(super) struct Recent {
    pictures: Mutex<Vec<(Bytes, Frame)>>,
}

impl Recent {
    /// What [`Frame::decode`] makes of the bytes.
    pub(super) fn decode(&self, encoded: Bytes) -> Result<Frame, FrameError> {
        if let Some(frame) = self.find(&encoded) {
            return Ok(frame);
        }
        let frame = Frame::decode(&encoded)?;
        self.keep(encoded, &frame);
        Ok(frame)
    }

    fn find(&self, encoded: &Bytes) -> Option<Frame> {
        let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        let place = pictures.iter().position(|(known, _)| known == encoded)?;
        pictures[..=place].rotate_right(1);
        pictures.first().map(|(_, frame)| frame.clone())
    }

    fn keep(&self, encoded: Bytes, frame: &Frame) {
        let mut pictures = self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        let new = (encoded, frame.clone());
        let room = BYTES.saturating_sub(size(&new));
        pictures.truncate(PICTURES - 1);
        // Before it is kept, so that the bound holds at every moment. One that is too large by itself is not kept.
        while pictures.iter().map(size).sum::<u64>() > room {
            pictures.pop();
        }
        if size(&new) <= BYTES {
            pictures.insert(0, new);
        }
    }
}

fn size((encoded, frame): &(Bytes, Frame)) -> u64 {
    let pixels = u64::from(frame.width()) * u64::from(frame.height());
    encoded.len() as u64 + pixels * frame.format().bytes_per_pixel() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

    /// A gray picture of one level.
    fn png(level: u8, side: u32) -> Bytes {
        let mut file = Vec::new();
        let pixels = vec![level; (side * side) as usize];
        let encoder = PngEncoder::new(&mut file);
        encoder.write_image(&pixels, side, side, ExtendedColorType::L8).unwrap();
        file.into()
    }

    fn kept(recent: &Recent) -> usize {
        recent.pictures.lock().unwrap().len()
    }

    fn same(one: &Frame, other: &Frame) -> bool {
        one.row(0).as_ptr() == other.row(0).as_ptr()
    }

    #[test]
    fn the_same_bytes_are_decoded_once() {
        let recent = Recent::default();
        let first = recent.decode(png(7, 16)).unwrap();
        let again = recent.decode(png(7, 16)).unwrap();
        assert!(same(&first, &again) && first.row(15)[15] == 7);
        let other = recent.decode(png(8, 16)).unwrap();
        assert!(!same(&first, &other) && other.row(15)[15] == 8);
        assert!(recent.decode(Bytes::from_static(b"nothing")).is_err());
        assert_eq!(kept(&recent), 2);
    }

    #[test]
    fn what_is_asked_for_again_and_again_stays() {
        let recent = Recent::default();
        let guide = recent.decode(png(0, 16)).unwrap();
        for level in 1..20 {
            recent.decode(png(level, 16)).unwrap();
            assert!(same(&guide, &recent.decode(png(0, 16)).unwrap()), "{level}");
        }
        assert_eq!(kept(&recent), PICTURES);
        for level in 1..=4 {
            recent.decode(png(level, 16)).unwrap();
        }
        assert!(!same(&guide, &recent.decode(png(0, 16)).unwrap()));
    }

    #[test]
    fn large_pictures_are_not_kept_in_numbers() {
        let recent = Recent::default();
        for level in 0..4 {
            recent.decode(png(level, 7_000)).unwrap();
        }
        assert_eq!(kept(&recent), 2);
    }
}
