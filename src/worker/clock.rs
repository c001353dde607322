//! The worker's system calls: the one reader of the clock, sleep, and signals kept away from the thread.
//!
//! This file is the worker's only `unsafe`: a handful of libc calls on descriptors that it owns.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::thread::{self, JoinHandle};

use crate::engine::time::Time;

pub(super) use os::{Flag, Sleeper};

/// Milliseconds since its creation, by a clock that counts suspend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    base_ns: u64,
}

impl Clock {
    pub(super) fn new() -> Clock {
        Clock { base_ns: read_ns() }
    }

    pub(super) fn now(self) -> Time {
        self.at(read_ns())
    }

    fn at(self, ns: u64) -> Time {
        Time(ns.saturating_sub(self.base_ns) / 1_000_000)
    }
}

/// The time of day, for readers of a trace; 0 = unknown.
#[allow(clippy::disallowed_methods, reason = "this is the one reader of clocks")]
pub(super) fn unix_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| now.as_millis() as u64)
}

fn read_ns() -> u64 {
    read(os::CLOCK)
}

/// A number that changes with the system's tick, every few milliseconds, and costs a tenth of reading the
/// time. As long as it is the same, a time that was read since is still good enough.
fn tick() -> u64 {
    read(os::TICK)
}

/// The time as far as the steps need it.
#[derive(Debug, Default)]
pub(super) struct Now {
    pub(super) time: Time,
    /// When it was read.
    tick: u64,
}

impl Now {
    /// Within a tick of the system the time is only read when a deadline woke the thread: reading it for each
    /// message would be a tenth of a call's work.
    pub(super) fn refresh(&mut self, clock: Clock, is_deadline: bool) {
        let before = std::mem::replace(&mut self.tick, tick());
        if is_deadline || self.tick != before {
            // Where the tick is the time, that is not read twice.
            self.time = if os::TICK == os::CLOCK { clock.at(self.tick) } else { clock.now() };
        }
    }
}

