//! Compiling in a process of its own: the same code comes of it, it costs no more than it may, and whatever becomes of it
//! the host goes on.

use procvision_host::algorithm::{Algorithm, LoadError};
use procvision_host::call::StepCall;
use procvision_host::compiler::{CompileChild, CompileError, Compiler};
use procvision_host::explain::Explain;
use procvision_host::frame::{Frame, PixelFormat};
use procvision_host::host::{Host, HostConfig};
use procvision_host::limits::CompileLimits;
use procvision_host::session::Session;
use procvision_tests::binary::{Answer, procvision, procvision_binary};
use procvision_tests::guests::{Folder, hungry_to_compile, lifted, slow_to_compile};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than anything here takes. A test that hangs would otherwise say nothing.
const WATCHDOG: Duration = Duration::from_secs(300);

fn host(program: &Path, limits: CompileLimits) -> Host {
    let child = CompileChild {
        program: program.to_owned(),
        limits,
    };
    let config = HostConfig {
        compiler: Compiler::Child(child),
        ..HostConfig::default()
    };
    Host::new(config).unwrap()
}

fn load(host: &Host, component: &[u8]) -> Result<Algorithm, LoadError> {
    let folder = Folder::with_bytes("lifted", "1.0.0", component);
    host.load(&folder.open(&host.config().ceiling).unwrap())
}

#[track_caller]
fn refused(host: &Host, component: &[u8]) -> CompileError {
    match load(host, component) {
        Err(LoadError::Compile(error)) => {
            assert_eq!(error.code(), "2005");
            assert!(error.remedy().is_some());
            error
        }
        Err(error) => panic!("another error: {error:?}"),
        Ok(_) => panic!("it was compiled"),
    }
}

#[track_caller]
fn goes_on(host: &Host) {
    let mut algorithm = load(host, &lifted("base")).unwrap();
    let picture = Frame::from_pixels(PixelFormat::RGB8, 4, 4, 12, vec![0; 48]).unwrap();
    let mut session = Session::new("s", Default::default());
    let report = algorithm.execute(&mut session, &StepCall::new(1, "A01", picture));
    assert_eq!(report.outcome.as_str(), "ok", "{:?}", report.outcome);
}

#[test]
fn what_a_child_compiles_runs_here() {
    goes_on(&host(procvision_binary(), CompileLimits::default()));
}

#[test]
fn too_much_processor_time_is_refused_and_the_host_goes_on() {
    let limits = CompileLimits {
        cpu_seconds: 1,
        ..CompileLimits::default()
    };
    let host = host(procvision_binary(), limits);
    let component = slow_to_compile(8_000);
    assert!(component.len() < 200_000, "{} bytes", component.len());
    let error = refused(&host, &component);
    assert!(matches!(error, CompileError::ProcessorTime { limit: 1 }), "{error:?}");
    assert!(error.subject_failed());
    goes_on(&host);
}

#[test]
fn too_long_a_time_is_refused_and_the_host_goes_on() {
    let limits = CompileLimits {
        wall_seconds: 1,
        ..CompileLimits::default()
    };
    let error = refused(&host(procvision_binary(), limits), &slow_to_compile(8_000));
    assert!(matches!(error, CompileError::WallTime { limit: 1 }), "{error:?}");
    goes_on(&host(procvision_binary(), CompileLimits::default()));
}

#[test]
fn too_much_memory_is_refused_and_the_host_goes_on() {
    let limits = CompileLimits {
        memory_bytes: 768 << 20,
        ..CompileLimits::default()
    };
    let host = host(procvision_binary(), limits);
    let component = hungry_to_compile(8_000);
    assert!(component.len() < 200_000, "{} bytes", component.len());
    let error = refused(&host, &component);
    assert!(
        matches!(error, CompileError::Memory { limit } if limit == 768 << 20),
        "{error:?}"
    );
    goes_on(&host);
}

