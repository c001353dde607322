//! What a handle stands for.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nertc_callkit_abi::{nertc_callkit, nertc_callkit_done};

use super::backend::MediaBackend;
use super::convert::HostPtr;
use super::error::Error;
use super::event::Host;
use super::table::Table;
use crate::engine::input::Command;
use crate::worker::Kit;

/// Every component of the process, until its last callback has run.
pub(crate) static KITS: Table<Component> = Table::new();

/// One component: the worker's side, the app's side and the way of frames.
pub(crate) struct Component {
    pub(crate) kit: Arc<Kit>,
    pub(crate) host: Arc<Host>,
    pub(crate) rtc: Arc<MediaBackend>,
    /// The signaling backend has set_token.
    pub(crate) takes_tokens: bool,
    /// Released or destroyed: the handle answers CLOSED, the backends' sinks still work.
    closing: AtomicBool,
}

/// Where the result of a request goes.
#[derive(Clone, Copy)]
pub(crate) struct Completion {
    pub(crate) done: nertc_callkit_done,
    pub(crate) user_data: HostPtr,
}

impl Completion {
    pub(crate) fn new(done: nertc_callkit_done, user_data: *mut c_void) -> Completion {
        Completion { done, user_data: HostPtr(user_data) }
    }

    pub(crate) fn nobody() -> Completion {
        Completion::new(None, ptr::null_mut())
    }
}

impl Component {
    pub(crate) fn new(
        kit: Arc<Kit>,
        host: Arc<Host>,
        rtc: Arc<MediaBackend>,
        takes_tokens: bool,
    ) -> Component {
        Component { kit, host, rtc, takes_tokens, closing: AtomicBool::new(false) }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Closes the handle; the first caller wins.
    pub(crate) fn become_closing(&self) -> Result<(), Error> {
        if self.closing.swap(true, Ordering::AcqRel) { Err(Error::Closed) } else { Ok(()) }
    }

    /// Nothing of it runs any more: its sinks go nowhere.
    pub(crate) fn forget(&self, kit: *mut nertc_callkit) {
        self.host.shut_frames();
        KITS.remove(kit as usize);
    }

    /// Queues a request. If it is accepted, its completion is called exactly once.
    pub(crate) fn submit(&self, command: Command, completion: Completion) -> Result<(), Error> {
        let ticket = self.host.expect(completion, command.operation());
        let answer = self.kit.command(ticket, command);
        self.host.offered(ticket, answer.is_ok());
        Ok(answer?)
    }
}
