//! Two clients, a broker and a link in virtual time. Of the WebRTC backend, everything but its sockets and
//! its codec takes part.

use std::collections::VecDeque;
use std::net::SocketAddr;

use nertc_callkit::engine::input::{CallOptions, CallRef, Command, Input, RtcEvent as MediaEvent, Ticket};
use nertc_callkit::engine::output::{EndReason, Event, Join, Output, RtcOp};
use nertc_callkit::engine::state::Phase;
use nertc_callkit::engine::time::Time;
use nertc_callkit::engine::{Caps, Config, Engine, IdGenerator, Timers};
use nertc_callkit_mqtt::protocol::{self, PublishResult, Qos, Topic, TopicKind};
use nertc_callkit_signaling::{CallType, Code, EventKind, Outcome, Req, Text};
use nertc_callkit_webrtc::peer::{self as webrtc, DtlsVersions, LocalCandidate, LocalKind, Party, Role};

/// In microseconds, as all times here.
pub(crate) const SECOND: u64 = 1_000_000;
/// One way, over the broker or the link.
const DELAY: u64 = 20_000;
/// Time of one frame of sound.
const FRAME: u64 = 20_000;
/// Not 0, so that nothing relies on it.
const START: u64 = 5_000 * SECOND;

pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;
const ACCOUNTS: [&str; 2] = ["alice", "bob"];

/// A media room that was joined.
struct Room {
    join: Req,
    peer: webrtc::Peer,
    /// The other's uid, once connected.
    uid: Option<u64>,
    frame: u64,
}

struct Client {
    engine: Engine,
    /// What its engine is fed once it has nothing more to say.
    inbox: VecDeque<Input>,
    is_running: bool,
    protocol: protocol::Peer,
    room: Option<Room>,
    is_online: bool,
    /// What the broker keeps for it while it is away.
    mailbox: Vec<protocol::Input>,
    events: Vec<Event>,
    /// How often signaling gave the peer up.
    lost_peers: u32,
    heard: u64,
    tickets: u64,
}

/// Something on its way. All ways are equally long, so it arrives in order.
enum Flying {
    Signaling(protocol::Input, Qos),
    Datagram { from: SocketAddr, at: SocketAddr, bytes: Vec<u8> },
}

pub(crate) struct World {
    pub(crate) now: u64,
    clients: [Client; 2],
    flying: VecDeque<(u64, usize, Flying)>,
    next_frame: u64,
    has_interface: [bool; 2],
    /// Datagrams are lost.
    pub(crate) breaks_link: bool,
}

fn client(at: usize) -> Client {
    let config = Config {
        timers: Timers::default(),
        caps: Caps { control: true, enable_local: true, mute_local: true, ..Caps::default() },
        media_protocol: "webrtc/1".into(),
        device: "phone".into(),
        ..Config::default()
    };
    let instance = format!("instance-{at}").into();
    let peer = protocol::Config::new(ACCOUNTS[at].into(), "phone".into(), instance);
    Client {
        engine: Engine::new(config, IdGenerator::test_seed(at as u64)),
        inbox: VecDeque::new(),
        is_running: false,
        protocol: protocol::Peer::new(peer, protocol::Peer::test_seed(10 + at as u64)),
        room: None,
        is_online: false,
        mailbox: Vec::new(),
        events: Vec::new(),
        lost_peers: 0,
        heard: 0,
        tickets: 0,
    }
}

impl World {
    /// The two in a call, for some seconds.
    pub(crate) fn in_call() -> World {
        let mut world = World::accepted([true; 2]);
        world.run(4 * SECOND);
        for at in [ALICE, BOB] {
            let is_connected = |event: &Event| matches!(event, Event::CallConnected(_));
            assert!(world.events(at).iter().any(is_connected), "{:?}", world.events(at));
        }
        world
    }

    /// Bob accepts now. Who has no interface has no address for media.
    pub(crate) fn accepted(has_interface: [bool; 2]) -> World {
        let mut world = World {
            now: START,
            clients: [client(ALICE), client(BOB)],
            flying: VecDeque::new(),
            next_frame: START,
            has_interface,
            breaks_link: false,
        };
        for at in [ALICE, BOB] {
            let account = ACCOUNTS[at].into();
            world.command(at, Command::Login { account, token: Text::default() });
            world.connect(at, false);
        }
        world.run(SECOND);
        world.command(ALICE, Command::Call(CallOptions::to("bob".into(), CallType::Audio)));
        world.run(SECOND);
        assert_eq!(world.phase(BOB), Phase::Called, "{:?}", world.events(BOB));
        world.command(BOB, Command::Accept { call: CallRef::default() });
        world
    }

