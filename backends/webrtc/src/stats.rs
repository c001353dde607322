//! What an app may ask about a call: plain values in the units of the C header.

use std::collections::VecDeque;

use crate::peer::{CandidateKind, Security, Stats};

/// How far back "now" reaches.
const WINDOW_US: u64 = 2_000_000;
/// The peer's connection counts once a second, and may be late.
const LATE_US: u64 = 500_000;

/// The transport of a call; all 0 outside of one. Counters since the media room was joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallStats {
    /// The call.
    pub call_no: u64,
    /// When this was answered, on the monotonic clock.
    pub time_us: u64,
    /// UDP payload, of all kinds, to the peer.
    pub bytes_sent: u64,
    /// Likewise, from the peer.
    pub bytes_received: u64,
    /// Round trip of the pair in use; 0 = not known.
    pub rtt_us: u32,
    /// What our address is.
    pub local_candidate: CandidateKind,
    /// What the peer's is.
    pub remote_candidate: CandidateKind,
    /// How we talk to our relay, if the pair uses one: 1 UDP, 2 TCP, 3 TLS; else 0.
    pub relay_transport: i32,
    /// Join to connected; 0 = not connected.
    pub setup_ms: u32,
    /// Restarts of ICE.
    pub restarts: u32,
    /// How far the connection is proven to go to the right peer.
    pub security: Security,
    /// 12 or 13; 0 = not connected.
    pub dtls_version: i32,
}

/// Sound in one direction; all 0 outside of a call. Counters since the media room was joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamStats {
    /// RTP packets.
    pub packets: u64,
    /// Their bytes, with headers.
    pub bytes: u64,
    /// Sending: as the peer reports.
    pub packets_lost: u64,
    /// In the last 2 s.
    pub loss_permille: u32,
    /// Of the latest report.
    pub jitter_us: u32,
    /// In the last 2 s, with headers.
    pub bitrate_bps: u32,
    /// Receiving: samples at 48 kHz that were played.
    pub samples: u64,
    /// Receiving: of these, made up for missing ones.
    pub concealed_samples: u64,
    /// Receiving: the jitter buffer's target.
    pub jitter_buffer_ms: u32,
    /// Peak of the last 100 ms, 0 to 32767.
    pub level: u32,
}

/// What an audio port knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AudioStats {
    /// Peak of the last 100 ms that were sent, 0 to 32767.
    pub sent_level: u32,
    /// Likewise, of those that were received.
    pub received_level: u32,
    /// Samples at 48 kHz that were played.
    pub samples: u64,
    /// Of these, made up for missing ones.
    pub concealed_samples: u64,
    /// The jitter buffer's target.
    pub jitter_buffer_ms: u32,
}

/// The transport's counters of the last seconds.
#[derive(Debug, Default)]
pub(crate) struct History(VecDeque<(u64, Stats)>);

