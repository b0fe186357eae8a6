//! The order of the requests, and what each must bring.

use super::Plan;
use super::random::Random;
use crate::answer;
use crate::bench::Bench;
use crate::camera::Camera;
use crate::peer::{Peer, kind};
use crate::pictures::{JPEG_SIZE, plain};
use crate::request::{Call, ping};
use crate::step::{Step, check, failed};
use crate::wire::{frame, framed};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

/// Pictures in the store and in the pool.
const SIZE: (u32, u32) = (640, 480);
/// A new picture comes to the pool with every so many that are asked for.
const PUBLISH_EVERY: u64 = 20;
/// References of pictures that the pool still has.
const FRESH: usize = 4;
/// Sessions that are open at the same time; fewer than an adapter keeps.
const SESSIONS: u64 = 16;
/// Times that are kept to be sorted.
const TIMES: usize = 100_000;

/// A picture that can be named, and what the algorithm must find in it.
#[derive(Debug, Clone)]
struct Picture {
    id: String,
    sum: u64,
}

pub struct Course<'a> {
    pub calls: u64,
    pub kinds: BTreeMap<&'static str, u64>,
    random: Random,
    phases: &'a Bench<'a>,
    pictures: Option<&'a Bench<'a>>,
    camera: Option<&'a Camera>,
    published: u64,
    fresh: Vec<Picture>,
    stale: Option<String>,
    stored: Vec<Picture>,
    jpeg: Option<String>,
    sessions: BTreeMap<u64, u64>,
    pre_limit: Duration,
    after_accident: bool,
    times: Vec<u64>,
}

/// What may come next, and how often in a thousand.
const DEEDS: [(&str, u64); 15] = [
    ("picture of the pool", 420),
    ("picture of the store", 170),
    ("two pictures", 100),
    ("JPEG", 30),
    ("session", 90),
    ("reset", 10),
    ("info", 10),
    ("ping", 40),
    ("exception", 30),
    ("time-out", 1),
    ("bad frame", 40),
    ("bad request", 30),
    ("overlapping", 15),
    ("printed", 7),
    ("not good", 7),
];

impl<'a> Course<'a> {
    pub fn new(plan: &Plan<'a>, phases: &'a Bench<'a>, pictures: Option<&'a Bench<'a>>) -> io::Result<Self> {
        let mut stored = Vec::new();
        for number in 0..4 {
            let id = format!("dev-shm:soak-{number}");
            let bytes = picture(number);
            phases.store.put_array(&id, &[SIZE.1, SIZE.0, 3], &bytes)?;
            stored.push(Picture { id, sum: sum(&bytes) });
        }
        Ok(Self {
            calls: 0,
            kinds: BTreeMap::new(),
            random: Random::new(plan.seed),
            phases,
            pictures,
            camera: plan.camera,
            published: 0,
            fresh: Vec::new(),
            stale: None,
            stored,
            jpeg: None,
            sessions: BTreeMap::new(),
            pre_limit: phases.subject.pre_limit,
            after_accident: false,
            times: Vec::new(),
        })
    }

    /// Microseconds that half of the calls with pictures took at most, and 99 in a hundred.
    pub fn times(&mut self) -> (f64, f64) {
        self.times.sort_unstable();
        let rank = |percent: usize| {
            let place = (self.times.len() * percent).div_ceil(100).saturating_sub(1);
            self.times
                .get(place)
                .map_or(0.0, |&nanoseconds| nanoseconds as f64 / 1000.0)
        };
        (rank(50), rank(99))
    }

    /// One deed and all of its answers.
    pub fn step(&mut self, peer: &mut Peer) -> Step<()> {
        let deed = self.choose();
        *self.kinds.entry(deed).or_default() += 1;
        self.do_it(deed, peer).map_err(|stop| match stop {
            crate::step::Stop::Failed(seen) => crate::step::Stop::Failed(format!("{deed}: {seen}")),
            other => other,
        })
    }

