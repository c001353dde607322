//! One state of a small world: engines, service, and everything that is under way. Any of it may come next.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use nertc_callkit::engine::input::{
    CallOptions, CallRef, CallType, Command, Input, Outcome, Req, RtcEvent, Signal, SignalResult, SwitchStep,
    Text, Ticket,
};
use nertc_callkit::engine::output::{Message, Output, RtcOp, SignalOp};
use nertc_callkit::engine::state::Phase;
use nertc_callkit::engine::time::Time;
use nertc_callkit::engine::{Caps, Config, Engine, Names, Timers};

use crate::monitor::Monitor;
use crate::old::{aged, ancient, busy};
use crate::service::{Delivery, Service};
use crate::tape::{Redaction, Tape};

/// What users and the network may still do. Everything is bounded, so that the search ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// Per device: whom it may still call, and how often each other function may still be called.
    pub(crate) calls: Vec<Vec<&'static str>>,
    pub(crate) accepts: Vec<u8>,
    pub(crate) rejects: Vec<u8>,
    pub(crate) hangups: Vec<u8>,
    pub(crate) leaves: Vec<u8>,
    pub(crate) switches: Vec<u8>,
    pub(crate) losses: u8,
    pub(crate) copies: u8,
    /// Deadlines that may pass while something is still under way.
    pub(crate) early_timers: u8,
}

/// Something under way.
#[derive(Clone, Debug)]
enum Thing {
    Operation(usize, Req, SignalOp),
    Completion(usize, Req, SignalResult),
    Message(Delivery),
}

/// What can happen next.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    Arrive(usize),
    Lose(usize),
    Copy(usize),
    Timer,
    User(usize, Ask),
}

/// What a user can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Call(&'static str),
    Accept,
    Reject,
    Hangup,
    Leave,
    Switch,
}

/// A state.
#[derive(Clone)]
pub(crate) struct World {
    now: u64,
    pub(crate) engines: Vec<Engine>,
    monitors: Vec<Monitor>,
    accounts: Vec<Text>,
    service: Service,
    things: Vec<Thing>,
    pub(crate) budget: Budget,
    tickets: u64,
    /// Devices that behave like clients from before call ids: their invites have none, they are busy while
    /// they call, and any CANCEL ends whatever they are in.
    old: Vec<bool>,
    /// All attachments are those of clients before 1.1.0, on both sides.
    ancient: bool,
    pub(crate) tape: Option<Tape>,
}

