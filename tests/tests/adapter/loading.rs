//! From the hello to the first answer: what is answered meanwhile, and what a runner is told if it comes to nothing.

use procvision_tests::runner::{Ended, Line, Runner, call};
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};
use std::path::Path;

/// Starts what cannot be served: the frames after the hello, and how it ended.
#[track_caller]
fn failed(mut runner: Runner) -> (Value, Ended) {
    let error = runner.frame();
    assert_eq!(
        (&error["type"], &error["request_id"]),
        (&json!("error"), &Value::Null),
        "{error}"
    );
    (error, runner.end())
}

#[test]
fn the_hello_is_exact() {
    let line = Line::new();
    let mut runner = Runner::start_silently(&mut line.command());
    let expected = json!({
        "type": "hello",
        "sdk_version": env!("CARGO_PKG_VERSION"),
        "capabilities": [
            "ping", "call", "shutdown", "shared_memory:v1", "info", "setup", "teardown", "reset", "on_step_start",
            "on_step_finish", "execute",
        ],
    });
    assert_eq!(runner.frame(), expected);
}

#[test]
fn pings_are_answered_and_one_call_waits_while_the_algorithm_is_loaded() {
    let line = Line::new();
    // Compiled anew, which takes a while.
    let mut runner = line.start_with(&["--no-cache"]);
    runner.send(&call("first", "noop"));
    runner.send(&call("second", "noop"));
    runner.send(&json!({"type": "ping", "request_id": 1}));
    let mut frames: Vec<Value> = (0..3).map(|_| runner.frame()).collect();
    frames.sort_by_key(|frame| frame["type"].to_string());
    let of = |frame: &Value| (frame["type"].clone(), frame["request_id"].clone());
    let expected = [
        ("error", json!("second")),
        ("pong", json!(1)),
        ("result", json!("first")),
    ];
    for (frame, (kind, id)) in frames.iter().zip(expected) {
        assert_eq!(of(frame), (json!(kind), id), "{frame}");
    }
}

#[test]
fn a_shutdown_while_the_algorithm_is_loaded_is_answered_at_once() {
    let line = Line::new();
    let planted = planted(&line, "setup-spin");
    let mut runner = Runner::start(line.bare_command().arg(&planted));
    runner.send(&call("waits", "noop"));
    runner.send(&json!({"type": "shutdown"}));
    let error = runner.frame();
    assert_eq!(
        (&error["request_id"], &error["error_code"]),
        (&json!("waits"), &json!("1000")),
        "{error}"
    );
    assert_eq!(runner.frame(), json!({"type": "shutdown", "status": "OK"}));
    assert_eq!(runner.end().status, 0);
}

#[test]
fn a_call_that_waits_is_answered_even_if_the_pipe_has_ended_already() {
    let line = Line::new();
    let mut runner = line.start_with(&["--no-cache"]);
    runner.send(&call("waits", "noop"));
    runner.close();
    let ended = runner.end();
    assert_eq!(ended.status, 0);
    assert_eq!(ended.frames.len(), 1, "{ended:#?}");
    assert_eq!(
        (&ended.frames[0]["type"], &ended.frames[0]["request_id"]),
        (&json!("result"), &json!("waits"))
    );
}

/// A package of the guest `rogue` with an attack that runs before any call.
fn planted(line: &Line, attack: &str) -> std::path::PathBuf {
    let folder = line.path(format!("rogue-{attack}"));
    let component = procvision_tests::guests::rust_guest("rogue");
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    std::fs::copy(component, folder.join("component.wasm")).unwrap();
    std::fs::write(folder.join("assets/attack"), attack).unwrap();
    let mut manifest = Workplace::new().manifest();
    manifest["required_assets"] = json!({"A01": {"attack": "assets/attack"}});
    std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
    folder
}

#[test]
fn what_cannot_be_served_is_told_with_its_code() {
    let line = Line::new();
    let serve = |package: &Path| failed(Runner::start(line.bare_command().arg(package)));

    let (error, ended) = serve(&line.path("nowhere"));
    assert_eq!((&error["error_code"], ended.status), (&json!("2005"), 1), "{error}");
    std::fs::create_dir(line.path("empty")).unwrap();
    let (error, _) = serve(&line.path("empty"));
    assert_eq!(error["error_code"], "2002", "{error}");
    std::fs::create_dir(line.path("bare")).unwrap();
    line.write("bare/manifest.json", &line.manifest());
    let (error, _) = serve(&line.path("bare"));
    assert_eq!(error["error_code"], "2004", "{error}");
    std::fs::write(line.path("bare/component.wasm"), b"\0asm").unwrap();
    let (error, ended) = serve(&line.path("bare"));
    assert_eq!((&error["error_code"], ended.status), (&json!("2005"), 1), "{error}");
    std::fs::write(line.path("broken.zip"), b"PK\x03\x04 and nothing else").unwrap();
    let (error, ended) = serve(&line.path("broken.zip"));
    assert_eq!((&error["error_code"], ended.status), (&json!("2001"), 1), "{error}");

    let (error, ended) = serve(&planted(&line, "setup-fails"));
    assert_eq!((&error["error_code"], ended.status), (&json!("1003"), 1), "{error}");
    // What the algorithm said before is in the log.
    assert_eq!(ended.line("looking for the model")["source"], "log");
    ended.line("setup failed: no model");
    let (error, ended) = serve(&planted(&line, "info-panic"));
    assert_eq!((&error["error_code"], ended.status), (&json!("1009"), 1), "{error}");
}

