//! One of two worlds: devices with engine and MQTT peer, a broker between them, media, users. Every random
//! decision follows from the seed, from whom it concerns, and from how often that has happened to them, so
//! that a third account's messages change none of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use nertc_callkit::engine::Engine;
use nertc_callkit::engine::input::{Input, RtcReport};
use nertc_callkit::engine::output::{Event, Operation, Output, RtcOp};
use nertc_callkit::engine::state::Phase;
use nertc_callkit::engine::time::Time;
use nertc_callkit_mqtt::protocol::{self, Peer, PublishResult, Qos, Topic, TopicKind};
use nertc_callkit_signaling::{self as signaling, ChannelState, Code, EventKind, Outcome, Req, Text};
use nertc_callkit_testkit::Random;

use super::super::exchange::{Exchange, Report};
use super::hostile::{Aim, Hostile, Shot};
use super::liveness::LivenessMonitor;
use super::plan::{FRIENDS, Guard, Plan};
use super::{engine_adapter, plan};

/// The devices concerned: events of one path keep their order.
pub(super) type Path = [u64; 3];

/// Kinds of paths.
pub(super) const NET: u64 = 1;
pub(super) const PUBACK: u64 = 2;
pub(super) const LINK: u64 = 3;
pub(super) const MEDIA: u64 = 4;
pub(super) const USER: u64 = 5;
pub(super) const HOSTILE: u64 = 6;
/// Hostile accounts count as devices from here on.
pub(super) const HOSTILES: u64 = 1_000;

/// A message on its way to a device.
#[derive(Clone, Debug)]
pub(super) struct QueuedMessage {
    pub(super) kind: TopicKind,
    pub(super) qos: Qos,
    pub(super) from: Text,
    pub(super) device: Text,
    pub(super) payload: String,
    pub(super) expires_at: u64,
    /// Of a hostile account, and its kind.
    pub(super) hostile: Option<&'static str>,
}

/// Something that will happen.
#[derive(Clone, Debug)]
pub(super) enum Scheduled {
    User(usize),
    Up(usize, u32),
    Down(usize, u64),
    Publish { device: usize, qos: Qos, topic: Topic, payload: String, expires_ms: u32 },
    Answered { device: usize, link: u32, token: u64, result: PublishResult },
    Arrive(usize, QueuedMessage),
    ToHostile { by: usize, from: usize, payload: String },
    Gone { device: usize, account: Text, whose: Text, hostile: bool },
    Rtc(usize, Req, RtcOp),
    RtcDone(usize, Req, Code),
    RtcReceived(usize, RtcReport),
    Hostile,
    Wills,
    Prelude(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Off,
    Connecting,
    Up,
}

/// One device of the two accounts.
pub(super) struct Device {
    pub(super) account: Text,
    pub(super) name: Text,
    pub(super) engine: Engine,
    pub(super) protocol: Peer,
    pub(super) link: Link,
    /// Counts connections.
    pub(super) epoch: u32,
    pub(super) has_session: bool,
    /// The own mark of this connection came back.
    pub(super) receives_itself: bool,
    pub(super) mailbox: Vec<QueuedMessage>,
    /// The wills it watches.
    pub(super) watches: BTreeSet<(Text, Text)>,
    /// Reports of the MQTT peer to the engine.
    inbox: VecDeque<Input>,
    /// A login was requested, and neither failed nor ended.
    pub(super) may_send: bool,
    pub(super) is_in: bool,
    /// A logout is under way.
    pub(super) is_leaving: bool,
    pub(super) last_ticket: u64,
    pub(super) acts: u64,
    /// How many channels it has made.
    channels: u64,
    creates: u64,
}

/// A world.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) now: u64,
    queue: BTreeMap<(u64, u64, u64), Scheduled>,
    paths: BTreeMap<Path, (u64, u64)>,
    pub(super) devices: Vec<Device>,
    media: Exchange,
    /// Channels that the two accounts have made, and what each is called in both worlds.
    pub(super) channels: BTreeMap<String, u64>,
    pub(super) hostile: Hostile,
    /// This is the world in which they act.
    pub(super) is_hostile: bool,
    /// The apps' events: time, device, event.
    pub(super) notified: Vec<(u64, usize, String)>,
    pub(super) watch: LivenessMonitor,
    pub(super) violation: Option<String>,
    /// For readers.
    pub(super) lines: Option<Vec<String>>,
    pub(super) steps: u64,
}

