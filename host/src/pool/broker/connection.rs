//! One connection: who is it, what does it want, until it hangs up. When this ends, so does what the peer held.

use super::pool::Refused;
use super::registry::{ConsumerSeat, ProducerSeat, Registry};
use crate::explain::one_line;
use crate::pool::header::PictureHeader;
use crate::pool::link::{Link, Packet};
use crate::pool::message::{Greeting, Hello, PACKET_BYTES, PROTOCOL, Refusal, Reply, Request, Role};
use crate::pool::reference::PoolName;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use rustix::net::SendFlags;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// What somebody is, once the broker has agreed.
enum Seat {
    Producer(ProducerSeat),
    Consumer(ConsumerSeat),
    Observer,
}

/// Whether the conversation goes on.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    HangUp,
}

/// Talks with one peer until it hangs up, speaks nonsense, does not say who it is for `hello_time`, or `stop` can be
/// read.
pub(super) fn serve(link: &Arc<Link>, registry: &Registry, hello_time: Duration, stop: BorrowedFd<'_>) {
    let mut buffer = [0; PACKET_BYTES];
    // Before the hello there is no seat; dropping it frees whatever the peer held.
    let mut seat = None;
    loop {
        let patience = seat.is_none().then_some(hello_time);
        match wait(link, patience, stop) {
            Ok(Event::Said) => {}
            Ok(Event::Nothing) => {
                let message = format!("nothing was said for {hello_time:?}; the first packet is `hello`");
                return turn_away(link, (Refusal::Malformed, message));
            }
            Ok(Event::Stop) => return,
            Err(error) => return tracing::debug!(%error, "a connection of the frame broker ends"),
        }
        let next = match link.receive_bytes(&mut buffer) {
            Ok(Packet::Bytes(len)) => answer(link, registry, &mut seat, &buffer[..len]),
            Ok(Packet::TooLong) => {
                let message = format!("a packet has at most {PACKET_BYTES} bytes");
                refuse(link, (Refusal::Malformed, message), Next::HangUp)
            }
            Ok(Packet::End) => return,
            Err(error) => return tracing::debug!(%error, "a connection of the frame broker ends"),
        };
        if next == Next::HangUp {
            return;
        }
    }
}

/// Tells somebody who is not wanted, before anything is heard of it.
pub(super) fn turn_away(link: &Link, refused: Refused) {
    refuse(link, refused, Next::HangUp);
}

/// What a connection has waited for.
enum Event {
    /// The peer has said something, or hung up.
    Said,
    /// Its time is over.
    Nothing,
    /// The broker ends.
    Stop,
}

fn wait(link: &Link, patience: Option<Duration>, stop: BorrowedFd<'_>) -> Result<Event, Errno> {
    let peer = link.as_fd();
    let mut fds = [PollFd::new(&peer, PollFlags::IN), PollFd::new(&stop, PollFlags::IN)];
    // A time that is too long to be said is no bound.
    let patience = patience.and_then(|time| Timespec::try_from(time).ok());
    let ready = rustix::io::retry_on_intr(|| poll(&mut fds, patience.as_ref()))?;
    Ok(match (ready, fds[1].revents().is_empty()) {
        (0, _) => Event::Nothing,
        (_, true) => Event::Said,
        (_, false) => Event::Stop,
    })
}

fn answer(link: &Arc<Link>, registry: &Registry, seat: &mut Option<Seat>, packet: &[u8]) -> Next {
    let message: Value = match serde_json::from_slice(packet) {
        Ok(message) => message,
        Err(error) => return malformed(link, &error),
    };
    let request: Request = match serde_json::from_value(message.clone()) {
        Ok(request) => request,
        Err(error) => {
            // Another version may say more in its hello; what it should hear of is the version.
            return match serde_json::from_value::<Greeting>(message) {
                Ok(Greeting { kind, protocol }) if kind == "hello" && protocol != PROTOCOL => {
                    wrong_version(link, protocol)
                }
                _ => malformed(link, &error),
            };
        }
    };
    match (request, &*seat) {
        (Request::Hello(hello), None) => greet(link, registry, seat, hello),
        (_, None) => refuse(
            link,
            (Refusal::Malformed, "the first packet of a connection is `hello`".into()),
            Next::HangUp,
        ),
        (Request::Acquire {}, Some(Seat::Producer(producer))) => match producer.pool.acquire(producer.id) {
            Ok(Some((slot, generation))) => send(link, &Reply::Slot { slot, generation }, &[]),
            Ok(None) => send(link, &Reply::Busy {}, &[]),
            Err(refused) => refuse(link, refused, Next::HangUp),
        },
        (Request::Publish { slot, header }, Some(Seat::Producer(producer))) => {
            let header = serde_json::from_value::<PictureHeader>(header)
                .map_err(|error| (Refusal::Header, format!("the header is wrong: {}", one_line(&error))));
            match header.and_then(|header| producer.pool.publish(producer.id, slot, &header)) {
                Ok(reference) => {
                    let reply = Reply::Published {
                        slot,
                        generation: reference.generation(),
                        reference: reference.to_string(),
                    };
                    send(link, &reply, &[])
                }
                Err(refused) => refuse(link, refused, Next::GoOn),
            }
        }
        (Request::Abandon { slot }, Some(Seat::Producer(producer))) => match producer.pool.abandon(producer.id, slot) {
            Ok(()) => send(link, &Reply::Abandoned { slot }, &[]),
            Err(refused) => refuse(link, refused, Next::GoOn),
        },
        (Request::Pools {}, Some(Seat::Observer)) => {
            let pools = registry.names();
            send(link, &Reply::Pools { pools }, &[])
        }
        (Request::Pool { pool, from }, Some(Seat::Observer)) => {
            match name(&pool).and_then(|name| registry.page(&name, from)) {
                Ok(page) => send(link, &Reply::Pool(Box::new(page)), &[]),
                Err(refused) => refuse(link, refused, Next::GoOn),
            }
        }
        (_, Some(_)) => refuse(
            link,
            (
                Refusal::Role,
                "this message is not for the role that was said in `hello`".into(),
            ),
            Next::GoOn,
        ),
    }
}

