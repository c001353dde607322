//! Options of the app reach every operation that they concern: flags, texts, ids.

use super::super::input::*;
use super::super::output::*;
use super::super::wire;
use super::harness::Harness;
use nertc_callkit_signaling::{
    self as signaling, CallType, Channel, ChannelState, Code, Message, OperationResult, Outcome, PushText,
    Text,
};

/// The newest operation that `pick` accepts.
#[track_caller]
fn newest<T>(harness: &Harness, pick: impl Fn(&signaling::Operation) -> Option<T>) -> T {
    harness.ops.iter().rev().find_map(pick).expect("such an operation was asked")
}

fn cancel_of(op: &signaling::Operation) -> Option<Message> {
    if let signaling::Operation::Cancel(message) = op { Some(message.clone()) } else { None }
}

fn close_flag(op: &signaling::Operation) -> Option<bool> {
    if let signaling::Operation::Close { no_offline, .. } = op { Some(*no_offline) } else { None }
}

fn leave_flag(op: &signaling::Operation) -> Option<bool> {
    if let signaling::Operation::Leave { no_offline, .. } = op { Some(*no_offline) } else { None }
}

fn call_with(options: CallOptions) -> Harness {
    let mut harness = Harness::new();
    harness.command(Command::Call(options));
    harness.ok("create");
    harness.ok("join");
    harness.ok("invite");
    harness
}

#[test]
fn an_invite_carries_all_options() {
    let push = Box::new(PushText { title: Some("t".into()), content: Some("c".into()), payload: None });
    let options = CallOptions {
        call_type: CallType::Video,
        attachment: Some("for the app".into()),
        extra: Some("for the service".into()),
        push: Some(push.clone()),
        no_offline: true,
        ..Harness::options("bob")
    };
    let harness = call_with(options);
    let (message, expires_ms, sent_push) = newest(&harness, |op| {
        let signaling::Operation::Invite { message, expires_ms, push } = op else { return None };
        Some((message.clone(), *expires_ms, push.clone()))
    });
    assert_eq!((&*message.account, &*message.channel_id), ("bob", "ch1"));
    assert_eq!((message.no_offline, expires_ms, sent_push), (true, 30_000, Some(push)));
    assert_eq!(message.request_id, harness.snapshot().request_id);
    let text = wire::read(&message.custom_info);
    assert_eq!(&*text.attachment, "for the app");
    assert!(message.custom_info.contains("for the service"), "{}", message.custom_info);
    assert!(harness.ops.contains(&signaling::Operation::Create { call_type: CallType::Video }));
    assert!(harness.ops.contains(&signaling::Operation::Join { channel_id: "ch1".into(), no_offline: true }));
}

#[test]
fn no_offline_of_call_or_cancel_applies_to_the_cancel() {
    for (call, cancel, expected) in [(false, false, false), (true, false, true), (false, true, true)] {
        let mut harness = call_with(CallOptions { no_offline: call, ..Harness::options("bob") });
        let which = harness.implied();
        harness.command(Command::Cancel {
            call: which,
            attach_ext: None,
            no_offline: cancel,
            no_record: false,
        });
        assert_eq!(newest(&harness, cancel_of).no_offline, expected, "call {call}, cancel {cancel}");
        harness.ok("cancel");
        assert_eq!(newest(&harness, close_flag), cancel, "call {call}, cancel {cancel}");
    }
}

#[test]
fn a_cancel_carries_its_own_text_or_else_that_of_the_call() {
    for (own, expected) in [(Some("sorry"), "sorry"), (None, "hello")] {
        let mut harness = call_with(CallOptions {
            attachment: Some("hello".into()),
            extra: Some("for the service".into()),
            ..Harness::options("bob")
        });
        let (call, attach_ext) = (harness.implied(), own.map(Text::from));
        harness.command(Command::Cancel { call, attach_ext, no_offline: false, no_record: false });
        let message = newest(&harness, cancel_of);
        assert_eq!(&*wire::read(&message.custom_info).attachment, expected);
        assert!(message.custom_info.contains("for the service"), "{}", message.custom_info);
    }
}

