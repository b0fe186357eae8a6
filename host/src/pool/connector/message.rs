//! What a host and its connector say to each other: arguments, and one packet each way for each connection. One version of
//! each; both are the same program.

use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::PathBuf;

/// The word by which a program knows that it is to connect. Not a command for people.
pub(super) const WORD: &str = "connect-in-child";

/// Longest packet, in bytes.
pub(super) const PACKET_BYTES: usize = 128;

/// What stands behind [`WORD`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    /// The host's process.
    pub(super) host: i32,
    /// The broker's socket.
    pub(super) socket: PathBuf,
}

impl Arguments {
    pub(super) fn into_words(self) -> [OsString; 3] {
        [WORD.into(), self.host.to_string().into(), self.socket.into()]
    }

    /// From the words behind [`WORD`].
    pub(super) fn from_words(words: impl Iterator<Item = OsString>) -> Option<Self> {
        let [host, socket] = <[OsString; 2]>::try_from(words.take(3).collect::<Vec<_>>()).ok()?;
        Some(Self {
            host: host.to_str()?.parse().ok()?,
            socket: socket.into(),
        })
    }
}

/// Asks for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// Which question it is.
    pub(super) number: u64,
}

/// Comes with a connected descriptor, or says why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    /// The question that it answers.
    pub(super) number: u64,
    /// What the system said when it refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) errno: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_is_understood() {
        let arguments = Arguments {
            host: 17,
            socket: "/run/x.sock".into(),
        };
        let words = arguments.clone().into_words();
        assert_eq!(words[0], WORD);
        assert_eq!(Arguments::from_words(words.into_iter().skip(1)), Some(arguments));
        for words in [&[][..], &["1"], &["x", "/s"], &["1", "/s", "more"]] {
            assert_eq!(
                Arguments::from_words(words.iter().map(OsString::from)),
                None,
                "{words:?}"
            );
        }
        let longest = Reply {
            number: u64::MAX,
            errno: Some(i32::MIN),
        };
        assert!(serde_json::to_vec(&longest).unwrap().len() <= PACKET_BYTES);
    }
}
