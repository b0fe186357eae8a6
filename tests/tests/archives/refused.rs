//! Every hostile archive is refused in one sentence, by the library and by the program, and nothing is written.

use crate::attacks;
use crate::fuzz::{package, targets};
use crate::stage::{checks, listing, procvision};
use procvision_host::archive::Archive;
use procvision_host::explain::{Explain, one_line};
use procvision_tests::binary::project_root;
use procvision_tests::workplace::Workplace;
use std::path::Path;

const NAME: &str = "attack.zip";

/// Code, sentence and remedy with which the library refuses the archive.
#[track_caller]
fn refusal(name: &str, bytes: Vec<u8>) -> (String, String, String) {
    let Err(error) = Archive::parse(bytes, Path::new(NAME)) else {
        panic!("{name}: accepted");
    };
    let remedy = error.remedy().unwrap_or_else(|| panic!("{name}: nothing to do"));
    (error.code().into_owned(), one_line(&error), remedy)
}

#[test]
fn the_archive_that_the_attacks_change_is_a_package() {
    let plain = package::changed(|_| ());
    assert!(targets::archive(&plain));
    assert!(targets::archive(
        &procvision_host::archive::embed(&plain, &package::signature()).unwrap()
    ));
}

/// The documentation lists every attack with its sentence.
#[test]
fn the_table_of_hostile_archives_is_what_happens() {
    let mut table = String::from("| attack | code | refused with |\n| --- | --- | --- |\n");
    let all = attacks::all();
    assert!(all.len() >= 100, "{}", all.len());
    for attack in all {
        let (code, sentence, _) = refusal(attack.name, attack.bytes);
        let sentence = sentence
            .strip_prefix("attack.zip is not a package: ")
            .unwrap_or(&sentence);
        assert!(
            !sentence.contains(['\n', '\u{1b}']) && sentence.len() < 250,
            "{}: {sentence}",
            attack.name
        );
        let sentence = sentence.replace('|', "\\|");
        table += &format!("| {} | {code} | {sentence} |\n", attack.name);
    }
    let path = project_root().join("docs/packages.md");
    let (begin, end) = ("<!-- attacks:begin -->\n", "<!-- attacks:end -->");
    let page = std::fs::read_to_string(&path).unwrap();
    let start = page.find(begin).expect("the page marks where the table begins") + begin.len();
    let stop = page.find(end).expect("the page marks where the table ends");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{}{table}{}", &page[..start], &page[stop..])).unwrap();
        return;
    }
    assert_eq!(&page[start..stop], table, "UPDATE_GOLDEN=1 rewrites the table");
}

/// The program says the same as the library, and leaves nothing behind: neither where an archive points to, nor in the
/// folder for temporary files.
#[test]
fn the_program_refuses_every_attack_and_writes_nothing() {
    let place = Workplace::new();
    std::fs::create_dir_all(place.path("a/b/c/tmp")).unwrap();
    let outside = Path::new("/tmp/evil");
    assert!(!outside.exists(), "something of an earlier run is left");
    for attack in attacks::all() {
        place.write(NAME, &attack.bytes);
        let before = listing(&place.path(""));
        let answer = procvision(&place, &["validate", NAME, "--json", "--no-cache"])
            .expect(1)
            .json();
        let after = listing(&place.path(""));
        let new = after
            .keys()
            .filter(|path| !before.contains_key(*path))
            .collect::<Vec<_>>();
        assert!(new.iter().all(|path| path.ends_with("tmp")), "{}: {new:?}", attack.name);
        assert!(
            before.iter().all(|(path, content)| after.get(path) == Some(content)),
            "{}",
            attack.name
        );
        assert!(!outside.exists(), "{}", attack.name);

        let archive = attack.bytes.starts_with(b"PK");
        let (code, sentence, remedy) = refusal(attack.name, attack.bytes);
        let failed = checks(&answer, "fail");
        assert_eq!(failed.len(), 1, "{}: {answer}", attack.name);
        if !archive {
            // What begins otherwise is taken for a component.
            assert_eq!(failed[0]["id"], "binary", "{}", attack.name);
            continue;
        }
        assert_eq!(failed[0]["detail"], sentence, "{}", attack.name);
        assert_eq!(failed[0]["code"], code, "{}", attack.name);
        assert_eq!(failed[0]["remedy"], remedy, "{}", attack.name);
        assert_eq!(answer["package"], serde_json::Value::Null, "{}", attack.name);
    }
}

/// Whoever runs a package gets the sentence, too.
#[test]
fn run_refuses_a_hostile_archive() {
    let place = Workplace::new();
    let attack = attacks::all().swap_remove(0);
    place.write(NAME, &attack.bytes);
    let run = ["run", NAME, "--pid", "A01", "--image", "photo.png", "--json"];
    let answer = procvision(&place, &run).expect(2).json();
    let (code, sentence, _) = refusal(attack.name, attack.bytes);
    assert_eq!(answer["error"]["code"], code);
    assert_eq!(answer["error"]["message"], sentence);
}

/// What begins unlike an archive is taken for a component, whatever its name; it is refused as one.
#[test]
fn a_file_is_what_it_begins_with() {
    let place = Workplace::new();
    for (bytes, id) in [
        (b"".as_slice(), "binary"),
        (b"P", "binary"),
        (b"hello", "binary"),
        (b"PK", "archive"),
    ] {
        place.write(NAME, bytes);
        let answer = procvision(&place, &["validate", NAME, "--json", "--no-cache"])
            .expect(1)
            .json();
        assert_eq!(checks(&answer, "fail")[0]["id"], id, "{answer}");
    }
}