/// A number that follows from these.
pub(super) fn number(seed: u64, path: Path, index: u64) -> u64 {
    let mut all = seed;
    for part in path.into_iter().chain([index]) {
        all = Random::new(all ^ part.wrapping_mul(0xd134_2543_de82_ef95)).next_u64();
    }
    all
}

impl World {
    pub(super) fn new(plan: &Plan, is_hostile: bool) -> World {
        let mut devices = Vec::new();
        for (index, account) in FRIENDS.iter().enumerate() {
            for at in 0..plan.devices[index] {
                let name: Text = format!("{account}-{at}").into();
                let seed = number(plan.seed, [9, index as u64, at as u64], 0);
                devices.push(Device {
                    account: (*account).into(),
                    engine: engine_adapter::engine(seed),
                    protocol: engine_adapter::protocol(plan, account, &name, seed ^ 0x5747),
                    name,
                    link: Link::Off,
                    epoch: 0,
                    has_session: false,
                    receives_itself: false,
                    mailbox: Vec::new(),
                    watches: BTreeSet::new(),
                    inbox: VecDeque::new(),
                    may_send: false,
                    is_in: false,
                    is_leaving: false,
                    last_ticket: 0,
                    acts: 0,
                    channels: 0,
                    creates: 0,
                });
            }
        }
        let accounts = devices.iter().map(|device| device.account.clone()).collect();
        let mut world = World {
            now: 0,
            queue: BTreeMap::new(),
            paths: BTreeMap::new(),
            devices,
            media: Exchange::new(accounts),
            channels: BTreeMap::new(),
            hostile: Hostile::new(plan),
            is_hostile,
            notified: Vec::new(),
            watch: LivenessMonitor::default(),
            violation: None,
            lines: None,
            steps: 0,
            plan: plan.clone(),
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        for device in 0..self.devices.len() {
            self.post([USER, device as u64, 0], 1, 1_000, Scheduled::User(device));
        }
        for (device, down, up) in self.plan.outages.clone() {
            self.post([LINK, device as u64, down], down, 1, Scheduled::Down(device, up));
        }
        if self.plan.has_prelude {
            self.post([USER, 99, 0], 4_000, 1, Scheduled::Prelude(0));
        }
        if self.is_hostile {
            self.post([HOSTILE, 0, 0], plan::BEGIN_MS, 1, Scheduled::Hostile);
            self.post([HOSTILE, 1, 0], plan::BEGIN_MS, 1, Scheduled::Wills);
        }
    }

    pub(super) fn note(&mut self, text: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{now:>7} {}", text()));
        }
    }

    /// On this path, so much later and up to `spread` more.
    pub(super) fn post(&mut self, path: Path, delay: u64, spread: u64, scheduled: Scheduled) {
        let (count, last) = self.paths.entry(path).or_default();
        *count += 1;
        let more = number(self.plan.seed, path, *count) % spread.max(1);
        let at = (self.now + delay + more).max(*last);
        *last = at;
        let key = (at, number(self.plan.seed, path, 0), *count);
        self.queue.insert(key, scheduled);
    }

    /// The next number on a path, for other decisions than delays.
    pub(super) fn chance(&mut self, path: Path, permille: u64) -> bool {
        let (count, _) = self.paths.entry([path[0] + 100, path[1], path[2]]).or_default();
        *count += 1;
        number(self.plan.seed ^ 0xc4a, path, *count) % 1_000 < permille
    }

    /// Runs to the end.
    pub(super) fn run(&mut self) {
        while let Some(at) = self.next_due().filter(|at| *at <= plan::REST_MS) {
            self.now = self.now.max(at);
            self.steps += 1;
            self.step();
            if self.violation.is_some() {
                return;
            }
        }
    }

    fn next_due(&self) -> Option<u64> {
        let queued = self.queue.keys().next().map(|key| key.0);
        let engines = self.devices.iter().filter_map(|it| it.engine.poll_timeout()).map(|it| it.0.0);
        let peers = self.devices.iter().filter_map(|it| it.protocol.poll_timeout());
        engines.chain(peers).chain(queued).chain(self.watch.next_due()).min()
    }

    fn step(&mut self) {
        let now = self.now;
        if let Some(why) = self.watch.overdue(now) {
            return self.blame(why);
        }
        for device in 0..self.devices.len() {
            let it = &mut self.devices[device];
            if it.engine.poll_timeout().is_some_and(|due| due.0.0 <= now) {
                it.engine.handle_timeout(Time(now));
                return self.run_engine(device);
            }
            if it.protocol.poll_timeout().is_some_and(|at| at <= now) {
                it.protocol.handle_timeout(now);
                if it.protocol.poll_timeout().is_some_and(|at| at <= now) {
                    return self.blame(format!("device {device}: a deadline of its peer does not pass"));
                }
                self.run_protocol(device);
                return self.run_inbox(device);
            }
        }
        if let Some((_, scheduled)) = self.queue.pop_first() {
            self.happen(scheduled);
        }
    }

