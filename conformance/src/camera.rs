//! A camera that publishes pictures to a frame pool's broker, by what `docs/frame-pool.md` says of a producer.

use rustix::fd::OwnedFd;
use rustix::io::pwrite;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags,
    SocketType, connect, recvmsg, send, socket_with,
};
use serde_json::{Value, json};
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::path::Path;

/// Most bytes of one message of the broker.
const PACKET_BYTES: usize = 4096;
/// Slots are multiples of this many bytes.
const GRANULE: u64 = 2 << 20;

/// A producer of one pool.
#[derive(Debug)]
pub struct Camera {
    broker: OwnedFd,
    pixels: OwnedFd,
    slot_bytes: u64,
}

impl Camera {
    /// Connects to the broker that listens at `path`, and has it make the pool with that many slots of 2 MiB.
    ///
    /// # Errors
    ///
    /// If nobody listens, or the broker refuses.
    pub fn connect(path: &Path, pool: &str, slots: u32) -> io::Result<Self> {
        let broker = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        connect(&broker, &SocketAddrUnix::new(path)?)?;
        let hello = json!({
            "type": "hello", "protocol": 1, "role": "producer", "pool": pool, "slots": slots, "slot_bytes": GRANULE,
        });
        let (_, fds) = ask(&broker, &hello, "producer")?;
        let mut fds = fds.into_iter();
        let pixels = fds
            .next()
            .ok_or_else(|| io::Error::other("the broker sends no memory"))?;
        Ok(Self {
            broker,
            pixels,
            slot_bytes: GRANULE,
        })
    }

    /// Writes a picture, three bytes for each pixel, and publishes it. The answer is the reference.
    ///
    /// # Errors
    ///
    /// If the picture is larger than a slot, every slot is held, or the broker is gone.
    pub fn publish(&self, width: u32, height: u32, bytes: &[u8]) -> io::Result<String> {
        if bytes.len() as u64 > self.slot_bytes {
            return Err(io::Error::other("the picture is larger than a slot"));
        }
        let (slot, _) = ask(&self.broker, &json!({ "type": "acquire" }), "slot")?;
        let number = slot["slot"].as_u64().ok_or_else(|| unexpected(&slot))?;
        let mut written = 0;
        while written < bytes.len() {
            written += pwrite(
                &self.pixels,
                &bytes[written..],
                number * self.slot_bytes + written as u64,
            )?;
        }
        let header = json!({ "format": "RGB8", "width": width, "height": height, "stride": u64::from(width) * 3 });
        let publish = json!({ "type": "publish", "slot": number, "header": header });
        let (published, _) = ask(&self.broker, &publish, "published")?;
        let reference = published["reference"].as_str();
        reference.map(str::to_owned).ok_or_else(|| unexpected(&published))
    }
}

/// Sends a message and takes the answer, which must be of this type, with the descriptors beside it.
fn ask(broker: &OwnedFd, message: &Value, answer: &str) -> io::Result<(Value, Vec<OwnedFd>)> {
    send(broker, message.to_string().as_bytes(), SendFlags::NOSIGNAL)?;
    let mut buffer = [0; PACKET_BYTES];
    let mut space = [MaybeUninit::uninit(); 256];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [IoSliceMut::new(&mut buffer)];
    let received = recvmsg(broker, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(more) = message {
            fds.extend(more);
        }
    }
    let said: Value = serde_json::from_slice(&buffer[..received.bytes])?;
    if said["type"] == answer {
        Ok((said, fds))
    } else {
        Err(unexpected(&said))
    }
}

fn unexpected(said: &Value) -> io::Error {
    io::Error::other(format!("the broker says {said}"))
}
