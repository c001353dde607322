//! What devices are reached through.

use crate::callback::Callback;
use crate::device::{Code, Device, DeviceId, Kind};

/// An open device: dropping it closes it, and waits until its callback has returned.
pub type Stream = Box<dyn Send>;

/// The audio system of a machine, or a simulated one. Each call is made on a thread that may block, several
/// at once.
pub trait System: Send + Sync + 'static {
    /// The devices of one kind.
    fn list(&self, kind: Kind) -> Result<Vec<Device>, Code>;

    /// Opens and starts a device: 48 kHz, mono. Its kind is the callback's. If the callback's control is
    /// closed by the time the device could start, it is not started.
    fn open(&self, device: &DeviceId, callback: Callback) -> Result<Stream, Code>;
}
