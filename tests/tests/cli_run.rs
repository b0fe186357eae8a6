//! `procvision run`: verdicts, failures, and what they look like for people and programs.

#[path = "cli_run/bad_input.rs"]
mod bad_input;

use procvision_tests::binary::{Answer, project_root};
use procvision_tests::workplace::Workplace;
use serde_json::Value;

const ESCAPE: char = '\u{1b}';

fn attack(place: &Workplace, attack: &str, more: &[&str]) -> Answer {
    let params = format!("{{\"attack\": \"{attack}\"}}");
    let run = [
        "run",
        "rogue",
        "--pid",
        "A01",
        "--image",
        "photo.png",
        "--params",
        &params,
    ];
    place.procvision(&[&run, more].concat())
}

#[test]
fn a_photograph_is_judged_right_and_a_painted_out_part_is_found() {
    let place = Workplace::new();
    let example = project_root().join("examples/presence-check");
    let judge = |picture: &str, more: &[&str]| {
        let image = example.join("pictures").join(picture);
        let run = [
            "run",
            example.to_str().unwrap(),
            "--pid",
            "A01",
            "--image",
            image.to_str().unwrap(),
        ];
        place.procvision(&[&run, more].concat())
    };
    let good = judge("coins.png", &["--json", "-q", "--fail-on-ng"]).expect(0).json();
    assert_eq!(
        (&good["schema"], &good["verdict"], &good["outcome"]),
        (&1.into(), &"OK".into(), &"ok".into())
    );
    assert_eq!(good["execute"]["data"]["position_rects"].as_array().unwrap().len(), 24);
    assert!(good["timings_ms"]["build"].is_number());

    let files = ["--annotate", "out.png", "--report", "out.html"];
    let bad = judge("coins-one-missing.png", &[&["--json", "-q"], &files[..]].concat())
        .expect(0)
        .json();
    assert_eq!(bad["verdict"], "NG");
    let rect = &bad["execute"]["data"]["defect_rects"][0];
    assert_eq!(rect["label"], "missing: coin 7");
    // Where the part was before it was painted out: about (25, 104), 42 x 41.
    assert!((20..30).contains(&rect["x"].as_i64().unwrap()) && (99..109).contains(&rect["y"].as_i64().unwrap()));
    assert_eq!(
        (&bad["annotated"], &bad["report"]),
        (&"out.png".into(), &"out.html".into())
    );
    assert!(std::fs::read(place.path("out.png")).unwrap().starts_with(b"\x89PNG"));
    assert!(
        std::fs::read_to_string(place.path("out.html"))
            .unwrap()
            .contains("missing: coin 7")
    );

    judge("coins-one-missing.png", &["-q", "--fail-on-ng"]).expect(3);
}

#[test]
fn people_read_the_verdict_first() {
    let place = Workplace::new();
    let good = attack(&place, "none", &[]).expect(0);
    assert!(good.stdout.starts_with("OK"), "{good:#?}");
    assert!(
        good.stdout
            .contains("\nrogue 0.1.0, A01 step 1, photo.png (320 x 240)\n")
    );
    let not_good = attack(&place, "terminal", &[]).expect(0);
    assert!(not_good.stdout.starts_with("NG  "), "{not_good:#?}");
    assert!(!good.stdout.contains(ESCAPE) && !not_good.stdout.contains(ESCAPE));
    assert!(attack(&place, "none", &["--color", "always"]).stdout.contains(ESCAPE));
}

#[test]
fn a_trap_is_no_verdict_and_names_the_line() {
    let place = Workplace::new();
    let text = attack(&place, "panic", &[]).expect(1);
    assert!(text.stdout.starts_with("NO VERDICT  "), "{text:#?}");
    for part in ["1009 trap, class trap", "backtrace, innermost first", "src/memory.rs:"] {
        assert!(text.stdout.contains(part), "{part}: {text:#?}");
    }
    let json = attack(&place, "panic", &["--json"]).expect(1).json();
    assert_eq!((&json["verdict"], &json["outcome"]), (&Value::Null, &"failed".into()));
    let failure = &json["failure"];
    assert_eq!((&failure["class"], &failure["code"]), (&"trap".into(), &"1009".into()));
    assert!(failure["backtrace"].as_array().unwrap().len() >= 2);
    assert_eq!(json["execute"]["status"], "ERROR");
    assert_eq!(json["execute"]["instance_replaced"], true);
}

