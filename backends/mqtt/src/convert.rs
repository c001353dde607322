//! Between the protocol's values and those of crates/signaling.

use std::sync::Arc;

use nertc_callkit_backend::{LogLevel, SignalingMessage};
use nertc_callkit_signaling as signaling;
use nertc_callkit_signaling::{
    CallPolicy, CallType, Code, Connection, EventKind, Operation, OperationResult, Outcome, PolicyRule,
    Record, RecordStatus, Req,
};
use serde_json::Value;

use crate::protocol::{
    Admission, Answer, ChannelInfo, ChannelState, ConnectionChange, Event, InviteExtra, InviteState, Member,
    Op, OpArgs, Push, RecordOp, Signal, Source, Text,
};

/// Accounts in a call record, at most: a call has two.
const DURATIONS: usize = 8;

fn text(text: &Text) -> signaling::Text {
    (&**text).into()
}

fn shared(text: &signaling::Text) -> Text {
    text.as_str().into()
}

/// An operation of the core.
pub(crate) fn operation(operation: Operation) -> Op {
    match operation {
        Operation::Login { .. } => Op::Login,
        Operation::Logout => Op::Logout,
        Operation::Create { call_type } => Op::Create { call_type: call_type.number() },
        Operation::Join { channel_id, .. } => Op::Join { channel: shared(&channel_id) },
        Operation::Invite { message, expires_ms, push } => {
            let or_empty = |it: Option<signaling::Text>| shared(&it.unwrap_or_default());
            let push = push.map(|it| Push {
                title: or_empty(it.title),
                content: or_empty(it.content),
                payload: or_empty(it.payload),
            });
            Op::Invite(args(&message), InviteExtra { expires_ms, push })
        }
        Operation::Cancel(message) => Op::Cancel(args(&message)),
        Operation::Accept(message) => Op::Accept(args(&message)),
        Operation::Reject(message) => Op::Reject(args(&message)),
        Operation::Leave { channel_id, custom_info, no_offline } => {
            Op::Leave(bye(channel_id, custom_info, no_offline))
        }
        Operation::Close { channel_id, custom_info, no_offline } => {
            Op::Close(bye(channel_id, custom_info, no_offline))
        }
        Operation::Control(message) => Op::Control(args(&message)),
        Operation::Record(record) => Op::Record(RecordOp {
            to: shared(&record.to),
            id: shared(&record.client_msg_id),
            text: shared(&record.text),
        }),
    }
}

fn args(message: &signaling::Message) -> OpArgs {
    OpArgs {
        channel: shared(&message.channel_id),
        account: shared(&message.account),
        request: shared(&message.request_id),
        custom: shared(&message.custom_info),
        keep: !message.no_offline,
    }
}

fn bye(channel_id: signaling::Text, custom_info: signaling::Text, no_offline: bool) -> OpArgs {
    args(&signaling::Message { channel_id, custom_info, no_offline, ..signaling::Message::default() })
}

/// What the core made of an invite.
pub(crate) fn invite_state(state: signaling::InviteState) -> InviteState {
    match state {
        signaling::InviteState::Ringing => InviteState::Ringing,
        signaling::InviteState::Held => InviteState::Held,
        signaling::InviteState::Dropped => InviteState::Dropped,
    }
}

/// Whose invites may ring.
pub(crate) fn admission(policy: &CallPolicy) -> Admission {
    let accounts = || policy.accounts.iter().map(shared).collect();
    match policy.rule {
        PolicyRule::Everybody => Admission::Everybody,
        PolicyRule::OnlyListed => Admission::Only(accounts()),
        PolicyRule::AllButListed => Admission::AllBut(accounts()),
        PolicyRule::Nobody => Admission::Nobody,
    }
}

/// How an operation ended.
pub(crate) fn done(req: u64, answer: &Answer) -> SignalingMessage {
    let outcome = outcome(answer.code, answer.raw_code, &answer.message);
    let channel = answer.channel.as_ref().map(channel_state);
    SignalingMessage::completed(Req(req), OperationResult { channel, ..outcome.into() })
}

fn outcome(code: i32, raw_code: i32, message: &str) -> Outcome {
    Outcome { code: Code::new(code), raw_code, message: message.into() }
}

