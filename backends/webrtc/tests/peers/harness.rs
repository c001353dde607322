//! Two peers, a link and a broker between them, in virtual time. What a link does with its n-th datagram
//! follows from the seed and n alone, so that a run does not depend on what datagrams contain.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use nertc_callkit_ids::IdGenerator;
use nertc_callkit_media::Media;
use nertc_callkit_webrtc::peer::{
    AudioPacket, Config, Context, DtlsVersions, Input, LocalCandidate, LocalKind, Output, Party, Peer, Role,
    Security,
};

use crate::nat::{Mapping, Nat};
use crate::relay_path::{RelayPath, Relayed};

pub(crate) const MS: u64 = 1000;
pub(crate) const SECOND: u64 = 1000 * MS;
/// When a world begins: not 0, so that nothing relies on it.
pub(crate) const START: u64 = 5_000 * SECOND;
/// Time of one frame of sound.
const FRAME: u64 = 20 * MS;
/// Steps without time passing until somebody is taken for spinning.
const STEPS: u32 = 5_000;

pub(crate) const INVITER: usize = 0;
pub(crate) const CALLEE: usize = 1;

/// What a link or a broker does to what it carries.
#[derive(Clone, Copy)]
pub(crate) struct Conditions {
    pub(crate) delay: u64,
    pub(crate) jitter: u64,
    pub(crate) loss_percent: u64,
}

