//! Too much of everything: pictures that nobody lets go, producers, consumers, pools, bytes.

use crate::stage::{Stage, assert_shows, fill, name, phases, publish};
use procvision_host::explain::Explain;
use procvision_host::pool::consumer::{PoolClient, PoolError};
use procvision_host::pool::memory::SLOT_GRANULE;
use procvision_host::pool::message::Refusal;
use procvision_host::pool::observer::Observer;
use procvision_host::pool::producer::Producer;
use procvision_host::pool::{FrameReference, LinkError, MAX_CONSUMERS};
use procvision_tests::frame_pool::{Heard, RawPeer};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::ScopedJoinHandle;

#[track_caller]
fn refusal<T: std::fmt::Debug>(result: Result<T, LinkError>) -> (Refusal, String) {
    match result {
        Err(LinkError::Refused { code, message }) => (code, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn when_every_slot_is_leased_the_producer_is_told_and_nothing_is_overwritten() {
    let stage = Stage::new();
    let producer = stage.producer("cam", 3);
    let client = stage.client();
    let references: Vec<FrameReference> = (1..=3).map(|level| publish(&producer, level)).collect();
    let mut frames: Vec<_> = references
        .iter()
        .map(|reference| client.open(reference).unwrap())
        .collect();
    for _ in 0..5 {
        assert!(producer.acquire().unwrap().is_none());
    }
    let status = stage.status("cam");
    assert_eq!((status.published, status.dropped), (3, 5));
    for (frame, level) in frames.iter().zip(1..) {
        assert_shows(frame, level);
    }
    // Clones share the lease, and a second opening is one more.
    let clone = frames[1].clone();
    let again = client.open(&references[1]).unwrap();
    frames.remove(1);
    assert!(producer.acquire().unwrap().is_none());
    drop(clone);
    assert!(producer.acquire().unwrap().is_none());
    drop(again);
    let writer = producer.acquire().unwrap().unwrap();
    assert_eq!(writer.slot(), references[1].slot());
    assert_eq!(phases(&stage.status("cam")), "ready writing ready");
    // From the moment it may be written the old reference is worth nothing.
    assert!(matches!(client.open(&references[1]), Err(PoolError::Stale(_))));
    drop(writer);
    assert_eq!(phases(&stage.status("cam")), "ready free ready");
    assert!(matches!(client.open(&references[1]), Err(PoolError::Stale(_))));
}

#[test]
fn the_oldest_picture_that_nobody_looks_at_makes_room() {
    let stage = Stage::new();
    let producer = stage.producer("cam", 3);
    let client = stage.client();
    let references: Vec<FrameReference> = (1..=3).map(|level| publish(&producer, level)).collect();
    let oldest = client.open(&references[0]).unwrap();
    let fourth = publish(&producer, 4);
    assert_eq!(fourth.slot(), references[1].slot());
    let fifth = publish(&producer, 5);
    assert_eq!(fifth.slot(), references[2].slot());
    assert_shows(&oldest, 1);
    assert_eq!(client.newest(&name("cam")).unwrap().0, fifth);
    drop(oldest);
    assert_eq!(publish(&producer, 6).slot(), references[0].slot());
}

#[test]
fn a_pool_has_one_producer() {
    let stage = Stage::new();
    let first = stage.producer("cam", 2);
    let (code, message) = refusal(Producer::connect(&stage.socket, name("cam"), 2, SLOT_GRANULE));
    assert_eq!(code, Refusal::Taken);
    assert!(message.contains("cam"), "{message}");
    publish(&first, 1);
    drop(first);
    publish(&stage.producer("cam", 2), 2);
}

#[test]
fn another_geometry_needs_a_pool_that_nobody_uses() {
    let stage = Stage::new();
    let client = stage.client();
    let reference = publish(&stage.producer("cam", 2), 1);
    // A consumer is connected, and may hold pictures.
    let frame = client.open(&reference).unwrap();
    let (code, message) = refusal(Producer::connect(&stage.socket, name("cam"), 3, SLOT_GRANULE));
    assert_eq!(code, Refusal::Geometry);
    assert!(message.contains("2 slots of 2097152 bytes"), "{message}");
    drop(client);
    refusal(Producer::connect(&stage.socket, name("cam"), 2, 2 * SLOT_GRANULE));
    assert_shows(&frame, 1);
    drop(frame);
    let producer = Producer::connect(&stage.socket, name("cam"), 3, 2 * SLOT_GRANULE).unwrap();
    assert_eq!(stage.status("cam").slot_bytes, 2 * SLOT_GRANULE as u64);
    let client = stage.client();
    assert!(matches!(client.open(&reference), Err(PoolError::Stale(_))));
    assert_shows(&client.open(&publish(&producer, 2)).unwrap(), 2);
}

#[test]
fn a_consumer_that_looks_at_nothing_does_not_fix_the_geometry_for_ever() {
    let stage = Stage::new();
    let client = stage.client();
    let reference = publish(&stage.producer("cam", 2), 1);
    assert_shows(&client.open(&reference).unwrap(), 1);
    assert_eq!(stage.status("cam").consumers, 1);
    let producer = stage.producer("cam", 3);
    assert_eq!(stage.status("cam").consumers, 0);
    // The same client connects again by itself.
    assert!(matches!(client.open(&reference), Err(PoolError::Stale(_))));
    let new = publish(&producer, 2);
    assert_shows(&client.open(&new).unwrap(), 2);
    drop(producer);
    let producer = stage.producer("cam", 1);
    assert!(matches!(client.newest(&name("cam")), Err(PoolError::Empty(_))));
    let newest = publish(&producer, 3);
    assert_eq!(client.newest(&name("cam")).unwrap().0, newest);
}

#[test]
fn pools_that_nobody_needs_make_room_the_oldest_first() {
    let stage = Stage::with(|config| {
        config.max_pools = 3;
        config.max_bytes = 16 << 20;
    });
    let pools = || -> Vec<String> {
        let pools = Observer::connect(&stage.socket).unwrap().pools().unwrap();
        pools.into_iter().map(|status| status.pool).collect()
    };
    let client = stage.client();
    let held = publish(&stage.producer("held", 2), 1);
    let frame = client.open(&held).unwrap();
    publish(&stage.producer("old", 2), 2);
    publish(&stage.producer("new", 2), 3);
    let third = stage.producer("third", 2);
    assert_eq!(pools(), ["held", "new", "third"], "one pool too many");
    let fourth = stage.producer("fourth", 4);
    assert_eq!(pools(), ["fourth", "held", "third"]);
    // All are needed now, and nothing is given up for what cannot be.
    assert_eq!(
        refusal(Producer::connect(&stage.socket, name("fifth"), 1, SLOT_GRANULE)).0,
        Refusal::Limit
    );
    drop(fourth);
    assert_eq!(
        refusal(Producer::connect(&stage.socket, name("fifth"), 5, SLOT_GRANULE)).0,
        Refusal::Limit
    );
    assert_eq!(pools(), ["fourth", "held", "third"]);
    assert_shows(&frame, 1);
    drop((frame, third));
    Producer::connect(&stage.socket, name("all"), 8, SLOT_GRANULE).unwrap();
    assert_eq!(pools(), ["all"]);
    assert!(client.open(&held).is_err());
}

#[test]
fn a_descriptor_that_was_kept_keeps_no_memory() {
    let stage = Stage::with(|config| config.max_pools = 1);
    let blocks = |heard: &Heard| rustix::fs::fstat(&heard.fds[0]).unwrap().st_blocks;
    let (peer, first) = RawPeer::producer(&stage.socket, "cam", 4, SLOT_GRANULE as u64);
    assert!(blocks(&first) > 0);
    drop(peer);
    let (peer, second) = RawPeer::producer(&stage.socket, "cam", 2, SLOT_GRANULE as u64);
    assert_eq!(blocks(&first), 0, "made anew");
    assert!(blocks(&second) > 0);
    drop(peer);
    RawPeer::producer(&stage.socket, "other", 1, SLOT_GRANULE as u64);
    assert_eq!(blocks(&second), 0, "given up");
}

#[test]
fn more_memory_than_there_is_is_refused_before_it_is_taken() {
    let stage = Stage::with(|config| config.max_bytes = u64::MAX);
    let reference = publish(&stage.producer("cam", 1), 1);
    for pool in ["cam", "huge"] {
        let (code, message) = refusal(Producer::connect(&stage.socket, name(pool), 256, 1 << 40));
        assert_eq!(code, Refusal::Memory);
        assert!(message.contains("that the system has left"), "{message}");
    }
    assert_shows(&stage.client().open(&reference).unwrap(), 1);
}

#[test]
fn pools_slots_and_bytes_are_bounded() {
    let stage = Stage::with(|config| {
        config.max_pools = 3;
        config.max_bytes = 16 << 20;
    });
    let connect = |pool: &str, slots, bytes| Producer::connect(&stage.socket, name(pool), slots, bytes);
    for (slots, bytes) in [
        (0, SLOT_GRANULE),
        (257, SLOT_GRANULE),
        (u32::MAX, SLOT_GRANULE),
        (1, 0),
        (1, 4096),
        (1, SLOT_GRANULE + 4096),
        (1, usize::MAX),
        (256, 1 << 62),
        (9, SLOT_GRANULE),
        (1, 18 << 20),
    ] {
        assert_eq!(refusal(connect("a", slots, bytes)).0, Refusal::Limit, "{slots} {bytes}");
    }
    let _a = connect("a", 4, SLOT_GRANULE).unwrap();
    let b = connect("b", 3, SLOT_GRANULE).unwrap();
    let (code, message) = refusal(connect("c", 2, SLOT_GRANULE));
    assert_eq!(code, Refusal::Limit);
    assert!(message.contains("2097152 bytes that are left"), "{message}");
    let _c = connect("c", 1, SLOT_GRANULE).unwrap();
    assert_eq!(refusal(connect("d", 1, SLOT_GRANULE)).0, Refusal::Limit);
    // What is made anew does not count twice.
    drop(b);
    connect("b", 1, 3 * SLOT_GRANULE).unwrap();
}

#[test]
fn a_pool_has_as_many_consumers_as_bits() {
    let stage = Stage::with(|config| config.max_connections = 100);
    let producer = stage.producer("cam", 1);
    let reference = publish(&producer, 1);
    let clients: Vec<PoolClient> = (0..MAX_CONSUMERS).map(|_| stage.client()).collect();
    let mut frames: Vec<_> = clients.iter().map(|client| client.open(&reference).unwrap()).collect();
    assert_eq!(stage.status("cam").states[0].holders as usize, MAX_CONSUMERS);
    let error = stage.client().open(&reference).unwrap_err();
    assert_eq!(error.code(), "1002");
    assert!(error.to_string().contains("24 consumers"), "{error}");
    // The picture is free when the last of them has let go, in whatever order.
    frames.swap(0, 17);
    while frames.len() > 1 {
        frames.pop();
        assert!(producer.acquire().unwrap().is_none());
    }
    frames.pop();
    assert!(producer.acquire().unwrap().is_some());
    drop(clients);
    assert!(stage.client().newest(&name("cam")).is_err());
}

#[test]
fn many_threads_lease_and_release_while_the_camera_goes_on() {
    let stage = Stage::new();
    let producer = stage.producer("cam", 4);
    publish(&producer, 0);
    let client = stage.client();
    let opened = AtomicU32::new(0);
    let done = AtomicBool::new(false);
    let look = || {
        while !done.load(Ordering::Relaxed) {
            // All slots may be overwritten at the very moment; that is an error, and never a wrong picture.
            let Ok((_, frame)) = client.newest(&name("cam")) else {
                continue;
            };
            let level = frame.row(0)[0];
            assert_shows(&frame, level);
            opened.fetch_add(1, Ordering::Relaxed);
        }
    };
    let mut published = 0;
    std::thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(look));
        for level in (0..=250).cycle() {
            // Whoever gets less of the processor is waited for; a thread ends before that only by a panic.
            let enough = opened.load(Ordering::Relaxed) > 2_000 && published > 200;
            if enough || threads.iter().any(ScopedJoinHandle::is_finished) {
                break;
            }
            if let Some(writer) = producer.acquire().unwrap() {
                fill(writer, level);
                published += 1;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let status = stage.status("cam");
    assert_eq!(status.published, published + 1, "{status:?}");
    assert!(status.states.iter().all(|slot| slot.holders == 0), "{status:?}");
}
