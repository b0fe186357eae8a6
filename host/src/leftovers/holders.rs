//! Which files the processes of this machine have open or mapped, as far as this user may look.

use rustix::fs::makedev;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Device and inode.
pub(super) type FileId = (u64, u64);

/// What the processes hold.
#[derive(Debug, Default)]
pub(super) struct Holders {
    held: HashSet<FileId>,
    /// Processes that this user may not look into.
    pub(super) hidden: usize,
}

impl Holders {
    /// Looks through all processes but this one.
    pub(super) fn of_machine() -> io::Result<Self> {
        let mut holders = Self::default();
        let own = std::process::id();
        for entry in fs::read_dir("/proc")? {
            let entry = entry?;
            let number = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
            if number.is_some_and(|number| number != own) {
                let process = entry.path();
                match holders.look_into(&process) {
                    // Its end is not our business.
                    Err(error) if gone(&error) => {}
                    Err(_) => holders.hidden += 1,
                    Ok(()) => {}
                }
            }
        }
        Ok(holders)
    }

    /// Whether somebody who could be looked into holds the file.
    pub(super) fn hold(&self, file: FileId) -> bool {
        self.held.contains(&file)
    }

    fn look_into(&mut self, process: &Path) -> io::Result<()> {
        for descriptor in fs::read_dir(process.join("fd"))? {
            // Follows the link to whatever is open, also if it has no name any more.
            match fs::metadata(descriptor?.path()) {
                Ok(open) => _ = self.held.insert((open.dev(), open.ino())),
                Err(error) if gone(&error) => {}
                Err(error) => return Err(error),
            }
        }
        // Paths in it need not be UTF-8.
        let maps = fs::read(process.join("maps"))?;
        let lines = String::from_utf8_lossy(&maps);
        self.held.extend(lines.lines().filter_map(mapped));
        Ok(())
    }
}

/// The file that a line of `maps` is about: `address permissions offset major:minor inode path`.
fn mapped(line: &str) -> Option<FileId> {
    let mut columns = line.split_ascii_whitespace().skip(3);
    let (major, minor) = columns.next()?.split_once(':')?;
    let number = |hex| u32::from_str_radix(hex, 16).ok();
    let inode: u64 = columns.next()?.parse().ok()?;
    (inode != 0).then_some((makedev(number(major)?, number(minor)?), inode))
}

/// The process or the descriptor has ended meanwhile.
fn gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_files_are_told_from_memory() {
        let line = "7f8a00000000-7f8a00021000 rw-s 00000000 00:1a 4711                       /dev/shm/psm_1 (deleted)";
        assert_eq!(mapped(line), Some((makedev(0, 0x1a), 4711)));
        assert_eq!(mapped("7f8a00000000-7f8a00021000 rw-p 00000000 00:00 0 "), None);
        assert_eq!(mapped("nonsense"), None);
    }
}
