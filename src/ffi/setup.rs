//! From a config of C to a component that runs.

use std::fmt::Write;
use std::ptr;
use std::sync::Arc;

use log::{error, info};
use nertc_callkit_abi as abi;

use super::backend::{
    Identity, Pair, RtcPlug, RtcPort, SignalingPlug, missing_rtc_slot, missing_signaling_slot, plug_name,
};
use super::component::{Component, KITS};
use super::convert::{HostPtr, flags, known, opt_options, opt_text, options, ring_ms, yes_or_no};
use super::error::Error;
use super::event::Host;
use super::loopback;
use super::table::new_id;
use crate::engine::{self, Config, Engine, Timers, limits};
use crate::worker::{Kit, Options, Ports};
use nertc_callkit_signaling::Text;

/// A checked config.
pub(crate) struct Setup {
    config: abi::nertc_callkit_config,
    listener: abi::nertc_callkit_listener,
    options: Options,
    engine: Config,
    identity: Identity,
    plugs: Option<abi::nertc_callkit_plugs>,
}

/// Reads and checks everything that the host handed to create, the vtables excepted.
///
/// # Safety
/// NULL or the host's config, as the header says.
pub(crate) unsafe fn read(place: *const abi::nertc_callkit_config) -> Result<Setup, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let config = options("config", place)?;
        flags("config.flags", config.flags, 0)?;
        let listener = if config.listener.is_null() {
            no_listener()
        } else {
            known("config.listener", config.listener)?
        };
        flags("config.listener.flags", listener.flags, 0)?;
        let plugs = opt_options("config.plugs", config.plugs)?;
        flags("config.plugs.flags", plugs.map_or(0, |plugs| plugs.flags), 0)?;
        let timers = timers(opt_options("config.timers", config.timers)?)?;
        Ok(Setup {
            options: Options {
                host_delivery: yes_or_no("config.delivery", config.delivery)?,
                own_worker: yes_or_no("config.worker", config.worker)?,
            },
            engine: Config {
                timers,
                caps: engine::Caps::default(),
                confirm_audio_to_video: yes_or_no(
                    "config.confirm_audio_to_video",
                    config.confirm_audio_to_video,
                )?,
                confirm_video_to_audio: yes_or_no(
                    "config.confirm_video_to_audio",
                    config.confirm_video_to_audio,
                )?,
                no_token_listener: listener.on_token_needed.is_none(),
            },
            identity: Identity {
                app_key: opt_text("config.app_key", config.app_key, limits::APP_KEY)?.unwrap_or_default(),
                device_id: opt_text("config.device_id", config.device_id, limits::ID)?
                    .map_or_else(made_up_device, Ok)?,
                data_dir: opt_text("config.data_dir", config.data_dir, limits::PATH)?.unwrap_or_default(),
                login_ms: timers.login_ms,
            },
            config,
            listener,
            plugs,
        })
    }
}

impl Setup {
    /// Makes the component and its handle. The plugs are taken over if this succeeds.
    ///
    /// # Safety
    /// The vtables are the host's, as the header says.
    pub(crate) unsafe fn start(self) -> Result<*mut abi::nertc_callkit, Error> {
        let id = new_id().ok_or(Error::Internal)?;
        let seed = random()?;
        let kit = Kit::new(self.options).map_err(|why| {
            error!("no component: {why}");
            Error::Internal
        })?;
        // SAFETY: the caller's promise. The last step that can fail.
        let plugs = unsafe { pair(self.plugs)? };
        // SAFETY: a vtable's name lives as long as the plug.
        let names = unsafe { [plug_name(plugs.signaling.name), plug_name(plugs.rtc.name)] };
        let engine = Engine::new(Config { caps: plugs.caps(), ..self.engine }, seed);
        let takes_tokens = plugs.signaling.set_token.is_some();
        let rtc = Arc::new(RtcPlug::new(id, plugs.rtc, plugs.rtc_ctx));
        let signaling =
            SignalingPlug::new(id, plugs.signaling, plugs.signaling_ctx, self.identity, rtc.clone());
        let host = Arc::new(Host::new(id, &self.config, self.listener));
        let ports = Ports {
            signaling: Box::new(signaling),
            rtc: Box::new(RtcPort(rtc.clone())),
            listener: host.clone(),
        };
        KITS.insert(id, Arc::new(Component::new(kit.clone(), host, rtc, takes_tokens)));
        kit.start(engine, ports);
        info!("component {id}: signaling by {}, media by {}", names[0], names[1]);
        Ok(ptr::without_provenance_mut(id))
    }
}

