//! Attacks on time: loops of every kind, and waiting.

use crate::bindings::procvision::algorithm::imaging::PixelFormat;
use crate::bindings::procvision::algorithm::logging;
use crate::bindings::procvision::algorithm::types::Rect;
use crate::{Answer, Scene, good};
use std::hint::black_box;
use std::time::Duration;
use wasip2::clocks::{monotonic_clock, wall_clock};
use wasip2::io::poll;

const HOUR: Duration = Duration::from_secs(3600);
const BLOCK: usize = 8 << 20;

pub(crate) fn answer(scene: &Scene<'_>) -> Answer {
    match scene.attack {
        "spin" => spin(),
        "call-loop" => loop {
            black_box(logging::max_level());
        },
        "session-loop" => loop {
            black_box(scene.session.get("k"));
        },
        "session-write-loop" => {
            let value = format!("[{}0]", "0,".repeat(20_000));
            loop {
                let _ = black_box(scene.session.set("k", &value));
            }
        }
        "context-loop" => loop {
            black_box(scene.session.context());
        },
        "picture-loop" => loop {
            let whole = scene.images.list()[0].clone();
            let area = Rect {
                x: 0,
                y: 0,
                width: whole.width,
                height: whole.height,
            };
            let _ = black_box(scene.images.read(0, area, PixelFormat::Mono8));
        },
        "fill-loop" => {
            let mut block = vec![0_u8; BLOCK];
            for value in (0..=u8::MAX).cycle() {
                block.fill(black_box(value));
                black_box(&mut block);
            }
            unreachable!()
        }
        "copy-loop" => {
            let mut block = vec![1_u8; 2 * BLOCK];
            loop {
                let (from, to) = block.split_at_mut(BLOCK);
                to.copy_from_slice(black_box(from));
            }
        }
        // Says that it has begun, for whoever wants to interrupt it.
        "begin-and-spin" => {
            logging::log(logging::Level::Info, "begun", &[]);
            spin()
        }
        "begin-and-sleep" => {
            logging::log(logging::Level::Info, "begun", &[]);
            std::thread::sleep(HOUR);
            Some(good("slept"))
        }
        // Both would answer OK if anybody believed that an hour had passed.
        "sleep" => {
            std::thread::sleep(HOUR);
            Some(good("slept"))
        }
        "poll" => {
            let hour = u64::try_from(HOUR.as_nanos()).unwrap_or(u64::MAX);
            let timers: Vec<_> = (0..50).map(|_| monotonic_clock::subscribe_duration(hour)).collect();
            let timers: Vec<_> = timers.iter().collect();
            poll::poll(&timers);
            Some(good("waited"))
        }
        "poll-same" => {
            let timer = monotonic_clock::subscribe_duration(u64::MAX);
            poll::poll(&vec![&timer; 200]);
            Some(good("waited"))
        }
        "sleep-forever" => {
            monotonic_clock::subscribe_instant(u64::MAX).block();
            Some(good("waited"))
        }
        // Real time passes; does the clock tell more than it should?
        "clock" => {
            let now = monotonic_clock::now();
            let fine = (0..100_000).any(|_| !black_box(monotonic_clock::now()).is_multiple_of(1_000_000));
            Some(good(&format!("fine: {fine}, {}", now % 1_000_000)))
        }
        "what-time" => Some(good(&wall_clock::now().seconds.to_string())),
        _ => None,
    }
}

pub(crate) fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}
