//! Microphone, camera, views and frames.

use std::ffi::c_void;

use nertc_callkit_abi::{
    nertc_callkit, nertc_callkit_completion_cb, nertc_callkit_frame, nertc_callkit_status, nertc_callkit_view,
};

use super::request;
use crate::engine::input::Command;
use crate::ffi::callbacks::Completion;
use crate::ffi::client::Client;
use crate::ffi::support::convert::{frame as to_frame, media as to_media, parse_bool};
use crate::ffi::support::guard::guard;

/// Opens or closes microphone or camera.
///
/// Survives the call; outside a call it applies to the next one. Completes with
/// NERTC_CALLKIT_CODE_UNSUPPORTED if the media backend has no such function.
///
/// @param kit        Client. Not NULL.
/// @param media      nertc_callkit_media bits, at least one.
/// @param on         1 = open, 0 = close.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_enable_local(
    kit: *mut nertc_callkit,
    media: u32,
    on: i32,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("enable_local", || {
        let client = Client::from_handle(kit)?;
        let command = Command::EnableLocal { media: to_media("media", media)?, on: parse_bool("on", on)? };
        client.submit(command, Completion::new(done, user_data))
    })
}

/// Mutes the own microphone or camera, or unmutes it.
///
/// Ends with the call; outside a call it applies to the next one. Completes with
/// NERTC_CALLKIT_CODE_UNSUPPORTED if the media backend has no such function.
///
/// @param kit        Client. Not NULL.
/// @param media      nertc_callkit_media bits, at least one.
/// @param muted      1 = muted, 0 = not muted.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_mute_local(
    kit: *mut nertc_callkit,
    media: u32,
    muted: i32,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("mute_local", || {
        let client = Client::from_handle(kit)?;
        let command =
            Command::MuteLocal { media: to_media("media", media)?, muted: parse_bool("muted", muted)? };
        client.submit(command, Completion::new(done, user_data))
    })
}

/// Stops or resumes receiving the peer's audio or video.
///
/// Ends with the call; outside a call it applies to the next one. Completes with
/// NERTC_CALLKIT_CODE_UNSUPPORTED if the media backend has no such function.
///
/// @param kit        Client. Not NULL.
/// @param media      nertc_callkit_media bits, at least one.
/// @param muted      1 = not received, 0 = received again.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_mute_remote(
    kit: *mut nertc_callkit,
    media: u32,
    muted: i32,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("mute_remote", || {
        let client = Client::from_handle(kit)?;
        let command =
            Command::MuteRemote { media: to_media("media", media)?, muted: parse_bool("muted", muted)? };
        client.submit(command, Completion::new(done, user_data))
    })
}

/// Shows the local video in a view.
///
/// Copies `view`; its window remains the app's and must stay valid until this was called again
/// and completed, or the client has ended.
///
/// @param kit        Client. Not NULL.
/// @param view       Where to draw, or NULL: nowhere.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL, UNSUPPORTED (an
///                   unknown field is not zero).
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_set_local_view(
    kit: *mut nertc_callkit,
    view: *const nertc_callkit_view,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("set_local_view", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let view = unsafe { request::view(view)? };
        client.submit(Command::SetLocalView(view), Completion::new(done, user_data))
    })
}

/// Shows the peer's video in a view.
///
/// Copies `view`; its window remains the app's and must stay valid until this was called again
/// and completed, or the client has ended. May be called before the peer is known.
///
/// @param kit        Client. Not NULL.
/// @param view       Where to draw, or NULL: nowhere.
/// @param done       Called once with the result, or NULL: a failure is then one on_error.
/// @param user_data  Passed to `done`.
/// @return           OK: accepted. INVALID_ARGUMENT, CLOSED, QUEUE_FULL, UNSUPPORTED (an
///                   unknown field is not zero).
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_set_remote_view(
    kit: *mut nertc_callkit,
    view: *const nertc_callkit_view,
    done: nertc_callkit_completion_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("set_remote_view", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let view = unsafe { request::view(view)? };
        client.submit(Command::SetRemoteView(view), Completion::new(done, user_data))
    })
}

/// Sends a frame of the app's own media.
///
/// Goes to the media backend on the calling thread, concurrently with everything else. The planes
/// are lent until it returns. Outside of a call nobody receives it; that is no error.
///
/// @param kit    Client. Not NULL.
/// @param frame  Audio or video; its uid is ignored. Not NULL.
/// @return       OK. INVALID_ARGUMENT: NULL, unknown media, a missing plane, a size of 0, or in a
///               call a format that the media backend does not send (the log says which it does).
///               CLOSED: also before the first login opened the backend. UNSUPPORTED: the media
///               backend takes no such frames, or an unknown field is not zero. QUEUE_FULL: dropped,
///               because another thread pushes, or more than time has passed. Otherwise what the
///               backend returned.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_push_frame(
    kit: *mut nertc_callkit,
    frame: *const nertc_callkit_frame,
) -> nertc_callkit_status {
    guard("push_frame", || {
        let client = Client::from_handle(kit)?;
        // SAFETY: the header's contract.
        let frame = unsafe { to_frame(frame)? };
        client.rtc.push_frame(&frame)
    })
}
