//! From the start of a process to its first answer, or to the alarm.

use crate::support::{Fake, patient, question, until, until_status, within};
use procvision_runner::{
    AlarmKind, Dialect, Event, Failure, FailureKind, Launch, Outcome, ProtocolError, StartError, State, Supervision,
};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_worker_is_ready_when_its_algorithm_has_said_what_it_is() {
    let fake = Fake::start(&[], patient());
    assert_eq!(fake.worker.status().state, State::Starting);
    let info = within(fake.worker.warm()).await.unwrap();
    assert_eq!(info, json!({"name": "fake", "version": "1.0.0"}));
    let status = fake.worker.status();
    assert_eq!(status.state, State::Ready);
    assert_eq!((status.restarts, status.in_a_row), (0, 0));
    assert!(status.process.is_some() && status.last_failure.is_none());
    let hello = status.hello.unwrap();
    assert!(hello.sdk_version == "fake" && hello.can("reset") && !hello.can("setup"));
    assert_eq!(within(fake.worker.warm()).await.unwrap(), info);
    assert_eq!(fake.recorder.states(), [State::Starting, State::Ready]);
}

#[tokio::test]
async fn a_process_of_version_3_is_ready_when_it_answers_a_ping() {
    let fake = Fake::with(Dialect::V3, &["--v3"], patient(), |launch| launch);
    assert_eq!(within(fake.worker.warm()).await.unwrap(), Value::Null);
}

