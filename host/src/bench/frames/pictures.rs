//! The pictures that are delivered: two of a size, so that it shows if one is taken for the other.

use super::{BenchError, Touch};
use crate::frame::{Frame, PictureLayout, PixelFormat};
use crate::pool::memory::{PoolMemory, SLOT_GRANULE};
use bytes::Bytes;
use procvision_bench_tasks::touch::Size;
use serde::Serialize;
use std::sync::Arc;

/// Size of a picture of three bytes a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PictureSize {
    /// What people call it.
    #[serde(rename = "size")]
    pub name: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// From VGA to 20 megapixels.
pub const SIZES: &[PictureSize] = &[
    PictureSize::new("VGA", 640, 480),
    PictureSize::new("720p", 1280, 720),
    PictureSize::new("1080p", 1920, 1080),
    PictureSize::new("5 MP", 2592, 1944),
    PictureSize::new("20 MP", 5472, 3648),
];

/// The size that aims are about.
pub(in crate::bench) const FULL_HD: PictureSize = SIZES[2];

/// How many pictures take turns.
const TURNS: usize = 2;

impl PictureSize {
    const fn new(name: &'static str, width: u32, height: u32) -> Self {
        Self { name, width, height }
    }

    /// Bytes of the picture.
    pub const fn bytes(self) -> usize {
        self.as_touched().bytes()
    }

    pub(super) const fn as_touched(self) -> Size {
        Size {
            width: self.width,
            height: self.height,
        }
    }
}

/// Two pictures, in a pool and in memory of this program.
pub(super) struct Pictures {
    size: PictureSize,
    bytes: [Bytes; TURNS],
    pool: Arc<PoolMemory>,
    /// What looking at each finds, for each way to look.
    expected: [[u64; Touch::ALL.len()]; TURNS],
}

impl Pictures {
    pub(super) fn new(size: PictureSize) -> Result<Self, BenchError> {
        let bytes: [Bytes; TURNS] = std::array::from_fn(|turn| draw(size, turn as u32));
        let slot_bytes = size.bytes().next_multiple_of(SLOT_GRANULE);
        let pool = PoolMemory::create(TURNS as u32, slot_bytes)?;
        for (slot, bytes) in (0..).zip(&bytes) {
            pool.write(slot, 0, bytes).expect("a slot is as large as a picture");
        }
        let expected = std::array::from_fn(|turn| Touch::ALL.map(|touch| touch.whole(&bytes[turn], size.as_touched())));
        Ok(Self {
            size,
            bytes,
            pool: Arc::new(pool),
            expected,
        })
    }

    pub(super) fn size(&self) -> PictureSize {
        self.size
    }

    /// What lies behind mapped pictures.
    pub(super) fn pages(&self) -> String {
        self.pool.huge_pages().to_string()
    }

    /// The bytes of all pictures.
    pub(super) fn bytes(&self) -> [Bytes; TURNS] {
        self.bytes.clone()
    }

    /// The bytes of the picture whose turn it is.
    pub(super) fn picture(&self, turn: usize) -> &[u8] {
        &self.bytes[turn % TURNS]
    }

    /// What looking at the picture whose turn it is finds.
    pub(super) fn expected(&self, turn: usize, touch: Touch) -> u64 {
        let place = Touch::ALL.iter().position(|known| *known == touch).unwrap_or_default();
        self.expected[turn % TURNS][place]
    }

    /// Copies the picture whose turn it is out of the pool.
    pub(super) fn copy(&self, turn: usize, target: &mut [u8]) {
        let slot = (turn % TURNS) as u32;
        self.pool
            .read(slot, 0, target)
            .expect("a slot is as large as a picture");
    }

    /// The pictures in the pool. Nobody else writes there, so that the lease holds nothing.
    pub(super) fn pooled(&self) -> [Frame; TURNS] {
        let layout = PictureLayout::packed(PixelFormat::RGB8, self.size.width, self.size.height);
        std::array::from_fn(|slot| {
            Frame::in_pool(self.pool.clone(), slot as u32, layout, Arc::new(()))
                .expect("a slot is as large as a picture")
        })
    }

    /// The pictures in memory of this program.
    pub(super) fn owned(&self) -> Result<[Frame; TURNS], BenchError> {
        let PictureSize { width, height, .. } = self.size;
        let frame = |turn: usize| {
            let stride = self.size.as_touched().stride();
            Frame::from_pixels(PixelFormat::RGB8, width, height, stride, self.bytes[turn].clone())
        };
        Ok([frame(0)?, frame(1)?])
    }
}

/// Noise, different in each picture.
fn draw(size: PictureSize, seed: u32) -> Bytes {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    noise.take(size.bytes()).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_pictures_differ_wherever_somebody_looks() {
        let pictures = Pictures::new(SIZES[0]).unwrap();
        for touch in [Touch::Pages, Touch::All, Touch::Region] {
            assert_ne!(pictures.expected(0, touch), pictures.expected(1, touch), "{touch}");
            assert_eq!(pictures.expected(0, touch), pictures.expected(2, touch), "{touch}");
        }
        let mut copy = vec![0; pictures.size().bytes()];
        pictures.copy(1, &mut copy);
        assert!(copy == pictures.picture(1));
        assert!(
            pictures.owned().unwrap()[1]
                .read(pictures.pooled()[1].bounds(), PixelFormat::RGB8)
                .unwrap()
                == copy
        );
    }
}
