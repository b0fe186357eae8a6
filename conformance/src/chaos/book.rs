//! The book of what was asked and what was answered, by which everything is checked.

use super::picture::SIZE;
use super::site::{LINE_NAME, LINE_VALUE, TASK};
use crate::station::Client;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Results of one page.
const PAGE: usize = 1000;
/// Older answers that are looked at again with the newest ones.
const OLDER: usize = 20;

/// What was asked and answered so far.
pub struct Book {
    shown: [u64; 2],
    pages: Mutex<Pages>,
    unanswered: AtomicU64,
    hung_up: AtomicU64,
}

#[derive(Default)]
struct Pages {
    /// The sum of the picture that was asked about, by the value that was sent with it.
    asked: HashMap<String, u64>,
    /// Every result that a caller was answered with.
    answered: Vec<Value>,
    /// So many of them have been looked up after a kill.
    looked_up: usize,
    refused: BTreeMap<u16, u64>,
    wrong: Vec<String>,
}

/// What is in the results in the end.
#[derive(Default)]
pub struct Audit {
    pub found: u64,
    pub lost: Vec<String>,
    pub failed: u64,
    pub kept: u64,
    pub of_the_line: u64,
}

impl Book {
    /// `shown` are the sums of the pictures that the line's camera shows.
    pub fn new(shown: [u64; 2]) -> Self {
        Self {
            shown,
            pages: Mutex::default(),
            unanswered: AtomicU64::new(0),
            hung_up: AtomicU64::new(0),
        }
    }

    /// Notes what is about to be asked; `value` must be like no other.
    pub fn ask(&self, value: String, sum: u64) {
        self.pages().asked.insert(value, sum);
    }

    /// Takes an answer with its results; whether all of them are verdicts.
    pub fn answer(&self, body: &Value) -> bool {
        let results = body["results"].as_array().cloned().unwrap_or_default();
        let last = results.last().map(|last| &last["outcome"]);
        let agrees = match body["verdict"].as_str() {
            Some(verdict @ ("OK" | "NG" | "FAILED")) => last.is_some_and(|last| last == verdict),
            _ => false,
        };
        if !agrees {
            self.note_wrong(format!("a step's verdict is not that of its last result: {body}"));
        }
        let mut judged = true;
        for result in results {
            if let Err(wrong) = self.check(&result) {
                self.note_wrong(wrong);
            }
            judged &= result["outcome"] != "FAILED";
            self.pages().answered.push(result);
        }
        judged
    }

    /// Notes something that must not be.
    pub fn note_wrong(&self, what: String) {
        self.pages().wrong.push(what);
    }

