//! One state of a small scenario: engines, service, and everything in flight. Any of it may be next.

use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use nertc_callkit::engine::input::{CallOptions, CallRef, Command, Input, SwitchStep, Ticket};
use nertc_callkit::engine::output::{Output, RtcOp};
use nertc_callkit::engine::state::Phase;
use nertc_callkit::engine::time::Time;
use nertc_callkit::engine::{Caps, Config, Engine, IdGenerator, Seed};
use nertc_callkit_signaling::{
    self as signaling, CallPolicy, CallType, Code, EventKind, OperationResult, Origin, Outcome, PolicyRule,
    Req, Text,
};

use crate::budget::{Budget, DEVICES};
use crate::counterexample::{Fed, Line, brief, named};
use crate::exchange::Exchange;
use crate::fingerprint::{Fingerprint, Mix, channel_bit};
use crate::in_flight::{InFlight, What};
use crate::legacy::{before_1_1, busy, legacy_invite};
use crate::monitor::Monitor;
use crate::peer_texts;
use crate::transition_cache::{Body, CheckResult, Hub, Step, TransitionCache};

/// Tombstones count as everlasting: no world may outlive one.
const END_OF_TIME: u64 = 600_000;
/// An invite of this age is as good as one that is older.
const OLDEST: u64 = 130_000;

/// What does not change in a world.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Setting {
    /// Account of each device.
    pub(crate) accounts: &'static [&'static str],
    /// The accounts each device calls, one after the other.
    pub(crate) calls: [&'static [&'static str]; DEVICES],
    /// Devices that behave like clients from before call ids: their invites have none, they are busy while
    /// they call, and any CANCEL ends whatever they are in.
    pub(crate) legacy: &'static [usize],
    /// All attachments are those of clients before 1.1.0, on both sides.
    pub(crate) before_1_1: bool,
    /// Media operations take time too, and so do events of media rooms.
    pub(crate) slow_media: bool,
    /// The engines' ids are in reverse order: the other side wins a glare.
    pub(crate) other_wins: bool,
    /// The app is asked before a call becomes a video call.
    pub(crate) confirm: bool,
    /// Nothing was ever lost, refused or late in this world.
    pub(crate) is_fine: bool,
    /// Nobody refuses: when all is idle before any deadline, the two that called each other are in one call.
    pub(crate) must_meet: bool,
}

/// What can happen next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    Arrive(usize),
    Lose(usize),
    Copy(usize),
    Refuse(usize),
    /// The next deadline of this device passes.
    Timer(usize),
    User(usize, Ask),
}

/// Requests of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Call,
    Accept,
    Reject,
    Cancel,
    Hangup,
    Leave,
    Switch(SwitchStep),
    Data,
    Logout,
    Login,
    /// Accept the call of a push.
    EarlyAccept,
    /// The same, reject.
    EarlyReject,
    /// Refuse everybody.
    RefuseAll,
}

/// A state. What did not change is shared with the state before.
pub(crate) struct World {
    now: u64,
    /// Places without a device repeat the last one.
    bodies: [Rc<Body>; DEVICES],
    fingerprints: [Rc<Fingerprint>; DEVICES],
    /// Devices whose fingerprints are stale, and when the others were computed.
    touched: u32,
    sealed_at: u64,
    hub: Hub,
    in_flight: Vec<Rc<InFlight>>,
    /// Channels whose invite was cancelled before the legacy client's invite there was seen.
    pub(crate) cancelled_unaware: u64,
    pub(crate) budget: Budget,
    setting: Rc<Setting>,
    memo: Rc<RefCell<TransitionCache>>,
    pub(crate) history: Option<Vec<Line>>,
}

impl Clone for World {
    fn clone(&self) -> World {
        // Capacity for the outputs of a move.
        let mut in_flight = Vec::with_capacity(self.in_flight.len() + 2);
        in_flight.extend(self.in_flight.iter().cloned());
        World {
            bodies: self.bodies.clone(),
            fingerprints: self.fingerprints.clone(),
            hub: self.hub.clone(),
            in_flight,
            setting: self.setting.clone(),
            memo: self.memo.clone(),
            history: self.history.clone(),
            ..*self
        }
    }
}

