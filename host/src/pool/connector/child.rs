//! The process that connects. It gives up what it does not need, and then, as often as its host asks, connects to the
//! socket it was started with and passes the connected descriptor back. It ends when its host hangs up.

use super::message::{Arguments, PACKET_BYTES, Reply, Request, WORD};
use crate::child_process::{self, DESCRIPTORS, Objection, give_up};
use crate::lockdown::calls::{CallList, is};
use crate::lockdown::limits::limit;
use crate::lockdown::{process, renounce_files};
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
    let Some(arguments) = Arguments::from_words(child_process::asked(WORD)?) else {
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
    // Where the kernel can. The broker's socket is a file, and connecting to it is no opening.
    let _ = renounce_files();
    process::separate_code_from_data()?;
    calls().install()?;
    Ok(Link::accepted(io::stdin().as_fd().try_clone_to_owned()?))
}

/// What it asks of the kernel: the basics, one kind of socket, and its host.
fn calls() -> CallList {
    let mut list = CallList::default();
    list.allow_basics();
    list.allow(&[
        libc::SYS_connect,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_sendmsg,
        libc::SYS_setsockopt,
    ]);
    list.allow_if(libc::SYS_socket, [is(0, libc::AF_UNIX.cast_unsigned())]);
    list.allow_values(libc::SYS_fcntl, 1, &[libc::F_GETFD, libc::F_DUPFD_CLOEXEC]);
    list
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

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
    use std::fs::File;
    use std::net::TcpStream;
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn nothing_but_a_broker_is_reached_under_the_list() {
        child_process::alone(
            "pool::connector::child::tests::nothing_but_a_broker_is_reached_under_the_list",
            inside,
        );
    }

    fn inside(folder: &Path) {
        let path = folder.join("socket");
        let kind = (AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC);
        let broker = rustix::net::socket_with(kind.0, kind.1, kind.2, None).unwrap();
        rustix::net::bind(&broker, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        rustix::net::listen(&broker, 1).unwrap();

        calls().install().unwrap();
        let refused = [
            ("open", File::open("/etc/passwd").map(drop)),
            ("connect over TCP", TcpStream::connect("127.0.0.1:9").map(drop)),
            ("start a program", Command::new("/bin/true").status().map(drop)),
            ("listen", rustix::net::listen(&broker, 1).map_err(Into::into)),
            ("raise a limit", limit(Resource::Core, 0)),
        ];
        for (what, result) in refused {
            let error = result.expect_err(what);
            assert_eq!(error.raw_os_error(), Some(libc::EPERM), "{what}: {error}");
        }
        link::connect(&path, Some(Duration::from_secs(10))).unwrap();
    }
}
