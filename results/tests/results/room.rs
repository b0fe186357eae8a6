//! No more room: what was acknowledged stays, and so does the handle.

use crate::sample::{self, picture, sample, wait};
use procvision_results::{Filter, NewResult, Options, Results, ResultsError, Retention};
use std::env;
use std::path::Path;
use std::process::Command;

const FILE: &str = "PROCVISION_RESULTS_LIMITED_FILE";

/// Records until that fails; returns how many were recorded, and why no more.
fn fill(results: &Results, run: u64) -> (u64, ResultsError) {
    for n in 0.. {
        if let Err(error) = wait(results.record(sample(run, n), Some(picture(run, n)))) {
            return (n, error);
        }
    }
    unreachable!("the loop has no end");
}

/// All of a run are there, and right.
fn assert_kept(results: &Results, run: u64, count: u64) {
    let kept = sample::everything(results);
    let of_run: Vec<_> = kept
        .iter()
        .rev()
        .filter(|result| result.result.request_id.starts_with(&format!("{run}-")))
        .collect();
    assert_eq!(of_run.len() as u64, count);
    for (n, result) in of_run.into_iter().enumerate() {
        assert_eq!(result.result, sample(run, n as u64));
        assert_eq!(results.thumbnail(result.id).unwrap(), Some(picture(run, n as u64)));
    }
}

#[test]
fn a_full_file_is_told_and_can_be_used_again() {
    let (_folder, path) = sample::file();
    let options = Options {
        retention: Retention {
            max_bytes: Some(1 << 20),
            ..sample::ALL
        },
        ceiling_bytes: Some(2 << 20),
        ..Options::default()
    };
    let results = Results::open_with(&path, options.clone()).unwrap();
    let (count, error) = fill(&results, 0);
    assert!(matches!(error, ResultsError::DiskFull { .. }), "{error:?}");
    assert!(count > 100, "{count}");
    assert_kept(&results, 0, count);
    results.check().unwrap();
    // It fails as often as it is tried.
    let error = wait(results.record(sample(0, count), Some(picture(0, count)))).unwrap_err();
    assert!(matches!(error, ResultsError::DiskFull { .. }), "{error:?}");

    let swept = results.sweep().unwrap();
    assert!(swept.by_size > 0, "{swept:?}");
    wait(results.record(sample(1, 0), Some(picture(1, 0)))).unwrap();
    assert_kept(&results, 1, 1);
    drop(results);
    assert!(std::fs::metadata(&path).unwrap().len() <= 2 << 20);

    // A file that has more than it may is not cut.
    let smaller = Options {
        ceiling_bytes: Some(1),
        ..options
    };
    let results = Results::open_with(&path, smaller).unwrap();
    assert_kept(&results, 1, 1);
    let (_, error) = fill(&results, 2);
    assert!(matches!(error, ResultsError::DiskFull { .. }), "{error:?}");
}

/// A process whose files cannot grow: the disk says no in the middle of writing.
#[test]
#[ignore = "the process with limited files; the test beside it starts it"]
fn limited() {
    let path = env::var_os(FILE).unwrap();
    let results = Results::open(Path::new(&path), sample::ALL).unwrap();
    let (count, error) = fill(&results, 0);
    println!("recorded {count} {}", error.code());
    // Reading goes on, and recording fails as before.
    assert_kept(&results, 0, count);
    wait(results.record(sample(0, count), Some(picture(0, count)))).unwrap_err();
    println!("reads");
}

#[test]
fn a_disk_that_refuses_loses_nothing() {
    let (_folder, path) = sample::file();
    // Blocks of 512 or 1024 bytes, depending on the shell; the signal would end the process.
    let limited = "trap '' XFSZ; ulimit -f 3000; exec \"$0\" \"$@\"";
    let output = Command::new("sh")
        .args(["-c", limited])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "room::limited", "--ignored", "--nocapture"])
        .env(FILE, &path)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let (count, code) = said
        .lines()
        .find_map(|line| line.strip_prefix("recorded ")?.split_once(' '))
        .unwrap();
    let count: u64 = count.parse().unwrap();
    assert_eq!(code, "results-storage");
    assert!(said.lines().any(|line| line == "reads"));
    assert!(count > 50, "{count}");

    // Without the limit everything is as it was acknowledged, and goes on.
    let results = Results::open(&path, sample::ALL).unwrap();
    results.check().unwrap();
    let kept = results
        .query(&Filter {
            limit: Some(1_000),
            ..Filter::default()
        })
        .unwrap()
        .results
        .len() as u64;
    // One that failed can still be there, as nobody was told that it is not.
    assert!((count..=count + 1).contains(&kept), "{kept} of {count}");
    let next = NewResult { ..sample(0, count) };
    wait(results.record(next, Some(picture(0, count)))).unwrap();
    assert_kept(&results, 0, count + 1);
}
