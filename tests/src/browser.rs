//! A browser that does what a person would do with a page, and keeps what the page asked for and complained about:
//! Debian's Chromium without a window, driven over the DevTools protocol.
//!
//! Everything that is waited for is a condition in the page. Where something should happen "at the same moment", such
//! as a press of the mouse and what the page draws meanwhile, the test says what comes between.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What is started, unless the variable [`BROWSER`] names something else.
const CHROMIUM: &str = "chromium";
/// The environment variable that names another Chromium.
const BROWSER: &str = "PROCVISION_CHROMIUM";
/// Long enough for anything that happens at all, however busy the machine is.
const WATCHDOG: Duration = Duration::from_secs(180);
/// How long a browser that was asked to end may say nothing, and how long its folder may still be written to.
const GOODBYE: Duration = Duration::from_secs(10);
/// Between two looks at a page.
const LOOK: Duration = Duration::from_millis(20);
/// How the DevTools protocol reaches the browser: its pipes are the descriptors 3 and 4.
const WITH_PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >&2"#;

/// How the browser is started. It asks nobody but the station: not for updates, and not for names either.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--remote-debugging-pipe",
    // The tests often run as root, in a container, where the browser's own sandbox cannot be had. It is shown one page
    // only.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    // A page that nobody looks at is drawn as seldom as the browser likes.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--password-store=basic",
    "--use-mock-keychain",
    "--mute-audio",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--lang=en-GB",
    "about:blank",
];

/// A browser with one page. It ends when the value goes.
pub struct Browser {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    asked: u64,
    session: Option<String>,
    happened: Happened,
    /// The browser's profile and what it wrote to stderr.
    folder: TempDir,
}

/// What the page asked for and complained about since it was opened.
#[derive(Debug, Default)]
pub struct Happened {
    /// The address of each request, and of each connection of another kind.
    pub requests: Vec<String>,
    /// Warnings, errors, exceptions nobody caught, and what the browser itself had to say about the page.
    pub complaints: Vec<String>,
    /// Windows of the browser's own that would have held the page.
    pub prompts: Vec<String>,
}

/// A key on the keyboard, by its name in the DOM.
#[derive(Clone, Copy, Debug)]
pub enum Key {
    /// The next control.
    Tab,
    /// The control before.
    ShiftTab,
    /// Does what the control is for.
    Enter,
    /// Checks a box.
    Space,
    /// Leaves a window.
    Escape,
    /// The next choice of a list.
    Down,
    /// A letter or a sign.
    Letter(char),
}

impl Key {
    /// Its name, its number for old programs, what it writes, and what is held down with it.
    fn described(self) -> (String, u32, String, u32) {
        const SHIFT: u32 = 8;
        let plain = |name: &str, number, text: &str| (name.to_owned(), number, text.to_owned(), 0);
        match self {
            Self::Tab => plain("Tab", 9, ""),
            Self::ShiftTab => ("Tab".to_owned(), 9, String::new(), SHIFT),
            Self::Enter => plain("Enter", 13, "\r"),
            Self::Space => plain(" ", 32, " "),
            Self::Escape => plain("Escape", 27, ""),
            Self::Down => plain("ArrowDown", 40, ""),
            Self::Letter(letter) => {
                let text = letter.to_string();
                plain(&text, u32::from(letter.to_ascii_uppercase()), &text)
            }
        }
    }
}

