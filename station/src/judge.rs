//! One step of an inspection: its questions are asked one after the other, and each answer is on disk before anybody is told.

use crate::config::PhaseName;
use crate::events::Kind;
use crate::inspection::{Inspection, Verdict};
use crate::picture::Picture as Pictured;
use crate::seat::{Full, Judge, Waiting};
use crate::station::Station;
use procvision_host::protocol::now_ms;
use procvision_host::visible;
use procvision_results::{NewResult, Outcome as Judged, Phase as JudgedPhase, Picture, ResultsError, StoredResult};
use procvision_runner::{Answer, AnswerStatus, Outcome, Phase, Question};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is asked about one picture.
#[derive(Debug)]
pub struct StepRequest {
    /// The step, from 1.
    pub step_index: u32,
    /// The questions, in this order.
    pub phases: Vec<PhaseName>,
    /// Parameters of the step.
    pub params: Map<String, Value>,
    /// What the step is called.
    pub step_desc: Option<String>,
    /// Where things are expected.
    pub guides: Value,
    /// What is judged.
    pub picture: Arc<Pictured>,
    /// What it is compared with.
    pub guide: Option<Pictured>,
    /// The line that asks, if it is one.
    pub line: Option<String>,
}

/// What a step has brought.
#[derive(Debug)]
pub struct StepAnswer {
    /// How it came out.
    pub verdict: Verdict,
    /// The answer to each question that was asked.
    pub results: Vec<StoredResult>,
}

/// What a question has brought, before anybody is told.
#[derive(Debug)]
pub(crate) struct Asked {
    /// How it came out.
    pub verdict: Verdict,
    new: NewResult,
    thumbnail: Option<Vec<u8>>,
    answer: Answer,
    answered: Instant,
}

