//! The worker without an engine's help: what waits, who runs it, and who is refused.

use nertc_callkit_signaling::CallType;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

mod failed;
mod running;
mod traced;

use super::clock::readable;
use super::*;
use crate::engine::input::CallRef;
use crate::engine::limits;
use crate::engine::output::{Event, MediaEvent, MissedCall, OpResult, Operation};

/// Long enough for a loaded machine, short enough to notice.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything the app hears, as text, and what it does about it.
struct App {
    heard: mpsc::Sender<String>,
    reaction: Box<dyn Fn(&str) + Send + Sync>,
    wakeups: AtomicU32,
}

impl App {
    fn new(reaction: impl Fn(&str) + Send + Sync + 'static) -> (Arc<App>, mpsc::Receiver<String>) {
        let (heard, ears) = mpsc::channel();
        (Arc::new(App { heard, reaction: Box::new(reaction), wakeups: AtomicU32::new(0) }), ears)
    }

    fn hear(&self, what: String) {
        (self.reaction)(&what);
        let _ = self.heard.send(what);
    }
}

impl Listener for App {
    fn done(&self, ticket: Ticket, result: OpResult) {
        self.hear(format!("done {} {}", ticket.0, result.code));
    }

    fn event(&self, event: Event) {
        self.hear(if let Event::AudioAvailable(media) = event {
            format!("audio {} {}", media.user, media.on)
        } else {
            format!("{event:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
        });
    }

    fn released(&self) {
        self.hear("released".into());
    }

    fn wakeup(&self) {
        self.wakeups.fetch_add(1, SeqCst);
    }
}

/// A kit whose engine is silent: the test plays the worker.
fn host_kit(app: Arc<App>) -> Arc<Kit> {
    let kit = Kit::new(Options { host_delivery: true, own_worker: true }).expect("a thread");
    kit.outbox.set_listener(app);
    kit
}

fn heard(ears: &mpsc::Receiver<String>) -> Vec<String> {
    ears.try_iter().collect()
}

fn audio(user: &str, on: bool) -> Event {
    Event::AudioAvailable(MediaEvent { call_no: 1, user: user.into(), uid: 1, on })
}

fn missed() -> Event {
    Event::MissedCall(MissedCall {
        user: "bob".into(),
        call_type: CallType::Audio,
        attachment: "".into(),
        why: crate::engine::output::Missed::Busy,
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
    let (app, ears) = App::new(|_| ());
    let kit = host_kit(app.clone());
    assert_eq!(kit.dispatch(0), Ok(0));
    kit.outbox.done(Ticket(7), result(0));
    kit.outbox.event(missed());
    assert_eq!(kit.dispatch(-1), Ok(2));
    assert_eq!(heard(&ears), ["done 7 0", "MissedCall"]);
    assert_eq!(kit.dispatch(0), Ok(0));
    assert_eq!(app.wakeups.load(SeqCst), 1);
}

#[test]
fn of_media_news_only_the_newest_waits_and_it_waits_at_its_own_place() {
    let (app, ears) = App::new(|_| ());
    let kit = host_kit(app.clone());
    for on in [true, false, true] {
        kit.outbox.event(audio("bob", on));
    }
    assert_eq!(app.wakeups.load(SeqCst), 1, "never empty in between");
    kit.outbox.event(audio("eve", true));
    kit.outbox.event(missed());
    kit.outbox.event(audio("bob", false));
    assert_eq!(kit.dispatch(0), Ok(3));
    assert_eq!(heard(&ears), ["audio eve true", "MissedCall", "audio bob false"]);
}

#[test]
fn the_event_fd_is_readable_exactly_while_something_is_undelivered() {
    let (app, _ears) = App::new(|_| ());
    let kit = host_kit(app);
    kit.outbox.event(missed());
    let fd = kit.event_fd().expect("a descriptor");
    assert!(readable(fd));
    kit.outbox.event(audio("bob", true));
    assert_eq!(kit.dispatch(0), Ok(2));
    assert!(!readable(fd));
    kit.outbox.event(audio("bob", true));
    kit.outbox.event(audio("bob", false));
    assert!(readable(fd));
    assert_eq!(kit.dispatch(0), Ok(1));
    assert!(!readable(fd));
    assert_eq!(kit.event_fd(), Ok(fd));
}

#[test]
fn dispatch_and_destroy_are_refused_inside_a_callback_of_any_kit_and_dispatch_beside_another() {
    let (other_app, _ears) = App::new(|_| ());
    let other = host_kit(other_app);
    let (inside, answers) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let (app, _ears) = App::new(move |what| {
        if what == "MissedCall" {
            let _ = inside.send((other.dispatch(0), other.destroy()));
            let _ = wait.lock().recv_timeout(PATIENCE);
        }
    });
    let kit = host_kit(app);
    kit.outbox.event(missed());
    let background = kit.clone();
    let thread = thread::spawn(move || background.dispatch(0));
    let reentrant = (Err(Refused::Reentrant), Err(Refused::Reentrant));
    assert_eq!(answers.recv_timeout(PATIENCE), Ok(reentrant));
    assert_eq!(kit.dispatch(0), Err(Refused::Reentrant));
    go_on.send(()).expect("the callback waits");
    assert_eq!(thread.join().expect("joined"), Ok(1));
    assert_eq!(kit.dispatch(0), Ok(0));
}

#[test]
fn a_host_that_does_not_take_its_events_is_told_and_forgiven_with_hysteresis() {
    let (app, _ears) = App::new(|_| ());
    let kit = host_kit(app);
    let command = |command| kit.command(Ticket(1), command);
    for _ in 0..limits::UNDELIVERED {
        assert!(!kit.outbox.is_backlogged());
        kit.outbox.event(missed());
    }
    assert!(kit.outbox.is_backlogged());
    assert!(kit.outbox.has_room_for(None));
    assert_eq!(command(Command::Logout), Ok(()));
    for _ in 0..limits::UNDELIVERED {
        kit.outbox.event(missed());
    }
    assert_eq!(kit.report(Report::Rooms(Vec::new())), Err(Refused::QueueFull));
    assert_eq!(command(Command::SetCallTimeout { timeout_ms: 1 }), Err(Refused::QueueFull));
    assert_eq!(command(Command::Logout), Ok(()), "what ends something has slots of its own");
    assert_eq!(kit.dispatch(0), Ok(2 * limits::UNDELIVERED as u32));
    assert!(!kit.outbox.is_backlogged());
}

#[test]
fn a_callback_that_panics_is_one_callback_lost() {
    let (app, ears) = App::new(|what| assert!(what != "MissedCall", "an app's bug"));
    let kit = host_kit(app);
    kit.outbox.event(missed());
    kit.outbox.event(audio("bob", true));
    assert_eq!(kit.dispatch(0), Ok(2));
    assert_eq!(heard(&ears), ["audio bob true"]);
    assert!(!in_callback());
}

#[test]
fn worker_delivery_has_no_dispatch() {
    let kit = Kit::new(Options::default()).expect("a thread");
    assert_eq!(kit.dispatch(0), Err(Refused::Unsupported));
    assert_eq!(kit.event_fd(), Err(Refused::Unsupported));
}

/// Fills the inbox of a kit whose worker has not seen it, so that nothing is counted out.
#[test]
fn a_full_inbox_still_takes_what_ends_a_call_and_what_a_plug_completes() {
    let kit = Kit::new(Options { host_delivery: false, own_worker: true }).expect("a thread");
    let accept = || kit.command(Ticket(1), Command::Accept { call: CallRef::default() });
    let hang_up =
        || Command::Hangup { call: CallRef::default(), no_offline: false, no_record: false, text: None };
    for _ in 0..limits::INBOX {
        assert_eq!(accept(), Ok(()));
    }
    assert_eq!(accept(), Err(Refused::QueueFull));
    assert_eq!(kit.network_changed(), Err(Refused::QueueFull));
    for _ in 0..limits::INBOX {
        assert_eq!(kit.report(Report::Rooms(Vec::new())), Ok(()));
    }
    assert_eq!(kit.report(Report::Rooms(Vec::new())), Err(Refused::QueueFull));
    assert_eq!(kit.command(Ticket(1), hang_up()), Ok(()));
    let mut lies = 0;
    while kit.report(Report::RtcDone { req: Req(lies), outcome: Outcome::default() }).is_ok() {
        lies += 1;
    }
    assert!((limits::SIDE_OPERATIONS as u64..100_000).contains(&lies), "bounded, and far beyond the honest");
    assert_eq!(kit.release(), Ok(()));
    assert_eq!(kit.release(), Err(Refused::Closed));
    assert_eq!(accept(), Err(Refused::Closed));
}

#[test]
fn a_kit_that_never_started_ends_at_once() {
    for host_delivery in [false, true] {
        let kit = Kit::new(Options { host_delivery, own_worker: false }).expect("a thread");
        assert_eq!(kit.destroy(), Ok(()));
        assert_eq!(kit.destroy(), Err(Refused::Closed));
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
