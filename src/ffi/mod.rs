//! The C surface: convert, delegate, done. Panics stop here.
//!
//! `api` has the exported functions and `backend` the vtables below; `create`, `client` and
//! `callbacks` are a client's way through life, and `support` serves all of them.
#![allow(clippy::missing_safety_doc, reason = "each function's comment is its C contract")]

pub mod api;
mod backend;
mod callbacks;
mod client;
mod create;
mod support;
mod texts;

/// What a function answers inside a callback, of whatever client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InCallback {
    /// It works.
    Yes,
    /// It changes nothing and answers REENTRANT.
    Refused,
}

/// One row per exported function; header comments and C tests are checked against it.
pub const REENTRANCY: &[(&str, InCallback)] = &[
    ("nertc_callkit_version", InCallback::Yes),
    ("nertc_callkit_version_text", InCallback::Yes),
    ("nertc_callkit_status_text", InCallback::Yes),
    ("nertc_callkit_code_text", InCallback::Yes),
    ("nertc_callkit_end_reason_text", InCallback::Yes),
    ("nertc_callkit_state_text", InCallback::Yes),
    ("nertc_callkit_operation_text", InCallback::Yes),
    ("nertc_callkit_struct_init", InCallback::Yes),
    ("nertc_callkit_create", InCallback::Yes),
    ("nertc_callkit_destroy", InCallback::Refused),
    ("nertc_callkit_release", InCallback::Yes),
    ("nertc_callkit_login", InCallback::Yes),
    ("nertc_callkit_set_token", InCallback::Yes),
    ("nertc_callkit_logout", InCallback::Yes),
    ("nertc_callkit_get_state", InCallback::Yes),
    ("nertc_callkit_get_call_info", InCallback::Yes),
    ("nertc_callkit_dispatch", InCallback::Refused),
    ("nertc_callkit_get_event_handle", InCallback::Yes),
    ("nertc_callkit_network_changed", InCallback::Yes),
    ("nertc_callkit_set_call_timeout", InCallback::Yes),
    ("nertc_callkit_set_call_policy", InCallback::Yes),
    ("nertc_callkit_call", InCallback::Yes),
    ("nertc_callkit_cancel", InCallback::Yes),
    ("nertc_callkit_accept", InCallback::Yes),
    ("nertc_callkit_reject", InCallback::Yes),
    ("nertc_callkit_hangup", InCallback::Yes),
    ("nertc_callkit_leave", InCallback::Yes),
    ("nertc_callkit_switch_call_type", InCallback::Yes),
    ("nertc_callkit_push_encode", InCallback::Yes),
    ("nertc_callkit_push_decode", InCallback::Yes),
    ("nertc_callkit_enable_local", InCallback::Yes),
    ("nertc_callkit_mute_local", InCallback::Yes),
    ("nertc_callkit_mute_remote", InCallback::Yes),
    ("nertc_callkit_set_local_view", InCallback::Yes),
    ("nertc_callkit_set_remote_view", InCallback::Yes),
    ("nertc_callkit_push_frame", InCallback::Yes),
    ("nertc_callkit_set_log_callback", InCallback::Yes),
    ("nertc_callkit_trace_start", InCallback::Yes),
    ("nertc_callkit_trace_stop", InCallback::Yes),
    ("nertc_callkit_hub_create", InCallback::Yes),
    ("nertc_callkit_hub_release", InCallback::Yes),
    ("nertc_callkit_hub_add_fault", InCallback::Yes),
    ("nertc_callkit_loopback_signaling", InCallback::Yes),
    ("nertc_callkit_loopback_rtc", InCallback::Yes),
    ("nertc_callkit_null_rtc", InCallback::Yes),
    ("nertc_callkit_mqtt_signaling", InCallback::Yes),
];

#[cfg(test)]
mod tests {
    use crate::engine::codes;
    use nertc_callkit_abi::nertc_callkit_code;

    macro_rules! same {
        ($($name:ident $c:ident)*) => { [$((codes::$name, nertc_callkit_code::$c as i32)),*] };
    }

