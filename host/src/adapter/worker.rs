//! The one who asks the algorithm: takes calls, fetches pictures, and answers.

use super::Adapter;
use super::answer::Answer;
use super::debug::DebugFields;
use super::inbox::{End, Inbox, Next};
use super::log::Log;
use super::outlet::{Keep, Outlet};
use super::reader::Reader;
use super::sessions::{Inspection, Sessions};
use crate::algorithm::{Algorithm, HookReport};
use crate::call::StepCall;
use crate::failure::{ErrorCode, Failure, FailureClass};
use crate::frame::Frame;
use crate::logs::{Level, Logs};
use crate::outcome::{self, StepReport};
use crate::policy::PicturePolicy;
use crate::protocol::{CallRequest, Phase, PictureRequest};
use crate::source::{ImageMeta, Sources};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Instant;

/// The name under which algorithms find the second picture of version 0.3.
const GUIDE: &str = "guide";

/// What is served, and how.
pub struct Service {
    /// What is asked.
    pub algorithm: Algorithm,
    /// Where pictures come from.
    pub sources: Sources,
    /// What happens if there is no picture.
    pub pictures: PicturePolicy,
    /// The product model of calls that name none.
    pub pid: Option<String>,
    /// Most inspections that are remembered.
    pub sessions: usize,
    /// Whether a call during which the algorithm printed fails.
    pub strict_stdio: bool,
    /// What the host adds to answers.
    pub debug: DebugFields,
}

/// Why an algorithm is not asked any more: too many calls in a row cost its instance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the algorithm is given up: {0}")]
pub struct GivenUp(String);

pub(super) struct Worker {
    service: Service,
    sessions: Sessions,
    output: Outlet,
    inbox: Arc<Inbox>,
    reader: Arc<Reader>,
    log: Log,
}

/// The answer, and what was logged meanwhile.
struct Asked {
    answer: Answer,
    logs: Logs,
}

impl Worker {
    pub(super) fn new(service: Service, adapter: &Adapter) -> Self {
        Self {
            sessions: Sessions::new(service.sessions),
            service,
            output: adapter.output.clone(),
            inbox: adapter.inbox.clone(),
            reader: adapter.reader.clone(),
            log: adapter.log.clone(),
        }
    }

    /// Answers calls until the end, then lets the algorithm go; or until it is given up.
    pub(super) fn run(mut self) -> Result<End, GivenUp> {
        let end = loop {
            // Answers are never dropped, so that there may be only one that nobody has read.
            self.output.wait_for_room(|| self.inbox.is_ending());
            match self.reader.next() {
                Next::Call(call, came) => self.answer(&call, came)?,
                Next::End(end) => break end,
            }
        };
        let report = self.service.algorithm.stop();
        if let Some(failure) = &report.failure {
            tracing::warn!("teardown failed: {failure}");
        }
        self.log.lines(&report.logs, &Map::new());
        Ok(end)
    }

    fn answer(&mut self, call: &CallRequest, came: Instant) -> Result<(), GivenUp> {
        let was_running = self.service.algorithm.is_running();
        let Asked { answer, logs } = self.ask(call, came);
        let frame = answer.to_frame(call);
        // First, so that a runner that asks again as soon as it has the answer is not told that somebody is busy.
        self.inbox.answered();
        self.output.send(frame, Keep::Always);
        if !logs.is_empty() {
            self.log.lines(&logs, &about(call));
        }
        let lost = was_running && !self.service.algorithm.is_running();
        if lost && call.phase != Phase::Teardown {
            self.restart(call);
        }
        match self.service.algorithm.quarantine() {
            // Who has announced the end has its own way to it.
            Some(reason) if !self.inbox.is_ending() => Err(GivenUp(reason.to_owned())),
            _ => Ok(()),
        }
    }

    /// Starts a fresh instance in place of the one that a call has cost, before somebody waits for it. Who has announced the
    /// end does not want one.
    fn restart(&mut self, call: &CallRequest) {
        let algorithm = &mut self.service.algorithm;
        if algorithm.quarantine().is_some() || self.inbox.is_ending() {
            return;
        }
        let report = algorithm.ensure_running();
        match &report.failure {
            Some(failure) => tracing::warn!("a fresh instance cannot be started: {failure}"),
            None => tracing::debug!("a fresh instance is started"),
        }
        self.log.lines(&report.logs, &about(call));
    }

