//! The kernel, and what it grants this process.

use super::finding::{Finding, Section};
use crate::address_space::AddressRange;
use crate::limits::{Limits, PICTURE_FILE_BYTES};
use rustix::process::{Resource, getrlimit};
use std::fs;

const SECTION: Section = Section::System;
/// The first kernel with Landlock.
const LANDLOCK: (u32, u32) = (5, 13);
/// Descriptors below which somebody with many cameras may run out.
const FEW_DESCRIPTORS: u64 = 256;
/// What the engine reserves for one instance, about.
const INSTANCE_ADDRESSES: usize = 5 << 30;

pub(super) fn findings() -> Vec<Finding> {
    let mut findings = vec![kernel(), user(), user_namespaces(), descriptors(), address_space()];
    findings.extend(memory());
    findings
}

fn kernel() -> Finding {
    let Ok(release) = fs::read_to_string("/proc/sys/kernel/osrelease") else {
        return Finding::problem(
            SECTION,
            "kernel",
            "/proc cannot be read",
            "use Linux, with /proc mounted",
        );
    };
    let release = release.trim();
    let detail = format!("Linux {release} on {}", std::env::consts::ARCH);
    let mut numbers = release
        .split(|sign: char| !sign.is_ascii_digit())
        .map(str::parse::<u32>);
    let version = match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
        _ => LANDLOCK,
    };
    match version < LANDLOCK {
        true => Finding::hint(
            SECTION,
            "kernel",
            format!("{detail}, which is older than 5.13"),
            "use Linux 6.1 or later: it can lock algorithms away from files, and put pictures on huge pages",
        ),
        false => Finding::ok(SECTION, "kernel", detail),
    }
}

fn user() -> Finding {
    let user = rustix::process::geteuid();
    match user.is_root() {
        true => Finding::hint(
            SECTION,
            "user",
            "this is root",
            "give the station a user of its own: what root may do, a hole in the host may do as well",
        ),
        false => Finding::ok(SECTION, "user", format!("user {}, not root", user.as_raw())),
    }
}

/// Other sandboxes need them, and many systems have them switched off.
fn user_namespaces() -> Finding {
    Finding::ok(
        SECTION,
        "user_namespaces",
        "not needed: the locks are made without them",
    )
}

fn descriptors() -> Finding {
    let limit = getrlimit(Resource::Nofile).current;
    let detail = limit.map_or_else(|| "no limit".to_owned(), |limit| format!("{limit} may be open"));
    match limit.is_some_and(|limit| limit < FEW_DESCRIPTORS) {
        true => Finding::hint(
            SECTION,
            "descriptors",
            detail,
            format!("let the station open {FEW_DESCRIPTORS} files (`ulimit -n`, or LimitNOFILE of its service)"),
        ),
        false => Finding::ok(SECTION, "descriptors", detail),
    }
}

/// An instance lies in some gigabytes of addresses, of which hardly any are ever used.
fn address_space() -> Finding {
    match AddressRange::reserve(INSTANCE_ADDRESSES) {
        Ok(_) => Finding::ok(SECTION, "address_space", "there is room for an instance's addresses"),
        Err(error) => Finding::problem(
            SECTION,
            "address_space",
            format!(
                "no room for the {} GiB of addresses that an instance lies in: {error}",
                INSTANCE_ADDRESSES >> 30
            ),
            "lift the limit of address space (`ulimit -v unlimited`, or LimitAS of its service); limit memory by other means",
        ),
    }
}

fn memory() -> Option<Finding> {
    let information = fs::read_to_string("/proc/meminfo").ok()?;
    let kibibytes = |key: &str| -> Option<u64> {
        let line = information.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
    };
    let (total, available) = (kibibytes("MemTotal")?, kibibytes("MemAvailable")?);
    let detail = format!("{} MiB available of {} MiB", available >> 10, total >> 10);
    // Below that one algorithm with a large picture may not find room.
    let usual = Limits::default().memory_bytes;
    Some(
        match available.saturating_mul(1 << 10) < usual.saturating_add(PICTURE_FILE_BYTES) {
            true => Finding::hint(
                SECTION,
                "memory",
                detail,
                format!(
                    "one algorithm may use {} MiB by default: close other programs, or lower `ceilings.memory_bytes` of the policy",
                    usual >> 20
                ),
            ),
            false => Finding::ok(SECTION, "memory", detail),
        },
    )
}
