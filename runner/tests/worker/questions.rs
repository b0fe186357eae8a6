//! Questions, answers, and second attempts.

use crate::support::{Fake, data, patient, picture, question, until, until_status, within};
use procvision_runner::{AnswerStatus, Dialect, FailureKind, Level, Outcome, Phase, Question, State, Supervision};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

#[tokio::test]
async fn a_question_reaches_the_process_and_its_answer_comes_back() {
    let fake = Fake::ready(&[], patient()).await;
    let mut asked = question("ok", 3);
    asked.phase = Phase::PreExecute;
    asked.step_index = 2;
    asked.context = json!({"operator": "m"}).as_object().cloned().unwrap();
    let answer = within(fake.worker.ask(asked)).await;
    let Outcome::Answered {
        status,
        message,
        error_code,
        data,
    } = &answer.outcome
    else {
        panic!("{answer:?}");
    };
    assert_eq!((*status, message.as_str(), error_code), (AnswerStatus::Ok, "", &None));
    assert_eq!(
        data["call"],
        json!({"type": "call", "request_id": answer.request_id, "phase": "pre", "step_index": 2, "pid": "A01",
               "session": {"id": "s-1", "context": {"operator": "m"}}, "user_params": {"task": "ok", "value": 3},
               "shared_mem_id": "frame-1", "image_meta": {"width": 4, "height": 3}})
    );
    assert_eq!(answer.attempts, 1);
    assert_eq!(fake.worker.status().state, State::Ready);
    assert_eq!(
        fake.recorder.states(),
        [State::Starting, State::Ready, State::Executing, State::Ready]
    );
}

#[tokio::test]
async fn a_process_of_version_3_is_asked_in_its_words() {
    let fake = Fake::with(Dialect::V3, &["--v3"], patient(), |launch| launch);
    let asked = Question {
        guide: Some(picture("guide-1")),
        step_desc: Some("ok".to_owned()),
        ..question("ok", 1)
    };
    let answer = within(fake.worker.ask(asked.clone())).await;
    let call = &data(&answer)["call"];
    assert_eq!(call["guide_image_shm_id"], "guide-1");
    assert_eq!(
        (call.get("phase"), call.get("pid"), call.get("user_params")),
        (None, None, None)
    );
    let unasked = Question {
        phase: Phase::PreExecute,
        ..asked
    };
    let answer = within(fake.worker.ask(unasked)).await;
    assert!(matches!(
        answer.outcome,
        Outcome::Failed {
            kind: FailureKind::Refused,
            ..
        }
    ));
    assert_eq!((answer.attempts, answer.request_id.as_str()), (0, ""));
}

#[tokio::test]
async fn questions_are_put_one_at_a_time_in_the_order_of_the_calls() {
    let fake = Fake::ready(&[], patient()).await;
    let mut waiting = Vec::new();
    for number in 0..50 {
        waiting.push(fake.asking("ok", number).await);
    }
    let mut ids = HashSet::new();
    for (number, asking) in waiting.into_iter().enumerate() {
        let answer = within(asking).await;
        assert_eq!(data(&answer)["calls"], number + 1);
        assert_eq!(data(&answer)["call"]["user_params"]["value"], number);
        ids.insert(answer.request_id);
    }
    assert_eq!(ids.len(), 50);
}

#[tokio::test]
async fn a_question_whose_process_ends_is_put_to_the_next_one() {
    let fake = Fake::ready(&[], patient()).await;
    let first = fake.worker.status().process;
    let answer = fake.ask("exit-once").await;
    assert_eq!(answer.attempts, 2);
    assert_ne!(data(&answer)["process"].as_u64(), first.map(u64::from));
    assert_eq!(data(&answer)["call"]["request_id"], answer.request_id.as_str());
    assert_eq!(fake.starts(), 2);
}

#[tokio::test]
async fn a_question_that_no_process_survives_fails_and_raises_no_alarm() {
    let fake = Fake::ready(&[], patient()).await;
    let answer = fake.ask("exit").await;
    let Outcome::Failed { code, message, kind } = &answer.outcome else {
        panic!("{answer:?}");
    };
    assert_eq!(
        (code.as_str(), *kind, answer.attempts),
        ("1009", FailureKind::Crashed, 3)
    );
    assert!(message.contains("exit status: 7"), "{message}");
    assert!(!answer.request_id.is_empty());
    let answer = fake.ask("ok").await;
    assert_eq!(data(&answer)["calls"], 1);
    assert_eq!(fake.worker.status().in_a_row, 0);
    assert!(!fake.recorder.states().contains(&State::Alarmed));
}

