//! The log callback.

use std::ffi::{c_char, c_void};

use nertc_callkit_abi::{nertc_callkit_log_flag, nertc_callkit_status};

use crate::ffi::logger::{self, LogSink};
use crate::ffi::support::convert::{AppPtr, flags as known_flags};
use crate::ffi::support::guard::guard;

/// Sets the log callback of the whole process.
///
/// It is called on any thread, possibly on several at once, with no lock held; `text` is lent until
/// it returns. The previous callback may still be running on another thread after this
/// returns. Accounts, ids and attachments are redacted unless
/// NERTC_CALLKIT_LOG_PERSONAL is given; tokens always. A line is shorter than 1024 bytes and
/// printable: control and bidirectional formatting characters are escaped.
/// Repeated lines are counted: after a while one line has the count.
/// Lines caused by what the callback itself does are dropped.
///
/// @param level      A nertc_callkit_log_level: lines of this level and more severe ones.
/// @param flags      0 or NERTC_CALLKIT_LOG_PERSONAL.
/// @param log        The function, or NULL: no log.
/// @param user_data  Passed to `log`.
/// @return           OK. INVALID_ARGUMENT: unknown level or flag. UNSUPPORTED: a Rust
///                   program that already has a logger.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_set_log_callback(
    level: i32,
    flags: u32,
    log: Option<unsafe extern "C" fn(level: i32, text: *const c_char, user_data: *mut c_void)>,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("set_log_callback", || {
        let personal = nertc_callkit_log_flag::NERTC_CALLKIT_LOG_PERSONAL as u32;
        let personal = known_flags("flags", flags, personal)? != 0;
        let level = logger::filter(level)?;
        logger::set(LogSink { log, user_data: AppPtr(user_data), personal }, level)
    })
}