/// A good number from a number.
fn hash(numbers: [u64; 3]) -> u64 {
    numbers.into_iter().fold(0x9E37_79B9_7F4A_7C15, |mixed, number| {
        let mut z = (mixed ^ number).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

impl Conditions {
    pub(crate) const fn delay(delay: u64) -> Conditions {
        Conditions { delay, jitter: 0, loss_percent: 0 }
    }

    /// When the `ordinal`-th thing arrives; `None` = lost.
    fn arrival(&self, seed: u64, direction: usize, ordinal: u64, now: u64) -> Option<u64> {
        let random = hash([seed, direction as u64, ordinal]);
        let late = (random >> 32) % (self.jitter + 1);
        (random % 100 >= self.loss_percent).then_some(now + self.delay + late)
    }
}

/// What stands between the two: gets a text with its sender, says what arrives at whom.
pub(crate) type Broker = Box<dyn FnMut(usize, String) -> Vec<(usize, String)>>;

struct Datagram {
    to: usize,
    from: SocketAddr,
    at: SocketAddr,
    bytes: Vec<u8>,
}

/// One side of the call.
pub(crate) struct Side {
    pub(crate) peer: Peer,
    pub(crate) addresses: Vec<SocketAddr>,
    /// Everything that came out but datagrams, texts and sound.
    pub(crate) seen: Vec<(u64, Output)>,
    pub(crate) received: Vec<(u64, AudioPacket)>,
    /// Number of the next frame; frames are sent once connected.
    pub(crate) sends_audio: bool,
    frame: u64,
    is_connected: bool,
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) seed: u64,
    pub(crate) sides: [Side; 2],
    /// From each side.
    pub(crate) links: [Conditions; 2],
    /// Datagrams of each side arrive.
    pub(crate) is_up: [bool; 2],
    /// What each side stands behind.
    pub(crate) nats: [Option<Nat>; 2],
    /// What each side is reached through, if not directly.
    pub(crate) relays: [Option<RelayPath>; 2],
    pub(crate) signaling: Conditions,
    pub(crate) broker: Broker,
    /// Copies of each datagram that arrive.
    pub(crate) copies: u32,
    /// A damaged copy of the n-th datagram of a side, which arrives as well.
    pub(crate) damage: fn(u64, &[u8]) -> Option<Vec<u8>>,
    /// Frames of sound that each side sends every 20 ms.
    pub(crate) frames: u64,
    /// Datagrams that have arrived at each side, with their senders.
    pub(crate) arrived: [Vec<(SocketAddr, Vec<u8>)>; 2],
    /// Of all texts, and of the times and sizes of all datagrams.
    pub(crate) digest: u64,
    flying: BTreeMap<(u64, u64), Datagram>,
    texts: VecDeque<(u64, usize, String)>,
    count: [u64; 2],
    text_count: u64,
    next_frame: u64,
    /// RTP packets that each side has sent, and that have arrived at it.
    pub(crate) rtp_sent: [u64; 2],
    pub(crate) rtp_arrived: [u64; 2],
    /// Datagrams of DTLS that each side has sent.
    pub(crate) dtls_sent: [Vec<Vec<u8>>; 2],
}

/// RTP, not RTCP: RFC 5761.
fn is_rtp(bytes: &[u8]) -> bool {
    (128..192).contains(&bytes[0]) && !(192..224).contains(&bytes[1])
}

fn party(name: &str) -> Party {
    Party { account: name.to_owned(), device: format!("{name}-device") }
}

/// What a side knows: everything but the peer's device.
pub(crate) fn context(role: Role) -> Context {
    let (mut inviter, mut callee) = (party("alice"), party("bob"));
    let peer = if role == Role::Inviter { &mut callee } else { &mut inviter };
    peer.device.clear();
    Context { inviter, callee, channel: "channel".to_owned(), call_id: "call".to_owned() }
}

pub(crate) fn config(role: Role, seed: u64) -> Config {
    Config {
        role,
        context: context(role),
        uid: if role == Role::Inviter { 11 } else { 22 },
        seed: IdGenerator::test_seed(seed),
        dtls: DtlsVersions::Both,
        allows_loopback: false,
        requires_code: false,
        signs: false,
    }
}

pub(crate) fn host(address: SocketAddr) -> LocalCandidate {
    LocalCandidate { address, kind: LocalKind::Host }
}

/// The `place`-th address of a side.
pub(crate) fn address(side: usize, place: u8) -> SocketAddr {
    format!("10.{side}.0.{place}:5000").parse().expect("an address")
}

impl Side {
    pub(crate) fn new(at: usize, config: Config) -> Side {
        let mut peer = Peer::new(START, config);
        let addresses = vec![address(at, 1)];
        peer.handle(START, Input::LocalAddress(host(addresses[0])));
        peer.handle(START, Input::Enable { media: Media::AUDIO, on: true });
        let (seen, received) = (Vec::new(), Vec::new());
        Side { peer, addresses, seen, received, sends_audio: true, frame: 0, is_connected: false }
    }

    /// When it first reported what `is_it` looks for.
    pub(crate) fn when(&self, is_it: impl Fn(&Output) -> bool) -> Option<u64> {
        self.seen.iter().find(|(_, output)| is_it(output)).map(|(at, _)| *at)
    }

    pub(crate) fn connected_at(&self) -> Option<u64> {
        self.when(|output| matches!(output, Output::Connected { .. }))
    }

    /// State and code that it reported last.
    pub(crate) fn security(&self) -> Option<(Security, Option<String>)> {
        self.seen.iter().rev().find_map(|(_, output)| {
            let Output::Secured { state, code, .. } = output else { return None };
            Some((*state, code.clone()))
        })
    }

    /// What it reported, without what comes every second and without what is only for the log.
    pub(crate) fn reports(&self) -> Vec<&Output> {
        let is_news = |output: &&Output| !matches!(output, Output::Stats(_) | Output::Ignored(_));
        self.seen.iter().map(|(_, output)| output).filter(is_news).collect()
    }

    /// Packets that arrived in this time.
    pub(crate) fn received_between(&self, from: u64, to: u64) -> usize {
        self.received.iter().filter(|(at, _)| (from..to).contains(at)).count()
    }
}

impl World {
    pub(crate) fn new(seed: u64, link: Conditions, signaling: Conditions) -> World {
        let configs = [config(Role::Inviter, 2 * seed), config(Role::Callee, 2 * seed + 1)];
        World::of(seed, configs, link, signaling)
    }

    pub(crate) fn of(seed: u64, configs: [Config; 2], link: Conditions, signaling: Conditions) -> World {
        let [inviter, callee] = configs;
        World {
            now: START,
            seed,
            sides: [Side::new(INVITER, inviter), Side::new(CALLEE, callee)],
            links: [link; 2],
            is_up: [true; 2],
            nats: [None, None],
            relays: [None, None],
            signaling,
            broker: Box::new(|from, text| vec![(1 - from, text)]),
            copies: 1,
            damage: |_, _| None,
            frames: 1,
            arrived: [Vec::new(), Vec::new()],
            digest: 0,
            flying: BTreeMap::new(),
            texts: VecDeque::new(),
            count: [0; 2],
            text_count: 0,
            next_frame: START,
            rtp_sent: [0; 2],
            rtp_arrived: [0; 2],
            dtls_sent: [Vec::new(), Vec::new()],
        }
    }

    /// The callee accepts now, and the inviter hears of it as late as of any text.
    pub(crate) fn accept(&mut self) {
        self.input(CALLEE, Input::Join);
        self.run(self.signaling.delay);
        self.input(INVITER, Input::Join);
    }

    /// Two peers that talk.
    pub(crate) fn connected(seed: u64, link: Conditions) -> World {
        let mut world = World::new(seed, link, Conditions::delay(50 * MS));
        world.accept();
        world.run_until(START + 15 * SECOND, World::is_connected);
        assert!(world.is_connected(), "{:?}", world.sides.map(|side| side.seen));
        world.run(3 * SECOND);
        world
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.sides.iter().all(|side| side.connected_at().is_some())
    }

    pub(crate) fn input(&mut self, side: usize, input: Input<'_>) {
        self.sides[side].peer.handle(self.now, input);
        self.drain(side);
    }

    /// A text that the broker delivers at once.
    pub(crate) fn deliver(&mut self, to: usize, text: &str) {
        self.input(to, Input::Text(text));
    }

    fn drain(&mut self, at: usize) {
        while let Some(output) = self.sides[at].peer.poll_output() {
            if let Output::Transmit { local, remote, bytes } = output {
                self.transmit(at, local, remote, bytes);
            } else if let Output::Text(text) = output {
                self.publish(at, text);
            } else if let Output::Audio(packet) = output {
                self.sides[at].received.push((self.now, packet));
            } else {
                self.sides[at].is_connected |= matches!(output, Output::Connected { .. });
                self.sides[at].seen.push((self.now, output));
            }
        }
    }

    fn publish(&mut self, from: usize, text: String) {
        self.digest = text.bytes().fold(self.digest, |it, byte| hash([it, u64::from(byte), 1]));
        for (to, text) in (self.broker)(from, text) {
            self.text_count += 1;
            let late = self.signaling.arrival(self.seed, 2, self.text_count, self.now);
            // In order, as signaling delivers them.
            let behind = self.texts.back().map_or(0, |(at, ..)| *at);
            self.texts.extend(late.map(|arrival| (arrival.max(behind), to, text)));
        }
    }

    fn transmit(&mut self, side: usize, local: SocketAddr, remote: SocketAddr, bytes: Vec<u8>) {
        // Not their content: reports carry the time of day.
        self.digest = hash([self.digest, self.now - START, (bytes.len() * 2 + side) as u64]);
        self.count[side] += 1;
        self.rtp_sent[side] += u64::from(is_rtp(&bytes));
        if let Some(relay) = self.relays[side].as_mut().filter(|relay| relay.is_at(local)) {
            relay.send(self.now, remote, &bytes);
            return self.drain_relay(side);
        }
        if (20..64).contains(&bytes[0]) {
            self.dtls_sent[side].push(bytes.clone());
        }
        let arrival = self.links[side].arrival(self.seed, side, self.count[side], self.now);
        // Who sends from an address that is gone sends nothing.
        let leaves = self.is_up[side] && self.sides[side].addresses.contains(&local);
        let local = self.nats[side].as_mut().map_or(local, |nat| nat.leave(local, remote));
        if leaves && let Some((arrival, bytes)) = arrival.zip((self.damage)(self.count[side], &bytes)) {
            let number = self.count[side] * 16 + 14 + side as u64;
            self.flying.insert((arrival, number), Datagram { to: 1 - side, from: local, at: remote, bytes });
        }
        for copy in 0..self.copies {
            if let Some(arrival) = arrival.filter(|_| leaves) {
                let number = self.count[side] * 16 + u64::from(copy) * 2 + side as u64;
                let datagram = Datagram { to: 1 - side, from: local, at: remote, bytes: bytes.clone() };
                self.flying.insert((arrival + u64::from(copy) * MS, number), datagram);
            }
        }
    }

    /// Takes what a relay has for its side, and for the other side's relay.
    pub(crate) fn drain_relay(&mut self, side: usize) {
        while let Some(relayed) = self.relays[side].as_mut().and_then(RelayPath::poll) {
            match relayed {
                Relayed::Allocated(candidate) => self.input(side, Input::LocalAddress(candidate)),
                Relayed::Arrived { local, remote, bytes } => {
                    self.rtp_arrived[side] += u64::from(bytes.len() > 1 && is_rtp(&bytes));
                    self.input(side, Input::Datagram { local, remote, bytes: &bytes });
                }
                Relayed::Left { from, to, bytes } => {
                    let other = self.relays[1 - side].as_mut().filter(|relay| relay.is_at(to));
                    if let Some(other) = other {
                        other.serve_peer(self.now, from, to, &bytes);
                        self.drain_relay(1 - side);
                    }
                }
            }
        }
    }

    /// Something that nobody of the two has sent.
    pub(crate) fn inject(&mut self, to: usize, from: SocketAddr, bytes: &[u8]) {
        let local = self.sides[to].addresses[0];
        self.input(to, Input::Datagram { local, remote: from, bytes });
    }

    pub(crate) fn run(&mut self, time: u64) {
        self.run_until(self.now + time, |_| false);
    }

    /// Until `end`, or until `done`.
    pub(crate) fn run_until(&mut self, end: u64, done: impl Fn(&World) -> bool) {
        let mut steps = 0;
        while !done(self) {
            let datagram = self.flying.first_key_value().map(|((at, _), _)| *at);
            let text = self.texts.front().map(|(at, ..)| *at);
            let timeouts = self.sides.iter().filter_map(|side| side.peer.poll_timeout());
            let relays = self.relays.iter().flatten().filter_map(RelayPath::poll_timeout);
            let due = timeouts.chain(datagram).chain(text).chain(relays).chain([self.next_frame]).min();
            let at = due.unwrap_or(end).max(self.now);
            if at > end {
                self.now = end;
                return;
            }
            steps = if at == self.now { steps + 1 } else { 0 };
            assert!(steps < STEPS, "somebody spins");
            self.now = at;
            self.step();
        }
    }

    fn step(&mut self) {
        if let Some(entry) = self.flying.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let Datagram { to, from, at, bytes } = entry.remove();
            let at = self.nats[to].as_ref().map_or(Some(at), |nat| nat.enter(from, at));
            if let Some(at) = at.filter(|at| self.sides[to].addresses.contains(at)) {
                self.rtp_arrived[to] += u64::from(bytes.len() > 1 && is_rtp(&bytes));
                self.input(to, Input::Datagram { local: at, remote: from, bytes: &bytes });
                self.arrived[to].push((from, bytes));
            }
        } else if self.texts.front().is_some_and(|(at, ..)| *at <= self.now) {
            let (_, to, text) = self.texts.pop_front().expect("a text");
            self.deliver(to, &text);
        } else if self.next_frame <= self.now {
            self.next_frame += FRAME;
            (0..2).for_each(|side| self.send_frames(side));
        } else {
            for side in 0..2 {
                if let Some(relay) = &mut self.relays[side] {
                    relay.handle_timeout(self.now);
                    self.drain_relay(side);
                }
                if self.sides[side].peer.poll_timeout().is_some_and(|at| at <= self.now) {
                    self.input(side, Input::Timeout);
                }
            }
        }
    }

    fn send_frames(&mut self, at: usize) {
        for _ in 0..self.frames {
            let side = &mut self.sides[at];
            if side.sends_audio && side.is_connected {
                let (frame, time) = ([0x78 + at as u8; 80], side.frame * 960 / self.frames);
                side.frame += 1;
                self.input(at, Input::Audio { time, starts_talk: time == 0, frame: &frame });
            }
        }
    }

    /// Datagrams that both have sent so far.
    pub(crate) fn count_sent(&self) -> u64 {
        self.count.iter().sum()
    }

    /// Puts a side behind a translator; it asks a STUN server what it looks like.
    pub(crate) fn hide(&mut self, side: usize, mapping: Mapping) {
        let base = self.sides[side].addresses[0];
        let public = format!("203.0.113.{}", side + 1).parse().expect("an address");
        let server = "198.51.100.1:3478".parse().expect("an address");
        let mut nat = Nat::new(public, mapping);
        let address = nat.leave(base, server);
        self.nats[side] = Some(nat);
        let kind = LocalKind::ServerReflexive { base };
        self.input(side, Input::LocalAddress(LocalCandidate { address, kind }));
    }

    /// Both devices are asleep: nothing is done, and what was on its way is lost.
    pub(crate) fn sleep(&mut self, time: u64) {
        self.flying.clear();
        self.now += time;
        self.next_frame = self.now;
    }

    /// A side's network changes: its addresses are gone, and it has another.
    pub(crate) fn move_to(&mut self, side: usize, place: u8) {
        for gone in std::mem::take(&mut self.sides[side].addresses) {
            self.input(side, Input::LocalAddressGone(gone));
        }
        let new = address(side, place);
        self.sides[side].addresses.push(new);
        self.input(side, Input::LocalAddress(host(new)));
        self.input(side, Input::Restart);
    }
}
