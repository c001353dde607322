//! Calls.

use std::ffi::{c_char, c_void};

use nertc_callkit_abi::{
    nertc_callkit, nertc_callkit_call_options, nertc_callkit_call_policy, nertc_callkit_call_ref,
    nertc_callkit_completion_cb, nertc_callkit_end_options, nertc_callkit_status,
};

use super::request::{self, NO_OFFLINE, NO_RECORD, Wait};
use crate::engine::input::Command;
use crate::ffi::callbacks::Completion;
use crate::ffi::client::Client;
use crate::ffi::support::convert::{call_type as to_call_type, ring_ms, step};
use crate::ffi::support::guard::guard;

/// Sets how long a call rings, as caller and as callee.
///
/// Applies to the next call or invite; a live call keeps its limit. The default is
/// timers.ring_ms.
///
/// @param kit         Client. Not NULL.
/// @param timeout_ms  1 to 120000.
/// @return            OK. INVALID_ARGUMENT: NULL, 0 or above 120000. CLOSED, QUEUE_FULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_set_call_timeout(
    kit: *mut nertc_callkit,
    timeout_ms: u32,
) -> nertc_callkit_status {
    guard("set_call_timeout", || {
        let client = Client::from_handle(kit)?;
        client.submit(
            Command::SetCallTimeout { timeout_ms: ring_ms("timeout_ms", timeout_ms)? },
            Completion::nobody(),
        )
    })
}

/// Sets whose invites ring.
///
/// Applies to every invite that arrives after this; a ringing or connected call continues. In
/// any state, also logged out; kept until replaced, also across reconnect, logout and another
/// account. Two are never refused: the peer of the live own call (glare, redial, a restarted
/// peer), and the call that is answered with
/// NERTC_CALLKIT_CALL_REF_WAIT. A refused invite is one on_missed_call (BLOCKED), unless
/// NERTC_CALLKIT_POLICY_NO_MISSED is given. Copies `policy` and all it points to.
///
/// @param kit     Client. Not NULL.
/// @param policy  Whose invites ring, and what the others get. NULL: everybody's invites ring.
/// @return        OK. INVALID_ARGUMENT: unknown rule, answer or flag, more than 4096 accounts,
///                an account that is missing, not UTF-8 or longer than 64 bytes; UNSUPPORTED: a
///                field that this library does not know is not zero; CLOSED, QUEUE_FULL. The
///                previous policy stays then.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_set_call_policy(
    kit: *mut nertc_callkit,
    policy: *const nertc_callkit_call_policy,
) -> nertc_callkit_status {
    guard("set_call_policy", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let policy = unsafe { request::policy(policy)? };
        client.submit(Command::SetCallPolicy(policy), Completion::nobody())
    })
}

/// Invites one account to a call.
///
/// Copies `options` and all it points to. The completion has call_no, channel_id,
/// request_id, call_id and the own uid, and precedes every event of that call. The answer
/// arrives as on_user_accept, on_user_reject, on_user_busy or on_calling_timeout; the last
/// event is on_call_end.
///
/// The length of attachment and extra is counted on the wire, as JSON: in
/// plain text a quote, a backslash and a newline take 2 bytes, other control characters 6; a
/// JSON object or array counts as it is. The library's members take up to 361 of the 4096 bytes,
/// so 3735 plain letters always fit. The log has the length of a refused one.
///
/// @param kit        Client. Not NULL.
/// @param options    Whom to call, and how. Not NULL.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT: NULL, an invalid or too long text, unknown type
///                   or flag, or attachment and extra take more than 4096 bytes together on the
///                   wire. UNSUPPORTED: a field that this library does not know is not zero.
///                   CLOSED. QUEUE_FULL: too many requests, or 1024 callbacks are queued for
///                   dispatch.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_call(
    kit: *mut nertc_callkit,
    options: *const nertc_callkit_call_options,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("call", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let command = unsafe { request::call(options)? };
        client.submit(command, Completion::new(done, user_data))
    })
}

