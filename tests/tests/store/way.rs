//! The whole way of a real example: packaged, signed, installed, activated after its golden cases, run by product
//! model, taken out.

use crate::stage::Station;
use procvision_tests::binary::{Answer, procvision, project_root};
use serde_json::{Value, json};
use std::fs;

#[test]
fn an_example_goes_from_its_crate_to_a_verdict_by_product_model() {
    let station = Station::new();
    let example = project_root().join("examples/presence-check");
    let zip = station.path("package.zip");
    let packaged = procvision()
        .args(["package", "--json", "-q", "-o"])
        .arg(&zip)
        .arg(&example)
        .output()
        .unwrap();
    let packaged: Value = Answer::from(packaged).expect(0).json();
    // Signed by somebody whose key the station trusts, and nothing else is accepted.
    fs::create_dir_all(station.store("trusted")).unwrap();
    fs::write(
        station.store("policy.json"),
        r#"{"policy_version": 1, "signatures": "strict"}"#,
    )
    .unwrap();
    station.refused(&["install", "package.zip"], 1, "2005");
    let store = station.store("");
    for arguments in [
        &["keygen", "line", "--no-password"][..],
        &["sign", "package.zip", "--key", "line.key"],
        &["verify", "package.zip", "--key", "line.pub"],
        &["trust", "add", "line.pub", "--store", store.to_str().unwrap()],
    ] {
        Answer::of(procvision().current_dir(station.path("")).args(arguments)).expect(0);
    }
    let installed = station.json(&["install", "package.zip"], 0);
    assert_eq!(
        (&installed["signature"]["signer"], &installed["objections"]),
        (&json!("line"), &json!([]))
    );
    assert_eq!(installed["digest"], packaged["digest"], "{packaged}");
    let (name, version) = (
        installed["name"].as_str().unwrap(),
        installed["version"].as_str().unwrap(),
    );
    let activated = station.json(&["activate", name, version, "--all", "--by", "acceptance"], 0);
    assert!(activated["cases"].as_u64().unwrap() >= 3, "{activated}");
    let run = |picture: &str| {
        let mut command = procvision();
        command
            .args(["run", "--pid", "A01", "--json", "--store"])
            .arg(station.store(""))
            .arg("--image")
            .arg(example.join("pictures").join(picture));
        Answer::of(&mut command).expect(0).json()
    };
    assert_eq!(run("coins.png")["verdict"], "OK");
    let missing = run("coins-one-missing.png");
    assert_eq!(missing["verdict"], "NG");
    assert_eq!(missing["timings_ms"]["compiled_before"], json!(true), "{missing}");
    station.refused(&["uninstall", name, version], 2, "2007");
    let validated = station.store("zips").join(format!("{name}-v{version}-offline.zip"));
    let validated = Answer::of(procvision().args(["validate", "--json"]).arg(validated))
        .expect(0)
        .json();
    assert_eq!(validated["counts"]["fail"], 0, "{validated}");
    station.json(&["uninstall", name, version, "--force"], 0);
    station.whole();
}