    pub(super) fn blame(&mut self, why: String) {
        self.note(|| format!("VIOLATION {why}"));
        self.violation.get_or_insert(why);
    }

    fn happen(&mut self, scheduled: Scheduled) {
        match scheduled {
            Scheduled::User(device) => self.user_acts(device),
            Scheduled::Up(device, epoch) => self.come_up(device, epoch),
            Scheduled::Down(device, until) => self.go_down(device, until),
            Scheduled::Publish { device, qos, topic, payload, expires_ms } => {
                self.carry(device, &topic, (qos, &payload), expires_ms);
            }
            Scheduled::Answered { device, link, token, result } => {
                if self.devices[device].epoch == link {
                    self.feed_protocol(device, protocol::Input::Published { token, result });
                }
            }
            Scheduled::Arrive(device, queued) => self.arrive(device, queued),
            Scheduled::ToHostile { by, from, payload } => {
                let (account, name) = (self.devices[from].account.clone(), self.devices[from].name.clone());
                self.hostile.receives(by, from, &account, &name, &payload);
                self.fire_pending();
            }
            Scheduled::Gone { device, account, whose, hostile } => self.gone(device, account, whose, hostile),
            Scheduled::Rtc(device, req, op) => {
                self.media.run_media(self.now, device, req, &op);
                while let Some((to, report)) = self.media.poll() {
                    if let Report::MediaDone(req, code) = report {
                        self.post([MEDIA, to as u64, 1], 2, 1, Scheduled::RtcDone(to, req, code));
                    } else if let Report::Media(report) = report {
                        self.post([MEDIA, to as u64, 1], 3, 1, Scheduled::RtcReceived(to, report));
                    }
                }
            }
            Scheduled::RtcDone(device, req, code) => {
                self.feed_engine(device, Input::RtcDone { req, outcome: Outcome::failed(code, "") });
            }
            Scheduled::RtcReceived(device, report) => {
                if self.media.is_in_room(device) {
                    self.feed_engine(device, Input::Rtc(report));
                }
            }
            Scheduled::Hostile => self.hostile_acts(),
            Scheduled::Wills => self.renew_wills(),
            Scheduled::Prelude(stage) => self.prelude(stage),
        }
    }

    pub(super) fn feed_engine(&mut self, device: usize, input: Input) {
        self.devices[device].engine.handle(Time(self.now), input);
        self.run_engine(device);
    }

    pub(super) fn feed_protocol(&mut self, device: usize, input: protocol::Input) {
        self.devices[device].protocol.handle(self.now, input);
        self.run_protocol(device);
        self.run_inbox(device);
    }

    fn run_inbox(&mut self, device: usize) {
        while let Some(input) = self.devices[device].inbox.pop_front() {
            if let Some(input) = self.guarded(device, input) {
                self.devices[device].engine.handle(Time(self.now), input);
                self.run_engine_only(device);
            }
        }
    }

    fn run_engine(&mut self, device: usize) {
        self.run_engine_only(device);
        self.run_inbox(device);
    }

    fn run_engine_only(&mut self, device: usize) {
        while let Some(output) = self.devices[device].engine.poll_output() {
            match output {
                Output::Signal { req, op } => self.ask(device, req, &op),
                Output::Notify(notice) => {
                    self.note(|| format!("device {device}: {notice:?}"));
                    if let Some(input) = protocol::Input::of(notice) {
                        self.devices[device].protocol.handle(self.now, input);
                        self.run_protocol(device);
                    }
                }
                Output::Rtc { req, op } => {
                    self.post([MEDIA, device as u64, 0], 1, 20, Scheduled::Rtc(device, req, op));
                }
                Output::RtcReceive { json, .. } => {
                    self.note(|| format!("device {device}: media gets {json}"))
                }
                Output::RtcPrepare(_) | Output::RtcDiscard { .. } => {
                    self.note(|| format!("device {device}: {output:?}"));
                }
                Output::Done { result, .. } => {
                    self.note(|| format!("device {device}: done {:?} {}", result.operation, result.code));
                    self.done(device, result.operation, result.code);
                    self.record_notification(device, format!("{result:?}"));
                }
                Output::Event(event) => self.on_event(device, &event),
                Output::Ignored(why) => self.note(|| format!("device {device}: ignored: {why}")),
                Output::Closed => {}
            }
        }
    }

