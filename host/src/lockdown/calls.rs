//! The system-call filter (seccomp): what the process may still ask of the kernel. What is not on the list fails with
//! `EPERM`.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;
use std::io;

/// How long a socket waits, as `asm-generic/socket.h` numbers it.
const SO_RCVTIMEO_NEW: libc::c_int = 66;
const SO_SNDTIMEO_NEW: libc::c_int = 67;

/// One condition on one argument of a call.
pub(crate) struct Argument(Result<SeccompCondition, seccompiler::BackendError>);

/// The 32-bit argument is `value`.
pub(crate) fn is(index: u8, value: u32) -> Argument {
    Argument(SeccompCondition::new(
        index,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Eq,
        value.into(),
    ))
}

/// None of these bits of the argument is set.
pub(crate) fn without(index: u8, bits: libc::c_int) -> Argument {
    Argument(SeccompCondition::new(
        index,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(bits.cast_unsigned().into()),
        0,
    ))
}

/// The argument, all 64 bits of it, is `value` but for the bits of `free`.
pub(crate) fn is_but_for(index: u8, value: u64, free: u64) -> Argument {
    Argument(SeccompCondition::new(
        index,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(!free),
        value,
    ))
}

/// The argument is no address.
pub(crate) fn is_null(index: u8) -> Argument {
    is_but_for(index, 0, 0)
}

/// Everything that a process may ask.
#[derive(Default)]
pub(crate) struct CallList {
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    error: Option<seccompiler::BackendError>,
}

impl CallList {
    /// Allows calls, whatever their arguments.
    pub(crate) fn allow(&mut self, calls: &[libc::c_long]) {
        for call in calls {
            self.rules.insert(*call, Vec::new());
        }
    }

    /// Allows a call if all conditions hold. Each further rule for the same call allows it as well.
    pub(crate) fn allow_if(&mut self, call: libc::c_long, conditions: impl IntoIterator<Item = Argument>) {
        let conditions: Result<Vec<_>, _> = conditions.into_iter().map(|condition| condition.0).collect();
        match conditions.and_then(SeccompRule::new) {
            Ok(rule) => self.rules.entry(call).or_default().push(rule),
            Err(error) => self.error = Some(error),
        }
    }

    /// Allows a call if its argument is one of these values.
    pub(crate) fn allow_values(&mut self, call: libc::c_long, index: u8, values: &[libc::c_int]) {
        for value in values {
            self.allow_if(call, [is(index, value.cast_unsigned())]);
        }
    }

    /// What every process needs that runs Rust code: memory without code, locks, time, its own end. `kill` only reaches the
    /// process itself, so that aborting works.
    pub(crate) fn allow_basics(&mut self) {
        self.allow(&[
            libc::SYS_brk,
            libc::SYS_clock_getres,
            libc::SYS_clock_gettime,
            libc::SYS_clock_nanosleep,
            libc::SYS_close,
            libc::SYS_exit,
            libc::SYS_exit_group,
            libc::SYS_fstat,
            libc::SYS_futex,
            libc::SYS_getpid,
            libc::SYS_getrandom,
            libc::SYS_gettid,
            libc::SYS_gettimeofday,
            libc::SYS_lseek,
            libc::SYS_mremap,
            libc::SYS_munmap,
            libc::SYS_nanosleep,
            libc::SYS_read,
            libc::SYS_restart_syscall,
            libc::SYS_rt_sigaction,
            libc::SYS_rt_sigprocmask,
            libc::SYS_rt_sigreturn,
            libc::SYS_sched_getaffinity,
            libc::SYS_sched_yield,
            libc::SYS_sigaltstack,
            libc::SYS_write,
        ]);
        // No new code: neither fresh memory nor a file can be made executable.
        // Nor is there memory that the limit of data does not count: shared and of no file, or a stack.
        for uncounted in [libc::MAP_SHARED, libc::MAP_ANONYMOUS] {
            let conditions = [without(2, libc::PROT_EXEC), without(3, uncounted | libc::MAP_GROWSDOWN)];
            self.allow_if(libc::SYS_mmap, conditions);
        }
        self.allow_if(libc::SYS_mprotect, [without(2, libc::PROT_EXEC)]);
        // How memory is held, and not what else there is, such as taking pages out of the machine.
        self.allow_values(
            libc::SYS_madvise,
            2,
            &[
                libc::MADV_NORMAL,
                libc::MADV_WILLNEED,
                libc::MADV_DONTNEED,
                libc::MADV_FREE,
                libc::MADV_HUGEPAGE,
                libc::MADV_NOHUGEPAGE,
                libc::MADV_POPULATE_READ,
                libc::MADV_POPULATE_WRITE,
                libc::MADV_COLLAPSE,
            ],
        );
        // Asking for its own limits, not changing any.
        self.allow_if(libc::SYS_prlimit64, [is(0, 0), is_null(2)]);
        let me = std::process::id();
        self.allow_if(libc::SYS_kill, [is(0, me)]);
        self.allow_if(libc::SYS_tgkill, [is(0, me)]);
    }

