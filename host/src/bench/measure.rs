//! Measuring: subjects that are compared take turns, so that a machine that becomes slower or faster meanwhile does so
//! for all of them.

use super::BenchError;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Something that can be done again and again.
pub struct Subject {
    name: String,
    run: Box<dyn FnMut(u32) -> Result<Duration, BenchError>>,
}

impl Subject {
    /// Something whose whole time counts.
    pub(super) fn new(name: impl Into<String>, mut once: impl FnMut() -> Result<(), BenchError> + 'static) -> Self {
        Self::timed(name, move |times| {
            let start = Instant::now();
            for _ in 0..times {
                once()?;
            }
            Ok(start.elapsed())
        })
    }

    /// Something that takes its own time: `run` does it so many times and says how long that took.
    pub(super) fn timed(
        name: impl Into<String>,
        run: impl FnMut(u32) -> Result<Duration, BenchError> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            run: Box::new(run),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Does it so many times and says how long that took.
    ///
    /// # Errors
    ///
    /// See [`BenchError`].
    pub fn run(&mut self, times: u32) -> Result<Duration, BenchError> {
        (self.run)(times)
    }
}

/// How long one thing takes, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// Half of the samples took no longer.
    pub p50_us: f64,
    /// 99 of a hundred samples took no longer.
    pub p99_us: f64,
    /// The shortest.
    pub min_us: f64,
    /// How many there are. Where one thing is too short to be measured alone, a sample is the mean of many.
    pub samples: u32,
}

impl Timing {
    /// Times in seconds, at least one, in any order. Percentiles are by nearest rank.
    fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_unstable_by(f64::total_cmp);
        let rank = |percent: usize| {
            let rank = (seconds.len() * percent).div_ceil(100).max(1);
            microseconds(seconds[rank - 1])
        };
        Self {
            p50_us: rank(50),
            p99_us: rank(99),
            min_us: rank(0),
            samples: u32::try_from(seconds.len()).unwrap_or(u32::MAX),
        }
    }

    /// How many times as long as `baseline`, by the medians.
    pub fn ratio(&self, baseline: &Self) -> f64 {
        round(self.p50_us / baseline.p50_us)
    }
}

/// To the tenth of a nanosecond.
fn microseconds(seconds: f64) -> f64 {
    (seconds * 1e10).round() / 1e4
}

/// To four decimals, so that what is printed is what is compared.
pub(super) fn round(ratio: f64) -> f64 {
    (ratio * 1e4).round() / 1e4
}

/// How carefully something is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Enough samples.
    samples: usize,
    /// Samples that are taken however long they take.
    least: usize,
    /// For one subject, after which no more than the least samples are taken.
    time: Duration,
    /// What one sample should last at least.
    sample: Duration,
}

/// Samples of one subject in a row. The first run of a turn does not count: the processor's caches still hold what the
/// other subjects worked on.
const TURN: usize = 10;
/// A turn ends after this however few samples it has.
const TURN_TIME: Duration = Duration::from_millis(50);

impl Effort {
    /// For figures to quote.
    pub(super) const FULL: Self = Self {
        samples: 500,
        least: 20,
        time: Duration::from_millis(1500),
        sample: Duration::from_micros(20),
    };

    /// To see that it works.
    pub(super) const QUICK: Self = Self {
        samples: 20,
        least: 2,
        time: Duration::from_millis(30),
        sample: Duration::from_micros(20),
    };

    /// The same with samples that last at least so long.
    pub(super) fn sample(self, sample: Duration) -> Self {
        Self { sample, ..self }
    }

    /// The same with so many samples.
    pub(super) fn samples(self, samples: usize) -> Self {
        Self {
            samples: samples.min(self.samples),
            ..self
        }
    }
}

/// One subject and what is known about it so far.
struct Contender<'a> {
    subject: &'a mut Subject,
    /// Runs that make a sample.
    batch: u32,
    seconds: Vec<f64>,
    spent: Duration,
}

