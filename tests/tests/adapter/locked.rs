//! Everything that a station does must work in a process that has given up its rights: examples, pictures that are
//! mapped, traps, a broker that comes back, the end.

use procvision_tests::binary::{procvision, project_root};
use procvision_tests::frame_pool::{Process, broker_process};
use procvision_tests::runner::{Line, Runner, call};
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn the_locks_hold_before_the_first_call() {
    let line = Line::new();
    let mut runner = line.start();
    assert_eq!(runner.ask(&call("r", "noop"))["status"], "OK");
    let status = std::fs::read_to_string(format!("/proc/{}/status", runner.id())).unwrap();
    let says = |wanted: &str| {
        status
            .lines()
            .any(|line| line.split_whitespace().eq(wanted.split_whitespace()))
    };
    assert!(says("NoNewPrivs: 1") && says("Seccomp: 2"), "{status}");
    runner.close();
    let ended = runner.end();
    let at = |text: &str| {
        let said = |line: &Value| {
            line["message"]
                .as_str()
                .is_some_and(|message| message.starts_with(text))
        };
        ended
            .log
            .iter()
            .position(said)
            .unwrap_or_else(|| panic!("no line says `{text}`: {ended:#?}"))
    };
    assert!(at("locked down") < at("ready"));
    assert_eq!(ended.log[at("locked down")]["locks"]["system_calls"], "held");
}

/// Publishes one picture.
fn publish(socket: &Path, pool: &str) -> (Process, String) {
    let mut command = procvision();
    command
        .args([
            "frames", "publish", "--pool", pool, "--scene", "panel", "--size", "640x480",
        ])
        .args(["--format", "RGB8", "--fps", "1", "--json", "--socket"])
        .arg(socket);
    let mut publisher = Process::start(&mut command);
    loop {
        let line: Value = serde_json::from_str(&publisher.line()).expect("it answers in JSON");
        if let Some(reference) = line["reference"].as_str() {
            return (publisher, reference.to_owned());
        }
    }
}

fn of_pool(reference: &str, task: &str) -> Value {
    let mut call = call("r", task);
    call["shared_mem_id"] = json!(reference);
    call["image_meta"] = json!({"width": 640, "height": 480});
    call
}

#[test]
fn pictures_of_a_pool_are_mapped_even_after_the_broker_has_come_back() {
    let line = Line::new();
    line.write("runner_config.json", &json!({"save_debug_fields": ["picture"]}));
    let (socket, config) = (line.path("frames.sock"), line.path("runner_config.json"));
    let mut command = line.command();
    command.arg("--frames-socket").arg(&socket).arg("--config").arg(&config);
    // Nobody listens there yet, and the locks hold by the time somebody does.
    let mut runner = Runner::start(&mut command);
    assert_eq!(
        runner.ask(&of_pool("pool:cam-01/0/1", "read-rgb"))["error_code"],
        "1002"
    );
    for _ in 0..2 {
        let broker = broker_process(&socket);
        let (publisher, reference) = publish(&socket, "cam-01");
        let answer = runner.ask(&of_pool(&reference, "read-rgb"));
        assert_eq!(answer["status"], "OK", "{answer}");
        assert!(answer["message"].as_str().unwrap().starts_with("921600 "), "{answer}");
        assert_eq!(answer["data"]["debug"]["picture"], "map", "{answer}");
        publisher.kill();
        broker.kill();
    }
}

#[test]
fn traps_and_the_end_work_as_ever() {
    let line = Line::new();
    let mut runner = line.start();
    for _ in 0..20 {
        assert_eq!(runner.ask(&call("r", "trap"))["error_code"], "1009");
        assert_eq!(runner.ask(&call("r", "read-rgb"))["status"], "OK");
    }
    assert_eq!(runner.ask(&json!({"type": "shutdown"}))["type"], "shutdown");
    assert_eq!(runner.end().status, 0);
}

#[test]
fn the_examples_judge_their_golden_cases() {
    let examples = project_root().join("examples");
    let mut judged = 0;
    for entry in std::fs::read_dir(examples).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(manifest) = std::fs::read_to_string(folder.join("manifest.json")) else {
            continue;
        };
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        let line = Line::new();
        let component = line.path("component.wasm");
        let options = procvision_host::component_build::BuildOptions {
            output: Some(component.clone()),
            quiet: true,
            ..Default::default()
        };
        procvision_host::component_build::build(&folder, &options).expect("the example can be built");
        // The folder as it is, with the component where the manifest says.
        let package = line.path("package");
        copy(&folder, &package);
        let place = package.join(manifest["component"].as_str().unwrap());
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::copy(&component, place).unwrap();

        let mut runner = Runner::start(line.bare_command().arg(&package));
        let cases = std::fs::read_to_string(folder.join("cases.json")).expect("it has golden cases");
        let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
        for case in &cases {
            judged += 1;
            judge(&line, &mut runner, &folder, case);
        }
    }
    assert!(judged >= 10, "only {judged} cases");
}

/// Asks both questions about the picture of a golden case.
fn judge(line: &Line, runner: &mut Runner, folder: &Path, case: &Value) {
    let picture = folder.join(case["image"].as_str().unwrap());
    std::fs::copy(picture, line.path("pictures/dev-shm_case.bin")).unwrap();
    let mut ask = |phase: &str| {
        runner.ask(&json!({
            "type": "call", "request_id": 1, "phase": phase, "step_index": case["step"], "pid": case["pid"],
            "user_params": case["params"], "shared_mem_id": "dev-shm:case",
        }))
    };
    let (pre, execute) = (ask("pre"), ask("execute"));
    if case["references"]
        .as_object()
        .is_some_and(|references| !references.is_empty())
    {
        // No call of this version can name it; the algorithm says so itself.
        assert!(
            execute["message"].as_str().unwrap().contains("no reference named"),
            "{case}: {execute}"
        );
        return;
    }
    assert_eq!(pre["status"] == "OK", case["pre"] == "ready", "{case}: {pre}");
    if case["pre"] == "ready" {
        assert_eq!(execute["data"]["result_status"], case["verdict"], "{case}: {execute}");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true if path.ends_with("target") => {}
            true => copy(&path, &target),
            false => drop(std::fs::copy(&path, &target).unwrap()),
        }
    }
}
