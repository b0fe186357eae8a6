//! What the kernel is told and asked about this process as a whole, where no library does it.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use std::io;

/// A process with it can run whatever it can read: code from before there was a difference.
const READ_IMPLIES_EXEC: libc::c_ulong = libc::READ_IMPLIES_EXEC as libc::c_ulong;
/// Asks for the personality instead of setting it.
const ASK: libc::c_ulong = 0xffff_ffff;

/// Programs started from here would not be set-user-ID, and the system may be asked for stricter rules.
pub(crate) fn forgo_privileges() -> io::Result<()> {
    // SAFETY: takes numbers only, and changes nothing but a flag of this thread.
    cvt(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }.into()).map(drop)
}

/// Other processes of this user cannot look into this one, nor does its memory go to a file when it crashes; in `/proc`
/// its memory, environment and descriptors belong to root.
pub(crate) fn refuse_dumps() -> io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Makes sure that memory which is asked for to be read cannot be run.
pub(crate) fn separate_code_from_data() -> io::Result<()> {
    // SAFETY: takes a number only, and changes nothing with this one.
    let now = cvt(unsafe { libc::personality(ASK) }.into())?;
    let now = libc::c_ulong::try_from(now).unwrap_or_default();
    if now & READ_IMPLIES_EXEC != 0 {
        // SAFETY: takes a number only; changes how memory is mapped that is asked for from now on.
        cvt(unsafe { libc::personality(now & !READ_IMPLIES_EXEC) }.into())?;
    }
    Ok(())
}

/// The version of the kernel's Landlock interface; an error without Landlock.
pub(crate) fn landlock_version() -> io::Result<i32> {
    const VERSION: u32 = 1;
    // SAFETY: with this flag the call reads no memory and only answers with a number.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0_usize,
            VERSION,
        )
    };
    match cvt(answer) {
        Ok(version) => Ok(i32::try_from(version).unwrap_or(i32::MAX)),
        Err(error) => Err(match error.raw_os_error() {
            Some(libc::ENOSYS) => io::Error::other("the kernel has no Landlock"),
            Some(libc::EOPNOTSUPP) => io::Error::other("Landlock is switched off when the kernel starts"),
            _ => error,
        }),
    }
}

/// The kernel's number of the calling thread.
pub(crate) fn thread() -> i32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::gettid() }
}

fn cvt(answer: libc::c_long) -> io::Result<libc::c_long> {
    match answer {
        -1 => Err(io::Error::last_os_error()),
        answer => Ok(answer),
    }
}
