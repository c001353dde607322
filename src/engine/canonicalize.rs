//! One representative for all engines that behave identically, so that a search over states terminates:
//! deadlines relative to now, ids and numbers renamed by first appearance, and nothing that can no longer
//! matter.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use super::coalesce::Coalescer;
use super::core::Engine;
use super::ids::Ids;
use super::in_flight::{Awaited, Owner, Step, Teardown, Undo};
use super::input::Ticket;
use super::reported_records::ReportedRecords;
use super::state::{
    Called, Calling, Closing, Glare, InCall, Invite, InviteStage, JoinStage, MediaRoom, OutgoingInvite,
    OwnOutcome, Session, State,
};
use super::time::Time;
use super::tombstones::Tombstones;
use super::wire;
use nertc_callkit_signaling::{Message, Req, Text};

/// New names, by first appearance. One value may serve several engines and the messages between them, so that
/// the same id gets the same name everywhere.
#[derive(Clone, Debug, Default)]
pub struct Renamer {
    now: Time,
    /// None: ids keep their names, see `of_world`.
    ids: Option<BTreeMap<Text, Text>>,
    /// The ids that were met, when they keep their names.
    met: Vec<Text>,
    /// Kind and number, in the order in which they appeared.
    numbers: Vec<(u8, u64)>,
}

/// Kinds of numbers.
const REQ: u8 = 0;
const CALL: u8 = 1;
const TICKET: u8 = 2;
const CLOSER: u8 = 3;

impl Renamer {
    /// For states at `now`.
    pub fn new(now: Time) -> Renamer {
        Renamer { now, ids: Some(BTreeMap::new()), ..Renamer::default() }
    }

    /// For scenarios in which every id is a function of its creator and of that creator's call,
    /// independent of the history. Such ids need no renaming, so texts keep theirs too, and an engine's
    /// representative does not depend on the rest of the scenario. The service's clock equals ours,
    /// and nobody refers to an ended call.
    pub fn of_world(now: Time) -> Renamer {
        Renamer { now, ..Renamer::default() }
    }

    /// Ids that the state names.
    pub fn met(&self) -> &[Text] {
        &self.met
    }

    /// Renames an id; the empty one stays.
    pub fn id(&mut self, id: &mut Text) {
        if id.is_empty() {
            return;
        }
        match &mut self.ids {
            Some(ids) => {
                let next = ids.len();
                *id = ids.entry(id.clone()).or_insert_with(|| format!("#{next}").into()).clone();
            }
            None => self.met.push(id.clone()),
        }
    }

    /// Renames an operation's number.
    fn req(&mut self, req: &mut Req) {
        req.0 = self.number(REQ, req.0);
    }

    /// The name of an operation's number; 0 = the state does not know it, its completion means nothing.
    pub fn known_req(&self, req: Req) -> u64 {
        self.position(REQ, req.0).unwrap_or(0)
    }

    fn position(&self, kind: u8, number: u64) -> Option<u64> {
        let of_kind = self.numbers.iter().filter(|(other, _)| *other == kind);
        of_kind.zip(1..).find(|((_, other), _)| *other == number).map(|(_, name)| name)
    }

    fn number(&mut self, kind: u8, number: u64) -> u64 {
        if number == 0 {
            return 0;
        }
        self.position(kind, number).unwrap_or_else(|| {
            self.numbers.push((kind, number));
            self.numbers.iter().filter(|(other, _)| *other == kind).count() as u64
        })
    }

    /// What the text of a message means; where ids keep their names the text does so as well.
    fn text(&self, custom_info: &mut Text) {
        if self.ids.is_some() {
            *custom_info = essence(custom_info);
        }
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

    /// A message's ids, and of its text what matters.
    fn message(&mut self, message: &mut Message) {
        self.id(&mut message.channel_id);
        self.id(&mut message.request_id);
        self.text(&mut message.custom_info);
    }
}

/// What an attachment means, without its ids.
fn essence(custom_info: &str) -> Text {
    let text = wire::read(custom_info);
    let has_call_id = !text.call_id.is_empty();
    format!("{:?} {has_call_id} {} {}", wire::reason(custom_info, &text), text.glare, text.is_old_version())
        .into()
}

impl Engine {
    /// The representative of this engine's state at `now`.
    pub fn canonical(&self, now: Time) -> Engine {
        let mut names = Renamer::new(now);
        let mut engine = self.canonical_in(&mut names);
        let mut stones: Vec<_> = self.tombstones.iter().filter(|it| it.until > now).cloned().collect();
        for stone in &mut stones {
            names.id(&mut stone.channel_id);
            stone.request_id.iter_mut().for_each(|request| names.id(request));
            stone.until = Time(0);
        }
        stones.sort_by(|a, b| {
            (&a.channel_id, &a.request_id, &a.writer).cmp(&(&b.channel_id, &b.request_id, &b.writer))
        });
        engine.tombstones = stones.into();
        engine
    }

