//! Looking at a picture: how much of it, and a sum that shows that the right bytes were seen.

use std::fmt;
use std::str::FromStr;

/// Bytes between two that are looked at with [`Touch::Pages`]: the smallest page of the machine.
pub const PAGE: usize = 4096;
/// Width and height of the region of [`Touch::Region`], in pixels.
pub const REGION: u32 = 64;

/// How much of a picture is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Touch {
    /// Nothing of it.
    Nothing,
    /// One byte of each page, so that all of it must be there.
    Pages,
    /// Every byte.
    All,
    /// [`REGION`] x [`REGION`] pixels in the middle, or as much as there is.
    Region,
}

/// A picture of three bytes a pixel, rows without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// In pixels, at least 1.
    pub width: u32,
    /// In pixels, at least 1.
    pub height: u32,
}

/// A part of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Touch {
    /// Every way to look at a picture.
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Pages, Self::All, Self::Region];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Pages => "pages",
            Self::All => "all",
            Self::Region => "region",
        }
    }

    /// Looks at a whole picture.
    pub fn whole(self, picture: &[u8], size: Size) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Pages => pages(picture),
            Self::All => sum(picture),
            Self::Region => {
                let area = size.region();
                let stride = size.stride();
                let start = area.y as usize * stride + area.x as usize * 3;
                let rows = picture.get(start..).unwrap_or_default().chunks(stride);
                let row_bytes = area.width as usize * 3;
                rows.take(area.height as usize)
                    .map(|row| sum(&row[..row_bytes.min(row.len())]))
                    .sum()
            }
        }
    }
}

impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Touch {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|touch| touch.as_str() == text).ok_or(())
    }
}

impl Size {
    /// Bytes from one row to the next.
    pub const fn stride(self) -> usize {
        self.width as usize * 3
    }

    /// Bytes of the picture.
    pub const fn bytes(self) -> usize {
        self.stride() * self.height as usize
    }

    /// The part that [`Touch::Region`] looks at.
    pub const fn region(self) -> Area {
        let width = if self.width < REGION { self.width } else { REGION };
        let height = if self.height < REGION { self.height } else { REGION };
        Area {
            x: (self.width - width) / 2,
            y: (self.height - height) / 2,
            width,
            height,
        }
    }
}

/// The sum of the first byte of each page.
pub fn pages(bytes: &[u8]) -> u64 {
    bytes.iter().step_by(PAGE).map(|&byte| u64::from(byte)).sum()
}

/// The sum of all bytes, four at a time in the lanes of a number, which compilers turn into vectors. Each turn of the outer
/// loop has enough to do to hide what metering costs.
pub fn sum(bytes: &[u8]) -> u64 {
    const BLOCK: usize = 256;
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let whole = blocks
        .iter()
        .fold(0_u64, |sum, block| sum.wrapping_add(in_lanes(block)));
    let (words, rest) = rest.split_at(rest.len() / 8 * 8);
    let rest = rest.iter().fold(0_u64, |sum, &byte| sum + u64::from(byte));
    whole.wrapping_add(in_lanes(words)).wrapping_add(rest)
}

/// The sum of at most 32 words of eight bytes.
fn in_lanes(bytes: &[u8]) -> u64 {
    const EVERY_SECOND: u64 = 0x00ff_00ff_00ff_00ff;
    let (words, _) = bytes.as_chunks::<8>();
    let lanes = words.iter().fold(0_u64, |lanes, word| {
        let word = u64::from_le_bytes(*word);
        let pairs = (word & EVERY_SECOND).wrapping_add(word >> 8 & EVERY_SECOND);
        lanes.wrapping_add(pairs)
    });
    // 32 pairs are at most 16320, and four lanes at most 65280: none overflows.
    lanes.wrapping_mul(0x0001_0001_0001_0001) >> 48
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_looking_sees_what_it_says() {
        let size = Size { width: 100, height: 90 };
        let mut picture = vec![1; size.bytes()];
        assert_eq!(Touch::Nothing.whole(&picture, size), 0);
        assert_eq!(Touch::Pages.whole(&picture, size), size.bytes().div_ceil(PAGE) as u64);
        assert_eq!(Touch::All.whole(&picture, size), size.bytes() as u64);
        assert_eq!(Touch::Region.whole(&picture, size), 64 * 64 * 3);
        // Outside the region.
        picture[0] = 200;
        assert_eq!(Touch::Region.whole(&picture, size), 64 * 64 * 3);
        assert_eq!(
            Touch::Pages.whole(&picture, size),
            size.bytes().div_ceil(PAGE) as u64 + 199
        );
    }

    #[test]
    fn a_picture_smaller_than_the_region_is_all_of_it() {
        let size = Size { width: 5, height: 3 };
        assert_eq!(Touch::Region.whole(&[2; 45], size), 90);
    }

    #[test]
    fn a_sum_has_every_byte_however_many_there_are() {
        for length in [0, 1, 7, 8, 9, 192, 255, 256, 257, 1000] {
            let bytes: Vec<u8> = (0..length).map(|index| (index * 7 % 256) as u8).collect();
            assert_eq!(
                sum(&bytes),
                bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>(),
                "{length}"
            );
            assert_eq!(sum(&vec![255; length]), 255 * length as u64);
        }
    }

    #[test]
    fn words_lead_back() {
        for touch in Touch::ALL {
            assert_eq!(touch.as_str().parse(), Ok(touch));
        }
        assert!("some".parse::<Touch>().is_err());
    }
}