    fn done(&mut self, device: usize, operation: Operation, code: Code) {
        let it = &mut self.devices[device];
        it.is_in |= operation == Operation::Login && code == Code::OK;
        it.is_in &= operation != Operation::Logout || code != Code::OK;
        if matches!(operation, Operation::Login | Operation::Logout) {
            it.may_send = it.is_in;
            it.is_leaving = false;
        }
        self.watch.done(operation, code).into_iter().for_each(|why| self.blame(why));
    }

    fn on_event(&mut self, device: usize, event: &Event) {
        self.note(|| format!("device {device}: {event:?}"));
        if matches!(event, Event::Kicked(_)) {
            (self.devices[device].is_in, self.devices[device].may_send) = (false, false);
        }
        if matches!(event, Event::Invited(_)) && !self.devices[device].may_send {
            self.blame(format!("invariant 14: device {device} rings, and nobody is logged in"));
        }
        let is_hostile = |user: &Text| user.starts_with("mallory");
        let is_missed = matches!(event, Event::MissedCall(missed) if is_hostile(&missed.user));
        // A claim of a permitted caller: without a policy it is reported, see docs/PROOF.md.
        let is_claim = matches!(event, Event::RecordReceived(record) if is_hostile(&record.user));
        let is_excepted = is_missed || is_claim && self.plan.guard == Guard::Busy;
        self.watch.event(device, event).into_iter().for_each(|why| self.blame(why));
        if !is_excepted {
            self.record_notification(device, format!("{event:?}"));
        }
    }

    fn record_notification(&mut self, device: usize, what: String) {
        self.notified.push((self.now, device, what));
    }

    /// The engine issues an operation.
    fn ask(&mut self, device: usize, req: Req, op: &signaling::Operation) {
        self.note(|| format!("device {device}: asks {req:?} {op:?}"));
        self.watch_op(device, op);
        if matches!(op, signaling::Operation::Login { .. }) && self.devices[device].link == Link::Off {
            self.devices[device].link = Link::Connecting;
            let is_first = self.devices[device].epoch == 0;
            let is_late = is_first && self.plan.late_login == Some(device);
            let (delay, epoch) = (if is_late { 12_500 } else { 50 }, self.devices[device].epoch);
            self.post([LINK, device as u64, 0], delay, 200, Scheduled::Up(device, epoch));
        }
        if matches!(op, signaling::Operation::Create { .. }) {
            // Channels have the same ids in both worlds: MQTT peers process them in that order.
            self.devices[device].creates += 1;
            let seed = number(self.plan.seed, [8, device as u64, 0], self.devices[device].creates);
            self.devices[device].protocol.reseed(seed);
        }
        self.devices[device].protocol.handle(self.now, protocol::Input::Op { req: req.0, op: op.clone() });
        self.run_protocol(device);
    }

    /// An output of an MQTT peer.
    pub(super) fn run_protocol(&mut self, device: usize) {
        let mut count = 0;
        while let Some(output) = self.devices[device].protocol.poll_output() {
            count += 1;
            if count > 2_000 {
                return self.blame(format!("device {device} says too much at once"));
            }
            match output {
                protocol::Output::Publish { token, qos, topic, payload, expires_ms } => {
                    self.publish(device, (token, qos), topic, payload, expires_ms);
                }
                protocol::Output::Watch { account, device: whom, on } => {
                    let watches = &mut self.devices[device].watches;
                    let _ =
                        if on { watches.insert((account, whom)) } else { watches.remove(&(account, whom)) };
                }
                protocol::Output::Disconnect { forget } => self.disconnect(device, forget),
                protocol::Output::Reconnect => self.go_down(device, self.now + 200),
                protocol::Output::Done { req, answer } => {
                    if let Some(room) = answer.channel.as_ref() {
                        self.name_channel(device, room);
                    }
                    let done = Input::SignalDone { req: Req(req), result: answer.into() };
                    self.devices[device].inbox.push_back(done);
                }
                protocol::Output::Events { origin, events } => {
                    if !events.is_empty() {
                        self.devices[device].inbox.push_back(Input::Signals { origin, events });
                    }
                }
                protocol::Output::Connection { change, code, message } => {
                    let input = Input::Connection(change.because(Outcome::failed(code, &message)));
                    self.devices[device].inbox.push_back(input);
                }
                protocol::Output::CallActive(_) => {}
                protocol::Output::Log { text } => {
                    self.watch.logged = true;
                    self.note(|| format!("device {device}: protocol: {text}"));
                }
                protocol::Output::Record { from, id, text, .. } => {
                    self.devices[device].inbox.push_back(engine_adapter::record(&from, &id, &text));
                }
            }
        }
    }

