//! The direct path: reports of a backend of this library reach the worker without C structs
//! in between, under the limits that hold for every backend.
//!
//! A sink holds the worker's client and not the handle number: a report after the client has ended is refused
//! by the worker, which recognizes a forked child, too.

use std::borrow::Borrow;
use std::sync::Arc;

use nertc_callkit_abi as abi;
use nertc_callkit_backend::adapter::{DirectMedia, DirectSignaling};
use nertc_callkit_backend::{MediaMessage, SignalingMessage};
use nertc_callkit_loopback as loopback;
use nertc_callkit_signaling::{
    Channel, ChannelState, Code, Connection, Event, Member, OperationResult, Origin, Outcome, Record, Text,
};

use super::accepted;
use super::decode::{DecodeError, bounded, cut, dropped, quality, recordable};
use crate::engine::input::{Input, RtcEvent as MediaEvent, RtcReport as MediaReport};
use crate::engine::limits;
use crate::ffi::logger::log_backend;
use crate::ffi::support::guard::guard_or;
use crate::worker::{Client, Refused};

/// Set in the environment: backends of this library are called through their vtables, as any other one is.
/// For tests, which run both ways.
const THROUGH_C: &str = "NERTC_CALLKIT_BACKENDS_THROUGH_C";

/// Which of these backends are ours: their vtables are statics of ours, not copies.
///
/// # Safety
/// Each ctx belongs to its vtable, and what is answered is not used once the vtable's `release` was called.
pub(crate) unsafe fn own_backends(
    backends: &abi::nertc_callkit_backends,
) -> (Option<DirectSignaling>, Option<DirectMedia>) {
    if std::env::var_os(THROUGH_C).is_some() {
        return (None, None);
    }
    let signaling = [
        &loopback::signaling::VTABLE,
        &loopback::signaling::VTABLE_WITH_RECORDS,
        #[cfg(feature = "mqtt")]
        &nertc_callkit_mqtt::VTABLE,
    ];
    let media = [
        &loopback::media::VTABLE,
        &loopback::null::VTABLE,
        #[cfg(feature = "webrtc")]
        &nertc_callkit_webrtc::VTABLE,
    ];
    // SAFETY: the caller's promise.
    unsafe {
        (
            DirectSignaling::of(&signaling, backends.signaling, backends.signaling_ctx),
            DirectMedia::of(&media, backends.rtc, backends.rtc_ctx),
        )
    }
}

/// A backend's answer to an operation.
pub(super) fn answer(answer: Result<(), Code>) -> Result<(), Outcome> {
    answer.or_else(|code| accepted(code.number()))
}

/// The sink of a signaling backend; it gives a message back while there is no room. A panic in here, which is
/// a bug, loses the message and does not reach the backend.
pub(super) fn signaling_sink(
    client: Arc<Client>,
) -> impl FnMut(SignalingMessage) -> Result<(), SignalingMessage> + Send {
    move |message| {
        guard_or(Ok(()), || {
            if let SignalingMessage::Completed(req, result) = message {
                report(&client, Input::SignalDone { req, result: checked_result(result) });
                return Ok(());
            }
            if let SignalingMessage::Online(event) = message {
                return take_event(&client, event).map_err(SignalingMessage::Online);
            }
            if take_signaling(&client, &message) { Ok(()) } else { Err(message) }
        })
    }
}

/// The sink of a media backend, as that of a signaling backend.
pub(super) fn media_sink(client: Arc<Client>) -> impl FnMut(MediaMessage) -> Result<(), MediaMessage> + Send {
    move |message| {
        guard_or(Ok(()), || {
            if let MediaMessage::Completed(req, outcome) = message {
                report(&client, Input::RtcDone { req, outcome: bounded(outcome) });
                return Ok(());
            }
            if take_media(&client, &message) { Ok(()) } else { Err(message) }
        })
    }
}

/// False: there is no room. A completion always fits.
fn take_signaling(client: &Client, message: &SignalingMessage) -> bool {
    match message {
        SignalingMessage::Completed(..) => true,
        SignalingMessage::Online(event) => take_event(client, event.clone()).is_ok(),
        SignalingMessage::OtherDevice(event) => {
            take_events(client, Origin::OtherDevice, std::slice::from_ref(event))
        }
        SignalingMessage::Offline(batch) => take_events(client, Origin::Offline, batch),
        SignalingMessage::Channels(states) => {
            let states = usable("channel state", states.iter().map(|state| checked_room(state.clone())));
            states.is_empty() || report(client, Input::ChannelStates(states))
        }
        SignalingMessage::Connection(change) => report(client, Input::Connection(connection(change))),
        SignalingMessage::Record { from, record } => match checked_record(from, record) {
            Ok(record) => report(client, Input::Record { from: from.clone(), record }),
            Err(error) => dropped("call record", error) == 0,
        },
        SignalingMessage::Log(level, text) => {
            log_backend(*level as i32, &cut(text.clone()));
            true
        }
    }
}

/// False: there is no room. A completion always fits.
fn take_media(client: &Client, message: &MediaMessage) -> bool {
    match message {
        MediaMessage::Completed(..) => true,
        MediaMessage::Event(MediaReport { join, event }) => match checked_media_event(event) {
            Ok(event) => report(client, Input::Rtc(MediaReport { join: *join, event })),
            Err(error) => dropped("media event", error) == 0,
        },
        MediaMessage::Log(level, text) => {
            log_backend(*level as i32, &cut(text.clone()));
            true
        }
    }
}

