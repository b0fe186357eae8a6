//! Where everything lies in an archive: end record, directory and local headers, checked against each other. Contents
//! are not unpacked here.
//!
//! From the end to the beginning: the end record gives the place of the directory, the directory the place of every
//! entry; and there is nothing else. Nothing is allocated that is not bounded by the bytes that are there.

use super::deflate::grows_too_much;
use super::error::Fault;
use super::name::{self, Kind, SIGNATURE, Tree};
use super::record::{DEFLATED, DIRECTORY, Deviation, END, Field, LOCAL, Record, STORED, Values};
use crate::limits::{
    ARCHIVE_BYTES, ARCHIVE_CONTENT_BYTES, ARCHIVE_ENTRIES, ASSET_FILES, CASES_BYTES, DIGESTS_BYTES, MANIFEST_BYTES,
    SBOM_BYTES, SIGNATURE_BYTES,
};
use std::ops::Range;

/// An entry and its place.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) name: String,
    pub(super) method: u32,
    pub(super) crc: u32,
    /// Bytes of the content, as declared.
    pub(super) bytes: u64,
    /// Where its local header begins.
    pub(super) header: usize,
    /// Where its packed content lies.
    pub(super) data: Range<usize>,
    /// Where its directory record begins.
    pub(super) record: usize,
}

/// The entries, of which there is one at least, and the place of the directory.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) entries: Vec<Placed>,
    pub(super) directory: Range<usize>,
}

/// A field with this value says that the true one stands in a ZIP64 record.
const ELSEWHERE_SHORT: u32 = 0xffff;
const ELSEWHERE: u32 = 0xffff_ffff;

/// Finds every entry.
pub(super) fn read(bytes: &[u8]) -> Result<Layout, Fault> {
    let length = bytes.len() as u64;
    if length > ARCHIVE_BYTES {
        return Err(Fault::TooLarge(length));
    }
    let (count, directory) = read_end(bytes)?;
    let mut entries: Vec<Placed> = Vec::new();
    let mut tree = Tree::default();
    let (mut record, mut next, mut contents, mut assets) = (directory.start, 0, 0_u64, 0);
    for _ in 0..count {
        let entry = read_entry(bytes, &directory, record)?;
        // Saturating addition, since what is declared may be anything.
        contents = entry.bytes.saturating_add(contents);
        if contents > ARCHIVE_CONTENT_BYTES {
            return Err(Fault::ContentsTooLarge(contents));
        }
        if let Some(before) = entries.last() {
            check_order(before, &entry)?;
        }
        tree.add(&entry.name)?;
        check_kind(&entry, &mut assets)?;
        check_local(bytes, &directory, &entry, next)?;
        next = entry.data.end;
        record = entry.record + DIRECTORY.length() + entry.name.len();
        entries.push(entry);
    }
    if record != directory.end {
        return Err(Fault::Directory);
    }
    match directory.start - next {
        0 => Ok(Layout { entries, directory }),
        gap => Err(Fault::Gap(gap as u64)),
    }
}

/// The number of entries, and where the directory lies.
fn read_end(bytes: &[u8]) -> Result<(u32, Range<usize>), Fault> {
    if !LOCAL.begins(bytes) && !END.begins(bytes) {
        return Err(Fault::NotAnArchive);
    }
    let start = bytes.len().checked_sub(END.length()).ok_or(Fault::CutOff)?;
    let end = match END.read(&bytes[start..]) {
        Some(Ok(end)) => end,
        Some(Err(deviation)) if END.begins(&bytes[start..]) => {
            return Err(Fault::Record {
                record: END.kind,
                entry: None,
                deviation,
            });
        }
        _ => return Err(behind_the_end(bytes)),
    };
    let (entries, size, offset) = (
        end.get(Field::Entries),
        end.get(Field::DirectoryBytes),
        end.get(Field::DirectoryOffset),
    );
    if entries == ELSEWHERE_SHORT || size == ELSEWHERE || offset == ELSEWHERE {
        return Err(Fault::Zip64);
    }
    if entries == 0 || entries > ARCHIVE_ENTRIES as u32 {
        return Err(Fault::EntryCount(entries));
    }
    let directory = offset as usize..start;
    if u64::from(offset) + u64::from(size) != start as u64 {
        return Err(Fault::Directory);
    }
    Ok((entries, directory))
}

/// What is there instead of an end record at the end.
fn behind_the_end(bytes: &[u8]) -> Fault {
    // A comment has 65535 bytes at most; what is looked through here is bounded likewise.
    const MOST: usize = 0xffff;
    let first = bytes.len().saturating_sub(END.length() + MOST);
    let last = bytes.len().saturating_sub(END.length());
    let Some(at) = (first..last).rev().find(|at| END.begins(&bytes[*at..])) else {
        return Fault::CutOff;
    };
    let rest = last - at;
    match END.read(&bytes[at..]) {
        Some(Err(Deviation {
            field: Field::CommentLength,
            found,
            ..
        })) if found as usize == rest => Fault::Comment(rest),
        _ => Fault::Trailing(rest),
    }
}

