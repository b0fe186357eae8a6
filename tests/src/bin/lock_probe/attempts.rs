//! Everything that a locked process must not be able to do, as raw system calls. The arguments are such that nothing
//! happens where it is allowed: most are wrong in a way that the kernel finds out after it has looked whether the call is
//! allowed at all.

use serde_json::{Map, Value, json};
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// On whose behalf attempts are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// The thread that locked the process.
    Main,
    /// A thread that was there before, and has given up all files.
    Earlier,
    /// A process that is not locked; only what does no harm is tried.
    Free,
}

/// One system call.
#[derive(Clone, Debug)]
struct Attempt {
    name: &'static str,
    number: libc::c_long,
    arguments: [usize; 6],
    /// What a locked process is answered; `""` if the call succeeds.
    expected: &'static str,
    /// Whether nothing comes of it in a process that is not locked.
    harmless: bool,
}

/// All attempts, and what their arguments point to.
#[derive(Clone, Debug)]
pub struct Table {
    attempts: Vec<Attempt>,
}

const NO_FD: usize = usize::MAX;
const HERE: usize = libc::AT_FDCWD as isize as usize;

/// Text that lives for as long as the process.
fn text(path: impl AsRef<Path>) -> io::Result<usize> {
    let text = CString::new(path.as_ref().as_os_str().as_bytes())?;
    Ok(text.into_raw() as usize)
}

/// A buffer that lives for as long as the process.
fn buffer() -> usize {
    Box::leak(Box::new([0_u64; 64])).as_mut_ptr() as usize
}

impl Table {
    /// What can be tried in a process that may read `folder`, which holds `picture`.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let picture = text(folder.join("picture"))?;
        let fresh = text(folder.join("fresh"))?;
        let inside = text(folder)?;
        let (nowhere, passwd, root) = (text("/nonexistent")?, text("/etc/passwd")?, text("/")?);
        let nowhere_below = text("/nonexistent/file")?;
        let (memory, name) = (text("/proc/self/mem")?, text("x")?);
        let code: RawFd = File::open("/proc/self/exe")?.into_raw_fd();
        let (near, far) = UnixStream::pair()?;
        let socket = near.as_raw_fd() as usize;
        // For as long as the process lives.
        std::mem::forget((near, far));
        let page = mapping()?;
        let parent = rustix::process::getppid().map_or(1, |parent| parent.as_raw_pid()) as usize;
        let me = std::process::id() as usize;
        let scratch = buffer();

        let (read, exec) = (libc::PROT_READ as usize, libc::PROT_EXEC as usize);
        let write = libc::PROT_WRITE as usize;
        let anonymous = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as usize;
        let private = libc::MAP_PRIVATE as usize;
        let flags = |flags: libc::c_int| flags as usize;
        let open = |path, how: libc::c_int| [HERE, path, flags(how), 0o600, 0, 0];

        let mut attempts = Vec::new();
        let mut add = |expected, harmless, name, number, arguments: &[usize]| {
            let mut all = [0; 6];
            all[..arguments.len()].copy_from_slice(arguments);
            attempts.push(Attempt {
                name,
                number,
                arguments: all,
                expected,
                harmless,
            });
        };

        // What goes on.
        let mut allowed = |name, number, arguments: &[usize]| add("", true, name, number, arguments);
        allowed("read a picture", libc::SYS_openat, &open(picture, libc::O_RDONLY));
        allowed(
            "look into the picture folder",
            libc::SYS_openat,
            &open(inside, libc::O_RDONLY | libc::O_DIRECTORY),
        );
        allowed(
            "map memory",
            libc::SYS_mmap,
            &[0, 4096, read | write, anonymous, NO_FD, 0],
        );
        allowed(
            "map a file",
            libc::SYS_mmap,
            &[0, 4096, read, private, code as usize, 0],
        );
        allowed(
            "give a page back",
            libc::SYS_madvise,
            &[page, 4096, flags(libc::MADV_DONTNEED)],
        );
        allowed("signal itself", libc::SYS_kill, &[me, 0]);
        allowed("ask the time", libc::SYS_clock_gettime, &[0, scratch]);
        allowed("ask for random numbers", libc::SYS_getrandom, &[scratch, 8, 0]);
        allowed(
            "ask its own limits",
            libc::SYS_prlimit64,
            &[0, libc::RLIMIT_NOFILE as usize, 0, scratch],
        );
        allowed(
            "send to its peer",
            libc::SYS_sendto,
            &[socket, scratch, 1, flags(libc::MSG_DONTWAIT), 0, 0],
        );
        allowed(
            "duplicate a descriptor",
            libc::SYS_fcntl,
            &[socket, flags(libc::F_DUPFD_CLOEXEC), 0],
        );

