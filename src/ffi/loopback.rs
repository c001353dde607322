//! Constructors of the embedded plugs, and the hub with its fault script.

use nertc_callkit_abi::{nertc_callkit_fault, nertc_callkit_hub, nertc_callkit_plugs, nertc_callkit_status};

use super::guard::{Error, guard};

/// Creates a hub: an in-process exchange that connects components through the loopback plugs.
///
/// @param flags  nertc_callkit_hub_flag bits.
/// @param out    Receives the hub, on success only. Not NULL. Owned: release it.
/// @return       OK. INVALID_ARGUMENT: NULL or an unknown flag.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_hub_create(
    flags: u32,
    out: *mut *mut nertc_callkit_hub,
) -> nertc_callkit_status {
    guard(|| Err(Error::Unsupported))
}

/// Gives a hub back.
///
/// It lives on inside the plugs that were made from it, until the last of them is gone.
///
/// @param hub  Hub, or NULL: OK, nothing happens.
/// @return     OK. CLOSED: released before.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_hub_release(hub: *mut nertc_callkit_hub) -> nertc_callkit_status {
    guard(|| Err(Error::Unsupported))
}

/// Adds a line to a hub's fault script.
///
/// Copies `fault` and its texts. Lines are tried in the order in which they were added; the first
/// that matches acts and counts.
///
/// @param hub    Hub, or NULL: the process's default hub.
/// @param fault  What shall go wrong, and when. Not NULL.
/// @return       OK. INVALID_ARGUMENT: NULL, an unknown action or place. UNSUPPORTED: a field that
///               this library does not know is not zero. CLOSED.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_hub_add_fault(
    hub: *mut nertc_callkit_hub,
    fault: *const nertc_callkit_fault,
) -> nertc_callkit_status {
    guard(|| Err(Error::Unsupported))
}

/// Makes a loopback signaling plug and puts it into `out`.
///
/// Fills `signaling` and `signaling_ctx` and leaves the rest. The vtable is static; the ctx is owned
/// by the component that took it over, or by you: then call the vtable's release.
///
/// @param hub  Hub, or NULL: the process's default hub.
/// @param out  Initialised with NERTC_CALLKIT_PLUGS_INIT. Not NULL.
/// @return     OK. INVALID_ARGUMENT, CLOSED.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_loopback_signaling(
    hub: *mut nertc_callkit_hub,
    out: *mut nertc_callkit_plugs,
) -> nertc_callkit_status {
    guard(|| Err(Error::Unsupported))
}

/// Makes a loopback media plug and puts it into `out`.
///
/// Fills `rtc` and `rtc_ctx` and leaves the rest. The vtable is static; the ctx is owned by the
/// component that took it over, or by you: then call the vtable's release.
///
/// @param hub  Hub, or NULL: the process's default hub.
/// @param out  Initialised with NERTC_CALLKIT_PLUGS_INIT. Not NULL.
/// @return     OK. INVALID_ARGUMENT, CLOSED.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_loopback_rtc(
    hub: *mut nertc_callkit_hub,
    out: *mut nertc_callkit_plugs,
) -> nertc_callkit_status {
    guard(|| Err(Error::Unsupported))
}

/// Makes a media plug without media, for hosts that bring their own, and puts it into `out`.
///
/// Joining completes at once; the peer comes and goes as signaling says. Fills `rtc` and `rtc_ctx`
/// and leaves the rest, as nertc_callkit_loopback_rtc does.
///
/// @param out  Initialised with NERTC_CALLKIT_PLUGS_INIT. Not NULL.
/// @return     OK. INVALID_ARGUMENT.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_none_rtc(out: *mut nertc_callkit_plugs) -> nertc_callkit_status {
    guard(|| Err(Error::Unsupported))
}
