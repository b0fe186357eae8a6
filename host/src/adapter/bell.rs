//! What wakes a thread that waits for descriptors.

use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime};
use std::io;
use std::time::Duration;

/// As timers understand it.
const NEVER: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// A descriptor that can be read from the time it is rung until it is cleared.
#[derive(Debug)]
pub(super) struct Bell(OwnedFd);

impl Bell {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    pub(super) fn ring(&self) {
        // It fails only if it has been rung 2^64 times.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    pub(super) fn clear(&self) {
        // It fails only if it does not ring.
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

/// A descriptor that can be read from a time on, until it is cleared. Setting it wakes nobody.
#[derive(Debug)]
pub(super) struct Alarm(OwnedFd);

impl Alarm {
    pub(super) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        Ok(Self(timerfd_create(TimerfdClockId::Monotonic, flags)?))
    }

    /// It goes off after that time, and not when it was to go off before. `time` is not zero.
    pub(super) fn set(&self, time: Duration) {
        self.set_to(Timespec::try_from(time).unwrap_or(NEVER));
    }

    /// It has not gone off, and does not.
    pub(super) fn clear(&self) {
        self.set_to(NEVER);
    }

    fn set_to(&self, it_value: Timespec) {
        let once = Itimerspec {
            it_interval: NEVER,
            it_value,
        };
        // The descriptor is a timer's and the time a time: nothing can be wrong.
        let _ = timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once);
    }
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
