//! Lines: what is judged whenever there is a new picture, without anybody asking.

use crate::alarm::Alarm;
use crate::config::LineConfig;
use crate::events::Kind;
use crate::inspection::Inspection;
use crate::judge::StepRequest;
use crate::picture::{Picture, PictureError};
use crate::station::{Station, new_id};
use procvision_host::explain::one_line;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often it is looked for a new picture.
const LOOK: Duration = Duration::from_millis(2);
/// How long a line pauses after something has gone wrong.
const PAUSE: Duration = Duration::from_secs(1);

/// The lines that run, by their names.
#[derive(Debug, Default)]
pub struct Lines {
    running: Mutex<BTreeMap<String, JoinHandle<()>>>,
}

impl Lines {
    /// Whether a line runs.
    pub fn is_running(&self, name: &str) -> bool {
        self.running().get(name).is_some_and(|line| !line.is_finished())
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<String, JoinHandle<()>>> {
        // Each change is whole before anything could panic.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Station {
    /// Starts the lines that begin with the station.
    pub fn start_lines(self: &Arc<Self>) {
        for (name, line) in &self.config().station.lines {
            if line.start {
                self.start_line(name);
            }
        }
    }

    /// Starts a line, if it does not run. `None` if there is no such line.
    pub fn start_line(self: &Arc<Self>, name: &str) -> Option<()> {
        let line = self.config().station.lines.get(name)?.clone();
        let mut running = self.lines().running();
        if running.get(name).is_some_and(|line| !line.is_finished()) {
            return Some(());
        }
        let work = self.clone().run_line(name.to_owned(), line);
        running.insert(name.to_owned(), tokio::spawn(work));
        drop(running);
        self.events().say(Kind::Line, &json!({"name": name, "running": true}));
        Some(())
    }

    /// Stops a line. What it has asked is judged to its end. `None` if there is no such line.
    pub fn stop_line(&self, name: &str) -> Option<()> {
        let ran = self.lines().running().remove(name);
        if ran.is_none() && !self.config().station.lines.contains_key(name) {
            return None;
        }
        if let Some(line) = ran {
            line.abort();
        }
        self.events().say(Kind::Line, &json!({"name": name, "running": false}));
        Some(())
    }

    /// Stops all lines.
    pub fn stop_lines(&self) {
        let running: Vec<String> = self.lines().running().keys().cloned().collect();
        for name in running {
            self.stop_line(&name);
        }
    }

    async fn run_line(self: Arc<Self>, name: String, line: LineConfig) {
        let mut last = String::new();
        let mut trouble = None;
        loop {
            match self.newer_picture(&line.source, &last).await {
                Ok(None) => tokio::time::sleep(LOOK).await,
                Ok(Some((picture, mark))) => {
                    last = mark;
                    trouble = None;
                    // In a task of its own, so that a line that is stopped does not lose what it has asked.
                    let (station, name, line) = (self.clone(), name.clone(), line.clone());
                    let judged = self.begin_task(async move { station.judge_for(&name, &line, picture).await });
                    let _ = judged.await;
                }
                Err(error) => {
                    let sentence = error.sentence();
                    if trouble.as_ref() != Some(&sentence) {
                        tracing::warn!(line = name, "there is no picture: {sentence}");
                        self.events()
                            .say(Kind::Line, &json!({"name": name, "running": true, "trouble": sentence}));
                        trouble = Some(sentence);
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn newer_picture(&self, source: &str, mark: &str) -> Result<Option<(Picture, String)>, PictureError> {
        let (pictures, source, mark) = (self.pictures().clone(), source.to_owned(), mark.to_owned());
        let found = tokio::task::spawn_blocking(move || pictures.newer(&source, &mark)).await;
        found.unwrap_or(Err(PictureError::Interrupted))
    }

    async fn picture_of(&self, source: &str) -> Result<Picture, PictureError> {
        let (pictures, source) = (self.pictures().clone(), source.to_owned());
        let found = tokio::task::spawn_blocking(move || pictures.of_source(&source)).await;
        found.unwrap_or_else(|_| Err(PictureError::Interrupted))
    }

    async fn judge_for(&self, name: &str, line: &LineConfig, picture: Picture) {
        let Some(seat) = self.seats().get(&line.pid) else {
            tracing::warn!(line = name, "nothing judges the product model {}", line.pid);
            tokio::time::sleep(PAUSE).await;
            return;
        };
        let guide = match &line.guide {
            Some(source) => match self.picture_of(source).await {
                Ok(guide) => Some(guide),
                Err(error) => {
                    tracing::warn!(line = name, "there is no guide picture: {}", error.sentence());
                    return;
                }
            },
            None => None,
        };
        let context = Map::from_iter([("line".to_owned(), Value::from(name))]);
        let inspection = Arc::new(Inspection::begin(new_id(), context, seat.place()));
        let request = StepRequest {
            step_index: line.step_index,
            phases: line.phases.clone(),
            params: line.params.clone(),
            step_desc: None,
            guides: Value::Null,
            picture: Arc::new(picture),
            guide,
            line: Some(name.to_owned()),
        };
        let judged = match inspection.place.join() {
            Ok(waiting) => self.judge(&inspection, &request, waiting).await,
            Err(full) => Err(full.into()),
        };
        if let Err(error) = judged {
            let message = format!("the line {name} has not judged a product: {}", one_line(&error));
            self.alarm(Alarm::NotJudged, Some(&line.pid), &message);
            tokio::time::sleep(PAUSE).await;
        }
    }
}
