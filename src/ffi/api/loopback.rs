//! Constructors of the embedded backends, and the hub with its fault script.

use std::ptr;
use std::sync::Arc;

use nertc_callkit_abi::{
    nertc_callkit_backends, nertc_callkit_fault, nertc_callkit_hub, nertc_callkit_status,
};
use nertc_callkit_loopback::{Fault, Hub, Refused, default_hub, media, null, running_default_hub, signaling};

use crate::engine::limits;
use crate::ffi::support::convert::{
    flags, opt_text, out as place_of, read_prefix, read_strict, write_prefix,
};
use crate::ffi::support::error::{Error, Problem};
use crate::ffi::support::guard::guard;
use crate::ffi::support::handle_table::{HandleTable, new_id};

static HUBS: HandleTable<Hub> = HandleTable::new();

/// The hub behind a handle; `otherwise` replaces NULL.
fn hub(hub: *mut nertc_callkit_hub, otherwise: impl FnOnce() -> Option<Arc<Hub>>) -> Result<Arc<Hub>, Error> {
    if hub.is_null() { otherwise() } else { HUBS.get(hub.addr()) }.ok_or(Error::Closed)
}

/// Lets `fill` write into the backends of the app.
///
/// # Safety
/// `out` is NULL or has as many bytes as its struct_size states.
unsafe fn fill(
    out: *mut nertc_callkit_backends,
    fill: impl FnOnce(&mut nertc_callkit_backends),
) -> Result<(), Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let mut backends = read_prefix("out", out.cast_const())?;
        fill(&mut backends);
        write_prefix("out", out, &backends)
    }
}

/// Creates a hub: an in-process exchange that connects clients through the loopback
/// backends.
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
    guard("hub_create", || {
        let out = place_of("out", out)?;
        let hub = Hub::with_flags(flags)
            .ok_or_else(|| Error::invalid("flags", Problem::Flags { unknown: flags }))?;
        let id = new_id().ok_or(Error::Internal)?;
        HUBS.insert(id, hub);
        // SAFETY: not NULL; the app lends the place for the call.
        unsafe { out.write(ptr::without_provenance_mut(id)) };
        Ok(())
    })
}

/// Releases a hub.
///
/// It continues to exist inside the backends created from it, until the last one is released.
///
/// @param hub  Hub, or NULL: OK, nothing happens.
/// @return     OK. CLOSED: released before.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_hub_release(hub: *mut nertc_callkit_hub) -> nertc_callkit_status {
    guard("hub_release", || {
        if hub.is_null() {
            return Ok(());
        }
        HUBS.remove(hub.addr()).map(drop).ok_or(Error::Closed)
    })
}

/// Adds a line to a hub's fault script.
///
/// Copies `fault` and its texts. Lines are tested in the order in which they were added; the
/// first match counts and decides, and a line whose hit count is used up is removed: lines for
/// the same point take effect one after the other. DROP and REORDER apply to messages, REFUSE and
/// NO_ANSWER to operations, DELAY and DUPLICATE to both, CRASH and KICK also to
/// NERTC_CALLKIT_FAULT_ON_NOW.
///
/// @param hub    Hub, or NULL: the process's default hub.
/// @param fault  What to inject, and when. Not NULL.
/// @return       OK. INVALID_ARGUMENT: NULL, an unknown number, an action that does not apply to
///               its point, a DELAY without delay_ms, a REFUSE without code. UNSUPPORTED: a
///               field that this library does not know is not zero. QUEUE_FULL: 1024 lines.
///               CLOSED: released, or NULL while no client uses the default hub.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_hub_add_fault(
    hub: *mut nertc_callkit_hub,
    fault: *const nertc_callkit_fault,
) -> nertc_callkit_status {
    guard("hub_add_fault", || {
        // SAFETY: the header's contract: a struct of its stated size with NUL-terminated texts.
        let (fault, account, device) = unsafe {
            let fault = read_strict("fault", fault)?;
            let account = opt_text("fault.account", fault.account, limits::ACCOUNT)?;
            (fault, account, opt_text("fault.device_id", fault.device_id, limits::ID)?)
        };
        flags("fault.flags", fault.flags, 0)?;
        let line = Fault {
            action: fault.action,
            on: fault.on,
            skip_count: fault.skip_count,
            hit_count: fault.hit_count,
            delay_ms: fault.delay_ms,
            code: fault.code,
            account: account.as_deref().map(Into::into),
            device: device.as_deref().map(Into::into),
        };
        self::hub(hub, running_default_hub)?.add_fault(line).map_err(|refused| match refused {
            Refused::Invalid => Error::because("fault", "its action, on and limits do not fit together"),
            Refused::Full => Error::QueueFull,
        })
    })
}

