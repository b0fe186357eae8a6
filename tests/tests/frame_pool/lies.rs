//! What a producer can say and do against the rules, and what a consumer sees of it.

use crate::stage::{SIDE, Stage, assert_shows, name, publish};
use procvision_host::frame::PixelFormat;
use procvision_host::pool::memory::{Access, PoolMemory, SLOT_GRANULE};
use procvision_host::pool::producer::{Camera, PublishError};
use procvision_tests::frame_pool::{RawPeer, eventually};
use rustix::fs::{FallocateFlags, SealFlags};
use serde_json::{Value, json};

fn header() -> Value {
    json!({
        "format": "Mono8", "width": SIDE, "height": SIDE, "stride": SIDE, "offset": 0,
        "timestamp_ms": 1, "camera_id": "c",
    })
}

#[test]
fn a_header_that_lies_is_refused_and_the_slot_stays_with_its_producer() {
    let stage = Stage::new();
    let (producer, _) = RawPeer::producer(&stage.socket, "cam", 2, SLOT_GRANULE as u64);
    let slot = producer.ask(&json!({ "type": "acquire" })).message()["slot"].clone();
    let publish = |header: &Value| producer.ask(&json!({ "type": "publish", "slot": slot, "header": header }));
    let max = u64::MAX;
    for (key, lie) in [
        ("width", json!(0)),
        ("height", json!(0)),
        ("width", json!(u32::MAX)),
        ("height", json!(u32::MAX)),
        ("height", json!(SLOT_GRANULE as u32 / SIDE + 1)),
        ("width", json!(-1)),
        ("width", json!(max)),
        ("width", json!(64.5)),
        ("width", json!("64")),
        ("width", json!(null)),
        ("stride", json!(0)),
        ("stride", json!(SIDE - 1)),
        ("stride", json!(max)),
        ("stride", json!(max / 63)),
        ("stride", json!(max / 63 + 1)),
        ("stride", json!(1_u64 << 58)),
        ("offset", json!(max)),
        ("offset", json!(max - 4095)),
        ("offset", json!(SLOT_GRANULE)),
        ("offset", json!(SLOT_GRANULE as u32 - SIDE * SIDE + 1)),
        ("format", json!("Mono16")),
        ("format", json!("mono8")),
        ("format", json!(1)),
        ("format", json!("RGB8")),
        ("camera_id", json!("c".repeat(65))),
        ("camera_id", json!(7)),
        ("timestamp_ms", json!(-5)),
        ("colour", json!("red")),
    ] {
        let mut header = header();
        header[key] = lie;
        assert_eq!(publish(&header).error(), "header", "{header}");
    }
    for nonsense in [
        json!({}),
        json!([]),
        json!(null),
        json!(7),
        json!({ "format": "Mono8" }),
    ] {
        assert_eq!(publish(&nonsense).error(), "header", "{nonsense}");
    }
    assert_eq!(stage.status("cam").states[0].phase, "writing");

    let told = publish(&header());
    let reference = told.message()["reference"].as_str().unwrap().parse().unwrap();
    let frame = stage.client().open(&reference).unwrap();
    assert_eq!((frame.width(), frame.timestamp_ms(), frame.camera_id()), (SIDE, 1, "c"));
}

#[test]
fn the_last_byte_of_a_slot_is_the_last_that_a_picture_can_have() {
    let stage = Stage::new();
    let producer = stage.producer("cam", 1);
    let writer = producer.acquire().unwrap().unwrap();
    let (width, height, stride) = (1000, 2000, 1024);
    let offset = SLOT_GRANULE - (stride * (height - 1) + width);
    writer.write(SLOT_GRANULE - 1, &[77]).unwrap();
    assert!(writer.write(SLOT_GRANULE, &[77]).is_err());
    assert!(writer.write(usize::MAX, &[77]).is_err());
    let header = json!({
        "format": "Mono8", "width": width, "height": height, "stride": stride, "offset": offset,
    });
    let reference = writer.publish(&serde_json::from_value(header).unwrap()).unwrap();
    let frame = stage.client().open(&reference).unwrap();
    assert_eq!(frame.row(1999)[999], 77);
}

#[test]
fn a_picture_that_does_not_fit_is_not_published_and_leaves_the_slot_free() {
    let stage = Stage::new();
    let producer = stage.producer("cam", 1);
    let pixels = vec![0; 3 * SLOT_GRANULE];
    for (width, height, stride, len) in [
        (0, 1, 0, 0),
        (1, 0, 1, 0),
        (64, 64, 63, 64 * 64),
        (64, 64, 64, 64 * 64 - 1),
        (64, 64, usize::MAX, 64 * 64),
        (2048, 1025, 2048, pixels.len()),
    ] {
        let writer = producer.acquire().unwrap().expect("the slot is free again");
        let format = PixelFormat::Mono8;
        let refused = writer.publish_pixels(format, width, height, stride, &pixels[..len], &Camera::default());
        assert!(
            matches!(refused, Err(PublishError::Header(_))),
            "{width} x {height}, {stride}: {refused:?}"
        );
    }
    let writer = producer.acquire().unwrap().expect("the slot is free again");
    let long = Camera {
        timestamp_ms: 0,
        id: "x".repeat(65),
    };
    assert!(matches!(
        writer.publish_pixels(PixelFormat::Mono8, 1, 1, 1, &[0], &long),
        Err(PublishError::Header(_))
    ));
    publish(&producer, 1);
}

