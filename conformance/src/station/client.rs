//! Asking a station over HTTP.

use super::unix::UnixConnector;
use serde_json::Value;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::Duration;
use ureq::http::{Request, Response};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::{Agent, Body, BodyReader};

/// Most bytes of one answer that are read.
const MOST_BYTES: u64 = 1 << 30;
/// What separates the parts of a body. It must not occur in them, which no part that is sent here can have.
const BOUNDARY: &str = "procvision-station-client-7d1f4c0a";

/// Who asks. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    base: String,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status, such as 200.
    pub status: u16,
    /// The JSON; a text if the body is none.
    pub body: Value,
}

impl Client {
    /// Over TCP. `page` is the address, such as `http://127.0.0.1:8787`. Nobody is waited for longer than `patience`.
    pub fn new(page: &str, patience: Duration) -> Self {
        Self {
            agent: settings(patience).build().into(),
            base: page.trim_end_matches('/').to_owned(),
        }
    }

    /// Over the station's socket.
    pub fn through(socket: &Path, patience: Duration) -> Self {
        let connector = UnixConnector::new(socket);
        Self {
            agent: Agent::with_parts(settings(patience).build(), connector, DefaultResolver::default()),
            base: "http://127.0.0.1".to_owned(),
        }
    }

    /// Asks for something.
    ///
    /// # Errors
    ///
    /// If there is no whole answer.
    pub fn get(&self, path: &str) -> io::Result<Answer> {
        read(self.ask("GET", path, None, &[])?)
    }

    /// Asks for a file.
    ///
    /// # Errors
    ///
    /// If there is no whole answer, or its status is not 200.
    pub fn file(&self, path: &str) -> io::Result<Vec<u8>> {
        let mut response = self.ask("GET", path, None, &[])?;
        let bytes = bytes(&mut response)?;
        match response.status().as_u16() {
            200 => Ok(bytes),
            status => Err(io::Error::other(format!(
                "{path} is answered with {status}: {}",
                String::from_utf8_lossy(&bytes)
            ))),
        }
    }

    /// Sends JSON.
    ///
    /// # Errors
    ///
    /// If there is no whole answer.
    pub fn post(&self, path: &str, body: &Value) -> io::Result<Answer> {
        read(self.ask("POST", path, Some("application/json"), body.to_string().as_bytes())?)
    }

    /// Sends files, each with the name of its part.
    ///
    /// # Errors
    ///
    /// If there is no whole answer.
    pub fn post_parts(&self, path: &str, parts: &[(&str, &[u8])]) -> io::Result<Answer> {
        let mut body = Vec::new();
        for (name, content) in parts {
            let head =
                format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let media = format!("multipart/form-data; boundary={BOUNDARY}");
        read(self.ask("POST", path, Some(&media), &body)?)
    }

    /// What happens from now on.
    ///
    /// # Errors
    ///
    /// If there is no stream.
    pub fn events(&self) -> io::Result<Events> {
        let request = Request::get(format!("{}/events", self.base)).body(()).map_err(failed)?;
        // A stream has no end that could be waited for.
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(None)
            .timeout_recv_body(None)
            .build();
        let response = self.agent.run(request).map_err(failed)?;
        Ok(Events {
            lines: BufReader::new(response.into_body().into_reader()),
        })
    }

    fn ask(&self, method: &str, path: &str, media: Option<&str>, body: &[u8]) -> io::Result<Response<Body>> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        match media {
            Some(media) => {
                let request = request.header("content-type", media).body(body).map_err(failed)?;
                self.agent.run(request)
            }
            None => self.agent.run(request.body(()).map_err(failed)?),
        }
        .map_err(failed)
    }
}

/// The stream of events.
pub struct Events {
    lines: BufReader<BodyReader<'static>>,
}

impl Events {
    /// The next event, its kind and its data; `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// If the stream breaks, or an event is none.
    pub fn next_event(&mut self) -> io::Result<Option<(String, Value)>> {
        let mut kind = String::new();
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let line = line.trim_end();
            if let Some(named) = line.strip_prefix("event:") {
                named.trim().clone_into(&mut kind);
            } else if let Some(data) = line.strip_prefix("data:") {
                return Ok(Some((kind, serde_json::from_str(data.trim())?)));
            }
        }
    }
}

fn settings(patience: Duration) -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(patience))
}

fn read(mut response: Response<Body>) -> io::Result<Answer> {
    let bytes = bytes(&mut response)?;
    let body = serde_json::from_slice(&bytes);
    Ok(Answer {
        status: response.status().as_u16(),
        body: body.unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into()),
    })
}

fn bytes(response: &mut Response<Body>) -> io::Result<Vec<u8>> {
    response
        .body_mut()
        .with_config()
        .limit(MOST_BYTES)
        .read_to_vec()
        .map_err(failed)
}

fn failed(error: impl Into<ureq::Error>) -> io::Error {
    error.into().into_io()
}
