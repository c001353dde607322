//! Devices, a service and the network between them, in virtual time, from one seed.

use std::collections::BTreeMap;

use nertc_callkit::engine::input::{
    CallOptions, CallRef, CallType, Command, Connection, Input, Outcome, Req, RtcEvent, SignalResult, Source,
    SwitchStep, Text, Ticket,
};
use nertc_callkit::engine::output::{Output, RtcOp, SignalOp};
use nertc_callkit::engine::state::Phase;
use nertc_callkit::engine::time::Time;
use nertc_callkit::engine::{Caps, Config, Engine, Timers};

use super::monitor::Monitor;
use super::random::Random;
use super::service::{Delivery, Service};

/// How bad the network is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) max_delay_ms: u64,
    pub(crate) lost_permille: u64,
    pub(crate) twice_permille: u64,
    pub(crate) unanswered_permille: u64,
}

impl Weather {
    pub(crate) fn fine() -> Weather {
        Weather { max_delay_ms: 20, lost_permille: 0, twice_permille: 0, unanswered_permille: 0 }
    }
}

/// One device and what it is.
pub(crate) struct Device {
    pub(crate) account: Text,
    pub(crate) engine: Engine,
    pub(crate) monitor: Monitor,
    /// Counts restarts: what was meant for an earlier life is lost.
    life: u32,
    /// Messages wait, operations are lost.
    is_offline: bool,
    waiting: Vec<Delivery>,
    last_ticket: u64,
}

/// Something on its way.
#[derive(Clone, Debug)]
enum Thing {
    Operation(Req, SignalOp),
    RtcOperation(Req, RtcOp),
    Completed(Req, SignalResult),
    RtcCompleted(Req, i32),
    Message(Delivery),
    RtcEvent(RtcEvent),
    UserActs,
    Login,
    /// What waited, after a login.
    Backlog,
}

/// Everything.
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) devices: Vec<Device>,
    pub(crate) steps: u64,
    pub(crate) trace: Vec<String>,
    service: Service,
    weather: Weather,
    random: Random,
    things: BTreeMap<(u64, u64), (usize, u32, Thing)>,
    next_thing: u64,
    is_healed: bool,
}

/// Service time at the start.
const EPOCH: u64 = 1_800_000_000_000;

impl World {
    /// Accounts with so many devices each.
    pub(crate) fn new(seed: u64, accounts: &[usize], weather: Weather) -> World {
        let mut random = Random::new(seed);
        let mut devices = Vec::new();
        for (index, count) in accounts.iter().enumerate() {
            let account: Text = format!("user{index}").into();
            for _ in 0..*count {
                let confirm = random.chance(300);
                devices.push(Device {
                    account: account.clone(),
                    engine: Engine::new(config(confirm), random.next()),
                    monitor: Monitor::new(account.clone()),
                    life: 0,
                    is_offline: false,
                    waiting: Vec::new(),
                    last_ticket: 0,
                });
            }
        }
        let service = Service::new(devices.iter().map(|device| device.account.clone()).collect());
        let mut world = World {
            now: 0,
            devices,
            steps: 0,
            trace: Vec::new(),
            service,
            weather,
            random,
            things: BTreeMap::new(),
            next_thing: 0,
            is_healed: false,
        };
        for device in 0..world.devices.len() {
            world.send(device, 0, Thing::Login);
            world.send(device, 500, Thing::UserActs);
        }
        world
    }

    fn send(&mut self, device: usize, delay: u64, thing: Thing) {
        let key = (self.now + delay, self.next_thing);
        self.next_thing += 1;
        self.things.insert(key, (device, self.devices[device].life, thing));
    }

    fn delay(&mut self) -> u64 {
        1 + self.random.below(self.weather.max_delay_ms)
    }

    fn note(&mut self, text: impl FnOnce() -> String) {
        if self.trace.len() > 4000 {
            self.trace.drain(..2000);
        }
        let line = format!("{:>7} {}", self.now, text());
        self.trace.push(line);
    }

    /// Runs until `end`, then calms the network, hangs everything up, and sees that everybody comes to rest.
    pub(crate) fn run(&mut self, end: u64) -> Result<(), String> {
        while self.now < end {
            self.step()?;
        }
        self.heal()?;
        let rest = self.now + 200_000;
        while self.now < rest && self.has_work(rest) {
            self.step()?;
        }
        for index in 0..self.devices.len() {
            let device = &self.devices[index];
            device.monitor.at_rest(&device.engine).map_err(|why| format!("device {index}: {why}"))?;
        }
        Ok(())
    }

    fn has_work(&self, until: u64) -> bool {
        self.next_due().is_some_and(|at| at <= until)
    }

