//! The long form: a camera and a line for each example, verdicts as they come, until somebody ends it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use procvision_conformance::station::Client;
use serde_json::{Map, Value, json};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::example::Example;
use super::stage::Stage;
use super::{Built, announce, shown};
use crate::workspace::Workspace;
use crate::{Finding, style};

/// Pictures a second of each camera: slow enough to be looked at.
const FPS: f64 = 0.5;
/// How often it is looked whether somebody wants the end.
const GLANCE: Duration = Duration::from_millis(100);

/// What one camera shows to one algorithm.
#[derive(Debug, PartialEq, Eq)]
struct Show {
    line: String,
    pid: String,
    pictures: Vec<PathBuf>,
    guide: Option<PathBuf>,
}

/// Runs until SIGINT, SIGTERM or SIGHUP.
pub fn run(workspace: &Workspace, built: &Built) -> Result<Finding> {
    let shows: Vec<Show> = built.examples.iter().map(show).collect::<Result<_>>()?;
    let pids: Vec<Vec<&str>> = shows.iter().map(|show| vec![show.pid.as_str()]).collect();
    announce("setting up a station");
    let end = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, end.clone()).context("signals cannot be waited for")?;
    }
    let wanted = || end.load(Ordering::Relaxed);
    let mut stage = match Stage::set(workspace, built, &pids, &station(&shows)) {
        // The signal reached the commands that set it up, too.
        Err(_) if wanted() => return Ok(Finding::Good),
        stage => stage?,
    };
    if stage.ready(wanted)? {
        let verdicts = listen(stage.client())?;
        for show in &shows {
            stage.add_camera(&show.line, &show.pictures, FPS)?;
        }
        introduce(&stage, &shows);
        watch(&mut stage, &verdicts, wanted)?;
    }
    announce("ending the cameras and the station");
    let [csv, json] = stage.end()?;
    println!(
        "\nEverything has ended. The station's results:\n  {}\n  {}",
        shown(&csv),
        shown(&json)
    );
    println!("Reports and annotated pictures of every case: cargo xtask demo --once");
    Ok(Finding::Good)
}

/// The first product model of which there are good and bad pictures, good and bad in turn.
fn show(example: &Example) -> Result<Show> {
    let plain = || example.cases().iter().filter(|case| case.is_plain());
    for first in plain() {
        let alike = || plain().filter(|case| case.pid() == first.pid() && case.references() == first.references());
        let (good, bad): (Vec<_>, Vec<_>) = alike().partition(|case| case.expected() == "OK");
        if good.is_empty() || bad.is_empty() {
            continue;
        }
        let mut pictures = Vec::new();
        for number in 0..good.len().max(bad.len()) {
            // The shorter of the two begins anew, so that both come as often.
            for case in [&good[number % good.len()], &bad[number % bad.len()]] {
                pictures.push(example.folder().join(case.image()));
            }
        }
        return Ok(Show {
            line: example.name().to_owned(),
            pid: first.pid().to_owned(),
            pictures,
            guide: first.guide()?.map(|guide| example.folder().join(guide)),
        });
    }
    bail!(
        "the example {} has no product model with a good and a bad picture that differ in nothing else",
        example.name()
    )
}

/// What is set for the station.
fn station(shows: &[Show]) -> Value {
    let (mut sources, mut lines) = (Map::new(), Map::new());
    for Show { line, pid, guide, .. } in shows {
        sources.insert(line.clone(), json!({ "pool": line }));
        let mut settings = json!({ "pid": pid, "source": line, "phases": ["pre_execute", "execute"] });
        if let Some(guide) = guide {
            let name = format!("{line}-guide");
            settings["guide"] = json!(name);
            sources.insert(name, json!({ "file": guide }));
        }
        lines.insert(line.clone(), settings);
    }
    json!({ "name": "demonstration", "sources": sources, "lines": lines, "results": { "thumbnails": "all" } })
}

/// Results from now on, each with what it is about.
fn listen(client: &Client) -> Result<Receiver<Value>> {
    let mut events = client.events().context("the station does not tell what happens")?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        // The stream ends with the station.
        while let Ok(Some((kind, data))) = events.next_event() {
            if kind == "result" && tell.send(data).is_err() {
                break;
            }
        }
    });
    Ok(told)
}