#[test]
fn a_failure_that_the_algorithm_states_is_its_own_class() {
    let json = attack(&Workplace::new(), "failure-recoverable", &["--json"])
        .expect(1)
        .json();
    assert_eq!(json["failure"]["class"], "algorithm");
    assert_eq!(json["failure"]["message"], "try again");
    assert_eq!(json["failure"]["severity"], "recoverable");
}

#[test]
fn nothing_an_algorithm_says_steers_the_terminal() {
    let place = Workplace::new();
    for name in ["terminal", "log-terminal"] {
        for more in [&[][..], &["--json"]] {
            let answer = attack(&place, name, more).expect(0);
            let visible = |text: &str| text.chars().all(|letter| letter == '\n' || !letter.is_control());
            assert!(
                visible(&answer.stdout) && visible(&answer.stderr),
                "{name} {more:?}: {answer:?}"
            );
        }
    }
    assert!(
        attack(&place, "terminal", &[])
            .stdout
            .starts_with(r"NG  \u{1b}[2J\u{1b}]0;pwned\u{7}gone\r\nstatus: OK")
    );

    place.write("named/assets/attack", b"info-terminal-name");
    place.package("named", &place.manifest());
    let answer = place
        .procvision(&["run", "named", "--pid", "A01", "--image", "photo.png"])
        .expect(1);
    assert!(!answer.stderr.contains(ESCAPE), "{answer:?}");
}

#[test]
fn what_fails_before_the_first_question_says_where() {
    let place = Workplace::new();
    place.write("rogue/assets/attack", b"setup-trap");
    let run = ["run", "rogue", "--pid", "A01", "--image", "photo.png"];
    let text = place.procvision(&run).expect(1);
    assert_eq!(text.stdout, "");
    assert!(
        text.stderr.contains("cannot be set up") && text.stderr.contains("backtrace"),
        "{text:#?}"
    );
    let json = place.procvision(&[&run[..], &["--json"]].concat()).expect(1).json();
    assert_eq!(json["error"]["code"], "1009");
    assert_eq!(json["error"]["failure"]["class"], "trap");
}

