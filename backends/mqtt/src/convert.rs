//! What a peer says, as message to the core.

use std::ffi::{CStr, CString};
use std::sync::Arc;

use nertc_callkit_abi::{
    nertc_callkit_connection as connection, nertc_callkit_log_level, nertc_callkit_signal as signal,
};
use nertc_callkit_backend::codes::{BAD_TOKEN, OK};
use nertc_callkit_backend::messages;
use nertc_callkit_backend::messages::SignalingMessage;
use serde_json::Value;

use crate::protocol::{Answer, ChannelInfo, ChannelState, ConnectionChange, Event, Member, Signal, Source};

/// Accounts in a call record, at most: a call has two.
const DURATIONS: usize = 8;

/// Text for C. Another program can smuggle a NUL in; C sees what is before it.
fn text(text: &str) -> Arc<CStr> {
    let until = text.bytes().position(|byte| byte == 0).unwrap_or(text.len());
    CString::new(&text.as_bytes()[..until]).unwrap_or_default().into()
}

fn opt_text(it: &str) -> Option<Arc<CStr>> {
    (!it.is_empty()).then(|| text(it))
}

/// How an operation ended.
pub(crate) fn done(req: u64, answer: &Answer) -> SignalingMessage {
    let (message, channel) = (opt_text(&answer.message), answer.channel.as_ref().map(channel_state));
    let has_more = message.is_some() || channel.is_some();
    let extra =
        has_more.then(|| Arc::new(messages::Extra { room: channel, message, ..messages::Extra::default() }));
    let answer = messages::Answer { code: answer.code, raw_code: answer.raw_code, extra };
    SignalingMessage::Done(req as usize, answer)
}

/// How the connection changed.
pub(crate) fn connection(
    what: ConnectionChange,
    code: i32,
    raw_code: i32,
    message: &str,
) -> SignalingMessage {
    let what = match what {
        ConnectionChange::Lost => connection::NERTC_CALLKIT_CONNECTION_LOST,
        ConnectionChange::Restored => connection::NERTC_CALLKIT_CONNECTION_RESTORED,
        ConnectionChange::Kicked => connection::NERTC_CALLKIT_CONNECTION_KICKED,
    };
    let notice = messages::Notice { code, raw_code, message: opt_text(message) };
    SignalingMessage::Connection(what, Some(Arc::new(notice)))
}

/// A token is wanted: there was none, or it was refused.
pub(crate) fn token_needed(refused: bool) -> SignalingMessage {
    let code = if refused { BAD_TOKEN } else { OK };
    let message = if refused { "the broker does not take the token" } else { "there is no token" };
    let notice = messages::Notice { code, raw_code: 0, message: opt_text(message) };
    SignalingMessage::Connection(connection::NERTC_CALLKIT_CONNECTION_TOKEN_NEEDED, Some(Arc::new(notice)))
}

/// A call record that `from` sent to `to`. None: it is no record.
pub(crate) fn record(from: &str, to: &str, id: &str, json: &str) -> Option<SignalingMessage> {
    let value: Value = serde_json::from_str(json).ok()?;
    let number = |it: &Value, key: &str| it.get(key).and_then(Value::as_u64);
    let durations = value.get("durations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let duration = |it: &Value| {
        let seconds = u32::try_from(number(it, "duration")?).ok()?;
        Some((text(it.get("accid")?.as_str()?), seconds))
    };
    Some(SignalingMessage::Record(Arc::new(messages::Record {
        from: text(from),
        to: text(to),
        id: text(id),
        channel: text(value.get("channelId").and_then(Value::as_str).unwrap_or_default()),
        call_type: number(&value, "type").filter(|it| (1..=2).contains(it))? as i32,
        status: number(&value, "status").filter(|it| (1..=5).contains(it))? as i32,
        text: text(json),
        durations: durations.iter().take(DURATIONS).filter_map(duration).collect(),
    })))
}

/// A line for the log.
pub(crate) fn warning(line: &str) -> SignalingMessage {
    SignalingMessage::Log(nertc_callkit_log_level::NERTC_CALLKIT_LOG_WARN as i32, text(line))
}

/// Messages: the backlog is one message, everything else one each.
pub(crate) fn events(source: Source, events: &[Event], mut push: impl FnMut(SignalingMessage)) {
    match source {
        Source::Online => events.iter().for_each(|it| push(SignalingMessage::Online(Arc::new(event(it))))),
        Source::OtherDevice => events.iter().for_each(|it| push(SignalingMessage::Sync(Arc::new(event(it))))),
        Source::Offline => {
            let batch = events.iter().map(|it| (Arc::new(event(it)), it.channel.valid));
            push(SignalingMessage::Backlog(Arc::new(batch.collect())));
        }
    }
}

