//! How the tests start workers, ask them and wait for what happens.

use procvision_runner::{
    Answer, Dialect, Event, Launch, Observer, Origin, Outcome, Phase, PictureRef, Question, State, Status, Supervision,
    Worker, WorkerId,
};
use serde_json::{Map, Value, json};
use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tempfile::TempDir;

/// Longer than anything takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(100);

/// The result of `future`, which hangs if there is none in time.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it hangs")
}

/// Times so long that only what is meant to run out does, and pauses so short that nobody waits for them.
pub fn patient() -> Supervision {
    Supervision {
        start: PATIENCE,
        heartbeat_interval: Duration::from_millis(20),
        heartbeat_grace: PATIENCE,
        pre_execute: PATIENCE,
        execute: PATIENCE,
        kill: PATIENCE,
        back_off: Duration::from_millis(1),
        ..Supervision::default()
    }
}

/// Remembers what happened.
#[derive(Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn states(&self) -> Vec<State> {
        let state = |event| match event {
            Event::State(state, _) => Some(state),
            _ => None,
        };
        self.events().into_iter().filter_map(state).collect()
    }

    /// The runner's own lines about the process.
    pub fn notes(&self) -> Vec<String> {
        let note = |event| match event {
            Event::Log(line) if line.origin == Origin::Runner => Some(line.message),
            _ => None,
        };
        self.events().into_iter().filter_map(note).collect()
    }
}

impl Observer for Recorder {
    fn event(&self, _worker: &WorkerId, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

/// A worker around the fake adapter.
pub struct Fake {
    pub worker: Worker,
    pub recorder: Arc<Recorder>,
    pub folder: TempDir,
}

impl Fake {
    pub fn start(arguments: &[&str], supervision: Supervision) -> Self {
        Self::with(Dialect::V2, arguments, supervision, |launch| launch)
    }

    pub fn with(
        dialect: Dialect,
        arguments: &[&str],
        supervision: Supervision,
        changed: impl FnOnce(Launch) -> Launch,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut launch = Launch::new(env!("CARGO_BIN_EXE_procvision-fake-adapter"))
            .argument("--folder")
            .argument(folder.path());
        for argument in arguments {
            launch = launch.argument(*argument);
        }
        let recorder = Arc::new(Recorder::default());
        let observer: Arc<dyn Observer> = recorder.clone();
        Self {
            worker: Worker::start("fake", changed(launch), dialect, supervision, observer),
            recorder,
            folder,
        }
    }

    /// Started and ready.
    pub async fn ready(arguments: &[&str], supervision: Supervision) -> Self {
        let fake = Self::start(arguments, supervision);
        within(fake.worker.warm()).await.unwrap();
        fake
    }

    pub async fn ask(&self, task: &str) -> Answer {
        within(self.worker.ask(question(task, Value::Null))).await
    }

    /// Asks, and leaves the answer for later.
    pub async fn asking(&self, task: &str, value: impl Into<Value>) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let (worker, question) = (self.worker.clone(), question(task, value));
        sent(async move { worker.ask(question).await }).await
    }

    /// How many processes were started.
    pub fn starts(&self) -> usize {
        bytes_of(&self.folder.path().join("starts"))
    }

    /// How many processes were told to end.
    pub fn gentle_ends(&self) -> usize {
        bytes_of(&self.folder.path().join("gently"))
    }
}

fn bytes_of(path: &Path) -> usize {
    std::fs::read(path).unwrap_or_default().len()
}

/// Polls what was asked of a worker once, after which the worker has it, whatever becomes of the future.
pub async fn sent<T>(future: impl Future<Output = T> + Send + 'static) -> Pin<Box<dyn Future<Output = T> + Send>> {
    let mut future: Pin<Box<dyn Future<Output = T> + Send>> = Box::pin(future);
    let pending = poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await;
    assert!(pending, "answered before anything could happen");
    future
}

/// A question that has the fake adapter do `task`.
pub fn question(task: &str, value: impl Into<Value>) -> Question {
    let params = json!({"task": task, "value": value.into()});
    Question {
        session: "s-1".to_owned(),
        params: params.as_object().cloned().unwrap_or_else(Map::new),
        ..Question::new(Phase::Execute, 1, "A01", picture("frame-1"))
    }
}

pub fn picture(id: &str) -> PictureRef {
    PictureRef {
        id: id.to_owned(),
        meta: json!({"width": 4, "height": 3}),
    }
}

/// The data of an answer that is good.
#[track_caller]
pub fn data(answer: &Answer) -> &Value {
    match &answer.outcome {
        Outcome::Answered { data, .. } => data,
        Outcome::Failed { .. } => panic!("{answer:?}"),
    }
}

/// Waits until the worker is in such a state.
pub async fn until(worker: &Worker, state: State) -> Status {
    until_status(worker, |status| status.state == state).await
}

/// Waits until the worker's status is such.
pub async fn until_status(worker: &Worker, such: impl FnMut(&Status) -> bool) -> Status {
    let mut watch = worker.watch();
    let status = within(watch.wait_for(such)).await;
    status.expect("the worker has gone").clone()
}

/// Whether there is such a process, a zombie included.
pub fn exists(process: u32) -> bool {
    Path::new("/proc").join(process.to_string()).exists()
}
