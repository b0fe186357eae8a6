//! A well-behaved algorithm through the library: hooks, sessions, parameters, pictures, replacement after a trap.

use procvision_host::algorithm::Algorithm;
use procvision_host::call::{Hooks, StepCall};
use procvision_host::failure::{ErrorCode, FailureClass, Severity};
use procvision_host::frame::{Frame, PixelFormat};
use procvision_host::host::{Host, HostConfig};
use procvision_host::limits::Limits;
use procvision_host::outcome::{Outcome, Phase, StepReport};
use procvision_host::package::Package;
use procvision_host::session::Session;
use serde_json::{Map, json};
use std::time::{Duration, Instant};

fn load() -> Algorithm {
    let package = Package::open(procvision_tests::probe_component(), &Limits::default_ceiling()).unwrap();
    Host::new(HostConfig::default()).unwrap().load(&package).unwrap()
}

fn session() -> Session {
    Session::new("test", Map::new())
}

fn frame() -> Frame {
    let pixels: Vec<u8> = (0..7 * 5 * 3).collect();
    Frame::from_pixels(PixelFormat::RGB8, 7, 5, 21, pixels).unwrap()
}

fn ask(task: &str) -> StepCall {
    StepCall::new(1, "A01", frame()).with_param("task", task)
}

fn message(report: &StepReport) -> &str {
    match &report.outcome {
        Outcome::Ok {
            message: Some(message), ..
        }
        | Outcome::Ready {
            message: Some(message), ..
        } => message,
        other => panic!("{other:?}"),
    }
}

fn refusal(report: &StepReport) -> (ErrorCode, &str) {
    let failure = report.outcome.failure().expect("a failure");
    assert_eq!(
        (failure.class, failure.severity),
        (FailureClass::Refused, Severity::Permanent)
    );
    assert!(!report.instance_replaced);
    (failure.code, &failure.message)
}

#[test]
fn both_questions_are_answered() {
    let mut algorithm = load();
    let (mut session, call) = (session(), ask("read-rgb"));
    assert_eq!(message(&algorithm.pre_execute(&mut session, &call)), "7 x 5");
    let report = algorithm.execute(&mut session, &call);
    assert_eq!(message(&report), "105 104");
    assert!(report.usage.fuel > 0 && report.usage.peak_memory_bytes > 0);
    assert_eq!(algorithm.teardown().failure, None);
}

#[test]
fn hooks_surround_each_call() {
    let mut algorithm = load();
    let mut session = session();
    // The first call makes the counter, so that only its `on_step_finish` counts.
    algorithm.execute(&mut session, &ask("count-hooks"));
    assert_eq!(session.get("hooks"), Some("100"));
    algorithm.execute(&mut session, &ask("noop"));
    assert_eq!(session.get("hooks"), Some("201"));
}

#[test]
fn hooks_are_left_to_a_station_that_calls_them_itself() {
    let mut algorithm = load();
    let mut session = session();
    let ask = |task: &str| ask(task).with_hooks(Hooks::ByStation);
    // Makes the counter.
    let report = algorithm.execute(&mut session, &ask("count-hooks"));
    assert_eq!(session.get("hooks"), Some("0"));
    assert_eq!(algorithm.step_start(&mut session, 1).failure, None);
    algorithm.pre_execute(&mut session, &ask("noop"));
    algorithm.execute(&mut session, &ask("noop"));
    assert_eq!(session.get("hooks"), Some("1"));
    let finished = algorithm.step_finish(&mut session, 1, report.phase, &report.outcome);
    assert_eq!(finished.failure, None);
    assert_eq!(session.get("hooks"), Some("101"));

    for report in [
        algorithm.step_start(&mut session, 9),
        algorithm.step_finish(&mut session, 9, report.phase, &report.outcome),
    ] {
        let failure = report.failure.expect("there is no such step");
        assert_eq!(
            (failure.class, failure.code),
            (FailureClass::Refused, ErrorCode::InvalidParams)
        );
        assert!(failure.message.contains("step 9"), "{failure}");
    }
    assert_eq!(session.get("hooks"), Some("101"));
}

