//! Two peers with jitter buffers and clocks of their own, in virtual time. What a link does with its n-th
//! datagram follows from the seed and n.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use nertc_callkit_ids::IdGenerator;
use nertc_callkit_media::Media;
use nertc_callkit_testkit::Random;
use nertc_callkit_webrtc::peer::{
    Config, Context, DtlsVersions, Input, LocalCandidate, LocalKind, Output, Party, Peer, Role,
};

use crate::sound::{Ear, Mouth};

pub(crate) const MS: u64 = 1_000;
pub(crate) const SECOND: u64 = 1_000 * MS;
/// When a world begins: not 0, so that nothing relies on it.
pub(crate) const START: u64 = 5_000 * SECOND;

/// A clock that runs faster or slower than time, in millionths.
#[derive(Clone, Copy)]
struct Clock(i64);

impl Clock {
    /// What it shows at a time.
    fn at(self, time: u64) -> u64 {
        let passed = (time - START) as i64;
        START + (passed + passed * self.0 / 1_000_000) as u64
    }

    /// The first time at which it shows that.
    fn time_of(self, shown: u64) -> u64 {
        let passed = shown.saturating_sub(START) as i64;
        let mut time = START + (passed - passed * self.0 / (1_000_000 + self.0)) as u64;
        while self.at(time) < shown {
            time += 1;
        }
        time
    }
}

/// What the network does to datagrams.
#[derive(Clone, Copy)]
pub(crate) struct Link {
    pub(crate) delay: u64,
    pub(crate) jitter: u64,
    pub(crate) loss_percent: u64,
}

enum Arrival {
    Datagram { from: SocketAddr, at: SocketAddr, bytes: Vec<u8> },
    Text(String),
}

pub(crate) struct Side {
    pub(crate) peer: Peer,
    clock: Clock,
    address: SocketAddr,
    pub(crate) mouth: Mouth,
    pub(crate) ear: Ear,
    /// On its own clock.
    next_frame: u64,
    next_sound: u64,
    is_connected: bool,
    /// Everything that came out but datagrams, texts, sound and statistics.
    pub(crate) told: Vec<Output>,
    pub(crate) texts: u64,
    /// Frames that it sent, packets that it got.
    pub(crate) spoken: u64,
    pub(crate) heard: u64,
}

pub(crate) struct World {
    pub(crate) now: u64,
    link: Link,
    random: [Random; 2],
    pub(crate) sides: [Side; 2],
    arrivals: BTreeMap<(u64, u64), (usize, Arrival)>,
    count: u64,
}

fn config(role: Role, seed: u64) -> Config {
    let party = |name: &str| Party { account: name.to_owned(), device: format!("{name}-device") };
    let (inviter, callee) = (party("alice"), party("bob"));
    Config {
        role,
        context: Context { inviter, callee, channel: "channel".to_owned(), call_id: "call".to_owned() },
        uid: if role == Role::Inviter { 11 } else { 22 },
        seed: IdGenerator::test_seed(seed),
        dtls: DtlsVersions::Both,
        allows_loopback: false,
        requires_code: false,
        signs: false,
    }
}

impl World {
    /// Both join at once. `ppm`: how much faster their clocks are than time.
    pub(crate) fn start(
        seed: u64,
        link: Link,
        ppm: [i64; 2],
        mut sound: impl FnMut(usize) -> (Mouth, Ear),
    ) -> World {
        let mut side = |at: usize, role| {
            let (mouth, ear) = sound(at);
            let address = format!("10.0.0.{}:5000", at + 1).parse().expect("an address");
            let mut peer = Peer::new(START, config(role, seed * 2 + at as u64));
            let candidate = LocalCandidate { address, kind: LocalKind::Host };
            peer.handle(START, Input::LocalAddress(candidate));
            peer.handle(START, Input::Enable { media: Media::AUDIO, on: true });
            peer.handle(START, Input::Join);
            Side {
                peer,
                clock: Clock(ppm[at]),
                address,
                mouth,
                ear,
                next_frame: START,
                next_sound: START,
                is_connected: false,
                told: Vec::new(),
                texts: 0,
                spoken: 0,
                heard: 0,
            }
        };
        let sides = [side(0, Role::Inviter), side(1, Role::Callee)];
        let random = [seed * 2, seed * 2 + 1].map(Random::new);
        let mut world = World { now: START, link, random, sides, arrivals: BTreeMap::new(), count: 0 };
        (0..2).for_each(|at| world.drain(at));
        world
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.sides.iter().all(|side| side.is_connected)
    }

