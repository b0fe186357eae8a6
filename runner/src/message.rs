//! What is said in a frame: what the runner says, in the version that the process understands, and what a process says.

use crate::error::{ProtocolError, Told};
use crate::excerpt::{excerpt, shortened};
use crate::launch::Dialect;
use crate::outcome::{AnswerStatus, FailureKind, Outcome};
use crate::question::{Phase, PictureRef, Question};
use crate::supervision::Supervision;
use crate::wire;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// Most capabilities of a hello that are kept, and most characters of each.
const CAPABILITIES: (usize, usize) = (64, 64);
/// Most characters of what a process says about itself that are kept.
const TOLD: usize = 1_000;

/// What a process said of itself when it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The version of what serves the algorithm; empty if it names none.
    pub sdk_version: String,
    /// What it can be asked.
    pub capabilities: Vec<String>,
}

impl Hello {
    /// Whether it names this capability.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    /// Whether the process understands both versions of the protocol, as `procvision adapter` does: only one of version
    /// 0.2 has `info`, only one of version 0.3 has `execute`.
    fn speaks_both(&self) -> bool {
        self.can("info") && self.can("execute")
    }
}

/// What the runner says.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Outgoing<'a> {
    Hello {
        runner_version: &'a str,
        heartbeat_interval_ms: u64,
        heartbeat_grace_ms: u64,
    },
    Ping {
        request_id: &'a str,
    },
    Call {
        request_id: &'a str,
        #[serde(flatten)]
        fields: Fields<'a>,
    },
    Shutdown,
}

/// The fields of a call. What is not there is left out.
#[derive(Default, Serialize)]
struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Session<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_params: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_mem_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_meta: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cur_image_shm_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cur_image_meta: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guide_image_shm_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guide_image_meta: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_desc: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    guide_info: Option<&'a Value>,
}

#[derive(Serialize)]
struct Session<'a> {
    id: &'a str,
    context: &'a Map<String, Value>,
}

/// Why a question cannot be put to a process.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unaskable {
    #[error("version 0.3 of the protocol, which this process speaks, has no {0}")]
    Phase(Phase),
    #[error("this process does not name the capability reset, and would judge instead")]
    NoReset,
    #[error("a question {0} must name a picture")]
    NoPicture(Phase),
    #[error("this process, which speaks version 0.2 of the protocol, takes no guide picture")]
    Guide,
    #[error("the question is longer than the {} MiB of a frame", wire::FRAME_BYTES >> 20)]
    TooLong,
}

/// The runner's hello.
pub(crate) fn hello(supervision: &Supervision) -> Vec<u8> {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    small(&Outgoing::Hello {
        runner_version: env!("CARGO_PKG_VERSION"),
        heartbeat_interval_ms: ms(supervision.heartbeat_interval),
        heartbeat_grace_ms: ms(supervision.heartbeat_grace),
    })
}

/// A sign of life is asked for.
pub(crate) fn ping(request_id: &str) -> Vec<u8> {
    small(&Outgoing::Ping { request_id })
}

/// What the algorithm is, answered when it is loaded. Version 0.2 only.
pub(crate) fn info(request_id: &str) -> Vec<u8> {
    let fields = Fields {
        phase: Some("info"),
        ..Fields::default()
    };
    small(&Outgoing::Call { request_id, fields })
}

/// The process is to end.
pub(crate) fn shutdown() -> Vec<u8> {
    small(&Outgoing::Shutdown)
}

/// A message of a few texts and numbers, which is never too long.
fn small(message: &Outgoing<'_>) -> Vec<u8> {
    wire::frame(message).unwrap_or_default()
}

/// A question, in the words of the process that said `hello`.
pub(crate) fn call(
    question: &Question,
    dialect: Dialect,
    hello: &Hello,
    request_id: &str,
) -> Result<Vec<u8>, Unaskable> {
    let phase = question.phase;
    if !dialect.knows(phase) {
        return Err(Unaskable::Phase(phase));
    }
    let mut fields = Fields {
        step_index: Some(question.step_index),
        step_desc: question.step_desc.as_deref(),
        guide_info: Some(&question.guides).filter(|guides| !guides.is_null()),
        ..Fields::default()
    };
    match (phase, &question.picture) {
        (Phase::Reset, _) if !hello.can("reset") => return Err(Unaskable::NoReset),
        (Phase::Reset, _) => {}
        (_, None) => return Err(Unaskable::NoPicture(phase)),
        (_, Some(picture)) => fields.show(picture, question.guide.as_ref(), dialect, hello)?,
    }
    if dialect == Dialect::V2 {
        fields.phase = Some(match phase {
            Phase::PreExecute => "pre",
            Phase::Execute => "execute",
            Phase::Reset => "reset",
        });
        fields.pid = Some(&question.pid);
        fields.session = Some(Session {
            id: &question.session,
            context: &question.context,
        });
        fields.user_params = Some(&question.params);
    }
    wire::frame(&Outgoing::Call { request_id, fields }).ok_or(Unaskable::TooLong)
}

