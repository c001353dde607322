//! The service as a value: it depends on what is handed in alone, and waits for deadlines that it names.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::hash::{DefaultHasher, Hash, Hasher};

use nertc_callkit_abi::nertc_callkit_fault_action::*;
use nertc_callkit_abi::nertc_callkit_fault_on::*;
use nertc_callkit_backend::SignalingMessage;
use nertc_callkit_loopback::Fault;
use nertc_callkit_loopback::service::{Options, Output, Port, Service};
use nertc_callkit_media::{Join, MediaOperation};
use nertc_callkit_signaling::{
    CallType, Code, DeviceAddr, EventKind, InviteState, Message, Notification, Operation, Req, Text,
};

const NOW: u64 = 1_800_000_000_000;

/// A service, its clock and the numbers of its requests.
#[derive(Clone)]
struct Rig {
    service: Service,
    now: u64,
    req: u64,
}

impl Rig {
    fn new(now: u64, req: u64) -> Rig {
        let options = Options { channel_prefix: "c".into(), ..Options::default() };
        Rig { service: Service::new(options), now, req }
    }

    fn online(&mut self, account: &str, device: &str) -> Port {
        let port = self.service.attach();
        self.login(port, account, device);
        port
    }

    fn login(&mut self, port: Port, account: &str, device: &str) -> Vec<Output> {
        self.req += 1;
        let addr = DeviceAddr { account: account.into(), device: device.into() };
        self.service.login(self.now, port, Req(self.req), addr);
        self.take()
    }

    fn run(&mut self, port: Port, operation: &Operation) -> Vec<Output> {
        self.req += 1;
        self.service.run(self.now, port, Req(self.req), operation);
        self.take()
    }

    fn take(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.service.poll_output()).collect()
    }

    /// A channel of `port`, in which it is, and which rings bob.
    fn ring_bob(&mut self, port: Port) -> Text {
        let created = self.run(port, &Operation::Create { call_type: CallType::Audio });
        let Some(Output::Signaling(_, SignalingMessage::Completed(_, result))) = created.last() else {
            panic!("{created:?}")
        };
        let channel = result.channel.clone().unwrap().channel.id;
        self.run(port, &Operation::Join { channel_id: channel.clone(), no_offline: false });
        let message = self.message(&channel, "bob", "");
        self.run(port, &Operation::Invite { message, expires_ms: 30_000, push: None });
        channel
    }

    fn message(&self, channel: &Text, account: &str, custom_info: &str) -> Message {
        Message {
            channel_id: channel.clone(),
            account: account.into(),
            request_id: "r1".into(),
            custom_info: custom_info.into(),
            no_offline: false,
        }
    }

    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.service.hash(&mut hasher);
        hasher.finish()
    }

    /// Its clock times, from now on.
    fn times(&self) -> Vec<i64> {
        self.service.times().map(|time| time as i64 - self.now as i64).collect()
    }
}

fn fault(action: i32, on: i32, more: Fault) -> Fault {
    Fault { action, on, ..more }
}

/// The kinds of the events for a port.
fn kinds(outputs: &[Output], whose: Port) -> Vec<EventKind> {
    let kind = |output: &Output| match output {
        Output::Signaling(port, SignalingMessage::Online(event)) if *port == whose => Some(event.kind),
        Output::Signaling(..) | Output::Media(..) | Output::Discard(_) => None,
    };
    outputs.iter().filter_map(kind).collect()
}

