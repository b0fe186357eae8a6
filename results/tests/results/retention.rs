//! What leaves: by age, by size, oldest first, while results are recorded.

use crate::sample::{self, picture, sample, wait};
use procvision_results::{Filter, NewResult, Results, Retention, RowId, Swept};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    now.as_millis() as u64
}

fn ids(results: &Results) -> Vec<i64> {
    sample::everything(results)
        .iter()
        .rev()
        .map(|result| result.id.0)
        .collect()
}

/// Reopens with another retention.
fn open(path: &Path, max_age: Option<Duration>, max_bytes: Option<u64>) -> Results {
    let retention = Retention {
        max_age,
        max_bytes,
        ..sample::ALL
    };
    Results::open(path, retention).unwrap()
}

#[test]
fn old_results_leave_with_their_thumbnails() {
    let (_folder, path) = sample::file();
    let results = open(&path, Some(10 * DAY), None);
    let day_ms = DAY.as_millis() as u64;
    // Every other one is of today; the others are of 20 days ago, or of 1970.
    let at = |n: u64| match n % 4 {
        0 => 5,
        2 => now_ms() - 20 * day_ms,
        _ => now_ms() - n,
    };
    for n in 0..300 {
        let result = NewResult {
            at_ms: at(n),
            ..sample(0, n)
        };
        wait(results.record(result, Some(picture(0, n)))).unwrap();
    }
    let swept = results.sweep().unwrap();
    assert_eq!((swept.by_age, swept.by_size), (150, 0));
    assert_eq!(ids(&results), (1..=300).filter(|id| id % 2 == 0).collect::<Vec<_>>());
    for id in (1..=300).map(RowId) {
        assert_eq!(results.thumbnail(id).unwrap().is_some(), id.0 % 2 == 0);
    }
    results.check().unwrap();
    let again = results.sweep().unwrap();
    assert_eq!((again.by_age, again.by_size, again.freed_bytes), (0, 0, 0));
    // A time that has left has no results, and the times that are left have theirs.
    let until = Filter {
        until_ms: Some(now_ms() - day_ms),
        ..Filter::default()
    };
    assert_eq!(results.query(&until).unwrap().results, []);
    let since = Filter {
        since_ms: Some(now_ms() - day_ms),
        limit: Some(1_000),
        ..Filter::default()
    };
    assert_eq!(results.query(&since).unwrap().results.len(), 150);
}

#[test]
fn the_file_keeps_its_size() {
    let (_folder, path) = sample::file();
    let most = 2 << 20;
    let results = open(&path, None, Some(most));
    for part in 0..4 {
        for n in 0..300 {
            wait(results.record(sample(part, n), Some(picture(part, n)))).unwrap();
        }
        let swept = results.sweep().unwrap();
        assert_eq!(swept.by_age, 0);
        assert!(swept.file_bytes <= most, "{swept:?}");
        assert_eq!(fs::metadata(&path).unwrap().len(), swept.file_bytes);
        // The newest, without a gap; and not fewer than have room.
        let last = 300 * (part as i64 + 1);
        let left = ids(&results);
        assert_eq!(left, (left[0]..=last).collect::<Vec<_>>());
        assert!(swept.by_size == 0 || left.len() > 150, "{}", left.len());
        results.check().unwrap();
    }
    assert!(ids(&results)[0] > 600);
}

/// The file shrinks when less is to be kept, and numbers are never used again.
#[test]
fn everything_can_leave() {
    let (_folder, path) = sample::file();
    let results = open(&path, None, None);
    for n in 0..300 {
        wait(results.record(sample(0, n), Some(picture(0, n)))).unwrap();
    }
    assert_eq!(results.sweep().unwrap().by_size, 0);
    drop(results);
    let full = fs::metadata(&path).unwrap().len();

    let results = open(&path, None, Some(1));
    let Swept {
        by_size,
        freed_bytes,
        file_bytes,
        ..
    } = results.sweep().unwrap();
    assert_eq!((by_size, ids(&results)), (300, Vec::new()));
    assert_eq!(freed_bytes, full - file_bytes);
    assert_eq!(fs::metadata(&path).unwrap().len(), file_bytes);
    assert!(file_bytes < full / 10);
    let id = wait(results.record(sample(1, 0), None)).unwrap();
    assert_eq!(id, RowId(301));
}

/// While results leave, others come: whoever records is told of a row that is there until its turn to leave comes.
#[test]
fn recording_goes_on_while_results_leave() {
    let (_folder, path) = sample::file();
    let results = open(&path, Some(10 * DAY), None);
    sample::record_all(
        &results,
        (0..3_000).map(|n| NewResult {
            at_ms: n,
            ..sample(0, n)
        }),
    );
    std::thread::scope(|scope| {
        let sweepers: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| results.sweep().unwrap().by_age))
            .collect();
        for n in 0..200 {
            let new = NewResult {
                at_ms: now_ms(),
                ..sample(1, n)
            };
            let id = wait(results.record(new.clone(), Some(picture(1, n)))).unwrap();
            assert_eq!(results.get(id).unwrap().unwrap().result, new);
        }
        // Two sweeps at once share the work.
        let swept: u64 = sweepers.into_iter().map(|sweeper| sweeper.join().unwrap()).sum();
        assert_eq!(swept, 3_000);
    });
    assert_eq!(ids(&results), (3_001..=3_200).collect::<Vec<_>>());
}
