//! Running sums along a row.

/// `before[i + 1]` becomes the sum of `sums[..=i]`.
pub(super) fn add_up<const C: usize>(sums: &[[u32; C]], before: &mut [[u64; C]]) {
    run(sums, &mut before[1..], [0; C], |total: u64, sum| {
        total.wrapping_add(u64::from(sum))
    });
}

/// The same in 32 bits, wrapping around: differences of two are right if they fit.
pub(super) fn add_up_wrapping<const C: usize>(sums: &[[u32; C]], before: &mut [[u32; C]]) {
    run(sums, &mut before[1..], [0; C], |total: u32, sum| {
        total.wrapping_add(sum)
    });
}

/// Each value waits for the one before it, so that there is nothing for vectors to do; 16 in one turn of the loop keep
/// the station's counting from mattering.
#[inline(always)]
fn run<const C: usize, T: Copy>(sums: &[[u32; C]], to: &mut [[T; C]], mut total: [T; C], add: impl Fn(T, u32) -> T) {
    let mut step = |sum: &[u32; C], to: &mut [T; C]| {
        for channel in 0..C {
            total[channel] = add(total[channel], sum[channel]);
        }
        *to = total;
    };
    let (sums, rest) = sums.as_chunks::<16>();
    let (to, to_rest) = to.as_chunks_mut::<16>();
    for (sums, to) in sums.iter().zip(to) {
        for i in 0..16 {
            step(&sums[i], &mut to[i]);
        }
    }
    for (sum, to) in rest.iter().zip(to_rest) {
        step(sum, to);
    }
}