impl World {
    /// Everybody is logged in and idle.
    pub(crate) fn new(setting: Setting, budget: Budget) -> World {
        let names: Vec<Text> = setting.accounts.iter().map(|name| Text::from(*name)).collect();
        let caps =
            Caps { send_record: true, control: true, enable_local: true, prepare: true, ..Caps::default() };
        let config =
            Config { caps, confirm_audio_to_video: setting.confirm, takes_data: true, ..Config::default() };
        let seeds = seeds(names.len(), setting.other_wins);
        let body = |(index, name): (usize, &Text)| {
            Rc::new(Body::new(index, config.clone(), seeds[index], Monitor::new(name.clone())))
        };
        let bodies: Vec<Rc<Body>> = names.iter().enumerate().map(body).collect();
        let bodies = std::array::from_fn(|index| bodies[index.min(names.len() - 1)].clone());
        let fingerprint = |body: &Rc<Body>| Rc::new(Fingerprint::new(0, &body.engine, &body.monitor));
        let fingerprints = bodies.each_ref().map(fingerprint);
        let mut world = World {
            now: 0,
            fingerprints,
            touched: 0,
            sealed_at: 0,
            bodies,
            hub: Hub::new(Exchange::new(names)),
            in_flight: Vec::new(),
            cancelled_unaware: 0,
            budget,
            setting: Rc::new(Setting { is_fine: budget.is_fine(), ..setting }),
            memo: Rc::default(),
            history: None,
        };
        for device in 0..world.devices() {
            world.ask(device, Ask::Login).expect("a login breaks nothing");
        }
        world.settle().expect("a login breaks nothing");
        world
    }

    /// All moves, in a fixed order.
    pub(crate) fn moves(&self) -> Vec<Move> {
        let mut moves: Vec<Move> = Vec::with_capacity(16);
        for index in (0..self.in_flight.len()).filter(|index| self.is_free(*index)) {
            let item = &self.in_flight[index];
            moves.push(Move::Arrive(index));
            if self.budget.losses > 0 && item.stream().is_none() {
                moves.push(Move::Lose(index));
            }
            if self.budget.copies > 0 && item.is_message() {
                moves.push(Move::Copy(index));
            }
            if self.budget.refusals > 0 && item.is_operation() {
                moves.push(Move::Refuse(index));
            }
        }
        let may_pass = self.budget.early > 0 || self.is_quiet();
        let next = self.dues().flatten().min().unwrap_or(u64::MAX);
        let is_next = |due: &(usize, Option<u64>)| may_pass && due.1 == Some(next);
        moves.extend(self.dues().enumerate().filter(is_next).map(|(device, _)| Move::Timer(device)));
        for device in 0..self.devices() {
            self.asks(device, &mut moves);
        }
        moves
    }

    /// May be next, and no other enabled move has the same effect.
    fn is_free(&self, index: usize) -> bool {
        let (earlier, item) = (&self.in_flight[..index], &self.in_flight[index]);
        let is_out = item.is_message() && !self.hub.exchange.is_online(item.device);
        let waits = item.stream().is_some_and(|own| earlier.iter().any(|other| other.stream() == Some(own)));
        !is_out && !waits && !earlier.iter().any(|other| other.is_like(item))
    }

    fn dues(&self) -> impl Iterator<Item = Option<u64>> {
        self.bodies[..self.devices()].iter().map(|body| body.due)
    }

