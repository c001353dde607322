//! Asks a STUN server under which address it sees a socket of ours.

use std::net::SocketAddr;

use turn_client_proto::stun::types::attribute::XorMappedAddress;
use turn_client_proto::stun::types::message::{
    BINDING, Message, MessageClass, MessageType, MessageWriteVec, TransactionId,
};
use turn_client_proto::stun::types::prelude::MessageWrite;

use super::candidates::{LocalCandidate, LocalKind, is_reachable};
use crate::crypto::Generator;

/// When a request without an answer is sent again; after the last, the server is given up.
const AGAIN_US: [u64; 6] = [250_000, 500_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000];
/// How a Binding request begins.
const REQUEST: [u8; 2] = [0, 1];
/// How a success response to one begins.
const SUCCESS: [u8; 2] = [1, 1];
/// Translators forget a socket that says nothing for 30 s.
const REFRESH_US: u64 = 15_000_000;

/// A socket and a server, asked again and again: the address may change.
#[derive(Debug)]
pub struct Binding {
    local: SocketAddr,
    server: SocketAddr,
    generator: Generator,
    transaction: TransactionId,
    tries: usize,
    next_at: Option<u64>,
    seen: Option<SocketAddr>,
}

/// What a datagram means for a [`Binding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: it is for others.
    NotOurs,
    /// The address is the one before, or none that a peer could use.
    Known,
    /// A new address, in place of the one before.
    New {
        /// What to tell the peer.
        candidate: LocalCandidate,
        /// What is no longer valid.
        gone: Option<SocketAddr>,
    },
}

/// Whether a datagram is STUN, and not DTLS, RTP or RTCP: RFC 7983.
pub(crate) fn is_stun(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|byte| *byte < 4)
}

/// Whether a datagram is a Binding request: a check of ICE.
pub(super) fn is_request(bytes: &[u8]) -> bool {
    bytes.starts_with(&REQUEST)
}

/// Under which address the sender of this answer to a Binding request sees us; `None` = it is none.
pub(super) fn mapped_address(bytes: &[u8]) -> Option<SocketAddr> {
    if bytes.get(..2) != Some(&SUCCESS) {
        return None;
    }
    let message = Message::from_bytes(bytes).ok()?;
    let mapped = message.attribute::<XorMappedAddress>().ok()?;
    Some(mapped.addr(message.transaction_id()))
}

impl Binding {
    /// A first request is due at once.
    pub fn new(now: u64, local: SocketAddr, server: SocketAddr, mut generator: Generator) -> Binding {
        let transaction = new_transaction(&mut generator);
        Binding { local, server, generator, transaction, tries: 0, next_at: Some(now), seen: None }
    }

    /// The socket that asks.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Who is asked.
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    /// The address that was seen last.
    pub fn seen(&self) -> Option<SocketAddr> {
        self.seen
    }

    /// Asks anew now: the network may be another one.
    pub fn ask(&mut self, now: u64) {
        (self.tries, self.next_at) = (0, Some(now));
    }

    /// When [`Binding::handle_timeout`] has a request to send; `None` = never.
    pub fn poll_timeout(&self) -> Option<u64> {
        self.next_at
    }

    /// The request that is due, from our socket to the server.
    pub fn handle_timeout(&mut self, now: u64) -> Option<Vec<u8>> {
        self.next_at.filter(|at| *at <= now)?;
        self.next_at = AGAIN_US.get(self.tries).map(|wait| now + wait);
        self.tries += 1;
        self.next_at?;
        let request = MessageType::from_class_method(MessageClass::Request, BINDING);
        Some(Message::builder(request, self.transaction, MessageWriteVec::new()).finish())
    }

    /// A datagram that has arrived at our socket.
    pub fn receive(&mut self, now: u64, remote: SocketAddr, bytes: &[u8]) -> Seen {
        if remote != self.server {
            return Seen::NotOurs;
        }
        let Ok(message) = Message::from_bytes(bytes) else { return Seen::NotOurs };
        let is_answer = message.is_response() && message.has_method(BINDING);
        if !is_answer || message.transaction_id() != self.transaction {
            return Seen::NotOurs;
        }
        self.transaction = new_transaction(&mut self.generator);
        (self.tries, self.next_at) = (0, Some(now + REFRESH_US));
        let mapped = message.attribute::<XorMappedAddress>().ok();
        let Some(address) = mapped.map(|it| it.addr(message.transaction_id())) else { return Seen::Known };
        let is_usable = address.port() != 0
            && address.is_ipv4() == self.local.is_ipv4()
            && is_reachable(address.ip(), self.local.ip().is_loopback());
        // Without a translator in between it is our own.
        if !is_usable || address == self.local || self.seen == Some(address) {
            return Seen::Known;
        }
        let gone = self.seen.replace(address);
        let kind = LocalKind::ServerReflexive { base: self.local };
        Seen::New { candidate: LocalCandidate { address, kind }, gone }
    }
}

