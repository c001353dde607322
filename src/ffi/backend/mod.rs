//! Backends: vtables of C as the worker's ports, and the sinks through which they report. `direct` is the way
//! to backends of this library without C structs in between.

pub(crate) mod decode;
pub(crate) mod direct;
pub(crate) mod media;
pub(crate) mod signaling;
pub(crate) mod sink;
#[cfg(test)]
mod tests;
pub(crate) mod webrtc;

use std::ops::Deref;

use nertc_callkit_abi as abi;
use nertc_callkit_abi::nertc_callkit_status;
use nertc_callkit_backend::adapter::{DirectMedia, DirectSignaling};

use super::support::convert::AppPtr;
use crate::engine::Caps;
use nertc_callkit_signaling::{Code, Outcome, Req, Text};

/// A backend's vtable: ours where it lies, of anybody else's a copy, which may be shorter or go away.
pub(crate) enum Vtable<T: 'static> {
    Own(&'static T),
    Copied(Box<T>),
}

impl<T> Deref for Vtable<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Vtable::Own(vtable) => vtable,
            Vtable::Copied(vtable) => vtable,
        }
    }
}

/// Both backends of a client before anything is opened.
pub(crate) struct Backends {
    pub(crate) signaling: Vtable<abi::nertc_callkit_signaling>,
    pub(crate) signaling_ctx: AppPtr,
    pub(crate) rtc: Vtable<abi::nertc_callkit_rtc>,
    pub(crate) rtc_ctx: AppPtr,
    /// The signaling backend is ours, and is called without C structs.
    pub(crate) direct_signaling: Option<DirectSignaling>,
    /// The same of the media backend.
    pub(crate) direct_rtc: Option<DirectMedia>,
    /// Protocol of the media backends; empty = none.
    pub(crate) media_protocol: Text,
    /// The media backend, if its functions of their own may be called.
    pub(crate) webrtc: Option<webrtc::WebRtc>,
}

impl Backends {
    /// What the call logic must know of them.
    pub(crate) fn caps(&self) -> Caps {
        use abi::{nertc_callkit_rtc_cap as rtc_cap, nertc_callkit_signaling_cap as signaling_cap};
        let server_record = signaling_cap::NERTC_CALLKIT_SIGNALING_CAP_SERVER_RECORD as u32;
        let no_media = rtc_cap::NERTC_CALLKIT_RTC_CAP_NO_MEDIA as u32;
        Caps {
            server_record: self.signaling.caps & server_record != 0,
            send_record: self.signaling.send_record.is_some(),
            control: self.signaling.control.is_some(),
            abort_login: self.signaling.abort_login.is_some(),
            no_media: self.rtc.caps & no_media != 0,
            enable_local: self.rtc.enable_local.is_some(),
            mute_local: self.rtc.mute_local.is_some(),
            subscribe: self.rtc.subscribe.is_some(),
            set_view: self.rtc.set_view.is_some(),
            prepare: self.rtc.prepare.is_some(),
        }
    }
}

/// A backend's answer to an operation: 0 = accepted, else why not, as a code or as a status.
fn accepted(answer: i32) -> Result<(), Outcome> {
    match answer {
        0 => Ok(()),
        code if code > 0 => Err(Code::from(code).into()),
        status if status == nertc_callkit_status::NERTC_CALLKIT_STATUS_UNSUPPORTED as i32 => {
            Err(unsupported())
        }
        status => Err(Outcome { code: Code::BACKEND_FAILED, raw_code: status, ..Outcome::default() }),
    }
}

fn unsupported() -> Outcome {
    Outcome { code: Code::UNSUPPORTED, ..Outcome::default() }
}

fn number(req: Req) -> abi::nertc_callkit_req {
    req.0 as abi::nertc_callkit_req
}

fn size<T>() -> u32 {
    size_of::<T>() as u32
}
