//! Statistics, against values worked out by hand.

use crate::sample::{self, sample};
use procvision_results::{BUCKETS, Bucket, Filter, NewResult, Outcome, Phase, ResultsError};

/// A result at a time, with what it took; never asked if that is nothing.
fn at(n: u64, at_ms: u64, outcome: Outcome, took_us: Option<u64>) -> NewResult {
    NewResult {
        at_ms,
        outcome,
        phase: Phase::Execute,
        attempts: u32::from(took_us.is_some()),
        took_us: took_us.unwrap_or(0),
        pid: if n.is_multiple_of(2) { "A01" } else { "A02" }.to_owned(),
        ..sample(0, n)
    }
}

#[test]
fn counts_and_percentiles_are_exact() {
    let (_folder, results) = sample::empty();
    let hour = 3_600_000;
    let mut all = vec![
        // The last millisecond before, and the first of the next.
        at(0, 2 * hour - 1, Outcome::Ok, Some(7)),
        at(2, 3 * hour, Outcome::Failed, None),
    ];
    // 200 times, 1 to 200 in a wild order; and one that was never asked.
    all.extend((0..200).map(|n| {
        let outcome = if n < 30 { Outcome::Ng } else { Outcome::Ok };
        at(10 + n * 2, 2 * hour + n * 100, outcome, Some((n * 77) % 200 + 1))
    }));
    all.push(at(4, 2 * hour + 5, Outcome::Failed, None));
    // Another product, in the same hour.
    all.push(at(5, 2 * hour + 6, Outcome::Ok, Some(1_000_000)));
    sample::record_all(&results, all);

    let filter = Filter {
        pid: Some("A01".to_owned()),
        ..Filter::default()
    };
    let bucket = |t_ms, ok, ng, failed, p50_us, p99_us| Bucket {
        t_ms,
        ok,
        ng,
        failed,
        p50_us,
        p99_us,
    };
    let buckets = results.statistics(&filter, hour).unwrap();
    let expected = [
        bucket(hour, 1, 0, 0, Some(7), Some(7)),
        bucket(2 * hour, 170, 30, 1, Some(100), Some(198)),
        bucket(3 * hour, 0, 0, 1, None, None),
    ];
    assert_eq!(buckets, expected);

    let only = |since_ms, until_ms, outcome| {
        let filter = Filter {
            since_ms,
            until_ms,
            outcome,
            ..filter.clone()
        };
        results.statistics(&filter, hour).unwrap()
    };
    assert_eq!(only(Some(2 * hour), Some(3 * hour), None), expected[1..2]);
    assert_eq!(only(None, Some(2 * hour), None), expected[..1]);
    assert_eq!(only(Some(4 * hour), None, None), []);
    assert_eq!(
        only(None, None, Some(Outcome::Failed))[0],
        bucket(2 * hour, 0, 0, 1, None, None)
    );
}

#[test]
fn one_inspection_has_statistics_as_well() {
    let (_folder, results) = sample::empty();
    sample::record_all(&results, (0..30).map(|n| sample(0, n)));
    let filter = Filter {
        inspection: Some("inspection-0-2".to_owned()),
        ..Filter::default()
    };
    let buckets = results.statistics(&filter, u64::MAX).unwrap();
    // 6 failed after one attempt less than the others, which is none; 7 is good and 8 is not.
    let [bucket] = buckets[..] else { panic!("{buckets:?}") };
    assert_eq!((bucket.t_ms, bucket.ok, bucket.ng, bucket.failed), (0, 1, 1, 1));
    assert_eq!((bucket.p50_us, bucket.p99_us), (Some(50), Some(65)));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let (_folder, results) = sample::empty();
    let all = (0..=BUCKETS as u64).map(|n| at(n, n * 10, Outcome::Ok, Some(1)));
    sample::record_all(&results, all);
    let refused = |filter: Filter, bucket_ms| match results.statistics(&filter, bucket_ms).unwrap_err() {
        ResultsError::Invalid { key, .. } => key,
        other => panic!("{other:?}"),
    };
    let none = Filter::default();
    assert_eq!(refused(none.clone(), 0), "bucket_ms");
    assert_eq!(refused(none.clone(), 10), "bucket_ms");
    assert_eq!(
        results
            .statistics(&none, 11)
            .unwrap()
            .iter()
            .map(|bucket| bucket.ok)
            .sum::<u64>(),
        BUCKETS as u64 + 1
    );
    let limited = Filter {
        limit: Some(1),
        ..none.clone()
    };
    assert_eq!(refused(limited, 1_000), "limit");
    let before = Filter {
        before: Some(procvision_results::RowId(1)),
        ..none
    };
    assert_eq!(refused(before, 1_000), "before");
}