/// Whatever the limit, the answer is an error that says so, or the component.
#[test]
fn hardly_any_memory_is_an_error_like_any_other() {
    for mebibytes in [0, 1, 16, 64, 80, 96, 128, 192] {
        let limits = CompileLimits {
            memory_bytes: mebibytes << 20,
            ..CompileLimits::default()
        };
        match load(&host(procvision_binary(), limits), &lifted("base")) {
            Ok(_) => assert!(mebibytes > 16, "{mebibytes} MiB"),
            Err(LoadError::Compile(error)) => println!("{mebibytes} MiB: {error}"),
            Err(error) => panic!("{mebibytes} MiB: {error:?}"),
        }
    }
}

#[test]
fn the_command_line_compiles_in_a_child() {
    let place = tempfile::tempdir().unwrap();
    let component = place.path().join("slow.wasm");
    fs::write(&component, slow_to_compile(8_000)).unwrap();
    let (mut host, compiler) = compiling(&component);

    let status = |name: &str| fs::read_to_string(format!("/proc/{compiler}/{name}")).unwrap();
    let defaults = CompileLimits::default();
    // Of all limits the one of memory is set last.
    let last = format!("Max address space         {} ", defaults.memory_bytes);
    let limits = watch(|| Some(status("limits")).filter(|limits| limits.contains(&last)));
    for (name, value) in [
        ("Max cpu time", defaults.cpu_seconds),
        ("Max address space", defaults.memory_bytes),
        ("Max file size", defaults.memory_bytes),
        ("Max core file size", 0),
    ] {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        assert_eq!(
            line[name.len()..].split_whitespace().next(),
            Some(&*value.to_string()),
            "{line}"
        );
    }
    assert!(status("status").contains("NoNewPrivs:\t1"));
    // The filter comes after the limits.
    watch(|| status("status").contains("Seccomp:\t2").then_some(()));
    // Nobody but root can look into it.
    let folder = fs::read_link(format!("/proc/{compiler}/cwd"));
    let open = fs::read_dir(format!("/proc/{compiler}/fd")).map(Iterator::count);
    if rustix::process::geteuid().is_root() {
        assert_eq!(folder.unwrap(), Path::new("/"));
        assert_eq!(open.unwrap(), 3);
    } else {
        assert!(folder.is_err() && open.is_err());
    }

    // It does not outlive the one it works for.
    let pid = rustix::process::Pid::from_raw(compiler).unwrap();
    let handle = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).unwrap();
    host.kill().unwrap();
    host.wait().unwrap();
    let timeout = Timespec {
        tv_sec: WATCHDOG.as_secs().cast_signed(),
        tv_nsec: 0,
    };
    assert_eq!(poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&timeout)), Ok(1));
}

/// The program while its compiler works at a component, and the compiler.
fn compiling(component: &Path) -> (Child, i32) {
    let mut command = procvision();
    command.arg("validate").arg(component).args(["--no-cache", "--json"]);
    let host = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let children = format!("/proc/{0}/task/{0}/children", host.id());
    let compiler = watch(|| {
        fs::read_to_string(&children)
            .ok()?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    });
    (host, compiler)
}

/// Looks until there is something.
#[track_caller]
fn watch<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        match look() {
            Some(found) => return found,
            None => assert!(begun.elapsed() < WATCHDOG, "nothing was seen"),
        }
        std::thread::yield_now();
    }
}

#[test]
fn the_compiler_is_nothing_for_people() {
    let by_hand: [&[&str]; 5] = [
        &[],
        &["--help"],
        &["1", "2"],
        &["1", "4294967296", "10"],
        &["0", "0", "0", "0"],
    ];
    for arguments in by_hand {
        let answer = Answer::of(procvision().arg("compile-in-child").args(arguments)).expect(2);
        assert_eq!(answer.stdout, "");
        assert!(
            answer.stderr.starts_with("error: this is how the program compiles"),
            "{answer:?}"
        );
        assert_eq!(answer.stderr.lines().count(), 1);
    }
    assert!(
        !Answer::of(procvision().arg("--help"))
            .stdout
            .contains("compile-in-child")
    );
}

