//! The thread and its loop.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use mio::{Events, Poll, Waker};

use super::clock::now;
use super::handler::Handler;
use super::resolver::Resolver;
use super::socket::Readiness;
use super::spawn::spawn;
use super::state::{Kind, Reactor, WAKER};

/// Sockets that one wait reports at most; the others are reported by the next.
const EVENTS: usize = 256;

/// A reactor with its thread running.
pub(super) fn start(kind: Kind) -> io::Result<Arc<Reactor>> {
    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
    let reactor = Arc::new(Reactor {
        kind,
        home: kind.running().get(),
        registry: poll.registry().try_clone()?,
        resolver: Arc::new(Resolver::new(waker.clone())),
        waker,
        table: Default::default(),
        returned: Default::default(),
        shared: Default::default(),
        thread: Default::default(),
    });
    let of_thread = reactor.clone();
    *reactor.thread.lock() = Some(spawn(kind.name(), move || run(&of_thread, poll))?);
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

/// Calls a handler. One that panics is notified; if that panics too, it is not called again.
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
        log::error!("a handler panicked again while it was notified of its panic: it is not called any more");
        reactor.table.lock().forget(id);
    }
}
