//! The app's side of a client: completions and events become C structs and callbacks.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::{Condvar, Mutex};

use log::{debug, info};
use nertc_callkit_abi as abi;
use nertc_callkit_abi::{nertc_callkit, nertc_callkit_completion_cb};

use super::logger::Pii;
use super::support::convert::{AppPtr, split};
use super::support::handle_table::{lock, wait};
use super::support::in_flight::InFlight;
use crate::engine::input::{CallRef, Ticket};
use crate::engine::output::{
    CallEnd, CallEvent, ConnectionEvent, DataEvent, ErrorEvent, Event, Invited, MediaEvent, MediaSecured,
    MissedCall, OpResult, Operation, RecordSent, UserEvent,
};
use crate::worker::ports::Listener;
use crate::worker::{ByTicket, CallbackGuard};
use nertc_callkit_signaling::{Code, Text};

/// A function that gets frames.
pub(crate) type OnFrame =
    unsafe extern "C" fn(*mut nertc_callkit, *const c_char, *const abi::nertc_callkit_frame, *mut c_void);
/// A function that gets call records.
type OnRecord =
    Option<unsafe extern "C" fn(*mut nertc_callkit, *const abi::nertc_callkit_record_event, *mut c_void)>;
/// A function that gets nothing but its user_data.
pub(crate) type Plain = unsafe extern "C" fn(*mut c_void);

/// Where the result of a request goes.
#[derive(Clone, Copy)]
pub(crate) struct Completion {
    pub(crate) done: nertc_callkit_completion_cb,
    pub(crate) user_data: AppPtr,
}

impl Completion {
    pub(crate) fn new(done: nertc_callkit_completion_cb, user_data: *mut c_void) -> Completion {
        Completion { done, user_data: AppPtr(user_data) }
    }

    pub(crate) fn nobody() -> Completion {
        Completion::new(None, ptr::null_mut())
    }
}

/// What the app gave to create, and what it waits for.
pub(crate) struct CallbackSink {
    id: usize,
    /// Removes the client from its table: the last thing that happens.
    forget: fn(usize),
    listener: abi::nertc_callkit_listener,
    on_frame: Option<OnFrame>,
    on_wakeup: Option<Plain>,
    user_data: AppPtr,
    state: Mutex<PendingState>,
    /// An offer was decided after `PendingState::is_over`.
    decided: Condvar,
    /// Calls whose frames may still reach `on_frame`, by call number.
    frames: InFlight,
}

/// Requested and shown calls.
#[derive(Default)]
struct PendingState {
    last_ticket: u64,
    pending: ByTicket<Pending>,
    /// The call delivered last whose end is not delivered; 0 = none.
    shown: u64,
    released: Option<(Plain, AppPtr)>,
    /// The engine is gone.
    is_over: bool,
}

struct Pending {
    completion: Completion,
    operation: Operation,
    /// The request was accepted; before that it may still be refused.
    accepted: bool,
}

impl CallbackSink {
    pub(crate) fn new(
        id: usize,
        forget: fn(usize),
        config: &abi::nertc_callkit_config,
        listener: abi::nertc_callkit_listener,
    ) -> CallbackSink {
        CallbackSink {
            id,
            forget,
            listener,
            on_frame: config.on_frame,
            on_wakeup: config.on_wakeup,
            user_data: AppPtr(config.user_data),
            state: Mutex::default(),
            decided: Condvar::new(),
            frames: InFlight::default(),
        }
    }

    /// A ticket for a completion, which may be due before the request was even accepted.
    pub(crate) fn expect(&self, completion: Completion, operation: Operation) -> Ticket {
        let mut state = lock(&self.state);
        state.last_ticket += 1;
        let ticket = Ticket(state.last_ticket);
        state.pending.insert(ticket, Pending { completion, operation, accepted: false });
        ticket
    }

    /// The request of `ticket` was accepted or refused.
    pub(crate) fn offered(&self, ticket: Ticket, accepted: bool) {
        let mut state = lock(&self.state);
        if !accepted {
            state.pending.remove(ticket);
        } else if let Some(pending) = state.pending.get_mut(ticket) {
            pending.accepted = true;
        }
        if state.is_over {
            self.decided.notify_all();
        }
    }

    /// Completes what the engine did not complete. There is something only if it
    /// panicked. Waits for the threads that are just being notified whether their request is
    /// accepted.
    fn complete_the_rest(&self) {
        let mut state = lock(&self.state);
        state.is_over = true;
        while state.pending.iter().any(|(_, pending)| !pending.accepted) {
            state = wait(&self.decided, state);
        }
        let rest = state.pending.take_all();
        drop(state);
        for (_, pending) in rest {
            self.complete(pending.completion, &shut_down(pending.operation));
        }
    }

