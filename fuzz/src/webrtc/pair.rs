//! Two peers in virtual time, with a network that loses nothing and signaling that delivers when told to.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use nertc_callkit_media::Media;
use nertc_callkit_webrtc::peer::{
    Config, Context, DtlsVersions, End, Input, LocalCandidate, LocalKind, Output, Party, Peer, Role,
    Security, TEXT_LIMIT, read_message,
};

pub(super) const MS: u64 = 1_000;
pub(super) const START: u64 = 1_000_000_000;
const DELAY: u64 = 20 * MS;
/// Outputs of one input, and steps without time: more, and somebody never rests.
const OUTPUTS: usize = 500;
const STEPS: usize = 2_000;

pub(super) struct Datagram {
    pub(super) from: SocketAddr,
    pub(super) at: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// One of the two, and what it has done.
pub(super) struct Side {
    pub(super) peer: Peer,
    pub(super) address: SocketAddr,
    has_joined: bool,
    has_left: bool,
    /// Its connection ended because something was replaced on the way: for ever.
    is_not_secure: bool,
    finished: u32,
    pub(super) connected: u32,
    pub(super) ended: u32,
    pub(super) received: u32,
    /// What it has shown or asked for last: the code, and transcripts to sign and to verify.
    pub(super) code: String,
    pub(super) to_sign: Vec<u8>,
    pub(super) to_verify: Vec<u8>,
}

pub(super) struct Pair {
    pub(super) now: u64,
    pub(super) sides: [Side; 2],
    /// On their way over signaling: to whom, and what.
    pub(super) texts: VecDeque<(usize, String)>,
    /// All texts so far, with who sent them.
    pub(super) sent: Vec<(usize, String)>,
    flying: BTreeMap<(u64, u64), (usize, Datagram)>,
    /// The last datagrams of each side, by the kind of their first byte.
    pub(super) seen: BTreeMap<(usize, u8), Vec<u8>>,
    count: u64,
    frames: u64,
}

/// STUN, DTLS, RTP and RTCP.
pub(super) fn kind(bytes: &[u8]) -> u8 {
    match bytes {
        [0..4, ..] => 0,
        [20..64, ..] => 1,
        [128..192, 192..224, ..] => 3,
        [128..192, ..] => 2,
        _ => 4,
    }
}

fn config(role: Role, seed: u64) -> Config {
    let party = |name: &str| Party { account: name.to_owned(), device: String::new() };
    let (inviter, callee) = (party("alice"), party("bob"));
    let mut bytes = [role as u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    Config {
        role,
        context: Context { inviter, callee, channel: "channel".to_owned(), call_id: "call".to_owned() },
        uid: 1 + role as u64,
        seed: bytes,
        dtls: DtlsVersions::Both,
        allows_loopback: false,
        requires_code: false,
        signs: true,
    }
}

pub(super) fn host(address: SocketAddr) -> Input<'static> {
    Input::LocalAddress(LocalCandidate { address, kind: LocalKind::Host })
}

pub(super) fn peer(role: Role, seed: u64, address: SocketAddr) -> Peer {
    let mut peer = Peer::new(START, config(role, seed));
    peer.handle(START, host(address));
    peer.handle(START, Input::Enable { media: Media::AUDIO, on: true });
    peer
}

impl Pair {
    pub(super) fn new(seed: u64) -> Pair {
        let side = |at: usize, role| {
            let address = format!("10.0.0.{}:5000", at + 1).parse().expect("an address");
            Side {
                peer: peer(role, seed, address),
                address,
                has_joined: false,
                has_left: false,
                is_not_secure: false,
                finished: 0,
                connected: 0,
                ended: 0,
                received: 0,
                code: String::new(),
                to_sign: Vec::new(),
                to_verify: Vec::new(),
            }
        };
        Pair {
            now: START,
            sides: [side(0, Role::Inviter), side(1, Role::Callee)],
            texts: VecDeque::new(),
            sent: Vec::new(),
            flying: BTreeMap::new(),
            seen: BTreeMap::new(),
            count: 0,
            frames: 0,
        }
    }

    pub(super) fn input(&mut self, at: usize, input: Input<'_>) {
        let side = &mut self.sides[at];
        side.has_joined |= matches!(input, Input::Join);
        let leaves = matches!(input, Input::Leave);
        side.peer.handle(self.now, input);
        let mut count = 0;
        while let Some(output) = self.sides[at].peer.poll_output() {
            count += 1;
            assert!(count < OUTPUTS, "outputs without end");
            self.output(at, output);
        }
        self.sides[at].has_left |= leaves;
    }