#[test]
fn slots_that_are_not_the_producers_are_not_published() {
    let stage = Stage::new();
    let (producer, _) = RawPeer::producer(&stage.socket, "cam", 2, SLOT_GRANULE as u64);
    let publish = |slot: Value| producer.ask(&json!({ "type": "publish", "slot": slot, "header": header() }));
    let abandon = |slot: Value| producer.ask(&json!({ "type": "abandon", "slot": slot }));
    for slot in [0_u32, 1, 2, u32::MAX] {
        assert_eq!(publish(json!(slot)).error(), "slot");
        assert_eq!(abandon(json!(slot)).error(), "slot");
    }
    let slot = producer.ask(&json!({ "type": "acquire" })).message()["slot"].clone();
    assert_eq!(publish(slot.clone()).message()["type"], "published");
    // Not twice: the second time it would be somebody's picture.
    assert_eq!(publish(slot.clone()).error(), "slot");
    assert_eq!(abandon(slot).error(), "slot");
}

#[test]
fn a_producer_cannot_change_what_the_memory_is() {
    let stage = Stage::new();
    let (producer, welcome) = RawPeer::producer(&stage.socket, "cam", 2, SLOT_GRANULE as u64);
    let [memory] = &welcome.fds[..] else {
        panic!("{welcome:?}")
    };
    producer.ask(&json!({ "type": "acquire" }));
    let told = producer.ask(&json!({ "type": "publish", "slot": 0, "header": header() }));
    let reference = told.message()["reference"].as_str().unwrap().parse().unwrap();
    let frame = stage.client().open(&reference).unwrap();

    for size in [0, 1, SLOT_GRANULE as u64, 3 * SLOT_GRANULE as u64] {
        assert!(rustix::fs::ftruncate(memory, size).is_err(), "{size}");
    }
    let grow = rustix::fs::fallocate(memory, FallocateFlags::empty(), 0, 3 * SLOT_GRANULE as u64);
    assert!(grow.is_err());
    for seal in [SealFlags::WRITE, SealFlags::FUTURE_WRITE, SealFlags::SEAL] {
        assert!(rustix::fs::fcntl_add_seals(memory, seal).is_err(), "{seal:?}");
    }
    // It may empty its own pages; whoever looks at them sees black and nothing worse.
    rustix::io::pwrite(memory, &[200; 4096], 0).unwrap();
    assert_eq!(frame.row(0)[0], 200);
    let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    rustix::fs::fallocate(memory, hole, 0, 2 * SLOT_GRANULE as u64).unwrap();
    let pixels = frame.read(frame.bounds(), PixelFormat::Mono8).unwrap();
    assert!(pixels.iter().all(|&pixel| pixel == 0));
}

#[test]
fn a_producer_that_writes_during_a_lease_spoils_its_picture_and_nothing_else() {
    let stage = Stage::new();
    let good = stage.producer("good", 1);
    let witness = publish(&good, 123);
    let mut camera = stage.peer("spoil", "bad");
    let reference = camera.line().parse().unwrap();
    let client = stage.client();
    let frame = client.open(&reference).unwrap();
    let mut differing = 0;
    let mut last = Vec::new();
    eventually("the picture changes while it is leased", || {
        let pixels = frame.read(frame.bounds(), PixelFormat::RGB8).unwrap();
        assert_eq!(pixels.len(), 1024 * 1024 * 3);
        assert!(pixels.iter().all(|&pixel| pixel == 0 || pixel & 1 == 1));
        differing += u32::from(last != pixels);
        last = pixels.to_vec();
        differing > 10
    });
    camera.kill();
    let settled = frame.read(frame.bounds(), PixelFormat::Mono8).unwrap();
    assert_eq!(settled, frame.read(frame.bounds(), PixelFormat::Mono8).unwrap());
    assert_shows(&client.open(&witness).unwrap(), 123);
}

#[test]
fn a_consumer_gets_no_right_to_write_the_pixels_and_a_producer_no_states() {
    let stage = Stage::new();
    let (_producer, welcome) = RawPeer::producer(&stage.socket, "cam", 1, SLOT_GRANULE as u64);
    assert_eq!(welcome.fds.len(), 1);
    let hello = json!({ "type": "hello", "protocol": 1, "role": "consumer", "pool": "cam" });
    let (_consumer, mut welcome) = RawPeer::greet(&stage.socket, hello, "consumer");
    assert_eq!(welcome.fds.len(), 2);
    let states = welcome.fds.pop().unwrap();
    assert!(rustix::fs::ftruncate(&states, 0).is_err());
    let pixels = welcome.fds.pop().unwrap();
    assert!(rustix::io::pwrite(&pixels, &[1], 0).is_err());
    assert!(rustix::fs::ftruncate(&pixels, 0).is_err());
    let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    assert!(rustix::fs::fallocate(&pixels, hole, 0, 4096).is_err());
    let memory = PoolMemory::from_fd(pixels, 1, SLOT_GRANULE).unwrap();
    assert_eq!(memory.access(), Access::ReadOnly);
    assert!(memory.write(0, 0, &[1]).is_err());
    assert_eq!(
        stage.client().newest(&name("cam")).unwrap_err().to_string(),
        "no picture has been published in the pool `cam`"
    );
}
