//! What a signaling plug tells its core, and how it becomes C structs: built on the stack, lent for the call.

use std::ffi::CStr;
use std::ptr;
use std::sync::Arc;

use nertc_callkit_abi::{
    nertc_callkit_channel, nertc_callkit_connection, nertc_callkit_member, nertc_callkit_req,
    nertc_callkit_room, nertc_callkit_signal, nertc_callkit_signaling_connection,
    nertc_callkit_signaling_event, nertc_callkit_signaling_result, nertc_callkit_signaling_sink,
    nertc_callkit_source,
};

use crate::delivery::Mail;
use crate::input::size;

/// Text that is shared, not copied.
pub(crate) type Text = Arc<CStr>;

/// A device of an account.
#[derive(PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) account: Text,
    pub(crate) device: Box<CStr>,
}

impl Who {
    /// Both names, as fault lines are matched.
    pub(crate) fn names(&self) -> (&CStr, &CStr) {
        (&self.account, &self.device)
    }
}

/// What does not change about a channel.
pub(crate) struct ChannelInfo {
    pub(crate) id: Text,
    pub(crate) creator: Text,
    pub(crate) call_type: i32,
    pub(crate) create_ms: u64,
    pub(crate) expire_ms: u64,
}

/// Device and media uid of a member.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) who: Arc<Who>,
    pub(crate) uid: u64,
}

/// A channel and who is in it, as it was at one moment.
pub(crate) struct RoomView {
    pub(crate) channel: Arc<ChannelInfo>,
    pub(crate) members: Vec<Member>,
}

/// A message between devices. Shared by all its receivers.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) signal: nertc_callkit_signal,
    pub(crate) channel: Arc<ChannelInfo>,
    pub(crate) from: Arc<Who>,
    pub(crate) to: Text,
    pub(crate) request_id: Option<Text>,
    pub(crate) custom: Option<Text>,
    pub(crate) time_ms: u64,
    pub(crate) uid: u64,
}

/// How an operation ended.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    /// What create, join and login bring.
    pub(crate) extra: Option<Arc<Extra>>,
}

/// The parts of an answer that few operations have.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) room: Option<RoomView>,
    pub(crate) server_ms: u64,
}

impl From<i32> for Answer {
    fn from(code: i32) -> Answer {
        Answer { code, extra: None }
    }
}

impl From<RoomView> for Answer {
    fn from(room: RoomView) -> Answer {
        Answer { code: crate::OK, extra: Some(Arc::new(Extra { room: Some(room), server_ms: 0 })) }
    }
}

/// A message to a signaling sink. Small: a queue of them is what an idle device costs.
#[derive(Clone)]
pub(crate) enum SignalMail {
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
    /// The device was logged out by the service.
    Kicked,
}

impl Mail for SignalMail {
    type Sink = nertc_callkit_signaling_sink;

    fn is_done(&self) -> bool {
        matches!(self, SignalMail::Done(..))
    }

    fn send(&self, sink: &nertc_callkit_signaling_sink) -> bool {
        match self {
            SignalMail::Done(req, answer) => answer.send(sink, *req),
            SignalMail::Online(event) => {
                events(sink, nertc_callkit_source::NERTC_CALLKIT_SOURCE_ONLINE, event)
            }
            SignalMail::Sync(event) => {
                events(sink, nertc_callkit_source::NERTC_CALLKIT_SOURCE_OTHER_DEVICE, event)
            }
            SignalMail::Backlog(batch) => backlog(sink, batch),
            SignalMail::Rooms(views) => rooms(sink, views),
            SignalMail::Kicked => kicked(sink),
        }
    }
}

impl Answer {
    fn send(&self, sink: &nertc_callkit_signaling_sink, req: nertc_callkit_req) -> bool {
        let Some(complete) = sink.complete else { return true };
        let extra = self.extra.as_deref();
        let tell = |room: *const nertc_callkit_room| {
            let result = nertc_callkit_signaling_result {
                struct_size: size::<nertc_callkit_signaling_result>(),
                code: self.code,
                raw_code: 0,
                flags: 0,
                message: ptr::null(),
                room,
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
    fn lend<R>(&self, then: impl FnOnce(&nertc_callkit_room) -> R) -> R {
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
        let pointer = |text: &Option<Text>| text.as_ref().map_or(ptr::null(), |it| it.as_ptr());
        nertc_callkit_signaling_event {
            struct_size: size::<nertc_callkit_signaling_event>(),
            signal: self.signal as i32,
            flags: 0,
            reserved: 0,
            channel,
            from: self.from.account.as_ptr(),
            from_device: self.from.device.as_ptr(),
            to: self.to.as_ptr(),
            request_id: pointer(&self.request_id),
            custom: pointer(&self.custom),
            time_ms: self.time_ms,
            uid: self.uid,
        }
    }
}

/// One message.
fn events(sink: &nertc_callkit_signaling_sink, source: nertc_callkit_source, event: &Event) -> bool {
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
    let source = nertc_callkit_source::NERTC_CALLKIT_SOURCE_OFFLINE as i32;
    // SAFETY: the sink is open; everything in the list outlives the call.
    unsafe { events(sink.ctx, source, list.as_ptr(), list.len() as u32) == 0 }
}

fn rooms(sink: &nertc_callkit_signaling_sink, views: &[RoomView]) -> bool {
    let Some(rooms) = sink.rooms else { return true };
    let channels: Vec<_> = views.iter().map(|view| view.channel.lend(true)).collect();
    let members: Vec<Vec<_>> =
        views.iter().map(|view| view.members.iter().map(Member::lend).collect()).collect();
    let pointers: Vec<Vec<_>> = members.iter().map(|it| it.iter().map(ptr::from_ref).collect()).collect();
    let each: Vec<_> = channels.iter().zip(&pointers).map(|(channel, it)| room(channel, it)).collect();
    let list: Vec<*const nertc_callkit_room> = each.iter().map(ptr::from_ref).collect();
    // SAFETY: the sink is open; everything in the list outlives the call.
    unsafe { rooms(sink.ctx, list.as_ptr(), list.len() as u32) == 0 }
}

fn room(channel: &nertc_callkit_channel, members: &[*const nertc_callkit_member]) -> nertc_callkit_room {
    nertc_callkit_room {
        struct_size: size::<nertc_callkit_room>(),
        member_count: members.len() as u32,
        channel,
        members: members.as_ptr(),
    }
}

fn kicked(sink: &nertc_callkit_signaling_sink) -> bool {
    let Some(connection) = sink.connection else { return true };
    let event = nertc_callkit_signaling_connection {
        struct_size: size::<nertc_callkit_signaling_connection>(),
        what: nertc_callkit_connection::NERTC_CALLKIT_CONNECTION_KICKED as i32,
        code: 0,
        raw_code: 0,
        message: ptr::null(),
    };
    // SAFETY: the sink is open; the event outlives the call.
    unsafe { connection(sink.ctx, &event) == 0 }
}