fn event(it: &Event) -> messages::Event {
    messages::Event {
        signal: match it.signal {
            Signal::Close => signal::NERTC_CALLKIT_SIGNAL_CLOSE,
            Signal::Join => signal::NERTC_CALLKIT_SIGNAL_JOIN,
            Signal::Invite => signal::NERTC_CALLKIT_SIGNAL_INVITE,
            Signal::Cancel => signal::NERTC_CALLKIT_SIGNAL_CANCEL,
            Signal::Reject => signal::NERTC_CALLKIT_SIGNAL_REJECT,
            Signal::Accept => signal::NERTC_CALLKIT_SIGNAL_ACCEPT,
            Signal::Leave => signal::NERTC_CALLKIT_SIGNAL_LEAVE,
            Signal::Control => signal::NERTC_CALLKIT_SIGNAL_CONTROL,
            Signal::Ringing => signal::NERTC_CALLKIT_SIGNAL_RINGING,
            Signal::PeerLost => signal::NERTC_CALLKIT_SIGNAL_PEER_LOST,
        },
        channel: Arc::new(channel(&it.channel)),
        from: who(&it.from, &it.from_device),
        to: text(&it.to),
        request_id: opt_text(&it.request),
        custom: opt_text(&it.custom),
        time_ms: 0,
        uid: it.uid,
    }
}

fn who(account: &str, device: &str) -> Arc<messages::DeviceAddr> {
    Arc::new(messages::DeviceAddr { account: text(account), device: Box::from(&*text(device)) })
}

/// The devices' clocks are their own: a channel has no times.
fn channel(it: &ChannelInfo) -> messages::ChannelInfo {
    messages::ChannelInfo {
        id: text(&it.id),
        creator: text(&it.creator),
        call_type: it.call_type,
        create_ms: 0,
        expire_ms: 0,
    }
}

fn channel_state(it: &ChannelState) -> messages::RoomView {
    let member = |it: &Member| messages::Member { who: who(&it.account, &it.device), uid: it.uid };
    messages::RoomView {
        channel: Arc::new(channel(&it.channel)),
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
    fn texts_end_where_c_sees_their_end_and_empty_ones_are_none() {
        let it = event(&an_event(Signal::Join, true));
        assert_eq!((&*it.from.account, &*it.from.device), (c"alice", c"pho"));
        assert_eq!((it.request_id.as_deref(), it.custom.as_deref()), (Some(c"r"), None));
        assert_eq!((it.signal, it.uid, it.channel.call_type), (signal::NERTC_CALLKIT_SIGNAL_JOIN, 7, 2));
    }

    #[test]
    fn the_backlog_is_one_mail_and_the_rest_one_each() {
        let two = [an_event(Signal::Invite, false), an_event(Signal::Cancel, true)];
        let online = messages(Source::Online, &two);
        assert!(matches!(online[..], [SignalingMessage::Online(_), SignalingMessage::Online(_)]));
        assert!(matches!(
            messages(Source::OtherDevice, &two)[..],
            [SignalingMessage::Sync(_), SignalingMessage::Sync(_)]
        ));
        let offline = messages(Source::Offline, &two);
        let [SignalingMessage::Backlog(batch)] = &offline[..] else { unreachable!("one batch") };
        assert_eq!(batch.iter().map(|it| it.1).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn an_answer_brings_the_brokers_number_and_words() {
        let answer = Answer { code: 90008, raw_code: 0x87, message: "no".into(), channel: None };
        let SignalingMessage::Done(5, answer) = done(5, &answer) else { unreachable!("a completion") };
        assert_eq!((answer.code, answer.raw_code), (90008, 0x87));
        assert_eq!(answer.extra.and_then(|it| it.message.clone()).as_deref(), Some(c"no"));
        let SignalingMessage::Done(6, plain) = done(6, &0.into()) else { unreachable!("a completion") };
        assert!(plain.extra.is_none());
    }

    #[test]
    fn a_room_has_its_members_with_uids() {
        let member = Member { account: "bob".into(), device: "pad".into(), uid: 9 };
        let channel = an_event(Signal::Join, true).channel;
        let view = channel_state(&ChannelState { channel, members: vec![member] });
        assert_eq!((&*view.channel.id, &*view.channel.creator), (c"c", c"alice"));
        assert_eq!((&*view.members[0].who.account, view.members[0].uid), (c"bob", 9));
    }

    #[test]
    fn a_record_is_read_as_far_as_it_is_one() {
        let json = r#"{"type":2,"channelId":"7","status":1,"durations":[{"accid":"bob","duration":5},{}]}"#;
        let Some(SignalingMessage::Record(it)) = record("bob", "alice", "m", json) else {
            panic!("a record")
        };
        assert_eq!((&*it.from, &*it.to, &*it.id, &*it.channel), (c"bob", c"alice", c"m", c"7"));
        assert_eq!((it.call_type, it.status, it.durations.len()), (2, 1, 1));
        assert_eq!((&*it.durations[0].0, it.durations[0].1), (c"bob", 5));
        for json in ["", "[]", "{}", r#"{"type":3,"status":1}"#, r#"{"type":1,"status":6}"#] {
            assert!(record("bob", "alice", "m", json).is_none(), "{json}");
        }
    }

    #[test]
    fn a_kick_says_why() {
        let kicked = connection(ConnectionChange::Kicked, 10420, 0x8E, "elsewhere");
        let SignalingMessage::Connection(what, Some(notice)) = kicked else { unreachable!("a change") };
        assert_eq!((what, notice.code), (connection::NERTC_CALLKIT_CONNECTION_KICKED, 10420));
        assert_eq!(notice.raw_code, 0x8E);
        assert_eq!(notice.message.as_deref(), Some(c"elsewhere"));
    }
}