impl<'a> Fields<'a> {
    fn show(
        &mut self,
        picture: &'a PictureRef,
        guide: Option<&'a PictureRef>,
        dialect: Dialect,
        hello: &Hello,
    ) -> Result<(), Unaskable> {
        if dialect == Dialect::V2 && guide.is_none() {
            self.shared_mem_id = Some(&picture.id);
            self.image_meta = Some(&picture.meta);
            return Ok(());
        }
        // A process that knows version 0.2 alone would find no picture where it looks, and may judge all the same.
        if dialect == Dialect::V2 && !hello.speaks_both() {
            return Err(Unaskable::Guide);
        }
        self.cur_image_shm_id = Some(&picture.id);
        self.cur_image_meta = Some(&picture.meta);
        if let Some(guide) = guide {
            self.guide_image_shm_id = Some(&guide.id);
            self.guide_image_meta = Some(&guide.meta);
        }
        Ok(())
    }
}

/// What a process says.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming {
    Hello(Hello),
    /// With the text that the ping had.
    Pong(Option<String>),
    Reply(Reply),
    /// An error that is about no request: the process will end, or was told something that it cannot read.
    Told(Told),
    Shutdown,
    /// A type that this runner does not know.
    Unknown(String),
}

/// The answer to a call.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply {
    /// As the call had it, if it was a text, as this runner's always are.
    pub request_id: Option<String>,
    /// The status of a result; nothing if it is an error.
    pub status: Option<AnswerStatus>,
    pub message: String,
    pub error_code: Option<String>,
    pub data: Value,
}

/// Codes with which another attempt may help: a time limit of the sandbox, a fault of what serves the algorithm.
const RETRIED: [&str; 2] = ["1005", "9999"];
/// Codes with which an algorithm is lost: memory, time, a fault, an accident.
const ACCIDENTS: [&str; 4] = ["1004", "1005", "1009", "9999"];

impl Reply {
    /// Whether the same question may be answered otherwise next time.
    pub fn may_be_retried(&self) -> bool {
        self.has_code_of(&RETRIED)
    }

    /// Whether the algorithm works. An error says nothing about it: a process whose algorithm fails each time answers,
    /// too.
    pub fn shows_health(&self) -> bool {
        self.status.is_some() && !self.has_code_of(&ACCIDENTS)
    }

    /// What it is for whoever has asked.
    pub fn into_outcome(self) -> Outcome {
        match self.status {
            Some(status) => Outcome::Answered {
                status,
                message: self.message,
                error_code: self.error_code,
                data: self.data,
            },
            None => Outcome::Failed {
                code: self
                    .error_code
                    .unwrap_or_else(|| FailureKind::Refused.code().to_owned()),
                message: self.message,
                kind: FailureKind::Refused,
            },
        }
    }

    fn has_code_of(&self, codes: &[&str]) -> bool {
        self.error_code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

/// Every key that any message has. A key that stands twice, or has another type, is refused.
#[derive(Deserialize)]
struct Raw {
    r#type: String,
    request_id: Option<Value>,
    status: Option<String>,
    message: Option<String>,
    error_code: Option<Code>,
    data: Option<Value>,
    sdk_version: Option<Value>,
    capabilities: Option<Vec<Value>>,
}

/// Codes are texts; some programs write numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Text(String),
    Number(u64),
}

/// What the body of a frame says.
pub(crate) fn read(body: &[u8]) -> Result<Incoming, ProtocolError> {
    // Such an error may quote what it has found, however long.
    let unreadable = |error: &dyn std::fmt::Display| ProtocolError::Unreadable(Arc::from(excerpt(&error.to_string())));
    // A list would be read as the fields in their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(unreadable(&"it is not a JSON object"));
    }
    let raw: Raw = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let request_id = match raw.request_id {
        Some(Value::String(id)) => Some(id),
        Some(Value::Null) | None => None,
        // Not one of this runner's, and so about a request that it has never sent.
        Some(other) => Some(other.to_string()),
    };
    let message = raw.message.unwrap_or_default();
    let error_code = raw.error_code.map(|code| match code {
        Code::Text(code) => code,
        Code::Number(code) => code.to_string(),
    });
    let error_code = error_code.filter(|code| !code.is_empty());
    Ok(match raw.r#type.as_str() {
        "hello" => Incoming::Hello(Hello {
            sdk_version: match raw.sdk_version {
                Some(Value::String(version)) => shortened(&version, CAPABILITIES.1),
                _ => String::new(),
            },
            capabilities: capabilities(raw.capabilities.unwrap_or_default()),
        }),
        "pong" => Incoming::Pong(request_id),
        "result" => Incoming::Reply(Reply {
            request_id,
            status: Some(match raw.status.unwrap_or_default() {
                status if status == "OK" => AnswerStatus::Ok,
                status if status == "ERROR" => AnswerStatus::Error,
                status => return Err(ProtocolError::Status(status)),
            }),
            message,
            error_code,
            data: raw.data.unwrap_or_default(),
        }),
        "error" if request_id.is_none() => Incoming::Told(Told {
            code: error_code.map(|code| shortened(&code, CAPABILITIES.1)),
            message: shortened(&message, TOLD),
        }),
        "error" => Incoming::Reply(Reply {
            request_id,
            status: None,
            message,
            error_code,
            data: raw.data.unwrap_or_default(),
        }),
        "shutdown" => Incoming::Shutdown,
        _ => Incoming::Unknown(raw.r#type),
    })
}

