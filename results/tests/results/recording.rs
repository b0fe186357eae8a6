//! Recording: what is acknowledged, what is refused, and that nobody gets another's answer.

use crate::sample::{self, picture, sample, wait};
use procvision_results::{
    Filter, Options, Outcome, RESULT_BYTES, Results, ResultsError, Retention, RowId, THUMBNAIL_BYTES, ThumbnailPolicy,
};
use rusqlite::Connection;
use serde_json::{Map, json};
use std::pin::pin;
use std::task::{Context, Waker};

/// A result is read as it was recorded, to the last digit.
#[test]
fn what_was_recorded_is_read() {
    let (_folder, results) = sample::empty();
    for n in 0..50 {
        let thumbnail = (n % 2 == 0).then(|| picture(0, n));
        let id = wait(results.record(sample(0, n), thumbnail.clone())).unwrap();
        let stored = results.get(id).unwrap().unwrap();
        assert_eq!(stored.id, id);
        assert_eq!(stored.result, sample(0, n));
        assert_eq!(stored.has_thumbnail, thumbnail.is_some());
        assert_eq!(results.thumbnail(id).unwrap(), thumbnail);
    }
    assert_eq!(results.get(RowId(51)).unwrap(), None);
    assert_eq!(results.thumbnail(RowId(51)).unwrap(), None);
    results.check().unwrap();
}

/// The keys of a stored result are those of the interface.
#[test]
fn a_stored_result_has_exactly_these_keys() {
    let (_folder, results) = sample::empty();
    let id = wait(results.record(sample(0, 0), None)).unwrap();
    let value = serde_json::to_value(results.get(id).unwrap().unwrap()).unwrap();
    let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "id at_ms inspection request_id pid algorithm version digest line step_index phase outcome \
                    error_code message ng_reason defects picture params debug attempts waited_us took_us context \
                    has_thumbnail";
    assert_eq!(
        keys.join(" "),
        expected.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    assert_eq!(
        (&value["id"], &value["phase"], &value["outcome"]),
        (&json!(1), &json!("pre_execute"), &json!("OK"))
    );
    assert_eq!(
        (&value["error_code"], &value["ng_reason"]),
        (&json!(null), &json!(null))
    );
}

/// 32 at once: everyone is told the number of what they recorded.
#[test]
fn everyone_gets_their_own_answer() {
    let (_folder, results) = sample::empty();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let told: Vec<(RowId, u64)> = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..32 {
            let results = results.clone();
            tasks.spawn(async move {
                let mut told = Vec::new();
                for n in 0..40 {
                    let n = writer * 1_000 + n;
                    let id = results.record(sample(1, n), Some(picture(1, n))).await.unwrap();
                    told.push((id, n));
                }
                told
            });
        }
        tasks.join_all().await.into_iter().flatten().collect()
    });
    assert_eq!(told.len(), 32 * 40);
    for (id, n) in told {
        assert_eq!(results.get(id).unwrap().unwrap().result, sample(1, n));
        assert_eq!(results.thumbnail(id).unwrap().unwrap(), picture(1, n));
    }
    assert_eq!(sample::everything(&results).len(), 32 * 40);
}

/// The same request is the same row; a request of the same name is refused.
#[test]
fn a_request_is_recorded_once() {
    let (_folder, results) = sample::empty();
    let first = wait(results.record(sample(0, 1), Some(picture(0, 1)))).unwrap();
    let second = wait(results.record(sample(0, 2), None)).unwrap();
    assert_ne!(first, second);
    assert_eq!(wait(results.record(sample(0, 1), None)).unwrap(), first);

    // Objects are the same whatever the order of their keys.
    let mut turned = sample(0, 1);
    turned.params = turned.params.into_iter().rev().collect();
    assert_ne!(
        serde_json::to_string(&turned.params).unwrap(),
        serde_json::to_string(&sample(0, 1).params).unwrap()
    );
    assert_eq!(wait(results.record(turned, None)).unwrap(), first);

    let mut other = sample(0, 1);
    other.outcome = Outcome::Ok;
    let refused = wait(results.record(other, None)).unwrap_err();
    assert!(
        matches!(&refused, ResultsError::Conflict { request_id, id } if request_id == "0-1" && *id == first),
        "{refused:?}"
    );
    assert_eq!(results.get(first).unwrap().unwrap().result, sample(0, 1));
    assert_eq!(sample::everything(&results).len(), 2);
}

/// One that is refused takes nobody with it, even in the same transaction.
#[test]
fn a_conflict_fails_alone() {
    let (_folder, results) = sample::empty();
    wait(results.record(sample(0, 1), None)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answers = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..64_u64 {
            let results = results.clone();
            tasks.spawn(async move {
                let mut result = sample(0, n / 2 + 2);
                if n % 8 == 0 {
                    result.request_id = "0-1".to_owned();
                }
                results.record(result, None).await
            });
        }
        tasks.join_all().await
    });
    let refused = answers
        .iter()
        .filter(|answer| matches!(answer, Err(ResultsError::Conflict { .. })));
    assert_eq!(refused.count(), 8);
    // All others are twins, of which eight have lost one.
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 56);
    assert_eq!(sample::everything(&results).len(), 1 + 32);
}

