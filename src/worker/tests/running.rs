//! The whole way with a real engine: command, backend, completion, end.

use std::sync::OnceLock;
use std::sync::Weak;
use std::thread::ThreadId;

use super::*;
use crate::engine::output::{Preparation, RtcOp};
use crate::engine::{Config, IdGenerator, Timers};
use nertc_callkit_signaling::{self as signaling, Code, Notification};

/// The signaling backend's reaction to a login.
#[derive(Clone, Copy)]
pub(super) enum Behavior {
    Answers,
    /// Logs in and out, and answers nothing else.
    LogsIn,
    Refuses,
    Forgets,
    Panics,
}

/// Both backends of a client; reports are made from inside the operation.
struct Fake {
    client: Arc<OnceLock<Weak<Client>>>,
    how: Behavior,
    threads: mpsc::Sender<ThreadId>,
}

impl Fake {
    fn report(&self, report: Input) {
        let client = self.client.get().and_then(Weak::upgrade).expect("the client lives");
        assert_eq!(client.report(report), Ok(()));
    }
}

impl Signaling for Fake {
    fn start(&mut self, req: Req, op: signaling::Operation) -> Result<(), Outcome> {
        let _ = self.threads.send(thread::current().id());
        let logs_in = matches!(op, signaling::Operation::Login { .. });
        match self.how {
            Behavior::Refuses if logs_in => return Err(Outcome::failed(Code::NOT_PERMITTED, "no")),
            Behavior::Panics if logs_in => panic!("a backend's bug"),
            Behavior::Forgets => {}
            Behavior::LogsIn if !logs_in && !matches!(op, signaling::Operation::Logout) => {}
            Behavior::Answers | Behavior::LogsIn | Behavior::Refuses | Behavior::Panics => {
                self.report(Input::SignalDone { req, result: Box::default() });
            }
        }
        Ok(())
    }

    fn notify(&mut self, _: Notification) {}

    fn network_changed(&mut self) {}

    fn close(&mut self) {}
}

impl Rtc for Fake {
    fn start(&mut self, req: Req, _op: RtcOp) -> Result<(), Outcome> {
        self.report(Input::RtcDone { req, outcome: Outcome::default() });
        Ok(())
    }

    fn receive(&mut self, _join: Req, _json: &nertc_callkit_signaling::Text) {}

    fn prepare(&mut self, _preparation: &Preparation) {}

    fn discard(&mut self, _call_no: u64) {}

    fn network_changed(&mut self) {}

    fn close(&mut self) {}
}

/// A running client and the threads that its backend was called on.
pub(super) fn start(
    options: Options,
    how: Behavior,
    listener: Arc<App>,
) -> (Arc<Client>, mpsc::Receiver<ThreadId>) {
    let client = Client::new(options).expect("a thread");
    let (threads, backend_threads) = mpsc::channel();
    let this = Arc::new(OnceLock::new());
    let _ = this.set(Arc::downgrade(&client));
    let fake = || Box::new(Fake { client: this.clone(), how, threads: threads.clone() });
    let mut timers = Timers::default();
    if matches!(how, Behavior::Forgets) {
        timers.login_ms = 5;
    }
    let engine = Engine::new(Config { timers, ..Config::default() }, IdGenerator::test_seed(1));
    client.start(engine, Ports { signaling: fake(), rtc: fake(), listener });
    (client, backend_threads)
}

pub(super) fn login() -> Command {
    Command::Login { account: "alice".into(), token: "".into() }
}

pub(super) fn next(received: &mpsc::Receiver<String>) -> String {
    received.recv_timeout(PATIENCE).expect("a callback")
}

pub(super) const SHARED: Options = Options { manual_dispatch: false, dedicated_thread: false };
pub(super) const APP_DISPATCH: Options = Options { manual_dispatch: true, dedicated_thread: false };

#[test]
fn a_command_completes_and_destroy_ends_with_released() {
    let (app, received) = App::new(|_| assert!(in_callback()));
    let (client, _) = start(SHARED, Behavior::Answers, app);
    assert_eq!(client.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(&received), "done 1 0");
    assert_eq!(&*client.snapshot().account, "alice");
    assert_eq!(client.destroy(), Ok(()));
    assert_eq!(drain(&received), ["released"]);
    assert_eq!(client.destroy(), Err(Refused::Closed));
    assert_eq!(client.command(Ticket(2), login()), Err(Refused::Closed));
    assert_eq!(client.report(Input::ChannelStates(Vec::new())), Err(Refused::Closed));
}

#[test]
fn refused_and_unanswered_operations_complete_the_command() {
    for how in [Behavior::Refuses, Behavior::Forgets] {
        let (app, received) = App::new(|_| ());
        let (client, _) = start(SHARED, how, app);
        assert_eq!(client.command(Ticket(1), login()), Ok(()));
        let done = next(&received);
        assert!(done.starts_with("done 1 4"), "{done}");
        assert_eq!(client.destroy(), Ok(()));
    }
}