impl World {
    pub(crate) fn new(accounts: &[&'static str], old: &[usize], budget: Budget) -> World {
        let names: Vec<Text> = accounts.iter().map(|name| Text::from(*name)).collect();
        let caps = Caps { send_record: true, control: true, ..Caps::default() };
        let config = Config { caps, timers: Timers::default(), ..Config::default() };
        let mut world = World {
            now: 0,
            engines: (0..names.len()).map(|index| Engine::new(config, index as u64 * 77 + 5)).collect(),
            monitors: names.iter().map(|name| Monitor::new(name.clone())).collect(),
            service: Service::new(names.clone()),
            accounts: names,
            things: Vec::new(),
            budget,
            tickets: 0,
            old: (0..accounts.len()).map(|index| old.contains(&index)).collect(),
            ancient: false,
            tape: None,
        };
        for device in 0..world.engines.len() {
            let login = Command::Login { account: world.accounts[device].clone(), token: Text::default() };
            world.command(device, login).expect("a login breaks nothing");
        }
        while !world.things.is_empty() {
            world.arrive(0).expect("a login breaks nothing");
        }
        world
    }

    /// The same, with clients before 1.1.0 on both sides.
    pub(crate) fn ancient(mut self) -> World {
        self.ancient = true;
        self
    }

    /// All moves, in a fixed order.
    pub(crate) fn moves(&self) -> Vec<Move> {
        let mut moves: Vec<Move> = (0..self.things.len()).map(Move::Arrive).collect();
        for index in 0..self.things.len() {
            let is_message = matches!(self.things[index], Thing::Message(_));
            if self.budget.losses > 0 {
                moves.push(Move::Lose(index));
            }
            if self.budget.copies > 0 && is_message {
                moves.push(Move::Copy(index));
            }
        }
        if self.next_timer().is_some() && (self.things.is_empty() || self.budget.early_timers > 0) {
            moves.push(Move::Timer);
        }
        for device in 0..self.engines.len() {
            self.asks(device).into_iter().for_each(|ask| moves.push(Move::User(device, ask)));
        }
        moves
    }

    fn asks(&self, device: usize) -> Vec<Ask> {
        let (budget, phase) = (&self.budget, self.engines[device].phase());
        let mut asks: Vec<Ask> = Vec::new();
        if phase == Phase::Idle {
            asks.extend(budget.calls[device].first().map(|user| Ask::Call(user)));
        }
        if phase == Phase::Called && budget.accepts[device] > 0 {
            asks.push(Ask::Accept);
        }
        if matches!(phase, Phase::Called | Phase::Accepting) && budget.rejects[device] > 0 {
            asks.push(Ask::Reject);
        }
        if phase != Phase::Idle && budget.hangups[device] > 0 {
            asks.push(Ask::Hangup);
        }
        if phase == Phase::InCall && budget.leaves[device] > 0 {
            asks.push(Ask::Leave);
        }
        if phase == Phase::InCall && budget.switches[device] > 0 {
            asks.push(Ask::Switch);
        }
        asks
    }

    fn next_timer(&self) -> Option<u64> {
        self.engines.iter().filter_map(|engine| engine.poll_timeout()).map(|(at, _)| at.0).min()
    }

    /// From here on the way is kept.
    pub(crate) fn show(&mut self) {
        self.tape = Some(Tape::new(Redaction::Secrets, self.now, self.engines.iter()));
    }

    /// What was kept: lines for readers, and the trace.
    pub(crate) fn shown(mut self) -> (Vec<String>, Vec<u8>) {
        let Some(mut tape) = self.tape.take() else { return Default::default() };
        let trace = tape.end(self.engines.iter_mut()).to_vec();
        (tape.lines, trace)
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(tape) = &mut self.tape {
            tape.lines.push(line());
        }
    }

    /// Makes a move.
    pub(crate) fn make(&mut self, step: &Move) -> Result<(), String> {
        match step {
            Move::Arrive(index) => self.arrive(*index),
            Move::Lose(index) => {
                self.budget.losses -= 1;
                let lost = self.things.remove(*index);
                self.note(|| format!("lost: {lost:?}"));
                Ok(())
            }
            Move::Copy(index) => {
                self.budget.copies -= 1;
                let copy = self.things[*index].clone();
                self.things.push(copy);
                Ok(())
            }
            Move::Timer => {
                self.budget.early_timers -= u8::from(!self.things.is_empty());
                self.fire()
            }
            Move::User(device, ask) => self.ask(*device, *ask),
        }
    }

    fn ask(&mut self, device: usize, ask: Ask) -> Result<(), String> {
        let call = CallRef::default();
        let command = match ask {
            Ask::Call(user) => {
                self.budget.calls[device].remove(0);
                Command::Call(CallOptions {
                    user: user.into(),
                    call_type: CallType::Audio,
                    attachment: None,
                    extra: None,
                    push: None,
                    no_offline: false,
                    no_record: false,
                })
            }
            Ask::Accept => {
                self.budget.accepts[device] -= 1;
                Command::Accept { call }
            }
            Ask::Reject => {
                self.budget.rejects[device] -= 1;
                Command::Reject { call }
            }
            Ask::Hangup => {
                self.budget.hangups[device] -= 1;
                Command::Hangup { call, no_offline: false, no_record: false }
            }
            Ask::Leave => {
                self.budget.leaves[device] -= 1;
                Command::Leave { call, no_offline: false }
            }
            Ask::Switch => {
                self.budget.switches[device] -= 1;
                Command::SwitchCallType { call_type: CallType::Video, step: SwitchStep::Invite }
            }
        };
        self.command(device, command)
    }

    fn command(&mut self, device: usize, command: Command) -> Result<(), String> {
        self.tickets += 1;
        self.note(|| format!("device {device}: user: {command:?}"));
        let is_call = matches!(command, Command::Call(_));
        let was_idle = self.engines[device].phase() == Phase::Idle;
        let input = Input::Command { ticket: Ticket(self.tickets), command };
        self.monitors[device].before(&input);
        self.tape.iter_mut().for_each(|tape| tape.input(device, self.now, &input));
        self.engines[device].handle(Time(self.now), input);
        if is_call && was_idle && self.engines[device].phase() == Phase::Calling {
            let call_no = self.engines[device].snapshot().call_no;
            self.monitors[device].placed(call_no, false);
        }
        self.drain(device)
    }

    /// The next deadline of all passes.
    fn fire(&mut self) -> Result<(), String> {
        let Some(at) = self.next_timer() else { return Ok(()) };
        self.now = self.now.max(at);
        for device in 0..self.engines.len() {
            let due = self.engines[device].poll_timeout().filter(|(due, _)| due.0 <= self.now);
            if let Some((_, why)) = due {
                self.note(|| format!("device {device}: timer: {why}"));
                let now = self.now;
                self.tape.iter_mut().for_each(|tape| tape.timeout(device, now, why));
                self.engines[device].handle_timeout(Time(self.now));
                return self.drain(device);
            }
        }
        Ok(())
    }

    fn arrive(&mut self, index: usize) -> Result<(), String> {
        match self.things.remove(index) {
            Thing::Operation(device, req, op) => {
                let (result, deliveries) = self.service.run(device, self.now, &op);
                self.note(|| format!("service: device {device}: {op:?} = {}", result.outcome.code));
                self.things.extend(deliveries.into_iter().map(Thing::Message));
                self.things.push(Thing::Completion(device, req, result));
                Ok(())
            }
            Thing::Completion(device, req, result) => {
                self.note(|| format!("device {device}: completed {req:?} {}", result.outcome.code));
                self.feed(device, Input::SignalDone { req, result })
            }
            Thing::Message(delivery) => {
                let Delivery { to, source, event } = delivery;
                let phase = self.engines[to].phase();
                let lives = |engine: &Engine| {
                    engine.phase() == Phase::InCall && engine.snapshot().account == event.from
                };
                let is_cancel = event.signal == Signal::Cancel && phase == Phase::InCall;
                if self.old[to] && is_cancel && self.engines.iter().any(lives) {
                    return Err(format!("a CANCEL ends the living call of device {to}, an old client"));
                }
                if self.old[to] && event.signal == Signal::Invite && phase != Phase::Idle {
                    self.things.push(Thing::Operation(to, Req(u64::MAX), busy(&event)));
                    return Ok(());
                }
                self.note(|| {
                    format!("device {to}: {source:?} {:?} {} {}", event.signal, event.channel.id, event.from)
                });
                self.feed(to, Input::Signals { source, events: vec![event] })
            }
        }
    }

    fn feed(&mut self, device: usize, input: Input) -> Result<(), String> {
        self.monitors[device].before(&input);
        self.tape.iter_mut().for_each(|tape| tape.input(device, self.now, &input));
        self.engines[device].handle(Time(self.now), input);
        self.drain(device)
    }

    /// Media is ideal and instant here, and so is what no decision hangs on; the search is about signaling.
    fn drain(&mut self, device: usize) -> Result<(), String> {
        let mut later: Vec<(usize, Input)> = Vec::new();
        while let Some(output) = self.engines[device].poll_output() {
            self.tape.iter_mut().for_each(|tape| tape.output(&output));
            self.monitors[device].output(&output, &self.engines[device])?;
            match output {
                Output::Signal { req, op: SignalOp::SendRecord(_) } => {
                    later.push((device, Input::SignalDone { req, result: SignalResult::default() }));
                }
                Output::Signal { req, op } => {
                    let op = if self.ancient { ancient(op) } else { op };
                    let op = if self.old[device] { aged(op) } else { op };
                    self.things.push(Thing::Operation(device, req, op));
                }
                Output::Rtc { req, op } => self.media(device, req, &op, &mut later),
                Output::Event(event) => self.note(|| format!("device {device}: {event:?}")),
                Output::Done { result, .. } => {
                    self.note(|| format!("device {device}: done {:?} {}", result.operation, result.code));
                }
                Output::Ignored(why) => self.note(|| format!("device {device}: ignored: {why}")),
                Output::Closed => {}
            }
        }
        self.monitors[device].settled(&self.engines[device])?;
        later.into_iter().try_for_each(|(device, input)| self.feed(device, input))
    }

    fn media(&mut self, device: usize, req: Req, op: &RtcOp, later: &mut Vec<(usize, Input)>) {
        let (code, heard) = self.service.run_rtc(device, op);
        later.push((device, Input::RtcDone { req, outcome: Outcome { code, ..Outcome::default() } }));
        later.extend(heard.into_iter().map(|(to, event): (usize, RtcEvent)| (to, Input::Rtc(event))));
    }

    /// What the state is, whatever its ids and its past.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut names = Names::new(Time(self.now));
        let mut hasher = DefaultHasher::new();
        let mut engines = Vec::new();
        let mut reqs: Vec<Names> = Vec::new();
        for engine in &self.engines {
            engines.push(engine.canonical_in(&mut names));
            reqs.push(names.clone());
            names.next_engine();
        }
        self.service.canonical(&mut names).hash(&mut hasher);
        let mut things: Vec<String> =
            self.things.iter().map(|thing| canonical_thing(thing, &mut names, &mut reqs)).collect();
        things.sort();
        things.hash(&mut hasher);
        for (canonical, engine) in engines.iter_mut().zip(&self.engines) {
            canonical.bury_canonical(engine, &mut names, true);
            canonical.hash(&mut hasher);
        }
        for monitor in &self.monitors {
            monitor.essence(&mut names).hash(&mut hasher);
        }
        self.budget.hash(&mut hasher);
        hasher.finish()
    }

