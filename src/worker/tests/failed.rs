//! A panic inside a client: nothing that it owes is left open.

use std::sync::{OnceLock, Weak};

use super::running::{APP_DISPATCH, SHARED, login, next};
use super::*;
use crate::engine::input::{CallOptions, SwitchStep};
use crate::engine::output::{Preparation, RtcOp};
use crate::engine::{Caps, Config, IdGenerator};
use nertc_callkit_signaling::{
    self as signaling, CallType, Channel, ChannelState, EventKind, Member, Notification, Origin,
};

/// Completes everything, and panics at a control message, with a command of the app queued after it.
struct Planted {
    client: Arc<OnceLock<Weak<Client>>>,
    asked: mpsc::Sender<signaling::Operation>,
}

impl Planted {
    fn client(&self) -> Arc<Client> {
        self.client.get().and_then(Weak::upgrade).expect("the client lives")
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
            assert_eq!(self.client().command(Ticket(9), Command::Logout), Ok(()));
            panic!("planted");
        }
        let result = OperationResult { channel: Some(room()), ..OperationResult::default() };
        let _ = self.client().report(Input::SignalDone { req, result: result.into() });
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
        let _ = self.client().report(Input::RtcDone { req, outcome: Outcome::default() });
        Ok(())
    }

    fn receive(&mut self, _join: Req, _json: &nertc_callkit_signaling::Text) {}

    fn prepare(&mut self, _preparation: &Preparation) {}

    fn discard(&mut self, _call_no: u64) {}

    fn network_changed(&mut self) {}

    fn close(&mut self) {}
}

fn start(options: Options, listener: Arc<App>) -> (Arc<Client>, mpsc::Receiver<signaling::Operation>) {
    let client = Client::new(options).expect("a thread");
    let (asked, ops) = mpsc::channel();
    let this = Arc::new(OnceLock::new());
    let _ = this.set(Arc::downgrade(&client));
    let fake = || Box::new(Planted { client: this.clone(), asked: asked.clone() });
    let caps = Caps { control: true, no_media: true, ..Caps::default() };
    let engine = Engine::new(Config { caps, ..Config::default() }, IdGenerator::test_seed(1));
    client.start(engine, Ports { signaling: fake(), rtc: fake(), listener });
    (client, ops)
}

fn message(signal: EventKind, channel: &str, request: &str) -> Input {
    let events = vec![signaling::Event {
        kind: signal,
        channel: Channel { id: channel.into(), call_type: 1, ..Channel::default() },
        from: "bob".into(),
        from_device: "".into(),
        to: "alice".into(),
        request_id: request.into(),
        custom_info: "{\"version\":\"1.8.1\",\"channelName\":\"r\",\"callId\":\"c\"}".into(),
        time_ms: 0,
        uid: 0,
    }];
    Input::Signals { origin: Origin::Online, events }
}

/// Logged in, and in a call that bob began.
fn in_call(client: &Client, received: &mpsc::Receiver<String>) {
    assert_eq!(client.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(received), "done 1 0");
    assert_eq!(client.report(message(EventKind::Invite, "room", "q")), Ok(()));
    assert_eq!(next(received), "Invited");
    assert_eq!(client.command(Ticket(2), Command::Accept { call: CallRef::default() }), Ok(()));
    assert_eq!(next(received), "done 2 0");
    assert_eq!(next(received), "UserEnter");
    assert_eq!(next(received), "CallConnected");
}

#[test]
fn a_panic_in_a_call_ends_it_and_completes_open_requests() {
    let (app, received) = App::new(|_| ());
    let (client, ops) = start(SHARED, app);
    in_call(&client, &received);
    let switch = Command::SwitchCallType { call_type: CallType::Video, step: SwitchStep::Invite };
    assert_eq!(client.command(Ticket(3), switch), Ok(()));
    let received_events: Vec<String> = (0..5).map(|_| next(&received)).collect();
    assert_eq!(received_events, ["Error", "done 3 90003", "CallEnd", "done 9 90003", "released"]);
    assert_eq!(client.snapshot(), Default::default());
    assert_eq!(client.command(Ticket(4), login()), Err(Refused::Closed));
    assert_eq!(client.destroy(), Err(Refused::Closed));
    let asked: Vec<signaling::Operation> = ops.try_iter().collect();
    let Some(signaling::Operation::Close { channel_id, .. }) = asked.last() else {
        panic!("not closed: {asked:?}")
    };
    assert_eq!(&**channel_id, "room");
}

#[test]
fn a_panic_while_ringing_or_calling_ends_the_call() {
    let (app, received) = App::new(|_| ());
    let (client, ops) = start(SHARED, app);
    assert_eq!(client.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(&received), "done 1 0");
    assert_eq!(client.report(message(EventKind::Invite, "room", "q")), Ok(()));
    assert_eq!(next(&received), "Invited");
    assert_eq!(client.network_changed(), Ok(()));
    let received_events: Vec<String> = (0..3).map(|_| next(&received)).collect();
    assert_eq!(received_events, ["Error", "CallEnd", "released"]);
    let last = ops.try_iter().last();
    assert!(matches!(last, Some(signaling::Operation::Reject(message)) if &*message.request_id == "q"));
    let (app, received) = App::new(|_| ());
    let (client, ops) = start(SHARED, app);
    assert_eq!(client.command(Ticket(1), login()), Ok(()));
    assert_eq!(next(&received), "done 1 0");
    let options = CallOptions::to("bob".into(), CallType::Audio);
    assert_eq!(client.command(Ticket(2), Command::Call(options)), Ok(()));
    assert_eq!(next(&received), "done 2 0");
    assert_eq!(client.network_changed(), Ok(()));
    let received_events: Vec<String> = (0..3).map(|_| next(&received)).collect();
    assert_eq!(received_events, ["Error", "CallEnd", "released"]);
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
fn with_manual_dispatch_a_panic_is_reported_in_the_queue() {
    let (app, received) = App::new(|_| ());
    let (client, _ops) = start(APP_DISPATCH, app);
    assert_eq!(client.command(Ticket(1), login()), Ok(()));
    assert_eq!(client.dispatch(-1), Ok(1));
    assert_eq!(client.network_changed(), Ok(()));
    while client.dispatch(-1).is_ok() {}
    assert_eq!(drain(&received), ["done 1 0", "Error", "released"]);
}
