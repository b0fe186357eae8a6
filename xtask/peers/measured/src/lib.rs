//! The algorithm that this project's adapter is measured with. It does what `measured.py` does beside it: it looks at one
//! byte of each page of its pictures, or is busy when it is told so.

use procvision_guest::prelude::*;
use std::hint::black_box;
use std::time::{Duration, Instant};

const PAGE: usize = 4096;
/// What the step is called of which nothing but being busy is wanted.
const BUSY: &str = "busy";
/// How long that is.
const BUSY_TIME: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Measured;

impl Algorithm for Measured {
    fn info() -> Info {
        Info::new("measured", env!("CARGO_PKG_VERSION"))
            .description("Looks at one byte of each page and judges nothing")
            .pids(["A01"])
            .step(Step::new(1, "measure"))
    }

    fn execute(&mut self, call: &Call, _: &Session) -> Result<Verdict, Failure> {
        if call.step_desc() == Some(BUSY) {
            be_busy();
        }
        let mut sum = pages(call.frame())?;
        for reference in call.references() {
            sum += pages(reference)?;
        }
        diagnostics::publish("sum", i64::try_from(sum).unwrap_or(-1));
        Ok(Verdict::ok())
    }
}

/// The sum of one byte of each page.
fn pages(frame: &Frame) -> Result<u64, Failure> {
    let pixels = frame.rgb()?;
    Ok(pixels
        .as_bytes()
        .iter()
        .step_by(PAGE)
        .map(|&byte| u64::from(byte))
        .sum())
}

fn be_busy() {
    let begun = Instant::now();
    let mut turns = 0_u64;
    while begun.elapsed() < BUSY_TIME {
        for _ in 0..10_000 {
            turns = black_box(turns.wrapping_add(1));
        }
    }
}

procvision_guest::export!(Measured);
