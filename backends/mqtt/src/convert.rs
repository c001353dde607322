//! What the device reports, as messages to the core.

use std::sync::Arc;

use nertc_callkit_backend::{LogLevel, SignalingMessage};
use nertc_callkit_signaling::{
    CallType, Code, Connection, Event, Origin, Outcome, Record, RecordStatus, Text, json,
};

use crate::protocol::ConnectionChange;

/// Accounts in a call record, at most: a call has two.
const DURATIONS: usize = 8;

/// Nesting of a call record.
const DEPTH: usize = 8;

/// How the connection changed, and why.
pub(crate) fn connection(change: ConnectionChange, outcome: Outcome) -> SignalingMessage {
    SignalingMessage::Connection(Box::new(change.because(outcome)))
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
pub(crate) fn record(from: &str, to: &str, id: &str, text: &str) -> Option<SignalingMessage> {
    let (mut status, mut call_type, mut channel_id) = (None, None, Text::EMPTY);
    let mut durations = Vec::new();
    let is_object = text.trim_ascii_start().starts_with('{');
    let is_sound = json::read(text, DEPTH, |key, value| match &*key {
        "status" => status = value.parse::<i32>().ok().and_then(RecordStatus::from_number),
        "type" => call_type = value.parse().ok().and_then(CallType::from_number),
        "channelId" => channel_id = json::string(value).unwrap_or_default().into(),
        "durations" => durations = read_durations(value),
        _ => {}
    });
    let call_type = call_type.filter(|it| is_object && is_sound && *it != CallType::Other)?;
    let record = Record {
        client_msg_id: id.into(),
        to: to.into(),
        channel_id,
        call_type,
        status: status?,
        text: text.into(),
        durations,
    };
    Some(SignalingMessage::Record { from: from.into(), record: Arc::new(record) })
}

/// Those that have an account and seconds.
fn read_durations(list: &str) -> Vec<(Text, u32)> {
    let mut durations = Vec::new();
    if !list.starts_with('[') {
        return durations;
    }
    let mut at = 0;
    json::read(list, DEPTH, |_, one| {
        at += 1;
        if at > DURATIONS || !one.starts_with('{') {
            return;
        }
        let (mut account, mut seconds) = (None, None);
        json::read(one, DEPTH, |key, value| match &*key {
            "accid" => account = json::string(value).map(Text::from),
            "duration" => seconds = value.parse().ok(),
            _ => {}
        });
        durations.extend(account.zip(seconds));
    });
    durations
}

/// A line for the log.
pub(crate) fn warning(line: &str) -> SignalingMessage {
    SignalingMessage::Log(LogLevel::NERTC_CALLKIT_LOG_WARN, line.into())
}

/// Events: the backlog is one message, everything else one each.
pub(crate) fn events(origin: Origin, events: Vec<Event>, push: impl FnMut(SignalingMessage)) {
    match origin {
        Origin::Online => events.into_iter().map(Arc::new).map(SignalingMessage::Online).for_each(push),
        Origin::OtherDevice => {
            events.into_iter().map(Arc::new).map(SignalingMessage::OtherDevice).for_each(push);
        }
        Origin::Offline => [SignalingMessage::Offline(events.into())].into_iter().for_each(push),
    }
}

#[cfg(test)]
mod tests {
    use nertc_callkit_signaling::{Channel, EventKind};

    use super::*;

    fn messages(origin: Origin) -> Vec<SignalingMessage> {
        let event = Event {
            kind: EventKind::Join,
            channel: Channel::default(),
            from: "alice".into(),
            from_device: "phone".into(),
            to: "bob".into(),
            request_id: "".into(),
            custom_info: "".into(),
            time_ms: 0,
            uid: 7,
        };
        let mut messages = Vec::new();
        events(origin, vec![event.clone(), event], |it| messages.push(it));
        messages
    }

    #[test]
    fn the_backlog_is_one_message_and_the_rest_one_each() {
        use SignalingMessage::{Offline, Online, OtherDevice};
        assert!(matches!(messages(Origin::Online)[..], [Online(_), Online(_)]));
        assert!(matches!(messages(Origin::OtherDevice)[..], [OtherDevice(_), OtherDevice(_)]));
        let offline = messages(Origin::Offline);
        let [Offline(batch)] = &offline[..] else { unreachable!("one batch") };
        assert_eq!(batch.len(), 2);
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
}
