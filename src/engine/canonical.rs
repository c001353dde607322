//! One representative for all engines that behave alike, so that a search over states closes: deadlines
//! relative to now, ids and numbers renamed by first appearance, and nothing kept that can no longer matter.

use std::collections::BTreeMap;

use super::Engine;
use super::closer::{Awaited, Closer, Step};
use super::ids::Ids;
use super::input::{Req, Text, Ticket};
use super::ops::{Owner, Undo};
use super::output::Message;
use super::session::{Closing, Session};
use super::state::{Called, Calling, Entry, Fate, Glare, InCall, Invite, MediaRoom, Own, OwnStep, State};
use super::time::Time;
use super::wire;

/// New names, by first appearance. One value may serve several engines and the messages between them, so that
/// the same id gets the same name everywhere.
#[derive(Clone, Debug, Default)]
pub struct Names {
    now: Time,
    ids: BTreeMap<Text, Text>,
    numbers: BTreeMap<(u8, u64), u64>,
}

/// Kinds of numbers.
const REQ: u8 = 0;
const CALL: u8 = 1;
const TICKET: u8 = 2;
const CLOSER: u8 = 3;

impl Names {
    /// For states at `now`.
    pub fn new(now: Time) -> Names {
        Names { now, ..Names::default() }
    }

    /// Numbers of one engine mean nothing to another: call this between two engines.
    pub fn next_engine(&mut self) {
        self.numbers.clear();
    }

    /// Renames an id; the empty one stays.
    pub fn id(&mut self, id: &mut Text) {
        if id.is_empty() {
            return;
        }
        let next = self.ids.len();
        *id = self.ids.entry(id.clone()).or_insert_with(|| format!("#{next}").into()).clone();
    }

    /// Renames an operation's number.
    pub fn req(&mut self, req: &mut Req) {
        req.0 = self.number(REQ, req.0);
    }

    fn number(&mut self, kind: u8, number: u64) -> u64 {
        if number == 0 {
            return 0;
        }
        let next = self.numbers.range((kind, 0)..=(kind, u64::MAX)).count() as u64 + 1;
        *self.numbers.entry((kind, number)).or_insert(next)
    }

    fn call(&mut self, call: &mut u64) {
        *call = self.number(CALL, *call);
    }

    fn ticket(&mut self, ticket: &mut Ticket) {
        // Tickets may be 0; 0 must not stay special.
        ticket.0 = self.number(TICKET, ticket.0 + 1);
    }

    fn due(&self, at: &mut Time) {
        *at = Time(at.0.saturating_sub(self.now.0));
    }

    /// The id was renamed before: a state or a message names it.
    pub fn knows(&self, id: &Text) -> bool {
        self.ids.contains_key(id)
    }

    /// A message's ids, and of its text what matters.
    fn message(&mut self, message: &mut Message) {
        self.id(&mut message.channel_id);
        self.id(&mut message.request_id);
        message.custom = essence(&message.custom);
    }
}

/// What an attachment means, without its ids.
fn essence(custom: &str) -> Text {
    let text = wire::read(custom);
    let has_call_id = !text.call_id.is_empty();
    format!("{:?} {has_call_id} {} {}", wire::reason(custom, &text), text.glare, text.is_old_version()).into()
}

impl Engine {
    /// The representative of this engine's state at `now`.
    pub fn canonical(&self, now: Time) -> Engine {
        let mut names = Names::new(now);
        let mut engine = self.canonical_in(&mut names);
        engine.bury_canonical(self, &mut names, false);
        engine
    }

    /// The same inside of a world: `names` knows the ids of the messages under way. Tombstones come last, see
    /// `bury_canonical`.
    pub fn canonical_in(&self, names: &mut Names) -> Engine {
        let mut engine = self.clone();
        engine.ids = Ids::new(0);
        (engine.last_req, engine.last_call, engine.last_closer) = (0, 0, 0);
        engine.tombstones.0.clear();
        names.state(&mut engine.state);
        names.session(&mut engine.session);
        match &mut engine.media_room {
            MediaRoom::Out => {}
            MediaRoom::Joining { call, req } => {
                names.call(call);
                names.req(req);
            }
            MediaRoom::In { call } => names.call(call),
            MediaRoom::Leaving { req, next } => {
                names.req(req);
                next.iter_mut().for_each(|call| names.call(call));
            }
        }
        for closer in &mut engine.closers {
            names.closer(closer);
        }
        for op in &mut engine.ops {
            names.req(&mut op.req);
            op.deadline.iter_mut().for_each(|at| names.due(at));
            names.owner(&mut op.owner);
        }
        if let Some(ended) = &mut engine.ended {
            names.call(&mut ended.no);
            ended.issued_by.iter_mut().for_each(|ticket| names.ticket(ticket));
            names.id(&mut ended.channel_id);
            names.id(&mut ended.request_id);
        }
        if let Closing::Until(at) = &mut engine.closing {
            names.due(at);
        }
        engine
    }