/// How the connection changed.
pub(crate) fn connection(
    change: ConnectionChange,
    code: i32,
    raw_code: i32,
    message: &str,
) -> SignalingMessage {
    let outcome = outcome(code, raw_code, message);
    SignalingMessage::Connection(Box::new(match change {
        ConnectionChange::Lost => Connection::Lost(outcome),
        ConnectionChange::Restored => Connection::Restored,
        ConnectionChange::Kicked => Connection::Kicked(outcome),
    }))
}

/// A token is wanted: there was none, or it was refused.
pub(crate) fn token_needed(refused: bool) -> SignalingMessage {
    let outcome = if refused {
        Outcome::failed(Code::BAD_TOKEN, "the broker does not take the token")
    } else {
        Outcome::failed(Code::OK, "there is no token")
    };
    SignalingMessage::Connection(Box::new(Connection::TokenNeeded(outcome)))
}

/// A call record that `from` sent to `to`. None: it is no record.
pub(crate) fn record(from: &str, to: &str, id: &str, json: &str) -> Option<SignalingMessage> {
    let value: Value = serde_json::from_str(json).ok()?;
    let number = |it: &Value, key: &str| it.get(key).and_then(Value::as_u64);
    let durations = value.get("durations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let duration = |it: &Value| {
        let seconds = u32::try_from(number(it, "duration")?).ok()?;
        Some((it.get("accid")?.as_str()?.into(), seconds))
    };
    let status = i32::try_from(number(&value, "status")?).ok().and_then(RecordStatus::from_number)?;
    let call_type = match number(&value, "type")? {
        1 => CallType::Audio,
        2 => CallType::Video,
        _ => return None,
    };
    let record = Record {
        client_msg_id: id.into(),
        to: to.into(),
        channel_id: value.get("channelId").and_then(Value::as_str).unwrap_or_default().into(),
        call_type,
        status,
        text: json.into(),
        durations: durations.iter().take(DURATIONS).filter_map(duration).collect(),
    };
    Some(SignalingMessage::Record { from: from.into(), record: Arc::new(record) })
}

/// A line for the log.
pub(crate) fn warning(line: &str) -> SignalingMessage {
    SignalingMessage::Log(LogLevel::NERTC_CALLKIT_LOG_WARN, line.into())
}

/// Events: the backlog is one message, everything else one each.
pub(crate) fn events(source: Source, events: &[Event], mut push: impl FnMut(SignalingMessage)) {
    match source {
        Source::Online => events.iter().for_each(|it| push(SignalingMessage::Online(Arc::new(event(it))))),
        Source::OtherDevice => {
            events.iter().for_each(|it| push(SignalingMessage::OtherDevice(Arc::new(event(it)))));
        }
        Source::Offline => push(SignalingMessage::Offline(events.iter().map(event).collect())),
    }
}

/// The devices' clocks are their own: nothing has a time.
fn event(it: &Event) -> signaling::Event {
    signaling::Event {
        kind: match it.signal {
            Signal::Close => EventKind::Close,
            Signal::Join => EventKind::Join,
            Signal::Invite => EventKind::Invite,
            Signal::Cancel => EventKind::Cancel,
            Signal::Reject => EventKind::Reject,
            Signal::Accept => EventKind::Accept,
            Signal::Leave => EventKind::Leave,
            Signal::Control => EventKind::Control,
            Signal::Ringing => EventKind::Ringing,
            Signal::PeerLost => EventKind::PeerLost,
        },
        channel: channel(&it.channel),
        from: text(&it.from),
        from_device: text(&it.from_device),
        to: text(&it.to),
        request_id: text(&it.request),
        custom_info: text(&it.custom),
        time_ms: 0,
        uid: it.uid,
    }
}

fn channel(it: &ChannelInfo) -> signaling::Channel {
    signaling::Channel {
        id: text(&it.id),
        creator: text(&it.creator),
        call_type: it.call_type,
        invalid: !it.valid,
        ..signaling::Channel::default()
    }
}

