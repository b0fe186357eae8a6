//! Stopping at every moment, reviving, letting go.

use crate::questions::deaf_to_sigterm;
use crate::support::{Fake, data, exists, patient, question, sent, until, until_status, within};
use procvision_runner::{Dialect, Event, FailureKind, Outcome, StartError, State, Supervision};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3_600);

fn was_stopped(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Failed {
            kind: FailureKind::Stopped,
            ..
        }
    )
}

#[tokio::test]
async fn a_process_that_is_stopped_ends_in_order() {
    let fake = Fake::ready(&[], patient()).await;
    let process = fake.worker.status().process.unwrap();
    within(fake.worker.stop()).await;
    assert!(!exists(process));
    let status = fake.worker.status();
    assert_eq!((status.state, status.process), (State::Stopped, None));
    assert_eq!(fake.gentle_ends(), 1);
    assert!(
        !fake
            .recorder
            .events()
            .iter()
            .any(|event| matches!(event, Event::Killed { .. }))
    );
    assert!(was_stopped(&fake.ask("ok").await.outcome));
    assert!(matches!(within(fake.worker.warm()).await, Err(StartError::Stopped)));
    within(fake.worker.stop()).await;
    fake.worker.revive();
    data(
        &within(async {
            until(&fake.worker, State::Ready).await;
            fake.ask("ok").await
        })
        .await,
    );
    assert_eq!(fake.starts(), 2);
}

#[tokio::test]
async fn stopping_while_a_process_starts() {
    let fake = Fake::start(&["--start", "silent"], patient());
    let status = until_status(&fake.worker, |status| status.process.is_some()).await;
    let (warm, ()) = within(async { tokio::join!(fake.worker.warm(), fake.worker.stop()) }).await;
    assert!(matches!(warm, Err(StartError::Stopped)));
    assert!(!exists(status.process.unwrap()));
}

#[tokio::test]
async fn stopping_while_a_question_is_worked_on_lets_it_be_answered() {
    let fake = Fake::ready(&[], patient()).await;
    let stop = async {
        until(&fake.worker, State::Executing).await;
        tokio::join!(fake.worker.stop(), fake.worker.stop())
    };
    let (running, waiting, _) = within(async {
        tokio::join!(
            fake.worker.ask(question("at-the-end", 1)),
            fake.worker.ask(question("ok", 2)),
            stop
        )
    })
    .await;
    assert_eq!(data(&running)["result_status"], "OK");
    assert!(was_stopped(&waiting.outcome));
    assert_eq!(waiting.attempts, 0);
    assert_eq!(fake.worker.status().state, State::Stopped);
}

#[tokio::test]
async fn stopping_does_not_wait_for_an_answer_that_does_not_come() {
    let supervision = Supervision {
        kill: Duration::from_millis(100),
        ..patient()
    };
    // Neither the message nor the end of stdin nor SIGTERM ends it.
    let fake = Fake::with(Dialect::V2, &["--stays"], supervision, deaf_to_sigterm);
    within(fake.worker.warm()).await.unwrap();
    let process = fake.worker.status().process.unwrap();
    let stop = async {
        until(&fake.worker, State::Executing).await;
        fake.worker.stop().await;
    };
    let (answer, ()) = within(async { tokio::join!(fake.worker.ask(question("never", 1)), stop) }).await;
    assert!(was_stopped(&answer.outcome), "{answer:?}");
    assert_eq!(answer.attempts, 1);
    assert!(!exists(process));
}

#[tokio::test]
async fn stopping_and_reviving_while_a_restart_waits() {
    let supervision = Supervision {
        back_off: LONG,
        ..patient()
    };
    let fake = Fake::start(&["--start", "exit-once"], supervision);
    let asking = fake.asking("ok", 1).await;
    until(&fake.worker, State::Waiting).await;
    within(fake.worker.stop()).await;
    assert!(was_stopped(&within(asking).await.outcome));
    assert_eq!((fake.worker.status().state, fake.starts()), (State::Stopped, 1));
    fake.worker.revive();
    until(&fake.worker, State::Ready).await;
    // A restart that waits does not wait for somebody who wants it now.
    let asking = fake.asking("exit-once", 1).await;
    until(&fake.worker, State::Waiting).await;
    fake.worker.revive();
    let answer = within(asking).await;
    assert_eq!((answer.attempts, fake.starts()), (2, 3));
}

#[tokio::test]
async fn stopping_and_reviving_after_an_alarm() {
    let supervision = Supervision {
        restarts: 0,
        ..patient()
    };
    let fake = Fake::start(&["--start", "exit-once"], supervision);
    until(&fake.worker, State::Alarmed).await;
    within(fake.worker.stop()).await;
    assert_eq!(fake.worker.status().state, State::Stopped);
    fake.worker.revive();
    until(&fake.worker, State::Ready).await;
    data(&fake.ask("ok").await);
}

#[tokio::test]
async fn reviving_while_a_process_ends_starts_the_next_one() {
    let fake = Fake::ready(&[], patient()).await;
    let stop = async {
        until(&fake.worker, State::Executing).await;
        let worker = fake.worker.clone();
        let stopping = sent(async move { worker.stop().await }).await;
        fake.worker.revive();
        stopping.await;
    };
    let (answer, ()) = within(async { tokio::join!(fake.worker.ask(question("at-the-end", 1)), stop) }).await;
    data(&answer);
    let status = until_status(&fake.worker, |status| {
        status.state == State::Ready && status.process.is_some()
    })
    .await;
    assert_eq!((status.restarts, status.in_a_row), (0, 0));
    data(&fake.ask("ok").await);
    assert_eq!(fake.starts(), 2);
}

#[tokio::test]
async fn the_last_handle_takes_the_process_with_it() {
    let fake = Fake::ready(&[], patient()).await;
    let process = fake.worker.status().process.unwrap();
    let mut watch = fake.worker.watch();
    let Fake {
        worker,
        recorder,
        folder,
    } = fake;
    drop(worker.clone());
    assert!(watch.has_changed().is_ok());
    drop(worker);
    within(async { while watch.changed().await.is_ok() {} }).await;
    assert!(!exists(process));
    assert!(folder.path().join("gently").exists());
    assert_eq!(recorder.states().last(), Some(&State::Stopped));
    assert!(
        !recorder
            .events()
            .iter()
            .any(|event| matches!(event, Event::Killed { .. }))
    );
}

#[tokio::test]
async fn the_last_handle_ends_every_other_state_too() {
    for (arguments, state) in [
        (["--start", "silent"], State::Starting),
        (["--start", "exit"], State::Waiting),
        (["--start", "exit"], State::Alarmed),
    ] {
        let supervision = Supervision {
            restarts: u32::from(state == State::Waiting),
            back_off: LONG,
            ..patient()
        };
        let fake = Fake::start(&arguments, supervision);
        until(&fake.worker, state).await;
        let mut watch = fake.worker.watch();
        drop(fake);
        within(async { while watch.changed().await.is_ok() {} }).await;
    }
}
