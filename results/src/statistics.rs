//! How many products were good, and how long that took, over time.
//!
//! Counts are exact. `p50_us` and `p99_us` are exact as well: all times of a bucket are put in order, and the one at
//! the nearest rank is taken, ceil(p / 100 × n) counted from 1, so that each is a time that was really measured. They
//! are times of asking the algorithm: all attempts at a question, without the waiting before them. A question that
//! ran into its time limit counts, with what it took until then. One that was never asked (0 attempts) took no time,
//! and is left out: it would make the algorithm look fast while it is down.

use crate::error::ResultsError;
use crate::filter::Filter;
use crate::reader::ReadError;
use crate::record::Outcome;
use rusqlite::types::Value;
use rusqlite::{Transaction, params_from_iter};
use serde::{Deserialize, Serialize};

/// Most buckets of one answer.
pub const BUCKETS: usize = 10_000;
/// Most results that are counted for one answer, in which case it takes some seconds.
pub const COUNTED_ROWS: usize = 5_000_000;

/// What was judged in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// When it begins, a multiple of its length: milliseconds since 1970.
    pub t_ms: u64,
    /// Results with outcome OK.
    pub ok: u64,
    /// Results with outcome NG.
    pub ng: u64,
    /// Results with outcome FAILED.
    pub failed: u64,
    /// Microseconds that half of what was asked took at most; nothing if nothing was asked.
    pub p50_us: Option<u64>,
    /// Microseconds that 99 of 100 questions took at most; nothing if nothing was asked.
    pub p99_us: Option<u64>,
}

/// The bucket that is being filled.
struct Open {
    bucket: Bucket,
    times: Vec<u64>,
}

impl Open {
    fn new(t_ms: u64) -> Self {
        let bucket = Bucket {
            t_ms,
            ok: 0,
            ng: 0,
            failed: 0,
            p50_us: None,
            p99_us: None,
        };
        let times = Vec::new();
        Self { bucket, times }
    }

    fn count(&mut self, outcome: Outcome, took_us: Option<u64>) {
        let count = match outcome {
            Outcome::Ok => &mut self.bucket.ok,
            Outcome::Ng => &mut self.bucket.ng,
            Outcome::Failed => &mut self.bucket.failed,
        };
        *count += 1;
        self.times.extend(took_us);
    }

    fn close(mut self) -> Bucket {
        self.times.sort_unstable();
        self.bucket.p50_us = percentile(&self.times, 50);
        self.bucket.p99_us = percentile(&self.times, 99);
        self.bucket
    }
}

/// The value at the nearest rank. `percent` is 1 to 100.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = sorted.len().checked_mul(percent)?.div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// Those buckets in which something was judged, in their order.
pub(crate) fn buckets(
    transaction: &Transaction<'_>,
    filter: &Filter,
    bucket_ms: u64,
) -> Result<Vec<Bucket>, ReadError> {
    filter.is_for_statistics().map_err(ReadError::Refused)?;
    if bucket_ms == 0 {
        return Err(invalid_bucket("it is 0; at least 1 millisecond is accepted".to_owned()));
    }
    let (text, values) = question(filter);
    let mut statement = transaction.prepare_cached(&text)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut buckets = Vec::new();
    let mut open: Option<Open> = None;
    let mut counted = 0_usize;
    while let Some(row) = rows.next()? {
        counted += 1;
        if counted > COUNTED_ROWS {
            return Err(ReadError::Refused(ResultsError::TooMany { bound: COUNTED_ROWS }));
        }
        if !row.get::<_, bool>(0)? {
            continue;
        }
        let at_ms = natural(row.get(1)?)?;
        let took_us = natural(row.get(4)?)?;
        let was_asked = row.get::<_, i64>(3)? > 0;
        let t_ms = at_ms - at_ms % bucket_ms;
        let mut this = match open.take() {
            Some(this) if this.bucket.t_ms == t_ms => this,
            finished => {
                buckets.extend(finished.map(Open::close));
                if buckets.len() == BUCKETS {
                    let why = format!("{bucket_ms} ms make more than {BUCKETS} buckets of this time");
                    return Err(invalid_bucket(why));
                }
                Open::new(t_ms)
            }
        };
        this.count(row.get(2)?, was_asked.then_some(took_us));
        open = Some(this);
    }
    buckets.extend(open.map(Open::close));
    Ok(buckets)
}

fn invalid_bucket(why: String) -> ReadError {
    ReadError::Refused(ResultsError::Invalid { key: "bucket_ms", why })
}

fn natural(number: i64) -> Result<u64, ReadError> {
    u64::try_from(number).map_err(|_| ReadError::Unreadable(format!("a time is {number}")))
}

/// Goes through the results of a time in the order of their times, and says of each whether it fits.
fn question(filter: &Filter) -> (String, Vec<Value>) {
    let fits = filter.condition();
    // An inspection has few results, which may be put in order; everything else is in the index that is in order.
    let (index, path) = match &filter.inspection {
        Some(_) => ("results_by_inspection", "inspection = ? AND"),
        None => ("results_by_time", ""),
    };
    let text = format!(
        "SELECT ({}), at_ms, outcome, attempts, took_us FROM results INDEXED BY {index} \
         WHERE {path} at_ms >= ? AND at_ms < ? ORDER BY at_ms",
        fits.text()
    );
    let mut values = fits.values;
    values.extend(filter.inspection.clone().map(Value::from));
    let (since, until) = filter.times();
    values.extend([since.into(), until.into()]);
    (text, values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Phase;
    use crate::schema;

    #[test]
    fn percentiles_are_values_at_the_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(
            (percentile(&hundred, 50), percentile(&hundred, 99)),
            (Some(50), Some(99))
        );
        assert_eq!((percentile(&[7], 50), percentile(&[7], 99)), (Some(7), Some(7)));
        assert_eq!((percentile(&[1, 9], 50), percentile(&[1, 9], 99)), (Some(1), Some(9)));
        assert_eq!(
            (percentile(&[1, 2, 9], 50), percentile(&[1, 2, 9], 99)),
            (Some(2), Some(9))
        );
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn statistics_never_touch_the_rows() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::open_writer(&folder.path().join("results.db"), None).unwrap();
        let text = || Some("x".to_owned());
        let mut filter = Filter {
            pid: text(),
            algorithm: text(),
            version: text(),
            phase: Some(Phase::Execute),
            outcome: Some(Outcome::Ng),
            since_ms: Some(1),
            until_ms: Some(2),
            ..Filter::default()
        };
        let steps = |filter: &Filter| {
            let (text, values) = question(filter);
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
            let steps = statement.query_map(params_from_iter(values), |row| row.get(3)).unwrap();
            steps.collect::<Result<Vec<String>, _>>().unwrap()
        };
        let all = ["SEARCH results USING COVERING INDEX results_by_time (at_ms>? AND at_ms<?)"];
        assert_eq!(steps(&filter), all);
        assert_eq!(steps(&Filter::default()), all);
        filter.inspection = text();
        let of_one = "SEARCH results USING INDEX results_by_inspection (inspection=?)";
        assert_eq!(steps(&filter)[0], of_one);
    }
}
