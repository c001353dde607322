//! What a handle stands for.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nertc_callkit_abi::{nertc_callkit, nertc_callkit_done};

use super::backend::CRtc;
use super::callbacks::CallbackSink;
use super::support::convert::AppPtr;
use super::support::error::Error;
use super::support::handle_table::HandleTable;
use crate::engine::input::Command;
use crate::worker;

/// Every client of the process, until its last callback has run.
pub(crate) static CLIENTS: HandleTable<Client> = HandleTable::new();

/// One client: the worker's side, the app's side and the way of frames.
pub(crate) struct Client {
    pub(crate) worker: Arc<worker::Client>,
    pub(crate) callbacks: Arc<CallbackSink>,
    pub(crate) rtc: Arc<CRtc>,
    /// The signaling backend has set_token.
    pub(crate) takes_tokens: bool,
    /// Released or destroyed: the handle answers CLOSED, the backends' sinks still work.
    closing: AtomicBool,
}

/// Where the result of a request goes.
#[derive(Clone, Copy)]
pub(crate) struct Completion {
    pub(crate) done: nertc_callkit_done,
    pub(crate) user_data: AppPtr,
}

impl Completion {
    pub(crate) fn new(done: nertc_callkit_done, user_data: *mut c_void) -> Completion {
        Completion { done, user_data: AppPtr(user_data) }
    }

    pub(crate) fn nobody() -> Completion {
        Completion::new(None, ptr::null_mut())
    }
}

impl Client {
    pub(crate) fn new(
        worker: Arc<worker::Client>,
        callbacks: Arc<CallbackSink>,
        rtc: Arc<CRtc>,
        takes_tokens: bool,
    ) -> Client {
        Client { worker, callbacks, rtc, takes_tokens, closing: AtomicBool::new(false) }
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
        self.callbacks.shut_frames();
        CLIENTS.remove(kit as usize);
    }

    /// Queues a request. If it is accepted, its completion is called exactly once.
    pub(crate) fn submit(&self, command: Command, completion: Completion) -> Result<(), Error> {
        let ticket = self.callbacks.expect(completion, command.operation());
        let answer = self.worker.command(ticket, command);
        self.callbacks.offered(ticket, answer.is_ok());
        Ok(answer?)
    }
}
