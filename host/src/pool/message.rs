//! The messages between the broker and everybody else: one JSON object in each packet, at most [`PACKET_BYTES`].
//!
//! `docs/frame-pool.md` shows an example of each.

use crate::frame::PixelFormat;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the protocol that this library speaks.
pub const PROTOCOL: u32 = 1;
/// Most bytes of a packet.
pub const PACKET_BYTES: usize = 4096;
/// Most slots in one [`PoolStatus`], so that it fits into a packet.
pub const SLOTS_A_PAGE: usize = 16;

/// What is said to the broker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    /// The first packet of every connection.
    Hello(Hello),
    /// A producer wants a slot to write.
    Acquire {},
    /// A producer has written a picture. The header is looked at apart from the rest: a wrong one is no malformed
    /// packet.
    Publish { slot: u32, header: Value },
    /// A producer gives a slot back unused.
    Abandon { slot: u32 },
    /// An observer wants the names of the pools.
    Pools {},
    /// An observer wants to know about a pool and its slots from `from` on.
    Pool { pool: String, from: u32 },
}

/// Who somebody is, and what for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hello {
    pub(crate) protocol: u32,
    pub(crate) role: RoleName,
    /// Of producers and consumers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pool: Option<String>,
    /// Of producers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slots: Option<u32>,
    /// Of producers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slot_bytes: Option<u64>,
}

/// The roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RoleName {
    Producer,
    Consumer,
    Observer,
}

/// [`Hello`] with exactly what its role needs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Producer { pool: String, slots: u32, slot_bytes: u64 },
    Consumer { pool: String },
    Observer,
}

impl Hello {
    /// What this version says for a role.
    pub(crate) fn of(role: Role) -> Self {
        let (name, pool, geometry) = match role {
            Role::Producer {
                pool,
                slots,
                slot_bytes,
            } => (RoleName::Producer, Some(pool), Some((slots, slot_bytes))),
            Role::Consumer { pool } => (RoleName::Consumer, Some(pool), None),
            Role::Observer => (RoleName::Observer, None, None),
        };
        Self {
            protocol: PROTOCOL,
            role: name,
            pool,
            slots: geometry.map(|(slots, _)| slots),
            slot_bytes: geometry.map(|(_, slot_bytes)| slot_bytes),
        }
    }

    /// The role, if everything is there that it needs, and nothing else.
    pub(crate) fn into_role(self) -> Option<Role> {
        match (self.role, self.pool, self.slots, self.slot_bytes) {
            (RoleName::Producer, Some(pool), Some(slots), Some(slot_bytes)) => Some(Role::Producer {
                pool,
                slots,
                slot_bytes,
            }),
            (RoleName::Consumer, Some(pool), None, None) => Some(Role::Consumer { pool }),
            (RoleName::Observer, None, None, None) => Some(Role::Observer),
            _ => None,
        }
    }
}

/// The part of a [`Hello`] that every version of the protocol has.
#[derive(Debug, Deserialize)]
pub(crate) struct Greeting {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) protocol: u32,
}

/// What the broker answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Reply {
    /// To a producer, with the memory of the pool.
    Producer { protocol: u32, slots: u32, slot_bytes: u64 },
    /// To a consumer, with the memory of the pool, to be read, and the memory of its states.
    Consumer {
        protocol: u32,
        slots: u32,
        slot_bytes: u64,
        holder: u32,
    },
    /// To an observer.
    Observer { protocol: u32 },
    /// The slot may be written.
    Slot { slot: u32, generation: u64 },
    /// Every slot is leased or being written.
    Busy {},
    /// The picture can be leased.
    Published {
        slot: u32,
        generation: u64,
        reference: String,
    },
    /// The slot is free.
    Abandoned { slot: u32 },
    /// The names of the pools.
    Pools { pools: Vec<String> },
    /// One pool.
    Pool(Box<PoolStatus>),
    /// Nothing was done.
    Error { code: Refusal, message: String },
}

/// Why the broker did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// The packet is not a message of this protocol. The broker hangs up.
    Malformed,
    /// Another version of the protocol. The broker hangs up.
    Protocol,
    /// The peer's user is not allowed. The broker hangs up.
    User,
    /// As many connections, pools, bytes or consumers as there can be.
    Limit,
    /// There is no pool of that name.
    UnknownPool,
    /// There can be no pool of that name.
    PoolName,
    /// The pool has a producer already.
    Taken,
    /// The pool has slots of another number or size, and somebody is connected to it.
    Geometry,
    /// The system has no memory for the pool.
    Memory,
    /// The message is not for this role.
    Role,
    /// The slot is not being written by this producer.
    Slot,
    /// The header of the picture is wrong.
    Header,
}

