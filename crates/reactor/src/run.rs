//! The thread and its loop.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::{Events, Poll, Waker};

use super::{Handler, RUNNING, Reactor, Readiness, Resolver, WAKER, now};

/// Sockets that one wait reports at most; the others are reported by the next.
const EVENTS: usize = 256;

/// A reactor with its thread running.
pub(super) fn start() -> io::Result<Arc<Reactor>> {
    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
    let reactor = Arc::new(Reactor {
        home: RUNNING.get(),
        registry: poll.registry().try_clone()?,
        resolver: Arc::new(Resolver::new(waker.clone())),
        waker,
        table: Default::default(),
        returned: Default::default(),
        shared: Default::default(),
        thread: Default::default(),
    });
    let of_thread = reactor.clone();
    *reactor.thread.lock() = Some(spawn("nertc_io", move || run(&of_thread, poll))?);
    Ok(reactor)
}

fn run(reactor: &Reactor, mut poll: Poll) {
    reactor.table.lock().thread = Some(thread::current().id());
    let mut events = Events::with_capacity(EVENTS);
    loop {
        let until = {
            let mut table = reactor.table.lock();
            if table.stop {
                return;
            }
            table.sleep()
        };
        let patience = until.map(|at| Duration::from_millis(at.saturating_sub(now())));
        let polled = poll.poll(&mut events, patience);
        reactor.table.lock().awake();
        if let Err(error) = polled
            && error.kind() != io::ErrorKind::Interrupted
        {
            log::error!("waiting for sockets fails: {error}");
            return;
        }
        for event in events.iter().filter(|event| event.token() != WAKER) {
            let closed = event.is_read_closed() || event.is_write_closed() || event.is_error();
            let readable = event.is_readable() || closed;
            let readiness = Readiness { readable, writable: event.is_writable(), closed };
            call(reactor, event.token().0, |driven| driven.ready(readiness));
        }
        for answer in reactor.resolver.answers() {
            call(reactor, answer.id, |driven| driven.resolved(answer.ticket, answer.found));
        }
        let due = reactor.table.lock().due(now());
        for id in due {
            call(reactor, id, |driven| driven.timeout());
        }
    }
}

/// Calls a handler. One that panics is told of it; one that even then panics is not called again.
fn call(reactor: &Reactor, id: usize, body: impl FnOnce(&dyn Handler)) {
    let Some(driven) = reactor.table.lock().call(id) else { return };
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| body(&*driven))).or_else(|_| {
        log::error!("a handler panicked on the I/O thread");
        panic::catch_unwind(AssertUnwindSafe(|| driven.panicked()))
    });
    drop(driven);
    reactor.table.lock().calling = None;
    reactor.returned.notify_all();
    if outcome.is_err() {
        log::error!("a handler panicked while it was told of a panic: it is not called any more");
        reactor.table.lock().forget(id);
    }
}

/// A thread that no signal of the app is delivered to; only the signals of its own faults are left alone.
#[cfg(unix)]
pub(super) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
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
    let thread = thread::Builder::new().name(name.into()).spawn(body);
    // SAFETY: as above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut()) };
    thread
}

/// A thread.
#[cfg(not(unix))]
pub(super) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.into()).spawn(body)
}
