//! A station with a policy, and an algorithm that does what it is told.

use procvision_tests::binary::Answer;
use procvision_tests::workplace::Workplace;
use serde_json::{Value, json};

/// A folder with the package `rogue`, `photo.png` and a policy.
pub struct Stage {
    pub place: Workplace,
}

impl Stage {
    /// `keys` are those of the policy beyond its version.
    pub fn new(keys: Value) -> Self {
        let stage = Self {
            place: Workplace::new(),
        };
        stage.decide(keys);
        stage
    }

    /// Another policy.
    pub fn decide(&self, mut keys: Value) {
        keys["policy_version"] = json!(1);
        self.place.write("station/policy.json", keys.to_string().as_bytes());
    }

    /// Runs the program under the policy.
    pub fn procvision(&self, arguments: &[&str]) -> Answer {
        self.place
            .procvision(&[arguments, &["--policy", "station/policy.json"]].concat())
    }

    /// What `run` answers if the algorithm is given this order.
    pub fn run(&self, attack: &str, more: &[&str]) -> Answer {
        let params = json!({ "attack": attack }).to_string();
        let run = [
            "run",
            "rogue",
            "--pid",
            "A01",
            "--image",
            "photo.png",
            "--json",
            "--params",
            &params,
        ];
        self.procvision(&[&run, more].concat())
    }

    /// The message of the verdict OK.
    #[track_caller]
    pub fn message(&self, attack: &str) -> String {
        let answer = self.run(attack, &[]).expect(0).json();
        answer["execute"]["message"]
            .as_str()
            .unwrap_or_else(|| panic!("no message: {answer}"))
            .to_owned()
    }

    /// Validates the package in a folder and expects this exit status.
    #[track_caller]
    pub fn validate(&self, package: &str, status: i32) -> Value {
        self.procvision(&["validate", package, "--json"]).expect(status).json()
    }
}

/// Results of the check `id`, the worst last.
pub fn results(answer: &Value, id: &str) -> Vec<Value> {
    let rank = |check: &Value| {
        ["not_run", "pass", "warn", "fail"]
            .iter()
            .position(|status| check["status"] == *status)
    };
    let checks = answer["checks"].as_array().expect("there are checks");
    let mut found: Vec<Value> = checks.iter().filter(|check| check["id"] == id).cloned().collect();
    found.sort_by_key(rank);
    found
}

/// The worst result of the check `id`.
#[track_caller]
pub fn worst(answer: &Value, id: &str) -> Value {
    results(answer, id)
        .pop()
        .unwrap_or_else(|| panic!("no check {id} in {answer}"))
}
