//! How much memory the system has left. It promises more than it has, and ends programs when it is asked to keep the
//! promise; a broker that asks first lets a camera hear it instead.

use std::fs;

/// Bytes that can be had without taking anything from anybody, as the kernel estimates; `None` if it does not say. The
/// bounds of a container are not in it.
pub(super) fn available() -> Option<u64> {
    parse(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn parse(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_among_the_others() {
        let text =
            "MemTotal:       24683044 kB\nMemFree:         7658700 kB\nMemAvailable:   21678324 kB\nBuffers: 4 kB\n";
        assert_eq!(parse(text), Some(21_678_324 * 1024));
        for other in [
            "",
            "MemTotal: 1 kB",
            "MemAvailable: 1",
            "MemAvailable: x kB",
            "MemAvailable: 18446744073709551615 kB",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
        assert!(available().is_some_and(|bytes| bytes > 0));
    }
}
