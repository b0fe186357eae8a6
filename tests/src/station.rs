//! A station that serves, and whoever asks it over HTTP.

use crate::binary::procvision;
use crate::frame_pool::{Process, eventually};
use crate::packages::Parts;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::{Request, Response};

/// The folder of a station: its store, its configuration, its sockets.
pub struct Premises {
    folder: Arc<TempDir>,
}

impl Default for Premises {
    fn default() -> Self {
        Self::new()
    }
}

impl Premises {
    /// Empty ones.
    ///
    /// # Panics
    ///
    /// If they cannot be made.
    pub fn new() -> Self {
        Self {
            folder: Arc::new(tempfile::tempdir().expect("a temporary folder can be made")),
        }
    }

    /// With these packages installed, and the first of them active for the product models that are named.
    ///
    /// # Panics
    ///
    /// If that cannot be done.
    #[track_caller]
    pub fn with(packages: &[Parts], pids: &[&str]) -> Self {
        let premises = Self::new();
        for package in packages {
            let zip = package.write(premises.folder.path());
            let zip = zip.to_str().expect("the path is text");
            premises.store(&["install", zip]);
        }
        if let (Some(first), false) = (packages.first(), pids.is_empty()) {
            premises.store(&["activate", &first.name, &first.version, "--pid", &pids.join(",")]);
        }
        premises
    }

    /// A path in them.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command of the store.
    ///
    /// # Panics
    ///
    /// If it does not go well.
    #[track_caller]
    pub fn store(&self, arguments: &[&str]) {
        let mut command = procvision();
        command
            .args(["store", "--store"])
            .arg(self.path("store"))
            .args(arguments);
        let output = command.output().expect("it can be started");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    /// The command that serves, with a configuration of its own.
    ///
    /// # Panics
    ///
    /// If the configuration cannot be written.
    pub fn command(&self, config: &Value) -> Command {
        self.command_at("127.0.0.1:0", config)
    }

    /// The same, listening somewhere else.
    ///
    /// # Panics
    ///
    /// If the configuration cannot be written.
    pub fn command_at(&self, address: &str, config: &Value) -> Command {
        std::fs::write(self.path("config.json"), config.to_string()).expect("it can be written");
        let mut command = procvision();
        command
            .args(["serve", "--json", "--quiet", "--listen", address, "--store"])
            .arg(self.path("store"))
            .arg("--config")
            .arg(self.path("config.json"))
            .arg("--socket")
            .arg(self.path("station.sock"))
            .arg("--frames-socket")
            .arg(self.path("frames.sock"));
        command
    }

    /// Serves, and waits until everything that is active can be asked.
    ///
    /// # Panics
    ///
    /// If it does not begin.
    #[track_caller]
    pub fn serve(&self, config: &Value) -> Served {
        self.serve_at("127.0.0.1:0", config)
    }

    /// The same, listening at this address.
    ///
    /// # Panics
    ///
    /// If it does not begin.
    #[track_caller]
    pub fn serve_at(&self, address: &str, config: &Value) -> Served {
        // A port that was free a moment ago may serve somebody's connection for a while.
        let mut begun = None;
        eventually("the address is free", || {
            begun = self.try_at(address, config).ok();
            begun.is_some()
        });
        let served = begun.expect("it has begun");
        eventually("everything can be asked", || served.get("/readyz").0 == 200);
        served
    }

    /// Serves, whether anything can be asked or not.
    ///
    /// # Panics
    ///
    /// If it does not begin.
    #[track_caller]
    pub fn begin(&self, config: &Value) -> Served {
        let begun = self.try_at("127.0.0.1:0", config);
        begun.unwrap_or_else(|said| panic!("it does not begin: {said}"))
    }

    /// Serves, or says why not.
    fn try_at(&self, address: &str, config: &Value) -> Result<Served, Value> {
        let mut process = Process::start(&mut self.command_at(address, config));
        let said: Value = serde_json::from_str(&process.line()).expect("it answers in JSON");
        let Some(page) = said["page"].as_str() else {
            return Err(said);
        };
        let page = page.trim_end_matches('/').to_owned();
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Ok(Served {
            process,
            page,
            agent,
            token: None,
            _folder: self.folder.clone(),
        })
    }
}

impl Premises {
    /// Has a camera show a picture once, in the pool of this name.
    ///
    /// # Panics
    ///
    /// If there is no broker.
    #[track_caller]
    pub fn show(&self, pool: &str, picture: &Path) {
        let mut command = self.publish(pool, &[picture.to_owned()]);
        let output = command.args(["--count", "1"]).output().expect("it can be started");
        assert!(output.status.success(), "{output:?}");
    }