    /// Everything under way arrives, deadlines pass, nobody acts: everybody must be idle, or in one call with
    /// one other. Then all hang up, and everybody must be idle.
    pub(crate) fn come_to_rest(&self) -> Result<(), String> {
        let mut world = self.clone();
        world.settle()?;
        for (device, engine) in world.engines.iter().enumerate() {
            match engine.phase() {
                Phase::Idle => {}
                Phase::InCall => world.has_partner(device)?,
                phase => return Err(format!("device {device} stays {phase:?}")),
            }
        }
        for device in 0..world.engines.len() {
            let any = CallRef::default();
            world.command(device, Command::Hangup { call: any, no_offline: false, no_record: false })?;
        }
        world.settle()?;
        for (device, monitor) in world.monitors.iter().enumerate() {
            monitor.at_rest(&world.engines[device]).map_err(|why| format!("device {device}: {why}"))?;
        }
        Ok(())
    }

    pub(crate) fn settle(&mut self) -> Result<(), String> {
        for _ in 0..5_000 {
            if !self.things.is_empty() {
                self.arrive(0)?;
            } else if self.next_timer().is_some() {
                self.fire()?;
            } else {
                return Ok(());
            }
        }
        Err("never comes to rest".into())
    }

    fn has_partner(&self, device: usize) -> Result<(), String> {
        let own = self.engines[device].snapshot();
        let partners = self.engines.iter().enumerate().filter(|(other, engine)| {
            let snapshot = engine.snapshot();
            *other != device
                && engine.phase() == Phase::InCall
                && snapshot.channel_id == own.channel_id
                && snapshot.account == own.peer
        });
        match partners.count() {
            1 if own.connected => Ok(()),
            1 => Err(format!("device {device} is in a call that is never connected")),
            count => Err(format!("device {device} is in a call with {count} others")),
        }
    }

