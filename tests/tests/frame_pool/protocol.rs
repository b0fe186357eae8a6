//! Packets that are none, and peers that do not keep to the protocol: each hears what is wrong, or is hung up on; the
//! others notice nothing.

use crate::stage::{Stage, assert_shows, publish};
use procvision_host::pool::LinkError;
use procvision_host::pool::broker::{Broker, BrokerConfig, BrokerError};
use procvision_host::pool::memory::SLOT_GRANULE;
use procvision_host::pool::message::Refusal;
use procvision_host::pool::observer::Observer;
use procvision_host::pool::producer::Producer;
use procvision_host::pool::socket::SocketError;
use procvision_tests::binary::{Answer, procvision, procvision_binary};
use procvision_tests::frame_pool::{RawPeer, broker_process, eventually, socket};
use rustix::fd::AsFd;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

const HELLO: &str = r#"{"type":"hello","protocol":1,"role":"observer"}"#;

/// What goes on undisturbed whatever a test does.
struct Witness {
    producer: Producer,
    level: u8,
}

impl Witness {
    fn new(stage: &Stage) -> Self {
        Self {
            producer: stage.producer("witness", 2),
            level: 0,
        }
    }

    #[track_caller]
    fn check(&mut self, stage: &Stage) {
        self.level += 1;
        let reference = publish(&self.producer, self.level);
        assert_shows(&stage.client().open(&reference).unwrap(), self.level);
    }
}

#[test]
fn packets_that_are_no_messages_end_the_connection_with_a_reason() {
    let stage = Stage::new();
    let mut witness = Witness::new(&stage);
    let deep = "[".repeat(4000);
    let huge = format!(
        r#"{{"type":"hello","protocol":1,"role":"observer","x":"{}"}}"#,
        "x".repeat(5000)
    );
    let just_too_long = format!("{HELLO}{}", " ".repeat(4097 - HELLO.len()));
    let packets: [&[u8]; 18] = [
        b"\0",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe\xfd",
        &HELLO.as_bytes()[..HELLO.len() - 1],
        b"{\"type\":\"hello\"}",
        b"{\"type\":\"hello\",\"protocol\":\"1\",\"role\":\"observer\"}",
        b"{\"type\":\"hello\",\"protocol\":1,\"role\":\"king\"}",
        b"{\"type\":\"hello\",\"protocol\":1,\"role\":\"observer\",\"pool\":\"a\"}",
        b"{\"type\":\"hello\",\"protocol\":1,\"role\":\"consumer\"}",
        b"{\"type\":\"hello\",\"protocol\":1,\"role\":\"producer\",\"pool\":\"a\",\"slots\":1e99,\"slot_bytes\":1}",
        b"{\"type\":\"acquire\"}",
        b"{\"type\":\"pools\"}",
        deep.as_bytes(),
        huge.as_bytes(),
        just_too_long.as_bytes(),
    ];
    for packet in packets {
        let peer = RawPeer::connect(&stage.socket);
        assert!(peer.say(packet));
        let text = String::from_utf8_lossy(&packet[..packet.len().min(80)]);
        assert_eq!(peer.hear().error(), "malformed", "{text}");
        assert!(peer.hear().message.is_none(), "{text}");
        witness.check(&stage);
    }
    // Nothing at all is a hang-up.
    let peer = RawPeer::connect(&stage.socket);
    peer.say(b"");
    assert!(peer.hear().message.is_none());
    // A packet may be as long as it may be.
    let peer = RawPeer::connect(&stage.socket);
    peer.say(&just_too_long.as_bytes()[..4096]);
    assert_eq!(peer.hear().message()["type"], "observer");
}

/// Messages that are right but for a few bytes: each is answered, or ends its connection, and nothing else.
#[test]
fn damaged_messages_harm_nobody() {
    // A digit more makes a large pool, which is not what this is about.
    let stage = Stage::with(|config| config.max_bytes = 32 << 20);
    let mut witness = Witness::new(&stage);
    let sound = [
        r#"{"type":"hello","protocol":1,"role":"producer","pool":"damaged","slots":2,"slot_bytes":2097152}"#,
        r#"{"type":"acquire"}"#,
        r#"{"type":"publish","slot":0,"header":{"format":"Mono8","width":8,"height":8,"stride":8,"offset":0}}"#,
        r#"{"type":"abandon","slot":0}"#,
        r#"{"type":"pool","pool":"damaged","from":0}"#,
    ];
    let mut random = 7_u64;
    let mut below = |bound: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % bound
    };
    let (mut answered, mut ended) = (0, 0);
    for _ in 0..400 {
        let peer = RawPeer::connect(&stage.socket);
        for (number, message) in sound.iter().enumerate() {
            let mut packet = message.as_bytes().to_vec();
            // The first is left whole most of the time, or the others would hardly ever be looked at.
            if number > 0 || below(4) == 0 {
                match below(4) {
                    0 => packet[below(message.len())] ^= 1 << below(8),
                    1 => packet.truncate(1 + below(message.len())),
                    2 => packet.insert(below(message.len()), b"0123456789-{}[]\",:"[below(18)]),
                    _ => {}
                }
            }
            if !peer.say(&packet) || peer.hear().message.is_none() {
                ended += 1;
                break;
            }
            answered += 1;
        }
    }
    assert!(answered > 400 && ended > 100, "{answered} {ended}");
    witness.check(&stage);
    assert!(!stage.status("damaged").producer);
}

