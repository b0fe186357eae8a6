//! What surrounds a step: hooks, session, logs, diagnostics, assets, answers and their checks.

use procvision_guest::prelude::*;
use procvision_guest::testing::{Image, Inspection, Station, StepRun};
use procvision_guest::{AssetError, FailureCode, Scalar, SessionError, Severity, json};

/// Does what the step's description tells it.
#[derive(Default)]
struct Obedient {
    setups: u32,
    calls: u32,
    template: Vec<u8>,
}

impl Algorithm for Obedient {
    fn info() -> Info {
        Info::new("obedient", "1.0.0")
            .pids(["A01", "A02"])
            .step(Step::new(1, "do"))
    }

    fn setup(&mut self, assets: &Assets) -> Result<(), Failure> {
        log::info!("setting up");
        self.setups += 1;
        if assets.list().is_empty() {
            return Ok(());
        }
        self.template = assets.required("A01", "template")?;
        Ok(())
    }

    fn on_step_start(&mut self, step_index: u32, _: &Session) -> Result<(), Failure> {
        log::debug!(step_index; "start");
        Err(Failure::unknown("no start"))
    }

    fn pre_execute(&mut self, call: &Call, _: &Session) -> Result<Readiness, Failure> {
        let fiducial = Finding::new(call.frame().bounds(), "fiducial");
        match call.step_desc() {
            Some("not ready") => Ok(Readiness::not_ready("light is 3, needs 9").calibration(fiducial)),
            Some("silent") => Ok(Readiness::not_ready("")),
            _ => Ok(Readiness::ready().message("fine")),
        }
    }

    fn execute(&mut self, call: &Call, session: &Session) -> Result<Verdict, Failure> {
        self.calls += 1;
        obey(call, session)?;
        let defect = |area| Verdict::ng("bad").defect(Finding::new(area, "spot").score(0.5));
        match call.step_desc().unwrap_or_default() {
            "defect" => Ok(defect(Rect::new(1, 1, 3, 3))),
            "outside" => Ok(defect(Rect::new(1, 1, 4, 3))),
            "position outside" => Ok(Verdict::ok().position(Finding::new(Rect::new(0, 0, 0, 1), "part"))),
            "many" => Ok(Verdict::ng("bad").with_defects(vec![Finding::new(call.frame().bounds(), "spot"); 23])),
            "no reason" => Ok(Verdict::ng("")),
            "unsure" => Ok(Verdict::ng("bad").defect(Finding::new(call.frame().bounds(), "spot").score(f64::NAN))),
            "fatal" => Err(Failure::model_not_found("gone").fatal()),
            "permanent" => Err(Failure::model_not_found("gone")),
            "count calls" => Ok(Verdict::ok().message(format!("{} calls", self.calls))),
            "recoverable" => Err(Failure::timeout("slow")),
            _ => Ok(Verdict::ok().message(format!("{} setups", self.setups))),
        }
    }

    fn on_step_finish(&mut self, _: u32, session: &Session, outcome: &StepOutcome) -> Result<(), Failure> {
        let text = match outcome {
            StepOutcome::PreExecute(answer) => format!("pre {}", answer.as_ref().is_ok_and(Readiness::is_ready)),
            StepOutcome::Execute(answer) => format!("execute {}", answer.as_ref().is_ok_and(Verdict::is_ok)),
        };
        Ok(session.set("outcome", &text)?)
    }

    fn reset(&mut self, session: &Session) -> Result<(), Failure> {
        session.delete("outcome");
        Ok(())
    }

    fn teardown(&mut self) -> Result<(), Failure> {
        Err(Failure::unknown(format!("torn down after {} setups", self.setups)))
    }
}

