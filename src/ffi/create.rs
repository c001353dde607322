//! From a config of C to a client that runs.

use std::fmt::Write;
use std::ptr;
use std::sync::Arc;

use log::{error, info};
use nertc_callkit_abi as abi;
use nertc_callkit_backend::random_bytes;

use super::api::loopback;
use super::backend::decode::backend_name;
use super::backend::media::{CRtc, CRtcPort, missing_rtc_slot, signals};
use super::backend::signaling::{CSignaling, Identity, Route, missing_signaling_slot};
use super::backend::{Backends, Vtable, direct, sink, webrtc};
use super::callbacks::CallbackSink;
use super::client::{self, CLIENTS, Client};
use super::support::convert::{
    AppPtr, flags, opt_text, parse_bool, read_prefix, read_strict, read_strict_opt, ring_ms, text,
};
use super::support::error::Error;
use super::support::handle_table::new_id;
use crate::engine::{self, Config, Engine, Timers, limits};
use crate::worker::ports::Ports;
use crate::worker::{self, Options};
use nertc_callkit_signaling::Text;

/// A checked config.
pub(crate) struct CheckedConfig {
    config: abi::nertc_callkit_config,
    listener: abi::nertc_callkit_listener,
    options: Options,
    engine: Config,
    identity: Identity,
    backends: Option<abi::nertc_callkit_backends>,
}

/// Reads and checks everything that the app passed to create, the vtables excepted.
///
/// # Safety
/// NULL or the app's config, as the header requires.
pub(crate) unsafe fn read(place: *const abi::nertc_callkit_config) -> Result<CheckedConfig, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let config = read_strict("config", place)?;
        flags("config.flags", config.flags, 0)?;
        let listener = if config.listener.is_null() {
            no_listener()
        } else {
            read_prefix("config.listener", config.listener)?
        };
        flags("config.listener.flags", listener.flags, 0)?;
        let backends = read_strict_opt("config.backends", config.backends)?;
        flags(
            "config.backends.flags",
            backends.map_or(0, |backends: abi::nertc_callkit_backends| backends.flags),
            0,
        )?;
        let timers = timers(read_strict_opt("config.timers", config.timers)?)?;
        let device_id =
            opt_text("config.device_id", config.device_id, limits::ID)?.map_or_else(made_up_device, Ok)?;
        Ok(CheckedConfig {
            options: Options {
                manual_dispatch: parse_bool("config.delivery", config.delivery)?,
                dedicated_thread: parse_bool("config.worker", config.worker)?,
            },
            engine: Config {
                timers,
                caps: engine::Caps::default(),
                confirm_audio_to_video: parse_bool(
                    "config.confirm_audio_to_video",
                    config.confirm_audio_to_video,
                )?,
                confirm_video_to_audio: parse_bool(
                    "config.confirm_video_to_audio",
                    config.confirm_video_to_audio,
                )?,
                no_token_listener: listener.on_token_needed.is_none(),
                takes_data: listener.on_data.is_some(),
                media_protocol: Text::default(),
                device: device_id.clone(),
            },
            identity: Identity {
                app_key: opt_text("config.app_key", config.app_key, limits::APP_KEY)?.unwrap_or_default(),
                device_id,
                data_dir: opt_text("config.data_dir", config.data_dir, limits::PATH)?.unwrap_or_default(),
                login_ms: timers.login_ms,
            },
            config,
            listener,
            backends,
        })
    }
}

