//! What a backend reports, as C structs on the stack that are lent to the sink for the call.

use std::ffi::c_char;
use std::mem::size_of;
use std::ptr;

use nertc_callkit_abi as abi;
use nertc_callkit_abi::{nertc_callkit_rtc_event_type as what, nertc_callkit_status as status};
use nertc_callkit_media::{Media, MediaEvent, MediaReport};
use nertc_callkit_signaling::{
    Channel, ChannelState, Code, Connection, Event, Member, OperationResult, Origin, Outcome, Record, Req,
    Text,
};

use crate::media::{Frame, MediaMessage, SendError};
use crate::signaling::SignalingMessage;

const fn size<T>() -> u32 {
    size_of::<T>() as u32
}

/// A text that is NULL when it is empty.
fn opt(text: &Text) -> *const c_char {
    if text.is_empty() { ptr::null() } else { text.as_ptr() }
}

fn required(text: &Text) -> *const c_char {
    text.as_ptr()
}

/// A copy of the core's sink.
struct Sink<S>(S);

// SAFETY: the sink's functions may be called on any thread; that is the core's side of the contract.
unsafe impl<S> Send for Sink<S> {}
// SAFETY: as above.
unsafe impl<S> Sync for Sink<S> {}

/// Delivers messages to the core's signaling sink; gives one back if it is full.
///
/// # Safety
/// The sink stays valid as long as the answer is called.
pub(super) unsafe fn signaling(
    sink: &abi::nertc_callkit_signaling_sink,
) -> impl FnMut(SignalingMessage) -> Result<(), SignalingMessage> + Send + use<> {
    let sink = Sink(*sink);
    move |message| {
        let sink = &sink;
        // SAFETY: the caller's promise.
        if unsafe { sink.0.deliver(&message) } { Ok(()) } else { Err(message) }
    }
}

/// Delivers messages to the core's media sink; gives one back if it is full.
///
/// # Safety
/// The sink stays valid as long as the answer is called.
pub(super) unsafe fn media(
    sink: &abi::nertc_callkit_rtc_sink,
) -> impl FnMut(MediaMessage) -> Result<(), MediaMessage> + Send + use<> {
    let sink = Sink(*sink);
    move |message| {
        let sink = &sink;
        // SAFETY: the caller's promise.
        if unsafe { sink.0.deliver(&message) } { Ok(()) } else { Err(message) }
    }
}

/// Delivers frames to the core's media sink.
///
/// # Safety
/// As `media`.
pub(super) unsafe fn frames(sink: &abi::nertc_callkit_rtc_sink) -> impl Fn(&Frame<'_>) + Send + Sync + use<> {
    let sink = Sink(*sink);
    move |frame| {
        let sink = &sink;
        let c = abi::nertc_callkit_frame { struct_size: size::<abi::nertc_callkit_frame>(), ..frame.c };
        if let Some(take) = sink.0.frame {
            // SAFETY: the caller's promise; the planes are lent for the call.
            unsafe { take(sink.0.ctx, &c) }
        }
    }
}

/// Sends texts for the peer's media backend to the core's media sink.
///
/// # Safety
/// As `media`.
pub(super) unsafe fn texts(
    sink: &abi::nertc_callkit_rtc_sink,
) -> impl Fn(Req, &Text) -> Result<(), SendError> + Send + use<> {
    let sink = Sink(*sink);
    move |join, json| {
        let sink = &sink;
        let send = sink.0.send.ok_or(SendError::Closed)?;
        // SAFETY: the caller's promise; the text is lent for the call.
        match unsafe { send(sink.0.ctx, join.0 as usize, required(json)) } {
            0 => Ok(()),
            full if full == status::NERTC_CALLKIT_STATUS_QUEUE_FULL as i32 => Err(SendError::Full),
            _ => Err(SendError::Invalid),
        }
    }
}

/// Delivers one kind of message to a sink. Each is called while the sink is valid.
trait Deliver<M> {
    /// # Safety
    /// The sink is valid.
    unsafe fn deliver(&self, message: &M) -> bool;
}

