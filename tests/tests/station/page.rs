//! The page: everything that it is made of is there, and is what it says it is.

use procvision_tests::station::{Premises, Served};
use serde_json::json;
use std::collections::BTreeSet;

/// The texts between double quotes that follow `before`.
fn quoted<'t>(text: &'t str, before: &str) -> BTreeSet<&'t str> {
    let begins = text.split(before).skip(1);
    begins.filter_map(|rest| rest.split('"').next()).collect()
}

/// A file of the page, and its media type.
fn file(served: &Served, path: &str) -> (String, String) {
    let mut answer = served.answer(served.request("GET", path), Vec::new());
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    let media = answer.headers()["content-type"].to_str().unwrap().to_owned();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'self';"), "{path}: {policy}");
    (answer.body_mut().read_to_string().unwrap(), media)
}

#[test]
fn everything_that_the_page_names_is_there() {
    let served = Premises::new().begin(&json!({}));
    let (index, media) = file(&served, "/");
    assert_eq!(media, "text/html; charset=utf-8");
    let named: Vec<String> = quoted(&index, "href=\"")
        .into_iter()
        .chain(quoted(&index, "src=\""))
        .map(str::to_owned)
        .collect();
    let mut files: Vec<String> = named.into_iter().filter(|name| !name.starts_with('#')).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = files.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let (text, media) = file(&served, &format!("/{name}"));
        match name.rsplit_once('.').unwrap().1 {
            "js" => {
                assert_eq!(media, "text/javascript; charset=utf-8", "{name}");
                files.extend(
                    quoted(&text, "from \"./")
                        .into_iter()
                        .map(|module| format!("js/{module}")),
                );
            }
            "css" => assert_eq!(media, "text/css; charset=utf-8"),
            "svg" => assert_eq!(media, "image/svg+xml"),
            other => panic!("{name} is of the kind {other}"),
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
    for not_a_part in ["/js/../index.html", "/js/nothing.js"] {
        assert_eq!(served.get(not_a_part).0, 404, "{not_a_part}");
    }
}

#[test]
fn every_address_is_described_and_every_description_is_of_an_address() {
    let served = Premises::new().begin(&json!({}));
    let (status, described) = served.get("/openapi.json");
    assert_eq!(status, 200);
    for (path, methods) in described["paths"].as_object().unwrap() {
        let concrete = path
            .replace("{version}", "1.0.0")
            .replace("{id}", "1")
            .replace(['{', '}'], "");
        for method in ["GET", "POST", "DELETE"] {
            if path == "/events" {
                continue;
            }
            let (status, answer) = served.send(served.request(method, &concrete), Vec::new());
            let is_described = methods.get(method.to_lowercase()).is_some();
            assert_eq!(status != 405, is_described, "{method} {path}: {answer}");
        }
    }
}
