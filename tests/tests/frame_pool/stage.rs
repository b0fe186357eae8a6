//! A broker in this process, and short words for what most tests do.

use procvision_host::frame::{Frame, PixelFormat};
use procvision_host::pool::broker::{Broker, BrokerConfig};
use procvision_host::pool::consumer::PoolClient;
use procvision_host::pool::memory::SLOT_GRANULE;
use procvision_host::pool::message::PoolStatus;
use procvision_host::pool::observer::Observer;
use procvision_host::pool::producer::{Camera, Producer, SlotWriter};
use procvision_host::pool::{FrameReference, PoolName};
use procvision_tests::frame_pool::{Process, socket};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub const SIDE: u32 = 64;

/// A broker, its folder and its socket.
pub struct Stage {
    pub socket: PathBuf,
    _broker: Broker,
    _folder: TempDir,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut BrokerConfig)) -> Self {
        let (folder, socket) = socket();
        let mut config = BrokerConfig::new(&socket);
        change(&mut config);
        Self {
            socket,
            _broker: Broker::start(config).unwrap(),
            _folder: folder,
        }
    }

    pub fn producer(&self, pool: &str, slots: u32) -> Producer {
        Producer::connect(&self.socket, name(pool), slots, SLOT_GRANULE).unwrap()
    }

    pub fn client(&self) -> PoolClient {
        PoolClient::new(&self.socket)
    }

    pub fn status(&self, pool: &str) -> PoolStatus {
        status(&self.socket, pool)
    }

    pub fn peer(&self, deed: &str, object: &str) -> Process {
        peer(&self.socket, deed, object)
    }
}

pub fn name(pool: &str) -> PoolName {
    pool.parse().unwrap()
}

/// The process of `src/bin/frame_peer.rs`.
pub fn peer(socket: &Path, deed: &str, object: &str) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frame-peer"));
    Process::start(command.arg(socket).args([deed, object]))
}

pub fn status(socket: &Path, pool: &str) -> PoolStatus {
    let pools = Observer::connect(socket).unwrap().pools().unwrap();
    pools.into_iter().find(|status| status.pool == pool).unwrap()
}

/// The states of all slots in short, such as `free ready writing`.
pub fn phases(status: &PoolStatus) -> String {
    let phases: Vec<&str> = status.states.iter().map(|slot| slot.phase.as_str()).collect();
    phases.join(" ")
}

/// Publishes a gray picture of [`SIDE`] x [`SIDE`] pixels of one level.
#[track_caller]
pub fn publish(producer: &Producer, level: u8) -> FrameReference {
    fill(producer.acquire().unwrap().expect("a slot can be written"), level)
}

/// The same, into a slot that is there already.
#[track_caller]
pub fn fill(writer: SlotWriter<'_>, level: u8) -> FrameReference {
    let pixels = vec![level; (SIDE * SIDE) as usize];
    let camera = Camera {
        timestamp_ms: 1_000 + u64::from(level),
        id: "left".into(),
    };
    writer
        .publish_pixels(PixelFormat::Mono8, SIDE, SIDE, SIDE as usize, &pixels, &camera)
        .unwrap()
}

/// Makes sure that a picture is one of [`publish`].
#[track_caller]
pub fn assert_shows(frame: &Frame, level: u8) {
    assert_eq!(
        (frame.width(), frame.height(), frame.format()),
        (SIDE, SIDE, PixelFormat::Mono8)
    );
    assert_eq!(
        (frame.timestamp_ms(), frame.camera_id()),
        (1_000 + u64::from(level), "left")
    );
    let pixels = frame.read(frame.bounds(), PixelFormat::Mono8).unwrap();
    assert!(pixels.iter().all(|&pixel| pixel == level), "not all pixels are {level}");
}
