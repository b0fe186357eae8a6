//! Versions: installing, activating, switching and going back over HTTP, without a gap.

use procvision_tests::frame_pool::eventually;
use procvision_tests::packages::{parts, probe_parts};
use procvision_tests::station::{Premises, Served, picture};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

fn judge(served: &Served) -> Value {
    let inspection = served.inspection("A01");
    let parts: [(&str, &[u8]); 2] = [("request", b"{\"step_index\": 1}"), ("picture", &picture())];
    let (status, answer) = served.post_parts(&format!("{inspection}/steps"), &parts);
    assert_eq!((status, &answer["verdict"]), (200, &json!("OK")), "{answer}");
    served.post(&format!("{inspection}/end"), &json!({}));
    answer["results"][0]["version"].clone()
}

#[test]
fn a_switch_and_the_way_back_leave_no_gap() {
    let premises = Premises::with(&[parts("1.0.0"), parts("1.1.0")], &["A01"]);
    let served = premises.serve(&json!({}));
    assert_eq!(judge(&served), "1.0.0");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let judging = scope.spawn(|| {
            let mut versions = Vec::new();
            while !done.load(Ordering::Relaxed) {
                versions.push(judge(&served));
            }
            versions
        });
        // An inspection that has begun goes on with what it began with.
        let begun = served.inspection("A01");
        let (status, answer) = served.post("/algorithms/switch", &json!({"name": "lifted", "version": "1.1.0"}));
        assert_eq!((status, &answer["moves"][0]["pid"]), (200, &json!("A01")), "{answer}");
        assert_eq!(served.get(&begun).1["version"], "1.0.0");
        let parts: [(&str, &[u8]); 2] = [("request", b"{\"step_index\": 1}"), ("picture", &picture())];
        let (_, answer) = served.post_parts(&format!("{begun}/steps"), &parts);
        assert_eq!(
            (&answer["verdict"], &answer["results"][0]["version"]),
            (&json!("OK"), &json!("1.0.0"))
        );
        assert_eq!(judge(&served), "1.1.0");

        let (status, answer) = served.post("/algorithms/rollback", &json!({"pid": "A01"}));
        assert_eq!(status, 200, "{answer}");
        assert_eq!(judge(&served), "1.0.0");
        done.store(true, Ordering::Relaxed);
        let versions = judging.join().expect("every product was judged");
        assert!(!versions.is_empty());
    });
}

#[test]
fn a_change_is_done_to_its_end_although_nobody_waits_for_it() {
    let served = Premises::with(&[probe_parts()], &["A01"]).serve(&json!({}));
    let asking = served.ask("DELETE", "/algorithms/probe/0.1.0?force=true", None);
    eventually("its processes end", || {
        served.get("/algorithms/active").1["active"] == json!([])
    });
    drop(asking);
    eventually("it is removed", || {
        served.get("/algorithms").1["algorithms"] == json!([])
    });
    assert_eq!(served.post("/inspections", &json!({"pid": "A01"})).0, 404);
}

#[test]
fn what_is_changed_at_the_command_line_is_followed() {
    let premises = Premises::with(&[parts("1.0.0"), parts("1.1.0")], &["A01"]);
    let served = premises.serve(&json!({}));
    premises.store(&["switch", "lifted", "1.1.0"]);
    eventually("the station has followed", || judge(&served) == "1.1.0");
    premises.store(&["deactivate", "--pid", "A01"]);
    eventually("nothing judges any more", || {
        served.post("/inspections", &json!({"pid": "A01"})).0 == 404
    });
}

#[test]
fn packages_are_installed_activated_and_removed_over_http() {
    let premises = Premises::new();
    let served = premises.begin(&json!({}));
    assert_eq!(served.get("/readyz").0, 503);
    let zip = probe_parts().archive();
    let (status, answer) = served.post_parts("/algorithms/validate", &[("package", &zip)]);
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = served.post_parts("/algorithms/install", &[("package", &zip)]);
    assert_eq!((status, &answer["name"]), (201, &json!("probe")), "{answer}");
    let (status, answer) = served.post_parts("/algorithms/install", &[("package", &zip)]);
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("2005")), "{answer}");
    let wrong = json!({"name": "probe", "version": "0.1.0", "pids": ["B07"]});
    let (status, answer) = served.post("/algorithms/activate", &wrong);
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("2006")), "{answer}");
    let right = json!({"name": "probe", "version": "0.1.0", "pids": ["A01"]});
    let (status, answer) = served.post("/algorithms/activate", &right);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(served.get("/readyz").0, 200);
    let inspection = served.inspection("A01");
    assert_eq!(served.step(&inspection, "noop").1["verdict"], "OK");

    let (status, answer) = served.delete("/algorithms/probe/0.1.0");
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("2007")), "{answer}");
    let (status, page) = served.get("/algorithms/probe/0.1.0/audit");
    assert!(
        status == 200 && page.as_str().is_some_and(|page| page.contains("probe")),
        "{page}"
    );
    let (status, answer) = served.delete("/algorithms/probe/0.1.0?force=true");
    assert_eq!(status, 200, "{answer}");
    assert_eq!(served.get("/algorithms").1["algorithms"], json!([]));
    let (status, answer) = served.post_parts("/algorithms/install", &[("package", b"PK\x03\x04 and nothing else")]);
    assert_eq!(status, 422, "{answer}");
}