    pub(crate) fn phase(&self, at: usize) -> Phase {
        self.clients[at].engine.phase()
    }

    pub(crate) fn events(&self, at: usize) -> &[Event] {
        &self.clients[at].events
    }

    /// Frames of sound that each has received.
    pub(crate) fn heard(&self) -> [u64; 2] {
        self.clients.each_ref().map(|client| client.heard)
    }

    pub(crate) fn lost_peers(&self, at: usize) -> u32 {
        self.clients[at].lost_peers
    }

    /// Why each call has ended.
    pub(crate) fn ends(&self, at: usize) -> Vec<EndReason> {
        let ends = self.events(at).iter();
        ends.filter_map(|event| if let Event::CallEnd(end) = event { Some(end.reason) } else { None })
            .collect()
    }

    pub(crate) fn hang_up(&mut self, at: usize) {
        let (call, no_offline, no_record) = (CallRef::default(), false, false);
        self.command(at, Command::Hangup { call, no_offline, no_record, text: None });
    }

    /// These have no connection to the broker any more.
    pub(crate) fn cut(&mut self, cut: &[usize]) {
        for &at in cut {
            self.clients[at].is_online = false;
            self.feed_protocol(at, protocol::Input::Down);
        }
    }

    /// All have one again.
    pub(crate) fn reconnect(&mut self) {
        for at in [ALICE, BOB] {
            if !self.clients[at].is_online {
                self.connect(at, true);
            }
        }
    }

    fn connect(&mut self, at: usize, resumed: bool) {
        self.clients[at].is_online = true;
        self.feed_protocol(at, protocol::Input::Up { resumed });
        for input in std::mem::take(&mut self.clients[at].mailbox) {
            self.feed_protocol(at, input);
        }
    }

    fn command(&mut self, at: usize, command: Command) {
        self.clients[at].tickets += 1;
        let ticket = Ticket(self.clients[at].tickets);
        self.feed_engine(at, Input::Command { ticket, command: Box::new(command) });
    }

    fn feed_engine(&mut self, at: usize, input: Input) {
        self.clients[at].inbox.push_back(input);
        self.run_engine(at);
    }

    fn run_engine(&mut self, at: usize) {
        if std::mem::replace(&mut self.clients[at].is_running, true) {
            return;
        }
        loop {
            while let Some(output) = self.clients[at].engine.poll_output() {
                self.on_output(at, output);
            }
            let client = &mut self.clients[at];
            let Some(input) = client.inbox.pop_front() else { break };
            client.engine.handle(Time(self.now / 1000), input);
        }
        self.clients[at].is_running = false;
    }

    fn on_output(&mut self, at: usize, output: Output) {
        match output {
            Output::Signal { req, op } => self.feed_protocol(at, protocol::Input::Op { req: req.0, op }),
            Output::Notify(notice) => {
                protocol::Input::of(notice).into_iter().for_each(|input| self.feed_protocol(at, input));
            }
            Output::Rtc { req, op } => self.run_media(at, req, op),
            Output::RtcReceive { join, json } => {
                let is_current = self.clients[at].room.as_ref().is_some_and(|room| room.join == join);
                if is_current {
                    self.feed_media(at, webrtc::Input::Text(&json));
                }
            }
            Output::Event(event) => self.clients[at].events.push(event),
            Output::Done { result, .. } => assert_eq!(result.code, Code::OK, "{result:?}"),
            Output::RtcPrepare(_) | Output::RtcDiscard { .. } | Output::Ignored(_) | Output::Closed => {}
        }
    }

    /// What a backend does with an operation.
    fn run_media(&mut self, at: usize, req: Req, op: RtcOp) {
        match op {
            RtcOp::Join(join) => self.join(at, req, &join),
            RtcOp::Leave => {
                self.feed_media(at, webrtc::Input::Leave);
                self.clients[at].room = None;
            }
            RtcOp::EnableLocal { media, on } => self.feed_media(at, webrtc::Input::Enable { media, on }),
            RtcOp::MuteLocal { media, muted } => self.feed_media(at, webrtc::Input::Mute { media, muted }),
            RtcOp::Subscribe { .. } | RtcOp::SetView { .. } => {}
        }
        self.feed_engine(at, Input::RtcDone { req, outcome: Outcome::default() });
        if self.clients[at].room.as_ref().is_some_and(|room| room.join == req) {
            self.feed_media(at, webrtc::Input::Join);
        }
    }