/// Cancels an outgoing call.
///
/// Final: no media opens and no on_user_accept is emitted after it. Completes with 0 if the call
/// has ended meanwhile.
///
/// @param kit        Client. Not NULL.
/// @param call       Which call, or NULL: the most recent call. Copied.
/// @param options    How, or NULL: all defaults. Copied, with its text.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
///                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
///                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
///                   slots are used up.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_cancel(
    kit: *mut nertc_callkit,
    call: *const nertc_callkit_call_ref,
    options: *const nertc_callkit_end_options,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("cancel", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let (call, how) = unsafe {
            (
                request::call_ref(call, &client.callbacks, Wait::Refused)?,
                request::ending(options, NO_OFFLINE | NO_RECORD, false)?,
            )
        };
        let command = Command::Cancel {
            call,
            attach_ext: how.text,
            no_offline: how.no_offline,
            no_record: how.no_record,
        };
        client.submit(command, Completion::new(done, user_data))
    })
}

/// Accepts a call.
///
/// Completes when signaling has decided: the first device of the account wins. Then
/// on_user_enter and on_call_connected follow, or on_call_end.
///
/// With NERTC_CALLKIT_CALL_REF_WAIT the request waits for a call that has not arrived, also before
/// login: a push started the app, and the user has already answered (docs/PUSH.md). Then on_invited
/// is emitted with NERTC_CALLKIT_INVITED_ANSWERED, followed by the completion; or only the
/// completion, with NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS, if no such call arrives. A second answer
/// replaces the waiting one (SUPERSEDED).
///
/// @param kit        Client. Not NULL.
/// @param call       Which call, or NULL: the most recent call. Copied.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL, UNSUPPORTED (an
///                   unknown field is not zero).
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_accept(
    kit: *mut nertc_callkit,
    call: *const nertc_callkit_call_ref,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("accept", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let call = unsafe { request::call_ref(call, &client.callbacks, Wait::Allowed)? };
        client.submit(Command::Accept { call }, Completion::new(done, user_data))
    })
}

/// Rejects an incoming call.
///
/// Completes at once; on_call_end follows. Completes with 0 if the call has ended meanwhile. With
/// NERTC_CALLKIT_END_BUSY as reason the caller gets on_user_busy instead of on_user_reject. With
/// NERTC_CALLKIT_CALL_REF_WAIT it waits as accept does.
///
/// @param kit        Client. Not NULL.
/// @param call       Which call, or NULL: the most recent call. Copied.
/// @param options    How, or NULL: all defaults. Copied, with its text.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
///                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
///                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
///                   slots are used up.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_reject(
    kit: *mut nertc_callkit,
    call: *const nertc_callkit_call_ref,
    options: *const nertc_callkit_end_options,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("reject", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let (call, how) = unsafe {
            (request::call_ref(call, &client.callbacks, Wait::Allowed)?, request::ending(options, 0, true)?)
        };
        let command = Command::Reject { call, busy: how.busy, text: how.text };
        client.submit(command, Completion::new(done, user_data))
    })
}

/// Ends a call for everybody, whatever its state.
///
/// While calling it cancels, while ringing it rejects. Completes at once; on_call_end follows.
/// Completes with 0 if the call has ended meanwhile. NERTC_CALLKIT_CALL_FLAG_NO_RECORD has an effect
/// while calling only.
///
/// @param kit        Client. Not NULL.
/// @param call       Which call, or NULL: the most recent call. Copied.
/// @param options    How, or NULL: all defaults. Copied, with its text.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
///                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
///                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
///                   slots are used up.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_hangup(
    kit: *mut nertc_callkit,
    call: *const nertc_callkit_call_ref,
    options: *const nertc_callkit_end_options,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("hangup", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let (call, how) = unsafe {
            (
                request::call_ref(call, &client.callbacks, Wait::Refused)?,
                request::ending(options, NO_OFFLINE | NO_RECORD, false)?,
            )
        };
        let command =
            Command::Hangup { call, no_offline: how.no_offline, no_record: how.no_record, text: how.text };
        client.submit(command, Completion::new(done, user_data))
    })
}