#[test]
fn another_version_hears_of_the_version_whatever_else_it_says() {
    let stage = Stage::new();
    for hello in [
        json!({ "type": "hello", "protocol": 2, "role": "observer" }),
        json!({ "type": "hello", "protocol": 0, "role": "observer" }),
        json!({ "type": "hello", "protocol": 2, "role": "painter", "brush": true }),
    ] {
        let peer = RawPeer::connect(&stage.socket);
        let heard = peer.ask(&hello);
        assert_eq!(heard.error(), "protocol");
        let message = heard.message()["message"].as_str().unwrap();
        assert!(message.contains("version 1"), "{message}");
        assert!(peer.hear().message.is_none());
    }
}

#[test]
fn messages_for_another_role_are_refused_and_the_connection_goes_on() {
    let stage = Stage::new();
    let (producer, _) = RawPeer::producer(&stage.socket, "cam", 1, SLOT_GRANULE as u64);
    let roles = [
        json!({ "type": "hello", "protocol": 1, "role": "observer" }),
        json!({ "type": "hello", "protocol": 1, "role": "consumer", "pool": "cam" }),
    ];
    let observer = RawPeer::greet(&stage.socket, roles[0].clone(), "observer").0;
    let consumer = RawPeer::greet(&stage.socket, roles[1].clone(), "consumer").0;
    let messages = [
        json!({ "type": "acquire" }),
        json!({ "type": "publish", "slot": 0, "header": {} }),
        json!({ "type": "abandon", "slot": 0 }),
        json!({ "type": "pools" }),
        json!({ "type": "pool", "pool": "cam", "from": 0 }),
        roles[0].clone(),
    ];
    let refused = |peer: &RawPeer, messages: &[Value]| {
        for message in messages {
            assert_eq!(peer.ask(message).error(), "role", "{message}");
        }
    };
    refused(&producer, &messages[3..]);
    refused(&observer, &messages[..3]);
    refused(&observer, &messages[5..]);
    refused(&consumer, &messages);
    assert_eq!(producer.ask(&messages[0]).message()["type"], "slot");
    assert_eq!(observer.ask(&messages[3]).message()["pools"], json!(["cam"]));
    assert_eq!(
        observer
            .ask(&json!({ "type": "pool", "pool": "nowhere", "from": 0 }))
            .error(),
        "unknown_pool"
    );
    assert_eq!(
        observer
            .ask(&json!({ "type": "pool", "pool": "../x", "from": 0 }))
            .error(),
        "pool_name"
    );
    let beyond = observer.ask(&json!({ "type": "pool", "pool": "cam", "from": 4_294_967_295_u32 }));
    assert_eq!(beyond.message()["states"], json!([]));
}

