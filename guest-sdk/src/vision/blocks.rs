//! The loops that all kernels run in.
//!
//! The station counts an algorithm's instructions and looks at the clock whenever a loop turns, and there every vector
//! register has to be put aside. A loop that handles 16 bytes a turn spends most of its time so, one that handles 128
//! next to none. The loops here therefore take whole arrays of a fixed length; the compiler makes them straight-line
//! vector code, for the sandbox as well as natively. What is left at the end of a row is done in shorter arrays, and the
//! last few values are copied into one, so that one code serves all.
//!
//! Operations passed in must be plain arithmetic without branches. They use the `wrapping_` functions, because this
//! crate and those of authors may be built with checks for overflow, which are branches.

/// Sets each of `to` from its old value and the values of all sources in the same place, `N` in each turn. Sources may
/// be longer than `to`.
#[inline(always)]
pub(super) fn each<const N: usize, const K: usize, A, T>(to: &mut [T], from: [&[A]; K], op: impl Fn(T, [A; K]) -> T)
where
    A: Copy + Default,
    T: Copy + Default,
{
    let from = from.map(|values| values[..to.len()].as_chunks::<N>());
    let (to, to_rest) = to.as_chunks_mut::<N>();
    for (index, to) in to.iter_mut().enumerate() {
        block(to, from.map(|(values, _)| &values[index]), &op);
    }
    if !to_rest.is_empty() {
        rest(to_rest, from.map(|(_, rest)| rest), &op);
    }
}

/// What is left after whole blocks.
#[inline]
fn rest<const K: usize, A, T>(to: &mut [T], from: [&[A]; K], op: &impl Fn(T, [A; K]) -> T)
where
    A: Copy + Default,
    T: Copy + Default,
{
    let from = from.map(|values| values.as_chunks::<16>());
    let (to, to_rest) = to.as_chunks_mut::<16>();
    for (index, to) in to.iter_mut().enumerate() {
        block(to, from.map(|(values, _)| &values[index]), op);
    }
    if !to_rest.is_empty() {
        let mut last: [T; 16] = padded(to_rest);
        block(&mut last, from.map(|(_, rest)| padded(rest)).each_ref(), op);
        to_rest.copy_from_slice(&last[..to_rest.len()]);
    }
}

/// One turn of [`each`]. A function of its own, since the compiler forgets on the way through `inline(always)` that
/// target and sources do not overlap, and then checks for it or does one value at a time.
#[inline]
fn block<const N: usize, const K: usize, A: Copy, T: Copy>(
    to: &mut [T; N],
    from: [&[A; N]; K],
    op: &impl Fn(T, [A; K]) -> T,
) {
    for i in 0..N {
        to[i] = op(to[i], from.map(|values| values[i]));
    }
}

/// The first values of an array, the others 0. At most as many as the array holds are taken.
#[inline(always)]
pub(super) fn padded<const N: usize, T: Copy + Default>(values: &[T]) -> [T; N] {
    let mut array = [T::default(); N];
    let (blocks, mut rest) = values.as_chunks::<16>();
    let (to, _) = array.as_chunks_mut::<16>();
    for (to, block) in to.iter_mut().zip(blocks) {
        *to = *block;
    }
    let mut to = array.get_mut(16 * blocks.len()..).unwrap_or_default();
    // Fewer than 16: without a loop, which would turn for each value.
    (to, rest) = take::<8, T>(to, rest);
    (to, rest) = take::<4, T>(to, rest);
    (to, rest) = take::<2, T>(to, rest);
    take::<1, T>(to, rest);
    array
}

/// Copies `N` values if there are as many; what is left of both.
#[inline(always)]
fn take<'a, 'b, const N: usize, T: Copy>(to: &'a mut [T], from: &'b [T]) -> (&'a mut [T], &'b [T]) {
    match from.split_first_chunk::<N>() {
        Some((values, from)) if to.len() >= N => {
            let (target, to) = to.split_at_mut(N);
            target.copy_from_slice(values);
            (to, from)
        }
        _ => (to, from),
    }
}
