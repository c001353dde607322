//! The device as a signaling backend for C.

use std::ffi::c_void;
use std::sync::Arc;

use nertc_callkit_abi as abi;
use nertc_callkit_abi::nertc_callkit_signaling_cap as cap;
use nertc_callkit_backend::adapter::{self, SignalingVtable};
use nertc_callkit_backend::{Login, SignalingBackend, SignalingSink};
use nertc_callkit_signaling::{Code, Notification, Operation, Req};

use crate::device::Device;
use crate::options::Options;

/// Its vtable.
pub static VTABLE: SignalingVtable = SignalingVtable::new(
    c"mqtt",
    cap::NERTC_CALLKIT_SIGNALING_CAP_OFFLINE as u32 | cap::NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE as u32,
);

/// A new signaling backend. The owner of the ctx calls the vtable's release once. None: the system has no
/// random bytes.
pub fn new(options: Options) -> Option<(&'static abi::nertc_callkit_signaling, *mut c_void)> {
    let sink = SignalingSink::default();
    let device = Device::new(options, sink.clone())?;
    Some(adapter::signaling(&VTABLE, sink, MqttSignaling(device)))
}

/// The core's share of a device; the reactor has another.
struct MqttSignaling(Arc<Device>);

impl SignalingBackend for MqttSignaling {
    fn open(&self) -> Result<(), Code> {
        self.0.open()
    }

    fn close(&self) {
        self.0.close();
    }

    fn login(&self, req: Req, login: Login) -> Result<(), Code> {
        self.0.login(req, &login);
        Ok(())
    }

    fn run(&self, req: Req, operation: Operation) -> Result<(), Code> {
        self.0.run(req, operation);
        Ok(())
    }

    fn notify(&self, notification: Notification) {
        self.0.notify(notification);
    }

    fn network_changed(&self) {
        self.0.network_changed();
    }
}