/// The parts that need assertions inside the call.
fn obey(call: &Call, session: &Session) -> Result<(), Failure> {
    match call.step_desc().unwrap_or_default() {
        "session" => {
            let count: u32 = session.get_or("count", 0)?;
            session.set("count", &(count + 1))?;
            assert!(session.exists("count") && !session.exists("other"));
            session.set("other", &[1.5, 2.5])?;
            assert_eq!(session.get::<Vec<f64>>("other")?, Some(vec![1.5, 2.5]));
            assert!(session.delete("other") && !session.delete("other"));
            let error = session.get::<String>("count").unwrap_err();
            assert!(matches!(&error, SessionError::OtherType { key, .. } if key == "count"));
        }
        "context" => {
            let context = session.context();
            assert_eq!(
                (context.product_code(), context.operator(), context.trace_id()),
                (Some("A01"), Some("kim"), None)
            );
            assert_eq!(context.get::<u32>("line"), Some(4));
            assert_eq!(context.get::<String>("line"), None);
            assert_eq!(context.values().len(), 3);
            log::info!("{}", session.id());
        }
        "full" => {
            session.set("big", &"x".repeat(90_000))?;
            // Replacing counts the new value only.
            session.set("big", &"y".repeat(90_000))?;
            assert!(matches!(session.set("", &1), Err(SessionError::BadKey { limit: 256 })));
            assert!(matches!(
                session.set(&"k".repeat(257), &1),
                Err(SessionError::BadKey { .. })
            ));
            assert!(matches!(
                session.set("big2", &"z".repeat(10_000)),
                Err(SessionError::Full { limit: 100_000 })
            ));
            assert_eq!(session.get::<String>("big")?, Some("y".repeat(90_000)));
            session.set("big2", &"z".repeat(10_000))?;
        }
        "talk" => {
            log::trace!("one");
            let shape = std::path::Path::new("a b").display();
            log::warn!(count = 3, share = 0.5, name = "x", good = true, huge = u64::MAX, shape:%; "two {}", 2);
            diagnostics::publish("focus", 1.5);
            diagnostics::publish("focus", 2.5);
            diagnostics::publish("spots", 7);
            diagnostics::publish("ground", "dark");
            diagnostics::publish("sharp", true);
        }
        "assets" => {
            let assets = call.assets();
            let names: Vec<_> = assets
                .list()
                .into_iter()
                .map(|asset| (asset.name, asset.size))
                .collect();
            assert_eq!(
                names,
                [
                    ("big.bin".to_owned(), 700_001),
                    ("empty".to_owned(), 0),
                    ("t/a.txt".to_owned(), 5)
                ]
            );
            assert_eq!(assets.lookup("A01", "template").as_deref(), Some("t/a.txt"));
            assert_eq!(assets.lookup("A02", "template"), None);
            assert_eq!(assets.read_string("t/a.txt").unwrap(), "hello");
            assert!(
                assets
                    .read("big.bin")
                    .unwrap()
                    .iter()
                    .enumerate()
                    .all(|(i, &byte)| byte == (i % 251) as u8)
            );
            assert_eq!(assets.read("big.bin").unwrap().len(), 700_001);
            assert!(assets.read("empty").unwrap().is_empty());
            assert_eq!(assets.read("a.txt"), Err(AssetError::NotFound("a.txt".to_owned())));
            assert_eq!(
                assets.read_string("big.bin"),
                Err(AssetError::NotText("big.bin".to_owned()))
            );
            assets.required("A02", "template")?;
        }
        "guides" => {
            let guide = &call.guides()[0];
            assert_eq!(
                (guide.label.as_str(), guide.positions.as_slice()),
                ("screw", &[Rect::new(1, 2, 3, 4)][..])
            );
        }
        _ => {}
    }
    Ok(())
}

fn picture() -> Image {
    Image::from_fn(4, 4, |_, _| [0])
}

fn execute(inspection: &mut Inspection<'_, Obedient>, order: &str) -> StepRun<Verdict> {
    inspection.step(1).image(picture()).step_desc(order).execute()
}

fn execute_once(order: &str) -> StepRun<Verdict> {
    execute(&mut Station::<Obedient>::new().inspection("A01"), order)
}

#[test]
fn one_instance_serves_all_steps_and_inspections() {
    let station = Station::<Obedient>::new();
    for pid in ["A01", "A02"] {
        let mut inspection = station.inspection(pid);
        assert_eq!(execute(&mut inspection, "").verdict().message_text(), Some("1 setups"));
        assert_eq!(execute(&mut inspection, "").verdict().message_text(), Some("1 setups"));
    }
    assert_eq!(station.setup_logs()[0].message, "setting up");
    assert_eq!(station.teardown().unwrap_err().message(), "torn down after 1 setups");
}

#[test]
fn only_a_fatal_failure_replaces_the_instance() {
    let station = Station::<Obedient>::new()
        .asset("t", "x")
        .asset_for("A01", "template", "t");
    let mut inspection = station.inspection("A01");
    let severity = |inspection: &mut Inspection<Obedient>, order| execute(inspection, order).failure().severity();
    let calls = |inspection: &mut Inspection<Obedient>| {
        let run = execute(inspection, "count calls");
        run.verdict().message_text().map(str::to_owned)
    };
    assert_eq!(severity(&mut inspection, "recoverable"), Severity::Recoverable);
    assert_eq!(severity(&mut inspection, "permanent"), Severity::Permanent);
    assert_eq!(calls(&mut inspection).as_deref(), Some("3 calls"));
    assert_eq!(severity(&mut inspection, "fatal"), Severity::Fatal);
    assert_eq!(calls(&mut inspection).as_deref(), Some("1 calls"));
}