fn introduce(stage: &Stage, shows: &[Show]) {
    println!(
        "\nThe station's page: {}",
        style::out(&format!("{}/", stage.page()), style::BOLD)
    );
    println!(
        "Look there at verdicts, each with its picture and what is marked on it, at frame pools and at the audit of an"
    );
    println!(
        "algorithm. Kill a process of an algorithm, and see it come back. Cameras show good and bad pictures in turn:\n"
    );
    for Show {
        line, pid, pictures, ..
    } in shows
    {
        println!(
            "  {pid}  {line:<16}  {} pictures, one every {} s",
            pictures.len(),
            1.0 / FPS
        );
    }
    println!("\nCtrl-C ends everything.\n");
    println!(
        "{}",
        style::out(&row(["TIME", "PID", "LINE", "VERDICT", "TOOK", ""]), style::BOLD)
    );
}

/// Tells verdicts as they come.
fn watch(stage: &mut Stage, verdicts: &Receiver<Value>, end: impl Fn() -> bool) -> Result<()> {
    let begun = Instant::now();
    let mut tally: BTreeMap<&str, u64> = BTreeMap::new();
    while !end() {
        match verdicts.recv_timeout(GLANCE) {
            Ok(result) => {
                if let Some((verdict, line)) = told(&result, begun.elapsed()) {
                    *tally.entry(verdict).or_default() += 1;
                    println!("{line}");
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            // Whatever has ended is named below.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(GLANCE),
        }
        if !end() {
            stage.watch()?;
        }
    }
    let counts: Vec<String> = tally
        .iter()
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    println!(
        "\nJudged in {}: {}",
        style::duration(begun.elapsed()),
        counts.join(", ")
    );
    Ok(())
}

/// One product's verdict, and the line that tells it; nothing if another question follows.
fn told(result: &Value, time: Duration) -> Option<(&'static str, String)> {
    let text = |key: &str| result[key].as_str().unwrap_or_default();
    let (verdict, colour) = match (text("phase"), text("outcome")) {
        ("pre_execute", "OK") => return None,
        (_, "OK") => ("OK", style::GREEN),
        (_, "NG") => ("NG", style::RED),
        _ if result["error_code"].is_null() => ("not ready", style::BOLD),
        _ => ("failed", style::RED),
    };
    let why = [text("ng_reason"), text("message")]
        .into_iter()
        .find(|why| !why.is_empty());
    let took = style::duration(Duration::from_micros(result["took_us"].as_u64().unwrap_or_default()));
    let clock = format!("{:.1} s", time.as_secs_f64());
    let row = row([
        &clock,
        text("pid"),
        text("line"),
        verdict,
        &took,
        why.unwrap_or_default(),
    ]);
    Some((verdict, row.replacen(verdict, &style::out(verdict, colour), 1)))
}

fn row([time, pid, line, verdict, took, why]: [&str; 6]) -> String {
    let row = format!("{time:>8}  {pid:<4}  {line:<16}  {verdict:<9}  {took:>7}  {why}");
    row.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_told_once_for_each_product() {
        let result = |phase: &str, outcome: &str, code: Value| {
            json!({ "phase": phase, "outcome": outcome, "error_code": code, "pid": "A01", "line": "tray",
                    "took_us": 4200, "ng_reason": null, "message": "why" })
        };
        let verdict = |result: &Value| told(result, Duration::from_secs(1)).map(|(verdict, _)| verdict);
        assert_eq!(verdict(&result("pre_execute", "OK", Value::Null)), None);
        assert_eq!(
            verdict(&result("pre_execute", "FAILED", Value::Null)),
            Some("not ready")
        );
        assert_eq!(verdict(&result("pre_execute", "FAILED", json!("1002"))), Some("failed"));
        assert_eq!(verdict(&result("execute", "OK", Value::Null)), Some("OK"));
        assert_eq!(verdict(&result("execute", "NG", Value::Null)), Some("NG"));
        let (_, line) = told(&result("execute", "NG", Value::Null), Duration::from_millis(1500)).unwrap();
        assert_eq!(line, "   1.5 s  A01   tray              NG            4 ms  why");
    }

    #[test]
    fn every_example_has_a_camera_with_good_and_bad_pictures() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        let shows: Vec<Show> = Example::all(&root)
            .unwrap()
            .iter()
            .map(|example| show(example).unwrap())
            .collect();
        let names: Vec<_> = shows
            .iter()
            .map(|show| (show.line.as_str(), show.pid.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("capture_quality", "C01"),
                ("presence_check", "A01"),
                ("surface_defect", "B01")
            ]
        );
        for show in &shows {
            assert!(show.pictures.len() >= 2 && show.pictures.len() % 2 == 0, "{show:?}");
        }
        let station = station(&shows);
        assert_eq!(station["lines"]["surface_defect"]["guide"], "surface_defect-guide");
        assert!(station["lines"]["presence_check"]["guide"].is_null());
    }
}