impl Deliver<SignalingMessage> for abi::nertc_callkit_signaling_sink {
    unsafe fn deliver(&self, message: &SignalingMessage) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            match message {
                SignalingMessage::Completed(req, result) => complete(self, *req, result),
                SignalingMessage::Online(event) => {
                    events(self, Origin::Online, std::slice::from_ref(&**event))
                }
                SignalingMessage::OtherDevice(event) => {
                    events(self, Origin::OtherDevice, std::slice::from_ref(&**event))
                }
                SignalingMessage::Offline(batch) => events(self, Origin::Offline, batch),
                SignalingMessage::Channels(states) => channels(self, states),
                SignalingMessage::Connection(change) => connection(self, change),
                SignalingMessage::Record { from, record } => send_record(self, from, record),
                SignalingMessage::Log(level, line) => {
                    if let Some(log) = self.log {
                        log(self.ctx, *level as i32, required(line));
                    }
                    true
                }
            }
        }
    }
}

/// # Safety
/// The sink is valid.
unsafe fn complete(sink: &abi::nertc_callkit_signaling_sink, req: Req, result: &OperationResult) -> bool {
    let Some(complete) = sink.complete else { return true };
    let report = |room: *const abi::nertc_callkit_channel_state| {
        let c = abi::nertc_callkit_signaling_result {
            struct_size: size::<abi::nertc_callkit_signaling_result>(),
            code: result.outcome.code.number(),
            raw_code: result.outcome.raw_code,
            flags: 0,
            message: opt(&result.outcome.message),
            channel_state: room,
            rtc_token: result.rtc_token.as_ref().map_or(ptr::null(), required),
            server_ms: result.server_ms,
        };
        // SAFETY: the caller's promise; the result outlives the call.
        unsafe { complete(sink.ctx, req.0 as usize, &c) }
    };
    match &result.channel {
        Some(ChannelState { channel: of, members }) => {
            let (channel, members): (_, Vec<_>) = (channel(of), members.iter().map(member).collect());
            let pointers: Vec<_> = members.iter().map(ptr::from_ref).collect();
            report(&state(&channel, &pointers));
        }
        None => report(ptr::null()),
    }
    true
}

/// # Safety
/// The sink is valid.
unsafe fn events(sink: &abi::nertc_callkit_signaling_sink, origin: Origin, events: &[Event]) -> bool {
    let Some(report) = sink.events else { return true };
    let with = |lent: &[*const abi::nertc_callkit_signaling_event]| {
        // SAFETY: the caller's promise; the events outlive the call.
        unsafe { report(sink.ctx, origin.number(), lent.as_ptr(), lent.len() as u32) == 0 }
    };
    if let [one] = events {
        let channel = channel(&one.channel);
        return with(&[&event(one, &channel)]);
    }
    let channels: Vec<_> = events.iter().map(|event| channel(&event.channel)).collect();
    let lent: Vec<_> = events.iter().zip(&channels).map(|(one, channel)| event(one, channel)).collect();
    let pointers: Vec<_> = lent.iter().map(ptr::from_ref).collect();
    with(&pointers)
}

/// # Safety
/// The sink is valid.
unsafe fn channels(sink: &abi::nertc_callkit_signaling_sink, states: &[ChannelState]) -> bool {
    let Some(report) = sink.channel_states else { return true };
    let channels: Vec<_> = states.iter().map(|state| channel(&state.channel)).collect();
    let members: Vec<Vec<_>> =
        states.iter().map(|state| state.members.iter().map(member).collect()).collect();
    let pointers: Vec<Vec<_>> =
        members.iter().map(|members| members.iter().map(ptr::from_ref).collect()).collect();
    let lent: Vec<_> =
        channels.iter().zip(&pointers).map(|(channel, members)| state(channel, members)).collect();
    let lent: Vec<_> = lent.iter().map(ptr::from_ref).collect();
    // SAFETY: the caller's promise; the states outlive the call.
    unsafe { report(sink.ctx, lent.as_ptr(), lent.len() as u32) == 0 }
}

