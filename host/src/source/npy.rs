//! The header of NumPy's file format, as far as a picture needs it: unsigned bytes in C order, H x W, H x W x 1 or
//! H x W x 3.
//!
//! The header is the text of a Python dictionary. NumPy writes it in one shape only, and only that shape is read here,
//! by a reader that neither recurses nor allocates: files come from anybody.

use super::meta::ImageMeta;
use crate::frame::{PictureLayout, PixelFormat, check_size};

/// Bytes of a header's text; the bound that NumPy itself has.
const TEXT_BYTES: usize = 10_000;
/// The most that has to be read of a file to know its header.
pub(super) const MOST_HEADER_BYTES: usize = 12 + TEXT_BYTES;
/// What every such file begins with.
const MAGIC: &[u8] = b"\x93NUMPY";

/// Why a file of NumPy's holds no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// It does not begin like one.
    #[error("the file does not begin as NumPy's do")]
    Magic,
    /// A version that this does not know.
    #[error("version {0}.{1} of the format is not known")]
    Version(u8, u8),
    /// The header is longer than any, or than the file.
    #[error("the header is longer than the file or than {TEXT_BYTES} bytes")]
    HeaderLength,
    /// The header is not the dictionary that NumPy writes.
    #[error("the header is damaged near byte {0}")]
    Header(usize),
    /// The elements are not unsigned bytes.
    #[error("its elements are not unsigned bytes")]
    ElementType,
    /// The columns lie next to each other, not the rows.
    #[error("its elements lie in Fortran order")]
    FortranOrder,
    /// The shape is not that of a picture.
    #[error("its shape is not H x W, H x W x 1 or H x W x 3")]
    Shape,
    /// More or fewer bytes of pixels than the header says.
    #[error("its header says {said} bytes of pixels, but the file has {actual}")]
    Length {
        /// What the header says.
        said: u64,
        /// What the file has.
        actual: u64,
    },
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NpyHeader {
    /// Bytes before the pixels.
    pub(super) offset: u64,
    height: u64,
    width: u64,
    channels: u64,
}

impl NpyHeader {
    /// Reads the header at the beginning of a file, of which `head` holds at least [`MOST_HEADER_BYTES`] or all there
    /// is.
    pub(super) fn read(head: &[u8]) -> Result<Self, NpyError> {
        let rest = head.strip_prefix(MAGIC).ok_or(NpyError::Magic)?;
        let (length, rest) = match rest {
            [1, 0, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
            [2 | 3, 0, a, b, c, d, rest @ ..] => {
                let length = u32::from_le_bytes([*a, *b, *c, *d]);
                (usize::try_from(length).unwrap_or(usize::MAX), rest)
            }
            [major, minor, ..] if !matches!((major, minor), (1..=3, 0)) => {
                return Err(NpyError::Version(*major, *minor));
            }
            _ => return Err(NpyError::HeaderLength),
        };
        let text = rest.get(..length).filter(|text| text.len() <= TEXT_BYTES);
        let text = text.ok_or(NpyError::HeaderLength)?;
        let offset = (head.len() - rest.len() + length) as u64;
        Dictionary { text, at: 0 }.read(offset)
    }

    /// How the pixels lie, behind the header; `bytes` is the length of the whole file.
    pub(super) fn layout(&self, bytes: u64, meta: &ImageMeta) -> Result<PictureLayout, super::error::Why> {
        let side = |length: u64| u32::try_from(length).unwrap_or(u32::MAX);
        let (width, height) = (side(self.width), side(self.height));
        let format = match self.channels {
            1 => PixelFormat::Mono8,
            _ => meta.color_space().format(),
        };
        let layout = PictureLayout::packed(format, width, height);
        // Also refuses what is too large, before anything is multiplied.
        check_size(width, height)?;
        let said = self.width * self.height * self.channels;
        let actual = bytes.saturating_sub(self.offset);
        if actual != said {
            return Err(NpyError::Length { said, actual }.into());
        }
        super::content::agree(meta, (width, height))?;
        Ok(layout)
    }
}

/// `{'descr': '|u1', 'fortran_order': False, 'shape': (480, 640, 3), }` with spaces wherever Python allows them, and
/// its keys in any order.
struct Dictionary<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Dictionary<'a> {
    fn read(mut self, offset: u64) -> Result<NpyHeader, NpyError> {
        let (mut order, mut element, mut shape) = (None, None, None);
        self.expect(b'{')?;
        while !self.eat(b'}') {
            let key = self.string()?;
            self.expect(b':')?;
            let new = match key {
                b"descr" => element.replace(self.element()?).is_none(),
                b"fortran_order" => order.replace(self.truth()?).is_none(),
                b"shape" => shape.replace(self.shape()?).is_none(),
                _ => false,
            };
            // An unknown key, or one that occurs twice.
            if !new {
                return Err(self.damaged());
            }
            if !self.eat(b',') {
                self.expect(b'}')?;
                break;
            }
        }
        self.skip_spaces();
        let (Some(fortran), Some(unsigned_bytes), Some(shape), true) =
            (order, element, shape, self.at == self.text.len())
        else {
            return Err(self.damaged());
        };
        if !unsigned_bytes {
            return Err(NpyError::ElementType);
        }
        let (height, width, channels) = match shape {
            [Some(height), Some(width), channels @ (None | Some(1 | 3)), None] => {
                (height, width, channels.unwrap_or(1))
            }
            _ => return Err(NpyError::Shape),
        };
        // Of a single row or column both orders are the same; NumPy says C then.
        if fortran {
            return Err(NpyError::FortranOrder);
        }
        Ok(NpyHeader {
            offset,
            height,
            width,
            channels,
        })
    }

