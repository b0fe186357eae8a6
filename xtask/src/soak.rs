//! `cargo xtask soak`: very many calls to one adapter, with pictures from a frame pool and much that goes wrong.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use procvision_conformance::camera::Camera;
use procvision_conformance::soak::{self, Plan, Summary};
use procvision_conformance::subject::{Dialect, Launch, Subject};

use crate::cli::Soak;
use crate::conformance::package;
use crate::workspace::Workspace;
use crate::{Finding, host, style};

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
    let place = Place::new()?;
    let socket = place.0.join("frames.sock");
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
        folder: &place.0.join("pictures"),
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
    if asked.json {
        println!(
            "{}",
            serde_json::to_string(&summary).context("the summary cannot be written")?
        );
    } else {
        print!("{}", text(&summary));
    }
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
    lines.push(match &summary.problem {
        None => style::out("No answer was lost, doubled or wrong, and nothing grew.", style::GREEN),
        Some(problem) => format!("{} {problem}", style::out("Wrong:", style::RED)),
    });
    lines.join("\n") + "\n"
}

/// A folder with a short path, as sockets need it; gone in the end.
struct Place(PathBuf);

impl Place {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("procvision-soak-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The pools' broker as a process, which ends with this value.
struct Broker(Child);

impl Broker {
    fn start(program: &Path, socket: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["frames", "broker", "--json", "--socket"])
            .arg(socket)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the broker cannot be started")?;
        let stdout = child.stdout.take();
        let broker = Self(child);
        let mut line = String::new();
        // It says where it listens as soon as it does.
        let said = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
        if !matches!(said, Some(Ok(1..))) {
            bail!("the broker does not listen (see above)");
        }
        Ok(broker)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
