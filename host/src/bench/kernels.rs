//! The SDK's kernels in the sandbox, with and without metering, beside the native build of the same source.

use super::measure::{self, Subject, Timing, round};
use super::stage::{self, Sandbox, Stage};
use super::{Bench, BenchError};
use procvision_bench_tasks::kernels::{self, SIZE};
use procvision_bench_tasks::task::Task;
use serde::Serialize;
use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What one sample lasts at least: long enough that the step around the kernel does not show.
const SAMPLE: Duration = Duration::from_millis(2);
/// Enough samples of that length.
const SAMPLES: usize = 150;
/// Larger than any result of a kernel; see [`keep_memory`].
const KEPT_BYTES: usize = 30 << 20;

/// Parts of the section.
pub(super) fn parts() -> u32 {
    u32::try_from(kernels::all().len()).unwrap_or(u32::MAX)
}

/// Kernels beside their native builds.
#[derive(Clone, Debug, Serialize)]
pub struct KernelResults {
    /// Of the pictures that they work on, in pixels.
    pub width: u32,
    /// Of the pictures that they work on, in pixels.
    pub height: u32,
    /// One for each kernel.
    pub rows: Vec<KernelRow>,
}

/// One kernel.
#[derive(Clone, Debug, Serialize)]
pub struct KernelRow {
    /// Its name in the catalogue.
    pub kernel: &'static str,
    /// Built for the machine, without the vector instructions that not every machine has: the baseline.
    pub native: Timing,
    /// In the sandbox as stations have it.
    pub sandboxed: Timing,
    /// In the sandbox without fuel and epochs.
    pub unmetered: Timing,
    /// `sandboxed` over `native`.
    pub over_native: f64,
    /// `sandboxed` over `unmetered`.
    pub metering: f64,
    /// Bytes of pictures that it reads.
    pub bytes: u64,
}

/// The kernels, on three stages.
pub struct Kernels {
    inputs: Rc<kernels::Inputs>,
    sandboxed: Stage,
    unmetered: Stage,
}

impl Kernels {
    /// Makes the pictures, here and inside two sandboxes.
    ///
    /// # Errors
    ///
    /// See [`BenchError`].
    pub fn new() -> Result<Self, BenchError> {
        keep_memory();
        Ok(Self {
            inputs: Rc::new(kernels::inputs()),
            sandboxed: Stage::new(Sandbox::Normal)?,
            unmetered: Stage::new(Sandbox::Unmetered)?,
        })
    }

    /// The names of all kernels, in the catalogue's order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        kernels::all().iter().map(|kernel| kernel.name())
    }

    /// `native`, `sandboxed` and `unmetered` of one kernel, by its place in the catalogue.
    ///
    /// # Errors
    ///
    /// If the sandbox computes something else than the native build, and see [`BenchError`].
    ///
    /// # Panics
    ///
    /// If there is no such kernel.
    pub fn subjects(&self, index: usize) -> Result<Vec<Subject>, BenchError> {
        let kernel = &kernels::all()[index];
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let expected = kernel.run(&self.inputs).digest();
        let digest = stage::call_without_picture(Task::Digest(number))?;
        for stage in [&self.sandboxed, &self.unmetered] {
            let found = stage.ask(&digest)?.unwrap_or_default();
            if found != expected {
                return Err(BenchError::Wrong {
                    what: kernel.name().to_owned(),
                    found,
                    expected,
                });
            }
        }
        let inputs = self.inputs.clone();
        let native = Subject::timed("native", move |times| {
            let start = Instant::now();
            black_box(kernels::run(kernel, &inputs, times));
            Ok(start.elapsed())
        });
        let inside = |name: &str, stage: &Stage| {
            let stage = stage.clone();
            Subject::timed(name, move |times| {
                let call = stage::call_without_picture(Task::Kernel(number, times))?;
                let start = Instant::now();
                stage.ask(&call)?;
                Ok(start.elapsed())
            })
        };
        Ok(vec![
            native,
            inside("sandboxed", &self.sandboxed),
            inside("unmetered", &self.unmetered),
        ])
    }
}

pub(super) fn measure(bench: &mut Bench<'_>) -> Result<KernelResults, BenchError> {
    let (width, height) = SIZE;
    let pixels = u64::from(width) * u64::from(height);
    let on = Kernels::new()?;
    let effort = bench.effort().samples(SAMPLES).sample(SAMPLE);
    let mut rows = Vec::new();
    for (index, kernel) in kernels::all().iter().enumerate() {
        bench.part(kernel.name());
        let timings = measure::measure(&mut on.subjects(index)?, effort)?;
        let [native, sandboxed, unmetered] = timings[..] else {
            unreachable!("there are three subjects")
        };
        rows.push(KernelRow {
            kernel: kernel.name(),
            native,
            sandboxed,
            unmetered,
            over_native: round(sandboxed.p50_us / native.p50_us),
            metering: round(sandboxed.p50_us / unmetered.p50_us),
            bytes: pixels * u64::from(kernel.bytes_per_pixel()),
        });
    }
    Ok(KernelResults { width, height, rows })
}

/// Makes the native build's allocator keep memory that is given back, as the algorithm's does: glibc returns large
/// blocks to the system at first, and a kernel would be measured together with the page faults of its result. After a
/// block of this size was given back it keeps smaller ones.
fn keep_memory() {
    drop(black_box(vec![1_u8; KEPT_BYTES]));
}
