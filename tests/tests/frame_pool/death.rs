//! Whoever dies, what it held comes back at once, and nobody waits for it.

use crate::stage::{Stage, assert_shows, name, peer, phases, publish, status};
use procvision_host::explain::Explain;
use procvision_host::frame::PixelFormat;
use procvision_host::pool::LinkError;
use procvision_host::pool::consumer::{PoolClient, PoolError};
use procvision_host::pool::memory::SLOT_GRANULE;
use procvision_host::pool::observer::Observer;
use procvision_host::pool::producer::{Producer, PublishError};
use procvision_tests::binary::procvision;
use procvision_tests::frame_pool::{Process, broker_process, socket};

#[test]
fn a_producer_killed_while_it_writes_leaves_a_free_slot() {
    let stage = Stage::new();
    let mut camera = stage.peer("write", "cam");
    let slot: usize = camera.line().parse().unwrap();
    assert_eq!(stage.status("cam").states[slot].phase, "writing");
    assert!(stage.status("cam").producer);
    camera.kill();

    let status = stage.status("cam");
    assert_eq!((phases(&status).as_str(), status.producer), ("free free", false));
    // The next camera is welcome at once, and has all slots.
    let producer = stage.producer("cam", 2);
    let writers = [producer.acquire().unwrap(), producer.acquire().unwrap()];
    assert!(writers.iter().all(Option::is_some));
}

#[test]
fn what_a_dead_producer_has_published_can_be_seen_until_it_is_overwritten() {
    let stage = Stage::new();
    let producer = stage.producer("cam", 2);
    let [first, second] = [publish(&producer, 1), publish(&producer, 2)];
    drop(producer);

    let client = stage.client();
    assert_shows(&client.open(&first).unwrap(), 1);
    assert_shows(&client.open(&second).unwrap(), 2);
    publish(&stage.producer("cam", 2), 3);
    assert!(matches!(client.open(&first), Err(PoolError::Stale(_))));
    assert_shows(&client.open(&second).unwrap(), 2);
}

#[test]
fn a_consumer_killed_while_it_looks_holds_nothing_any_more() {
    let stage = Stage::new();
    let producer = stage.producer("cam", 1);
    let reference = publish(&producer, 7);
    let mut looking = stage.peer("hold", &reference.to_string());
    assert_eq!(looking.line(), "64 x 64");
    assert_eq!(stage.status("cam").states[0].holders, 1);
    assert!(producer.acquire().unwrap().is_none(), "the picture is looked at");
    looking.kill();

    assert!(producer.acquire().unwrap().is_some(), "nobody looks at it any more");
    assert_eq!(stage.status("cam").consumers, 0);
}

#[test]
fn one_of_two_consumers_dies_and_the_other_keeps_the_picture() {
    let stage = Stage::new();
    let producer = stage.producer("cam", 1);
    let reference = publish(&producer, 9);
    let frame = stage.client().open(&reference).unwrap();
    let mut looking = stage.peer("hold", &reference.to_string());
    looking.line();
    assert_eq!(stage.status("cam").states[0].holders, 2);
    looking.kill();

    assert!(producer.acquire().unwrap().is_none());
    assert_shows(&frame, 9);
    drop(frame);
    assert!(producer.acquire().unwrap().is_some());
}

#[test]
fn cameras_killed_at_any_moment_never_use_a_pool_up() {
    let stage = Stage::new();
    let client = stage.client();
    for lines in 0..12 {
        let mut command = procvision();
        command.args([
            "frames", "publish", "--quiet", "--pool", "cam", "--scene", "bars", "--fps", "1000",
        ]);
        let mut camera = Process::start(command.args(["--slots", "3", "--socket"]).arg(&stage.socket));
        for _ in 0..lines {
            camera.line();
        }
        camera.kill();
        if lines > 0 {
            let (_, frame) = client.newest(&name("cam")).unwrap();
            assert_eq!((frame.width(), frame.format()), (640, PixelFormat::RGB8));
        }
    }
    let status = stage.status("cam");
    assert!(!status.producer && !phases(&status).contains("writing"), "{status:?}");
}

#[test]
fn a_broker_that_is_killed_takes_no_picture_with_it_and_its_successor_takes_over() {
    let (_folder, socket) = socket();
    let broker = broker_process(&socket);
    let producer = Producer::connect(&socket, name("cam"), 1, SLOT_GRANULE).unwrap();
    let client = PoolClient::new(&socket);
    let old = publish(&producer, 5);
    let frame = client.open(&old).unwrap();
    broker.kill();

    assert!(socket.exists(), "a killed process cannot remove it");
    assert_shows(&frame, 5);
    assert!(matches!(producer.acquire(), Err(LinkError::HungUp)));
    let other = "pool:other/0/0".parse().unwrap();
    let error = client.open(&other).unwrap_err();
    assert!(
        matches!(error, PoolError::Broker(LinkError::NoBroker { .. })),
        "{error:?}"
    );
    assert_eq!(error.code(), "1002");
    assert!(client.newest(&name("cam")).is_err(), "the newest picture is nobody's");

    let _broker = broker_process(&socket);
    let error = client.open(&old).unwrap_err();
    assert_eq!(error.code(), "1002", "nobody knows the old picture: {error}");
    let producer = Producer::connect(&socket, name("cam"), 1, SLOT_GRANULE).unwrap();
    let new = publish(&producer, 6);
    assert_ne!(old, new);
    assert_shows(&client.open(&new).unwrap(), 6);
    assert_eq!(client.newest(&name("cam")).unwrap().0, new);
    assert!(matches!(client.open(&old), Err(PoolError::Stale(_))));
    assert_shows(&frame, 5);
}

#[test]
fn a_broker_that_dies_while_a_picture_is_written_is_an_error_to_its_producer() {
    let (_folder, socket) = socket();
    let broker = broker_process(&socket);
    let producer = Producer::connect(&socket, name("cam"), 1, SLOT_GRANULE).unwrap();
    let writer = producer.acquire().unwrap().unwrap();
    broker.kill();
    writer.write(0, &[1, 2, 3]).unwrap();
    let published = writer.publish_pixels(PixelFormat::Mono8, 1, 1, 1, &[1], &Default::default());
    assert!(
        matches!(published, Err(PublishError::Link(LinkError::HungUp))),
        "{published:?}"
    );
}

#[test]
fn a_broker_that_is_told_to_end_removes_its_socket() {
    let (_folder, socket) = socket();
    let broker = broker_process(&socket);
    let _observer = Observer::connect(&socket).unwrap();
    let mut looking = {
        let reference = publish(&Producer::connect(&socket, name("cam"), 1, SLOT_GRANULE).unwrap(), 1);
        peer(&socket, "hold", &reference.to_string())
    };
    looking.line();
    assert_eq!(status(&socket, "cam").consumers, 1);
    assert_eq!(broker.terminate(), 0, "whoever is connected does not keep it");
    assert!(!socket.exists());
}
