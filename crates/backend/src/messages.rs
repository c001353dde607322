//! What a signaling backend tells its core, and how it becomes C structs: built on the stack, lent for the
//! call.

use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::Arc;

use nertc_callkit_abi::{
    nertc_callkit_channel, nertc_callkit_channel_state, nertc_callkit_connection, nertc_callkit_member,
    nertc_callkit_message_origin, nertc_callkit_record, nertc_callkit_req, nertc_callkit_signal,
    nertc_callkit_signaling_connection, nertc_callkit_signaling_event, nertc_callkit_signaling_result,
    nertc_callkit_signaling_sink,
};

use crate::codes::OK;
use crate::input::size;
use crate::sink_queue::SinkMessage;

/// Text that is shared, not copied.
pub type Text = Arc<CStr>;

/// A device of an account.
#[derive(Debug, PartialEq, Eq)]
pub struct DeviceAddr {
    /// Its account.
    pub account: Text,
    /// Its device id.
    pub device: Box<CStr>,
}

impl DeviceAddr {
    /// Both names.
    pub fn names(&self) -> (&CStr, &CStr) {
        (&self.account, &self.device)
    }
}

/// What does not change about a channel.
pub struct ChannelInfo {
    /// Channel id.
    pub id: Text,
    /// Account that made it.
    pub creator: Text,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// Service clock, ms since 1970, or 0.
    pub create_ms: u64,
    /// Service clock, ms since 1970, or 0.
    pub expire_ms: u64,
}

/// Device and media uid of a member.
#[derive(Clone)]
pub struct Member {
    /// The device.
    pub who: Arc<DeviceAddr>,
    /// Its media uid.
    pub uid: u64,
}

/// A channel and who is in it, as it was at one moment.
pub struct RoomView {
    /// The channel.
    pub channel: Arc<ChannelInfo>,
    /// Who is in it.
    pub members: Vec<Member>,
}

/// A message between devices. Shared by all its receivers.
#[derive(Clone)]
pub struct Event {
    /// What it says.
    pub signal: nertc_callkit_signal,
    /// Its channel.
    pub channel: Arc<ChannelInfo>,
    /// Who did it.
    pub from: Arc<DeviceAddr>,
    /// ACCEPT and REJECT: the inviter. Else the receiver.
    pub to: Text,
    /// INVITE, CANCEL, ACCEPT, REJECT.
    pub request_id: Option<Text>,
    /// The attachment.
    pub custom: Option<Text>,
    /// Service clock, ms since 1970, or 0.
    pub time_ms: u64,
    /// Media uid of who did it, or 0.
    pub uid: u64,
}

/// How an operation ended.
#[derive(Clone, Default)]
pub struct Answer {
    /// A nertc_callkit_code; 0 = success.
    pub code: i32,
    /// The service's own number, or 0.
    pub raw_code: i32,
    /// What few answers have.
    pub extra: Option<Arc<Extra>>,
}

/// The parts of an answer that few have: not in it, because a queue holds many answers.
#[derive(Default)]
pub struct Extra {
    /// create, join: the channel with its members.
    pub room: Option<RoomView>,
    /// login: the service's clock, ms since 1970, or 0.
    pub server_ms: u64,
    /// What went wrong.
    pub message: Option<Text>,
}

impl From<i32> for Answer {
    fn from(code: i32) -> Answer {
        Answer { code, ..Answer::default() }
    }
}

impl From<RoomView> for Answer {
    fn from(room: RoomView) -> Answer {
        Answer {
            code: OK,
            raw_code: 0,
            extra: Some(Arc::new(Extra { room: Some(room), ..Extra::default() })),
        }
    }
}

/// More about a change of the connection.
#[derive(Default)]
pub struct Notice {
    /// A nertc_callkit_code, or 0.
    pub code: i32,
    /// The service's own number, or 0.
    pub raw_code: i32,
    /// For developers.
    pub message: Option<Text>,
}