/// Creates a loopback signaling backend in `out`.
///
/// Fills `signaling` and `signaling_ctx` and leaves the rest. The vtable is static; the ctx is
/// owned by the client created with it, or by you: then call the vtable's release.
///
/// @param hub  Hub, or NULL: the process's default hub.
/// @param out  Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
/// @return     OK. INVALID_ARGUMENT, CLOSED.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_loopback_signaling(
    hub: *mut nertc_callkit_hub,
    out: *mut nertc_callkit_backends,
) -> nertc_callkit_status {
    guard("loopback_signaling", || {
        let hub = self::hub(hub, || Some(default_hub()))?;
        // SAFETY: the header's contract.
        unsafe {
            fill(out, |backends| {
                let (vtable, ctx) = signaling::new(&hub);
                (backends.signaling, backends.signaling_ctx) = (vtable, ctx);
            })
        }
    })
}

/// Creates a loopback media backend in `out`.
///
/// Fills `rtc` and `rtc_ctx` and leaves the rest. The vtable is static; the ctx is owned by the
/// client created with it, or by you: then call the vtable's release.
///
/// @param hub  Hub, or NULL: the process's default hub.
/// @param out  Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
/// @return     OK. INVALID_ARGUMENT, CLOSED.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_loopback_rtc(
    hub: *mut nertc_callkit_hub,
    out: *mut nertc_callkit_backends,
) -> nertc_callkit_status {
    guard("loopback_rtc", || {
        let hub = self::hub(hub, || Some(default_hub()))?;
        // SAFETY: the header's contract.
        unsafe {
            fill(out, |backends| {
                let (vtable, ctx) = media::new(&hub);
                (backends.rtc, backends.rtc_ctx) = (vtable, ctx);
            })
        }
    })
}

/// Creates a media backend without media in `out`, for apps that bring their own.
///
/// Joining completes at once; the peer is present as signaling reports. Fills `rtc` and
/// `rtc_ctx` and leaves the rest, as nertc_callkit_loopback_rtc does.
///
/// @param out  Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
/// @return     OK. INVALID_ARGUMENT.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_null_rtc(out: *mut nertc_callkit_backends) -> nertc_callkit_status {
    // SAFETY: the header's contract.
    guard("null_rtc", || unsafe {
        fill(out, |backends| {
            let (vtable, ctx) = null::new();
            (backends.rtc, backends.rtc_ctx) = (vtable, ctx);
        })
    })
}

#[cfg(test)]
mod tests {
    use nertc_callkit_abi::nertc_callkit_fault_action::NERTC_CALLKIT_FAULT_KICK;
    use nertc_callkit_abi::nertc_callkit_rtc_cap::NERTC_CALLKIT_RTC_CAP_NO_MEDIA;
    use nertc_callkit_abi::nertc_callkit_status::*;

    use super::*;

    fn sized<T>() -> T {
        // SAFETY: structs of the header are numbers and pointers; all-zero is their default.
        unsafe {
            let mut it = std::mem::zeroed::<T>();
            ptr::from_mut(&mut it).cast::<u32>().write(size_of::<T>() as u32);
            it
        }
    }

