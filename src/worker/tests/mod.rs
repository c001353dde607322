//! The worker without an engine: queueing, delivery and refusal.

use nertc_callkit_signaling::{CallType, OperationResult, Outcome, Req};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

mod failed;
mod running;
mod traced;

use parking_lot::Mutex;

use super::clock::readable;
use super::ports::{Listener, Ports, Rtc, Signaling};
use super::{CallbackGuard, Client, Options, Refused, in_callback};
use crate::engine::input::{CallRef, Command, Input, Ticket};
use crate::engine::output::{Event, MediaEvent, MissedCall, OpResult, Operation};
use crate::engine::{Engine, limits};

/// Long enough for a loaded machine, short enough to notice.
const PATIENCE: Duration = Duration::from_secs(20);

/// The app's callbacks, as text, and its reaction.
struct App {
    events: mpsc::Sender<String>,
    reaction: Box<dyn Fn(&str) + Send + Sync>,
    wakeups: AtomicU32,
}

impl App {
    fn new(reaction: impl Fn(&str) + Send + Sync + 'static) -> (Arc<App>, mpsc::Receiver<String>) {
        let (events, received) = mpsc::channel();
        (Arc::new(App { events, reaction: Box::new(reaction), wakeups: AtomicU32::new(0) }), received)
    }

    fn receive(&self, what: String) {
        (self.reaction)(&what);
        let _ = self.events.send(what);
    }
}

impl Listener for App {
    fn done(&self, ticket: Ticket, result: &OpResult) {
        self.receive(format!("done {} {}", ticket.0, result.code));
    }

