//! The three records of an archive: one description of their fields, from which they are read and written.
//!
//! Most fields have one value only. A record that has another value there is refused when it is read, so that what was
//! read can always be written again byte for byte.

use std::fmt;

/// A field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The four bytes with which a record begins.
    Signature,
    /// System and version that the entry was made with.
    MadeBy,
    /// Version of the format that is needed to read it.
    Needed,
    /// Encryption, data descriptors, the encoding of the name.
    Flags,
    /// How the content is packed.
    Method,
    /// Time of day.
    Time,
    /// Date.
    Date,
    /// CRC-32 of the content.
    Crc,
    /// Bytes of the packed content.
    PackedBytes,
    /// Bytes of the content.
    Bytes,
    /// Bytes of the name.
    NameLength,
    /// Bytes of extra fields.
    ExtraLength,
    /// Bytes of the comment.
    CommentLength,
    /// Number of the disk.
    Disk,
    /// Whether the content is text.
    InternalAttributes,
    /// Kind and permissions of the file.
    Attributes,
    /// Where the local header begins.
    Offset,
    /// Number of entries.
    Entries,
    /// Bytes of the directory.
    DirectoryBytes,
    /// Where the directory begins.
    DirectoryOffset,
}

const FIELDS: usize = Field::DirectoryOffset as usize + 1;

/// Which record of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// The header before the content of an entry.
    Local,
    /// The record of an entry in the directory.
    Directory,
    /// The record with which an archive ends.
    End,
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local header",
            Self::Directory => "directory record",
            Self::End => "end record",
        })
    }
}

/// A record's fields in order, each with its width and its value, if it has one value only.
pub(super) struct Record {
    pub(super) kind: RecordKind,
    fields: &'static [(Field, Width, Option<u32>)],
}

#[derive(Clone, Copy)]
enum Width {
    Two = 2,
    Four = 4,
}

/// The content is stored as it is.
pub(super) const STORED: u32 = 0;
/// The content is packed by deflate.
pub(super) const DEFLATED: u32 = 8;

const VERSION: u32 = 20;
const UNIX: u32 = 3 << 8;
const UTF8: u32 = 1 << 11;
const MIDNIGHT: u32 = 0;
/// 1 January 1980, the first day that the format knows.
const FIRST_DAY: u32 = (1 << 5) | 1;
const PLAIN_FILE: u32 = 0o100_644 << 16;

pub(super) const LOCAL: Record = Record {
    kind: RecordKind::Local,
    fields: &[
        (Field::Signature, Width::Four, Some(0x0403_4b50)),
        (Field::Needed, Width::Two, Some(VERSION)),
        (Field::Flags, Width::Two, Some(UTF8)),
        (Field::Method, Width::Two, None),
        (Field::Time, Width::Two, Some(MIDNIGHT)),
        (Field::Date, Width::Two, Some(FIRST_DAY)),
        (Field::Crc, Width::Four, None),
        (Field::PackedBytes, Width::Four, None),
        (Field::Bytes, Width::Four, None),
        (Field::NameLength, Width::Two, None),
        (Field::ExtraLength, Width::Two, Some(0)),
    ],
};

pub(super) const DIRECTORY: Record = Record {
    kind: RecordKind::Directory,
    fields: &[
        (Field::Signature, Width::Four, Some(0x0201_4b50)),
        (Field::MadeBy, Width::Two, Some(UNIX | VERSION)),
        (Field::Needed, Width::Two, Some(VERSION)),
        (Field::Flags, Width::Two, Some(UTF8)),
        (Field::Method, Width::Two, None),
        (Field::Time, Width::Two, Some(MIDNIGHT)),
        (Field::Date, Width::Two, Some(FIRST_DAY)),
        (Field::Crc, Width::Four, None),
        (Field::PackedBytes, Width::Four, None),
        (Field::Bytes, Width::Four, None),
        (Field::NameLength, Width::Two, None),
        (Field::ExtraLength, Width::Two, Some(0)),
        (Field::CommentLength, Width::Two, Some(0)),
        (Field::Disk, Width::Two, Some(0)),
        (Field::InternalAttributes, Width::Two, Some(0)),
        (Field::Attributes, Width::Four, Some(PLAIN_FILE)),
        (Field::Offset, Width::Four, None),
    ],
};

pub(super) const END: Record = Record {
    kind: RecordKind::End,
    fields: &[
        (Field::Signature, Width::Four, Some(0x0605_4b50)),
        (Field::Disk, Width::Two, Some(0)),
        (Field::Disk, Width::Two, Some(0)),
        // Those on this disk, then all of them.
        (Field::Entries, Width::Two, None),
        (Field::Entries, Width::Two, None),
        (Field::DirectoryBytes, Width::Four, None),
        (Field::DirectoryOffset, Width::Four, None),
        (Field::CommentLength, Width::Two, Some(0)),
    ],
};

/// The values of the fields that vary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Values([Option<u32>; FIELDS]);

impl Values {
    pub(super) fn of(values: &[(Field, u32)]) -> Self {
        let mut all = Self([None; FIELDS]);
        for (field, value) in values {
            all.0[*field as usize] = Some(*value);
        }
        all
    }

    pub(super) fn with(mut self, field: Field, value: u32) -> Self {
        self.0[field as usize] = Some(value);
        self
    }

    /// The value of a field; zero if the record has no such field.
    pub(super) fn get(&self, field: Field) -> u32 {
        self.0[field as usize].unwrap_or(0)
    }
}