    fn join(&mut self, at: usize, req: Req, join: &Join) {
        let own = Party { account: join.account.to_string(), device: join.device.to_string() };
        let other = Party { account: join.peer.to_string(), device: String::new() };
        let role = if join.is_inviter { Role::Inviter } else { Role::Callee };
        let (inviter, callee) = if join.is_inviter { (own, other) } else { (other, own) };
        let (channel, call_id) = (join.channel_name.to_string(), join.call_id.to_string());
        let config = webrtc::Config {
            role,
            context: webrtc::Context { inviter, callee, channel, call_id },
            uid: join.uid,
            seed: IdGenerator::test_seed(20 + at as u64),
            dtls: DtlsVersions::Both,
            allows_loopback: false,
            requires_code: false,
            signs: false,
        };
        let peer = webrtc::Peer::new(self.now, config);
        self.clients[at].room = Some(Room { join: req, peer, uid: None, frame: 0 });
        if self.has_interface[at] {
            let address = SocketAddr::from(([10, 0, 0, 1 + at as u8], 5000));
            let candidate = LocalCandidate { address, kind: LocalKind::Host };
            self.feed_media(at, webrtc::Input::LocalAddress(candidate));
        }
    }

    fn feed_media(&mut self, at: usize, input: webrtc::Input<'_>) {
        let Some(room) = &mut self.clients[at].room else { return };
        room.peer.handle(self.now, input);
        while let Some(room) = &mut self.clients[at].room {
            let Some(output) = room.peer.poll_output() else { return };
            if let Some(input) = self.on_media(at, output) {
                self.feed_engine(at, input);
            }
        }
    }

    /// What a backend reports of it.
    fn on_media(&mut self, at: usize, output: webrtc::Output) -> Option<Input> {
        let client = &mut self.clients[at];
        let room = client.room.as_mut()?;
        let event = match output {
            webrtc::Output::Transmit { local, remote, bytes } => {
                let datagram = Flying::Datagram { from: local, at: remote, bytes };
                if !self.breaks_link {
                    self.flying.push_back((self.now + DELAY, 1 - at, datagram));
                }
                return None;
            }
            webrtc::Output::Text(text) => {
                return Some(Input::RtcSend { join: room.join, json: text.into() });
            }
            webrtc::Output::Audio(_) => {
                client.heard += 1;
                return None;
            }
            webrtc::Output::Connected { uid, .. } => {
                room.uid = Some(uid);
                MediaEvent::PeerJoin { uid }
            }
            webrtc::Output::Silent => MediaEvent::PeerSilent { uid: room.uid? },
            webrtc::Output::Heard => MediaEvent::PeerActive { uid: room.uid? },
            webrtc::Output::Reconnecting => MediaEvent::Reconnecting,
            webrtc::Output::Reconnected => MediaEvent::Reconnected,
            webrtc::Output::Disconnected(_) => MediaEvent::PeerLeave { uid: room.uid?, code: Code::OK },
            webrtc::Output::Secured { .. }
            | webrtc::Output::PeerMedia(_)
            | webrtc::Output::Stats(_)
            | webrtc::Output::Sign { .. }
            | webrtc::Output::Verify { .. }
            | webrtc::Output::Finished
            | webrtc::Output::Ignored(_) => return None,
        };
        Some(Input::Rtc(event.into()))
    }

    fn feed_protocol(&mut self, at: usize, input: protocol::Input) {
        self.clients[at].protocol.handle(self.now / 1000, input);
        self.run_protocol(at);
    }

    fn run_protocol(&mut self, at: usize) {
        while let Some(output) = self.clients[at].protocol.poll_output() {
            match output {
                protocol::Output::Publish { token, qos, topic, payload, .. } => {
                    self.publish(at, (token, qos), topic, payload);
                }
                protocol::Output::Done { req, answer } => {
                    self.feed_engine(at, Input::SignalDone { req: Req(req), result: Box::new(answer) });
                }
                protocol::Output::Events { origin, events } => {
                    let lost = events.iter().filter(|event| event.kind == EventKind::PeerLost).count();
                    self.clients[at].lost_peers += lost as u32;
                    if !events.is_empty() {
                        self.feed_engine(at, Input::Signals { origin, events });
                    }
                }
                protocol::Output::Connection { change, code, message } => {
                    let why = Outcome::failed(code, &message);
                    self.feed_engine(at, Input::Connection(change.because(why)));
                }
                protocol::Output::Reconnect | protocol::Output::Disconnect { .. } => {
                    panic!("nobody asked for it: {output:?}")
                }
                protocol::Output::Watch { .. }
                | protocol::Output::CallActive(_)
                | protocol::Output::Record { .. }
                | protocol::Output::Log { .. } => {}
            }
        }
    }

