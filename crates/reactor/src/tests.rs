//! The reactor with devices that only take notes.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::*;

/// What a device was called for, on which thread.
#[derive(Debug, PartialEq)]
enum Call {
    Ready(Readiness),
    Timeout,
    Resolved(u64, Option<usize>),
    Panicked,
}

type Calls = Receiver<(Call, Option<String>)>;

/// Records its calls, and runs an action once it is called for its deadline.
struct Notes {
    calls: Mutex<Sender<(Call, Option<String>)>>,
    todo: Mutex<VecDeque<Box<dyn FnOnce() + Send>>>,
}

impl Notes {
    fn note(&self, call: Call) {
        let name = thread::current().name().map(str::to_owned);
        // Taken first: a thread that has seen the call may set the next action.
        let todo = self.todo.lock().pop_front();
        let _ = self.calls.lock().send((call, name));
        if let Some(todo) = todo {
            todo();
        }
    }
}

impl Handler for Notes {
    fn ready(&self, readiness: Readiness) {
        self.note(Call::Ready(readiness));
    }

    fn timeout(&self) {
        self.note(Call::Timeout);
    }

    fn resolved(&self, ticket: u64, found: io::Result<Vec<SocketAddr>>) {
        self.note(Call::Resolved(ticket, found.ok().map(|found| found.len())));
    }

    fn panicked(&self) {
        self.note(Call::Panicked);
    }
}

fn device() -> (Registration, Arc<Notes>, Calls) {
    device_of(Kind::Signaling)
}

fn device_of(kind: Kind) -> (Registration, Arc<Notes>, Calls) {
    let registration = Registration::of(kind).expect("a reactor");
    let (calls, received) = mpsc::channel();
    let notes = Arc::new(Notes { calls: Mutex::new(calls), todo: Mutex::default() });
    let weak: Weak<Notes> = Arc::downgrade(&notes);
    registration.set_handler(weak);
    (registration, notes, received)
}

#[track_caller]
fn next(calls: &Calls) -> Call {
    next_of(Kind::Signaling, calls)
}

#[track_caller]
fn next_of(kind: Kind, calls: &Calls) -> Call {
    let (call, thread) = calls.recv_timeout(Duration::from_secs(20)).expect("a call");
    assert_eq!(thread.as_deref(), Some(kind.name()));
    call
}

#[test]
fn each_kind_has_its_thread() {
    let (signaling, _notes, signaling_calls) = device_of(Kind::Signaling);
    let (media, _media_notes, media_calls) = device_of(Kind::Media);
    signaling.set_deadline(Some(0));
    media.set_deadline(Some(0));
    assert_eq!(next_of(Kind::Signaling, &signaling_calls), Call::Timeout);
    assert_eq!(next_of(Kind::Media, &media_calls), Call::Timeout);
    // The end of one is nothing to the other.
    signaling.deregister();
    media.set_deadline(Some(0));
    assert_eq!(next_of(Kind::Media, &media_calls), Call::Timeout);
}

#[test]
fn datagrams_are_announced_to_the_sockets_owner() {
    let (registration, _notes, calls) = device_of(Kind::Media);
    let socket = registration.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    let peer = UdpSocket::bind(([127, 0, 0, 1], 0).into()).expect("a port");
    for round in 0..3 {
        peer.send_to(&[round], socket.local_addr().expect("bound")).expect("sent");
        while !matches!(next_of(Kind::Media, &calls), Call::Ready(Readiness { readable: true, .. })) {}
        let mut buffer = [0; 8];
        let (length, from) = socket.recv_from(&mut buffer).expect("a datagram");
        assert_eq!((&buffer[..length], Ok(from)), (&[round][..], peer.local_addr().map_err(drop)));
        assert!(socket.recv_from(&mut buffer).is_err(), "everything was read");
    }
}

