//! Attacks with handles: kept beyond the call, forged, dropped twice, of the wrong type, too many.

use crate::bindings::procvision::algorithm::imaging::ImageSet;
use crate::bindings::procvision::algorithm::session::Session;
use crate::{Answer, Scene, good};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU32, Ordering};
use wasip2::clocks::monotonic_clock;

static SESSION: AtomicU32 = AtomicU32::new(0);
static IMAGES: AtomicU32 = AtomicU32::new(0);

pub(crate) fn answer(scene: &Scene<'_>) -> Answer {
    match scene.attack {
        "keep-handles" => {
            SESSION.store(scene.session.handle(), Ordering::Relaxed);
            IMAGES.store(scene.images.handle(), Ordering::Relaxed);
            Some(good("kept"))
        }
        // Within the next call the same number may stand for that call's own session and nothing else.
        "use-kept-session" => Some(good(&session(SESSION.load(Ordering::Relaxed)).id())),
        "forged-session" => Some(good(&session(12_345).id())),
        "forged-images" => Some(good(&images(12_345).list().len().to_string())),
        "session-as-images" => Some(good(&images(scene.session.handle()).list().len().to_string())),
        "timer-as-session" => {
            let timer = monotonic_clock::subscribe_duration(0);
            Some(good(&session(timer.handle()).id()))
        }
        // The generated code drops it once more when the call ends.
        "drop-twice" => {
            drop(ManuallyDrop::into_inner(session(scene.session.handle())));
            Some(good("dropped"))
        }
        "use-after-drop" => {
            drop(ManuallyDrop::into_inner(images(scene.images.handle())));
            Some(good(&scene.images.list().len().to_string()))
        }
        "timers" => {
            let timers: Vec<_> = (0..100_000).map(|_| monotonic_clock::subscribe_duration(1)).collect();
            Some(good(&timers.len().to_string()))
        }
        // A few in each call, never given back.
        "hoard-timers" => {
            for _ in 0..20 {
                std::mem::forget(monotonic_clock::subscribe_duration(1));
            }
            Some(good("hoarded"))
        }
        "streams" => {
            let streams: Vec<_> = (0..100_000).map(|_| wasip2::cli::stdout::get_stdout()).collect();
            Some(good(&streams.len().to_string()))
        }
        "subscriptions" => {
            let stream = wasip2::cli::stdout::get_stdout();
            let all: Vec<_> = (0..100_000).map(|_| stream.subscribe()).collect();
            Some(good(&all.len().to_string()))
        }
        // A parent that goes before its child.
        "orphan" => {
            let stream = wasip2::cli::stdout::get_stdout();
            let child = stream.subscribe();
            drop(stream);
            child.block();
            Some(good("orphaned"))
        }
        _ => None,
    }
}

fn session(handle: u32) -> ManuallyDrop<Session> {
    // SAFETY: a handle is a number that the host checks at every use; checking that it does is the point.
    ManuallyDrop::new(unsafe { Session::from_handle(handle) })
}

fn images(handle: u32) -> ManuallyDrop<ImageSet> {
    // SAFETY: as above.
    ManuallyDrop::new(unsafe { ImageSet::from_handle(handle) })
}