#[test]
fn the_deadline_behind_a_run_of_messages_fires() {
    let ((entered, inside), (go, gate)) = (mpsc::channel(), mpsc::channel::<()>());
    let gate = Mutex::new(gate);
    let (holder, _ears) = App::new(move |_| {
        let _ = entered.send(());
        // Once nobody holds the other end, this does not wait.
        let _ = gate.lock().recv();
    });
    let (app, received) = App::new(|_| ());
    let (first, _) = start(SHARED, Behavior::Answers, holder);
    let (client, _) = start(SHARED, Behavior::Forgets, app);
    assert_eq!(first.command(Ticket(1), login()), Ok(()));
    inside.recv_timeout(PATIENCE).expect("the worker is inside a callback");
    assert_eq!(client.command(Ticket(1), login()), Ok(()));
    assert_eq!(client.command(Ticket(2), Command::SetCallTimeout { timeout_ms: 30_000 }), Ok(()));
    drop(go);
    assert_eq!(next(&received), "done 2 0");
    let done = next(&received);
    assert!(done.starts_with("done 1 4"), "{done}");
    assert_eq!((first.destroy(), client.destroy()), (Ok(()), Ok(())));
}

#[test]
fn clients_share_a_thread_unless_they_ask_for_their_own() {
    let mut threads = Vec::new();
    let mut clients = Vec::new();
    for options in [SHARED, APP_DISPATCH, Options { dedicated_thread: true, ..SHARED }] {
        let (app, _ears) = App::new(|_| ());
        let (client, backend) = start(options, Behavior::Answers, app);
        assert_eq!(client.command(Ticket(1), login()), Ok(()));
        threads.push(backend.recv_timeout(PATIENCE).expect("an operation"));
        clients.push(client);
    }
    assert_eq!(threads[0], threads[1]);
    assert_ne!(threads[0], threads[2]);
    for client in clients {
        assert_eq!(client.destroy(), Ok(()));
    }
}

#[test]
fn release_inside_a_callback_completes_open_requests() {
    let this: Arc<OnceLock<Weak<Client>>> = Arc::default();
    let own = this.clone();
    let (app, received) = App::new(move |what| {
        if what == "done 1 0" {
            let client = own.get().and_then(Weak::upgrade).expect("the client lives");
            assert_eq!(client.command(Ticket(2), login()), Ok(()));
            assert_eq!(client.destroy(), Err(Refused::Reentrant));
            assert_eq!(client.release(), Ok(()));
            assert_eq!(client.command(Ticket(3), login()), Err(Refused::Closed));
        }
    });
    let (client, _) = start(SHARED, Behavior::Answers, app);
    let _ = this.set(Arc::downgrade(&client));
    assert_eq!(client.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(&received), "done 1 0");
    assert!(next(&received).starts_with("done 2 "));
    assert_eq!(next(&received), "released");
}

#[test]
fn a_panic_in_one_client_closes_that_client_and_no_other() {
    let (healthy_app, healthy_received) = App::new(|_| ());
    let (healthy, _) = start(SHARED, Behavior::Answers, healthy_app);
    let (app, received) = App::new(|_| ());
    let (broken, _) = start(SHARED, Behavior::Panics, app);
    assert_eq!(broken.command(Ticket(1), login()), Ok(()));
    assert_eq!([next(&received), next(&received), next(&received)], ["Error", "done 1 90003", "released"]);
    assert_eq!(broken.destroy(), Err(Refused::Closed));
    assert_eq!(healthy.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(&healthy_received), "done 1 0");
    assert_eq!(healthy.destroy(), Ok(()));
}

#[test]
fn destroy_runs_pending_callbacks_on_the_calling_thread() {
    let app_thread = thread::current().id();
    let (app, received) = App::new(move |_| assert_eq!(thread::current().id(), app_thread));
    let (client, _) = start(APP_DISPATCH, Behavior::Answers, app);
    assert_eq!(client.command(Ticket(1), login()), Ok(()));
    assert_eq!(client.destroy(), Ok(()));
    let received = drain(&received);
    assert_eq!(received.len(), 2, "{received:?}");
    assert!(received[0].starts_with("done 1 "));
    assert_eq!(received[1], "released");
    assert_eq!(client.dispatch(0), Err(Refused::Closed));
}

#[test]
fn release_wakes_a_waiting_dispatch() {
    let (app, received) = App::new(|_| ());
    let (client, _) = start(APP_DISPATCH, Behavior::Answers, app);
    let background = client.clone();
    let thread = thread::spawn(move || {
        while let Ok(ran) = background.dispatch(-1) {
            assert!(ran <= 1);
        }
    });
    assert_eq!(client.release(), Ok(()));
    assert_eq!(next(&received), "released");
    thread.join().expect("ends when released has run");
    assert_eq!(client.dispatch(0), Err(Refused::Closed));
}

#[test]
fn clients_come_and_go_on_many_threads() {
    let threads = (0..4).map(|_| {
        thread::spawn(|| {
            for round in 0..50 {
                let (app, received) = App::new(|_| ());
                let options = Options { manual_dispatch: round % 3 == 0, dedicated_thread: round % 7 == 0 };
                let (client, _) = start(options, Behavior::Answers, app);
                assert_eq!(client.command(Ticket(1), login()), Ok(()));
                assert_eq!(client.destroy(), Ok(()));
                assert_eq!(drain(&received).last().map(String::as_str), Some("released"));
            }
        })
    });
    for app_thread in threads.collect::<Vec<_>>() {
        app_thread.join().expect("joined");
    }
}