    /// Which call the app can mean now when it names none.
    pub(crate) fn implied_call(&self) -> CallRef {
        let state = lock(&self.state);
        let is_call = |pending: &Pending| pending.accepted && pending.operation == Operation::Call;
        let calls = state.pending.iter().filter(|(_, pending)| is_call(pending));
        let issued = calls.map(|(ticket, _)| *ticket).collect();
        CallRef { implied: true, shown: state.shown, issued, ..CallRef::default() }
    }

    /// The callback of release.
    pub(crate) fn when_released(&self, released: Option<Plain>, user_data: AppPtr) {
        lock(&self.state).released = released.map(|function| (function, user_data));
    }

    /// Hands a frame of `user` to the app, on this thread, unless the end of its call was
    /// delivered.
    pub(crate) fn frame(&self, call_no: u64, user: &Text, frame: &abi::nertc_callkit_frame) {
        let Some(on_frame) = self.on_frame else { return };
        let Some(_in_flight) = self.frames.enter(call_no) else { return };
        let _inside = CallbackGuard::enter();
        // SAFETY: the app's function; what it gets is valid until it returns.
        unsafe { on_frame(self.handle(), user.as_ptr(), frame, self.user_data.0) }
    }

    /// Whether the app wants frames.
    pub(crate) fn wants_frames(&self) -> bool {
        self.on_frame.is_some()
    }

    /// No frame of any call from now on; waits for those that are running.
    pub(crate) fn shut_frames(&self) {
        self.frames.shut(u64::MAX);
    }

    fn handle(&self) -> *mut nertc_callkit {
        ptr::without_provenance_mut(self.id)
    }

    /// Calls one function of the app.
    fn notify<E>(
        &self,
        function: Option<unsafe extern "C" fn(*mut nertc_callkit, *const E, *mut c_void)>,
        event: &E,
    ) {
        if let Some(function) = function {
            let _inside = CallbackGuard::enter();
            // SAFETY: the app's function; the event and its texts are valid until it returns.
            unsafe { function(self.handle(), event, self.user_data.0) }
        }
    }

    fn error(&self, event: &ErrorEvent) {
        let c = abi::nertc_callkit_error_event {
            struct_size: size::<abi::nertc_callkit_error_event>(),
            code: event.code.number(),
            raw_code: event.raw_code,
            operation: event.operation as u32,
            call_no: event.call_no,
            message: message(event.code, &event.message),
        };
        self.notify(self.listener.on_error, &c);
    }

    fn complete(&self, completion: Completion, result: &OpResult) {
        debug!("client {}: {:?} of call {}: {}", self.id, result.operation, result.call_no, result.code);
        let Some(done) = completion.done else { return self.complete_unasked(result) };
        let c = abi::nertc_callkit_result {
            struct_size: size::<abi::nertc_callkit_result>(),
            code: result.code.number(),
            raw_code: result.raw_code,
            operation: result.operation as u32,
            call_no: result.call_no,
            uid: result.uid,
            message: message(result.code, &result.message),
            channel_id: result.channel_id.as_ptr(),
            request_id: result.request_id.as_ptr(),
            call_id: result.call_id.as_ptr(),
        };
        let _inside = CallbackGuard::enter();
        // SAFETY: the app's function; the result and its texts are valid until it returns.
        unsafe { done(self.handle(), &c, completion.user_data.0) }
    }

    /// There is no completion callback: a failure is an error event. set_call_timeout has no
    /// result to notify.
    fn complete_unasked(&self, result: &OpResult) {
        if !result.code.is_success() && result.operation != Operation::None {
            self.error(&ErrorEvent {
                operation: result.operation,
                code: result.code,
                raw_code: result.raw_code,
                call_no: result.call_no,
                message: result.message.clone(),
            });
        }
    }

    fn invited(&self, event: &Invited) {
        info!("client {}: call {} of {} rings", self.id, event.call_no, Pii(&event.invitor));
        let call = abi::nertc_callkit_call_ref {
            struct_size: size::<abi::nertc_callkit_call_ref>(),
            flags: 0,
            call_no: event.call_no,
            channel_id: event.channel_id.as_ptr(),
            account: event.invitor.as_ptr(),
            request_id: event.request_id.as_ptr(),
        };
        let nobody = [ptr::null()];
        let c = abi::nertc_callkit_invited_event {
            struct_size: size::<abi::nertc_callkit_invited_event>(),
            call_type: event.call_type.number(),
            call_no: event.call_no,
            call: &call,
            invitor: event.invitor.as_ptr(),
            user_ids: nobody.as_ptr(),
            user_id_count: 0,
            is_from_group: 0,
            group_id: c"".as_ptr(),
            attachment: event.attachment.as_ptr(),
            channel_id: event.channel_id.as_ptr(),
            request_id: event.request_id.as_ptr(),
            call_id: event.call_id.as_ptr(),
            invited_at_ms: event.invited_at_ms,
            ring_left_ms: event.ring_left_ms,
            flags: u32::from(event.offline) | u32::from(event.answered) << 1,
        };
        self.notify(self.listener.on_invited, &c);
    }

