//! Frames: four bytes of length, most significant first, and that many bytes of JSON. Takes memory only for bytes that
//! have arrived.

use crate::error::ProtocolError;
use bytes::{Buf, Bytes, BytesMut};

/// Most bytes of the body of a frame, in either direction.
pub(crate) const FRAME_BYTES: u32 = 16 << 20;

const LENGTH_BYTES: usize = 4;
/// Room for one read.
const READ_BYTES: usize = 8 << 10;
/// Memory that is kept from frame to frame.
pub(crate) const KEPT_BYTES: usize = 256 << 10;

/// Takes frames out of a stream of bytes. Behind something that is no frame nothing can be trusted, so that the first
/// mistake is told once and everything after it is dropped.
#[derive(Debug, Default)]
pub(crate) struct FrameDecoder {
    bytes: BytesMut,
    lost: bool,
}

impl FrameDecoder {
    /// Where bytes are to be read to.
    pub fn room(&mut self) -> &mut BytesMut {
        if self.lost {
            self.bytes.clear();
        }
        if self.bytes.is_empty() && self.bytes.capacity() > KEPT_BYTES {
            self.bytes = BytesMut::new();
        }
        self.bytes.reserve(READ_BYTES);
        &mut self.bytes
    }

    /// The body of the next frame, if all of it has arrived.
    pub fn next(&mut self) -> Result<Option<Bytes>, ProtocolError> {
        let Some(length) = self.bytes.first_chunk::<LENGTH_BYTES>().filter(|_| !self.lost) else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length);
        if length == 0 || length > FRAME_BYTES {
            self.lost = true;
            return Err(match length {
                0 => ProtocolError::Empty,
                _ => ProtocolError::TooLong { length },
            });
        }
        if self.bytes.len() - LENGTH_BYTES < length as usize {
            return Ok(None);
        }
        self.bytes.advance(LENGTH_BYTES);
        Ok(Some(self.bytes.split_to(length as usize).freeze()))
    }

    /// Whether the stream ends here in the middle of a frame.
    pub fn is_cut_off(&self) -> bool {
        !self.lost && !self.bytes.is_empty()
    }
}

/// A frame as it is written, or nothing if it would be too long.
pub(crate) fn frame(body: &impl serde::Serialize) -> Option<Vec<u8>> {
    let mut frame = vec![0; LENGTH_BYTES];
    // Nothing of a message has keys that are not texts, and memory does not fail.
    serde_json::to_writer(&mut frame, body).ok()?;
    let length = u32::try_from(frame.len() - LENGTH_BYTES).ok()?;
    if length > FRAME_BYTES {
        return None;
    }
    frame[..LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(stream: &[u8], piece: usize) -> (Vec<String>, FrameDecoder) {
        let mut decoder = FrameDecoder::default();
        let mut found = Vec::new();
        for bytes in stream.chunks(piece) {
            decoder.room().extend_from_slice(bytes);
            loop {
                match decoder.next() {
                    Ok(Some(body)) => found.push(String::from_utf8(body.to_vec()).unwrap()),
                    Ok(None) => break,
                    Err(error) => found.push(error.to_string()),
                }
            }
        }
        (found, decoder)
    }

    #[test]
    fn frames_are_found_however_the_stream_is_cut() {
        let stream = [
            frame(&"one").unwrap(),
            frame(&2).unwrap(),
            frame(&"z\u{fc}rich").unwrap(),
        ]
        .concat();
        for piece in 1..=stream.len() {
            let (found, decoder) = decoded(&stream, piece);
            assert_eq!(found, ["\"one\"", "2", "\"z\u{fc}rich\""], "in pieces of {piece}");
            assert!(!decoder.is_cut_off());
        }
        let (found, decoder) = decoded(&stream[..6], 4);
        assert!(found.is_empty() && decoder.is_cut_off());
    }

    #[test]
    fn the_first_mistake_is_told_once_and_nothing_after_it_is_believed() {
        let printed = [b"Traceback (most recent".as_slice(), &frame(&1).unwrap()].concat();
        for piece in [3, 8, printed.len()] {
            let (found, decoder) = decoded(&printed, piece);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains("(as text `Trac`)"), "{found:?}");
            assert!(!decoder.is_cut_off() && decoder.bytes.capacity() < 64 << 10);
        }
        let (found, _) = decoded(&[&[0; 4][..], &frame(&1).unwrap()].concat(), 100);
        assert_eq!(found, ["a frame of length 0"]);
    }

    #[test]
    fn a_frame_may_have_the_most_bytes_and_not_one_more() {
        let longest = "x".repeat(FRAME_BYTES as usize - 2);
        let stream = frame(&longest).unwrap();
        assert_eq!(decoded(&stream, 1 << 20).0.len(), 1);
        assert_eq!(frame(&(longest + "x")), None);
    }

    #[test]
    fn memory_is_taken_only_for_what_has_arrived() {
        let mut decoder = FrameDecoder::default();
        decoder.room().extend_from_slice(&FRAME_BYTES.to_be_bytes());
        assert_eq!(decoder.next(), Ok(None));
        assert!(decoder.room().capacity() < 64 << 10);
    }
}
