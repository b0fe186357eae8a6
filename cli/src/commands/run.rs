//! `procvision run`: one picture, both questions, and everything worth knowing about the answers.
//!
//! In order: inputs, building, loading, asking, writing what was asked for.

mod inputs;
mod outputs;
mod picture;
mod text;
mod trial;

use super::error::CommandError;
use super::exit::Exit;
use super::store::named_by_environment;
use super::subject::{self, Station, SubjectArgs};
use super::terminal::TerminalArgs;
use super::{help, terminal};
use clap::{Args, ValueEnum};
use indicatif::ProgressDrawTarget;
use inputs::Inputs;
use picture::PictureArgs;
use procvision_host::admission::Objection;
use procvision_host::algorithm::Algorithm;
use procvision_host::failure::{ErrorCode, Failure, FailureClass};
use procvision_host::outcome::{Outcome, Warning};
use procvision_host::package::Package;
use procvision_host::policy::PicturePolicy;
use procvision_host::report::{Preparation, Request, RunReport, Subject};
use std::path::PathBuf;

/// Ask an algorithm about one picture, inside the sandbox
///
/// A crate is built first. Both questions are asked: are the conditions right (pre_execute), and if so, is the product
/// OK or NG (execute).
#[derive(Args)]
#[command(after_help = help::RUN)]
pub struct Run {
    /// Folder of a crate or of a package, a package archive, or a .wasm component
    #[arg(value_name = "DIR|ZIP|WASM", conflicts_with = "store")]
    source: Option<PathBuf>,

    /// Store of a station: asked is what is active there for the product model, under the store's policy. Without this and
    /// without a package the environment variable PROCVISION_STORE names it
    #[arg(long, value_name = "DIR", conflicts_with_all = ["policy", "no_build"])]
    store: Option<PathBuf>,

    /// Product model
    #[arg(short, long)]
    pid: String,

    #[command(flatten)]
    picture: PictureArgs,

    /// A further picture, such as one of a good part; may be given several times
    #[arg(short, long = "reference", value_name = "NAME=PICTURE", value_parser = inputs::parse_reference)]
    references: Vec<(String, PathBuf)>,

    /// Number of the step
    #[arg(short, long, default_value_t = 1)]
    step: u32,

    /// Parameters as a JSON object, or @FILE that holds one
    #[arg(long, value_name = "JSON|@FILE")]
    params: Option<String>,

    /// What the station says about the inspection, as a JSON object or @FILE; its keys `id` and `values` become the
    /// session's identifier and content
    #[arg(long, value_name = "JSON|@FILE")]
    session: Option<String>,

    /// Which question is asked
    #[arg(long, value_enum, default_value_t = PhaseArg::Both)]
    phase: PhaseArg,

    /// Write the picture with everything that was found drawn in, as a PNG
    #[arg(short, long, value_name = "FILE")]
    annotate: Option<PathBuf>,

    /// Write a report for people, as one HTML file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Ask `execute` so often, and say how long it takes
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    repeat: u32,

    /// End with status 3 if the verdict is NG
    #[arg(long)]
    fail_on_ng: bool,

    /// Take the component that is there instead of building the crate, which runs its build scripts on this machine
    #[arg(long)]
    no_build: bool,

    /// Answer in JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    subject: SubjectArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PhaseArg {
    /// Are the conditions right? If so, is the product good?
    Both,
    /// Only: are the conditions right?
    Pre,
    /// Only: is the product good?
    Execute,
}