#[tokio::test]
async fn only_what_may_do_better_is_asked_again() {
    let fake = Fake::ready(&[], patient()).await;
    let coded = async |code: &str| within(fake.worker.ask(question("code", code))).await;
    for code in ["1005", "9999"] {
        let answer = coded(code).await;
        assert_eq!(answer.attempts, 3, "{code}");
        assert!(
            matches!(&answer.outcome, Outcome::Answered { status: AnswerStatus::Error, error_code: Some(last), .. }
            if last == code)
        );
    }
    for code in ["1001", "1002", "1003", "1004", "1006", "1007", "4711"] {
        assert_eq!(coded(code).await.attempts, 1, "{code}");
    }
    for code in ["1000", "1009", "1010"] {
        let answer = within(fake.worker.ask(question("error", code))).await;
        assert_eq!(answer.attempts, 1, "{code}");
        assert!(
            matches!(&answer.outcome, Outcome::Failed { code: last, kind: FailureKind::Refused, .. } if last == code)
        );
    }
    let answer = within(fake.worker.ask(question("code-once", "1005"))).await;
    assert!(answer.attempts == 2 && data(&answer)["result_status"] == "OK");
    assert_eq!(fake.starts(), 1);
}

#[tokio::test]
async fn an_answer_to_another_request_is_never_given_to_this_one() {
    let fake = Fake::ready(&[], patient()).await;
    fake.ask("ok").await;
    for task in ["twice", "before", "before", "ok"] {
        let answer = fake.ask(task).await;
        assert_eq!(data(&answer)["call"]["request_id"], answer.request_id.as_str());
        assert_eq!(data(&answer)["call"]["user_params"]["task"], task);
    }
    let dropped = fake
        .recorder
        .notes()
        .into_iter()
        .filter(|note| note.contains("was dropped"));
    assert_eq!(dropped.count(), 3);
    assert_eq!(fake.starts(), 1);
}

#[tokio::test]
async fn an_answer_with_a_wrong_identifier_is_none() {
    let supervision = Supervision {
        execute: Duration::from_millis(100),
        max_retries: 0,
        ..patient()
    };
    let fake = Fake::ready(&[], supervision).await;
    let answer = fake.ask("wrong-id").await;
    assert!(
        matches!(
            answer.outcome,
            Outcome::Failed {
                kind: FailureKind::Timeout,
                ..
            }
        ),
        "{answer:?}"
    );
    let notes = fake.recorder.notes();
    assert!(notes.iter().any(|note| note.contains("somebody-else's")), "{notes:?}");
}

#[tokio::test]
async fn a_question_that_takes_too_long_costs_the_process_and_is_asked_again() {
    let supervision = Supervision {
        pre_execute: Duration::from_millis(300),
        max_retries: 1,
        ..patient()
    };
    let fake = Fake::ready(&[], supervision).await;
    let asked = |task| Question {
        phase: Phase::PreExecute,
        ..question(task, 1)
    };
    let first = fake.worker.status().process.unwrap();
    let answer = within(fake.worker.ask(asked("never"))).await;
    assert_eq!(answer.attempts, 2);
    assert!(
        matches!(&answer.outcome, Outcome::Failed { code, kind: FailureKind::Timeout, .. } if code == "1005"),
        "{answer:?}"
    );
    // The answer does not wait for the process to be gone, the next start does.
    until_status(&fake.worker, |status| {
        status.state == State::Ready && status.restarts == 2
    })
    .await;
    assert!(!crate::support::exists(first));
    // `execute` has a limit of its own.
    let answer = within(fake.worker.ask(question("block", 600))).await;
    assert_eq!(answer.attempts, 1);
    data(&answer);
}

#[tokio::test]
async fn an_answer_that_is_there_counts_even_if_the_station_is_late() {
    let supervision = Supervision {
        execute: Duration::from_millis(500),
        heartbeat_grace: Duration::from_millis(400),
        ..patient()
    };
    let fake = Fake::ready(&[], supervision).await;
    for round in 1..=4 {
        let asking = fake.asking("ok", 1).await;
        // Put to the process, which may even have answered by now.
        let put = |state: &State| *state == State::Executing;
        while fake.recorder.states().into_iter().filter(put).count() < round {
            tokio::task::yield_now().await;
        }
        // The whole runtime stands still while the process answers.
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(within(asking).await.attempts, 1);
    }
    assert_eq!(fake.starts(), 1);
}

#[tokio::test]
async fn what_comes_while_a_process_is_ended_for_its_slowness_is_dropped() {
    let supervision = Supervision {
        execute: Duration::from_millis(300),
        max_retries: 0,
        ..patient()
    };
    // Ends only when its stdin does, and answers then.
    let fake = Fake::with(Dialect::V2, &[], supervision, deaf_to_sigterm);
    let answer = fake.ask("at-the-end").await;
    assert!(
        matches!(
            answer.outcome,
            Outcome::Failed {
                kind: FailureKind::Timeout,
                ..
            }
        ),
        "{answer:?}"
    );
    until_status(&fake.worker, |status| {
        status.state == State::Ready && status.restarts == 1
    })
    .await;
    assert!(fake.recorder.notes().iter().any(|note| note.contains("was dropped")));
    let next = fake.ask("ok").await;
    assert_eq!(data(&next)["call"]["request_id"], next.request_id.as_str());
}

