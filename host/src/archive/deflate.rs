//! Packing and unpacking the content of an entry. What is unpacked is never longer than declared, and nothing of what
//! is packed is left over.

use super::error::Fault;
use super::layout::Placed;
use super::record::{DEFLATED, STORED};
use crate::limits::ARCHIVE_RATIO;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Bytes that are unpacked at a time.
const PIECE: usize = 64 << 10;

/// The method for this content, and the content packed by it.
pub(super) fn pack(content: &[u8]) -> (u32, Vec<u8>) {
    let mut packed = Vec::new();
    let mut compress = Compress::new(Compression::best(), false);
    let mut piece = vec![0; PIECE];
    loop {
        let (read, written) = (position(compress.total_in()), compress.total_out());
        // Deflate cannot fail: everything is there, and there is always room.
        let status = compress.compress(&content[read..], &mut piece, FlushCompress::Finish);
        let new = position(compress.total_out() - written);
        packed.extend_from_slice(&piece[..new]);
        let moved = new > 0 || position(compress.total_in()) > read;
        match status {
            Ok(Status::StreamEnd) => break,
            Ok(Status::Ok | Status::BufError) if moved && packed.len() < content.len() => {}
            // It does not get smaller.
            _ => return (STORED, content.to_vec()),
        }
    }
    match worthwhile(packed.len() as u64, content.len() as u64) {
        true => (DEFLATED, packed),
        false => (STORED, content.to_vec()),
    }
}

fn worthwhile(packed: u64, bytes: u64) -> bool {
    packed < bytes && !grows_too_much(packed, bytes)
}

/// Whether so many packed bytes must not become so many.
pub(super) fn grows_too_much(packed: u64, bytes: u64) -> bool {
    bytes > packed.saturating_mul(ARCHIVE_RATIO)
}

/// Gives the content of an entry piece by piece to `sink`: exactly as many bytes as the entry declares.
pub(super) fn unpack(archive: &[u8], entry: &Placed, mut sink: impl FnMut(&[u8])) -> Result<(), Fault> {
    let name = || entry.name.clone();
    let packed = &archive[entry.data.clone()];
    if entry.method == STORED {
        sink(packed);
        return Ok(());
    }
    let mut inflate = Decompress::new(false);
    let mut piece = vec![0; PIECE];
    loop {
        let (read, written) = (inflate.total_in(), inflate.total_out());
        // One byte more than there may be, to see whether there is one.
        let room = position(entry.bytes - written).saturating_add(1).min(PIECE);
        let status = inflate
            .decompress(&packed[position(read)..], &mut piece[..room], FlushDecompress::None)
            .map_err(|_| Fault::Damaged(name()))?;
        if inflate.total_out() > entry.bytes {
            return Err(Fault::Length {
                name: name(),
                declared: entry.bytes,
                found: None,
            });
        }
        let new = position(inflate.total_out() - written);
        sink(&piece[..new]);
        match status {
            Status::StreamEnd => break,
            // All is read, or nothing comes any more: the stream does not end.
            _ if new == 0 && inflate.total_in() == read => return Err(Fault::Damaged(name())),
            _ => {}
        }
    }
    let rest = packed.len() as u64 - inflate.total_in();
    if inflate.total_out() < entry.bytes {
        return Err(Fault::Length {
            name: name(),
            declared: entry.bytes,
            found: Some(inflate.total_out()),
        });
    }
    match rest {
        0 => Ok(()),
        rest => Err(Fault::Rest { name: name(), rest }),
    }
}

/// A count of bytes of something that is in memory.
fn position(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(packed: &[u8], bytes: usize) -> Placed {
        Placed {
            name: "x".to_owned(),
            method: DEFLATED,
            crc: 0,
            bytes: bytes as u64,
            header: 0,
            data: 0..packed.len(),
            record: 0,
        }
    }

    fn unpacked(packed: &[u8], bytes: usize) -> Result<Vec<u8>, Fault> {
        let mut content = Vec::new();
        unpack(packed, &entry(packed, bytes), |piece| content.extend_from_slice(piece))?;
        Ok(content)
    }

    /// Bytes without an order that deflate could find; always the same ones.
    fn noise() -> impl Iterator<Item = u8> {
        let mut state = 1_u32;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
    }

    #[test]
    fn content_comes_back_whatever_its_size() {
        for length in [3_000, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE] {
            let content: Vec<u8> = noise().map(|byte| byte % 16).take(length).collect();
            let (method, packed) = pack(&content);
            assert_eq!(method, DEFLATED, "{length}");
            assert!(packed.len() < length);
            assert_eq!(unpacked(&packed, length).unwrap(), content);
        }
    }

    #[test]
    fn what_does_not_get_smaller_is_stored_and_so_is_what_would_grow_too_much() {
        assert_eq!(pack(b""), (STORED, Vec::new()));
        assert_eq!(pack(b"ab"), (STORED, b"ab".to_vec()));
        let noise: Vec<u8> = noise().take(3 * PIECE).collect();
        assert_eq!(pack(&noise), (STORED, noise.clone()));
        let zeros = vec![0; 1 << 20];
        assert_eq!(pack(&zeros), (STORED, zeros.clone()));
    }

    #[test]
    fn neither_more_nor_less_than_declared_is_unpacked() {
        let content = b"abcabcabcabcabcabcabcabcabcabcabcabcabcabc".repeat(5);
        let (_, packed) = pack(&content);
        let length = content.len();
        assert!(matches!(
            unpacked(&packed, length - 1),
            Err(Fault::Length { found: None, .. })
        ));
        assert!(matches!(unpacked(&packed, 0), Err(Fault::Length { found: None, .. })));
        assert!(
            matches!(unpacked(&packed, length + 1), Err(Fault::Length { found: Some(n), .. }) if n == length as u64)
        );
        for rest in 1..20 {
            let mut more = packed.clone();
            more.extend(std::iter::repeat_n(0x5a, rest));
            let answer = unpacked(&more, length);
            assert!(
                matches!(answer, Err(Fault::Rest { rest: found, .. }) if found == rest as u64),
                "{answer:?}"
            );
        }
        for cut in 0..packed.len() {
            assert!(
                matches!(unpacked(&packed[..cut], length), Err(Fault::Damaged(_))),
                "{cut}"
            );
        }
    }
}
