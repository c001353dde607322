//! Constructor of the MQTT backend. Without the feature `mqtt` its functions return
//! UNSUPPORTED.

use nertc_callkit_abi::{nertc_callkit_backends, nertc_callkit_mqtt_options, nertc_callkit_status};

use crate::ffi::support::guard::guard;

/// Creates a signaling backend for an MQTT broker in `out`.
///
/// It connects at login: the user name is the account, in which every byte except A-Z a-z 0-9 _ -
/// is written as = and two hex digits (at most 64 bytes then), the password is the token.
/// Copies `options`. Fills `signaling` and `signaling_ctx` and leaves the rest, as
/// nertc_callkit_loopback_signaling does. Uses MQTT 5, or 3.1.1 if the broker has nothing
/// newer.
///
/// @param options  Which broker, and how. Not NULL.
/// @param out      Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
/// @return         OK. INVALID_ARGUMENT: NULL, an invalid address, prefix or certificate, mqtt:// to
///                 another machine without ALLOW_PLAINTEXT; the log has the reason.
///                 UNSUPPORTED: a field that this library does not know is not zero, the
///                 library was built without MQTT, or mqtts:// and it was built without TLS.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_mqtt_signaling(
    options: *const nertc_callkit_mqtt_options,
    out: *mut nertc_callkit_backends,
) -> nertc_callkit_status {
    // SAFETY: the header's contract.
    guard("mqtt_signaling", || unsafe { backend::signaling(options, out) })
}

#[cfg(feature = "mqtt")]
mod backend {
    use std::ffi::{c_char, c_void};
    use std::fmt;
    use std::sync::Arc;

    use nertc_callkit_abi::{nertc_callkit_backends, nertc_callkit_mqtt_options};
    use nertc_callkit_mqtt::options::{ENDPOINT_BYTES, ENDPOINTS, PEM_BYTES, PREFIX_BYTES};
    use nertc_callkit_mqtt::options::{Given, Hooks, Options, Refused};
    use nertc_callkit_mqtt::signaling as new;

    use crate::ffi::support::convert::{
        AppPtr, bytes, c_text, opt_text, range, read_prefix, read_strict, text, write_prefix,
    };
    use crate::ffi::support::error::Error;
    use crate::worker::CallbackGuard;
    use nertc_callkit_signaling::Text;

    /// # Safety
    /// The app's arguments, as the header requires.
    pub(super) unsafe fn signaling(
        given: *const nertc_callkit_mqtt_options,
        out: *mut nertc_callkit_backends,
    ) -> Result<(), Error> {
        // SAFETY: the caller's promise.
        unsafe {
            let mut backends = read_prefix("out", out.cast_const())?;
            let (vtable, ctx) = new(read(&read_strict("options", given)?)?).ok_or(Error::Internal)?;
            (backends.signaling, backends.signaling_ctx) = (vtable, ctx);
            write_prefix("out", out, &backends)
        }
    }

    /// # Safety
    /// The app's options, as the header requires.
    unsafe fn read(c: &nertc_callkit_mqtt_options) -> Result<Options, Error> {
        // SAFETY: the caller's promise: NUL-terminated texts, as many endpoints as stated.
        let (endpoints, ca_pem, prefix, client_cert, client_key) = unsafe {
            let ca_pem = opt_text("options.ca_pem", c.ca_pem, PEM_BYTES)?;
            let prefix = opt_text("options.topic_prefix", c.topic_prefix, PREFIX_BYTES)?;
            let client_cert = opt_text("options.client_cert_pem", c.client_cert_pem, PEM_BYTES)?;
            let client_key = opt_text("options.client_key_pem", c.client_key_pem, PEM_BYTES)?;
            (endpoints(c)?, ca_pem, prefix, client_cert, client_key)
        };
        let given = Given {
            flags: c.flags,
            endpoints: endpoints.iter().map(|it| &**it).collect(),
            ca_pem: ca_pem.as_deref(),
            client_cert: client_cert.as_deref(),
            client_key: client_key.as_deref(),
            prefix: prefix.as_deref(),
            session_expiry_s: c.session_expiry_s,
            keep_alive_s: c.keep_alive_s,
            peer_lost_ms: c.peer_lost_ms,
            hooks: Arc::new(hooks(c)?),
        };
        Options::read(&given).map_err(|refused| match refused {
            Refused::Invalid(_) => Error::because("options", refused.to_string()),
            Refused::Unsupported(_) => Error::not_here("options", refused.to_string()),
        })
    }

