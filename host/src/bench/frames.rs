//! Pictures on their way into an algorithm: every way there is, every size, looked at in full or in part. Each figure is
//! a whole delivery: the picture is there before, and afterwards the algorithm has looked at it and it is taken back.

mod growth;
mod outside;
mod pictures;

pub use growth::{GrowthResults, MemorySizeRow};
pub use pictures::{PictureSize, SIZES};
pub use procvision_bench_tasks::touch::Touch;

use super::measure::{self, Subject, Timing};
use super::stage::{self, Sandbox, Stage};
use super::{Bench, BenchError};
use outside::{Base64Json, File, Outside, Tcp};
use pictures::Pictures;
use procvision_bench_tasks::task::{Task, Way};
use serde::Serialize;
use std::cell::RefCell;
use std::rc::Rc;

/// How much of a picture is looked at, in the order of the table.
const TOUCHES: [Touch; 3] = [Touch::Pages, Touch::All, Touch::Region];

/// Everything about pictures.
#[derive(Clone, Debug, Serialize)]
pub struct FrameResults {
    /// Whether mapped pictures lie on huge pages, and if not, why.
    pub pages: String,
    /// Where the way `file` puts its file.
    pub file_folder: String,
    /// Every way, size and part.
    pub deliveries: Vec<DeliveryRow>,
    /// What filling an algorithm's memory costs beside a plain copy.
    pub copies: Vec<CopyRow>,
    /// Memory before and after very many mapped pictures.
    pub growth: GrowthResults,
    /// What a mapped picture costs in algorithms with memories of different sizes.
    pub memory_sizes: Vec<MemorySizeRow>,
}

/// One way of one picture into an algorithm.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryRow {
    /// Of the picture.
    #[serde(flatten)]
    pub size: PictureSize,
    /// `pages`: one byte of every 4 KiB; `all`: every byte; `region`: 64 x 64 pixels.
    pub touched: &'static str,
    /// `map`, `fill`, `read`, `list`, `file`, `tcp`, `base64`.
    pub way: String,
    /// How long it takes.
    #[serde(flatten)]
    pub timing: Timing,
    /// How many times as long as `list`.
    pub ratio: f64,
}

/// A picture written into memory that is there already.
#[derive(Clone, Debug, Serialize)]
pub struct CopyRow {
    /// Of the picture.
    #[serde(flatten)]
    pub size: PictureSize,
    /// `memcpy`: by the program itself, into memory of its own. `fill`: into the algorithm's memory, at its request, the
    /// whole step included.
    pub copy: String,
    /// How long it takes.
    #[serde(flatten)]
    pub timing: Timing,
    /// How many times as long as `memcpy`.
    pub ratio: f64,
}

/// The sizes that are measured.
fn sizes(quick: bool) -> &'static [PictureSize] {
    if quick { &SIZES[..1] } else { SIZES }
}

/// Parts of the section.
pub(super) fn parts(quick: bool) -> u32 {
    let deliveries = sizes(quick).len() * (TOUCHES.len() + 1);
    u32::try_from(deliveries).unwrap_or(u32::MAX).saturating_add(2)
}

