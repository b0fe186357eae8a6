//! Choosing at run time how wide the machine's registers are. Pixels are converted by ordinary safe loops; compiled for
//! AVX2 they take a quarter of the time that they take with what every x86-64 processor has.

/// Runs `work`, compiled for the widest instructions of this processor that this knows of. `work` should be a loop whose
/// body is inlined; only that is compiled anew.
#[inline(always)]
pub(super) fn widest<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what `with_avx2` needs; the line above has just asked it.
        return unsafe { with_avx2(work) };
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<T>(work: impl FnOnce() -> T) -> T {
    work()
}
