//! Guests that map pictures where they must not, keep them, write over them, and hand out pointers into them.
//!
//! Every test also shows that the camera's bytes are what they were, and that the next frame is right.

use crate::stage::{Stage, Villain, message, rogue};
use procvision_host::algorithm::{Algorithm, LoadError};
use procvision_host::call::StepCall;
use procvision_host::failure::{ErrorCode, FailureClass};
use procvision_host::frame::{Frame, PictureLayout, PixelFormat};
use procvision_host::outcome::StepReport;
use procvision_host::pool::broker::{Broker, BrokerConfig};
use procvision_host::pool::consumer::PoolClient;
use procvision_host::pool::memory::{PoolMemory, SLOT_GRANULE};
use procvision_host::pool::producer::{Camera, Producer};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const WIDTH: u32 = 1024;
const HEIGHT: u32 = 512;

/// A pool that nobody writes to any more: slot 0 and 1 hold pictures of 1.5 MiB, ASCII text throughout.
struct Still {
    memory: Arc<PoolMemory>,
    written: Vec<Vec<u8>>,
}

impl Still {
    fn new() -> Self {
        let memory = Arc::new(PoolMemory::create(2, 2 * SLOT_GRANULE).expect("memory for a pool"));
        let written: Vec<Vec<u8>> = (0..2)
            .map(|slot| {
                (0..2 * SLOT_GRANULE)
                    .map(|at| b'A' + ((at / 7 + slot * 5) % 26) as u8)
                    .collect()
            })
            .collect();
        for (slot, bytes) in (0..).zip(&written) {
            memory.write(slot, 0, bytes).expect("it fits");
        }
        Self { memory, written }
    }

    fn frame(&self, slot: u32) -> Frame {
        let layout = PictureLayout::packed(PixelFormat::RGB8, WIDTH, HEIGHT);
        Frame::in_pool(self.memory.clone(), slot, layout, Arc::new(())).expect("it fits")
    }

    /// The same with a lease that leaves word, when it ends, in how many places the pool is mapped copy-on-write.
    fn leased(&self, slot: u32, word: &Arc<Mutex<Option<usize>>>) -> Frame {
        struct Lease {
            inode: u64,
            word: Arc<Mutex<Option<usize>>>,
        }
        impl Drop for Lease {
            fn drop(&mut self) {
                let inode = self.inode.to_string();
                let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux");
                let windows = maps.lines().filter(|line| {
                    let mut fields = line.split_whitespace();
                    fields.nth(1) == Some("rw-p") && fields.nth(2) == Some(inode.as_str())
                });
                *self.word.lock().expect("no panic") = Some(windows.count());
            }
        }
        let lease = Lease {
            inode: rustix::fs::fstat(self.memory.fd()).expect("it is open").st_ino,
            word: word.clone(),
        };
        let layout = PictureLayout::packed(PixelFormat::RGB8, WIDTH, HEIGHT);
        Frame::in_pool(self.memory.clone(), slot, layout, Arc::new(lease)).expect("it fits")
    }

    fn call(&self, attack: &str) -> StepCall {
        StepCall::new(1, "A01", self.frame(0))
            .with_param("attack", attack)
            .with_reference("other", self.frame(1))
    }

    /// What a guest finds in a window: the picture, and up to the next huge page what the slot holds behind it.
    fn sum(&self, slot: usize) -> u64 {
        self.written[slot][..SLOT_GRANULE]
            .iter()
            .map(|&byte| u64::from(byte))
            .sum()
    }

    fn assert_untouched(&self) {
        for (slot, written) in (0..).zip(&self.written) {
            let mut bytes = vec![0; written.len()];
            self.memory.read(slot, 0, &mut bytes).expect("it is there");
            assert!(bytes == *written, "slot {slot} has changed");
        }
    }
}

/// One attack of a fresh villain, with everything that must hold afterwards.
struct Siege {
    camera: Still,
    villain: Villain,
}

impl Siege {
    fn begin() -> Self {
        Self {
            camera: Still::new(),
            villain: Villain::rogue(),
        }
    }

    fn attack(&mut self, attack: &str) -> StepReport {
        self.villain.execute(self.camera.call(attack))
    }

    /// The attack achieves nothing: it ends in a verdict with exactly this message, on the same instance.
    fn bounces(&mut self, attack: &str, text: &str) {
        let report = self.attack(attack);
        assert_eq!(message(&report), text, "{attack}");
        assert!(!report.instance_replaced);
        self.end();
    }

