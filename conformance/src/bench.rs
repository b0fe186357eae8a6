//! What a case has to work with: a subject, a store with pictures, and short words for what most cases do.

use crate::answer::{self, Answer};
use crate::peer::Peer;
use crate::pictures::{JPEG, Store, plain};
use crate::request::{self, Call, meta};
use crate::step::{Step, Stop, check};
use crate::subject::{Dialect, Launch, Subject};
use serde_json::{Map, Value, json};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The picture that calls name unless they say otherwise, and its size and colour.
pub const PICTURE: &str = "dev-shm:conformance:cur";
/// Size of [`PICTURE`].
pub const PICTURE_SIZE: (u32, u32) = (64, 40);
/// Colour of [`PICTURE`].
pub const PICTURE_COLOUR: [u8; 3] = [10, 20, 30];
/// The second picture of version 0.3.
pub const GUIDE: &str = "dev-shm:conformance:guide";
/// Size of [`GUIDE`].
pub const GUIDE_SIZE: (u32, u32) = (32, 24);
/// Colour of [`GUIDE`].
pub const GUIDE_COLOUR: [u8; 3] = [40, 50, 60];
/// The product model that the algorithm judges.
pub const PID: &str = "A01";

/// A subject that speaks one version, and a store.
#[derive(Debug)]
pub struct Bench<'a> {
    /// What is examined.
    pub subject: &'a Subject,
    /// Which version of the protocol is spoken.
    pub dialect: Dialect,
    /// Where pictures are put.
    pub store: Store,
    /// How long one thing may take.
    pub patience: Duration,
}

impl<'a> Bench<'a> {
    /// Makes the store in `folder` and puts the pictures there that calls name.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub fn new(subject: &'a Subject, dialect: Dialect, folder: &Path, patience: Duration) -> io::Result<Self> {
        let store = Store::new(folder)?;
        let array =
            |id, (width, height), colour| store.put_array(id, &[height, width, 3], &plain(width, height, colour));
        array(PICTURE, PICTURE_SIZE, PICTURE_COLOUR)?;
        array(GUIDE, GUIDE_SIZE, GUIDE_COLOUR)?;
        store.put_file("dev-shm:jpeg", JPEG)?;
        Ok(Self {
            subject,
            dialect,
            store,
            patience,
        })
    }

    /// Starts the subject and says nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn launch(&self, launch: &Launch, env: &[(&str, &str)]) -> Step<Peer> {
        let store = self.store.folder().to_string_lossy();
        let mut all = vec![("PROC_SHM_DIR", &*store)];
        all.extend_from_slice(env);
        Ok(Peer::start(launch, &all, self.patience)?)
    }

    /// Starts the subject, hears its hello and answers it.
    ///
    /// # Errors
    ///
    /// If it does not say hello.
    pub fn start(&self) -> Step<Peer> {
        self.start_with(&self.subject.launch, &[])
    }

    /// The same with another command line or environment.
    ///
    /// # Errors
    ///
    /// If it does not say hello.
    pub fn start_with(&self, launch: &Launch, env: &[(&str, &str)]) -> Step<Peer> {
        let mut peer = self.launch(launch, env)?;
        let hello = peer.receive()?.message;
        check(hello["type"] == "hello", || {
            format!("{} in place of hello", crate::peer::kind(&hello))
        })?;
        peer.send(&request::hello())?;
        Ok(peer)
    }

    /// The subject's command line with slow loading.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn slow(&self) -> Step<&Launch> {
        let none = || Stop::NotApplicable("there is no command line with slow loading".to_owned());
        self.subject.slow.as_ref().ok_or_else(none)
    }

    /// A call in the bench's version: an `execute` of step 1, which tells the algorithm to do `task`, a word that may be
    /// followed by a blank and a value.
    pub fn call(&self, request_id: &str, task: &str) -> Call {
        let (width, height) = PICTURE_SIZE;
        let (guide_width, guide_height) = GUIDE_SIZE;
        let fields = match self.dialect {
            Dialect::V02 => {
                let (word, value) = task.split_once(' ').unwrap_or((task, ""));
                json!({
                    "phase": "execute",
                    "step_index": 1,
                    "pid": PID,
                    "session": { "id": "s-1", "context": { "product_code": PID, "operator": "Kim", "trace_id": "t-1" } },
                    "user_params": { "task": word, "value": value },
                    "shared_mem_id": PICTURE,
                    "image_meta": meta(width.into(), height.into()),
                })
            }
            Dialect::V03 => json!({
                "step_index": 1,
                "step_desc": task,
                "guide_info": [{ "label": "screw", "posList": [{ "x": 1, "y": 2, "width": 3, "height": 4 }] }],
                "cur_image_shm_id": PICTURE,
                "cur_image_meta": meta(width.into(), height.into()),
                "guide_image_shm_id": GUIDE,
                "guide_image_meta": meta(guide_width.into(), guide_height.into()),
            }),
        };
        let Value::Object(fields) = fields else {
            unreachable!("both are objects");
        };
        Call {
            request_id: request_id.to_owned(),
            dialect: self.dialect,
            fields,
        }
    }

    /// A call of version 0.2 that asks nothing of the algorithm: `info`, `setup`, `reset` and the like.
    pub fn phase(&self, request_id: &str, phase: &str) -> Call {
        let mut fields = Map::new();
        fields.insert("phase".to_owned(), phase.into());
        let call = Call {
            request_id: request_id.to_owned(),
            dialect: self.dialect,
            fields,
        };
        call.with("step_index", 1).with("pid", PID).session("s-1")
    }

    /// Sends the call and takes the next frame as its result.
    ///
    /// # Errors
    ///
    /// If it is something else.
    pub fn ask(&self, peer: &mut Peer, call: &Call) -> Step<Answer> {
        peer.send(&call.message())?;
        answer::result(&peer.receive()?.message, call)
    }

    /// Sends the call, which must fail with one of these codes; the answer is the failure's message.
    ///
    /// # Errors
    ///
    /// If it is answered otherwise.
    pub fn fails(&self, peer: &mut Peer, call: &Call, codes: &[&str]) -> Step<String> {
        peer.send(&call.message())?;
        answer::failure(&peer.receive()?.message, call, codes)
    }

    /// Whatever happened before: a call is answered, and nothing is answered twice.
    ///
    /// # Errors
    ///
    /// If not.
    pub fn works(&self, peer: &mut Peer) -> Step<()> {
        self.usual(peer).map_err(|stop| match stop {
            Stop::Failed(seen) => Stop::Failed(format!("the next call: {seen}")),
            other => other,
        })
    }

    fn usual(&self, peer: &mut Peer) -> Step<()> {
        let answer = self.ask(peer, &self.call("after", "ok"))?;
        check(answer.get("result_status") == "OK", || answer.kind())?;
        peer.send(&request::ping("after-ping"))?;
        answer::pong(&peer.receive()?.message, "after-ping")
    }
}
