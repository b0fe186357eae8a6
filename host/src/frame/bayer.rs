//! From a colour filter mosaic to red, green and blue: what a sensor did not measure is the mean of its nearest
//! neighbours that did (bilinear interpolation).

use super::{Frame, PixelFormat, Rect};

/// Colours of the filter over the pixels (0, 0), (1, 0), (0, 1), (1, 1).
fn tile(format: PixelFormat) -> Option<[Colour; 4]> {
    use Colour::{Blue, Green, Red};
    match format {
        PixelFormat::BayerRG8 => Some([Red, Green, Green, Blue]),
        PixelFormat::BayerGR8 => Some([Green, Red, Blue, Green]),
        PixelFormat::BayerGB8 => Some([Green, Blue, Red, Green]),
        PixelFormat::BayerBG8 => Some([Blue, Green, Green, Red]),
        PixelFormat::Mono8 | PixelFormat::RGB8 | PixelFormat::BGR8 => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Colour {
    Red,
    Green,
    Blue,
}

/// Three rows of a mosaic around the one that is interpolated, each with one more pixel at both ends.
pub(super) struct Demosaic<'a> {
    frame: &'a Frame,
    tile: [Colour; 4],
    area: Rect,
    rows: [Vec<u8>; 3],
    /// The row that `rows` stand around.
    around: Option<u32>,
    scratch: Vec<u8>,
}

impl<'a> Demosaic<'a> {
    /// `None` if the picture is no mosaic. `area` lies inside the picture.
    pub(super) fn new(frame: &'a Frame, area: Rect) -> Option<Self> {
        Some(Self {
            frame,
            tile: tile(frame.format())?,
            area,
            rows: Default::default(),
            around: None,
            scratch: Vec::new(),
        })
    }

    /// Row `y` of the picture, its columns of the area, as red, green, blue.
    pub(super) fn row(&mut self, y: u32, target: &mut [u8]) {
        self.move_to(y);
        let [above, here, below] = &self.rows;
        let left = self.area.x as usize;
        let odd_row = (y % 2) as usize * 2;
        for (column, pixel) in target.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let x = left + column;
            // Column `column` of the area lies at `column + 1`: one more pixel stands at each end.
            let (w, c, e) = (column, column + 1, column + 2);
            let cross = || mean4(above[c], here[w], here[e], below[c]);
            let corners = || mean4(above[w], above[e], below[w], below[e]);
            let sides = || mean2(here[w], here[e]);
            let ends = || mean2(above[c], below[c]);
            // In a row, green alternates with one other colour; which one it is says what lies above and below.
            *pixel = match (self.tile[odd_row + x % 2], self.tile[odd_row + (x + 1) % 2]) {
                (Colour::Red, _) => [here[c], cross(), corners()],
                (Colour::Blue, _) => [corners(), cross(), here[c]],
                (Colour::Green, Colour::Red) => [sides(), here[c], ends()],
                (Colour::Green, _) => [ends(), here[c], sides()],
            };
        }
    }

    /// Fetches row `y` and its neighbours; of these, two are there already if the row above was the last one.
    fn move_to(&mut self, y: u32) {
        let next = self.around.is_some_and(|around| around.checked_add(1) == Some(y));
        if next {
            self.rows.rotate_left(1);
        }
        for row in if next { 2..3 } else { 0..3 } {
            self.fetch(row, mirrored(i64::from(y) + row as i64 - 1, self.frame.height()));
        }
        self.around = Some(y);
    }

    /// Puts the area's columns of row `y`, and the pixels left and right of them, into `rows[row]`.
    fn fetch(&mut self, row: usize, y: u32) {
        let frame = self.frame;
        let (x, width) = (i64::from(self.area.x), i64::from(self.area.width));
        // No more of the row than is needed. A mirrored neighbour lies in it too: it is one pixel inside the edge.
        let first = (x - 1).max(0);
        let end = (x + width + 1).min(i64::from(frame.width()));
        let line = frame.row_part(y, first as usize, (end - first) as usize, &mut self.scratch);
        let at = |column: i64| (column - first) as usize;
        let before = line[at(mirrored(x - 1, frame.width()).into())];
        let after = line[at(mirrored(x + width, frame.width()).into())];
        let target = &mut self.rows[row];
        target.clear();
        target.push(before);
        target.extend_from_slice(&line[at(x)..at(x + width)]);
        target.push(after);
    }
}

