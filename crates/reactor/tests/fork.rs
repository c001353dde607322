//! A forked child: the parent's registrations do nothing there, and it gets a reactor of its own. Alone in
//! its process: its threads and descriptors are counted.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

use nertc_callkit_reactor::{Handler, Readiness, Registration};

struct Device(Mutex<Sender<()>>);

impl Handler for Device {
    fn ready(&self, _: Readiness) {}

    fn timeout(&self) {
        self.0.lock().expect("no panic").send(()).expect("heard");
    }

    fn resolved(&self, _: u64, _: io::Result<Vec<SocketAddr>>) {}

    fn panicked(&self) {}
}

/// Takes a registration and waits until it is called.
fn works() -> Registration {
    let registration = Registration::new().expect("a reactor");
    let (sender, called) = mpsc::channel();
    let device = Arc::new(Device(Mutex::new(sender)));
    let weak: Weak<Device> = Arc::downgrade(&device);
    registration.set_handler(weak);
    registration.set_deadline(Some(0));
    called.recv_timeout(Duration::from_secs(20)).expect("called");
    registration
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").expect("Linux").count()
}

/// Whether there are that many: a thread that was joined stays listed for a moment.
fn threads_become(count: usize) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while threads() != count && Instant::now() < deadline {
        thread::yield_now();
    }
    threads() == count
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("Linux").count()
}

#[test]
fn the_thread_ends_with_the_last_device_and_a_child_starts_anew() {
    let before = (threads(), descriptors());
    let (first, second) = (works(), works());
    assert!(threads_become(before.0 + 1));
    first.deregister();
    assert!(threads_become(before.0 + 1));
    drop(second);
    drop(first);
    assert!(threads_become(before.0), "nothing keeps running");
    assert_eq!(descriptors(), before.1, "nothing stays open");

    let parent = works();
    // SAFETY: the child runs this test's own code only and leaves without unwinding.
    let child = unsafe { libc::fork() };
    if child == 0 {
        nertc_callkit_reactor::after_fork_in_child();
        let inert = !parent.is_ours();
        parent.set_deadline(Some(0));
        parent.deregister();
        let own = works();
        let fine = inert && own.is_ours() && threads_become(2);
        own.deregister();
        // SAFETY: ends the child.
        unsafe { libc::_exit(i32::from(!(fine && threads_become(1)))) };
    }
    let mut status = -1;
    // SAFETY: a status of ours.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0, "the child's exit status");
    assert!(parent.is_ours());
    parent.deregister();
    assert!(threads_become(before.0));
}