    fn asks(&self, device: usize, moves: &mut Vec<Move>) {
        let (may, phase) = (&self.budget.users[device], self.phase(device));
        let mut ask = |can: bool, ask: Ask| {
            if can {
                moves.push(Move::User(device, ask));
            }
        };
        let is_pushed = may.pushes > 0 && self.pushed(device).is_some();
        ask(is_pushed, Ask::EarlyAccept);
        ask(is_pushed, Ask::EarlyReject);
        if self.bodies[device].is_out {
            return ask(may.logins > 0, Ask::Login);
        }
        ask(phase == Phase::Idle && may.calls > 0, Ask::Call);
        ask(matches!(phase, Phase::Called | Phase::Accepting) && may.accepts > 0, Ask::Accept);
        ask(matches!(phase, Phase::Called | Phase::Accepting) && may.rejects > 0, Ask::Reject);
        let is_calling = matches!(phase, Phase::Calling | Phase::GlareAccepting);
        ask(is_calling && may.hangups > 0, Ask::Cancel);
        ask(phase != Phase::Idle && !is_calling && may.hangups > 0, Ask::Hangup);
        ask(phase == Phase::InCall && may.leaves > 0, Ask::Leave);
        ask(phase == Phase::InCall && may.data > 0, Ask::Data);
        ask(phase == Phase::InCall && may.switches > 0, Ask::Switch(SwitchStep::Invite));
        ask(phase == Phase::InCall && may.answers > 0, Ask::Switch(SwitchStep::Agree));
        ask(phase == Phase::InCall && may.answers > 0, Ask::Switch(SwitchStep::Reject));
        ask(may.logouts > 0, Ask::Logout);
    }

    /// The open invite to a device's account: its push has arrived.
    fn pushed(&self, device: usize) -> Option<CallRef> {
        let account = self.setting.accounts[device];
        let invite = self.service().pending_invites().find(|invite| *invite.to == *account)?;
        Some(CallRef {
            account: Some(invite.from.clone()),
            channel_id: Some(invite.channel_id.clone()),
            request_id: Some(invite.request_id.clone()),
            wait: true,
            ..CallRef::default()
        })
    }

    /// With the network healed this happens too.
    pub(crate) fn is_healing(&self, step: &Move) -> bool {
        match step {
            Move::Arrive(_) => true,
            Move::Timer(_) => self.is_quiet(),
            Move::Lose(_) | Move::Copy(_) | Move::Refuse(_) | Move::User(..) => false,
        }
    }

    fn note(&mut self, text: impl FnOnce() -> String) {
        if let Some(counterexample) = &mut self.history {
            counterexample.push(Line::Note { at: Time(self.now), text: text() });
        }
    }

    /// Makes a move.
    pub(crate) fn make(&mut self, step: &Move) -> CheckResult {
        match *step {
            Move::Arrive(index) => self.arrive(index),
            Move::Lose(index) => {
                self.budget.losses -= 1;
                let lost = self.in_flight.remove(index);
                self.note(|| format!("lost: {:?}", lost.what));
                Ok(())
            }
            Move::Copy(index) => {
                self.budget.copies -= 1;
                let copy = self.in_flight[index].clone();
                self.note(|| format!("twice: {:?}", copy.what));
                self.in_flight.push(copy);
                Ok(())
            }
            Move::Refuse(index) => {
                self.budget.refusals -= 1;
                self.refuse(index)
            }
            Move::Timer(device) => {
                if !self.is_healing(step) {
                    self.budget.early -= 1;
                }
                self.fire(device)
            }
            Move::User(device, ask) => self.ask(device, ask),
        }
    }

