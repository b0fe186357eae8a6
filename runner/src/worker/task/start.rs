//! From the start of a process until it can be asked.

use super::{End, Happening, Task, Wanted};
use crate::error::{Failure, ProtocolError, Told};
use crate::launch::Dialect;
use crate::message::{self, Hello, Incoming, Reply};
use crate::outcome::AnswerStatus;
use crate::worker::heartbeat::after;
use crate::worker::process::Process;
use serde_json::Value;
use std::sync::Arc;
use tokio::time::Instant;

impl Task {
    /// Hello in both directions, and then whatever is answered only when the algorithm is loaded.
    pub(super) async fn warm_up(&mut self, process: &mut Process) -> Result<Arc<Hello>, End> {
        let limit = self.setting.supervision.start;
        let mut due = after(Instant::now(), limit);
        let mut greeted: Option<(Arc<Hello>, String)> = None;
        loop {
            if self.wanted != Wanted::Running {
                return Err(End::Unwanted);
            }
            let said = match self.happening(process, Some(due)).await {
                Happening::Said(said) => said,
                Happening::Command => continue,
                Happening::Due => {
                    return Err(End::Failed(match (self.told.take(), greeted) {
                        (Some(told), _) => Failure::Refused(told),
                        (None, Some(_)) => Failure::NotWarm(limit),
                        (None, None) => Failure::NoHello(limit),
                    }));
                }
            };
            let Some(incoming) = self.heard(process, said)? else {
                continue;
            };
            match (incoming, &greeted) {
                (Incoming::Hello(hello), None) => {
                    let hello = Arc::new(hello);
                    self.status
                        .send_modify(|status| status.hello = Some(Arc::clone(&hello)));
                    let request_id = self.request_ids.next();
                    process.send(&message::hello(&self.setting.supervision));
                    process.send(&match self.setting.dialect {
                        Dialect::V2 => message::info(&request_id),
                        Dialect::V3 => message::ping(&request_id),
                    });
                    greeted = Some((hello, request_id));
                }
                // It will end by itself; if it does not, it need not have the whole time for it.
                (Incoming::Told(_), _) => due = due.min(after(Instant::now(), self.setting.supervision.kill)),
                (Incoming::Pong(id), Some((hello, asked)))
                    if self.setting.dialect == Dialect::V3 && id.as_ref() == Some(asked) =>
                {
                    let hello = Arc::clone(hello);
                    self.status
                        .send_modify(|status| status.info = Some(Arc::new(Value::Null)));
                    return Ok(hello);
                }
                (Incoming::Reply(reply), Some((hello, asked))) if reply.request_id.as_ref() == Some(asked) => {
                    let info = info_of(reply).map_err(End::Failed)?;
                    let hello = Arc::clone(hello);
                    self.status.send_modify(|status| status.info = Some(Arc::new(info)));
                    return Ok(hello);
                }
                (incoming, _) => self.unexpected(&incoming),
            }
        }
    }
}

/// What an algorithm is, as the process answered.
fn info_of(reply: Reply) -> Result<Value, Failure> {
    if reply.status != Some(AnswerStatus::Ok) {
        return Err(Failure::Refused(Told {
            code: reply.error_code,
            message: reply.message,
        }));
    }
    match reply.data {
        Value::Object(mut data) => data.remove("info").filter(|info| !info.is_null()),
        _ => None,
    }
    .ok_or_else(|| ProtocolError::NoInfo.into())
}
