//! Every key does what it says, seen from outside: by the algorithm, or by whoever runs it.

use super::stage::{Stage, worst};
use procvision_host::call::StepCall;
use procvision_host::contract::ImportClass;
use procvision_host::frame::{Frame, PixelFormat};
use procvision_host::host::Host;
use procvision_host::policy::StationPolicy;
use procvision_host::session::Session;
use procvision_tests::guests::{Folder, rust_guest};
use serde_json::{Map, Value, json};
use std::path::Path;

fn kinds(answer: &Value) -> Vec<&str> {
    let warnings = answer["warnings"].as_array().expect("there is a list of warnings");
    warnings.iter().filter_map(|warning| warning["kind"].as_str()).collect()
}

#[test]
fn clocks() {
    let stage = Stage::new(json!({"clocks": "real"}));
    let now = || stage.message("what-time").parse::<u64>().expect("a number of seconds");
    assert!(now() > 1_700_000_000);
    assert!(stage.message("clock").starts_with("fine: true"));
    stage.decide(json!({"clocks": "coarse"}));
    assert!(now() > 1_700_000_000);
    assert_eq!(stage.message("clock"), "fine: false, 0");
    stage.decide(json!({"clocks": "deterministic"}));
    assert_eq!(now(), 1_000_000_000);
    assert_eq!(stage.message("clock"), "fine: false, 0");
}

#[test]
fn random() {
    let stage = Stage::new(json!({"random": "deterministic"}));
    let number = || stage.message("random-number");
    assert_eq!(number(), number());
    stage.decide(json!({"random": "real"}));
    assert_ne!(number(), number());
}

#[test]
fn log_level() {
    let lines = |answer: Value| answer["execute"]["logs"]["lines"].as_array().expect("a list").len();
    let stage = Stage::new(json!({"log_level": "debug"}));
    assert_eq!(lines(stage.run("log-debug", &[]).expect(0).json()), 1);
    stage.decide(json!({"log_level": "warn"}));
    assert_eq!(lines(stage.run("log-debug", &[]).expect(0).json()), 0);
    // Whoever runs it by hand may want to see more.
    assert_eq!(
        lines(stage.run("log-debug", &["--log-level", "trace"]).expect(0).json()),
        1
    );
}

#[test]
fn pictures() {
    let stage = Stage::new(json!({}));
    let missing = [
        "run",
        "rogue",
        "--pid",
        "A01",
        "--shared-mem-id",
        "dev-shm:nothing",
        "--size",
        "64x48",
        "--json",
    ];
    assert_eq!(stage.procvision(&missing).expect(2).json()["error"]["code"], "1002");
    stage.decide(json!({"pictures": "zero-fill"}));
    let black = stage.procvision(&missing).expect(0).json();
    assert_eq!(
        black["execute"]["warnings"][0]["kind"], "picture_zero_filled",
        "{black}"
    );
    let by_hand = [&missing[..], &["--on-missing-picture", "strict"]].concat();
    stage.procvision(&by_hand).expect(2);
}

#[test]
fn quarantine_after() {
    let call = || {
        let frame = Frame::from_pixels(PixelFormat::Mono8, 64, 64, 64, vec![128; 64 * 64]).expect("a picture");
        StepCall::new(1, "A01", frame).with_param("attack", "unreachable")
    };
    for (times, policy) in [
        (1, json!({"policy_version": 1, "quarantine_after": 1})),
        (3, json!({"policy_version": 1})),
    ] {
        let policy = StationPolicy::parse(policy.to_string().as_bytes(), Path::new("policy.json")).unwrap();
        let host = Host::new(policy.host_config(None)).unwrap();
        let folder = Folder::with_file("rogue", "0.1.0", rust_guest("rogue"));
        let mut algorithm = host.load(&folder.open(&host.config().ceiling).unwrap()).unwrap();
        let mut session = Session::new("inspection", Map::new());
        for turn in 1..=times {
            assert_eq!(algorithm.quarantine(), None, "before failure {turn}");
            algorithm.execute(&mut session, &call());
        }
        assert!(algorithm.quarantine().is_some(), "after {times}");
    }
}

#[test]
fn ceilings() {
    let stage = Stage::new(json!({"ceilings": {"memory_bytes": 67_108_864, "max_defects": 2}}));
    let mut manifest = stage.place.manifest();
    manifest["limits"] = json!({"memory_bytes": 134_217_728});
    stage.place.package("rogue", &manifest);
    let answer = stage.run("none", &[]).expect(0).json();
    let limit = |answer: &Value, name: &str| {
        let limits = answer["limits"].as_array().expect("a list").iter();
        limits
            .clone()
            .find(|limit| limit["name"] == name)
            .cloned()
            .expect("there is such a limit")
    };
    let memory = limit(&answer, "memory_bytes");
    assert_eq!(
        (&memory["asked"], &memory["ceiling"], &memory["value"]),
        (&json!(134_217_728), &json!(67_108_864), &json!(67_108_864))
    );
    assert_eq!(kinds(&answer), ["signature", "limit_cut"], "{answer}");
    // A default above the ceiling is cut without a word: nobody asked for it.
    assert_eq!(limit(&answer, "max_defects")["value"], 2);
    let crowded = stage.run("thousands-of-rects", &[]).expect(0).json();
    assert_eq!(
        crowded["execute"]["data"]["defect_rects"].as_array().unwrap().len(),
        2,
        "{crowded}"
    );

    // Arguments can lower it further, and cannot raise it.
    let lower = stage
        .run("none", &["--limit", "memory_bytes=33554432"])
        .expect(0)
        .json();
    assert_eq!(limit(&lower, "memory_bytes")["value"], 33_554_432);
    let raised = stage
        .run("none", &["--limit", "memory_bytes=134217728"])
        .expect(2)
        .json();
    assert_eq!(raised["error"]["code"], "usage");
    assert_eq!(
        raised["error"]["message"],
        "--limit can only lower a limit; `memory_bytes` is 67108864"
    );

    // A policy can also raise what the program would grant by itself.
    stage.decide(json!({"ceilings": {"memory_bytes": 3_221_225_472_u64}}));
    let raised = stage
        .run("none", &["--limit", "memory_bytes=3000000000"])
        .expect(0)
        .json();
    assert_eq!(limit(&raised, "memory_bytes")["ceiling"], 3_000_000_000_u64);

    // A component above the ceiling is not even read.
    stage.decide(json!({"ceilings": {"component_bytes": 1_000}}));
    let refused = stage.run("none", &[]).expect(2).json();
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("`component_bytes` is 1000"),
        "{refused}"
    );
}