#[test]
fn deadlines_fire_in_order_once_and_can_be_replaced() {
    let (registration, _notes, calls) = device();
    let (other, _other_notes, other_calls) = device();
    registration.set_deadline(Some(now() + 3_600_000));
    other.set_deadline(Some(now() + 30));
    // Earlier than what the thread sleeps for.
    let start = now();
    registration.set_deadline(Some(start + 20));
    assert_eq!(next(&calls), Call::Timeout);
    assert!(now() >= start + 20);
    other.set_deadline(None);
    registration.set_deadline(Some(0));
    assert_eq!(next(&calls), Call::Timeout);
    registration.set_deadline(Some(now() + 40));
    assert_eq!(next(&calls), Call::Timeout);
    assert!(other_calls.try_recv().is_err() || now() >= start + 30, "taken back in time");
    assert!(calls.try_recv().is_err());
}

#[test]
fn readiness_is_reported_to_the_sockets_owner() {
    let (registration, _notes, calls) = device();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let _socket = registration.connect(listener.local_addr().expect("bound")).expect("a socket");
    let (accepted, _) = listener.accept().expect("a connection");
    let connected = Readiness { readable: false, writable: true, closed: false };
    while next(&calls) != Call::Ready(connected) {}
    drop(accepted);
    loop {
        match next(&calls) {
            Call::Ready(Readiness { readable: true, closed: true, .. }) => break,
            Call::Ready(_) => {}
            other @ (Call::Timeout | Call::Resolved(..) | Call::Panicked) => panic!("{other:?}"),
        }
    }
}

#[test]
fn names_are_looked_up_beside_it() {
    let (registration, _notes, calls) = device();
    let (other, _other_notes, other_calls) = device();
    registration.resolve(7, "localhost", 1883);
    other.resolve(8, "localhost", 1883);
    registration.resolve(9, "no-such-name.invalid", 1883);
    let first = next(&calls);
    let second = next(&calls);
    let found = |call: &Call| matches!(call, Call::Resolved(7, Some(count)) if *count > 0);
    assert!(found(&first) || found(&second), "{first:?} {second:?}");
    assert!([first, second].contains(&Call::Resolved(9, None)));
    assert!(matches!(next(&other_calls), Call::Resolved(8, Some(_))));
}

#[test]
fn deregistering_waits_for_a_running_call() {
    let (registration, notes, calls) = device();
    let (entered, inside) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    notes.todo.lock().push_back(Box::new(move || {
        entered.send(()).expect("received");
        gone.recv_timeout(Duration::from_secs(20)).expect("told");
    }));
    registration.set_deadline(Some(0));
    inside.recv_timeout(Duration::from_secs(20)).expect("called");
    let leaver = thread::spawn({
        let registration = registration.clone();
        move || registration.deregister()
    });
    // Out of the table, and still waiting for the call.
    while registration.0.reactor.table.lock().call(registration.0.id).is_some() {
        thread::yield_now();
    }
    assert!(!leaver.is_finished());
    go.send(()).expect("waiting");
    leaver.join().expect("left");
    assert_eq!(next(&calls), Call::Timeout);
    registration.set_deadline(Some(0));
    registration.deregister();
    let (another, _notes, others) = device();
    another.set_deadline(Some(0));
    assert_eq!(next(&others), Call::Timeout);
    assert!(calls.try_recv().is_err());
}

#[test]
fn a_device_may_leave_on_the_thread_itself() {
    let (registration, notes, calls) = device();
    notes.todo.lock().push_back(Box::new({
        let registration = registration.clone();
        move || registration.deregister()
    }));
    registration.set_deadline(Some(0));
    assert_eq!(next(&calls), Call::Timeout);
}

#[test]
fn a_handler_continues_after_one_panic_not_after_two() {
    let (registration, notes, calls) = device();
    let (other, _other_notes, others) = device();
    notes.todo.lock().push_back(Box::new(|| panic!("on purpose")));
    registration.set_deadline(Some(0));
    assert_eq!((next(&calls), next(&calls)), (Call::Timeout, Call::Panicked));
    registration.set_deadline(Some(0));
    assert_eq!(next(&calls), Call::Timeout);
    for _ in 0..2 {
        notes.todo.lock().push_back(Box::new(|| panic!("on purpose")));
    }
    registration.set_deadline(Some(0));
    assert_eq!((next(&calls), next(&calls)), (Call::Timeout, Call::Panicked));
    registration.set_deadline(Some(0));
    other.set_deadline(Some(0));
    assert_eq!(next(&others), Call::Timeout);
    assert!(calls.try_recv().is_err(), "it is not called any more");
}
