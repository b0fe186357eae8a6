//! The kills, and the way back from each.

use super::book::Book;
use super::callers::Caller;
use super::site::{ASKED, LINE, LINE_NAME, Site, WORKERS, Worker, gone};
use super::{Plan, Victim, eventually};
use crate::soak::random::Random;
use crate::station::Client;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

/// Before the next kill so many results are answered at most.
const MOST_ANSWERS: u64 = 60;
/// And so many milliseconds go by at most, so that a kill comes at any moment of a question.
const MOST_MILLISECONDS: u64 = 40;

/// Now and then two processes are killed one after the other.
const ONE_IN_SO_MANY: u64 = 4;
/// So many milliseconds lie between them at most.
const MOST_MILLISECONDS_BETWEEN: u64 = 800;

/// A kill.
struct Death {
    victim: Victim,
    at: Instant,
    /// The process that was killed; of a server those that it had.
    workers: Vec<Worker>,
}

/// Kills, and waits until everything is back.
pub struct Killer<'a> {
    site: &'a Site,
    book: &'a Book,
    patience: Duration,
    random: Random,
    deck: Vec<Victim>,
    /// Asks whether everything is back.
    prober: Caller<'a>,
}

impl<'a> Killer<'a> {
    pub fn new(plan: &Plan<'_>, site: &'a Site, book: &'a Book) -> Self {
        let mut random = Random::new(plan.seed);
        let mut deck: Vec<Victim> = Victim::ALL.into_iter().cycle().take(plan.kills as usize).collect();
        for place in (1..deck.len()).rev() {
            deck.swap(place, random.below(place as u64 + 1) as usize);
        }
        Self {
            site,
            book,
            patience: plan.patience,
            random,
            deck,
            prober: Caller::new(plan, u32::MAX, site, book),
        }
    }

    /// The next kill, and now and then a second one before everything is back from the first: of what, and how long it
    /// took until everything was back.
    pub fn kill(&mut self) -> Result<Vec<(Victim, Duration)>, String> {
        self.moment()?;
        let mut struck = vec![self.strike()?];
        if !self.deck.is_empty() && self.random.below(ONE_IN_SO_MANY) == 0 {
            thread::sleep(Duration::from_millis(self.random.below(MOST_MILLISECONDS_BETWEEN)));
            struck.push(self.strike()?);
        }
        let mut deaths = Vec::new();
        for death in struck {
            let named = |error: String| format!("{:?}: {error}", death.victim);
            self.back(&death).map_err(named)?;
            deaths.push((death.victim, death.at.elapsed()));
        }
        let client = self.client()?;
        let random = &mut self.random;
        self.book.look_up(&client, |all| random.below(all as u64) as usize)?;
        match self.site.trouble() {
            Some(trouble) => Err(trouble),
            None => Ok(deaths),
        }
    }

    /// Lets some answers come, and a moment more go by.
    fn moment(&mut self) -> Result<(), String> {
        let target = self.book.acknowledged() + 1 + self.random.below(MOST_ANSWERS);
        let (book, site) = (self.book, self.site);
        eventually("callers are answered", self.patience, || match site.trouble() {
            Some(trouble) => Err(trouble),
            None => Ok(book.acknowledged() >= target),
        })?;
        thread::sleep(Duration::from_millis(self.random.below(MOST_MILLISECONDS)));
        Ok(())
    }

