//! Sinks: what backends call. A C struct of a backend, which may be malformed, becomes a report to the
//! worker.
//!
//! A sink's ctx is the handle number and never an address: a call after the client has ended
//! finds nothing.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Arc;

use nertc_callkit_abi as abi;
use nertc_callkit_abi::nertc_callkit_status;

use super::decode::{
    connection, dropped, list, message, origin, outcome, record, room, rtc_event_of, signal_event,
    signal_result, text,
};
use crate::engine::input::Input;
use crate::engine::{limits, wire};
use crate::ffi::client::{CLIENTS, Client};
use crate::ffi::logger::log_backend;
use crate::ffi::support::convert::{is_whole, read_prefix};
use crate::ffi::support::guard::guard_or;
use crate::worker::Refused;
use nertc_callkit_signaling::{OperationResult, Req};

/// The sink of the client `id` for its signaling backend.
pub(crate) fn signaling(id: usize) -> abi::nertc_callkit_signaling_sink {
    abi::nertc_callkit_signaling_sink {
        struct_size: size_of::<abi::nertc_callkit_signaling_sink>() as u32,
        abi: abi::NERTC_CALLKIT_ABI,
        ctx: ptr::without_provenance_mut(id),
        complete: Some(signal_complete),
        events: Some(signal_events),
        channel_states: Some(signal_rooms),
        connection: Some(signal_connection),
        log: Some(backend_log),
        record: Some(signal_record),
    }
}

/// The sink of the client `id` for its media backend.
pub(crate) fn rtc(id: usize) -> abi::nertc_callkit_rtc_sink {
    abi::nertc_callkit_rtc_sink {
        struct_size: size_of::<abi::nertc_callkit_rtc_sink>() as u32,
        abi: abi::NERTC_CALLKIT_ABI,
        ctx: ptr::without_provenance_mut(id),
        complete: Some(rtc_complete),
        event: Some(rtc_event),
        frame: Some(rtc_frame),
        log: Some(backend_log),
        send: Some(rtc_send),
    }
}

unsafe extern "C" fn signal_complete(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    result: *const abi::nertc_callkit_signaling_result,
) {
    guard_or((), || {
        // SAFETY: the backend lends the result for the call.
        let result = unsafe { signal_result(result) }.unwrap_or_else(|error| OperationResult {
            outcome: error.outcome(),
            ..OperationResult::default()
        });
        report(ctx, Input::SignalDone { req: Req(req as u64), result: Box::new(result) });
    });
}

unsafe extern "C" fn signal_events(
    ctx: *mut c_void,
    from: i32,
    events: *const *const abi::nertc_callkit_signaling_event,
    count: u32,
) -> i32 {
    guard_or(0, || {
        // SAFETY: the backend lends `count` events for the call.
        let events = unsafe { list(events, count, "message", |event| signal_event(event)) };
        match origin(from) {
            Ok(origin) if !events.is_empty() => report(ctx, Input::Signals { origin, events }),
            Ok(_) => 0,
            Err(error) => dropped("messages", error),
        }
    })
}

unsafe extern "C" fn signal_rooms(
    ctx: *mut c_void,
    states: *const *const abi::nertc_callkit_channel_state,
    count: u32,
) -> i32 {
    guard_or(0, || {
        // SAFETY: the backend lends `count` channel states for the call.
        let states = unsafe { list(states, count, "channel state", |place| room(place)) };
        if states.is_empty() { 0 } else { report(ctx, Input::ChannelStates(states)) }
    })
}

unsafe extern "C" fn signal_connection(
    ctx: *mut c_void,
    event: *const abi::nertc_callkit_signaling_connection,
) -> i32 {
    // SAFETY: the backend lends the event for the call.
    guard_or(0, || match unsafe { connection(event) } {
        Ok(event) => report(ctx, Input::Connection(event)),
        Err(error) => dropped("connection event", error),
    })
}

unsafe extern "C" fn signal_record(
    ctx: *mut c_void,
    from: *const c_char,
    place: *const abi::nertc_callkit_record,
) -> i32 {
    // SAFETY: the backend lends sender and record for the call.
    guard_or(0, || match unsafe { text(from, limits::ACCOUNT).and_then(|from| Ok((from, record(place)?))) } {
        Ok((from, record)) => report(ctx, Input::Record { from, record }),
        Err(error) => dropped("call record", error),
    })
}

unsafe extern "C" fn rtc_complete(
    ctx: *mut c_void,
    req: abi::nertc_callkit_req,
    code: i32,
    raw_code: i32,
    text: *const c_char,
) {
    guard_or((), || {
        // SAFETY: the backend lends the text for the call.
        let outcome = unsafe { outcome(code, raw_code, text) };
        report(ctx, Input::RtcDone { req: Req(req as u64), outcome });
    });
}

