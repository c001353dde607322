//! The backend for C, and what a fork does to it.

use std::ffi::c_void;
use std::sync::Arc;

use nertc_callkit_abi::nertc_callkit_rtc;
use nertc_callkit_backend::{MediaSink, adapter};

use crate::backend::{VTABLE, WebRtcMedia};
use crate::options::Options;
use crate::sound::with_opus;

/// A new media backend whose sound is Opus. The owner of the ctx calls the vtable's release once.
pub fn media(options: Options) -> (&'static nertc_callkit_rtc, *mut c_void) {
    let sink = Arc::<MediaSink>::default();
    adapter::media(&VTABLE, sink.clone(), WebRtcMedia::new(options, sink, with_opus()))
}

/// For the child after a fork: the media thread and the sockets are the parent's. Safe in a fork handler.
pub fn after_fork_in_child() {
    nertc_callkit_reactor::after_fork_in_child();
}