    /// Kills whatever is next.
    fn strike(&mut self) -> Result<Death, String> {
        let victim = self.deck.pop().unwrap_or(Victim::Adapter);
        let (site, patience) = (self.site, self.patience);
        let client = self.client()?;
        let mut workers = Vec::new();
        eventually("there is a process of the algorithm", patience, || {
            workers = site.workers(&client).unwrap_or_default();
            workers.retain(|worker| worker.process.is_some());
            Ok(!workers.is_empty())
        })?;
        let at = Instant::now();
        match victim {
            Victim::Adapter => {
                workers = vec![workers.swap_remove(self.random.below(workers.len() as u64) as usize)];
                let process = workers[0]
                    .process
                    .and_then(|process| Pid::from_raw(process.try_into().ok()?));
                let process = process.ok_or("a process has no number")?;
                match kill_process(process, Signal::KILL) {
                    // It has just ended with a server that was killed before.
                    Ok(()) | Err(Errno::SRCH) => {}
                    Err(error) => return Err(format!("it cannot be killed: {error}")),
                }
            }
            Victim::Camera => {
                eventually("there is a camera", patience, || Ok(site.kill_camera()))?;
            }
            Victim::Server => site.kill_server(),
        }
        Ok(Death { victim, at, workers })
    }

    /// Waits until everything that the kill concerns has judged again.
    fn back(&mut self, death: &Death) -> Result<(), String> {
        let site = self.site;
        match death.victim {
            Victim::Adapter => {
                for killed in &death.workers {
                    let what = "another process takes the place of the killed one";
                    eventually(what, self.patience, || {
                        let workers = site.client().and_then(|client| site.workers(&client).ok());
                        let mut workers = workers.unwrap_or_default();
                        workers.retain(|worker| worker.pid == killed.pid);
                        if let Some(given_up) = workers.iter().find(|worker| worker.state == "alarmed") {
                            return Err(format!("{} is alarmed", given_up.id));
                        }
                        let back = |worker: &Worker| worker.serves() && worker.process != killed.process;
                        Ok(workers.len() == WORKERS && workers.iter().all(back))
                    })?;
                    self.judges(&killed.pid)?;
                }
                Ok(())
            }
            Victim::Camera => self.line_judges(),
            Victim::Server => {
                for pid in [ASKED, LINE] {
                    self.judges(pid)?;
                }
                self.line_judges()?;
                gone(&death.workers, self.patience)
            }
        }
    }

    /// Who asks the server, as soon as there is one.
    fn client(&self) -> Result<Client, String> {
        let mut client = None;
        eventually("the server comes back", self.patience, || {
            client = self.site.client();
            Ok(client.is_some())
        })?;
        client.ok_or_else(|| "there is no server".to_owned())
    }

    /// Waits until every process of the product model has judged: as many inspections at the same time have one each.
    fn judges(&mut self, pid: &str) -> Result<(), String> {
        let (site, book, prober) = (self.site, self.book, &mut self.prober);
        let mut probe = |client: &Client| -> std::io::Result<bool> {
            let mut judged = true;
            let mut begun = Vec::new();
            for _ in 0..WORKERS {
                begun.extend(prober.begin(client, pid)?);
            }
            judged &= begun.len() == WORKERS;
            for inspection in begun {
                let answer = prober.step(client, &inspection, 1)?;
                judged &= answer.is_some_and(|answer| book.answer(&answer));
                client.post(&format!("{inspection}/end"), &serde_json::json!({}))?;
            }
            Ok(judged)
        };
        eventually("it judges again", self.patience, || match site.client() {
            Some(client) => Ok(probe(&client).unwrap_or(false)),
            None => Ok(false),
        })?;
        Ok(())
    }

    /// Waits until the line has judged a picture that came after now. What it is judging at this moment came before.
    fn line_judges(&self) -> Result<(), String> {
        let client = self.client()?;
        let latest = || -> Result<BTreeSet<u64>, String> {
            let answer = client.get(&format!("/results?pid={LINE}&limit=100"));
            let answer = answer.map_err(|error| error.to_string())?;
            let results = answer.body["results"].as_array().cloned().unwrap_or_default();
            let of_line = results.iter().filter(|result| {
                result["line"] == LINE_NAME && result["phase"] == "execute" && result["outcome"] != "FAILED"
            });
            Ok(of_line.filter_map(|result| result["id"].as_u64()).collect())
        };
        let before = latest()?.last().copied().unwrap_or_default();
        eventually("the line judges again", self.patience, || {
            Ok(latest()?.range(before + 1..).count() >= 2)
        })?;
        Ok(())
    }
}
