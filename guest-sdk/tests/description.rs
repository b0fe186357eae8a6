//! A station refuses an algorithm whose description contradicts itself.

use std::cell::RefCell;
use std::panic::catch_unwind;

use procvision_guest::IntBounds;
use procvision_guest::prelude::*;
use procvision_guest::testing::Station;

thread_local! {
    /// How the algorithm describes itself in the thread of a test.
    static INFO: RefCell<Info> = RefCell::new(Info::new("", ""));
}

#[derive(Default)]
struct Described;

impl Algorithm for Described {
    fn info() -> Info {
        INFO.with_borrow(Info::clone)
    }

    fn execute(&mut self, _: &Call, _: &Session) -> Result<Verdict, Failure> {
        Ok(Verdict::ok())
    }
}

/// The complaint about an algorithm that describes itself as `info`, or an empty text.
fn complaint(info: Info) -> String {
    INFO.set(info);
    match catch_unwind(|| drop(Station::<Described>::new())) {
        Ok(()) => String::new(),
        Err(panic) => panic.downcast_ref::<String>().unwrap().clone(),
    }
}

fn with_param(param: Param) -> Info {
    Info::new("a", "1.0.0")
        .pids(["A01"])
        .step(Step::new(1, "s").param(param))
}

#[test]
fn a_consistent_description_is_accepted() {
    let said = complaint(
        Info::new("a_1", "1.2.3-rc.1+build.5").pids(["A01", "A02"]).step(
            Step::new(1, "s")
                .param(Param::int("a", 5..=5).default(5))
                .param(Param::int("b", 0..10).default(9))
                .param(Param::float("c", ..=0.5).default(-1.5))
                .param(Param::string("d", ..).pattern("a|bc").default("bc"))
                .param(Param::rect("e").default(Rect::new(0, 0, 1, 1))),
        ),
    );
    assert_eq!(said, "");
}

#[test]
fn contradictions_are_named() {
    assert!(complaint(Info::new("Big-Name", "1.0.0").pids(["A"]).step(Step::new(1, "s"))).contains("`Big-Name`"));
    assert!(complaint(Info::new("a", "1.0").pids(["A"]).step(Step::new(1, "s"))).contains("the version `1.0`"));
    assert!(complaint(Info::new("a", "01.0.0").pids(["A"]).step(Step::new(1, "s"))).contains("the version"));
    assert!(complaint(Info::new("a", "1.0.0").step(Step::new(1, "s"))).contains("1 to 50 pids, but are 0"));
    assert!(complaint(Info::new("a", "1.0.0").pids(["A", "A"]).step(Step::new(1, "s"))).contains("`A` occurs twice"));
    assert!(complaint(Info::new("a", "1.0.0").pids(["A"])).contains("1 to 1000 steps, but are 0"));
    assert!(complaint(Info::new("a", "1.0.0").pids(["A"]).step(Step::new(0, "s"))).contains("from 1"));
    let twice = complaint(
        Info::new("a", "1.0.0")
            .pids(["A"])
            .step(Step::new(2, "s"))
            .step(Step::new(2, "t")),
    );
    assert!(twice.contains("step 2 occurs twice"));
}

fn with_pids(pids: &[&str]) -> Info {
    Info::new("a", "1.0.0").pids(pids.to_owned()).step(Step::new(1, "s"))
}

#[test]
fn product_models_that_are_no_file_names_are_named() {
    let long = "p".repeat(65);
    for pid in ["", ".", "...", "a/b", "a b", "é", "A01\n", &long] {
        let said = complaint(with_pids(&["A01", pid]));
        assert!(said.contains(&format!("the pid `{pid}` must be")), "{said}");
    }
    assert_eq!(complaint(with_pids(&["..a", "A-1_b.2", &long[1..]])), "");
}

#[test]
fn a_description_has_a_size() {
    let version = |length: usize| format!("1.0.0+{}", "b".repeat(length - 6));
    let versioned = |version: String| Info::new("a", version).pids(["A"]).step(Step::new(1, "s"));
    assert_eq!(complaint(versioned(version(64))), "");
    assert!(complaint(versioned(version(65))).contains("at most 64 bytes"));
    assert!(complaint(versioned("1.0.18446744073709551616".into())).contains("the version"));

    let steps = |count| {
        (1..=count).fold(Info::new("a", "1.0.0").pids(["A"]), |info, index| {
            info.step(Step::new(index, "s"))
        })
    };
    assert_eq!(complaint(steps(1_000)), "");
    assert!(complaint(steps(1_001)).contains("1 to 1000 steps, but are 1001"));

    let params = |counts: [u32; 2], param: fn(String) -> Param| {
        let step = |index: u32| {
            (0..counts[index as usize - 1])
                .map(|n| param(format!("p{n}")))
                .fold(Step::new(index, "s"), Step::param)
        };
        Info::new("a", "1.0.0").pids(["A"]).step(step(1)).step(step(2))
    };
    let plain = |key: String| Param::bool(key);
    assert_eq!(complaint(params([500, 500], plain)), "");
    assert!(complaint(params([501, 500], plain)).contains("at most 1000 parameters over all steps, but are 1001"));
    let pattern = |key: String| Param::string(key, ..).pattern("a");
    assert_eq!(complaint(params([20, 30], pattern)), "");
    assert!(complaint(params([21, 30], pattern)).contains("at most 50 parameters may have a pattern, but 51 have one"));
}

#[test]
fn bounds_may_be_infinite() {
    assert_eq!(
        complaint(with_param(
            Param::float("a", f64::NEG_INFINITY..=f64::INFINITY).default(1.5)
        )),
        ""
    );
    assert!(complaint(with_param(Param::float("a", f64::INFINITY..=1.0))).contains("bounds"));
    assert!(complaint(with_param(Param::float("a", ..=f64::NAN))).contains("bounds"));
    assert!(complaint(with_param(Param::float("a", ..).default(f64::INFINITY))).contains("not of the declared type"));
}

#[test]
fn contradictory_parameters_are_named() {
    assert!(
        complaint(with_param(Param::int(
            "a",
            IntBounds {
                min: Some(5),
                max: Some(4)
            }
        )))
        .contains("`a` has bounds that no value can satisfy")
    );
    assert!(complaint(with_param(Param::float("a", f64::NAN..))).contains("bounds"));
    assert!(complaint(with_param(Param::int("a", 1..=4).default(5))).contains("by default is 5, but must be at most"));
    assert!(complaint(with_param(Param::int("a", ..).default("x"))).contains("not of the declared type"));
    assert!(complaint(with_param(Param::int("a", ..).default(1).required())).contains("is required and has a default"));
    assert!(complaint(with_param(Param::choice("a", [""; 0]))).contains("has no choices"));
    assert!(complaint(with_param(Param::choice("a", ["b"]).default("c"))).contains("must be one of b"));
    assert!(complaint(with_param(Param::string("a", ..).pattern("("))).contains("pattern that cannot be used"));
    assert!(complaint(with_param(Param::string("a", ..).pattern(")("))).contains("pattern that cannot be used"));
    assert!(complaint(with_param(Param::bool(""))).contains("has no key"));
}

#[test]
#[should_panic(expected = "parameter `a` is not a string and cannot have a pattern")]
fn only_strings_have_patterns() {
    let _ = Param::int("a", ..).pattern("x");
}