        // Files that were not named.
        let mut closed = |name, path, how| add("EACCES", true, name, libc::SYS_openat, &open(path, how));
        closed("read another file", passwd, libc::O_RDONLY);
        closed("look into another folder", root, libc::O_RDONLY | libc::O_DIRECTORY);
        closed("read its own memory as a file", memory, libc::O_RDONLY);

        // The one call that is said not to exist.
        add("ENOSYS", true, "clone3", libc::SYS_clone3, &[0, 0]);

        // Everything else, first what does something where it is allowed.
        let mut harmful = |name, number, arguments: &[usize]| add("EPERM", false, name, number, arguments);
        #[cfg(target_arch = "x86_64")]
        harmful("fork", libc::SYS_fork, &[]);
        harmful("clone", libc::SYS_clone, &[flags(libc::SIGCHLD)]);
        harmful(
            "cut a file while opening it to read",
            libc::SYS_openat,
            &open(fresh, libc::O_RDONLY | libc::O_TRUNC),
        );
        harmful(
            "create a file",
            libc::SYS_openat,
            &open(fresh, libc::O_RDONLY | libc::O_CREAT),
        );
        harmful("listen", libc::SYS_listen, &[socket, 1]);
        harmful("become dumpable", libc::SYS_prctl, &[libc::PR_SET_DUMPABLE as usize, 1]);

