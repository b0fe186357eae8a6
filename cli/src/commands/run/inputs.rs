//! From arguments to a request: pictures are read, JSON is parsed, and whatever is wrong is said before anything is
//! built.

use super::Run;
use crate::commands::error::CommandError;
use procvision_host::call::StepCall;
use procvision_host::frame::Frame;
use procvision_host::limits::Limits;
use procvision_host::policy::PicturePolicy;
use procvision_host::report::{Picture, PictureOrigin};
use procvision_host::session::{Session, SessionBounds};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of a file that holds parameters or a session.
const JSON_BYTES: u64 = 4 << 20;
/// The session's identifier unless it has one.
const SESSION_ID: &str = "run";

/// Everything the algorithm is given.
pub(super) struct Inputs {
    pub(super) call: StepCall,
    pub(super) image: Picture,
    pub(super) references: Vec<Picture>,
    pub(super) session: Session,
    /// What the session is to hold at the start.
    values: Map<String, Value>,
}

/// `NAME=PICTURE`.
pub(super) fn parse_reference(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.to_owned(), path.into())),
        _ => Err("expected NAME=PICTURE".to_owned()),
    }
}

impl Inputs {
    /// `pictures` is what the station does without a picture, unless the arguments say something else.
    pub(super) fn read(run: &Run, pictures: PicturePolicy) -> Result<Self, CommandError> {
        let params = match &run.params {
            Some(text) => object(text, "--params", "1006")?,
            None => Map::new(),
        };
        let (session, values) = match &run.session {
            Some(text) => session(object(text, "--session", "1000")?)?,
            None => (Session::new(SESSION_ID, Map::new()), Map::new()),
        };
        let image = run.picture.read(pictures)?;
        let references = run.references.iter();
        let references: Vec<Picture> = references
            .map(|(name, path)| reference(name, path))
            .collect::<Result<_, _>>()?;
        let mut call = StepCall::new(run.step, run.pid.as_str(), image.frame.clone());
        call.params = params;
        for reference in &references {
            call = call.with_reference(reference.name.as_str(), reference.frame.clone());
        }
        Ok(Self {
            call,
            image,
            references,
            session,
            values,
        })
    }

    /// Puts the values into the session, within the limits that hold.
    pub(super) fn fill_session(&mut self, limits: &Limits) -> Result<(), CommandError> {
        let bounds = SessionBounds::of(limits);
        for (key, value) in std::mem::take(&mut self.values) {
            self.session
                .set(&key, value.to_string(), bounds)
                .map_err(|error| wrong_session(format!("`values` in --session: {error}")))?;
        }
        Ok(())
    }
}

/// Reads a picture and names the file in whatever is wrong with it.
fn reference(name: &str, path: &Path) -> Result<Picture, CommandError> {
    let frame = Frame::open(path)?;
    Ok(Picture {
        name: name.to_owned(),
        origin: PictureOrigin::File(path.to_owned()),
        frame,
    })
}

/// The JSON object that an option gives, directly or in a file.
fn object(text: &str, option: &str, code: &'static str) -> Result<Map<String, Value>, CommandError> {
    let (json, place) = match text.strip_prefix('@') {
        Some(path) => (read(Path::new(path), option)?, format!("{option} {path}")),
        None => (text.to_owned(), option.to_owned()),
    };
    let wrong = |what: String| {
        let help = format!("{option} takes an object such as {{\"key\": 1}}, or @FILE that holds one");
        CommandError::could_not_run(code, what).help(help)
    };
    match serde_json::from_str(&json) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(wrong(format!("{place} is {}, but must be a JSON object", kind(&other)))),
        Err(error) => Err(wrong(format!("{place} is not JSON: {error}"))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn read(path: &Path, option: &str) -> Result<String, CommandError> {
    let wrong = |why: String| {
        let message = format!("cannot read {}: {why}", path.display());
        CommandError::could_not_run("unreadable", message).help(format!("name a JSON file after {option} @"))
    };
    // Checked before opening, since opening a named pipe would wait for a writer.
    let metadata = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
    if !metadata.is_file() {
        return Err(wrong("it is not a file".to_owned()));
    }
    let mut text = String::new();
    let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    file.take(JSON_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| wrong(error.to_string()))?;
    if text.len() as u64 > JSON_BYTES {
        return Err(wrong(format!("it has more than {JSON_BYTES} bytes")));
    }
    Ok(text)
}

fn wrong_session(what: String) -> CommandError {
    let help = "--session takes an object such as {\"product_code\": \"A01\", \"values\": {\"count\": 1}}";
    CommandError::could_not_run("1000", what).help(help)
}

/// The session that an object describes, and the values to put into it: `id` and `values` are taken out, the rest is
/// its context.
fn session(mut object: Map<String, Value>) -> Result<(Session, Map<String, Value>), CommandError> {
    let wrong = wrong_session;
    let id = match object.remove("id") {
        None => SESSION_ID.to_owned(),
        Some(Value::String(id)) => id,
        Some(other) => {
            return Err(wrong(format!(
                "`id` in --session is {}, but must be a text",
                kind(&other)
            )));
        }
    };
    let values = match object.remove("values") {
        None => Map::new(),
        Some(Value::Object(values)) => values,
        Some(other) => {
            let message = format!("`values` in --session is {}, but must be an object", kind(&other));
            return Err(wrong(message));
        }
    };
    Ok((Session::new(id, object), values))
}
