//! Saying good-bye: nobody answers it, so it is said three times, and sockets stay open for a second.

use std::net::SocketAddr;

use super::values::Output;

/// When the last datagrams are sent again, after the first time.
const AGAIN_US: [u64; 2] = [100_000, 300_000];
/// How long sockets are held.
const HOLD_US: u64 = 1_000_000;
/// Datagrams of a good-bye: RTCP, DTLS.
const DATAGRAMS: usize = 4;

/// The last datagrams of a connection.
#[derive(Debug, Default)]
pub(super) struct Goodbye {
    /// Since when the connection is closing.
    since: Option<u64>,
    is_open: bool,
    datagrams: Vec<(SocketAddr, SocketAddr, Vec<u8>)>,
    times: usize,
    /// We are leaving: sockets close at this time.
    finish_at: Option<u64>,
    is_finished: bool,
}

impl Goodbye {
    /// What is sent from now on is the good-bye.
    pub(super) fn begin(&mut self, now: u64) {
        (self.since, self.times, self.is_open) = (Some(now), 0, true);
        self.datagrams.clear();
    }

    /// Keeps a datagram if it is one of the last.
    pub(super) fn remember(&mut self, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) {
        if self.is_open && self.datagrams.len() < DATAGRAMS {
            self.datagrams.push((local, remote, bytes.to_vec()));
        }
    }

    /// That was all of it.
    pub(super) fn seal(&mut self) {
        self.is_open = false;
    }

    /// We leave.
    pub(super) fn say(&mut self, now: u64) {
        self.finish_at = Some(now + HOLD_US);
    }

    /// We have left, or are leaving.
    pub(super) fn is_said(&self) -> bool {
        self.finish_at.is_some() || self.is_finished
    }

    /// Good-bye was said often enough.
    pub(super) fn is_finished(&self) -> bool {
        self.is_finished
    }

    fn again_at(&self) -> Option<u64> {
        let wait = AGAIN_US.get(self.times).filter(|_| !self.datagrams.is_empty())?;
        self.since.map(|since| since + wait)
    }

    pub(super) fn poll_timeout(&self) -> Option<u64> {
        self.again_at().into_iter().chain(self.finish_at).min()
    }

    /// What is due.
    pub(super) fn handle_timeout(&mut self, now: u64) -> Vec<Output> {
        let mut due = Vec::new();
        while self.again_at().is_some_and(|at| at <= now) {
            self.times += 1;
            due.extend(self.datagrams.iter().map(|(local, remote, bytes)| Output::Transmit {
                local: *local,
                remote: *remote,
                bytes: bytes.clone(),
            }));
        }
        if self.finish_at.is_some_and(|at| at <= now) {
            self.finish_at = None;
            self.is_finished = true;
            due.push(Output::Finished);
        }
        due
    }
}
