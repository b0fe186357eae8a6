//! What is said about a picture in a slot: how its pixels lie, when it was taken and by which camera. Comes from other
//! processes, so every number is checked before it means anything.

use crate::frame::{FrameError, PictureLayout, PixelFormat};
use serde::{Deserialize, Serialize};

/// Most bytes of a camera's name.
pub const CAMERA_ID_BYTES: usize = 64;
/// Words that a header takes in the memory of states.
pub(crate) const HEADER_WORDS: usize = 5 + CAMERA_ID_BYTES / 8;

/// What a producer says about the picture that it publishes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureHeader {
    /// How a pixel is held.
    pub format: PixelFormat,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Bytes from one row to the next.
    pub stride: u64,
    /// Where the first pixel lies, in bytes from the start of the slot.
    #[serde(default)]
    pub offset: u64,
    /// When the picture was taken, in milliseconds since 1970-01-01T00:00:00Z; 0 if unknown.
    #[serde(default)]
    pub timestamp_ms: u64,
    /// Which camera took it, at most [`CAMERA_ID_BYTES`]; empty if unknown.
    #[serde(default)]
    pub camera_id: String,
}

/// Why a header is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The picture is not sound, or does not lie in the slot.
    #[error(transparent)]
    Layout(#[from] FrameError),
    /// A stride or offset that no slot can have.
    #[error("a stride of {stride} bytes from an offset of {offset} bytes reaches beyond every slot")]
    Huge {
        /// Bytes from one row to the next.
        stride: u64,
        /// Where the first pixel lies, in bytes.
        offset: u64,
    },
    /// A number that stands for no pixel format.
    #[error("the number {0} stands for no pixel format")]
    Format(u32),
    /// The camera's name is longer than is accepted.
    #[error("the name of a camera has {0} bytes, but at most {CAMERA_ID_BYTES} are accepted")]
    CameraId(usize),
    /// The camera's name is not text.
    #[error("the name of a camera is not UTF-8")]
    CameraIdText,
}

impl PictureHeader {
    /// The header of a picture whose pixels lie as `layout` says, without time and camera.
    pub fn of_layout(layout: PictureLayout) -> Self {
        Self {
            format: layout.format,
            width: layout.width,
            height: layout.height,
            stride: layout.stride as u64,
            offset: layout.offset as u64,
            timestamp_ms: 0,
            camera_id: String::new(),
        }
    }

    /// Makes sure that a slot of `slot_bytes` bytes holds such a picture.
    ///
    /// # Errors
    ///
    /// See [`HeaderError`].
    pub fn check(&self, slot_bytes: usize) -> Result<PictureLayout, HeaderError> {
        if self.camera_id.len() > CAMERA_ID_BYTES {
            return Err(HeaderError::CameraId(self.camera_id.len()));
        }
        let layout = self.layout()?;
        layout.check(slot_bytes)?;
        Ok(layout)
    }

    fn layout(&self) -> Result<PictureLayout, HeaderError> {
        let huge = |_| HeaderError::Huge {
            stride: self.stride,
            offset: self.offset,
        };
        Ok(PictureLayout {
            format: self.format,
            width: self.width,
            height: self.height,
            stride: usize::try_from(self.stride).map_err(huge)?,
            offset: usize::try_from(self.offset).map_err(huge)?,
        })
    }

