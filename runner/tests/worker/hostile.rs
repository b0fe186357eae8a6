//! Processes that break the protocol, hang, flood or do not end.

use crate::questions::deaf_to_sigterm;
use crate::support::{Fake, data, exists, patient, question, until, until_status, within};
use procvision_runner::{Dialect, Event, Failure, FailureKind, KillReason, KillSignal, Outcome, State, Supervision};
use std::time::Duration;

#[tokio::test]
async fn whatever_is_no_message_costs_the_process_and_one_answer_at_most() {
    let supervision = Supervision {
        max_retries: 0,
        ..patient()
    };
    for task in [
        "garbage", "huge", "zero", "not-json", "not-utf8", "list", "no-type", "maybe", "close",
    ] {
        let fake = Fake::ready(&[], supervision.clone()).await;
        let answer = fake.ask(task).await;
        assert!(
            matches!(&answer.outcome, Outcome::Failed { code, kind: FailureKind::Protocol, .. } if code == "1000"),
            "{task}: {answer:?}"
        );
        let next = fake.ask("ok").await;
        assert_eq!((data(&next)["calls"].as_u64(), fake.starts()), (Some(1), 2), "{task}");
    }
}

#[tokio::test]
async fn a_question_is_asked_again_after_garbage() {
    let fake = Fake::ready(&[], patient()).await;
    let answer = fake.ask("garbage-once").await;
    assert!(answer.attempts == 2 && fake.starts() == 2, "{answer:?}");
    data(&answer);
}

#[tokio::test]
async fn half_a_frame_is_no_answer() {
    let supervision = Supervision {
        max_retries: 0,
        ..patient()
    };
    let fake = Fake::ready(&[], supervision).await;
    let answer = fake.ask("half").await;
    assert!(
        matches!(
            answer.outcome,
            Outcome::Failed {
                kind: FailureKind::Crashed,
                ..
            }
        ),
        "{answer:?}"
    );
    assert!(
        fake.recorder
            .notes()
            .iter()
            .any(|note| note.contains("in the middle of a frame"))
    );
}

#[tokio::test]
async fn messages_that_mean_nothing_are_ignored() {
    let fake = Fake::ready(&[], patient()).await;
    data(&fake.ask("unknown").await);
    data(&fake.ask("told").await);
    let notes = fake.recorder.notes();
    for part in [
        "unknown type `metrics`",
        "another hello",
        "the process says: an accident (code 1000)",
    ] {
        assert!(notes.iter().any(|note| note.contains(part)), "{part}: {notes:?}");
    }
    assert_eq!(fake.starts(), 1);
}

/// Two pings that are not answered are lost quickly; the start has its own limit.
fn impatient() -> Supervision {
    Supervision {
        heartbeat_interval: Duration::from_millis(50),
        heartbeat_grace: Duration::from_millis(500),
        ..patient()
    }
}

#[tokio::test]
async fn a_process_that_does_not_answer_pings_is_killed() {
    let supervision = Supervision {
        restarts: 0,
        ..impatient()
    };
    let fake = Fake::start(&["--never-pong"], supervision);
    let status = until_status(&fake.worker, |status| status.state == State::Alarmed).await;
    assert!(matches!(status.last_failure, Some(Failure::Hung(_))));
    let killed = |event: &Event| match event {
        Event::Killed {
            why: KillReason::Failed(Failure::Hung(_)),
            signal,
        } => Some(*signal),
        _ => None,
    };
    let signals: Vec<KillSignal> = fake.recorder.events().iter().filter_map(killed).collect();
    assert_eq!(signals, [KillSignal::Terminate]);
}

#[tokio::test]
async fn a_process_that_hangs_in_a_question_loses_it_long_before_its_limit() {
    let fake = Fake::ready(&[], impatient()).await;
    let answer = fake.ask("hang-once").await;
    assert!(answer.attempts >= 2, "{answer:?}");
    data(&answer);
    assert!(matches!(fake.worker.status().last_failure, Some(Failure::Hung(_))));

    let supervision = Supervision {
        max_retries: 0,
        ..impatient()
    };
    let fake = Fake::ready(&[], supervision).await;
    let answer = fake.ask("hang").await;
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
}

#[tokio::test]
async fn a_process_that_cannot_answer_pings_while_it_is_asked_can_be_left_alone() {
    let supervision = Supervision {
        heartbeat_while_asked: false,
        max_retries: 0,
        ..impatient()
    };
    let fake = Fake::ready(&[], supervision.clone()).await;
    // Longer than two losses take.
    let answer = within(fake.worker.ask(question("block", 2_000))).await;
    data(&answer);
    assert_eq!(fake.starts(), 1);
    let supervision = Supervision {
        heartbeat_while_asked: true,
        ..supervision
    };
    let fake = Fake::ready(&[], supervision).await;
    let answer = within(fake.worker.ask(question("block", 3_000))).await;
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
}

