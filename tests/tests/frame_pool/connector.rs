//! Connections that another process makes: everything works as without it, and it does nothing else.

use crate::stage::{Stage, assert_shows, name, publish};
use procvision_host::explain::Explain;
use procvision_host::pool::LinkError;
use procvision_host::pool::connector::Connector;
use procvision_host::pool::consumer::{PoolClient, PoolError};
use procvision_host::pool::memory::SLOT_GRANULE;
use procvision_host::pool::producer::Producer;
use procvision_tests::binary::{Answer, procvision, procvision_binary};
use procvision_tests::frame_pool::{RawPeer, broker_process, eventually, socket};
use rustix::fd::AsFd;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::process::{Pid, Signal};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn connector(socket: &Path) -> Connector {
    Connector::start_program(procvision_binary(), socket).unwrap()
}

fn client(socket: &Path) -> PoolClient {
    PoolClient::through(connector(socket))
}

#[test]
fn pictures_are_the_same_through_a_connector() {
    let stage = Stage::new();
    let (left, right) = (stage.producer("left", 2), stage.producer("right", 2));
    let client = client(&stage.socket);
    assert_eq!(client.socket(), stage.socket);
    for level in 0..5 {
        for producer in [&left, &right] {
            let reference = publish(producer, level);
            assert_shows(&client.open(&reference).unwrap(), level);
        }
        assert_shows(&client.newest(&name("left")).unwrap().1, level);
    }
    assert_eq!(stage.status("left").consumers, 1, "one connection for each pool");
    drop(client);
    eventually("the connection is gone", || stage.status("left").consumers == 0);
}

#[test]
fn a_broker_that_comes_late_or_again_is_found() {
    let (_folder, socket) = socket();
    let client = client(&socket);
    let nobody = |client: &PoolClient| {
        let error = client.newest(&name("cam")).unwrap_err();
        assert!(
            matches!(error, PoolError::Broker(LinkError::NoBroker { .. })),
            "{error:?}"
        );
    };
    nobody(&client);
    for level in 0..3 {
        let broker = broker_process(&socket);
        let producer = Producer::connect(&socket, name("cam"), 1, SLOT_GRANULE).unwrap();
        let reference = publish(&producer, level);
        assert_shows(&client.open(&reference).unwrap(), level);
        broker.kill();
        nobody(&client);
    }
}

#[test]
fn whoever_connects_has_no_say_in_which_pools_there_are() {
    let stage = Stage::new();
    let error = client(&stage.socket).newest(&name("cam")).unwrap_err();
    assert!(
        matches!(error, PoolError::Broker(LinkError::Refused { .. })),
        "{error:?}"
    );
}

#[test]
fn without_its_connector_a_client_keeps_what_it_has_and_gets_nothing_new() {
    let stage = Stage::new();
    let (left, _right) = (stage.producer("left", 2), stage.producer("right", 2));
    let connector = connector(&stage.socket);
    let process = Pid::from_raw(connector.id().try_into().unwrap()).unwrap();
    let client = PoolClient::through(connector);
    let reference = publish(&left, 1);
    drop(client.open(&reference).unwrap());
    rustix::process::kill_process(process, Signal::KILL).unwrap();

    assert_shows(&client.open(&publish(&left, 2)).unwrap(), 2);
    for _ in 0..2 {
        let error = client.newest(&name("right")).unwrap_err();
        assert!(matches!(error, PoolError::Broker(LinkError::Connector(_))), "{error:?}");
        assert!(error.code() == "1002" && error.remedy().is_some());
    }
}

#[test]
fn it_ends_with_its_host_and_with_the_value() {
    let stage = Stage::new();
    let gone = |id: &str| {
        let status = fs::read_to_string(format!("/proc/{id}/status"));
        status.map_or(true, |status| status.contains("State:\tZ"))
    };
    let mut host = stage.peer("through", procvision_binary().to_str().unwrap());
    let id = host.line();
    assert!(!gone(&id));
    host.kill();
    eventually("the connector has ended", || gone(&id));

    let connector = connector(&stage.socket);
    let id = connector.id().to_string();
    assert!(!gone(&id));
    drop(connector);
    assert!(!Path::new("/proc").join(id).exists());
}

