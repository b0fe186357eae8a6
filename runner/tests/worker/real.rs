//! The project's own adapter under a worker. Needs the built program, which `PROCVISION_BINARY` names, and beside it
//! the component of `conformance/subject` that the end-to-end tests leave in `target/guests`.

use crate::support::{Recorder, data, exists, patient, picture, question, until_status, within};
use procvision_runner::{
    AlarmKind, AnswerStatus, Dialect, Failure, FailureKind, Launch, Outcome, Phase, Question, State, Supervision,
    Worker,
};
use serde_json::json;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The program and the component, or nothing if the variable is not set.
fn adapter() -> Option<(PathBuf, PathBuf)> {
    let Some(program) = std::env::var_os("PROCVISION_BINARY") else {
        eprintln!("skipped: PROCVISION_BINARY does not name the built program");
        return None;
    };
    let program = PathBuf::from(program);
    let target = program
        .ancestors()
        .nth(2)
        .expect("the program is not in target/release");
    let component = target.join("guests/conformance-subject.wasm");
    assert!(
        component.exists(),
        "{} is missing; run the end-to-end tests first",
        component.display()
    );
    Some((program, component))
}

/// A worker around the adapter, and its pictures.
struct Real {
    worker: Worker,
    recorder: Arc<Recorder>,
    _folder: TempDir,
}

impl Real {
    fn start(component: &Path, program: &Path, supervision: Supervision) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pictures = folder.path().join("pictures");
        std::fs::create_dir(&pictures).unwrap();
        std::fs::write(pictures.join("dev-shm_1.npy"), array(4, 3)).unwrap();
        let launch = Launch::new(program)
            .argument("adapter")
            .argument(component)
            .variable("PROC_SHM_DIR", pictures)
            .variable("PROCVISION_CACHE_DIR", folder.path().join("cache"))
            .variable("PROC_LOG_LEVEL", OsString::from("info"));
        let recorder = Arc::new(Recorder::default());
        let worker = Worker::start("real", launch, Dialect::V2, supervision, recorder.clone());
        Self {
            worker,
            recorder,
            _folder: folder,
        }
    }

    async fn ask(&self, task: &str, value: &str) -> procvision_runner::Answer {
        within(self.worker.ask(asked(task, value))).await
    }
}

/// A question about a picture that the development store has.
fn asked(task: &str, value: &str) -> Question {
    Question {
        picture: Some(picture("dev-shm:1")),
        ..question(task, value)
    }
}

/// A picture of one colour in NumPy's format.
fn array(width: usize, height: usize) -> Vec<u8> {
    let mut text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({height}, {width}, 3), }}");
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend_from_slice(&u16::try_from(text.len()).unwrap().to_le_bytes());
    file.extend_from_slice(text.as_bytes());
    file.resize(file.len() + width * height * 3, 200);
    file
}

#[tokio::test]
async fn the_adapter_is_started_asked_killed_and_stopped() {
    let Some((program, component)) = adapter() else {
        return;
    };
    let real = Real::start(&component, &program, patient());
    let info = within(real.worker.warm()).await.unwrap();
    assert_eq!(info["name"], "conformance_subject");
    let hello = real.worker.status().hello.unwrap();
    assert!(hello.can("reset") && hello.can("execute"));

    let answer = real.ask("ok", "").await;
    assert_eq!(data(&answer)["result_status"], "OK", "{answer:?}");
    let answer = real.ask("fail", "").await;
    assert!(
        matches!(
            &answer.outcome,
            Outcome::Answered {
                status: AnswerStatus::Error,
                ..
            }
        ),
        "{answer:?}"
    );
    assert_eq!(answer.outcome.code(), Some("1003"));
    let answer = real.ask("trap", "").await;
    assert!(
        matches!(&answer.outcome, Outcome::Failed { kind: FailureKind::Refused, code, .. } if code == "1009"),
        "{answer:?}"
    );
    // A guide picture goes along, and the session is that of the question.
    let guided = Question {
        guide: Some(picture("dev-shm:1")),
        ..asked("echo", "")
    };
    let answer = within(real.worker.ask(guided)).await;
    assert!(
        matches!(
            answer.outcome,
            Outcome::Answered {
                status: AnswerStatus::Ok,
                ..
            }
        ),
        "{answer:?}"
    );
    let pre = Question {
        phase: Phase::PreExecute,
        ..asked("ok", "")
    };
    let answer = within(real.worker.ask(pre)).await;
    assert!(
        matches!(
            answer.outcome,
            Outcome::Answered {
                status: AnswerStatus::Ok,
                ..
            }
        ),
        "{answer:?}"
    );
    let answer = within(real.worker.ask(Question::reset("A01", "s-1"))).await;
    assert_eq!(data(&answer)["phase"], "reset");

    // What an algorithm logs comes after the answer, with the request that it is about.
    let answer = real.ask("log", "").await;
    let about = |line: &procvision_runner::LogLine| line.request_id.as_deref() == Some(answer.request_id.as_str());
    within(async {
        while !real.worker.logs().iter().any(about) {
            tokio::task::yield_now().await;
        }
    })
    .await;

    // Killed from outside, in a question: the next process answers.
    let process = real.worker.status().process.unwrap();
    let killed = async {
        until_status(&real.worker, |status| status.state == State::Executing).await;
        let pid = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    };
    let (answer, ()) = tokio::join!(real.ask("sleep", "500"), killed);
    assert_eq!(
        (answer.attempts, &data(&answer)["result_status"]),
        (2, &json!("OK")),
        "{answer:?}"
    );
    assert!(matches!(real.worker.status().last_failure, Some(Failure::Ended { .. })));

    let process = real.worker.status().process.unwrap();
    within(real.worker.stop()).await;
    assert!(!exists(process));
    let lines: Vec<String> = real.worker.logs().into_iter().map(|line| line.message).collect();
    assert!(lines.iter().any(|line| line.contains("torn down")), "{lines:?}");
}

#[tokio::test]
async fn pings_are_answered_while_the_adapter_computes_and_a_stuck_one_is_replaced() {
    let Some((program, component)) = adapter() else {
        return;
    };
    let supervision = Supervision {
        heartbeat_grace: Duration::from_secs(5),
        execute: Duration::from_secs(1),
        kill: Duration::from_secs(10),
        max_retries: 0,
        ..patient()
    };
    let real = Real::start(&component, &program, supervision);
    within(real.worker.warm()).await.unwrap();
    let answer = real.ask("spin", "300").await;
    assert_eq!(data(&answer)["result_status"], "OK", "{answer:?}");
    let answer = real.ask("sleep", "20000").await;
    assert!(
        matches!(
            &answer.outcome,
            Outcome::Failed {
                kind: FailureKind::Timeout,
                ..
            }
        ),
        "{answer:?}"
    );
    until_status(&real.worker, |status| {
        status.state == State::Ready && status.restarts == 1
    })
    .await;
    let answer = real.ask("ok", "").await;
    assert_eq!(data(&answer)["result_status"], "OK", "{answer:?}");
}

#[tokio::test]
async fn what_the_adapter_says_about_a_package_reaches_the_alarm() {
    let Some((program, _)) = adapter() else {
        return;
    };
    let real = Real::start(Path::new("/nowhere/at-all.wasm"), &program, patient());
    let status = until_status(&real.worker, |status| status.state == State::Alarmed).await;
    let failure = status.last_failure.unwrap();
    assert_eq!(failure.kind(), AlarmKind::Refused, "{failure}");
    assert!(
        failure
            .code()
            .is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit())),
        "{failure}"
    );
    assert!(!real.recorder.events().is_empty());
}
