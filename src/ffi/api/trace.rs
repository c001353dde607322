//! Traces: the inputs and outputs of a client in a file, for `nertc-callkit replay`.

use std::ffi::c_char;
use std::io;
use std::path::Path;

use nertc_callkit_abi::{nertc_callkit, nertc_callkit_status, nertc_callkit_trace_flag};

use crate::engine::limits;
use crate::ffi::client::Client;
use crate::ffi::support::convert::{flags as known_flags, text};
use crate::ffi::support::error::Error;
use crate::ffi::support::guard::guard;
use crate::trace::Redaction;

/// Starts recording the client's inputs and outputs to a file.
///
/// JSON lines for the program nertc-callkit, which replays them, draws them and explains in
/// words why a call ended. May start at any time, also in a call. Cheap enough to be left on:
/// at 8 MiB the file is renamed to `<path>.1` (replacing an older one) and a new one starts.
/// Without NERTC_CALLKIT_TRACE_PERSONAL accounts are pseudonyms and texts, attachments and
/// messages are redacted, so that the file can be passed on; ids stay. Tokens are always redacted.
///
/// The file is created here, readable by its owner only; a symbolic link is not followed. An
/// existing trace is renamed to `<path>.1`; any other file is not touched. The worker writes
/// before it sleeps, so a crash of the process loses what happened since. If the disk
/// is full, the trace ends, the log reports it, and calls continue. Starting another trace
/// ends the current one. Give each client its own file. Needs memory for the
/// client's state as JSON, a few kilobytes, with a long call policy hundreds; if that fails the
/// process is aborted, as everywhere in this library.
///
/// @param kit    Client. Not NULL.
/// @param path   The file. Not NULL, UTF-8, up to 4096 bytes.
/// @param flags  0 or NERTC_CALLKIT_TRACE_PERSONAL.
/// @return       OK. INVALID_ARGUMENT: NULL, an unknown flag, or a path where no file can be
///               created; the log has the reason. CLOSED, QUEUE_FULL. INTERNAL: out of descriptors,
///               memory or disk.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_trace_start(
    kit: *mut nertc_callkit,
    path: *const c_char,
    flags: u32,
) -> nertc_callkit_status {
    guard("trace_start", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let path = unsafe { text("path", path, limits::PATH)? };
        let personal = nertc_callkit_trace_flag::NERTC_CALLKIT_TRACE_PERSONAL as u32;
        let redaction = match known_flags("flags", flags, personal)? {
            0 => Redaction::Personal,
            _ => Redaction::Secrets,
        };
        let started =
            client.worker.start_trace(Path::new(&*path), redaction).map_err(|error| refusal(&error))?;
        Ok(started?)
    })
}

/// Stops recording.
///
/// Inputs received before this are still written by the worker: the file is
/// complete soon, at the latest when `destroy` has returned or `released` has run. Without a
/// trace: OK, nothing happens. The end of the client also ends its trace.
///
/// @param kit  Client. Not NULL.
/// @return     OK. INVALID_ARGUMENT: NULL. CLOSED, QUEUE_FULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_trace_stop(kit: *mut nertc_callkit) -> nertc_callkit_status {
    guard("trace_stop", || Ok(Client::from_handle(kit)?.worker.stop_trace()?))
}

/// The path is at fault, unless the system ran out of something.
fn refusal(error: &io::Error) -> Error {
    match error.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOSPC | libc::EDQUOT | libc::EIO) => {
            log::warn!("trace_start: {error}");
            Error::Internal
        }
        _ => Error::because("path", error.to_string()),
    }
}
