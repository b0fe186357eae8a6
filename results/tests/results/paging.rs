//! Pages: nothing is missing, nothing comes twice, whatever is recorded meanwhile.

use crate::sample::{self, sample};
use procvision_results::{Filter, NewResult, Outcome, Page, Results, RowId};
use serde_json::Map;
use std::sync::atomic::{AtomicBool, Ordering};

/// All pages, with something done after each.
fn pages(results: &Results, mut filter: Filter, mut after_each: impl FnMut(&Page)) -> Vec<RowId> {
    let mut ids = Vec::new();
    loop {
        let page = results.query(&filter).unwrap();
        ids.extend(page.results.iter().map(|result| result.id));
        after_each(&page);
        filter.before = page.next;
        if page.next.is_none() {
            return ids;
        }
    }
}

#[test]
fn pages_have_no_gaps_and_no_doubles_while_results_are_added() {
    let (_folder, results) = sample::empty();
    sample::record_all(&results, (0..700).map(|n| sample(0, n)));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..4_u64 {
            let (results, is_over) = (&results, &is_over);
            scope.spawn(move || {
                let mut n = 10_000 * (writer + 1);
                while !is_over.load(Ordering::Relaxed) {
                    sample::record_all(results, [sample(0, n)]);
                    n += 1;
                }
            });
        }
        for limit in [1, 7, 100, 1_000] {
            let filter = Filter {
                limit: Some(limit),
                ..Filter::default()
            };
            let ids = pages(&results, filter, |_| ());
            // Everything that was there when the first page was read, down to the very first.
            let expected: Vec<RowId> = (1..=ids[0].0).rev().map(RowId).collect();
            assert!(ids == expected, "limit {limit}: {ids:?}");
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn the_last_page_says_so() {
    let (_folder, results) = sample::empty();
    sample::record_all(&results, (0..20).map(|n| sample(0, n)));
    let sizes = |limit, outcome| {
        let mut sizes = Vec::new();
        let filter = Filter {
            limit: Some(limit),
            outcome,
            ..Filter::default()
        };
        pages(&results, filter, |page| sizes.push(page.results.len()));
        sizes
    };
    assert_eq!(sizes(10, None), [10, 10]);
    assert_eq!(sizes(15, None), [15, 5]);
    assert_eq!(sizes(20, None), [20]);
    // Three are OK: 0, 7, 14.
    assert_eq!(sizes(3, Some(Outcome::Ok)), [3]);
    assert_eq!(sizes(2, Some(Outcome::Ok)), [2, 1]);
}

/// A filter that hardly anything fits costs no more than another: its pages end earlier.
#[test]
fn a_page_looks_at_so_many_results_only() {
    let (_folder, results) = sample::empty();
    let plain = |n: u64| NewResult {
        defects: Vec::new(),
        params: Map::new(),
        debug: Map::new(),
        version: if n == 3 { "0.9.0" } else { "1.0.0" }.to_owned(),
        ..sample(0, n)
    };
    sample::record_all(&results, (0..20_100).map(plain));
    let filter = Filter {
        version: Some("0.9.0".to_owned()),
        ..Filter::default()
    };
    let mut found = Vec::new();
    let ids = pages(&results, filter, |page| found.push((page.results.len(), page.next)));
    assert_eq!(found, [(0, Some(RowId(101))), (1, None)]);
    assert_eq!(ids, [RowId(4)]);
}

/// Large results make short pages, of one at least.
#[test]
fn a_page_has_so_many_bytes_only() {
    let (_folder, results) = sample::empty();
    let large = |n: u64| NewResult {
        message: "x".repeat(900_000),
        ..sample(0, n)
    };
    sample::record_all(&results, (0..12).map(large));
    let mut sizes = Vec::new();
    let ids = pages(&results, Filter::default(), |page| sizes.push(page.results.len()));
    assert_eq!(ids, (1..=12).rev().map(RowId).collect::<Vec<_>>());
    assert_eq!(sizes, [5, 5, 2]);
}
