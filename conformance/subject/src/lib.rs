//! The algorithm that the conformance suite has adapters call: it does what it is told.
//!
//! The task is the parameter `task`, with `value` beside it; or, where a call has no parameters, the first word of the
//! step's description, with the rest as the value. `xtask/peers/conformance_subject.py` is the same in Python, and
//! `docs/protocol.md` lists the tasks.

use procvision_guest::prelude::*;
use procvision_guest::{ParamValue, StepOutcome, json};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The asset that says how many milliseconds `setup` takes.
const LOAD_ASSET: &str = "load-ms";
/// What the tasks `log` and `print` say.
const SAID: &str = "the algorithm says something";

/// Counts what is called, for the task `hooks`.
#[derive(Default)]
struct Subject {
    setup: u32,
    started: u32,
    finished: u32,
    reset: u32,
}

/// What a call tells the algorithm to do.
struct Order<'a> {
    task: &'a str,
    value: &'a str,
}

impl<'a> Order<'a> {
    fn of(call: &'a Call) -> Self {
        match call.step_desc() {
            Some(text) if !text.is_empty() => {
                let (task, value) = text.split_once(' ').unwrap_or((text, ""));
                Self { task, value }
            }
            _ => Self {
                task: call.params().str("task"),
                value: call.params().str("value"),
            },
        }
    }

    /// The value as a number; 0 if it is none.
    fn number(&self) -> u64 {
        self.value.parse().unwrap_or_default()
    }
}

impl Algorithm for Subject {
    fn info() -> Info {
        let step = |index, name| {
            Step::new(index, name)
                .param(Param::string("task", 1..=40).default("ok"))
                .param(Param::string("value", 0..=1000).default(""))
                .param(Param::int("count", 0..=10).default(3))
                .param(Param::choice("colour", ["red", "green"]).default("red"))
                .param(Param::rect("area"))
        };
        let serial = Param::string("serial", 1..=10).pattern("[A-Z]{2}[0-9]+").required();
        Info::new("conformance_subject", env!("CARGO_PKG_VERSION"))
            .description("Does what the conformance suite tells it to do")
            .pids(["A01", "A02"])
            .step(step(1, "do"))
            .step(step(2, "do with a serial number").param(serial))
            .step(step(3, "do again"))
    }

    fn setup(&mut self, assets: &Assets) -> Result<(), Failure> {
        self.setup += 1;
        if assets.list().iter().any(|asset| asset.name == LOAD_ASSET) {
            let text = assets.read_string(LOAD_ASSET)?;
            std::thread::sleep(Duration::from_millis(text.trim().parse().unwrap_or_default()));
        }
        Ok(())
    }

    fn on_step_start(&mut self, _: u32, _: &Session) -> Result<(), Failure> {
        self.started += 1;
        Ok(())
    }

    fn pre_execute(&mut self, call: &Call, session: &Session) -> Result<Readiness, Failure> {
        let order = Order::of(call);
        Ok(match order.task {
            "not-ready" => Readiness::not_ready("it is too dark"),
            "calibrate" => Readiness::ready().calibration(Finding::new(Rect::new(4, 3, 2, 1), "mark")),
            "echo" => Readiness::ready().message(echo("pre", call, session, &order)?),
            "odd" => Readiness::ready().message(format!("{} {}", order.value, sum(call.frame())?)),
            "remember" => Readiness::ready().message(remember(session)?),
            _ => {
                self.common(&order)?;
                Readiness::ready()
            }
        })
    }

    fn execute(&mut self, call: &Call, session: &Session) -> Result<Verdict, Failure> {
        let order = Order::of(call);
        Ok(match order.task {
            "say" => Verdict::ok().message(order.value),
            "ng" => Verdict::ng("two screws are missing")
                .defect(Finding::new(Rect::new(1, 2, 3, 4), "screw").score(0.5))
                .defect(Finding::new(Rect::new(10, 20, 5, 6), "screw")),
            "positions" => {
                let area = Rect::new(0, 0, 2, 2);
                Verdict::ok().position(Finding::new(area, "cap").score(0.25))
            }
            "defects" => {
                let defect = |_| Finding::new(Rect::new(0, 0, 1, 1), "spot");
                Verdict::ng("many spots").with_defects((0..order.number()).map(defect))
            }
            "outside" => {
                let area = Rect::new(call.frame().width() - 1, 0, 2, 1);
                Verdict::ng("a spot").defect(Finding::new(area, "spot"))
            }
            "no-reason" => Verdict::ng("").defect(Finding::new(Rect::new(0, 0, 1, 1), "spot")),
            "bad-score" => bad_score(7.0),
            "bad-return" => bad_score(f64::NAN),
            "echo" => Verdict::ok().message(echo("execute", call, session, &order)?),
            "sum" => Verdict::ok().message(format!("{} {}", order.value, sum(call.frame())?)),
            "odd" => {
                let sum = sum(call.frame())?;
                let said = format!("{} {sum}", order.value);
                match sum % 2 {
                    0 => Verdict::ok().message(said),
                    _ => Verdict::ng(said).defect(Finding::new(Rect::new(0, 0, 1, 1), "odd")),
                }
            }
            "remember" => Verdict::ok().message(remember(session)?),
            "remember-much" => {
                session.set("much", &"x".repeat(80_000))?;
                Verdict::ok()
            }
            "hooks" => {
                let counts = json!({
                    "setup": self.setup,
                    "on_step_start": self.started,
                    "on_step_finish": self.finished,
                    "reset": self.reset,
                });
                Verdict::ok().message(counts.to_string())
            }
            "debug" => {
                procvision_guest::diagnostics::publish("answer", 42);
                Verdict::ok()
            }
            _ => {
                self.common(&order)?;
                Verdict::ok()
            }
        })
    }