    /// A deadline has passed.
    pub(crate) fn has_waited(&self) -> bool {
        self.now > 0
    }

    /// Nothing is under way.
    pub(crate) fn is_quiet(&self) -> bool {
        self.things.is_empty()
    }
}

fn canonical_thing(thing: &Thing, names: &mut Names, reqs: &mut [Names]) -> String {
    let mut id = |text: &Text| {
        let mut renamed = text.clone();
        names.id(&mut renamed);
        renamed
    };
    match thing {
        Thing::Operation(device, req, op) => {
            let mut req = *req;
            reqs[*device].req(&mut req);
            let (name, ids) = op_ids(op);
            let ids: Vec<Text> = ids.iter().map(&mut id).collect();
            format!("op {device} {req:?} {name} {ids:?}")
        }
        Thing::Completion(device, req, result) => {
            let mut req = *req;
            reqs[*device].req(&mut req);
            let room = result.room.as_ref().map(|room| (id(&room.channel.id), room.members.len()));
            format!("done {device} {req:?} {} {room:?}", result.outcome.code)
        }
        Thing::Message(Delivery { to, source, event }) => {
            let ids = [id(&event.channel.id), id(&event.request_id)];
            let text = match event.signal {
                Signal::Accept => "",
                _ => {
                    if event.custom.contains("\"glare\":true") {
                        "glare"
                    } else {
                        ""
                    }
                }
            };
            let reason = nertc_callkit::engine::wire::read(&event.custom).reason;
            let control = nertc_callkit::engine::wire::read(&event.custom).cid;
            format!(
                "msg {to} {source:?} {:?} {ids:?} {} {text} {reason} {control}",
                event.signal, event.from_device
            )
        }
    }
}

