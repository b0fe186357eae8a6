//! `docs/policy.md` lists every key as the code knows it, and its examples are policies.

use procvision_host::policy::StationPolicy;
use procvision_tests::binary::project_root;
use serde_json::Value;
use std::fs;
use std::path::Path;

fn table() -> String {
    let mut table = String::from("| key | value | default | why |\n| --- | --- | --- | --- |\n");
    for key in StationPolicy::default().describe() {
        let default = match &key.default {
            Value::Null if key.required => "must be there".to_owned(),
            Value::Null => "none".to_owned(),
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        };
        table += &format!("| `{}` | {} | {default} | {} |\n", key.key, key.kind, key.reason);
    }
    table
}

#[test]
fn every_key_is_documented() {
    let path = project_root().join("docs/policy.md");
    let (begin, end) = ("<!-- policy:begin -->\n", "<!-- policy:end -->");
    let page = fs::read_to_string(&path).expect("the page is there");
    let start = page.find(begin).expect("the page marks where the table begins") + begin.len();
    let stop = page.find(end).expect("the page marks where the table ends");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{}{}{}", &page[..start], table(), &page[stop..])).unwrap();
        return;
    }
    assert_eq!(&page[start..stop], table(), "UPDATE_GOLDEN=1 rewrites the table");
}

/// The policies that a page shows.
pub fn shown_policies() -> Vec<String> {
    let page = fs::read_to_string(project_root().join("docs/policy.md")).expect("the page is there");
    let blocks = page.split("```json\n").skip(1);
    blocks
        .filter_map(|block| Some(block.split_once("\n```")?.0.to_owned()))
        .collect()
}

#[test]
fn the_policies_that_are_shown_are_good() {
    let shown = shown_policies();
    assert!(shown.len() >= 2);
    for policy in shown {
        StationPolicy::parse(policy.as_bytes(), Path::new("policy.json"))
            .unwrap_or_else(|error| panic!("{policy}: {error}"));
    }
}
