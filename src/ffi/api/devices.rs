//! Microphones and speakers of the machine, for media over WebRTC. Without the feature `devices` they return
//! UNSUPPORTED.

use std::ffi::{c_char, c_void};

use nertc_callkit_abi::{nertc_callkit, nertc_callkit_device, nertc_callkit_device_cb, nertc_callkit_status};

use crate::ffi::client::Client;
use crate::ffi::support::convert::{parse_bool, range};
use crate::ffi::support::error::{Error, Problem};
use crate::ffi::support::guard::guard;

/// What a nertc_callkit_device_cb is, if it is not NULL.
type Each = unsafe extern "C" fn(*const nertc_callkit_device, *mut c_void);

/// Lends the microphones or the speakers of the machine to `each`, one after the other.
///
/// Asks the system, which takes some milliseconds, or as long as its audio server does not answer.
/// Monitors of speakers are microphones, too, with PulseAudio.
///
/// @param kit        Client, whose open device has NERTC_CALLKIT_DEVICE_IN_USE, or NULL.
/// @param kind       A nertc_callkit_device_kind.
/// @param each       Called for each device before this function returns, on its thread. Not NULL.
/// @param user_data  Passed to `each`.
/// @return           OK, also if there is no device or no audio system. INVALID_ARGUMENT. CLOSED.
///                   INTERNAL: the system refuses, or does not answer; the log has the reason.
///                   UNSUPPORTED: the client's media backend is not this one, or the library was
///                   built without devices.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_webrtc_list_devices(
    kit: *mut nertc_callkit,
    kind: i32,
    each: nertc_callkit_device_cb,
    user_data: *mut c_void,
) -> nertc_callkit_status {
    guard("webrtc_list_devices", || {
        let kind = range("kind", kind, 1..=2)?;
        let each = each.ok_or_else(|| Error::invalid("each", Problem::Missing))?;
        let client = if kit.is_null() { None } else { Some(Client::from_handle(kit)?) };
        // SAFETY: the header's contract.
        unsafe { listing::list_devices(client.as_deref(), kind, each, user_data) }
    })
}

/// Uses this device from now on, in the running call and in those that follow.
///
/// If it is not there, on_error says so (DEVICE_NOT_FOUND) in the call that needs it; the system's
/// default takes its place until it is plugged in.
///
/// @param kit   Client. Not NULL.
/// @param kind  A nertc_callkit_device_kind.
/// @param id    As nertc_callkit_webrtc_list_devices lends it, up to 256 bytes; copied. NULL =
///              follow the system's default.
/// @return      OK. INVALID_ARGUMENT. CLOSED. UNSUPPORTED: the client's media backend is not this
///              one, or opens no devices.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_webrtc_set_device(
    kit: *mut nertc_callkit,
    kind: i32,
    id: *const c_char,
) -> nertc_callkit_status {
    guard("webrtc_set_device", || {
        let client = Client::from_handle(kit)?;
        let kind = range("kind", kind, 1..=2)?;
        // SAFETY: the header's contract.
        unsafe { backend::set_device(&client, kind, id) }
    })
}

/// Allows microphone and speaker to be open, or closes them, while the call goes on.
///
/// With MANUAL_AUDIO they are closed at first. 1 in CallKit's didActivate and with Android's audio
/// focus, 0 when it is lost.
///
/// @param kit     Client. Not NULL.
/// @param active  1 or 0.
/// @return        OK. INVALID_ARGUMENT. CLOSED. UNSUPPORTED: the client's media backend is not this
///                one, or has no MANUAL_AUDIO.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_webrtc_set_audio_active(
    kit: *mut nertc_callkit,
    active: i32,
) -> nertc_callkit_status {
    guard("webrtc_set_audio_active", || {
        let client = Client::from_handle(kit)?;
        backend::set_audio_active(&client, parse_bool("active", active)?)
    })
}

#[cfg(feature = "webrtc")]
fn device_kind(kind: i32) -> nertc_callkit_webrtc::DeviceKind {
    use nertc_callkit_webrtc::DeviceKind;
    match kind {
        1 => DeviceKind::Microphone,
        _ => DeviceKind::Speaker,
    }
}

