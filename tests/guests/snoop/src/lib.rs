//! A guest written with the SDK that looks for a way out through the standard library, panics, and tries to carry what
//! it learned in one session into another.

use procvision_guest::prelude::*;
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::Path;

#[derive(Default)]
struct Snoop;

impl Algorithm for Snoop {
    fn info() -> Info {
        let attack = Param::string("attack", ..=64).default("none");
        Info::new("snoop", env!("CARGO_PKG_VERSION"))
            .description("Looks for a way out")
            .pids(["A01"])
            .step(Step::new(1, "only").param(attack))
    }

    fn execute(&mut self, call: &Call, _: &Session) -> Result<Verdict, Failure> {
        let text = match call.params().str("attack") {
            "read-file" => std::fs::read("/etc/passwd").map_or_else(said, |bytes| format!("{} bytes", bytes.len())),
            "read-relative-file" => std::fs::read("manifest.json").map_or_else(said, |_| "read".into()),
            "write-file" => std::fs::write("/tmp/escaped", "x").map_or_else(said, |()| "written".into()),
            "list-folder" => std::fs::read_dir("/").map_or_else(said, |entries| format!("{} entries", entries.count())),
            "make-folder" => std::fs::create_dir("/tmp/escaped").map_or_else(said, |()| "made".into()),
            "remove-file" => std::fs::remove_file("/etc/passwd").map_or_else(said, |()| "removed".into()),
            "exists" => format!("{}", Path::new("/etc/passwd").exists()),
            "connect" => TcpStream::connect("127.0.0.1:80").map_or_else(said, |_| "connected".into()),
            "listen" => TcpListener::bind("127.0.0.1:0").map_or_else(said, |_| "listening".into()),
            "send" => UdpSocket::bind("127.0.0.1:0").map_or_else(said, |_| "bound".into()),
            "resolve" => "localhost:80"
                .to_socket_addrs()
                .map_or_else(said, |_| "resolved".into()),
            "thread" => std::thread::Builder::new()
                .spawn(|| ())
                .map_or_else(said, |_| "started".into()),
            "panic" => panic!("the lamp is dark"),
            "panic-at-length" => panic!("{}", "ä".repeat(300_000)),
            "panic-in-index" => call.references()[7].name().to_owned(),
            "panic-in-drop" => {
                let _bomb = Bomb;
                panic!("first");
            }
            _ => "well-behaved".into(),
        };
        Ok(Verdict::ok().message(text))
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("second");
    }
}

fn said(error: std::io::Error) -> String {
    format!("error: {:?}", error.kind())
}

procvision_guest::export!(Snoop);