/// Why nobody can say what a step has brought.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// Too many wait. Nothing was asked.
    #[error(transparent)]
    Full(#[from] Full),
    /// The inspection has ended while the step waited. Nothing was asked.
    #[error("the inspection has ended")]
    Over,
    /// What was answered cannot be kept, and so it does not count.
    #[error("the result cannot be written, and so it does not count")]
    NotKept(#[from] ResultsError),
}

impl Station {
    /// Asks about one picture, for somebody who waits for it.
    ///
    /// # Errors
    ///
    /// See [`JudgeError`]. Whatever an algorithm does is no error but an answer.
    pub async fn judge(
        &self,
        inspection: &Arc<Inspection>,
        request: &StepRequest,
        waiting: Waiting,
    ) -> Result<StepAnswer, JudgeError> {
        // The session of an inspection is lent to one question at a time.
        let _turn = inspection.turn.lock().await;
        if inspection.is_over() {
            return Err(JudgeError::Over);
        }
        let mut results = Vec::new();
        let mut verdict = Verdict::Ok;
        for phase in &request.phases {
            let asked = self.ask(inspection, request, &waiting, *phase).await;
            verdict = asked.verdict;
            let stored = self.keep(asked).await.inspect_err(|_| {
                // Nobody can say any more that this step is good.
                inspection.note(request.step_index, Verdict::Failed);
            })?;
            results.push(stored);
            if verdict != Verdict::Ok {
                // What is not right is not asked further about.
                break;
            }
        }
        inspection.note(request.step_index, verdict);
        Ok(StepAnswer { verdict, results })
    }

    /// Puts one question. Nobody is told what it has brought before that is kept.
    pub(crate) async fn ask(
        &self,
        inspection: &Inspection,
        request: &StepRequest,
        waiting: &Waiting,
        phase: PhaseName,
    ) -> Asked {
        let since = Instant::now();
        let question = self.question(inspection, request, phase);
        let answer = inspection.place.ask(waiting, question).await;
        let answered = Instant::now();
        let picture = request.picture.record(since + answer.waited);
        let (new, verdict) = result(inspection, request, phase, &answer, picture);
        let kept = self.results().keeps_thumbnail(new.outcome);
        let thumbnail = match kept {
            true => self.pictures().thumbnail(&request.picture).await,
            false => None,
        };
        Asked {
            verdict,
            new,
            thumbnail,
            answer,
            answered,
        }
    }

    /// Brings what a question has brought to disk, and then tells everybody.
    pub(crate) async fn keep(&self, asked: Asked) -> Result<StoredResult, ResultsError> {
        let stored = self.record(asked.new, asked.thumbnail).await?;
        self.tell(&stored, &asked.answer, asked.verdict, asked.answered.elapsed());
        Ok(stored)
    }

    /// Brings a result to disk. What an algorithm has published beside its answer is left out if it is more than is kept.
    async fn record(&self, mut new: NewResult, thumbnail: Option<Vec<u8>>) -> Result<StoredResult, ResultsError> {
        let has_thumbnail = thumbnail.is_some();
        let id = match self.results().record(new.clone(), thumbnail.clone()).await {
            Err(ResultsError::TooLarge { what: "result", .. }) if !new.debug.is_empty() => {
                new.debug = Map::from_iter([("left_out".to_owned(), true.into())]);
                self.results().record(new.clone(), thumbnail).await?
            }
            recorded => recorded?,
        };
        Ok(StoredResult {
            id,
            result: new,
            has_thumbnail,
        })
    }

    fn question(&self, inspection: &Inspection, request: &StepRequest, phase: PhaseName) -> Question {
        Question {
            phase: match phase {
                PhaseName::PreExecute => Phase::PreExecute,
                PhaseName::Execute => Phase::Execute,
            },
            step_index: request.step_index,
            pid: inspection.place.seat().pid.clone(),
            session: inspection.id.clone(),
            context: inspection.context.clone(),
            params: request.params.clone(),
            picture: Some(request.picture.reference.clone()),
            guide: request.guide.as_ref().map(|guide| guide.reference.clone()),
            step_desc: request.step_desc.clone(),
            guides: request.guides.clone(),
        }
    }

    /// Tells everybody who watches. `kept` is how long it took to bring it to disk.
    fn tell(&self, result: &StoredResult, answer: &Answer, verdict: Verdict, kept: Duration) {
        self.metrics().judged(&result.result, answer, kept);
        let mut data = serde_json::to_value(result).unwrap_or_default();
        if let Value::Object(data) = &mut data {
            data.insert("kept_us".to_owned(), micros(kept).into());
            if result.has_thumbnail {
                data.insert("url".to_owned(), format!("/results/{}/thumbnail", result.id).into());
            }
        }
        self.events().say(Kind::Result, &data);
        if verdict == Verdict::Failed {
            let NewResult {
                pid,
                inspection,
                message,
                ..
            } = &result.result;
            tracing::warn!(pid, inspection, "a step failed: {}", visible::line(message));
        }
    }
}

/// What is kept of an answer, and how it came out.
fn result(
    inspection: &Inspection,
    request: &StepRequest,
    phase: PhaseName,
    answer: &Answer,
    picture: Picture,
) -> (NewResult, Verdict) {
    let seat = inspection.place.seat();
    let (algorithm, version, digest) = match &seat.judge {
        Judge::Release { release, digest } => (release.name.clone(), release.version.to_string(), digest.clone()),
        Judge::Command => (format!("command of {}", seat.pid), String::new(), String::new()),
    };
    let judged = Reading::of(phase, &answer.outcome);
    let new = NewResult {
        at_ms: now_ms(),
        inspection: inspection.id.clone(),
        // As it is in the process's log, if the process was asked.
        request_id: match answer.request_id.as_str() {
            "" => inspection.next_request_id(),
            asked => asked.to_owned(),
        },
        pid: seat.pid.clone(),
        algorithm,
        version,
        digest,
        line: request.line.clone(),
        step_index: request.step_index,
        phase: match phase {
            PhaseName::PreExecute => JudgedPhase::PreExecute,
            PhaseName::Execute => JudgedPhase::Execute,
        },
        outcome: match judged.verdict {
            Verdict::Ok => Judged::Ok,
            Verdict::NotGood => Judged::Ng,
            Verdict::NotReady | Verdict::Failed => Judged::Failed,
        },
        error_code: judged.error_code,
        message: judged.message,
        ng_reason: judged.ng_reason,
        defects: judged.defects,
        picture: Some(picture),
        params: request.params.clone(),
        debug: judged.debug,
        attempts: answer.attempts,
        waited_us: micros(answer.waited),
        took_us: micros(answer.took),
        context: inspection.context.clone(),
    };
    (new, judged.verdict)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What an answer says.
struct Reading {
    verdict: Verdict,
    error_code: Option<String>,
    message: String,
    ng_reason: Option<String>,
    defects: Vec<Value>,
    debug: Map<String, Value>,
}

impl Reading {
    fn of(phase: PhaseName, outcome: &Outcome) -> Self {
        let nothing = Map::new();
        let (status, message, error_code, data) = match outcome {
            Outcome::Answered {
                status,
                message,
                error_code,
                data,
            } => (
                *status,
                message.clone(),
                error_code.clone(),
                data.as_object().unwrap_or(&nothing),
            ),
            Outcome::Failed { code, message, .. } => {
                return Self::failed(code.clone(), message.clone(), &nothing);
            }
        };
        if let Some(code) = error_code {
            return Self::failed(code, message, data);
        }
        let good = status == AnswerStatus::Ok;
        let text = |key: &str| data.get(key).and_then(Value::as_str).map(str::to_owned);
        let verdict = match (phase, good, text("result_status").as_deref()) {
            (PhaseName::PreExecute, true, _) => Verdict::Ok,
            // The conditions are not right: no failure, and no product was judged.
            (PhaseName::PreExecute, false, _) => Verdict::NotReady,
            (PhaseName::Execute, true, Some("OK")) => Verdict::Ok,
            (PhaseName::Execute, true, Some("NG")) => Verdict::NotGood,
            // Nothing is ever passed silently: an answer without a verdict is none.
            (PhaseName::Execute, _, _) => {
                let message = format!("the answer has no verdict: {message}");
                return Self::failed("1000".to_owned(), message, data);
            }
        };
        Self {
            verdict,
            error_code: None,
            message,
            ng_reason: text("ng_reason"),
            defects: data
                .get("defect_rects")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
            debug: debug(data),
        }
    }

    fn failed(code: String, message: String, data: &Map<String, Value>) -> Self {
        Self {
            verdict: Verdict::Failed,
            error_code: Some(code),
            message,
            ng_reason: None,
            defects: Vec::new(),
            debug: debug(data),
        }
    }
}

fn debug(data: &Map<String, Value>) -> Map<String, Value> {
    data.get("debug")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}
