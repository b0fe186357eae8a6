//! A call in any of the shapes that runners send: version 0.2 with `phase`, version 0.2 with `method`, version 0.3.

use super::SESSION_ID_BYTES;
use super::error::RequestError;
use super::fields::{Fields, index};
use super::request_id::RequestId;
use crate::call::Guide;
use crate::frame::Rect;
use crate::limits::CONTEXT_BYTES;
use serde_json::{Map, Value};

const PHASES: &str = "pre, execute, info, setup, teardown, reset, on_step_start, on_step_finish";

/// What only calls of version 0.3 have.
const TWO_PICTURES: [&str; 4] = [
    "cur_image_shm_id",
    "guide_image_shm_id",
    "cur_image_meta",
    "guide_image_meta",
];

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Are the conditions right?
    Pre,
    /// Is the product good?
    Execute,
    /// What is the algorithm?
    Info,
    /// Be ready.
    Setup,
    /// Let go of everything.
    Teardown,
    /// The inspection begins anew.
    Reset,
    /// A step begins.
    StepStart,
    /// A step has ended.
    StepFinish,
}

impl Phase {
    /// The phase as answers name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pre => "pre",
            Self::Execute => "execute",
            Self::Info => "info",
            Self::Setup => "setup",
            Self::Teardown => "teardown",
            Self::Reset => "reset",
            Self::StepStart => "on_step_start",
            Self::StepFinish => "on_step_finish",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "pre" | "pre_execute" => Self::Pre,
            "execute" => Self::Execute,
            "info" | "get_info" => Self::Info,
            "setup" => Self::Setup,
            "teardown" => Self::Teardown,
            "reset" => Self::Reset,
            "on_step_start" => Self::StepStart,
            "on_step_finish" => Self::StepFinish,
            _ => return None,
        })
    }

    /// The step that is meant if none is named, as runners know it.
    const fn usual_step(self) -> u32 {
        match self {
            Self::Info => 0,
            _ => 1,
        }
    }
}

/// One question, its form checked.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRequest {
    /// Which request it is.
    pub request_id: RequestId,
    /// What is asked for.
    pub phase: Phase,
    /// Which step.
    pub step_index: u32,
    /// The product model; version 0.3 names none.
    pub pid: Option<String>,
    /// The inspection, if one is named.
    pub inspection: Option<InspectionRequest>,
    /// Parameters by key.
    pub params: Map<String, Value>,
    /// The pictures.
    pub pictures: Pictures,
    /// What the station calls the step.
    pub step_desc: Option<String>,
    /// Where the station expects things.
    pub guides: Vec<Guide>,
}

/// The inspection that a call belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct InspectionRequest {
    /// The platform's identifier; not empty.
    pub id: Option<String>,
    /// What the platform says about it, if it says something.
    pub context: Option<Map<String, Value>>,
}

/// The pictures that a call names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    /// The one that is judged, if one is named.
    pub primary: Option<PictureRequest>,
    /// What is said about the one that is judged, if it is not named.
    pub meta: Value,
    /// The one of a good product. Calls of version 0.3 have one, others have none.
    pub guide: Option<PictureRequest>,
}

impl Pictures {
    /// Whether the call is one of version 0.3, which knows no product models and no inspections.
    pub fn of_version_3(&self) -> bool {
        self.guide.is_some()
    }
}

/// A picture by its identifier.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureRequest {
    /// The identifier.
    pub id: String,
    /// What is said about it, not looked at yet.
    pub meta: Value,
}

impl CallRequest {
    pub(super) fn read(frame: &Map<String, Value>, request_id: Option<&RequestId>) -> Result<Self, RequestError> {
        let request_id = request_id.cloned().ok_or(RequestError::Missing("request_id"))?;
        let fields = Fields::of(frame)?;
        let two_pictures = TWO_PICTURES.iter().any(|key| fields.get(key).is_some());
        let phase = phase(&fields)?;
        let step_index = fields.get("step_index").map(|value| index("step_index", value));
        let step_index = step_index.transpose()?.unwrap_or(phase.usual_step());
        Ok(Self {
            request_id,
            phase,
            step_index,
            pid: fields.text("pid")?.filter(|pid| !pid.is_empty()).map(str::to_owned),
            inspection: inspection(&fields)?,
            params: fields.object("user_params")?.cloned().unwrap_or_default(),
            pictures: match two_pictures {
                true => two(&fields)?,
                false => one(&fields)?,
            },
            step_desc: fields
                .text("step_desc")?
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            guides: guides(&fields)?,
        })
    }
}