#[test]
fn another_request_is_not_answered() {
    let other_engine = [b"pv-compile-0001\n".as_slice(), &[1, 0], &[7; 32], b"component"].concat();
    for (request, status) in [(b"text".as_slice(), 68), (&[], 68), (&other_engine, 66)] {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("request");
        fs::write(&file, request).unwrap();
        let own = std::process::id().to_string();
        let mut command = procvision();
        command.args(["compile-in-child", &own, "4294967296", "10"]);
        let answer = Answer::of(command.stdin(fs::File::open(file).unwrap())).expect(status);
        assert_eq!(answer.stdout, "");
    }
}

/// A program in the place of the compiler.
fn impostor(script: &str) -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("compiler");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    (place, path)
}

fn answer_of(script: &str) -> CompileError {
    let (_place, program) = impostor(script);
    refused(&host(&program, CompileLimits::default()), &lifted("base"))
}

#[test]
fn the_engines_words_are_passed_on() {
    let error = answer_of("printf 'no such instruction'; exit 65");
    assert_eq!(error.to_string(), "no such instruction");
    assert!(error.subject_failed());
}

#[test]
fn the_compiler_gets_nothing_of_the_hosts() {
    let error = answer_of("pwd; env | cut -d= -f1 | sort; exit 65");
    let said = error.to_string();
    let mut lines: Vec<&str> = said.lines().collect();
    // The shell makes some itself.
    lines.retain(|line| !["PWD", "OLDPWD", "SHLVL", "_"].contains(line));
    assert_eq!(lines, ["/", "MALLOC_ARENA_MAX", "RAYON_NUM_THREADS"]);
}

#[test]
fn a_compiler_that_crashes_takes_nobody_with_it() {
    let error = answer_of("echo 'thread panicked\nsomewhere' >&2; kill -SEGV $$");
    let text = "the compiler was ended by signal 11 (SIGSEGV): thread panicked somewhere";
    assert_eq!(error.to_string(), text);
    let error = answer_of("kill -KILL $$");
    assert!(matches!(&error, CompileError::Crashed { signal: 9, .. }), "{error:?}");
    let error = answer_of("echo it hurts >&2; exit 101");
    assert_eq!(error.to_string(), "the compiler gave up with status 101: it hurts");
    // However much it says, only the beginning is kept.
    let error = answer_of("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1");
    assert!(error.to_string().len() < 2_000, "{error}");
    assert!(matches!(answer_of("exit 67"), CompileError::Memory { .. }));
}

#[test]
fn what_is_no_artifact_is_not_loaded() {
    for script in ["exit 0", "echo text; exit 0", "head -c 100000 /dev/zero; exit 0"] {
        let error = answer_of(script);
        assert!(matches!(error, CompileError::BadAnswer(_)), "{error:?}");
        assert!(!error.subject_failed());
    }
    let error = answer_of("exit 66");
    assert!(matches!(error, CompileError::OtherEngine(_)), "{error:?}");
    let nowhere = Path::new("/nowhere/compiler");
    let error = refused(&host(nowhere, CompileLimits::default()), &lifted("base"));
    assert!(matches!(error, CompileError::Process { .. }), "{error:?}");
}

#[test]
fn a_compiler_that_takes_too_long_is_gone_afterwards() {
    let place = tempfile::tempdir().unwrap();
    let note = place.path().join("pid");
    let (_place, program) = impostor(&format!("echo $$ > {}; exec tail -f /dev/null", note.display()));
    let limits = CompileLimits {
        wall_seconds: 1,
        ..CompileLimits::default()
    };
    let error = refused(&host(&program, limits), &lifted("base"));
    assert!(matches!(error, CompileError::WallTime { limit: 1 }), "{error:?}");
    if let Ok(pid) = fs::read_to_string(note) {
        assert!(!Path::new("/proc").join(pid.trim()).exists());
    }
}
