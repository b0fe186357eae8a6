//! A process that speaks the runner protocol of version 0.2, or 0.3 with `--v3`, and misbehaves as it is told: at its
//! start by `--start MODE`, in a question by the parameter `task` (in version 0.3 by `step_desc`).
//!
//! `--folder DIR` is where it remembers from process to process: `starts` has a byte for each start, `gently` is there
//! once a process was told to end, and tasks that end in `-once` do what they are named after only the first time.

use serde_json::{Map, Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::exit;
use std::time::Duration;

fn main() -> io::Result<()> {
    let mut fake = Fake::from_arguments();
    fake.remember("starts")?;
    fake.start()?;
    while let Some(frame) = read_frame()? {
        match frame["type"].as_str() {
            Some("ping") if !fake.never_pong => {
                fake.say(json!({"type": "pong", "request_id": frame["request_id"], "status": "OK"}))?
            }
            Some("call") => fake.call(&frame)?,
            Some("shutdown") => {
                fake.finish_open()?;
                fake.remember("gently")?;
                if fake.stays {
                    continue;
                }
                return fake.say(json!({"type": "shutdown", "status": "OK"}));
            }
            _ => {}
        }
    }
    fake.finish_open()?;
    if fake.stays {
        stay();
    }
    Ok(())
}

#[derive(Default)]
struct Fake {
    start: String,
    folder: Option<PathBuf>,
    v3: bool,
    never_pong: bool,
    /// Neither `shutdown` nor the end of stdin ends it.
    stays: bool,
    /// A request that is answered when it has to end.
    open: Option<Value>,
    /// The last request.
    before: Value,
    calls: u64,
    traps: u32,
}

impl Fake {
    fn from_arguments() -> Self {
        let mut fake = Self::default();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--start" => fake.start = arguments.next().unwrap_or_default(),
                "--folder" => fake.folder = arguments.next().map(PathBuf::from),
                "--v3" => fake.v3 = true,
                "--never-pong" => fake.never_pong = true,
                "--stays" => fake.stays = true,
                other => panic!("unknown argument {other}"),
            }
        }
        fake
    }

    fn start(&self) -> io::Result<()> {
        match self.start.as_str() {
            "silent" => {
                // Until the pipe ends.
                io::copy(&mut io::stdin(), &mut io::sink())?;
                exit(0)
            }
            "garbage" => print_raw(b"Hello, I am not a protocol\n")?,
            "refuse" => {
                self.hello()?;
                self.say(json!({"type": "error", "request_id": null, "status": "ERROR",
                                "message": "there is no component", "error_code": "2004"}))?;
                exit(1)
            }
            "last-words" => {
                eprintln!("ModuleNotFoundError: No module named 'cv2'");
                exit(1)
            }
            "exit" => {
                self.hello()?;
                exit(3)
            }
            "exit-once" if self.first_time("started")? => {
                self.hello()?;
                exit(3)
            }
            "close" => {
                self.hello()?;
                rustix::stdio::dup2_stdout(File::open("/dev/null")?).map_err(io::Error::from)?;
                stay()
            }
            _ => self.hello()?,
        }
        Ok(())
    }

    fn hello(&self) -> io::Result<()> {
        let capabilities = match self.v3 {
            true => json!(["ping", "call", "shutdown", "shared_memory:v1", "execute"]),
            false => json!([
                "ping",
                "call",
                "shutdown",
                "shared_memory:v1",
                "info",
                "reset",
                "execute"
            ]),
        };
        self.say(json!({"type": "hello", "sdk_version": "fake", "timestamp_ms": 1, "capabilities": capabilities}))
    }

    fn call(&mut self, call: &Value) -> io::Result<()> {
        let id = &call["request_id"];
        if call["phase"] == "info" {
            return match self.start.as_str() {
                "never-info" => Ok(()),
                "bad-info" => self.result(id, json!({"phase": "info"})),
                "info-error" => self.say(json!({"type": "result", "request_id": id, "status": "ERROR",
                                                "message": "no model", "error_code": "1003", "data": {}})),
                _ => self.result(
                    id,
                    json!({"phase": "info", "info": {"name": "fake", "version": "1.0.0"}}),
                ),
            };
        }
        self.calls += 1;
        let task = match self.v3 {
            true => call["step_desc"].as_str().unwrap_or("ok"),
            false => call["user_params"]["task"].as_str().unwrap_or("ok"),
        };
        let value = &call["user_params"]["value"];
        let task = match task.strip_suffix("-once") {
            Some(task) if self.first_time(task)? => task,
            Some(_) => "ok",
            None => task,
        };
        match task {
            "ok" => self.judge(call)?,
            "exit" => exit(7),
            "exit-after" => {
                self.judge(call)?;
                exit(7)
            }
            "orphan" => {
                // It holds the pipes, and nobody is left who waits for it.
                let orphan = std::process::Command::new("sleep").arg("1000").spawn()?;
                self.note("orphan", &orphan.id().to_string())?;
                exit(7)
            }
            "never" => {}
            "at-the-end" => self.open = Some(call.clone()),
            "hang" => stay(),
            "block" => {
                std::thread::sleep(Duration::from_millis(value.as_u64().unwrap_or(0)));
                self.judge(call)?;
            }
            "twice" => {
                self.judge(call)?;
                self.judge(call)?;
            }
            "before" => {
                let mut before = call.clone();
                before["request_id"] = self.before.clone();
                self.judge(&before)?;
                self.judge(call)?;
            }
            "wrong-id" => {
                let mut wrong = call.clone();
                wrong["request_id"] = json!("somebody-else's");
                self.judge(&wrong)?;
                wrong["request_id"] = json!(17);
                self.judge(&wrong)?;
            }
            "code" => self.say(
                json!({"type": "result", "request_id": id, "status": "ERROR", "message": "no verdict",
                                      "error_code": value, "data": {"phase": "execute"}}),
            )?,
            "error" => self.error(id, value)?,
            "trap" => {
                self.traps += 1;
                self.error(id, &json!("1009"))?;
                if self.traps == 3 {
                    self.error(&Value::Null, &json!("1009"))?;
                    exit(1)
                }
            }
            "told" => {
                self.error(&Value::Null, &json!("1000"))?;
                self.judge(call)?;
            }
            "maybe" => self.say(json!({"type": "result", "request_id": id, "status": "MAYBE"}))?,
            "unknown" => {
                self.say(json!({"type": "metrics", "cpu": 3}))?;
                self.hello()?;
                self.judge(call)?;
            }
            "garbage" => {
                print_raw(b"spots found: 3\n")?;
                self.judge(call)?;
            }
            "half" => {
                print_raw(&[&100_u32.to_be_bytes()[..], b"{\"type\":"].concat())?;
                exit(0)
            }
            "huge" => print_raw(&u32::MAX.to_be_bytes())?,
            "zero" => print_raw(&0_u32.to_be_bytes())?,
            "not-json" => print_frame(b"{\"type\": \"result\", ")?,
            "not-utf8" => print_frame(b"{\"type\": \"\xff\"}")?,
            "list" => print_frame(b"[\"result\"]")?,
            "no-type" => print_frame(b"{}")?,
            "close" => {
                rustix::stdio::dup2_stdout(File::open("/dev/null")?).map_err(io::Error::from)?;
                stay()
            }
            "log" => {
                let line = |message: &str, id: &Value| {
                    eprintln!("{}", json!({"level": "warn", "message": message, "request_id": id}))
                };
                line("about this", id);
                line("about another", &json!("another"));
                eprintln!("plain");
                self.judge(call)?;
            }
            "flood" => {
                let line = format!("{}\n", "x".repeat(99));
                let mut stderr = io::stderr().lock();
                for _ in 0..value.as_u64().unwrap_or(0) {
                    stderr.write_all(line.as_bytes())?;
                }
                self.judge(call)?;
            }
            "babble" => {
                for _ in 0..value.as_u64().unwrap_or(0) {
                    self.say(json!({"type": "babble"}))?;
                }
                self.judge(call)?;
            }
            "long-line" => {
                eprintln!("{}", "y".repeat(1 << 20));
                self.judge(call)?;
            }
            "large" => self.result(
                id,
                json!({"phase": "execute", "x": "z".repeat(value.as_u64().unwrap_or(0) as usize)}),
            )?,
            other => panic!("unknown task {other}"),
        }
        self.before = id.clone();
        Ok(())
    }

    fn judge(&self, call: &Value) -> io::Result<()> {
        let data = json!({"phase": "execute", "result_status": "OK", "call": call, "calls": self.calls,
                          "process": std::process::id()});
        self.result(&call["request_id"], data)
    }

    fn result(&self, id: &Value, data: Value) -> io::Result<()> {
        self.say(
            json!({"type": "result", "request_id": id, "timestamp_ms": 1, "status": "OK", "message": "", "data": data}),
        )
    }

    fn error(&self, id: &Value, code: &Value) -> io::Result<()> {
        self.say(
            json!({"type": "error", "request_id": id, "status": "ERROR", "message": "an accident", "error_code": code}),
        )
    }

    fn say(&self, message: Value) -> io::Result<()> {
        print_frame(message.to_string().as_bytes())
    }

    /// Answers what was left open.
    fn finish_open(&mut self) -> io::Result<()> {
        match self.open.take() {
            Some(call) => self.judge(&call),
            None => Ok(()),
        }
    }

    fn remember(&self, what: &str) -> io::Result<()> {
        self.note(what, ".")
    }

    fn note(&self, what: &str, note: &str) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let mut file = OpenOptions::new().create(true).append(true).open(folder.join(what))?;
        file.write_all(note.as_bytes())
    }

    fn first_time(&self, what: &str) -> io::Result<bool> {
        let Some(folder) = &self.folder else {
            panic!("--folder is needed to remember {what}");
        };
        match File::create_new(folder.join(format!("did-{what}"))) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Does nothing any more.
fn stay() -> ! {
    loop {
        std::thread::park();
    }
}

/// Nothing at the end of stdin.
fn read_frame() -> io::Result<Option<Value>> {
    let mut stdin = io::stdin().lock();
    let mut length = [0; 4];
    match stdin.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    stdin.read_exact(&mut body)?;
    let message = serde_json::from_slice::<Map<String, Value>>(&body)?;
    Ok(Some(Value::Object(message)))
}

fn print_frame(body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    print_raw(&[&length.to_be_bytes()[..], body].concat())
}

fn print_raw(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