/// A call record that somebody sent: what it claims.
pub struct Record {
    /// Its sender.
    pub from: Text,
    /// Its receiver.
    pub to: Text,
    /// Message id that the sender's client chose.
    pub id: Text,
    /// The channel of the call.
    pub channel: Text,
    /// A nertc_callkit_call_type.
    pub call_type: i32,
    /// A nertc_callkit_record_status.
    pub status: i32,
    /// The record as JSON.
    pub text: Text,
    /// Accounts that talked, and for how many seconds.
    pub durations: Vec<(Text, u32)>,
}

/// A message to a signaling sink. Small: a queue of them is what an idle device costs.
#[derive(Clone)]
pub enum SignalingMessage {
    /// An operation ended.
    Done(nertc_callkit_req, Answer),
    /// One message, just now.
    Online(Arc<Event>),
    /// What another device of the account answered.
    Sync(Arc<Event>),
    /// What waited while the device was offline, each with "its channel is still there".
    Backlog(Arc<Vec<(Arc<Event>, bool)>>),
    /// Channels that the device is still in.
    Rooms(Arc<Vec<RoomView>>),
    /// The connection changed; a kick is one of these.
    Connection(nertc_callkit_connection, Option<Arc<Notice>>),
    /// A call record.
    Record(Arc<Record>),
    /// A line for the log, of this nertc_callkit_log_level.
    Log(i32, Text),
}

impl SinkMessage for SignalingMessage {
    type Sink = nertc_callkit_signaling_sink;

    fn is_done(&self) -> bool {
        matches!(self, SignalingMessage::Done(..))
    }

    /// What ends or answers something must be told, and what changes the session. What begins something, or
    /// is said within it, comes again or is missed.
    fn may_be_lost(&self) -> Option<&CStr> {
        match self {
            SignalingMessage::Online(event) => match event.signal {
                nertc_callkit_signal::NERTC_CALLKIT_SIGNAL_INVITE
                | nertc_callkit_signal::NERTC_CALLKIT_SIGNAL_JOIN
                | nertc_callkit_signal::NERTC_CALLKIT_SIGNAL_CONTROL
                | nertc_callkit_signal::NERTC_CALLKIT_SIGNAL_RINGING => Some(&event.from.account),
                nertc_callkit_signal::NERTC_CALLKIT_SIGNAL_CLOSE
                | nertc_callkit_signal::NERTC_CALLKIT_SIGNAL_CANCEL
                | nertc_callkit_signal::NERTC_CALLKIT_SIGNAL_REJECT
                | nertc_callkit_signal::NERTC_CALLKIT_SIGNAL_ACCEPT
                | nertc_callkit_signal::NERTC_CALLKIT_SIGNAL_LEAVE
                | nertc_callkit_signal::NERTC_CALLKIT_SIGNAL_PEER_LOST => None,
            },
            SignalingMessage::Record(record) => Some(&record.from),
            SignalingMessage::Log(..) => Some(c""),
            SignalingMessage::Done(..)
            | SignalingMessage::Sync(_)
            | SignalingMessage::Backlog(_)
            | SignalingMessage::Rooms(_)
            | SignalingMessage::Connection(..) => None,
        }
    }

    fn send(&self, sink: &nertc_callkit_signaling_sink) -> bool {
        match self {
            SignalingMessage::Done(req, answer) => answer.send(sink, *req),
            SignalingMessage::Online(event) => {
                events(sink, nertc_callkit_message_origin::NERTC_CALLKIT_MESSAGE_ORIGIN_ONLINE, event)
            }
            SignalingMessage::Sync(event) => {
                events(sink, nertc_callkit_message_origin::NERTC_CALLKIT_MESSAGE_ORIGIN_OTHER_DEVICE, event)
            }
            SignalingMessage::Backlog(batch) => backlog(sink, batch),
            SignalingMessage::Rooms(views) => rooms(sink, views),
            SignalingMessage::Connection(what, notice) => connection(sink, *what, notice.as_deref()),
            SignalingMessage::Record(it) => record(sink, it),
            SignalingMessage::Log(level, line) => log(sink, *level, line),
        }
    }
}

