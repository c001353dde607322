//! What a client is created with.

use core::ffi::{c_char, c_void};

use crate::events::nertc_callkit_listener;
use crate::options::nertc_callkit_timers;
use crate::values::nertc_callkit;
use crate::vtables::{nertc_callkit_backends, nertc_callkit_frame};

/// How to create a client. Any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nertc_callkit_config {
    /// sizeof this struct.
    pub struct_size: u32,
    /// Reserved; must be 0.
    pub flags: u32,
    /// A nertc_callkit_delivery.
    pub delivery: i32,
    /// A nertc_callkit_worker.
    pub worker: i32,
    /// Copied by create; NULL = no events.
    pub listener: *const nertc_callkit_listener,
    /// Called for every frame of the peer while connected, on a thread of the media backend, beside
    /// other callbacks; user_id and frame are lent until it returns. None starts once on_call_end
    /// or the completion of leave is delivered, which waits for one that runs. NULL = none.
    pub on_frame: Option<
        unsafe extern "C" fn(
            kit: *mut nertc_callkit,
            user_id: *const c_char,
            frame: *const nertc_callkit_frame,
            user_data: *mut c_void,
        ),
    >,
    /// APP delivery: called once whenever the queue becomes non-empty, on any thread. It counts as a
    /// callback (destroy and dispatch return REENTRANT) and must not wait for the thread that
    /// dispatches. NULL = none.
    pub on_wakeup: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// Passed to the listener, on_frame and on_wakeup.
    pub user_data: *mut c_void,
    /// Backends, owned by the client if create returns OK; NULL = the embedded loopback.
    pub backends: *const nertc_callkit_backends,
    /// The service's application key, up to 128 bytes, or NULL.
    pub app_key: *const c_char,
    /// Identifies this device among those of the account, up to 64 bytes; NULL = generated.
    pub device_id: *const c_char,
    /// Folder that a backend may write to, or NULL.
    pub data_dir: *const c_char,
    /// Timers; NULL = all defaults.
    pub timers: *const nertc_callkit_timers,
    /// 1 = a switch from audio to video needs consent: the peer's asks the app
    /// (on_call_type_request), ours the peer. 0 = it applies at once.
    pub confirm_audio_to_video: i32,
    /// 1 = a switch from video to audio needs consent: the peer's asks the app
    /// (on_call_type_request), ours the peer. 0 = it applies at once.
    pub confirm_video_to_audio: i32,
}