/// `phase`, or `method`, or neither, which means `execute`.
fn phase(fields: &Fields<'_>) -> Result<Phase, RequestError> {
    let named = |key, known| {
        let name = fields.text(key)?.filter(|name| !name.is_empty());
        let phase = |name: &str| {
            Phase::named(name).ok_or_else(|| RequestError::UnknownPhase {
                key,
                phase: name.to_owned(),
                known,
            })
        };
        name.map(phase).transpose()
    };
    match (named("phase", PHASES)?, named("method", "pre_execute, execute")?) {
        (Some(phase), Some(method)) if phase != method => Err(RequestError::TwoPhases),
        (phase, method) => Ok(phase.or(method).unwrap_or(Phase::Execute)),
    }
}

fn inspection(fields: &Fields<'_>) -> Result<Option<InspectionRequest>, RequestError> {
    let Some(session) = fields.object("session")? else {
        return Ok(None);
    };
    let id = match session.get("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if id.len() <= SESSION_ID_BYTES => Some(id.clone()).filter(|id| !id.is_empty()),
        Some(_) => return Err(RequestError::wrong("session.id", "a text of at most 256 bytes")),
    };
    let context = match session.get("context") {
        None | Some(Value::Null) => None,
        Some(said @ Value::Object(context)) => {
            // Before it is kept with the session.
            let bytes = said.to_string().len();
            if bytes > CONTEXT_BYTES {
                return Err(RequestError::Context(bytes));
            }
            Some(context.clone())
        }
        Some(_) => return Err(RequestError::wrong("session.context", "an object")),
    };
    Ok(Some(InspectionRequest { id, context }))
}

/// The picture of version 0.2. Whether there must be one depends on the phase and on the station.
fn one(fields: &Fields<'_>) -> Result<Pictures, RequestError> {
    let primary = picture(fields, "shared_mem_id", "image_meta")?;
    Ok(Pictures {
        primary,
        meta: fields.get("image_meta").cloned().unwrap_or_default(),
        guide: None,
    })
}

/// The pictures of version 0.3, which must both be named.
fn two(fields: &Fields<'_>) -> Result<Pictures, RequestError> {
    if fields.get("shared_mem_id").is_some() {
        return Err(RequestError::TwoPictures);
    }
    let named = |id, meta| picture(fields, id, meta)?.ok_or(RequestError::Missing(id));
    Ok(Pictures {
        primary: Some(named("cur_image_shm_id", "cur_image_meta")?),
        meta: Value::Null,
        guide: Some(named("guide_image_shm_id", "guide_image_meta")?),
    })
}

fn picture(fields: &Fields<'_>, id: &str, meta: &str) -> Result<Option<PictureRequest>, RequestError> {
    let id = fields.text(id)?.filter(|id| !id.is_empty());
    Ok(id.map(|id| PictureRequest {
        id: id.to_owned(),
        meta: fields.get(meta).cloned().unwrap_or_default(),
    }))
}

fn guides(fields: &Fields<'_>) -> Result<Vec<Guide>, RequestError> {
    const KEY: &str = "guide_info";
    fn list<'a>(key: &str, value: &'a Value) -> Result<&'a [Value], RequestError> {
        value
            .as_array()
            .map(Vec::as_slice)
            .ok_or_else(|| RequestError::wrong(key, "a list"))
    }
    let Some(value) = fields.get(KEY) else {
        return Ok(Vec::new());
    };
    let guide = |(at, guide): (usize, &Value)| {
        let at = format!("{KEY}[{at}]");
        let Value::Object(guide) = guide else {
            return Err(RequestError::wrong(at, "an object"));
        };
        let label = match guide.get("label") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(label)) => label.clone(),
            Some(_) => return Err(RequestError::wrong(format!("{at}.label"), "a text")),
        };
        let at = format!("{at}.posList");
        let places = match guide.get("posList") {
            None | Some(Value::Null) => &[],
            Some(places) => list(&at, places)?,
        };
        let positions = places.iter().enumerate();
        let positions = positions.map(|(index, place)| rect(&format!("{at}[{index}]"), place));
        Ok(Guide {
            label,
            positions: positions.collect::<Result<_, _>>()?,
        })
    };
    list(KEY, value)?.iter().enumerate().map(guide).collect()
}

fn rect(at: &str, value: &Value) -> Result<Rect, RequestError> {
    let Value::Object(rect) = value else {
        return Err(RequestError::wrong(at, "an object"));
    };
    let side = |key| {
        let at = format!("{at}.{key}");
        index(&at, rect.get(key).unwrap_or(&Value::Null))
    };
    Ok(Rect {
        x: side("x")?,
        y: side("y")?,
        width: side("width")?,
        height: side("height")?,
    })
}