impl CheckedConfig {
    /// Creates the client and its handle. Takes ownership of the backends on success.
    ///
    /// # Safety
    /// The vtables are the app's, as the header requires.
    pub(crate) unsafe fn start(self) -> Result<*mut abi::nertc_callkit, Error> {
        let id = new_id().ok_or(Error::Internal)?;
        let seed = random_bytes().ok_or(Error::Internal)?;
        let client = worker::Client::new(self.options).map_err(|why| {
            error!("no client: {why}");
            Error::Internal
        })?;
        // SAFETY: the caller's promise. The last step that can fail.
        let backends = unsafe { backends(self.backends)? };
        // SAFETY: a vtable's name lives as long as the backend.
        let names = unsafe { [backend_name(backends.signaling.name), backend_name(backends.rtc.name)] };
        let media_protocol = backends.media_protocol.clone();
        let engine = Engine::new(Config { caps: backends.caps(), media_protocol, ..self.engine }, seed);
        let takes_tokens = backends.signaling.set_token.is_some();
        let direct_rtc = backends.direct_rtc.map(|backend| (backend, client.clone()));
        let route = match backends.direct_signaling {
            Some(backend) => Route::Direct(backend, client.clone()),
            None => Route::Vtable(Box::new(sink::signaling(id))),
        };
        let rtc = Arc::new(CRtc::new(backends.rtc, backends.rtc_ctx, sink::rtc(id), direct_rtc));
        let signaling =
            CSignaling::new(backends.signaling, backends.signaling_ctx, route, self.identity, rtc.clone());
        let callbacks = Arc::new(CallbackSink::new(id, client::remove, &self.config, self.listener));
        let ports = Ports {
            signaling: Box::new(signaling),
            rtc: Box::new(CRtcPort(rtc.clone())),
            listener: callbacks.clone(),
        };
        let handle = Client::new(client.clone(), callbacks, rtc, takes_tokens, backends.webrtc);
        CLIENTS.insert(id, Arc::new(handle));
        client.start(engine, ports);
        info!("client {id}: signaling by {}, media by {}", names[0], names[1]);
        Ok(ptr::without_provenance_mut(id))
    }
}

/// Both backends; one that the app left out is the embedded loopback.
///
/// # Safety
/// The vtables are the app's, as the header requires.
unsafe fn backends(backends: Option<abi::nertc_callkit_backends>) -> Result<Backends, Error> {
    // SAFETY: all-zero is a value of it.
    let mut backends = backends.unwrap_or_else(|| unsafe { std::mem::zeroed() });
    backends.struct_size = size_of::<abi::nertc_callkit_backends>() as u32;
    let (own_signaling, own_rtc) = (backends.signaling.is_null(), backends.rtc.is_null());
    // SAFETY: the caller's promise, and the loopback's own vtables.
    unsafe {
        let result = fill_in(&mut backends, own_signaling, own_rtc).and_then(|()| read_backends(&backends));
        if result.is_err() {
            let signaling =
                backends.signaling.as_ref().filter(|_| own_signaling).and_then(|backend| backend.release);
            let rtc = backends.rtc.as_ref().filter(|_| own_rtc).and_then(|backend| backend.release);
            signaling.inspect(|release| release(backends.signaling_ctx));
            rtc.inspect(|release| release(backends.rtc_ctx));
        }
        result
    }
}

/// # Safety
/// `backends` is ours.
unsafe fn fill_in(
    backends: &mut abi::nertc_callkit_backends,
    signaling: bool,
    rtc: bool,
) -> Result<(), Error> {
    let ok = abi::nertc_callkit_status::NERTC_CALLKIT_STATUS_OK;
    let made = |status| if status == ok { Ok(()) } else { Err(Error::Internal) };
    // SAFETY: NULL is the default hub, and `backends` is there.
    unsafe {
        if signaling {
            made(loopback::nertc_callkit_loopback_signaling(ptr::null_mut(), backends))?;
        }
        if rtc {
            made(loopback::nertc_callkit_loopback_rtc(ptr::null_mut(), backends))?;
        }
    }
    Ok(())
}

