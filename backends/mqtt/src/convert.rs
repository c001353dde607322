//! What a station says, as mail to the core.

use std::ffi::{CStr, CString};
use std::sync::Arc;

use nertc_callkit_abi::{
    nertc_callkit_connection as connection, nertc_callkit_log_level, nertc_callkit_signal as signal,
};
use nertc_callkit_plug::mail;
use nertc_callkit_plug::mail::SignalMail;

use crate::station::{Answer, Channel, Event, Member, Room, Signal, Source, What};

/// Text for C. Another program can smuggle a NUL in; C sees what is before it.
fn text(text: &str) -> Arc<CStr> {
    let until = text.bytes().position(|byte| byte == 0).unwrap_or(text.len());
    CString::new(&text.as_bytes()[..until]).unwrap_or_default().into()
}

fn opt_text(it: &str) -> Option<Arc<CStr>> {
    (!it.is_empty()).then(|| text(it))
}

/// How an operation ended.
pub(crate) fn done(req: u64, answer: &Answer) -> SignalMail {
    let (message, room) = (opt_text(&answer.message), answer.room.as_ref().map(room));
    let has_more = message.is_some() || room.is_some();
    let extra = has_more.then(|| Arc::new(mail::Extra { room, message, ..mail::Extra::default() }));
    let answer = mail::Answer { code: answer.code, raw_code: answer.raw_code, extra };
    SignalMail::Done(req as usize, answer)
}

/// How the connection changed.
pub(crate) fn connection(what: What, code: i32, message: &str) -> SignalMail {
    let what = match what {
        What::Lost => connection::NERTC_CALLKIT_CONNECTION_LOST,
        What::Restored => connection::NERTC_CALLKIT_CONNECTION_RESTORED,
        What::Kicked => connection::NERTC_CALLKIT_CONNECTION_KICKED,
    };
    let notice = mail::Notice { code, raw_code: 0, message: opt_text(message) };
    SignalMail::Connection(what, Some(Arc::new(notice)))
}

/// A line for the log.
pub(crate) fn warning(line: &str) -> SignalMail {
    SignalMail::Log(nertc_callkit_log_level::NERTC_CALLKIT_LOG_WARN as i32, text(line))
}

/// Messages: the backlog is one mail, everything else one each.
pub(crate) fn events(source: Source, events: &[Event], mut push: impl FnMut(SignalMail)) {
    match source {
        Source::Online => events.iter().for_each(|it| push(SignalMail::Online(Arc::new(event(it))))),
        Source::OtherDevice => events.iter().for_each(|it| push(SignalMail::Sync(Arc::new(event(it))))),
        Source::Offline => {
            let batch = events.iter().map(|it| (Arc::new(event(it)), it.channel.valid));
            push(SignalMail::Backlog(Arc::new(batch.collect())));
        }
    }
}

fn event(it: &Event) -> mail::Event {
    mail::Event {
        signal: match it.signal {
            Signal::Close => signal::NERTC_CALLKIT_SIGNAL_CLOSE,
            Signal::Join => signal::NERTC_CALLKIT_SIGNAL_JOIN,
            Signal::Invite => signal::NERTC_CALLKIT_SIGNAL_INVITE,
            Signal::Cancel => signal::NERTC_CALLKIT_SIGNAL_CANCEL,
            Signal::Reject => signal::NERTC_CALLKIT_SIGNAL_REJECT,
            Signal::Accept => signal::NERTC_CALLKIT_SIGNAL_ACCEPT,
            Signal::Leave => signal::NERTC_CALLKIT_SIGNAL_LEAVE,
            Signal::Control => signal::NERTC_CALLKIT_SIGNAL_CONTROL,
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

fn who(account: &str, device: &str) -> Arc<mail::Who> {
    Arc::new(mail::Who { account: text(account), device: Box::from(&*text(device)) })
}

/// The devices' clocks are their own: a channel has no times.
fn channel(it: &Channel) -> mail::ChannelInfo {
    mail::ChannelInfo {
        id: text(&it.id),
        creator: text(&it.creator),
        call_type: it.call_type,
        create_ms: 0,
        expire_ms: 0,
    }
}

fn room(it: &Room) -> mail::RoomView {
    let member = |it: &Member| mail::Member { who: who(&it.account, &it.device), uid: it.uid };
    mail::RoomView {
        channel: Arc::new(channel(&it.channel)),
        members: it.members.iter().map(member).collect(),
    }
}
