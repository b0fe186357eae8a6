//! What the documentation says is what the code says: limits, codes, versions.

use procvision_host::contract;
use procvision_host::limits::Limits;
use std::fs;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(project().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn limits_table() -> String {
    let mut table = String::from(
        "| limit | unit | default | ceiling | highest ceiling | why |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    let defaults = Limits::default().describe();
    for (default, ceiling) in defaults.iter().zip(Limits::default_ceiling().describe()) {
        let (ceiling, most) = match Limits::highest_ceiling().get(default.name) {
            Some(most) => (grouped(ceiling.value), grouped(most)),
            None => ("fixed".to_owned(), "fixed".to_owned()),
        };
        let (name, unit, value, reason) = (default.name, default.unit, grouped(default.value), default.reason);
        table += &format!("| `{name}` | {unit} | {value} | {ceiling} | {most} | {reason} |\n");
    }
    table
}

/// `1234567` as `1,234,567`.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| str::from_utf8(group).unwrap())
        .collect();
    groups.join(",")
}

#[test]
fn the_table_of_limits_is_the_code() {
    let (begin, end) = ("<!-- limits:begin -->\n", "<!-- limits:end -->");
    let page = read("docs/limits.md");
    let start = page.find(begin).expect("the page marks where the table begins") + begin.len();
    let stop = page.find(end).expect("the page marks where the table ends");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let new = format!("{}{}{}", &page[..start], limits_table(), &page[stop..]);
        fs::write(project().join("docs/limits.md"), new).unwrap();
        return;
    }
    assert_eq!(&page[start..stop], limits_table(), "UPDATE_GOLDEN=1 rewrites the table");
}

#[test]
fn every_code_and_class_is_explained() {
    let page = read("docs/error-codes.md");
    let source = read("host/src/failure.rs");
    let quoted_after_arrow = |marker: &str| -> Vec<String> {
        let block = &source[source.find(marker).unwrap_or_else(|| panic!("{marker} is gone"))..];
        let block = &block[..block.find("\n    }\n").unwrap()];
        let arms = block.lines().filter(|line| line.contains("=> \""));
        arms.map(|line| line.split('"').nth(1).unwrap().to_owned()).collect()
    };
    let codes = quoted_after_arrow("/// The code as the protocol writes it.");
    let classes = quoted_after_arrow("/// The class as it is written in JSON");
    assert!(codes.len() >= 10 && classes.len() >= 13, "{codes:?} {classes:?}");
    for code in codes {
        assert!(page.contains(&format!("| {code} |")), "{code} is not explained");
    }
    for class in classes {
        assert!(page.contains(&format!("| `{class}` |")), "{class} is not explained");
    }
}

#[test]
fn contract_host_and_sdk_have_one_version() {
    let version = contract::VERSION.to_string();
    assert!(read("wit/world.wit").starts_with(&format!("package {}@{version};", contract::PACKAGE)));
    assert!(read("guest-sdk/Cargo.toml").contains(&format!("\nversion = \"{version}\"\n")));
    assert!(read("docs/contract.md").contains(&format!("`{}@{version}`", contract::PACKAGE)));
}

#[test]
fn every_item_of_the_contract_is_documented() {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir(project().join("wit")).unwrap();
    let mut missing = Vec::new();
    let mut items = 0;
    for (name, id) in &resolve.packages[package].interfaces {
        let interface = &resolve.interfaces[*id];
        let types = interface.types.iter().map(|(name, id)| (name, &resolve.types[*id]));
        // `use` repeats a type of another interface, where it is documented.
        let own = types.filter(|(_, ty)| !matches!(ty.kind, wit_parser::TypeDefKind::Type(wit_parser::Type::Id(_))));
        let docs = own.map(|(name, ty)| (name, &ty.docs)).chain(
            interface
                .functions
                .iter()
                .map(|(name, function)| (name, &function.docs)),
        );
        for (item, docs) in docs {
            items += 1;
            if docs.contents.is_none() {
                missing.push(format!("{name}.{item}"));
            }
        }
    }
    assert!(items > 50, "only {items} items were found");
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_direct_dependency_has_its_reason() {
    let page = read("docs/dependencies.md");
    for manifest in [
        "cli",
        "host",
        "runner",
        "results",
        "station",
        "guest-sdk",
        "tests",
        "conformance",
        "conformance/subject",
        "xtask",
    ] {
        let text = read(&format!("{manifest}/Cargo.toml"));
        let mut in_dependencies = false;
        for line in text.lines() {
            if line.starts_with('[') {
                in_dependencies = line.ends_with("dependencies]");
            } else if let (true, Some((name, _))) = (in_dependencies, line.split_once(" = ")) {
                let own = name.starts_with("procvision-") || line.contains("path = ") || name == "features";
                assert!(
                    own || page.contains(name),
                    "{name} of {manifest} is not in docs/dependencies.md"
                );
            }
        }
    }
}

/// Whoever audits the host must find all of its unsafe code from the one table.
#[test]
fn every_file_with_unsafe_code_is_named() {
    let page = read("docs/security.md");
    let mut folders = vec![
        project().join("cli/src"),
        project().join("runner/src"),
        project().join("results/src"),
        project().join("station/src"),
        project().join("host/src"),
        project().join("guest-sdk/src"),
    ];
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let unsafe_code = ["unsafe {", "unsafe fn", "unsafe impl"];
            if path.extension().is_none_or(|extension| extension != "rs")
                || !code
                    .into_iter()
                    .any(|line| unsafe_code.iter().any(|word| line.contains(word)))
            {
                continue;
            }
            found += 1;
            let name = path.strip_prefix(project()).unwrap().display().to_string();
            assert!(
                page.contains(&format!("../{name}")),
                "{name} is not in docs/security.md"
            );
        }
    }
    assert!(found >= 6, "only {found} files were found");
}
