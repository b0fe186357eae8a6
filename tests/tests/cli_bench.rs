//! `procvision bench`: the shape of its answer, its tables and its report. No figure is judged here: that is what people
//! run it for.

use procvision_tests::binary::{Answer, procvision};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn bench(arguments: &[&str]) -> Answer {
    Answer::of(procvision().arg("bench").args(arguments))
}

fn rows<'a>(answer: &'a Value, pointer: &str) -> &'a [Value] {
    answer
        .pointer(pointer)
        .and_then(Value::as_array)
        .unwrap_or_else(|| panic!("no {pointer} in {answer:#}"))
}

/// The values of `key` in all rows, without repetition.
fn values<'a>(rows: &'a [Value], key: &str) -> BTreeSet<&'a str> {
    rows.iter()
        .map(|row| row[key].as_str().unwrap_or_else(|| panic!("no {key} in {row:#}")))
        .collect()
}

#[track_caller]
fn assert_timing(timing: &Value) {
    for key in ["p50_us", "p99_us", "min_us"] {
        assert_positive(timing, key);
    }
    let figure = |key: &str| timing[key].as_f64().unwrap();
    assert!(
        figure("min_us") <= figure("p50_us") && figure("p50_us") <= figure("p99_us"),
        "{timing:#}"
    );
    assert!(timing["samples"].as_u64().unwrap() > 0, "{timing:#}");
}

#[track_caller]
fn assert_positive(row: &Value, key: &str) {
    let figure = row[key].as_f64();
    assert!(
        figure.is_some_and(|figure| figure.is_finite() && figure > 0.0),
        "{key} of {row:#}"
    );
}

#[test]
fn pictures_are_measured_in_every_way() {
    let answer = bench(&["--quick", "--section", "frames", "--json"]).expect(0);
    assert_eq!(answer.stderr, "");
    let answer = answer.json();
    assert_eq!(
        (answer["schema"].as_u64(), answer["quick"].as_bool()),
        (Some(1), Some(true))
    );
    assert!(answer["machine"]["cores"].as_u64().unwrap() > 0);
    assert!(answer.get("calls").is_none() && answer.get("kernels").is_none() && answer.get("start").is_none());

    let deliveries = rows(&answer, "/frames/deliveries");
    let ways = ["map", "fill", "read", "list", "file", "tcp", "base64"];
    assert_eq!(values(deliveries, "way"), BTreeSet::from(ways));
    assert_eq!(
        values(deliveries, "touched"),
        BTreeSet::from(["pages", "all", "region"])
    );
    assert_eq!(deliveries.len(), 3 * ways.len());
    for row in deliveries {
        assert_timing(row);
        assert_positive(row, "ratio");
        assert_eq!(
            (row["size"].as_str(), row["width"].as_u64(), row["height"].as_u64()),
            (Some("VGA"), Some(640), Some(480))
        );
        assert!(row["way"] != "list" || row["ratio"] == 1.0, "{row:#}");
    }
    let copies = rows(&answer, "/frames/copies");
    assert_eq!(values(copies, "copy"), BTreeSet::from(["memcpy", "fill"]));
    copies.iter().for_each(assert_timing);
    let memories = rows(&answer, "/frames/memory_sizes");
    let mebibytes: Vec<_> = memories.iter().map(|row| row["memory_mib"].as_u64().unwrap()).collect();
    assert_eq!(mebibytes, [16, 128, 512]);
    memories.iter().for_each(assert_timing);
    for key in [
        "pictures",
        "before_bytes",
        "after_bytes",
        "mappings_before",
        "mappings_after",
    ] {
        assert_positive(&answer["frames"]["growth"], key);
    }
    // Mapping must leave nothing behind, however slow the machine is.
    assert_eq!(
        answer["frames"]["growth"]["mappings_before"],
        answer["frames"]["growth"]["mappings_after"]
    );
    assert!(answer["frames"]["pages"].as_str().unwrap().contains("pages"));
    for aim in rows(&answer, "/aims") {
        assert_positive(aim, "limit");
        assert!(aim["measured"].as_f64().unwrap().is_finite(), "{aim:#}");
        assert!(aim["reached"].is_boolean() && aim["missed_by"].is_array(), "{aim:#}");
    }
}