#[test]
fn an_algorithm_that_was_stopped_starts_again_when_it_is_needed() {
    let package = Package::open(procvision_tests::probe_component(), &Limits::default_ceiling()).unwrap();
    let prepared = Host::new(HostConfig::default()).unwrap().prepare(&package).unwrap();
    assert!(!prepared.from_cache() && prepared.shape().bytes > 0);
    let mut algorithm = prepared.start().unwrap();
    let mut session = session();
    let called = |algorithm: &mut Algorithm, session: &mut Session| {
        message(&algorithm.execute(session, &ask("count-hooks"))).to_owned()
    };
    assert_eq!(called(&mut algorithm, &mut session), "set up: true, calls: 1");
    assert_eq!(algorithm.ensure_running().failure, None);
    assert_eq!(called(&mut algorithm, &mut session), "set up: true, calls: 2");

    assert_eq!(algorithm.stop().failure, None);
    assert!(!algorithm.is_running());
    // There is nobody to tell, and nobody is started for it.
    let report = algorithm.stop();
    assert_eq!((report.failure, report.usage.fuel), (None, 0));
    let outcome = Outcome::Ready {
        message: None,
        calibration_rects: Vec::new(),
    };
    assert_eq!(
        algorithm
            .step_finish(&mut session, 1, Phase::PreExecute, &outcome)
            .failure,
        None
    );
    assert!(!algorithm.is_running());
    assert_eq!(called(&mut algorithm, &mut session), "set up: true, calls: 1");

    algorithm.stop();
    let report = algorithm.ensure_running();
    assert!(report.failure.is_none() && report.usage.fuel > 0 && algorithm.is_running());
    algorithm.stop();
    assert_eq!(algorithm.step_start(&mut session, 1).failure, None);
    assert!(algorithm.is_running());
}

#[test]
fn a_session_lasts_until_it_is_reset_and_belongs_to_one_inspection() {
    let mut algorithm = load();
    let (mut first, mut second) = (session(), session());
    for _ in 0..3 {
        algorithm.execute(&mut first, &ask("remember"));
    }
    algorithm.execute(&mut second, &ask("remember"));
    assert_eq!((first.get("count"), second.get("count")), (Some("3"), Some("1")));
    assert_eq!(algorithm.reset(&mut first).failure, None);
    assert_eq!((first.get("count"), second.get("count")), (None, Some("1")));
    assert_eq!(first.id(), "test");
}

#[test]
fn log_lines_belong_to_their_call() {
    let mut algorithm = load();
    let mut session = session();
    for call in 1..=2 {
        let report = algorithm.execute(&mut session, &ask("remember"));
        let lines: Vec<_> = report.logs.lines.iter().map(|line| line.message.clone()).collect();
        assert_eq!(lines, [format!("call {call}")]);
    }
}

#[test]
fn what_cannot_be_asked_is_refused_before_the_algorithm_sees_it() {
    let mut algorithm = load();
    let mut session = session();
    let mut refuse = |call: &StepCall| {
        let report = algorithm.execute(&mut session, call);
        let (code, message) = refusal(&report);
        (code, message.to_owned())
    };
    let (code, text) = refuse(&StepCall::new(1, "B7", frame()));
    assert_eq!(code, ErrorCode::InvalidPid);
    assert!(text.contains("`B7`") && text.contains("A01"), "{text}");
    let (code, text) = refuse(&StepCall::new(9, "A01", frame()));
    assert_eq!(code, ErrorCode::InvalidParams);
    assert!(text.contains("step 9"), "{text}");
    let (code, text) = refuse(&ask("dance"));
    assert_eq!(code, ErrorCode::InvalidParams);
    assert!(text.contains("`task`") && text.contains("noop"), "{text}");
    let (code, text) = refuse(&ask("noop").with_param("tsak", 1));
    assert_eq!(code, ErrorCode::InvalidParams);
    assert!(text.contains("`tsak`") && text.contains("task"), "{text}");
    let (code, _) = refuse(
        &ask("noop")
            .with_reference("good", frame())
            .with_reference("good", frame()),
    );
    assert_eq!(code, ErrorCode::BadExchange);
    let (code, _) = refuse(&ask("noop").with_reference("", frame()));
    assert_eq!(code, ErrorCode::BadExchange);
    // None of them reached it.
    assert_eq!(
        message(&algorithm.execute(&mut session, &ask("count-hooks"))),
        "set up: true, calls: 1"
    );
}