/// A call that rings one device of bob, is rejected as busy by it, and waits for an offline one.
fn scenario(rig: &mut Rig) -> Vec<Output> {
    let alice = rig.online("alice", "phone");
    let (bob, tablet) = (rig.online("bob", "phone"), rig.online("bob", "tablet"));
    rig.run(tablet, &Operation::Logout);
    let channel = rig.ring_bob(alice);
    let ringing = Notification::InviteState {
        channel_id: channel.clone(),
        account: "alice".into(),
        request_id: "r1".into(),
        state: InviteState::Ringing,
    };
    rig.now += 100;
    rig.service.notify(rig.now, bob, &ringing);
    let reject = Operation::Reject(rig.message(&channel, "alice", r#"{"local":true}"#));
    rig.run(bob, &reject)
}

#[test]
fn a_copy_goes_on_alike() {
    let mut one = Rig::new(NOW, 0);
    scenario(&mut one);
    let mut two = one.clone();
    assert_eq!(one.hash(), two.hash());
    let (alice, bob) = (one.online("alice", "desk"), one.online("bob", "tablet"));
    assert_ne!(one.hash(), two.hash(), "somebody came");
    assert_eq!((alice, bob), (two.online("alice", "desk"), two.online("bob", "tablet")));
    assert_eq!(one.hash(), two.hash());
    let deadline = one.service.poll_timeout().unwrap();
    one.service.handle_timeout(deadline);
    two.service.handle_timeout(deadline);
    let outputs = one.take();
    assert_eq!(outputs, two.take());
    assert!(!outputs.is_empty() && one.hash() == two.hash());
}

#[test]
fn a_hash_leaves_out_times_and_request_numbers() {
    let (mut one, mut two) = (Rig::new(NOW, 0), Rig::new(NOW + 12_345, 700));
    scenario(&mut one);
    scenario(&mut two);
    assert_eq!(one.hash(), two.hash());
    assert_eq!(one.times(), [2_000, -100], "the local reject, and the invite that waits for the tablet");
    assert_eq!(one.times(), two.times());
    two.now += 1;
    assert_ne!(one.times(), two.times());
}

#[test]
fn different_behaviour_has_different_hashes() {
    let mut base = Rig::new(NOW, 0);
    let (alice, bob) = (base.online("alice", "phone"), base.online("bob", "phone"));
    let channel = base.ring_bob(alice);
    let answer = base.message(&channel, "alice", "");
    let mut hashes = vec![base.hash()];
    let mut after = |change: &dyn Fn(&mut Rig)| {
        let mut rig = base.clone();
        change(&mut rig);
        hashes.push(rig.hash());
    };
    after(&|rig| drop(rig.run(bob, &Operation::Accept(answer.clone()))));
    after(&|rig| drop(rig.run(bob, &Operation::Reject(answer.clone()))));
    after(&|rig| drop(rig.run(bob, &Operation::Logout)));
    after(&|rig| rig.service.detach(NOW, alice));
    after(&|rig| drop(rig.run(bob, &Operation::Join { channel_id: channel.clone(), no_offline: false })));
    after(&|rig| drop(rig.run(bob, &Operation::Create { call_type: CallType::Audio })));
    let lost =
        fault(NERTC_CALLKIT_FAULT_DROP as i32, NERTC_CALLKIT_FAULT_ON_EVENT_CANCEL as i32, Fault::default());
    after(&|rig| rig.service.add_fault(NOW, lost.clone()).unwrap());
    let join = |uid| {
        MediaOperation::Join(Box::new(Join {
            channel_name: "room".into(),
            uid,
            token: Text::EMPTY,
            call_type: CallType::Audio,
            is_inviter: false,
            peer: Text::EMPTY,
            call_id: Text::EMPTY,
            call_no: 0,
            account: Text::EMPTY,
            device: Text::EMPTY,
        }))
    };
    after(&|rig| {
        let port = rig.service.attach_media();
        rig.service.run_media(|| NOW, port, Req(1), &join(1));
        rig.take();
    });
    let count = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

#[test]
fn deadlines_are_named_and_pass_once() {
    let mut rig = Rig::new(NOW, 0);
    let (alice, bob) = (rig.online("alice", "phone"), rig.online("bob", "phone"));
    let late = Fault { delay_ms: 250, ..Fault::default() };
    let on = NERTC_CALLKIT_FAULT_ON_EVENT_INVITE as i32;
    rig.service.add_fault(NOW, fault(NERTC_CALLKIT_FAULT_DELAY as i32, on, late)).unwrap();
    assert_eq!(rig.service.poll_timeout(), None);
    rig.ring_bob(alice);
    assert_eq!(rig.service.poll_timeout(), Some(NOW + 250));
    rig.service.handle_timeout(NOW + 249);
    assert_eq!(rig.take(), []);
    rig.service.handle_timeout(NOW + 250);
    assert_eq!(kinds(&rig.take(), bob), [EventKind::Invite]);
    assert_eq!(rig.service.poll_timeout(), None);
}

#[test]
fn a_vanished_device_loses_what_is_on_its_way() {
    let mut rig = Rig::new(NOW, 0);
    let (alice, bob) = (rig.online("alice", "phone"), rig.online("bob", "phone"));
    let late = Fault { delay_ms: 250, ..Fault::default() };
    let on = NERTC_CALLKIT_FAULT_ON_EVENT_INVITE as i32;
    rig.service.add_fault(NOW, fault(NERTC_CALLKIT_FAULT_DELAY as i32, on, late)).unwrap();
    let channel = rig.ring_bob(alice);
    let bobs = Fault { account: Some("bob".into()), ..Fault::default() };
    let die = fault(NERTC_CALLKIT_FAULT_CRASH as i32, NERTC_CALLKIT_FAULT_ON_NOW as i32, bobs);
    rig.service.add_fault(NOW, die).unwrap();
    assert_eq!(rig.take(), [Output::Discard(bob)]);
    rig.service.handle_timeout(NOW + 250);
    assert_eq!(rig.take(), []);
    let cancel = Operation::Cancel(rig.message(&channel, "bob", ""));
    rig.run(alice, &cancel);
    let found = rig.login(bob, "bob", "phone");
    let Some(Output::Signaling(_, SignalingMessage::Offline(events))) = found.last() else {
        panic!("{found:?}")
    };
    assert_eq!(events.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::Cancel]);
}

#[test]
fn a_forgotten_device_leaves_its_channels() {
    let mut rig = Rig::new(NOW, 0);
    let (alice, bob) = (rig.online("alice", "phone"), rig.online("bob", "0"));
    let channel = rig.ring_bob(alice);
    rig.run(bob, &Operation::Join { channel_id: channel.clone(), no_offline: false });
    rig.service.detach(NOW, bob);
    for device in 1..16 {
        let port = rig.online("bob", &device.to_string());
        rig.service.detach(NOW, port);
    }
    let port = rig.service.attach();
    assert_eq!(kinds(&rig.login(port, "bob", "15"), alice), [], "it is known");
    rig.service.detach(NOW, port);
    let port = rig.service.attach();
    assert_eq!(kinds(&rig.login(port, "bob", "16"), alice), [EventKind::Leave]);
    assert_eq!(rig.service.channels_at(alice).map(|it| it.members.len()).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_closed_port_neither_sends_nor_receives() {
    let mut rig = Rig::new(NOW, 0);
    let (alice, bob) = (rig.online("alice", "phone"), rig.online("bob", "phone"));
    rig.service.detach(NOW, bob);
    assert_eq!(rig.login(bob, "bob", "phone"), []);
    assert_eq!(rig.run(bob, &Operation::Create { call_type: CallType::Audio }), []);
    rig.ring_bob(alice);
    assert_eq!(rig.take(), []);
    let invited = rig.service.pending_invites().map(|it| it.to.clone()).collect::<Vec<_>>();
    assert_eq!((invited, rig.service.device(bob)), (vec!["bob".into()], None));
    let code = |outputs: &[Output]| match outputs {
        [Output::Signaling(_, SignalingMessage::Completed(_, result)), ..] => result.outcome.code,
        other => panic!("{other:?}"),
    };
    let login = Operation::Login { account: "alice".into(), token: Text::EMPTY };
    assert_eq!(code(&rig.run(alice, &login)), Code::INVALID_ARGUMENT);
}