    /// Adds the tombstones of `original`, sorted; with `only_known`, only those that a message or a state
    /// still names: nobody can refer to the others any more.
    pub fn bury_canonical(&mut self, original: &Engine, names: &mut Names, only_known: bool) {
        let mut stones = original.tombstones.0.clone();
        stones.retain(|stone| stone.until > names.now && (!only_known || names.knows(&stone.channel_id)));
        for stone in &mut stones {
            names.id(&mut stone.channel_id);
            stone.request_id.iter_mut().for_each(|request| names.id(request));
            stone.until = Time(0);
        }
        stones.sort_by(|a, b| {
            (&a.channel_id, &a.request_id, &a.sender).cmp(&(&b.channel_id, &b.request_id, &b.sender))
        });
        self.tombstones.0 = stones;
    }
}

impl Names {
    fn state(&mut self, state: &mut State) {
        match state {
            State::Idle => {}
            State::Calling(calling) => self.calling(calling),
            State::Called(called) => self.called(called),
            State::InCall(call) => self.in_call(call),
        }
    }

    fn calling(&mut self, calling: &mut Calling) {
        self.own(&mut calling.own);
        match &mut calling.glare {
            Glare::None => {}
            Glare::Aside { invite, until } => {
                self.invite(invite);
                until.iter_mut().for_each(|at| self.due(at));
            }
            Glare::Accepting { invite, req, fate, .. } => {
                self.invite(invite);
                self.req(req);
                if let Fate::Accepted(Some(text)) = fate {
                    *text = essence(text);
                }
            }
        }
    }

    fn own(&mut self, own: &mut Own) {
        self.call(&mut own.no);
        self.ticket(&mut own.issued_by);
        self.id(&mut own.channel_id);
        self.id(&mut own.request_id);
        self.id(&mut own.call_id);
        own.since = Time(0);
        self.due(&mut own.ring_until);
        match &mut own.step {
            OwnStep::Creating(req)
            | OwnStep::Joining(req)
            | OwnStep::Inviting(req)
            | OwnStep::TimingOut(req)
            | OwnStep::Yielding(req) => self.req(req),
            OwnStep::Held | OwnStep::Invited | OwnStep::Over => {}
        }
    }

    fn invite(&mut self, invite: &mut Invite) {
        self.id(&mut invite.channel_id);
        self.id(&mut invite.request_id);
        self.id(&mut invite.call_id);
        self.id(&mut invite.channel_name);
        invite.custom = essence(&invite.custom);
        self.due(&mut invite.expires);
    }

    fn called(&mut self, called: &mut Called) {
        self.call(&mut called.no);
        self.invite(&mut called.invite);
        called.since = Time(0);
        self.due(&mut called.ring_until);
        if let Some(accepting) = &mut called.accepting {
            self.req(&mut accepting.req);
            accepting.tickets.iter_mut().for_each(|ticket| self.ticket(ticket));
        }
        called.aside.iter_mut().for_each(|aside| self.invite(aside));
    }

    fn in_call(&mut self, call: &mut InCall) {
        self.call(&mut call.no);
        call.issued_by.iter_mut().for_each(|ticket| self.ticket(ticket));
        for id in [&mut call.channel_id, &mut call.request_id, &mut call.call_id, &mut call.rtc_channel] {
            self.id(id);
        }
        if let Some((channel, request)) = &mut call.alias {
            self.id(channel);
            self.id(request);
        }
        call.ring_ms = 0;
        call.connected_at = call.connected_at.map(|_| Time(0));
        match &mut call.entry {
            Entry::Signaling { req, wait } => {
                self.req(req);
                wait.iter_mut().for_each(|at| self.due(at));
            }
            Entry::Waiting { until } => self.due(until),
            Entry::Joining { .. } | Entry::Joined => {}
        }
        for at in [&mut call.connect_by, &mut call.peer_left].into_iter().flatten() {
            self.due(at);
        }
        if let Some(silence) = &mut call.silence {
            self.due(&mut silence.tell_at);
            self.due(&mut silence.lost_at);
        }
        if let Some(switch) = &mut call.switch {
            self.due(&mut switch.until);
        }
        call.leftover.iter_mut().for_each(|own| self.own(own));
    }

