//! The one who asks the algorithm: takes calls, fetches pictures, and puts answers into the protocol's shape.

use super::Adapter;
use super::inbox::{End, Inbox, Next};
use super::log::Log;
use super::outlet::{Keep, Outlet};
use super::sessions::Sessions;
use crate::algorithm::Algorithm;
use crate::call::StepCall;
use crate::failure::{ErrorCode, Failure};
use crate::frame::Frame;
use crate::logs::{LogSource, Logs};
use crate::outcome::{Outcome, StepReport};
use crate::policy::PicturePolicy;
use crate::protocol::{CallRequest, Phase, PictureRequest, Reply, Status, StepAnswer};
use crate::session::Session;
use crate::source::{ImageMeta, Sources};
use serde_json::{Map, Value};
use std::sync::Arc;

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
    /// What of the host's knowledge is added to answers.
    pub debug_fields: Vec<String>,
}

pub(super) struct Worker {
    service: Service,
    sessions: Sessions,
    output: Outlet,
    inbox: Arc<Inbox>,
    log: Log,
}

/// What a call brought.
enum Answer {
    Step(StepAnswer),
    /// No answer: something was wrong with the request, or an accident happened.
    Error(ErrorCode, String),
}

/// The answer and what was logged meanwhile.
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
            log: adapter.log.clone(),
        }
    }

    /// Answers calls until the end, then lets the algorithm go.
    pub(super) fn run(mut self) -> End {
        let end = loop {
            // Answers are never dropped, so there is one at most that nobody has read.
            self.output.wait_for_room(|| self.inbox.is_ending());
            match self.inbox.next() {
                Next::Call(call) => self.answer(&call),
                Next::End(end) => break end,
            }
        };
        let report = self.service.algorithm.teardown();
        if let Some(failure) = report.failure {
            tracing::warn!("teardown failed: {failure}");
        }
        end
    }

    fn answer(&mut self, call: &CallRequest) {
        let Asked { answer, logs } = self.ask(call);
        let frame = match &answer {
            Answer::Step(answer) => Reply::result(&call.request_id, answer).to_frame(),
            Answer::Error(code, message) => Reply::error(Some(&call.request_id), code.as_str(), message).to_frame(),
        };
        // First, so that a runner that asks again as soon as it has the answer is not told that somebody is busy.
        self.inbox.answered();
        self.output.send(frame, Keep::Always);
        self.write_logs(call, &logs);
    }

    fn write_logs(&self, call: &CallRequest, logs: &Logs) {
        for line in &logs.lines {
            let mut fields = Map::new();
            let session = call.inspection.as_ref().and_then(|inspection| inspection.id.clone());
            fields.insert("session_id".to_owned(), session.into());
            fields.insert("step_index".to_owned(), call.step_index.into());
            fields.insert("request_id".to_owned(), call.request_id.to_string().into());
            let source = match line.source {
                LogSource::Log => "log",
                LogSource::Stdout => "stdout",
                LogSource::Stderr => "stderr",
            };
            fields.insert("source".to_owned(), source.into());
            for (key, value) in &line.fields {
                fields.entry(key.as_str()).or_insert_with(|| value.clone());
            }
            self.log.line(line.level, &line.message, fields);
        }
    }

    fn ask(&mut self, call: &CallRequest) -> Asked {
        match call.phase {
            Phase::Pre | Phase::Execute => self.step(call),
            Phase::Info => {
                let info = serde_json::to_value(self.service.algorithm.info()).unwrap_or_default();
                let mut answer = good(call);
                answer.data.insert("info".to_owned(), info);
                Asked::quiet(Answer::Step(answer))
            }
            Phase::Reset => {
                let mut session = self.sessions.take(call.inspection.as_ref());
                let report = self.service.algorithm.reset(&mut session);
                self.put_back(session);
                if let Some(failure) = &report.failure {
                    tracing::warn!("reset failed: {failure}");
                }
                Asked {
                    answer: Answer::Step(good(call)),
                    logs: report.logs,
                }
            }
            Phase::Setup | Phase::Teardown | Phase::StepStart | Phase::StepFinish => {
                Asked::quiet(Answer::Step(good(call)))
            }
        }
    }

    fn step(&mut self, call: &CallRequest) -> Asked {
        let request = match self.request(call) {
            Ok(request) => request,
            Err(failure) => return Asked::quiet(failed(call, &failure)),
        };
        let mut session = self.sessions.take(call.inspection.as_ref());
        let algorithm = &mut self.service.algorithm;
        let report = match call.phase {
            Phase::Pre => algorithm.pre_execute(&mut session, &request),
            _ => algorithm.execute(&mut session, &request),
        };
        self.put_back(session);
        if self.service.strict_stdio && report.logs.lines.iter().any(|line| line.source == LogSource::Stdout) {
            let message = "the algorithm printed to standard output; log instead, or print to standard error";
            return Asked {
                answer: Answer::Error(ErrorCode::Polluted, message.to_owned()),
                logs: report.logs,
            };
        }
        let answer = match &report.outcome {
            Outcome::Failed(failure) => failed(call, failure),
            outcome => Answer::Step(step_answer(call, outcome, &report)),
        };
        Asked {
            answer,
            logs: report.logs,
        }
    }

    /// The request as the algorithm gets it: pictures fetched, product model known.
    fn request(&self, call: &CallRequest) -> Result<StepCall, Failure> {
        let pid = match (&call.pid, &self.service.pid) {
            (Some(pid), _) | (None, Some(pid)) => pid.clone(),
            (None, None) if call.without_session => {
                let pids = &self.service.algorithm.info().supported_pids;
                pids.first().cloned().unwrap_or_default()
            }
            (None, None) => return Err(Failure::refused(ErrorCode::BadExchange, "`pid` is missing")),
        };
        let Some(primary) = &call.pictures.primary else {
            let message = "the call names no picture in `shared_mem_id`";
            return Err(Failure::refused(ErrorCode::ImageLoadFailed, message));
        };
        let mut request = StepCall::new(call.step_index, pid, self.picture(primary)?);
        if let Some(guide) = &call.pictures.guide {
            request = request.with_reference(GUIDE, self.picture(guide)?);
        }
        request.params.clone_from(&call.params);
        request.step_desc.clone_from(&call.step_desc);
        request.guides.clone_from(&call.guides);
        Ok(request)
    }

    fn picture(&self, picture: &PictureRequest) -> Result<Frame, Failure> {
        let meta = ImageMeta::from_json(&picture.meta)
            .map_err(|error| Failure::refused(error.error_code(), error.to_string()))?;
        let Service { sources, pictures, .. } = &self.service;
        let frame = sources.picture(&picture.id, &meta, *pictures);
        frame.map_err(|error| error.to_failure())
    }

    fn put_back(&mut self, session: Session) {
        if let Some(gone) = self.sessions.put_back(session) {
            tracing::debug!(session_id = gone, "an inspection is forgotten: too many are going on");
        }
    }
}