#[test]
fn one_question_can_be_asked_alone() {
    let place = Workplace::new();
    let pre = attack(&place, "panic", &["--phase", "pre", "--json"]).expect(0).json();
    assert_eq!((&pre["outcome"], &pre["execute"]), (&"ready".into(), &Value::Null));
    let execute = attack(&place, "none", &["--phase", "execute", "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (&execute["outcome"], &execute["pre_execute"]),
        (&"ok".into(), &Value::Null)
    );
}

#[test]
fn conditions_that_are_not_right_keep_the_product_from_being_judged() {
    let place = Workplace::new();
    let example = project_root().join("examples/capture-quality");
    let image = example.join("pictures/coffee-dark.png");
    let run = [
        "run",
        example.to_str().unwrap(),
        "--pid",
        "C01",
        "--image",
        image.to_str().unwrap(),
        "-q",
    ];
    let text = place.procvision(&run).expect(1);
    assert!(text.stdout.starts_with("NOT READY  "), "{text:#?}");
    assert!(
        text.stdout
            .contains("\nThe conditions are not right; the product was not judged.\n")
    );
    let json = place
        .procvision(&[&run[..], &["--json", "--repeat", "5"]].concat())
        .expect(1)
        .json();
    assert_eq!(
        (&json["outcome"], &json["verdict"]),
        (&"not_ready".into(), &Value::Null)
    );
    assert_eq!(
        (&json["execute"], &json["failure"], &json["repeat"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
}

#[test]
fn repeating_measures_and_stops_at_a_failure() {
    let place = Workplace::new();
    let json = attack(&place, "none", &["--repeat", "20", "--json"]).expect(0).json();
    let repeat = &json["repeat"];
    assert_eq!(
        (&repeat["wanted"], &repeat["done"], &repeat["differing"]),
        (&20.into(), &20.into(), &0.into())
    );
    let time = |name: &str| repeat["execute_ms"][name].as_f64().unwrap();
    assert!(time("min") <= time("p50") && time("p50") <= time("p99") && time("p99") <= time("max"));
    let text = attack(&place, "none", &["--repeat", "20"]).expect(0);
    assert!(text.stdout.contains("execute 20 times: p50 "), "{text:#?}");

    let failed = attack(&place, "panic", &["--repeat", "20", "--json"]).expect(1).json();
    assert_eq!(
        (&failed["repeat"]["done"], &failed["outcome"]),
        (&1.into(), &"failed".into())
    );
}

#[test]
fn a_session_goes_in_and_comes_out() {
    let place = Workplace::new();
    place.write(
        "session.json",
        br#"{"id": "s-1", "product_code": "A01", "values": {"count": 3, "note": {"a": [1]}}}"#,
    );
    let json = attack(&place, "none", &["--session", "@session.json", "--json"])
        .expect(0)
        .json();
    let session = &json["session"];
    assert_eq!(
        (&session["id"], &session["product_code"]),
        (&"s-1".into(), &"A01".into())
    );
    assert_eq!(session["values"], serde_json::json!({"count": 3, "note": {"a": [1]}}));
    // What came out goes in again.
    let again = attack(&place, "none", &["--session", &session.to_string(), "--json"])
        .expect(0)
        .json();
    assert_eq!(&again["session"], session);
}

#[test]
fn a_station_lowers_its_limits_and_the_answer_says_which_hold() {
    let place = Workplace::new();
    let mut manifest = place.manifest();
    manifest["limits"] = serde_json::json!({"execute_fuel": 20_000_000_000_u64, "log_lines": 10});
    place.package("greedy", &manifest);
    let lower = [
        "--limit",
        "execute_fuel=1_000_000",
        "--limit",
        "memory_bytes=67108864",
        "--json",
    ];
    let run = ["run", "greedy", "--pid", "A01", "--image", "photo.png"];
    let json = place.procvision(&[&run[..], &lower].concat()).expect(0).json();
    assert_eq!(
        json["limits_cut"],
        serde_json::json!([{"name": "execute_fuel", "asked": 20_000_000_000_u64, "granted": 1_000_000}])
    );
    let limit = |name: &str| {
        let limits = json["limits"].as_array().unwrap();
        limits.iter().find(|limit| limit["name"] == name).unwrap().clone()
    };
    assert_eq!(limit("memory_bytes")["value"], 67_108_864);
    assert_eq!(
        (&limit("log_lines")["value"], &limit("log_lines")["asked"]),
        (&10.into(), &10.into())
    );
    assert_eq!(json["warnings"][0]["kind"], "limit_cut");

    let spin = attack(&place, "spin", &["--limit", "execute_fuel=1000000", "--json"])
        .expect(1)
        .json();
    assert_eq!(
        (&spin["failure"]["class"], &spin["failure"]["code"]),
        (&"out_of_fuel".into(), &"1005".into())
    );
}

#[test]
fn an_unusable_cache_is_only_a_warning() {
    let place = Workplace::new();
    place.write("cache", b"not a folder");
    let mut command = procvision_tests::binary::procvision();
    command
        .current_dir(place.path("."))
        .env("PROCVISION_CACHE_DIR", place.path("cache"))
        .args(["run", "rogue", "--pid", "A01", "--image", "photo.png", "--json"]);
    let json = Answer::of(&mut command).expect(0).json();
    assert_eq!(json["warnings"][0]["kind"], "cache_unusable");
    assert_eq!(json["verdict"], "OK");
}

#[test]
fn what_was_compiled_once_is_read_from_the_cache() {
    let place = Workplace::new();
    attack(&place, "none", &[]).expect(0);
    let json = attack(&place, "none", &["--json"]).expect(0).json();
    assert_eq!(json["timings_ms"]["compiled_before"], true);
    let json = attack(&place, "none", &["--json", "--no-cache"]).expect(0).json();
    assert_eq!(json["timings_ms"]["compiled_before"], false);
}