    /// A user asks for something.
    pub(crate) fn ask(&mut self, device: usize, ask: Ask) -> CheckResult {
        let (call, no_offline, no_record) = (CallRef::default(), false, false);
        let pushed = self.pushed(device).unwrap_or_default();
        let account = Text::from(self.setting.accounts[device]);
        let channel = self.bodies[device].engine.snapshot().channel_id;
        let may = &mut self.budget.users[device];
        let spend = |budget: &mut u8| *budget = budget.saturating_sub(1);
        let command = match ask {
            Ask::Call => {
                let calls = self.setting.calls[device];
                let user = Text::from(calls[calls.len() - usize::from(may.calls)]);
                spend(&mut may.calls);
                Command::Call(CallOptions::to(user, CallType::Audio))
            }
            Ask::Accept => {
                spend(&mut may.accepts);
                Command::Accept { call }
            }
            Ask::Reject => {
                spend(&mut may.rejects);
                Command::Reject { call, busy: false, text: None }
            }
            Ask::Cancel => {
                spend(&mut may.hangups);
                Command::Cancel { call, attach_ext: None, no_offline, no_record }
            }
            Ask::Hangup => {
                spend(&mut may.hangups);
                Command::Hangup { call, no_offline, no_record, text: None }
            }
            Ask::Leave => {
                spend(&mut may.leaves);
                Command::Leave { call, no_offline, text: None }
            }
            Ask::Switch(step) => {
                spend(if step == SwitchStep::Invite { &mut may.switches } else { &mut may.answers });
                Command::SwitchCallType { call_type: CallType::Video, step }
            }
            Ask::Data => {
                let number = u64::from(u8::MAX - may.data);
                spend(&mut may.data);
                Command::SendData { call, json: peer_texts::text(&channel, number) }
            }
            Ask::Logout => {
                spend(&mut may.logouts);
                Command::Logout
            }
            Ask::EarlyAccept => {
                spend(&mut may.pushes);
                Command::Accept { call: pushed }
            }
            Ask::RefuseAll => {
                Command::SetCallPolicy(CallPolicy { rule: PolicyRule::Nobody, ..CallPolicy::default() })
            }
            Ask::EarlyReject => {
                spend(&mut may.pushes);
                Command::Reject { call: pushed, busy: false, text: None }
            }
            Ask::Login => {
                spend(&mut may.logins);
                Command::Login { account, token: Text::default() }
            }
        };
        let ticket = Ticket(self.bodies[device].tickets + 1);
        self.feed(device, Fed::Input(Input::Command { ticket, command: command.into() }))
    }

    /// The next deadline of a device passes.
    fn fire(&mut self, device: usize) -> CheckResult {
        let Some((at, why)) = self.bodies[device].engine.poll_timeout() else { return Ok(()) };
        self.now = self.now.max(at.0);
        if self.now >= END_OF_TIME {
            return Err("this world lives too long for its tombstones".into());
        }
        self.feed(device, Fed::Timeout(why))
    }

    /// An operation fails, for a reason that implies nothing.
    fn refuse(&mut self, index: usize) -> CheckResult {
        let item = self.in_flight.remove(index);
        self.note(|| format!("refused: {:?}", item.what));
        let outcome = Outcome::failed(Code::BACKEND_FAILED, "refused");
        let what = if matches!(item.what, What::MediaOperation(_)) {
            What::MediaDone(outcome)
        } else {
            What::Completion(OperationResult { outcome, ..OperationResult::default() })
        };
        self.send(item.device, item.req, what);
        Ok(())
    }

    fn send(&mut self, device: usize, req: Req, what: What) {
        self.in_flight.push(Rc::new(InFlight::new(self.now, device, req, what)));
    }

    /// Something under way arrives.
    pub(crate) fn arrive(&mut self, index: usize) -> CheckResult {
        let item = self.in_flight.remove(index);
        let (device, req) = (item.device, item.req);
        match &item.what {
            What::Operation(op) => {
                self.operate(&item, op);
                Ok(())
            }
            What::Completion(result) => {
                self.feed(device, Fed::Input(Input::SignalDone { req, result: result.clone().into() }))
            }
            What::Message(source, event) => {
                self.check_legacy(device, event)?;
                if self.is_legacy(device)
                    && event.kind == EventKind::Invite
                    && self.phase(device) != Phase::Idle
                {
                    self.note(|| format!("device {device}, a legacy client, is busy for {}", brief(event)));
                    self.send(device, Req(0), What::Operation(busy(event)));
                    return Ok(());
                }
                let input = Input::Signals { origin: *source, events: vec![event.clone()] };
                self.feed(device, Fed::Input(input))
            }
            What::Backlog(states, events) => {
                self.feed(device, Fed::Input(Input::ChannelStates(states.clone())))?;
                let input = Input::Signals { origin: Origin::Offline, events: events.clone() };
                if events.is_empty() { Ok(()) } else { self.feed(device, Fed::Input(input)) }
            }
            What::MediaOperation(op) => self.run_media(device, req, op),
            What::MediaDone(outcome) => {
                self.feed(device, Fed::Input(Input::RtcDone { req, outcome: outcome.clone() }))
            }
            What::MediaEvent(event) => self.feed(device, Fed::Input(Input::Rtc(event.clone().into()))),
        }
    }