    /// The camera's bytes are what they were, the next frame is right, and everybody goes on.
    fn end(&mut self) {
        self.camera.assert_untouched();
        let report = self.attack("window-sum");
        assert_eq!(message(&report), self.camera.sum(0).to_string());
        self.villain.recovers();
    }
}

fn bounces(attack: &str, text: impl FnOnce(&Still) -> String) {
    let mut siege = Siege::begin();
    let text = text(&siege.camera);
    siege.bounces(attack, &text);
}

#[test]
fn window_that_is_misaligned() {
    bounces("window-misaligned", |camera| format!("2 of 2 {}", camera.sum(0)));
}

#[test]
fn window_beyond_memory() {
    bounces("window-outside", |camera| format!("3 of 3 {}", camera.sum(0)));
}

#[test]
fn window_of_no_length_of_another_length_and_of_a_huge_one() {
    bounces("window-length", |camera| format!("5 of 5 {}", camera.sum(0)));
}

#[test]
fn window_over_another_window() {
    bounces("window-over-window", |camera| {
        format!(
            "{} [Err(ImageError::BadTarget), Err(ImageError::BadTarget)]",
            camera.sum(0)
        )
    });
}

#[test]
fn picture_mapped_twice() {
    bounces("window-twice", |camera| {
        let refused = "Err(ImageError::NotAvailable)";
        format!("{} {refused} {refused}", camera.sum(0))
    });
}

#[test]
fn window_over_the_algorithms_own_stack_and_data() {
    let mut siege = Siege::begin();
    // What the algorithm does to itself is its own affair: it may answer or fail, now or in the next call, and it may use
    // up its fuel on the way. It gets a fresh instance as soon as it fails.
    for report in [siege.attack("window-over-everything"), siege.attack("window-sum")] {
        if let Some(failure) = report.outcome.failure() {
            assert_eq!(report.instance_replaced, failure.class.poisons_instance(), "{failure}");
        }
        siege.camera.assert_untouched();
    }
    // With zeros in place of its data it may also answer nonsense for ever; a trap ends that.
    assert!(siege.attack("unreachable").instance_replaced);
    siege.end();
}

#[test]
fn window_kept_after_the_step() {
    let mut siege = Siege::begin();
    assert_eq!(message(&siege.attack("window-kept")), "kept 2097152 bytes");
    siege.camera.assert_untouched();
    // Neither the picture nor what the algorithm wrote over it.
    assert_eq!(message(&siege.attack("window-found")), "0");
    siege.end();
}

/// However a call ends, its windows are gone before the leases of its pictures are.
#[test]
fn window_of_a_call_that_does_not_end_well() {
    for attack in [
        "window-then-trap",
        "window-then-spin",
        "window-then-fail",
        "window-kept",
        "window-sum",
    ] {
        let mut siege = Siege::begin();
        let lease = Arc::new(Mutex::new(None));
        let call = StepCall::new(1, "A01", siege.camera.leased(0, &lease))
            .with_param("attack", attack)
            .with_reference("other", siege.camera.frame(1));
        let report = siege.villain.execute(call);
        assert_eq!(report.instance_replaced, attack.starts_with("window-then"), "{attack}");
        let mapped_then = lease.lock().expect("no panic").take();
        assert_eq!(
            mapped_then,
            Some(0),
            "mappings of the pool when the lease of {attack} ended"
        );
        siege.end();
    }
}

#[test]
fn memory_that_grows_under_a_window() {
    bounces("window-grow", |camera| {
        let sum = camera.sum(0);
        format!("{sum} {sum} {} Ok(())", 320 * 65_536)
    });
}

#[test]
fn answer_and_log_line_that_lie_in_a_window() {
    let mut siege = Siege::begin();
    let report = siege.attack("window-as-answer");
    let text = std::str::from_utf8(&siege.camera.written[0][..100])
        .expect("ASCII")
        .to_owned();
    assert_eq!(message(&report), text);
    assert_eq!(report.logs.lines[0].message, text);
    siege.end();
}

#[test]
fn memory_fill_over_a_window() {
    bounces("window-fill", |_| SLOT_GRANULE.to_string());
}

#[test]
fn map_from_setup() {
    let error = Stage::fuel().refuses(&rogue().ordering("setup-map"));
    let LoadError::Setup(failure) = error else {
        panic!("another error: {error:?}")
    };
    assert_eq!(
        (failure.class, failure.code),
        (FailureClass::AbiViolation, ErrorCode::Trap)
    );
    assert!(failure.message.contains("unknown handle"), "{failure}");
}