    fn ask(&mut self, call: &CallRequest, came: Instant) -> Asked {
        match call.phase {
            Phase::Pre => self.question(call, outcome::Phase::PreExecute, came),
            Phase::Execute => self.question(call, outcome::Phase::Execute, came),
            Phase::Info => self.info(call),
            Phase::Setup => {
                let report = self.service.algorithm.ensure_running();
                // Without an instance nothing can be asked; that is an answer, not only a line in the log.
                match &report.failure {
                    Some(failure) => Asked {
                        answer: Answer::failed(call, failure),
                        logs: report.logs,
                    },
                    None => Asked::hook(call, report),
                }
            }
            Phase::Teardown => {
                let report = self.service.algorithm.stop();
                Asked::hook(call, report)
            }
            Phase::Reset => {
                let mut inspection = self.sessions.take(call.inspection.as_ref());
                let report = self.service.algorithm.reset(&mut inspection.session);
                inspection.restart();
                self.put_back(inspection);
                Asked::hook(call, report)
            }
            Phase::StepStart => self.step_start(call),
            Phase::StepFinish => self.step_finish(call),
        }
    }

    fn info(&self, call: &CallRequest) -> Asked {
        let mut answer = Answer::good(call);
        // Texts and numbers: nothing of it can fail to be JSON.
        let info = serde_json::to_value(self.service.algorithm.info()).unwrap_or_default();
        answer.data.insert("info".to_owned(), info);
        Asked::quiet(Answer::Step(answer))
    }

    fn step_start(&mut self, call: &CallRequest) -> Asked {
        let mut inspection = self.sessions.take(call.inspection.as_ref());
        let algorithm = &mut self.service.algorithm;
        let report = algorithm.step_start(&mut inspection.session, call.step_index);
        if !report.failure.as_ref().is_some_and(is_refusal) {
            inspection.begin_step(call.step_index);
        }
        self.put_back(inspection);
        Asked::hook(call, report)
    }

    fn step_finish(&mut self, call: &CallRequest) -> Asked {
        let mut inspection = self.sessions.take(call.inspection.as_ref());
        let asked = inspection.end_step(call.step_index);
        let report = asked.map(|(phase, outcome)| {
            let algorithm = &mut self.service.algorithm;
            algorithm.step_finish(&mut inspection.session, call.step_index, phase, &outcome)
        });
        self.put_back(inspection);
        match report {
            Some(report) => Asked::hook(call, report),
            None => {
                let mut answer = Answer::good(call);
                // The hook is told how the question ended, and there was none.
                answer.message = "nothing was asked in this step, so that the algorithm is not told".to_owned();
                Asked::quiet(Answer::Step(answer))
            }
        }
    }

    fn question(&mut self, call: &CallRequest, phase: outcome::Phase, came: Instant) -> Asked {
        let mut request = match self.request(call, came) {
            Ok(request) => request,
            Err(failure) => {
                let debug = self.service.debug.of(None, came.elapsed());
                return Asked::quiet(Answer::failed(call, &failure).with_debug(debug));
            }
        };
        let mut inspection = self.sessions.take(call.inspection.as_ref());
        request.hooks = inspection.hooks(call.step_index);
        let algorithm = &mut self.service.algorithm;
        let report = match phase {
            outcome::Phase::PreExecute => algorithm.pre_execute(&mut inspection.session, &request),
            outcome::Phase::Execute => algorithm.execute(&mut inspection.session, &request),
        };
        inspection.asked(call.step_index, phase, &report.outcome);
        self.put_back(inspection);
        self.tell(call, &report);
        let answer = match self.service.strict_stdio && report.logs.printed {
            true => {
                let message = "the algorithm printed to standard output; log instead, or print to standard error";
                Answer::Error(ErrorCode::Polluted, message.to_owned())
            }
            false => Answer::of(call, &report.outcome),
        };
        let debug = self.service.debug.of(Some(&report), came.elapsed());
        Asked {
            answer: answer.with_debug(debug),
            logs: report.logs,
        }
    }

