//! What was acknowledged is there after the process was killed.

use crate::sample::{self, picture, sample};
use procvision_results::{Results, Retention, RowId};
use std::collections::HashMap;
use std::env;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// How often a process is killed.
const KILLS: u64 = 40;
/// How many record at the same time.
const WRITERS: u64 = 8;

/// Where the process that is killed finds what it is to do.
const FILE: &str = "PROCVISION_RESULTS_FILE";
const RUN: &str = "PROCVISION_RESULTS_RUN";

/// Bytes that are kept, if results are to leave as well.
const BYTES: &str = "PROCVISION_RESULTS_BYTES";

/// Records and says so, until it is killed.
#[test]
#[ignore = "the process that is killed; the test beside it starts it"]
fn recorder() {
    let path = env::var_os(FILE).unwrap();
    let run = env::var(RUN).unwrap().parse().unwrap();
    let max_bytes = env::var(BYTES).ok().map(|bytes| bytes.parse().unwrap());
    let retention = Retention {
        max_bytes,
        ..sample::ALL
    };
    let results = Results::open(Path::new(&path), retention).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let results = results.clone();
            tasks.spawn(async move {
                for n in (writer..).step_by(WRITERS as usize) {
                    let id = results.record(sample(run, n), Some(picture(run, n))).await.unwrap();
                    // One write to the pipe, whole or not at all.
                    println!("acknowledged {id} {n}");
                }
            });
        }
        if max_bytes.is_some() {
            tasks.spawn_blocking(move || {
                loop {
                    results.sweep().unwrap();
                }
            });
        }
        tasks.join_all().await;
    });
}

/// Starts a process, kills it while it records, and returns what it said.
fn recorded_until_killed(path: &Path, run: u64, max_bytes: Option<u64>) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "durability::recorder", "--ignored", "--nocapture"])
        .env(FILE, path)
        .env(RUN, run.to_string())
        .stdout(Stdio::piped());
    if let Some(bytes) = max_bytes {
        command.env(BYTES, bytes.to_string());
    }
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    // Somewhere in the first lines; where exactly in a commit that hits is up to the machine.
    let lines = RandomState::new().hash_one(run) % 150;
    let mut said = String::new();
    for _ in 0..lines {
        stdout.read_line(&mut said).unwrap();
    }
    child.kill().unwrap();
    stdout.read_to_string(&mut said).unwrap();
    // Killed, not failed: a process that panicked has a status of its own.
    assert_eq!(child.wait().unwrap().signal(), Some(9), "{said}");
    said
}

/// What the process said it had recorded: the number of each row, and which result it is.
fn acknowledged(lines: &str) -> impl Iterator<Item = (RowId, u64)> {
    lines.lines().filter_map(|line| {
        let (id, n) = line.strip_prefix("acknowledged ")?.split_once(' ')?;
        Some((id.parse().unwrap(), n.parse().unwrap()))
    })
}

#[test]
fn what_was_acknowledged_survives_sigkill() {
    let (_folder, path) = sample::file();
    let mut all: HashMap<RowId, (u64, u64)> = HashMap::new();
    for run in 0..KILLS {
        let said = recorded_until_killed(&path, run, None);
        for (id, n) in acknowledged(&said) {
            // No number is ever given twice.
            assert_eq!(all.insert(id, (run, n)), None);
        }
        let results = Results::open(&path, sample::ALL).unwrap();
        results.check().unwrap();
        for (id, n) in acknowledged(&said) {
            assert_eq!(results.get(id).unwrap().unwrap().result, sample(run, n));
        }
    }
    assert!(
        all.len() > KILLS as usize,
        "hardly anything was recorded: {}",
        all.len()
    );

    // The next crashes have taken nothing away, and what is there without having been acknowledged is right as well.
    let results = Results::open(&path, sample::ALL).unwrap();
    let stored = sample::everything(&results);
    for result in &stored {
        let (run, n) = result.result.request_id.split_once('-').unwrap();
        let (run, n) = (run.parse().unwrap(), n.parse().unwrap());
        assert_eq!(result.result, sample(run, n));
        assert_eq!(results.thumbnail(result.id).unwrap().unwrap(), picture(run, n));
        if let Some(told) = all.remove(&result.id) {
            assert_eq!(told, (run, n));
        }
    }
    assert!(all.is_empty(), "lost: {all:?}");
}

/// Results leave meanwhile. What was acknowledged is there, unless it was the turn of it and of all that are older.
#[test]
fn only_the_oldest_leave_when_a_process_is_killed_that_sweeps() {
    let (_folder, path) = sample::file();
    let mut all = HashMap::new();
    let mut left = 0;
    for run in 0..KILLS / 2 {
        let said = recorded_until_killed(&path, run, Some(1 << 20));
        for (id, n) in acknowledged(&said) {
            assert_eq!(all.insert(id, (run, n)), None);
        }
        let results = Results::open(&path, sample::ALL).unwrap();
        results.check().unwrap();
        let stored = sample::everything(&results);
        let Some(oldest) = stored.last().map(|result| result.id) else {
            continue;
        };
        let mut there = HashMap::new();
        for result in stored {
            assert!(result.has_thumbnail);
            there.insert(result.id, result.result);
        }
        for (id, (run, n)) in &all {
            if *id < oldest {
                left += 1;
            } else {
                assert_eq!(there.get(id), Some(&sample(*run, *n)));
            }
        }
    }
    assert!(left > 0, "nothing has left");
}
