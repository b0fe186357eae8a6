//! Memory that pictures lie in: sealed, on huge pages, and in the system's folder for shared memory.

use super::finding::{Finding, Section};
use crate::explain::one_line;
use crate::pool::memory::{HugePages, PoolMemory, SLOT_GRANULE};
use rustix::fs::statvfs;

const SECTION: Section = Section::Pictures;
const SHARED_MEMORY: &str = "/dev/shm";
/// Room below which a platform that keeps its pictures there may run out: some pictures of 20 megapixels in colour.
const LITTLE_ROOM: u64 = 256 << 20;

pub(super) fn findings() -> Vec<Finding> {
    let mut findings = Vec::new();
    match PoolMemory::create(1, SLOT_GRANULE) {
        Ok(memory) => {
            findings.push(Finding::ok(
                SECTION,
                "sealed_memory",
                "cameras and algorithms can share memory that nobody can cut off",
            ));
            findings.push(huge_pages(memory.huge_pages()));
        }
        Err(error) => findings.push(Finding::hint(
            SECTION,
            "sealed_memory",
            one_line(&error),
            "frame pools need memfd_create with seals; pictures in files and shared-memory objects do not",
        )),
    }
    findings.push(shared_memory());
    findings
}

fn huge_pages(pages: &HugePages) -> Finding {
    match pages {
        HugePages::Collapsed => Finding::ok(SECTION, "huge_pages", "pictures in pools lie on huge pages"),
        HugePages::Unavailable { reason } => Finding::hint(
            SECTION,
            "huge_pages",
            format!("pictures in pools lie on small pages: {reason}"),
            "use Linux 6.1 or later with CONFIG_TRANSPARENT_HUGEPAGE; everything works without, and mapping a picture takes longer",
        ),
    }
}

fn shared_memory() -> Finding {
    let room = match statvfs(SHARED_MEMORY) {
        Ok(room) => room,
        Err(error) => {
            return Finding::hint(
                SECTION,
                "shared_memory",
                format!("{SHARED_MEMORY}: {error}"),
                "mount a tmpfs there if the platform hands pictures over in shared-memory objects",
            );
        }
    };
    let mebibytes = |blocks: u64| blocks.saturating_mul(room.f_frsize) >> 20;
    let detail = format!(
        "{SHARED_MEMORY}: {} MiB free of {} MiB",
        mebibytes(room.f_bavail),
        mebibytes(room.f_blocks)
    );
    match mebibytes(room.f_bavail) < LITTLE_ROOM >> 20 {
        true => Finding::hint(
            SECTION,
            "shared_memory",
            detail,
            "make it larger (`mount -o remount,size=1G /dev/shm`, or --shm-size of a container), or look for what was left there \
             with `procvision frames gc --dry-run`",
        ),
        false => Finding::ok(SECTION, "shared_memory", detail),
    }
}