impl<'a> Contender<'a> {
    /// Lets it warm up and finds out how many runs make a sample.
    fn new(subject: &'a mut Subject, effort: &Effort) -> Result<Self, BenchError> {
        let mut batch = 1_u32;
        // The first run finds everything cold.
        subject.run(1)?;
        loop {
            let took = subject.run(batch)?;
            if took >= effort.sample || batch >= 1 << 20 {
                break;
            }
            let missing = effort.sample.as_secs_f64() / took.as_secs_f64().max(1e-9);
            batch = (f64::from(batch) * missing.clamp(1.2, 16.0)).ceil() as u32;
        }
        Ok(Self {
            subject,
            batch,
            seconds: Vec::with_capacity(effort.samples),
            spent: Duration::ZERO,
        })
    }

    fn is_done(&self, effort: &Effort) -> bool {
        let taken = self.seconds.len();
        taken >= effort.samples || (taken >= effort.least && self.spent >= effort.time)
    }

    fn turn(&mut self) -> Result<(), BenchError> {
        let begun = Instant::now();
        self.subject.run(1)?;
        for _ in 0..TURN {
            let took = self.subject.run(self.batch)?;
            self.seconds.push(took.as_secs_f64() / f64::from(self.batch));
            if begun.elapsed() >= TURN_TIME {
                break;
            }
        }
        self.spent += begun.elapsed();
        Ok(())
    }
}

/// Measures the subjects in turns, until there is enough of each.
pub(super) fn measure(subjects: &mut [Subject], effort: Effort) -> Result<Vec<Timing>, BenchError> {
    let mut contenders = subjects
        .iter_mut()
        .map(|subject| Contender::new(subject, &effort))
        .collect::<Result<Vec<_>, _>>()?;
    while contenders.iter().any(|contender| !contender.is_done(&effort)) {
        for contender in &mut contenders {
            // The quick ones go on for as long as the slow ones need, within reason.
            let enough = contender.seconds.len() >= effort.samples * 2 || contender.spent >= effort.time * 2;
            if !enough || !contender.is_done(&effort) {
                contender.turn()?;
            }
        }
    }
    Ok(contenders
        .into_iter()
        .map(|contender| Timing::of(contender.seconds))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[test]
    fn percentiles_are_samples_that_were_taken() {
        let timing = Timing::of((1..=200).rev().map(|number| f64::from(number) * 1e-6).collect());
        assert_eq!((timing.min_us, timing.p50_us, timing.p99_us), (1.0, 100.0, 198.0));
        assert_eq!(timing.samples, 200);
        let double = Timing::of(vec![2e-4]);
        assert_eq!(double.ratio(&timing), 2.0);
    }

    #[test]
    fn subjects_take_turns_and_all_get_their_samples() {
        let order = Rc::new(RefCell::new(Vec::new()));
        let subject = |name: &'static str, time: Duration| {
            let order = order.clone();
            Subject::timed(name, move |times| {
                order.borrow_mut().push(name);
                Ok(time * times)
            })
        };
        let mut subjects = [
            subject("a", Duration::from_micros(5)),
            subject("b", Duration::from_millis(7)),
        ];
        let timings = measure(&mut subjects, Effort::FULL).unwrap();
        assert!(timings.iter().all(|timing| timing.samples >= 500), "{timings:?}");
        assert_eq!((timings[0].p50_us, timings[1].p99_us), (5.0, 7000.0));
        let order = order.borrow();
        let changes = order.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(changes >= 90, "{changes}");
    }

    #[test]
    fn an_error_ends_the_measurement() {
        let broken = Subject::new("broken", || {
            Err(BenchError::Wrong {
                what: "broken".into(),
                found: 1,
                expected: 2,
            })
        });
        assert!(measure(&mut [broken], Effort::QUICK).is_err());
    }
}
