//! Following the pictures of a pool, one after the other.

use crate::stage::{Stage, assert_shows, name, publish};
use procvision_host::pool::consumer::{Follow, PoolClient, PoolMark, Published};
use procvision_tests::frame_pool::broker_process;
use std::time::Duration;

/// Longer than any test may take: whoever waits is woken.
const LONG: Duration = Duration::from_secs(3_600);

fn next(client: &PoolClient, mark: Option<PoolMark>, which: Follow) -> Option<Published> {
    client.after(&name("cam"), mark, which).unwrap()
}

#[test]
fn pictures_come_in_the_order_of_publishing_and_those_that_are_gone_are_counted() {
    let stage = Stage::new();
    let (producer, client) = (stage.producer("cam", 3), stage.client());
    assert!(next(&client, None, Follow::Oldest).is_none());
    for level in 1..=3 {
        publish(&producer, level);
    }
    let first = next(&client, None, Follow::Oldest).unwrap();
    assert_eq!((first.sequence, first.passed_over), (1, 0));
    assert_shows(&first.frame, 1);
    let mark = first.mark;
    let second = next(&client, Some(mark), Follow::Oldest).unwrap();
    assert_eq!((second.sequence, second.passed_over), (2, 0));
    let newest = next(&client, Some(mark), Follow::Newest).unwrap();
    assert_eq!((newest.sequence, newest.passed_over), (3, 1));
    assert!(next(&client, Some(newest.mark), Follow::Oldest).is_none());
    drop((first, second, newest));

    for level in 4..=9 {
        publish(&producer, level);
    }
    // Of 4 to 9 the last three are there.
    let later = next(&client, Some(mark), Follow::Oldest).unwrap();
    assert_eq!((later.sequence, later.passed_over), (7, 5));
    assert_shows(&later.frame, 7);
    // Its slot is kept, the others are not.
    for level in 10..=12 {
        publish(&producer, level);
    }
    let later = next(&client, Some(later.mark), Follow::Oldest).unwrap();
    assert_eq!((later.sequence, later.passed_over), (11, 3));
}

#[test]
fn whoever_waits_is_woken_by_the_next_picture() {
    let stage = Stage::new();
    let (producer, client) = (stage.producer("cam", 2), stage.client());
    publish(&producer, 1);
    // There is one already.
    client.wait_after(&name("cam"), None, LONG).unwrap();
    let mark = next(&client, None, Follow::Oldest).unwrap().mark;
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            loop {
                if let Some(found) = next(&client, Some(mark), Follow::Oldest) {
                    return found.sequence;
                }
                client.wait_after(&name("cam"), Some(mark), LONG).unwrap();
            }
        });
        publish(&producer, 2);
        assert_eq!(waiting.join().unwrap(), 2);
    });
}

#[test]
fn however_fast_they_come_each_is_seen_or_counted_and_none_twice() {
    const PICTURES: u64 = 3_000;
    let stage = Stage::new();
    let (producer, client) = (stage.producer("cam", 4), stage.client());
    let (mut seen, mut passed_over) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| (0..PICTURES).for_each(|number| drop(publish(&producer, number as u8))));
        let mut mark = None;
        let mut last = 0;
        while last < PICTURES {
            let Some(found) = next(&client, mark, Follow::Oldest) else {
                client.wait_after(&name("cam"), mark, LONG).unwrap();
                continue;
            };
            assert!(found.sequence > last);
            assert_shows(&found.frame, (found.sequence - 1) as u8);
            assert_eq!(found.sequence, last + 1 + found.passed_over);
            (last, mark) = (found.sequence, Some(found.mark));
            seen += 1;
            passed_over += found.passed_over;
        }
    });
    assert_eq!(seen + passed_over, PICTURES);
    assert!(seen > 0);
}

#[test]
fn a_mark_means_nothing_in_another_pool_of_the_same_name() {
    let (_folder, socket) = procvision_tests::frame_pool::socket();
    let client = PoolClient::new(&socket);
    let mut mark = None;
    for pictures in [5, 2] {
        let broker = broker_process(&socket);
        let slot_bytes = procvision_host::pool::memory::SLOT_GRANULE;
        let producer = procvision_host::pool::producer::Producer::connect(&socket, name("cam"), 8, slot_bytes).unwrap();
        for expected in 1..=pictures {
            publish(&producer, expected);
            let found = next(&client, mark, Follow::Oldest).unwrap();
            assert_eq!((found.sequence, found.passed_over), (expected.into(), 0));
            mark = Some(found.mark);
        }
        assert!(next(&client, mark, Follow::Oldest).is_none());
        broker.kill();
        assert!(client.after(&name("cam"), mark, Follow::Oldest).is_err());
    }
}
