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
mod logger;
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
    ("nertc_callkit_send_data", InCallback::Yes),
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
