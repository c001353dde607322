//! The log callback: a process-wide logger behind the `log` crate.

use std::ffi::{c_char, c_void};

use nertc_callkit_abi::nertc_callkit_status;

use super::guard::{Error, guard};

/// Sets the function that gets the library's log, for the whole process.
///
/// It runs on any thread, also several at once, with no lock held; `text` is lent until it returns.
/// After this returns a call to the function that was set before may still be running on another
/// thread. Accounts, ids and attachments are redacted unless NERTC_CALLKIT_LOG_PERSONAL is given;
/// tokens always.
///
/// @param level      A nertc_callkit_log_level: lines of this level and more important ones.
/// @param flags      0 or NERTC_CALLKIT_LOG_PERSONAL.
/// @param log        The function, or NULL: no log.
/// @param user_data  Handed to `log`.
/// @return           OK. INVALID_ARGUMENT: unknown level or flag.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_set_log_callback(
    level: i32,
    flags: u32,
    log: Option<unsafe extern "C" fn(level: i32, text: *const c_char, user_data: *mut c_void)>,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard(|| Err(Error::Unsupported))
}
