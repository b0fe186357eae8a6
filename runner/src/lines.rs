//! Lines of a process's stderr, bounded in length.

use bytes::{Buf, BytesMut};

/// Most bytes of a line that are kept; the rest of it is left out.
pub(crate) const LINE_BYTES: usize = 64 << 10;
/// Room for one read.
const READ_BYTES: usize = 8 << 10;

/// Takes lines out of a stream of bytes.
#[derive(Debug, Default)]
pub(crate) struct LineDecoder {
    bytes: BytesMut,
    /// So many bytes at the front have been looked at, and none ends a line.
    seen: usize,
    /// The rest of the line is left out.
    skipping: bool,
}

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub text: String,
    /// Whether it is only the beginning.
    pub cut: bool,
}

impl LineDecoder {
    /// Where bytes are to be read to.
    pub fn room(&mut self) -> &mut BytesMut {
        self.bytes.reserve(READ_BYTES);
        &mut self.bytes
    }

    /// The next line that is not blank, if all of it, or as much of it as is kept, has arrived.
    pub fn next(&mut self) -> Option<Line> {
        loop {
            let end = self.bytes[self.seen..].iter().position(|byte| *byte == b'\n');
            let line = match end.map(|end| self.seen + end) {
                Some(end) => {
                    let line = self.bytes.split_to(end);
                    self.bytes.advance(1);
                    self.seen = 0;
                    match std::mem::take(&mut self.skipping) {
                        true => None,
                        false => line_of(&line, line.len() > LINE_BYTES),
                    }
                }
                None if self.skipping => {
                    self.bytes.clear();
                    self.seen = 0;
                    return None;
                }
                None if self.bytes.len() > LINE_BYTES => {
                    let line = self.bytes.split_to(LINE_BYTES);
                    self.seen = 0;
                    self.skipping = true;
                    line_of(&line, true)
                }
                None => {
                    self.seen = self.bytes.len();
                    return None;
                }
            };
            if line.is_some() {
                return line;
            }
        }
    }

    /// What remains when the stream has ended.
    pub fn rest(&mut self) -> Option<Line> {
        self.seen = 0;
        let rest = self.bytes.split();
        line_of(&rest, false).filter(|_| !self.skipping)
    }
}

fn line_of(bytes: &[u8], cut: bool) -> Option<Line> {
    let kept = &bytes[..bytes.len().min(LINE_BYTES)];
    let text = String::from_utf8_lossy(kept).trim_end().to_owned();
    (!text.is_empty()).then_some(Line { text, cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(stream: &[u8], piece: usize) -> Vec<Line> {
        let mut decoder = LineDecoder::default();
        let mut found = Vec::new();
        for bytes in stream.chunks(piece) {
            decoder.room().extend_from_slice(bytes);
            found.extend(std::iter::from_fn(|| decoder.next()));
            assert!(decoder.bytes.len() <= LINE_BYTES.max(piece));
        }
        found.extend(decoder.rest());
        found
    }

    #[test]
    fn lines_are_found_however_the_stream_is_cut() {
        let stream = "one\n\n  \r\nz\u{fc}rich\r\n\u{0}\nlast".as_bytes();
        for piece in 1..=stream.len() {
            let texts: Vec<String> = decoded(stream, piece).into_iter().map(|line| line.text).collect();
            assert_eq!(texts, ["one", "z\u{fc}rich", "\u{0}", "last"], "in pieces of {piece}");
        }
    }

    #[test]
    fn a_long_line_is_cut_and_its_rest_left_out() {
        let long = "x".repeat(3 * LINE_BYTES);
        for piece in [1_000, LINE_BYTES, 4 * LINE_BYTES] {
            let found = decoded(format!("{long}\nnext\n{long}").as_bytes(), piece);
            let shapes: Vec<_> = found.iter().map(|line| (line.text.len(), line.cut)).collect();
            assert_eq!(
                shapes,
                [(LINE_BYTES, true), (4, false), (LINE_BYTES, true)],
                "in pieces of {piece}"
            );
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(decoded(b"a\xffb\n", 10)[0].text, "a\u{fffd}b");
    }
}
