//! Two connections without a network between them.

use nertc_callkit_ids::IdGenerator;

use super::*;
use crate::peer::candidates::LocalKind;

const START: u64 = 5_000_000;
const FRAME_US: u64 = 20_000;

struct Pair {
    now: u64,
    sides: [Connection; 2],
    addresses: [SocketAddr; 2],
    is_connected: [bool; 2],
    /// Of each side's packets that have arrived.
    received: [Vec<AudioPacket>; 2],
    stats: [Stats; 2],
}

impl Pair {
    /// Described to each other, and connected.
    fn connected() -> Pair {
        let addresses = ["10.0.0.1:5000", "10.1.0.1:5000"].map(|it| it.parse().expect("an address"));
        // str0m draws where numbers begin after a change of SSRC. With half of all seeds that is so far from
        // the last number that SRTP counts it among earlier ones; with these not.
        let mut seed = 4;
        let sides = addresses.map(|address| {
            seed += 1;
            let generator = Generator::new(IdGenerator::test_seed(seed));
            let mut side = Connection::new(START, generator, DtlsVersions::Both);
            side.add_local(START, LocalCandidate { address, kind: LocalKind::Host });
            side
        });
        let mut pair = Pair {
            now: START,
            sides,
            addresses,
            is_connected: [false; 2],
            received: [Vec::new(), Vec::new()],
            stats: [Stats::default(); 2],
        };
        let read = |sdp: &str| sdp::read(sdp, false).expect("a description");
        let offer = read(&pair.sides[0].offer(START).expect("an offer"));
        let answer = read(&pair.sides[1].accept_offer(START, &offer).expect("an answer"));
        assert!(pair.sides[0].accept_answer(START, &answer));
        for (side, remote) in [(0, answer), (1, offer)] {
            remote.candidates.into_iter().for_each(|it| pair.sides[side].add_remote(START, it));
        }
        pair.run(2_000_000, |_, _| ());
        assert_eq!(pair.is_connected, [true; 2]);
        pair
    }

    /// Time passes; `send` is called every 20 ms with the number of the frame.
    fn run(&mut self, time: u64, mut send: impl FnMut(&mut Connection, u64)) {
        for _ in 0..time / FRAME_US {
            self.now += FRAME_US;
            send(&mut self.sides[0], (self.now - START) / FRAME_US);
            for side in 0..2 {
                while self.sides[side].poll_timeout() <= self.now {
                    self.sides[side].handle_timeout(self.now);
                    self.carry();
                }
            }
            self.carry();
        }
    }

    fn carry(&mut self) {
        let mut is_idle = false;
        while !is_idle {
            is_idle = true;
            for side in 0..2 {
                while let Some(happened) = self.sides[side].poll() {
                    is_idle = false;
                    match happened {
                        Happened::Transmit { local, remote, bytes } if remote == self.addresses[1 - side] => {
                            self.sides[1 - side].receive(self.now, remote, local, &bytes);
                        }
                        Happened::Connected => self.is_connected[side] = true,
                        Happened::Audio(packet) => self.received[side].push(packet),
                        Happened::Stats(stats) => self.stats[side] = stats,
                        Happened::Transmit { .. }
                        | Happened::Response
                        | Happened::Progress
                        | Happened::IceLost
                        | Happened::Closed
                        | Happened::WrongCertificate
                        | Happened::Failed => {}
                    }
                }
            }
        }
    }
}

fn send_frame(side: &mut Connection, frame: u64) {
    side.send_audio(START + frame * FRAME_US, frame * 960, false, &[0x78; 80]);
}

/// Another SSRC than its description states may be anybody's, and is looked at before it is authentic: a peer
/// that changes its own is not heard, until it changes back. That costs the peer its sound, and us nothing.
#[test]
fn a_peer_that_changes_its_ssrc_is_not_followed() {
    let mut pair = Pair::connected();
    pair.run(1_000_000, send_frame);
    assert!(pair.received[1].len() >= 48, "{}", pair.received[1].len());
    let mid = pair.sides[0].mid.expect("audio");
    let original = pair.sides[0].rtc.direct_api().stream_tx_by_mid(mid, None).expect("a stream").ssrc();
    let mut changes = 0;
    pair.received[1].clear();
    pair.run(2_000_000, |side, frame| {
        let mut api = side.rtc.direct_api();
        let ssrc = api.new_ssrc();
        changes += u32::from(api.reset_stream_tx(mid, None, ssrc, None).is_some());
        send_frame(side, frame);
    });
    assert!(changes >= 99 && pair.received[1].len() <= 1, "{} packets", pair.received[1].len());
    assert!(!pair.sides[1].has_failed && pair.sides[1].rtc.is_alive());
    assert_eq!(pair.stats[1].audio_lost, 0, "{:?}", pair.stats[1]);
    pair.sides[0].rtc.direct_api().reset_stream_tx(mid, None, original, None).expect("a stream");
    pair.run(500_000, send_frame);
    assert!(pair.received[1].len() >= 20, "{}", pair.received[1].len());
}

#[test]
fn kinds_of_candidates_are_those_of_the_pair() {
    let mut pair = Pair::connected();
    pair.run(2_000_000, send_frame);
    assert_eq!(pair.stats[0].kinds, (CandidateKind::Host, CandidateKind::Host));
    let (local, remote) = (pair.addresses[0], pair.addresses[1]);
    let side = &mut pair.sides[0];
    // A translator shows the peer another address of ours, which a server has seen as well, or not.
    let public = "203.0.113.1:4000".parse().expect("an address");
    side.mapped.insert((local, remote), public);
    assert_eq!(side.local_kind(local, remote), CandidateKind::PeerReflexive);
    let kind = LocalKind::ServerReflexive { base: local };
    side.add_local(pair.now, LocalCandidate { address: public, kind });
    assert_eq!(side.local_kind(local, remote), CandidateKind::ServerReflexive);
    let relayed = "192.0.2.1:49152".parse().expect("an address");
    side.add_local(pair.now, LocalCandidate { address: relayed, kind: LocalKind::Relayed { local } });
    assert_eq!(side.local_kind(relayed, remote), CandidateKind::Relay);
    assert_eq!(side.local_kind(public, remote), CandidateKind::ServerReflexive);
    assert_eq!(side.remote_kind(public), CandidateKind::PeerReflexive, "the peer has not named it");
}