impl Asked {
    fn quiet(answer: Answer) -> Self {
        Self {
            answer,
            logs: Logs::default(),
        }
    }
}

/// An answer without content.
fn good(call: &CallRequest) -> StepAnswer {
    StepAnswer {
        status: Status::Good,
        message: String::new(),
        error_code: None,
        data: Map::from_iter([
            ("phase".to_owned(), call.phase.as_str().into()),
            ("step_index".to_owned(), call.step_index.into()),
        ]),
    }
}

/// A failure as runners know it: an accident or a bad request is an error, everything else the answer of the step.
fn failed(call: &CallRequest, failure: &Failure) -> Answer {
    match failure.code {
        ErrorCode::BadExchange | ErrorCode::Trap => Answer::Error(failure.code, failure.message.clone()),
        code => Answer::Step(StepAnswer {
            status: Status::Error,
            message: failure.message.clone(),
            error_code: Some(code.as_str()),
            ..good(call)
        }),
    }
}

fn step_answer(call: &CallRequest, outcome: &Outcome, report: &StepReport) -> StepAnswer {
    let mut answer = good(call);
    let mut protocol = outcome.to_protocol();
    if protocol["status"] == "ERROR" {
        answer.status = Status::Error;
    }
    if let Value::String(message) = protocol["message"].take() {
        answer.message = message;
    }
    if let Value::Object(data) = protocol["data"].take() {
        answer.data.extend(data);
    }
    if !report.diagnostics.is_empty() {
        answer
            .data
            .insert("debug".to_owned(), Value::Object(report.diagnostics.clone()));
    }
    answer
}
