//! Mapped pictures natively: what the sandbox does without a copy is a copy here, but it ends with the call as well, so
//! that a test finds an algorithm that keeps a picture.

use super::host::current;
use crate::frame::PixelFormat;

/// A whole picture, until the call ends.
#[derive(Debug)]
pub(crate) struct Mapped {
    pixels: Vec<u8>,
    call: u64,
}

/// The whole picture, if it is held in `format`; natively its rows always lie next to each other.
pub(crate) fn map_picture(index: u32, format: PixelFormat, _stride: usize, length: usize) -> Option<Mapped> {
    let host = current()?;
    let image = host.images.get(index as usize)?;
    let pixels = image.packed(format).filter(|pixels| pixels.len() == length)?.to_vec();
    Some(Mapped {
        pixels,
        call: host.call,
    })
}

impl Mapped {
    /// The pixels, unless the call has ended.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.is_lent().then_some(self.pixels.as_slice())
    }

    /// The pixels, to change them, unless the call has ended.
    pub(crate) fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        self.is_lent().then_some(self.pixels.as_mut_slice())
    }

    fn is_lent(&self) -> bool {
        current().is_some_and(|host| host.call == self.call)
    }
}