    /// Lays the list over all threads of this process, for good.
    ///
    /// # Errors
    ///
    /// What the kernel says; also if this processor's calls are not known, or if another thread has a filter that this one
    /// has not.
    pub(crate) fn install(self) -> io::Result<()> {
        let failed = |error: seccompiler::Error| io::Error::other(crate::explain::one_line(&error));
        if let Some(error) = self.error {
            return Err(failed(error.into()));
        }
        // `clone3` hides what it is asked for behind an address, so that no list can look at it. Libraries that are told
        // that there is no such call use `clone`. This filter comes first: of two errors the kernel takes the newer
        // filter's, which therefore must allow the call.
        let unknown = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
        let unknown = program(unknown, SeccompAction::Allow, errno(libc::ENOSYS)).map_err(failed)?;
        let mut rules = self.rules;
        rules.insert(libc::SYS_clone3, Vec::new());
        let list = program(rules, errno(libc::EPERM), SeccompAction::Allow).map_err(failed)?;
        seccompiler::apply_filter_all_threads(&unknown).map_err(failed)?;
        seccompiler::apply_filter_all_threads(&list).map_err(failed)
    }
}

fn errno(errno: libc::c_int) -> SeccompAction {
    SeccompAction::Errno(errno.cast_unsigned())
}

/// Calls of another architecture, such as 32-bit ones, have other numbers; they end the process.
fn program(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matching: SeccompAction,
) -> Result<BpfProgram, seccompiler::Error> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok(SeccompFilter::new(rules, otherwise, matching, architecture)?.try_into()?)
}

/// The list for a process that runs algorithms and answers a runner.
///
/// Not on it, and why that matters: whatever starts programs or threads (`execve`, `clone`, `fork`), looks into other
/// processes (`ptrace`, `process_vm_readv`, `pidfd_getfd`), makes or reaches sockets (`socket`, `connect`, `bind`, `listen`,
/// `accept`), does calls unseen (`io_uring_setup`) or runs code in the kernel (`bpf`, `perf_event_open`), pages by hand
/// (`userfaultfd`), makes memory that can be run or shared (`memfd_create`, `shmat`, `pkey_mprotect`), opens past this
/// list (`openat2`, `open_by_handle_at`), changes files (`unlink`, `rename`, `truncate`, `fchmod`), asks for files by name
/// (`statx`, `readlink`), and everything that is for administrators.
pub(super) fn host() -> CallList {
    let mut list = CallList::default();
    list.allow_basics();
    list.allow(&[
        // Reading pictures and assets at a place.
        libc::SYS_pread64,
        libc::SYS_preadv,
        libc::SYS_readv,
        libc::SYS_writev,
        // Waiting for the runner and the broker of frame pools.
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll,
        libc::SYS_ppoll,
        libc::SYS_timerfd_settime,
        // Descriptors that are connected already.
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_sendmsg,
        libc::SYS_shutdown,
        // Who and how much it is.
        libc::SYS_getegid,
        libc::SYS_geteuid,
        libc::SYS_getgid,
        libc::SYS_getppid,
        libc::SYS_getrusage,
        libc::SYS_getuid,
    ]);
    // Only to whom a socket is connected.
    list.allow_if(libc::SYS_sendto, [is_null(4)]);
    // For reading, and nothing is made, cut or appended to. Landlock says which files.
    // Nor is a file only pointed at, which Landlock does not look at.
    let made = libc::O_CREAT | libc::O_TRUNC | (libc::O_TMPFILE & !libc::O_DIRECTORY);
    let change = libc::O_ACCMODE | made | libc::O_PATH;
    list.allow_if(libc::SYS_openat, [without(2, change)]);
    #[cfg(target_arch = "x86_64")]
    list.allow_if(libc::SYS_open, [without(1, change)]);
    // Duplicating, flags and seals; not owners, who would get signals.
    list.allow_values(
        libc::SYS_fcntl,
        1,
        &[
            libc::F_GETFD,
            libc::F_SETFD,
            libc::F_GETFL,
            libc::F_SETFL,
            libc::F_DUPFD_CLOEXEC,
            libc::F_GET_SEALS,
        ],
    );
    // Whether it is a terminal, how much can be read, not to wait; not typing into a terminal.
    let requests = [libc::TCGETS, libc::FIONREAD, libc::FIONBIO];
    for request in requests {
        list.allow_if(libc::SYS_ioctl, [is(1, u32::try_from(request).unwrap_or(u32::MAX))]);
    }
    // How long a socket waits, and who is at its other end.
    // Both numbers that each time limit has: libraries ask with the one whose times do not end in 2038.
    for option in [libc::SO_RCVTIMEO, libc::SO_SNDTIMEO, SO_RCVTIMEO_NEW, SO_SNDTIMEO_NEW] {
        let conditions = [is(1, libc::SOL_SOCKET.cast_unsigned()), is(2, option.cast_unsigned())];
        list.allow_if(libc::SYS_setsockopt, conditions);
    }
    list.allow_if(libc::SYS_getsockopt, [is(1, libc::SOL_SOCKET.cast_unsigned())]);
    list
}