/// Why the first start of such a process fails.
async fn first_failure(arguments: &[&str], supervision: Supervision) -> Failure {
    let fake = Fake::start(arguments, supervision);
    match within(fake.worker.warm()).await {
        Err(StartError::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_way_to_fail_at_the_start_has_its_name() {
    let hasty = || Supervision {
        start: Duration::from_millis(200),
        kill: Duration::from_millis(200),
        ..patient()
    };
    let failure = first_failure(&["--start", "silent"], hasty()).await;
    assert!(matches!(failure, Failure::NoHello(_)), "{failure}");
    assert_eq!(failure.kind(), AlarmKind::StartTimedOut);

    let failure = first_failure(&["--start", "never-info"], hasty()).await;
    assert!(
        matches!(failure, Failure::NotWarm(_) | Failure::NoHello(_)),
        "{failure}"
    );

    let failure = first_failure(&["--start", "exit"], patient()).await;
    assert!(matches!(&failure, Failure::Ended { status: Some(status), told: None, .. } if status.code() == Some(3)));
    assert_eq!(failure.kind(), AlarmKind::Crashed);

    let failure = first_failure(&["--start", "last-words"], patient()).await;
    assert!(failure.to_string().contains("No module named 'cv2'"), "{failure}");

    let failure = first_failure(&["--start", "refuse"], patient()).await;
    assert_eq!((failure.kind(), failure.code()), (AlarmKind::Refused, Some("2004")));
    assert!(
        failure.to_string().contains("there is no component (code 2004)"),
        "{failure}"
    );

    let failure = first_failure(&["--start", "info-error"], patient()).await;
    assert!(
        matches!(&failure, Failure::Refused(told) if told.code.as_deref() == Some("1003")),
        "{failure}"
    );

    let failure = first_failure(&["--start", "bad-info"], patient()).await;
    assert!(matches!(failure, Failure::Protocol(ProtocolError::NoInfo)), "{failure}");

    let failure = first_failure(&["--start", "garbage"], patient()).await;
    assert!(
        matches!(failure, Failure::Protocol(ProtocolError::TooLong { .. })),
        "{failure}"
    );

    let failure = first_failure(&["--start", "close"], patient()).await;
    assert!(matches!(failure, Failure::Protocol(ProtocolError::Closed)), "{failure}");
}

#[tokio::test]
async fn a_process_that_never_has_loaded_is_given_up() {
    let supervision = Supervision {
        start: Duration::from_secs(3),
        ..patient()
    };
    let failure = first_failure(&["--start", "never-info"], supervision).await;
    assert!(matches!(failure, Failure::NotWarm(_)), "{failure}");
    assert_eq!(failure.kind(), AlarmKind::StartTimedOut);
}

/// There is no process in this, so that the clock can be turned.
#[tokio::test(start_paused = true)]
async fn every_restart_waits_twice_as_long_as_the_one_before() {
    let begun = tokio::time::Instant::now();
    let fake = Fake::with(Dialect::V2, &[], Supervision::default(), |_| {
        Launch::new("/nowhere/at-all")
    });
    for (restarts, milliseconds) in [(1, 500), (2, 1_500), (3, 3_500)] {
        until_status(&fake.worker, |status| status.restarts == restarts).await;
        assert_eq!(begun.elapsed().as_millis() / 10 * 10, milliseconds);
    }
    until(&fake.worker, State::Alarmed).await;
    assert_eq!(begun.elapsed().as_millis() / 10 * 10, 3_500);
}

#[tokio::test]
async fn a_program_that_is_not_there_raises_an_alarm() {
    let fake = Fake::with(Dialect::V2, &[], patient(), |_| Launch::new("/nowhere/at-all"));
    let status = until(&fake.worker, State::Alarmed).await;
    let failure = status.last_failure.unwrap();
    assert!(matches!(failure, Failure::Spawn { .. }), "{failure}");
    assert!(failure.to_string().contains("/nowhere/at-all"), "{failure}");
    assert_eq!(status.process, None);
}

#[tokio::test]
async fn a_process_that_ends_again_and_again_is_started_three_times_more_and_then_raises_an_alarm() {
    let fake = Fake::start(&["--start", "exit"], patient());
    let status = until(&fake.worker, State::Alarmed).await;
    assert_eq!((status.restarts, status.in_a_row), (3, 3));
    assert_eq!(fake.starts(), 4);
    let rows: Vec<u32> = fake.recorder.events().iter().filter_map(restarted).collect();
    assert_eq!(rows, [1, 2, 3]);
    let alarms = fake
        .recorder
        .events()
        .into_iter()
        .filter(|event| matches!(event, Event::Alarm { .. }));
    let alarms: Vec<Event> = alarms.collect();
    let [Event::Alarm { kind, message }] = &alarms[..] else {
        panic!("{alarms:?}");
    };
    assert!(
        *kind == AlarmKind::Crashed && message.contains("exit status: 3"),
        "{message}"
    );
    // Nothing happens until somebody comes.
    let answer = fake.ask("ok").await;
    assert!(
        matches!(
            answer.outcome,
            Outcome::Failed {
                kind: FailureKind::NotStarted,
                ..
            }
        ),
        "{answer:?}"
    );
    assert_eq!((answer.attempts, fake.starts()), (0, 4));
    fake.worker.revive();
    until_status(&fake.worker, |status| {
        status.state == State::Alarmed && status.restarts == 6
    })
    .await;
    assert_eq!(fake.starts(), 8);
}

fn restarted(event: &Event) -> Option<u32> {
    match event {
        Event::Restarted { in_a_row } => Some(*in_a_row),
        _ => None,
    }
}

#[tokio::test]
async fn what_a_process_said_reaches_those_who_wait_for_it() {
    let fake = Fake::start(&["--start", "refuse"], patient());
    let answer = fake.ask("ok").await;
    match answer.outcome {
        Outcome::Failed {
            code,
            kind: FailureKind::NotStarted,
            message,
        } => assert!(
            code == "2004" && message.contains("there is no component"),
            "{code} {message}"
        ),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_question_waits_for_the_start_and_the_first_answer_ends_the_row() {
    let fake = Fake::start(&["--start", "exit-once"], patient());
    let answer = fake.ask("ok").await;
    assert!(matches!(answer.outcome, Outcome::Answered { .. }), "{answer:?}");
    assert_eq!((answer.attempts, fake.starts()), (1, 2));
    let status = fake.worker.status();
    assert_eq!((status.restarts, status.in_a_row), (1, 0));
    assert!(matches!(status.last_failure, Some(Failure::Ended { .. })));
}

#[tokio::test]
async fn readiness_alone_does_not_end_the_row() {
    // Says hello and what it is, and ends as soon as it is asked: each time it has been ready.
    let supervision = Supervision {
        max_retries: 0,
        ..patient()
    };
    let fake = Fake::ready(&[], supervision).await;
    for row in 1..=3 {
        fake.ask("exit").await;
        let status = until_status(&fake.worker, |status| {
            status.in_a_row == row && status.state == State::Ready
        })
        .await;
        assert_eq!(status.restarts, row);
    }
    fake.ask("exit").await;
    until(&fake.worker, State::Alarmed).await;
    let answer = within(fake.worker.ask(question("ok", Value::Null))).await;
    assert!(matches!(
        answer.outcome,
        Outcome::Failed {
            kind: FailureKind::NotStarted,
            ..
        }
    ));
}
