//! What a process gives up before algorithms run: each lock, tried from inside, and algorithms at work under it.

use procvision_host::component_build::{self, BuildOptions};
use procvision_host::lockdown::{self, Lock};
use procvision_tests::binary::{Answer, procvision_binary, project_root};
use procvision_tests::frame_pool::Process;
use procvision_tests::probe_component;
use serde_json::{Map, Value, json};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use tempfile::TempDir;

fn probe(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lock-probe"));
    command.stdin(Stdio::null()).args(arguments);
    command
}

/// A folder with a picture.
fn pictures() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("picture"), b"pixels").unwrap();
    folder
}

/// What the probe says while it is locked, and the probe, which waits.
fn attempted(folder: &Path, stderr: Stdio) -> (Value, Process) {
    let mut process = Process::start(probe(&["attempt"]).arg(folder).stderr(stderr));
    let said = serde_json::from_str(&process.line()).unwrap();
    (said, process)
}

fn ended(command: &mut Command) -> ExitStatus {
    command.stdout(Stdio::null()).status().unwrap()
}

#[test]
fn every_lock_holds_on_every_thread() {
    let folder = pictures();
    let (said, _process) = attempted(folder.path(), Stdio::inherit());
    for thread in ["main", "earlier"] {
        let attempts = said[thread].as_object().unwrap();
        assert!(attempts.len() > 120, "only {} attempts", attempts.len());
        let wrong: Map<_, _> = attempts
            .iter()
            .filter(|(_, attempt)| attempt["expected"] != attempt["got"])
            .map(|(name, attempt)| (name.clone(), attempt.clone()))
            .collect();
        assert!(wrong.is_empty(), "{thread}: {wrong:#?}");
    }
    assert_eq!(fs::read(folder.path().join("picture")).unwrap(), b"pixels");
    assert!(!folder.path().join("fresh").exists());
}

/// What is refused is refused by the locks and not for another reason.
#[test]
fn without_the_locks_the_same_attempts_are_answered_otherwise() {
    let folder = pictures();
    let said = Answer::of(probe(&["free"]).arg(folder.path())).expect(0).json();
    let attempts = said["main"].as_object().unwrap();
    let refused: Vec<&String> = attempts
        .iter()
        .filter(|(_, attempt)| attempt["expected"] != "" && attempt["expected"] == attempt["got"])
        .map(|(name, _)| name)
        .collect();
    // A container or an unprivileged user is refused some of it anyway.
    println!("refused anyway: {refused:?}");
    assert!(attempts.len() > 110, "only {} attempts", attempts.len());
    assert!(refused.len() < attempts.len() / 3, "{refused:?}");
    let works: Vec<_> = attempts
        .iter()
        .filter(|(_, attempt)| attempt["expected"] == "")
        .collect();
    assert!(works.iter().all(|(_, attempt)| attempt["got"] == ""), "{works:?}");
}

#[test]
fn the_kernel_says_the_same() {
    let folder = pictures();
    let (said, process) = attempted(folder.path(), Stdio::null());
    let locks = said["report"]["locks"].as_object().unwrap();
    assert_eq!(locks.len(), Lock::ALL.len());
    for (name, state) in locks {
        assert!(state == "held" || state == "covered", "{name}: {state}");
    }
    let place = format!("/proc/{}", process.id());
    let mut threads = 0;
    for task in fs::read_dir(format!("{place}/task")).unwrap() {
        let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        for (key, value) in [("NoNewPrivs:", "1"), ("Seccomp:", "2")] {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            assert_eq!(line.trim(), value, "{key}");
        }
        threads += 1;
    }
    assert_eq!(threads, 2);
    let limits = fs::read_to_string(format!("{place}/limits")).unwrap();
    for (name, most) in [
        ("Max processes", 0),
        ("Max core file size", 0),
        ("Max file size", 0),
        ("Max open files", 256),
        ("Max data size", 8 << 30),
    ] {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        for value in line.split_whitespace().take(2) {
            let value: u64 = value.parse().unwrap_or_else(|_| panic!("{name}: {value}"));
            assert!(value <= most, "{name}: {value}");
        }
    }
    // Only root may look, as long as the process is not dumpable.
    if let Ok(maps) = fs::read_to_string(format!("{place}/maps")) {
        let both = maps.lines().find(|line| line.contains("wx"));
        assert_eq!(both, None, "memory that can be written and run");
    }
}

#[test]
fn a_log_in_a_file_can_go_on() {
    let folder = pictures();
    let log = File::create(folder.path().join("log")).unwrap();
    let (said, _process) = attempted(folder.path(), log.into());
    assert_eq!(said["report"]["locks"]["file_size"], "covered");
    let reason = said["report"]["reasons"]["file_size"].as_str().unwrap();
    assert!(reason.ends_with("as descriptors 2"), "{reason}");
}

#[test]
fn a_folder_that_is_not_there_stays_closed() {
    let folder = pictures();
    let missing = folder.path().join("later");
    let said = attempted(&missing, Stdio::null()).0;
    assert_eq!(said["report"]["closed_folders"], json!([missing]));
}

#[test]
fn aborting_works() {
    assert_eq!(ended(&mut probe(&["abort"])).signal(), Some(6));
}

