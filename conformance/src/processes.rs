//! What a process and its descendants take, as the kernel tells it.

use std::fs;
use std::io;

/// Taken by a process and all its descendants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Taken {
    /// Resident memory in bytes, shared memory included, mapped files not.
    pub memory_bytes: u64,
    /// Of that what no other process can see.
    pub private_bytes: u64,
    /// Open descriptors; nothing if one of the processes shows them to nobody but root.
    pub descriptors: Option<u64>,
    /// Threads.
    pub threads: u64,
    /// Processes.
    pub processes: u64,
}

/// What `process` and its descendants take now.
///
/// # Errors
///
/// If the process is gone, or the kernel does not tell.
pub fn taken(process: u32) -> io::Result<Taken> {
    let mut sum = of_one(process)?;
    for child in descendants(process)? {
        // One that has ended in the meantime takes nothing.
        if let Ok(part) = of_one(child) {
            sum.memory_bytes += part.memory_bytes;
            sum.private_bytes += part.private_bytes;
            sum.descriptors = sum.descriptors.zip(part.descriptors).map(|(sum, part)| sum + part);
            sum.threads += part.threads;
            sum.processes += 1;
        }
    }
    Ok(sum)
}

/// What `process` takes itself.
///
/// # Errors
///
/// If it is gone, or the kernel does not tell.
pub fn of_one(process: u32) -> io::Result<Taken> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let number = |key: &str| -> io::Result<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let word = line.and_then(|rest| rest.trim_start_matches(':').split_whitespace().next());
        word.and_then(|word| word.parse().ok())
            .ok_or_else(|| io::Error::other(format!("the kernel does not tell {key} of process {process}")))
    };
    let private = number("RssAnon")?;
    Ok(Taken {
        memory_bytes: private.saturating_add(number("RssShmem")?).saturating_mul(1024),
        private_bytes: private.saturating_mul(1024),
        descriptors: fs::read_dir(format!("/proc/{process}/fd"))
            .ok()
            .map(|entries| entries.count() as u64),
        threads: number("Threads")?,
        processes: 1,
    })
}

/// Every process that descends from `process`.
fn descendants(process: u32) -> io::Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(child) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // The name in parentheses may contain anything, parentheses too; after it come state and parent.
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        if let Some(parent) = after
            .split_whitespace()
            .nth(1)
            .and_then(|word| word.parse::<u32>().ok())
        {
            parents.push((child, parent));
        }
    }
    let mut found = vec![process];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        let children = parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child);
        let new: Vec<u32> = children.filter(|child| !found.contains(child)).collect();
        found.extend(new);
        next += 1;
    }
    found.remove(0);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_something_and_one_that_is_gone_nothing() {
        let own = taken(std::process::id()).unwrap();
        assert!(
            own.memory_bytes > 0 && own.descriptors.unwrap() >= 3 && own.threads >= 1,
            "{own:?}"
        );
        // Numbers of processes are smaller.
        assert!(taken(u32::MAX).is_err());
    }
}
