//! What these tests share: small packages, keys without passwords, the tools, and a terminal to type on.

use procvision_host::archive::{self, Archive};
use procvision_host::signing::{
    self, LockedKey, NewKey, NewSignature, PublicKey, SecretKey, SignatureStatus, TrustStore,
};
use procvision_host::whole_file::Existing;
use procvision_tests::binary::{Answer, procvision, procvision_binary, project_root};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

/// When signatures are made here, unless a test says otherwise.
pub const NOW: OffsetDateTime = datetime!(2026-11-25 12:00:00 UTC);

/// The files of a package that is as small as one can be, with an asset.
pub fn small_files(name: &str, version: &str) -> BTreeMap<String, Vec<u8>> {
    let manifest = json!({
        "manifest_version": 1,
        "name": name,
        "version": version,
        "description": "Judges nothing",
        "component": "component.wasm",
        "supported_pids": ["A01"],
        "required_assets": {"A01": {"table": "assets/table.json"}},
    });
    let component = wat::parse_str("(component)").expect("it is a component");
    BTreeMap::from([
        ("manifest.json".to_owned(), manifest.to_string().into_bytes()),
        ("component.wasm".to_owned(), component),
        ("assets/table.json".to_owned(), b"[1, 2, 3]\n".to_vec()),
    ])
}

/// The unsigned archive of such a package.
pub fn small(name: &str, version: &str) -> Archive {
    let bytes = archive::write(&small_files(name, version)).expect("it is a package");
    parse(bytes).expect("what is written can be read")
}

/// The archive of these bytes, if they are one.
pub fn parse(bytes: Vec<u8>) -> Option<Archive> {
    Archive::parse(bytes, Path::new("package.zip")).ok()
}

/// A key without password.
pub fn key() -> SecretKey {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (secret, public) = (folder.path().join("a.key"), folder.path().join("a.pub"));
    let new = NewKey::generate(None).expect("keys can be made");
    new.write(&secret, &public, Existing::Keep)
        .expect("keys can be written");
    let locked = LockedKey::read(&secret).expect("it was just written");
    locked.unlock(None).expect("it has no password")
}

/// A signature of the package, made at [`NOW`].
pub fn signed(package: &Archive, key: &SecretKey) -> NewSignature {
    signing::sign(&package.unsigned(), package.manifest(), key, NOW, None).expect("it can be signed")
}

/// The package with the signature inside.
pub fn embedded(package: &Archive, signature: &str) -> Archive {
    let bytes = archive::embed(&package.unsigned(), signature).expect("it can be put inside");
    parse(bytes).expect("what is written can be read")
}

/// What the signatures of a package are worth to somebody, at [`NOW`].
pub fn assess(package: &Archive, beside: Option<&str>, trust: &TrustStore) -> SignatureStatus {
    let (unsigned, inside) = (package.unsigned(), package.signature());
    signing::assess(&unsigned, inside, beside, package.manifest(), trust, NOW)
}

/// A trust folder with these keys in it, by the names of their files; `revoked/x.pub` is a revoked one.
pub fn trusting(keys: &[(&str, &PublicKey)]) -> TrustStore {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, key) in keys {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("it can be written");
        fs::write(path, key.to_text()).expect("it can be written");
    }
    TrustStore::open(folder.path()).expect("the folder is in order")
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes that a base64 text stands for.
pub fn decode(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = LETTERS.iter().position(|one| *one == letter).expect("it is base64");
        bits = bits << 6 | value as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    bytes
}

/// The base64 text of bytes.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() { letter.into() } else { '=' });
        }
    }
    text
}

/// The text of a key or signature with the key identifier of `other` in its second line.
pub fn with_id_of(text: &str, other: &PublicKey) -> String {
    let number = decode(other.to_text().lines().nth(1).expect("a key has two lines"));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut bytes = decode(&lines[1]);
    bytes[2..10].copy_from_slice(&number[2..10]);
    lines[1] = encode(&bytes);
    lines.join("\n") + "\n"
}

/// A folder to call the program in.
pub struct Stage(TempDir);

