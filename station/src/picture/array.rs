//! Pictures as arrays in NumPy's format, version 1.0. It is what programs of the original SDK read: they know no frame
//! pools, read PNG and JPEG only where a library for it is installed, and take what they cannot read for a black picture.

use procvision_host::frame::{Frame, PixelFormat, Rect};
use std::io::{self, Write};

/// The pixels begin at a multiple of so many bytes.
const ALIGNMENT: usize = 64;
/// What a file begins with, its version included.
const BEGINNING: &[u8] = b"\x93NUMPY\x01\x00";

/// Writes the picture as height x width x 3 bytes: red, green, blue.
pub(super) fn write(frame: &Frame, to: &mut impl Write) -> io::Result<()> {
    let (width, height) = (frame.width(), frame.height());
    let mut head = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({height}, {width}, 3), }}");
    let length = (BEGINNING.len() + 2 + head.len() + 1).next_multiple_of(ALIGNMENT) - BEGINNING.len() - 2;
    head.extend(std::iter::repeat_n(' ', length - head.len() - 1));
    head.push('\n');
    to.write_all(BEGINNING)?;
    // Two numbers of at most ten digits do not make it long.
    to.write_all(&u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes())?;
    to.write_all(head.as_bytes())?;
    for y in 0..height {
        let area = Rect {
            x: 0,
            y,
            width,
            height: 1,
        };
        let row = frame.read(area, PixelFormat::RGB8);
        to.write_all(&row.ok_or_else(|| io::Error::other("the picture has no such row"))?)?;
    }
    Ok(())
}
