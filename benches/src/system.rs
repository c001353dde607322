//! The system: CPUs, clock, memory, threads.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Nanoseconds of a clock that only goes forward.
pub(crate) fn now() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The CPUs that this process may use.
pub(crate) fn cpus() -> Vec<usize> {
    // SAFETY: a cpu_set_t is plain data of ours.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of_val(&set), &mut set);
        (0..libc::CPU_SETSIZE as usize).filter(|cpu| libc::CPU_ISSET(*cpu, &set)).collect()
    }
}

/// Binds a thread to one CPU; 0 = this one. Threads inherit it from the one that starts them.
pub(crate) fn pin(thread: i32, cpu: usize) {
    // SAFETY: a cpu_set_t is plain data of ours.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(thread, size_of_val(&set), &set);
    }
}

/// Keeps a thread from running before its waker waits: otherwise the cost of waking could not be separated
/// from that of the woken thread's work.
pub(crate) fn let_others_finish(thread: i32) {
    let priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: the parameter is ours.
    unsafe { libc::sched_setscheduler(thread, libc::SCHED_BATCH, &priority) };
}

/// All threads of this process but the first.
pub(crate) fn other_threads() -> Vec<i32> {
    let first = std::process::id() as i32;
    let tasks = fs::read_dir("/proc/self/task").expect("proc").flatten();
    let threads = tasks.filter_map(|task| task.file_name().to_str()?.parse().ok());
    threads.filter(|thread| *thread != first).collect()
}

/// How often the other threads of this process went to sleep so far.
pub(crate) fn sleeps_of_others() -> u64 {
    let sleeps = |thread: i32| {
        let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|number| number.trim().parse::<u64>().ok()).unwrap_or(0)
    };
    other_threads().into_iter().map(sleeps).sum()
}

/// Bytes of memory that only this process has and has written to.
pub(crate) fn private_dirty() -> f64 {
    private_dirty_of("self")
}

/// The same of another process.
pub(crate) fn private_dirty_of(process: &str) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).expect("proc");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) * 1024.0
}

/// Bytes of heap in use.
pub(crate) fn heap() -> f64 {
    // SAFETY: takes nothing, gives numbers.
    unsafe { libc::mallinfo2() }.uordblks as f64
}

/// Nanoseconds of CPU that a process has used so far.
pub(crate) fn cpu_of(process: u32) -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock and time are ours.
    let status = unsafe {
        let mut clock = 0;
        match libc::clock_getcpuclockid(process as i32, &mut clock) {
            0 => libc::clock_gettime(clock, &mut time),
            error => error,
        }
    };
    assert_eq!(status, 0, "the CPU clock of process {process}");
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Nanoseconds of CPU that this process has used so far. Where its threads share one CPU and never wait for
/// anything else, this is the time that passed, less what other processes took of it.
pub(crate) fn own_cpu() -> f64 {
    cpu_of(std::process::id())
}

/// Lets this process and those that it starts have as many descriptors as the system permits; how many.
pub(crate) fn raise_files() -> u64 {
    // SAFETY: the limit is ours.
    unsafe {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        limit.rlim_max
    }
}

/// `full`, or `quick` when BENCH_QUICK is set (`make bench QUICK=1`), to see that every measure runs.
pub(crate) fn either<T>(full: T, quick: T) -> T {
    if is_quick() { quick } else { full }
}

/// Whether the figures are not to be quoted.
pub(crate) fn is_quick() -> bool {
    std::env::var_os("BENCH_QUICK").is_some_and(|value| !value.is_empty())
}

/// A free port of the loopback interface, for TCP and UDP.
pub(crate) fn free_port() -> u16 {
    for _ in 0..1_000 {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = socket.local_addr().expect("bound").port();
        if std::net::UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    give_up("no port is free for both TCP and UDP")
}

/// Ends this process, and so those that it started, when it is not done by then: the last of the limits, for
/// what no other one sees.
pub(crate) fn end_within(seconds: u32) {
    let handler: extern "C" fn(i32) = on_alarm;
    // SAFETY: the handler does what one may do; takes a number.
    unsafe {
        libc::signal(libc::SIGALRM, handler as libc::sighandler_t);
        libc::alarm(seconds);
    }
}

extern "C" fn on_alarm(_: i32) {
    let text = c"the measure did not end within its limit\n";
    // SAFETY: both are async-signal-safe; the text is static.
    unsafe {
        libc::write(2, text.as_ptr().cast(), text.count_bytes());
        libc::_exit(1)
    }
}

/// What one wait of a measure may take: nothing takes that long, even under valgrind or on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Ends the process with a message. A callback must not unwind, and a destructor that waits for a hanging
/// thread must not wait for it again while unwinding.
#[expect(clippy::print_stderr, reason = "this is how a measure fails")]
pub(crate) fn give_up(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(1)
}

/// A moment until which something must have happened.
pub(crate) struct Limit(u64);

impl Limit {
    /// From now on.
    pub(crate) fn new() -> Limit {
        Limit(now() + PATIENCE.as_nanos() as u64)
    }

    /// Whether it has passed.
    fn has_passed(&self) -> bool {
        now() > self.0
    }

    /// Ends the process when it has expired, and prints how far it came.
    pub(crate) fn check(&self, so_far: impl FnOnce() -> String) {
        if self.has_passed() {
            give_up(&format!("{} after {} s", so_far(), PATIENCE.as_secs()));
        }
    }
}

/// The load of the last minute, according to the system.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("?").to_owned()
}

/// Lets running threads finish their work and go to sleep.
pub(crate) fn settle(time: Duration) {
    std::thread::sleep(time);
}

/// A number that threads raise and one waits for.
pub(crate) struct Counter {
    number: AtomicU32,
    /// What is counted, for the message of a wait that was too long.
    what: &'static str,
}

impl Counter {
    pub(crate) const fn new(what: &'static str) -> Counter {
        Counter { number: AtomicU32::new(0), what }
    }

    /// Increments; returns the previous value. Wakes the thread that waits for `target`.
    pub(crate) fn add(&self, target: u32) -> u32 {
        let before = self.number.fetch_add(1, Ordering::AcqRel);
        if before + 1 == target {
            let wake = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
            // SAFETY: the address is a counter that lives as long as the process.
            unsafe { libc::syscall(libc::SYS_futex, &self.number, wake, 1) };
        }
        before
    }

    /// Waits for `target`, then starts again at 0.
    pub(crate) fn wait(&self, target: u32) {
        let patience = libc::timespec { tv_sec: PATIENCE.as_secs() as libc::time_t, tv_nsec: 0 };
        let mut limit = None;
        loop {
            let seen = self.number.load(Ordering::Acquire);
            if seen >= target {
                break;
            }
            // Only waiting threads read the clock.
            let limit = limit.get_or_insert_with(Limit::new);
            limit.check(|| format!("{}: {seen} of {target}", self.what));
            let wait = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
            // SAFETY: as above; the time is ours.
            unsafe { libc::syscall(libc::SYS_futex, &self.number, wait, seen, &raw const patience) };
        }
        self.number.store(0, Ordering::Release);
    }
}