#[test]
fn a_peer_that_asks_and_does_not_listen_is_hung_up_on() {
    let stage = Stage::new();
    let mut witness = Witness::new(&stage);
    let (deaf, _) = RawPeer::greet(&stage.socket, serde_json::from_str(HELLO).unwrap(), "observer");
    eventually("the broker hangs up", || {
        // Room for more questions comes and goes; in the end there is nobody to ask.
        while deaf.say_at_once(br#"{"type":"pools"}"#) {}
        rustix::net::send(
            &deaf,
            b"x",
            rustix::net::SendFlags::NOSIGNAL | rustix::net::SendFlags::DONTWAIT,
        ) == Err(rustix::io::Errno::PIPE)
    });
    witness.check(&stage);
}

#[test]
fn descriptors_that_a_peer_sends_are_not_kept() {
    let (_folder, socket) = socket();
    let broker = broker_process(&socket);
    let open = || std::fs::read_dir(format!("/proc/{}/fd", broker.id())).unwrap().count();
    let (peer, _) = RawPeer::greet(&socket, serde_json::from_str(HELLO).unwrap(), "observer");
    let before = open();
    let file = std::fs::File::open("/dev/null").unwrap();
    for _ in 0..50 {
        peer.say_with(br#"{"type":"pools"}"#, &[file.as_fd(), file.as_fd(), file.as_fd()]);
        assert_eq!(peer.hear().message()["type"], "pools");
    }
    assert_eq!(open(), before);
}

#[test]
fn connections_are_bounded_and_come_back_when_they_hang_up() {
    let stage = Stage::with(|config| config.max_connections = 20);
    for _ in 0..3 {
        let crowd: Vec<Observer> = (0..20).map(|_| Observer::connect(&stage.socket).unwrap()).collect();
        match Observer::connect(&stage.socket) {
            Err(LinkError::Refused { code, message }) => {
                assert_eq!(code, Refusal::Limit);
                assert!(message.contains("20 connections"), "{message}");
            }
            other => panic!("{other:?}"),
        }
        assert!(crowd[19].pools().unwrap().is_empty());
        drop(crowd);
    }
    // Silent connections count too, and leave nothing behind.
    let silent: Vec<RawPeer> = (0..20).map(|_| RawPeer::connect(&stage.socket)).collect();
    drop(silent);
    Observer::connect(&stage.socket).unwrap();
}

#[test]
fn who_never_says_who_it_is_keeps_nobody_out() {
    let stage = Stage::with(|config| {
        config.max_connections = 4;
        config.hello_time = Duration::from_millis(200);
    });
    let silent: Vec<RawPeer> = (0..4).map(|_| RawPeer::connect(&stage.socket)).collect();
    eventually("there is room again", || Observer::connect(&stage.socket).is_ok());
    for peer in &silent {
        assert_eq!(peer.hear().error(), "malformed");
        assert!(peer.hear().message.is_none());
    }
    // Who has said it is not asked again.
    let (observer, _) = RawPeer::greet(&stage.socket, serde_json::from_str(HELLO).unwrap(), "observer");
    let late = RawPeer::connect(&stage.socket);
    assert_eq!(late.hear().error(), "malformed");
    assert_eq!(observer.ask(&json!({ "type": "pools" })).message()["pools"], json!([]));
}

#[test]
fn a_broker_that_is_stuck_keeps_no_other_from_starting_or_saying_why_not() {
    let (_folder, socket) = socket();
    let kind = rustix::net::SocketType::SEQPACKET;
    let stuck = rustix::net::socket(rustix::net::AddressFamily::UNIX, kind, None).unwrap();
    rustix::net::bind(&stuck, &rustix::net::SocketAddrUnix::new(&socket).unwrap()).unwrap();
    rustix::net::listen(&stuck, 0).unwrap();
    let _queue = RawPeer::connect(&socket);
    // The queue is full; whoever connects now waits.
    let error = Broker::start(BrokerConfig::new(&socket)).unwrap_err();
    assert!(matches!(error, BrokerError::Socket(SocketError::InUse(_))), "{error:?}");
}

#[test]
fn another_user_is_turned_away() {
    if !rustix::process::geteuid().is_root() {
        // Without root nobody can be another user; the check itself has a unit test in the library.
        return;
    }
    const NOBODY: u32 = 65534;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("procvision");
    std::fs::copy(procvision_binary(), &program).unwrap();
    let stage = Stage::new();
    let list = |socket: &std::path::Path| {
        let mut command = Command::new(&program);
        command
            .args(["frames", "list", "--json", "--socket"])
            .arg(socket)
            .uid(NOBODY)
            .gid(NOBODY);
        Answer::of(&mut command)
    };
    std::fs::set_permissions(stage.socket.parent().unwrap(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(
        list(&stage.socket).expect(2).json()["error"]["code"],
        "no-broker",
        "the mode is 0600"
    );
    std::fs::set_permissions(&stage.socket, std::fs::Permissions::from_mode(0o666)).unwrap();
    let error = list(&stage.socket).expect(2).json();
    assert_eq!(error["error"]["code"], "user", "{error}");
    assert!(error["error"]["message"].as_str().unwrap().contains("65534"), "{error}");

    let open = Stage::with(|config| config.allowed_uids = vec![NOBODY]);
    std::fs::set_permissions(open.socket.parent().unwrap(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(list(&open.socket).expect(0).json()["pools"], json!([]));
    assert!(Answer::of(procvision().args(["frames", "list", "--socket"]).arg(&open.socket)).status == 0);
}