#[test]
fn a_failed_setup_is_the_answer_to_every_step() {
    let station = Station::<Obedient>::new().asset("t", "x");
    let run = execute(&mut station.inspection("A01"), "");
    assert_eq!(run.failure().code(), FailureCode::ModelNotFound);
    assert!(
        run.failure()
            .message()
            .contains("names no `template` asset for pid `A01`")
    );
    assert_eq!(run.failure().severity(), Severity::Permanent);
    assert!(station.setup().is_err());
}

#[test]
fn hooks_surround_each_phase_and_their_failures_are_logged() {
    let station = Station::<Obedient>::new();
    let mut inspection = station.inspection("A01");
    let run = inspection.step(1).image(picture()).step_desc("not ready").pre_execute();
    assert_eq!(run.readiness().message_text(), Some("light is 3, needs 9"));
    assert_eq!(run.readiness().calibrations().len(), 1);
    assert_eq!(inspection.session_value("outcome"), Some(json!("pre false")));
    let lines: Vec<_> = run.logs().iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        ["DEBUG start step_index=1", "WARN on_step_start failed: no start (9999)"]
    );

    assert!(inspection.step(1).image(picture()).pre_execute().readiness().is_ready());
    assert!(execute(&mut inspection, "defect").verdict().is_ng());
    assert_eq!(inspection.session_value("outcome"), Some(json!("execute false")));
    inspection.reset().unwrap();
    assert_eq!(inspection.session_value("outcome"), None);
}

#[test]
fn a_session_belongs_to_one_inspection() {
    let station = Station::<Obedient>::new();
    let (mut first, mut second) = (station.inspection("A01"), station.inspection("A01"));
    for _ in 0..3 {
        assert!(execute(&mut first, "session").verdict().is_ok());
    }
    second.set_session_value("count", 41);
    assert!(execute(&mut second, "session").verdict().is_ok());
    assert_eq!(first.session_value("count"), Some(json!(3)));
    assert_eq!(second.session_value("count"), Some(json!(42)));
}

