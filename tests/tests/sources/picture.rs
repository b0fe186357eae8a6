//! Pictures with known pixels, and their bytes in every form that a source may hold.

use procvision_host::frame::PixelFormat;

/// A JPEG file of 48 x 32 gray pixels.
pub const JPEG: &[u8] = include_bytes!("../../../host/src/frame/gray.jpg");

/// How a picture is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// H x W bytes.
    Gray,
    /// The same, said to have one channel.
    GrayPlane,
    /// H x W x 3 bytes.
    Rgb,
    /// The same with blue first.
    Bgr,
    /// A PNG file in colour.
    Png,
    /// A PNG file in gray.
    GrayPng,
    /// [`JPEG`].
    Jpeg,
    /// Behind a colour filter, as a camera sends it.
    Mosaic,
    /// H x W x 3 bytes with something between the rows.
    Padded,
}

impl Form {
    pub fn is_gray(self) -> bool {
        matches!(self, Self::Gray | Self::GrayPlane | Self::GrayPng | Self::Jpeg)
    }

    pub fn is_encoded(self) -> bool {
        matches!(self, Self::Png | Self::GrayPng | Self::Jpeg)
    }
}

/// A picture whose pixels differ from those of its neighbours and of every other seed.
#[derive(Clone, Debug)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    seed: u32,
}

impl Picture {
    pub fn new(width: u32, height: u32, seed: u32) -> Self {
        Self { width, height, seed }
    }

    fn pixels(&self) -> impl Iterator<Item = [u8; 3]> + '_ {
        (0..self.width * self.height).map(|index| {
            let noise = (index + 1)
                .wrapping_mul(2_654_435_761)
                .wrapping_add(self.seed.wrapping_mul(40_503));
            let [a, b, c, _] = noise.rotate_left(9).to_be_bytes();
            [a, b, c]
        })
    }

    /// Width, height and raw bytes of a form that is not encoded, without padding.
    pub fn raw(&self, form: Form) -> Vec<u8> {
        match form {
            Form::Gray | Form::GrayPlane | Form::GrayPng | Form::Mosaic => self.pixels().map(|[a, ..]| a).collect(),
            Form::Rgb | Form::Png | Form::Padded => self.pixels().flatten().collect(),
            Form::Bgr => self.pixels().flat_map(|[r, g, b]| [b, g, r]).collect(),
            Form::Jpeg => panic!("a JPEG file has its own pixels"),
        }
    }

    /// The bytes as a platform writes them, but for NumPy's header.
    pub fn bytes(&self, form: Form) -> Vec<u8> {
        match form {
            Form::Png => png(self.width, self.height, 3, &self.raw(form)),
            Form::GrayPng => png(self.width, self.height, 1, &self.raw(form)),
            Form::Jpeg => JPEG.to_vec(),
            _ => self.raw(form),
        }
    }

    /// Width and height of the picture in a form.
    pub fn size(&self, form: Form) -> (u32, u32) {
        match form {
            Form::Jpeg => (48, 32),
            _ => (self.width, self.height),
        }
    }

    /// What must come out of a form, by the documented formulas, written down once more.
    pub fn expected(&self, form: Form, format: PixelFormat) -> Vec<u8> {
        let rgb: Vec<[u8; 3]> = match form {
            Form::Jpeg => {
                let frame = procvision_host::frame::Frame::decode(JPEG).expect("it can be decoded");
                (0..32)
                    .flat_map(|y| frame.row(y).into_owned())
                    .map(|luma| [luma; 3])
                    .collect()
            }
            Form::Mosaic => panic!("what a mosaic becomes is tested where it is made"),
            form if form.is_gray() => self.pixels().map(|[a, ..]| [a; 3]).collect(),
            _ => self.pixels().collect(),
        };
        let luminance = |[r, g, b]: [u8; 3]| {
            let [r, g, b] = [r, g, b].map(u32::from);
            ((19595 * r + 38470 * g + 7471 * b + 32768) >> 16) as u8
        };
        match format {
            PixelFormat::Mono8 => rgb.into_iter().map(luminance).collect(),
            PixelFormat::BGR8 => rgb.into_iter().flat_map(|[r, g, b]| [b, g, r]).collect(),
            _ => rgb.into_flattened(),
        }
    }
}

/// A file as NumPy's `save` writes it.
pub fn npy(shape: &str, bytes: &[u8]) -> Vec<u8> {
    npy_with(
        &format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"),
        bytes,
    )
}

/// The same with another dictionary.
pub fn npy_with(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    // Magic, version, length and text are a multiple of 64 bytes long.
    let width = (10 + dictionary.len() + 1).next_multiple_of(64) - 11;
    let text = format!("{dictionary:<width$}\n");
    let length = u16::try_from(text.len()).expect("it is short").to_le_bytes();
    [b"\x93NUMPY\x01\0", &length[..], text.as_bytes(), bytes].concat()
}

/// A PNG file without compression.
fn png(width: u32, height: u32, channels: u8, pixels: &[u8]) -> Vec<u8> {
    let kind = if channels == 1 { 0 } else { 2 };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, kind, 0, 0, 0]].concat();
    let row = width as usize * usize::from(channels);
    // Each row begins with the number of its filter.
    let rows: Vec<u8> = pixels.chunks(row).flat_map(|row| [&[0], row].concat()).collect();
    let mut stream = b"\x78\x01".to_vec();
    let mut blocks = rows.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler32(&rows).to_be_bytes());
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", &header), (b"IDAT", &stream), (b"IEND", &Vec::new())] {
        file.extend((data.len() as u32).to_be_bytes());
        let chunk = [&kind[..], data].concat();
        file.extend(&chunk);
        file.extend(crc32(&chunk).to_be_bytes());
    }
    file
}

fn adler32(bytes: &[u8]) -> u32 {
    let step = |(a, b): (u32, u32), byte: &u8| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    };
    let (a, b) = bytes.iter().fold((1, 0), step);
    b << 16 | a
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}