    /// The channel is identified by its creator and ordinal.
    fn name_channel(&mut self, device: usize, room: &ChannelState) {
        if room.channel.creator == self.devices[device].account
            && !self.channels.contains_key(&*room.channel.id)
        {
            self.devices[device].channels += 1;
            let name = device as u64 * 1_000_000 + self.devices[device].channels;
            self.channels.insert(room.channel.id.to_string(), name);
        }
    }
}

/// The invite of a hostile account that reached an MQTT peer while the device was busy and comes out of its
/// backlog when it no longer is: in a world without a policy nobody would refuse it any more.
fn is_invite_of_hostile(event: &signaling::Event) -> bool {
    event.kind == EventKind::Invite && event.from.starts_with("mallory")
}

impl World {
    /// The device is calling, called by or in a call with the other of the two accounts.
    pub(super) fn is_busy_with_friend(&self, device: usize) -> bool {
        let it = &self.devices[device];
        let peer = it.engine.snapshot().peer;
        it.is_in && it.engine.phase() != Phase::Idle && FRIENDS.contains(&&*peer) && *peer != *it.account
    }

    fn guarded(&mut self, device: usize, input: Input) -> Option<Input> {
        let Input::Signals { origin, mut events } = input else { return Some(input) };
        if self.plan.guard == Guard::Busy && !self.is_busy_with_friend(device) {
            for event in events.iter().filter(|it| is_invite_of_hostile(it)) {
                let dropped = engine_adapter::dropped(&event.channel.id, &event.request_id);
                self.devices[device].protocol.handle(self.now, dropped);
            }
            self.run_protocol(device);
            events.retain(|it| !is_invite_of_hostile(it));
        }
        (!events.is_empty()).then_some(Input::Signals { origin, events })
    }

    fn hostile_acts(&mut self) {
        if self.now > plan::END_MS {
            return;
        }
        self.hostile.now = self.now;
        for _ in 0..20 {
            let shots = self.hostile.acts();
            shots.into_iter().for_each(|shot| self.fire(&shot));
            let pause = self.hostile.pause();
            if pause > 0 {
                return self.post([HOSTILE, 0, 0], pause, 1, Scheduled::Hostile);
            }
        }
        self.post([HOSTILE, 0, 0], 5, 1, Scheduled::Hostile);
    }

    pub(super) fn fire_pending(&mut self) {
        for shot in std::mem::take(&mut self.hostile.pending) {
            if self.is_hostile && (plan::BEGIN_MS..plan::END_MS).contains(&self.now) {
                self.fire(&shot);
            }
        }
    }

    /// A hostile account's message leaves for the devices that subscribed to its topic.
    fn fire(&mut self, shot: &Shot) {
        for to in 0..self.devices.len() {
            let it = &self.devices[to];
            let kind = match &shot.aim {
                Aim::Inbox(account) if *account == it.account => TopicKind::Inbox,
                Aim::Direct(account, name) if *account == it.account && *name == it.name => TopicKind::Direct,
                Aim::Inbox(_) | Aim::Direct(..) => continue,
            };
            let queued = QueuedMessage {
                kind,
                qos: Qos::AtLeastOnce,
                from: Hostile::name(shot.by),
                device: shot.device.clone(),
                payload: shot.payload.clone(),
                expires_at: self.now + shot.expires_ms,
                hostile: Some(shot.kind),
            };
            // It is nearer to the broker than anybody else.
            self.post([NET, HOSTILES + shot.by as u64, to as u64], 1, 1, Scheduled::Arrive(to, queued));
        }
    }

    fn renew_wills(&mut self) {
        if self.now > plan::END_MS {
            return;
        }
        self.post([HOSTILE, 1, 0], 800, 1, Scheduled::Wills);
        for device in 0..self.devices.len() {
            let watched: Vec<_> = self.devices[device].watches.iter().cloned().collect();
            for (account, whose) in watched.into_iter().filter(|it| it.0.starts_with("mallory")) {
                let path = [NET, HOSTILES, device as u64];
                self.post(path, 1, 1, Scheduled::Gone { device, account, whose, hostile: true });
            }
        }
    }
}
