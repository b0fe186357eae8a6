//! Guests whose description cannot be used, or disagrees with the manifest.

use crate::stage::{Stage, Villain, rogue};
use procvision_host::algorithm::LoadError;
use procvision_host::explain::Explain;

fn disagrees(attack: &str, text: &str) {
    let error = Stage::fuel().refuses(&rogue().ordering(attack));
    let LoadError::Mismatch(differences) = &error else {
        panic!("another error: {error:?}")
    };
    assert!(
        differences.iter().any(|difference| difference.contains(text)),
        "{differences:?}"
    );
    assert_eq!(error.code(), "2005");
}

fn cannot_be_used(attack: &str, text: &str) {
    let error = Stage::fuel().refuses(&rogue().ordering(attack));
    let LoadError::Description(objections) = &error else {
        panic!("another error: {error:?}")
    };
    assert!(
        objections.iter().any(|objection| objection.contains(text)),
        "{objections:?}"
    );
    let shown = error.to_string();
    assert!(shown.len() < 20_000, "a message of {} bytes", shown.len());
}

#[test]
fn disagreement_with_the_manifest() {
    disagrees(
        "info-other-name",
        "name is rogue in the manifest, but the algorithm says somebody_else",
    );
    disagrees(
        "info-other-version",
        "version is 0.1.0 in the manifest, but the algorithm says 9.9.9",
    );
    disagrees(
        "info-other-pids",
        "supported_pids is A01 in the manifest, but the algorithm says A01, B02",
    );
    Villain::rogue().recovers();
}

#[test]
fn names_that_are_none() {
    cannot_be_used("info-terminal-name", "is not lower-case letters");
    cannot_be_used("info-long-name", "is not lower-case letters");
}

#[test]
fn too_much_of_everything() {
    cannot_be_used("info-many-steps", "there are 5000 steps, but 1 to 1000 are needed");
    cannot_be_used("info-many-bad-steps", "has index 0");
    cannot_be_used("info-many-pids", "supported_pids has 10000 entries");
    cannot_be_used("info-many-params", "parameters");
    cannot_be_used("info-no-steps", "there are 0 steps");
    Villain::rogue().recovers();
}

#[test]
fn patterns_that_explode() {
    cannot_be_used("info-pattern-bomb", "pattern that cannot be used");
    cannot_be_used("info-pattern-deep", "pattern that cannot be used");
    cannot_be_used("info-pattern-broken-out", "pattern that cannot be used");
    cannot_be_used("info-many-patterns", "patterns");
    Villain::new(Stage::fuel(), &rogue().ordering("info-patterns")).recovers();
}

#[test]
fn schemas_that_contradict_themselves() {
    cannot_be_used("info-default-misfit", "default that is not allowed: it is 9");
    cannot_be_used("info-default-of-other-type", "default that is not allowed");
    cannot_be_used("info-default-nan", "default that is not allowed");
    cannot_be_used("info-bounds-nan", "bound that is not a number");
    cannot_be_used("info-bounds-crossed", "exclude every value");
    cannot_be_used("info-no-choices", "no choices");
}