    /// The same without tombstones: a search supplies them in `tombstones`, because only those matter whose
    /// ids still occur somewhere.
    pub fn canonical_in(&self, names: &mut Renamer) -> Engine {
        let mut engine = self.clone();
        engine.ids = Ids::new([0; 32]);
        (engine.last_req, engine.last_call, engine.last_teardown) = (0, 0, 0);
        engine.tombstones = Tombstones::default();
        // What is counted changes nothing of any call.
        engine.coalescer = Coalescer::default();
        engine.reported_records = ReportedRecords::default();
        names.state(&mut engine.state);
        names.session(&mut engine.session);
        for waiting in &mut engine.waiting {
            names.ticket(&mut waiting.ticket);
            names.id(&mut waiting.channel_id);
            names.id(&mut waiting.request_id);
            names.due(&mut waiting.latest);
            waiting.until.iter_mut().for_each(|at| names.due(at));
        }
        engine.tokens.until.iter_mut().for_each(|at| names.due(at));
        for (ticket, until) in &mut engine.tokens.logins {
            names.ticket(ticket);
            names.due(until);
        }
        match &mut engine.media_room {
            MediaRoom::Out => {}
            MediaRoom::Joining { call, req } => {
                names.call(call);
                names.req(req);
            }
            MediaRoom::In { call, req } => {
                names.call(call);
                names.req(req);
            }
            MediaRoom::Leaving { req, next } => {
                names.req(req);
                next.iter_mut().for_each(|call| names.call(call));
            }
        }
        if let Some(prepared) = &mut engine.prepared {
            names.call(&mut prepared.call_no);
            names.id(&mut prepared.call_id);
        }
        for teardown in &mut engine.teardowns {
            names.teardown(teardown);
        }
        for op in &mut engine.ops {
            names.req(&mut op.req);
            op.deadline.iter_mut().for_each(|at| names.due(at));
            names.owner(&mut op.owner);
        }
        if names.ids.is_none() {
            engine.ended = None;
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

    /// The channel of every tombstone, and a fingerprint of the whole.
    pub fn tombstones<H: Hasher + Default>(&self, now: Time) -> impl Iterator<Item = (&Text, u64)> {
        self.tombstones.iter().filter(move |stone| stone.until > now).map(|stone| {
            let mut hasher = H::default();
            (&stone.channel_id, &stone.request_id, &stone.writer).hash(&mut hasher);
            (&stone.channel_id, hasher.finish())
        })
    }
}

impl Renamer {
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
            Glare::Parked { invite, until } => {
                self.invite(invite);
                until.iter_mut().for_each(|at| self.due(at));
            }
            Glare::Accepting { invite, req, own_outcome, .. } => {
                self.invite(invite);
                self.req(req);
                if let OwnOutcome::Accepted(Some(text)) = own_outcome {
                    self.text(text);
                }
            }
        }
    }

    fn own(&mut self, own: &mut OutgoingInvite) {
        self.call(&mut own.no);
        self.ticket(&mut own.issued_by);
        self.id(&mut own.channel_id);
        self.id(&mut own.request_id);
        self.id(&mut own.call_id);
        own.since = Time(0);
        self.due(&mut own.ring_until);
        own.texts.deadlines().for_each(|at| self.due(at));
        match &mut own.step {
            InviteStage::Creating(req)
            | InviteStage::Joining(req)
            | InviteStage::Inviting(req)
            | InviteStage::TimingOut(req)
            | InviteStage::Yielding(req) => self.req(req),
            InviteStage::Held | InviteStage::Invited | InviteStage::Over => {}
        }
    }

    fn invite(&mut self, invite: &mut Invite) {
        self.id(&mut invite.channel_id);
        self.id(&mut invite.request_id);
        self.id(&mut invite.call_id);
        self.id(&mut invite.channel_name);
        self.text(&mut invite.custom_info);
        if self.ids.is_none() {
            // Its age is in `expires`.
            invite.time_ms = 0;
        }
        self.due(&mut invite.expires);
        invite.texts.deadlines().for_each(|at| self.due(at));
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
        called.parked.iter_mut().for_each(|parked| self.invite(parked));
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
        call.secured.iter_mut().for_each(|secured| self.call(&mut secured.call_no));
        call.ring_ms = 0;
        call.connected_at = call.connected_at.map(|_| Time(0));
        match &mut call.entry {
            JoinStage::Signaling { req, wait } => {
                self.req(req);
                wait.iter_mut().for_each(|at| self.due(at));
            }
            JoinStage::Waiting { until } => self.due(until),
            JoinStage::Joining { .. } | JoinStage::Joined => {}
        }
        for at in [&mut call.connect_by, &mut call.peer_left].into_iter().flatten() {
            self.due(at);
        }
        if let Some(silence) = &mut call.silence {
            self.due(&mut silence.notify_at);
            self.due(&mut silence.lost_at);
        }
        if let Some(switch) = &mut call.switch {
            self.due(&mut switch.until);
        }
        call.texts.deadlines().for_each(|at| self.due(at));
        call.legacy_invite.iter_mut().for_each(|own| self.own(own));
    }