fn channel_state(it: &ChannelState) -> signaling::ChannelState {
    let member =
        |it: &Member| signaling::Member { account: text(&it.account), device: text(&it.device), uid: it.uid };
    signaling::ChannelState {
        channel: channel(&it.channel),
        members: it.members.iter().map(member).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn an_event(signal: Signal, valid: bool) -> Event {
        Event {
            signal,
            channel: ChannelInfo { id: "c".into(), creator: "alice".into(), call_type: 2, valid },
            from: "alice".into(),
            from_device: "pho\0ne".into(),
            to: "bob".into(),
            request: "r".into(),
            custom: "".into(),
            uid: 7,
        }
    }

    fn messages(source: Source, list: &[Event]) -> Vec<SignalingMessage> {
        let mut messages = Vec::new();
        events(source, list, |it| messages.push(it));
        messages
    }

    #[test]
    fn texts_end_where_c_sees_their_end() {
        let it = event(&an_event(Signal::Join, true));
        assert_eq!(
            (&*it.from, &*it.from_device, &*it.request_id, &*it.custom_info),
            ("alice", "pho", "r", "")
        );
        assert_eq!((it.kind, it.uid, it.channel.call_type), (EventKind::Join, 7, 2));
    }

    #[test]
    fn the_backlog_is_one_message_and_the_rest_one_each() {
        use SignalingMessage::{Offline, Online, OtherDevice};
        let two = [an_event(Signal::Invite, false), an_event(Signal::Cancel, true)];
        assert!(matches!(messages(Source::Online, &two)[..], [Online(_), Online(_)]));
        assert!(matches!(messages(Source::OtherDevice, &two)[..], [OtherDevice(_), OtherDevice(_)]));
        let offline = messages(Source::Offline, &two);
        let [Offline(batch)] = &offline[..] else { unreachable!("one batch") };
        assert_eq!(batch.iter().map(|it| it.channel.invalid).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn an_answer_brings_the_brokers_number_and_words() {
        let answer = Answer { code: 90008, raw_code: 0x87, message: "no".into(), channel: None };
        let SignalingMessage::Completed(Req(5), result) = done(5, &answer) else {
            unreachable!("a completion")
        };
        let outcome = Outcome { code: Code::BACKEND_FAILED, raw_code: 0x87, message: "no".into() };
        assert_eq!(*result, outcome.into());
    }

    #[test]
    fn a_channel_has_its_members_with_uids() {
        let member = Member { account: "bob".into(), device: "pad".into(), uid: 9 };
        let channel = an_event(Signal::Join, true).channel;
        let state = channel_state(&ChannelState { channel, members: vec![member] });
        assert_eq!((&*state.channel.id, &*state.channel.creator), ("c", "alice"));
        assert_eq!((&*state.members[0].account, state.members[0].uid), ("bob", 9));
    }

    #[test]
    fn a_record_is_read_as_far_as_it_is_one() {
        let json = r#"{"type":2,"channelId":"7","status":1,"durations":[{"accid":"bob","duration":5},{}]}"#;
        let Some(SignalingMessage::Record { from, record: it }) = record("bob", "alice", "m", json) else {
            panic!("a record")
        };
        assert_eq!((&*from, &*it.to, &*it.client_msg_id, &*it.channel_id), ("bob", "alice", "m", "7"));
        assert_eq!((it.call_type, it.status), (CallType::Video, RecordStatus::Complete));
        assert_eq!(it.durations, [("bob".into(), 5)]);
        for json in ["", "[]", "{}", r#"{"type":3,"status":1}"#, r#"{"type":1,"status":6}"#] {
            assert!(record("bob", "alice", "m", json).is_none(), "{json}");
        }
    }

    #[test]
    fn a_kick_says_why() {
        let kicked = connection(ConnectionChange::Kicked, 10420, 0x8E, "elsewhere");
        let outcome = Outcome { code: Code::OTHER_DEVICE, raw_code: 0x8E, message: "elsewhere".into() };
        assert_eq!(kicked, SignalingMessage::Connection(Box::new(Connection::Kicked(outcome))));
    }

    #[test]
    fn a_policy_names_whom_it_lists() {
        let policy = |rule| CallPolicy { rule, accounts: ["bob".into()].into(), ..CallPolicy::default() };
        let listed = [Text::from("bob")].into();
        assert_eq!(admission(&policy(PolicyRule::OnlyListed)), Admission::Only(listed));
        assert_eq!(admission(&policy(PolicyRule::Nobody)), Admission::Nobody);
    }
}
