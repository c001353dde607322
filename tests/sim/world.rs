//! Devices, a service and the network between them, in virtual time, from one seed.

use std::collections::{BTreeMap, VecDeque};

use nertc_callkit::engine::input::{CallRef, Command, Input, RtcEvent, Ticket};
use nertc_callkit::engine::output::{Event, Operation, Output, RtcOp};
use nertc_callkit::engine::state::Phase;
use nertc_callkit::engine::time::Time;
use nertc_callkit::engine::{Engine, IdGenerator, Timers};
use nertc_callkit_signaling::{
    self as signaling, ChannelState, Code, Connection, EventKind, Notification, OperationResult, Origin,
    Outcome, Record, Req, Text,
};
use nertc_callkit_testkit::Random;

use super::cross_device_monitor::CrossDeviceMonitor;
use super::device::{Delivery, Device, MediaProtocols, Push, config};
use super::exchange::Exchange;
use super::legacy;
use super::monitor::Monitor;
use super::mqtt_peers::{MqttPeers, SinkMessage, Wire};
use super::network_conditions::NetworkConditions;
use super::trace::{Redaction, RunTrace};

/// Something on its way.
#[derive(Clone, Debug)]
pub(super) enum Scheduled {
    Operation(Req, signaling::Operation),
    RtcOperation(Req, RtcOp),
    Completed(Req, OperationResult),
    RtcCompleted(Req, Code),
    Message(Delivery),
    /// The join of the media room in which it was received, and what.
    RtcEvent(Req, RtcEvent),
    /// Nothing arrives from this one any more.
    Silence(Req, usize),
    UserActs,
    Login,
    /// What a login finds: channels and unread messages.
    Backlog(Vec<ChannelState>, Vec<signaling::Event>),
    /// A core's notification of its backend.
    Notification(Notification),
    /// The service notices that this incarnation's process has ended.
    Gone(u32),
    /// The backend notices that the device is cut off.
    CutNoticed,
    /// The disconnect is over.
    Healed,
    /// A new process.
    Reborn,
    /// The world's own misfortunes.
    Cut,
    /// Between a device and the broker, on this connection.
    Wire(u32, Wire),
    /// A backend's report to its core.
    SinkMessage(SinkMessage),
    /// The app answers that a token is wanted.
    Token,
    /// A call record.
    Record(Text, Record),
    /// The media backend sends something, for this join in this channel.
    RtcSend(Req, Text),
}

/// Everything.
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) devices: Vec<Device>,
    pub(crate) steps: u64,
    /// None: only whether all is well is of interest.
    trace: Option<RunTrace>,
    /// A fake violation, to see the output of a failure.
    pub(crate) fails_at: Option<u64>,
    /// Apps add texts to their requests.
    pub(crate) negotiates_media: bool,
    /// Texts that were sent from peer to peer, and that arrived.
    pub(super) texts: u64,
    pub(super) arrived: u64,
    /// Calls that ended because their media could not talk to each other.
    pub(super) mismatches: u64,
    pub(super) service: Exchange,
    /// None: the service also signals.
    pub(super) peers: Option<MqttPeers>,
    pub(super) conditions: NetworkConditions,
    pub(super) random: Random,
    pub(crate) watch: CrossDeviceMonitor,
    pub(super) schedule: BTreeMap<(u64, u64), (usize, u32, Scheduled)>,
    next_thing: u64,
    pub(super) is_healed: bool,
    /// The newest pushes.
    pub(super) pushes: VecDeque<Push>,
    /// The apps' events, counted: a run in which one of these never happens proves nothing about it.
    pub(crate) met: BTreeMap<&'static str, u64>,
}

/// Service time at the start.
pub(super) const EPOCH: u64 = 1_800_000_000_000;