fn new_transaction(generator: &mut Generator) -> TransactionId {
    u128::from_be_bytes(generator.bytes()).into()
}

#[cfg(test)]
mod tests {
    use nertc_callkit_ids::IdGenerator;

    use super::*;

    const START: u64 = 7_000_000;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn binding() -> Binding {
        let generator = Generator::new(IdGenerator::test_seed(1));
        Binding::new(START, address("10.0.0.1:5000"), address("192.0.2.9:3478"), generator)
    }

    /// The server's answer.
    fn answer(request: &[u8], mapped: &str) -> Vec<u8> {
        use turn_client_proto::stun::types::prelude::MessageWriteExt;
        let request = Message::from_bytes(request).expect("a request");
        let mapped = XorMappedAddress::new(address(mapped), request.transaction_id());
        let mut answer = Message::builder_success(&request, MessageWriteVec::new());
        answer.add_attribute(&mapped).expect("room");
        answer.finish()
    }

    #[test]
    fn a_servers_answer_is_a_candidate_until_it_changes() {
        let (mut binding, server) = (binding(), address("192.0.2.9:3478"));
        let request = binding.handle_timeout(START).expect("a request");
        assert_eq!(binding.handle_timeout(START), None);
        let Seen::New { candidate, gone } =
            binding.receive(START, server, &answer(&request, "203.0.113.5:9"))
        else {
            panic!("a new address");
        };
        let kind = LocalKind::ServerReflexive { base: address("10.0.0.1:5000") };
        assert_eq!((candidate.address, candidate.kind, gone), (address("203.0.113.5:9"), kind, None));
        // The same answer again is no answer.
        assert_eq!(binding.receive(START, server, &answer(&request, "203.0.113.6:9")), Seen::NotOurs);
        let later = binding.poll_timeout().expect("asked again");
        assert_eq!(later, START + REFRESH_US);
        let request = binding.handle_timeout(later).expect("a request");
        assert_eq!(binding.receive(later, server, &answer(&request, "203.0.113.5:9")), Seen::Known);
        let request = binding.handle_timeout(later + REFRESH_US).expect("a request");
        let Seen::New { gone, .. } = binding.receive(later, server, &answer(&request, "203.0.113.7:9"))
        else {
            panic!("a new address");
        };
        assert_eq!(gone, Some(address("203.0.113.5:9")));
    }

    #[test]
    fn answers_of_others_and_useless_addresses_do_nothing() {
        let (mut binding, server) = (binding(), address("192.0.2.9:3478"));
        let request = binding.handle_timeout(START).expect("a request");
        let good = answer(&request, "203.0.113.5:9");
        assert_eq!(binding.receive(START, address("192.0.2.8:3478"), &good), Seen::NotOurs);
        for end in 0..good.len() {
            assert_eq!(binding.receive(START, server, &good[..end]), Seen::NotOurs);
        }
        assert_eq!(binding.receive(START, server, &request), Seen::NotOurs);
        let mut at = START;
        for useless in ["10.0.0.1:5000", "0.0.0.0:9", "127.0.0.1:9", "[2001:db8::1]:9", "203.0.113.5:0"] {
            let request = binding.handle_timeout(at).unwrap_or_else(|| request.clone());
            assert_eq!(binding.receive(at, server, &answer(&request, useless)), Seen::Known, "{useless}");
            at = binding.poll_timeout().expect("asked again");
        }
        assert_eq!(binding.seen(), None);
    }

    #[test]
    fn a_silent_server_is_given_up() {
        let (mut binding, mut count, mut last) = (binding(), 0, START);
        while let Some(at) = binding.poll_timeout() {
            (count, last) = (count + usize::from(binding.handle_timeout(at).is_some()), at);
        }
        assert_eq!((count, last), (AGAIN_US.len(), START + AGAIN_US.iter().sum::<u64>()));
        binding.ask(last);
        assert!(binding.handle_timeout(last).is_some());
    }
}
