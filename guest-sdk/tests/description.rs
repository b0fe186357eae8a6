//! A station refuses an algorithm whose description contradicts itself.

use std::panic::{AssertUnwindSafe, catch_unwind};

use procvision_guest::IntBounds;
use procvision_guest::prelude::*;
use procvision_guest::testing::Station;

/// The complaint about an algorithm that describes itself as `$info`, or an empty text.
macro_rules! complaint {
    ($info:expr) => {{
        #[derive(Default)]
        struct Described;
        impl Algorithm for Described {
            fn info() -> Info {
                $info
            }
            fn execute(&mut self, _: &Call, _: &Session) -> Result<Verdict, Failure> {
                Ok(Verdict::ok())
            }
        }
        match catch_unwind(AssertUnwindSafe(|| drop(Station::<Described>::new()))) {
            Ok(()) => String::new(),
            Err(panic) => panic.downcast_ref::<String>().unwrap().clone(),
        }
    }};
}

fn with_param(param: Param) -> Info {
    Info::new("a", "1.0.0")
        .pids(["A01"])
        .step(Step::new(1, "s").param(param))
}

#[test]
fn a_consistent_description_is_accepted() {
    let complaint = complaint!(
        Info::new("a_1", "1.2.3-rc.1+build.5").pids(["A01", "A02"]).step(
            Step::new(1, "s")
                .param(Param::int("a", 5..=5).default(5))
                .param(Param::int("b", 0..10).default(9))
                .param(Param::float("c", ..=0.5).default(-1.5))
                .param(Param::string("d", ..).pattern("a|bc").default("bc"))
                .param(Param::rect("e").default(Rect::new(0, 0, 1, 1))),
        )
    );
    assert_eq!(complaint, "");
}

#[test]
fn contradictions_are_named() {
    assert!(complaint!(Info::new("Big-Name", "1.0.0").pids(["A"]).step(Step::new(1, "s"))).contains("`Big-Name`"));
    assert!(complaint!(Info::new("a", "1.0").pids(["A"]).step(Step::new(1, "s"))).contains("the version `1.0`"));
    assert!(complaint!(Info::new("a", "01.0.0").pids(["A"]).step(Step::new(1, "s"))).contains("the version"));
    assert!(complaint!(Info::new("a", "1.0.0").step(Step::new(1, "s"))).contains("1 to 50 pids, but are 0"));
    assert!(complaint!(Info::new("a", "1.0.0").pids(["A", "A"]).step(Step::new(1, "s"))).contains("`A` occurs twice"));
    assert!(complaint!(Info::new("a", "1.0.0").pids(["A"])).contains("at least one step"));
    assert!(complaint!(Info::new("a", "1.0.0").pids(["A"]).step(Step::new(0, "s"))).contains("from 1"));
    let twice = complaint!(
        Info::new("a", "1.0.0")
            .pids(["A"])
            .step(Step::new(2, "s"))
            .step(Step::new(2, "t"))
    );
    assert!(twice.contains("step 2 occurs twice"));
}

#[test]
fn contradictory_parameters_are_named() {
    assert!(
        complaint!(with_param(Param::int(
            "a",
            IntBounds {
                min: Some(5),
                max: Some(4)
            }
        )))
        .contains("`a` has bounds that no value can satisfy")
    );
    assert!(complaint!(with_param(Param::float("a", f64::NAN..))).contains("bounds"));
    assert!(complaint!(with_param(Param::int("a", 1..=4).default(5))).contains("by default is 5, but must be at most"));
    assert!(complaint!(with_param(Param::int("a", ..).default("x"))).contains("not of the declared type"));
    assert!(
        complaint!(with_param(Param::int("a", ..).default(1).required())).contains("is required and has a default")
    );
    assert!(complaint!(with_param(Param::choice("a", [""; 0]))).contains("has no choices"));
    assert!(complaint!(with_param(Param::choice("a", ["b"]).default("c"))).contains("must be one of b"));
    assert!(complaint!(with_param(Param::string("a", ..).pattern("("))).contains("pattern that cannot be used"));
    assert!(complaint!(with_param(Param::string("a", ..).pattern(")("))).contains("pattern that cannot be used"));
    assert!(complaint!(with_param(Param::bool(""))).contains("has no key"));
}

#[test]
#[should_panic(expected = "parameter `a` is not a string and cannot have a pattern")]
fn only_strings_have_patterns() {
    let _ = Param::int("a", ..).pattern("x");
}