impl World {
    /// Accounts with so many devices each.
    pub(crate) fn new(seed: u64, accounts: &[usize], conditions: NetworkConditions) -> World {
        let mut random = Random::new(seed);
        let mut devices = Vec::new();
        // Legacy clients announce no media.
        let is_modern = conditions.legacy_permille == 0 && !conditions.is_before_1_1 && random.chance(500);
        let mut protocols = MediaProtocols::new(seed, is_modern);
        for (index, count) in accounts.iter().enumerate() {
            let account: Text = format!("user{index}").into();
            let is_legacy = random.chance(conditions.legacy_permille);
            for _ in 0..*count {
                let confirm = random.chance(300);
                let media_protocol = protocols.next();
                devices.push(Device {
                    account: account.clone(),
                    engine: Engine::new(
                        config(confirm, media_protocol.clone()),
                        IdGenerator::test_seed(random.next_u64()),
                    ),
                    media_protocol,
                    monitor: Monitor::new(account.clone()),
                    is_legacy,
                    life: 0,
                    is_offline: false,
                    cut_until: 0,
                    has_noticed_cut: false,
                    is_backlogged: false,
                    waiting: Vec::new(),
                    last_ticket: 0,
                    media_free: 0,
                    next_received: 0,
                    last_login: 0,
                    media_join: Req(0),
                    reports_late: (seed + devices.len() as u64).is_multiple_of(2),
                    media_uid: 0,
                });
            }
        }
        let service = Exchange::new(devices.iter().map(|device| device.account.clone()).collect());
        let mut world = World {
            now: 0,
            watch: CrossDeviceMonitor::new(devices.len(), &conditions),
            devices,
            steps: 0,
            trace: None,
            fails_at: None,
            negotiates_media: false,
            texts: 0,
            arrived: 0,
            mismatches: 0,
            service,
            peers: None,
            conditions,
            random,
            schedule: BTreeMap::new(),
            next_thing: 0,
            is_healed: false,
            pushes: VecDeque::new(),
            met: BTreeMap::new(),
        };
        for device in 0..world.devices.len() {
            world.send(device, 0, Scheduled::Login);
            world.send(device, 500, Scheduled::UserActs);
        }
        if world.conditions.has_cuts {
            world.send(0, 5_000, Scheduled::Cut);
        }
        world
    }

    /// The same, with MQTT peers over a broker instead of a signaling service.
    pub(crate) fn with_mqtt(seed: u64, accounts: &[usize], conditions: NetworkConditions) -> World {
        let mut world = World::new(seed, accounts, conditions);
        let accounts: Vec<Text> = world.devices.iter().map(|device| device.account.clone()).collect();
        world.peers = Some(MqttPeers::new(&accounts, &mut world.random));
        world.watch.is_decided_by_peers();
        world
    }

    pub(super) fn send(&mut self, device: usize, delay: u64, scheduled: Scheduled) {
        let key = (self.now + delay, self.next_thing);
        self.next_thing += 1;
        self.schedule.insert(key, (device, self.devices[device].life, scheduled));
    }

    pub(super) fn delay(&mut self) -> u64 {
        1 + self.random.below(self.conditions.max_delay_ms)
    }

