//! Rows with the outermost pixels repeated beyond the sides, for kernels with weights.

use crate::pixels::View;

/// A row between margins that repeat its outermost pixels.
pub(super) struct Padded<const C: usize> {
    line: Vec<u8>,
    margin: usize,
}

impl<const C: usize> Padded<C> {
    /// For rows of `width` pixels, with margins of `margin` pixels.
    pub(super) fn new(width: u32, margin: usize) -> Self {
        Self {
            line: vec![0; (width as usize + 2 * margin) * C],
            margin,
        }
    }

    /// Takes a row; the answer lies there with its margins.
    pub(super) fn fill(&mut self, row: &[u8]) -> &[u8] {
        let start = self.margin * C;
        let end = start + row.len();
        self.line[start..end].copy_from_slice(row);
        for pixel in 0..self.margin {
            for channel in 0..C {
                self.line[pixel * C + channel] = row[channel];
                self.line[end + pixel * C + channel] = row[row.len() - C + channel];
            }
        }
        &self.line
    }
}

/// Row `y` of a picture; beyond its top and bottom the outermost row.
pub(super) fn row_or_nearest<'a, const C: usize>(picture: View<'a, C>, y: i64) -> &'a [u8] {
    picture.row(y.clamp(0, i64::from(picture.height()) - 1) as u32)
}