        let mut refused = |name, number, arguments: &[usize]| add("EPERM", true, name, number, arguments);
        // New code.
        refused(
            "map executable memory",
            libc::SYS_mmap,
            &[0, 4096, read | exec, anonymous, NO_FD, 0],
        );
        refused(
            "map writable executable memory",
            libc::SYS_mmap,
            &[0, 4096, read | write | exec, anonymous, NO_FD, 0],
        );
        refused(
            "map a program",
            libc::SYS_mmap,
            &[0, 4096, read | exec, private, code as usize, 0],
        );
        refused("make memory executable", libc::SYS_mprotect, &[page, 4096, read | exec]);
        refused(
            "pkey_mprotect",
            libc::SYS_pkey_mprotect,
            &[page, 4096, read | exec, NO_FD],
        );
        refused("pkey_alloc", libc::SYS_pkey_alloc, &[0, 0]);
        refused("shmat", libc::SYS_shmat, &[NO_FD, 0, flags(libc::SHM_EXEC)]);
        refused("shmget", libc::SYS_shmget, &[1, 0, 0]);
        refused("memfd_create", libc::SYS_memfd_create, &[name, 0xffff_ffff]);
        refused("memfd_secret", libc::SYS_memfd_secret, &[0xffff_ffff]);
        refused("remap_file_pages", libc::SYS_remap_file_pages, &[0, 0, 0, 0, 0]);
        refused("personality", libc::SYS_personality, &[0xffff_ffff]);
        // Memory that no limit counts.
        let shared = flags(libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        refused(
            "map shared memory of its own",
            libc::SYS_mmap,
            &[0, 4096, read | write, shared, NO_FD, 0],
        );
        let stack = anonymous | flags(libc::MAP_GROWSDOWN);
        refused("map a stack", libc::SYS_mmap, &[0, 4096, read | write, stack, NO_FD, 0]);
        // Programs.
        refused("execve", libc::SYS_execve, &[nowhere, 0, 0]);
        refused("execveat", libc::SYS_execveat, &[HERE, nowhere, 0, 0, 0]);
        // Sockets.
        let unix = libc::AF_UNIX as usize;
        let stream = libc::SOCK_STREAM as usize;
        refused(
            "socket of the internet",
            libc::SYS_socket,
            &[libc::AF_INET as usize, stream, 0],
        );
        refused(
            "socket of version 6",
            libc::SYS_socket,
            &[libc::AF_INET6 as usize, stream, 0],
        );
        refused("socket of this machine", libc::SYS_socket, &[unix, stream, 0]);
        refused(
            "socket of the kernel",
            libc::SYS_socket,
            &[libc::AF_NETLINK as usize, libc::SOCK_RAW as usize, 0],
        );
        refused("socketpair", libc::SYS_socketpair, &[unix, stream, 0, 0]);
        refused("connect", libc::SYS_connect, &[NO_FD, 0, 0]);
        refused("bind", libc::SYS_bind, &[NO_FD, 0, 0]);
        refused("accept4", libc::SYS_accept4, &[NO_FD, 0, 0, 0]);
        refused(
            "send to an address",
            libc::SYS_sendto,
            &[NO_FD, scratch, 1, 0, scratch, 16],
        );
        refused("sendmmsg", libc::SYS_sendmmsg, &[NO_FD, 0, 0, 0]);
        refused("recvmmsg", libc::SYS_recvmmsg, &[NO_FD, 0, 0, 0, 0]);
        refused(
            "attach a program to a socket",
            libc::SYS_setsockopt,
            &[NO_FD, flags(libc::SOL_SOCKET), flags(libc::SO_ATTACH_FILTER), 0, 0],
        );
        // Other processes.
        refused(
            "ptrace",
            libc::SYS_ptrace,
            &[libc::PTRACE_DETACH as usize, parent, 0, 0],
        );
        refused("process_vm_readv", libc::SYS_process_vm_readv, &[parent, 0, 0, 0, 0, 0]);
        refused(
            "process_vm_writev",
            libc::SYS_process_vm_writev,
            &[parent, 0, 0, 0, 0, 0],
        );
        refused("process_madvise", libc::SYS_process_madvise, &[NO_FD, 0, 0, 0, 0]);
        refused("kcmp", libc::SYS_kcmp, &[parent, parent, 0, 0, 0]);
        refused("pidfd_open", libc::SYS_pidfd_open, &[parent, 0]);
        refused("pidfd_getfd", libc::SYS_pidfd_getfd, &[NO_FD, 0, 0]);
        refused("pidfd_send_signal", libc::SYS_pidfd_send_signal, &[NO_FD, 0, 0, 0]);
        refused("signal the parent", libc::SYS_kill, &[parent, 0]);
        refused("signal everybody", libc::SYS_kill, &[NO_FD, 0]);
        refused("signal a thread of the parent", libc::SYS_tgkill, &[parent, parent, 0]);
        refused("tkill", libc::SYS_tkill, &[parent, 0]);
        refused("rt_sigqueueinfo", libc::SYS_rt_sigqueueinfo, &[parent, 0, 0]);
        refused(
            "rt_tgsigqueueinfo",
            libc::SYS_rt_tgsigqueueinfo,
            &[parent, parent, 0, 0],
        );
        refused(
            "have a descriptor's signals go to others",
            libc::SYS_fcntl,
            &[socket, flags(libc::F_SETOWN), 0],
        );
        refused(
            "limits of another process",
            libc::SYS_prlimit64,
            &[parent, 7, 0, scratch],
        );
        refused("setpriority", libc::SYS_setpriority, &[99, 0, 0]);
        // Files.
        refused(
            "open a picture to write it",
            libc::SYS_openat,
            &open(picture, libc::O_WRONLY),
        );
        refused(
            "open a picture to read and write it",
            libc::SYS_openat,
            &open(picture, libc::O_RDWR),
        );
        refused(
            "make a file without a name",
            libc::SYS_openat,
            &open(inside, libc::O_TMPFILE | libc::O_RDWR),
        );
        refused("openat2", libc::SYS_openat2, &[HERE, picture, 0, 0]);
        refused("open_by_handle_at", libc::SYS_open_by_handle_at, &[HERE, 0, 0]);
        refused(
            "name_to_handle_at",
            libc::SYS_name_to_handle_at,
            &[HERE, picture, 0, 0, 0],
        );
        #[cfg(target_arch = "x86_64")]
        {
            refused("open", libc::SYS_open, &[picture, flags(libc::O_RDWR), 0]);
            refused("creat", libc::SYS_creat, &[nowhere_below, 0o600]);
        }
        refused("mkdirat", libc::SYS_mkdirat, &[NO_FD, name, 0o700]);
        refused("mknodat", libc::SYS_mknodat, &[NO_FD, name, 0o600, 0]);
        refused("unlinkat", libc::SYS_unlinkat, &[NO_FD, name, 0]);
        refused("renameat2", libc::SYS_renameat2, &[NO_FD, name, NO_FD, name, 0]);
        refused("linkat", libc::SYS_linkat, &[NO_FD, name, NO_FD, name, 0]);
        refused("symlinkat", libc::SYS_symlinkat, &[name, NO_FD, name]);
        refused("truncate", libc::SYS_truncate, &[nowhere, 0]);
        refused("ftruncate", libc::SYS_ftruncate, &[NO_FD, 0]);
        refused("fallocate", libc::SYS_fallocate, &[NO_FD, 0, 0, 1]);
        refused("fchmod", libc::SYS_fchmod, &[NO_FD, 0]);
        refused("fchmodat", libc::SYS_fchmodat, &[NO_FD, name, 0]);
        refused("fchown", libc::SYS_fchown, &[NO_FD, 0, 0]);
        refused("utimensat", libc::SYS_utimensat, &[NO_FD, name, 0, 0]);
        refused("setxattr", libc::SYS_setxattr, &[nowhere, name, name, 0, 0]);
        refused(
            "copy_file_range",
            libc::SYS_copy_file_range,
            &[NO_FD, 0, NO_FD, 0, 1, 0],
        );
        refused("splice", libc::SYS_splice, &[NO_FD, 0, NO_FD, 0, 1, 0]);
        refused("vmsplice", libc::SYS_vmsplice, &[NO_FD, scratch, 1, 0]);
        refused("sendfile", libc::SYS_sendfile, &[NO_FD, NO_FD, 0, 1]);
        refused("see whether a file is there", libc::SYS_faccessat, &[HERE, passwd, 0]);
        refused("statx", libc::SYS_statx, &[HERE, passwd, 0, 0, scratch]);
        refused("newfstatat", libc::SYS_newfstatat, &[HERE, passwd, scratch, 0]);
        refused("readlinkat", libc::SYS_readlinkat, &[NO_FD, name, scratch, 8]);
        refused("getdents64", libc::SYS_getdents64, &[NO_FD, scratch, 8]);
        refused("chdir", libc::SYS_chdir, &[nowhere]);
        refused("chroot", libc::SYS_chroot, &[nowhere]);
        refused("inotify_init1", libc::SYS_inotify_init1, &[0xffff_ffff]);
        refused("fanotify_init", libc::SYS_fanotify_init, &[0xffff_ffff, 0]);
        refused(
            "type into a terminal",
            libc::SYS_ioctl,
            &[0, libc::TIOCSTI as usize, scratch],
        );
        // What the kernel does for others.
        refused("io_uring_setup", libc::SYS_io_uring_setup, &[0, 0]);
        refused("io_uring_enter", libc::SYS_io_uring_enter, &[NO_FD, 0, 0, 0, 0, 0]);
        refused("bpf", libc::SYS_bpf, &[0xffff, 0, 0]);
        refused("perf_event_open", libc::SYS_perf_event_open, &[0, 0, 0, 0, 0]);
        refused("userfaultfd", libc::SYS_userfaultfd, &[0xffff_ffff]);
        refused("seccomp", libc::SYS_seccomp, &[99, 0, 0]);
        refused("landlock_restrict_self", libc::SYS_landlock_restrict_self, &[NO_FD, 0]);
        refused("prctl", libc::SYS_prctl, &[libc::PR_GET_DUMPABLE as usize]);
        refused(
            "raise its own limits",
            libc::SYS_prlimit64,
            &[0, libc::RLIMIT_NOFILE as usize, 1, 0],
        );
        refused("keyctl", libc::SYS_keyctl, &[9999, 0, 0, 0, 0]);
        refused("add_key", libc::SYS_add_key, &[0, 0, 0, 0, 0]);
        refused("timer_create", libc::SYS_timer_create, &[99, 0, 0]);
        refused(
            "take pages out of the machine",
            libc::SYS_madvise,
            &[page, 0, flags(libc::MADV_HWPOISON)],
        );
        // What is for administrators.
        refused("mount", libc::SYS_mount, &[0, 0, 0, 0, 0]);
        refused("umount2", libc::SYS_umount2, &[nowhere, 0]);
        refused("pivot_root", libc::SYS_pivot_root, &[0, 0]);
        refused("fsopen", libc::SYS_fsopen, &[0, 0]);
        refused("open_tree", libc::SYS_open_tree, &[NO_FD, name, 0]);
        refused("unshare", libc::SYS_unshare, &[0]);
        refused("setns", libc::SYS_setns, &[NO_FD, 0]);
        refused("setuid", libc::SYS_setuid, &[NO_FD]);
        refused("setresuid", libc::SYS_setresuid, &[NO_FD, NO_FD, NO_FD]);
        refused("setgroups", libc::SYS_setgroups, &[0x7fff_ffff, 0]);
        refused("capset", libc::SYS_capset, &[0, 0]);
        refused("finit_module", libc::SYS_finit_module, &[NO_FD, name, 0]);
        refused("delete_module", libc::SYS_delete_module, &[name, 0]);
        refused("reboot", libc::SYS_reboot, &[0, 0, 0, 0]);
        refused("swapon", libc::SYS_swapon, &[nowhere, 0]);
        refused("sched_setaffinity", libc::SYS_sched_setaffinity, &[0, 0, 0]);
        #[cfg(target_arch = "x86_64")]
        {
            refused("iopl", libc::SYS_iopl, &[99]);
            refused("modify_ldt", libc::SYS_modify_ldt, &[99, 0, 0]);
            refused("arch_prctl", libc::SYS_arch_prctl, &[99, 0]);
            refused("a call of the x32 interface", 0x4000_0000 | libc::SYS_getpid, &[]);
        }
        Ok(Self { attempts })
    }