    pub(super) fn note(&mut self, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.lines.push(format!("{:>7} {}", self.now, text()));
        }
    }

    /// Runs until `end`, then heals the network. Without user actions everybody must be idle, or in a call
    /// with one other; once all hang up, everybody idle, without leftovers.
    pub(crate) fn run(&mut self, end: u64) -> Result<(), String> {
        while self.now < end {
            self.step()?;
        }
        self.conditions.has_cuts = false;
        while self.devices.iter().any(|device| device.cut_until > self.now) {
            self.step()?;
        }
        self.heal()?;
        self.settle()?;
        self.watch.is_quiet(&self.devices)?;
        for device in 0..self.devices.len() {
            let any = CallRef::default();
            self.command(
                device,
                Command::Hangup { call: any, no_offline: false, no_record: false, text: None },
            )?;
        }
        self.settle()?;
        for index in 0..self.devices.len() {
            let device = &self.devices[index];
            device.monitor.at_rest(&device.engine).map_err(|why| format!("device {index}: {why}"))?;
        }
        self.watch.at_rest(&self.devices, &self.service)?;
        self.peers.as_ref().map_or(Ok(()), |peers| peers.at_rest(self.now))
    }

    fn settle(&mut self) -> Result<(), String> {
        let rest = self.now + 200_000;
        while self.next_due().is_some_and(|at| at <= rest) {
            self.step()?;
        }
        Ok(())
    }

    fn heal(&mut self) -> Result<(), String> {
        self.is_healed = true;
        self.conditions = self.conditions.healed();
        self.note(|| "the network is healed".into());
        let past = |scheduled: &Scheduled| {
            matches!(scheduled, Scheduled::UserActs | Scheduled::Login | Scheduled::Reborn | Scheduled::Cut)
        };
        self.schedule.retain(|_, (_, _, scheduled)| !past(scheduled));
        for device in 0..self.devices.len() {
            self.come_online(device)?;
            self.feed(device, Input::Backlog(false))?;
        }
        Ok(())
    }

    fn next_due(&self) -> Option<u64> {
        let scheduled = self.schedule.keys().next().map(|(at, _)| *at);
        let timers = self.devices.iter().filter_map(|device| device.engine.poll_timeout());
        let protocol = self.peers.as_ref().and_then(|peers| peers.next_due()).map(|(at, _)| at);
        let service = self.service.poll_timeout().map(|at| at.saturating_sub(EPOCH));
        timers.map(|(at, _)| at.0).chain(scheduled).chain(protocol).chain(service).min()
    }

    /// One event happens, or one deadline passes.
    pub(crate) fn step(&mut self) -> Result<(), String> {
        let Some(at) = self.next_due() else {
            self.now += 1_000_000;
            return Ok(());
        };
        self.now = self.now.max(at);
        self.steps += 1;
        self.make()?;
        self.protocol_fault()?;
        if self.fails_at == Some(self.steps) {
            return Err("on purpose".into());
        }
        self.no_call_of_different_media()?;
        self.watch.check(self.now, &self.devices)
    }

    fn make(&mut self) -> Result<(), String> {
        for index in 0..self.devices.len() {
            let due = self.devices[index].engine.poll_timeout().filter(|(due, _)| due.0 <= self.now);
            if let Some((_, why)) = due {
                self.note(|| format!("device {index}: timer: {why}"));
                let now = self.now;
                self.trace.iter_mut().for_each(|trace| trace.timeout(index, now, why));
                self.devices[index].engine.handle_timeout(Time(self.now));
                return self.drain(index);
            }
        }
        let protocol = self.peers.as_ref().and_then(|peers| peers.next_due());
        if let Some((_, index)) = protocol.filter(|(at, _)| *at <= self.now) {
            self.protocol_timeout(index);
            return Ok(());
        }
        if self.service.poll_timeout().is_some_and(|at| at <= EPOCH + self.now) {
            self.service_timeout();
            return Ok(());
        }
        let Some((_, (device, life, scheduled))) = self.schedule.pop_first() else { return Ok(()) };
        match self.cross(device, life, scheduled) {
            Some(scheduled) => self.arrive(device, life, scheduled),
            None => Ok(()),
        }
    }

    fn arrive(&mut self, device: usize, life: u32, scheduled: Scheduled) -> Result<(), String> {
        let is_stale = life != self.devices[device].life;
        match scheduled {
            Scheduled::UserActs => self.user_acts(device),
            Scheduled::Cut => self.cut_somebody(),
            Scheduled::Healed => self.cut_is_over(device),
            // What reached the network before the device died still takes effect, its connection does not.
            Scheduled::Operation(_, signaling::Operation::Login { .. }) if is_stale => Ok(()),
            Scheduled::Operation(req, op) => {
                self.run_operation(device, life, req, &op);
                Ok(())
            }
            Scheduled::Message(delivery) => self.deliver(delivery),
            Scheduled::Notification(notice) => {
                self.run_notification(device, life, &notice);
                Ok(())
            }
            Scheduled::Gone(life) => {
                self.service.detach(EPOCH + self.now, device, life as usize);
                self.dispatch_all();
                Ok(())
            }
            Scheduled::Backlog(_, events) if is_stale => {
                self.keep(device, events);
                Ok(())
            }
            Scheduled::Wire(connection, wire) => {
                self.on_wire(device, connection, wire);
                Ok(())
            }
            _ if is_stale => Ok(()),
            Scheduled::Login => {
                // A push may have woken it.
                if self.random.chance(400) {
                    self.answer_early(device)?;
                }
                let account = self.devices[device].account.clone();
                self.command(device, Command::Login { account, token: Text::default() })
            }
            Scheduled::RtcOperation(req, op) => {
                self.run_rtc(device, req, &op);
                Ok(())
            }
            Scheduled::Completed(req, result) => {
                self.note(|| format!("device {device}: completed {req:?} {}", result.outcome.code));
                self.feed(device, Input::SignalDone { req, result: result.into() })
            }
            Scheduled::RtcCompleted(req, code) => {
                let outcome = Outcome { code, ..Outcome::default() };
                self.feed(device, Input::RtcDone { req, outcome })
            }
            Scheduled::RtcEvent(join, event) => self.receive_media(device, join, event),
            Scheduled::Silence(join, other) => self.fall_silent(device, join, other),
            Scheduled::Backlog(channels, events) => {
                self.feed(device, Input::ChannelStates(channels))?;
                self.keep(device, events);
                self.take_backlog(device)
            }
            Scheduled::CutNoticed => self.notice_cut(device),
            Scheduled::SinkMessage(message) => self.receive_message(device, message),
            Scheduled::Token => self.give_token(device),
            Scheduled::RtcSend(join, channel) => self.media_sends(device, join, &channel),
            Scheduled::Record(from, record) => self.receive_record(device, from, record),
            Scheduled::Reborn => self.restart(device),
        }
    }

    fn record(&mut self, device: usize, input: &Input) {
        if let Some(trace) = &mut self.trace {
            trace.input(device, self.now, input);
        }
    }

    /// From here on the run is kept.
    pub(crate) fn show(&mut self, redaction: Redaction) {
        self.trace =
            Some(RunTrace::new(redaction, self.now, self.devices.iter().map(|device| &device.engine)));
    }

    /// What was kept: lines for readers, and the trace.
    pub(crate) fn shown(&mut self) -> (Vec<String>, Vec<u8>) {
        let Some(mut kept) = self.trace.take() else { return Default::default() };
        let trace = kept.end(self.devices.iter_mut().map(|device| &mut device.engine)).to_vec();
        (kept.lines, trace)
    }

    /// An input of a device; its outputs are sent.
    pub(crate) fn feed(&mut self, device: usize, input: Input) -> Result<(), String> {
        self.record(device, &input);
        let target = &mut self.devices[device];
        target.monitor.before(&input);
        self.watch.on_input(device, &input);
        target.engine.handle(Time(self.now), input);
        self.drain(device)
    }

    fn drain(&mut self, device: usize) -> Result<(), String> {
        while let Some(output) = self.devices[device].engine.poll_output() {
            self.trace.iter_mut().for_each(|trace| trace.output(&output));
            let target = &mut self.devices[device];
            let check_result = target.monitor.output(&output, &target.engine);
            match output {
                Output::Signal { req, op } => {
                    let early = self.watch.on_issue(self.now, device, req, &op);
                    self.start_operation(device, req, op);
                    early.map_err(|why| format!("device {device}: {why}"))?;
                }
                Output::Notify(notice) if self.peers.is_some() => self.notify_protocol(device, notice),
                Output::Notify(notice) => self.notify(device, notice),
                Output::Rtc { req, op } => {
                    self.send_media_texts(device, req, &op);
                    self.start_media(device, req, op);
                }
                Output::RtcReceive { json, .. } => {
                    self.arrived += 1;
                    self.note(|| format!("device {device}: media gets {json}"));
                }
                Output::RtcPrepare(_) | Output::RtcDiscard { .. } => {
                    self.note(|| format!("device {device}: {output:?}"));
                }
                Output::Done { result, .. } => {
                    self.note(|| format!("device {device}: done {:?} {}", result.operation, result.code));
                    if result.operation == Operation::Login && result.code != Code::OK {
                        self.relogin(device);
                    }
                }
                Output::Event(event) => {
                    self.note(|| format!("device {device}: {event:?}"));
                    self.arrived += u64::from(matches!(event, Event::Data(_)));
                    self.is_fresh(&event).map_err(|why| format!("device {device}: {why}"))?;
                    self.media_is_compatible(device, &event)
                        .map_err(|why| format!("device {device}: {why}"))?;
                    self.on_event(device, &event);
                }
                Output::Ignored(why) => self.note(|| format!("device {device}: ignored: {why}")),
                Output::Closed => {
                    self.note(|| format!("device {device}: closed"));
                    self.send(device, 3_000, Scheduled::Reborn);
                }
            }
            check_result.map_err(|why| format!("device {device}: {why}"))?;
        }
        let target = &mut self.devices[device];
        target.monitor.settled(&target.engine).map_err(|why| format!("device {device}: {why}"))
    }

    /// What rings is not older than an invite may be; a login's answer may have taken ten seconds.
    fn is_fresh(&self, event: &Event) -> Result<(), String> {
        let Event::Invited(invited) = event else { return Ok(()) };
        let age = match &self.peers {
            Some(peers) => peers.age_of_invite(self.now, &invited.channel_id, &invited.request_id),
            None => (EPOCH + self.now).saturating_sub(invited.invited_at_ms),
        };
        let limit = u64::from(Timers::default().invite_age_ms) + 10_000;
        if age > limit {
            return Err(format!("invariant 5: rings {age} ms after it was sent"));
        }
        Ok(())
    }

    /// A request of the user.
    pub(crate) fn command(&mut self, device: usize, command: Command) -> Result<(), String> {
        let target = &mut self.devices[device];
        target.last_ticket += 1;
        let ticket = Ticket(target.last_ticket);
        let is_idle = target.engine.phase() == Phase::Idle;
        let no_record = matches!(&command, Command::Call(options) if options.no_record);
        let is_call = matches!(command, Command::Call(_));
        self.note(|| format!("device {device}: user: {command:?}"));
        self.watch.on_command(device, &command);
        let input = Input::Command { ticket, command: command.into() };
        self.record(device, &input);
        let target = &mut self.devices[device];
        target.monitor.before(&input);
        target.engine.handle(Time(self.now), input);
        if is_call && is_idle && target.engine.phase() == Phase::Calling {
            let call_no = target.engine.snapshot().call_no;
            target.monitor.placed(call_no, no_record);
        }
        self.drain(device)
    }

    fn deliver(&mut self, delivery: Delivery) -> Result<(), String> {
        let to = delivery.to;
        if self.devices[to].is_offline || !self.service.is_online(to) {
            self.devices[to].waiting.push(delivery);
            return Ok(());
        }
        self.receive(to, delivery.source, delivery.event)
    }

    /// A message to a device.
    pub(super) fn receive(
        &mut self,
        to: usize,
        source: Origin,
        event: signaling::Event,
    ) -> Result<(), String> {
        self.note(|| {
            let ids = format!("{} {}", event.channel.id, event.request_id);
            format!(
                "device {to}: {source:?} {:?} {ids} from {} {}",
                event.kind, event.from, event.from_device
            )
        });
        let is_busy = self.devices[to].engine.phase() != Phase::Idle;
        let is_legacy = self.devices[to].is_legacy && is_busy;
        if is_legacy && event.kind == EventKind::Invite {
            let delay = self.delay();
            let busy = legacy::busy(&event);
            if let Some(busy) = self.ask_protocol(to, Req(u64::MAX), busy) {
                self.send(to, delay, Scheduled::Operation(Req(u64::MAX), busy));
            }
            return Ok(());
        }
        let is_cancel = event.kind == EventKind::Cancel;
        self.watch.on_message(&self.devices, to, &event);
        self.feed(to, Input::Signals { origin: source, events: vec![event] })?;
        if is_legacy && is_cancel && self.devices[to].engine.phase() != Phase::Idle {
            let any = CallRef::default();
            return self
                .command(to, Command::Hangup { call: any, no_offline: false, no_record: true, text: None });
        }
        Ok(())
    }

    pub(super) fn take_backlog(&mut self, device: usize) -> Result<(), String> {
        let waiting = std::mem::take(&mut self.devices[device].waiting);
        self.feed_backlog(device, waiting.into_iter().map(|waiting| waiting.event).collect())
    }

    pub(super) fn feed_backlog(
        &mut self,
        device: usize,
        events: Vec<signaling::Event>,
    ) -> Result<(), String> {
        if events.is_empty() {
            return Ok(());
        }
        self.note(|| {
            let all: Vec<_> = events.iter().map(|e| format!("{:?} {}", e.kind, e.channel.id)).collect();
            format!("device {device}: backlog {all:?}")
        });
        self.feed(device, Input::Signals { origin: Origin::Offline, events })
    }

    /// The device's process dies and a new one logs in.
    pub(super) fn restart(&mut self, device: usize) -> Result<(), String> {
        self.note(|| format!("device {device} dies"));
        self.trouble(device);
        self.service.restart(EPOCH + self.now, device);
        self.dispatch_all();
        let (life, noticed) = (self.devices[device].life, self.delay());
        self.send(device, noticed, Scheduled::Gone(life));
        let seed = self.random.next_u64();
        let confirm = self.random.chance(300);
        let target = &mut self.devices[device];
        target.life += 1;
        self.watch.forget(device);
        let life = target.life;
        let media_protocol = target.media_protocol.clone();
        target.engine = Engine::new(config(confirm, media_protocol), IdGenerator::test_seed(seed));
        self.trace.iter_mut().for_each(|trace| trace.reborn(device, self.now, &target.engine));
        target.monitor = Monitor::new(target.account.clone());
        target.is_offline = false;
        target.has_noticed_cut = false;
        target.is_backlogged = false;
        target.last_login = 0;
        self.renew_protocol(device, life, seed);
        self.relogin(device);
        if self.random.chance(300) { self.answer_early(device) } else { Ok(()) }
    }

    pub(super) fn relogin(&mut self, device: usize) {
        if !self.is_healed {
            let pause = 100 + self.random.below(20_000);
            self.send(device, pause, Scheduled::Login);
        }
    }

    pub(super) fn come_online(&mut self, device: usize) -> Result<(), String> {
        self.devices[device].is_offline = false;
        if self.peers.is_some()
            || !self.service.is_online(device)
            || self.devices[device].cut_until > self.now
        {
            return Ok(());
        }
        self.note(|| format!("device {device} comes online"));
        self.trouble(device);
        self.feed(device, Input::Connection(Connection::Restored))?;
        self.take_backlog(device)
    }

    /// Something went wrong for this device: promises that need a healthy network are off.
    pub(super) fn trouble(&mut self, device: usize) {
        for device in self.kin(device) {
            self.watch.trouble(self.now, device);
        }
    }
}