/// An event just now, which mostly nobody else has: it is moved. It comes back while there is no room.
fn take_event(client: &Client, event: Arc<Event>) -> Result<(), Arc<Event>> {
    if let Err(error) = check_event(&event) {
        dropped("message", error);
        return Ok(());
    }
    let mut event = Some(event);
    let mut take = || event.take().into_iter().map(Arc::unwrap_or_clone).collect();
    match client.report_with(|| Input::Signals { origin: Origin::Online, events: take() }) {
        Err(Refused::QueueFull) => event.map_or(Ok(()), Err),
        Ok(()) | Err(Refused::Closed | Refused::Reentrant | Refused::Unsupported | Refused::Exhausted) => {
            Ok(())
        }
    }
}

fn take_events<E: Borrow<Event>>(client: &Client, origin: Origin, events: &[E]) -> bool {
    let events = usable("message", events.iter().map(|event| checked_event(event.borrow())));
    events.is_empty() || report(client, Input::Signals { origin, events })
}

/// False: there is no room. A client that has ended needs no retry.
fn report(client: &Client, report: Input) -> bool {
    client.report(report) != Err(Refused::QueueFull)
}

/// What is usable of a list; the rest is logged and dropped.
fn usable<T>(what: &str, list: impl Iterator<Item = Result<T, DecodeError>>) -> Vec<T> {
    list.filter_map(|it| it.inspect_err(|error| _ = dropped(what, *error)).ok()).collect()
}

#[inline(always)]
fn fits(text: &Text, limit: usize) -> Result<(), DecodeError> {
    if text.len() > limit { Err(DecodeError::TooLong) } else { Ok(()) }
}

fn checked_channel(channel: &Channel) -> Result<(), DecodeError> {
    fits(&channel.id, limits::ID)?;
    fits(&channel.creator, limits::ACCOUNT)
}

fn checked_event(event: &Event) -> Result<Event, DecodeError> {
    check_event(event).map(|()| event.clone())
}

fn check_event(event: &Event) -> Result<(), DecodeError> {
    checked_channel(&event.channel)?;
    fits(&event.from, limits::ACCOUNT)?;
    fits(&event.from_device, limits::ID)?;
    fits(&event.to, limits::ACCOUNT)?;
    fits(&event.request_id, limits::ID)?;
    fits(&event.custom_info, limits::CUSTOM)
}

fn checked_member(member: &Member) -> Result<(), DecodeError> {
    fits(&member.account, limits::ACCOUNT)?;
    fits(&member.device, limits::ID)
}

fn checked_room(mut room: ChannelState) -> Result<ChannelState, DecodeError> {
    check_room(&mut room).map(|()| room)
}

/// Members that are not sound are left out.
fn check_room(room: &mut ChannelState) -> Result<(), DecodeError> {
    checked_channel(&room.channel)?;
    room.members.retain(|member| checked_member(member).inspect_err(|it| _ = dropped("member", *it)).is_ok());
    Ok(())
}

fn checked_result(mut result: Box<OperationResult>) -> Box<OperationResult> {
    let token = result.rtc_token.iter().try_for_each(|token| fits(token, limits::TOKEN));
    match token.and_then(|()| result.channel.as_mut().map_or(Ok(()), check_room)) {
        Ok(()) => {
            result.rtc_token.take_if(|token| token.is_empty());
            result.outcome = bounded(std::mem::take(&mut result.outcome));
            result
        }
        Err(error) => Box::new(error.outcome().into()),
    }
}

/// Unused fields are left out.
fn checked_record(from: &Text, record: &Record) -> Result<Record, DecodeError> {
    fits(from, limits::ACCOUNT)?;
    fits(&record.client_msg_id, limits::ID)?;
    fits(&record.to, limits::ACCOUNT)?;
    fits(&record.channel_id, limits::ID)?;
    Ok(Record {
        client_msg_id: record.client_msg_id.clone(),
        to: record.to.clone(),
        channel_id: record.channel_id.clone(),
        call_type: recordable(record.call_type)?,
        status: record.status,
        text: Text::EMPTY,
        durations: Vec::new(),
    })
}

fn connection(change: &Connection) -> Connection {
    match change {
        Connection::Lost(outcome) => Connection::Lost(bounded(outcome.clone())),
        Connection::Restored => Connection::Restored,
        Connection::Kicked(outcome) => Connection::Kicked(bounded(outcome.clone())),
        Connection::TokenNeeded(outcome) => Connection::TokenNeeded(bounded(outcome.clone())),
    }
}

fn checked_media_event(event: &MediaEvent) -> Result<MediaEvent, DecodeError> {
    Ok(match event {
        MediaEvent::Disconnected(outcome) => MediaEvent::Disconnected(bounded(outcome.clone())),
        MediaEvent::Error(outcome) => MediaEvent::Error(bounded(outcome.clone())),
        MediaEvent::Quality { uid, quality: number } => {
            MediaEvent::Quality { uid: *uid, quality: quality(*number)? }
        }
        MediaEvent::Secured { code, local_fingerprint, remote_fingerprint, .. } => {
            fits(code, limits::SECURITY_CODE)?;
            fits(local_fingerprint, limits::FINGERPRINT)?;
            fits(remote_fingerprint, limits::FINGERPRINT)?;
            event.clone()
        }
        MediaEvent::PeerJoin { .. }
        | MediaEvent::PeerLeave { .. }
        | MediaEvent::PeerMedia { .. }
        | MediaEvent::PeerMute { .. }
        | MediaEvent::PeerSilent { .. }
        | MediaEvent::PeerActive { .. }
        | MediaEvent::Reconnecting
        | MediaEvent::Reconnected => event.clone(),
    })
}

#[cfg(test)]
mod tests;
