//! Media over WebRTC: the constructor, and what its clients can do more. Without the feature `webrtc` they
//! return UNSUPPORTED.

use std::ffi::c_char;

use nertc_callkit_abi::{
    nertc_callkit, nertc_callkit_backends, nertc_callkit_call_ref, nertc_callkit_call_stats,
    nertc_callkit_ice_server, nertc_callkit_status, nertc_callkit_stream_stats, nertc_callkit_webrtc_options,
};

use super::request::{self, Wait};
use crate::engine::limits;
use crate::ffi::client::Client;
use crate::ffi::support::convert::{parse_bool, range, samples, text};
use crate::ffi::support::guard::{guard, guard_number};

/// Creates a media backend that carries sound to the peer over WebRTC in `out`.
///
/// Each of the two clients needs one. Copies `options`. Fills `rtc` and `rtc_ctx` and leaves the
/// rest, as nertc_callkit_loopback_rtc does. Outside of a call it has no thread, socket or timer.
///
/// In a call it opens the speaker, and the microphone while the app has not disabled it
/// (nertc_callkit_enable_local): from the join of the media room to its leave. Without one of them
/// the call goes on; on_error says why (DEVICE_NOT_FOUND, DEVICE_DENIED, DEVICE_BUSY). A device that
/// is unplugged is replaced by the system's default until it is back. on_frame gets what the speaker
/// plays.
///
/// @param options  How. Not NULL.
/// @param out      Initialised with NERTC_CALLKIT_BACKENDS_INIT. Not NULL.
/// @return         OK. INVALID_ARGUMENT: NULL, an unknown flag, a number outside its range, an
///                 invalid server; the log has the reason. UNSUPPORTED: a field that this library
///                 does not know is not zero, APP_AUDIO is missing in a library that was built
///                 without devices, turns: in one without TLS, or it was built without WebRTC.
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

/// Replaces the ICE servers of a client, as time-limited credentials make necessary.
///
/// For the next media room, and for the next restart of ICE in the one that is joined. A list in
/// the token of a media room still goes first.
///
/// @param kit      Client. Not NULL.
/// @param servers  As in nertc_callkit_webrtc_options, or NULL: none.
/// @param count    How many: 0 to 8.
/// @return         OK. INVALID_ARGUMENT: an invalid server; the log has the reason, and the servers
///                 remain as they were. CLOSED. UNSUPPORTED: the client's media backend is not this
///                 one, an unknown field is not zero, or turns: without TLS.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_webrtc_set_ice_servers(
    kit: *mut nertc_callkit,
    servers: *const *const nertc_callkit_ice_server,
    count: u32,
) -> nertc_callkit_status {
    guard("webrtc_set_ice_servers", || {
        // SAFETY: the header's contract.
        unsafe { backend::set_ice_servers(&*Client::from_handle(kit)?, servers, count) }
    })
}

/// Takes the peer's sound, from the playout callback of the app's audio device.
///
/// Its clock is then the one that the jitter buffer follows, and on_frame gets no more sound of
/// this call. Allocates nothing and waits neither for the network nor for another call of this
/// function.
///
/// @param kit          Client. Not NULL.
/// @param out          Filled with `frames` frames of signed 16-bit samples, those of both channels
///                     by turns. Not NULL.
/// @param frames       How many: up to 100 ms.
/// @param sample_rate  8000 to 192000.
/// @param channels     1 or 2.
/// @return             How many frames are sound; the rest of `out` is silence. 0 outside of a call.
///                     Negative: INVALID_ARGUMENT, CLOSED, UNSUPPORTED: the client's media backend
///                     is not this one, or has no APP_AUDIO. QUEUE_FULL: another thread is in this
///                     function.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_webrtc_pull_audio(
    kit: *mut nertc_callkit,
    out: *mut i16,
    frames: u32,
    sample_rate: u32,
    channels: u32,
) -> i32 {
    guard_number("webrtc_pull_audio", || {
        let client = Client::from_handle(kit)?;
        let sample_rate = range("sample_rate", sample_rate, 8_000..=192_000)?;
        let channels = range("channels", channels, 1..=2)?;
        let frames = range("frames", frames, 0..=sample_rate / 10)?;
        // SAFETY: the header's contract.
        let out = unsafe { samples("out", out, frames * channels)? };
        backend::pull_audio(&client, out, sample_rate, channels)
    })
}

/// Returns how the transport of the call is doing.
///
/// @param kit  Client. Not NULL.
/// @param out  Its struct_size is the size that may be written, afterwards the size written; all 0
///             outside of a media room. Not NULL.
/// @return     OK. INVALID_ARGUMENT: NULL, or struct_size is too small. CLOSED. UNSUPPORTED: the
///             client's media backend has no statistics.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_get_call_stats(
    kit: *mut nertc_callkit,
    out: *mut nertc_callkit_call_stats,
) -> nertc_callkit_status {
    guard("get_call_stats", || {
        // SAFETY: the header's contract.
        unsafe { backend::get_call_stats(&*Client::from_handle(kit)?, out) }
    })
}

