//! The backend for C, and what a fork does to it.

use std::ffi::c_void;
use std::sync::Arc;

use nertc_callkit_abi::nertc_callkit_rtc;
use nertc_callkit_backend::{MediaSink, adapter};

#[cfg(feature = "devices")]
use nertc_callkit_audio_devices::Device;
#[cfg(feature = "devices")]
use nertc_callkit_signaling::Code;

#[cfg(feature = "devices")]
use crate::audio_port::DeviceKind;
use crate::audio_port::MakeAudio;
use crate::backend::{VTABLE, WebRtcMedia};
use crate::options::{APP_AUDIO, Options};
use crate::sound::with_opus;

/// A new media backend whose sound is Opus, from the app or from the machine's devices.
/// The owner of the ctx calls the vtable's release once.
pub fn media(options: Options) -> (&'static nertc_callkit_rtc, *mut c_void) {
    let sink = Arc::<MediaSink>::default();
    let make_audio = if options.has(APP_AUDIO) { with_opus() } else { with_machine() };
    adapter::media(&VTABLE, sink.clone(), WebRtcMedia::new(options, sink, make_audio))
}

#[cfg(feature = "devices")]
fn with_machine() -> MakeAudio {
    crate::device_sound::with_devices(Arc::new(nertc_callkit_audio_devices::Machine))
}

/// Not reached: options without APP_AUDIO are refused.
#[cfg(not(feature = "devices"))]
fn with_machine() -> MakeAudio {
    with_opus()
}

/// The machine's devices of one kind. Waits for the system.
///
/// # Errors
/// DEVICE_NOT_FOUND: there is no audio system. DEVICE_DENIED, DEVICE_BUSY.
#[cfg(feature = "devices")]
pub fn list_devices(kind: DeviceKind) -> Result<Vec<Device>, Code> {
    crate::device_sound::list(&nertc_callkit_audio_devices::Machine, kind)
}

/// For the child after a fork: the media thread and the sockets are the parent's. Safe in a fork handler.
pub fn after_fork_in_child() {
    nertc_callkit_reactor::after_fork_in_child();
}