    #[test]
    fn the_engines_codes_are_those_of_the_header() {
        let codes = same! {
            OK NERTC_CALLKIT_CODE_OK
            BAD_TOKEN NERTC_CALLKIT_CODE_BAD_TOKEN
            TIMEOUT NERTC_CALLKIT_CODE_TIMEOUT
            PEER_OFFLINE NERTC_CALLKIT_CODE_PEER_OFFLINE
            PEER_PUSH_OFFLINE NERTC_CALLKIT_CODE_PEER_PUSH_OFFLINE
            CHANNEL_NOT_EXISTS NERTC_CALLKIT_CODE_CHANNEL_NOT_EXISTS
            CHANNEL_EXISTS NERTC_CALLKIT_CODE_CHANNEL_EXISTS
            NOT_MEMBER NERTC_CALLKIT_CODE_NOT_MEMBER
            ALREADY_MEMBER NERTC_CALLKIT_CODE_ALREADY_MEMBER
            INVITE_NOT_EXISTS NERTC_CALLKIT_CODE_INVITE_NOT_EXISTS
            INVITE_REJECTED NERTC_CALLKIT_CODE_INVITE_REJECTED
            INVITE_ACCEPTED NERTC_CALLKIT_CODE_INVITE_ACCEPTED
            UID_CONFLICT NERTC_CALLKIT_CODE_UID_CONFLICT
            MEMBER_LIMIT NERTC_CALLKIT_CODE_MEMBER_LIMIT
            OTHER_DEVICE NERTC_CALLKIT_CODE_OTHER_DEVICE
            NOT_LOGGED_IN NERTC_CALLKIT_CODE_NOT_LOGGED_IN
            CALL_IN_CALLING NERTC_CALLKIT_CODE_CALL_IN_CALLING
            CALL_IN_CALLED NERTC_CALLKIT_CODE_CALL_IN_CALLED
            CALL_IN_CALL NERTC_CALLKIT_CODE_CALL_IN_CALL
            HANGUP_IN_IDLE NERTC_CALLKIT_CODE_HANGUP_IN_IDLE
            LEAVE_IN_IDLE NERTC_CALLKIT_CODE_LEAVE_IN_IDLE
            LEAVE_IN_CALLING NERTC_CALLKIT_CODE_LEAVE_IN_CALLING
            LEAVE_IN_CALLED NERTC_CALLKIT_CODE_LEAVE_IN_CALLED
            CANCEL_IN_IDLE NERTC_CALLKIT_CODE_CANCEL_IN_IDLE
            CANCEL_IN_CALLED NERTC_CALLKIT_CODE_CANCEL_IN_CALLED
            CANCEL_IN_CALL NERTC_CALLKIT_CODE_CANCEL_IN_CALL
            ACCEPT_IN_IDLE NERTC_CALLKIT_CODE_ACCEPT_IN_IDLE
            ACCEPT_IN_CALLING NERTC_CALLKIT_CODE_ACCEPT_IN_CALLING
            ACCEPT_IN_CALL NERTC_CALLKIT_CODE_ACCEPT_IN_CALL
            REJECT_IN_IDLE NERTC_CALLKIT_CODE_REJECT_IN_IDLE
            REJECT_IN_CALLING NERTC_CALLKIT_CODE_REJECT_IN_CALLING
            REJECT_IN_CALL NERTC_CALLKIT_CODE_REJECT_IN_CALL
            SWITCH_IN_IDLE NERTC_CALLKIT_CODE_SWITCH_IN_IDLE
            SWITCH_IN_CALLING NERTC_CALLKIT_CODE_SWITCH_IN_CALLING
            SWITCH_IN_CALLED NERTC_CALLKIT_CODE_SWITCH_IN_CALLED
            CALL_MISMATCH NERTC_CALLKIT_CODE_CALL_MISMATCH
            ALREADY_LOGGED_IN NERTC_CALLKIT_CODE_ALREADY_LOGGED_IN
            SHUTTING_DOWN NERTC_CALLKIT_CODE_SHUTTING_DOWN
            SUPERSEDED NERTC_CALLKIT_CODE_SUPERSEDED
            LIMIT NERTC_CALLKIT_CODE_LIMIT
            RTC_TIMEOUT NERTC_CALLKIT_CODE_RTC_TIMEOUT
            UNSUPPORTED NERTC_CALLKIT_CODE_UNSUPPORTED
            BACKEND_FAILED NERTC_CALLKIT_CODE_BACKEND_FAILED
            INVALID_ARGUMENT NERTC_CALLKIT_CODE_INVALID_ARGUMENT
        };
        assert!(codes.iter().all(|(engine, header)| engine == header));
    }
}