/// Even with a backtrace, for which the program's own file would be read.
#[test]
fn panics_are_told() {
    let told = Answer::of(probe(&["panic"]).env("RUST_BACKTRACE", "1")).expect(101);
    assert!(told.stderr.contains("as it was told"), "{told:?}");
}

/// A panic of any thread ends an adapter, and is one line of its log.
#[test]
fn panics_of_an_adapter_are_its_last_words() {
    let output = probe(&["last-words"]).env("RUST_BACKTRACE", "1").output().unwrap();
    assert_eq!(output.status.signal(), Some(6), "{output:?}");
    assert_eq!(output.stdout, b"");
    let line: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(
        (&line["level"], &line["thread"]),
        (&"error".into(), &"talker".into()),
        "{line}"
    );
    assert!(
        line["message"].as_str().unwrap().contains("as it was told:\n\"xxx"),
        "{line}"
    );
    assert!(line["location"].as_str().unwrap().contains("lock_probe.rs"), "{line}");
}

#[test]
#[cfg(target_arch = "x86_64")]
fn calls_of_another_architecture_end_the_process() {
    assert_eq!(ended(&mut probe(&["foreign"])).signal(), Some(31));
}

#[test]
fn memory_is_bounded() {
    let said = Answer::of(&mut probe(&["hoard"])).expect(0).json();
    let (allowed, taken) = (said["allowed"].as_u64().unwrap(), said["taken"].as_u64().unwrap());
    assert!(taken <= allowed && taken > allowed / 10 * 9, "{said}");
}

#[test]
fn a_thread_that_keeps_its_files_is_found() {
    let said = Answer::of(&mut probe(&["careless"])).expect(0).json();
    assert_eq!(said["code"], "not-locked-down");
    assert_eq!(said["report"]["locks"]["files"], "missing");
    let reason = "threads have not given up their files: careless";
    assert_eq!(said["report"]["reasons"]["files"], reason);
    assert!(said["message"].as_str().unwrap().contains(reason), "{said}");
    assert!(said["remedy"].as_str().unwrap().starts_with("report it"), "{said}");
}

#[test]
fn a_thread_gives_up_its_files_and_no_other_does() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = pictures();
    let path = folder.path().to_owned();
    let refused = thread::spawn(move || {
        lockdown::renounce_files().unwrap();
        [
            File::open(path.join("picture")).map(drop),
            File::create(path.join("new")).map(drop),
            File::open("/proc/self/mem").map(drop),
            fs::remove_file(path.join("picture")),
            TcpStream::connect(address).map(drop),
            TcpListener::bind("127.0.0.1:0").map(drop),
        ]
        .map(|result| result.map_err(|error| error.kind()))
    });
    for result in refused.join().unwrap() {
        assert_eq!(result, Err(ErrorKind::PermissionDenied));
    }
    assert!(File::open(folder.path().join("picture")).is_ok());
    assert!(TcpStream::connect(address).is_ok());
}

#[test]
fn what_is_tried_by_the_program_itself_holds() {
    let report = lockdown::try_locks(procvision_binary()).unwrap();
    assert_eq!(report.locks.len(), Lock::ALL.len());
    assert!(report.attempts.len() > 20, "{report:#?}");
    let broken: Vec<_> = report.attempts.iter().filter(|attempt| !attempt.refused).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Golden cases, pictures laid over an algorithm's memory, a trap and the instance after it, pictures from files.
#[test]
fn algorithms_work_under_the_locks() {
    let store = tempfile::tempdir().unwrap();
    let photo = project_root().join("examples/presence-check/pictures/tray-good.png");
    fs::copy(&photo, store.path().join("dev-shm_s-1.bin")).unwrap();
    let mut command = probe(&["judge"]);
    command
        .arg(procvision_binary())
        .arg(probe_component())
        .arg(store.path());
    let examples = ["presence-check", "surface-defect", "capture-quality"];
    for example in examples {
        let folder = project_root().join("examples").join(example);
        let options = BuildOptions {
            quiet: true,
            ..BuildOptions::default()
        };
        let built = component_build::build(&folder, &options).unwrap();
        command.arg(format!("{}={}", folder.display(), built.component.display()));
    }
    let mut process = Process::start(command.stderr(Stdio::inherit()));
    let said: Value = serde_json::from_str(&process.line()).unwrap();
    for example in examples {
        let replayed = &said["examples"][example];
        assert!(replayed["cases"].as_u64() >= Some(5), "{said}");
        assert_eq!(replayed["cases"], replayed["good"], "{said}");
    }
    assert!(
        said["mapped"]["message"].as_str().unwrap().starts_with("Mapped "),
        "{said}"
    );
    assert_eq!(said["trap"]["class"], "trap", "{said}");
    assert_eq!(said["trap"]["instance_replaced"], true, "{said}");
    assert_eq!(said["again"]["message"], said["mapped"]["message"], "{said}");
    assert_eq!(said["stored"], json!([320, 240]), "{said}");
    let elsewhere = said["elsewhere"].as_str().unwrap();
    assert!(elsewhere.contains("denied"), "{elsewhere}");
    let maps = fs::read_to_string(format!("/proc/{}/maps", process.id())).unwrap_or_default();
    assert!(!maps.contains("wx"), "memory that can be written and run: {maps}");
    // The clock was there before, and nothing has started a thread since.
    assert_eq!(fs::read_dir(format!("/proc/{}/task", process.id())).unwrap().count(), 2);
}
