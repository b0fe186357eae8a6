//! Means over square neighbourhoods.

use super::map_rows;
use crate::pixels::{Gray, GrayView};

/// The mean of the square of `2 * radius + 1` pixels a side around each pixel, rounded to the nearest level. Near an
/// edge the mean is that of the part of the square inside the picture. Two additions and two subtractions a pixel,
/// whatever the radius.
///
/// A small radius takes noise away; with a large one the result is the local brightness of the ground.
pub fn box_mean(picture: GrayView<'_>, radius: u32) -> Gray {
    let (width, height) = (picture.width() as usize, picture.height());
    // A radius beyond the picture's own size changes nothing.
    let reach = radius.min(picture.width().max(height)) as usize;
    let down = reach.min(height as usize) as u32;
    // Sums of the columns over the rows of the current window, between two margins of zeros, so that sliding along
    // them needs no cases for the edges.
    let mut columns = vec![0_u64; width + 2 * reach];
    // How many columns of the picture the window around each column covers.
    let across: Vec<u64> = (0..width)
        .map(|x| ((x + reach).min(width - 1) - x.saturating_sub(reach) + 1) as u64)
        .collect();
    for y in 0..down {
        add(&mut columns[reach..], picture.row(y));
    }
    let mut rows = u64::from(down);
    map_rows(picture, |y, _, to| {
        if y < height - down {
            add(&mut columns[reach..], picture.row(y + down));
            rows += 1;
        }
        if y > down {
            for (column, &value) in columns[reach..].iter_mut().zip(picture.row(y - down - 1)) {
                *column = column.wrapping_sub(u64::from(value));
            }
            rows -= 1;
        }
        let mut sum = 0_u64;
        for &column in &columns[..2 * reach] {
            sum = sum.wrapping_add(column);
        }
        let edges = columns[2 * reach..].iter().zip(&columns);
        for ((to, (&entering, &leaving)), &across) in to.iter_mut().zip(edges).zip(&across) {
            sum = sum.wrapping_add(entering);
            let count = across.wrapping_mul(rows);
            *to = (sum.wrapping_add(count / 2) / count) as u8;
            sum = sum.wrapping_sub(leaving);
        }
    })
}

fn add(columns: &mut [u64], row: &[u8]) {
    for (column, &value) in columns.iter_mut().zip(row) {
        *column = column.wrapping_add(u64::from(value));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SIZES, random_picture};
    use super::*;

    #[test]
    fn it_is_the_rounded_mean_of_the_window_inside_the_picture() {
        for (width, height) in SIZES {
            let picture = random_picture(width, height, 7);
            for radius in [0, 1, 2, 5, 11, 100] {
                let expected = Gray::from_fn(width, height, |x, y| {
                    let (mut sum, mut count) = (0_u64, 0_u64);
                    for row in y.saturating_sub(radius)..=(y + radius).min(height - 1) {
                        for column in x.saturating_sub(radius)..=(x + radius).min(width - 1) {
                            sum += u64::from(picture.get(column, row)[0]);
                            count += 1;
                        }
                    }
                    [(sum as f64 / count as f64 + 0.5).floor() as u8]
                });
                assert_eq!(
                    box_mean(picture.view(), radius),
                    expected,
                    "{width} x {height}, radius {radius}"
                );
            }
        }
    }

    #[test]
    fn a_part_of_a_picture_is_smoothed_as_if_it_were_the_whole() {
        let picture = random_picture(30, 20, 9);
        let part = picture.view().region(crate::Rect::new(5, 3, 17, 11)).unwrap();
        assert_eq!(box_mean(part, 3), box_mean(part.to_pixels().view(), 3));
    }
}