    /// Tries everything: the name of each attempt with what was expected and what came.
    pub fn run(&self, threads: Threads) -> Value {
        let tried = self
            .attempts
            .iter()
            .filter(|attempt| threads != Threads::Free || attempt.harmless);
        let results = tried.map(|attempt| {
            let expected = match (threads, attempt.expected) {
                // It has given up the folder with the pictures, too.
                (Threads::Earlier, "") if attempt.number == libc::SYS_openat => "EACCES",
                (_, expected) => expected,
            };
            let answer = answer(attempt.number, attempt.arguments);
            (attempt.name.to_owned(), json!({ "expected": expected, "got": answer }))
        });
        Value::Object(results.collect::<Map<_, _>>())
    }
}

/// A page that can be written.
fn mapping() -> io::Result<usize> {
    use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
    // SAFETY: a new mapping at an address that the kernel chooses replaces nothing.
    let page = unsafe {
        mmap_anonymous(
            std::ptr::null_mut(),
            4096,
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::PRIVATE,
        )
    };
    Ok(page? as usize)
}

/// Makes the call; the name of its error, or `""`.
fn answer(number: libc::c_long, arguments: [usize; 6]) -> String {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the arguments are those of the table above: addresses in them are those of memory that lives for as long as
    // the process and that nobody else uses, or are none, or the call is refused because of another argument.
    let answer = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    let error = io::Error::last_os_error();
    if answer != -1 {
        #[cfg(target_arch = "x86_64")]
        let forks = number == libc::SYS_fork || number == libc::SYS_clone;
        #[cfg(not(target_arch = "x86_64"))]
        let forks = number == libc::SYS_clone;
        if forks && answer == 0 {
            // The child, which should not be.
            std::process::exit(0);
        }
        return String::new();
    }
    let names = [
        (libc::EPERM, "EPERM"),
        (libc::EACCES, "EACCES"),
        (libc::ENOSYS, "ENOSYS"),
    ];
    let code = error.raw_os_error().unwrap_or_default();
    let name = names.iter().find(|(known, _)| *known == code);
    name.map_or_else(|| format!("errno {code}"), |(_, name)| (*name).to_owned())
}

/// Makes a call of the 32-bit interface, which has other numbers.
pub fn foreign_call() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: 20 is `getpid` there, which takes nothing and writes its answer to the one register that is named.
    unsafe {
        std::arch::asm!("int 0x80", inlateout("eax") 20 => _, lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _);
    }
}
