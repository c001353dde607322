//! The whole way with a real engine: command, plug, completion, end.

use std::sync::OnceLock;
use std::sync::Weak;
use std::thread::ThreadId;

use super::*;
use crate::engine::output::RtcOp;
use crate::engine::{Config, IdGenerator, Timers};
use nertc_callkit_signaling::{self as signaling, Code, Notification};

/// What the signaling plug does when it is asked to log in.
#[derive(Clone, Copy)]
pub(super) enum Plug {
    Answers,
    /// Logs in and out, and answers nothing else.
    LogsIn,
    Refuses,
    Forgets,
    Panics,
}

/// Both plugs of a kit; reports are made from inside the operation.
struct Fake {
    kit: Arc<OnceLock<Weak<Kit>>>,
    how: Plug,
    threads: mpsc::Sender<ThreadId>,
}

impl Fake {
    fn report(&self, report: Report) {
        let kit = self.kit.get().and_then(Weak::upgrade).expect("the kit lives");
        assert_eq!(kit.report(report), Ok(()));
    }
}

impl Signaling for Fake {
    fn start(&mut self, req: Req, op: signaling::Operation) -> Result<(), Outcome> {
        let _ = self.threads.send(thread::current().id());
        let logs_in = matches!(op, signaling::Operation::Login { .. });
        match self.how {
            Plug::Refuses if logs_in => return Err(Outcome::failed(Code::NOT_PERMITTED, "no")),
            Plug::Panics if logs_in => panic!("a plug's bug"),
            Plug::Forgets => {}
            Plug::LogsIn if !logs_in && !matches!(op, signaling::Operation::Logout) => {}
            Plug::Answers | Plug::LogsIn | Plug::Refuses | Plug::Panics => {
                self.report(Report::SignalDone { req, result: OperationResult::default() });
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
        self.report(Report::RtcDone { req, outcome: Outcome::default() });
        Ok(())
    }

    fn network_changed(&mut self) {}

    fn close(&mut self) {}
}

/// A running kit and the threads that its plug was called on.
pub(super) fn start(options: Options, how: Plug, listener: Arc<App>) -> (Arc<Kit>, mpsc::Receiver<ThreadId>) {
    let kit = Kit::new(options).expect("a thread");
    let (threads, plug_threads) = mpsc::channel();
    let this = Arc::new(OnceLock::new());
    let _ = this.set(Arc::downgrade(&kit));
    let fake = || Box::new(Fake { kit: this.clone(), how, threads: threads.clone() });
    let mut timers = Timers::default();
    if matches!(how, Plug::Forgets) {
        timers.login_ms = 5;
    }
    let engine = Engine::new(Config { timers, ..Config::default() }, IdGenerator::test_seed(1));
    kit.start(engine, Ports { signaling: fake(), rtc: fake(), listener });
    (kit, plug_threads)
}

pub(super) fn login() -> Command {
    Command::Login { account: "alice".into(), token: "".into() }
}

pub(super) fn next(ears: &mpsc::Receiver<String>) -> String {
    ears.recv_timeout(PATIENCE).expect("a callback")
}

pub(super) const SHARED: Options = Options { host_delivery: false, own_worker: false };
pub(super) const HOST: Options = Options { host_delivery: true, own_worker: false };

#[test]
fn a_command_completes_and_destroy_ends_with_released() {
    let (app, ears) = App::new(|_| assert!(in_callback()));
    let (kit, _) = start(SHARED, Plug::Answers, app);
    assert_eq!(kit.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(&ears), "done 1 0");
    assert_eq!(&*kit.snapshot().account, "alice");
    assert_eq!(kit.destroy(), Ok(()));
    assert_eq!(heard(&ears), ["released"]);
    assert_eq!(kit.destroy(), Err(Refused::Closed));
    assert_eq!(kit.command(Ticket(2), login()), Err(Refused::Closed));
    assert_eq!(kit.report(Report::Rooms(Vec::new())), Err(Refused::Closed));
}

#[test]
fn a_refusal_of_the_plug_and_its_silence_both_complete_the_command() {
    for how in [Plug::Refuses, Plug::Forgets] {
        let (app, ears) = App::new(|_| ());
        let (kit, _) = start(SHARED, how, app);
        assert_eq!(kit.command(Ticket(1), login()), Ok(()));
        let done = next(&ears);
        assert!(done.starts_with("done 1 4"), "{done}");
        assert_eq!(kit.destroy(), Ok(()));
    }
}

#[test]
fn kits_share_a_thread_unless_they_ask_for_their_own() {
    let mut threads = Vec::new();
    let mut kits = Vec::new();
    for options in [SHARED, HOST, Options { own_worker: true, ..SHARED }] {
        let (app, _ears) = App::new(|_| ());
        let (kit, plug) = start(options, Plug::Answers, app);
        assert_eq!(kit.command(Ticket(1), login()), Ok(()));
        threads.push(plug.recv_timeout(PATIENCE).expect("an operation"));
        kits.push(kit);
    }
    assert_eq!(threads[0], threads[1]);
    assert_ne!(threads[0], threads[2]);
    for kit in kits {
        assert_eq!(kit.destroy(), Ok(()));
    }
}

#[test]
fn release_inside_a_callback_closes_at_once_and_completes_what_is_open() {
    let this: Arc<OnceLock<Weak<Kit>>> = Arc::default();
    let own = this.clone();
    let (app, ears) = App::new(move |what| {
        if what == "done 1 0" {
            let kit = own.get().and_then(Weak::upgrade).expect("the kit lives");
            assert_eq!(kit.command(Ticket(2), login()), Ok(()));
            assert_eq!(kit.destroy(), Err(Refused::Reentrant));
            assert_eq!(kit.release(), Ok(()));
            assert_eq!(kit.command(Ticket(3), login()), Err(Refused::Closed));
        }
    });
    let (kit, _) = start(SHARED, Plug::Answers, app);
    let _ = this.set(Arc::downgrade(&kit));
    assert_eq!(kit.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(&ears), "done 1 0");
    assert!(next(&ears).starts_with("done 2 "));
    assert_eq!(next(&ears), "released");
}

#[test]
fn a_panic_in_one_kit_closes_that_kit_and_no_other() {
    let (sound_app, sound_ears) = App::new(|_| ());
    let (sound, _) = start(SHARED, Plug::Answers, sound_app);
    let (app, ears) = App::new(|_| ());
    let (broken, _) = start(SHARED, Plug::Panics, app);
    assert_eq!(broken.command(Ticket(1), login()), Ok(()));
    assert_eq!([next(&ears), next(&ears), next(&ears)], ["Error", "done 1 90003", "released"]);
    assert_eq!(broken.destroy(), Err(Refused::Closed));
    assert_eq!(sound.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(&sound_ears), "done 1 0");
    assert_eq!(sound.destroy(), Ok(()));
}

#[test]
fn a_host_runs_what_is_pending_inside_destroy_on_its_own_thread() {
    let host = thread::current().id();
    let (app, ears) = App::new(move |_| assert_eq!(thread::current().id(), host));
    let (kit, _) = start(HOST, Plug::Answers, app);
    assert_eq!(kit.command(Ticket(1), login()), Ok(()));
    assert_eq!(kit.destroy(), Ok(()));
    let heard = heard(&ears);
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[0].starts_with("done 1 "));
    assert_eq!(heard[1], "released");
    assert_eq!(kit.dispatch(0), Err(Refused::Closed));
}

#[test]
fn release_wakes_a_waiting_dispatch_and_the_next_one_runs_the_rest() {
    let (app, ears) = App::new(|_| ());
    let (kit, _) = start(HOST, Plug::Answers, app);
    let background = kit.clone();
    let thread = thread::spawn(move || {
        while let Ok(ran) = background.dispatch(-1) {
            assert!(ran <= 1);
        }
    });
    assert_eq!(kit.release(), Ok(()));
    assert_eq!(next(&ears), "released");
    thread.join().expect("ends when released has run");
    assert_eq!(kit.dispatch(0), Err(Refused::Closed));
}

#[test]
fn kits_come_and_go_on_many_threads() {
    let hosts = (0..4).map(|_| {
        thread::spawn(|| {
            for round in 0..50 {
                let (app, ears) = App::new(|_| ());
                let options = Options { host_delivery: round % 3 == 0, own_worker: round % 7 == 0 };
                let (kit, _) = start(options, Plug::Answers, app);
                assert_eq!(kit.command(Ticket(1), login()), Ok(()));
                assert_eq!(kit.destroy(), Ok(()));
                assert_eq!(heard(&ears).last().map(String::as_str), Some("released"));
            }
        })
    });
    for host in hosts.collect::<Vec<_>>() {
        host.join().expect("joined");
    }
}
