//! SIGKILL at random moments: whatever an operation was at, the store is whole afterwards and goes on working.

use crate::stage::{Station, parts};
use procvision_tests::binary::Answer;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A small generator, so that every run of the test has the same moments.
struct Random(u64);

impl Random {
    /// At least 0 and below 1.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Removes what was compiled, so that the next installation compiles again.
fn forget_compiled(station: &Station) {
    for entry in fs::read_dir(station.store("compiled")).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "cwasm") {
            fs::remove_file(path).unwrap();
        }
    }
}

/// Starts a command of the store and kills it after so long; whether it was quicker.
fn kill_after(station: &Station, arguments: &[&str], moment: Duration) -> bool {
    let mut command = station.command(arguments);
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The moment is the subject of the test, not a way to wait for something.
    std::thread::sleep(moment.saturating_sub(begun.elapsed()));
    child.kill().unwrap();
    child.wait().unwrap().code().is_some()
}

/// How far the installation of 1.1.0 had come, by what it has left.
fn died_at(station: &Station) -> &'static str {
    let registry = station.registry();
    if !registry["algorithms"]["lifted"]["1.1.0"].is_null() {
        return match registry["audit"]["pending"].as_array().is_some_and(Vec::is_empty) {
            true => "done",
            false => "registered",
        };
    }
    if registry["unfinished"] != serde_json::json!([]) {
        return match station.store("deployed/lifted/1.1.0").exists() {
            true => "moved",
            false => "announced",
        };
    }
    let stages: Vec<_> = fs::read_dir(station.store("tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    match stages.first() {
        None => "before",
        Some(stage) if stage.join("package/manifest.json").exists() => "unpacked",
        Some(stage) if stage.join("package.zip").exists() => "unpacking",
        Some(_) => "reserved",
    }
}

#[test]
fn an_installation_killed_300_times_leaves_a_whole_store_each_time() {
    const KILLS: usize = 300;
    let station = Station::with(&["1.0.0"]);
    station.activate("1.0.0");
    let zip = station.zip(&parts("1.1.0"));
    let install = ["install", zip.to_str().unwrap()];
    let uninstall = |station: &Station| {
        if !station.registry()["algorithms"]["lifted"]["1.1.0"].is_null() {
            station.json(&["uninstall", "lifted", "1.1.0"], 0);
        }
        forget_compiled(station);
    };
    // How long it takes, at its slowest; to begin with.
    let mut longest = Duration::ZERO;
    for _ in 0..5 {
        uninstall(&station);
        let begun = Instant::now();
        station.json(&install, 0);
        longest = longest.max(begun.elapsed());
    }
    let mut random = Random(0x5EED_0004);
    let mut stages: BTreeMap<&str, usize> = BTreeMap::new();
    for kill in 0..KILLS {
        uninstall(&station);
        // Half of them towards the end, where files are moved and the registry is written.
        let part = random.next();
        let part = if kill % 2 == 0 { part * 1.1 } else { 0.6 + part * 0.5 };
        kill_after(&station, &install, longest.mul_f64(part));
        *stages.entry(died_at(&station)).or_default() += 1;

        let whole = station.whole();
        let installed = !station.registry()["algorithms"]["lifted"]["1.1.0"].is_null();
        // Other tests make the machine slower and faster; without this all could be killed too late, or too early.
        longest = longest.mul_f64(if installed { 0.97 } else { 1.02 });
        assert_eq!(station.store("deployed/lifted/1.1.0").exists(), installed, "{whole}");
        assert_eq!(
            station.store("zips/lifted-v1.1.0-offline.zip").exists(),
            installed,
            "{whole}"
        );
        assert_eq!(fs::read_dir(station.store("tmp")).unwrap().count(), 0, "{whole}");
        assert_eq!(station.active().as_deref(), Some("1.0.0"));
        if kill % 10 == 9 {
            uninstall(&station);
            station.json(&install, 0);
            Answer::of(&mut station.run_a01(&[])).expect(0);
        }
    }
    println!("killed {KILLS} times at {stages:?}; an installation took {longest:?} in the end");
    assert!(stages.len() >= 4, "{stages:?}");
    station.whole();
}

#[test]
fn the_making_of_a_store_can_be_killed_and_goes_on() {
    let mut random = Random(0x5EED_0005);
    let measured = Station::new();
    let begun = Instant::now();
    measured.install(&parts("1.0.0"));
    let longest = begun.elapsed();
    for _ in 0..25 {
        let station = Station::new();
        let zip = station.zip(&parts("1.0.0"));
        let install = ["install", zip.to_str().unwrap()];
        kill_after(&station, &install, longest.mul_f64(random.next() * 0.4));
        if station.store("store.json").exists() {
            station.whole();
        } else {
            station.refused(&["verify"], 2, "no-store");
        }
        if station.json(&install, 2 * i32::from(is_installed(&station)))["error"].is_null() {
            assert!(is_installed(&station));
        }
        station.whole();
    }
}

fn is_installed(station: &Station) -> bool {
    let text = fs::read(station.store("registry.json")).unwrap_or_default();
    let registry: Value = serde_json::from_slice(&text).unwrap_or_default();
    !registry["algorithms"]["lifted"]["1.0.0"].is_null()
}

#[test]
fn every_other_operation_can_be_killed() {
    let station = Station::with(&["1.0.0", "1.1.0"]);
    station.activate("1.0.0");
    let operations: [&[&str]; 5] = [
        &["switch", "lifted", "1.1.0"],
        &["rollback", "lifted"],
        &["deactivate", "lifted"],
        &["activate", "lifted", "1.0.0", "--all"],
        &["gc"],
    ];
    let begun = Instant::now();
    station.json(operations[0], 0);
    station.json(operations[1], 0);
    let longest = begun.elapsed() / 2;
    let mut random = Random(0x5EED_0006);
    for number in 0..60 {
        let moment = longest.mul_f64(random.next() * 1.1);
        kill_after(&station, operations[number % operations.len()], moment);
        station.whole();
    }
    for number in 0..20 {
        let moment = longest.mul_f64(random.next());
        kill_after(&station, &["uninstall", "lifted", "1.1.0", "--force"], moment);
        let whole = station.whole();
        let gone = station.registry()["algorithms"]["lifted"]["1.1.0"].is_null();
        assert_eq!(
            station.store("deployed/lifted/1.1.0").exists(),
            !gone,
            "{number}: {whole}"
        );
        if gone {
            station.install(&parts("1.1.0"));
        }
    }
    station.whole();
}