/// Both plugs; what the host left out is the embedded loopback.
///
/// # Safety
/// The vtables are the host's, as the header says.
unsafe fn pair(plugs: Option<abi::nertc_callkit_plugs>) -> Result<Pair, Error> {
    // SAFETY: all-zero is a value of it.
    let mut plugs = plugs.unwrap_or_else(|| unsafe { std::mem::zeroed() });
    plugs.struct_size = size_of::<abi::nertc_callkit_plugs>() as u32;
    let (own_signaling, own_rtc) = (plugs.signaling.is_null(), plugs.rtc.is_null());
    // SAFETY: the caller's promise, and the loopback's own vtables.
    unsafe {
        let result = fill_in(&mut plugs, own_signaling, own_rtc).and_then(|()| read_pair(&plugs));
        if result.is_err() {
            let signaling = plugs.signaling.as_ref().filter(|_| own_signaling).and_then(|plug| plug.release);
            let rtc = plugs.rtc.as_ref().filter(|_| own_rtc).and_then(|plug| plug.release);
            signaling.inspect(|release| release(plugs.signaling_ctx));
            rtc.inspect(|release| release(plugs.rtc_ctx));
        }
        result
    }
}

/// # Safety
/// `plugs` is ours.
unsafe fn fill_in(plugs: &mut abi::nertc_callkit_plugs, signaling: bool, rtc: bool) -> Result<(), Error> {
    let ok = abi::nertc_callkit_status::NERTC_CALLKIT_STATUS_OK;
    let made = |status| if status == ok { Ok(()) } else { Err(Error::Internal) };
    // SAFETY: NULL is the default hub, and `plugs` is there.
    unsafe {
        if signaling {
            made(loopback::nertc_callkit_loopback_signaling(ptr::null_mut(), plugs))?;
        }
        if rtc {
            made(loopback::nertc_callkit_loopback_rtc(ptr::null_mut(), plugs))?;
        }
    }
    Ok(())
}

/// # Safety
/// As `pair`.
unsafe fn read_pair(plugs: &abi::nertc_callkit_plugs) -> Result<Pair, Error> {
    // SAFETY: the caller's promise.
    let (signaling, rtc) =
        unsafe { (known("config.plugs.signaling", plugs.signaling)?, known("config.plugs.rtc", plugs.rtc)?) };
    if [signaling.abi, rtc.abi].iter().any(|abi| *abi != abi::NERTC_CALLKIT_ABI) {
        error!(
            "a plug's abi is not {}: set it to NERTC_CALLKIT_ABI and compile it anew",
            abi::NERTC_CALLKIT_ABI
        );
        return Err(Error::Unsupported);
    }
    let missing = [("signaling", missing_signaling_slot(&signaling)), ("rtc", missing_rtc_slot(&rtc))];
    if let Some((plug, slot)) = missing.iter().find_map(|(plug, slot)| Some((plug, (*slot)?))) {
        return Err(Error::because(format!("config.plugs.{plug}.{slot}"), "mandatory, and missing"));
    }
    let (signaling_ctx, rtc_ctx) = (HostPtr(plugs.signaling_ctx), HostPtr(plugs.rtc_ctx));
    Ok(Pair { signaling, signaling_ctx, rtc, rtc_ctx })
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
        closer_ms: or(c.closer_ms, default.closer_ms),
        destroy_wait_ms: or(c.destroy_wait_ms, default.destroy_wait_ms),
        tombstone_ms: or(c.tombstone_ms, default.tombstone_ms),
        invite_age_ms: or(c.invite_age_ms, default.invite_age_ms),
        token_ms: or(c.token_ms, default.token_ms),
    })
}

fn made_up_device() -> Result<Text, Error> {
    let hex = random::<16>()?.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Ok(hex.into())
}

/// Random bytes of the system; 256 at most, so that they come at once or not at all.
fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    // SAFETY: `N` bytes are there.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let filled = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), N, 0) } == N as isize;
    // SAFETY: `N` bytes are there.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let filled = unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), N) } == 0;
    if filled { Ok(bytes) } else { Err(Error::Internal) }
}
