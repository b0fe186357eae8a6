//! One case of an example's cases.json: what to judge, and what the answer must be.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Rect};

/// How much a reported rect and an expected one must share, as intersection over union. An algorithm may draw its
/// rect a little wider or narrower than the person who marked the defect.
const SHARED_AREA: f64 = 0.3;

/// What to judge, and what must come out. Paths are relative to the example's folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pid: String,
    #[serde(default = "first_step")]
    step: u32,
    image: PathBuf,
    #[serde(default)]
    references: BTreeMap<String, PathBuf>,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(default)]
    pre: Pre,
    verdict: Option<Verdict>,
    ng_reason_contains: Option<String>,
    /// What must be marked: each of these rects by some defect, and no defect elsewhere. Empty: not looked at.
    #[serde(default)]
    defect_rects: Vec<Rect>,
}

/// How `pre_execute` must end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Pre {
    #[default]
    Ready,
    NotReady,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Verdict {
    Ok,
    Ng,
}

fn first_step() -> u32 {
    1
}

impl Case {
    /// Whether the case can be run from the example's folder and does not contradict itself.
    pub fn check(&self, folder: &Path) -> Result<()> {
        for picture in std::iter::once(&self.image).chain(self.references.values()) {
            if !folder.join(picture).is_file() {
                bail!("there is no picture {}", picture.display());
            }
        }
        if self.pre == Pre::NotReady && self.verdict.is_some() {
            bail!("pre is not_ready, so there can be no verdict");
        }
        if self.pre == Pre::Failed && self.verdict.is_some() {
            bail!("pre is failed, so there can be no verdict");
        }
        if self.verdict != Some(Verdict::Ng) && (self.ng_reason_contains.is_some() || !self.defect_rects.is_empty()) {
            bail!("ng_reason_contains and defect_rects say something about NG only");
        }
        Ok(())
    }

