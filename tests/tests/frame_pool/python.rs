//! The camera in Python against a real broker.

use crate::stage::{Stage, name, phases};
use procvision_host::frame::PixelFormat;
use procvision_tests::binary::{Answer, project_root};
use procvision_tests::frame_pool::{Process, eventually};
use std::process::Command;

/// `python3`, which finds the camera's module and leaves nothing beside it.
fn python() -> Command {
    let version = Command::new("python3").arg("--version").output();
    assert!(
        version.is_ok_and(|output| output.status.success()),
        "the camera in Python is tested with python3, 3.9 or later, which is not installed"
    );
    let mut command = Command::new("python3");
    command
        .env("PYTHONPATH", project_root().join("examples/python-camera"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn camera() -> Command {
    let mut command = python();
    command.arg(project_root().join("examples/python-camera/procvision_camera.py"));
    command
}

#[test]
fn raw_pixels_arrive_bit_for_bit() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("pixels");
    for (format, channels) in [
        (PixelFormat::RGB8, 3),
        (PixelFormat::BayerGB8, 1),
        (PixelFormat::Mono8, 1),
    ] {
        let pixels: Vec<u8> = (0..1280 * 960 * channels)
            .map(|at: usize| (at * 31 % 253) as u8)
            .collect();
        std::fs::write(&raw, &pixels).unwrap();
        let pool = format.to_string().to_lowercase();
        let mut command = camera();
        command.args([
            "--pool",
            &pool,
            "--size",
            "1280x960",
            "--format",
            &format.to_string(),
            "--count",
            "2",
        ]);
        let answer = Answer::of(command.arg("--raw").arg(&raw).arg("--socket").arg(&stage.socket)).expect(0);
        assert_eq!((answer.stdout.lines().count(), answer.stderr.as_str()), (2, ""));
        for reference in answer.stdout.lines() {
            let frame = stage.client().open(&reference.parse().unwrap()).unwrap();
            assert_eq!((frame.format(), frame.width(), frame.height()), (format, 1280, 960));
            assert_eq!(frame.camera_id(), pool);
            let row = 1280 * channels;
            for (y, expected) in pixels.chunks(row).enumerate() {
                assert_eq!(frame.row(y as u32)[..], *expected, "{format} row {y}");
            }
        }
    }
}

#[test]
fn a_gradient_is_what_it_says() {
    let stage = Stage::new();
    let answer = Answer::of(
        camera()
            .args(["--pool", "cam", "--size", "64x48", "--socket"])
            .arg(&stage.socket),
    )
    .expect(0);
    let frame = stage.client().open(&answer.stdout.trim().parse().unwrap()).unwrap();
    for y in 0..48 {
        let expected: Vec<u8> = (0..64).map(|x| (x + y) as u8).collect();
        assert_eq!(frame.row(y)[..], expected);
    }
}

#[test]
fn the_module_knows_back_pressure_mistakes_and_the_end() {
    let stage = Stage::new();
    let script = r#"
import sys
from procvision_camera import BrokerError, Camera

with Camera("cam", 2, 2 << 20, sys.argv[1]) as camera:
    first, second = camera.acquire(), camera.acquire()
    assert camera.acquire() is None
    first.buffer[:4] = b"\1\2\3\4"
    for wrong in [dict(width=0, height=1), dict(width=9, height=9, stride=8), dict(width=1, height=1, format="X")]:
        try:
            camera.publish(first, **{"format": "Mono8", **wrong})
            raise AssertionError(wrong)
        except BrokerError as error:
            assert error.code == "header", error
    print(camera.publish(first, 2, 2, "Mono8", timestamp_ms=7, camera_id="py"))
    try:
        first.buffer[0]
        raise AssertionError("the buffer is released")
    except ValueError:
        pass
    camera.abandon(second)
    try:
        Camera("cam", 2, 2 << 20, sys.argv[1])
        raise AssertionError("there is a producer already")
    except BrokerError as error:
        assert error.code == "taken", error
    held = camera.acquire()
    print("writing", flush=True)
    sys.stdin.read()
"#;
    let mut process = Process::start(python().args(["-c", script]).arg(&stage.socket));
    let reference = process.line().parse().unwrap();
    let frame = stage.client().open(&reference).unwrap();
    assert_eq!((frame.timestamp_ms(), frame.camera_id()), (7, "py"));
    assert_eq!((&frame.row(0)[..], &frame.row(1)[..]), (&[1, 2][..], &[3, 4][..]));
    assert_eq!(process.line(), "writing");
    assert_eq!(phases(&stage.status("cam")), "ready writing");
    assert_eq!(stage.status("cam").dropped, 1);
    process.kill();
    assert_eq!(phases(&stage.status("cam")), "ready free");
    assert_eq!(stage.client().newest(&name("cam")).unwrap().0, reference);
}

#[test]
fn a_forked_child_does_not_keep_a_dead_camera_connected() {
    let stage = Stage::new();
    let script = r#"
import os, sys
from procvision_camera import Camera

camera = Camera("cam", 2, 2 << 20, sys.argv[1])
slot = camera.acquire()
if os.fork() == 0:
    try:
        camera.acquire()
        os._exit(1)
    except OSError:
        pass
    camera.close()  # This hangs up for nobody but the child.
    print("child", flush=True)
    sys.stdin.read()
    os._exit(0)
sys.stdin.read()
"#;
    let mut process = Process::start(python().args(["-c", script]).arg(&stage.socket));
    assert_eq!(process.line(), "child");
    assert_eq!(phases(&stage.status("cam")), "writing free");
    // The child lives on until nobody holds the other end of its stdin.
    let parent = rustix::process::Pid::from_raw(process.id() as i32).unwrap();
    rustix::process::kill_process(parent, rustix::process::Signal::KILL).unwrap();
    eventually("the broker sees the death", || !stage.status("cam").producer);
    assert_eq!(phases(&stage.status("cam")), "free free");
}

#[test]
fn after_a_time_out_the_conversation_is_over() {
    let script = r#"
import os, socket, sys, threading
from procvision_camera import Camera

listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind(sys.argv[1])
listener.listen()

def broker():
    peer, _ = listener.accept()
    peer.recv(4096)
    memory = os.memfd_create("pool")
    os.ftruncate(memory, 2 << 20)
    socket.send_fds(peer, [b'{"type":"producer","protocol":1,"slots":1,"slot_bytes":2097152}'], [memory])
    assert b"acquire" in peer.recv(4096)
    assert peer.recv(4096) == b""  # It hangs up, and asks nothing more.
    print("hung up", flush=True)

thread = threading.Thread(target=broker)
thread.start()
camera = Camera("cam", 1, 2 << 20, sys.argv[1])
camera._socket.settimeout(0.01)
for error in (socket.timeout, OSError):
    try:
        camera.acquire()
        raise AssertionError("nothing was answered")
    except error:
        pass
thread.join()
"#;
    let folder = tempfile::tempdir().unwrap();
    let answer = Answer::of(python().args(["-c", script]).arg(folder.path().join("s"))).expect(0);
    assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("hung up\n", ""));
}

#[test]
fn without_a_broker_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let answer = Answer::of(
        camera()
            .args(["--pool", "cam", "--socket"])
            .arg(folder.path().join("none")),
    )
    .expect(2);
    assert!(answer.stderr.starts_with("error: "), "{answer:?}");
}
