//! Frame pools: memory that cameras write pictures into and algorithms see them in, without a copy on the way.
//!
//! A [`broker`] keeps the pools and hands their memory to [producers](producer) (cameras) and [consumers](consumer)
//! (hosts of algorithms) through a Unix socket. A producer gets a slot from the broker, writes a picture into it,
//! publishes it, and puts the [reference](FrameReference) it gets into a call. A consumer leases the picture for the
//! length of the call; until the lease ends the slot is not written again. Whoever hangs up is dead, and what it held
//! comes back at once.
//!
//! ```
//! use procvision_host::frame::PixelFormat;
//! use procvision_host::pool::broker::{Broker, BrokerConfig};
//! use procvision_host::pool::consumer::PoolClient;
//! use procvision_host::pool::producer::{Camera, Producer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let socket = folder.path().join("frames.sock");
//! let broker = Broker::start(BrokerConfig::new(&socket))?;
//!
//! // A camera. Its pool has four slots of 2 MiB.
//! let producer = Producer::connect(&socket, "cam-01".parse()?, 4, 2 << 20)?;
//! let pixels = vec![128; 640 * 480];
//! let writer = producer.acquire()?.expect("a slot is free");
//! let reference = writer.publish_pixels(PixelFormat::Mono8, 640, 480, 640, &pixels, &Camera::default())?;
//!
//! // Whoever judges the picture, in this process or another one.
//! let client = PoolClient::new(&socket);
//! let frame = client.open(&reference.to_string().parse()?)?;
//! assert_eq!((frame.width(), frame.height()), (640, 480));
//! # drop(frame);
//! # Ok(())
//! # }
//! ```
//!
//! `docs/frame-pool.md` describes layout, protocol, and what each party can do to the others.

pub mod broker;
pub mod connector;
pub mod consumer;
mod header;
mod link;
pub mod memory;
pub mod message;
pub mod observer;
pub mod producer;
mod reference;
pub mod socket;
mod states;
mod word;

pub use header::{CAMERA_ID_BYTES, HeaderError, PictureHeader};
pub use link::LinkError;
pub use reference::{FrameReference, POOL_NAME_BYTES, PoolName, ReferenceError};
pub use word::{MAX_CONSUMERS, Phase};