    fn session(&mut self, session: &mut Session) {
        match session {
            Session::LoggedOut => {}
            Session::LoggingIn { tickets, early, .. } => {
                tickets.iter_mut().for_each(|t| self.ticket(t));
                if self.ids.is_none() {
                    early.iter_mut().for_each(|event| {
                        self.met.push(event.channel.id.clone());
                        event.time_ms = event.time_ms.wrapping_sub(self.now.0);
                    });
                }
            }
            Session::LoggedIn { clock, .. } if self.ids.is_some() => *clock = clock.map(|_| 0),
            Session::LoggedIn { .. } => {}
            Session::LoggingOut { until, tickets, next, .. } => {
                until.iter_mut().for_each(|at| self.due(at));
                tickets.iter_mut().for_each(|t| self.ticket(t));
                next.iter_mut().for_each(|login| self.ticket(&mut login.ticket));
            }
            Session::Aborting { tickets, next } => {
                tickets.iter_mut().for_each(|t| self.ticket(t));
                next.iter_mut().for_each(|login| self.ticket(&mut login.ticket));
            }
        }
    }

    fn teardown(&mut self, teardown: &mut Teardown) {
        teardown.id = self.number(CLOSER, teardown.id);
        self.call(&mut teardown.call_no);
        self.due(&mut teardown.deadline);
        self.id(&mut teardown.channel_id);
        teardown.cancel.iter_mut().for_each(|message| self.message(message));
        if let Step::Await(Awaited::Accept(message)) = &mut teardown.step {
            self.message(message);
        }
    }

    fn owner(&mut self, owner: &mut Owner) {
        match owner {
            Owner::Login | Owner::Logout | Owner::Abort { .. } | Owner::RtcLeave => {}
            Owner::Create(call)
            | Owner::Invite(call)
            | Owner::RingCancel(call)
            | Owner::Yield(call)
            | Owner::Negotiation(call)
            | Owner::RtcJoin(call)
            | Owner::Side { call_no: call, .. } => self.call(call),
            Owner::Join(call, channel)
            | Owner::Accept(call, channel)
            | Owner::GlareAccept(call, channel)
            | Owner::Enter(call, channel) => {
                self.call(call);
                self.id(channel);
            }
            Owner::Teardown(teardown) => *teardown = self.number(CLOSER, *teardown),
            Owner::Data { call, ticket } => {
                self.call(call);
                self.ticket(ticket);
            }
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
    use super::super::core::Config;
    use super::super::input::{CallOptions, Command, Input};
    use super::super::output::Output;
    use super::*;
    use nertc_callkit_ids::IdGenerator;
    use nertc_callkit_signaling as signaling;
    use nertc_callkit_signaling::{CallType, Channel, ChannelState, OperationResult};

    /// A logged-in engine that created a channel at `now`, with the ids of `seed`.
    fn calling(seed: u64, now: u64, padding: u64) -> Engine {
        let mut engine = Engine::new(Config::default(), IdGenerator::test_seed(seed));
        let feed = |engine: &mut Engine, input| {
            engine.handle(Time(now), input);
            std::iter::from_fn(|| engine.poll_output()).collect::<Vec<_>>()
        };
        let command =
            |n: u64, command| Input::Command { ticket: Ticket(padding + n), command: Box::new(command) };
        let login = Command::Login { account: "alice".into(), token: Text::default() };
        let outputs = feed(&mut engine, command(0, login));
        let answer = |outputs: &[Output], room: Option<ChannelState>| match outputs.first() {
            Some(Output::Signal {
                req,
                op: signaling::Operation::Login { .. } | signaling::Operation::Create { .. },
            }) => Input::SignalDone {
                req: *req,
                result: OperationResult { channel: room, ..OperationResult::default() }.into(),
            },
            other => panic!("no operation to answer: {other:?}"),
        };
        feed(&mut engine, answer(&outputs, None));
        let call = Command::Call(CallOptions::to("bob".into(), CallType::Audio));
        let outputs = feed(&mut engine, command(1, call));
        let channel = Channel { id: format!("channel {seed}").into(), ..Channel::default() };
        feed(&mut engine, answer(&outputs, Some(ChannelState { channel, members: Vec::new() })));
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
