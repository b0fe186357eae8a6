//! The demonstration's station: its store, its server, its cameras, and what it leaves.

use std::fs;
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use procvision_conformance::station::{Client, Ended, Server, Spawned};
use serde_json::{Value, json};

use super::Built;
use crate::folder::Folder;
use crate::shell::Line;
use crate::workspace::Workspace;

/// The address that `procvision serve` chooses by itself.
const ADDRESS: &str = "127.0.0.1:8787";
/// How long anything may take on a machine that does something else, too.
pub const PATIENCE: Duration = Duration::from_secs(120);
const GLANCE: Duration = Duration::from_millis(50);

/// A station that serves, and the cameras that publish to it.
pub struct Stage {
    // Cameras go before the station that keeps their pools.
    cameras: Vec<(String, Spawned)>,
    server: Server,
    client: Client,
    host: PathBuf,
    folder: PathBuf,
    sockets: Folder,
}

impl Stage {
    /// Installs the examples, activates each for the product models that `pids` says, and starts the station.
    pub fn set(workspace: &Workspace, built: &Built, pids: &[Vec<&str>], station: &Value) -> Result<Self> {
        let folder = built.output.station();
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let store = folder.join("store");
        let in_store = |words: &[&str]| -> Result<()> {
            let line = Line::new(&built.host, workspace.root())
                .args(["store", "--store"])
                .arg(&store)
                .args(words);
            let output = line.capture()?;
            if !output.status.success() {
                // What it says stands above the sentence that says how to repeat it.
                let _ = io::stderr().write_all(&output.stderr);
                bail!("the station's store does not take an example (see above); repeat with: {line}");
            }
            Ok(())
        };
        for ((example, archive), pids) in built.examples.iter().zip(&built.archives).zip(pids) {
            in_store(&["install", &archive.to_string_lossy()])?;
            in_store(&["activate", example.name(), example.version(), "--pid", &pids.join(",")])?;
        }
        let config = folder.join("runner_config.json");
        let text = serde_json::to_string_pretty(&json!({ "station": station })).context("the configuration")?;
        fs::write(&config, text).with_context(|| format!("cannot write {}", config.display()))?;

        let sockets = Folder::new("demo")?;
        let mut command = Command::new(&built.host);
        command
            .args(["serve", "--json", "--quiet", "--listen", &address(), "--store"])
            .arg(&store)
            .arg("--config")
            .arg(&config)
            .arg("--frames-socket")
            .arg(sockets.path().join("frames.sock"));
        let server = Server::start(&mut command).context("the station cannot be started (see above)")?;
        let client = Client::new(server.page(), PATIENCE);
        Ok(Self {
            cameras: Vec::new(),
            server,
            client,
            host: built.host.clone(),
            folder,
            sockets,
        })
    }

    /// Waits until everything can be asked, or until `interrupted`; whether it can.
    pub fn ready(&mut self, interrupted: impl Fn() -> bool) -> Result<bool> {
        let begun = Instant::now();
        while !interrupted() {
            self.watch()?;
            let late = begun.elapsed() > PATIENCE;
            match self.client.get("/readyz") {
                Ok(answer) if answer.status == 200 => return Ok(true),
                Ok(answer) if late => bail!("the station is not ready: {}", answer.body["reasons"]),
                Err(error) if late => return Err(error).context("the station does not answer"),
                // If it has ended, that is what will be said.
                Ok(_) | Err(_) => {}
            }
            std::thread::sleep(GLANCE);
        }
        Ok(false)
    }

    /// An error if something has ended that should go on.
    pub fn watch(&mut self) -> Result<()> {
        if !self.server.process().runs() {
            bail!("the station has ended (see above)");
        }
        for (pool, camera) in &mut self.cameras {
            if !camera.runs() {
                bail!("the camera {pool} has ended (see above)");
            }
        }
        Ok(())
    }

    /// Where the page is.
    pub fn page(&self) -> &str {
        self.server.page()
    }

    /// Who asks the station.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A camera that shows these pictures again and again.
    pub fn add_camera(&mut self, pool: &str, pictures: &[PathBuf], fps: f64) -> Result<()> {
        let mut command = self.publish(pool, pictures);
        command
            .args(["--quiet", "--fps", &fps.to_string()])
            .stdout(Stdio::null());
        let camera = Spawned::start(&mut command).with_context(|| format!("the camera {pool} cannot be started"))?;
        self.cameras.push((pool.to_owned(), camera));
        Ok(())
    }

    /// Shows one picture in a pool, where it stays; the answer is its reference.
    pub fn show(&self, pool: &str, picture: &Path) -> Result<String> {
        let mut command = self.publish(pool, &[picture.to_owned()]);
        command.args(["--json", "--slots", "1", "--count", "1"]);
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.context("`procvision frames publish` cannot be started")?;
        let first = output.stdout.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let said: Value = serde_json::from_slice(first).unwrap_or_default();
        match said["reference"].as_str() {
            Some(reference) if output.status.success() => Ok(reference.to_owned()),
            _ => bail!("{} cannot be published (see above)", picture.display()),
        }
    }

    fn publish(&self, pool: &str, pictures: &[PathBuf]) -> Command {
        let mut command = Command::new(&self.host);
        command
            .args(["frames", "publish", "--pool", pool, "--socket"])
            .arg(self.sockets.path().join("frames.sock"));
        for picture in pictures {
            command.arg("--image").arg(picture);
        }
        command
    }

    /// Ends everything in order, after the results were written beside the store; the answer is where.
    pub fn end(mut self) -> Result<[PathBuf; 2]> {
        // Without pictures no line judges any more.
        for (pool, camera) in self.cameras.drain(..) {
            camera
                .end(PATIENCE)
                .with_context(|| format!("the camera {pool} does not end"))?;
        }
        let mut written = Vec::new();
        for format in ["csv", "json"] {
            let results = self.client.file(&format!("/results/export?format={format}"));
            let results = results.context("the station does not give its results")?;
            let path = self.folder.join(format!("results.{format}"));
            fs::write(&path, results).with_context(|| format!("cannot write {}", path.display()))?;
            written.push(path);
        }
        let ended = self.server.end(PATIENCE).context("the station cannot be ended")?;
        match ended {
            Ended::With(status) if status.success() => {}
            Ended::With(status) => bail!("the station ends with {status}"),
            Ended::Killed => bail!("the station did not end within {} s", PATIENCE.as_secs()),
        }
        <[PathBuf; 2]>::try_from(written).map_err(|_| anyhow::anyhow!("not all results were written"))
    }
}

/// The usual address, or any that is free.
fn address() -> String {
    match TcpListener::bind(ADDRESS) {
        Ok(_) => ADDRESS.to_owned(),
        Err(_) => "127.0.0.1:0".to_owned(),
    }
}
