//! A process that gives up what hosts of algorithms give up, and then tries all of it.
//!
//! ```text
//! lock-probe attempt FOLDER            locked but for FOLDER, tries everything and prints what came of it; waits for the
//!                                      end of its stdin, so that it can be looked at
//! lock-probe free FOLDER               tries what does no harm without being locked
//! lock-probe judge PROGRAM PROBE STORE PACKAGES
//!                                      loads the probe and the packages, and has them judge under the lock
//! lock-probe careless                  locks itself although a thread keeps its files, and prints why that fails
//! lock-probe abort                     locked, aborts
//! lock-probe panic                     locked, panics
//! lock-probe last-words                locked, with stderr as the log of an adapter: panics on another thread, and waits
//! lock-probe foreign                   locked, makes a system call of another architecture
//! lock-probe hoard                     locked, takes memory until there is none
//! ```

#[path = "lock_probe/attempts.rs"]
mod attempts;
#[path = "lock_probe/judge.rs"]
mod judge;

use attempts::{Table, Threads};
use procvision_host::adapter::Log;
use procvision_host::explain::Explain;
use procvision_host::limits::Limits;
use procvision_host::lockdown::{self, Lockdown, Requirement};
use procvision_host::logs::Level;
use serde_json::json;
use std::error::Error;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["attempt", folder] => attempt(Path::new(folder)),
        ["free", folder] => free(Path::new(folder)),
        ["judge", program, probe, store, packages @ ..] => {
            judge::judge(Path::new(program), Path::new(probe), Path::new(store), packages)
        }
        ["abort"] => {
            lock(Vec::new())?;
            std::process::abort()
        }
        ["panic"] => {
            lock(Vec::new())?;
            panic!("as it was told")
        }
        ["last-words"] => last_words(),
        ["foreign"] => {
            lock(Vec::new())?;
            attempts::foreign_call();
            println!("it was answered");
            Ok(())
        }
        ["hoard"] => hoard(),
        ["careless"] => careless(),
        _ => Err("see the head of the source".into()),
    }
}

/// Locks the process for one algorithm of the usual limits; everything is required.
fn lock(readable: Vec<PathBuf>) -> Result<lockdown::LockReport> {
    let lockdown = Lockdown {
        readable,
        ..Lockdown::new(&Limits::default(), 1, Requirement::Required)
    };
    Ok(lockdown.apply()?)
}

fn attempt(folder: &Path) -> Result {
    lockdown::declare();
    let (go, when_locked) = mpsc::channel::<Table>();
    let (said, heard) = mpsc::channel();
    let earlier = thread::spawn(move || -> std::io::Result<()> {
        lockdown::renounce_files()?;
        // Until the process ends.
        while let Ok(table) = when_locked.recv() {
            // The main thread waits for it.
            let _ = said.send(table.run(Threads::Earlier));
        }
        Ok(())
    });
    let table = Table::new(folder)?;
    let report = lock(vec![folder.to_owned()])?;
    go.send(table.clone())?;
    let on_earlier = heard.recv()?;
    println!(
        "{}",
        json!({ "report": report.to_json(), "main": table.run(Threads::Main), "earlier": on_earlier })
    );
    std::io::stdin().read_to_end(&mut Vec::new())?;
    drop(go);
    earlier.join().map_err(|_| "the thread has panicked")??;
    Ok(())
}

fn last_words() -> Result {
    Log::new(std::io::stderr().as_fd().try_clone_to_owned()?, Level::Info).end_on_panic();
    let (go, locked) = mpsc::channel::<()>();
    let thread = thread::Builder::new().name("talker".to_owned()).spawn(move || {
        // Whether the lock holds on this thread does not matter here; that it says so does, since it is waited for.
        let _ = lockdown::renounce_files();
        if locked.recv().is_ok() {
            panic!("as it was told:\n\"{}\"", "x".repeat(10_000))
        }
    })?;
    lock(Vec::new())?;
    go.send(())?;
    // The process ends before.
    let _ = thread.join();
    println!("it goes on");
    Ok(())
}

fn free(folder: &Path) -> Result {
    println!("{}", json!({ "main": Table::new(folder)?.run(Threads::Free) }));
    Ok(())
}

fn careless() -> Result {
    let (end, ended) = mpsc::channel::<()>();
    let thread = thread::Builder::new()
        .name("careless".to_owned())
        .spawn(move || ended.recv())?;
    let Err(error) = Lockdown::new(&Limits::default(), 1, Requirement::Required).apply() else {
        return Err("it was locked".into());
    };
    println!(
        "{}",
        json!({ "code": error.code(), "message": error.to_string(), "remedy": error.remedy(), "report": error.report().to_json() })
    );
    drop(end);
    // It was waiting for what has just gone.
    let _ = thread.join();
    Ok(())
}

/// Takes memory in pieces, and says how much there was.
fn hoard() -> Result {
    const PIECE: usize = 16 << 20;
    let allowed = Lockdown::memory_for(&Limits::default(), 1);
    lock(Vec::new())?;
    let (mut kept, mut taken) = (Vec::new(), 0_u64);
    loop {
        let mut piece = Vec::<u8>::new();
        if piece.try_reserve_exact(PIECE).is_err() {
            break;
        }
        taken += PIECE as u64;
        kept.push(piece);
    }
    drop(kept);
    println!("{}", json!({ "allowed": allowed, "taken": taken }));
    Ok(())
}
