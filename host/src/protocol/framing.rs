//! From bytes, however the pipe cuts them, to the bodies of frames. Takes memory only for bytes that have arrived.

/// Most bytes of the body of a frame. A call has a few kilobytes; parsed, a body may take a hundred times its size.
pub const FRAME_BYTES: u32 = 1 << 20;
/// Most bytes that are skipped to get to the next frame. A greater length is no length: the peer writes something else
/// than frames, and what follows the four bytes may be a frame again.
pub const SKIPPED_BYTES: u32 = 256 << 20;

/// Memory that is kept from frame to frame.
const KEPT_BYTES: usize = 64 << 10;

/// What arrived.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// The body of a frame.
    Frame(&'a [u8]),
    /// A frame of length zero.
    Empty,
    /// The beginning of a frame of so many bytes, which will be skipped.
    TooLarge(u32),
    /// Four bytes that cannot be a length; reading goes on behind them. Told once, whatever number of them comes in a row.
    NoLength(u32),
}

/// Takes frames out of a stream of bytes.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    body: Vec<u8>,
    /// Whether the last four bytes where a length should be were none.
    astray: bool,
}

#[derive(Debug)]
enum State {
    /// So many bytes of the length are there.
    Length([u8; 4], usize),
    /// The body has so many bytes.
    Body(usize),
    /// The body was handed out.
    Delivered,
    /// So many bytes remain to be skipped.
    Skip(usize),
}

impl Default for State {
    fn default() -> Self {
        Self::Length([0; 4], 0)
    }
}

impl Decoder {
    /// Takes what it can from the front of `bytes`. Nothing comes back once all of them are taken.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<Incoming<'_>> {
        loop {
            match &mut self.state {
                State::Length(length, have) => {
                    *have += take(bytes, &mut length[*have..]);
                    if *have < length.len() {
                        return None;
                    }
                    let length = u32::from_be_bytes(*length);
                    let was_astray = std::mem::replace(&mut self.astray, length > SKIPPED_BYTES);
                    match length {
                        0 => {
                            self.state = State::default();
                            return Some(Incoming::Empty);
                        }
                        1..=FRAME_BYTES => self.state = State::Body(length as usize),
                        _ if length <= SKIPPED_BYTES => {
                            self.state = State::Skip(length as usize);
                            return Some(Incoming::TooLarge(length));
                        }
                        _ => {
                            self.state = State::default();
                            if !was_astray {
                                return Some(Incoming::NoLength(length));
                            }
                        }
                    }
                }
                State::Body(length) => {
                    let missing = (*length - self.body.len()).min(bytes.len());
                    let (taken, rest) = bytes.split_at(missing);
                    self.body.extend_from_slice(taken);
                    *bytes = rest;
                    if self.body.len() < *length {
                        return None;
                    }
                    self.state = State::Delivered;
                    return Some(Incoming::Frame(&self.body));
                }
                State::Delivered => {
                    self.body.clear();
                    self.body.shrink_to(KEPT_BYTES);
                    self.state = State::default();
                }
                State::Skip(left) => {
                    let skipped = (*left).min(bytes.len());
                    *bytes = &bytes[skipped..];
                    *left -= skipped;
                    if *left > 0 {
                        return None;
                    }
                    self.state = State::default();
                }
            }
        }
    }

    /// Whether the stream may end here: not in the middle of a frame.
    pub fn is_between_frames(&self) -> bool {
        matches!(self.state, State::Length(_, 0) | State::Delivered)
    }
}

/// Moves bytes from the front of `from` to `to`; says how many.
fn take(from: &mut &[u8], to: &mut [u8]) -> usize {
    let count = from.len().min(to.len());
    let (taken, rest) = from.split_at(count);
    to[..count].copy_from_slice(taken);
    *from = rest;
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that comes of `stream` in pieces of `piece` bytes, as text.
    fn decoded(stream: &[u8], piece: usize) -> (Vec<String>, Decoder) {
        let mut decoder = Decoder::default();
        let mut found = Vec::new();
        for mut bytes in stream.chunks(piece) {
            while let Some(incoming) = decoder.next(&mut bytes) {
                found.push(match incoming {
                    Incoming::Frame(body) => String::from_utf8_lossy(body).into_owned(),
                    other => format!("{other:?}"),
                });
            }
            assert!(bytes.is_empty());
        }
        (found, decoder)
    }

    fn frame(body: &[u8]) -> Vec<u8> {
        [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat()
    }

    #[test]
    fn frames_are_found_however_the_stream_is_cut() {
        let stream = [frame(b"one"), frame(b""), frame("z\u{fc}rich".as_bytes()), frame(b"{}")].concat();
        for piece in 1..=stream.len() {
            let (found, decoder) = decoded(&stream, piece);
            assert_eq!(found, ["one", "Empty", "z\u{fc}rich", "{}"], "in pieces of {piece}");
            assert!(decoder.is_between_frames());
        }
        for end in 1..7 {
            let (found, decoder) = decoded(&stream[..end], 1);
            assert!(found.is_empty() && !decoder.is_between_frames(), "{end}");
        }
    }

    #[test]
    fn a_frame_that_is_too_large_is_skipped_without_being_kept() {
        let length = FRAME_BYTES + 1;
        let mut stream = length.to_be_bytes().to_vec();
        stream.resize(4 + length as usize, b'x');
        stream.extend(frame(b"next"));
        for piece in [4096, 1 << 20, stream.len()] {
            let (found, decoder) = decoded(&stream, piece);
            assert_eq!(found, [format!("TooLarge({length})").as_str(), "next"]);
            assert!(decoder.body.capacity() <= KEPT_BYTES);
        }
    }

    #[test]
    fn after_a_length_that_cannot_be_one_the_next_frame_is_found() {
        let stream = [&u32::MAX.to_be_bytes()[..], &frame(b"next")].concat();
        assert_eq!(
            decoded(&stream, 3).0,
            [format!("NoLength({})", u32::MAX).as_str(), "next"]
        );
        // As somebody sends it who prints to stdout.
        let printed = [b"Traceback (most recent call last)   ", frame(b"next").as_slice()].concat();
        assert_eq!(decoded(&printed, 8).0, ["NoLength(1416782179)", "next"]);
    }

    #[test]
    fn memory_is_taken_only_for_what_has_arrived() {
        let mut decoder = Decoder::default();
        let stream = [&FRAME_BYTES.to_be_bytes()[..], b"abc"].concat();
        assert_eq!(decoder.next(&mut stream.as_slice()), None);
        assert!(decoder.body.capacity() <= KEPT_BYTES);
    }
}
