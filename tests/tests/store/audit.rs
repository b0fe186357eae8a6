//! The audit log: who did what, and that nothing of it can be changed unnoticed.

use crate::stage::Station;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;

fn station() -> Station {
    let station = Station::with(&["1.0.0", "1.1.0"]);
    station.activate("1.0.0");
    station.json(&["switch", "lifted", "1.1.0", "--by", "Jana, line 3"], 0);
    station.json(&["rollback", "lifted"], 0);
    station.whole();
    station
}

fn lines(station: &Station) -> Vec<String> {
    let text = fs::read_to_string(station.store("logs/audit.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn write(station: &Station, lines: &[String]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(station.store("logs/audit.jsonl"), text).unwrap();
}

/// The findings, all of which are about the log.
#[track_caller]
fn findings(station: &Station) -> Vec<String> {
    let findings = station.findings();
    assert!(
        findings.iter().all(|one| one.starts_with("audit: logs/audit.jsonl: ")),
        "{findings:?}"
    );
    findings
}

#[test]
fn every_entry_says_who_when_what_and_follows_the_one_before() {
    let station = station();
    let mut previous = "0".repeat(64);
    for (number, line) in lines(&station).iter().enumerate() {
        let entry: Value = serde_json::from_str(line).unwrap();
        assert_eq!(entry["seq"], number + 1);
        assert_eq!(entry["previous"], previous);
        assert_eq!(entry["outcome"], "done");
        let time = entry["time"].as_str().unwrap();
        assert!(time.len() >= 20 && time.ends_with('Z'), "{time}");
        assert!(entry["actor"]["uid"].is_u64(), "{entry}");
        previous = format!("{:x}", Sha256::digest(line));
    }
    let head = &station.registry()["audit"];
    assert_eq!((&head["seq"], &head["hash"]), (&json!(6), &json!(previous)));
    let switch = &station.audit()[4];
    assert_eq!(switch["actor"]["by"], "Jana, line 3");
    assert_eq!(
        (&switch["operation"], &switch["detail"]),
        (&json!("switch"), &json!("from lifted 1.0.0"))
    );
    assert_eq!(
        (&switch["name"], &switch["version"], &switch["pids"]),
        (&json!("lifted"), &json!("1.1.0"), &json!(["A01"]))
    );
    assert_eq!(switch["digest"].as_str().unwrap().len(), 64);
}

#[test]
fn every_change_shows() {
    type Change = fn(&mut Vec<String>);
    let changes: [(&str, Change); 8] = [
        ("an entry in the middle is edited", |lines| {
            lines[2] = lines[2].replace("1.1.0", "1.0.0")
        }),
        ("the last entry is edited", |lines| {
            lines[5] = lines[5].replace("done", "refused")
        }),
        ("the first line is removed", |lines| {
            lines.remove(0);
        }),
        ("a line in the middle is removed", |lines| {
            lines.remove(3);
        }),
        ("the last line is removed", |lines| {
            lines.pop();
        }),
        ("all lines are removed", Vec::clear),
        ("two lines are exchanged", |lines| lines.swap(2, 3)),
        ("a line is repeated at the end", |lines| lines.push(lines[5].clone())),
    ];
    let station = station();
    let whole = lines(&station);
    for (what, change) in changes {
        let mut changed = whole.clone();
        change(&mut changed);
        write(&station, &changed);
        assert!(!findings(&station).is_empty(), "{what}");
    }
    write(&station, &whole);
    station.whole();
}

#[test]
fn a_cut_at_any_byte_shows() {
    let station = station();
    let path = station.store("logs/audit.jsonl");
    let whole = fs::read(&path).unwrap();
    let places = (0..whole.len()).step_by(97).chain([whole.len() - 1]);
    for length in places {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(!findings(&station).is_empty(), "cut to {length} bytes");
    }
    fs::remove_file(&path).unwrap();
    assert!(findings(&station)[0].contains("it is missing"));
    fs::write(&path, &whole).unwrap();
    station.whole();
}

#[test]
fn a_change_still_shows_after_further_operations() {
    let station = station();
    let mut changed = lines(&station);
    changed.pop();
    write(&station, &changed);
    let answer = station.json(&["deactivate", "lifted"], 0);
    let warning = answer["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("the audit log is not as it was left"), "{warning}");
    station.json(&["rollback", "lifted"], 0);
    let findings = findings(&station);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].contains("line 6 has the number 7 where 6 was expected"),
        "{findings:?}"
    );
    // Cut in the middle of a line, the next entry begins a line of its own.
    let text = fs::read(station.store("logs/audit.jsonl")).unwrap();
    fs::write(station.store("logs/audit.jsonl"), &text[..text.len() - 20]).unwrap();
    station.json(&["deactivate", "lifted"], 0);
    assert!(lines(&station).last().unwrap().starts_with("{\"seq\":9,"));
}

#[test]
fn what_was_interrupted_between_registry_and_log_is_put_right() {
    let station = station();
    let path = station.store("logs/audit.jsonl");
    let (whole, mut registry) = (fs::read_to_string(&path).unwrap(), station.registry());
    // As the registry was before the last entry was known to be in the log.
    let last = lines(&station).pop().unwrap();
    let before = whole.len() - last.len() - 1;
    registry["audit"]["pending"] = json!([last]);
    registry["audit"]["bytes"] = json!(before);
    for length in [before, before + 1, before + 40, whole.len() - 1, whole.len()] {
        fs::write(station.store("registry.json"), registry.to_string()).unwrap();
        fs::write(&path, &whole[..length]).unwrap();
        station.whole();
        assert_eq!(fs::read_to_string(&path).unwrap(), whole, "{length}");
        assert_eq!(station.registry()["audit"]["pending"], json!([]));
    }
    // But not if something else stands there.
    fs::write(station.store("registry.json"), registry.to_string()).unwrap();
    fs::write(&path, whole.replace("rollback", "nothing!")).unwrap();
    assert!(!findings(&station).is_empty());
}

#[test]
fn an_entry_stays_short_whatever_is_asked_for() {
    let station = station();
    let pids: Vec<String> = (0..6_000).map(|number| format!("P{number}")).collect();
    station.refused(&["activate", "lifted", "1.0.0", "--pid", &pids.join(",")], 2, "2006");
    station.refused(&["deactivate", "--pid", &pids.join(",")], 2, "not-active");
    for entry in &station.audit()[6..] {
        assert_eq!(entry["pids"].as_array().unwrap().len(), 50, "{entry}");
        let detail = entry["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("6000 product models, of which 50 are listed; "),
            "{detail}"
        );
        assert!(entry.to_string().len() < 10_000);
    }
    station.whole();
}

#[test]
fn a_line_longer_than_any_entry_hides_nothing() {
    let station = station();
    let whole = lines(&station);
    let longer = format!("{} ", "x".repeat(300_000));
    // As the first line, in the middle, and as the last one; another is changed behind it, if there is one.
    for (place, edited) in [(0, 1), (3, 4), (6, 1)] {
        let mut changed = whole.clone();
        changed.insert(place, longer.clone());
        write(&station, &changed);
        let found = findings(&station);
        let expected = format!("line {} is not an entry: it has more than 262144 bytes", place + 1);
        assert!(found.iter().any(|one| one.ends_with(&expected)), "{found:?}");
        changed[edited].push(' ');
        write(&station, &changed);
        assert!(findings(&station).len() > found.len(), "{place}");
    }
    // Further entries are written behind it, and changes of them show.
    let mut changed = whole;
    changed.push(longer);
    write(&station, &changed);
    station.json(&["deactivate", "lifted"], 0);
    station.json(&["rollback", "lifted"], 0);
    let before = findings(&station);
    let mut changed = lines(&station);
    changed[7] = changed[7].replace("deactivate", "de4ctivate");
    write(&station, &changed);
    assert!(findings(&station).len() > before.len());
    // The last line is told from another one of the same length, however long it is.
    let mut registry = station.registry();
    let last = lines(&station).pop().unwrap();
    let padded = last.replacen('{', &format!("{{{}", " ".repeat(300_000)), 1);
    let mut changed = lines(&station);
    *changed.last_mut().unwrap() = padded.clone();
    write(&station, &changed);
    registry["audit"]["hash"] = json!(format!("{:x}", Sha256::digest(&padded)));
    registry["audit"]["bytes"] = json!(fs::metadata(station.store("logs/audit.jsonl")).unwrap().len());
    fs::write(station.store("registry.json"), registry.to_string()).unwrap();
    let is_last = |found: &[String]| found.iter().any(|one| one.contains("its last entry is not the one"));
    assert!(!is_last(&findings(&station)));
    *changed.last_mut().unwrap() = padded.replacen("  ", " \t", 1);
    write(&station, &changed);
    assert!(is_last(&findings(&station)));
}