/// # Safety
/// The sink is valid.
unsafe fn connection(sink: &abi::nertc_callkit_signaling_sink, change: &Connection) -> bool {
    let Some(report) = sink.connection else { return true };
    let restored = Outcome::default();
    let outcome = match change {
        Connection::Restored => &restored,
        Connection::Lost(why) | Connection::Kicked(why) | Connection::TokenNeeded(why) => why,
    };
    let c = abi::nertc_callkit_signaling_connection {
        struct_size: size::<abi::nertc_callkit_signaling_connection>(),
        r#type: change.number(),
        code: outcome.code.number(),
        raw_code: outcome.raw_code,
        message: opt(&outcome.message),
    };
    // SAFETY: the caller's promise; the change outlives the call.
    unsafe { report(sink.ctx, &c) == 0 }
}

/// # Safety
/// The sink is valid.
unsafe fn send_record(sink: &abi::nertc_callkit_signaling_sink, from: &Text, record: &Record) -> bool {
    let Some(report) = sink.record else { return true };
    let accounts: Vec<*const c_char> =
        record.durations.iter().map(|(account, _)| required(account)).collect();
    let durations_s: Vec<u32> = record.durations.iter().map(|(_, seconds)| *seconds).collect();
    let c = abi::nertc_callkit_record {
        struct_size: size::<abi::nertc_callkit_record>(),
        call_type: record.call_type.number(),
        record_status: record.status.number(),
        account_count: accounts.len() as u32,
        client_msg_id: required(&record.client_msg_id),
        to_account: required(&record.to),
        channel_id: required(&record.channel_id),
        text: required(&record.text),
        accounts: accounts.as_ptr(),
        durations_s: durations_s.as_ptr(),
    };
    // SAFETY: the caller's promise; the record outlives the call.
    unsafe { report(sink.ctx, required(from), &c) == 0 }
}

fn channel(channel: &Channel) -> abi::nertc_callkit_channel {
    abi::nertc_callkit_channel {
        struct_size: size::<abi::nertc_callkit_channel>(),
        call_type: channel.call_type,
        flags: channel.invalid.into(),
        reserved: 0,
        channel_id: required(&channel.id),
        creator: required(&channel.creator),
        create_ms: channel.create_ms,
        expire_ms: channel.expire_ms,
    }
}

fn member(member: &Member) -> abi::nertc_callkit_member {
    abi::nertc_callkit_member {
        struct_size: size::<abi::nertc_callkit_member>(),
        flags: 0,
        account: required(&member.account),
        device_id: opt(&member.device),
        uid: member.uid,
    }
}

fn state(
    channel: &abi::nertc_callkit_channel,
    members: &[*const abi::nertc_callkit_member],
) -> abi::nertc_callkit_channel_state {
    abi::nertc_callkit_channel_state {
        struct_size: size::<abi::nertc_callkit_channel_state>(),
        member_count: members.len() as u32,
        channel,
        members: members.as_ptr(),
    }
}

fn event(event: &Event, channel: &abi::nertc_callkit_channel) -> abi::nertc_callkit_signaling_event {
    abi::nertc_callkit_signaling_event {
        struct_size: size::<abi::nertc_callkit_signaling_event>(),
        signal: event.kind.number(),
        flags: 0,
        reserved: 0,
        channel,
        from_account: required(&event.from),
        from_device: opt(&event.from_device),
        to_account: required(&event.to),
        request_id: opt(&event.request_id),
        custom_info: opt(&event.custom_info),
        time_ms: event.time_ms,
        uid: event.uid,
    }
}