/// What can never be stored is refused by name, and leaves nothing behind.
#[test]
fn what_cannot_be_kept_is_refused() {
    let (_folder, results) = sample::empty();
    let refuse = |change: fn(&mut procvision_results::NewResult), thumbnail: Option<Vec<u8>>| {
        let mut result = sample(0, 1);
        change(&mut result);
        wait(results.record(result, thumbnail)).unwrap_err()
    };
    let key = |error: ResultsError| match error {
        ResultsError::Invalid { key, .. } => key,
        other => panic!("{other:?}"),
    };
    assert_eq!(key(refuse(|result| result.request_id.clear(), None)), "request_id");
    assert_eq!(
        key(refuse(|result| result.request_id = "x".repeat(257), None)),
        "request_id"
    );
    assert_eq!(key(refuse(|result| result.at_ms = 1 << 63, None)), "at_ms");
    assert_eq!(key(refuse(|result| result.waited_us = 1 << 63, None)), "waited_us");
    assert_eq!(key(refuse(|result| result.took_us = u64::MAX, None)), "took_us");
    let large = refuse(|_| (), Some(vec![0; THUMBNAIL_BYTES + 1]));
    assert!(
        matches!(large, ResultsError::TooLarge { what: "thumbnail", .. }),
        "{large:?}"
    );
    let large = refuse(
        |result| result.debug = Map::from_iter([("x".to_owned(), "x".repeat(RESULT_BYTES).into())]),
        None,
    );
    assert!(
        matches!(large, ResultsError::TooLarge { what: "result", .. }),
        "{large:?}"
    );
    assert_eq!(sample::everything(&results), []);

    let mut largest = sample(0, 1);
    largest.at_ms = i64::MAX as u64;
    largest.request_id = "x".repeat(256);
    let id = wait(results.record(largest.clone(), Some(vec![7; THUMBNAIL_BYTES]))).unwrap();
    assert_eq!(results.get(id).unwrap().unwrap().result, largest);
}

/// Thumbnails are kept as the policy says.
#[test]
fn thumbnails_by_policy() {
    let policies = [
        (ThumbnailPolicy::Off, [false, false, false]),
        (ThumbnailPolicy::NotOk, [false, true, true]),
        (ThumbnailPolicy::All, [true, true, true]),
    ];
    for (thumbnails, kept) in policies {
        let (_folder, path) = sample::file();
        let retention = Retention {
            thumbnails,
            ..sample::ALL
        };
        let results = Results::open(&path, retention).unwrap();
        for (n, (outcome, is_kept)) in Outcome::ALL.into_iter().zip(kept).enumerate() {
            let mut result = sample(0, n as u64);
            result.outcome = outcome;
            let id = wait(results.record(result, Some(picture(0, 0)))).unwrap();
            assert_eq!(results.keeps_thumbnail(outcome), is_kept);
            assert_eq!(results.get(id).unwrap().unwrap().has_thumbnail, is_kept);
            assert_eq!(results.thumbnail(id).unwrap().is_some(), is_kept);
        }
    }
}

/// While the database is locked results wait, as many as may; then one waits for its place, or is refused at once.
#[test]
fn the_queue_has_a_bound() {
    let (_folder, path) = sample::file();
    let options = Options {
        retention: sample::ALL,
        queue: 2,
        ..Options::default()
    };
    let results = Results::open_with(&path, options).unwrap();
    let locker = Connection::open(&path).unwrap();
    locker.execute_batch("BEGIN IMMEDIATE").unwrap();

    let mut first = pin!(results.record(sample(0, 1), None));
    let mut second = pin!(results.try_record(sample(0, 2), None));
    let mut third = pin!(results.record(sample(0, 3), None));
    let mut context = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert!(second.as_mut().poll(&mut context).is_pending());
    assert!(third.as_mut().poll(&mut context).is_pending());
    let full = wait(results.try_record(sample(0, 4), None)).unwrap_err();
    assert!(matches!(full, ResultsError::Full { waiting: 2 }), "{full:?}");
    assert_eq!(sample::everything(&results), []);

    locker.execute_batch("COMMIT").unwrap();
    wait(async {
        first.await.unwrap();
        second.await.unwrap();
        third.await.unwrap();
    });
    wait(results.try_record(sample(0, 4), None)).unwrap();
    assert_eq!(sample::everything(&results).len(), 4);
}

/// A program that never unlocks the database is an error, not the end.
#[test]
fn a_lock_of_another_program_is_told() {
    let (_folder, path) = sample::file();
    let results = Results::open(&path, sample::ALL).unwrap();
    let locker = Connection::open(&path).unwrap();
    locker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = wait(results.record(sample(0, 1), None)).unwrap_err();
    assert!(matches!(busy, ResultsError::Busy { .. }), "{busy:?}");
    locker.execute_batch("COMMIT").unwrap();
    wait(results.record(sample(0, 1), None)).unwrap();
}

/// What was accepted is written, though nobody waits for it and the last handle goes.
#[test]
fn the_end_writes_what_was_accepted() {
    let (folder, path) = sample::file();
    let results = Results::open(&path, sample::ALL).unwrap();
    {
        let mut context = Context::from_waker(Waker::noop());
        for n in 0..100 {
            let mut abandoned = pin!(results.record(sample(0, n), None));
            // It may even be done already.
            let _ = abandoned.as_mut().poll(&mut context);
        }
    }
    drop(results);
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(files, ["results.db"]);
    let results = Results::open(&path, sample::ALL).unwrap();
    assert_eq!(
        results
            .query(&Filter {
                limit: Some(1_000),
                ..Filter::default()
            })
            .unwrap()
            .results
            .len(),
        100
    );
}
