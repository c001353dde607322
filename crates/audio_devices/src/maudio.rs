//! The machine's audio system, by miniaudio.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use maudio::audio::sample_rate::SampleRate;
use maudio::backend::Backend;
use maudio::context::{Context, ContextBuilder, ContextOps as _};
use maudio::device::Device as OpenDevice;
use maudio::device::device_builder::{DeviceBuilder, DeviceBuilderOps as _};
use maudio::device::device_info::DeviceInfo;
use maudio::maudio_sys::ffi;
use maudio::{MaResult, MaudioError};

use crate::callback::{Callback, Control};
use crate::device::{Code, Device, DeviceId, Kind};
use crate::system::{Stream, System};

/// Never miniaudio's null backend: without an audio system there is an error, not silence. Without JACK,
/// whose clients connect devices themselves.
#[cfg(any(target_os = "linux", target_os = "freebsd"))]
const BACKENDS: &[Backend] = &[Backend::PulseAudio, Backend::Alsa, Backend::Oss];
#[cfg(windows)]
const BACKENDS: &[Backend] = &[Backend::Wasapi];
#[cfg(target_vendor = "apple")]
const BACKENDS: &[Backend] = &[Backend::CoreAudio];
#[cfg(target_os = "android")]
const BACKENDS: &[Backend] = &[Backend::Aaudio];

/// Milliseconds a callback; a hint.
const PERIOD: u32 = 10;

/// ALSA, PulseAudio, WASAPI, CoreAudio, AAudio.
#[derive(Debug, Default)]
pub struct Machine;

impl System for Machine {
    fn list(&self, kind: Kind) -> Result<Vec<Device>, Code> {
        let found = devices(&connect()?, kind).map_err(code)?;
        Ok(found.iter().map(|(device, _)| device.clone()).collect())
    }

    fn open(&self, device: &DeviceId, callback: Callback) -> Result<Stream, Code> {
        // Each stream has a context of its own: opening uses the context's connection, and may never return.
        let context = connect()?;
        match callback {
            Callback::Capture(mut capture) => {
                let info = find(&context, Kind::Microphone, device)?;
                let control = capture.control().clone();
                let mut builder = DeviceBuilder::capture().i16();
                builder
                    .capture_device_id(&info.device_id())
                    .capture_channels(1)
                    .sample_rate(SampleRate::Sr48000);
                builder.period_size_millis(PERIOD).context(&context);
                start(builder.with_callback(move |_, sound: &[i16]| capture.deliver(sound)), &control)
            }
            Callback::Playout(mut playout) => {
                let info = find(&context, Kind::Speaker, device)?;
                let control = playout.control().clone();
                let mut builder = DeviceBuilder::playback().i16();
                builder
                    .playback_device_id(&info.device_id())
                    .playback_channels(1)
                    .sample_rate(SampleRate::Sr48000);
                builder.period_size_millis(PERIOD).context(&context);
                start(builder.with_callback(move |_, sound: &mut [i16]| playout.fill(sound)), &control)
            }
        }
    }
}

/// miniaudio forgets 20 kB at each connection to PulseAudio that fails, so one that failed is not tried again
/// for a minute. In milliseconds since the first connection; 0: it has not failed.
static FAILED_AT: AtomicU64 = AtomicU64::new(0);
static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
const PULSE_PAUSE: u64 = 60_000;

fn connect() -> Result<Context, Code> {
    let now = FIRST.elapsed().as_millis() as u64 + 1;
    let failed = FAILED_AT.load(Ordering::Relaxed);
    let pauses = failed != 0 && now < failed + PULSE_PAUSE;
    let (pulse, others): (Vec<Backend>, Vec<Backend>) =
        BACKENDS.iter().partition(|it| matches!(it, Backend::PulseAudio));
    if !pulse.is_empty() && !pauses {
        let connected = ContextBuilder::new().preferred_backends(pulse).build();
        FAILED_AT.store(if connected.is_ok() { 0 } else { now }, Ordering::Relaxed);
        if connected.is_ok() || others.is_empty() {
            return connected.map_err(code);
        }
    }
    ContextBuilder::new().preferred_backends(others).build().map_err(code)
}

fn start(device: MaResult<OpenDevice<i16>>, control: &Control) -> Result<Stream, Code> {
    let mut device = device.map_err(code)?;
    if control.is_closed() {
        return Err(Code::Cancelled);
    }
    device.device_start().map_err(code)?;
    Ok(Box::new(device))
}

fn find(context: &Context, kind: Kind, id: &DeviceId) -> Result<DeviceInfo, Code> {
    let found = devices(context, kind).map_err(code)?;
    found.into_iter().find(|(device, _)| device.id == *id).map(|(_, info)| info).ok_or(Code::NotFound)
}

fn devices(context: &Context, kind: Kind) -> MaResult<Vec<(Device, DeviceInfo)>> {
    let mut found = Vec::new();
    context.with_devices(|speakers, microphones| {
        let devices = if kind == Kind::Speaker { speakers } else { microphones };
        found.extend(devices.iter().map(|info| (describe(info), *info)));
    })?;
    Ok(found)
}

/// With the system's own name of the device, which maudio keeps to itself.
fn describe(info: &DeviceInfo) -> Device {
    // SAFETY: DeviceInfo is `repr(transparent)` over this type, by its documentation, and lives as long.
    let raw = unsafe { &*std::ptr::from_ref(info).cast::<ffi::ma_device_info>() };
    Device { id: DeviceId(id(raw)), name: info.device_name().to_owned(), is_default: raw.isDefault != 0 }
}

#[cfg(any(target_os = "linux", target_os = "freebsd", target_vendor = "apple"))]
fn id(info: &ffi::ma_device_info) -> String {
    // SAFETY: all of BACKENDS have text here, in the same bytes; those of OSS are fewer, and the rest is
    // zero.
    let bytes = unsafe { info.id.pulse }.map(|it| it.cast_unsigned());
    let end = bytes.iter().position(|it| *it == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

#[cfg(windows)]
fn id(info: &ffi::ma_device_info) -> String {
    // SAFETY: WASAPI is the only one of BACKENDS.
    let units = unsafe { info.id.wasapi };
    let end = units.iter().position(|it| *it == 0).unwrap_or(units.len());
    String::from_utf16_lossy(&units[..end])
}

#[cfg(target_os = "android")]
fn id(info: &ffi::ma_device_info) -> String {
    // SAFETY: AAudio is the only one of BACKENDS.
    unsafe { info.id.aaudio }.to_string()
}

/// What is neither missing nor refused counts as busy: it is tried again.
fn code(error: MaudioError) -> Code {
    log::debug!("{error}");
    match error.ma_result() {
        ffi::ma_result_MA_ACCESS_DENIED => Code::Denied,
        ffi::ma_result_MA_DOES_NOT_EXIST
        | ffi::ma_result_MA_NO_BACKEND
        | ffi::ma_result_MA_NO_DEVICE
        | ffi::ma_result_MA_API_NOT_FOUND
        | ffi::ma_result_MA_FAILED_TO_INIT_BACKEND => Code::NotFound,
        _ => Code::Busy,
    }
}