    fn event(&self, event: &Event) {
        self.receive(if let Event::AudioAvailable(media) = event {
            format!("audio {} {}", media.user, media.on)
        } else {
            format!("{event:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
        });
    }

    fn released(&self) {
        self.receive("released".into());
    }

    fn wakeup(&self) {
        self.wakeups.fetch_add(1, SeqCst);
    }
}

/// A client whose engine is silent: the test takes the worker's place.
fn manual_client(app: Arc<App>) -> Arc<Client> {
    let client = Client::new(Options { manual_dispatch: true, dedicated_thread: true }).expect("a thread");
    client.shared.callbacks.set_listener(app);
    client
}

fn drain(received: &mpsc::Receiver<String>) -> Vec<String> {
    received.try_iter().collect()
}

fn audio(user: &str, on: bool) -> Event {
    Event::AudioAvailable(MediaEvent { call_no: 1, user: user.into(), uid: 1, on })
}

fn missed() -> Event {
    Event::MissedCall(MissedCall {
        user: "bob".into(),
        call_type: CallType::Audio,
        attachment: "".into(),
        reason: crate::engine::output::Missed::Busy,
        invited_at_ms: 0,
        channel_id: "".into(),
        request_id: "".into(),
        count: 1,
    })
}

fn result(code: i32) -> OpResult {
    OpResult {
        operation: Operation::Call,
        code: code.into(),
        raw_code: 0,
        message: "".into(),
        call_no: 0,
        uid: 0,
        channel_id: "".into(),
        request_id: "".into(),
        call_id: "".into(),
    }
}

#[test]
fn dispatch_runs_what_was_there_at_entry_in_order() {
    let (app, received) = App::new(|_| ());
    let client = manual_client(app.clone());
    assert_eq!(client.dispatch(0), Ok(0));
    client.shared.callbacks.done(Ticket(7), result(0));
    client.shared.callbacks.event(missed());
    assert_eq!(client.dispatch(-1), Ok(2));
    assert_eq!(drain(&received), ["done 7 0", "MissedCall"]);
    assert_eq!(client.dispatch(0), Ok(0));
    assert_eq!(app.wakeups.load(SeqCst), 1);
}

#[test]
fn only_the_newest_media_event_of_a_user_is_queued() {
    let (app, received) = App::new(|_| ());
    let client = manual_client(app.clone());
    for on in [true, false, true] {
        client.shared.callbacks.event(audio("bob", on));
    }
    assert_eq!(app.wakeups.load(SeqCst), 1, "never empty in between");
    client.shared.callbacks.event(audio("eve", true));
    client.shared.callbacks.event(missed());
    client.shared.callbacks.event(audio("bob", false));
    assert_eq!(client.dispatch(0), Ok(3));
    assert_eq!(drain(&received), ["audio eve true", "MissedCall", "audio bob false"]);
}

#[test]
fn the_event_handle_is_readable_while_callbacks_wait() {
    let (app, _ears) = App::new(|_| ());
    let client = manual_client(app);
    client.shared.callbacks.event(missed());
    let fd = client.event_fd().expect("a descriptor");
    assert!(readable(fd));
    client.shared.callbacks.event(audio("bob", true));
    assert_eq!(client.dispatch(0), Ok(2));
    assert!(!readable(fd));
    client.shared.callbacks.event(audio("bob", true));
    client.shared.callbacks.event(audio("bob", false));
    assert!(readable(fd));
    assert_eq!(client.dispatch(0), Ok(1));
    assert!(!readable(fd));
    assert_eq!(client.event_fd(), Ok(fd));
}

#[test]
fn dispatch_and_destroy_are_refused_inside_any_callback() {
    let (other_app, _ears) = App::new(|_| ());
    let other = manual_client(other_app);
    let (inside, answers) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let (app, _ears) = App::new(move |what| {
        if what == "MissedCall" {
            let _ = inside.send((other.dispatch(0), other.destroy()));
            let _ = wait.lock().recv_timeout(PATIENCE);
        }
    });
    let client = manual_client(app);
    client.shared.callbacks.event(missed());
    let background = client.clone();
    let thread = thread::spawn(move || background.dispatch(0));
    let reentrant = (Err(Refused::Reentrant), Err(Refused::Reentrant));
    assert_eq!(answers.recv_timeout(PATIENCE), Ok(reentrant));
    assert_eq!(client.dispatch(0), Err(Refused::Reentrant));
    go_on.send(()).expect("the callback waits");
    assert_eq!(thread.join().expect("joined"), Ok(1));
    assert_eq!(client.dispatch(0), Ok(0));
}

#[test]
fn a_backlog_is_reported_and_cleared_with_hysteresis() {
    let (app, _ears) = App::new(|_| ());
    let client = manual_client(app);
    let command = |command| client.command(Ticket(1), command);
    for _ in 0..limits::UNDELIVERED {
        assert!(!client.shared.callbacks.is_backlogged());
        client.shared.callbacks.event(missed());
    }
    assert!(client.shared.callbacks.is_backlogged());
    assert!(client.shared.callbacks.has_room_for(None));
    assert_eq!(command(Command::Logout), Ok(()));
    for _ in 0..limits::UNDELIVERED {
        client.shared.callbacks.event(missed());
    }
    assert_eq!(client.report(Input::ChannelStates(Vec::new())), Err(Refused::QueueFull));
    assert_eq!(command(Command::SetCallTimeout { timeout_ms: 1 }), Err(Refused::QueueFull));
    assert_eq!(command(Command::Logout), Ok(()), "what ends something has slots of its own");
    assert_eq!(client.dispatch(0), Ok(2 * limits::UNDELIVERED as u32));
    assert!(!client.shared.callbacks.is_backlogged());
}

#[test]
fn a_panicking_callback_does_not_stop_the_next() {
    let (app, received) = App::new(|what| assert!(what != "MissedCall", "an app's bug"));
    let client = manual_client(app);
    client.shared.callbacks.event(missed());
    client.shared.callbacks.event(audio("bob", true));
    assert_eq!(client.dispatch(0), Ok(2));
    assert_eq!(drain(&received), ["audio bob true"]);
    assert!(!in_callback());
}

#[test]
fn worker_delivery_has_no_dispatch() {
    let client = Client::new(Options::default()).expect("a thread");
    assert_eq!(client.dispatch(0), Err(Refused::Unsupported));
    assert_eq!(client.event_fd(), Err(Refused::Unsupported));
}

/// Fills the inbox of a client whose worker has not seen it, so that nothing is counted out.
#[test]
fn a_full_inbox_accepts_ending_commands_and_completions() {
    let client = Client::new(Options { manual_dispatch: false, dedicated_thread: true }).expect("a thread");
    let accept = || client.command(Ticket(1), Command::Accept { call: CallRef::default() });
    let hang_up =
        || Command::Hangup { call: CallRef::default(), no_offline: false, no_record: false, text: None };
    for _ in 0..limits::INBOX {
        assert_eq!(accept(), Ok(()));
    }
    assert_eq!(accept(), Err(Refused::QueueFull));
    assert_eq!(client.network_changed(), Err(Refused::QueueFull));
    for _ in 0..limits::INBOX {
        assert_eq!(client.report(Input::ChannelStates(Vec::new())), Ok(()));
    }
    assert_eq!(client.report(Input::ChannelStates(Vec::new())), Err(Refused::QueueFull));
    assert_eq!(client.command(Ticket(1), hang_up()), Ok(()));
    let mut reported = 0;
    while client.report(Input::RtcDone { req: Req(reported), outcome: Outcome::default() }).is_ok() {
        reported += 1;
    }
    assert!(
        (limits::SIDE_OPERATIONS as u64..100_000).contains(&reported),
        "bounded, and far beyond the honest"
    );
    assert_eq!(client.release(), Ok(()));
    assert_eq!(client.release(), Err(Refused::Closed));
    assert_eq!(accept(), Err(Refused::Closed));
}

#[test]
fn a_client_that_never_started_ends_at_once() {
    for manual_dispatch in [false, true] {
        let client = Client::new(Options { manual_dispatch, dedicated_thread: false }).expect("a thread");
        assert_eq!(client.destroy(), Ok(()));
        assert_eq!(client.destroy(), Err(Refused::Closed));
    }
}

#[test]
fn the_guard_counts() {
    assert!(!in_callback());
    let outer = CallbackGuard::enter();
    drop(CallbackGuard::enter());
    assert!(in_callback());
    drop(outer);
    assert!(!in_callback());
}
