//! The page: it fetches nothing, runs nothing, and nothing that a package says becomes part of it.

use super::inspect;
use procvision_tests::guests::lifted;
use procvision_tests::workplace::Workplace;
use serde_json::json;
use std::collections::BTreeMap;

/// Would run a script, leave an attribute, turn the text around, or begin a template's tag.
const HOSTILE: &str =
    "</style><script>alert(1)</script>\" onload='x' {{ 7*7 }} {% raw %} \u{202e}\u{200b}\u{e0041}\u{3164}]]>-->&amp;";

/// What of it cannot be seen, or turns text around.
const INVISIBLE: [char; 5] = ['\u{202e}', '\u{200b}', '\u{e0041}', '\u{3164}', '\u{1b}'];

/// A component whose custom sections, module names, producers, imports and initial memory all try.
fn hostile_component() -> Vec<u8> {
    // The text format wants letters that mislead to be written by their numbers, as we do.
    let escaped = |letter: char| match letter {
        '"' | '\\' => format!("\\{letter}"),
        letter if letter.is_ascii() => letter.to_string(),
        letter => format!("\\u{{{:x}}}", u32::from(letter)),
    };
    let text: String = HOSTILE.chars().map(escaped).collect();
    let module = format!(
        "(core module $m
            (@custom \"{text}\" \"data\")
            (@producers (language \"{text}\" \"{text}\") (sdk \"{text}\" \"{text}\"))
            (memory 1)
            (data (i32.const 0) \"http://evil.example/<script>{text} mail<b>@evil.example.com /etc/<i>passwd\"))"
    );
    let text = format!(
        "(component
            (import \"{text}\" (instance (export \"{text}\" (func))))
            {module}
            (instance $e)
            (export \"procvision:algorithm/lifecycle@1.0.0\" (instance $e)))"
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn hostile_package(place: &Workplace, name: &str, component: &[u8]) {
    let manifest = json!({
        "manifest_version": 1,
        "name": "cap_check",
        "version": "1.0.0",
        "description": HOSTILE,
        "component": "component.wasm",
        "supported_pids": ["A01"],
        "default_config": {HOSTILE: HOSTILE},
    });
    place.write(&format!("{name}/manifest.json"), manifest.to_string().as_bytes());
    place.write(&format!("{name}/component.wasm"), component);
    let asset = HOSTILE.replace('/', "_");
    place.write(
        &format!("{name}/assets/{asset}.png"),
        format!("http://a/{HOSTILE}").as_bytes(),
    );
}

/// Every tag of the page with its attributes.
fn tags(html: &str) -> Vec<&str> {
    html.split('<')
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap())
        .collect()
}

#[test]
fn nothing_a_package_says_becomes_markup_or_misleads() {
    let place = Workplace::new();
    hostile_package(&place, "old", &lifted("base"));
    hostile_package(&place, "new", &hostile_component());
    let answer = inspect(&place, &["new", "--against", "old", "--report", "page.html"], 1);
    assert_eq!(answer["verdict"], "refused");
    let html = std::fs::read_to_string(place.path("page.html")).unwrap();
    let mut known = BTreeMap::<&str, usize>::new();
    for tag in tags(&html) {
        let name = tag
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '!')
            .next()
            .unwrap();
        *known.entry(name).or_default() += 1;
        assert!(!tag.contains("onload"), "{tag}");
    }
    for name in ["script", "b<", "img", "iframe", "link", "object", "base", "form"] {
        assert!(!known.contains_key(name), "{known:?}");
    }
    assert_eq!(known["style"], 1);
    assert!(!html.contains(INVISIBLE));
    assert!(html.contains(r"\u{202e}\u{200b}\u{e0041}\u{3164}"));
    assert!(html.contains("{{ 7*7 }}"));
    // The text for terminals is as careful.
    let text = place
        .procvision(&["inspect", "new", "--against", "old"])
        .expect(1)
        .stdout;
    let steers = |letter: char| letter != '\n' && (letter.is_control() || INVISIBLE.contains(&letter));
    assert!(!text.contains(steers), "{text}");
}

#[test]
fn the_page_fetches_nothing_and_stands_alone() {
    let place = Workplace::new();
    hostile_package(&place, "cap", &lifted("base"));
    inspect(&place, &["cap", "--report", "page.html"], 0);
    let html = std::fs::read_to_string(place.path("page.html")).unwrap();
    assert!(html.contains("default-src 'none'"));
    for tag in tags(&html) {
        for attribute in ["src=", "href=", "action=", "http-equiv=\"refresh"] {
            assert!(!tag.contains(attribute), "{tag}");
        }
    }
    assert!(!html.contains("url(") && !html.contains("@import"));
    let verdict = html.find("<h1>").expect("there is a verdict");
    let facts = html.find("<h2>").expect("there are facts");
    assert!(verdict < facts);
}

/// Letters of other alphabets that look like Latin ones can be told from them in names.
#[test]
fn names_that_look_like_others_can_be_told_apart() {
    let place = Workplace::new();
    let text = "(component (import \"w\\u{430}si:io/streams@0.2.0\" (instance)))";
    place.write("twin.wasm", &wat::parse_str(text).unwrap());
    inspect(&place, &["twin.wasm", "--report", "page.html"], 1);
    let html = std::fs::read_to_string(place.path("page.html")).unwrap();
    assert!(html.contains(r"w\u{430}si:io&#x2f;streams@0.2.0"));
    let text = place.procvision(&["inspect", "twin.wasm"]).expect(1).stdout;
    assert!(text.contains(r"w\u{430}si:io/streams@0.2.0"), "{text}");
}
