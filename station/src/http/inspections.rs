//! Inspections and their steps.

use super::error::ApiError;
use super::input::{Body, Multipart, NoBody, Path, cut, drop_body, json, json_bytes, pid, whole};
use crate::config::PhaseName;
use crate::inspection::{Inspection, written_length};
use crate::judge::{StepAnswer, StepRequest};
use crate::picture::{Picture, Pictures};
use crate::seat::Judge;
use crate::station::Station;
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use procvision_runner::{FailureKind, Outcome, Question};
use serde::Deserialize;
use serde_json::{Map, Value, json as value};
use std::sync::Arc;

/// The most bytes of what is said about the product of an inspection, which algorithms read.
const CONTEXT_BYTES: usize = 64 << 10;

/// The most bytes of what is asked about a picture.
const STEP_BYTES: usize = 256 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    pid: String,
    #[serde(default)]
    context: Map<String, Value>,
}

/// Begins one.
pub(super) async fn begin(
    State(station): State<Arc<Station>>,
    Body(begin): Body<Begin>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let bytes = written_length(&begin.context);
    if bytes > CONTEXT_BYTES {
        return Err(ApiError::bad(format!(
            "`context` has {bytes} bytes of at most {CONTEXT_BYTES}"
        )));
    }
    let inspection = station.begin(&pid(begin.pid)?, begin.context)?;
    let nobody = || ApiError::not_there("nothing judges this product model").help("activate a version for it");
    let inspection = inspection.ok_or_else(nobody)?;
    Ok((StatusCode::CREATED, Json(shown(&inspection))))
}

/// Those that go on.
pub(super) async fn list(State(station): State<Arc<Station>>) -> Json<Value> {
    let all = station.inspections().all();
    let all: Vec<Value> = all.iter().map(|inspection| shown(inspection)).collect();
    Json(value!({"inspections": all}))
}

/// One of them.
pub(super) async fn show(State(station): State<Arc<Station>>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let inspection = found(&station, &id)?;
    Ok(Json(shown(&inspection)))
}

/// Begins it anew: what the algorithm has stored is forgotten.
pub(super) async fn reset(
    State(station): State<Arc<Station>>,
    Path(id): Path<String>,
    _: NoBody,
) -> Result<Json<Value>, ApiError> {
    let inspection = found(&station, &id)?;
    // The algorithm and the station forget both or neither, whether or not somebody waits for it.
    station.begin_task(forget(inspection)).await?
}

async fn forget(inspection: Arc<Inspection>) -> Result<Json<Value>, ApiError> {
    let waiting = inspection.place.join()?;
    let _turn = inspection.turn.lock().await;
    if inspection.is_over() {
        return Err(over());
    }
    let question = Question::reset(&inspection.place.seat().pid, &inspection.id);
    let answer = inspection.place.ask(&waiting, question).await;
    let why_not = match answer.outcome {
        Outcome::Answered { error_code: None, .. } => None,
        // A process that cannot be asked for it knows no sessions, and has nothing to forget.
        Outcome::Failed {
            kind: FailureKind::Refused,
            ..
        } if answer.attempts == 0 => None,
        Outcome::Answered { message, .. } | Outcome::Failed { message, .. } => Some(message),
    };
    if let Some(message) = why_not {
        return Err(
            ApiError::new(StatusCode::CONFLICT, "not-reset", message).help("end the inspection, and begin another")
        );
    }
    inspection.restart();
    Ok(Json(shown(&inspection)))
}

/// Ends it.
pub(super) async fn end(
    State(station): State<Arc<Station>>,
    Path(id): Path<String>,
    _: NoBody,
) -> Result<Json<Value>, ApiError> {
    let inspection = found(&station, &id)?;
    // What was asked before is judged first, and counts. Until then it goes on, for whoever asks again.
    let _turn = inspection.turn.lock().await;
    inspection.end();
    station.inspections().end(&id);
    Ok(Json(shown(&inspection)))
}

/// What is asked about a picture.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(deserialize_with = "whole")]
    step_index: u32,
    #[serde(default = "execute")]
    phases: Vec<PhaseName>,
    #[serde(default)]
    params: Map<String, Value>,
    step_desc: Option<String>,
    #[serde(default)]
    guides: Value,
    picture: Option<Where>,
    guide: Option<Where>,
}

impl Step {
    fn check(&self) -> Result<(), ApiError> {
        if self.step_index == 0 {
            return Err(ApiError::bad("`step_index` is 0, and steps are counted from 1"));
        }
        match self.phases[..] {
            [] => Err(ApiError::bad("`phases` is empty; leave it out to ask `execute`")),
            [_] => Ok(()),
            [first, second] if first != second => Ok(()),
            _ => Err(ApiError::bad("`phases` names a phase twice")),
        }
    }
}

fn execute() -> Vec<PhaseName> {
    vec![PhaseName::Execute]
}

/// Where a picture is.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Where {
    /// In the source of that name.
    Source(String),
    /// In a pool, by its reference.
    Pool(String),
}

