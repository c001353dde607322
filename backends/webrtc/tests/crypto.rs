//! The cryptography under str0m: two peers connect with it in virtual time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nertc_callkit_ids::IdGenerator;
use nertc_callkit_webrtc::crypto::{Generator, generate_certificate, provider};
use str0m::change::SdpOffer;
use str0m::config::DtlsVersion;
use str0m::crypto::dtls::ProtocolVersion;
use str0m::media::{Direction, MediaKind};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

const DELAY: Duration = Duration::from_millis(50);
const LIMIT: Duration = Duration::from_secs(10);

struct Side {
    rtc: Rtc,
    generator: Generator,
    address: SocketAddr,
    next: Instant,
    connected: Option<Instant>,
}

impl Side {
    fn new(seed: u64, version: DtlsVersion, now: Instant) -> Side {
        let mut generator = Generator::new(IdGenerator::test_seed(seed));
        let certificate = generate_certificate(&mut generator);
        let config = RtcConfig::new()
            .set_crypto_provider(provider())
            .set_dtls_cert(certificate)
            .set_dtls_version(version);
        let mut rtc = generator.lend(|| config.build(now));
        let address: SocketAddr = format!("10.0.0.{seed}:5000").parse().expect("an address");
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("a candidate"));
        Side { rtc, generator, address, next: now, connected: None }
    }

    fn input(&mut self, input: Input<'_>) {
        self.generator.lend(|| self.rtc.handle_input(input)).expect("alive");
    }

    /// What it sends, with the address that it goes to.
    fn drain(&mut self, now: Instant) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut sent = Vec::new();
        loop {
            match self.generator.lend(|| self.rtc.poll_output()).expect("alive") {
                Output::Timeout(at) => {
                    self.next = at;
                    return sent;
                }
                Output::Transmit(packet) => sent.push((packet.destination, packet.contents.to_vec())),
                Output::Event(Event::Connected) => self.connected = Some(now),
                Output::Event(_) => {}
            }
        }
    }
}

/// Connects two peers, and returns when each was connected, the version, and a digest of all bytes.
fn connect(versions: [DtlsVersion; 2]) -> ([Duration; 2], Option<ProtocolVersion>, u64) {
    let start = Instant::now();
    let mut sides = [Side::new(1, versions[0], start), Side::new(2, versions[1], start)];
    let (offer, pending) = {
        let mut api = sides[0].rtc.sdp_api();
        api.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        api.apply().expect("an offer")
    };
    let offer = SdpOffer::from_sdp_string(&offer.to_sdp_string()).expect("readable");
    let answer = sides[1].rtc.sdp_api().accept_offer(offer).expect("an answer");
    sides[0].rtc.sdp_api().accept_answer(pending, answer).expect("accepted");

    let mut flying: BTreeMap<(Instant, u64), (usize, SocketAddr, Vec<u8>)> = BTreeMap::new();
    let (mut now, mut count, mut digest) = (start, 0, 0xcbf2_9ce4_8422_2325_u64);
    while sides.iter().any(|side| side.connected.is_none()) {
        assert!(now < start + LIMIT, "not connected in {LIMIT:?}");
        for (at, side) in sides.iter_mut().enumerate() {
            for (_, bytes) in side.drain(now) {
                count += 1;
                for byte in &bytes {
                    digest = (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
                }
                flying.insert((now + DELAY, count), (1 - at, side.address, bytes));
            }
        }
        let arrival = flying.first_key_value().map(|((at, _), _)| *at);
        let due = arrival.into_iter().chain(sides.iter().map(|side| side.next)).min();
        now = due.expect("something to wait for").max(now);
        while let Some(entry) = flying.first_entry().filter(|entry| entry.key().0 <= now) {
            let (to, source, bytes) = entry.remove();
            let side = &mut sides[to];
            let packet = Receive::new(Protocol::Udp, source, side.address, &bytes).expect("a packet");
            side.input(Input::Receive(now, packet));
        }
        sides.iter_mut().filter(|side| side.next <= now).for_each(|side| side.input(Input::Timeout(now)));
    }
    let version = sides[0].rtc.direct_api().dtls_protocol_version();
    let connected = sides.map(|side| side.connected.expect("connected") - start);
    (connected, version, digest)
}

#[test]
fn two_peers_connect_over_each_version_of_dtls() {
    use DtlsVersion::{Auto, Dtls12, Dtls13};
    let rows = [
        ([Dtls12, Dtls12], ProtocolVersion::DTLS1_2),
        ([Dtls13, Dtls13], ProtocolVersion::DTLS1_3),
        ([Auto, Auto], ProtocolVersion::DTLS1_3),
        ([Auto, Dtls12], ProtocolVersion::DTLS1_2),
        ([Dtls12, Auto], ProtocolVersion::DTLS1_2),
        ([Auto, Dtls13], ProtocolVersion::DTLS1_3),
    ];
    for (versions, expected) in rows {
        let (connected, version, _) = connect(versions);
        println!("{versions:?}: {connected:?}");
        assert_eq!(version, Some(expected), "{versions:?}");
        assert!(connected.iter().all(|at| *at <= Duration::from_millis(500)), "{versions:?}: {connected:?}");
    }
}

#[test]
fn seeds_decide_every_byte_on_the_wire() {
    let once = connect([DtlsVersion::Auto; 2]);
    assert_eq!(once, connect([DtlsVersion::Auto; 2]));
}

/// Both link C and assembler, and do not build for some of our platforms without its SDK.
#[test]
fn lock_file_has_neither_aws_lc_nor_rcgen() {
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
    let lock = std::fs::read_to_string(lock).expect("Cargo.lock");
    let names: Vec<&str> = lock.lines().filter_map(|line| line.strip_prefix("name = ")).collect();
    assert!(names.contains(&"\"dimpl\""), "{names:?}");
    let refused = |name: &&&str| ["aws-lc", "rcgen", "openssl-sys"].iter().any(|it| name.contains(it));
    assert_eq!(names.iter().find(refused), None);
}
