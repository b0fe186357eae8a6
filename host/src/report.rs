//! What became of one trial of an algorithm on one picture, as one value: its JSON is what `procvision run --json`
//! prints, its HTML is the report for people.

mod format;
mod html;
mod json;
mod picture;
mod repeat;
mod usage;
mod view;

pub use format::{amount, milliseconds, severity, time};
pub use html::ReportError;
#[cfg(feature = "bench")]
pub(crate) use html::render;
pub(crate) use json::limits as limits_json;
pub use repeat::Repeat;
pub use usage::{Used, usage};

use crate::algorithm::Algorithm;
use crate::contract::Import;
use crate::failure::Failure;
use crate::frame::{Frame, PixelFormat};
use crate::info::AlgorithmInfo;
use crate::limits::{GrantedLimits, Limits};
use crate::logs::{LogLine, Logs};
use crate::outcome::{Outcome, StepReport, Warning};
use crate::package::Package;
use crate::session::Session;
use crate::visible;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Version of the JSON shape.
pub const SCHEMA: u32 = 1;

/// Everything about one trial.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Which algorithm.
    pub subject: Subject,
    /// What it was asked.
    pub request: Request,
    /// How long the parts before the first question took.
    pub preparation: Preparation,
    /// The answer to `pre_execute`, if it was asked.
    pub pre_execute: Option<StepReport>,
    /// The answer to `execute`, if it was asked.
    pub execute: Option<StepReport>,
    /// How `execute` went when it was asked again and again.
    pub repeat: Option<Repeat>,
    /// What the session held in the end.
    pub session: Session,
    /// What a person should know about the trial as a whole.
    pub warnings: Vec<Warning>,
    /// Where the annotated picture was written.
    pub annotated: Option<PathBuf>,
    /// Where the HTML report was written.
    pub report: Option<PathBuf>,
}

/// Which algorithm was tried, under which limits.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What it says about itself.
    pub info: AlgorithmInfo,
    /// Where it was read from.
    pub source: PathBuf,
    /// Size of the component in bytes.
    pub component_bytes: u64,
    /// SHA-256 of the component, in hexadecimal.
    pub component_sha256: String,
    /// What it imports and what became of each import.
    pub imports: Vec<Import>,
    /// The limits that held.
    pub limits: GrantedLimits,
    /// What the package asked for.
    pub asked: BTreeMap<&'static str, u64>,
    /// The most this station grants.
    pub ceiling: Limits,
}

impl Subject {
    /// Describes a loaded algorithm and the package it came from.
    pub fn new(algorithm: &Algorithm, package: &Package, ceiling: &Limits) -> Self {
        Self {
            info: algorithm.info().clone(),
            source: package.source().to_owned(),
            component_bytes: package.component().len() as u64,
            component_sha256: sha256(package.component()),
            imports: algorithm.shape().imports.clone(),
            limits: algorithm.limits().clone(),
            asked: package
                .manifest()
                .map(|manifest| manifest.limits.asked())
                .unwrap_or_default(),
            ceiling: ceiling.clone(),
        }
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the algorithm was asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Product model.
    pub pid: String,
    /// Number of the step.
    pub step: u32,
    /// The parameters with which it was asked, defaults included.
    pub params: Map<String, Value>,
    /// The primary picture.
    pub image: Picture,
    /// The reference pictures.
    pub references: Vec<Picture>,
}

impl Request {
    /// All pictures, the primary one first.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        std::iter::once(&self.image).chain(&self.references)
    }
}

/// A picture and where it is from.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Under which name it was handed over; empty for the primary picture.
    pub name: String,
    /// Where it is from.
    pub origin: PictureOrigin,
    /// The pixels.
    pub frame: Frame,
}

/// Where a picture is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureOrigin {
    /// A file that somebody named.
    File(PathBuf),
    /// A source of pictures.
    Source {
        /// What it calls itself, such as `dev-store`: see [`crate::source::FrameSource::kind`].
        kind: &'static str,
        /// The picture's identifier there.
        id: String,
    },
}

impl fmt::Display for PictureOrigin {
    /// The path, or the identifier made safe to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Source { id, .. } => f.write_str(&visible::line(id)),
        }
    }
}

impl Picture {
    /// Whether it is black, in place of a picture that could not be had.
    pub fn is_stand_in(&self) -> bool {
        self.frame.stand_in_reason().is_some()
    }

    fn color(&self) -> &'static str {
        match self.frame.format() {
            PixelFormat::Mono8 => "gray",
            PixelFormat::RGB8 | PixelFormat::BGR8 => "colour",
            PixelFormat::BayerRG8 | PixelFormat::BayerGR8 | PixelFormat::BayerGB8 | PixelFormat::BayerBG8 => {
                "colour, from a mosaic"
            }
        }
    }
}

/// How long the parts before the first question took.
#[derive(Clone, Debug, Default)]
pub struct Preparation {
    /// Having cargo build the component, if that was done.
    pub build: Option<Duration>,
    /// Compiling the component to native code, or reading what was compiled before.
    pub compile: Duration,
    /// Whether it was compiled before.
    pub from_cache: bool,
    /// Starting an instance, and `get_info`.
    pub start: Duration,
    /// `setup`.
    pub setup: Duration,
    /// What the algorithm logged while it started and in `get_info`.
    pub start_logs: Logs,
    /// What the algorithm logged in `setup`.
    pub setup_logs: Logs,
}

impl RunReport {
    /// How the trial ended: the last answer there is.
    pub fn outcome(&self) -> Option<&Outcome> {
        let last = self.execute.as_ref().or(self.pre_execute.as_ref())?;
        Some(&last.outcome)
    }

    /// `OK` or `NG`, if there is a verdict.
    pub fn verdict(&self) -> Option<&'static str> {
        self.outcome().and_then(Outcome::verdict)
    }

    /// Why there is no verdict, if something failed.
    pub fn failure(&self) -> Option<&Failure> {
        self.outcome().and_then(Outcome::failure)
    }

    /// The answers there are, in the order of the questions.
    pub fn steps(&self) -> impl Iterator<Item = &StepReport> + Clone {
        self.pre_execute.iter().chain(&self.execute)
    }

    /// Every log line with where it was logged: `get_info`, `setup`, then each question.
    pub fn log_lines(&self) -> impl Iterator<Item = (&'static str, &LogLine)> + Clone {
        let preparation = [
            ("get_info", &self.preparation.start_logs),
            ("setup", &self.preparation.setup_logs),
        ];
        let steps = self.steps().map(|step| (step.phase.as_str(), &step.logs));
        preparation
            .into_iter()
            .chain(steps)
            .flat_map(|(place, logs)| logs.lines.iter().map(move |line| (place, line)))
    }

    /// Every warning once: of the trial, then of each question.
    pub fn all_warnings(&self) -> impl Iterator<Item = &Warning> {
        let all = self.warnings.iter().chain(self.steps().flat_map(|step| &step.warnings));
        let mut seen = Vec::new();
        all.filter(move |warning| {
            let new = !seen.contains(warning);
            seen.push(*warning);
            new
        })
    }
}