fn clamped(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl History {
    /// Counters have come.
    pub(crate) fn push(&mut self, now: u64, stats: Stats) {
        let oldest = now.saturating_sub(WINDOW_US + LATE_US);
        self.0.retain(|(at, _)| *at >= oldest);
        self.0.push_back((now, stats));
    }

    /// The latest counters.
    pub(crate) fn latest(&self) -> Stats {
        self.0.back().map(|(_, stats)| *stats).unwrap_or_default()
    }

    /// Sound in one direction.
    pub(crate) fn stream(&self, is_sending: bool, audio: &AudioStats) -> StreamStats {
        let latest = self.latest();
        let (first_at, first) = self.0.front().copied().unwrap_or_default();
        let passed_us = self.0.back().map_or(0, |(at, _)| at - first_at);
        let of = |stats: &Stats| match is_sending {
            true => [stats.audio_packets_sent, stats.audio_bytes_sent, stats.audio_lost_remote],
            false => [stats.audio_packets_received, stats.audio_bytes_received, stats.audio_lost],
        };
        let ([packets, bytes, lost], before) = (of(&latest), of(&first));
        let new = |now: u64, before: u64| now.saturating_sub(before);
        let (new_packets, new_bytes, new_lost) =
            (new(packets, before[0]), new(bytes, before[1]), new(lost, before[2]));
        let expected = if is_sending { new_packets } else { new_packets + new_lost };
        let mut stats = StreamStats {
            packets,
            bytes,
            packets_lost: lost,
            loss_permille: clamped((new_lost.min(expected) * 1000).checked_div(expected).unwrap_or(0)),
            bitrate_bps: clamped((new_bytes * 8_000_000).checked_div(passed_us).unwrap_or(0)),
            ..StreamStats::default()
        };
        if is_sending {
            stats.jitter_us = clamped(latest.audio_jitter_remote_us);
            stats.level = audio.sent_level;
        } else {
            stats.jitter_us = clamped(latest.audio_jitter_us);
            (stats.samples, stats.concealed_samples) = (audio.samples, audio.concealed_samples);
            (stats.jitter_buffer_ms, stats.level) = (audio.jitter_buffer_ms, audio.received_level);
        }
        stats
    }

    /// The transport, as far as the counters show it.
    pub(crate) fn call(&self) -> CallStats {
        let latest = self.latest();
        CallStats {
            bytes_sent: latest.bytes_sent,
            bytes_received: latest.bytes_received,
            rtt_us: clamped(latest.rtt_us.unwrap_or(0)),
            local_candidate: latest.kinds.0,
            remote_candidate: latest.kinds.1,
            restarts: latest.restarts,
            ..CallStats::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    /// After `seconds`, of 50 packets with 100 bytes each way a second.
    fn stats(seconds: u64, lost: u64) -> Stats {
        Stats {
            audio_packets_sent: seconds * 50,
            audio_bytes_sent: seconds * 5_000,
            audio_lost_remote: lost,
            audio_jitter_remote_us: 7_000,
            audio_packets_received: seconds * 50 - lost,
            audio_bytes_received: (seconds * 50 - lost) * 100,
            audio_lost: lost,
            audio_jitter_us: 9_000,
            ..Stats::default()
        }
    }

    #[test]
    fn nothing_is_known_before_the_first_report() {
        let history = History::default();
        for is_sending in [true, false] {
            assert_eq!(history.stream(is_sending, &AudioStats::default()), StreamStats::default());
        }
        assert_eq!(history.call(), CallStats::default());
    }

    #[test]
    fn loss_and_bitrate_are_those_of_two_seconds() {
        let mut history = History::default();
        // 30 lost in the third second, and none afterwards.
        for (second, lost) in [(1, 0), (2, 0), (3, 30), (4, 30)] {
            history.push(second * SECOND, stats(second, lost));
        }
        let audio = AudioStats {
            sent_level: 1,
            received_level: 2,
            samples: 3,
            concealed_samples: 4,
            jitter_buffer_ms: 5,
        };
        let sent = history.stream(true, &audio);
        assert_eq!((sent.packets, sent.bytes, sent.packets_lost), (200, 20_000, 30));
        assert_eq!((sent.loss_permille, sent.bitrate_bps, sent.jitter_us), (300, 40_000, 7_000));
        assert_eq!((sent.samples, sent.concealed_samples, sent.jitter_buffer_ms, sent.level), (0, 0, 0, 1));
        let received = history.stream(false, &audio);
        assert_eq!((received.packets, received.packets_lost), (170, 30));
        assert_eq!((received.loss_permille, received.bitrate_bps, received.jitter_us), (300, 28_000, 9_000));
        assert_eq!((received.samples, received.concealed_samples), (3, 4));
        assert_eq!((received.jitter_buffer_ms, received.level), (5, 2));
        (5..8).for_each(|second| history.push(second * SECOND, stats(second, 30)));
        assert_eq!(history.stream(true, &audio).loss_permille, 0, "it is over");
        assert_eq!(history.0.len(), 3);
    }

    #[test]
    fn counters_that_run_back_are_no_traffic() {
        let mut history = History::default();
        history.push(SECOND, stats(9, 0));
        history.push(2 * SECOND, stats(1, 0));
        let stream = history.stream(true, &AudioStats::default());
        assert_eq!((stream.loss_permille, stream.bitrate_bps), (0, 0));
    }
}
