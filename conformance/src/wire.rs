//! Frames as a runner writes and reads them: four bytes of length, most significant first, and JSON in UTF-8.

use serde_json::Value;
use std::fmt;
use std::io::{self, Read};

/// Most bytes that a runner takes for one frame. What announces more is no frame but text that got onto stdout.
const MOST_BYTES: u32 = 16 << 20;

/// A frame around any bytes, whether they are JSON or not.
///
/// # Panics
///
/// If there are 4 GiB of them or more.
pub fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("a case is short");
    let mut frame = Vec::with_capacity(body.len() + 4);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(body);
    frame
}

/// A frame around a message.
pub fn frame(message: &Value) -> Vec<u8> {
    framed(message.to_string().as_bytes())
}

/// What stands on a stdout that should carry frames only.
#[derive(Debug)]
pub enum Garbage {
    /// Four bytes that are no length.
    Length([u8; 4]),
    /// A frame whose body is no JSON object.
    Body(Vec<u8>),
    /// The stream ended inside a frame.
    CutOff,
    /// It cannot be read.
    Io(io::Error),
}

impl fmt::Display for Garbage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(bytes) => write!(f, "`{}` in place of a length", bytes.escape_ascii()),
            Self::Body(bytes) => {
                let shown = &bytes[..bytes.len().min(40)];
                write!(f, "`{}` in place of a JSON object", shown.escape_ascii())
            }
            Self::CutOff => f.write_str("a frame that is cut off"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

/// The next frame; `None` at the end of the stream.
///
/// # Errors
///
/// If there is something else than a frame with a JSON object.
pub fn read(from: &mut impl Read) -> Result<Option<Value>, Garbage> {
    let Some(body) = read_body(from)? else {
        return Ok(None);
    };
    match serde_json::from_slice(&body) {
        Ok(value @ Value::Object(_)) => Ok(Some(value)),
        _ => Err(Garbage::Body(body)),
    }
}

/// The body of the next frame, not looked at yet; `None` at the end of the stream.
///
/// # Errors
///
/// If there is something else than a frame.
pub fn read_body(from: &mut impl Read) -> Result<Option<Vec<u8>>, Garbage> {
    let mut length = [0; 4];
    match fill(from, &mut length)? {
        0 => return Ok(None),
        4 => {}
        _ => return Err(Garbage::CutOff),
    }
    let bytes = u32::from_be_bytes(length);
    if bytes == 0 || bytes > MOST_BYTES {
        return Err(Garbage::Length(length));
    }
    let mut body = vec![0; bytes as usize];
    if fill(from, &mut body)? < body.len() {
        return Err(Garbage::CutOff);
    }
    Ok(Some(body))
}

/// How many bytes of `buffer` could be filled before the end.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Garbage> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(bytes) => filled += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Garbage::Io(error)),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_written_is_read() {
        let stream = [frame(&json!({ "a": "ü" })), frame(&json!({}))].concat();
        let mut from = stream.as_slice();
        assert_eq!(read(&mut from).unwrap(), Some(json!({ "a": "ü" })));
        assert_eq!(read(&mut from).unwrap(), Some(json!({})));
        assert_eq!(read(&mut from).unwrap(), None);
    }

    #[test]
    fn everything_else_is_named() {
        for (stream, named) in [
            (&b"hello\n"[..], "`hell` in place of a length"),
            (&[0, 0, 0, 0], r"`\x00\x00\x00\x00` in place of a length"),
            (&[0, 0, 0, 2, b'[', b']'], "`[]` in place of a JSON object"),
            (&[0, 0, 0, 9, b'{'], "a frame that is cut off"),
            (&[0, 0], "a frame that is cut off"),
        ] {
            assert_eq!(read(&mut &*stream).unwrap_err().to_string(), named);
        }
    }
}