#[test]
fn a_trap_names_the_line_costs_the_instance_and_undoes_the_session() {
    let mut algorithm = load();
    let mut session = session();
    algorithm.execute(&mut session, &ask("remember"));
    algorithm.execute(&mut session, &ask("count-hooks"));
    let before = session.clone();

    let report = algorithm.execute(&mut session, &ask("trap"));
    let failure = report.outcome.failure().expect("a failure");
    assert_eq!((failure.class, failure.code), (FailureClass::Trap, ErrorCode::Trap));
    let panic = failure.panic.as_ref().expect("a panic");
    assert_eq!(panic.message, "asked to trap in call 3");
    assert!(
        panic.location.as_ref().unwrap().contains("probe/src/lib.rs:"),
        "{panic:?}"
    );
    // The machinery of the panic is not in the way.
    assert!(
        failure.backtrace[0].function.contains("execute"),
        "{:?}",
        failure.backtrace
    );
    assert!(report.instance_replaced);
    let entries = |session: &Session| -> Vec<_> {
        session
            .entries()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    };
    assert_eq!(entries(&session), entries(&before));

    let report = algorithm.execute(&mut session, &ask("count-hooks"));
    assert_eq!(message(&report), "set up: true, calls: 1");
}

#[test]
fn algorithms_work_on_threads_of_their_own() {
    let host = Host::new(HostConfig::default()).unwrap();
    let package = Package::open(procvision_tests::probe_component(), &host.config().ceiling).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut algorithm = host.load(&package).unwrap();
            scope.spawn(move || {
                let mut session = session();
                for round in 0..200_u32 {
                    let task = if round % 50 == 49 { "trap" } else { "remember" };
                    let report = algorithm.execute(&mut session, &ask(task));
                    assert_eq!(report.outcome.failure().is_some(), task == "trap");
                }
                assert_eq!(session.get("count"), Some("196"));
            });
        }
    });
}

#[test]
fn the_result_has_the_shape_of_the_protocol() {
    let mut algorithm = load();
    let mut session = session();
    let report = algorithm.execute(&mut session, &ask("noop"));
    assert_eq!(
        report.outcome.to_protocol(),
        json!({
            "status": "OK",
            "message": "",
            "data": { "result_status": "OK", "ng_reason": null, "defect_rects": [], "position_rects": [] },
        })
    );
    let report = algorithm.execute(&mut session, &StepCall::new(1, "nobody", frame()));
    assert_eq!(report.outcome.to_protocol()["error_code"], "1001");
}

/// As long ago as that.
fn ago(time: Duration) -> Option<Instant> {
    Some(Instant::now().checked_sub(time).expect("the machine has run that long"))
}

#[test]
fn what_a_station_has_waited_is_taken_off_the_deadline() {
    let mut algorithm = load();
    let deadline = Duration::from_millis(algorithm.limits().limits.execute_deadline_ms);
    let mut session = session();
    // Nothing is left, which is not the algorithm's fault, however often.
    for _ in 0..5 {
        let mut call = ask("noop");
        call.since = ago(deadline);
        let report = algorithm.execute(&mut session, &call);
        let failure = report.outcome.failure().expect("a failure");
        assert_eq!(
            (failure.class, failure.code, failure.severity),
            (FailureClass::Deadline, ErrorCode::Timeout, Severity::Recoverable)
        );
        assert!(
            failure.message.contains("before the algorithm could be asked"),
            "{failure}"
        );
        assert!(!report.instance_replaced && algorithm.is_running());
    }
    // Something is left.
    let mut call = ask("spin");
    let left = Duration::from_millis(300);
    call.since = ago(deadline - left);
    let report = algorithm.execute(&mut session, &call);
    let failure = report.outcome.failure().expect("a failure");
    assert_eq!(
        (failure.class, failure.code),
        (FailureClass::Deadline, ErrorCode::Timeout)
    );
    assert!(report.instance_replaced && report.usage.wall < deadline);
}
