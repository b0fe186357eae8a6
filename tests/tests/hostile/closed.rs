//! A guest that looks for files, sockets and threads through the standard library: every door is closed and says so.

use crate::stage::Villain;
use procvision_host::contract::ImportClass;

#[test]
fn every_door_answers_with_an_error() {
    let mut villain = Villain::snoop();
    for (attack, answer) in [
        ("read-file", "error: "),
        ("read-relative-file", "error: "),
        ("write-file", "error: "),
        ("list-folder", "error: "),
        ("make-folder", "error: "),
        ("remove-file", "error: "),
        ("exists", "false"),
        ("connect", "error: "),
        ("listen", "error: "),
        ("send", "error: "),
        ("resolve", "error: "),
        ("thread", "error: Unsupported"),
    ] {
        let report = villain.attack(attack);
        villain.bounces(&report, answer);
    }
}

#[test]
fn closed_interfaces_are_named_as_closed() {
    let villain = Villain::snoop();
    let class = |name: &str| {
        let imports = &villain.algorithm.shape().imports;
        let import = imports.iter().find(|import| import.name.starts_with(name));
        import.unwrap_or_else(|| panic!("{name} is not imported")).class
    };
    for name in [
        "wasi:filesystem/types",
        "wasi:filesystem/preopens",
        "wasi:sockets/tcp",
        "wasi:sockets/udp",
    ] {
        assert_eq!(class(name), ImportClass::Closed, "{name}");
    }
    assert_eq!(class("procvision:algorithm/session"), ImportClass::Granted);
}
