//! A zip writer that can lie about everything, written from the format's own description and apart from the host's.

/// Flag: the name is UTF-8.
pub const UTF8: u16 = 1 << 11;
/// Packed by deflate.
pub const DEFLATE: u16 = 8;

/// The fields of a local header or of a directory record; the latter has more of them.
#[derive(Clone)]
pub struct Header {
    pub signature: u32,
    pub made_by: u16,
    pub needed: u16,
    pub flags: u16,
    pub method: u16,
    pub time: u16,
    pub date: u16,
    pub crc: u32,
    pub packed: u32,
    pub bytes: u32,
    pub name: Vec<u8>,
    pub extra: Vec<u8>,
    pub comment: Vec<u8>,
    pub disk: u16,
    pub internal: u16,
    pub external: u32,
    /// Where the local header is said to begin, instead of where it begins.
    pub offset: Option<u32>,
}

/// An entry: what is said of it in two places, and the packed content.
#[derive(Clone)]
pub struct Part {
    pub local: Header,
    pub central: Header,
    pub data: Vec<u8>,
    /// Whether it has a directory record.
    pub listed: bool,
    /// Whether it has a local header and content.
    pub present: bool,
}

impl Part {
    /// An entry that is stored as it is, without a lie.
    pub fn stored(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        let header = Header {
            signature: 0x0403_4b50,
            made_by: 0x0314,
            needed: 20,
            flags: UTF8,
            method: 0,
            time: 0,
            date: 0x21,
            crc: crc32(content),
            packed: content.len() as u32,
            bytes: content.len() as u32,
            name: name.as_ref().to_vec(),
            extra: Vec::new(),
            comment: Vec::new(),
            disk: 0,
            internal: 0,
            external: 0o100_644 << 16,
            offset: None,
        };
        Self {
            central: Header {
                signature: 0x0201_4b50,
                ..header.clone()
            },
            local: header,
            data: content.to_vec(),
            listed: true,
            present: true,
        }
    }

    /// An entry whose packed content is `data`, said to hold `content`.
    pub fn deflated(name: impl AsRef<[u8]>, content: &[u8], data: &[u8]) -> Self {
        let mut part = Self::stored(name, content);
        part.both(|header| {
            header.method = DEFLATE;
            header.packed = data.len() as u32;
        });
        part.data = data.to_vec();
        part
    }

    /// The same change in both places.
    pub fn both(&mut self, change: impl Fn(&mut Header)) {
        change(&mut self.local);
        change(&mut self.central);
    }

    pub fn name(&self) -> &[u8] {
        &self.central.name
    }
}

/// An archive to be.
#[derive(Clone, Default)]
pub struct Forged {
    /// Before the first entry.
    pub prefix: Vec<u8>,
    pub parts: Vec<Part>,
    /// Between the last entry and the directory.
    pub gap: Vec<u8>,
    /// Between the directory and the end record.
    pub before_end: Vec<u8>,
    /// Number of entries in the end record, instead of the true one.
    pub count: Option<u16>,
    /// The same number a second time, for all disks.
    pub count_in_all: Option<u16>,
    pub directory_bytes: Option<u32>,
    pub directory_offset: Option<u32>,
    pub disk: u16,
    pub comment: Vec<u8>,
    /// The length of the comment, instead of the true one.
    pub comment_length: Option<u16>,
    /// After the end record and its comment.
    pub suffix: Vec<u8>,
}

impl Forged {
    /// The entry of this name, to be changed.
    #[track_caller]
    pub fn part(&mut self, name: &str) -> &mut Part {
        let found = self.parts.iter_mut().find(|part| part.name() == name.as_bytes());
        found.unwrap_or_else(|| panic!("there is no entry {name}"))
    }

    /// The bytes of the archive.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.prefix.clone();
        let mut offsets = Vec::new();
        for part in &self.parts {
            offsets.push(out.len() as u32);
            if part.present {
                local(&part.local, &mut out);
                out.extend(&part.data);
            }
        }
        out.extend(&self.gap);
        let start = out.len();
        for (part, offset) in self.parts.iter().zip(offsets) {
            if part.listed {
                central(&part.central, offset, &mut out);
            }
        }
        let size = out.len() - start;
        out.extend(&self.before_end);
        let listed = self.parts.iter().filter(|part| part.listed).count() as u16;
        let count = self.count.unwrap_or(listed);
        out.extend(0x0605_4b50_u32.to_le_bytes());
        for value in [self.disk, self.disk, count, self.count_in_all.unwrap_or(count)] {
            out.extend(value.to_le_bytes());
        }
        out.extend(self.directory_bytes.unwrap_or(size as u32).to_le_bytes());
        out.extend(self.directory_offset.unwrap_or(start as u32).to_le_bytes());
        let length = self.comment_length.unwrap_or(self.comment.len() as u16);
        out.extend(length.to_le_bytes());
        out.extend(&self.comment);
        out.extend(&self.suffix);
        out
    }
}

fn local(header: &Header, out: &mut Vec<u8>) {
    out.extend(header.signature.to_le_bytes());
    common(header, out);
    out.extend((header.name.len() as u16).to_le_bytes());
    out.extend((header.extra.len() as u16).to_le_bytes());
    out.extend(&header.name);
    out.extend(&header.extra);
}

fn central(header: &Header, offset: u32, out: &mut Vec<u8>) {
    out.extend(header.signature.to_le_bytes());
    out.extend(header.made_by.to_le_bytes());
    common(header, out);
    for length in [&header.name, &header.extra, &header.comment].map(Vec::len) {
        out.extend((length as u16).to_le_bytes());
    }
    out.extend(header.disk.to_le_bytes());
    out.extend(header.internal.to_le_bytes());
    out.extend(header.external.to_le_bytes());
    out.extend(header.offset.unwrap_or(offset).to_le_bytes());
    for text in [&header.name, &header.extra, &header.comment] {
        out.extend(text);
    }
}

fn common(header: &Header, out: &mut Vec<u8>) {
    for value in [header.needed, header.flags, header.method, header.time, header.date] {
        out.extend(value.to_le_bytes());
    }
    for value in [header.crc, header.packed, header.bytes] {
        out.extend(value.to_le_bytes());
    }
}

/// The CRC-32 of the zip format, bit by bit.
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
    let table: Vec<u32> = (0..256).map(|byte| (0..8).fold(byte, |crc, _| step(crc))).collect();
    !bytes
        .iter()
        .fold(u32::MAX, |crc, byte| (crc >> 8) ^ table[usize::from(crc as u8 ^ byte)])
}

/// A deflate stream of `1 + 258 * runs` zeros: one literal, then runs of the greatest length, 13 bits each.
pub fn zeros(runs: usize) -> (usize, Vec<u8>) {
    let mut bits = Vec::new();
    // The last block, with the fixed codes; codes begin with their highest bit.
    bits.extend([1, 1, 0]);
    bits.extend([0, 0, 1, 1, 0, 0, 0, 0]);
    for _ in 0..runs {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1]);
        bits.extend([0; 5]);
    }
    bits.extend([0; 7]);
    // Bytes are filled from their lowest bit on.
    let packed = bits
        .chunks(8)
        .map(|bits| bits.iter().rev().fold(0, |byte, bit| (byte << 1) | bit));
    (1 + 258 * runs, packed.collect())
}