impl Run {
    /// Runs it and says what came of it.
    pub fn run(&self, terminal: &TerminalArgs) -> Result<Exit, CommandError> {
        let origin = self.subject.origin(self.named_store()?.as_deref(), &self.pid, None)?;
        let rules = origin.rules();
        let pictures = rules.map_or_else(PicturePolicy::default, |rules| rules.policy.pictures);
        let mut inputs = Inputs::read(self, pictures)?;
        outputs::check_places(self)?;
        let built = match &self.source {
            Some(source) if !self.no_build => self.subject.build(source, rules, terminal)?,
            _ => None,
        };
        let Station { host, warnings } = self.subject.station(rules, built.is_some(), origin.compile_cache())?;
        // With debug information where there is some, so that a trap names the line.
        let component = built
            .as_ref()
            .map(|built| built.build.with_debug.as_ref().unwrap_or(&built.build.component));
        let ceiling = &host.config().ceiling;
        let opened = origin.open(ceiling, || {
            let source = self.source.as_deref().ok_or_else(nothing_named)?;
            self.subject.open(source, component.map(PathBuf::as_path), ceiling)
        })?;
        let package = opened.package();
        let admitted = match opened.admit().map_err(|error| error.about(package.source()))? {
            Some(objections) => policy_warnings(objections),
            None => package_warnings(package).collect(),
        };
        let mut algorithm = subject::load(&host, package)?;
        inputs.fill_session(&algorithm.limits().limits)?;
        let load = algorithm.load_report();
        let preparation = Preparation {
            build: built.as_ref().map(|built| built.took),
            compile: load.compile,
            from_cache: load.from_cache,
            start: load.describe.usage.wall,
            setup: load.setup.usage.wall,
            start_logs: load.describe.logs.clone(),
            setup_logs: load.setup.logs.clone(),
        };
        let subject = Subject::new(&algorithm, package, ceiling);
        let target = match terminal.quiet {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        let mut report = self.ask(&mut algorithm, inputs, subject, preparation, target)?;
        report.warnings.extend(warnings);
        report.warnings.extend(admitted);
        if let Some(failure) = algorithm.teardown().failure {
            let message = format!("teardown failed: {failure}");
            report.warnings.push(Warning {
                kind: "hook_failed",
                message,
            });
        }
        outputs::write(self, &mut report)?;
        if self.json {
            terminal::print_json(&report.to_json())?;
        } else {
            terminal::print(&text::of(&report))?;
        }
        Ok(self.exit(report.outcome()))
    }

    /// The store, if nothing else is named that is to be asked.
    fn named_store(&self) -> Result<Option<PathBuf>, CommandError> {
        if self.source.is_some() || self.store.is_some() {
            return Ok(self.store.clone());
        }
        let Some(store) = named_by_environment() else {
            return Err(nothing_named());
        };
        if self.no_build || self.subject.has_policy() {
            let message = "--policy and --no-build are for packages, and none is named";
            return Err(CommandError::could_not_run("usage", message).help("name a package"));
        }
        Ok(Some(store))
    }

    fn ask(
        &self,
        algorithm: &mut Algorithm,
        inputs: Inputs,
        subject: Subject,
        preparation: Preparation,
        target: ProgressDrawTarget,
    ) -> Result<RunReport, CommandError> {
        let Inputs {
            call,
            image,
            references,
            mut session,
            ..
        } = inputs;
        let params = algorithm.effective_params(&call).map_err(refused)?;
        let trial = trial::run(algorithm, &mut session, &call, self.phase, self.repeat, target);
        let asked = trial.pre_execute.iter().chain(&trial.execute);
        for step in asked {
            if let Outcome::Failed(failure) = &step.outcome
                && failure.class == FailureClass::Refused
            {
                return Err(refused(failure.clone()));
            }
        }
        Ok(RunReport {
            subject,
            request: Request {
                pid: self.pid.clone(),
                step: self.step,
                params,
                image,
                references,
            },
            preparation,
            pre_execute: trial.pre_execute,
            execute: trial.execute,
            repeat: trial.repeat,
            session,
            warnings: trial.warnings,
            annotated: None,
            report: None,
        })
    }

    fn exit(&self, outcome: Option<&Outcome>) -> Exit {
        match outcome {
            Some(Outcome::Ng { .. }) if self.fail_on_ng => Exit::NotGood,
            Some(Outcome::Ok { .. } | Outcome::Ng { .. } | Outcome::Ready { .. }) => Exit::Good,
            Some(Outcome::NotReady { .. } | Outcome::Failed(_)) | None => Exit::SubjectFailed,
        }
    }
}

fn nothing_named() -> CommandError {
    CommandError::could_not_run("usage", "neither a package nor a store is named")
        .help("name a package, or a store with --store or PROCVISION_STORE")
}

/// A request that never reached the algorithm.
fn refused(failure: Failure) -> CommandError {
    let help = match failure.code {
        ErrorCode::InvalidPid => "give one of these with --pid",
        ErrorCode::InvalidParams | ErrorCode::CoordinateInvalid => {
            "`procvision validate` lists the steps and their parameters"
        }
        _ => "correct the request",
    };
    CommandError::could_not_run(failure.code.as_str(), failure.message).help(help)
}

fn policy_warnings(objections: Vec<Objection>) -> Vec<Warning> {
    let kind = |rule: &str| match rule {
        "signatures" => "signature",
        rule if rule.starts_with("ceilings.") => "limit_cut",
        _ => "policy",
    };
    let warnings = objections.into_iter().map(|objection| Warning {
        kind: kind(&objection.rule),
        message: objection.message,
    });
    warnings.collect()
}

fn package_warnings(package: &Package) -> impl Iterator<Item = Warning> {
    package.limits().cut.iter().map(|cut| Warning {
        kind: "limit_cut",
        message: format!(
            "the package asks for {} of {}, but the station grants {}",
            cut.asked, cut.name, cut.granted
        ),
    })
}