impl Answer {
    fn send(&self, sink: &nertc_callkit_signaling_sink, req: nertc_callkit_req) -> bool {
        let Some(complete) = sink.complete else { return true };
        let extra = self.extra.as_deref();
        let tell = |room: *const nertc_callkit_channel_state| {
            let result = nertc_callkit_signaling_result {
                struct_size: size::<nertc_callkit_signaling_result>(),
                code: self.code,
                raw_code: self.raw_code,
                flags: 0,
                message: pointer(extra.and_then(|it| it.message.as_ref())),
                channel_state: room,
                rtc_token: ptr::null(),
                server_ms: extra.map_or(0, |it| it.server_ms),
            };
            // SAFETY: the sink is open; everything in the result outlives the call.
            unsafe { complete(sink.ctx, req, &result) }
        };
        match extra.and_then(|it| it.room.as_ref()) {
            Some(view) => view.lend(|room| tell(room)),
            None => tell(ptr::null()),
        }
        true
    }
}

impl ChannelInfo {
    fn lend(&self, valid: bool) -> nertc_callkit_channel {
        nertc_callkit_channel {
            struct_size: size::<nertc_callkit_channel>(),
            call_type: self.call_type,
            flags: (!valid).into(),
            reserved: 0,
            channel_id: self.id.as_ptr(),
            creator: self.creator.as_ptr(),
            create_ms: self.create_ms,
            expire_ms: self.expire_ms,
        }
    }
}

impl RoomView {
    fn lend<R>(&self, then: impl FnOnce(&nertc_callkit_channel_state) -> R) -> R {
        let channel = self.channel.lend(true);
        let members: Vec<_> = self.members.iter().map(Member::lend).collect();
        let pointers: Vec<*const nertc_callkit_member> = members.iter().map(ptr::from_ref).collect();
        then(&room(&channel, &pointers))
    }
}

impl Member {
    fn lend(&self) -> nertc_callkit_member {
        nertc_callkit_member {
            struct_size: size::<nertc_callkit_member>(),
            flags: 0,
            account: self.who.account.as_ptr(),
            device_id: self.who.device.as_ptr(),
            uid: self.uid,
        }
    }
}

impl Event {
    /// The message as a C struct. Both borrow from `self` and from `channel`, by raw pointer.
    fn lend(&self, channel: &nertc_callkit_channel) -> nertc_callkit_signaling_event {
        nertc_callkit_signaling_event {
            struct_size: size::<nertc_callkit_signaling_event>(),
            signal: self.signal as i32,
            flags: 0,
            reserved: 0,
            channel,
            from_account: self.from.account.as_ptr(),
            from_device: self.from.device.as_ptr(),
            to_account: self.to.as_ptr(),
            request_id: pointer(self.request_id.as_ref()),
            custom_info: pointer(self.custom.as_ref()),
            time_ms: self.time_ms,
            uid: self.uid,
        }
    }
}

/// One message.
fn events(sink: &nertc_callkit_signaling_sink, source: nertc_callkit_message_origin, event: &Event) -> bool {
    let Some(events) = sink.events else { return true };
    let channel = event.channel.lend(true);
    let event = event.lend(&channel);
    let list: [*const nertc_callkit_signaling_event; 1] = [&event];
    // SAFETY: the sink is open; everything in the list outlives the call.
    unsafe { events(sink.ctx, source as i32, list.as_ptr(), 1) == 0 }
}

