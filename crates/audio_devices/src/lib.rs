//! Microphone and speaker: which device is open, and the rings between its callback and the thread of media.
//!
//! - [`Controller`] decides: the wanted device or the system's default, hot-plug, failures, deadlines. It is
//!   a value.
//! - [`Devices`] executes: threads that wait for the system, rings, levels. It opens nothing by itself.
//! - [`System`] is what both are tested against, and [`Machine`] the real one, by miniaudio.
//!
//! A device that is gone is replaced by the system's default until it is back. One that is busy, denied or
//! silent is tried again, later each time. After `close` no sound passes, and a device whose opening was
//! under way is not started; one that just started is closed at once. A driver that neither opens nor closes
//! keeps its thread, at most [`limits::MAX_ABANDONED`] of a kind.
//!
//! Limits:
//! - 48 kHz, mono, 16 bit; the system converts.
//! - Hot-plug is noticed by listing the devices, every two seconds while one is open.
//! - PulseAudio, ALSA, OSS, WASAPI, CoreAudio and AAudio; not JACK. PulseAudio lists the monitors of
//!   speakers as microphones.
//! - No voice processing of a system: on iOS and Android the app's own stream has it.
//! - Needs a C compiler, and at run time no library but those of C.

pub mod callback;
mod controller;
mod device;
mod devices;
pub mod limits;
mod maudio;
mod system;

pub use controller::{Controller, Input, Output, StreamId};
pub use device::{Code, Device, DeviceId, Kind};
pub use devices::{Devices, Event};
pub use maudio::Machine;
pub use system::{Stream, System};
