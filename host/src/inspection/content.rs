//! What a file is, by its content and not by its name.

use serde::Serialize;
use serde::de::IgnoredAny;

/// What a file of a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentKind {
    /// No bytes at all.
    Empty,
    /// A picture: PNG, JPEG, GIF, BMP, TIFF or WebP.
    Image,
    /// JSON.
    Json,
    /// Text in UTF-8.
    Text,
    /// HTML, SVG or other XML.
    Markup,
    /// An array of numbers in NumPy's format.
    Array,
    /// A program for an interpreter, by its first line.
    Script,
    /// A WebAssembly module or component.
    Wasm,
    /// A program or library for a computer: ELF, PE or Mach-O.
    Program,
    /// An archive or compressed data.
    Archive,
    /// A PDF document.
    Document,
    /// An SQLite database.
    Database,
    /// Bytes without a known beginning, such as a model's weights.
    Unknown,
}

/// Beginnings of files.
const BEGINNINGS: &[(&[u8], ContentKind)] = &[
    (b"\x89PNG\r\n\x1a\n", ContentKind::Image),
    (b"\xff\xd8\xff", ContentKind::Image),
    (b"GIF87a", ContentKind::Image),
    (b"GIF89a", ContentKind::Image),
    (b"II*\0", ContentKind::Image),
    (b"MM\0*", ContentKind::Image),
    (b"\0asm", ContentKind::Wasm),
    (b"\x7fELF", ContentKind::Program),
    (b"MZ", ContentKind::Program),
    (b"\xfe\xed\xfa\xce", ContentKind::Program),
    (b"\xfe\xed\xfa\xcf", ContentKind::Program),
    (b"\xce\xfa\xed\xfe", ContentKind::Program),
    (b"\xcf\xfa\xed\xfe", ContentKind::Program),
    (b"\xca\xfe\xba\xbe", ContentKind::Program),
    (b"#!", ContentKind::Script),
    (b"PK\x03\x04", ContentKind::Archive),
    (b"PK\x05\x06", ContentKind::Archive),
    (b"\x1f\x8b", ContentKind::Archive),
    (b"BZh", ContentKind::Archive),
    (b"\xfd7zXZ\0", ContentKind::Archive),
    (b"\x28\xb5\x2f\xfd", ContentKind::Archive),
    (b"7z\xbc\xaf\x27\x1c", ContentKind::Archive),
    (b"Rar!\x1a\x07", ContentKind::Archive),
    (b"\x93NUMPY", ContentKind::Array),
    (b"%PDF-", ContentKind::Document),
    (b"SQLite format 3\0", ContentKind::Database),
];

/// Name endings that promise a kind of content.
const PROMISES: &[(&[&str], &[ContentKind])] = &[
    (
        &["png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp"],
        &[ContentKind::Image],
    ),
    (&["json"], &[ContentKind::Json]),
    (&["npy"], &[ContentKind::Array]),
    (
        &["txt", "md", "csv", "toml", "yaml", "yml", "ini"],
        &[ContentKind::Text, ContentKind::Json, ContentKind::Empty],
    ),
];

impl ContentKind {
    /// What bytes are.
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
        // Two letters are too few to tell a program from a text that begins so.
        let known = known.filter(|(beginning, _)| *beginning != b"MZ" || std::str::from_utf8(bytes).is_err());
        if let Some((_, kind)) = known {
            return *kind;
        }
        if (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"))
            || (bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]))
        {
            return Self::Image;
        }
        if bytes.get(257..262) == Some(b"ustar") {
            return Self::Archive;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains(|letter: char| letter.is_control() && !letter.is_whitespace()) => {
                Self::of_text(text)
            }
            _ => Self::Unknown,
        }
    }

    fn of_text(text: &str) -> Self {
        let beginning = text.trim_start_matches('\u{feff}').trim_start();
        if beginning.starts_with('<') {
            Self::Markup
        } else if beginning.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(beginning).is_ok() {
            Self::Json
        } else {
            Self::Text
        }
    }

    /// The kind in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Image => "image",
            Self::Json => "JSON",
            Self::Text => "text",
            Self::Markup => "HTML or XML",
            Self::Array => "array",
            Self::Script => "script",
            Self::Wasm => "WebAssembly",
            Self::Program => "native program",
            Self::Archive => "archive",
            Self::Document => "PDF",
            Self::Database => "database",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it is text.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Json | Self::Text | Self::Markup | Self::Script)
    }

    /// Whether something outside the sandbox could run it, or unpack it into what it runs.
    pub const fn can_be_run(self) -> bool {
        matches!(self, Self::Script | Self::Wasm | Self::Program | Self::Archive)
    }

    /// Whether a name promises another kind of content.
    pub fn contradicts(self, name: &str) -> bool {
        let Some((_, ending)) = name.rsplit_once('.') else {
            return false;
        };
        let ending = ending.to_ascii_lowercase();
        let promise = PROMISES.iter().find(|(endings, _)| endings.contains(&ending.as_str()));
        promise.is_some_and(|(_, kinds)| !kinds.contains(&self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_told_by_its_bytes() {
        let cases: &[(&[u8], ContentKind)] = &[
            (b"", ContentKind::Empty),
            (b"\x89PNG\r\n\x1a\n....", ContentKind::Image),
            (b"RIFF\x10\0\0\0WEBPVP8 ", ContentKind::Image),
            (b"{\"a\": 1}\n", ContentKind::Json),
            (b"{not json}", ContentKind::Text),
            (b"MZ is a text", ContentKind::Text),
            (b"MZ\x90\0\x03\xff\xfe", ContentKind::Program),
            (b"\x7fELF\x02\x01\x01", ContentKind::Program),
            (b"\0asm\x0d\0\x01\0", ContentKind::Wasm),
            (b"PK\x03\x04\x14\0", ContentKind::Archive),
            (b"#!/bin/sh\n", ContentKind::Script),
            (b"<svg onload='x'/>", ContentKind::Markup),
            ("Schraube, größer".as_bytes(), ContentKind::Text),
            (b"\x01\x02\x03\x04", ContentKind::Unknown),
        ];
        for (bytes, kind) in cases {
            assert_eq!(ContentKind::of(bytes), *kind, "{:?}", bytes.escape_ascii().to_string());
        }
    }

    #[test]
    fn a_name_that_promises_something_else_is_noticed() {
        assert!(ContentKind::Program.contradicts("assets/template.PNG"));
        assert!(ContentKind::Text.contradicts("assets/a.json"));
        assert!(!ContentKind::Image.contradicts("assets/a.png"));
        assert!(!ContentKind::Unknown.contradicts("assets/weights.bin"));
        assert!(!ContentKind::Unknown.contradicts("assets/weights"));
    }
}
