//! What a line does while it runs: it takes pictures, has them judged one after the other, and says what goes wrong.
//!
//! While what a picture has brought is on its way to disk, the next one is already asked about: a disk that pauses for
//! a moment delays nobody's verdict. Nobody is told a result before it is on disk, and all are kept in their order.

use super::memory::Memory;
use crate::alarm::{About, Alarm};
use crate::config::{LineConfig, WhichPictures};
use crate::events::Kind;
use crate::inspection::{Inspection, Verdict};
use crate::judge::{JudgeError, StepRequest};
use crate::picture::{Followed, Picture, PictureError};
use crate::seat::Seat;
use crate::station::{Station, new_id};
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use procvision_host::explain::one_line;
use procvision_host::pool::consumer::Follow;
use serde_json::{Map, Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long a line waits for a picture before it looks whether it is to stop, and whether the broker is still there.
const WAIT: Duration = Duration::from_millis(100);
/// How often it looks for a pool that is not there: its slots hold what a camera publishes until then.
const LOOK: Duration = Duration::from_millis(50);
/// How long it pauses after something else has gone wrong.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a picture waits for something that judges its product model: at the station's start the store is still
/// read.
const SEAT: Duration = Duration::from_secs(10);
/// What takes no longer has not waited.
const AT_ONCE: Duration = Duration::from_millis(1);
/// After so many looks in vain in a row it pauses.
const IN_VAIN: u32 = 100;
/// What is said when this program has made a mistake.
const PANICKED: &str = "the station has panicked; its log says where";
/// Pictures that are judged, and whose results are not on disk yet; at that many the line waits for the disk.
const UNKEPT: usize = 32;
/// Pictures that are passed over belong to one burst as long as no more than this lies between.
const BURST: Duration = Duration::from_secs(10);

/// What a picture has brought, on its way to disk; an error is the sentence why it cannot be kept.
type Keeping = BoxFuture<'static, Result<(), String>>;

/// A line that runs.
pub(super) struct Run {
    line: Arc<Line>,
    config: LineConfig,
    stop: Arc<AtomicBool>,
    runtime: Handle,
    /// What is on its way to disk, in its order.
    to_keep: mpsc::Sender<Keeping>,
    keeper: JoinHandle<()>,
    /// Whether it has not looked yet: then it does not know which pictures have come since it was started.
    is_new: bool,
    /// How often in a row there was no picture, and no wait for one either.
    in_vain: u32,
    /// Why there was no picture, as it was said last.
    trouble: Option<String>,
    burst: Option<Burst>,
}

/// Who is called about what.
struct Line {
    station: Arc<Station>,
    name: String,
    pid: String,
    memory: Arc<Memory>,
}

/// Pictures that were passed over, shortly after one another.
struct Burst {
    began: Instant,
    last: Instant,
    pictures: u64,
}

impl Run {
    /// A line that is about to run. One that is not new goes on where the one before was.
    pub(super) fn new(
        station: Arc<Station>,
        name: &str,
        config: LineConfig,
        memory: Arc<Memory>,
        stop: Arc<AtomicBool>,
        is_new: bool,
    ) -> Self {
        let runtime = Handle::current();
        let line = Arc::new(Line {
            station,
            name: name.to_owned(),
            pid: config.pid.clone(),
            memory,
        });
        let (to_keep, kept) = mpsc::channel(UNKEPT);
        let keeper = runtime.spawn(line.clone().keep(kept));
        Self {
            line,
            config,
            stop,
            runtime,
            to_keep,
            keeper,
            is_new,
            in_vain: 0,
            trouble: None,
            burst: None,
        }
    }

    /// Judges pictures until the line is stopped, and waits until all of them are kept.
    pub(super) fn until_stopped(mut self) {
        while !self.is_stopped() {
            // A mistake of this program costs one picture, and somebody hears of it.
            let taken = catch_unwind(AssertUnwindSafe(|| self.take()));
            let Ok(taken) = taken else {
                self.line.not_judged(PANICKED);
                self.pause(PAUSE);
                continue;
            };
            match taken {
                Ok(Some(followed)) => {
                    self.trouble = None;
                    self.in_vain = 0;
                    self.passed_over(followed.passed_over);
                    self.judge(followed.picture);
                }
                Ok(None) => {
                    self.trouble = None;
                    self.passed_over(0);
                    self.wait();
                }
                Err(error) => self.no_picture(&error),
            }
        }
        drop(self.to_keep);
        // An error is a panic of the keeper, which it has told.
        let _ = self.runtime.block_on(self.keeper);
    }

    /// Waits for the next picture.
    fn wait(&mut self) {
        let begun = Instant::now();
        let mark = self.line.memory.mark().clone();
        let pictures = self.line.station.pictures();
        pictures.wait_after(&self.config.source, mark.as_ref(), WAIT);
        // A picture that is there and cannot be taken: somebody has lied about it.
        self.in_vain = match begun.elapsed() < AT_ONCE {
            true => self.in_vain.saturating_add(1),
            false => 0,
        };
        if self.in_vain > IN_VAIN {
            self.pause(PAUSE);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The next picture, if there is one already.
    fn take(&mut self) -> Result<Option<Followed>, PictureError> {
        let Line { station, memory, .. } = &*self.line;
        let mut mark = memory.mark();
        if self.is_stopped() {
            return Ok(None);
        }
        let which = match (self.is_new, self.config.pictures) {
            (true, _) | (_, WhichPictures::Newest) => Follow::Newest,
            (false, WhichPictures::Every) => Follow::Oldest,
        };
        let found = station.pictures().after(&self.config.source, mark.as_ref(), which);
        // What was there before the line was is nothing that it has missed.
        let missed = !self.is_new;
        match &found {
            Ok(_) => self.is_new = false,
            Err(error) if error.is_no_pool() => self.is_new = false,
            Err(_) => {}
        }
        let mut followed = match found? {
            Some(followed) => followed,
            None => return Ok(None),
        };
        if !missed {
            followed.passed_over = 0;
        }
        *mark = Some(followed.mark.clone());
        memory.taken(followed.passed_over);
        Ok(Some(followed))
    }

    /// So many pictures were passed over before the last one. A burst is told at its beginning and at its end.
    fn passed_over(&mut self, pictures: u64) {
        if self.config.pictures == WhichPictures::Newest {
            return;
        }
        let now = Instant::now();
        let name = &self.line.name;
        match &mut self.burst {
            None if pictures > 0 => {
                tracing::warn!(
                    line = name,
                    "pictures come faster than they are judged: {pictures} passed over"
                );
                self.line.say(json!({"dropped": pictures}));
                self.burst = Some(Burst {
                    began: now,
                    last: now,
                    pictures,
                });
            }
            Some(burst) if pictures > 0 => {
                burst.pictures = burst.pictures.saturating_add(pictures);
                burst.last = now;
            }
            Some(burst) if now.duration_since(burst.last) > BURST => {
                let Burst { began, last, pictures } = *burst;
                let seconds = last.duration_since(began).as_secs_f64();
                tracing::warn!(
                    line = name,
                    "{pictures} pictures were passed over within {seconds:.1} s"
                );
                self.line.say(json!({"dropped": pictures, "for_s": seconds}));
                self.burst = None;
            }
            _ => {}
        }
    }

    /// There is no picture, and why. The same is said once.
    fn no_picture(&mut self, error: &PictureError) {
        let sentence = error.sentence();
        if self.trouble.as_ref() != Some(&sentence) {
            tracing::warn!(line = self.line.name, "there is no picture: {sentence}");
            self.line.say(json!({"trouble": sentence}));
            self.trouble = Some(sentence);
        }
        match error.is_no_pool() {
            true => thread::sleep(LOOK),
            false => self.pause(PAUSE),
        }
    }

    /// Waits, unless the line is stopped.
    fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        while !self.is_stopped() {
            match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => break,
                left => thread::sleep(left.min(LOOK)),
            }
        }
    }

    /// Has a picture judged; what that has brought is then on its way to disk.
    fn judge(&mut self, picture: Picture) {
        let asked = catch_unwind(AssertUnwindSafe(|| self.ask(picture)));
        match asked {
            Ok(Ok(keeping)) => self.keep(keeping),
            Ok(Err(sentence)) => self.line.not_judged(&sentence),
            Err(_) => self.line.not_judged(PANICKED),
        }
        if self.line.memory.is_alarmed() {
            self.pause(PAUSE);
        }
    }

    fn ask(&self, picture: Picture) -> Result<Keeping, String> {
        let Line { station, name, .. } = &*self.line;
        let seat = self.seat()?;
        let fit = |picture: Picture| match seat.is_command() {
            true => station
                .pictures()
                .for_original(picture)
                .map_err(|error| error.sentence()),
            false => Ok(picture),
        };
        let guide = match &self.config.guide {
            Some(source) => {
                let guide = station.pictures().of_source(source);
                let guide = guide.map_err(|error| format!("there is no guide picture: {}", error.sentence()))?;
                Some(fit(guide)?)
            }
            None => None,
        };
        let context = Map::from_iter([("line".to_owned(), Value::from(name.as_str()))]);
        let inspection = Inspection::begin(new_id(), context, seat.place());
        let request = StepRequest {
            step_index: self.config.step_index,
            phases: self.config.phases.clone(),
            params: self.config.params.clone(),
            step_desc: None,
            guides: Value::Null,
            picture: Arc::new(fit(picture)?),
            guide,
            line: Some(name.clone()),
        };
        // One question at a time, so that there is no need of a bound.
        let waiting = inspection.place.join_anyway();
        let mut results = Vec::new();
        for phase in &request.phases {
            let asked = self
                .runtime
                .block_on(station.ask(&inspection, &request, &waiting, *phase));
            let verdict = asked.verdict;
            results.push(asked);
            if verdict != Verdict::Ok {
                break;
            }
        }
        // From here on the picture's slot can be written again, and the process has one inspection less.
        drop((request, inspection, waiting));
        let station = station.clone();
        Ok(async move {
            let kept = future::join_all(results.into_iter().map(|asked| station.keep(asked))).await;
            let kept: Result<Vec<_>, _> = kept.into_iter().collect();
            kept.map(drop).map_err(|error| one_line(&JudgeError::NotKept(error)))
        }
        .boxed())
    }

    /// What judges the product model. Waited for, unless it was missed before.
    fn seat(&self) -> Result<Arc<Seat>, String> {
        let Line {
            station, memory, pid, ..
        } = &*self.line;
        let until = Instant::now() + SEAT;
        loop {
            if let Some(seat) = station.seats().get(pid) {
                return Ok(seat);
            }
            if memory.is_alarmed() || self.is_stopped() || Instant::now() >= until {
                return Err(format!("nothing judges the product model {pid}"));
            }
            thread::sleep(LOOK);
        }
    }

    /// Hands over what a picture has brought.
    fn keep(&self, mut keeping: Keeping) {
        self.runtime.block_on(async {
            // Begun here, so that what came first is first on disk.
            let begun = match (&mut keeping).now_or_never() {
                Some(kept) => future::ready(kept).boxed(),
                None => keeping,
            };
            // An error is a panic of the keeper, which it has told.
            let _ = self.to_keep.send(begun).await;
        });
    }
}

impl Line {
    /// Waits until everything is on disk, in its order.
    async fn keep(self: Arc<Self>, mut kept: mpsc::Receiver<Keeping>) {
        while let Some(keeping) = kept.recv().await {
            match AssertUnwindSafe(keeping).catch_unwind().await {
                Ok(Ok(())) => {
                    if self.memory.judged() {
                        tracing::info!(line = self.name, "pictures are judged again");
                    }
                }
                Ok(Err(sentence)) => self.not_judged(&sentence),
                Err(_) => self.not_judged(PANICKED),
            }
        }
    }

    /// A picture is lost. Somebody is called, once until pictures are judged again.
    fn not_judged(&self, sentence: &str) {
        if self.memory.not_judged() {
            let about = About {
                pid: Some(&self.pid),
                line: Some(&self.name),
            };
            self.station.alarm(Alarm::NotJudged, about, sentence);
        }
    }

    /// Tells something about the line, which runs.
    fn say(&self, what: Value) {
        let mut data = json!({"name": self.name, "running": true});
        if let (Value::Object(data), Value::Object(what)) = (&mut data, what) {
            data.extend(what);
        }
        self.station.events().say(Kind::Line, &data);
    }
}