    fn heal(&mut self) -> Result<(), String> {
        self.is_healed = true;
        self.weather = Weather::fine();
        self.note(|| "the network is healed".into());
        self.things.retain(|_, (_, _, thing)| !matches!(thing, Thing::UserActs | Thing::Login));
        for device in 0..self.devices.len() {
            self.come_online(device)?;
        }
        for device in 0..self.devices.len() {
            let any = CallRef::default();
            self.command(device, Command::Hangup { call: any, no_offline: false, no_record: false })?;
        }
        Ok(())
    }

    fn next_due(&self) -> Option<u64> {
        let thing = self.things.keys().next().map(|(at, _)| *at);
        let timers = self.devices.iter().filter_map(|device| device.engine.poll_timeout());
        timers.map(|(at, _)| at.0).chain(thing).min()
    }

    /// One thing arrives, or one deadline passes.
    pub(crate) fn step(&mut self) -> Result<(), String> {
        let Some(at) = self.next_due() else {
            self.now += 1_000_000;
            return Ok(());
        };
        self.now = self.now.max(at);
        self.steps += 1;
        for index in 0..self.devices.len() {
            let due = self.devices[index].engine.poll_timeout().filter(|(due, _)| due.0 <= self.now);
            if let Some((_, why)) = due {
                self.note(|| format!("device {index}: timer: {why}"));
                let now = Time(self.now);
                self.devices[index].engine.handle_timeout(now);
                self.drain(index)?;
                return self.check_world();
            }
        }
        let Some((_, (device, life, thing))) = self.things.pop_first() else { return Ok(()) };
        self.arrive(device, life, thing)?;
        self.check_world()
    }

    fn arrive(&mut self, device: usize, life: u32, thing: Thing) -> Result<(), String> {
        let is_stale = life != self.devices[device].life;
        match thing {
            Thing::UserActs => self.user_acts(device),
            Thing::Login if !is_stale => {
                let account = self.devices[device].account.clone();
                self.command(device, Command::Login { account, token: Text::default() })
            }
            // What reached the network before the device died still takes effect, its connection does not.
            Thing::Operation(_, SignalOp::Login { .. }) if is_stale => Ok(()),
            Thing::Operation(req, op) => {
                self.run_operation(device, life, req, &op);
                Ok(())
            }
            Thing::RtcOperation(req, op) if !is_stale => {
                self.run_rtc(device, req, &op);
                Ok(())
            }
            Thing::Message(delivery) => self.deliver(delivery),
            _ if is_stale => Ok(()),
            Thing::Completed(req, result) => self.feed(device, Input::SignalDone { req, result }),
            Thing::RtcCompleted(req, code) => {
                let outcome = Outcome { code, ..Outcome::default() };
                self.feed(device, Input::RtcDone { req, outcome })
            }
            Thing::RtcEvent(event) => self.feed(device, Input::Rtc(event)),
            Thing::Backlog => {
                self.feed(device, Input::Rooms(self.service.rooms_of(device)))?;
                self.take_backlog(device)
            }
            Thing::RtcOperation(..) | Thing::Login => Ok(()),
        }
    }

    fn run_operation(&mut self, device: usize, life: u32, req: Req, op: &SignalOp) {
        let service_now = EPOCH + self.now;
        let (result, deliveries) = self.service.run(device, service_now, op);
        let is_login = matches!(op, SignalOp::Login { .. });
        self.note(|| format!("service: device {device}: {} = {}", name(op), result.outcome.code));
        for delivery in deliveries {
            self.post(delivery);
        }
        if life != self.devices[device].life || self.random.chance(self.weather.unanswered_permille) {
            return;
        }
        let delay = self.delay();
        self.send(device, delay, Thing::Completed(req, result));
        if is_login {
            self.devices[device].is_offline = false;
            self.send(device, delay + 1, Thing::Backlog);
        }
    }

    fn post(&mut self, delivery: Delivery) {
        if self.random.chance(self.weather.lost_permille) {
            return self.note(|| format!("lost: {:?} to device {}", delivery.event.signal, delivery.to));
        }
        if self.random.chance(self.weather.twice_permille) {
            let delay = self.delay();
            self.send(delivery.to, delay, Thing::Message(delivery.clone()));
        }
        let delay = self.delay();
        self.send(delivery.to, delay, Thing::Message(delivery));
    }

    fn deliver(&mut self, delivery: Delivery) -> Result<(), String> {
        let to = delivery.to;
        if self.devices[to].is_offline || !self.service.logged_in[to] {
            self.devices[to].waiting.push(delivery);
            return Ok(());
        }
        self.note(|| format!("device {to}: {:?} {:?}", delivery.source, brief(&delivery)));
        self.feed(to, Input::Signals { source: delivery.source, events: vec![delivery.event] })
    }