    fn choose(&mut self) -> &'static str {
        let all: u64 = DEEDS.iter().map(|(_, weight)| weight).sum();
        let mut left = self.random.below(all);
        let mut deed = DEEDS[0].0;
        for (name, weight) in DEEDS {
            if left < weight {
                deed = name;
                break;
            }
            left -= weight;
        }
        // Several accidents in a row would have the algorithm put into quarantine, as they should.
        if std::mem::take(&mut self.after_accident) && matches!(deed, "exception" | "time-out") {
            deed = "picture of the store";
        }
        match deed {
            "picture of the pool" if self.camera.is_none() => "picture of the store",
            "two pictures" if self.pictures.is_none() => "picture of the store",
            deed => deed,
        }
    }

    fn do_it(&mut self, deed: &str, peer: &mut Peer) -> Step<()> {
        match deed {
            "picture of the pool" => {
                let picture = self.newest()?;
                self.sum(peer, self.phases, &picture)
            }
            "two pictures" => {
                let picture = self.stored_one();
                self.sum(peer, self.pictures.unwrap_or(self.phases), &picture)
            }
            "JPEG" => self.jpeg(peer),
            "session" => self.session(peer),
            "reset" => self.reset(peer),
            "info" => {
                let call = self.phases.phase(&self.next_id(), "info");
                let answer = self.phases.ask(peer, &call)?.ok()?;
                check(answer.get("info")["name"].is_string(), || "no info".to_owned())
            }
            "ping" => {
                peer.send(&ping("soak"))?;
                answer::pong(&peer.receive()?.message, "soak")
            }
            "exception" => {
                let call = self.call("trap");
                self.after_accident = true;
                peer.send(&call.message())?;
                answer::error(&peer.receive()?.message, Some(&call.request_id), "1009")
            }
            "time-out" => {
                let call = self.call("loop").phase("pre");
                self.after_accident = true;
                peer.send(&call.message())?;
                let message = peer.receive_within(self.pre_limit + peer.patience())?.message;
                answer::failure(&message, &call, &["1005"]).map(drop)
            }
            "bad frame" => self.bad_frame(peer),
            "bad request" => self.bad_request(peer),
            "overlapping" => self.overlapping(peer),
            "printed" => {
                let call = self.call("print");
                self.phases.ask(peer, &call)?.ok().map(drop)
            }
            "not good" => {
                let call = self.call("defects 25");
                let answer = self.phases.ask(peer, &call)?.ok()?;
                let kept = answer.get("defect_rects").as_array().map_or(0, Vec::len);
                check(answer.get("result_status") == "NG" && kept == 20, || answer.kind())
            }
            _ => {
                let picture = self.stored_one();
                self.sum(peer, self.phases, &picture)
            }
        }
    }

    fn next_id(&mut self) -> String {
        self.calls += 1;
        format!("c-{}", self.calls)
    }

    /// A call with a session of its own, so that what sessions hold is not touched.
    fn call(&mut self, task: &str) -> Call {
        let id = self.next_id();
        self.phases.call(&id, task).session("soak-other")
    }

    fn stored_one(&mut self) -> Picture {
        let number = self.random.below(self.stored.len() as u64);
        self.stored[number as usize].clone()
    }

    /// One of the newest pictures of the pool; now and then a new one is published.
    fn newest(&mut self) -> Step<Picture> {
        if let Some(camera) = self.camera
            && (self.fresh.len() < FRESH || self.random.below(PUBLISH_EVERY) == 0)
        {
            let bytes = picture(self.published);
            self.published += 1;
            let id = camera.publish(SIZE.0, SIZE.1, &bytes)?;
            if self.fresh.len() == FRESH {
                // By the time it is asked for, its slot has or has not been written again; either is known.
                self.stale = Some(stale(&self.fresh.remove(0).id));
            }
            self.fresh.push(Picture { id, sum: sum(&bytes) });
        }
        let number = self.random.below(self.fresh.len() as u64);
        Ok(self.fresh[number as usize].clone())
    }

    /// Has the algorithm add up a picture; the answer must be the sum, and nobody else's.
    fn sum(&mut self, peer: &mut Peer, bench: &Bench<'_>, picture: &Picture) -> Step<()> {
        let id = self.next_id();
        let call = bench.call(&id, &format!("sum {id}"));
        let call = call.picture(&picture.id, SIZE.0.into(), SIZE.1.into());
        let begun = Instant::now();
        let answer = bench.ask(peer, &call)?.ok()?;
        let took = begun.elapsed();
        if self.times.len() < TIMES {
            self.times.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        }
        let wanted = format!("{id} {}", picture.sum);
        check(answer.message == wanted, || {
            format!("`{}` in place of `{wanted}`", answer.message)
        })
    }

    fn jpeg(&mut self, peer: &mut Peer) -> Step<()> {
        let call = self
            .call("sum jpeg")
            .picture("dev-shm:jpeg", JPEG_SIZE.0.into(), JPEG_SIZE.1.into());
        let message = self.phases.ask(peer, &call)?.ok()?.message;
        // Decoders may differ by a little, but not one from itself.
        let first = self.jpeg.get_or_insert_with(|| message.clone());
        check(message == *first && message.starts_with("jpeg "), || {
            format!("`{message}` in place of `{first}`")
        })
    }

    fn session(&mut self, peer: &mut Peer) -> Step<()> {
        let session = self.random.below(SESSIONS);
        let count = self.sessions.entry(session).or_default();
        *count += 1;
        let wanted = count.to_string();
        let phase = if self.random.below(4) == 0 { "pre" } else { "execute" };
        let id = self.next_id();
        let call = self
            .phases
            .call(&id, "remember")
            .session(&format!("soak-{session}"))
            .phase(phase);
        let message = self.phases.ask(peer, &call)?.ok()?.message;
        check(message == wanted, || {
            format!("call {wanted} of a session is its call {message}")
        })
    }

    fn reset(&mut self, peer: &mut Peer) -> Step<()> {
        let session = self.random.below(SESSIONS);
        self.sessions.remove(&session);
        let id = self.next_id();
        let call = self.phases.phase(&id, "reset").session(&format!("soak-{session}"));
        self.phases.ask(peer, &call)?.ok().map(drop)
    }

    fn bad_frame(&mut self, peer: &mut Peer) -> Step<()> {
        let bytes = match self.random.below(6) {
            0 => framed(b""),
            1 => framed(b"ping"),
            2 => framed(b"\xff\xfe"),
            3 => framed(b"[]"),
            4 => framed(&b"[".repeat(10_000)),
            _ => framed(b"{\"type\":\"judge\"}"),
        };
        peer.send_bytes(bytes)?;
        answer::error(&peer.receive()?.message, None, "1000")
    }

    fn bad_request(&mut self, peer: &mut Peer) -> Step<()> {
        let call = self.call("ok");
        let (call, codes): (Call, &[&str]) = match (self.random.below(6), &self.stale) {
            (0, _) => (call.with("pid", "Z99"), &["1001"]),
            (1, _) => (call.picture("dev-shm:nobody", 64, 40), &["1002"]),
            (2, _) => (call.picture("dev-shm:soak-0", 0, 0), &["1002", "1006"]),
            (3, _) => (call.phase("judge"), &["1000"]),
            (4, Some(stale)) => {
                let stale = stale.clone();
                (call.picture(&stale, SIZE.0.into(), SIZE.1.into()), &["1002"])
            }
            _ => (call.with_param("count", 11), &["1006"]),
        };
        self.phases.fails(peer, &call, codes).map(drop)
    }

    /// Two calls in one write. The second is busy, or, if the first was over very soon, answered after it.
    fn overlapping(&mut self, peer: &mut Peer) -> Step<()> {
        let (first, second) = (self.call("sleep 3"), self.call("ok"));
        peer.send_bytes([frame(&first.message()), frame(&second.message())].concat())?;
        let mut first_answered = false;
        for _ in 0..2 {
            let message: Value = peer.receive()?.message;
            if message["request_id"] == first.request_id.as_str() && !first_answered {
                first_answered = true;
                answer::result(&message, &first)?.ok()?;
            } else if message["request_id"] != second.request_id.as_str() {
                return failed(format!("{} for request {}", kind(&message), message["request_id"]));
            } else if message["type"] == "error" {
                answer::error(&message, Some(&second.request_id), "1000")?;
            } else {
                check(first_answered, || "the second call is answered first".to_owned())?;
                answer::result(&message, &second)?.ok()?;
            }
        }
        check(first_answered, || "the second call is answered twice".to_owned())
    }
}

/// A picture that differs from its neighbours in every byte.
fn picture(number: u64) -> Vec<u8> {
    let mut bytes = plain(SIZE.0, SIZE.1, [0; 3]);
    let pattern: Vec<u8> = (0..=255_u8)
        .map(|byte| byte.wrapping_mul(167).wrapping_add(number as u8))
        .collect();
    for part in bytes.chunks_mut(pattern.len()) {
        part.copy_from_slice(&pattern[..part.len()]);
    }
    bytes
}

/// What the task `sum` answers.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().step_by(997).map(|&byte| u64::from(byte)).sum()
}

/// A reference of a generation before the one that a reference names, which nobody can have any more.
fn stale(reference: &str) -> String {
    let (place, generation) = reference.rsplit_once('/').unwrap_or((reference, "0"));
    let generation: u64 = generation.parse().unwrap_or(1);
    format!("{place}/{}", generation.saturating_sub(1))
}
