//! What is counted and measured, as Prometheus reads it.

use procvision_results::NewResult;
use procvision_runner::Answer;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use serde_json::Value;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a question was about and how it came out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QuestionLabels {
    pid: String,
    algorithm: String,
    version: String,
    phase: &'static str,
    outcome: &'static str,
}

/// A product model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PidLabels {
    pid: String,
}

/// A way in which a picture was delivered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    pid: String,
    way: String,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LineLabels {
    line: String,
}

/// A frame pool.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: String,
}

/// How a product model is at this moment.
#[derive(Clone, Debug)]
pub struct SeatGauges {
    /// Which one.
    pub pid: String,
    /// Whether it can be asked.
    pub ready: bool,
    /// Questions that wait or are asked.
    pub waiting: usize,
}

/// What a line has done since the station began.
#[derive(Clone, Debug)]
pub struct LineCounts {
    /// Which one.
    pub line: String,
    /// Pictures that it has taken.
    pub pictures: u64,
    /// Pictures that it has passed over.
    pub dropped: u64,
    /// Pictures that it has taken, and could not judge.
    pub not_judged: u64,
}

/// What a pool has seen since it was made.
#[derive(Clone, Debug)]
pub struct PoolCounts {
    /// Which one.
    pub pool: String,
    /// Pictures that were published.
    pub published: u64,
    /// Pictures for which no slot was free.
    pub dropped: u64,
    /// Pictures a second.
    pub fps: f64,
}

/// How everything is at the moment at which it is asked.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// What judges.
    pub seats: Vec<SeatGauges>,
    /// Lines that have run.
    pub lines: Vec<LineCounts>,
    /// Pools; none if the broker does not answer.
    pub pools: Vec<PoolCounts>,
}

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    /// Whoever reads has it: what is of the moment is set, and then read.
    reading: Mutex<()>,
    questions: Family<QuestionLabels, Counter>,
    attempts: Family<PidLabels, Counter>,
    took: Family<PidLabels, Histogram>,
    waited: Family<PidLabels, Histogram>,
    fuel: Family<PidLabels, Counter>,
    peak_memory: Family<PidLabels, Gauge>,
    deliveries: Family<DeliveryLabels, Counter>,
    restarts: Family<PidLabels, Counter>,
    alarms: Family<PidLabels, Counter>,
    ready: Family<PidLabels, Gauge>,
    waiting: Family<PidLabels, Gauge>,
    kept: Family<PidLabels, Histogram>,
    line_pictures: Family<LineLabels, Counter>,
    line_dropped: Family<LineLabels, Counter>,
    line_not_judged: Family<LineLabels, Counter>,
    pool_published: Family<PoolLabels, Counter>,
    pool_dropped: Family<PoolLabels, Counter>,
    pool_rate: Family<PoolLabels, Gauge<f64, AtomicU64>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Upper bounds of times, in seconds: from what a small step takes to the patience of a runner.
const SECONDS: [f64; 14] = [
    0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0,
];

