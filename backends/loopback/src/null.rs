//! Media without media, for apps that bring their own: the smallest backend that fulfils the contract. Every
//! operation completes at once, from inside itself; the peer is present as signaling reports (NO_MEDIA).

use std::ffi::c_void;
use std::sync::Arc;

use nertc_callkit_abi::{nertc_callkit_rtc, nertc_callkit_rtc_cap};
use nertc_callkit_backend::adapter::{self, MediaVtable};
use nertc_callkit_backend::{Frame, MediaBackend, MediaMessage, MediaSink, PushError};
use nertc_callkit_media::MediaOperation;
use nertc_callkit_signaling::{Code, Outcome, Req};

/// Its vtable.
pub static VTABLE: MediaVtable =
    MediaVtable::new(c"none", nertc_callkit_rtc_cap::NERTC_CALLKIT_RTC_CAP_NO_MEDIA as u32).without_frames();

struct NullMedia {
    sink: Arc<MediaSink>,
}

/// A new backend. The owner of the ctx calls the vtable's release once.
pub fn new() -> (&'static nertc_callkit_rtc, *mut c_void) {
    let sink = Arc::<MediaSink>::default();
    adapter::media(&VTABLE, sink.clone(), NullMedia { sink })
}

impl MediaBackend for NullMedia {
    fn close(&self) {}

    fn run(&self, req: Req, _operation: MediaOperation) -> Result<(), Code> {
        self.sink.messages().push(MediaMessage::Completed(req, Outcome::default()));
        // The sink takes every completion: there is nothing to retry.
        self.sink.messages().flush();
        Ok(())
    }

    fn push_frame(&self, _frame: Frame<'_>) -> Result<(), PushError> {
        Err(PushError::Unsupported)
    }
}