    #[test]
    fn a_hub_is_a_handle_and_a_stale_one_is_closed() {
        let mut hub = ptr::null_mut();
        let mut backends: nertc_callkit_backends = sized();
        let fault = nertc_callkit_fault { action: NERTC_CALLKIT_FAULT_KICK as i32, ..sized() };
        // SAFETY: own places, and each ctx is released once.
        unsafe {
            assert_eq!(nertc_callkit_hub_create(4, &mut hub), NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
            assert_eq!(nertc_callkit_hub_create(0, ptr::null_mut()), NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
            assert_eq!(nertc_callkit_hub_create(0, &mut hub), NERTC_CALLKIT_STATUS_OK);
            assert_eq!(nertc_callkit_loopback_signaling(hub, &mut backends), NERTC_CALLKIT_STATUS_OK);
            assert_eq!(nertc_callkit_loopback_rtc(hub, &mut backends), NERTC_CALLKIT_STATUS_OK);
            assert_eq!(nertc_callkit_hub_add_fault(hub, &fault), NERTC_CALLKIT_STATUS_OK);
            assert_eq!(nertc_callkit_hub_release(hub), NERTC_CALLKIT_STATUS_OK);
            assert_eq!(nertc_callkit_hub_release(hub), NERTC_CALLKIT_STATUS_CLOSED);
            assert_eq!(nertc_callkit_hub_release(ptr::null_mut()), NERTC_CALLKIT_STATUS_OK);
            assert_eq!(nertc_callkit_hub_add_fault(hub, &fault), NERTC_CALLKIT_STATUS_CLOSED);
            assert_eq!(nertc_callkit_loopback_rtc(hub, &mut backends), NERTC_CALLKIT_STATUS_CLOSED);
            (*backends.signaling).release.unwrap()(backends.signaling_ctx);
            (*backends.rtc).release.unwrap()(backends.rtc_ctx);
        }
    }

    #[test]
    fn a_fault_is_checked_before_it_is_taken() {
        let mut hub = ptr::null_mut();
        let kick = nertc_callkit_fault { action: NERTC_CALLKIT_FAULT_KICK as i32, ..sized() };
        let refused = |hub, fault: nertc_callkit_fault| {
            // SAFETY: own place.
            unsafe { nertc_callkit_hub_add_fault(hub, &fault) == NERTC_CALLKIT_STATUS_INVALID_ARGUMENT }
        };
        // SAFETY: own places.
        unsafe {
            assert_eq!(nertc_callkit_hub_create(0, &mut hub), NERTC_CALLKIT_STATUS_OK);
            assert_eq!(nertc_callkit_hub_add_fault(hub, ptr::null()), NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
        }
        assert!(refused(hub, nertc_callkit_fault { struct_size: 8, ..kick }));
        assert!(refused(hub, nertc_callkit_fault { flags: 1, ..kick }));
        assert!(refused(hub, nertc_callkit_fault { action: 99, ..kick }));
        assert!(refused(hub, nertc_callkit_fault { account: c"\xff".as_ptr(), ..kick }));
        let long = c"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        assert!(refused(hub, nertc_callkit_fault { device_id: long.as_ptr(), ..kick }));
        // SAFETY: own handle.
        assert_eq!(unsafe { nertc_callkit_hub_release(hub) }, NERTC_CALLKIT_STATUS_OK);
    }

    #[test]
    fn null_rtc_fills_the_media_half_alone() {
        let mut backends: nertc_callkit_backends = sized();
        // SAFETY: own place; the ctx is released once.
        unsafe {
            assert_eq!(nertc_callkit_null_rtc(ptr::null_mut()), NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
            assert_eq!(nertc_callkit_null_rtc(&mut backends), NERTC_CALLKIT_STATUS_OK);
            assert_eq!((*backends.rtc).caps, NERTC_CALLKIT_RTC_CAP_NO_MEDIA as u32);
            assert!(backends.signaling.is_null());
            (*backends.rtc).release.unwrap()(backends.rtc_ctx);
        }
    }
}