    /// The service runs an operation.
    fn operate(&mut self, item: &InFlight, op: &signaling::Operation) {
        let served = self.memo.borrow_mut().serve(&self.hub, self.now, item, op);
        self.hub = served.hub;
        let device = item.device;
        self.note(|| format!("service: {} of device {device} = {}", named(op), served.code));
        self.in_flight.extend(served.in_flight.iter().cloned());
        if !matches!(op, signaling::Operation::Login { .. }) {
            return;
        }
        let (unread, others): (Vec<_>, Vec<_>) =
            self.in_flight.drain(..).partition(|item| item.is_message() && item.device == device);
        self.in_flight = others;
        let unread = unread.iter().filter_map(|item| {
            if let What::Message(_, event) = &item.what { Some(event.clone()) } else { None }
        });
        // What was on its way when it logged out came before what waited at the service.
        let (channels, waiting) = &*served.found;
        let what = What::Backlog(channels.clone(), unread.chain(waiting.iter().cloned()).collect());
        self.send(device, Req(0), what);
    }

    /// A device moves, and its operations are sent.
    fn feed(&mut self, device: usize, fed: Fed) -> CheckResult {
        let Step { body, outputs, check_result } =
            self.memo.borrow_mut().step(&self.bodies[device], self.now, &fed);
        self.bodies[device] = body;
        self.touched |= 1 << device;
        if let Some(counterexample) = &mut self.history {
            counterexample.push(Line::Step { device, at: Time(self.now), fed, outputs: (*outputs).clone() });
        }
        check_result.map_err(|why| format!("device {device}: {why}"))?;
        outputs.iter().try_for_each(|output| self.carry_out(device, output.clone()))
    }

    fn carry_out(&mut self, device: usize, output: Output) -> CheckResult {
        match output {
            // No decision hangs on a record.
            Output::Signal { req, op: signaling::Operation::Record(_) } => {
                self.feed(device, Fed::Input(Input::SignalDone { req, result: Box::default() }))
            }
            Output::Signal { req, op } => {
                if let signaling::Operation::Cancel(message) = &op {
                    let is_unaware = !self.monitor(device).was_invited_by_old(&message.account);
                    let channel = channel_bit(&message.channel_id);
                    self.cancelled_unaware |= if is_unaware { channel } else { 0 };
                }
                let op = if self.setting.before_1_1 { before_1_1(op) } else { op };
                let op = if self.is_legacy(device) { legacy_invite(op) } else { op };
                self.send(device, req, What::Operation(op));
                Ok(())
            }
            Output::Rtc { req, op } if self.setting.slow_media => {
                self.send(device, req, What::MediaOperation(op));
                Ok(())
            }
            Output::Rtc { req, op } => self.run_media(device, req, &op),
            // What a device rings for or ignores decides nothing at the service; the monitor looks at it.
            Output::Notify(_) => Ok(()),
            Output::Event(_) | Output::Done { .. } | Output::Ignored(_) => Ok(()),
            Output::RtcReceive { .. } | Output::RtcPrepare(_) | Output::RtcDiscard { .. } => Ok(()),
            Output::Closed => Ok(()),
        }
    }

    fn run_media(&mut self, device: usize, req: Req, op: &RtcOp) -> CheckResult {
        let served = self.memo.borrow_mut().serve_media(&self.hub, device, op);
        self.hub = served.hub;
        let outcome = Outcome { code: served.code, ..Outcome::default() };
        let mut received = served.received.iter().cloned();
        if self.setting.slow_media {
            self.send(device, req, What::MediaDone(outcome));
            received.for_each(|(to, event)| self.send(to, Req(0), What::MediaEvent(event)));
            return Ok(());
        }
        self.feed(device, Fed::Input(Input::RtcDone { req, outcome }))?;
        received.try_for_each(|(to, event)| self.feed(to, Fed::Input(Input::Rtc(event.into()))))
    }

