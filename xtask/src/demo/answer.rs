//! What `procvision run --json` or a station said, as far as cases speak of it.

use std::fmt;
use std::process::Output;

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// A host's answer to one case.
#[derive(Debug)]
pub struct Answer {
    outcome: Outcome,
    /// Empty unless the answer is NG.
    pub ng_reason: String,
    pub defect_rects: Vec<Rect>,
}

/// An area of a picture, in pixels from its upper left corner. What an answer adds (label, score) is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Rect {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Ok,
    Ng,
    Ready,
    NotReady,
    Failed,
}

#[derive(Deserialize)]
struct Json {
    verdict: Option<String>,
    outcome: Outcome,
    #[serde(default)]
    execute: Option<Phase>,
}

#[derive(Deserialize)]
struct Phase {
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    ng_reason: Option<String>,
    defect_rects: Vec<Rect>,
}

impl Answer {
    /// The answer of a finished `procvision run`, or one sentence on why there is none.
    pub fn read(output: &Output) -> Result<Self, String> {
        // 0: judged; 1: no verdict, which a case may expect. Anything else is no answer, whatever was printed.
        if !matches!(output.status.code(), Some(0 | 1)) {
            return Err(format!(
                "the host could not run it ({}; its message is above)",
                output.status
            ));
        }
        Self::from_json(&output.stdout).map_err(|error| format!("the host's answer is not understood: {error:#}"))
    }

    pub fn from_json(json: &[u8]) -> Result<Self> {
        let json: Json = serde_json::from_slice(json)?;
        let agreed = match json.outcome {
            Outcome::Ok => Some("OK"),
            Outcome::Ng => Some("NG"),
            Outcome::Ready | Outcome::NotReady | Outcome::Failed => None,
        };
        if json.verdict.as_deref() != agreed {
            bail!(
                "its verdict {:?} contradicts its outcome {:?}",
                json.verdict,
                json.outcome
            );
        }
        let data = json.execute.map(|phase| phase.data).unwrap_or_default();
        let ng_reason = data.ng_reason.unwrap_or_default();
        Ok(Self {
            outcome: json.outcome,
            ng_reason,
            defect_rects: data.defect_rects,
        })
    }

    /// A station's answer to a step.
    pub fn of_station(said: &Value) -> Result<Self> {
        let outcome = match said["verdict"].as_str() {
            Some("OK") => Outcome::Ok,
            Some("NG") => Outcome::Ng,
            Some("NOT_READY") => Outcome::NotReady,
            Some("FAILED") => Outcome::Failed,
            _ => bail!("it has no verdict: {said}"),
        };
        let last = said["results"].as_array().and_then(|results| results.last());
        let Some(last) = last else {
            bail!("it has no result: {said}");
        };
        let agrees = match outcome {
            Outcome::Ok => last["outcome"] == "OK",
            Outcome::Ng => last["outcome"] == "NG",
            _ => last["outcome"] == "FAILED",
        };
        if !agrees {
            bail!(
                "its verdict {} contradicts its last result {}",
                said["verdict"],
                last["outcome"]
            );
        }
        Ok(Self {
            outcome,
            ng_reason: last["ng_reason"].as_str().unwrap_or_default().to_owned(),
            defect_rects: serde_json::from_value(last["defects"].clone())?,
        })
    }

    /// The answer as tables and pages show it.
    pub fn shown(&self) -> &'static str {
        match self.outcome {
            Outcome::Ok => "OK",
            Outcome::Ng => "NG",
            Outcome::Ready => "ready",
            Outcome::NotReady => "not ready",
            Outcome::Failed => "failed",
        }
    }
}

impl Rect {
    /// Intersection over union, 0 to 1.
    pub fn shared_with(&self, other: &Self) -> f64 {
        let overlap = |a: u32, a_length: u32, b: u32, b_length: u32| {
            let end = (u64::from(a) + u64::from(a_length)).min(u64::from(b) + u64::from(b_length));
            end.saturating_sub(u64::from(a.max(b))) as f64
        };
        let area = |rect: &Self| f64::from(rect.width) * f64::from(rect.height);
        let shared =
            overlap(self.x, self.width, other.x, other.width) * overlap(self.y, self.height, other.y, other.height);
        let union = area(self) + area(other) - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }
}

impl fmt::Display for Rect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {}), {}x{}", self.x, self.y, self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_that_contradicts_its_outcome_is_refused() {
        for json in [
            r#"{"verdict": "OK", "outcome": "failed"}"#,
            r#"{"verdict": "OK", "outcome": "ng"}"#,
            r#"{"verdict": null, "outcome": "ok"}"#,
            r#"{"verdict": "OK"}"#,
            "",
        ] {
            assert!(Answer::from_json(json.as_bytes()).is_err(), "{json}");
        }
    }

    #[test]
    fn a_station_must_agree_with_itself() {
        use serde_json::json;
        let said = |verdict: &str, outcome: &str| {
            let rect = json!({ "x": 1, "y": 2, "width": 3, "height": 4, "label": "cap", "score": 1.0 });
            json!({ "verdict": verdict, "results": [{ "outcome": outcome, "ng_reason": "gone", "defects": [rect] }] })
        };
        let answer = Answer::of_station(&said("NG", "NG")).unwrap();
        assert_eq!(
            (answer.shown(), answer.ng_reason.as_str(), answer.defect_rects.len()),
            ("NG", "gone", 1)
        );
        assert_eq!(
            Answer::of_station(&said("NOT_READY", "FAILED")).unwrap().shown(),
            "not ready"
        );
        for contradiction in [
            said("OK", "NG"),
            said("FAILED", "OK"),
            said("", "OK"),
            json!({ "verdict": "OK", "results": [] }),
        ] {
            assert!(Answer::of_station(&contradiction).is_err(), "{contradiction}");
        }
    }

    #[test]
    fn shared_area_is_one_for_the_same_and_zero_for_strangers() {
        let rect = |x, y, width, height| Rect { x, y, width, height };
        assert_eq!(rect(1, 2, 3, 4).shared_with(&rect(1, 2, 3, 4)), 1.0);
        assert_eq!(rect(0, 0, 2, 2).shared_with(&rect(0, 0, 2, 1)), 0.5);
        assert_eq!(rect(0, 0, 2, 2).shared_with(&rect(2, 0, 2, 2)), 0.0);
        assert_eq!(rect(0, 0, 0, 0).shared_with(&rect(0, 0, 0, 0)), 0.0);
        assert_eq!(rect(u32::MAX, 0, u32::MAX, 1).shared_with(&rect(0, 0, 1, 1)), 0.0);
    }
}
