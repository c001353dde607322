//! The WebRTC backend of a client, for the functions that no vtable has. It is found by its vtable, also
//! where backends of this library are called through their vtables.

use nertc_callkit_abi as abi;

/// A closed one shows no call.
#[cfg(feature = "webrtc")]
pub(crate) type WebRtc = std::sync::Arc<nertc_callkit_webrtc::WebRtcMedia>;

/// No client has it.
#[cfg(not(feature = "webrtc"))]
pub(crate) enum WebRtc {}

/// The WebRTC backend among these, if it is.
///
/// # Safety
/// The ctx belongs to its vtable, and is not released.
#[cfg(feature = "webrtc")]
pub(crate) unsafe fn of(backends: &abi::nertc_callkit_backends) -> Option<WebRtc> {
    use nertc_callkit_backend::adapter::backend_of;
    // SAFETY: the caller's promise.
    unsafe { backend_of(&nertc_callkit_webrtc::VTABLE, backends.rtc, backends.rtc_ctx) }
}

/// None.
///
/// # Safety
/// Nothing is read.
#[cfg(not(feature = "webrtc"))]
pub(crate) unsafe fn of(_: &abi::nertc_callkit_backends) -> Option<WebRtc> {
    None
}