    fn user(&self, function: abi::nertc_callkit_user_cb, event: &UserEvent) {
        let c = abi::nertc_callkit_user_event {
            struct_size: size::<abi::nertc_callkit_user_event>(),
            flags: 0,
            call_no: event.call_no,
            user_id: event.user.as_ptr(),
            uid: event.uid,
            code: event.code.number(),
            raw_code: event.raw_code,
            message: message(event.code, &event.message),
        };
        self.notify(function, &c);
    }

    fn media(&self, function: abi::nertc_callkit_media_cb, event: &MediaEvent) {
        let c = abi::nertc_callkit_media_event {
            struct_size: size::<abi::nertc_callkit_media_event>(),
            on: i32::from(event.on),
            call_no: event.call_no,
            user_id: event.user.as_ptr(),
            uid: event.uid,
        };
        self.notify(function, &c);
    }

    fn call(&self, function: abi::nertc_callkit_call_cb, event: &CallEvent) {
        let c = abi::nertc_callkit_call_event {
            struct_size: size::<abi::nertc_callkit_call_event>(),
            call_type: event.call_type.number(),
            call_no: event.call_no,
            user_id: event.user.as_ptr(),
            device_id: event.device.as_ptr(),
            state: event.state,
            flags: 0,
        };
        self.notify(function, &c);
    }

    fn connection(&self, function: abi::nertc_callkit_connection_cb, event: &ConnectionEvent) {
        let c = abi::nertc_callkit_connection_event {
            struct_size: size::<abi::nertc_callkit_connection_event>(),
            code: event.code.number(),
            raw_code: event.raw_code,
            transport: event.transport as i32,
            call_no: event.call_no,
            user_id: event.user.as_ptr(),
            message: message(event.code, &event.message),
            quality: event.quality,
            flags: 0,
        };
        self.notify(function, &c);
    }

    fn call_end(&self, event: &CallEnd) {
        info!("client {}: call {} with {}: {:?}", self.id, event.call_no, Pii(&event.user), event.reason);
        let (accounts, durations_s) = split(&event.durations);
        let c = abi::nertc_callkit_end_event {
            struct_size: size::<abi::nertc_callkit_end_event>(),
            reason: event.reason as i32,
            call_no: event.call_no,
            user_id: event.user.as_ptr(),
            extra: event.extra.as_ptr(),
            ring_ms: event.ring_ms,
            talk_ms: event.talk_ms,
            accounts: accounts.as_ptr(),
            durations_s: durations_s.as_ptr(),
            account_count: durations_s.len() as u32,
            flags: 0,
        };
        self.notify(self.listener.on_call_end, &c);
    }

    fn record(&self, function: OnRecord, event: &RecordSent) {
        let c = abi::nertc_callkit_record_event {
            struct_size: size::<abi::nertc_callkit_record_event>(),
            record_status: event.status as i32,
            call_no: event.call_no,
            user_id: event.user.as_ptr(),
            peer: event.peer.as_ptr(),
            msg_id: event.msg_id.as_ptr(),
            call_type: event.call_type.number(),
            flags: 0,
        };
        self.notify(function, &c);
    }

    fn missed(&self, event: &MissedCall) {
        let c = abi::nertc_callkit_missed_event {
            struct_size: size::<abi::nertc_callkit_missed_event>(),
            reason: event.reason as i32,
            call_type: event.call_type.number(),
            flags: 0,
            user_id: event.user.as_ptr(),
            attachment: event.attachment.as_ptr(),
            invited_at_ms: event.invited_at_ms,
            channel_id: event.channel_id.as_ptr(),
            request_id: event.request_id.as_ptr(),
            count: event.count,
            reserved: 0,
        };
        self.notify(self.listener.on_missed_call, &c);
    }

    fn data(&self, event: &DataEvent) {
        let c = abi::nertc_callkit_data_event {
            struct_size: size::<abi::nertc_callkit_data_event>(),
            flags: 0,
            call_no: event.call_no,
            user_id: event.user.as_ptr(),
            json: event.json.as_ptr(),
        };
        self.notify(self.listener.on_data, &c);
    }

    fn media_secured(&self, event: &MediaSecured) {
        let c = abi::nertc_callkit_security_event {
            struct_size: size::<abi::nertc_callkit_security_event>(),
            security: event.security.number(),
            call_no: event.call_no,
            user_id: event.user.as_ptr(),
            code: event.code.as_ptr(),
            local_fingerprint: event.local_fingerprint.as_ptr(),
            remote_fingerprint: event.remote_fingerprint.as_ptr(),
        };
        self.notify(self.listener.on_media_secured, &c);
    }