impl Record {
    /// Bytes of the record, without the name that may follow.
    pub(super) const fn length(&self) -> usize {
        let (mut length, mut index) = (0, 0);
        while index < self.fields.len() {
            length += self.fields[index].1 as usize;
            index += 1;
        }
        length
    }

    /// Whether `bytes` begin with this record's first four bytes.
    pub(super) fn begins(&self, bytes: &[u8]) -> bool {
        match self.fields.first() {
            Some((_, _, Some(signature))) => bytes.starts_with(&signature.to_le_bytes()),
            _ => false,
        }
    }

    /// The record with which `bytes` begin; `None` if there are too few of them.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<Result<Values, Deviation>> {
        let mut rest = bytes.get(..self.length())?;
        let mut values = Values::of(&[]);
        for (field, width, fixed) in self.fields {
            let (found, after) = rest.split_at_checked(*width as usize)?;
            rest = after;
            let found = found
                .iter()
                .rev()
                .fold(0, |value, byte| (value << 8) | u32::from(*byte));
            let known = &mut values.0[*field as usize];
            match fixed.or(*known) {
                Some(expected) if expected != found => {
                    return Some(Err(Deviation {
                        field: *field,
                        found,
                        expected,
                    }));
                }
                _ if fixed.is_none() => *known = Some(found),
                _ => {}
            }
        }
        Some(Ok(values))
    }

    /// Appends the record. The values fit the widths: the caller has checked them against the limits.
    pub(super) fn write(&self, values: &Values, out: &mut Vec<u8>) {
        for (field, width, fixed) in self.fields {
            let value = fixed.unwrap_or_else(|| values.get(*field)).to_le_bytes();
            out.extend_from_slice(&value[..*width as usize]);
        }
    }
}

/// A field that has another value than a package has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The field.
    pub field: Field,
    /// The value that is there.
    pub found: u32,
    /// The value that should be there.
    pub expected: u32,
}

/// What is wrong, as the end of a sentence about the record.
impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, expected, .. } = *self;
        match self.field {
            Field::Signature => write!(f, "does not begin as such a record does"),
            Field::MadeBy => write!(
                f,
                "was made by system and version {found:#06x} instead of {expected:#06x}"
            ),
            Field::Needed => write!(f, "needs version {found} of the format instead of {expected}"),
            Field::Flags if found & 0x2041 != 0 => write!(f, "is encrypted"),
            Field::Flags if found & 0x8 != 0 => write!(f, "has its sizes in a data descriptor"),
            Field::Flags if found & UTF8 == 0 => write!(f, "does not say that its name is UTF-8"),
            Field::Flags => write!(f, "has the flags {found:#06x} instead of {expected:#06x}"),
            Field::Time | Field::Date => write!(f, "has another time than 1980-01-01 00:00"),
            Field::ExtraLength => write!(f, "has extra fields"),
            Field::CommentLength => write!(f, "has a comment"),
            Field::Disk => write!(f, "names another disk than the first"),
            Field::InternalAttributes => write!(f, "has internal attributes"),
            Field::Attributes => describe_attributes(f, found),
            Field::Entries => write!(f, "counts {expected} entries on this disk but {found} in all"),
            Field::Method
            | Field::Crc
            | Field::PackedBytes
            | Field::Bytes
            | Field::NameLength
            | Field::Offset
            | Field::DirectoryBytes
            | Field::DirectoryOffset => write!(f, "has {found} where {expected} is expected"),
        }
    }
}

fn describe_attributes(f: &mut fmt::Formatter<'_>, found: u32) -> fmt::Result {
    let mode = found >> 16;
    match mode & 0o170_000 {
        0o120_000 => write!(f, "is a symbolic link"),
        0o040_000 => write!(f, "is a folder"),
        0o020_000 | 0o060_000 => write!(f, "is a device"),
        0o010_000 => write!(f, "is a pipe"),
        0o140_000 => write!(f, "is a socket"),
        0o100_000 if found & 0xffff == 0 => {
            write!(f, "has the permissions {:04o} instead of 0644", mode & 0o7777)
        }
        _ => write!(f, "has the attributes {found:#010x} instead of {PLAIN_FILE:#010x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_have_the_lengths_that_the_format_gives_them() {
        assert_eq!([LOCAL.length(), DIRECTORY.length(), END.length()], [30, 46, 22]);
    }

    #[test]
    fn what_is_written_is_read() {
        let values = Values::of(&[
            (Field::Method, DEFLATED),
            (Field::Crc, 0xdead_beef),
            (Field::PackedBytes, 5),
            (Field::Bytes, 70_000),
            (Field::NameLength, 3),
            (Field::Offset, 0x0102_0304),
        ]);
        let mut bytes = Vec::new();
        DIRECTORY.write(&values, &mut bytes);
        assert_eq!(bytes.len(), DIRECTORY.length());
        assert_eq!(DIRECTORY.read(&bytes), Some(Ok(values)));
        assert_eq!(DIRECTORY.read(&bytes[1..]), None);
    }

    /// Whatever bit of a record is changed: it is either a field that varies, or the record is refused.
    #[test]
    fn no_field_with_one_value_takes_another() {
        for record in [LOCAL, DIRECTORY, END] {
            let mut bytes = Vec::new();
            record.write(&Values::of(&[]), &mut bytes);
            for bit in 0..bytes.len() * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                if let Some(Ok(values)) = record.read(&bytes) {
                    let mut again = Vec::new();
                    record.write(&values, &mut again);
                    assert_eq!(again, bytes, "{}, bit {bit}", record.kind);
                }
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}