fn snoop(stage: &Stage) {
    let mut manifest = stage.place.manifest();
    manifest["name"] = json!("snoop");
    stage
        .place
        .write("snoop/manifest.json", manifest.to_string().as_bytes());
    stage.place.write(
        "snoop/component.wasm",
        &std::fs::read(rust_guest("snoop")).expect("the guest was built"),
    );
}

#[test]
fn closed_imports() {
    let stage = Stage::new(json!({"closed_imports": "answer"}));
    snoop(&stage);
    let run = ["run", "snoop", "--pid", "A01", "--image", "photo.png", "--json"];
    stage.procvision(&run).expect(0);
    stage.decide(json!({"closed_imports": "refuse"}));
    let refused = stage.procvision(&run).expect(1).json();
    let error = &refused["error"];
    assert_eq!(error["code"], "2003", "{refused}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("`wasi:filesystem/types@") && message.contains("refuses closed imports"),
        "{message}"
    );
    // What has no such imports is not concerned.
    stage.run("none", &[]).expect(0);
}

#[test]
fn allowed_imports() {
    let everything = json!([
        "procvision:algorithm/*",
        "wasi:cli/*",
        "wasi:io/*",
        "wasi:clocks/*",
        "wasi:random/*"
    ]);
    let stage = Stage::new(json!({"allowed_imports": everything}));
    stage.run("none", &[]).expect(0);
    let without_random = json!(["procvision:algorithm/*", "wasi:cli/*", "wasi:io/*", "wasi:clocks/*"]);
    stage.decide(json!({"allowed_imports": without_random}));
    let refused = stage.run("none", &[]).expect(1).json();
    assert_eq!(refused["error"]["code"], "2003", "{refused}");
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("`wasi:random/random@") && message.contains("`allowed_imports`"),
        "{message}"
    );
    assert!(!message.contains("wasi:io"), "{message}");

    // The library refuses by the same rules, whoever forgot to ask whether the package is admitted.
    let policy = json!({"policy_version": 1, "allowed_imports": without_random}).to_string();
    let policy = StationPolicy::parse(policy.as_bytes(), Path::new("policy.json")).unwrap();
    let host = Host::new(policy.host_config(None)).unwrap();
    let folder = Folder::with_file("rogue", "0.1.0", rust_guest("rogue"));
    let error = host
        .load(&folder.open(&host.config().ceiling).unwrap())
        .err()
        .expect("it is refused");
    let line = procvision_host::explain::one_line(&error);
    assert!(
        line.contains("wasi:random/random") && line.contains("`allowed_imports`"),
        "{line}"
    );
    let shape = procvision_host::shape::Shape::read(&std::fs::read(rust_guest("rogue")).unwrap()).unwrap();
    let refused = shape.refused(&policy.import_rules());
    assert!(!refused.is_empty() && refused.iter().all(|import| import.class == ImportClass::Refused));
    assert!(
        refused.iter().all(|import| import.name.starts_with("wasi:random/")),
        "{refused:?}"
    );
}

#[test]
fn signatures() {
    let stage = Stage::new(json!({"signatures": "lenient"}));
    let answer = stage.run("none", &[]).expect(0).json();
    assert_eq!(kinds(&answer), ["signature"]);
    let message = answer["warnings"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("is not signed") && message.contains("`signatures` is lenient"),
        "{message}"
    );
    let text = stage
        .procvision(&["run", "rogue", "--pid", "A01", "--image", "photo.png"])
        .expect(0);
    assert!(text.stdout.contains("is not signed"), "{text:#?}");

    stage.decide(json!({"signatures": "strict"}));
    let refused = stage.run("none", &[]).expect(1).json();
    assert_eq!(refused["error"]["code"], "2005", "{refused}");
    let error = &refused["error"];
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("is not signed, and `signatures` is strict here"),
        "{error}"
    );
    assert!(error["help"].as_str().unwrap().contains("procvision sign"), "{error}");
    assert_eq!(worst(&stage.validate("rogue", 1), "signature")["status"], "fail");
}

#[test]
fn trusted_keys() {
    // The default folder need not be there; one that is named must.
    let stage = Stage::new(json!({}));
    stage.run("none", &[]).expect(0);
    stage.decide(json!({"trusted_keys": "keys"}));
    let missing = stage.run("none", &[]).expect(2).json();
    assert!(
        missing["error"]["message"].as_str().unwrap().contains("station/keys"),
        "{missing}"
    );
    stage.place.write("station/keys/line.pub", b"no key");
    let damaged = stage.run("none", &[]).expect(2).json();
    assert!(
        damaged["error"]["message"].as_str().unwrap().contains("line.pub"),
        "{damaged}"
    );
}
