//! `cargo xtask bench peers`: what is said when something is missing that it needs.

use crate::project::Project;

#[test]
fn without_python_the_sentence_names_it() {
    let ended = Project::complete().xtask(&["bench", "peers"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
    assert!(ended.stderr.contains("error: python3 is not installed"), "{ended:?}");
}

#[test]
fn a_python_without_venv_is_told_apart_from_a_missing_network() {
    for (lacks, sentence) in [
        (
            "venv",
            "(on Debian the package python3-venv) and repeat the command: ensurepip is not available\n",
        ),
        (
            "network",
            "with a network connection, repeat the command: ERROR: no route to host\n",
        ),
    ] {
        let project = Project::complete().with_python(lacks);
        let ended = project.xtask(&["bench", "peers"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
        assert!(ended.stderr.ends_with(sentence), "{ended:?}");
        assert!(!project.root().join("toolchain/target/peers/installed").exists());
    }
}