#[cfg(all(feature = "webrtc", feature = "devices"))]
mod listing {
    use nertc_callkit_abi::nertc_callkit_device_flag;
    use nertc_callkit_signaling::Code;

    use super::*;
    use crate::ffi::support::convert::c_text;

    /// # Safety
    /// The app's function, as the header requires.
    pub(super) unsafe fn list_devices(
        client: Option<&Client>,
        kind: i32,
        each: Each,
        user_data: *mut c_void,
    ) -> Result<(), Error> {
        let in_use =
            client.map(Client::webrtc).transpose()?.and_then(|it| it.device_in_use(device_kind(kind)));
        let devices = match nertc_callkit_webrtc::list_devices(device_kind(kind)) {
            // There is no audio system.
            Err(Code::DEVICE_NOT_FOUND) => Vec::new(),
            Err(code) => {
                log::warn!("webrtc_list_devices: {}", code.text().to_string_lossy());
                return Err(Error::Internal);
            }
            Ok(devices) => devices,
        };
        for device in devices {
            let bit = |is_set: bool, flag: nertc_callkit_device_flag| if is_set { flag as u32 } else { 0 };
            let is_in_use = in_use.as_ref() == Some(&device.id.0);
            let (id, name) = (c_text(&device.id.0), c_text(&device.name));
            let it = nertc_callkit_device {
                struct_size: size_of::<nertc_callkit_device>() as u32,
                flags: bit(device.is_default, nertc_callkit_device_flag::NERTC_CALLKIT_DEVICE_DEFAULT)
                    | bit(is_in_use, nertc_callkit_device_flag::NERTC_CALLKIT_DEVICE_IN_USE),
                kind,
                reserved: 0,
                id: id.as_ptr(),
                name: name.as_ptr(),
            };
            // SAFETY: the caller's promise; the device outlives the call.
            unsafe { each(&raw const it, user_data) };
        }
        Ok(())
    }
}

#[cfg(not(all(feature = "webrtc", feature = "devices")))]
mod listing {
    use super::*;

    pub(super) unsafe fn list_devices(
        _: Option<&Client>,
        _: i32,
        _: Each,
        _: *mut c_void,
    ) -> Result<(), Error> {
        let why = "this library was built without the features `webrtc` and `devices`, and needs both";
        Err(Error::not_here("kind", why))
    }
}

#[cfg(feature = "webrtc")]
mod backend {
    use nertc_callkit_webrtc::options::{DEVICE_ID_BYTES, device_id};

    use super::*;
    use crate::ffi::support::convert::opt_text;

    /// # Safety
    /// The app's text, as the header requires.
    pub(super) unsafe fn set_device(client: &Client, kind: i32, id: *const c_char) -> Result<(), Error> {
        let webrtc = client.webrtc()?;
        // SAFETY: the caller's promise.
        let id = device_id("id", unsafe { opt_text("id", id, DEVICE_ID_BYTES)? }.as_deref())?;
        if webrtc.has_app_audio() {
            return Err(Error::not_here("kit", "APP_AUDIO opens no device"));
        }
        webrtc.set_device(device_kind(kind), id);
        Ok(())
    }

    pub(super) fn set_audio_active(client: &Client, is_active: bool) -> Result<(), Error> {
        let webrtc = client.webrtc()?;
        if !webrtc.has_manual_audio() {
            return Err(Error::not_here("kit", "its options have no MANUAL_AUDIO"));
        }
        webrtc.set_audio_active(is_active);
        Ok(())
    }
}

#[cfg(not(feature = "webrtc"))]
mod backend {
    use super::*;

    pub(super) unsafe fn set_device(client: &Client, _: i32, _: *const c_char) -> Result<(), Error> {
        client.webrtc().map(drop)
    }

    pub(super) fn set_audio_active(client: &Client, _: bool) -> Result<(), Error> {
        client.webrtc().map(drop)
    }
}
