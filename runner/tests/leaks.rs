//! Nothing is left behind by many failures: no process, no zombie, no descriptor, no task. Alone in its program,
//! because it looks at all of them.

#[path = "worker/support.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod support;

use procvision_runner::{State, Supervision};
use std::fs;
use std::time::Duration;
use support::{Fake, data, patient, question, until, within};

/// The number of open descriptors, and the processes whose parent is this one, zombies included.
fn taken() -> (usize, Vec<String>) {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
    let own = std::process::id().to_string();
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        if after.split_whitespace().nth(1) == Some(own.as_str()) {
            children.push(stat);
        }
    }
    (descriptors, children)
}

async fn misery() {
    let fake = Fake::ready(&[], patient()).await;
    for task in ["exit-once", "garbage-once", "half-once", "huge-once", "ok", "log"] {
        data(&fake.ask(task).await);
    }
    within(fake.worker.stop()).await;
    fake.worker.revive();
    data(&fake.ask("ok").await);

    let hasty = Supervision {
        execute: Duration::from_millis(50),
        max_retries: 0,
        ..patient()
    };
    let slow = Fake::ready(&[], hasty).await;
    slow.ask("never").await;
    // Dropped while its process is being ended, or the next one starts.
    let mut watches = vec![fake.worker.watch(), slow.worker.watch()];
    drop((fake, slow));
    let broken = Fake::start(&["--start", "exit"], patient());
    until(&broken.worker, State::Alarmed).await;
    watches.push(broken.worker.watch());
    let dropped = broken.worker.clone();
    let asking = tokio::spawn(async move { dropped.ask(question("ok", 1)).await });
    within(asking).await.unwrap();
    drop(broken);
    for mut watch in watches {
        within(async { while watch.changed().await.is_ok() {} }).await;
    }
}

#[test]
fn many_failures_leave_nothing_behind() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    // What the first round opens stays open for all others.
    runtime.block_on(misery());
    let before = taken();
    for _ in 0..5 {
        runtime.block_on(misery());
    }
    // A task whose last word was heard may still be on its way out.
    let metrics = runtime.metrics();
    runtime.block_on(within(async {
        while metrics.num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    }));
    assert_eq!(taken(), before);
    assert!(before.1.is_empty(), "{before:?}");

    // A runtime that ends takes the processes with it.
    let fake = runtime.block_on(Fake::ready(&["--stays"], patient()));
    let process = fake.worker.status().process.unwrap();
    drop(runtime);
    let answer = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            within(async {
                // Killed; the next runtime that waits for a child reaps it.
                while fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
                    tokio::task::yield_now().await;
                }
            })
            .await;
            fake.ask("ok").await
        });
    assert_eq!(answer.attempts, 0);
}