    /// Whether the type of the elements is unsigned bytes. Types of several parts are lists.
    fn element(&mut self) -> Result<bool, NpyError> {
        self.skip_spaces();
        if self.text.get(self.at) == Some(&b'[') {
            return Err(NpyError::ElementType);
        }
        Ok(matches!(
            self.string()?,
            b"|u1" | b"u1" | b"<u1" | b">u1" | b"=u1" | b"B"
        ))
    }

    /// A text without escapes: none of those that matter has any.
    fn string(&mut self) -> Result<&'a [u8], NpyError> {
        self.skip_spaces();
        let rest = &self.text[self.at..];
        let Some((quote @ (b'\'' | b'"'), text)) = rest.split_first() else {
            return Err(self.damaged());
        };
        let length = text.iter().position(|byte| byte == quote || *byte == b'\\');
        match length.map(|length| (&text[..length], text[length])) {
            Some((inside, end)) if end == *quote => {
                self.at += inside.len() + 2;
                Ok(inside)
            }
            _ => Err(self.damaged()),
        }
    }

    fn truth(&mut self) -> Result<bool, NpyError> {
        self.skip_spaces();
        for (word, truth) in [(&b"True"[..], true), (b"False", false)] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(truth);
            }
        }
        Err(self.damaged())
    }

    /// The first four numbers of a tuple; pictures have at most three.
    fn shape(&mut self) -> Result<[Option<u64>; 4], NpyError> {
        let mut shape = [None; 4];
        self.expect(b'(')?;
        for place in &mut shape {
            if self.eat(b')') {
                return Ok(shape);
            }
            *place = Some(self.number()?);
            if !self.eat(b',') {
                self.expect(b')')?;
                return Ok(shape);
            }
        }
        if self.eat(b')') {
            Ok(shape)
        } else {
            Err(NpyError::Shape)
        }
    }

    fn number(&mut self) -> Result<u64, NpyError> {
        self.skip_spaces();
        let rest = &self.text[self.at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err(self.damaged());
        }
        self.at += digits;
        let digit = |number: u64, digit: &u8| number.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
        rest[..digits].iter().try_fold(0, digit).ok_or(NpyError::Shape)
    }

    fn expect(&mut self, byte: u8) -> Result<(), NpyError> {
        match self.eat(byte) {
            true => Ok(()),
            false => Err(self.damaged()),
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.skip_spaces();
        let there = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    fn skip_spaces(&mut self) {
        let spaces = self.text[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace());
        self.at += spaces.count();
    }

    fn damaged(&self) -> NpyError {
        NpyError::Header(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, text: &str) -> Vec<u8> {
        let length = text.len() as u32;
        let length = &length.to_le_bytes()[..if version == 1 { 2 } else { 4 }];
        [MAGIC, &[version, 0], length, text.as_bytes()].concat()
    }

    fn read(text: &str) -> Result<(u64, u64, u64), NpyError> {
        let header = NpyHeader::read(&file(1, text))?;
        assert_eq!(header.offset, 10 + text.len() as u64);
        Ok((header.height, header.width, header.channels))
    }

    #[test]
    fn headers_as_numpy_writes_them_are_read() {
        let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (480, 640, 3), }          \n";
        assert_eq!(read(text), Ok((480, 640, 3)));
        assert_eq!(
            read("{\"shape\":(1,2),\"descr\":\"|u1\",\"fortran_order\":False}"),
            Ok((1, 2, 1))
        );
        assert_eq!(
            read("{'descr': '|u1', 'fortran_order': False, 'shape': (4, 5, 1,), }"),
            Ok((4, 5, 1))
        );
        for version in [2, 3] {
            let header = NpyHeader::read(&file(version, text)).unwrap();
            assert_eq!((header.offset, header.width), (12 + text.len() as u64, 640));
        }
    }

    #[test]
    fn arrays_that_are_no_pictures_are_refused_for_what_they_are() {
        let with = |descr: &str, order: &str, shape: &str| {
            read(&format!(
                "{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"
            ))
        };
        for descr in ["'<u2'", "'|i1'", "'<f4'", "'|b1'", "'|O'", "[('a', '|u1')]"] {
            assert_eq!(with(descr, "False", "(2, 2)"), Err(NpyError::ElementType), "{descr}");
        }
        assert_eq!(with("'|u1'", "True", "(2, 2)"), Err(NpyError::FortranOrder));
        for shape in [
            "()",
            "(4,)",
            "(2, 2, 2)",
            "(2, 2, 4)",
            "(2, 2, 3, 1)",
            "(1, 2, 3, 4, 5)",
            "(2, 99999999999999999999)",
        ] {
            assert_eq!(with("'|u1'", "False", shape), Err(NpyError::Shape), "{shape}");
        }
    }

    #[test]
    fn damaged_headers_are_refused() {
        assert_eq!(NpyHeader::read(b""), Err(NpyError::Magic));
        assert_eq!(NpyHeader::read(b"\x93NUMPY"), Err(NpyError::HeaderLength));
        assert_eq!(NpyHeader::read(b"\x93NUMPY\x01\0\x05"), Err(NpyError::HeaderLength));
        assert_eq!(NpyHeader::read(b"\x93NUMPY\x09\x01\0\0"), Err(NpyError::Version(9, 1)));
        assert_eq!(
            NpyHeader::read(b"\x93NUMPY\x01\0\xff\xff{"),
            Err(NpyError::HeaderLength)
        );
        assert_eq!(
            NpyHeader::read(b"\x93NUMPY\x02\0\xff\xff\xff\xff{"),
            Err(NpyError::HeaderLength)
        );
        let deep = "(".repeat(9_000);
        for text in [
            "",
            "{",
            "}",
            "{}",
            "{'shape': (2, 2)}",
            "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), 'more': 1}",
            "{'descr': '|u1', 'fortran_order': 0, 'shape': (2, 2)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (-2, 2)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (2. , 2)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': [2, 2]}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)} x",
            "{'descr': '\\'|u1', 'fortran_order': False, 'shape': (2, 2)}",
            "{'descr': '|u1, 'fortran_order': False, 'shape': (2, 2)}",
            deep.as_str(),
        ] {
            assert!(
                matches!(read(text), Err(NpyError::Header(_))),
                "{text}: {:?}",
                read(text)
            );
        }
        let long = format!("{{{}}}", " ".repeat(TEXT_BYTES));
        assert_eq!(read(&long), Err(NpyError::HeaderLength));
    }
}