    /// The header in the words of the memory of states. The camera's name was checked.
    pub(crate) fn to_words(&self) -> [u64; HEADER_WORDS] {
        let camera = &self.camera_id.as_bytes()[..self.camera_id.len().min(CAMERA_ID_BYTES)];
        let mut words = [0; HEADER_WORDS];
        words[0] = u64::from(self.width) | u64::from(self.height) << 32;
        words[1] = u64::from(format_code(self.format)) | (camera.len() as u64) << 32;
        words[2] = self.stride;
        words[3] = self.offset;
        words[4] = self.timestamp_ms;
        for (word, bytes) in words[5..].iter_mut().zip(camera.chunks(8)) {
            let mut eight = [0; 8];
            eight[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_le_bytes(eight);
        }
        words
    }

    /// The header from words that were copied out of memory that others can write.
    pub(crate) fn from_words(words: [u64; HEADER_WORDS]) -> Result<Self, HeaderError> {
        let [low, high] = [words[1] as u32, (words[1] >> 32) as u32];
        let format = format_of(low).ok_or(HeaderError::Format(low))?;
        let camera_len = high as usize;
        let mut camera = [0; CAMERA_ID_BYTES];
        for (eight, word) in camera.as_chunks_mut::<8>().0.iter_mut().zip(&words[5..]) {
            *eight = word.to_le_bytes();
        }
        let camera = camera.get(..camera_len).ok_or(HeaderError::CameraId(camera_len))?;
        let camera_id = str::from_utf8(camera)
            .map_err(|_| HeaderError::CameraIdText)?
            .to_owned();
        Ok(Self {
            format,
            width: words[0] as u32,
            height: (words[0] >> 32) as u32,
            stride: words[2],
            offset: words[3],
            timestamp_ms: words[4],
            camera_id,
        })
    }
}

/// The number that stands for a format in the memory of states; 0 is none.
fn format_code(format: PixelFormat) -> u32 {
    match format {
        PixelFormat::Mono8 => 1,
        PixelFormat::RGB8 => 2,
        PixelFormat::BGR8 => 3,
        PixelFormat::BayerRG8 => 4,
        PixelFormat::BayerGR8 => 5,
        PixelFormat::BayerGB8 => 6,
        PixelFormat::BayerBG8 => 7,
    }
}

fn format_of(code: u32) -> Option<PixelFormat> {
    PixelFormat::ALL.into_iter().find(|format| format_code(*format) == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> PictureHeader {
        PictureHeader {
            format: PixelFormat::RGB8,
            width: 640,
            height: 480,
            stride: 1920,
            offset: 0,
            timestamp_ms: 1_760_000_000_000,
            camera_id: "left \u{e4} camera".into(),
        }
    }

    #[test]
    fn words_hold_the_whole_header() {
        for format in PixelFormat::ALL {
            let header = PictureHeader { format, ..header() };
            assert_eq!(PictureHeader::from_words(header.to_words()).unwrap(), header);
        }
        let longest = PictureHeader {
            camera_id: "x".repeat(CAMERA_ID_BYTES),
            ..header()
        };
        assert_eq!(PictureHeader::from_words(longest.to_words()).unwrap(), longest);
    }

    #[test]
    fn words_that_say_nonsense_are_refused() {
        let sound = header().to_words();
        let with = |index: usize, word: u64| {
            let mut words = sound;
            words[index] = word;
            PictureHeader::from_words(words)
        };
        assert!(matches!(with(1, 0), Err(HeaderError::Format(0))));
        assert!(matches!(with(1, 8), Err(HeaderError::Format(8))));
        assert!(matches!(with(1, 2 | 65 << 32), Err(HeaderError::CameraId(65))));
        assert!(matches!(with(1, 2 | 0xffff_ffff << 32), Err(HeaderError::CameraId(_))));
        assert!(matches!(with(5, u64::MAX), Err(HeaderError::CameraIdText)));
    }

    #[test]
    fn lies_are_found_out_whatever_they_overflow() {
        let slot = 2 << 20;
        assert!(header().check(slot).is_ok());
        for lie in [
            PictureHeader { width: 0, ..header() },
            PictureHeader { height: 0, ..header() },
            PictureHeader {
                width: u32::MAX,
                height: u32::MAX,
                stride: u64::MAX,
                ..header()
            },
            PictureHeader {
                width: 100_000,
                height: 100_000,
                stride: 300_000,
                ..header()
            },
            PictureHeader {
                stride: 1919,
                ..header()
            },
            PictureHeader { stride: 0, ..header() },
            PictureHeader {
                stride: u64::MAX,
                ..header()
            },
            PictureHeader {
                stride: u64::MAX / 400,
                ..header()
            },
            PictureHeader {
                offset: u64::MAX,
                ..header()
            },
            PictureHeader {
                offset: (slot - 640 * 480 * 3 + 1) as u64,
                ..header()
            },
            PictureHeader {
                height: 1093,
                ..header()
            },
            PictureHeader {
                camera_id: "x".repeat(65),
                ..header()
            },
        ] {
            assert!(lie.check(slot).is_err(), "{lie:?}");
        }
    }
}
