//! The media backend: its operations are the service's; frames go from one app's thread straight into the
//! other's sink.

use std::ffi::c_void;
use std::sync::Arc;

use nertc_callkit_abi::nertc_callkit_rtc;
use nertc_callkit_backend::adapter::{self, MediaVtable};
use nertc_callkit_backend::{Frame, MediaBackend, MediaSink, PushError};
use nertc_callkit_media::MediaOperation;
use nertc_callkit_signaling::{Code, Req};

use crate::hub::Hub;
use crate::service::Port;

/// Its vtable.
pub static VTABLE: MediaVtable = MediaVtable::new(c"loopback", 0);

struct LoopbackMedia {
    hub: Arc<Hub>,
    port: Port,
}

/// A new media backend on `hub`. The owner of the ctx calls the vtable's release once.
pub fn new(hub: &Arc<Hub>) -> (&'static nertc_callkit_rtc, *mut c_void) {
    let sink = Arc::<MediaSink>::default();
    let backend = LoopbackMedia { hub: hub.clone(), port: hub.attach_media(&sink) };
    adapter::media(&VTABLE, sink, backend)
}

impl LoopbackMedia {
    /// Without a leave its peers see a lost connection.
    fn detach(&self) {
        self.hub.detach(self.port, |service, clock| service.detach_media(clock.now(), self.port));
    }
}

impl MediaBackend for LoopbackMedia {
    fn close(&self) {
        self.detach();
    }

    fn run(&self, req: Req, operation: MediaOperation) -> Result<(), Code> {
        // No frame follows the completion of a leave.
        let leave = (operation == MediaOperation::Leave).then_some(req);
        self.hub.run_after_frames(Some(self.port), leave, |service, clock| {
            service.run_media(|| clock.now(), self.port, req, &operation);
        });
        Ok(())
    }

    /// Not in a room, off or muted: nobody receives it. That is no error of the app, whose camera continues.
    fn push_frame(&self, frame: Frame<'_>) -> Result<(), PushError> {
        let (uid, deliveries) = self.hub.begin_frames(self.port, frame.media());
        let frame = frame.with_uid(uid);
        for (sink, delivery) in deliveries {
            delivery.deliver(&frame);
            self.hub.flush_media(&sink);
        }
        Ok(())
    }
}

/// It may never have been opened, and so never closed.
impl Drop for LoopbackMedia {
    fn drop(&mut self) {
        self.detach();
    }
}
