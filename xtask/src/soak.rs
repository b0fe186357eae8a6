//! `cargo xtask soak`: very many calls to one adapter, with pictures from a frame pool and much that goes wrong.

use std::time::Duration;

use anyhow::{Context, Result};
use procvision_conformance::camera::Camera;
use procvision_conformance::soak::{self, Plan, Summary};
use procvision_conformance::subject::{Dialect, Launch, Subject};

use crate::broker::Broker;
use crate::cli::Soak;
use crate::conformance::package;
use crate::folder::Folder;
use crate::workspace::Workspace;
use crate::{Finding, host, summary};

/// The variable that names the broker's socket to the adapter.
const SOCKET_VARIABLE: &str = "PROCVISION_FRAMES_SOCKET";
/// Limit of `pre_execute`, which the time-outs wait for.
const PRE_LIMIT: Duration = Duration::from_millis(50);
/// How long one answer may take on a machine that does something else, too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes the calls and prints a summary, or JSON.
pub fn run(workspace: &Workspace, asked: &Soak) -> Result<Finding> {
    let program = host::build(workspace)?;
    let folder = package::make(
        workspace,
        &program,
        "package-soak",
        &package::Wishes {
            pre_limit: PRE_LIMIT,
            load: None,
        },
    )?;
    let place = Folder::new("soak")?;
    let socket = place.path().join("frames.sock");
    let _broker = Broker::start(&program, &socket)?;
    let camera = Camera::connect(&socket, "soak", 8).context("the camera cannot reach the broker")?;
    let launch = Launch::new(&program)
        .arg("adapter")
        .arg(folder)
        .env(SOCKET_VARIABLE, &socket);
    let subject = Subject {
        pre_limit: PRE_LIMIT,
        ..Subject::new("procvision", Dialect::ALL, launch)
    };
    let plan = Plan {
        calls: asked.calls,
        seed: asked.seed,
        camera: Some(&camera),
        folder: &place.path().join("pictures"),
        patience: PATIENCE,
    };
    let mut told = 0;
    let progress = |done: u64| {
        // Twenty lines, however many calls.
        if done.saturating_mul(20) / asked.calls.max(1) > told {
            told += 1;
            eprintln!("   {done} of {} calls", asked.calls);
        }
    };
    let summary = soak::run(&subject, &plan, progress).context("cannot write pictures")?;
    summary::tell(&summary, asked.json, text)?;
    Ok(if summary.problem.is_none() {
        Finding::Good
    } else {
        Finding::Bad
    })
}

fn text(summary: &Summary) -> String {
    let growth = &summary.growth;
    let kib = |bytes: u64| bytes >> 10;
    let mut lines = vec![
        format!(
            "{} calls in {:.1} s, seed {}",
            summary.calls, summary.seconds, summary.seed
        ),
        format!(
            "a picture of 640 x 480: p50 {:.0} us, p99 {:.0} us",
            summary.p50_us, summary.p99_us
        ),
        format!(
            "memory: {} KiB after the warm-up, {} KiB in the end, {} KiB at most",
            kib(growth.before.memory_bytes),
            kib(growth.after.memory_bytes),
            kib(growth.most_memory_bytes)
        ),
        format!(
            "descriptors: {} and {}; threads: {} and {}; processes: {} and {}",
            growth
                .before
                .descriptors
                .map_or_else(|| "?".to_owned(), |count| count.to_string()),
            growth
                .after
                .descriptors
                .map_or_else(|| "?".to_owned(), |count| count.to_string()),
            growth.before.threads,
            growth.after.threads,
            growth.before.processes,
            growth.after.processes
        ),
    ];
    lines.extend(summary.kinds.iter().map(|(kind, count)| format!("{count:>9} {kind}")));
    lines.push(summary::conclusion(
        summary.problem.as_deref(),
        "No answer was lost, doubled or wrong, and nothing grew.",
    ));
    lines.join("\n") + "\n"
}
