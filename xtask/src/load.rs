//! `cargo xtask load`: a station under the load of its cameras.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use procvision_conformance::load::{self, Plan, Progress, Share, Summary, Times};

use crate::cli::Load;
use crate::folder::Folder;
use crate::shell::Line;
use crate::toolchain::{GUEST_TARGET, Part};
use crate::workspace::Workspace;
use crate::{Finding, host, setup, style, summary};

/// The light example: it measures exposure, contrast and sharpness of pictures of any size.
const EXAMPLE: &str = "examples/capture-quality";
/// The name and version of its package, and the product model that it judges.
const RELEASE: [&str; 2] = ["capture_quality", "0.1.0"];
const PID: &str = "C01";
/// One that is written, one that is judged, and a fifth of a second of pictures that wait.
const SLOTS: u32 = 8;
/// How long the station may take for one thing, on a machine that does something else, too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the load, and prints a table or JSON.
pub fn run(workspace: &Workspace, asked: &Load) -> Result<Finding> {
    setup::ensure(workspace, &[Part::Target(GUEST_TARGET)])?;
    let program = host::build(workspace)?;
    // Not in memory: the disk is a part of what is measured.
    let place = workspace.target_dir()?.join("load");
    if place.exists() {
        fs::remove_dir_all(&place).with_context(|| format!("cannot remove {}", place.display()))?;
    }
    fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    let store = place.join("store");
    furnish(workspace, &program, &place, &store)?;
    let folder = Folder::new("load")?;
    let pictures = asked.minutes * 60.0 * f64::from(asked.fps);
    let plan = Plan {
        program: &program,
        store: &store,
        folder: folder.path(),
        pid: PID,
        params: serde_json::Map::new(),
        cameras: asked.cameras,
        fps: asked.fps,
        size: asked.size,
        pictures: (pictures.round() as u64).max(1),
        slots: SLOTS,
        patience: PATIENCE,
    };
    eprintln!(
        "{} x {} pictures a second of {}x{}, for {}",
        asked.cameras,
        asked.fps,
        asked.size.0,
        asked.size.1,
        style::duration(Duration::from_secs_f64(asked.minutes * 60.0))
    );
    let summary = load::run(&plan, |progress| eprintln!("{}", line(&progress))).context("the load could not be run")?;
    summary::tell(&summary, asked.json, text)?;
    Ok(match summary.is_good() {
        true => Finding::Good,
        false => Finding::Bad,
    })
}

/// Makes a store in which the example judges.
fn furnish(workspace: &Workspace, program: &Path, place: &Path, store: &Path) -> Result<()> {
    let zip = place.join("example.zip");
    let procvision = |line: Line| -> Result<()> {
        let output = line.capture()?;
        if !output.status.success() {
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
            bail!("the store could not be made; repeat with: {line}");
        }
        Ok(())
    };
    let line = || Line::new(program, workspace.root());
    procvision(line().args(["package", EXAMPLE, "--output"]).arg(&zip))?;
    procvision(line().args(["store", "--store"]).arg(store).arg("install").arg(&zip))?;
    let activate = line().args(["store", "--store"]).arg(store).arg("activate");
    procvision(activate.args(RELEASE).args(["--pid", PID]))
}

fn line(progress: &Progress) -> String {
    format!(
        "{:>6.0} s  {:>7} pictures taken, {} dropped; server {} MiB, algorithms {} MiB",
        progress.since.as_secs_f64(),
        progress.taken,
        progress.dropped,
        progress.server_bytes >> 20,
        progress.algorithms_bytes >> 20
    )
}

fn text(summary: &Summary) -> String {
    let mut lines = vec![style::out(
        &format!(
            "{:12}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}",
            "LINE", "PUBLISHED", "JUDGED", "DROPPED", "LOST", "DOUBLED", "FAILED"
        ),
        style::BOLD,
    )];
    lines.extend(summary.lines.iter().map(|line| {
        format!(
            "{:12}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}",
            line.name, line.published, line.judged, line.dropped_by_pool, line.lost, line.doubled, line.failed
        )
    }));
    lines.push(String::new());
    lines.push(style::out(
        &format!("{:40}{:>10}{:>10}{:>10}", "MILLISECONDS", "P50", "P99", "MAX"),
        style::BOLD,
    ));
    for (what, times) in [
        ("published to asked", &summary.delivery),
        ("asked to answered, beside the algorithm", &summary.overhead),
        ("both", &summary.delivery_and_overhead),
        ("the algorithm itself", &summary.algorithm),
        ("answered to on disk, awaited by nobody", &summary.disk),
    ] {
        lines.push(row(what, times));
    }
    lines.push(String::new());
    lines.push(style::out(
        &format!(
            "{:18}{:>14}{:>14}{:>14}{:>14}",
            "", "MEMORY BEGIN", "MIDDLE", "END", "PROCESSORS"
        ),
        style::BOLD,
    ));
    lines.push(share("server", &summary.server));
    lines.push(share("algorithms", &summary.algorithms));
    lines.push(String::new());
    let (aim, p99) = (
        summary.aim_us as f64 / 1_000.0,
        summary.delivery_and_overhead.p99_us / 1_000.0,
    );
    lines.push(match summary.meets_aim() {
        true => style::out(
            &format!("p99 of both is {p99:.2} ms; the aim is {aim} ms at most."),
            style::GREEN,
        ),
        false => style::out(
            &format!("Missed: p99 of both is {p99:.2} ms; the aim is {aim} ms at most."),
            style::RED,
        ),
    });
    lines.push(summary::conclusion(
        summary.problem.as_deref(),
        "Every picture was judged, once and in order, and memory did not grow.",
    ));
    lines.join("\n") + "\n"
}

fn row(what: &str, times: &Times) -> String {
    let ms = |us: f64| us / 1_000.0;
    let (p50, p99, max) = (ms(times.p50_us), ms(times.p99_us), ms(times.max_us));
    format!("{what:40}{p50:>10.2}{p99:>10.2}{max:>10.2}")
}

fn share(who: &str, share: &Share) -> String {
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let memory = &share.memory;
    format!(
        "{who:18}{:>14}{:>14}{:>14}{:>14.2}",
        mib(memory.begin_bytes),
        mib(memory.middle_bytes),
        mib(memory.end_bytes),
        share.processors
    )
}