/// Returns how one medium is doing in one direction.
///
/// @param kit      Client. Not NULL.
/// @param media    One nertc_callkit_media bit.
/// @param sending  1 = to the peer, 0 = from the peer.
/// @param out      Its struct_size is the size that may be written, afterwards the size written; all
///                 0 outside of a media room, and for a medium that does not flow. Not NULL.
/// @return         OK. INVALID_ARGUMENT: NULL, an unknown value, or struct_size is too small.
///                 CLOSED. UNSUPPORTED: the client's media backend has no statistics.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_get_stream_stats(
    kit: *mut nertc_callkit,
    media: u32,
    sending: i32,
    out: *mut nertc_callkit_stream_stats,
) -> nertc_callkit_status {
    guard("get_stream_stats", || {
        let client = Client::from_handle(kit)?;
        let (media, sending) = (range("media", media, 1..=2)?, parse_bool("sending", sending)?);
        // SAFETY: the header's contract.
        unsafe { backend::get_stream_stats(&client, media, sending, out) }
    })
}

/// Says what the two users found when they compared the security code of on_media_secured.
///
/// on_media_secured follows: VERIFIED if the codes agree. If they differ it is MISMATCH, and the
/// call ends (NERTC_CALLKIT_END_MEDIA_NOT_SECURE). A call that is not the running one any more is
/// not touched, and a code that was replaced since the users saw it is not confirmed.
///
/// @param kit    Client. Not NULL.
/// @param call   Which call, or NULL: the one that the app was told of last.
/// @param code   The code that the users compared, as on_media_secured lent it. Not NULL; copied.
/// @param agree  1 = the codes agree, 0 = they differ.
/// @return       OK. INVALID_ARGUMENT: not 0 or 1, or this is not the running call, or it has no
///               code to compare, or `agree` is 1 and its code is not `code` any more: the users
///               have to compare the new one. CLOSED. UNSUPPORTED: the client's media backend has
///               no codes, or an unknown field is not zero.
///
/// Thread: any. In a callback: yes. Since: 0.1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nertc_callkit_confirm_security_code(
    kit: *mut nertc_callkit,
    call: *const nertc_callkit_call_ref,
    code: *const c_char,
    agree: i32,
) -> nertc_callkit_status {
    guard("confirm_security_code", || {
        let client = Client::from_handle(kit)?;
        let agree = parse_bool("agree", agree)?;
        // SAFETY: the header's contract.
        let code = unsafe { text("code", code, limits::ID)? };
        // SAFETY: the header's contract.
        let call = unsafe { request::call_ref(call, &client.callbacks, Wait::Refused)? };
        let call_no = request::call_no_of(&call, &client.worker.snapshot());
        backend::confirm_security_code(&client, call_no, &code, agree)
    })
}

#[cfg(feature = "webrtc")]
mod backend {
    use std::ffi::{c_char, c_void};
    use std::fmt;
    use std::sync::Arc;

    use nertc_callkit_abi::{
        nertc_callkit_backends, nertc_callkit_call_stats, nertc_callkit_ice_server,
        nertc_callkit_stream_stats, nertc_callkit_webrtc_options,
    };
    use nertc_callkit_media::Media;
    use nertc_callkit_webrtc::audio::PullError;
    use nertc_callkit_webrtc::ice_server::{SERVERS, TEXT_BYTES};
    use nertc_callkit_webrtc::media as new;
    use nertc_callkit_webrtc::options::{
        self, DEVICE_ID_BYTES, Given, GivenServer, Hooks, Options, PEM_BYTES, Refused,
    };
    use nertc_callkit_webrtc::peer::SIGNATURE_LIMIT;

    use crate::ffi::client::Client;
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
        let (servers, ca_pem, microphone, speaker) = unsafe {
            (
                ice_servers(c.ice_servers, c.ice_server_count).map_err(|why| why.within("options"))?,
                opt_text("options.ca_pem", c.ca_pem, PEM_BYTES)?,
                opt_text("options.microphone", c.microphone, DEVICE_ID_BYTES)?,
                opt_text("options.speaker", c.speaker, DEVICE_ID_BYTES)?,
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
            microphone: microphone.as_deref(),
            speaker: speaker.as_deref(),
        };
        Options::read(&given).map_err(|why| Error::from(why).within("options"))
    }

    impl From<Refused> for Error {
        fn from(refused: Refused) -> Error {
            match refused {
                Refused::Invalid { field, why } => Error::because(field, why),
                Refused::Unsupported { field, why } => Error::not_here(field, why),
            }
        }
    }

    /// # Safety
    /// The app's servers, as the header requires.
    pub(super) unsafe fn set_ice_servers(
        client: &Client,
        servers: *const *const nertc_callkit_ice_server,
        count: u32,
    ) -> Result<(), Error> {
        let webrtc = client.webrtc()?;
        // SAFETY: the caller's promise.
        let servers = unsafe { ice_servers(servers, count)? };
        let given = servers.iter().map(Server::given).map(|it| (it.url, it.username, it.credential));
        webrtc.set_ice_servers(options::ice_servers(given)?);
        Ok(())
    }