/// Leaves a call without closing it.
///
/// The peer gets on_user_leave. Completes at once; on_call_end follows. After the completion no
/// frame reaches on_frame.
///
/// @param kit        Client. Not NULL.
/// @param call       Which call, or NULL: the most recent call. Copied.
/// @param options    How, or NULL: all defaults. Copied, with its text.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT: also a flag or reason of another function,
///                   or a text that takes more than 4096 bytes on the wire, as for call. CLOSED,
///                   UNSUPPORTED (an unknown field is not zero). QUEUE_FULL: only if its reserved
///                   slots are used up.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_leave(
    kit: *mut nertc_callkit,
    call: *const nertc_callkit_call_ref,
    options: *const nertc_callkit_end_options,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("leave", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let (call, how) = unsafe {
            (
                request::call_ref(call, &client.callbacks, Wait::Refused)?,
                request::ending(options, NO_OFFLINE, false)?,
            )
        };
        let command = Command::Leave { call, no_offline: how.no_offline, text: how.text };
        client.submit(command, Completion::new(done, user_data))
    })
}

/// Sends a JSON value to the peer's app, which gets it as on_data.
///
/// For apps that bring their own media (nertc_callkit_null_rtc) and negotiate it themselves, and for
/// any other data of one call. In order, each once, within this call. Completes when
/// signaling has accepted it: 0; NERTC_CALLKIT_CODE_NOT_IN_CALL before the completion of accept or
/// on_user_accept, and when idle; UNSUPPORTED: the peer's app has no on_data, or the signaling
/// backend no `control`; LIMIT: 16 texts are waiting already; CALL_MISMATCH: the call has ended, or
/// `call` names another one. A peer accepts up to 256 in 3 seconds, over MQTT 50 a second.
///
/// @param kit        Client. Not NULL.
/// @param call       Which call, or NULL: the most recent call. Copied.
/// @param json       A JSON value, 1 to 3800 bytes, nested up to 8 deep. Not NULL. Copied.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT: NULL, not JSON, too long, too deep. CLOSED,
///                   QUEUE_FULL, UNSUPPORTED (an unknown field is not zero).
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_send_data(
    kit: *mut nertc_callkit,
    call: *const nertc_callkit_call_ref,
    json: *const c_char,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("send_data", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let command = unsafe { request::data(call, json, &client.callbacks)? };
        client.submit(command, Completion::new(done, user_data))
    })
}

/// Requests another call type, or answers the peer's request.
///
/// Completes at once: with NERTC_CALLKIT_CODE_UNSUPPORTED if the signaling backend has no
/// `control`, with NERTC_CALLKIT_CODE_INVALID_ARGUMENT if there is no request to answer. The
/// peer's request arrives as on_call_type_request, if config requires confirmation; so does its
/// refusal of ours, with state 3. A change that the peer makes or accepts arrives as
/// on_call_type_change; one that this function makes itself is reported by its completion only.
///
/// @param kit        Client. Not NULL.
/// @param call_type  NERTC_CALLKIT_CALL_TYPE_AUDIO or NERTC_CALLKIT_CALL_TYPE_VIDEO.
/// @param state      A nertc_callkit_call_type_action: request, accept or reject.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_switch_call_type(
    kit: *mut nertc_callkit,
    call_type: i32,
    state: i32,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("switch_call_type", || {
        let client = Client::from_handle(kit)?;
        let command = Command::SwitchCallType {
            call_type: to_call_type("call_type", call_type)?,
            step: step("state", state)?,
        };
        client.submit(command, Completion::new(done, user_data))
    })
}