    fn show(&self, call_no: u64) {
        lock(&self.state).shown = call_no;
    }

    /// The end of `call_no` is about to be emitted: nothing can refer to it any more, and none of its
    /// frames follows.
    fn hide(&self, call_no: u64) {
        {
            let mut state = lock(&self.state);
            if state.shown == call_no {
                state.shown = 0;
            }
        }
        self.frames.shut(call_no);
    }
}

impl Listener for CallbackSink {
    fn done(&self, ticket: Ticket, result: &OpResult) {
        let Some(pending) = lock(&self.state).pending.remove(ticket) else { return };
        let succeeded = |operation| result.operation == operation && result.code.is_success();
        if succeeded(Operation::Call) {
            self.show(result.call_no);
        }
        if succeeded(Operation::Leave) {
            self.frames.shut(result.call_no);
        }
        self.complete(pending.completion, result);
    }

    fn event(&self, event: &Event) {
        let on = &self.listener;
        match event {
            Event::Invited(event) => {
                self.show(event.call_no);
                self.invited(event);
            }
            Event::UserBusy(event) => self.user(on.on_user_busy, event),
            Event::UserCancel(event) => self.user(on.on_user_cancel, event),
            Event::UserAccept(event) => self.user(on.on_user_accept, event),
            Event::UserEnter(event) => self.user(on.on_user_enter, event),
            Event::UserReject(event) => self.user(on.on_user_reject, event),
            Event::UserLeave(event) => self.user(on.on_user_leave, event),
            Event::UserDisconnect(event) => self.user(on.on_user_disconnect, event),
            Event::Disconnect(event) => self.connection(on.on_disconnect, event),
            Event::AudioAvailable(event) => self.media(on.on_audio_available, event),
            Event::CameraAvailable(event) => self.media(on.on_camera_available, event),
            Event::CallEnd(event) => {
                self.hide(event.call_no);
                self.call_end(event);
            }
            Event::CallingTimeout(event) => self.call(on.on_calling_timeout, event),
            Event::CallTypeChange(event) => self.call(on.on_call_type_change, event),
            Event::OtherClientAccept(event) => self.call(on.on_other_client_accept, event),
            Event::OtherClientReject(event) => self.call(on.on_other_client_reject, event),
            Event::VideoMuted(event) => self.media(on.on_video_muted, event),
            Event::AudioMuted(event) => self.media(on.on_audio_muted, event),
            Event::MessageSent(event) => self.record(on.on_message_sent, event),
            Event::Error(event) => self.error(event),
            Event::CallConnected(event) => self.call(on.on_call_connected, event),
            Event::Kicked(event) => self.connection(on.on_kicked, event),
            Event::Reconnecting(event) => self.connection(on.on_reconnecting, event),
            Event::Reconnected(event) => self.connection(on.on_reconnected, event),
            Event::NetworkQuality(event) => self.connection(on.on_network_quality, event),
            Event::CallTypeRequest(event) => self.call(on.on_call_type_request, event),
            Event::MissedCall(event) => self.missed(event),
            Event::UserRinging(event) => self.user(on.on_user_ringing, event),
            Event::TokenNeeded(event) => self.connection(on.on_token_needed, event),
            Event::RecordReceived(event) => self.record(on.on_record_received, event),
            Event::Data(event) => self.data(event),
            Event::MediaSecured(event) => self.media_secured(event),
        }
    }

    fn released(&self) {
        self.shut_frames();
        self.complete_the_rest();
        let released = lock(&self.state).released.take();
        if let Some((released, user_data)) = released {
            let _inside = CallbackGuard::enter();
            // SAFETY: the app's function.
            unsafe { released(user_data.0) }
        }
        (self.forget)(self.id);
    }

    fn wakeup(&self) {
        if let Some(on_wakeup) = self.on_wakeup {
            let _inside = CallbackGuard::enter();
            // SAFETY: the app's function.
            unsafe { on_wakeup(self.user_data.0) }
        }
    }
}

/// The result of a request that will never complete otherwise.
fn shut_down(operation: Operation) -> OpResult {
    let [message, channel_id, request_id, call_id] = [const { "" }; 4].map(Text::from);
    let code = Code::SHUTTING_DOWN;
    OpResult { operation, code, raw_code: 0, message, call_no: 0, uid: 0, channel_id, request_id, call_id }
}

/// The message for a developer: never empty.
fn message(code: Code, given: &Text) -> *const c_char {
    if given.is_empty() { code.text().as_ptr() } else { given.as_ptr() }
}

fn size<T>() -> u32 {
    size_of::<T>() as u32
}

#[cfg(test)]
mod tests;
