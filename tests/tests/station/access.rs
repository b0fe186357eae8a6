//! Who may do what, and from where.

use procvision_tests::binary::procvision;
use procvision_tests::packages::probe_parts;
use procvision_tests::station::Premises;
use serde_json::{Value, json};

fn token(name: &str, role: &str) -> (String, Value) {
    let output = procvision()
        .args(["serve", "token", name, "--role", role, "--json"])
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    (answer["token"].as_str().unwrap().to_owned(), answer["entry"].clone())
}

#[test]
fn roles_may_do_what_they_may_and_nothing_else() {
    let tokens = ["view", "operate", "manage"].map(|role| token(role, role));
    let entries: Vec<&Value> = tokens.iter().map(|(_, entry)| entry).collect();
    let premises = Premises::with(&[probe_parts()], &["A01"]);
    let mut served = premises.serve(&json!({"station": {"tokens": entries}}));
    assert_eq!(served.get("/healthz").0, 200);
    let (status, answer) = served.get("/results");
    assert_eq!((status, &answer["error"]["code"]), (401, &json!("token")), "{answer}");
    served.token = Some("pv-nobody".to_owned());
    assert_eq!(served.get("/results").0, 401);
    for (place, (token, _)) in tokens.iter().enumerate() {
        served.token = Some(token.clone());
        let allowed = |least: usize, good: u16| if place >= least { good } else { 403 };
        assert_eq!(served.get("/results").0, 200);
        assert_eq!(served.post("/inspections", &json!({"pid": "A01"})).0, allowed(1, 201));
        let deactivate = served.post("/algorithms/deactivate", &json!({"pid": "A02"}));
        assert_eq!(deactivate.0 == 403, place < 2, "{deactivate:?}");
        assert_eq!(served.get("/station").1["caller"], ["view", "operate", "manage"][place]);
    }
    // Who did it is in the audit log of the store.
    served.post("/algorithms/deactivate", &json!({"pid": "A01"}));
    let log = std::fs::read_to_string(premises.path("store/logs/audit.jsonl")).unwrap();
    let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert!(last.to_string().contains("manage"), "{last}");
}

#[test]
fn a_station_without_tokens_listens_to_its_own_machine_alone() {
    let premises = Premises::new();
    let output = premises.command_at("0.0.0.0:0", &json!({})).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &answer["error"]["code"]),
        (Some(2), &json!("no-tokens")),
        "{answer}"
    );
}

#[test]
fn other_pages_and_other_names_are_refused() {
    let served = Premises::with(&[probe_parts()], &["A01"]).serve(&json!({}));
    let body = || json!({"pid": "A01"}).to_string().into_bytes();
    let request = || {
        served
            .request("POST", "/inspections")
            .header("content-type", "application/json")
    };
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let (status, answer) = served.send(request().header(name, value), body());
        assert_eq!(
            (status, &answer["error"]["code"]),
            (403, &json!("origin")),
            "{name}: {value}"
        );
    }
    // Looking costs something, too; but whoever follows a link wants to come.
    let link = |mode: &str| {
        let request = served.request("GET", "/results").header("sec-fetch-site", "cross-site");
        served.send(request.header("sec-fetch-mode", mode), Vec::new()).0
    };
    assert_eq!((link("no-cors"), link("cors"), link("navigate")), (403, 403, 200));
    let own = served.page.clone();
    assert_eq!(served.send(request().header("origin", own), body()).0, 201);
    // A name that somebody else has pointed at this machine.
    let (status, answer) = served.send(
        served.request("GET", "/results").header("host", "evil.example"),
        Vec::new(),
    );
    assert_eq!((status, &answer["error"]["code"]), (421, &json!("host")), "{answer}");
    // What a page may send without asking first.
    let plain = served
        .request("POST", "/inspections")
        .header("content-type", "text/plain");
    assert_eq!(served.send(plain, body()).0, 415);
}