    fn output(&mut self, at: usize, output: Output) {
        let side = &mut self.sides[at];
        assert_eq!(side.finished, 0, "after the end: {output:?}");
        match output {
            Output::Transmit { local, remote, bytes } => {
                assert!(side.has_joined, "a datagram before the join");
                assert_eq!(local, side.address);
                assert!(bytes.len() <= 1_500, "{} bytes", bytes.len());
                self.seen.insert((at, kind(&bytes)), bytes.clone());
                self.count += 1;
                // What is for anybody else is lost.
                if remote == self.sides[1 - at].address {
                    let datagram = Datagram { from: local, at: remote, bytes };
                    self.flying.insert((self.now + DELAY, self.count), (1 - at, datagram));
                }
            }
            Output::Text(text) => {
                assert!(side.has_joined && !side.has_left, "a text outside of the call: {text}");
                assert!(text.len() <= TEXT_LIMIT, "{} bytes", text.len());
                read_message(&text).unwrap_or_else(|why| panic!("{why:?}: {text}"));
                self.texts.push_back((1 - at, text.clone()));
                self.sent.push((at, text));
            }
            Output::Connected { .. } => {
                assert!(!side.is_not_secure && side.has_joined && !side.has_left, "connected");
                side.connected += 1;
            }
            Output::Audio(packet) => {
                assert!(side.connected > side.ended && packet.payload.len() <= 1_500, "sound");
                side.received += 1;
            }
            Output::Secured { state, code, .. } => {
                let has_code = matches!(state, Security::Unverified | Security::Verified);
                assert!(code.is_some() || !has_code, "{state:?} without a code");
                assert!(!side.is_not_secure || state == Security::Mismatch, "{state:?} after a mismatch");
                side.code = code.unwrap_or_default();
            }
            Output::Disconnected(end) => {
                side.ended = side.connected;
                side.is_not_secure |= end == End::NotSecure;
            }
            Output::Finished => {
                assert!(side.has_left, "finished without a leave");
                side.finished += 1;
            }
            Output::Sign { transcript } => side.to_sign = transcript,
            Output::Verify { transcript, .. } => side.to_verify = transcript,
            Output::PeerMedia(_)
            | Output::Silent
            | Output::Heard
            | Output::Reconnecting
            | Output::Reconnected
            | Output::Stats(_)
            | Output::Ignored(_) => {}
        }
    }

    /// A text, from whomever it is.
    pub(super) fn deliver(&mut self, to: usize, text: &str) {
        let before = self.sent.len();
        self.input(to, Input::Text(text));
        assert!(self.sent.len() - before <= 4, "one text is answered by {}", self.sent.len() - before);
    }

    /// Time goes by, with datagrams, deadlines and, if `honestly`, texts.
    pub(super) fn pass(&mut self, ms: u64, honestly: bool) {
        let end = self.now + ms * MS;
        let mut steps = 0;
        loop {
            if honestly && let Some((to, text)) = self.texts.pop_front() {
                self.deliver(to, &text);
                continue;
            }
            let datagram = self.flying.first_key_value().map_or(u64::MAX, |((at, _), _)| *at);
            let timeouts = self.sides.each_ref().map(|side| side.peer.poll_timeout().unwrap_or(u64::MAX));
            let due = datagram.min(timeouts[0]).min(timeouts[1]);
            if due > end {
                self.now = end;
                return;
            }
            steps = if due > self.now { 0 } else { steps + 1 };
            assert!(steps < STEPS, "somebody never rests");
            self.now = self.now.max(due);
            if datagram <= due {
                let (_, (to, Datagram { from, at, bytes })) = self.flying.pop_first().expect("one");
                self.input(to, Input::Datagram { local: at, remote: from, bytes: &bytes });
            } else {
                self.input(usize::from(timeouts[1] < timeouts[0]), Input::Timeout);
            }
        }
    }

    /// Both send frames of sound for so long.
    pub(super) fn send_sound(&mut self, frames: u64) {
        for _ in 0..frames {
            let time = self.frames * 960;
            for at in 0..2 {
                let starts_talk = self.frames == 0;
                self.input(at, Input::Audio { time, starts_talk, frame: &[0x78; 40] });
            }
            self.frames += 1;
            self.pass(20, true);
        }
    }

    /// Two that are connected, with nobody between them.
    pub(super) fn connected(seed: u64) -> Pair {
        let mut pair = Pair::new(seed);
        (0..2).for_each(|at| pair.input(at, Input::Join));
        pair.pass(1_000, true);
        pair.send_sound(10);
        let talk = pair.sides.iter().all(|side| side.connected == 1 && side.received > 0);
        assert!(talk, "an honest call does not connect");
        pair
    }

    /// Whatever it was: both leave, and rest.
    pub(super) fn close(mut self) {
        (0..2).for_each(|at| self.input(at, Input::Leave));
        self.pass(10_000, true);
        for side in &self.sides {
            assert_eq!((side.finished, side.peer.poll_timeout()), (1, None), "it does not end");
        }
    }
}
