//! What an adapter takes while it is asked, and whether that grows.

use crate::processes::Taken;
use serde::Serialize;

/// Memory by which an adapter may differ from itself: what an allocator keeps, and instances of different moments.
const SLACK_BYTES: u64 = 8 << 20;
/// The part of the looks that is the warm-up.
const WARM_UP: usize = 10;

/// What was taken at many moments, in their order.
#[derive(Debug, Default)]
pub struct Watch {
    looks: Vec<Taken>,
}

/// What was taken after the warm-up and in the end: medians of a tenth of all looks each, or what there is.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Growth {
    /// After the warm-up.
    pub before: Taken,
    /// In the end.
    pub after: Taken,
    /// The most memory at any moment after the warm-up.
    pub most_memory_bytes: u64,
}

impl Watch {
    pub fn look(&mut self, taken: Taken) {
        self.looks.push(taken);
    }

    pub fn looks(&self) -> u64 {
        self.looks.len() as u64
    }

    pub fn growth(&self) -> Growth {
        let part = (self.looks.len() / WARM_UP).max(1);
        let warm = self
            .looks
            .get(part.min(self.looks.len().saturating_sub(part))..)
            .unwrap_or_default();
        Growth {
            before: median(warm.get(..part.min(warm.len())).unwrap_or_default()),
            after: median(warm.get(warm.len().saturating_sub(part)..).unwrap_or_default()),
            most_memory_bytes: warm.iter().map(|taken| taken.memory_bytes).max().unwrap_or(0),
        }
    }
}

impl Growth {
    /// What has grown, if something has.
    pub fn problem(&self) -> Option<String> {
        let (before, after) = (&self.before, &self.after);
        if after.memory_bytes > before.memory_bytes.saturating_add(SLACK_BYTES) {
            let (before, after) = (before.memory_bytes >> 10, after.memory_bytes >> 10);
            return Some(format!("memory grew from {before} KiB to {after} KiB"));
        }
        let counts = [
            (
                "descriptors",
                before.descriptors.unwrap_or(0),
                after.descriptors.unwrap_or(0),
            ),
            ("threads", before.threads, after.threads),
            ("processes", before.processes, after.processes),
        ];
        let (what, before, after) = counts.into_iter().find(|(_, before, after)| after > before)?;
        Some(format!("{what} grew from {before} to {after}"))
    }
}

fn median(looks: &[Taken]) -> Taken {
    let of = |number: fn(&Taken) -> u64| {
        let mut numbers: Vec<u64> = looks.iter().map(number).collect();
        numbers.sort_unstable();
        numbers.get(numbers.len() / 2).copied().unwrap_or(0)
    };
    let told = looks.iter().all(|taken| taken.descriptors.is_some());
    Taken {
        memory_bytes: of(|taken| taken.memory_bytes),
        private_bytes: of(|taken| taken.private_bytes),
        descriptors: told.then(|| of(|taken| taken.descriptors.unwrap_or(0))),
        threads: of(|taken| taken.threads),
        processes: of(|taken| taken.processes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(of: impl Fn(u64) -> Taken) -> Growth {
        let mut watch = Watch::default();
        (0..100).for_each(|look| watch.look(of(look)));
        watch.growth()
    }

    fn taken(memory_bytes: u64, descriptors: u64) -> Taken {
        Taken {
            memory_bytes,
            private_bytes: memory_bytes,
            descriptors: Some(descriptors),
            threads: 5,
            processes: 2,
        }
    }

    #[test]
    fn what_settles_is_no_growth_and_what_creeps_is() {
        let settles = growth(|look| taken(if look < 8 { look << 20 } else { 8 << 20 }, 9));
        assert_eq!(settles.problem(), None);
        let creeps = growth(|look| taken(look << 20, 9));
        assert!(creeps.problem().unwrap().starts_with("memory grew"));
        let leaks = growth(|look| taken(1, 9 + look / 20));
        assert_eq!(leaks.problem().unwrap(), "descriptors grew from 9 to 13");
    }

    #[test]
    fn one_look_or_none_is_no_growth() {
        assert_eq!(Watch::default().growth().problem(), None);
        let mut watch = Watch::default();
        watch.look(taken(5, 6));
        assert_eq!(watch.growth().problem(), None);
    }
}
