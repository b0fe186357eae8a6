//! The ways that do not enter the sandbox: what a picture costs if it is sent to another process by other means. The
//! receiver looks at it as the algorithm would, natively.

use super::pictures::Pictures;
use super::{BenchError, Touch};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use tempfile::TempDir;

/// A way that a picture takes.
pub(super) trait Outside {
    /// Sends the picture whose turn it is, receives it, and looks at it.
    fn deliver(&mut self, pictures: &Pictures, turn: usize, touch: Touch) -> Result<u64, BenchError>;
}

/// A file that is written and read. Only the rows that are looked at are read.
pub(super) struct File {
    folder: TempDir,
    received: Vec<u8>,
}

/// A file system in memory if there is one, so that no disk is measured.
pub(super) fn file_folder() -> PathBuf {
    let shared = Path::new("/dev/shm");
    if shared.is_dir() {
        shared.to_owned()
    } else {
        std::env::temp_dir()
    }
}

impl File {
    pub(super) fn new() -> Result<Self, BenchError> {
        let folder = tempfile::Builder::new()
            .prefix("procvision-bench-")
            .tempdir_in(file_folder());
        Ok(Self {
            folder: folder.map_err(BenchError::system("make a temporary folder"))?,
            received: Vec::new(),
        })
    }
}

impl Outside for File {
    fn deliver(&mut self, pictures: &Pictures, turn: usize, touch: Touch) -> Result<u64, BenchError> {
        let (picture, size) = (pictures.picture(turn), pictures.size().as_touched());
        let path = self.folder.path().join("picture.raw");
        fs::write(&path, picture).map_err(BenchError::system("write a picture to a file"))?;
        let reading = BenchError::system("read a picture from a file");
        let mut file = fs::File::open(&path).map_err(&reading)?;
        if touch == Touch::Region {
            let area = size.region();
            self.received.resize(area.width as usize * 3, 0);
            let mut sum = 0;
            for y in area.y..area.y + area.height {
                let start = y as usize * size.stride() + area.x as usize * 3;
                file.read_exact_at(&mut self.received, start as u64).map_err(&reading)?;
                sum += procvision_bench_tasks::touch::sum(&self.received);
            }
            return Ok(sum);
        }
        self.received.resize(picture.len(), 0);
        file.read_exact(&mut self.received).map_err(&reading)?;
        Ok(touch.whole(&self.received, size))
    }
}

/// A connection over the loopback interface to a thread that has the pictures.
pub(super) struct Tcp {
    stream: TcpStream,
    sender: Option<JoinHandle<()>>,
    received: Vec<u8>,
}

impl Tcp {
    pub(super) fn new(pictures: [Bytes; 2]) -> Result<Self, BenchError> {
        let connecting = BenchError::system("connect over the loopback interface");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(&connecting)?;
        let address = listener.local_addr().map_err(&connecting)?;
        let stream = TcpStream::connect(address).map_err(&connecting)?;
        stream.set_nodelay(true).map_err(&connecting)?;
        let (peer, _) = listener.accept().map_err(&connecting)?;
        peer.set_nodelay(true).map_err(&connecting)?;
        let sender = std::thread::Builder::new()
            .name("bench-sender".into())
            .spawn(move || send(peer, &pictures))
            .map_err(&connecting)?;
        Ok(Self {
            stream,
            sender: Some(sender),
            received: Vec::new(),
        })
    }
}

/// Sends the picture of each number that arrives, until the other side goes.
fn send(mut peer: TcpStream, pictures: &[Bytes]) {
    let mut number = [0];
    while peer.read_exact(&mut number).is_ok() {
        let Some(picture) = pictures.get(usize::from(number[0])) else {
            return;
        };
        if peer.write_all(picture).is_err() {
            return;
        }
    }
}

impl Outside for Tcp {
    fn deliver(&mut self, pictures: &Pictures, turn: usize, touch: Touch) -> Result<u64, BenchError> {
        let sending = BenchError::system("send a picture over the loopback interface");
        self.received.resize(pictures.size().bytes(), 0);
        self.stream.write_all(&[(turn % 2) as u8]).map_err(&sending)?;
        self.stream.read_exact(&mut self.received).map_err(&sending)?;
        Ok(touch.whole(&self.received, pictures.size().as_touched()))
    }
}

impl Drop for Tcp {
    fn drop(&mut self) {
        // The sender ends when it finds the connection closed; if it is closed already, it has ended.
        let _ = self.stream.shutdown(Shutdown::Both);
        if let Some(sender) = self.sender.take() {
            let _ = sender.join();
        }
    }
}

/// A JSON text with the picture in Base64, written and read.
#[derive(Default)]
pub(super) struct Base64Json {
    received: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Message {
    width: u32,
    height: u32,
    image: String,
}

impl Outside for Base64Json {
    fn deliver(&mut self, pictures: &Pictures, turn: usize, touch: Touch) -> Result<u64, BenchError> {
        let size = pictures.size().as_touched();
        let message = Message {
            width: size.width,
            height: size.height,
            image: BASE64_STANDARD.encode(pictures.picture(turn)),
        };
        let text = serde_json::to_string(&message).map_err(|error| BenchError::Json(error.into()))?;
        let message: Message = serde_json::from_str(&text).map_err(|error| BenchError::Json(error.into()))?;
        self.received.clear();
        BASE64_STANDARD
            .decode_vec(&message.image, &mut self.received)
            .map_err(|error| BenchError::Json(error.into()))?;
        Ok(touch.whole(&self.received, size))
    }
}
