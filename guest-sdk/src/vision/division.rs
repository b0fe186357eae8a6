//! Exact division by a fixed number, without the processor's slow division, for results from 0 to 255.

/// Divides numbers less than 256 times the divisor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Divider {
    divisor: u32,
    /// How many low bits of the number do not matter for the first guess.
    drop: u32,
    /// The reciprocal of the divisor in fixed point, at most 15 bits, rounded down.
    reciprocal: u32,
    /// The bits behind the point that are left in the product.
    point: u32,
}

impl Divider {
    /// The largest divisor.
    pub(super) const MAX: u32 = 1 << 23;

    /// Prepares for a divisor from 1 to [`Self::MAX`].
    pub(super) fn new(divisor: u32) -> Self {
        assert!((1..=Self::MAX).contains(&divisor), "{divisor} cannot be divided by");
        let bits = u32::BITS - (256 * divisor - 1).leading_zeros();
        let drop = bits.saturating_sub(15);
        // The divisor has `bits - 8` bits or one more, so that the reciprocal has 14 or 15.
        let point = 14 + bits - 8 - drop;
        let reciprocal = ((1_u64 << (point + drop)) / u64::from(divisor)) as u32;
        Self {
            divisor,
            drop,
            reciprocal: reciprocal.min((1 << 15) - 1),
            point,
        }
    }

    /// The quotient, rounded down, of a number less than 256 times the divisor.
    ///
    /// The guess is at most 1 too small: dropped bits and the rounded reciprocal lose less than 1/16 each.
    #[inline(always)]
    pub(super) fn divide(self, number: u32) -> u8 {
        let guess = (number >> self.drop).wrapping_mul(self.reciprocal) >> self.point;
        let rest = number.wrapping_sub(guess.wrapping_mul(self.divisor));
        guess.wrapping_add(u32::from(rest >= self.divisor)) as u8
    }
}

/// Divides numbers of 16 bits by a window's pixel count.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShortDivider {
    reciprocal: u16,
    shift: u32,
}

impl ShortDivider {
    /// Prepares for a divisor from 2 to 25, the counts of pixels in windows of up to 5 x 5.
    pub(super) fn new(divisor: u16) -> Self {
        assert!((2..=25).contains(&divisor), "{divisor} cannot be divided by");
        let shift = (divisor - 1).ilog2();
        let reciprocal = (1_u32 << (16 + shift)).div_ceil(u32::from(divisor)) as u16;
        Self { reciprocal, shift }
    }

    /// The quotient, rounded down, of a number less than 256 times the divisor. The reciprocal is too large by less
    /// than 2^-16, which these numbers do not notice.
    #[inline(always)]
    pub(super) fn divide(self, number: u16) -> u8 {
        let high = (u32::from(number).wrapping_mul(u32::from(self.reciprocal)) >> 16) as u16;
        (high >> self.shift) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_division_is_exact_for_every_number() {
        for divisor in 2..=25_u16 {
            let divider = ShortDivider::new(divisor);
            for number in 0..256 * divisor {
                assert_eq!(
                    u16::from(divider.divide(number)),
                    number / divisor,
                    "{number} / {divisor}"
                );
            }
        }
    }

    #[test]
    fn division_is_exact_for_every_number_of_small_divisors() {
        for divisor in 1..=700 {
            let divider = Divider::new(divisor);
            for number in 0..256 * divisor {
                assert_eq!(
                    u32::from(divider.divide(number)),
                    number / divisor,
                    "{number} / {divisor}"
                );
            }
        }
    }

    #[test]
    fn division_is_exact_around_every_multiple_of_large_divisors() {
        let around_powers = (8..=23).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 1]);
        let others = (0..400).map(|index| 1_000 + index * index * 50);
        for divisor in around_powers.chain(others).filter(|&divisor| divisor <= Divider::MAX) {
            let divider = Divider::new(divisor);
            for quotient in 0..256 {
                for number in [
                    quotient * divisor,
                    quotient * divisor + divisor / 2,
                    quotient * divisor + divisor - 1,
                ] {
                    assert_eq!(u32::from(divider.divide(number)), quotient, "{number} / {divisor}");
                }
            }
        }
    }
}