impl Refusal {
    /// The word as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Protocol => "protocol",
            Self::User => "user",
            Self::Limit => "limit",
            Self::UnknownPool => "unknown_pool",
            Self::PoolName => "pool_name",
            Self::Taken => "taken",
            Self::Geometry => "geometry",
            Self::Memory => "memory",
            Self::Role => "role",
            Self::Slot => "slot",
            Self::Header => "header",
        }
    }
}

/// A pool as an observer sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PoolStatus {
    /// The name of the pool.
    pub pool: String,
    /// How many slots it has.
    pub slots: u32,
    /// Bytes of a slot.
    pub slot_bytes: u64,
    /// Whether the memory is on huge pages.
    pub huge_pages: bool,
    /// Whether a producer is connected.
    pub producer: bool,
    /// How many consumers are connected.
    pub consumers: u32,
    /// Pictures that were published since the pool was made.
    pub published: u64,
    /// Pictures that were lost since the pool was made, because every slot was in use.
    pub dropped: u64,
    /// Pictures published in a second, on the average of the last five seconds.
    pub fps: f64,
    /// The number of the first slot in `states`: a packet holds some of the slots, an [`Observer`] puts all together.
    ///
    /// [`Observer`]: crate::pool::observer::Observer
    pub from: u32,
    /// The slots from `from` on; at most [`SLOTS_A_PAGE`] in one packet.
    pub states: Vec<SlotStatus>,
}

/// A slot as an observer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SlotStatus {
    /// `free`, `writing` or `ready`.
    pub phase: String,
    /// The generation in a reference.
    pub generation: u64,
    /// How many consumers hold it.
    pub holders: u32,
    /// What it holds, if it holds a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<SlotPicture>,
}

/// The picture in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SlotPicture {
    /// How a pixel is held.
    pub format: PixelFormat,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_request_has_one_form() {
        for form in [
            json!({"type": "hello", "protocol": 1, "role": "producer", "pool": "a", "slots": 8, "slot_bytes": 2097152}),
            json!({"type": "hello", "protocol": 1, "role": "consumer", "pool": "a"}),
            json!({"type": "hello", "protocol": 1, "role": "observer"}),
            json!({"type": "acquire"}),
            json!({"type": "publish", "slot": 1, "header": {}}),
            json!({"type": "abandon", "slot": 1}),
            json!({"type": "pools"}),
            json!({"type": "pool", "pool": "a", "from": 0}),
        ] {
            let request: Request = serde_json::from_value(form.clone()).unwrap();
            assert_eq!(serde_json::to_value(&request).unwrap(), form);
            if let Request::Hello(hello) = request {
                let role = hello.into_role().expect("it has what it needs");
                assert_eq!(serde_json::to_value(Request::Hello(Hello::of(role))).unwrap(), form);
            }
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for form in [
            json!({}),
            json!([]),
            json!({"type": "hallo"}),
            json!({"type": "acquire", "slot": 1}),
            json!({"type": "hello", "protocol": 1, "role": "observer", "colour": "red"}),
            json!({"type": "abandon", "slot": -1}),
            json!({"type": "abandon", "slot": 1.5}),
            json!({"type": "abandon", "slot": 4_294_967_296_u64}),
            json!({"type": "hello", "protocol": 1}),
            json!({"type": "hello", "protocol": 1, "role": "king"}),
            json!({"type": "hello", "protocol": 1, "role": "producer", "pool": "a", "slots": "8", "slot_bytes": 1}),
        ] {
            assert!(serde_json::from_value::<Request>(form.clone()).is_err(), "{form}");
        }
        for form in [
            json!({"protocol": 1, "role": "observer", "pool": "a"}),
            json!({"protocol": 1, "role": "consumer", "pool": "a", "slots": 1}),
            json!({"protocol": 1, "role": "consumer"}),
            json!({"protocol": 1, "role": "producer", "pool": "a", "slots": 8}),
        ] {
            assert_eq!(
                serde_json::from_value::<Hello>(form.clone()).unwrap().into_role(),
                None,
                "{form}"
            );
        }
    }

    #[test]
    fn the_longest_answer_fits_into_a_packet() {
        let status = SlotStatus {
            phase: "writing".into(),
            generation: u64::MAX,
            holders: 24,
            picture: Some(SlotPicture {
                format: PixelFormat::BayerBG8,
                width: u32::MAX,
                height: u32::MAX,
            }),
        };
        let page = PoolStatus {
            pool: "x".repeat(32),
            slots: u32::MAX,
            slot_bytes: u64::MAX,
            huge_pages: false,
            producer: false,
            consumers: 24,
            published: u64::MAX,
            dropped: u64::MAX,
            fps: f64::MIN_POSITIVE,
            from: u32::MAX,
            states: vec![status; SLOTS_A_PAGE],
        };
        let reply = Reply::Pool(Box::new(page));
        assert!(serde_json::to_string(&reply).unwrap().len() < PACKET_BYTES);
    }
}