#[test]
fn calls_kernels_and_starts_are_measured_beside_their_baselines() {
    let answer = bench(&["--quick", "-s", "calls", "-s", "start", "-s", "kernels", "--json"])
        .expect(0)
        .json();
    assert!(answer.get("frames").is_none());
    let calls = rows(&answer, "/calls/rows");
    assert_eq!(values(calls, "call"), BTreeSet::from(["bare", "noop", "remember"]));
    let starts = rows(&answer, "/start/rows");
    assert_eq!(
        values(starts, "start"),
        BTreeSet::from(["cold", "cached", "call", "after_trap"])
    );
    for row in calls.iter().chain(starts) {
        assert_timing(row);
        assert_positive(row, "ratio");
    }
    let kernels = rows(&answer, "/kernels/rows");
    let known: BTreeSet<_> = procvision_guest::vision::catalog::all()
        .iter()
        .map(|kernel| kernel.name())
        .collect();
    assert_eq!(values(kernels, "kernel"), known);
    for row in kernels {
        for part in ["native", "sandboxed", "unmetered"] {
            assert_timing(&row[part]);
        }
        for key in ["over_native", "metering", "bytes"] {
            assert_positive(row, key);
        }
    }
    let aims = values(rows(&answer, "/aims"), "id");
    assert_eq!(aims, BTreeSet::from(["kernels_over_native", "metering"]));
}

/// The text with every figure replaced by `#`, and every run of spaces and of figures by one: what is left is layout.
fn masked(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let words = line
            .split_whitespace()
            .filter(|word| !["ns", "µs", "ms", "s"].contains(word));
        let is_figure = |word: &&str| word.trim_matches(['.', ',', ';']).parse::<f64>().is_ok();
        let words: Vec<_> = words.map(|word| if is_figure(&word) { "#" } else { word }).collect();
        lines.push(words.join(" "));
    }
    lines.join("\n")
}

#[test]
fn the_tables_have_a_row_for_everything() {
    let answer = bench(&["--quick"]).expect(0);
    assert_eq!(answer.stderr, "");
    let (first, rest) = answer.stdout.split_once('\n').unwrap();
    assert!(
        first.starts_with("procvision ") && first.contains(" cores, kernel "),
        "{first}"
    );
    // Whether an aim is reached, by whom it is missed and what the kernel says about huge pages is the machine's matter;
    // the kernels' names are the SDK's.
    let rest = rest.replace("reached ", "missed ");
    let same = rest.lines().filter(|line| {
        let kernel = || {
            procvision_guest::vision::catalog::all().iter().any(|kernel| {
                line.strip_prefix("  ")
                    .is_some_and(|line| line.starts_with(&format!("{} ", kernel.name())))
            })
        };
        !line.starts_with("           by ") && !line.contains("mapped pictures lie on") && !kernel()
    });
    insta::assert_snapshot!("bench", masked(&same.collect::<Vec<_>>().join("\n")));
}

#[test]
fn the_report_needs_nothing_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.html");
    let path = file.to_str().unwrap();
    let answer = bench(&["--quick", "-s", "frames", "-s", "kernels", "--report", path]).expect(0);
    assert!(
        answer.stdout.ends_with(&format!("Written\n  {path}\n")),
        "{}",
        answer.stdout
    );
    let page = std::fs::read_to_string(&file).unwrap();
    for outside in ["http:", "https:", "src=", "href=", "<script", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'") && page.trim_end().ends_with("</html>"));
    assert_eq!(page.matches("<svg ").count(), 4);
    assert_eq!(page.matches("<svg ").count(), page.matches("</svg>").count());
    for word in ["base64", "laplacian_variance", "× native", "VGA"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf\""));
}

#[test]
fn mistakes_are_found_before_anything_is_measured() {
    let answer = bench(&["--section", "frame", "--json"]).expect(2);
    assert_eq!(answer.json()["error"]["code"], "usage");
    for place in ["/nowhere/at/all.html", env!("CARGO_MANIFEST_DIR")] {
        let answer = bench(&["--report", place, "--json"]).expect(2);
        assert_eq!(answer.json()["error"]["code"], "unwritable");
    }
    assert!(!Path::new("/nowhere").exists());
}