    /// A camera that shows pictures again and again, five a second, until the value goes.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[track_caller]
    pub fn camera(&self, pool: &str, pictures: &[PathBuf]) -> Camera {
        let mut command = self.publish(pool, pictures);
        command.args(["--fps", "5"]).stdout(Stdio::null());
        Camera {
            child: command.spawn().expect("it can be started"),
        }
    }

    fn publish(&self, pool: &str, pictures: &[PathBuf]) -> Command {
        let mut command = procvision();
        command
            .args(["frames", "publish", "--quiet", "--pool", pool, "--socket"])
            .arg(self.path("frames.sock"))
            .arg("--image")
            .args(pictures);
        command
    }
}

/// A camera that shows pictures again and again.
pub struct Camera {
    child: Child,
}

impl Drop for Camera {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A station that serves.
pub struct Served {
    /// The server.
    pub process: Process,
    /// Where it listens, such as `http://127.0.0.1:41234`.
    pub page: String,
    agent: Agent,
    /// The token that is sent.
    pub token: Option<String>,
    /// Kept for the server.
    _folder: Arc<TempDir>,
}

impl Served {
    /// Asks for something.
    #[track_caller]
    pub fn get(&self, path: &str) -> (u16, Value) {
        self.send(self.request("GET", path), Vec::new())
    }

    /// Sends JSON.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.request("POST", path).header("content-type", "application/json");
        self.send(request, body.to_string().into_bytes())
    }

    /// Has something removed.
    #[track_caller]
    pub fn delete(&self, path: &str) -> (u16, Value) {
        self.send(self.request("DELETE", path), Vec::new())
    }

    /// Sends parts, each with the name of a file if it is one.
    #[track_caller]
    pub fn post_parts(&self, path: &str, parts: &[(&str, &[u8])]) -> (u16, Value) {
        const BOUNDARY: &str = "b0undary";
        let mut body = Vec::new();
        for (name, content) in parts {
            let head =
                format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\r\n");
            body.extend(head.into_bytes());
            body.extend(*content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
        let media = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send(self.request("POST", path).header("content-type", media), body)
    }

    /// A request that can be changed before it is sent.
    pub fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.page));
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    /// Sends a request; what is no JSON in the answer is a text.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    #[track_caller]
    pub fn send(&self, request: ureq::http::request::Builder, body: Vec<u8>) -> (u16, Value) {
        let mut response = self.answer(request, body);
        let status = response.status().as_u16();
        let bytes = response.body_mut().read_to_vec().expect("the answer can be read");
        let value = serde_json::from_slice(&bytes);
        (
            status,
            value.unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into()),
        )
    }

    /// The answer to a request.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn answer(&self, request: ureq::http::request::Builder, body: Vec<u8>) -> Response<ureq::Body> {
        let request = request.body(body).expect("it is a request");
        self.agent.run(request).expect("it answers")
    }

    /// Sends JSON, or nothing, and does not wait for the answer. It hangs up when what is returned is dropped.
    ///
    /// # Panics
    ///
    /// If nobody listens.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> TcpStream {
        let address = self.page.strip_prefix("http://").expect("it is an address");
        let body = body.map(Value::to_string).unwrap_or_default();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(request.as_bytes()).expect("it is taken");
        stream
    }

    /// Begins an inspection; its path.
    ///
    /// # Panics
    ///
    /// If it cannot.
    #[track_caller]
    pub fn inspection(&self, pid: &str) -> String {
        let (status, begun) = self.post("/inspections", &json!({"pid": pid, "context": {"operator": "Kim"}}));
        assert_eq!(status, 201, "{begun}");
        format!("/inspections/{}", begun["id"].as_str().expect("it has a name"))
    }

    /// Asks the probe about a picture; the answer.
    #[track_caller]
    pub fn step(&self, inspection: &str, task: &str) -> (u16, Value) {
        let request = json!({"step_index": 1, "params": {"task": task}}).to_string();
        self.post_parts(
            &format!("{inspection}/steps"),
            &[("request", request.as_bytes()), ("picture", &picture())],
        )
    }

    /// The processes of a product model.
    #[track_caller]
    pub fn workers(&self, pid: &str) -> Vec<Value> {
        let (_, active) = self.get("/algorithms/active");
        let all = active["active"].as_array().expect("a list");
        let seat = all
            .iter()
            .find(|seat| seat["pid"] == pid)
            .unwrap_or_else(|| panic!("{active}"));
        seat["workers"].as_array().expect("a list").clone()
    }
}

/// A PNG picture.
///
/// # Panics
///
/// If it is not there.
pub fn picture() -> Vec<u8> {
    let path = crate::binary::project_root().join("examples/presence-check/pictures/tray-good.png");
    std::fs::read(path).expect("the picture is there")
}