    /// The broker has a message of `from` at once; its receiver later.
    fn publish(&mut self, from: usize, (token, qos): (u64, Qos), topic: Topic, payload: String) {
        assert!(self.clients[from].is_online, "published without a connection");
        let (kind, account) = match topic {
            Topic::Inbox(account) => (TopicKind::Inbox, account),
            Topic::Direct(account, _) => (TopicKind::Direct, account),
            Topic::Own => (TopicKind::Own, ACCOUNTS[from].into()),
        };
        let to = ACCOUNTS.iter().position(|it| *it == &*account).expect("one of the two");
        let (account, device) = (ACCOUNTS[from].into(), "phone".into());
        let payload = payload.into_bytes();
        let message = protocol::Input::Message { kind, from: account, device, payload, expires_at: None };
        let due = self.now + DELAY;
        self.flying.push_back((due, to, Flying::Signaling(message, qos)));
        if qos == Qos::AtLeastOnce {
            let taken = protocol::Input::Published { token, result: PublishResult::Delivered };
            self.flying.push_back((due, from, Flying::Signaling(taken, Qos::AtMostOnce)));
        }
    }

    pub(crate) fn run(&mut self, time: u64) {
        self.run_until(self.now + time, |_| false);
    }

    /// Until `end`, or until `done`.
    pub(crate) fn run_until(&mut self, end: u64, done: impl Fn(&World) -> bool) {
        while !done(self) {
            let at = self.next_due().max(self.now);
            self.now = at.min(end);
            if at > end {
                return;
            }
            self.step();
        }
    }

    fn next_due(&self) -> u64 {
        let flying = self.flying.front().map(|(at, ..)| *at);
        let clients = self.clients.iter().flat_map(|client| {
            let ms = [client.engine.poll_timeout().map(|(at, _)| at.0), client.protocol.poll_timeout()];
            let media = client.room.as_ref().and_then(|room| room.peer.poll_timeout());
            ms.into_iter().flatten().map(|ms| ms * 1000).chain(media)
        });
        clients.chain(flying).chain([self.next_frame]).min().expect("the next frame")
    }

    fn step(&mut self) {
        while self.flying.front().is_some_and(|(at, ..)| *at <= self.now) {
            let (_, to, flying) = self.flying.pop_front().expect("it is there");
            self.arrive(to, flying);
        }
        for at in [ALICE, BOB] {
            let client = &mut self.clients[at];
            if client.engine.poll_timeout().is_some_and(|(due, _)| due.0 * 1000 <= self.now) {
                client.engine.handle_timeout(Time(self.now / 1000));
                self.run_engine(at);
            }
            let client = &mut self.clients[at];
            if client.protocol.poll_timeout().is_some_and(|due| due * 1000 <= self.now) {
                client.protocol.handle_timeout(self.now / 1000);
                self.run_protocol(at);
            }
            let media = self.clients[at].room.as_ref().and_then(|room| room.peer.poll_timeout());
            if media.is_some_and(|due| due <= self.now) {
                self.feed_media(at, webrtc::Input::Timeout);
            }
        }
        if self.next_frame <= self.now {
            self.next_frame += FRAME;
            [ALICE, BOB].into_iter().for_each(|at| self.speak(at));
        }
    }

    fn arrive(&mut self, to: usize, flying: Flying) {
        match flying {
            Flying::Datagram { from, at, bytes } => {
                self.feed_media(to, webrtc::Input::Datagram { local: at, remote: from, bytes: &bytes });
            }
            Flying::Signaling(input, _) if self.clients[to].is_online => self.feed_protocol(to, input),
            Flying::Signaling(input, Qos::AtLeastOnce) => self.clients[to].mailbox.push(input),
            Flying::Signaling(_, Qos::AtMostOnce) => {}
        }
    }

    /// Sends a frame of sound, in a call.
    fn speak(&mut self, at: usize) {
        let Some(room) = self.clients[at].room.as_mut().filter(|room| room.uid.is_some()) else { return };
        let (time, starts_talk) = (room.frame * 960, room.frame == 0);
        room.frame += 1;
        self.feed_media(at, webrtc::Input::Audio { time, starts_talk, frame: &[0x78; 80] });
    }
}