    fn run_rtc(&mut self, device: usize, req: Req, op: &RtcOp) {
        let (code, heard) = self.service.run_rtc(device, op);
        self.note(|| format!("media: device {device}: {op:?} = {code}"));
        let delay = self.delay();
        if !self.random.chance(self.weather.unanswered_permille) {
            self.send(device, delay, Thing::RtcCompleted(req, code));
        }
        for (to, event) in heard {
            let delay = delay + 1;
            self.send(to, delay, Thing::RtcEvent(event));
        }
    }

    /// A device gets an input, and what it asks for is sent on its way.
    pub(crate) fn feed(&mut self, device: usize, input: Input) -> Result<(), String> {
        let target = &mut self.devices[device];
        target.monitor.before(&input);
        target.engine.handle(Time(self.now), input);
        self.drain(device)
    }

    fn drain(&mut self, device: usize) -> Result<(), String> {
        while let Some(output) = self.devices[device].engine.poll_output() {
            let target = &mut self.devices[device];
            let verdict = target.monitor.output(&output, &target.engine);
            match output {
                Output::Signal { req, op } => {
                    let is_lost = target.is_offline && !matches!(op, SignalOp::Login { .. })
                        || self.random.chance(self.weather.lost_permille);
                    self.note(|| {
                        format!("device {device}: {}{}", name(&op), if is_lost { " (lost)" } else { "" })
                    });
                    if !is_lost {
                        let delay = self.delay();
                        self.send(device, delay, Thing::Operation(req, op));
                    }
                }
                Output::Rtc { req, op } => {
                    let delay = self.delay();
                    self.send(device, delay, Thing::RtcOperation(req, op));
                }
                Output::Done { result, .. } => {
                    self.note(|| format!("device {device}: done {:?} {}", result.operation, result.code));
                }
                Output::Event(event) => self.note(|| format!("device {device}: {event:?}")),
                Output::Ignored(why) => self.note(|| format!("device {device}: ignored: {why}")),
                Output::Closed => {}
            }
            verdict.map_err(|why| format!("device {device}: {why}"))?;
        }
        Ok(())
    }

    /// The user asks for something.
    pub(crate) fn command(&mut self, device: usize, command: Command) -> Result<(), String> {
        let target = &mut self.devices[device];
        target.last_ticket += 1;
        let ticket = Ticket(target.last_ticket);
        let is_idle = target.engine.phase() == Phase::Idle;
        let no_record = matches!(&command, Command::Call(options) if options.no_record);
        let is_call = matches!(command, Command::Call(_));
        self.note(|| format!("device {device}: user: {command:?}"));
        let target = &mut self.devices[device];
        let input = Input::Command { ticket, command };
        target.monitor.before(&input);
        target.engine.handle(Time(self.now), input);
        if is_call && is_idle && target.engine.phase() == Phase::Calling {
            let call_no = target.engine.snapshot().call_no;
            target.monitor.placed(call_no, no_record);
        }
        self.drain(device)
    }

    fn user_acts(&mut self, device: usize) -> Result<(), String> {
        if self.is_healed {
            return Ok(());
        }
        let pause = 1 + self.random.below(4_000);
        self.send(device, pause, Thing::UserActs);
        let phase = self.devices[device].engine.phase();
        let call = CallRef::default();
        let answer = self.random.below(100);
        match (phase, answer) {
            (Phase::Idle, 0..70) => self.place_call(device),
            (Phase::Called, 0..50) => self.command(device, Command::Accept { call }),
            (Phase::Called | Phase::Accepting, 50..65) => self.command(device, Command::Reject { call }),
            (Phase::Calling | Phase::GlareAccepting, 0..30) => self.cancel(device),
            (Phase::InCall, 0..25) => {
                self.command(device, Command::Hangup { call, no_offline: false, no_record: false })
            }
            (Phase::InCall, 25..35) => self.command(device, Command::Leave { call, no_offline: false }),
            (Phase::InCall, 35..60) => self.switch(device),
            (_, 80..90) => self.anything(device),
            (_, 90..100) => self.misfortune(device),
            (Phase::Idle | Phase::Calling | Phase::GlareAccepting, _) => Ok(()),
            (Phase::Called | Phase::Accepting | Phase::InCall, _) => Ok(()),
        }
    }

    fn place_call(&mut self, device: usize) -> Result<(), String> {
        let own = self.devices[device].account.clone();
        let others: Vec<Text> = self
            .devices
            .iter()
            .map(|other| other.account.clone())
            .filter(|account| *account != own)
            .collect();
        let user = self.random.pick(&others).clone();
        let options = CallOptions {
            user,
            call_type: if self.random.chance(500) { CallType::Audio } else { CallType::Video },
            attachment: None,
            extra: None,
            push: None,
            no_offline: false,
            no_record: self.random.chance(100),
        };
        self.command(device, Command::Call(options))
    }

    fn cancel(&mut self, device: usize) -> Result<(), String> {
        let call = CallRef::default();
        self.command(device, Command::Cancel { call, attach_ext: None, no_offline: false, no_record: false })
    }