fn greet(link: &Arc<Link>, registry: &Registry, seat: &mut Option<Seat>, hello: Hello) -> Next {
    let protocol = PROTOCOL;
    if hello.protocol != protocol {
        return wrong_version(link, hello.protocol);
    }
    let Some(role) = hello.into_role() else {
        let message = "a producer names pool, slots and slot_bytes, a consumer pool, an observer nothing";
        return refuse(link, (Refusal::Malformed, message.into()), Next::HangUp);
    };
    let taken = match role {
        Role::Observer => Ok(Seat::Observer),
        Role::Consumer { pool } => name(&pool)
            .and_then(|name| registry.consumer(link, &name))
            .map(Seat::Consumer),
        Role::Producer {
            pool,
            slots,
            slot_bytes,
        } => name(&pool)
            .and_then(|name| registry.producer(link, &name, slots, slot_bytes))
            .map(Seat::Producer),
    };
    match taken {
        Ok(taken) => {
            let next = match &taken {
                Seat::Observer => send(link, &Reply::Observer { protocol }, &[]),
                Seat::Producer(ProducerSeat { pool, .. }) => {
                    let reply = Reply::Producer {
                        protocol,
                        slots: pool.slots(),
                        slot_bytes: pool.slot_bytes() as u64,
                    };
                    send(link, &reply, &pool.producer_fds())
                }
                Seat::Consumer(ConsumerSeat { pool, number, .. }) => {
                    let reply = Reply::Consumer {
                        protocol,
                        slots: pool.slots(),
                        slot_bytes: pool.slot_bytes() as u64,
                        holder: *number,
                    };
                    send(link, &reply, &pool.consumer_fds())
                }
            };
            *seat = Some(taken);
            next
        }
        // It may try again on the same connection, with another name or geometry.
        Err(refused) => refuse(link, refused, Next::GoOn),
    }
}

fn name(text: &str) -> Result<PoolName, Refused> {
    text.parse()
        .map_err(|error: crate::pool::ReferenceError| (Refusal::PoolName, error.to_string()))
}

fn malformed(link: &Link, error: &serde_json::Error) -> Next {
    let message = format!("the packet is not a message of the frame broker: {}", one_line(error));
    refuse(link, (Refusal::Malformed, message), Next::HangUp)
}

fn wrong_version(link: &Link, protocol: u32) -> Next {
    let message = format!("this broker speaks version {PROTOCOL} of the protocol, not {protocol}");
    refuse(link, (Refusal::Protocol, message), Next::HangUp)
}

/// Says why nothing was done; `then` is what follows if the peer hears it.
fn refuse(link: &Link, (code, mut message): Refused, then: Next) -> Next {
    // A message may repeat what the peer has sent; it must fit into a packet whatever that was.
    message.truncate(message.floor_char_boundary(PACKET_BYTES / 8));
    match send(link, &Reply::Error { code, message }, &[]) {
        Next::GoOn => then,
        Next::HangUp => Next::HangUp,
    }
}

/// Answers without ever waiting for the peer: one that sends and does not listen has no use for the rest.
fn send(link: &Link, reply: &Reply, fds: &[BorrowedFd<'_>]) -> Next {
    match link.send(reply, fds, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
        Ok(()) => Next::GoOn,
        Err(error) => {
            tracing::debug!(%error, "a peer of the frame broker does not listen");
            Next::HangUp
        }
    }
}
