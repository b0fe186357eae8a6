//! A well-behaved guest that tests and benches ask to do one thing at a time, by the parameter `task`.

use procvision_guest::Guide;
use procvision_guest::prelude::*;

#[derive(Default)]
struct Probe {
    set_up: bool,
    calls: u64,
    kept: Option<Rgb>,
}

impl Algorithm for Probe {
    fn info() -> Info {
        let task = Param::choice(
            "task",
            [
                "noop",
                "remember",
                "read-rgb",
                "read-region",
                "origin",
                "keep-pixels",
                "count-hooks",
                "trap",
                "asset",
                "count",
                "hooks",
                "tell",
                "print",
                "publish",
                "spin",
            ],
        );
        Info::new("probe", env!("CARGO_PKG_VERSION"))
            .description("Does what a test asks for")
            .pids(["A01", "A02"])
            .step(Step::new(1, "probe").param(task.default("noop")))
    }

    fn setup(&mut self, _: &Assets) -> Result<(), Failure> {
        self.set_up = true;
        Ok(())
    }

    fn on_step_start(&mut self, _: u32, session: &Session) -> Result<(), Failure> {
        if session.exists("hooks") {
            let count: u64 = session.get_or("hooks", 0)?;
            session.set("hooks", &(count + 1))?;
        }
        Ok(())
    }

    fn on_step_finish(&mut self, _: u32, session: &Session, _: &StepOutcome) -> Result<(), Failure> {
        if session.exists("hooks") {
            let count: u64 = session.get_or("hooks", 0)?;
            session.set("hooks", &(count + 100))?;
        }
        Ok(())
    }

    fn pre_execute(&mut self, call: &Call, _: &Session) -> Result<Readiness, Failure> {
        Ok(Readiness::ready().message(format!("{} x {}", call.frame().width(), call.frame().height())))
    }

    fn execute(&mut self, call: &Call, session: &Session) -> Result<Verdict, Failure> {
        self.calls += 1;
        match call.params().choice("task") {
            "remember" => {
                let count: u64 = session.get_or("count", 0)?;
                session.set("count", &(count + 1))?;
                log::info!("call {}", self.calls);
                Ok(Verdict::ok())
            }
            "read-rgb" => {
                let pixels = call.frame().rgb()?;
                let bytes = pixels.as_bytes();
                Ok(Verdict::ok().message(format!("{} {}", bytes.len(), bytes[bytes.len() - 1])))
            }
            "read-region" => {
                let area = Rect::new(0, 0, 64.min(call.frame().width()), 64.min(call.frame().height()));
                Ok(Verdict::ok().message(call.frame().gray_region(area)?.as_bytes().len().to_string()))
            }
            "origin" => {
                let (rgb, gray) = (call.frame().rgb()?, call.frame().gray()?);
                let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
                let (colours, grays) = (sum(rgb.as_bytes()), sum(gray.as_bytes()));
                Ok(Verdict::ok().message(format!("{:?} {colours} {:?} {grays}", rgb.origin(), gray.origin())))
            }
            "keep-pixels" => {
                let first = self.kept.take().map_or(0, |kept| kept.as_bytes()[0]);
                self.kept = Some(call.frame().rgb()?);
                Ok(Verdict::ok().message(first.to_string()))
            }
            "count-hooks" => {
                session.set("hooks", &0)?;
                Ok(Verdict::ok().message(format!("set up: {}, calls: {}", self.set_up, self.calls)))
            }
            "trap" => panic!("asked to trap in call {}", self.calls),
            "asset" => Ok(Verdict::ok()),
            "count" => {
                let count: u64 = session.get_or("count", 0)?;
                session.set("count", &(count + 1))?;
                Ok(Verdict::ok().message((count + 1).to_string()))
            }
            "hooks" => Ok(Verdict::ok().message(session.get_or("hooks", 0_u64)?.to_string())),
            "tell" => {
                let reference = |frame: &Frame| format!("{} {} x {}", frame.name(), frame.width(), frame.height());
                let guide = |guide: &Guide| format!("{} at {:?}", guide.label, guide.positions);
                Ok(Verdict::ok().message(format!(
                    "pid {}, described as {:?}, camera {:?}, references {:?}, guides {:?}, operator {}",
                    call.pid(),
                    call.step_desc(),
                    call.frame().camera_id(),
                    call.references().iter().map(reference).collect::<Vec<_>>(),
                    call.guides().iter().map(guide).collect::<Vec<_>>(),
                    session.context().operator().unwrap_or("nobody"),
                )))
            }
            "print" => {
                println!("printed");
                Ok(Verdict::ok())
            }
            "publish" => {
                diagnostics::publish("sharpness", 0.5);
                diagnostics::publish("fuel", "none left");
                Ok(Verdict::ok())
            }
            "spin" => loop {
                std::hint::black_box(&self.calls);
            },
            _ => Ok(Verdict::ok()),
        }
    }
}

procvision_guest::export!(Probe);