#[test]
fn thousands_of_mappings_leave_nothing_behind() {
    let mut siege = Siege::begin();
    let churn = |siege: &mut Siege| {
        let byte = u64::from(siege.camera.written[0][4_096]);
        assert_eq!(message(&siege.attack("window-churn")), (1_000 * byte).to_string());
    };
    churn(&mut siege);
    let before = mappings();
    for _ in 0..20 {
        churn(&mut siege);
    }
    // Each churn reserves one more window of its own, which may be a mapping more; other tests run beside this one.
    let after = mappings();
    assert!(after < before + 1_000, "{before} mappings became {after}");
    siege.end();
}

/// Mappings of this process.
fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps")
        .expect("Linux")
        .lines()
        .count()
}

#[test]
fn pictures_that_cannot_be_mapped() {
    let mut siege = Siege::begin();
    let mosaic = PictureLayout::packed(PixelFormat::BayerRG8, WIDTH, HEIGHT);
    let mosaic = Frame::in_pool(siege.camera.memory.clone(), 0, mosaic, Arc::new(())).expect("it fits");
    let own = Frame::from_pixels(PixelFormat::RGB8, 64, 64, 192, vec![1; 64 * 192]).expect("a picture");
    for frame in [mosaic, own] {
        let report = siege
            .villain
            .execute(StepCall::new(1, "A01", frame).with_param("attack", "window-unavailable"));
        let refused = "Err(ImageError::NotAvailable) Err(ImageError::NoSuchImage)";
        assert_eq!(message(&report), format!("true {refused} true"));
    }
    siege.end();
}

/// A window shows whole pages: what an earlier, larger picture left in the slot must not be among them.
#[test]
fn window_around_a_picture_shows_nothing_of_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("frames.sock");
    let _broker = Broker::start(BrokerConfig::new(&socket)).expect("a broker");
    let pool = "cam-01".parse().expect("a name");
    let producer = Producer::connect(&socket, pool, 1, SLOT_GRANULE).expect("a producer");
    let client = PoolClient::new(&socket);
    let mut villain = Villain::rogue();
    for (width, height, padding) in [(1024, 1024, 0), (640, 480, 0), (640, 400, 64), (320, 200, 0)] {
        let writer = producer.acquire().expect("an answer").expect("the slot is free");
        let stride = width + padding;
        let pixels = vec![7; (stride * height) as usize];
        let camera = Camera::default();
        let reference = writer
            .publish_pixels(PixelFormat::Mono8, width, height, stride as usize, &pixels, &camera)
            .expect("it fits");
        let frame = client.open(&reference).expect("it was published a moment ago");
        let report = villain.execute(StepCall::new(1, "A01", frame).with_param("attack", "window-sum"));
        assert_eq!(message(&report), (7 * width * height).to_string(), "{width} x {height}");
    }
}

#[test]
fn unmapping_what_is_not_mapped() {
    bounces("window-unmap-nothing", |_| "nothing".to_owned());
}

#[test]
fn fill_over_a_window_outside_memory_and_of_a_wrong_length() {
    bounces("fill-targets", |_| "9 Ok(())".to_owned());
}

/// Pictures end up in the memory of the instance that asked, whoever else asks at the same time.
#[test]
fn two_instances_on_many_threads() {
    let camera = Still::new();
    let sums = [camera.sum(0), camera.sum(1)];
    let load = || Villain::rogue().algorithm;
    let algorithms: [Mutex<Algorithm>; 2] = [Mutex::new(load()), Mutex::new(load())];
    let asked = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut session = crate::stage::new_session("inspection");
                loop {
                    let number = asked.fetch_add(1, Ordering::Relaxed);
                    if number >= 400 {
                        return;
                    }
                    let slot = number % 3 % 2;
                    // An algorithm that traps now and then, so that instances are started on all threads meanwhile.
                    let attack = if number % 10 == 7 { "unreachable" } else { "window-sum" };
                    let call = StepCall::new(1, "A01", camera.frame(slot as u32)).with_param("attack", attack);
                    let mut algorithm = algorithms[number / 3 % 2].lock().expect("no thread panicked");
                    let report = algorithm.execute(&mut session, &call);
                    if attack == "window-sum" {
                        assert_eq!(message(&report), sums[slot].to_string());
                    } else {
                        assert!(report.instance_replaced);
                        algorithm.release();
                    }
                }
            });
        }
    });
    camera.assert_untouched();
}

/// A picture ends inside the first huge page of its slot.
const _: () = assert!(((WIDTH * HEIGHT * 3) as usize) < SLOT_GRANULE);