    /// Notes a request that brought no answer, and whether the server was killed meanwhile.
    pub fn note_unanswered(&self, killed: bool) {
        let count = if killed { &self.unanswered } else { &self.hung_up };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes a request that was refused.
    pub fn note_refused(&self, status: u16) {
        *self.pages().refused.entry(status).or_default() += 1;
    }

    /// How many results callers were answered with.
    pub fn acknowledged(&self) -> u64 {
        self.pages().answered.len() as u64
    }

    /// Requests without an answer of servers that were killed.
    pub fn unanswered(&self) -> u64 {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Requests without an answer of servers that nobody killed.
    pub fn hung_up(&self) -> u64 {
        self.hung_up.load(Ordering::Relaxed)
    }

    /// Requests that were refused, by their status.
    pub fn refused(&self) -> BTreeMap<u16, u64> {
        self.pages().refused.clone()
    }

    /// What was seen that must not be.
    pub fn wrong(&self) -> Vec<String> {
        self.pages().wrong.clone()
    }

    /// Looks up by their numbers what was answered since the last time, and some of what was answered before.
    pub fn look_up(&self, client: &Client, mut choose: impl FnMut(usize) -> usize) -> Result<(), String> {
        let (mut due, all) = {
            let pages = self.pages();
            (pages.answered[pages.looked_up..].to_vec(), pages.answered.len())
        };
        for _ in 0..OLDER.min(all) {
            let chosen = self.pages().answered[choose(all)].clone();
            due.push(chosen);
        }
        for result in due {
            let path = format!("/results/{}", result["id"]);
            let answer = client.get(&path).map_err(|error| format!("{path}: {error}"))?;
            if answer.status != 200 || answer.body != result {
                return Err(format!("answered was {result}, kept is {}", answer.body));
            }
        }
        self.pages().looked_up = all;
        Ok(())
    }

    /// Reads all results and compares them with what was answered.
    pub fn audit(&self, client: &Client) -> Result<Audit, String> {
        let mut audit = Audit::default();
        let mut kept = HashMap::new();
        let mut questions = HashSet::new();
        let mut before = None;
        loop {
            let path = match before {
                Some(before) => format!("/results?limit={PAGE}&before={before}"),
                None => format!("/results?limit={PAGE}"),
            };
            let page = client.get(&path).map_err(|error| format!("{path}: {error}"))?;
            for result in page.body["results"].as_array().into_iter().flatten() {
                self.enter(result, &mut audit, &mut questions);
                if kept.insert(result["id"].to_string(), result.clone()).is_some() {
                    self.note_wrong(format!("the result {} comes twice", result["id"]));
                }
            }
            before = page.body["next"].as_u64();
            if before.is_none() {
                break;
            }
        }
        let pages = self.pages();
        let mut ids = HashSet::new();
        for result in &pages.answered {
            let id = result["id"].to_string();
            match kept.get(&id) {
                Some(there) if there == result && ids.insert(id) => audit.found += 1,
                Some(there) => audit.lost.push(format!("answered was {result}, kept is {there}")),
                None => audit.lost.push(format!("lost: {result}")),
            }
        }
        Ok(audit)
    }

    fn enter(&self, result: &Value, audit: &mut Audit, questions: &mut HashSet<String>) {
        audit.kept += 1;
        audit.failed += u64::from(result["outcome"] == "FAILED");
        if let Err(wrong) = self.check(result) {
            self.note_wrong(wrong);
        }
        let question = match result["line"].is_null() {
            true => format!("{} {}", result["params"]["value"], result["phase"]),
            false => {
                audit.of_the_line += 1;
                format!("{} {}", result["inspection"], result["phase"])
            }
        };
        if !questions.insert(question) {
            self.note_wrong(format!("a question has two results, the second is {result}"));
        }
    }

    /// Whether a result says what is true of its picture, or openly nothing.
    fn check(&self, result: &Value) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("{why}: {result}"));
        let value = result["params"]["value"].as_str().unwrap_or_default();
        let said = match (result["phase"].as_str(), result["outcome"].as_str()) {
            (Some("pre_execute"), Some("OK")) | (Some("execute"), Some("OK")) => &result["message"],
            (Some("execute"), Some("NG")) => &result["ng_reason"],
            (_, Some("FAILED")) if result["error_code"].is_string() => return Ok(()),
            _ => return wrong("nobody can have said that"),
        };
        let said = said.as_str().unwrap_or_default();
        let Some((echo, sum)) = said.split_once(' ') else {
            return wrong("it does not say what it has found");
        };
        let sum: u64 = sum.parse().unwrap_or_default();
        if echo != value || result["params"]["task"] != TASK {
            return wrong("it is the answer to another question");
        }
        let right = match result["line"].as_str() {
            Some(LINE_NAME) => value == LINE_VALUE && self.shown.contains(&sum),
            Some(_) => false,
            None => self.pages().asked.get(value) == Some(&sum),
        };
        if !right {
            return wrong("it is about another picture");
        }
        if result["phase"] == "execute" && (result["outcome"] == "NG") != (sum % 2 == 1) {
            return wrong("the verdict is wrong");
        }
        let picture = &result["picture"];
        match (picture["width"].as_u64(), picture["height"].as_u64()) == (Some(SIZE.0.into()), Some(SIZE.1.into())) {
            true => Ok(()),
            false => wrong("the picture has another size"),
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // Each change is whole before anything could panic.
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn result(change: impl FnOnce(&mut Value)) -> Value {
        let mut result = json!({
            "id": 1, "phase": "execute", "outcome": "NG", "ng_reason": "v1 7", "message": "", "error_code": null,
            "line": null, "inspection": "i", "params": { "task": TASK, "value": "v1" },
            "picture": { "width": SIZE.0, "height": SIZE.1 },
        });
        change(&mut result);
        result
    }

    #[test]
    fn what_is_not_true_is_seen() {
        let book = Book::new([10, 11]);
        book.ask("v1".to_owned(), 7);
        assert_eq!(book.check(&result(|_| ())), Ok(()));
        let failed = |result: &mut Value| {
            result["outcome"] = json!("FAILED");
            result["error_code"] = json!("9999");
        };
        assert_eq!(book.check(&result(failed)), Ok(()));
        type Change = fn(&mut Value);
        let wrong: [Change; 8] = [
            |result| result["ng_reason"] = json!("v1 9"),
            |result| result["ng_reason"] = json!("v2 7"),
            |result| result["ng_reason"] = Value::Null,
            |result| {
                result["outcome"] = json!("OK");
                result["message"] = json!("v1 7");
            },
            |result| result["params"]["value"] = json!("v2"),
            |result| result["line"] = json!(LINE_NAME),
            |result| result["outcome"] = json!("FAILED"),
            |result| result["picture"]["width"] = json!(1),
        ];
        for (number, change) in wrong.into_iter().enumerate() {
            assert!(book.check(&result(change)).is_err(), "{number}");
        }
    }

    #[test]
    fn an_answer_must_agree_with_its_results() {
        let book = Book::new([10, 11]);
        book.ask("v1".to_owned(), 7);
        assert!(book.answer(&json!({ "verdict": "NG", "results": [result(|_| ())] })));
        assert!(book.wrong().is_empty());
        book.answer(&json!({ "verdict": "OK", "results": [result(|_| ())] }));
        book.answer(&json!({ "verdict": "OK", "results": [] }));
        assert_eq!((book.wrong().len(), book.acknowledged()), (2, 2));
    }

    #[test]
    fn one_question_has_one_result() {
        let book = Book::new([10, 11]);
        book.ask("v1".to_owned(), 7);
        let (mut audit, mut questions) = (Audit::default(), HashSet::new());
        book.enter(&result(|_| ()), &mut audit, &mut questions);
        assert!(book.wrong().is_empty());
        book.enter(&result(|result| result["id"] = json!(2)), &mut audit, &mut questions);
        assert_eq!((book.wrong().len(), audit.kept), (1, 2));
    }
}
