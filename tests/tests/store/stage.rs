//! A store in a temporary folder, and packages for it that are small enough to be installed hundreds of times.

use procvision_tests::binary::{Answer, procvision, project_root};
pub use procvision_tests::packages::{Parts, parts, parts_named};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A folder with a store in `store` and whatever a test puts beside it.
pub struct Station {
    folder: TempDir,
}

impl Station {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        }
    }

    /// A station with these versions of `lifted` installed.
    pub fn with(versions: &[&str]) -> Self {
        let station = Self::new();
        for version in versions {
            station.install(&parts(version));
        }
        station
    }

    /// A path beside the store.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A path in the store.
    pub fn store(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path("store").join(name)
    }

    /// Writes the package's archive beside the store.
    pub fn zip(&self, parts: &Parts) -> PathBuf {
        let path = self.path(format!("{}-v{}-offline.zip", parts.name, parts.version));
        fs::write(&path, parts.archive()).expect("it can be written");
        path
    }

    /// Installs a package; it must work.
    #[track_caller]
    pub fn install(&self, parts: &Parts) -> Value {
        let zip = self.zip(parts);
        self.json(&["install", zip.to_str().expect("it is text")], 0)
    }

    /// Installs and activates a version of `lifted` for A01.
    #[track_caller]
    pub fn activate(&self, version: &str) -> Value {
        self.json(&["activate", "lifted", version, "--pid", "A01"], 0)
    }

    /// `procvision store` with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = procvision();
        command
            .current_dir(self.folder.path())
            .env_remove("PROCVISION_STORE")
            .args(["store", "--store"])
            .arg(self.store(""))
            .args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Answer {
        Answer::of(&mut self.command(arguments))
    }

    /// The answer in JSON; the command must end with this status.
    #[track_caller]
    pub fn json(&self, arguments: &[&str], status: i32) -> Value {
        self.run(&[arguments, &["--json"]].concat()).expect(status).json()
    }

    /// The command must fail with this code; the message.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str], status: i32, code: &str) -> String {
        let answer = self.json(arguments, status);
        let error = &answer["error"];
        assert_eq!(error["code"], code, "{answer}");
        assert!(error["help"].as_str().is_some_and(|help| !help.is_empty()), "{answer}");
        let message = error["message"].as_str().expect("it has a message").to_owned();
        assert!(!message.contains('\n'), "{message}");
        message
    }

    /// The store must be whole.
    #[track_caller]
    pub fn whole(&self) -> Value {
        let answer = self.json(&["verify"], 0);
        assert_eq!(
            (&answer["whole"], &answer["findings"]),
            (&json!(true), &json!([])),
            "{answer}"
        );
        answer
    }

    /// What is wrong with the store, as `kind: message`.
    #[track_caller]
    pub fn findings(&self) -> Vec<String> {
        let answer = self.json(&["verify"], 1);
        let findings = answer["findings"].as_array().expect("there are findings");
        let text = |value: &Value| value.as_str().expect("it is text").to_owned();
        findings
            .iter()
            .map(|one| format!("{}: {}", text(&one["kind"]), text(&one["message"])))
            .collect()
    }

    /// `procvision run --store` for A01 on a picture.
    pub fn run_a01(&self, arguments: &[&str]) -> Command {
        let picture = project_root().join("examples/presence-check/pictures/tray-good.png");
        let mut command = procvision();
        command
            .current_dir(self.folder.path())
            .arg("run")
            .arg("--store")
            .arg(self.store(""))
            .args(["--pid", "A01", "--json", "--image"])
            .arg(picture)
            .args(arguments);
        command
    }

    /// The registry.
    pub fn registry(&self) -> Value {
        let text = fs::read(self.store("registry.json")).expect("it can be read");
        serde_json::from_slice(&text).expect("it is JSON")
    }

    /// The entries of the audit log.
    pub fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.store("logs/audit.jsonl")).expect("it can be read");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("it is JSON"))
            .collect()
    }

    /// What A01 is judged by.
    pub fn active(&self) -> Option<String> {
        let answer = self.json(&["list"], 0);
        let active = answer["active"].as_array().expect("it is a list").first()?.clone();
        active["version"].as_str().map(str::to_owned)
    }
}
