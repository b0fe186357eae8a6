//! A process that takes part in a frame pool and is killed in the middle of it.
//!
//! ```text
//! frame-peer SOCKET write POOL        prints the slot it begins to write, and writes it until it is killed
//! frame-peer SOCKET spoil POOL        prints the reference it publishes, and writes the slot until it is killed
//! frame-peer SOCKET hold REFERENCE    prints the picture's size, and holds it until it is killed
//! frame-peer SOCKET through PROGRAM   prints the number of the process that connects for it, and lives until it is killed
//! ```

use procvision_host::pool::connector::Connector;
use procvision_host::pool::consumer::PoolClient;
use procvision_host::pool::memory::{PoolMemory, SLOT_GRANULE};
use procvision_host::pool::producer::Producer;
use procvision_tests::frame_pool::RawPeer;
use serde_json::json;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, deed, object] = arguments.as_slice() else {
        return Err("see the head of the source".into());
    };
    let socket = Path::new(socket);
    match deed.as_str() {
        "write" => write(socket, object),
        "spoil" => spoil(socket, object),
        "hold" => hold(socket, object),
        "through" => through(socket, object),
        _ => Err("see the head of the source".into()),
    }
}

fn write(socket: &Path, pool: &str) -> Result<(), Box<dyn Error>> {
    let producer = Producer::connect(socket, pool.parse()?, 2, SLOT_GRANULE)?;
    let writer = producer.acquire()?.ok_or("busy")?;
    println!("{}", writer.slot());
    for number in 0.. {
        writer.write(0, &vec![number as u8; SLOT_GRANULE])?;
    }
    Ok(())
}

fn spoil(socket: &Path, pool: &str) -> Result<(), Box<dyn Error>> {
    let (peer, welcome) = RawPeer::producer(socket, pool, 1, SLOT_GRANULE as u64);
    let fd = welcome.fds.into_iter().next().ok_or("no memory came")?;
    let memory = PoolMemory::from_fd(fd, 1, SLOT_GRANULE)?;
    peer.ask(&json!({ "type": "acquire" }));
    let header = json!({ "format": "Mono8", "width": 1024, "height": 1024, "stride": 1024 });
    let published = peer.ask(&json!({ "type": "publish", "slot": 0, "header": header }));
    println!("{}", published.message()["reference"].as_str().ok_or("refused")?);
    for number in 0.. {
        // Only ever bytes with the lowest bit set, so that a reader can tell them from a slot that was never written.
        memory.write(0, 0, &vec![number as u8 | 1; SLOT_GRANULE])?;
    }
    Ok(())
}

fn hold(socket: &Path, reference: &str) -> Result<(), Box<dyn Error>> {
    let frame = PoolClient::new(socket).open(&reference.parse()?)?;
    println!("{} x {}", frame.width(), frame.height());
    // Until somebody closes our stdin, which nobody does.
    std::io::read_to_string(std::io::stdin())?;
    drop(frame);
    Ok(())
}

fn through(socket: &Path, program: &str) -> Result<(), Box<dyn Error>> {
    let connector = Connector::start_program(Path::new(program), socket)?;
    println!("{}", connector.id());
    std::io::read_to_string(std::io::stdin())?;
    drop(connector);
    Ok(())
}