#[test]
fn the_context_says_what_the_platform_knows() {
    let station = Station::<Obedient>::new().context(json!({ "operator": "kim", "line": 4 }));
    let ids: Vec<_> = (0..2)
        .map(|_| {
            let run = execute(&mut station.inspection("A01"), "context");
            assert!(run.verdict().is_ok());
            run.logs().last().unwrap().message.clone()
        })
        .collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_full_session_stays_as_it_was() {
    let run = execute_once("full");
    assert_eq!(run.failure().code(), FailureCode::Unknown);
    assert!(run.failure().message().contains("100000 bytes"));
}

#[test]
fn log_fields_and_diagnostics_keep_their_types() {
    let run = execute_once("talk");
    let line = run
        .logs()
        .iter()
        .find(|line| line.level == log::Level::Warn && line.message == "two 2")
        .unwrap();
    assert_eq!(line.field("count"), Some(&Scalar::Int(3)));
    assert_eq!(line.field("share"), Some(&Scalar::Float(0.5)));
    assert_eq!(line.field("name"), Some(&Scalar::String("x".to_owned())));
    assert_eq!(line.field("good"), Some(&Scalar::Bool(true)));
    assert_eq!(line.field("huge"), Some(&Scalar::String(u64::MAX.to_string())));
    assert_eq!(line.field("shape"), Some(&Scalar::String("a b".to_owned())));
    assert!(run.logs().iter().any(|line| line.level == log::Level::Trace));

    assert_eq!(run.diagnostics().len(), 4);
    assert_eq!(run.diagnostics()["focus"], Scalar::Float(2.5));
    assert_eq!(run.diagnostics()["spots"], Scalar::Int(7));
    assert_eq!(run.diagnostics()["ground"], Scalar::String("dark".to_owned()));
    assert_eq!(run.diagnostics()["sharp"], Scalar::Bool(true));
}

#[test]
fn nothing_of_one_step_is_left_in_the_next() {
    let station = Station::<Obedient>::new();
    let mut inspection = station.inspection("A01");
    assert!(!execute(&mut inspection, "talk").diagnostics().is_empty());
    let run = execute(&mut inspection, "");
    assert!(run.diagnostics().is_empty());
    assert!(run.logs().iter().all(|line| line.message != "one"));
    // Outside a step there is nobody to tell.
    log::info!("alone");
    diagnostics::publish("alone", 1);
}

#[test]
fn assets_are_read_whole_however_large() {
    let big: Vec<u8> = (0..700_001).map(|i| (i % 251) as u8).collect();
    let station = Station::<Obedient>::new()
        .asset("t/a.txt", "hello")
        .asset("big.bin", big)
        .asset("empty", "")
        .asset_for("A01", "template", "t/a.txt");
    let run = execute(&mut station.inspection("A01"), "assets");
    assert_eq!(run.failure().code(), FailureCode::ModelNotFound);
    assert_eq!(
        run.failure().message(),
        "the manifest names no `template` asset for pid `A02` in `required_assets`"
    );
}

#[test]
fn guides_reach_the_algorithm() {
    let station = Station::<Obedient>::new();
    let mut inspection = station.inspection("A01");
    let request = inspection
        .step(1)
        .image(picture())
        .step_desc("guides")
        .guide("screw", [Rect::new(1, 2, 3, 4)]);
    assert!(request.execute().verdict().is_ok());
}

#[test]
fn findings_must_lie_in_the_picture() {
    assert_eq!(execute_once("defect").verdict().defects()[0].score, 0.5);
    for order in ["outside", "position outside"] {
        assert_eq!(execute_once(order).failure().code(), FailureCode::CoordinateInvalid);
    }
}

#[test]
fn surplus_defects_are_cut_with_a_warning() {
    let run = execute_once("many");
    assert_eq!(run.verdict().defects().len(), 20);
    assert!(
        run.logs()
            .iter()
            .any(|line| line.message.starts_with("23 defects were returned"))
    );
}

#[test]
#[should_panic(expected = "an NG verdict has an empty reason")]
fn an_ng_without_a_reason_fails_the_test() {
    let _ = execute_once("no reason");
}

#[test]
#[should_panic(expected = "the score of `spot` is NaN")]
fn a_score_that_is_no_number_fails_the_test() {
    let _ = execute_once("unsure");
}

#[test]
#[should_panic(expected = "a not-ready answer has an empty message")]
fn not_ready_without_a_message_fails_the_test() {
    let station = Station::<Obedient>::new();
    let _ = station
        .inspection("A01")
        .step(1)
        .image(picture())
        .step_desc("silent")
        .pre_execute();
}

#[test]
fn requests_that_no_station_would_pass_on_are_refused() {
    let station = Station::<Obedient>::new();
    let run = execute(&mut station.inspection("B01"), "");
    assert_eq!(
        (run.failure().code(), run.failure().message()),
        (FailureCode::InvalidPid, "pid `B01` is not one of A01, A02")
    );
    let run = station.inspection("A01").step(2).image(picture()).execute();
    assert_eq!(
        (run.failure().code(), run.failure().message()),
        (FailureCode::InvalidParams, "step 2 is not one of 1")
    );
    let run = station.inspection("A01").step(1).execute();
    assert_eq!(run.failure().code(), FailureCode::ImageLoadFailed);
}

#[test]
#[should_panic(expected = "the step failed: slow (1005)\n  DEBUG start step_index=1")]
fn asking_a_failed_step_for_its_verdict_shows_failure_and_logs() {
    execute_once("recoverable").verdict();
}

#[test]
fn stations_in_parallel_threads_do_not_disturb_each_other() {
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                let station = Station::<Obedient>::new();
                let mut inspection = station.inspection("A01");
                inspection.set_session_value("count", 1000 * thread);
                for step in 1..=50 {
                    let run = execute(&mut inspection, "session");
                    assert!(run.verdict().is_ok());
                    assert_eq!(run.logs().len(), 2);
                    assert_eq!(inspection.session_value("count"), Some(json!(1000 * thread + step)));
                }
            });
        }
    });
}

#[test]
fn a_panicking_algorithm_leaves_no_host_behind() {
    let panicked = std::thread::spawn(|| {
        let caught = std::panic::catch_unwind(|| execute_once("no reason"));
        assert!(caught.is_err());
        execute_once("talk").diagnostics().len()
    });
    assert_eq!(panicked.join().unwrap(), 4);
}