/// The entry whose directory record begins at `record`.
fn read_entry(bytes: &[u8], directory: &Range<usize>, record: usize) -> Result<Placed, Fault> {
    let rest = bytes.get(record..directory.end).ok_or(Fault::Directory)?;
    // The name is read first, though it stands last, so that what is wrong with the record can be said of the entry.
    let length = rest.get(28..30).ok_or(Fault::Directory)?;
    let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
    let raw = rest.get(DIRECTORY.length()..).and_then(|rest| rest.get(..length));
    let lossy = || raw.map(|raw| String::from_utf8_lossy(raw).into_owned());
    let values = read_record(&DIRECTORY, rest, lossy)?.ok_or(Fault::Directory)?;
    let raw = raw.ok_or(Fault::Directory)?;
    let name = name::check(raw).map_err(|fault| Fault::Name {
        name: String::from_utf8_lossy(raw).into_owned(),
        fault,
    })?;
    let (packed, bytes) = (values.get(Field::PackedBytes), values.get(Field::Bytes));
    if [packed, bytes, values.get(Field::Offset)].contains(&ELSEWHERE) {
        return Err(Fault::Zip64);
    }
    let header = values.get(Field::Offset) as usize;
    let data = header.saturating_add(LOCAL.length()).saturating_add(length);
    let entry = Placed {
        name: name.to_owned(),
        method: values.get(Field::Method),
        crc: values.get(Field::Crc),
        bytes: bytes.into(),
        header,
        data: data..data.saturating_add(packed as usize),
        record,
    };
    check_packing(&entry, packed.into())?;
    Ok(entry)
}

fn read_record(record: &Record, bytes: &[u8], name: impl Fn() -> Option<String>) -> Result<Option<Values>, Fault> {
    let values = record.read(bytes).transpose();
    values.map_err(|deviation| Fault::Record {
        record: record.kind,
        // Another record's bytes are no name.
        entry: name().filter(|_| deviation.field != Field::Signature),
        deviation,
    })
}

fn check_packing(entry: &Placed, packed: u64) -> Result<(), Fault> {
    let name = || entry.name.clone();
    match entry.method {
        STORED if packed == entry.bytes => Ok(()),
        STORED => Err(Fault::StoredSize {
            name: name(),
            packed,
            bytes: entry.bytes,
        }),
        DEFLATED if entry.name == SIGNATURE => Err(Fault::MustBeStored(name())),
        DEFLATED if grows_too_much(packed, entry.bytes) => Err(Fault::Ratio {
            name: name(),
            packed,
            bytes: entry.bytes,
        }),
        DEFLATED if packed >= entry.bytes => Err(Fault::NotSmaller(name())),
        DEFLATED => Ok(()),
        method => Err(Fault::Method { name: name(), method }),
    }
}

fn check_order(before: &Placed, entry: &Placed) -> Result<(), Fault> {
    let name = entry.name.clone();
    if before.name == name {
        Err(Fault::Duplicate(name))
    } else if before.name == SIGNATURE {
        Err(Fault::AfterSignature(name))
    } else if name == SIGNATURE || before.name < name {
        Ok(())
    } else {
        Err(Fault::Order {
            name,
            after: before.name.clone(),
        })
    }
}

/// Whether a package has such an entry, and of such a size.
fn check_kind(entry: &Placed, assets: &mut usize) -> Result<(), Fault> {
    let name = || entry.name.clone();
    let kind = name::kind(&entry.name).ok_or_else(|| Fault::Unknown(name()))?;
    let (limit, most) = match kind {
        Kind::Manifest => ("manifest_bytes", MANIFEST_BYTES),
        Kind::Digests => ("digests_bytes", DIGESTS_BYTES),
        Kind::Signature => ("signature_bytes", SIGNATURE_BYTES),
        Kind::Sbom => ("sbom_bytes", SBOM_BYTES),
        Kind::Cases => ("cases_bytes", CASES_BYTES),
        // The station's limit for components is looked at when one is loaded.
        Kind::Component | Kind::Asset | Kind::Picture => ("archive_content_bytes", ARCHIVE_CONTENT_BYTES),
    };
    if kind == Kind::Asset {
        *assets += 1;
        if *assets > ASSET_FILES {
            return Err(Fault::TooManyAssets);
        }
    }
    if entry.bytes > most {
        return Err(Fault::ContentTooLarge {
            name: name(),
            bytes: entry.bytes,
            limit,
            most,
        });
    }
    Ok(())
}

/// Whether the local header lies where the content before it ends, and says what the directory says.
fn check_local(bytes: &[u8], directory: &Range<usize>, entry: &Placed, expected: usize) -> Result<(), Fault> {
    let name = || entry.name.clone();
    if entry.header != expected {
        return Err(Fault::Place {
            name: name(),
            found: entry.header as u64,
            expected: expected as u64,
        });
    }
    if entry.data.end > directory.start {
        return Err(Fault::PastDirectory(name()));
    }
    let header = &bytes[entry.header..entry.data.start];
    let values = read_record(&LOCAL, header, || Some(name()))?.ok_or_else(|| Fault::PastDirectory(name()))?;
    let expected = local_values(entry);
    let fields = [
        (Field::Method, "method"),
        (Field::Crc, "CRC-32"),
        (Field::PackedBytes, "packed size"),
        (Field::Bytes, "size"),
        (Field::NameLength, "name"),
    ];
    for (field, what) in fields {
        if values.get(field) != expected.get(field) {
            return Err(Fault::Disagreement { name: name(), what });
        }
    }
    match &header[LOCAL.length()..] == entry.name.as_bytes() {
        true => Ok(()),
        false => Err(Fault::Disagreement {
            name: name(),
            what: "name",
        }),
    }
}

/// What the local header of an entry says. Everything fits: the sizes were read from such fields or checked against
/// the limits.
pub(super) fn local_values(entry: &Placed) -> Values {
    Values::of(&[
        (Field::Method, entry.method),
        (Field::Crc, entry.crc),
        (Field::PackedBytes, entry.data.len() as u32),
        (Field::Bytes, entry.bytes as u32),
        (Field::NameLength, entry.name.len() as u32),
    ])
}