fn capabilities(named: Vec<Value>) -> Vec<String> {
    let texts = named.into_iter().filter_map(|name| match name {
        Value::String(name) => Some(shortened(&name, CAPABILITIES.1)),
        _ => None,
    });
    texts.take(CAPABILITIES.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(frame: Vec<u8>) -> Value {
        assert_eq!(frame[..4], u32::try_from(frame.len() - 4).unwrap().to_be_bytes());
        serde_json::from_slice(&frame[4..]).unwrap()
    }

    fn both() -> Hello {
        Hello {
            sdk_version: "1".to_owned(),
            capabilities: ["ping", "call", "info", "reset", "execute"].map(str::to_owned).to_vec(),
        }
    }

    fn picture(id: &str) -> PictureRef {
        PictureRef {
            id: id.to_owned(),
            meta: json!({"width": 4, "height": 3}),
        }
    }

    fn question(phase: Phase) -> Question {
        Question {
            session: "s-1".to_owned(),
            ..Question::new(phase, 2, "A01", picture("frame-1"))
        }
    }

    #[test]
    fn the_runner_says_what_the_protocol_has() {
        let supervision = Supervision::default();
        assert_eq!(
            said(hello(&supervision)),
            json!({"type": "hello", "runner_version": env!("CARGO_PKG_VERSION"),
                   "heartbeat_interval_ms": 5000, "heartbeat_grace_ms": 2000})
        );
        assert_eq!(said(ping("p-1")), json!({"type": "ping", "request_id": "p-1"}));
        assert_eq!(
            said(info("i-1")),
            json!({"type": "call", "request_id": "i-1", "phase": "info"})
        );
        assert_eq!(said(shutdown()), json!({"type": "shutdown"}));
    }

    #[test]
    fn a_question_in_version_2() {
        let mut question = question(Phase::PreExecute);
        question.params.insert("gain".to_owned(), json!(2));
        question.context.insert("operator".to_owned(), json!("m"));
        let call = said(call(&question, Dialect::V2, &Hello::default(), "r-1").unwrap());
        assert_eq!(
            call,
            json!({"type": "call", "request_id": "r-1", "phase": "pre", "step_index": 2, "pid": "A01",
                   "session": {"id": "s-1", "context": {"operator": "m"}}, "user_params": {"gain": 2},
                   "shared_mem_id": "frame-1", "image_meta": {"width": 4, "height": 3}})
        );
    }

    #[test]
    fn a_question_in_version_3_has_two_pictures_and_no_phase() {
        let mut question = question(Phase::Execute);
        question.guide = Some(picture("guide-1"));
        question.step_desc = Some("lid".to_owned());
        question.guides = json!([{"label": "cap", "posList": []}]);
        let call = said(call(&question, Dialect::V3, &Hello::default(), "r-1").unwrap());
        assert_eq!(
            call,
            json!({"type": "call", "request_id": "r-1", "step_index": 2,
                   "cur_image_shm_id": "frame-1", "cur_image_meta": {"width": 4, "height": 3},
                   "guide_image_shm_id": "guide-1", "guide_image_meta": {"width": 4, "height": 3},
                   "step_desc": "lid", "guide_info": [{"label": "cap", "posList": []}]})
        );
    }

    #[test]
    fn a_guide_picture_goes_to_a_process_of_version_2_only_if_it_knows_version_3_too() {
        let mut question = question(Phase::Execute);
        question.guide = Some(picture("guide-1"));
        let with_guide = said(call(&question, Dialect::V2, &both(), "r-1").unwrap());
        assert_eq!(with_guide["guide_image_shm_id"], "guide-1");
        assert_eq!(
            (&with_guide["phase"], &with_guide["pid"]),
            (&json!("execute"), &json!("A01"))
        );
        assert_eq!(with_guide.get("shared_mem_id"), None);
        let old = Hello {
            capabilities: vec!["info".to_owned()],
            ..Hello::default()
        };
        assert_eq!(call(&question, Dialect::V2, &old, "r-1"), Err(Unaskable::Guide));
    }

    #[test]
    fn what_a_process_would_misunderstand_is_not_asked() {
        let refused = |question: &Question, dialect, hello: &Hello| call(question, dialect, hello, "r-1").unwrap_err();
        let reset = Question::reset("A01", "s-1");
        assert_eq!(refused(&reset, Dialect::V2, &Hello::default()), Unaskable::NoReset);
        assert_eq!(refused(&reset, Dialect::V3, &both()), Unaskable::Phase(Phase::Reset));
        assert_eq!(
            refused(&question(Phase::PreExecute), Dialect::V3, &both()),
            Unaskable::Phase(Phase::PreExecute)
        );
        let blind = Question {
            picture: None,
            ..question(Phase::Execute)
        };
        assert_eq!(
            refused(&blind, Dialect::V2, &both()),
            Unaskable::NoPicture(Phase::Execute)
        );
        let mut long = question(Phase::Execute);
        long.params
            .insert("x".to_owned(), Value::from("x".repeat(wire::FRAME_BYTES as usize)));
        assert_eq!(refused(&long, Dialect::V2, &both()), Unaskable::TooLong);
        let reset = said(call(&reset, Dialect::V2, &both(), "r-1").unwrap());
        assert_eq!((&reset["phase"], reset.get("shared_mem_id")), (&json!("reset"), None));
    }

    fn heard(frame: Value) -> Incoming {
        read(frame.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_process_is_understood() {
        assert_eq!(
            heard(
                json!({"type": "hello", "sdk_version": "1", "timestamp_ms": 1, "capabilities":
                         ["ping", "call", "info", 7, "reset", "execute"]})
            ),
            Incoming::Hello(both())
        );
        assert_eq!(
            heard(json!({"type": "pong", "request_id": "p-1", "status": "OK"})),
            Incoming::Pong(Some("p-1".to_owned()))
        );
        let Incoming::Reply(reply) = heard(json!({"type": "result", "request_id": "r-1", "status": "ERROR",
                "message": "no", "error_code": 1005, "data": {"phase": "execute"}}))
        else {
            panic!("no reply");
        };
        assert_eq!(
            (reply.status, reply.error_code.as_deref()),
            (Some(AnswerStatus::Error), Some("1005"))
        );
        assert_eq!(reply.data, json!({"phase": "execute"}));
        assert!(reply.may_be_retried() && !reply.shows_health());
        let told = Told {
            code: Some("2004".to_owned()),
            message: "no component".to_owned(),
        };
        assert_eq!(
            heard(json!({"type": "error", "request_id": null, "message": "no component", "error_code": "2004"})),
            Incoming::Told(told)
        );
        assert_eq!(heard(json!({"type": "shutdown", "status": "OK"})), Incoming::Shutdown);
        assert_eq!(
            heard(json!({"type": "metrics"})),
            Incoming::Unknown("metrics".to_owned())
        );
    }

    #[test]
    fn only_a_result_without_an_accident_shows_health() {
        let reply = |frame: Value| match heard(frame) {
            Incoming::Reply(reply) => (reply.shows_health(), reply.may_be_retried()),
            other => panic!("{other:?}"),
        };
        let result = |status: &str, code: Value| json!({"type": "result", "request_id": "r", "status": status, "error_code": code});
        assert_eq!(reply(result("OK", Value::Null)), (true, false));
        assert_eq!(reply(result("ERROR", json!("1003"))), (true, false));
        assert_eq!(reply(result("ERROR", json!("1004"))), (false, false));
        assert_eq!(reply(result("ERROR", json!("9999"))), (false, true));
        let trap = json!({"type": "error", "request_id": "r", "error_code": "1009"});
        assert_eq!(reply(trap), (false, false));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for body in [
            &b"[\"hello\"]"[..],
            b"\"hello\"",
            b"",
            b"{}",
            b"{\"type\":7}",
            b"{\"type\":\"pong\",\"type\":\"pong\"}",
            b"{\"type\":\"result\",\"request_id\":\"r\",\"status\":\"OK\",\"message\":{}}",
            b"\xff{}",
            b"{\"type\":\"hello\"",
        ] {
            assert!(matches!(read(body), Err(ProtocolError::Unreadable(_))), "{body:?}");
        }
        let maybe = read(br#"{"type":"result","request_id":"r","status":"MAYBE"}"#);
        assert_eq!(maybe, Err(ProtocolError::Status("MAYBE".to_owned())));
    }
}