    fn hooks(c: &nertc_callkit_mqtt_options) -> Result<AppHooks, Error> {
        if c.load_client_id.is_some() != c.save_client_id.is_some() {
            let field = "options.load_client_id and save_client_id";
            return Err(Error::because(field, "give both or none"));
        }
        Ok(AppHooks { store: c.load_client_id.zip(c.save_client_id), user_data: AppPtr(c.user_data) })
    }

    /// # Safety
    /// As `read`.
    unsafe fn endpoints(c: &nertc_callkit_mqtt_options) -> Result<Vec<Text>, Error> {
        let count = range("options.endpoint_count", c.endpoint_count, 0..=ENDPOINTS as u32)? as usize;
        if c.endpoints.is_null() {
            let why = "is NULL, and endpoint_count is not 0";
            return if count == 0 { Ok(Vec::new()) } else { Err(Error::because("options.endpoints", why)) };
        }
        // SAFETY: the caller's promise.
        (0..count)
            .map(|at| unsafe { text("options.endpoints", *c.endpoints.add(at), ENDPOINT_BYTES) })
            .collect()
    }

    /// `load_client_id`.
    type Load =
        unsafe extern "C" fn(*const c_char, *const c_char, *mut c_char, size: u32, *mut c_void) -> i32;
    /// `save_client_id`.
    type Save = unsafe extern "C" fn(*const c_char, *const c_char, *const c_char, *mut c_void);

    /// Functions of the app, to be called on any thread. They count as callbacks.
    struct AppHooks {
        store: Option<(Load, Save)>,
        user_data: AppPtr,
    }

    impl fmt::Debug for AppHooks {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("AppHooks")
        }
    }

    impl Hooks for AppHooks {
        fn keeps_client_ids(&self) -> bool {
            self.store.is_some()
        }

        fn load_client_id(&self, account: &str, device: &str) -> Option<String> {
            let (load, _) = self.store?;
            let (account, device) = (c_text(account), c_text(device));
            let mut buffer: [c_char; 64] = [0; 64];
            let (place, size) = (buffer.as_mut_ptr(), buffer.len() as u32);
            let _inside = CallbackGuard::enter();
            // SAFETY: the app's function; texts and buffer are there until it returns.
            let answer = unsafe { load(account.as_ptr(), device.as_ptr(), place, size, self.user_data.0) };
            // SAFETY: 64 bytes of ours; nothing beyond them is read.
            let bytes = unsafe { bytes(buffer.as_ptr(), buffer.len()) }?;
            if answer == 0 { String::from_utf8(bytes.to_vec()).ok() } else { None }
        }

        fn save_client_id(&self, account: &str, device: &str, client_id: &str) {
            let Some((_, save)) = self.store else { return };
            let (account, device, id) = (c_text(account), c_text(device), c_text(client_id));
            let _inside = CallbackGuard::enter();
            // SAFETY: the app's function; the texts are there until it returns.
            unsafe { save(account.as_ptr(), device.as_ptr(), id.as_ptr(), self.user_data.0) }
        }
    }
}

#[cfg(not(feature = "mqtt"))]
mod backend {
    use nertc_callkit_abi::{nertc_callkit_backends, nertc_callkit_mqtt_options};

    use crate::ffi::support::error::Error;

    pub(super) unsafe fn signaling(
        _: *const nertc_callkit_mqtt_options,
        _: *mut nertc_callkit_backends,
    ) -> Result<(), Error> {
        Err(Error::not_here("options", "this library was built without the feature `mqtt`"))
    }
}
