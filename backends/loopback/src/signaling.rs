//! The signaling backend: its operations are the service's.
//!
//! A backend keeps the contract with three habits: every operation that is not refused leads to exactly one
//! completion, the sink is only flushed with no lock held, and after `close` it is not used at all.

use std::ffi::c_void;
use std::sync::Arc;

use nertc_callkit_abi::{self as abi, nertc_callkit_signaling_cap as cap};
use nertc_callkit_backend::adapter::{self, SignalingVtable};
use nertc_callkit_backend::{Login, SignalingBackend, SignalingSink};
use nertc_callkit_signaling::{Code, DeviceAddr, Notification, Operation, Req};

use crate::hub::Hub;
use crate::service::Port;

const CAPS: u32 =
    cap::NERTC_CALLKIT_SIGNALING_CAP_OFFLINE as u32 | cap::NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE as u32;
const SERVER_RECORD: u32 = cap::NERTC_CALLKIT_SIGNALING_CAP_SERVER_RECORD as u32;

/// The vtable of a backend on a hub that leaves records to its clients.
pub static VTABLE: SignalingVtable = SignalingVtable::new(c"loopback", CAPS);
/// The vtable of a backend on a hub that writes records of its own.
pub static VTABLE_WITH_RECORDS: SignalingVtable = SignalingVtable::new(c"loopback", CAPS | SERVER_RECORD);

struct LoopbackSignaling {
    hub: Arc<Hub>,
    port: Port,
}

/// A new signaling backend on `hub`. The owner of the ctx calls the vtable's release once.
pub fn new(hub: &Arc<Hub>) -> (&'static abi::nertc_callkit_signaling, *mut c_void) {
    let sink = SignalingSink::default();
    let backend = LoopbackSignaling { hub: hub.clone(), port: hub.attach(&sink) };
    let vtable = if hub.has_server_records() { &VTABLE_WITH_RECORDS } else { &VTABLE };
    adapter::signaling(vtable, sink, backend)
}

impl LoopbackSignaling {
    fn detach(&self) {
        self.hub.detach(self.port, |service, clock| service.detach(clock.now(), self.port));
    }
}

impl SignalingBackend for LoopbackSignaling {
    fn close(&self) {
        self.detach();
    }

    /// Any account, any token.
    fn login(&self, req: Req, login: Login) -> Result<(), Code> {
        let addr = DeviceAddr { account: login.account, device: login.device };
        self.hub.run(Some(self.port), |service, clock| service.login(clock.now(), self.port, req, addr));
        Ok(())
    }

    fn run(&self, req: Req, operation: Operation) -> Result<(), Code> {
        self.hub.run(Some(self.port), |service, clock| service.run(clock.now(), self.port, req, &operation));
        Ok(())
    }

    fn notify(&self, notification: Notification) {
        self.hub.run(Some(self.port), |service, clock| service.notify(clock.now(), self.port, &notification));
    }
}

/// It may never have been opened, and so never closed.
impl Drop for LoopbackSignaling {
    fn drop(&mut self) {
        self.detach();
    }
}
