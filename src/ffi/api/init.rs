//! Fills structs with their defaults, for languages without C macros.

use nertc_callkit_abi::{
    nertc_callkit_backends, nertc_callkit_call_options, nertc_callkit_call_ref, nertc_callkit_cancel_options,
    nertc_callkit_config, nertc_callkit_fault, nertc_callkit_listener, nertc_callkit_mqtt_options,
    nertc_callkit_push, nertc_callkit_timers, nertc_callkit_view,
};

use crate::ffi::support::convert::init;
use crate::ffi::support::guard::guard_or;

/// Fills a nertc_callkit_config with its defaults.
///
/// The same as NERTC_CALLKIT_CONFIG_INIT.
///
/// @param config       The struct. NULL: nothing happens.
/// @param struct_size  The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_config_init(config: *mut nertc_callkit_config, struct_size: u32) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(config, struct_size) })
}

/// Fills a nertc_callkit_timers with its defaults.
///
/// The same as NERTC_CALLKIT_TIMERS_INIT.
///
/// @param timers       The struct. NULL: nothing happens.
/// @param struct_size  The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_timers_init(timers: *mut nertc_callkit_timers, struct_size: u32) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(timers, struct_size) })
}

/// Fills a nertc_callkit_listener with its defaults.
///
/// The same as NERTC_CALLKIT_LISTENER_INIT.
///
/// @param listener     The struct. NULL: nothing happens.
/// @param struct_size  The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_listener_init(
    listener: *mut nertc_callkit_listener,
    struct_size: u32,
) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(listener, struct_size) })
}

/// Fills a nertc_callkit_backends with its defaults.
///
/// The same as NERTC_CALLKIT_BACKENDS_INIT.
///
/// @param backends        The struct. NULL: nothing happens.
/// @param struct_size  The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_backends_init(
    backends: *mut nertc_callkit_backends,
    struct_size: u32,
) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(backends, struct_size) })
}

/// Fills a nertc_callkit_push with its defaults.
///
/// The same as NERTC_CALLKIT_PUSH_INIT.
///
/// @param push         The struct. NULL: nothing happens.
/// @param struct_size  The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_push_init(push: *mut nertc_callkit_push, struct_size: u32) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(push, struct_size) })
}

/// Fills a nertc_callkit_call_options with its defaults.
///
/// The same as NERTC_CALLKIT_CALL_OPTIONS_INIT.
///
/// @param call_options  The struct. NULL: nothing happens.
/// @param struct_size   The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_call_options_init(
    call_options: *mut nertc_callkit_call_options,
    struct_size: u32,
) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(call_options, struct_size) })
}

/// Fills a nertc_callkit_call_ref with its defaults.
///
/// The same as NERTC_CALLKIT_CALL_REF_INIT.
///
/// @param call_ref     The struct. NULL: nothing happens.
/// @param struct_size  The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_call_ref_init(
    call_ref: *mut nertc_callkit_call_ref,
    struct_size: u32,
) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(call_ref, struct_size) })
}

/// Fills a nertc_callkit_cancel_options with its defaults.
///
/// The same as NERTC_CALLKIT_CANCEL_OPTIONS_INIT.
///
/// @param cancel_options  The struct. NULL: nothing happens.
/// @param struct_size     The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_cancel_options_init(
    cancel_options: *mut nertc_callkit_cancel_options,
    struct_size: u32,
) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(cancel_options, struct_size) })
}

/// Fills a nertc_callkit_view with its defaults.
///
/// The same as NERTC_CALLKIT_VIEW_INIT.
///
/// @param view         The struct. NULL: nothing happens.
/// @param struct_size  The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_view_init(view: *mut nertc_callkit_view, struct_size: u32) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(view, struct_size) })
}

/// Fills a nertc_callkit_fault with its defaults.
///
/// The same as NERTC_CALLKIT_FAULT_INIT.
///
/// @param fault        The struct. NULL: nothing happens.
/// @param struct_size  The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_fault_init(fault: *mut nertc_callkit_fault, struct_size: u32) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(fault, struct_size) })
}

/// Fills a nertc_callkit_mqtt_options with its defaults.
///
/// The same as NERTC_CALLKIT_MQTT_OPTIONS_INIT.
///
/// @param mqtt_options  The struct. NULL: nothing happens.
/// @param struct_size   The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_mqtt_options_init(
    mqtt_options: *mut nertc_callkit_mqtt_options,
    struct_size: u32,
) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(mqtt_options, struct_size) })
}