/// Asks about a picture.
pub(super) async fn step(
    State(station): State<Arc<Station>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    // Before its pictures are received, decoded or written, so that what waits is bounded.
    let place = found(&station, &id).and_then(|inspection| {
        let waiting = inspection.place.join()?;
        Ok((inspection, waiting))
    });
    let (inspection, waiting) = match place {
        Ok(place) => place,
        Err(error) => {
            drop_body(request, station.config().station.upload_bytes.saturating_mul(2)).await;
            return Err(error);
        }
    };
    let (step, sent) = received(request, &station).await?;
    step.check()?;
    // Whoever asks may go; what is asked is judged and kept all the same.
    let judging = station.clone();
    let judged = station.begin_task(async move {
        let decodes = sent.decodes(&step, judging.pictures());
        let for_original = inspection.place.seat().is_command();
        let found = move |pictures: &Pictures| sent.pictures(step, pictures, for_original);
        let request = judging.pictures().work(decodes, found).await??;
        Ok::<_, ApiError>(judging.judge(&inspection, &request, waiting).await?)
    });
    let StepAnswer { verdict, results } = judged.await??;
    Ok(Json(value!({"verdict": verdict, "results": results})))
}

/// Pictures that were sent.
#[derive(Default)]
struct Sent {
    picture: Option<Bytes>,
    guide: Option<Bytes>,
}

impl Sent {
    /// Whether something must be decoded.
    fn decodes(&self, step: &Step, pictures: &Pictures) -> bool {
        let named = [&step.picture, &step.guide].into_iter().flatten();
        let mut named = named.filter_map(|named| match named {
            Where::Source(name) => Some(name),
            Where::Pool(_) => None,
        });
        self.picture.is_some() || self.guide.is_some() || named.any(|name| pictures.decodes(name))
    }

    fn pictures(self, step: Step, pictures: &Pictures, for_original: bool) -> Result<StepRequest, ApiError> {
        let one = |named: Option<Where>, sent: Option<Bytes>, what: &str| -> Result<Option<Picture>, ApiError> {
            let picture = match (named, sent) {
                (Some(_), Some(_)) => {
                    return Err(ApiError::bad(format!("`{what}` is both named and sent")));
                }
                (Some(Where::Source(name)), None) => pictures.of_source(&name)?,
                (Some(Where::Pool(reference)), None) => pictures.of_pool(&reference)?,
                (None, Some(bytes)) => pictures.of_upload(&bytes)?,
                (None, None) => return Ok(None),
            };
            Ok(Some(match for_original {
                true => pictures.for_original(picture)?,
                false => picture,
            }))
        };
        let picture = one(step.picture, self.picture, "picture")?;
        let guide = one(step.guide, self.guide, "guide")?;
        let missing = || {
            let help = "name a source or a picture of a pool under `picture`, or send a part `picture`";
            ApiError::bad("there is no picture").help(help)
        };
        Ok(StepRequest {
            step_index: step.step_index,
            phases: step.phases,
            params: step.params,
            step_desc: step.step_desc,
            guides: step.guides,
            picture: Arc::new(picture.ok_or_else(missing)?),
            guide,
            line: None,
        })
    }
}

async fn received(request: Request, station: &Arc<Station>) -> Result<(Step, Sent), ApiError> {
    let media = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|media| media.to_str().ok());
    if !media
        .unwrap_or_default()
        .to_ascii_lowercase()
        .starts_with("multipart/form-data")
    {
        return Ok((said(&json_bytes(request).await?)?, Sent::default()));
    }
    let mut parts = Multipart::from_request(request, station).await?;
    let most = station.config().station.upload_bytes;
    let (mut step, mut sent) = (None, Sent::default());
    while let Some(part) = parts.next().await? {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(cut)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
            let message = format!("a picture may have at most {most} bytes");
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message));
        }
        match name.as_str() {
            "request" => step = Some(said(&bytes)?),
            "picture" => sent.picture = Some(bytes),
            "guide" => sent.guide = Some(bytes),
            _ => return Err(ApiError::bad("the parts are `request`, `picture` and `guide`")),
        }
    }
    let step = step.ok_or_else(|| ApiError::bad("the part `request` is missing"))?;
    Ok((step, sent))
}

/// What is asked. It is kept with each result, which has its own bound.
fn said(bytes: &[u8]) -> Result<Step, ApiError> {
    if bytes.len() > STEP_BYTES {
        let message = format!("what is asked may have at most {STEP_BYTES} bytes without its pictures");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message));
    }
    json(bytes)
}

fn found(station: &Station, id: &str) -> Result<Arc<Inspection>, ApiError> {
    station.inspections().get(id).ok_or_else(over)
}

fn over() -> ApiError {
    ApiError::not_there("no such inspection goes on")
}

fn shown(inspection: &Inspection) -> Value {
    let seat = inspection.place.seat();
    let (algorithm, version) = match &seat.judge {
        Judge::Release { release, .. } => (Some(&release.name), Some(release.version.to_string())),
        Judge::Command => (None, None),
    };
    let steps = inspection.steps();
    let steps: Vec<Value> = steps
        .iter()
        .map(|(step_index, verdict)| value!({"step_index": step_index, "verdict": verdict}))
        .collect();
    value!({
        "id": inspection.id, "pid": seat.pid, "algorithm": algorithm, "version": version,
        "began_ms": inspection.began_ms, "steps": steps, "verdict": inspection.verdict(),
    })
}