fn read(clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a timespec of ours; the clock exists on every system that we build for.
    unsafe { libc::clock_gettime(clock, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// A thread that no signal of the process is delivered to; only the signals of its own faults are left alone,
/// so that crash reporters and sanitizers keep working.
pub(super) fn spawn(body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    const FAULTS: [libc::c_int; 7] =
        [libc::SIGABRT, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGSEGV, libc::SIGSYS, libc::SIGTRAP];
    // SAFETY: a sigset_t is plain data and sigfillset fills all of it.
    let (mut blocked, mut before): (libc::sigset_t, libc::sigset_t) = unsafe { std::mem::zeroed() };
    // SAFETY: both sets are ours. The new thread inherits the mask; this one gets its own back.
    unsafe {
        libc::sigfillset(&mut blocked);
        for fault in FAULTS {
            libc::sigdelset(&mut blocked, fault);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &blocked, &mut before);
    }
    let thread = thread::Builder::new().name("nertc_callkit".into()).spawn(body);
    // SAFETY: as above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut()) };
    thread
}

/// Takes ownership of a descriptor that a system call just returned.
fn owned(fd: libc::c_int) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: open, and not owned elsewhere.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn write_8(fd: &OwnedFd) {
    let one = 1_u64;
    // SAFETY: eight bytes of ours, to a descriptor of ours.
    unsafe { libc::write(fd.as_raw_fd(), (&raw const one).cast(), 8) };
}

fn read_8(fd: &OwnedFd) {
    let mut count = 0_u64;
    // SAFETY: eight bytes of ours, from a descriptor of ours that does not block.
    unsafe { libc::read(fd.as_raw_fd(), (&raw mut count).cast(), 8) };
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod os {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    pub(super) const CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;
    pub(super) const TICK: libc::clockid_t = libc::CLOCK_MONOTONIC_COARSE;
    const NEVER: u64 = u64::MAX;

    /// A descriptor that is readable while raised.
    #[derive(Debug)]
    pub(crate) struct Flag(OwnedFd);

    impl Flag {
        pub(crate) fn new() -> io::Result<Flag> {
            // SAFETY: takes no pointer.
            owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) }).map(Flag)
        }

        pub(crate) fn raise(&self) {
            write_8(&self.0);
        }

        pub(crate) fn lower(&self) {
            read_8(&self.0);
        }

        pub(crate) fn fd(&self) -> i32 {
            self.0.as_raw_fd()
        }
    }

    /// Sleeps until a time or until woken. Both descriptors are edge-triggered, so that a wake-up costs one
    /// system call on each side and nothing has to be read back.
    #[derive(Debug)]
    pub(crate) struct Sleeper {
        epoll: OwnedFd,
        bell: Flag,
        timer: OwnedFd,
        /// What the timer is set to; only the sleeping thread looks at it.
        armed: AtomicU64,
        clock: Clock,
    }

    impl Sleeper {
        pub(crate) fn new(clock: Clock) -> io::Result<Sleeper> {
            let bell = Flag::new()?;
            // SAFETY: take no pointer.
            let (timer, epoll) = unsafe {
                let timer = owned(libc::timerfd_create(CLOCK, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK))?;
                (timer, owned(libc::epoll_create1(libc::EPOLL_CLOEXEC))?)
            };
            let sleeper = Sleeper { epoll, bell, timer, armed: AtomicU64::new(NEVER), clock };
            sleeper.watch(sleeper.bell.fd())?;
            sleeper.watch(sleeper.timer.as_raw_fd())?;
            Ok(sleeper)
        }

        fn watch(&self, fd: i32) -> io::Result<()> {
            let events = (libc::EPOLLIN | libc::EPOLLET) as u32;
            let mut event = libc::epoll_event { events, u64: fd as u64 };
            // SAFETY: both descriptors and the event are ours.
            let done =
                unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &mut event) };
            if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        }

        pub(crate) fn wake(&self) {
            self.bell.raise();
        }

        pub(crate) fn sleep(&self, until: Option<Time>) {
            let until = until.map_or(NEVER, |time| time.0);
            if self.armed.swap(until, Relaxed) != until {
                self.arm(until);
            }
            let mut events = [libc::epoll_event { events: 0, u64: 0 }; 2];
            // SAFETY: the array is ours and has room for two.
            let count = unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), events.as_mut_ptr(), 2, -1) };
            let timer = self.timer.as_raw_fd() as u64;
            if events.iter().take(count.max(0) as usize).any(|event| event.u64 == timer) {
                self.armed.store(NEVER, Relaxed);
            }
        }

        /// Absolute, so that time spent in suspend counts; all zero disarms.
        fn arm(&self, until: u64) {
            let zero = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            let mut at = libc::itimerspec { it_interval: zero, it_value: zero };
            if until != NEVER {
                let ns = until.saturating_mul(1_000_000).saturating_add(self.clock.base_ns).max(1);
                at.it_value.tv_sec = (ns / 1_000_000_000) as libc::time_t;
                at.it_value.tv_nsec = (ns % 1_000_000_000) as _;
            }
            // SAFETY: the descriptor and the spec are ours; the old setting is not requested.
            unsafe {
                let (timer, old) = (self.timer.as_raw_fd(), std::ptr::null_mut());
                libc::timerfd_settime(timer, libc::TFD_TIMER_ABSTIME, &at, old)
            };
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod os {
    use super::*;
    use parking_lot::{Condvar, Mutex};
    use std::time::Duration;

    pub(super) const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    /// There is no cheaper one.
    pub(super) const TICK: libc::clockid_t = CLOCK;

    /// A descriptor that is readable while raised.
    #[derive(Debug)]
    pub(crate) struct Flag {
        reader: OwnedFd,
        writer: OwnedFd,
    }

    impl Flag {
        pub(crate) fn new() -> io::Result<Flag> {
            let mut ends = [-1; 2];
            // SAFETY: the array is ours and has room for two.
            if unsafe { libc::pipe(ends.as_mut_ptr()) } < 0 {
                return Err(io::Error::last_os_error());
            }
            let flag = Flag { reader: owned(ends[0])?, writer: owned(ends[1])? };
            for end in ends {
                // SAFETY: descriptors of ours; take no pointer.
                unsafe {
                    libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC);
                    libc::fcntl(end, libc::F_SETFL, libc::O_NONBLOCK);
                }
            }
            Ok(flag)
        }

        pub(crate) fn raise(&self) {
            write_8(&self.writer);
        }

        pub(crate) fn lower(&self) {
            read_8(&self.reader);
        }

        pub(crate) fn fd(&self) -> i32 {
            self.reader.as_raw_fd()
        }
    }

    /// Sleeps until a time or until woken.
    #[derive(Debug)]
    pub(crate) struct Sleeper {
        rung: Mutex<bool>,
        bell: Condvar,
        clock: Clock,
    }

    impl Sleeper {
        pub(crate) fn new(clock: Clock) -> io::Result<Sleeper> {
            Ok(Sleeper { rung: Mutex::new(false), bell: Condvar::new(), clock })
        }

        pub(crate) fn wake(&self) {
            *self.rung.lock() = true;
            self.bell.notify_one();
        }

        pub(crate) fn sleep(&self, until: Option<Time>) {
            let mut rung = self.rung.lock();
            if let Some(until) = until {
                let left = Duration::from_millis(until.since(self.clock.now()));
                self.bell.wait_while_for(&mut rung, |rung| !*rung, left);
            } else {
                self.bell.wait_while(&mut rung, |rung| !*rung);
            }
            *rung = false;
        }
    }
}

#[cfg(test)]
pub(super) fn readable(fd: i32) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: one entry of ours.
    unsafe { libc::poll(&mut poll, 1, 0) == 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_sleeper_sleeps_until_its_time_also_twice_to_the_same() {
        let clock = Clock::new();
        let sleeper = Sleeper::new(clock).expect("descriptors");
        let until = clock.now().after(3);
        while clock.now() < until {
            sleeper.sleep(Some(until));
        }
        sleeper.sleep(Some(until));
        sleeper.sleep(Some(Time(0)));
        assert!(clock.now() >= until);
    }

    #[test]
    fn a_wakeup_before_the_sleep_is_not_lost() {
        let sleeper = Arc::new(Sleeper::new(Clock::new()).expect("descriptors"));
        for _ in 0..3 {
            sleeper.wake();
            sleeper.sleep(None);
        }
        let other = sleeper.clone();
        let thread = spawn(move || other.wake()).expect("thread");
        sleeper.sleep(Some(Time(60_000)));
        thread.join().expect("joined");
        drop(sleeper);
    }

    #[test]
    fn time_and_tick_go_on_together() {
        let clock = Clock::new();
        let (before, start) = (tick(), clock.now());
        while tick() == before {
            assert!(clock.now().since(start) < 1_000, "the tick stands still");
        }
        assert!(clock.now() >= start);
    }

    #[test]
    fn a_flag_is_readable_exactly_while_raised() {
        let flag = Flag::new().expect("descriptor");
        assert!(!readable(flag.fd()));
        flag.raise();
        assert!(readable(flag.fd()));
        flag.lower();
        assert!(!readable(flag.fd()));
    }
}