    fn session(&mut self, session: &mut Session) {
        match session {
            Session::LoggedOut => {}
            Session::LoggingIn { tickets, .. } => tickets.iter_mut().for_each(|t| self.ticket(t)),
            Session::LoggedIn { clock, .. } => *clock = clock.map(|_| 0),
            Session::LoggingOut { until, tickets, next, .. } => {
                until.iter_mut().for_each(|at| self.due(at));
                tickets.iter_mut().for_each(|t| self.ticket(t));
                next.iter_mut().for_each(|login| self.ticket(&mut login.ticket));
            }
        }
    }

    fn closer(&mut self, closer: &mut Closer) {
        closer.id = self.number(CLOSER, closer.id);
        self.call(&mut closer.call_no);
        self.due(&mut closer.deadline);
        self.id(&mut closer.channel_id);
        closer.cancel.iter_mut().for_each(|message| self.message(message));
        if let Step::Await(Awaited::Accept(message)) = &mut closer.step {
            self.message(message);
        }
    }

    fn owner(&mut self, owner: &mut Owner) {
        match owner {
            Owner::Login | Owner::Logout | Owner::RtcLeave => {}
            Owner::Create(call)
            | Owner::Invite(call)
            | Owner::RingCancel(call)
            | Owner::Yield(call)
            | Owner::RtcJoin(call)
            | Owner::Side { call_no: call, .. } => self.call(call),
            Owner::Join(call, channel)
            | Owner::Accept(call, channel)
            | Owner::GlareAccept(call, channel)
            | Owner::Enter(call, channel) => {
                self.call(call);
                self.id(channel);
            }
            Owner::Closer(closer) => *closer = self.number(CLOSER, *closer),
            Owner::Media { call_no, ticket, .. } => {
                self.call(call_no);
                ticket.iter_mut().for_each(|ticket| self.ticket(ticket));
            }
            Owner::Late(Undo::Create) => {}
            Owner::Late(Undo::Join(channel) | Undo::Accept(channel)) => self.id(channel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::input::{CallOptions, CallType, Channel, Command, Input, Room, SignalResult};
    use super::super::output::{Output, SignalOp};
    use super::super::{Config, Engine};
    use super::*;

    /// A logged-in engine that created a channel at `now`, with the ids of `seed`.
    fn calling(seed: u64, now: u64, padding: u64) -> Engine {
        let mut engine = Engine::new(Config::default(), seed);
        let feed = |engine: &mut Engine, input| {
            engine.handle(Time(now), input);
            std::iter::from_fn(|| engine.poll_output()).collect::<Vec<_>>()
        };
        let command = |n: u64, command| Input::Command { ticket: Ticket(padding + n), command };
        let login = Command::Login { account: "alice".into(), token: Text::default() };
        let outputs = feed(&mut engine, command(0, login));
        let answer = |outputs: &[Output], room: Option<Room>| match outputs.first() {
            Some(Output::Signal { req, op: SignalOp::Login { .. } | SignalOp::Create { .. } }) => {
                Input::SignalDone { req: *req, result: SignalResult { room, ..SignalResult::default() } }
            }
            other => panic!("no operation to answer: {other:?}"),
        };
        feed(&mut engine, answer(&outputs, None));
        let call = Command::Call(CallOptions {
            user: "bob".into(),
            call_type: CallType::Audio,
            attachment: None,
            extra: None,
            push: None,
            no_offline: false,
            no_record: false,
        });
        let outputs = feed(&mut engine, command(1, call));
        let channel = Channel { id: format!("channel {seed}").into(), ..Channel::default() };
        feed(&mut engine, answer(&outputs, Some(Room { channel, members: Vec::new() })));
        engine
    }

    #[test]
    fn the_same_state_with_other_ids_at_another_time_is_the_same() {
        let (a, b) = (calling(1, 10, 0), calling(2, 7_000, 40));
        assert_ne!(a, b);
        assert_eq!(a.canonical(Time(10)), b.canonical(Time(7_000)));
    }

    #[test]
    fn a_nearer_deadline_is_another_state() {
        let engine = calling(1, 10, 0);
        assert_ne!(engine.canonical(Time(10)), engine.canonical(Time(11)));
    }
}