#[tokio::test]
async fn a_process_that_ignores_everything_is_killed_all_the_same() {
    let supervision = Supervision {
        execute: Duration::from_millis(100),
        kill: Duration::from_millis(100),
        max_retries: 0,
        ..patient()
    };
    let fake = Fake::with(Dialect::V2, &[], supervision, deaf_to_sigterm);
    within(fake.worker.warm()).await.unwrap();
    let process = fake.worker.status().process.unwrap();
    let answer = fake.ask("hang").await;
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
    until_status(&fake.worker, |status| status.restarts == 1).await;
    assert!(!exists(process));
    let signals: Vec<KillSignal> = fake
        .recorder
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::Killed { signal, .. } => Some(*signal),
            _ => None,
        })
        .collect();
    assert_eq!(signals, [KillSignal::Terminate, KillSignal::Kill]);
}

#[tokio::test]
async fn a_flood_on_stderr_is_bounded_and_delays_nothing() {
    let supervision = Supervision {
        log_lines: 50,
        ..patient()
    };
    let fake = Fake::ready(&[], supervision).await;
    let answer = within(fake.worker.ask(question("flood", 100_000))).await;
    data(&answer);
    assert!(answer.logs.len() <= 1_000);
    let logs = fake.worker.logs();
    assert_eq!(logs.len(), 50);
    assert!(
        fake.recorder.notes().iter().any(|note| note.contains("lines a second")),
        "all of it was shown"
    );
}

#[tokio::test]
async fn the_end_of_a_process_does_not_wait_for_who_inherits_its_pipes() {
    let supervision = Supervision {
        max_retries: 0,
        ..patient()
    };
    let fake = Fake::ready(&[], supervision).await;
    let answer = fake.ask("orphan").await;
    let orphan = std::fs::read_to_string(fake.folder.path().join("orphan")).unwrap();
    let orphan: i32 = orphan.parse().unwrap();
    let lived = exists(orphan.unsigned_abs());
    let target = rustix::process::Pid::from_raw(orphan).unwrap();
    rustix::process::kill_process(target, rustix::process::Signal::KILL).unwrap();
    assert!(lived, "it had ended before");
    assert!(
        matches!(
            &answer.outcome,
            Outcome::Failed {
                kind: FailureKind::Crashed,
                ..
            }
        ),
        "{answer:?}"
    );
    data(&fake.ask("ok").await);
}

#[tokio::test]
async fn a_long_line_is_cut() {
    let fake = Fake::ready(&[], patient()).await;
    fake.ask("long-line").await;
    let last = fake.worker.logs().pop().unwrap();
    assert_eq!(
        (last.message.len(), last.fields["cut"].as_bool()),
        (64 << 10, Some(true))
    );
}

#[tokio::test]
async fn messages_without_end_are_answered_by_few_lines() {
    let fake = Fake::ready(&[], patient()).await;
    data(&within(fake.worker.ask(question("babble", 20_000))).await);
    let notes = fake.recorder.notes().len();
    assert!((1..20_000).contains(&notes), "{notes}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_at_any_moment_lose_no_answer_and_mix_none_up() {
    let supervision = Supervision {
        // Many are killed before they have answered anything.
        restarts: u32::MAX,
        back_off: Duration::ZERO,
        max_retries: u32::MAX,
        ..patient()
    };
    let fake = Fake::ready(&[], supervision).await;
    let worker = fake.worker.clone();
    let killer = tokio::spawn(async move {
        let mut last = None;
        for number in 0..100 {
            let other = |status: &procvision_runner::Status| status.process.is_some() && status.process != last;
            let process = until_status(&worker, other).await.process;
            // Before the hello, while it loads, in a question, between two.
            if number % 2 == 0 {
                until(&worker, State::Executing).await;
            }
            for _ in 0..(number * 7) % 61 {
                tokio::task::yield_now().await;
            }
            let process = process.and_then(|process| i32::try_from(process).ok());
            let target = process.and_then(rustix::process::Pid::from_raw).unwrap();
            // It may have been reaped already: only then is there nobody to kill.
            let _ = rustix::process::kill_process(target, rustix::process::Signal::KILL);
            last = process.and_then(|process| u32::try_from(process).ok());
        }
    });
    let mut asked = 0;
    while !killer.is_finished() {
        asked += 1;
        let answer = within(fake.worker.ask(question("ok", asked))).await;
        assert_eq!(data(&answer)["call"]["user_params"]["value"], asked);
        assert_eq!(data(&answer)["call"]["request_id"], answer.request_id.as_str());
    }
    within(killer).await.unwrap();
    data(&fake.ask("ok").await);
    assert_eq!(fake.worker.status().restarts, 100);
}