    pub(super) fn pull_audio(
        client: &Client,
        out: &mut [i16],
        sample_rate: u32,
        channels: u32,
    ) -> Result<i32, Error> {
        let webrtc = client.webrtc()?;
        if !webrtc.has_app_audio() {
            return Err(Error::not_here("kit", "its speaker plays the sound; with APP_AUDIO the app does"));
        }
        match webrtc.pull_audio(out, sample_rate, channels) {
            Ok(frames) => Ok(frames as i32),
            Err(PullError::Busy) => Err(Error::QueueFull),
            // Not reached: the ranges are the caller's.
            Err(PullError::Rate | PullError::Channels | PullError::Size) => {
                Err(Error::because("out", "another rate, count of channels or length than is played"))
            }
        }
    }

    /// # Safety
    /// The app's place, as the header requires.
    pub(super) unsafe fn get_call_stats(
        client: &Client,
        out: *mut nertc_callkit_call_stats,
    ) -> Result<(), Error> {
        let it = client.webrtc()?.call_stats();
        let stats = nertc_callkit_call_stats {
            struct_size: size_of::<nertc_callkit_call_stats>() as u32,
            flags: 0,
            call_no: it.call_no,
            time_us: it.time_us,
            bytes_sent: it.bytes_sent,
            bytes_received: it.bytes_received,
            rtt_us: it.rtt_us,
            // Nobody estimates it: an estimate needs more traffic than sound, and probes.
            available_send_bps: 0,
            local_candidate: it.local_candidate as i32,
            remote_candidate: it.remote_candidate as i32,
            relay_transport: it.relay_transport,
            setup_ms: it.setup_ms,
            restarts: it.restarts,
            security: it.security.number(),
            dtls_version: it.dtls_version,
            reserved: 0,
        };
        // SAFETY: the caller's promise.
        unsafe { write_prefix("out", out, &stats) }
    }

    /// # Safety
    /// The app's place, as the header requires.
    pub(super) unsafe fn get_stream_stats(
        client: &Client,
        media: u32,
        is_sending: bool,
        out: *mut nertc_callkit_stream_stats,
    ) -> Result<(), Error> {
        let it = client.webrtc()?.stream_stats(Media::of(media), is_sending);
        let stats = nertc_callkit_stream_stats {
            struct_size: size_of::<nertc_callkit_stream_stats>() as u32,
            flags: 0,
            packets: it.packets,
            bytes: it.bytes,
            packets_lost: it.packets_lost,
            loss_permille: it.loss_permille,
            jitter_us: it.jitter_us,
            bitrate_bps: it.bitrate_bps,
            jitter_buffer_ms: it.jitter_buffer_ms,
            samples: it.samples,
            concealed_samples: it.concealed_samples,
            level: it.level,
            reserved: 0,
        };
        // SAFETY: the caller's promise.
        unsafe { write_prefix("out", out, &stats) }
    }

    pub(super) fn confirm_security_code(
        client: &Client,
        call_no: Option<u64>,
        code: &str,
        agree: bool,
    ) -> Result<(), Error> {
        let webrtc = client.webrtc()?;
        let is_taken = call_no.is_some_and(|call_no| webrtc.confirm_security_code(call_no, code, agree));
        let why = "not the running call, or it has no code, or another one now: compare that";
        if is_taken { Ok(()) } else { Err(Error::because("code", why)) }
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
    use super::*;
    use crate::ffi::support::error::Error;

    pub(super) unsafe fn media(
        _: *const nertc_callkit_webrtc_options,
        _: *mut nertc_callkit_backends,
    ) -> Result<(), Error> {
        Err(Error::not_here("options", "this library was built without the feature `webrtc`"))
    }

    pub(super) unsafe fn set_ice_servers(
        client: &Client,
        _: *const *const nertc_callkit_ice_server,
        _: u32,
    ) -> Result<(), Error> {
        client.webrtc().map(drop)
    }

    pub(super) fn pull_audio(client: &Client, _: &mut [i16], _: u32, _: u32) -> Result<i32, Error> {
        client.webrtc().map(|_| 0)
    }

    pub(super) unsafe fn get_call_stats(
        client: &Client,
        _: *mut nertc_callkit_call_stats,
    ) -> Result<(), Error> {
        client.webrtc().map(drop)
    }

    pub(super) unsafe fn get_stream_stats(
        client: &Client,
        _: u32,
        _: bool,
        _: *mut nertc_callkit_stream_stats,
    ) -> Result<(), Error> {
        client.webrtc().map(drop)
    }

    pub(super) fn confirm_security_code(
        client: &Client,
        _: Option<u64>,
        _: &str,
        _: bool,
    ) -> Result<(), Error> {
        client.webrtc().map(drop)
    }
}
