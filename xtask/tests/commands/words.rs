//! What is said about the command line itself.

use crate::project::Project;

#[test]
fn without_a_word_the_help_with_examples_is_shown() {
    let ended = Project::complete().xtask(&[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:?}");
    assert!(ended.stdout.contains("Examples:\n  cargo xtask demo\n"), "{ended:?}");
}

#[test]
fn an_unknown_word_is_an_error_that_lists_the_known_ones() {
    let ended = Project::complete().xtask(&["dmeo"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
    assert!(
        ended.stderr.contains("\"dmeo\"") && ended.stderr.contains("setup, demo, test"),
        "{ended:?}"
    );
}
