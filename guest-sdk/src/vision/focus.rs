//! How sharp a picture is.

use crate::pixels::GrayView;

/// The variance of the Laplacian (the four neighbours minus four times the pixel) over all pixels that have four
/// neighbours, in squared gray levels, or `None` for a picture smaller than 3 x 3. One pass.
///
/// It grows with sharpness, and also with contrast and noise, so that it compares pictures of the same scene under the
/// same camera settings. A change of brightness alone does not alter it.
///
/// ```
/// # use procvision_guest::{Gray, vision};
/// let checkered = Gray::from_fn(8, 8, |x, y| [if (x + y) % 2 == 0 { 100 } else { 101 }]);
/// assert_eq!(vision::laplacian_variance(checkered.view()), Some(16.0));
/// ```
pub fn laplacian_variance(picture: GrayView<'_>) -> Option<f64> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if width < 3 || height < 3 {
        return None;
    }
    let (mut sum, mut squares) = (0_i64, 0_u64);
    let mut rows = picture.rows();
    let (mut above, mut middle) = (rows.next()?, rows.next()?);
    for below in rows {
        let inner = above[1..].iter().zip(&below[1..]).zip(middle.windows(3));
        let (mut row_sum, mut row_squares) = (0_i64, 0_u64);
        for ((&up, &down), around) in inner {
            let &[left, center, right] = around else { continue };
            let response = i32::from(up) + i32::from(down) + i32::from(left) + i32::from(right) - 4 * i32::from(center);
            row_sum += i64::from(response);
            row_squares += u64::from((response * response).unsigned_abs());
        }
        sum += row_sum;
        squares += row_squares;
        (above, middle) = (middle, below);
    }
    let count = ((width - 2) * (height - 2)) as f64;
    let mean = sum as f64 / count;
    Some((squares as f64 / count - mean * mean).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::super::tests::random_picture;
    use super::*;
    use crate::pixels::Gray;

    #[test]
    fn it_agrees_with_the_definition() {
        for (width, height) in [(3, 3), (3, 10), (11, 3), (16, 9), (33, 20)] {
            let picture = random_picture(width, height, 8);
            let at = |x: u32, y: u32| f64::from(picture.get(x, y)[0]);
            let mut responses = Vec::new();
            for y in 1..height - 1 {
                for x in 1..width - 1 {
                    responses.push(at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4.0 * at(x, y));
                }
            }
            let mean = responses.iter().sum::<f64>() / responses.len() as f64;
            let expected = responses.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / responses.len() as f64;
            let measured = laplacian_variance(picture.view()).unwrap();
            assert!(
                (measured - expected).abs() <= 1e-6 * expected.max(1.0),
                "{measured} {expected}"
            );
        }
    }

    #[test]
    fn a_ramp_has_none_and_a_picture_without_inner_pixels_no_answer() {
        let ramp = Gray::from_fn(20, 10, |x, y| [(3 * x + 2 * y) as u8]);
        assert_eq!(laplacian_variance(ramp.view()), Some(0.0));
        assert_eq!(laplacian_variance(Gray::filled(2, 9, [7]).view()), None);
        assert_eq!(laplacian_variance(Gray::filled(9, 2, [7]).view()), None);
    }
}
