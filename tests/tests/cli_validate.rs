//! `procvision validate`: each check passes where all is well and fails where it should, with a remedy.

use procvision_tests::binary::project_root;
use procvision_tests::guests::{lifted_for, shape};
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};

fn validate(place: &Workplace, source: &str, status: i32) -> Value {
    place.procvision(&["validate", source, "--json"]).expect(status).json()
}

/// The worst result of the check `id`.
fn result<'a>(answer: &'a Value, id: &str) -> &'a Value {
    let checks = answer["checks"].as_array().unwrap();
    let rank = |check: &Value| {
        ["not_run", "pass", "warn", "fail"]
            .iter()
            .position(|status| check["status"] == *status)
    };
    let found = checks
        .iter()
        .filter(|check| check["id"] == id)
        .max_by_key(|check| rank(check));
    found.unwrap_or_else(|| panic!("no check {id} in {answer}"))
}

/// Expects the check `id` to fail, all before it to have passed, and none after it to have been made.
#[track_caller]
fn fails_at(answer: &Value, id: &str, code: &str) {
    assert_eq!(answer["status"], "fail", "{answer}");
    let failed = result(answer, id);
    assert_eq!(
        (&failed["status"], &failed["code"]),
        (&"fail".into(), &code.into()),
        "{answer}"
    );
    assert!(
        failed["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()),
        "{failed}"
    );
    assert_eq!(answer["counts"]["fail"], 1, "{answer}");
    let checks = answer["checks"].as_array().unwrap();
    let place = checks.iter().position(|check| check["id"] == id).unwrap();
    for later in &checks[place + 1..] {
        assert_eq!(later["status"], "not_run", "{later}");
        // None of these packages has golden cases, which is known before anything is loaded.
        let needs = later["detail"].as_str().unwrap().starts_with("needs: ");
        assert!(needs || later["id"] == "cases", "{later}");
    }
}

#[test]
fn the_examples_are_fit_for_a_station() {
    let place = Workplace::new();
    for example in ["presence-check", "surface-defect", "capture-quality"] {
        let folder = project_root().join("examples").join(example);
        let answer = place
            .procvision(&["validate", folder.to_str().unwrap(), "--build", "--json", "-q"])
            .expect(0)
            .json();
        assert_eq!(answer["counts"]["fail"], 0, "{answer}");
        // Nobody named a policy, and a folder is not an archive; everything else applies.
        assert_eq!(answer["counts"]["not_run"], 3, "{answer}");
        for id in ["archive", "signature", "policy"] {
            assert_eq!(result(&answer, id)["status"], "not_run", "{id}: {answer}");
        }
        assert_eq!(result(&answer, "determinism")["status"], "pass");
        assert!(
            answer["imports"]
                .as_array()
                .unwrap()
                .iter()
                .all(|import| import["class"] != "refused")
        );
    }
}

#[test]
fn a_given_picture_is_tried_too() {
    let place = Workplace::new();
    let alone = validate(&place, "rogue", 0);
    let detail = |answer: &Value| result(answer, "calls")["detail"].as_str().unwrap().to_owned();
    assert!(detail(&alone).starts_with("2 calls "), "{alone}");
    let both = place
        .procvision(&["validate", "rogue", "--json", "--image", "photo.png"])
        .expect(0)
        .json();
    assert!(detail(&both).starts_with("4 calls "), "{both}");
    place
        .procvision(&["validate", "rogue", "--json", "--image", "nowhere.png"])
        .expect(2);
}

#[test]
fn what_is_wrong_with_the_files_fails_there() {
    let place = Workplace::new();
    let package = |change: &dyn Fn(&mut Value)| {
        let mut manifest = place.manifest();
        change(&mut manifest);
        place.package("bad", &manifest);
        validate(&place, "bad", 1)
    };
    fails_at(
        &package(&|manifest| manifest["surprise"] = json!(1)),
        "manifest",
        "2002",
    );
    fails_at(
        &package(&|manifest| manifest["name"] = json!("Rogue")),
        "manifest_values",
        "2002",
    );
    let asset = json!({"A01": {"template": "assets/template.png"}});
    fails_at(
        &package(&|manifest| manifest["required_assets"] = asset.clone()),
        "assets",
        "2004",
    );
    fails_at(
        &package(&|manifest| manifest["component"] = json!("other.wasm")),
        "component",
        "2004",
    );
    fails_at(
        &package(&|manifest| manifest["version"] = json!("9.9.9")),
        "mismatch",
        "2005",
    );
    fails_at(
        &package(&|manifest| manifest["default_config"] = json!({"speed": 1})),
        "default_config",
        "2005",
    );
    place.write("empty/file", b"");
    fails_at(&validate(&place, "empty", 1), "manifest", "2002");
}

#[test]
fn what_is_wrong_with_the_component_fails_there() {
    let place = Workplace::new();
    let component = |bytes: &[u8]| {
        place.write("bad.wasm", bytes);
        validate(&place, "bad.wasm", 1)
    };
    fails_at(&component(b"text"), "binary", "2005");
    fails_at(&component(&shape("core-module")), "binary", "2005");
    fails_at(&component(&shape("nested-code")), "binary", "2005");
    fails_at(&component(&shape("no-lifecycle")), "contract", "2003");
    fails_at(&component(&lifted_for("base", "2.0.0")), "contract", "2003");
    let refused = component(&shape("http"));
    fails_at(&refused, "imports", "2003");
    let imports = refused["imports"].as_array().unwrap();
    let http =
        |import: &Value| import["name"].as_str().unwrap().starts_with("wasi:http") && import["class"] == "refused";
    assert!(imports.iter().any(http), "{refused}");
    fails_at(&component(&shape("two-memories")), "memories", "2005");
}

#[test]
fn what_is_wrong_with_the_algorithm_fails_there() {
    let place = Workplace::new();
    let order = |attack: &str, status| {
        place.write("rogue/assets/attack", attack.as_bytes());
        validate(&place, "rogue", status)
    };
    fails_at(&order("info-fails", 1), "get_info", "9999");
    fails_at(&order("info-default-misfit", 1), "description", "2005");
    fails_at(&order("info-other-name", 1), "mismatch", "2005");
    fails_at(&order("setup-fails", 1), "setup", "1003");
    fails_at(&order("setup-trap", 1), "setup", "1009");
    let teardown = order("teardown-trap", 0);
    assert_eq!(result(&teardown, "teardown")["status"], "warn", "{teardown}");
}

#[test]
fn a_trap_while_trying_out_fails_and_a_stated_failure_warns() {
    let place = Workplace::new();
    let mut manifest = place.manifest();
    let mut configured = |attack: &str| {
        manifest["default_config"] = json!({ "attack": attack });
        place.package("told", &manifest);
        place.procvision(&["validate", "told", "--json"]).json()
    };
    let trap = configured("unreachable");
    assert_eq!(
        (&trap["status"], &result(&trap, "calls")["code"]),
        (&"fail".into(), &"1009".into()),
        "{trap}"
    );
    let outside = configured("rect-overflow");
    assert_eq!(result(&outside, "calls")["code"], "1007", "{outside}");
    assert_eq!(outside["status"], "fail");
    let stated = configured("failure-recoverable");
    assert_eq!(
        (&stated["status"], &result(&stated, "calls")["status"]),
        (&"warn".into(), &"warn".into()),
        "{stated}"
    );
    let crowded = configured("thousands-of-rects");
    let advice = result(&crowded, "advice");
    assert_eq!(advice["status"], "warn", "{crowded}");
    assert!(
        advice["detail"].as_str().unwrap().contains("the first 20 are kept"),
        "{advice}"
    );
}

#[test]
fn too_many_product_models_and_too_high_limits_are_warnings() {
    let place = Workplace::new();
    let mut manifest = place.manifest();
    manifest["limits"] = json!({"memory_bytes": 1_u64 << 40});
    place.package("greedy", &manifest);
    let answer = validate(&place, "greedy", 0);
    assert_eq!(result(&answer, "limits")["status"], "warn");
    assert_eq!(answer["limits_cut"][0]["name"], "memory_bytes");

    let pids: Vec<String> = (0..21).map(|number| format!("P{number}")).collect();
    manifest["supported_pids"] = json!(pids);
    place.package("many", &manifest);
    let answer = validate(&place, "many", 1);
    assert_eq!(result(&answer, "pid_count")["status"], "warn", "{answer}");
}

#[test]
fn a_bare_component_has_no_manifest_to_check() {
    let place = Workplace::new();
    let answer = validate(&place, "rogue/component.wasm", 0);
    for id in ["manifest", "manifest_values", "pid_count", "mismatch", "default_config"] {
        assert_eq!(result(&answer, id)["detail"], "a bare component has no manifest");
    }
    assert_eq!(result(&answer, "calls")["status"], "pass");
}

#[test]
fn people_see_every_check_and_the_remedy_of_what_failed() {
    let place = Workplace::new();
    place.write("rogue/assets/attack", b"setup-fails");
    let text = place.procvision(&["validate", "rogue"]).expect(1).stdout;
    for line in [
        "PASS  contract and its version\n",
        "FAIL  setup: the algorithm cannot be set up: setup failed: no model (1003)\n      remedy: ",
        "----  pre_execute and execute: needs: setup\n",
        "\n  granted  procvision:algorithm/imaging@1.0.0\n",
        "\n  memory_bytes                   512.00 MiB  ceiling 2.00 GiB\n",
        "1 failed, ",
    ] {
        assert!(text.contains(line), "{line:?} is not in {text}");
    }
}

#[test]
fn what_does_not_exist_cannot_be_checked() {
    let place = Workplace::new();
    let answer = place.procvision(&["validate", "nowhere", "--json"]).expect(2).json();
    assert_eq!(answer["error"]["code"], "2005");
    let text = place.procvision(&["validate", "nowhere"]).expect(2);
    assert!(
        text.stderr.starts_with("error: nowhere does not exist\nhelp: "),
        "{text:?}"
    );
}

/// A crate whose build script leaves a mark. Validating a stranger's folder must not run it.
#[test]
fn nothing_of_a_package_runs_outside_the_sandbox() {
    let place = Workplace::new();
    place.write(
        "rogue/Cargo.toml",
        b"[package]\nname = \"rogue\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n",
    );
    place.write("rogue/src/lib.rs", b"");
    let mark = place.path("mark");
    let script = format!("fn main() {{ std::fs::write({mark:?}, \"was here\").unwrap(); }}");
    place.write("rogue/build.rs", script.as_bytes());
    let answer = place.procvision(&["validate", "rogue", "--json"]).json();
    assert_eq!(result(&answer, "setup")["status"], "pass", "{answer}");
    assert!(!mark.exists());
    // The sources are newer than the component; who wrote them wants to know.
    assert_eq!(answer["warnings"][0]["kind"], "component_stale", "{answer}");
    let run = ["run", "rogue", "--pid", "A01", "--image", "photo.png", "--no-build"];
    place.procvision(&run);
    assert!(!mark.exists());
}

#[test]
fn assets_never_lead_out_of_the_package() {
    let place = Workplace::new();
    place.write("secret/id", b"not yours");
    std::os::unix::fs::symlink(place.path("secret"), place.path("rogue/assets")).unwrap();
    let answer = validate(&place, "rogue", 1);
    fails_at(&answer, "assets", "2004");
    std::fs::remove_file(place.path("rogue/assets")).unwrap();
    place.write("rogue/assets/fine", b"mine");
    std::os::unix::fs::symlink(place.path("secret/id"), place.path("rogue/assets/link")).unwrap();
    fails_at(&validate(&place, "rogue", 1), "assets", "2004");
    std::fs::remove_dir_all(place.path("rogue/assets")).unwrap();
    place.write("rogue/assets", b"a file");
    fails_at(&validate(&place, "rogue", 1), "assets", "2004");
}
