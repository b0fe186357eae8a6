//! Those who ask the station: inspections with pictures as files and through pools of their own.

use super::Plan;
use super::book::Book;
use super::picture::{Picture, SIZE};
use super::site::{ASKED, Site, TASK};
use crate::camera::Camera;
use crate::soak::random::Random;
use crate::station::{Answer, Client};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long somebody pauses who got no answer.
const PAUSE: Duration = Duration::from_millis(5);
/// Slots of a caller's pool.
const SLOTS: u32 = 4;
/// The steps of the algorithm that need nothing else.
const STEPS: [u32; 2] = [1, 3];

/// Asks until it is over.
pub fn work(plan: &Plan<'_>, number: u32, site: &Site, book: &Book, over: &AtomicBool) {
    let mut caller = Caller::new(plan, number, site, book);
    while !over.load(Ordering::Relaxed) {
        let generation = site.generation();
        let done = match site.client() {
            Some(client) => caller.inspect(&client, ASKED),
            None => Ok(false),
        };
        let done = done.unwrap_or_else(|_| {
            book.note_unanswered(site.generation() != generation);
            false
        });
        if !done {
            thread::sleep(PAUSE);
        }
    }
}

/// One who asks.
pub struct Caller<'a> {
    name: String,
    site: &'a Site,
    book: &'a Book,
    random: Random,
    asked: u64,
    camera: Option<Camera>,
}

impl<'a> Caller<'a> {
    pub fn new(plan: &Plan<'_>, number: u32, site: &'a Site, book: &'a Book) -> Self {
        Self {
            name: format!("caller-{number}"),
            site,
            book,
            random: Random::new(plan.seed.wrapping_mul(1009).wrapping_add(number.into())),
            asked: 0,
            camera: None,
        }
    }

    /// One inspection with some steps; whether all of it was answered.
    pub fn inspect(&mut self, client: &Client, pid: &str) -> io::Result<bool> {
        let Some(inspection) = self.begin(client, pid)? else {
            return Ok(false);
        };
        let mut verdicts = BTreeMap::new();
        let mut whole = true;
        for _ in 0..=self.random.below(3) {
            let index = STEPS[self.random.below(2) as usize];
            let answer = self.step(client, &inspection, index)?;
            whole &= answer.is_some();
            if let Some(answer) = answer {
                self.book.answer(&answer);
                verdicts.insert(index, answer["verdict"].as_str().unwrap_or_default().to_owned());
            }
        }
        let ended = client.post(&format!("{inspection}/end"), &json!({}))?;
        if ended.status != 200 {
            self.book.note_refused(ended.status);
            return Ok(false);
        }
        // What was refused may have been judged, or not.
        if whole {
            let rank = |verdict: &String| ["OK", "NG", "FAILED"].iter().position(|known| known == verdict);
            let worst = verdicts.values().max_by_key(|verdict| rank(verdict));
            if ended.body["verdict"].as_str() != worst.map(String::as_str) {
                let wrong = format!("the steps came out as {verdicts:?}, the inspection as {}", ended.body);
                self.book.note_wrong(wrong);
            }
        }
        Ok(whole)
    }

    /// Begins an inspection: its path, or nothing if it is refused.
    pub fn begin(&mut self, client: &Client, pid: &str) -> io::Result<Option<String>> {
        let context = json!({ "caller": self.name });
        let begun = client.post("/inspections", &json!({ "pid": pid, "context": context }))?;
        match (begun.status, begun.body["id"].as_str()) {
            (201, Some(id)) => Ok(Some(format!("/inspections/{id}"))),
            _ => {
                self.book.note_refused(begun.status);
                Ok(None)
            }
        }
    }

    /// Asks about a picture: the answer, or nothing if it is refused.
    pub fn step(&mut self, client: &Client, inspection: &str, index: u32) -> io::Result<Option<Value>> {
        self.asked += 1;
        let value = format!("{}/{}", self.name, self.asked);
        let picture = Picture::random(&mut self.random);
        self.book.ask(value.clone(), picture.sum);
        let phases = match self.random.below(2) {
            0 => json!(["execute"]),
            _ => json!(["pre_execute", "execute"]),
        };
        let mut request = json!({
            "step_index": index, "phases": phases, "params": { "task": TASK, "value": value },
        });
        let path = format!("{inspection}/steps");
        let Answer { status, body } = match self.publish(&picture) {
            Some(reference) => {
                request["picture"] = json!({ "pool": reference });
                client.post(&path, &request)?
            }
            None => {
                let png = picture.png()?;
                client.post_parts(&path, &[("request", request.to_string().as_bytes()), ("picture", &png)])?
            }
        };
        match status {
            200 => Ok(Some(body)),
            _ => {
                self.book.note_refused(status);
                Ok(None)
            }
        }
    }

    /// Puts the picture into the caller's pool, if that is the way this time and there is a broker.
    fn publish(&mut self, picture: &Picture) -> Option<String> {
        if self.random.below(2) == 0 {
            return None;
        }
        if self.camera.is_none() {
            self.camera = Camera::connect(&self.site.frames_socket(), &self.name, SLOTS).ok();
        }
        let published = self.camera.as_ref()?.publish(SIZE.0, SIZE.1, &picture.pixels);
        if published.is_err() {
            // Its broker is gone with the server, or a slot is never given back; the next one will be another's.
            self.camera = None;
        }
        published.ok()
    }
}
