//! A station under load whose processes are killed at random moments: its server, the processes of its algorithm, and
//! the camera of its line.
//!
//! Callers send pictures of which they know the right verdict, some as files and some through frame pools, and a line
//! judges what a camera shows. Every answer that a caller got must be in the results afterwards, once and unchanged,
//! whatever was killed; nothing in the results may be wrong; and after each kill everything must be back by itself.
//! Only the server and the camera are started again, as a service manager would do it, with the same store.

mod book;
mod callers;
mod deaths;
mod picture;
mod site;

use book::Book;
use deaths::Killer;
use serde::Serialize;
use site::Site;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What is done.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The program `procvision`.
    pub program: &'a Path,
    /// The archive of the algorithm of known behaviour (`conformance/subject`).
    pub package: &'a Path,
    /// An empty folder for the store, sockets and logs. Its path must be short, as sockets need it.
    pub folder: &'a Path,
    /// How many processes are killed, of each kind nearly as many.
    pub kills: u32,
    /// What decides which process is killed when, as far as that can be decided.
    pub seed: u64,
    /// How many callers ask at the same time.
    pub callers: u32,
    /// How long anything may take.
    pub patience: Duration,
}

/// What can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Victim {
    /// A process of the algorithm.
    Adapter,
    /// The camera of the line.
    Camera,
    /// The station's server.
    Server,
}

impl Victim {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Adapter, Self::Server, Self::Camera];
}

/// Kills of one kind.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Deaths {
    /// How many.
    pub kills: u64,
    /// Milliseconds from the kill until everything that it concerns had judged again: the median, by nearest rank.
    pub back_p50_ms: f64,
    /// The longest.
    pub back_max_ms: f64,
    #[serde(skip)]
    times: Vec<Duration>,
}

/// What became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// What decided the order.
    pub seed: u64,
    /// Seconds from the first question to the last check.
    pub seconds: f64,
    /// Every kind of process that was killed.
    pub deaths: BTreeMap<Victim, Deaths>,
    /// Results that callers were answered with.
    pub acknowledged: u64,
    /// Those of them that were there in the end, once and unchanged.
    pub found: u64,
    /// Those that were not, or not unchanged.
    pub lost: u64,
    /// Results that say something wrong, answered or not, or stand there more than once.
    pub wrong: u64,
    /// Results that say openly that nobody knows: no process has answered.
    pub failed: u64,
    /// Results in the end, those included of which nobody got an answer.
    pub kept: u64,
    /// Those of them that the line has brought.
    pub of_the_line: u64,
    /// Requests without an answer, because the server was killed meanwhile.
    pub unanswered: u64,
    /// Requests without an answer although the server was not killed: it has closed a connection that was idle for some
    /// seconds in the moment in which it was used again.
    pub hung_up: u64,
    /// Requests that were refused, by their status.
    pub refused: BTreeMap<u16, u64>,
    /// What was seen first that must not be; nothing if all is well.
    pub problem: Option<String>,
}

/// Runs the plan. `progress` is told how many processes were killed.
///
/// # Errors
///
/// If the station cannot even be set up. What goes wrong afterwards is in the summary.
pub fn run(plan: &Plan<'_>, mut progress: impl FnMut(u32)) -> Result<Summary, String> {
    let site = Site::prepare(plan)?;
    let book = Book::new(site.shown());
    let begun = Instant::now();
    let over = AtomicBool::new(false);
    let mut deaths = BTreeMap::new();
    let mut problem = thread::scope(|scope| {
        // Whatever happens here, even a panic, the other threads end.
        let _end = EndOf(&over);
        scope.spawn(|| site.supervise(&over));
        for number in 0..plan.callers {
            let (site, book, over) = (&site, &book, &over);
            scope.spawn(move || callers::work(plan, number, site, book, over));
        }
        let mut killer = Killer::new(plan, &site, &book);
        let mut killed = 0;
        while killed < plan.kills {
            let new = match killer.kill() {
                Ok(new) => new,
                Err(problem) => return Some(format!("after {killed} kills: {problem}")),
            };
            for (victim, took) in new {
                let of_kind: &mut Deaths = deaths.entry(victim).or_default();
                of_kind.kills += 1;
                of_kind.times.push(took);
                killed += 1;
            }
            progress(killed);
        }
        None
    });
    // Now nobody asks any more, and everything is looked at in peace.
    let audit = site.restarted(plan.patience).and_then(|client| book.audit(&client));
    let audit = audit.unwrap_or_else(|error| {
        problem.get_or_insert(format!("in the end: {error}"));
        book::Audit::default()
    });
    if let Err(error) = site.end(plan.patience) {
        problem.get_or_insert(error);
    }
    let acknowledged = book.acknowledged();
    let wrong = book.wrong();
    if let Some(first) = wrong.first().or(audit.lost.first()) {
        problem.get_or_insert(first.clone());
    }
    let problem = problem.map(|problem| format!("{problem}{}", site.last_words()));
    for of_kind in deaths.values_mut() {
        of_kind.measure();
    }
    Ok(Summary {
        seed: plan.seed,
        seconds: begun.elapsed().as_secs_f64(),
        deaths,
        acknowledged,
        found: audit.found,
        lost: acknowledged.saturating_sub(audit.found),
        wrong: wrong.len() as u64,
        failed: audit.failed,
        kept: audit.kept,
        of_the_line: audit.of_the_line,
        unanswered: book.unanswered(),
        hung_up: book.hung_up(),
        refused: book.refused(),
        problem,
    })
}

/// Tells the threads to end when it goes.
struct EndOf<'a>(&'a AtomicBool);

impl Drop for EndOf<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Deaths {
    fn measure(&mut self) {
        self.times.sort_unstable();
        let milliseconds = |place: usize| self.times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3);
        let (middle, last) = (
            self.times.len().div_ceil(2).saturating_sub(1),
            self.times.len().saturating_sub(1),
        );
        (self.back_p50_ms, self.back_max_ms) = (milliseconds(middle), milliseconds(last));
    }
}

/// Looks again and again until `holds`; how long that took.
///
/// # Errors
///
/// It still does not after `patience`, or `holds` says that it never will.
fn eventually(
    what: &str,
    patience: Duration,
    mut holds: impl FnMut() -> Result<bool, String>,
) -> Result<Duration, String> {
    let begun = Instant::now();
    while !holds()? {
        if begun.elapsed() > patience {
            return Err(format!("{what}: not after {} s", patience.as_secs()));
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(begun.elapsed())
}