unsafe extern "C" fn rtc_event(ctx: *mut c_void, event: *const abi::nertc_callkit_rtc_event) -> i32 {
    // SAFETY: the backend lends the event for the call.
    guard_or(0, || match unsafe { rtc_event_of(event) } {
        Ok(event) => report(ctx, Input::Rtc(event)),
        Err(error) => dropped("media event", error),
    })
}

unsafe extern "C" fn rtc_frame(ctx: *mut c_void, frame: *const abi::nertc_callkit_frame) {
    guard_or((), || {
        let Some(client) = client(ctx).filter(|client| client.callbacks.wants_frames()) else {
            return;
        };
        let now = client.worker.snapshot();
        // SAFETY: the backend lends the frame for the call.
        let Ok(frame) = (unsafe { read_prefix("frame", frame) }) else { return };
        if now.connected && frame.uid == now.peer_uid && is_whole(&frame) {
            client.callbacks.frame(now.call_no, &now.peer, &frame);
        }
    });
}

unsafe extern "C" fn rtc_send(ctx: *mut c_void, join: abi::nertc_callkit_req, json: *const c_char) -> i32 {
    guard_or(0, || {
        // SAFETY: the backend lends the text for the call.
        let json = unsafe { text(json, limits::NEGOTIATION) };
        match json.ok().filter(|json| json.trim_start().starts_with('{') && wire::is_value(json)) {
            Some(json) => report(ctx, Input::RtcSend { join: Req(join as u64), json }),
            None => nertc_callkit_status::NERTC_CALLKIT_STATUS_INVALID_ARGUMENT as i32,
        }
    })
}

unsafe extern "C" fn backend_log(_ctx: *mut c_void, level: i32, text: *const c_char) {
    // SAFETY: the backend lends the text for the call.
    guard_or((), || log_backend(level, &unsafe { message(text) }));
}

fn client(ctx: *mut c_void) -> Option<Arc<Client>> {
    CLIENTS.get(ctx as usize)
}

/// Hands a report to the worker. A client that is gone has nothing to keep for it.
fn report(ctx: *mut c_void, report: Input) -> i32 {
    match client(ctx).map(|client| client.worker.report(report)) {
        Some(Err(Refused::QueueFull)) => nertc_callkit_status::NERTC_CALLKIT_STATUS_QUEUE_FULL as i32,
        Some(
            Ok(()) | Err(Refused::Closed | Refused::Reentrant | Refused::Unsupported | Refused::Exhausted),
        )
        | None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sink_without_a_client_ignores_every_call() {
        let (signaling, rtc) = (signaling(usize::MAX), rtc(usize::MAX));
        // SAFETY: all-zero is a value of both.
        let (mut channel, mut event): (abi::nertc_callkit_channel, abi::nertc_callkit_signaling_event) =
            unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
        channel.struct_size = size_of_val(&channel) as u32;
        event.struct_size = size_of_val(&event) as u32;
        (event.signal, event.channel) = (3, &channel);
        let events = [ptr::from_ref(&event)];
        // SAFETY: what they get is whole or NULL.
        unsafe {
            (signaling.complete.unwrap())(signaling.ctx, 1, ptr::null());
            assert_eq!((signaling.events.unwrap())(signaling.ctx, 0, events.as_ptr(), 1), 0);
            assert_eq!((signaling.events.unwrap())(signaling.ctx, 77, events.as_ptr(), 1), 0);
            assert_eq!((signaling.events.unwrap())(signaling.ctx, 0, ptr::null(), 1), 0);
            assert_eq!((signaling.channel_states.unwrap())(signaling.ctx, ptr::null(), 5), 0);
            assert_eq!((signaling.connection.unwrap())(signaling.ctx, ptr::null()), 0);
            (rtc.complete.unwrap())(rtc.ctx, 1, 0, 0, ptr::null());
            assert_eq!((rtc.event.unwrap())(rtc.ctx, ptr::null()), 0);
            (rtc.frame.unwrap())(rtc.ctx, ptr::null());
            (rtc.log.unwrap())(rtc.ctx, 99, ptr::null());
            assert_eq!((rtc.send.unwrap())(rtc.ctx, 1, c"{}".as_ptr()), 0);
            for json in [ptr::null(), c"".as_ptr(), c"1".as_ptr(), c"{".as_ptr(), c"{\xff}".as_ptr()] {
                assert_eq!((rtc.send.unwrap())(rtc.ctx, 1, json), -1);
            }
        }
    }
}
