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

/// Divides numbers of 16 bits by a window's pixel count, with 16-bit products only.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShortDivider {
    /// The divisor is `odd` times two to this power.
    twos: u32,
    odd: u16,
    /// 256 divided by `odd`, rounded down.
    coarse: u16,
    /// 1024 divided by `odd`, rounded up.
    fine: u16,
}

impl ShortDivider {
    /// Prepares for a divisor from 1 to 25, the counts of pixels in windows of up to 5 x 5.
    pub(super) fn new(divisor: u16) -> Self {
        assert!((1..=25).contains(&divisor), "{divisor} cannot be divided by");
        let twos = divisor.trailing_zeros();
        let odd = divisor >> twos;
        Self {
            twos,
            odd,
            coarse: 256 / odd,
            fine: 1024_u16.div_ceil(odd),
        }
    }

    /// The quotient, rounded down, of a number less than 256 times the divisor: a coarse guess from below, and what the
    /// rest adds to it.
    #[inline(always)]
    pub(super) fn divide(self, number: u16) -> u8 {
        let number = number >> self.twos;
        let guess = number.wrapping_mul(self.coarse) >> 8;
        let rest = number.wrapping_sub(guess.wrapping_mul(self.odd));
        guess.wrapping_add(rest.wrapping_mul(self.fine) >> 10) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_division_is_exact_for_every_number() {
        for divisor in 1..=25_u16 {
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