/// # Safety
/// As `backends`.
unsafe fn read_backends(backends: &abi::nertc_callkit_backends) -> Result<Backends, Error> {
    // SAFETY: the caller's promise.
    let (signaling, rtc) = unsafe {
        (
            read_prefix("config.backends.signaling", backends.signaling)?,
            read_prefix("config.backends.rtc", backends.rtc)?,
        )
    };
    if [signaling.abi, rtc.abi].iter().any(|abi| ![0, abi::NERTC_CALLKIT_ABI].contains(abi)) {
        error!(
            "a backend's abi is not {}: set it to NERTC_CALLKIT_ABI and compile it anew",
            abi::NERTC_CALLKIT_ABI
        );
        return Err(Error::Unsupported);
    }
    let missing = [("signaling", missing_signaling_slot(&signaling)), ("rtc", missing_rtc_slot(&rtc))];
    if let Some((backend, slot)) = missing.iter().find_map(|(backend, slot)| Some((backend, (*slot)?))) {
        return Err(Error::because(format!("config.backends.{backend}.{slot}"), "mandatory, and missing"));
    }
    let mut media_protocol = Text::default();
    if signals(&rtc) {
        // SAFETY: as above.
        media_protocol =
            unsafe { text("config.backends.rtc.protocol", rtc.protocol, limits::MEDIA_PROTOCOL)? };
        if signaling.control.is_none() {
            return Err(Error::because("config.backends.signaling.control", "missing, and media signals"));
        }
    }
    // SAFETY: the caller's promise: each ctx belongs to its vtable, and is the core's until it is released.
    let ((direct_signaling, direct_rtc), webrtc) =
        unsafe { (direct::own_backends(backends), webrtc::of(backends)) };
    let signaling = match direct_signaling {
        Some(backend) => Vtable::Own(backend.vtable()),
        None => Vtable::Copied(Box::new(signaling)),
    };
    let rtc = match direct_rtc {
        Some(backend) => Vtable::Own(backend.vtable()),
        None => Vtable::Copied(Box::new(rtc)),
    };
    let (signaling_ctx, rtc_ctx) = (AppPtr(backends.signaling_ctx), AppPtr(backends.rtc_ctx));
    Ok(Backends {
        signaling,
        signaling_ctx,
        rtc,
        rtc_ctx,
        direct_signaling,
        direct_rtc,
        media_protocol,
        webrtc,
    })
}

fn no_listener() -> abi::nertc_callkit_listener {
    // SAFETY: all-zero is a value of it: no function at all.
    unsafe { std::mem::zeroed() }
}

fn timers(given: Option<abi::nertc_callkit_timers>) -> Result<Timers, Error> {
    let default = Timers::default();
    let Some(c) = given else { return Ok(default) };
    let or = |given, default| if given == 0 { default } else { given };
    Ok(Timers {
        ring_ms: ring_ms("config.timers.ring_ms", or(c.ring_ms, default.ring_ms))?,
        ring_grace_ms: or(c.ring_grace_ms, default.ring_grace_ms),
        login_ms: or(c.login_ms, default.login_ms),
        request_ms: or(c.request_ms, default.request_ms),
        operation_ms: or(c.operation_ms, default.operation_ms),
        rtc_leave_ms: or(c.rtc_leave_ms, default.rtc_leave_ms),
        rtc_connect_ms: or(c.rtc_connect_ms, default.rtc_connect_ms),
        handshake_ms: or(c.handshake_ms, default.handshake_ms),
        switch_ms: or(c.switch_ms, default.switch_ms),
        glare_ms: or(c.glare_ms, default.glare_ms),
        peer_leave_ms: or(c.peer_leave_ms, default.peer_leave_ms),
        peer_reconnecting_ms: or(c.peer_reconnecting_ms, default.peer_reconnecting_ms),
        peer_lost_ms: or(c.peer_lost_ms, default.peer_lost_ms),
        closer_ms: or(c.teardown_ms, default.closer_ms),
        destroy_wait_ms: or(c.destroy_wait_ms, default.destroy_wait_ms),
        tombstone_ms: or(c.tombstone_ms, default.tombstone_ms),
        invite_age_ms: or(c.invite_age_ms, default.invite_age_ms),
        token_ms: or(c.token_ms, default.token_ms),
    })
}

fn made_up_device() -> Result<Text, Error> {
    let hex = random_bytes::<16>().ok_or(Error::Internal)?.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Ok(hex.into())
}
