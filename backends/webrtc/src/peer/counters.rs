//! What a connection has carried: counters since the media room was joined, whatever became of the peer.

use std::net::SocketAddr;

use super::candidates::CandidateKind;

/// A number that far from the last one is another stream's: ten seconds of packets.
const ANOTHER: u64 = 500;

/// The transport, once a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// UDP payload that was sent, of all kinds.
    pub bytes_sent: u64,
    /// UDP payload of the peer that has arrived, of all kinds.
    pub bytes_received: u64,
    /// Round trip of the pair in use.
    pub rtt_us: Option<u64>,
    /// Own and peer's address of the pair in use.
    pub pair: Option<(SocketAddr, SocketAddr)>,
    /// What these are.
    pub kinds: (CandidateKind, CandidateKind),
    /// Restarts of ICE, of both sides.
    pub restarts: u32,
    /// RTP packets of sound that were sent.
    pub audio_packets_sent: u64,
    /// Their bytes, with headers.
    pub audio_bytes_sent: u64,
    /// How many of them the peer misses.
    pub audio_lost_remote: u64,
    /// Jitter that the peer reports.
    pub audio_jitter_remote_us: u64,
    /// RTP packets of sound that have arrived.
    pub audio_packets_received: u64,
    /// Their bytes, with headers.
    pub audio_bytes_received: u64,
    /// Packets of the peer's that we miss.
    pub audio_lost: u64,
    /// Part of the peer's packets that we miss, 0 to 1, since the report before.
    pub audio_loss: f32,
    /// Jitter of the peer's packets.
    pub audio_jitter_us: u64,
}

/// How many packets of a stream there should be, by their numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expected {
    /// First and highest number.
    numbers: Option<(u64, u64)>,
    received: u64,
    /// Of streams before this one.
    lost_before: u64,
}

impl Expected {
    /// A packet has come.
    pub(super) fn on_packet(&mut self, number: u64) {
        self.numbers = match self.numbers {
            Some((first, highest)) if number.abs_diff(highest) <= ANOTHER => {
                Some((first.min(number), highest.max(number)))
            }
            Some(_) => {
                *self = Expected { lost_before: self.lost(), ..Expected::default() };
                Some((number, number))
            }
            None => Some((number, number)),
        };
        self.received += 1;
    }

    /// How many have not.
    pub(super) fn lost(&self) -> u64 {
        let expected = self.numbers.map_or(0, |(first, highest)| highest - first + 1);
        self.lost_before + expected.saturating_sub(self.received)
    }
}

/// Counters of all connections of one join.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    sent: Bytes,
    received: Bytes,
    restarts: u32,
    /// Of the connection that lives, and of those before it.
    current: Stats,
    before: Stats,
}

#[derive(Debug, Default)]
struct Bytes {
    all: u64,
    rtp: u64,
}

impl Bytes {
    fn count(&mut self, datagram: &[u8]) {
        let length = datagram.len() as u64;
        self.all += length;
        // Not RTCP: RFC 5761.
        let is_rtp = matches!(datagram, [128..=191, second, ..] if !(192..=223).contains(second));
        self.rtp += if is_rtp { length } else { 0 };
    }
}

impl Traffic {
    pub(super) fn on_sent(&mut self, datagram: &[u8]) {
        self.sent.count(datagram);
    }

    pub(super) fn on_received(&mut self, datagram: &[u8]) {
        self.received.count(datagram);
    }

    pub(super) fn on_restart(&mut self) {
        self.restarts += 1;
    }

    /// Another connection takes over, whose counters begin anew.
    pub(super) fn on_new_connection(&mut self) {
        self.before = self.sum();
        self.current = Stats::default();
    }

    /// The counters of the connection, completed.
    pub(super) fn complete(&mut self, current: Stats) -> Stats {
        self.current = current;
        self.sum()
    }

    fn sum(&self) -> Stats {
        let (now, before) = (&self.current, &self.before);
        Stats {
            bytes_sent: self.sent.all,
            bytes_received: self.received.all,
            restarts: self.restarts,
            audio_packets_sent: before.audio_packets_sent + now.audio_packets_sent,
            audio_bytes_sent: self.sent.rtp,
            audio_lost_remote: before.audio_lost_remote + now.audio_lost_remote,
            audio_packets_received: before.audio_packets_received + now.audio_packets_received,
            audio_bytes_received: self.received.rtp,
            audio_lost: before.audio_lost + now.audio_lost,
            ..*now
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_numbers_are_lost() {
        let mut it = Expected::default();
        assert_eq!(it.lost(), 0);
        for number in [7, 8, 11, 9] {
            it.on_packet(number);
        }
        assert_eq!(it.lost(), 1, "the tenth");
        it.on_packet(10);
        assert_eq!(it.lost(), 0);
        // One before the first.
        it.on_packet(5);
        assert_eq!(it.lost(), 1);
    }

    #[test]
    fn another_stream_loses_nothing_by_its_numbers() {
        let mut it = Expected::default();
        [100, 102, 60_000, 60_001, 60_003, 4].into_iter().for_each(|number| it.on_packet(number));
        assert_eq!(it.lost(), 2);
    }

    #[test]
    fn counters_of_all_connections_are_added() {
        let mut it = Traffic::default();
        it.on_sent(&[128, 111, 0, 0]);
        it.on_sent(&[128, 200, 0]);
        it.on_received(&[0, 1]);
        it.on_received(&[]);
        let part = Stats { audio_packets_sent: 5, audio_lost: 1, audio_jitter_us: 9, ..Stats::default() };
        assert_eq!(it.complete(part).audio_packets_sent, 5);
        it.on_new_connection();
        it.on_restart();
        let all = it.complete(Stats { audio_packets_sent: 2, audio_lost: 1, ..Stats::default() });
        assert_eq!((all.bytes_sent, all.audio_bytes_sent, all.bytes_received), (7, 4, 2));
        assert_eq!((all.audio_packets_sent, all.audio_lost, all.restarts), (7, 2, 1));
        assert_eq!(all.audio_jitter_us, 0, "what is no counter is the living connection's");
    }
}
