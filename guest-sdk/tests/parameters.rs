//! Parameters: what a station may give, what is filled in, and how a misfit is answered.

use procvision_guest::prelude::*;
use procvision_guest::testing::{Image, Station};
use procvision_guest::{FailureCode, ParamValue, Params, json};

/// Takes one parameter of each type and reports them as its message.
#[derive(Default)]
struct Parametric;

impl Algorithm for Parametric {
    fn info() -> Info {
        let step = Step::new(1, "all types")
            .param(Param::int("count", 1..=100).default(7))
            .param(Param::float("ratio", 0.0..=1.0).default(1))
            .param(Param::rect("area"))
            .param(Param::choice("ground", ["dark", "bright"]).default("dark"))
            .param(Param::bool("strict").default(false))
            .param(Param::string("serial", 2..=4).pattern("[A-Z]+|äö"))
            .param(Param::int("needed", ..).required());
        Info::new("parametric", "1.0.0")
            .pids(["A01"])
            .step(step)
            .step(Step::new(2, "no parameters"))
    }

    fn execute(&mut self, call: &Call, _: &Session) -> Result<Verdict, Failure> {
        Ok(Verdict::ok().message(describe(call.params())))
    }
}

fn describe(params: &Params) -> String {
    params
        .iter()
        .map(|(key, value)| format!("{key}={value:?}"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn picture() -> Image {
    Image::from_fn(20, 10, |_, _| [0])
}

/// The message of a successful step with these parameters.
fn accepted(params: serde_json::Value) -> String {
    let station = Station::<Parametric>::new();
    let run = station
        .inspection("A01")
        .step(1)
        .image(picture())
        .params(params)
        .execute();
    run.verdict().message_text().unwrap().to_owned()
}

/// Code and message of a step that is refused for these parameters.
fn refused(params: serde_json::Value) -> (FailureCode, String) {
    let station = Station::<Parametric>::new();
    let run = station
        .inspection("A01")
        .step(1)
        .image(picture())
        .params(params)
        .execute();
    (run.failure().code(), run.failure().message().to_owned())
}

#[test]
fn defaults_are_filled_in_with_the_declared_type() {
    assert_eq!(
        accepted(json!({ "needed": -5 })),
        r#"count=Int(7) ratio=Float(1.0) ground=Choice("dark") strict=Bool(false) needed=Int(-5)"#
    );
}

#[test]
fn given_values_replace_defaults() {
    let given = json!({
        "count": 100.0, "ratio": 0, "area": { "x": 19, "y": 9, "width": 1, "height": 1 },
        "ground": "bright", "strict": true, "serial": "äö", "needed": 1
    });
    assert_eq!(
        accepted(given),
        "count=Int(100) ratio=Float(0.0) area=Rect(Rect { x: 19, y: 9, width: 1, height: 1 }) \
         ground=Choice(\"bright\") strict=Bool(true) serial=String(\"äö\") needed=Int(1)"
    );
}

#[test]
fn package_defaults_come_between_given_values_and_the_schema() {
    let station = Station::<Parametric>::new().default_config(json!({ "count": 8, "needed": 9, "elsewhere": 1 }));
    let mut inspection = station.inspection("A01");
    let run = inspection.step(1).image(picture()).param("needed", 10).execute();
    assert!(run.verdict().message_text().unwrap().starts_with("count=Int(8)"));
    assert!(run.verdict().message_text().unwrap().ends_with("needed=Int(10)"));
    let run = inspection.step(1).image(picture()).execute();
    assert!(run.verdict().message_text().unwrap().ends_with("needed=Int(9)"));
    assert!(inspection.step(2).image(picture()).execute().verdict().is_ok());
}

#[test]
fn misfits_are_named_and_refused_with_1006() {
    let cases = [
        (json!({}), "required parameter `needed` is missing"),
        (
            json!({ "needed": 1, "ned": 1 }),
            "the step has no parameter `ned`; it takes count, ratio, area",
        ),
        (
            json!({ "needed": null }),
            "parameter `needed` is null, but must be a whole number",
        ),
        (
            json!({ "needed": true }),
            "parameter `needed` is true, but must be a whole number",
        ),
        (
            json!({ "needed": 1.5 }),
            "parameter `needed` is 1.5, but must be a whole number",
        ),
        (
            json!({ "needed": u64::MAX }),
            "parameter `needed` is 18446744073709551615, but must be a whole number",
        ),
        (
            json!({ "needed": 1, "count": 0 }),
            "parameter `count` is 0, but must be at least 1",
        ),
        (
            json!({ "needed": 1, "count": 101 }),
            "parameter `count` is 101, but must be at most 100",
        ),
        (
            json!({ "needed": 1, "ratio": 1.01 }),
            "parameter `ratio` is 1.01, but must be at most 1",
        ),
        (
            json!({ "needed": 1, "ratio": "1" }),
            "parameter `ratio` is \"1\", but must be a number",
        ),
        (
            json!({ "needed": 1, "ground": "grey" }),
            "parameter `ground` is \"grey\", but must be one of dark, bright",
        ),
        (
            json!({ "needed": 1, "strict": 1 }),
            "parameter `strict` is 1, but must be true or false",
        ),
        (
            json!({ "needed": 1, "serial": "A" }),
            "parameter `serial` has 1 characters, but needs at least 2",
        ),
        (
            json!({ "needed": 1, "serial": "ABCDE" }),
            "parameter `serial` has 5 characters, but may have at most 4",
        ),
        (
            json!({ "needed": 1, "serial": "ABc" }),
            "parameter `serial` is \"ABc\", which does not match the pattern",
        ),
        (
            json!({ "needed": 1, "serial": "AB\n" }),
            "parameter `serial` is \"AB\n\", which does not match the pattern",
        ),
        (
            json!({ "needed": 1, "area": [0, 0, 1, 1] }),
            "parameter `area` is [0,0,1,1], but must be a rect",
        ),
        (
            json!({ "needed": 1, "area": { "x": 0, "y": 0, "width": 1 } }),
            "parameter `area` is {",
        ),
        (
            json!({ "needed": 1, "area": { "x": -1, "y": 0, "width": 1, "height": 1 } }),
            "parameter `area` is {",
        ),
        (
            json!({ "needed": 1, "area": { "x": 0, "y": 0, "width": 0, "height": 1 } }),
            "parameter `area` is 0 x 1 at",
        ),
        (
            json!({ "needed": 1, "area": { "x": 0, "y": 0, "width": 1, "height": 1, "label": "" } }),
            "parameter `area` is {",
        ),
    ];
    for (params, message) in cases {
        let (code, actual) = refused(params);
        assert_eq!(code, FailureCode::InvalidParams, "{actual}");
        assert!(actual.starts_with(message), "expected `{message}`, got `{actual}`");
    }
}

#[test]
fn a_rect_outside_the_picture_is_refused_with_1007() {
    let station = Station::<Parametric>::new();
    let mut inspection = station.inspection("A01");
    let run = inspection
        .step(1)
        .image(picture())
        .param("needed", 1)
        .param("area", Rect::new(19, 0, 2, 1))
        .execute();
    assert_eq!(run.failure().code(), FailureCode::CoordinateInvalid);
    assert!(
        run.failure()
            .message()
            .contains("`area` is 2 x 1 at (19, 0), which is not inside the picture of 20 x 10")
    );
    let run = inspection
        .step(1)
        .image(picture())
        .param("needed", 1)
        .param("area", Rect::new(u32::MAX, 0, 2, 1));
    assert_eq!(run.execute().failure().code(), FailureCode::CoordinateInvalid);
}

/// Takes texts that match patterns written in different ways.
#[derive(Default)]
struct Patterned;

impl Algorithm for Patterned {
    fn info() -> Info {
        let patterns = [
            ("verbose", "(?x) [a-z]+ # a word"),
            ("lines", "(?x)\n  a  # first\n  b  # second"),
            ("either", "a|ab"),
            ("flagged", "(?i)ab"),
            ("multi_line", "(?m)^a$"),
        ];
        let step = patterns
            .into_iter()
            .fold(Step::new(1, "match"), |step, (key, pattern)| {
                step.param(Param::string(key, ..).pattern(pattern))
            });
        Info::new("patterned", "1.0.0").pids(["A01"]).step(step)
    }

    fn execute(&mut self, _: &Call, _: &Session) -> Result<Verdict, Failure> {
        Ok(Verdict::ok())
    }
}

#[test]
fn a_pattern_matches_the_whole_text_however_it_is_written() {
    let station = Station::<Patterned>::new();
    let cases: [(&str, &[&str], &[&str]); 5] = [
        ("verbose", &["abc"], &["", "ab1", "1ab", "ab\n", "ab # a word"]),
        ("lines", &["ab"], &["a", "ab\n", "aab"]),
        ("either", &["a", "ab"], &["abb", "b"]),
        ("flagged", &["aB"], &["aBc"]),
        ("multi_line", &["a"], &["a\nb", "b\na", "a\n"]),
    ];
    for (key, good, bad) in cases {
        let mut inspection = station.inspection("A01");
        for text in good {
            let run = inspection.step(1).image(picture()).param(key, *text).execute();
            assert!(run.result().is_ok(), "{key}: {text:?}");
        }
        for text in bad {
            let run = inspection.step(1).image(picture()).param(key, *text).execute();
            assert_eq!(run.failure().code(), FailureCode::InvalidParams, "{key}: {text:?}");
        }
    }
}

/// Reads its parameters in ways that its declaration does not cover.
#[derive(Default)]
struct Careless;

impl Algorithm for Careless {
    fn info() -> Info {
        let step = Step::new(1, "look")
            .param(Param::int("count", ..).default(1))
            .param(Param::bool("maybe"));
        Info::new("careless", "1.0.0").pids(["A01"]).step(step)
    }

    fn execute(&mut self, call: &Call, _: &Session) -> Result<Verdict, Failure> {
        #[derive(serde::Deserialize)]
        struct Settings {
            count: i64,
            maybe: Option<bool>,
        }
        #[derive(Debug, serde::Deserialize)]
        struct Other {
            #[serde(rename = "count")]
            _count: String,
        }
        let params = call.params();
        match call.step_desc() {
            Some("wrong type") => drop(params.float("count")),
            Some("undeclared") => drop(params.int("cuont")),
            Some("no value") => drop(params.bool("maybe")),
            Some("wrong struct") => drop(params.parse::<Other>()?),
            _ => {
                let settings: Settings = params.parse()?;
                assert_eq!(settings.count, params.int("count"));
                assert_eq!(settings.maybe.map(ParamValue::Bool).as_ref(), params.get("maybe"));
            }
        }
        Ok(Verdict::ok())
    }
}

#[test]
fn parameters_can_be_parsed_into_a_struct() {
    let station = Station::<Careless>::new();
    let mut inspection = station.inspection("A01");
    assert!(inspection.step(1).image(picture()).execute().verdict().is_ok());
    assert!(
        inspection
            .step(1)
            .image(picture())
            .param("maybe", true)
            .param("count", 3)
            .execute()
            .verdict()
            .is_ok()
    );
    let run = inspection.step(1).image(picture()).step_desc("wrong struct").execute();
    assert_eq!(run.failure().code(), FailureCode::InvalidParams);
    assert!(run.failure().message().contains("expected a string"));
}

#[test]
#[should_panic(expected = "parameter `count` is declared as an int, but read with `float`")]
fn reading_with_another_type_panics() {
    let station = Station::<Careless>::new();
    let _ = station
        .inspection("A01")
        .step(1)
        .image(picture())
        .step_desc("wrong type")
        .execute();
}

#[test]
#[should_panic(expected = "parameter `cuont` has no value")]
fn reading_an_undeclared_parameter_panics() {
    let station = Station::<Careless>::new();
    let _ = station
        .inspection("A01")
        .step(1)
        .image(picture())
        .step_desc("undeclared")
        .execute();
}

#[test]
#[should_panic(expected = "parameter `maybe` has no value")]
fn reading_an_optional_parameter_without_value_panics() {
    let station = Station::<Careless>::new();
    let _ = station
        .inspection("A01")
        .step(1)
        .image(picture())
        .step_desc("no value")
        .execute();
}
