//! The process that connects. It gives up what it does not need, and then, as often as its host asks, connects to the
//! socket it was started with and passes the connected descriptor back. It ends when its host hangs up.

use super::message::{Arguments, PACKET_BYTES, Reply, Request, WORD};
use crate::child_process::{DESCRIPTORS, Objection, give_up};
use crate::lockdown::limits::limit;
use crate::pool::link::{self, ANSWER_TIME, Link, Packet};
use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::net::SendFlags;
use rustix::process::Resource;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// What a person reads who starts it.
const NOT_FOR_PEOPLE: &str =
    "this is how the program connects to a frame broker for itself, and it works for nobody else";
/// Its host's socket as a descriptor of its own, and the connection that is being made.
const MORE_DESCRIPTORS: u64 = 2;

/// Connects to a broker for its host, if this process was started for that as a [`Connector`](super::Connector); then the
/// program must end with the status that is returned. Does nothing else.
///
/// A program that starts connectors calls this first in `main`, before it starts threads, opens files or looks at its
/// arguments.
pub fn serve_if_asked() -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    if words.next()? != WORD {
        return None;
    }
    let Some(arguments) = Arguments::from_words(words) else {
        return Some(by_hand());
    };
    Some(match prepare(&arguments) {
        Ok(host) => {
            serve(&host, &arguments.socket);
            ExitCode::SUCCESS
        }
        Err(Objection::NoHost) => by_hand(),
        Err(Objection::System(error)) => {
            eprintln!("cannot limit itself: {error}");
            ExitCode::FAILURE
        }
    })
}

/// Whether this process was started to connect. If it starts a connector itself, it has not asked whether it was.
pub(super) fn was_asked() -> bool {
    std::env::args_os().nth(1).is_some_and(|word| word == WORD)
}

fn by_hand() -> ExitCode {
    eprintln!("error: {NOT_FOR_PEOPLE}");
    ExitCode::from(2)
}

/// Gives everything up but the host's socket.
fn prepare(arguments: &Arguments) -> Result<Link, Objection> {
    give_up(arguments.host, DESCRIPTORS + MORE_DESCRIPTORS)?;
    // It writes no file and starts no process.
    limit(Resource::Fsize, 0)?;
    limit(Resource::Nproc, 0)?;
    Ok(Link::accepted(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Answers until the host hangs up. Whatever is not a question is passed over, with the descriptors that come with it.
fn serve(host: &Link, socket: &Path) {
    loop {
        let mut buffer = [0; PACKET_BYTES];
        let len = match host.receive_bytes(&mut buffer) {
            Ok(Packet::Bytes(len)) => len,
            Ok(Packet::TooLong) => continue,
            Ok(Packet::End) | Err(_) => return,
        };
        let Ok(Request { number }) = serde_json::from_slice(&buffer[..len]) else {
            continue;
        };
        let answered = match link::connect(socket, Some(ANSWER_TIME)) {
            Ok(connection) => host.send(
                &Reply { number, errno: None },
                &[connection.as_fd()],
                SendFlags::NOSIGNAL,
            ),
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(Errno::IO.raw_os_error());
                let reply = Reply {
                    number,
                    errno: Some(errno),
                };
                host.send(&reply, &[], SendFlags::NOSIGNAL)
            }
        };
        if answered.is_err() {
            return;
        }
    }
}