/// Pictures of one size and every way to deliver them.
pub struct Frames {
    pictures: Rc<Pictures>,
    normal: Stage,
    list: Stage,
    outside: [(&'static str, Rc<RefCell<dyn Outside>>); 3],
}

impl Frames {
    /// Makes pictures of a size, and who takes them.
    ///
    /// # Errors
    ///
    /// See [`BenchError`].
    pub fn new(size: PictureSize) -> Result<Self, BenchError> {
        let pictures = Rc::new(Pictures::new(size)?);
        Ok(Self {
            normal: Stage::new(Sandbox::Normal)?,
            list: Stage::new(Sandbox::ListOfVec)?,
            outside: [
                ("file", Rc::new(RefCell::new(File::new()?))),
                ("tcp", Rc::new(RefCell::new(Tcp::new(pictures.bytes())?))),
                ("base64", Rc::new(RefCell::new(Base64Json::default()))),
            ],
            pictures,
        })
    }

    /// Every way in which an algorithm gets to see a picture: first `list`, which the others are compared with.
    ///
    /// `list` is what an ordinary embedder has: a `Vec<u8>` that is returned as a list. `map` lays the picture over the
    /// algorithm's memory, `fill` writes it there, `read` returns shared bytes as a list. `file`, `tcp` and `base64` do not
    /// enter the sandbox: they end when a native receiver has looked at the picture.
    ///
    /// # Errors
    ///
    /// See [`BenchError`].
    pub fn subjects(&self, touch: Touch) -> Result<Vec<Subject>, BenchError> {
        let mut subjects = vec![
            self.step("list", &self.list, Way::Read, touch)?,
            self.step("map", &self.normal, Way::Map, touch)?,
            self.step("fill", &self.normal, Way::Fill, touch)?,
            self.step("read", &self.normal, Way::Read, touch)?,
        ];
        for (name, way) in &self.outside {
            let (name, way, pictures) = (*name, way.clone(), self.pictures.clone());
            let mut turn = 0;
            subjects.push(Subject::new(name, move || {
                turn += 1;
                let found = way.borrow_mut().deliver(&pictures, turn, touch)?;
                check(name, found, pictures.expected(turn, touch))
            }));
        }
        Ok(subjects)
    }

    /// `memcpy` and `fill`: the same bytes from the same pool into memory that has been used before.
    ///
    /// # Errors
    ///
    /// See [`BenchError`].
    pub fn copies(&self) -> Result<Vec<Subject>, BenchError> {
        let pictures = self.pictures.clone();
        let mut target = vec![1; pictures.size().bytes()];
        let mut turn = 0;
        let memcpy = Subject::new("memcpy", move || {
            turn += 1;
            pictures.copy(turn, &mut target);
            std::hint::black_box(&mut target);
            Ok(())
        });
        let fill = self.step("fill", &self.normal, Way::Fill, Touch::Nothing)?;
        Ok(vec![memcpy, fill])
    }

    /// A step that takes the pictures in turn.
    fn step(&self, name: &'static str, stage: &Stage, way: Way, touch: Touch) -> Result<Subject, BenchError> {
        let frames = match way {
            Way::Map | Way::Fill => self.pictures.pooled(),
            Way::Read => self.pictures.owned()?,
        };
        let calls = frames.map(|frame| stage::call(Task::Deliver(way, touch), frame));
        let (stage, pictures) = (stage.clone(), self.pictures.clone());
        let mut turn = 0;
        Ok(Subject::new(name, move || {
            turn += 1;
            let found = stage.ask(&calls[turn % calls.len()])?;
            check(name, found.unwrap_or_default(), pictures.expected(turn, touch))
        }))
    }
}

fn check(what: &str, found: u64, expected: u64) -> Result<(), BenchError> {
    if found == expected {
        return Ok(());
    }
    Err(BenchError::Wrong {
        what: what.to_owned(),
        found,
        expected,
    })
}

pub(super) fn measure(bench: &mut Bench<'_>) -> Result<FrameResults, BenchError> {
    let (mut deliveries, mut copies) = (Vec::new(), Vec::new());
    let mut pages = String::new();
    for size in sizes(bench.quick).iter().copied() {
        let frames = Frames::new(size)?;
        pages = frames.pictures.pages();
        for touch in TOUCHES {
            bench.part(&format!("{}, {touch}", size.name));
            let mut subjects = frames.subjects(touch)?;
            let timings = measure::measure(&mut subjects, bench.effort())?;
            for (subject, timing) in subjects.iter().zip(&timings) {
                deliveries.push(DeliveryRow {
                    size,
                    touched: touch.as_str(),
                    way: subject.name().to_owned(),
                    timing: *timing,
                    ratio: timing.ratio(&timings[0]),
                });
            }
        }
        bench.part(&format!("{}, copies", size.name));
        let mut subjects = frames.copies()?;
        let timings = measure::measure(&mut subjects, bench.effort())?;
        for (subject, timing) in subjects.iter().zip(&timings) {
            copies.push(CopyRow {
                size,
                copy: subject.name().to_owned(),
                timing: *timing,
                ratio: timing.ratio(&timings[0]),
            });
        }
    }
    bench.part("many pictures");
    let growth = growth::over_many_pictures(bench.quick)?;
    bench.part("large memories");
    let memory_sizes = growth::over_memory_sizes(bench.effort())?;
    Ok(FrameResults {
        pages,
        file_folder: outside::file_folder().display().to_string(),
        deliveries,
        copies,
        growth,
        memory_sizes,
    })
}