#[test]
fn it_works_for_nobody_who_starts_it_by_hand() {
    let (_folder, socket) = socket();
    let somebody = std::process::id().wrapping_add(1).to_string();
    for arguments in [&[][..], &[somebody.as_str()], &[somebody.as_str(), "/s"], &["x", "/s"]] {
        let answer = Answer::of(procvision().arg("connect-in-child").args(arguments)).expect(2);
        assert!(answer.stderr.contains("works for nobody else"), "{answer:?}");
    }
    // With nobody at its stdin it ends.
    let mut command = procvision();
    command.arg("connect-in-child").arg(std::process::id().to_string());
    Answer::of(command.arg(&socket)).expect(0);
}

/// The process, and its host's side.
struct Raw {
    child: Child,
    peer: RawPeer,
}

impl Raw {
    fn start(socket: &Path) -> Self {
        let kind = (AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC);
        let (ours, theirs) = rustix::net::socketpair(kind.0, kind.1, kind.2, None).unwrap();
        // A descriptor that a host has forgotten to close.
        let leaked = rustix::io::dup(&ours).unwrap();
        rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).unwrap();
        let mut command = Command::new(procvision_binary());
        command
            .args(["connect-in-child", &std::process::id().to_string()])
            .arg(socket)
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self {
            child: command.spawn().unwrap(),
            peer: RawPeer::connected(ours),
        }
    }

    fn proc(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap()
    }

    fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn nonsense_is_passed_over_and_the_next_question_answered() {
    let stage = Stage::new();
    let mut raw = Raw::start(&stage.socket);
    for packet in [
        &b"{"[..],
        b"null",
        b"{}",
        br#"{"number":-1}"#,
        br#"{"number":1,"more":2}"#,
        &[0xff; 4096],
    ] {
        assert!(raw.peer.say(packet));
    }
    raw.peer
        .say_with(b"here", &[std::io::stdin().as_fd(), std::io::stderr().as_fd()]);
    for number in [7, u64::MAX] {
        let heard = raw.peer.ask(&json!({ "number": number }));
        assert_eq!(*heard.message(), json!({ "number": number }));
        let [connection] = <[_; 1]>::try_from(heard.fds).unwrap();
        let hello = json!({ "type": "hello", "protocol": 1, "role": "observer" });
        let heard = RawPeer::connected(connection).ask(&hello);
        assert_eq!(heard.message()["type"], "observer", "{heard:?}");
        // It keeps neither what came with nonsense nor, once it waits again, the connections it has made.
        eventually("it holds nothing", || raw.descriptors() == 4);
    }
    rustix::net::shutdown(&raw.peer, rustix::net::Shutdown::Both).unwrap();
    assert!(raw.child.wait().unwrap().success());
}

#[test]
fn it_has_given_up_what_it_does_not_need() {
    let (_folder, socket) = socket();
    let raw = Raw::start(&socket);
    let heard = raw.peer.ask(&json!({ "number": 1 }));
    assert_eq!(
        *heard.message(),
        json!({ "number": 1, "errno": rustix::io::Errno::NOENT.raw_os_error() })
    );
    assert!(raw.proc("status").contains("NoNewPrivs:\t1"));
    let limits = raw.proc("limits");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let words: Vec<_> = line[name.len()..].split_whitespace().take(2).collect();
        words.join(" ")
    };
    for (name, value) in [
        ("Max open files", "5 5"),
        ("Max file size", "0 0"),
        ("Max core file size", "0 0"),
        ("Max processes", "0 0"),
    ] {
        assert_eq!(limit(name), value, "{name}");
    }
    assert_eq!(raw.descriptors(), 4, "not the one that was forgotten");
}
