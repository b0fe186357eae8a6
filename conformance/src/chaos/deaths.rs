//! The kills, and the way back from each.

use super::book::Book;
use super::callers::Caller;
use super::site::{ASKED, LINE, LINE_NAME, Site, WORKERS, Worker, gone};
use super::{Plan, Victim, eventually};
use crate::soak::random::Random;
use crate::station::Client;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

/// Before the next kill so many results are answered at most.
const MOST_ANSWERS: u64 = 60;
/// And so many milliseconds go by at most, so that a kill comes at any moment of a question.
const MOST_MILLISECONDS: u64 = 40;

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

    /// The next kill: of what, and how long it took until everything was back.
    pub fn kill(&mut self) -> Result<(Victim, Duration), String> {
        let victim = self.deck.pop().unwrap_or(Victim::Adapter);
        self.moment()?;
        let begun = Instant::now();
        match victim {
            Victim::Adapter => self.kill_adapter(),
            Victim::Camera => self.kill_camera(),
            Victim::Server => self.kill_server(),
        }
        .map_err(|error| format!("{victim:?}: {error}"))?;
        let took = begun.elapsed();
        let client = self.site.client().ok_or("the server is not there")?;
        let random = &mut self.random;
        self.book.look_up(&client, |all| random.below(all as u64) as usize)?;
        match self.site.trouble() {
            Some(trouble) => Err(trouble),
            None => Ok((victim, took)),
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

    fn kill_adapter(&mut self) -> Result<(), String> {
        let client = self.site.client().ok_or("the server is not there")?;
        let workers = self.site.workers(&client)?;
        let living: Vec<&Worker> = workers.iter().filter(|worker| worker.process.is_some()).collect();
        let place = self.random.below(living.len() as u64) as usize;
        let chosen = (*living.get(place).ok_or("there is no process")?).clone();
        let process = chosen
            .process
            .and_then(|process| Pid::from_raw(process.try_into().ok()?));
        let process = process.ok_or("a process has no number")?;
        kill_process(process, Signal::KILL).map_err(|error| format!("it cannot be killed: {error}"))?;
        let site = self.site;
        eventually(
            "another process takes the place of the killed one",
            self.patience,
            || {
                let workers = site.workers(&client)?;
                let now = workers
                    .iter()
                    .find(|worker| worker.id == chosen.id && worker.pid == chosen.pid);
                match now {
                    Some(now) if now.state == "alarmed" => Err(format!("{} is alarmed", now.id)),
                    Some(now) => Ok(now.process != chosen.process && now.serves()),
                    None => Err(format!("there is no worker {} any more", chosen.id)),
                }
            },
        )?;
        self.judges(&chosen.pid)
    }

    fn kill_camera(&mut self) -> Result<(), String> {
        let client = self.site.client().ok_or("the server is not there")?;
        let site = self.site;
        eventually("there is a camera", self.patience, || Ok(site.kill_camera()))?;
        self.line_judges(&client)
    }

    fn kill_server(&mut self) -> Result<(), String> {
        let client = self.site.client().ok_or("the server is not there")?;
        let workers = self.site.workers(&client)?;
        self.site.kill_server();
        let site = self.site;
        eventually("the server comes back", self.patience, || Ok(site.client().is_some()))?;
        let client = self.site.client().ok_or("the server is not there")?;
        for pid in [ASKED, LINE] {
            self.judges(pid)?;
        }
        self.line_judges(&client)?;
        gone(&workers, self.patience)
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
    fn line_judges(&self, client: &Client) -> Result<(), String> {
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
