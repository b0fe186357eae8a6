//! `cargo xtask chaos`: a station under load whose processes are killed at random moments.

use std::time::Duration;

use anyhow::{Result, bail};
use procvision_conformance::chaos::{self, Plan, Summary, Victim};

use crate::cli::Chaos;
use crate::conformance::package;
use crate::folder::Folder;
use crate::shell::Line;
use crate::workspace::Workspace;
use crate::{Finding, host, style, summary};

/// How long anything may take on a machine that does something else, too.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many callers ask at the same time.
const CALLERS: u32 = 3;
/// After which a `pre_execute` is too long; none is.
const PRE_LIMIT: Duration = Duration::from_secs(5);

/// Kills and prints a table, or JSON.
pub fn run(workspace: &Workspace, asked: &Chaos) -> Result<Finding> {
    let program = host::build(workspace)?;
    let wishes = package::Wishes {
        pre_limit: PRE_LIMIT,
        load: None,
    };
    let built = package::make(workspace, &program, "package-chaos", &wishes)?;
    let place = Folder::new("chaos")?;
    let archive = place.path().join("conformance_subject-v1.0.0-offline.zip");
    let line = Line::new(&program, workspace.root())
        .args(["package", "--no-build", "--output"])
        .arg(&archive)
        .arg(&built);
    let made = line.capture()?;
    if !made.status.success() {
        bail!(
            "no package can be made of the algorithm: {}; repeat with: {line}",
            String::from_utf8_lossy(&made.stderr).trim()
        );
    }
    let plan = Plan {
        program: &program,
        package: &archive,
        folder: place.path(),
        kills: asked.kills,
        seed: asked.seed,
        callers: CALLERS,
        patience: PATIENCE,
    };
    let mut told = 0;
    let progress = |killed: u32| {
        // Ten lines, however many kills.
        if u64::from(killed) * 10 / u64::from(asked.kills.max(1)) > told {
            told += 1;
            eprintln!("   {killed} of {} processes killed", asked.kills);
        }
    };
    let summary = chaos::run(&plan, progress).map_err(anyhow::Error::msg)?;
    summary::tell(&summary, asked.json, text)?;
    Ok(if summary.problem.is_none() {
        Finding::Good
    } else {
        Finding::Bad
    })
}

fn text(summary: &Summary) -> String {
    let mut lines = vec![style::out(
        &format!(
            "{:<34} {:>6} {:>14} {:>14}",
            "KILLED", "TIMES", "BACK, MEDIAN", "BACK, LONGEST"
        ),
        style::BOLD,
    )];
    let time = |milliseconds: f64| style::duration(Duration::from_secs_f64(milliseconds / 1e3));
    for (victim, deaths) in &summary.deaths {
        let victim = match victim {
            Victim::Adapter => "a process of the algorithm",
            Victim::Camera => "the line's camera",
            Victim::Server => "the server",
        };
        lines.push(format!(
            "{victim:<34} {:>6} {:>14} {:>14}",
            deaths.kills,
            time(deaths.back_p50_ms),
            time(deaths.back_max_ms)
        ));
    }
    lines.push(String::new());
    for (what, count) in [
        ("results that callers were answered with", summary.acknowledged),
        ("of them found again, unchanged", summary.found),
        ("lost or changed", summary.lost),
        ("wrong or twice", summary.wrong),
        ("that say openly that nobody knows", summary.failed),
        ("kept in all", summary.kept),
        ("of them of the line", summary.of_the_line),
        ("requests that a kill left unanswered", summary.unanswered),
        ("requests on a connection that was closed", summary.hung_up),
    ] {
        lines.push(format!("{what:<42} {count:>8}"));
    }
    for (status, count) in &summary.refused {
        lines.push(format!("{:<42} {count:>8}", format!("requests refused with {status}")));
    }
    lines.push(format!("\nin {:.1} s, seed {}", summary.seconds, summary.seed));
    lines.push(summary::conclusion(
        summary.problem.as_deref(),
        "No result was lost, doubled or wrong, and everything came back by itself.",
    ));
    lines.join("\n") + "\n"
}
