//! Files made to cost a reviewer's machine time or memory, or to drown what matters. Everything stays bounded.

use super::{inspect, named};
use procvision_tests::guests::{lifted, rust_guest};
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};

/// Most bytes of any answer, and of any page.
const BOUNDED: usize = 4 << 20;

/// Inspects these bytes, writes the page too, and checks that neither is too large.
#[track_caller]
fn bounded(place: &Workplace, bytes: &[u8]) -> Value {
    place.write("bad.wasm", bytes);
    let answer = place.procvision(&["inspect", "--json", "bad.wasm", "--report", "page.html"]);
    let answer = answer.expect(1);
    assert!(answer.stdout.len() < BOUNDED, "{} bytes", answer.stdout.len());
    let page = std::fs::metadata(place.path("page.html")).unwrap().len();
    assert!(page < 2 * BOUNDED as u64, "{page} bytes");
    let text = place.procvision(&["inspect", "bad.wasm"]).expect(1).stdout;
    assert!(text.len() < 64 << 10, "{} bytes", text.len());
    answer.json()
}

fn component(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    for (id, content) in sections {
        bytes.push(*id);
        leb128(&mut bytes, content.len());
        bytes.extend(content);
    }
    bytes
}

fn leb128(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Names before a number of items.
fn counted(count: usize, items: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut section = Vec::new();
    leb128(&mut section, count);
    items.for_each(|item| section.extend(item));
    section
}

fn string(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    leb128(&mut bytes, text.len());
    bytes.extend(text.as_bytes());
    bytes
}

#[test]
fn imports_without_number() {
    let place = Workplace::new();
    let imports: String = (0..20_000)
        .map(|number| format!("(import \"acme:{}{number}/x\" (instance))", "a".repeat(300)))
        .collect();
    let bytes = wat::parse_str(format!("(component {imports})")).unwrap();
    let answer = bounded(&place, &bytes);
    let listed = answer["component"]["imports"].as_array().unwrap().len();
    assert_eq!(
        listed as u64 + answer["component"]["more_imports"].as_u64().unwrap(),
        20_000
    );
    let longest = answer["component"]["imports"][0]["name"].as_str().unwrap().len();
    assert!(longest <= 200, "{longest}");
}

/// One type with very many functions, imported again and again.
#[test]
fn functions_without_number() {
    let place = Workplace::new();
    let functions: String = (0..20_000)
        .map(|number| format!("(export \"f{number}\" (func))"))
        .collect();
    let imports: String = (0..400)
        .map(|number| format!("(import \"acme:a{number}/x\" (instance (type 0)))"))
        .collect();
    let bytes = wat::parse_str(format!("(component (type (instance {functions})) {imports})")).unwrap();
    place.write("bad.wasm", &bytes);
    let answer = inspect(&place, &["bad.wasm"], 1);
    let import = named(&answer["component"]["imports"], "acme:a0/x");
    let listed = import["functions"].as_array().unwrap().len() as u64;
    assert_eq!(listed + import["more_functions"].as_u64().unwrap(), 20_000);
}

#[test]
fn text_without_number() {
    let place = Workplace::new();
    let urls: String = (0..300_000)
        .map(|number| format!("http://h{number}.example/ "))
        .collect();
    let text = format!(
        "(component (core module (memory 1) (data (i32.const 0) \"{urls}\")) (core module (data \"{}\")))",
        "A1b2C3d4E5".repeat(400_000)
    );
    let answer = bounded(&place, &wat::parse_str(&text).unwrap());
    let findings = answer["strings"]["findings"].as_array().unwrap().len() as u64;
    let more = answer["strings"]["more"]["url"].as_u64().unwrap();
    assert!(findings < 500, "{findings}");
    assert!(more > 299_000, "{more}");
}

#[test]
fn custom_sections_and_modules_without_number() {
    let place = Workplace::new();
    let customs = (0..50_000).map(|number: u32| (0, [string(&format!("s{number}")), vec![0; 3]].concat()));
    let modules = (0..20_000).map(|_| (1, b"\0asm\x01\0\0\0".to_vec()));
    let bytes = component(&customs.chain(modules).collect::<Vec<_>>());
    place.write("bad.wasm", &bytes);
    let answer = inspect(&place, &["bad.wasm"], 1);
    let component = &answer["component"];
    assert!(component["sections"].as_array().unwrap().len() <= 500);
    assert_eq!(component["custom_bytes"], 150_000);
    let listed = component["modules"].as_array().unwrap().len() as u64;
    assert_eq!(listed + component["more_modules"].as_u64().unwrap(), 20_000);
}

/// Producers are anybody's words; a long list of them is cut.
#[test]
fn producers_without_number() {
    let place = Workplace::new();
    let values = (0..100_000).map(|number: u32| [string(&format!("tool{number}")), string("1")].concat());
    let fields = counted(1, std::iter::once([string("sdk"), counted(100_000, values)].concat()));
    let bytes = component(&[(0, [string("producers"), fields].concat())]);
    place.write("bad.wasm", &bytes);
    let answer = inspect(&place, &["bad.wasm"], 1);
    assert!(answer["component"]["producers"].as_array().unwrap().len() <= 500);
}

#[test]
fn components_nested_a_hundred_thousand_deep() {
    let place = Workplace::new();
    // Written from the inside out, so backwards: the sizes of the outer levels depend on the inner ones.
    let header = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
    let mut backwards: Vec<u8> = header.iter().rev().copied().collect();
    for _ in 0..100_000 {
        let mut section = header.to_vec();
        section.push(4);
        leb128(&mut section, backwards.len());
        backwards.extend(section.iter().rev());
    }
    let bytes: Vec<u8> = backwards.into_iter().rev().collect();
    let answer = bounded(&place, &bytes);
    let damage = answer["component"]["damage"].as_str().unwrap();
    assert!(damage.contains("within each other"), "{damage}");
}

/// Counts stand in the file before anything is validated.
#[test]
fn counts_beyond_all_bounds() {
    let place = Workplace::new();
    for section in [3, 4, 5, 6, 7, 9, 11] {
        let module = [
            b"\0asm\x01\0\0\0".as_slice(),
            &[section, 5, 0xff, 0xff, 0xff, 0xff, 0x0f],
        ]
        .concat();
        bounded(&place, &component(&[(1, module)]));
    }
    for section in [2, 5, 6, 7, 8, 10, 11] {
        bounded(&place, &component(&[(section, vec![0xff, 0xff, 0xff, 0xff, 0x0f])]));
    }
}

/// A component that is cut anywhere is damaged, and what stands before the cut is told.
#[test]
fn a_component_cut_anywhere() {
    let place = Workplace::new();
    let whole = lifted("base");
    for length in (0..whole.len()).step_by(whole.len() / 40) {
        place.write("cut.wasm", &whole[..length]);
        let answer = inspect(&place, &["cut.wasm"], 1);
        assert_eq!(answer["verdict"], "refused", "at {length}");
        assert_eq!(answer["subject"]["component"]["bytes"], length);
    }
    place.write("cut.wasm", &whole[..whole.len() - 1]);
    let answer = inspect(&place, &["cut.wasm"], 1);
    assert!(answer["component"]["functions"].as_u64().unwrap() > 0);
}

/// Bytes changed anywhere never end the program otherwise than with an answer.
#[test]
fn a_component_with_a_byte_changed() {
    let place = Workplace::new();
    let whole = lifted("base");
    for place_in_file in (8..whole.len()).step_by(whole.len() / 60) {
        let mut bytes = whole.clone();
        bytes[place_in_file] ^= 0x55;
        place.write("changed.wasm", &bytes);
        let answer = place.procvision(&["inspect", "--json", "changed.wasm"]);
        assert!(matches!(answer.status, 0 | 1), "at {place_in_file}: {answer:?}");
        assert_eq!(answer.json()["schema"], 1);
    }
}

/// Large and ordinary: the largest guest there is, as an asset many times over.
#[test]
fn many_assets() {
    let place = Workplace::new();
    let snoop = std::fs::read(rust_guest("snoop")).unwrap();
    let manifest = json!({
        "manifest_version": 1, "name": "many", "version": "1.0.0", "description": "",
        "component": "component.wasm", "supported_pids": ["A01"],
    });
    place.write("many/manifest.json", manifest.to_string().as_bytes());
    place.write("many/component.wasm", &lifted("base"));
    for number in 0..12 {
        place.write(&format!("many/assets/{number}.bin"), &snoop);
    }
    let answer = inspect(&place, &["many"], 0);
    let assets = answer["files"].as_array().unwrap().iter();
    assert_eq!(
        assets
            .filter(|file| file["kind"] == "wasm" && file["role"] == "asset")
            .count(),
        12
    );
}
