//! Each filter, and all together, against the plain reading of what they say.

use crate::sample::{self, START_MS, sample};
use procvision_results::{Filter, NewResult, Outcome, PAGE_ROWS, Phase, Results, ResultsError, RowId};

/// What the filter says, in plain words.
fn fits(filter: &Filter, id: RowId, result: &NewResult) -> bool {
    let is = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
    is(&filter.pid, &result.pid)
        && is(&filter.algorithm, &result.algorithm)
        && is(&filter.version, &result.version)
        && is(&filter.inspection, &result.inspection)
        && filter.phase.is_none_or(|phase| phase == result.phase)
        && filter.outcome.is_none_or(|outcome| outcome == result.outcome)
        && filter.since_ms.is_none_or(|since| result.at_ms >= since)
        && filter.until_ms.is_none_or(|until| result.at_ms < until)
        && filter.before.is_none_or(|before| id < before)
}

/// The clock of the station is set back twice, so that numbers and times disagree.
fn recorded() -> Vec<NewResult> {
    let at = |n: u64| START_MS + n * 1_700 - (n / 150) * 150 * 1_200;
    (0..400)
        .map(|n| NewResult {
            at_ms: at(n),
            ..sample(0, n)
        })
        .collect()
}

fn filled() -> (tempfile::TempDir, Results, Vec<(RowId, NewResult)>) {
    let (folder, results) = sample::empty();
    let all = recorded();
    let ids = sample::record_all(&results, all.clone());
    let all = ids.into_iter().zip(all).collect();
    (folder, results, all)
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn every_combination_means_what_it_says() {
    let (_folder, results, all) = filled();
    let inspections = [None, text("inspection-0-7"), text("inspection-0-999")];
    let pids = [None, text("A02"), text("none")];
    let releases = [
        (None, None),
        (text("edges"), None),
        (None, text("1.1.0")),
        (text("labels"), text("1.0.0")),
    ];
    let outcomes = [None, Some(Outcome::Ok), Some(Outcome::Ng), Some(Outcome::Failed)];
    let phases = [None, Some(Phase::Execute)];
    let minute = 60_000;
    let times = [
        (None, None),
        (Some(START_MS + 100_000), None),
        (None, Some(START_MS + 2 * minute)),
        (Some(START_MS + 90_001), Some(START_MS + 250_000)),
        (Some(START_MS + minute), Some(START_MS + minute)),
        (Some(START_MS - minute), Some(START_MS)),
        (Some(u64::MAX), Some(u64::MAX)),
    ];
    let befores = [None, Some(RowId(200)), Some(RowId(1))];
    let mut found = 0;
    for inspection in &inspections {
        for pid in &pids {
            for (algorithm, version) in &releases {
                for (outcome, phase) in outcomes
                    .iter()
                    .flat_map(|outcome| phases.map(|phase| (*outcome, phase)))
                {
                    for ((since_ms, until_ms), before) in times.iter().flat_map(|time| befores.map(|id| (*time, id))) {
                        let filter = Filter {
                            pid: pid.clone(),
                            algorithm: algorithm.clone(),
                            version: version.clone(),
                            phase,
                            outcome,
                            inspection: inspection.clone(),
                            since_ms,
                            until_ms,
                            before,
                            limit: Some(PAGE_ROWS),
                        };
                        let page = results.query(&filter).unwrap();
                        let expected = all.iter().rev().filter(|(id, result)| fits(&filter, *id, result));
                        let got: Vec<RowId> = page.results.iter().map(|result| result.id).collect();
                        assert_eq!(got, expected.map(|(id, _)| *id).collect::<Vec<_>>(), "{filter:?}");
                        assert_eq!(page.next, None);
                        found += got.len();
                    }
                }
            }
        }
    }
    assert!(found > 10_000, "the filters let hardly anything through: {found}");
}

/// Each filter leaves something and takes something away, by itself.
#[test]
fn each_filter_works_alone() {
    let (_folder, results, all) = filled();
    let none = Filter::default();
    let filters = [
        Filter {
            pid: text("B07"),
            ..none.clone()
        },
        Filter {
            algorithm: text("edges"),
            ..none.clone()
        },
        Filter {
            version: text("1.0.0"),
            ..none.clone()
        },
        Filter {
            phase: Some(Phase::PreExecute),
            ..none.clone()
        },
        Filter {
            outcome: Some(Outcome::Ng),
            ..none.clone()
        },
        Filter {
            inspection: text("inspection-0-3"),
            ..none.clone()
        },
        Filter {
            since_ms: Some(START_MS + 120_000),
            ..none.clone()
        },
        Filter {
            until_ms: Some(START_MS + 120_000),
            ..none.clone()
        },
        Filter {
            before: Some(RowId(100)),
            ..none.clone()
        },
    ];
    for filter in filters {
        let page = results
            .query(&Filter {
                limit: Some(PAGE_ROWS),
                ..filter.clone()
            })
            .unwrap();
        assert!(!page.results.is_empty() && page.results.len() < all.len(), "{filter:?}");
        let wrong = page
            .results
            .iter()
            .find(|result| !fits(&filter, result.id, &result.result));
        assert_eq!(wrong, None, "{filter:?}");
    }
}

#[test]
fn limits_are_bounded() {
    let (_folder, results, _) = filled();
    let limited = |limit| {
        results.query(&Filter {
            limit,
            ..Filter::default()
        })
    };
    assert_eq!(limited(None).unwrap().results.len(), 100);
    assert_eq!(limited(Some(1)).unwrap().results.len(), 1);
    for limit in [0, PAGE_ROWS + 1] {
        let error = limited(Some(limit)).unwrap_err();
        assert!(matches!(error, ResultsError::Invalid { key: "limit", .. }), "{error:?}");
    }
}
