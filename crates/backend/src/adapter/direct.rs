//! The direct path: a core in the same library passes values to a backend of ours, without C structs in
//! between.
//!
//! It replaces `open`, messages, and the operations and notifications of a call. Everything else goes through
//! the vtable as for any other backend: `close_backend` is the barrier behind which nothing is delivered, and
//! `release` drops the backend.

use std::ffi::c_void;
use std::ptr;

use nertc_callkit_abi as abi;
use nertc_callkit_media::{MediaOperation, Preparation};
use nertc_callkit_signaling::{Code, Notification, Operation, Req};

use super::instance::{contain, contain_or_refuse};
use super::lend;
use super::media::{MediaInstance, MediaVtable};
use super::signaling::{SignalingInstance, SignalingVtable};
use crate::media::MediaMessage;
use crate::signaling::SignalingMessage;

/// A signaling backend that [`super::signaling`] made.
#[derive(Clone, Copy)]
pub struct DirectSignaling {
    instance: &'static SignalingInstance,
    vtable: &'static abi::nertc_callkit_signaling,
}

impl DirectSignaling {
    /// The backend behind `ctx`, if its vtable is one of `own`: a static of ours, not a copy.
    ///
    /// # Safety
    /// `vtable` and `ctx` belong together, and nothing is called here once the vtable's `release` was.
    pub unsafe fn of(
        own: &[&'static SignalingVtable],
        vtable: *const abi::nertc_callkit_signaling,
        ctx: *mut c_void,
    ) -> Option<DirectSignaling> {
        let vtable = own.iter().map(|own| own.c()).find(|own| ptr::eq(*own, vtable))?;
        // SAFETY: this vtable's ctx, not released; the caller's promise for as long as the answer is used.
        Some(DirectSignaling { instance: unsafe { SignalingInstance::of(ctx) }, vtable })
    }

    /// Its vtable.
    pub fn vtable(self) -> &'static abi::nertc_callkit_signaling {
        self.vtable
    }

    /// The vtable's `open`, with a sink that takes messages, or returns one while it is full.
    ///
    /// # Errors
    /// Refused: nothing is delivered.
    pub fn open(
        self,
        deliver: impl FnMut(SignalingMessage) -> Result<(), SignalingMessage> + Send + 'static,
    ) -> Result<(), Code> {
        self.instance.sink.open(deliver);
        contain_or_refuse(|| self.instance.backend.open()).inspect_err(|_| self.instance.sink.close())
    }

    /// The vtable's operations, but `login`.
    ///
    /// # Errors
    /// Refused, and not completed.
    pub fn run(self, req: Req, operation: Operation) -> Result<(), Code> {
        contain_or_refuse(|| self.instance.backend.run(req, operation))
    }

    /// The vtable's notifications.
    pub fn notify(self, notification: Notification) {
        contain(|| self.instance.backend.notify(notification));
    }
}

/// A media backend that [`super::media`] made.
#[derive(Clone, Copy)]
pub struct DirectMedia {
    instance: &'static MediaInstance,
    vtable: &'static abi::nertc_callkit_rtc,
}

impl DirectMedia {
    /// The backend behind `ctx`, if its vtable is one of `own`: a static of ours, not a copy.
    ///
    /// # Safety
    /// `vtable` and `ctx` belong together, and nothing is called here once the vtable's `release` was.
    pub unsafe fn of(
        own: &[&'static MediaVtable],
        vtable: *const abi::nertc_callkit_rtc,
        ctx: *mut c_void,
    ) -> Option<DirectMedia> {
        let vtable = own.iter().map(|own| own.c()).find(|own| ptr::eq(*own, vtable))?;
        // SAFETY: this vtable's ctx, not released; the caller's promise for as long as the answer is used.
        Some(DirectMedia { instance: unsafe { MediaInstance::of(ctx) }, vtable })
    }

    /// Its vtable.
    pub fn vtable(self) -> &'static abi::nertc_callkit_rtc {
        self.vtable
    }

    /// The vtable's `open`, with a sink that takes messages, or returns one while it is full. Frames and
    /// texts for the peer go to `sink`.
    ///
    /// # Errors
    /// Refused: nothing is delivered.
    ///
    /// # Safety
    /// `sink` is the core's, and stays valid until the vtable's `close_backend` has returned.
    pub unsafe fn open(
        self,
        sink: &abi::nertc_callkit_rtc_sink,
        deliver: impl FnMut(MediaMessage) -> Result<(), MediaMessage> + Send + 'static,
    ) -> Result<(), Code> {
        // SAFETY: the caller's promise.
        let (frame, send) = unsafe { (lend::frames(sink), lend::texts(sink)) };
        self.instance.sink.open(deliver, frame, send);
        contain_or_refuse(|| self.instance.backend.open()).inspect_err(|_| self.instance.sink.close())
    }

    /// The vtable's operations.
    ///
    /// # Errors
    /// Refused, and not completed.
    pub fn run(self, req: Req, operation: MediaOperation) -> Result<(), Code> {
        contain_or_refuse(|| self.instance.backend.run(req, operation))
    }

    /// The vtable's `prepare`.
    pub fn prepare(self, preparation: &Preparation) {
        contain(|| self.instance.backend.prepare(preparation));
    }

    /// The vtable's `discard`.
    pub fn discard(self, call_no: u64) {
        contain(|| self.instance.backend.discard(call_no));
    }
}