/// Beyond an edge the mosaic continues as in a mirror on the edge's pixels, which keeps its pattern; a picture of one
/// pixel continues with that pixel.
fn mirrored(position: i64, size: u32) -> u32 {
    let last = i64::from(size) - 1;
    let inside = if position < 0 {
        -position
    } else if position > last {
        2 * last - position
    } else {
        position
    };
    inside.clamp(0, last) as u32
}

fn mean2(a: u8, b: u8) -> u8 {
    (u16::from(a) + u16::from(b)).div_ceil(2) as u8
}

fn mean4(a: u8, b: u8, c: u8, d: u8) -> u8 {
    ((u16::from(a) + u16::from(b) + u16::from(c) + u16::from(d) + 2) / 4) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOSAICS: [PixelFormat; 4] = [
        PixelFormat::BayerRG8,
        PixelFormat::BayerGR8,
        PixelFormat::BayerGB8,
        PixelFormat::BayerBG8,
    ];

    /// What a sensor with this filter sees of a scene of one colour.
    fn mosaic(format: PixelFormat, width: u32, height: u32, [red, green, blue]: [u8; 3]) -> Frame {
        let tile = tile(format).unwrap();
        let pixels: Vec<u8> = (0..height)
            .flat_map(|y| (0..width).map(move |x| (y % 2 * 2 + x % 2) as usize))
            .map(|place| match tile[place] {
                Colour::Red => red,
                Colour::Green => green,
                Colour::Blue => blue,
            })
            .collect();
        Frame::from_pixels(format, width, height, width as usize, pixels).unwrap()
    }

    #[test]
    fn a_scene_of_one_colour_comes_back_as_it_was() {
        for format in MOSAICS {
            for (width, height) in [(2, 2), (3, 5), (8, 2), (7, 7)] {
                let frame = mosaic(format, width, height, [200, 100, 50]);
                let pixels = frame.read(frame.bounds(), PixelFormat::RGB8).unwrap();
                assert!(
                    pixels.as_chunks::<3>().0.iter().all(|pixel| *pixel == [200, 100, 50]),
                    "{format} {width} x {height}: {pixels:?}"
                );
            }
        }
    }

    #[test]
    fn every_area_is_the_same_part_of_the_whole() {
        let bytes: Vec<u8> = (0..63).map(|index: u32| (index * 37 % 251) as u8).collect();
        for format in MOSAICS {
            let frame = Frame::from_pixels(format, 9, 7, 9, bytes.clone()).unwrap();
            let whole = frame.read(frame.bounds(), PixelFormat::RGB8).unwrap();
            for (x, y) in (0..9).flat_map(|x| (0..7).map(move |y| (x, y))) {
                for (width, height) in (1..=9 - x).flat_map(|width| (1..=7 - y).map(move |height| (width, height))) {
                    let area = Rect::new(x, y, width, height);
                    let part = frame.read(area, PixelFormat::RGB8).unwrap();
                    for (row, part) in (y as usize..).zip(part.chunks_exact(width as usize * 3)) {
                        let start = (row * 9 + x as usize) * 3;
                        assert_eq!(*part, whole[start..start + part.len()], "{format} {area:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn rows_need_not_be_asked_for_in_order() {
        let bytes: Vec<u8> = (0..30).map(|index: u32| (index * 37 % 251) as u8).collect();
        let frame = Frame::from_pixels(PixelFormat::BayerGB8, 5, 6, 5, bytes).unwrap();
        let whole = frame.read(frame.bounds(), PixelFormat::RGB8).unwrap();
        let mut demosaic = Demosaic::new(&frame, frame.bounds()).unwrap();
        for y in [5, 0, 1, 1, 3, 4, 5, 2] {
            let mut row = [0; 15];
            demosaic.row(y, &mut row);
            assert_eq!(row, whole[y as usize * 15..][..15], "row {y}");
        }
    }

    #[test]
    fn a_single_pixel_is_a_picture_too() {
        let frame = Frame::from_pixels(PixelFormat::BayerRG8, 1, 1, 1, vec![77]).unwrap();
        assert_eq!(
            frame.read(frame.bounds(), PixelFormat::RGB8).unwrap().as_ref(),
            [77, 77, 77]
        );
    }
}
