//! Floors: the least that the work takes here, with the worker's own wake primitive (eventfd, epoll and a
//! timerfd beside it) and nothing else.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde::{Deserialize, Serialize};

use crate::system::{Counter, Limit, now, own_cpu, pin};

/// An invite's attachment, as on the wire.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invite {
    call_type: i64,
    version: String,
    channel_name: String,
    call_id: String,
    reason: i64,
}

/// The answer's attachment, as on the wire.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    version: String,
    reason: i64,
    call_type: i64,
    channel_name: String,
    call_id: String,
}

/// What the thread gets.
#[derive(Clone, Copy)]
enum Job {
    /// A whole set-up: both texts written and read, eight callbacks.
    SetUp,
    /// One event: one callback.
    Event(u64),
    /// Nothing.
    Wake,
    Stop,
}

/// When the job was done, and how many were.
static DONE_AT: AtomicU64 = AtomicU64::new(0);
static DONE: Counter = Counter::new("floor: jobs done");
static EVENTS: AtomicU64 = AtomicU64::new(0);

extern "C" fn callback(event: *const u64, _user_data: *mut u8) {
    black_box(event);
    EVENTS.fetch_add(1, Relaxed);
}

/// A queue, a bell and the thread behind them.
pub(crate) struct Floor {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Vec<Job>>,
    asleep: AtomicBool,
    epoll: i32,
    bell: i32,
}

/// Jobs that may wait, as many as commands in the library's inbox.
const ROOM: usize = 1024;

impl Floor {
    /// A thread on `cpu`.
    pub(crate) fn start(cpu: usize) -> Floor {
        // SAFETY: descriptors of ours, open as long as the process.
        let (epoll, bell) = unsafe {
            let (epoll, bell) = (libc::epoll_create1(0), libc::eventfd(0, libc::EFD_NONBLOCK));
            let timer = libc::timerfd_create(libc::CLOCK_BOOTTIME, libc::TFD_NONBLOCK);
            for fd in [bell, timer] {
                let events = (libc::EPOLLIN | libc::EPOLLET) as u32;
                let mut event = libc::epoll_event { events, u64: fd as u64 };
                libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &mut event);
            }
            (epoll, bell)
        };
        let queue = Mutex::new(Vec::with_capacity(ROOM));
        let shared = Arc::new(Shared { queue, asleep: AtomicBool::new(false), epoll, bell });
        let theirs = shared.clone();
        let thread = thread::spawn(move || {
            pin(0, cpu);
            theirs.run();
        });
        Floor { shared, thread: Some(thread) }
    }

    /// Nanoseconds until a push and its notification have returned.
    pub(crate) fn push(&self) -> f64 {
        let start = now();
        self.shared.push(Job::Wake);
        let end = now();
        DONE.wait(1);
        (end - start) as f64
    }

    /// Nanoseconds until the last callback of a set-up.
    pub(crate) fn set_up(&self) -> f64 {
        let start = now();
        self.shared.push(Job::SetUp);
        DONE.wait(1);
        (DONE_AT.load(Relaxed) - start) as f64
    }

    /// Nanoseconds of CPU per event of a storm of `count`.
    pub(crate) fn storm(&self, count: u64) -> f64 {
        EVENTS.store(0, Relaxed);
        let start = own_cpu();
        let limit = Limit::new();
        for number in 0..count {
            while !self.shared.push(Job::Event(number)) {
                limit.check(|| format!("floor: the queue took {number} of {count} events"));
                thread::yield_now();
            }
        }
        while EVENTS.load(Relaxed) < count {
            limit.check(|| format!("floor: {} of {count} events became callbacks", EVENTS.load(Relaxed)));
            thread::yield_now();
        }
        (own_cpu() - start) / count as f64
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let limit = Limit::new();
        while !self.shared.push(Job::Stop) {
            limit.check(|| "floor: the queue stays full".to_owned());
            thread::yield_now();
        }
        self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn push(&self, job: Job) -> bool {
        let wake = {
            let mut queue = self.queue.lock().expect("no panic");
            if queue.len() >= ROOM {
                return false;
            }
            queue.push(job);
            self.asleep.load(Relaxed) && self.asleep.swap(false, Relaxed)
        };
        if wake {
            let one = 1_u64;
            // SAFETY: eight bytes of ours.
            unsafe { libc::write(self.bell, (&raw const one).cast(), 8) };
        }
        true
    }

    fn run(&self) {
        let mut batch = Vec::with_capacity(ROOM);
        loop {
            {
                let mut queue = self.queue.lock().expect("no panic");
                self.asleep.store(queue.is_empty(), Relaxed);
                std::mem::swap(&mut *queue, &mut batch);
            }
            if batch.is_empty() {
                let mut events = [libc::epoll_event { events: 0, u64: 0 }; 2];
                // SAFETY: room for two.
                unsafe { libc::epoll_wait(self.epoll, events.as_mut_ptr(), 2, -1) };
            }
            for job in batch.drain(..) {
                match job {
                    Job::Stop => return,
                    Job::Event(number) => emit(number),
                    Job::Wake => _ = DONE.add(1),
                    Job::SetUp => {
                        set_up();
                        DONE_AT.store(now(), Relaxed);
                        DONE.add(1);
                    }
                }
            }
        }
    }
}

fn emit(number: u64) {
    black_box(callback as extern "C" fn(*const u64, *mut u8))(&number, std::ptr::null_mut());
}

fn set_up() {
    let (version, channel, call) = ("1.8.1", "1|0|1", "c2b9f7d4-5a31-4e0c-9f27-1d4b8a6e3c50");
    let text = |text: &str| black_box(text).to_owned();
    let invite = Invite {
        call_type: black_box(0),
        version: text(version),
        channel_name: text(channel),
        call_id: text(call),
        reason: black_box(0),
    };
    let invite: Invite = there_and_back(&invite);
    let answer = Answer {
        version: text(version),
        reason: black_box(0),
        call_type: invite.call_type,
        channel_name: invite.channel_name,
        call_id: invite.call_id,
    };
    black_box::<Answer>(there_and_back(&answer));
    (0..8).for_each(emit);
}

/// Writes a text and reads it.
fn there_and_back<T: Serialize + for<'a> Deserialize<'a>>(value: &T) -> T {
    let text = black_box(serde_json::to_string(value).expect("plain"));
    serde_json::from_str(&text).expect("plain")
}

/// Nanoseconds until a new thread on this CPU has woken the one that started it, and is joined.
pub(crate) fn thread() -> f64 {
    static UP: Counter = Counter::new("floor: threads started");
    let start = now();
    let thread = thread::spawn(|| UP.add(1));
    UP.wait(1);
    let end = now();
    thread.join().expect("no panic");
    (end - start) as f64
}