#[test]
fn a_call_that_waits_is_told_as_well() {
    let line = Line::new();
    let mut command = line.bare_command();
    // Compiling takes long enough for the call to arrive.
    command.arg("--no-cache").arg(planted(&line, "setup-fails"));
    let mut runner = Runner::start(&mut command);
    runner.send(&call("waits", "noop"));
    let ended = runner.end();
    let ids: Vec<&Value> = ended.frames.iter().map(|frame| &frame["request_id"]).collect();
    assert_eq!(ids, [&Value::Null, &json!("waits")], "{ended:#?}");
    assert!(
        ended.frames.iter().all(|frame| frame["error_code"] == "1003"),
        "{ended:#?}"
    );
}

#[test]
fn without_a_package_the_environment_or_the_folder_names_it() {
    let line = Line::new();
    let info = json!({"type": "call", "request_id": 1, "phase": "info"});
    let mut named = line.bare_command();
    let mut runner = Runner::start(named.env("PROC_ALGO_ROOT", line.path("probe")));
    assert_eq!(runner.ask(&info)["data"]["info"]["name"], "probe");
    let mut here = line.bare_command();
    let mut runner = Runner::start(here.current_dir(line.path("probe")));
    assert_eq!(runner.ask(&info)["data"]["info"]["name"], "probe");
    // A component alone has no manifest.
    let mut bare = line.bare_command();
    let mut runner = Runner::start(bare.arg(line.path("probe/component.wasm")));
    assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
}

#[test]
fn a_crate_is_not_built() {
    let line = Line::new();
    std::fs::write(line.path("probe/Cargo.toml"), "[package]\nname = \"never-built\"\n").unwrap();
    let mut runner = line.start();
    assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
    assert!(!line.path("probe/Cargo.lock").exists());
}

#[test]
fn a_store_serves_what_is_active_for_the_product_model() {
    let line = Line::new();
    let run = |arguments: &[&str]| {
        let mut command = procvision_tests::binary::procvision();
        procvision_tests::binary::Answer::of(command.current_dir(line.path("")).args(arguments)).expect(0)
    };
    let (store, zip) = ("store", "probe-v0.1.0-offline.zip");
    run(&["package", "probe", "--no-build", "-o", zip]);
    run(&["store", "--store", store, "install", zip]);
    run(&["store", "--store", store, "activate", "probe", "0.1.0", "--pid", "A02"]);

    let mut command = line.bare_command();
    command
        .args(["--store", store, "--pid", "A02"])
        .current_dir(line.path(""));
    let mut runner = Runner::start(&mut command);
    let mut without_pid = call("r", "tell");
    without_pid["pid"] = Value::Null;
    let message = runner.ask(&without_pid)["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("pid A02,"), "{message}");
    // It is in use.
    let mut uninstall = procvision_tests::binary::procvision();
    uninstall.args([
        "store",
        "--store",
        store,
        "uninstall",
        "probe",
        "0.1.0",
        "--force",
        "--wait",
        "0",
    ]);
    let refused = procvision_tests::binary::Answer::of(uninstall.current_dir(line.path("")));
    assert_eq!(refused.status, 2, "{refused:#?}");
    runner.close();
    assert_eq!(runner.end().status, 0);

    let mut command = line.bare_command();
    command
        .args(["--store", store, "--pid", "A01"])
        .current_dir(line.path(""));
    let (_, ended) = failed(Runner::start(&mut command));
    assert_eq!(ended.line("A01")["error_code"], "1000");
}

/// Whatever a runner says once it knows, the status tells it as well.
#[test]
fn a_signal_after_a_failed_load_does_not_make_it_good() {
    for _ in 0..10 {
        let line = Line::new();
        line.write("policy.json", &json!({"policy_version": 1, "signatures": "strict"}));
        let policy = line.path("policy.json");
        let mut runner = line.start_with(&["--policy", policy.to_str().unwrap()]);
        assert_eq!(runner.frame()["error_code"], "2005");
        runner.signal(rustix::process::Signal::TERM);
        assert_eq!(runner.end().status, 1);
    }
}
