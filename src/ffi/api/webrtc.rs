//! Constructor of the WebRTC backend. Without the feature `webrtc` its functions return
//! UNSUPPORTED.

use nertc_callkit_abi::{nertc_callkit_backends, nertc_callkit_status, nertc_callkit_webrtc_options};

use crate::ffi::support::guard::guard;

/// Creates a media backend that carries sound to the peer over WebRTC in `out`.
///
/// Each of the two clients needs one. Copies `options`. Fills `rtc` and `rtc_ctx` and leaves the
/// rest, as nertc_callkit_loopback_rtc does. Outside of a call it has no thread, socket or timer.
///
/// @param options  How; APP_AUDIO is mandatory so far. Not NULL.
/// @param out      Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
/// @return         OK. INVALID_ARGUMENT: NULL, an unknown flag, a number outside its range, an
///                 invalid server; the log has the reason. UNSUPPORTED: a field that this library
///                 does not know is not zero, APP_AUDIO is missing, turns: in a library that was
///                 built without TLS, or it was built without WebRTC.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_webrtc_media(
    options: *const nertc_callkit_webrtc_options,
    out: *mut nertc_callkit_backends,
) -> nertc_callkit_status {
    // SAFETY: the header's contract.
    guard("webrtc_media", || unsafe { backend::media(options, out) })
}

#[cfg(feature = "webrtc")]
mod backend {
    use std::ffi::{c_char, c_void};
    use std::fmt;
    use std::sync::Arc;

    use nertc_callkit_abi::{nertc_callkit_backends, nertc_callkit_ice_server, nertc_callkit_webrtc_options};
    use nertc_callkit_webrtc::ice_server::{SERVERS, TEXT_BYTES};
    use nertc_callkit_webrtc::media as new;
    use nertc_callkit_webrtc::options::{Given, GivenServer, Hooks, Options, PEM_BYTES, Refused};
    use nertc_callkit_webrtc::peer::SIGNATURE_LIMIT;

    use crate::ffi::support::convert::{
        AppPtr, c_text, flags, opt_text, range, read_prefix, read_strict, text, write_prefix,
    };
    use crate::ffi::support::error::Error;
    use crate::worker::CallbackGuard;
    use nertc_callkit_signaling::Text;

    /// # Safety
    /// The app's arguments, as the header requires.
    pub(super) unsafe fn media(
        given: *const nertc_callkit_webrtc_options,
        out: *mut nertc_callkit_backends,
    ) -> Result<(), Error> {
        // SAFETY: the caller's promise.
        unsafe {
            let mut backends = read_prefix("out", out.cast_const())?;
            let (vtable, ctx) = new(read(&read_strict("options", given)?)?);
            (backends.rtc, backends.rtc_ctx) = (vtable, ctx);
            write_prefix("out", out, &backends)
        }
    }

    /// # Safety
    /// The app's options, as the header requires.
    unsafe fn read(c: &nertc_callkit_webrtc_options) -> Result<Options, Error> {
        // SAFETY: the caller's promise: NUL-terminated texts, as many servers as stated.
        let (servers, ca_pem) = unsafe {
            (
                ice_servers(c.ice_servers, c.ice_server_count).map_err(|why| why.within("options"))?,
                opt_text("options.ca_pem", c.ca_pem, PEM_BYTES)?,
            )
        };
        let given = Given {
            flags: c.flags,
            ice_servers: servers.iter().map(Server::given).collect(),
            audio_bitrate_bps: c.audio_bitrate_bps,
            jitter_min_ms: c.jitter_min_ms,
            jitter_max_ms: c.jitter_max_ms,
            port_min: c.port_min,
            port_max: c.port_max,
            ca_pem: ca_pem.as_deref(),
            hooks: Arc::new(hooks(c)?),
        };
        Options::read(&given).map_err(|refused| match refused {
            Refused::Invalid { field, why } => Error::because(format!("options.{field}"), why),
            Refused::Unsupported { field, why } => Error::not_here(format!("options.{field}"), why),
        })
    }

    /// A server's texts.
    struct Server {
        url: Text,
        username: Option<Text>,
        credential: Option<Text>,
    }

