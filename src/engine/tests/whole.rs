//! What the app says once reaches every operation that it concerns: flags, texts, ids.

use super::super::input::*;
use super::super::output::*;
use super::super::wire;
use super::rig::Rig;
use nertc_callkit_signaling::{
    self as signaling, CallType, Channel, ChannelState, Code, Message, OperationResult, Outcome, PushText,
    Text,
};

/// The newest operation that `pick` knows.
#[track_caller]
fn newest<T>(rig: &Rig, pick: impl Fn(&signaling::Operation) -> Option<T>) -> T {
    rig.ops.iter().rev().find_map(pick).expect("such an operation was asked")
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

fn call_with(options: CallOptions) -> Rig {
    let mut rig = Rig::new();
    rig.command(Command::Call(options));
    rig.ok("create");
    rig.ok("join");
    rig.ok("invite");
    rig
}

#[test]
fn an_invite_carries_all_that_the_app_said() {
    let push = PushText { title: Some("t".into()), content: Some("c".into()), payload: None };
    let options = CallOptions {
        call_type: CallType::Video,
        attachment: Some("for the app".into()),
        extra: Some("for the service".into()),
        push: Some(push.clone()),
        no_offline: true,
        ..Rig::options("bob")
    };
    let rig = call_with(options);
    let (message, expires_ms, sent_push) = newest(&rig, |op| {
        let signaling::Operation::Invite { message, expires_ms, push } = op else { return None };
        Some((message.clone(), *expires_ms, push.clone()))
    });
    assert_eq!((&*message.account, &*message.channel_id), ("bob", "ch1"));
    assert_eq!((message.no_offline, expires_ms, sent_push), (true, 30_000, Some(push)));
    assert_eq!(message.request_id, rig.snapshot().request_id);
    let text = wire::read(&message.custom_info);
    assert_eq!(&*text.attachment, "for the app");
    assert!(message.custom_info.contains("for the service"), "{}", message.custom_info);
    assert!(rig.ops.contains(&signaling::Operation::Create { call_type: CallType::Video }));
    assert!(rig.ops.contains(&signaling::Operation::Join { channel_id: "ch1".into(), no_offline: true }));
}

#[test]
fn a_cancel_keeps_nothing_for_offline_devices_if_the_call_or_the_cancel_says_so() {
    for (call, cancel, expected) in [(false, false, false), (true, false, true), (false, true, true)] {
        let mut rig = call_with(CallOptions { no_offline: call, ..Rig::options("bob") });
        let which = rig.implied();
        rig.command(Command::Cancel { call: which, attach_ext: None, no_offline: cancel, no_record: false });
        assert_eq!(newest(&rig, cancel_of).no_offline, expected, "call {call}, cancel {cancel}");
        rig.ok("cancel");
        assert_eq!(newest(&rig, close_flag), cancel, "call {call}, cancel {cancel}");
    }
}

#[test]
fn a_cancel_carries_its_own_text_or_else_that_of_the_call() {
    for (own, expected) in [(Some("sorry"), "sorry"), (None, "hello")] {
        let mut rig = call_with(CallOptions {
            attachment: Some("hello".into()),
            extra: Some("for the service".into()),
            ..Rig::options("bob")
        });
        let (call, attach_ext) = (rig.implied(), own.map(Text::from));
        rig.command(Command::Cancel { call, attach_ext, no_offline: false, no_record: false });
        let message = newest(&rig, cancel_of);
        assert_eq!(&*wire::read(&message.custom_info).attachment, expected);
        assert!(message.custom_info.contains("for the service"), "{}", message.custom_info);
    }
}

#[test]
fn hangup_and_leave_say_whether_offline_devices_hear_of_it() {
    for no_offline in [false, true] {
        let mut rig = Rig::in_call();
        let call = rig.implied();
        rig.command(Command::Hangup { call, no_offline, no_record: false, text: None });
        assert_eq!(newest(&rig, close_flag), no_offline);

        let mut rig = Rig::in_call();
        let call = rig.implied();
        rig.command(Command::Leave { call, no_offline, text: None });
        assert_eq!(newest(&rig, leave_flag), no_offline);

        let mut rig = Rig::calling();
        let call = rig.implied();
        rig.command(Command::Hangup { call, no_offline, no_record: false, text: None });
        assert_eq!(newest(&rig, cancel_of).no_offline, no_offline);
        rig.ok("cancel");
        assert_eq!(newest(&rig, close_flag), no_offline);
    }
}

#[test]
fn no_record_means_none_said_by_the_call_or_by_its_end() {
    let mut rig = call_with(CallOptions { no_record: true, ..Rig::options("bob") });
    rig.cancel();
    assert!(!rig.waiting().contains("record"));

    let mut rig = Rig::calling();
    let call = rig.implied();
    rig.command(Command::Cancel { call, attach_ext: None, no_offline: false, no_record: true });
    assert!(!rig.waiting().contains("record"));

    let mut rig = Rig::calling();
    let call = rig.implied();
    rig.command(Command::Hangup { call, no_offline: false, no_record: true, text: None });
    assert!(!rig.waiting().contains("record"));

    let mut rig = call_with(CallOptions { no_record: true, ..Rig::options("bob") });
    rig.become_connected();
    rig.hangup();
    assert!(!rig.waiting().contains("record"));
}

#[test]
fn a_channel_that_a_failed_create_names_is_not_ours() {
    let mut rig = Rig::new();
    rig.call("bob");
    rig.cancel();
    rig.forget();
    let channel = Channel { id: "ch9".into(), ..Channel::default() };
    let room = Some(ChannelState { channel, members: Vec::new() });
    let outcome = Outcome::failed(Code::CHANNEL_EXISTS, "there is one");
    rig.answer_with("create", OperationResult { outcome, channel: room, ..OperationResult::default() });
    rig.asked("");
}

#[test]
fn giving_up_on_a_create_asks_for_nothing() {
    let mut rig = Rig::new();
    rig.call("bob");
    rig.cancel();
    rig.forget();
    rig.pass(60_000);
    rig.asked("");
    assert_eq!(rig.engine.poll_timeout(), None);
}

#[test]
fn a_room_of_the_last_login_is_left_unless_it_is_in_use_or_being_cleaned_up() {
    let room = |id: &str, creator: &str| {
        let channel = Channel { id: id.into(), creator: creator.into(), ..Channel::default() };
        ChannelState { channel, members: Vec::new() }
    };
    let mut rig = Rig::calling();
    rig.cancel();
    rig.call("bob");
    rig.ok("create");
    rig.forget();
    let rooms = ["ch1", "ch2", "old", ""].map(|id| room(id, "al"));
    rig.handle(Input::Rooms(rooms.into_iter().chain([room("theirs", "bob")]).collect()));
    rig.asked("close old · leave theirs");
}

#[test]
fn an_invite_that_waited_does_not_ring_for_a_host_that_takes_no_events() {
    let mut rig = Rig::called();
    rig.invite("bob", "p2", "q2");
    rig.handle(Input::Backlog(true));
    rig.forget();
    rig.peer_cancels();
    rig.told("on_user_cancel bob · on_call_end 12");
    rig.asked("reject bob p2 q2");
}

#[test]
fn an_invite_that_waited_does_not_ring_after_the_component_was_closed_or_logged_out() {
    let mut rig = Rig::called();
    rig.invite("bob", "p2", "q2");
    rig.forget();
    rig.close();
    rig.settle();
    assert!(rig.is_closed);
    assert_eq!(rig.events.iter().filter(|event| matches!(event, Event::Invited(_))).count(), 1);

    let mut rig = Rig::called();
    rig.invite("bob", "p2", "q2");
    rig.logout();
    rig.settle();
    assert_eq!(rig.events.iter().filter(|event| matches!(event, Event::Invited(_))).count(), 1);
}
