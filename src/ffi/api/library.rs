//! The library itself: its version, texts for its numbers, and defaults for languages without C
//! macros.

use std::ffi::{c_char, c_void};

use nertc_callkit_abi::NERTC_CALLKIT_VERSION_NUMBER as VERSION_NUMBER;

use crate::ffi::support::convert::init;
use crate::ffi::support::guard::guard_or;
use crate::ffi::texts;

/// Returns the version of the loaded library.
///
/// @return  0xMMmmpp: major, minor, patch. The header's is NERTC_CALLKIT_VERSION_NUMBER.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn nertc_callkit_version() -> u32 {
    guard_or(0, || VERSION_NUMBER)
}

/// Returns the version of the loaded library, as text.
///
/// @return  For example "0.1.0". Static.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn nertc_callkit_version_text() -> *const c_char {
    guard_or(c"".as_ptr(), || VERSION_TEXT.as_ptr().cast())
}

/// Returns a text for a status.
///
/// @param status  A nertc_callkit_status, or any other number.
/// @return        What it means and what to do. Static, never NULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn nertc_callkit_status_text(status: i32) -> *const c_char {
    guard_or(c"".as_ptr(), || texts::status(status).as_ptr())
}

/// Returns a text for a code of a completion or an event.
///
/// @param code  A nertc_callkit_code, or any other number.
/// @return      What it means and what to do. Static, never NULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn nertc_callkit_code_text(code: i32) -> *const c_char {
    guard_or(c"".as_ptr(), || texts::code(code).as_ptr())
}

/// Returns a text for the reason of on_call_end.
///
/// @param reason  A nertc_callkit_end_reason, or any other number.
/// @return        For example "the called side was busy". Static, never NULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn nertc_callkit_end_reason_text(reason: i32) -> *const c_char {
    guard_or(c"".as_ptr(), || texts::end_reason(reason).as_ptr())
}

/// Returns the name of a state.
///
/// @param state  A nertc_callkit_state, or any other number.
/// @return       For example "calling". Static, never NULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn nertc_callkit_state_text(state: i32) -> *const c_char {
    guard_or(c"".as_ptr(), || texts::state(state).as_ptr())
}

/// Returns the name of the operation of a completion or an error.
///
/// @param operation  A nertc_callkit_operation, or any other number.
/// @return           For example "switch_call_type". Static, never NULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub extern "C" fn nertc_callkit_operation_text(operation: u32) -> *const c_char {
    guard_or(c"".as_ptr(), || texts::operation(operation).as_ptr())
}

/// Fills a struct with its defaults: zeroes it and sets its struct_size.
///
/// The same as the struct's _INIT macro, for every struct that the app fills.
///
/// @param object       The struct. NULL: nothing happens.
/// @param struct_size  The caller's sizeof; below 8 or above 4096: nothing happens.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_struct_init(object: *mut c_void, struct_size: u32) {
    // SAFETY: the caller owns `struct_size` bytes there.
    guard_or((), || unsafe { init(object, struct_size) })
}

const VERSION_TEXT: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