    /// What the state is, whatever its past.
    pub(crate) fn fingerprint(&mut self) -> u64 {
        for device in 0..self.devices() {
            if self.sealed_at != self.now || self.touched & 1 << device != 0 {
                self.fingerprints[device] =
                    self.memo.borrow_mut().fingerprint(&self.bodies[device], self.now);
            }
        }
        (self.touched, self.sealed_at) = (0, self.now);
        let mut living = self.hub.fingerprint.1;
        let fingerprints = &self.fingerprints[..self.devices()];
        fingerprints.iter().for_each(|fingerprint| living |= fingerprint.channels);
        self.in_flight.iter().for_each(|item| living |= item.channels);
        let mut hasher = Mix::default();
        fingerprints.iter().for_each(|fingerprint| hasher.write_u64(fingerprint.digest(living)));
        hasher.write_u64(self.hub.fingerprint.0);
        self.hub.ages(self.now).for_each(|age| hasher.write_u64(age.min(OLDEST)));
        let in_flight = self.in_flight.iter().enumerate().map(|(index, item)| self.digest_of(index, item));
        hasher.write_u64(in_flight.fold(0, u64::wrapping_add));
        self.budget.hash(&mut hasher);
        hasher.write_u8(u8::from(self.setting.must_meet && self.now > 0));
        if !self.setting.legacy.is_empty() {
            hasher.write_u64(self.cancelled_unaware & living);
        }
        hasher.finish()
    }

    fn digest_of(&self, index: usize, item: &InFlight) -> u64 {
        let mut hasher = Mix::default();
        hasher.write_u64(item.digest);
        hasher.write_u8(u8::from(self.bodies[item.device].monitor.is_of_live(item.req)));
        hasher.write_u64(if item.req.0 == 0 { 0 } else { self.fingerprints[item.device].name_of(item.req) });
        hasher.write_u64(item.since.map_or(0, |since| 1 + (self.now - since).min(OLDEST)));
        if let Some(own) = item.stream() {
            let earlier = self.in_flight[..index].iter().filter(|other| other.stream() == Some(own));
            hasher.write_usize(earlier.count());
        }
        hasher.finish()
    }

    /// Everything in flight arrives, deadlines expire, nobody acts.
    pub(crate) fn settle(&mut self) -> CheckResult {
        for _ in 0..5_000 {
            let Some(step) = self.moves().into_iter().find(|step| self.is_healing(step)) else {
                return Ok(());
            };
            self.make(&step)?;
        }
        Err("invariant 3: never comes to rest".into())
    }

    /// The same, but no deadline passes.
    pub(crate) fn arrive_all(&mut self) {
        while !self.in_flight.is_empty() {
            self.arrive(0).expect("nothing breaks before the search");
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    pub(crate) fn setting(&self) -> &Setting {
        &self.setting
    }

    pub(crate) fn service(&self) -> &nertc_callkit_loopback::service::Service {
        self.hub.exchange.service()
    }

    pub(crate) fn devices(&self) -> usize {
        self.setting.accounts.len()
    }

    pub(crate) fn engine(&self, device: usize) -> &Engine {
        &self.bodies[device].engine
    }

    pub(crate) fn monitor(&self, device: usize) -> &Monitor {
        &self.bodies[device].monitor
    }

    pub(crate) fn phase(&self, device: usize) -> Phase {
        self.bodies[device].phase
    }

    pub(crate) fn is_legacy(&self, device: usize) -> bool {
        self.setting.legacy.contains(&device)
    }

    /// Nothing is under way.
    pub(crate) fn is_quiet(&self) -> bool {
        !(0..self.in_flight.len()).any(|index| self.is_free(index))
    }

    /// Nothing is in flight, and no deadline is pending.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.is_quiet() && self.dues().all(|due| due.is_none())
    }
}

/// A seed for each device: no two make the same ids, and their first request ids are in the devices' order,
/// or in the opposite one.
fn seeds(devices: usize, is_reversed: bool) -> Vec<Seed> {
    let mut seeds: Vec<Seed> = (0..devices as u64).map(IdGenerator::test_seed).collect();
    seeds.sort_by_key(|seed| IdGenerator::new(*seed).uuids()[0].as_str().to_owned());
    if is_reversed {
        seeds.reverse();
    }
    seeds
}