    fn input(&mut self, at: usize, input: Input<'_>) {
        let side = &mut self.sides[at];
        side.peer.handle(side.clock.at(self.now), input);
        self.drain(at);
    }

    fn drain(&mut self, at: usize) {
        while let Some(output) = self.sides[at].peer.poll_output() {
            let side = &mut self.sides[at];
            if let Output::Transmit { local, remote, bytes } = output {
                self.count += 1;
                let random = &mut self.random[at];
                let late = self.link.delay + random.below(self.link.jitter + 1);
                if random.below(100) >= self.link.loss_percent {
                    let arrival = Arrival::Datagram { from: local, at: remote, bytes };
                    self.arrivals.insert((self.now + late, self.count), (1 - at, arrival));
                }
            } else if let Output::Text(text) = output {
                side.texts += 1;
                self.count += 1;
                // Signaling keeps the order, and comes last of what comes at once.
                let key = (self.now + 60 * MS, self.count);
                self.arrivals.insert(key, (1 - at, Arrival::Text(text)));
            } else if let Output::Audio(packet) = output {
                side.heard += 1;
                side.ear.insert(packet);
            } else if !matches!(output, Output::Stats(_)) {
                side.is_connected |= matches!(output, Output::Connected { .. });
                side.told.push(output);
            }
        }
    }

    /// The next thing that happens to a side by its own clock, and when.
    fn due(&self, at: usize) -> (u64, Due) {
        let side = &self.sides[at];
        let timeout = side.peer.poll_timeout().unwrap_or(u64::MAX);
        let (shown, what) =
            [(timeout, Due::Timeout), (side.next_frame, Due::Frame), (side.next_sound, Due::Sound)]
                .into_iter()
                .min_by_key(|(shown, _)| *shown)
                .expect("three");
        (side.clock.time_of(shown).max(self.now), what)
    }

    /// Until `end`, or until `done`.
    pub(crate) fn run_until(&mut self, end: u64, done: impl Fn(&World) -> bool) {
        while !done(self) {
            let arrival = self.arrivals.first_key_value().map_or(u64::MAX, |((at, _), _)| *at);
            let dues = [self.due(0), self.due(1)];
            let first = usize::from(dues[1].0 < dues[0].0);
            let time = dues[first].0.min(arrival);
            if time > end {
                self.now = end;
                return;
            }
            self.now = self.now.max(time);
            if arrival <= dues[first].0 {
                let (_, (to, arrival)) = self.arrivals.pop_first().expect("one");
                self.arrive(to, arrival);
            } else {
                self.act(first, dues[first].1);
            }
        }
    }

    fn arrive(&mut self, to: usize, arrival: Arrival) {
        match arrival {
            Arrival::Text(text) => self.input(to, Input::Text(&text)),
            Arrival::Datagram { from, at, bytes } => {
                assert_eq!(at, self.sides[to].address);
                self.input(to, Input::Datagram { local: at, remote: from, bytes: &bytes });
            }
        }
    }

    fn act(&mut self, at: usize, due: Due) {
        let side = &mut self.sides[at];
        match due {
            Due::Timeout => self.input(at, Input::Timeout),
            Due::Frame => {
                side.next_frame += 20 * MS;
                if side.is_connected {
                    let now = side.clock.at(self.now);
                    side.spoken += 1;
                    if let Some((time, starts_talk, frame)) = side.mouth.speak(now) {
                        self.input(at, Input::Audio { time, starts_talk, frame: &frame });
                    }
                }
            }
            Due::Sound => {
                let now = side.clock.at(self.now);
                side.next_sound += side.ear.play(now);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Due {
    Timeout,
    Frame,
    Sound,
}
