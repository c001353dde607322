//! A panic inside a component: nothing that it owes is left open.

use std::sync::{OnceLock, Weak};

use super::running::{HOST, SHARED, login, next};
use super::*;
use crate::engine::input::{CallOptions, SwitchStep};
use crate::engine::output::RtcOp;
use crate::engine::{Caps, Config, IdGenerator};
use nertc_callkit_signaling::{
    self as signaling, CallType, Channel, EventKind, Member, Notification, OperationResult,
};

/// Answers everything well, and panics at a control message, with a command of the app behind it.
struct Planted {
    kit: Arc<OnceLock<Weak<Kit>>>,
    asked: mpsc::Sender<signaling::Operation>,
}

impl Planted {
    fn kit(&self) -> Arc<Kit> {
        self.kit.get().and_then(Weak::upgrade).expect("the kit lives")
    }
}

fn room() -> ChannelState {
    let member = Member { account: "alice".into(), device: "".into(), uid: 7 };
    ChannelState { channel: Channel { id: "room".into(), ..Channel::default() }, members: vec![member] }
}

impl Signaling for Planted {
    fn start(&mut self, req: Req, op: signaling::Operation) -> Result<(), Outcome> {
        let _ = self.asked.send(op.clone());
        if matches!(op, signaling::Operation::Control(_)) {
            assert_eq!(self.kit().command(Ticket(9), Command::Logout), Ok(()));
            panic!("planted");
        }
        let result = OperationResult { channel: Some(room()), ..OperationResult::default() };
        let _ = self.kit().report(Report::SignalDone { req, result });
        Ok(())
    }

    fn notify(&mut self, _: Notification) {}

    fn network_changed(&mut self) {
        panic!("planted");
    }

    fn close(&mut self) {}
}

impl Rtc for Planted {
    fn start(&mut self, req: Req, _: RtcOp) -> Result<(), Outcome> {
        let _ = self.kit().report(Report::RtcDone { req, outcome: Outcome::default() });
        Ok(())
    }

    fn network_changed(&mut self) {}

    fn close(&mut self) {}
}

fn start(options: Options, listener: Arc<App>) -> (Arc<Kit>, mpsc::Receiver<signaling::Operation>) {
    let kit = Kit::new(options).expect("a thread");
    let (asked, ops) = mpsc::channel();
    let this = Arc::new(OnceLock::new());
    let _ = this.set(Arc::downgrade(&kit));
    let fake = || Box::new(Planted { kit: this.clone(), asked: asked.clone() });
    let caps = Caps { control: true, no_media: true, ..Caps::default() };
    let engine = Engine::new(Config { caps, ..Config::default() }, IdGenerator::test_seed(1));
    kit.start(engine, Ports { signaling: fake(), rtc: fake(), listener });
    (kit, ops)
}

fn message(kind: EventKind, channel: &str, request: &str) -> Report {
    let events = vec![signaling::Event {
        kind,
        channel: Channel { id: channel.into(), call_type: 1, ..Channel::default() },
        from: "bob".into(),
        from_device: "".into(),
        to: "alice".into(),
        request_id: request.into(),
        custom_info: "{\"version\":\"1.8.1\",\"channelName\":\"r\",\"callId\":\"c\"}".into(),
        time_ms: 0,
        uid: 0,
    }];
    Report::Signals { origin: Origin::Online, events }
}

/// Logged in, and in a call that bob began.
fn in_call(kit: &Kit, ears: &mpsc::Receiver<String>) {
    assert_eq!(kit.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(ears), "done 1 0");
    assert_eq!(kit.report(message(EventKind::Invite, "room", "q")), Ok(()));
    assert_eq!(next(ears), "Invited");
    assert_eq!(kit.command(Ticket(2), Command::Accept { call: CallRef::default() }), Ok(()));
    assert_eq!(next(ears), "done 2 0");
    assert_eq!(next(ears), "UserEnter");
    assert_eq!(next(ears), "CallConnected");
}

#[test]
fn a_panic_in_a_call_ends_it_for_both_and_completes_all_that_was_asked() {
    let (app, ears) = App::new(|_| ());
    let (kit, ops) = start(SHARED, app);
    in_call(&kit, &ears);
    let switch = Command::SwitchCallType { call_type: CallType::Video, step: SwitchStep::Invite };
    assert_eq!(kit.command(Ticket(3), switch), Ok(()));
    let told: Vec<String> = (0..5).map(|_| next(&ears)).collect();
    assert_eq!(told, ["Error", "done 3 90003", "CallEnd", "done 9 90003", "released"]);
    assert_eq!(kit.snapshot(), Default::default());
    assert_eq!(kit.command(Ticket(4), login()), Err(Refused::Closed));
    assert_eq!(kit.destroy(), Err(Refused::Closed));
    let asked: Vec<signaling::Operation> = ops.try_iter().collect();
    let Some(signaling::Operation::Close { channel_id, .. }) = asked.last() else {
        panic!("not closed: {asked:?}")
    };
    assert_eq!(&**channel_id, "room");
}

#[test]
fn a_panic_while_ringing_or_calling_ends_that_too() {
    let (app, ears) = App::new(|_| ());
    let (kit, ops) = start(SHARED, app);
    assert_eq!(kit.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(&ears), "done 1 0");
    assert_eq!(kit.report(message(EventKind::Invite, "room", "q")), Ok(()));
    assert_eq!(next(&ears), "Invited");
    assert_eq!(kit.network_changed(), Ok(()));
    let told: Vec<String> = (0..3).map(|_| next(&ears)).collect();
    assert_eq!(told, ["Error", "CallEnd", "released"]);
    let last = ops.try_iter().last();
    assert!(matches!(last, Some(signaling::Operation::Reject(message)) if &*message.request_id == "q"));
    let (app, ears) = App::new(|_| ());
    let (kit, ops) = start(SHARED, app);
    assert_eq!(kit.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(&ears), "done 1 0");
    let options = CallOptions {
        user: "bob".into(),
        call_type: CallType::Audio,
        attachment: None,
        extra: None,
        push: None,
        no_offline: false,
        no_record: false,
    };
    assert_eq!(kit.command(Ticket(2), Command::Call(options)), Ok(()));
    assert_eq!(next(&ears), "done 2 0");
    assert_eq!(kit.network_changed(), Ok(()));
    let told: Vec<String> = (0..3).map(|_| next(&ears)).collect();
    assert_eq!(told, ["Error", "CallEnd", "released"]);
    let asked: Vec<signaling::Operation> = ops.try_iter().collect();
    assert!(
        matches!(
            &asked[asked.len() - 2..],
            [signaling::Operation::Cancel(_), signaling::Operation::Close { .. }]
        ),
        "{asked:?}"
    );
}

#[test]
fn a_host_finds_the_same_in_its_queue() {
    let (app, ears) = App::new(|_| ());
    let (kit, _ops) = start(HOST, app);
    assert_eq!(kit.command(Ticket(1), login()), Ok(()));
    assert_eq!(kit.dispatch(-1), Ok(1));
    assert_eq!(kit.network_changed(), Ok(()));
    while kit.dispatch(-1).is_ok() {}
    assert_eq!(heard(&ears), ["done 1 0", "Error", "released"]);
}