fn op_ids(op: &SignalOp) -> (&'static str, Vec<Text>) {
    let of = |message: &Message| vec![message.channel_id.clone(), message.request_id.clone()];
    match op {
        SignalOp::Login { .. } => ("login", Vec::new()),
        SignalOp::Logout => ("logout", Vec::new()),
        SignalOp::Create { .. } => ("create", Vec::new()),
        SignalOp::Join { channel_id, .. } => ("join", vec![channel_id.clone()]),
        SignalOp::Invite { message, .. } => ("invite", of(message)),
        SignalOp::CancelInvite(message) if message.custom.contains("\"glare\":true") => {
            ("glare", of(message))
        }
        SignalOp::CancelInvite(message) if message.custom.contains("\"reason\":2") => {
            ("timeout", of(message))
        }
        SignalOp::CancelInvite(message) => ("cancel", of(message)),
        SignalOp::Accept(message) => ("accept", of(message)),
        SignalOp::Reject(message) if message.custom.contains("\"reason\":3") => ("busy", of(message)),
        SignalOp::Reject(message) if &*message.custom == "601" => ("busy", of(message)),
        SignalOp::Reject(message) => ("reject", of(message)),
        SignalOp::Leave { channel_id, .. } => ("leave", vec![channel_id.clone()]),
        SignalOp::Close { channel_id, .. } => ("close", vec![channel_id.clone()]),
        SignalOp::Control(message) if message.custom.contains("\"cid\":2") => ("control2", of(message)),
        SignalOp::Control(message) => ("control", of(message)),
        SignalOp::SendRecord(_) => ("record", Vec::new()),
    }
}