#[test]
fn hangup_and_leave_pass_no_offline_on() {
    for no_offline in [false, true] {
        let mut harness = Harness::in_call();
        let call = harness.implied();
        harness.command(Command::Hangup { call, no_offline, no_record: false, text: None });
        assert_eq!(newest(&harness, close_flag), no_offline);

        let mut harness = Harness::in_call();
        let call = harness.implied();
        harness.command(Command::Leave { call, no_offline, text: None });
        assert_eq!(newest(&harness, leave_flag), no_offline);

        let mut harness = Harness::calling();
        let call = harness.implied();
        harness.command(Command::Hangup { call, no_offline, no_record: false, text: None });
        assert_eq!(newest(&harness, cancel_of).no_offline, no_offline);
        harness.ok("cancel");
        assert_eq!(newest(&harness, close_flag), no_offline);
    }
}

#[test]
fn no_record_of_the_call_or_of_its_end_applies() {
    let mut harness = call_with(CallOptions { no_record: true, ..Harness::options("bob") });
    harness.cancel();
    assert!(!harness.waiting().contains("record"));

    let mut harness = Harness::calling();
    let call = harness.implied();
    harness.command(Command::Cancel { call, attach_ext: None, no_offline: false, no_record: true });
    assert!(!harness.waiting().contains("record"));

    let mut harness = Harness::calling();
    let call = harness.implied();
    harness.command(Command::Hangup { call, no_offline: false, no_record: true, text: None });
    assert!(!harness.waiting().contains("record"));

    let mut harness = call_with(CallOptions { no_record: true, ..Harness::options("bob") });
    harness.become_connected();
    harness.hangup();
    assert!(!harness.waiting().contains("record"));
}

#[test]
fn a_channel_that_a_failed_create_names_is_not_ours() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.cancel();
    harness.forget();
    let channel = Channel { id: "ch9".into(), ..Channel::default() };
    let room = Some(ChannelState { channel, members: Vec::new() });
    let outcome = Outcome::failed(Code::CHANNEL_EXISTS, "there is one");
    harness.answer_with("create", OperationResult { outcome, channel: room, ..OperationResult::default() });
    harness.asked("");
}

#[test]
fn giving_up_on_a_create_asks_for_nothing() {
    let mut harness = Harness::new();
    harness.call("bob");
    harness.cancel();
    harness.forget();
    harness.pass(60_000);
    harness.asked("");
    assert_eq!(harness.engine.poll_timeout(), None);
}

#[test]
fn a_channel_of_the_last_login_is_left_unless_in_use() {
    let room = |id: &str, creator: &str| {
        let channel = Channel { id: id.into(), creator: creator.into(), ..Channel::default() };
        ChannelState { channel, members: Vec::new() }
    };
    let mut harness = Harness::calling();
    harness.cancel();
    harness.call("bob");
    harness.ok("create");
    harness.forget();
    let channel_states = ["ch1", "ch2", "old", ""].map(|id| room(id, "al"));
    harness.handle(Input::ChannelStates(channel_states.into_iter().chain([room("theirs", "bob")]).collect()));
    harness.asked("close old · leave theirs");
}

#[test]
fn a_parked_invite_does_not_ring_while_events_are_blocked() {
    let mut harness = Harness::called();
    harness.invite("bob", "p2", "q2");
    harness.handle(Input::Backlog(true));
    harness.forget();
    harness.peer_cancels();
    harness.emits("on_user_cancel bob · on_call_end 12");
    harness.asked("reject bob p2 q2");
}

#[test]
fn a_parked_invite_does_not_ring_after_close_or_logout() {
    let mut harness = Harness::called();
    harness.invite("bob", "p2", "q2");
    harness.forget();
    harness.close();
    harness.settle();
    assert!(harness.is_closed);
    assert_eq!(harness.events.iter().filter(|event| matches!(event, Event::Invited(_))).count(), 1);

    let mut harness = Harness::called();
    harness.invite("bob", "p2", "q2");
    harness.logout();
    harness.settle();
    assert_eq!(harness.events.iter().filter(|event| matches!(event, Event::Invited(_))).count(), 1);
}
