//! The value behind a handle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nertc_callkit_abi::nertc_callkit;

use super::backend::media::CRtc;
use super::backend::webrtc::WebRtc;
use super::callbacks::{CallbackSink, Completion};
use super::support::error::{Error, Problem};
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
    /// The media backend is this one.
    webrtc: Option<WebRtc>,
    /// Released or destroyed: the handle answers CLOSED, the backends' sinks still work.
    closing: AtomicBool,
}

/// Forgets the client of a handle.
pub(crate) fn remove(id: usize) {
    CLIENTS.remove(id);
}

impl Client {
    pub(crate) fn new(
        worker: Arc<worker::Client>,
        callbacks: Arc<CallbackSink>,
        rtc: Arc<CRtc>,
        takes_tokens: bool,
        webrtc: Option<WebRtc>,
    ) -> Client {
        Client { worker, callbacks, rtc, takes_tokens, webrtc, closing: AtomicBool::new(false) }
    }

    /// The client behind a handle. Not inlined, as `submit`: nearly every exported function calls both.
    #[inline(never)]
    pub(crate) fn from_handle(kit: *mut nertc_callkit) -> Result<Arc<Client>, Error> {
        let client = Client::from_handle_or_closing(kit)?;
        if client.closing.load(Ordering::Acquire) { Err(Error::Closed) } else { Ok(client) }
    }

    /// The client behind a handle, also after release.
    pub(crate) fn from_handle_or_closing(kit: *mut nertc_callkit) -> Result<Arc<Client>, Error> {
        if kit.is_null() {
            return Err(Error::invalid("kit", Problem::Missing));
        }
        CLIENTS.get(kit as usize).ok_or(Error::Closed)
    }

    /// Its WebRTC backend.
    pub(crate) fn webrtc(&self) -> Result<&WebRtc, Error> {
        self.webrtc.as_ref().ok_or_else(|| Error::not_here("kit", "its media backend is not WebRTC"))
    }

    /// Closes the handle; the first caller wins.
    pub(crate) fn become_closing(&self) -> Result<(), Error> {
        if self.closing.swap(true, Ordering::AcqRel) { Err(Error::Closed) } else { Ok(()) }
    }

    /// Nothing of it runs any more: its handle is unknown and its sinks ignore every call.
    pub(crate) fn forget(&self, kit: *mut nertc_callkit) {
        self.callbacks.shut_frames();
        remove(kit as usize);
    }

    /// Queues a request. If it is accepted, its completion is called exactly once.
    #[inline(never)]
    pub(crate) fn submit(&self, command: Command, completion: Completion) -> Result<(), Error> {
        let ticket = self.callbacks.expect(completion, command.operation());
        let answer = self.worker.command(ticket, command);
        self.callbacks.offered(ticket, answer.is_ok());
        Ok(answer?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    #[test]
    fn null_and_unknown_handles_are_distinguished() {
        assert_eq!(Client::from_handle(ptr::null_mut()).err(), Some(Error::invalid("kit", Problem::Missing)));
        assert_eq!(Client::from_handle(ptr::without_provenance_mut(usize::MAX)).err(), Some(Error::Closed));
        let address = ptr::from_ref(&0_u64).cast_mut().cast();
        assert_eq!(Client::from_handle(address).err(), Some(Error::Closed));
    }
}