    impl Server {
        fn given(&self) -> GivenServer<'_> {
            GivenServer {
                url: &self.url,
                username: self.username.as_deref().unwrap_or_default(),
                credential: self.credential.as_deref().unwrap_or_default(),
            }
        }
    }

    /// # Safety
    /// As `read`.
    unsafe fn ice_servers(
        servers: *const *const nertc_callkit_ice_server,
        count: u32,
    ) -> Result<Vec<Server>, Error> {
        let count = range("ice_server_count", count, 0..=SERVERS as u32)? as usize;
        if servers.is_null() && count > 0 {
            return Err(Error::because("ice_servers", "is NULL, and ice_server_count is not 0"));
        }
        // SAFETY: the caller's promise.
        let read = |at: usize| unsafe { server(*servers.add(at)).map_err(|why| why.at("ice_servers", at)) };
        (0..count).map(read).collect()
    }

    /// # Safety
    /// As `read`.
    unsafe fn server(place: *const nertc_callkit_ice_server) -> Result<Server, Error> {
        // SAFETY: the caller's promise.
        unsafe {
            let c = read_strict("", place)?;
            flags("flags", c.flags, 0)?;
            Ok(Server {
                url: text("url", c.url, TEXT_BYTES)?,
                username: opt_text("username", c.username, TEXT_BYTES)?,
                credential: opt_text("credential", c.credential, TEXT_BYTES)?,
            })
        }
    }

    fn hooks(c: &nertc_callkit_webrtc_options) -> Result<AppHooks, Error> {
        if c.sign.is_some() != c.verify.is_some() {
            return Err(Error::because("options.sign and verify", "give both or none"));
        }
        Ok(AppHooks { keys: c.sign.zip(c.verify), user_data: AppPtr(c.user_data) })
    }

    /// `sign`.
    type Sign = unsafe extern "C" fn(*const c_void, u32, *mut c_void, *mut u32, *mut c_void) -> i32;
    /// `verify`.
    type Verify =
        unsafe extern "C" fn(*const c_char, *const c_void, u32, *const c_void, u32, *mut c_void) -> i32;

    /// Functions of the app, to be called on any thread. They count as callbacks.
    struct AppHooks {
        keys: Option<(Sign, Verify)>,
        user_data: AppPtr,
    }

    impl fmt::Debug for AppHooks {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("AppHooks")
        }
    }

    impl Hooks for AppHooks {
        fn signs(&self) -> bool {
            self.keys.is_some()
        }

        fn sign(&self, transcript: &[u8]) -> Option<Vec<u8>> {
            let (sign, _) = self.keys?;
            let mut signature = [0_u8; SIGNATURE_LIMIT];
            let mut size = signature.len() as u32;
            let (from, to) = (transcript.as_ptr().cast(), signature.as_mut_ptr().cast());
            let _inside = CallbackGuard::enter();
            // SAFETY: the app's function; transcript and room are there until it returns.
            let answer = unsafe { sign(from, transcript.len() as u32, to, &raw mut size, self.user_data.0) };
            let signature = signature.get(..size as usize).filter(|it| answer == 0 && !it.is_empty());
            if signature.is_none() {
                log::warn!(
                    "options.sign: answer {answer}, {size} bytes: the call goes on without a signature"
                );
            }
            signature.map(<[u8]>::to_vec)
        }

        fn verify(&self, account: &str, transcript: &[u8], signature: &[u8]) -> bool {
            let Some((_, verify)) = self.keys else { return false };
            let account = c_text(account);
            let (text, size) = (transcript.as_ptr().cast(), transcript.len() as u32);
            let (signature, room) = (signature.as_ptr().cast(), signature.len() as u32);
            let _inside = CallbackGuard::enter();
            // SAFETY: the app's function; what it gets is there until it returns.
            unsafe { verify(account.as_ptr(), text, size, signature, room, self.user_data.0) == 0 }
        }
    }
}

#[cfg(not(feature = "webrtc"))]
mod backend {
    use nertc_callkit_abi::{nertc_callkit_backends, nertc_callkit_webrtc_options};

    use crate::ffi::support::error::Error;

    pub(super) unsafe fn media(
        _: *const nertc_callkit_webrtc_options,
        _: *mut nertc_callkit_backends,
    ) -> Result<(), Error> {
        Err(Error::not_here("options", "this library was built without the feature `webrtc`"))
    }
}