    fn on_step_finish(&mut self, _: u32, _: &Session, _: &StepOutcome) -> Result<(), Failure> {
        self.finished += 1;
        Ok(())
    }

    fn reset(&mut self, _: &Session) -> Result<(), Failure> {
        self.reset += 1;
        Ok(())
    }

    fn teardown(&mut self) -> Result<(), Failure> {
        log::info!("the algorithm is torn down");
        Ok(())
    }
}

impl Subject {
    /// What is the same in both questions.
    fn common(&self, order: &Order<'_>) -> Result<(), Failure> {
        match order.task {
            "ok" => {}
            "fail" => return Err(Failure::model_not_found("the template is missing")),
            "fatal" => return Err(Failure::unknown("the model is damaged").fatal()),
            "fail-silently" => return Err(Failure::unknown("")),
            "trap" => panic!("the algorithm was told to panic"),
            "exit" => std::process::exit(7),
            "recurse" => {
                black_box(recurse(black_box(1)));
            }
            "hog" => drop(black_box(Vec::<u8>::with_capacity(1 << 30))),
            "loop" => loop {
                black_box(());
            },
            "sleep" => std::thread::sleep(Duration::from_millis(order.number())),
            "spin" => spin(Duration::from_millis(order.number())),
            "print" => println!("{SAID}"),
            "print-frame" => print!("\0\0\0\x02{{}}"),
            "log" => log::info!(task = order.task; "{SAID}"),
            "log-much" => (0..500).for_each(|_| log::info!("{}", "much ".repeat(40))),
            other => return Err(Failure::invalid_params(format!("there is no task {other}"))),
        }
        Ok(())
    }
}

fn bad_score(score: f64) -> Verdict {
    Verdict::ng("a spot").defect(Finding::new(Rect::new(0, 0, 1, 1), "spot").score(score))
}

/// Everything that the algorithm was given.
fn echo(phase: &str, call: &Call, session: &Session, order: &Order<'_>) -> Result<String, Failure> {
    let mut pictures = Vec::new();
    for frame in std::iter::once(call.frame()).chain(call.references()) {
        pictures.push(json!([
            frame.name(),
            frame.width(),
            frame.height(),
            frame.rgb()?.get(0, 0)
        ]));
    }
    let guides: Vec<_> = call
        .guides()
        .iter()
        .map(|guide| {
            let places: Vec<_> = guide
                .positions
                .iter()
                .map(|at| [at.x, at.y, at.width, at.height])
                .collect();
            json!([guide.label, places])
        })
        .collect();
    let count = match call.params().get("count") {
        Some(ParamValue::Int(count)) => Some(*count),
        _ => None,
    };
    let echo = json!({
        "phase": phase,
        "step": call.step_index(),
        "pid": call.pid(),
        "session": session.id(),
        "operator": session.context().operator(),
        "value": order.value,
        "count": count,
        "guides": guides,
        "pictures": pictures,
    });
    Ok(echo.to_string())
}

/// Counts the calls of a session.
fn remember(session: &Session) -> Result<String, Failure> {
    let count: u64 = session.get_or("count", 0)? + 1;
    session.set("count", &count)?;
    Ok(count.to_string())
}

/// Every 997th byte of a picture, added up: bytes of all rows and channels.
fn sum(frame: &Frame) -> Result<u64, Failure> {
    Ok(frame
        .rgb()?
        .as_bytes()
        .iter()
        .step_by(997)
        .map(|&byte| u64::from(byte))
        .sum())
}

fn recurse(depth: u64) -> u64 {
    // Never 0, which the compiler does not know.
    if black_box(depth) == 0 {
        0
    } else {
        black_box(recurse(black_box(depth + 1))) + depth
    }
}

/// Computes until the time is over.
fn spin(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        black_box((0..10_000_u64).map(black_box).sum::<u64>());
    }
}

procvision_guest::export!(Subject);