/// Signals that are ignored stay so in the program that a shell becomes.
pub fn deaf_to_sigterm(launch: procvision_runner::Launch) -> procvision_runner::Launch {
    let mut deaf = procvision_runner::Launch::new("sh")
        .argument("-c")
        .argument("trap '' TERM; exec \"$0\" \"$@\"")
        .argument(launch.program);
    deaf.arguments.extend(launch.arguments);
    deaf
}

#[tokio::test]
async fn an_answer_counts_even_if_the_process_ends_with_it() {
    let fake = Fake::ready(&[], patient()).await;
    for round in 1..=5 {
        let answer = fake.ask("exit-after").await;
        assert_eq!(answer.attempts, 1);
        assert_eq!(data(&answer)["result_status"], "OK");
        until_status(&fake.worker, |status| {
            status.state == State::Ready && status.restarts == round
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_brings_the_lines_that_were_written_before_it() {
    let fake = Fake::ready(&[], patient()).await;
    let answer = fake.ask("log").await;
    let lines: Vec<(&str, Level)> = answer
        .logs
        .iter()
        .map(|line| (line.message.as_str(), line.level))
        .collect();
    assert_eq!(lines, [("about this", Level::Warn), ("plain", Level::Info)]);
    assert_eq!(answer.logs[0].request_id.as_deref(), Some(answer.request_id.as_str()));
    let all: Vec<String> = fake.worker.logs().into_iter().map(|line| line.message).collect();
    assert_eq!(all, ["about this", "about another", "plain"]);
    assert!(fake.ask("ok").await.logs.is_empty());
    // Whichever pipe the runner looks at first.
    for _ in 0..500 {
        assert_eq!(fake.ask("log").await.logs.len(), 2);
    }
}

#[tokio::test]
async fn whoever_does_not_wait_any_more_loses_only_the_answer() {
    let fake = Fake::ready(&[], patient()).await;
    let worked_on = fake.asking("block", 200).await;
    until(&fake.worker, State::Executing).await;
    let waiting = fake.asking("exit", 1).await;
    drop((worked_on, waiting));
    until(&fake.worker, State::Ready).await;
    let answer = fake.ask("ok").await;
    // The first was worked off, the second never put.
    assert_eq!((data(&answer)["calls"].as_u64(), answer.attempts), (Some(2), 1));
    assert_eq!(fake.starts(), 1);
}

#[tokio::test]
async fn a_worker_is_ready_after_a_question_that_could_not_be_put() {
    let fake = Fake::ready(&[], patient()).await;
    let worked_on = fake.asking("block", 200).await;
    until(&fake.worker, State::Executing).await;
    let blind = Question {
        picture: None,
        ..question("ok", 1)
    };
    let worker = fake.worker.clone();
    let refused = within(crate::support::sent(async move { worker.ask(blind).await })).await;
    data(&within(worked_on).await);
    let refused = within(refused).await;
    assert!(matches!(
        refused.outcome,
        Outcome::Failed {
            kind: FailureKind::Refused,
            ..
        }
    ));
    until(&fake.worker, State::Ready).await;
}

#[tokio::test]
async fn traps_end_in_an_alarm_although_each_is_answered() {
    // The process gives its algorithm up after three of them, and no process fares better.
    let fake = Fake::ready(&[], patient()).await;
    for process in 1..=4 {
        for _ in 0..3 {
            let answer = fake.ask("trap").await;
            assert!(
                matches!(&answer.outcome, Outcome::Failed { code, kind: FailureKind::Refused, .. } if code == "1009"),
                "{answer:?}"
            );
        }
        let wanted = if process == 4 { State::Alarmed } else { State::Ready };
        until_status(&fake.worker, |status| {
            status.state == wanted && status.restarts == process.min(3)
        })
        .await;
    }
    let answer = fake.ask("ok").await;
    assert!(matches!(&answer.outcome, Outcome::Failed { code, kind: FailureKind::NotStarted, .. } if code == "1009"));
}

#[tokio::test]
async fn a_frame_may_be_large() {
    let fake = Fake::ready(&[], patient()).await;
    let answer = within(fake.worker.ask(question("large", 15 << 20))).await;
    assert_eq!(data(&answer)["x"].as_str().map(str::len), Some(15 << 20));
    let large = Value::from("x".repeat(15 << 20));
    let answer = within(fake.worker.ask(question("ok", large))).await;
    assert_eq!(
        data(&answer)["call"]["user_params"]["value"].as_str().map(str::len),
        Some(15 << 20)
    );
    let answer = within(fake.worker.ask(question("ok", "x".repeat(17 << 20)))).await;
    assert!(matches!(
        answer.outcome,
        Outcome::Failed {
            kind: FailureKind::Refused,
            ..
        }
    ));
    assert_eq!(fake.starts(), 1);
}
