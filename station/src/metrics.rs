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

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
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
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// A question was answered.
    pub fn judged(&self, result: &NewResult, answer: &Answer) {
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
    pub fn text(&self, seats: &[SeatGauges]) -> String {
        self.ready.clear();
        self.waiting.clear();
        for seat in seats {
            let labels = PidLabels { pid: seat.pid.clone() };
            self.ready.get_or_create(&labels).set(i64::from(seat.ready));
            let waiting = i64::try_from(seat.waiting).unwrap_or(i64::MAX);
            self.waiting.get_or_create(&labels).set(waiting);
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