    /// What the log should say about a question beside what the algorithm says.
    fn tell(&self, call: &CallRequest, report: &StepReport) {
        if report.instance_replaced {
            let mut fields = about(call);
            if let Some(failure) = report.outcome.failure() {
                fields.insert("class".to_owned(), failure.class.as_str().into());
                fields.insert("error_code".to_owned(), failure.code.as_str().into());
            }
            self.log.line(Level::Warn, "the instance is given up", fields);
        }
        for warning in &report.warnings {
            let mut fields = about(call);
            fields.insert("kind".to_owned(), warning.kind.into());
            self.log.line(Level::Warn, &warning.message, fields);
        }
    }

    /// The request as the algorithm gets it: pictures fetched, product model known.
    fn request(&self, call: &CallRequest, came: Instant) -> Result<StepCall, Failure> {
        let mut request = StepCall::new(call.step_index, self.pid(call)?, self.primary(call)?);
        if let Some(guide) = &call.pictures.guide {
            request = request.with_reference(GUIDE, self.picture(guide)?);
        }
        request.since = Some(came);
        request.params.clone_from(&call.params);
        request.step_desc.clone_from(&call.step_desc);
        request.guides.clone_from(&call.guides);
        Ok(request)
    }

    fn pid(&self, call: &CallRequest) -> Result<String, Failure> {
        if let Some(pid) = call.pid.as_ref().or(self.service.pid.as_ref()) {
            return Ok(pid.clone());
        }
        if !call.pictures.of_version_3() {
            return Err(Failure::refused(ErrorCode::BadExchange, "`pid` is missing"));
        }
        let pids = &self.service.algorithm.info().supported_pids;
        let first = pids.first().cloned().unwrap_or_default();
        if pids.len() > 1 {
            tracing::debug!(
                pid = first,
                "the call names no product model; taken is the first of several"
            );
        }
        Ok(first)
    }

    fn primary(&self, call: &CallRequest) -> Result<Frame, Failure> {
        match &call.pictures.primary {
            Some(primary) => self.picture(primary),
            None => {
                let nowhere = PictureRequest {
                    id: String::new(),
                    meta: call.pictures.meta.clone(),
                };
                self.picture(&nowhere).map_err(|mut failure| {
                    if failure.code == ErrorCode::ImageLoadFailed {
                        "the call names no picture: `shared_mem_id` is missing".clone_into(&mut failure.message);
                    }
                    failure
                })
            }
        }
    }

    fn picture(&self, picture: &PictureRequest) -> Result<Frame, Failure> {
        let meta = ImageMeta::from_json(&picture.meta)
            .map_err(|error| Failure::refused(error.error_code(), error.to_string()))?;
        let Service { sources, pictures, .. } = &self.service;
        let frame = sources.picture(&picture.id, &meta, *pictures);
        frame.map_err(|error| error.to_failure())
    }

    fn put_back(&mut self, inspection: Inspection) {
        if let Some(gone) = self.sessions.put_back(inspection) {
            tracing::info!(session_id = gone, "an inspection is forgotten: too many are going on");
        }
    }
}

/// Whether the algorithm was not even called.
fn is_refusal(failure: &Failure) -> bool {
    failure.class == FailureClass::Refused
}

/// Which call a line is about.
fn about(call: &CallRequest) -> Map<String, Value> {
    let session = call.inspection.as_ref().and_then(|inspection| inspection.id.clone());
    Map::from_iter([
        ("session_id".to_owned(), session.into()),
        ("step_index".to_owned(), call.step_index.into()),
        ("request_id".to_owned(), call.request_id.to_string().into()),
    ])
}

impl Asked {
    fn quiet(answer: Answer) -> Self {
        Self {
            answer,
            logs: Logs::default(),
        }
    }

    /// What became of a hook. A failure is logged and is not the runner's business, unless the request was wrong.
    fn hook(call: &CallRequest, report: HookReport) -> Self {
        let answer = match &report.failure {
            Some(failure) if is_refusal(failure) => Answer::failed(call, failure),
            Some(failure) => {
                tracing::warn!(phase = call.phase.as_str(), "a hook failed: {failure}");
                Answer::Step(Answer::good(call))
            }
            None => Answer::Step(Answer::good(call)),
        };
        Self {
            answer,
            logs: report.logs,
        }
    }
}