impl Browser {
    /// Starts a browser and opens an address in it.
    ///
    /// # Panics
    ///
    /// If there is no Chromium; the message says how to get one.
    #[track_caller]
    pub fn open(address: &str) -> Self {
        let mut browser = Self::start();
        let targets = browser.call("Target.getTargets", json!({}));
        let targets = targets["targetInfos"].as_array().expect("a list").clone();
        let page = targets.iter().find(|target| target["type"] == "page");
        let page = page.expect("the browser has a page")["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({"targetId": page, "flatten": true}));
        browser.session = Some(attached["sessionId"].as_str().expect("a name").to_owned());
        for domain in ["Page", "Runtime", "Log", "Network", "DOM", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser.size(1440, 900);
        browser.navigate(address);
        browser
    }

    #[track_caller]
    fn start() -> Self {
        let program = std::env::var_os(BROWSER).unwrap_or_else(|| CHROMIUM.into());
        assert!(
            is_there(Path::new(&program)),
            "{} is not installed, and the page is tested in it: apt-get install chromium (or name another Chromium in \
             {BROWSER})",
            program.display()
        );
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let errors = File::create(folder.path().join("stderr")).expect("it can be written");
        let mut child = Command::new("sh")
            .args(["-c", WITH_PIPES])
            .arg(&program)
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .args(FLAGS)
            .env("HOME", folder.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("sh can be started");
        let mut output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let (sender, messages) = mpsc::channel();
        std::thread::spawn(move || {
            loop {
                let mut message = Vec::new();
                if output.read_until(0, &mut message).unwrap_or(0) == 0 || message.pop() != Some(0) {
                    break;
                }
                let message = serde_json::from_slice(&message).expect("the browser speaks JSON");
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self {
            input: child.stdin.take().expect("it is a pipe"),
            child,
            messages,
            asked: 0,
            session: None,
            happened: Happened::default(),
            folder,
        }
    }

    /// Has the browser do something, in words of its protocol.
    ///
    /// # Panics
    ///
    /// If it cannot.
    #[track_caller]
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        match self.try_call(method, parameters) {
            Ok(result) => result,
            Err(error) => panic!("{method}: {error}"),
        }
    }

    #[track_caller]
    fn try_call(&mut self, method: &str, parameters: Value) -> Result<Value, Value> {
        self.asked += 1;
        let mut message = json!({"id": self.asked, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        if let Err(error) = self.input.write_all(&bytes) {
            panic!("the browser cannot be asked for {method}: {error}\n{}", self.errors());
        }
        let asked = self.asked;
        let begun = Instant::now();
        loop {
            let left = WATCHDOG.saturating_sub(begun.elapsed());
            let mut message = match self.messages.recv_timeout(left) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => panic!("{method}: no answer after {} s", WATCHDOG.as_secs()),
                Err(RecvTimeoutError::Disconnected) => panic!("{method}: the browser has ended\n{}", self.errors()),
            };
            if message["id"] == asked {
                return match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].take()),
                };
            }
            self.note(&message);
        }
    }

    fn note(&mut self, message: &Value) {
        let parameters = &message["params"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match message["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => self.happened.requests.push(text(&parameters["request"]["url"])),
            "Network.webSocketCreated" | "Network.webTransportCreated" => {
                self.happened.requests.push(text(&parameters["url"]));
            }
            "Runtime.consoleAPICalled"
                if ["error", "warning", "assert"].contains(&parameters["type"].as_str().unwrap_or_default()) =>
            {
                self.happened.complaints.push(parameters["args"].to_string());
            }
            "Runtime.exceptionThrown" => {
                self.happened
                    .complaints
                    .push(parameters["exceptionDetails"].to_string());
            }
            "Log.entryAdded" if parameters["entry"]["level"] != "verbose" => {
                self.happened.complaints.push(parameters["entry"].to_string());
            }
            "Page.javascriptDialogOpening" => self.happened.prompts.push(text(&parameters["message"])),
            _ => {}
        }
    }

    /// Opens another address, and waits until the page is there.
    ///
    /// # Panics
    ///
    /// If it cannot be opened.
    #[track_caller]
    pub fn navigate(&mut self, address: &str) {
        let answer = self.call("Page.navigate", json!({"url": address}));
        assert!(answer.get("errorText").is_none(), "{address}: {answer}");
        self.until(
            "the page is loaded",
            "document.readyState === 'complete' && document.URL !== 'about:blank'",
        );
    }

    /// How large the page is, in pixels.
    #[track_caller]
    pub fn size(&mut self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Whether the system is set to dark colours. Nothing moves on the screen, so that pictures of it are sharp.
    #[track_caller]
    pub fn dark(&mut self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// What a JavaScript expression is in the page.
    ///
    /// # Panics
    ///
    /// If it throws.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut answer = self.call("Runtime.evaluate", asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// The text that an expression is in the page.
    #[track_caller]
    pub fn text(&mut self, expression: &str) -> String {
        let value = self.value(expression);
        value
            .as_str()
            .unwrap_or_else(|| panic!("{expression} is {value}"))
            .to_owned()
    }

    /// Waits until an expression holds in the page; what it is then.
    ///
    /// # Panics
    ///
    /// If it does not for a long time. The message has what the page shows instead.
    #[track_caller]
    pub fn until(&mut self, what: &str, expression: &str) -> Value {
        let begun = Instant::now();
        loop {
            let value = self.value(expression);
            if !matches!(value, Value::Null | Value::Bool(false)) && value != "" && value != 0 {
                return value;
            }
            if begun.elapsed() > WATCHDOG {
                let shown = self.value("document.documentElement.innerText");
                panic!(
                    "{what}: not after {} s ({expression} is {value}); the page shows\n{}\n{:#?}",
                    WATCHDOG.as_secs(),
                    shown.as_str().unwrap_or_default(),
                    self.happened
                );
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until a text is to be read somewhere in the page.
    #[track_caller]
    pub fn until_it_says(&mut self, text: &str) {
        let wanted = json!(text);
        self.until(text, &format!("document.body.innerText.includes({wanted})"));
    }

    /// Presses the left button of the mouse on the element of a selector that has this text or this name, as soon as it
    /// is there and nothing lies over it.
    ///
    /// # Panics
    ///
    /// If it does not come for a long time.
    #[track_caller]
    pub fn press(&mut self, selector: &str, text: &str) -> (Value, Value) {
        let place = self.until(&format!("{selector} with the text {text}"), &place_of(selector, text));
        let (x, y) = (place[0].clone(), place[1].clone());
        let moved = json!({"type": "mouseMoved", "x": x, "y": y});
        self.call("Input.dispatchMouseEvent", moved);
        let pressed = json!({"type": "mousePressed", "x": x, "y": y, "button": "left", "clickCount": 1});
        self.call("Input.dispatchMouseEvent", pressed);
        (x, y)
    }

    /// Lets the button of the mouse go.
    #[track_caller]
    pub fn release(&mut self, (x, y): (Value, Value)) {
        let released = json!({"type": "mouseReleased", "x": x, "y": y, "button": "left", "clickCount": 1});
        self.call("Input.dispatchMouseEvent", released);
    }

    /// Clicks on the element of a selector that has this text or this name.
    #[track_caller]
    pub fn click(&mut self, selector: &str, text: &str) {
        let place = self.press(selector, text);
        self.release(place);
    }

    /// Presses a key and lets it go.
    #[track_caller]
    pub fn key(&mut self, key: Key) {
        let (name, number, text, held) = key.described();
        let common = json!({"key": name, "windowsVirtualKeyCode": number, "modifiers": held});
        let mut down = common.clone();
        down["type"] = if text.is_empty() { "rawKeyDown" } else { "keyDown" }.into();
        down["text"] = text.into();
        self.call("Input.dispatchKeyEvent", down);
        let mut up = common;
        up["type"] = "keyUp".into();
        self.call("Input.dispatchKeyEvent", up);
    }

    /// Chooses a file in the field of a selector.
    ///
    /// # Panics
    ///
    /// If there is no such field.
    #[track_caller]
    pub fn choose_file(&mut self, selector: &str, file: &Path) {
        let expression = format!("document.querySelector({})", json!(selector));
        self.until(selector, &format!("Boolean({expression})"));
        let field = self.call("Runtime.evaluate", json!({"expression": expression}));
        let object = field["result"]["objectId"].clone();
        self.call("DOM.setFileInputFiles", json!({"files": [file], "objectId": object}));
    }

    /// What a screen reader finds: role and name of everything that is not ignored.
    ///
    /// # Panics
    ///
    /// If the browser has no such tree.
    #[track_caller]
    pub fn spoken(&mut self) -> Vec<Spoken> {
        let tree = self.call("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().expect("a list").iter();
        let heard = nodes.filter(|node| node["ignored"] != true);
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        heard
            .map(|node| Spoken {
                role: text(&node["role"]),
                name: text(&node["name"]),
            })
            .collect()
    }

    /// A picture of what is to be seen, as PNG.
    ///
    /// # Panics
    ///
    /// If the browser has none.
    #[track_caller]
    pub fn picture(&mut self) -> Vec<u8> {
        let answer = self.call(
            "Page.captureScreenshot",
            json!({"format": "png", "optimizeForSpeed": false}),
        );
        BASE64_STANDARD
            .decode(answer["data"].as_str().expect("a picture"))
            .expect("it is base64")
    }

    /// What the page asked for and complained about until now.
    #[track_caller]
    pub fn happened(&mut self) -> &Happened {
        // What is asked now is answered after everything that has happened before.
        self.value("0");
        &self.happened
    }

    /// The end of what the browser wrote to stderr.
    fn errors(&self) -> String {
        let text = std::fs::read(self.folder.path().join("stderr")).unwrap_or_default();
        String::from_utf8_lossy(&text[text.len().saturating_sub(4000)..]).into_owned()
    }
}

/// What a screen reader says of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// What kind of thing it is.
    pub role: String,
    /// What it is called; empty if nobody has said.
    pub name: String,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closed by itself it waits for its helpers, which write to the folder. It may have ended already.
        let _ = self.input.write_all(b"{\"id\": 0, \"method\": \"Browser.close\"}\0");
        while self.messages.recv_timeout(GOODBYE).is_ok() {}
        let _ = self.child.kill();
        let _ = self.child.wait();
        let begun = Instant::now();
        while std::fs::remove_dir_all(self.folder.path()).is_err() && begun.elapsed() < GOODBYE {
            std::thread::sleep(LOOK);
        }
    }
}

/// Where the middle of an element is, by its selector and its text or name; nothing while it is not there, is disabled
/// or has something over it.
fn place_of(selector: &str, text: &str) -> String {
    let (selector, text) = (json!(selector), json!(text));
    format!(
        "(() => {{
          const wanted = {text};
          const named = (one) => (one.getAttribute('aria-label') ?? one.textContent).trim();
          const one = [...document.querySelectorAll({selector})].find((one) => named(one) === wanted && !one.disabled);
          if (!one) return null;
          one.scrollIntoView({{ block: 'center', behavior: 'instant' }});
          const box = one.getBoundingClientRect();
          const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
          const hit = document.elementFromPoint(x, y);
          return hit && (one.contains(hit) || hit.contains(one)) ? [x, y] : null;
        }})()"
    )
}

fn is_there(program: &Path) -> bool {
    if program.components().count() > 1 {
        return program.exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}