impl Deliver<MediaMessage> for abi::nertc_callkit_rtc_sink {
    unsafe fn deliver(&self, message: &MediaMessage) -> bool {
        match message {
            MediaMessage::Completed(req, outcome) => {
                if let Some(complete) = self.complete {
                    let (code, message) = (outcome.code.number(), opt(&outcome.message));
                    // SAFETY: the caller's promise; the text outlives the call.
                    unsafe { complete(self.ctx, req.0 as usize, code, outcome.raw_code, message) };
                }
                true
            }
            MediaMessage::Event(MediaReport { join, event }) => {
                let Some(report) = self.event else { return true };
                let join = join.map_or(0, |join| join.0);
                let event = abi::nertc_callkit_rtc_event { join, ..media_event(event) };
                // SAFETY: the caller's promise; the event outlives the call.
                unsafe { report(self.ctx, &event) == 0 }
            }
            MediaMessage::Log(level, line) => {
                if let Some(log) = self.log {
                    // SAFETY: the caller's promise; the line outlives the call.
                    unsafe { log(self.ctx, *level as i32, required(line)) };
                }
                true
            }
        }
    }
}

fn media_event(event: &MediaEvent) -> abi::nertc_callkit_rtc_event {
    let about = |what: what, uid: u64| abi::nertc_callkit_rtc_event {
        struct_size: size::<abi::nertc_callkit_rtc_event>(),
        r#type: what as i32,
        code: Code::OK.number(),
        raw_code: 0,
        media: 0,
        flags: 0,
        uid,
        text: ptr::null(),
        local_fingerprint: ptr::null(),
        remote_fingerprint: ptr::null(),
        join: 0,
    };
    let media = |what: what, uid: u64, media: Media, on: bool| abi::nertc_callkit_rtc_event {
        media: media.bits(),
        flags: on.into(),
        ..about(what, uid)
    };
    let outcome = |what: what, outcome: &Outcome| abi::nertc_callkit_rtc_event {
        code: outcome.code.number(),
        raw_code: outcome.raw_code,
        text: opt(&outcome.message),
        ..about(what, 0)
    };
    match event {
        MediaEvent::PeerJoin { uid } => about(what::NERTC_CALLKIT_RTC_PEER_JOIN, *uid),
        MediaEvent::PeerLeave { uid, code } => abi::nertc_callkit_rtc_event {
            code: code.number(),
            ..about(what::NERTC_CALLKIT_RTC_PEER_LEAVE, *uid)
        },
        MediaEvent::PeerMedia { uid, media: bits, on } => {
            media(what::NERTC_CALLKIT_RTC_PEER_MEDIA, *uid, *bits, *on)
        }
        MediaEvent::PeerMute { uid, media: bits, muted } => {
            media(what::NERTC_CALLKIT_RTC_PEER_MUTE, *uid, *bits, *muted)
        }
        MediaEvent::PeerSilent { uid } => about(what::NERTC_CALLKIT_RTC_PEER_SILENT, *uid),
        MediaEvent::PeerActive { uid } => about(what::NERTC_CALLKIT_RTC_PEER_ACTIVE, *uid),
        MediaEvent::Reconnecting => about(what::NERTC_CALLKIT_RTC_RECONNECTING, 0),
        MediaEvent::Reconnected => about(what::NERTC_CALLKIT_RTC_RECONNECTED, 0),
        MediaEvent::Disconnected(why) => outcome(what::NERTC_CALLKIT_RTC_DISCONNECTED, why),
        MediaEvent::Quality { uid, quality } => {
            abi::nertc_callkit_rtc_event { code: *quality, ..about(what::NERTC_CALLKIT_RTC_QUALITY, *uid) }
        }
        MediaEvent::Error(why) => outcome(what::NERTC_CALLKIT_RTC_ERROR, why),
        MediaEvent::Secured { security, code, local_fingerprint, remote_fingerprint } => {
            abi::nertc_callkit_rtc_event {
                code: security.number(),
                text: opt(code),
                local_fingerprint: opt(local_fingerprint),
                remote_fingerprint: opt(remote_fingerprint),
                ..about(what::NERTC_CALLKIT_RTC_SECURED, 0)
            }
        }
    }
}