    fn switch(&mut self, device: usize) -> Result<(), String> {
        let call_type = if self.random.chance(500) { CallType::Audio } else { CallType::Video };
        let step = *self.random.pick(&[SwitchStep::Invite, SwitchStep::Agree, SwitchStep::Reject]);
        self.command(device, Command::SwitchCallType { call_type, step })
    }

    /// Whatever, in whatever state.
    fn anything(&mut self, device: usize) -> Result<(), String> {
        let call = CallRef::default();
        match self.random.below(7) {
            0 => self.command(device, Command::Accept { call }),
            1 => self.command(device, Command::Reject { call }),
            2 => self.command(device, Command::Hangup { call, no_offline: false, no_record: false }),
            3 => self.command(device, Command::Leave { call, no_offline: false }),
            4 => self.cancel(device),
            5 => self.switch(device),
            _ => self.place_call(device),
        }
    }

    fn misfortune(&mut self, device: usize) -> Result<(), String> {
        match self.random.below(5) {
            0 => self.restart(device),
            1 => self.go_offline(device),
            2 => self.come_online(device),
            3 => {
                self.command(device, Command::Logout)?;
                self.relogin(device);
                Ok(())
            }
            _ => self.kick(device),
        }
    }

    fn relogin(&mut self, device: usize) {
        let pause = 100 + self.random.below(20_000);
        self.send(device, pause, Thing::Login);
    }

    fn kick(&mut self, device: usize) -> Result<(), String> {
        self.note(|| format!("device {device} is kicked"));
        for delivery in self.service.forget(device, EPOCH + self.now) {
            self.post(delivery);
        }
        self.relogin(device);
        self.feed(device, Input::Connection(Connection::Kicked(Outcome::default())))
    }

    fn go_offline(&mut self, device: usize) -> Result<(), String> {
        self.note(|| format!("device {device} goes offline"));
        self.devices[device].is_offline = true;
        self.feed(device, Input::Connection(Connection::Lost(Outcome::default())))
    }

    fn come_online(&mut self, device: usize) -> Result<(), String> {
        self.devices[device].is_offline = false;
        if !self.service.logged_in[device] {
            return Ok(());
        }
        self.note(|| format!("device {device} comes online"));
        self.feed(device, Input::Connection(Connection::Restored))?;
        self.take_backlog(device)
    }

    fn take_backlog(&mut self, device: usize) -> Result<(), String> {
        let events: Vec<_> = std::mem::take(&mut self.devices[device].waiting)
            .into_iter()
            .map(|waiting| waiting.event)
            .collect();
        if events.is_empty() {
            return Ok(());
        }
        self.feed(device, Input::Signals { source: Source::Offline, events })
    }

    /// The device's process dies and a new one logs in.
    fn restart(&mut self, device: usize) -> Result<(), String> {
        self.note(|| format!("device {device} dies"));
        for (to, event) in self.service.leave_rtc(device, 1) {
            self.send(to, 5_000, Thing::RtcEvent(event));
        }
        self.service.logged_in[device] = false;
        let seed = self.random.next();
        let confirm = self.random.chance(300);
        let target = &mut self.devices[device];
        target.life += 1;
        target.engine = Engine::new(config(confirm), seed);
        target.monitor = Monitor::new(target.account.clone());
        target.is_offline = false;
        self.relogin(device);
        Ok(())
    }

    /// Invariants over several devices.
    fn check_world(&mut self) -> Result<(), String> {
        for (index, a) in self.devices.iter().enumerate() {
            if a.engine.phase() != Phase::InCall {
                continue;
            }
            let channel = a.engine.snapshot().channel_id;
            for (other, b) in self.devices.iter().enumerate().skip(index + 1) {
                let is_same = b.account == a.account
                    && b.engine.phase() == Phase::InCall
                    && b.engine.snapshot().channel_id == channel;
                if is_same {
                    return Err(format!("devices {index} and {other} of one account are in call {channel}"));
                }
            }
        }
        Ok(())
    }
}

fn config(confirm: bool) -> Config {
    Config {
        timers: Timers::default(),
        caps: Caps {
            server_record: false,
            send_record: true,
            control: true,
            no_media: false,
            enable_local: true,
            mute_local: true,
            subscribe: true,
            set_view: true,
        },
        confirm_audio_to_video: confirm,
        confirm_video_to_audio: confirm,
    }
}

fn name(op: &SignalOp) -> String {
    let text = format!("{op:?}");
    let end = text.find("custom").unwrap_or(text.len()).min(160);
    text.chars().take(end).collect()
}

fn brief(delivery: &Delivery) -> String {
    let event = &delivery.event;
    format!(
        "{:?} {} {} from {} {}",
        event.signal, event.channel.id, event.request_id, event.from, event.from_device
    )
}