/// The whole backlog as one batch.
fn backlog(sink: &nertc_callkit_signaling_sink, batch: &[(Arc<Event>, bool)]) -> bool {
    let Some(events) = sink.events else { return true };
    let channels: Vec<_> = batch.iter().map(|(event, valid)| event.channel.lend(*valid)).collect();
    let messages: Vec<_> = batch.iter().zip(&channels).map(|((event, _), it)| event.lend(it)).collect();
    let list: Vec<*const nertc_callkit_signaling_event> = messages.iter().map(ptr::from_ref).collect();
    let source = nertc_callkit_message_origin::NERTC_CALLKIT_MESSAGE_ORIGIN_OFFLINE as i32;
    // SAFETY: the sink is open; everything in the list outlives the call.
    unsafe { events(sink.ctx, source, list.as_ptr(), list.len() as u32) == 0 }
}

fn rooms(sink: &nertc_callkit_signaling_sink, views: &[RoomView]) -> bool {
    let Some(rooms) = sink.channel_states else { return true };
    let channels: Vec<_> = views.iter().map(|view| view.channel.lend(true)).collect();
    let members: Vec<Vec<_>> =
        views.iter().map(|view| view.members.iter().map(Member::lend).collect()).collect();
    let pointers: Vec<Vec<_>> = members.iter().map(|it| it.iter().map(ptr::from_ref).collect()).collect();
    let each: Vec<_> = channels.iter().zip(&pointers).map(|(channel, it)| room(channel, it)).collect();
    let list: Vec<*const nertc_callkit_channel_state> = each.iter().map(ptr::from_ref).collect();
    // SAFETY: the sink is open; everything in the list outlives the call.
    unsafe { rooms(sink.ctx, list.as_ptr(), list.len() as u32) == 0 }
}

fn room(
    channel: &nertc_callkit_channel,
    members: &[*const nertc_callkit_member],
) -> nertc_callkit_channel_state {
    nertc_callkit_channel_state {
        struct_size: size::<nertc_callkit_channel_state>(),
        member_count: members.len() as u32,
        channel,
        members: members.as_ptr(),
    }
}

/// NULL for none.
fn pointer(text: Option<&Text>) -> *const c_char {
    text.map_or(ptr::null(), |it| it.as_ptr())
}

fn connection(
    sink: &nertc_callkit_signaling_sink,
    what: nertc_callkit_connection,
    notice: Option<&Notice>,
) -> bool {
    let Some(connection) = sink.connection else { return true };
    let event = nertc_callkit_signaling_connection {
        struct_size: size::<nertc_callkit_signaling_connection>(),
        r#type: what as i32,
        code: notice.map_or(0, |it| it.code),
        raw_code: notice.map_or(0, |it| it.raw_code),
        message: pointer(notice.and_then(|it| it.message.as_ref())),
    };
    // SAFETY: the sink is open; the event outlives the call.
    unsafe { connection(sink.ctx, &event) == 0 }
}

fn record(sink: &nertc_callkit_signaling_sink, it: &Record) -> bool {
    let Some(record) = sink.record else { return true };
    let accounts: Vec<_> = it.durations.iter().map(|(account, _)| account.as_ptr()).collect();
    let seconds: Vec<_> = it.durations.iter().map(|(_, seconds)| *seconds).collect();
    let c = nertc_callkit_record {
        struct_size: size::<nertc_callkit_record>(),
        call_type: it.call_type,
        record_status: it.status,
        account_count: accounts.len() as u32,
        client_msg_id: it.id.as_ptr(),
        to_account: it.to.as_ptr(),
        channel_id: it.channel.as_ptr(),
        text: it.text.as_ptr(),
        accounts: accounts.as_ptr(),
        durations_s: seconds.as_ptr(),
    };
    // SAFETY: the sink is open; everything in the record outlives the call.
    unsafe { record(sink.ctx, it.from.as_ptr(), &c) == 0 }
}

fn log(sink: &nertc_callkit_signaling_sink, level: i32, line: &CStr) -> bool {
    if let Some(log) = sink.log {
        // SAFETY: the sink is open; the line outlives the call.
        unsafe { log(sink.ctx, level, line.as_ptr()) };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_is_small() {
        assert!(size_of::<SignalingMessage>() <= 32, "{}", size_of::<SignalingMessage>());
    }
}