impl Stage {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    /// One with the packages `a.zip` (`alpha` 1.0.0) and `b.zip` (`beta` 1.0.0) and keys `acme` without a password.
    pub fn set() -> Self {
        let stage = Self::new();
        for (file, name) in [("a.zip", "alpha"), ("b.zip", "beta")] {
            stage.write(file, &small(name, "1.0.0").into_bytes());
        }
        stage.run(&["keygen", "acme", "--no-password"]).expect(0);
        stage
    }

    /// The path of a file in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, readable by its owner alone, as password files must be.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::write(&path, bytes).expect("it can be written");
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    }

    /// The bytes of a file.
    #[track_caller]
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("it is there");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("it can be read")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// Runs the program in it.
    pub fn run(&self, arguments: &[&str]) -> Answer {
        Answer::of(procvision().current_dir(self.0.path()).args(arguments))
    }

    /// The JSON answer of the program.
    #[track_caller]
    pub fn json(&self, arguments: &[&str], status: i32) -> Value {
        self.run(&[arguments, &["--json"]].concat()).expect(status).json()
    }

    /// The code and the sentence with which the program refuses.
    #[track_caller]
    pub fn error(&self, arguments: &[&str], status: i32) -> (String, String) {
        let error = self.json(arguments, status)["error"].clone();
        let text = |key: &str| error[key].as_str().unwrap_or_else(|| panic!("{error:#}")).to_owned();
        (text("code"), text("message"))
    }

    /// Runs a tool in it, with these lines on its standard input.
    pub fn tool(&self, program: &Path, arguments: &[&str], input: &str) -> Answer {
        self.write("input", input.as_bytes());
        let input = fs::File::open(self.path("input")).expect("it was just written");
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).args(arguments).stdin(input);
        Answer::of(&mut command)
    }

    /// Runs the program in it on a terminal; each text in `typed` is typed when the one before it has appeared.
    pub fn on_a_terminal(&self, arguments: &[&str], typed: &[(&str, &str)]) -> Typed {
        self.tool_on_a_terminal(procvision_binary(), arguments, typed)
    }

    /// Runs a tool in it on a terminal.
    pub fn tool_on_a_terminal(&self, program: &Path, arguments: &[&str], typed: &[(&str, &str)]) -> Typed {
        let script = project_root().join("tests/tests/signing/terminal.py");
        let mut command = Command::new("python3");
        command
            .current_dir(self.0.path())
            .env("NO_COLOR", "1")
            .arg(script)
            .arg(json!(typed).to_string());
        let answer = Answer::of(command.arg(program).args(arguments)).expect(0).json();
        Typed {
            status: answer["status"].as_i64().expect("there is a status"),
            seen: answer["seen"].as_str().expect("something was seen").to_owned(),
            echo: answer["echo"].as_bool().expect("the terminal can be asked"),
        }
    }
}

/// What came of running a program on a terminal.
#[derive(Debug)]
pub struct Typed {
    /// Its exit status.
    pub status: i64,
    /// Everything that appeared.
    pub seen: String,
    /// Whether the terminal shows what is typed, afterwards.
    pub echo: bool,
}

/// The minisign tool, in C.
pub fn minisign() -> &'static Path {
    static TOOL: OnceLock<PathBuf> = OnceLock::new();
    TOOL.get_or_init(|| {
        let tool = Command::new("minisign").arg("-v").output();
        assert!(
            tool.is_ok_and(|output| output.status.success()),
            "these tests need the minisign tool; install it with `apt-get install minisign` or what your system has"
        );
        "minisign".into()
    })
}

/// The tool of the crate `rsign2`, installed once into the target folder.
pub fn rsign() -> &'static Path {
    static TOOL: OnceLock<PathBuf> = OnceLock::new();
    TOOL.get_or_init(|| {
        let root = project_root().join("target/tools");
        let tool = root.join("bin/rsign");
        if !tool.exists() {
            let installed = Command::new(env!("CARGO"))
                .args([
                    "install",
                    "rsign2",
                    "--version",
                    "=0.6.7",
                    "--locked",
                    "--quiet",
                    "--root",
                ])
                .arg(&root)
                .env("CARGO_TARGET_DIR", root.join("build"))
                .status();
            assert!(
                installed.is_ok_and(|status| status.success()),
                "these tests need the tool rsign; `cargo install rsign2 --root target/tools` must work"
            );
        }
        tool
    })
}