fn times() -> Histogram {
    Histogram::new(SECONDS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("procvision");
        let took = Family::<PidLabels, Histogram>::new_with_constructor(times);
        let waited = Family::<PidLabels, Histogram>::new_with_constructor(times);
        let kept = Family::<PidLabels, Histogram>::new_with_constructor(times);
        let metrics = Self {
            questions: Family::default(),
            attempts: Family::default(),
            took,
            waited,
            fuel: Family::default(),
            peak_memory: Family::default(),
            deliveries: Family::default(),
            restarts: Family::default(),
            alarms: Family::default(),
            ready: Family::default(),
            waiting: Family::default(),
            kept,
            line_pictures: Family::default(),
            line_dropped: Family::default(),
            line_not_judged: Family::default(),
            pool_published: Family::default(),
            pool_dropped: Family::default(),
            pool_rate: Family::default(),
            reading: Mutex::default(),
            registry: Registry::default(),
        };
        let Metrics {
            questions,
            attempts,
            took,
            waited,
            fuel,
            peak_memory,
            deliveries,
            restarts,
            alarms,
            ready,
            waiting,
            kept,
            line_pictures,
            line_dropped,
            line_not_judged,
            pool_published,
            pool_dropped,
            pool_rate,
            ..
        } = &metrics;
        registry.register(
            "questions",
            "Questions that were answered, by how they came out",
            questions.clone(),
        );
        registry.register(
            "attempts",
            "Times that a process was asked, retries included",
            attempts.clone(),
        );
        let help = "From asking a process to its answer; of retries the last";
        registry.register_with_unit("question", help, Unit::Seconds, took.clone());
        let help = "From the wish to ask to the moment at which it was asked; earlier attempts included";
        registry.register_with_unit("queue", help, Unit::Seconds, waited.clone());
        registry.register(
            "fuel",
            "Fuel that algorithms have used, where it is published",
            fuel.clone(),
        );
        let help = "Most linear memory of the algorithm's last call, where it is published";
        registry.register_with_unit("peak_memory", help, Unit::Bytes, peak_memory.clone());
        let help = "Pictures by the way in which they were delivered, where it is published";
        registry.register("pictures", help, deliveries.clone());
        registry.register("restarts", "Processes that were started again", restarts.clone());
        registry.register("alarms", "Times that somebody was called", alarms.clone());
        registry.register("ready", "Whether the product model can be judged", ready.clone());
        registry.register(
            "waiting",
            "Questions that wait or are asked at this moment",
            waiting.clone(),
        );
        let help = "From an answer to the moment at which its result is on disk";
        registry.register_with_unit("keep", help, Unit::Seconds, kept.clone());
        registry.register("line_pictures", "Pictures that a line has taken", line_pictures.clone());
        let help = "Pictures that were published while a line ran, and gone before it came to them";
        registry.register("line_pictures_dropped", help, line_dropped.clone());
        let help = "Pictures that a line has taken, and that could not be judged";
        registry.register("line_pictures_not_judged", help, line_not_judged.clone());
        let help = "Pictures that were published in a frame pool";
        registry.register("pool_published", help, pool_published.clone());
        let help = "Pictures of a camera for which the pool had no free slot";
        registry.register("pool_dropped", help, pool_dropped.clone());
        let help = "Pictures that are published in a second, of the last five";
        registry.register("pool_fps", help, pool_rate.clone());
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// A question was answered, and it took so long to bring that to disk.
    pub fn judged(&self, result: &NewResult, answer: &Answer, kept: Duration) {
        let pid = PidLabels {
            pid: result.pid.clone(),
        };
        let labels = QuestionLabels {
            pid: result.pid.clone(),
            algorithm: result.algorithm.clone(),
            version: result.version.clone(),
            phase: result.phase.as_str(),
            outcome: result.outcome.as_str(),
        };
        self.questions.get_or_create(&labels).inc();
        self.attempts.get_or_create(&pid).inc_by(answer.attempts.into());
        self.took.get_or_create(&pid).observe(answer.took.as_secs_f64());
        self.waited.get_or_create(&pid).observe(answer.waited.as_secs_f64());
        self.kept.get_or_create(&pid).observe(kept.as_secs_f64());
        let number = |key: &str| result.debug.get(key).and_then(Value::as_u64);
        if let Some(fuel) = number("fuel") {
            self.fuel.get_or_create(&pid).inc_by(fuel);
        }
        if let Some(bytes) = number("peak_memory_bytes").and_then(|bytes| i64::try_from(bytes).ok()) {
            self.peak_memory.get_or_create(&pid).set(bytes);
        }
        if let Some(way @ ("map" | "copy" | "map_and_copy" | "none")) =
            result.debug.get("picture").and_then(Value::as_str)
        {
            let labels = DeliveryLabels {
                pid: result.pid.clone(),
                way: way.to_owned(),
            };
            self.deliveries.get_or_create(&labels).inc();
        }
    }

    /// A process of the product model was started again.
    pub fn restarted(&self, pid: &str) {
        self.restarts.get_or_create(&PidLabels { pid: pid.to_owned() }).inc();
    }

    /// Somebody was called about the product model.
    pub fn alarm(&self, pid: &str) {
        self.alarms.get_or_create(&PidLabels { pid: pid.to_owned() }).inc();
    }

    /// Everything, in the text format of OpenMetrics 1.0.
    pub fn text(&self, moment: &Moment) -> String {
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        self.ready.clear();
        self.waiting.clear();
        for seat in &moment.seats {
            let labels = PidLabels { pid: seat.pid.clone() };
            self.ready.get_or_create(&labels).set(i64::from(seat.ready));
            let waiting = i64::try_from(seat.waiting).unwrap_or(i64::MAX);
            self.waiting.get_or_create(&labels).set(waiting);
        }
        self.line_pictures.clear();
        self.line_dropped.clear();
        self.line_not_judged.clear();
        for counts in &moment.lines {
            let labels = LineLabels {
                line: counts.line.clone(),
            };
            self.line_pictures.get_or_create(&labels).inc_by(counts.pictures);
            self.line_dropped.get_or_create(&labels).inc_by(counts.dropped);
            self.line_not_judged.get_or_create(&labels).inc_by(counts.not_judged);
        }
        self.pool_published.clear();
        self.pool_dropped.clear();
        self.pool_rate.clear();
        for counts in &moment.pools {
            let labels = PoolLabels {
                pool: counts.pool.clone(),
            };
            self.pool_published.get_or_create(&labels).inc_by(counts.published);
            self.pool_dropped.get_or_create(&labels).inc_by(counts.dropped);
            self.pool_rate.get_or_create(&labels).set(counts.fps);
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