    /// The arguments of `procvision run` after the package, with pictures found from the example's folder.
    pub fn arguments(&self, folder: &Path) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["--pid".into(), self.pid.clone().into()];
        arguments.extend(["--step".into(), self.step.to_string().into()]);
        arguments.extend(["--image".into(), folder.join(&self.image).into()]);
        for (name, picture) in &self.references {
            let mut reference = OsString::from(format!("{name}="));
            reference.push(folder.join(picture));
            arguments.extend(["--reference".into(), reference]);
        }
        if !self.params.is_empty() {
            arguments.extend(["--params".into(), Value::Object(self.params.clone()).to_string().into()]);
        }
        arguments
    }

    /// The product model.
    pub fn pid(&self) -> &str {
        &self.pid
    }

    /// The picture that is judged, from the example's folder.
    pub fn image(&self) -> &Path {
        &self.image
    }

    /// The pictures that it is compared with, by their names.
    pub fn references(&self) -> &BTreeMap<String, PathBuf> {
        &self.references
    }

    /// The one picture that it is compared with, if there is one: a station takes no more.
    pub fn guide(&self) -> Result<Option<&Path>> {
        if self.references.len() > 1 {
            bail!(
                "the case {:?} has more than one reference, of which a station takes one",
                self.name
            );
        }
        Ok(self.references.values().next().map(PathBuf::as_path))
    }

    /// Whether a line of a station could ask it: the first step, without parameters, and with a verdict or conditions
    /// that are not right as the answer.
    pub fn is_plain(&self) -> bool {
        self.step == first_step() && self.params.is_empty() && self.expected() != "failed" && self.references.len() <= 1
    }

    /// What a station is asked about pictures that lie in pools.
    pub fn step_request(&self, picture: &str, guide: Option<&str>) -> Value {
        let mut request = json!({
            "step_index": self.step,
            "phases": ["pre_execute", "execute"],
            "params": self.params,
            "picture": { "pool": picture },
        });
        if let Some(guide) = guide {
            request["guide"] = json!({ "pool": guide });
        }
        request
    }

    /// The expected answer as the table shows it.
    pub fn expected(&self) -> &'static str {
        match (self.pre, self.verdict) {
            (_, Some(Verdict::Ok)) => "OK",
            (_, Some(Verdict::Ng)) => "NG",
            (Pre::NotReady, None) => "not ready",
            (Pre::Ready | Pre::Failed, None) => "failed",
        }
    }

    /// What is not as expected, each in words; empty if all is well.
    pub fn differences(&self, answer: &Answer) -> Vec<String> {
        if answer.shown() != self.expected() {
            return vec![format!(
                "the answer is {}, {} was expected",
                answer.shown(),
                self.expected()
            )];
        }
        let mut differences = Vec::new();
        if let Some(part) = &self.ng_reason_contains
            && !answer.ng_reason.to_lowercase().contains(&part.to_lowercase())
        {
            differences.push(format!("the reason {:?} does not contain {part:?}", answer.ng_reason));
        }
        if !self.defect_rects.is_empty() {
            let unmet = |these: &[Rect], those: &[Rect]| -> Vec<Rect> {
                let met = |rect: &Rect| those.iter().any(|other| rect.shared_with(other) >= SHARED_AREA);
                these.iter().filter(|rect| !met(rect)).copied().collect()
            };
            let missed = unmet(&self.defect_rects, &answer.defect_rects);
            differences.extend(missed.iter().map(|rect| format!("no defect was marked at {rect}")));
            let surplus = unmet(&answer.defect_rects, &self.defect_rects);
            differences.extend(
                surplus
                    .iter()
                    .map(|rect| format!("a defect was marked at {rect}, where none is")),
            );
        }
        differences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(fields: &str) -> Case {
        serde_json::from_str(&format!(r#"{{"name": "n", "pid": "A01", "image": "a.png", {fields}}}"#)).unwrap()
    }

    fn answer(json: &str) -> Answer {
        Answer::from_json(json.as_bytes()).unwrap()
    }

    const OK: &str = r#"{"verdict": "OK", "outcome": "ok"}"#;
    const NOT_READY: &str = r#"{"verdict": null, "outcome": "not_ready"}"#;
    const FAILED: &str = r#"{"verdict": null, "outcome": "failed"}"#;

    fn ng(rects: &str) -> Answer {
        answer(&format!(
            r#"{{"verdict": "NG", "outcome": "ng", "execute": {{"data": {{
                "ng_reason": "1 part missing", "defect_rects": [{rects}]}}}}}}"#
        ))
    }

    #[test]
    fn the_same_answer_is_no_difference_and_any_other_is_one() {
        let cases = [
            case(r#""verdict": "OK""#),
            case(r#""verdict": "NG""#),
            case(r#""verdict": null, "pre": "not_ready""#),
            case(r#""verdict": null, "pre": "failed""#),
        ];
        let answers = [answer(OK), ng(""), answer(NOT_READY), answer(FAILED)];
        for (i, case) in cases.iter().enumerate() {
            for (j, answer) in answers.iter().enumerate() {
                assert_eq!(case.differences(answer).is_empty(), i == j, "{case:?} {answer:?}");
            }
        }
    }

    #[test]
    fn the_reason_must_contain_the_words_in_any_case() {
        assert!(
            case(r#""verdict": "NG", "ng_reason_contains": "Missing""#)
                .differences(&ng(""))
                .is_empty()
        );
        let differences = case(r#""verdict": "NG", "ng_reason_contains": "surplus""#).differences(&ng(""));
        assert!(
            differences[0].contains("1 part missing") && differences[0].contains("surplus"),
            "{differences:?}"
        );
    }

    #[test]
    fn defects_must_be_marked_where_they_are_and_nowhere_else() {
        let case = case(r#""verdict": "NG", "defect_rects": [{"x": 10, "y": 10, "width": 20, "height": 20}]"#);
        let here = r#"{"x": 12, "y": 8, "width": 20, "height": 22, "label": "a", "score": 1.0}"#;
        let there = r#"{"x": 100, "y": 8, "width": 20, "height": 22, "label": "a", "score": 1.0}"#;
        let everywhere = r#"{"x": 0, "y": 0, "width": 500, "height": 500, "label": "a", "score": 1.0}"#;
        assert_eq!(case.differences(&ng(here)), [""; 0]);
        assert_eq!(case.differences(&ng("")).len(), 1);
        assert_eq!(case.differences(&ng(there)).len(), 2);
        assert_eq!(case.differences(&ng(everywhere)).len(), 2);
        let both = case.differences(&ng(&format!("{here}, {there}")));
        assert!(both.len() == 1 && both[0].contains("100"), "{both:?}");
    }

    #[test]
    fn a_station_is_asked_everything_the_case_has() {
        let with_all = case(r#""verdict": "OK", "step": 2, "references": {"good": "g.png"}, "params": {"min": 3}"#);
        let expected = json!({
            "step_index": 2, "phases": ["pre_execute", "execute"], "params": {"min": 3},
            "picture": {"pool": "pool:a"}, "guide": {"pool": "pool:b"},
        });
        assert_eq!(with_all.step_request("pool:a", Some("pool:b")), expected);
        assert_eq!(with_all.guide().unwrap(), Some(Path::new("g.png")));
        assert!(!with_all.is_plain() && case(r#""verdict": "OK""#).is_plain());
        assert!(!case(r#""pre": "failed", "verdict": null"#).is_plain());
        assert!(
            case(r#""verdict": "OK", "references": {"a": "a.png", "b": "b.png"}"#)
                .guide()
                .is_err()
        );
    }

    #[test]
    fn the_command_names_everything_the_case_has() {
        let case = case(r#""verdict": "OK", "step": 2, "references": {"good": "g.png"}, "params": {"min": 3}"#);
        let arguments = case.arguments(Path::new("e"));
        let image = Path::new("e").join("a.png");
        let reference = format!("good={}", Path::new("e").join("g.png").display());
        let expected = [
            "--pid",
            "A01",
            "--step",
            "2",
            "--image",
            image.to_str().unwrap(),
            "--reference",
            &reference,
            "--params",
            r#"{"min":3}"#,
        ];
        assert_eq!(arguments, expected);
    }
}
