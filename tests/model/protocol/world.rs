//! A caller's device, the devices of the called account, and what is under way between them.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::sync::Arc;

use nertc_callkit_mqtt::protocol::{Topic, TopicKind};
use nertc_callkit_signaling::{EventKind, Text};

use super::core::{Client, Observation, Phase, StepOutput};
use super::message::{InFlightMessage, digest};

/// What may go wrong, and who may do what. Each counts how often it still may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    pub(crate) lost: u8,
    pub(crate) twice: u8,
    /// Deadlines that pass while something is under way.
    pub(crate) early: u8,
    pub(crate) restarts: u8,
    pub(crate) reconnects: u8,
    pub(crate) cancels: u8,
    pub(crate) hangups: u8,
    /// What a forger who knows the call's ids says.
    pub(crate) forged: u8,
    /// What a third party that calls says, see `third_party`.
    pub(crate) claims: u8,
    /// Which of the called devices accept, and which reject, as bits.
    pub(crate) accepts: u8,
    pub(crate) rejects: u8,
    /// Which are busy themselves.
    pub(crate) busies: u8,
    /// The called account may be logged in on one device only: it was on the first, it is on the last. The
    /// broker delivers the first one's hello once more.
    pub(crate) has_moved: bool,
}

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Deliver(usize),
    Lose(usize),
    /// It arrives, and will once more.
    Copy(usize),
    /// The next deadline.
    Time,
    Cancel,
    HangUp(usize),
    Accept(usize),
    Reject(usize),
    Busy(usize),
    Restart(usize),
    Reconnect(usize),
    /// A stranger says this to a device.
    Forge(usize, usize),
    /// A third account that calls says this to a device.
    Claim(usize, usize),
}

/// What a forger may say, and whether to a called device or to the caller's.
const FORGERIES: [(&str, &str, bool); 11] = [
    ("settled", r#""how":"cancel","by":"""#, true),
    ("settled", r#""how":"accept","by":"1""#, true),
    ("settled", r#""how":"accept","by":"2""#, true),
    ("gone", "", true),
    ("bye", r#""how":"close""#, true),
    ("state", "", true),
    ("gone", "", false),
    ("bye", r#""how":"close""#, false),
    ("accept", r#""custom":"""#, false),
    ("reject", r#""custom":"""#, false),
    ("ack", "", false),
];

/// What was decided, as the cores have heard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Ruling {
    /// By which device; a cancel by none.
    decision: Option<(EventKind, Text)>,
    /// The caller's core knows.
    is_caller_notified: bool,
    is_granted: bool,
    rejects: BTreeSet<Text>,
    busies: BTreeSet<Text>,
    /// When there was a verdict.
    at: Option<u64>,
}

/// How long a decided ring may go on where at most one message is lost.
const RING_ON_MS: u64 = 10_000;

/// Everything.
#[derive(Clone, Debug)]
pub(crate) struct World {
    now: u64,
    /// The first is the caller's.
    clients: Vec<(Arc<Client>, u64)>,
    wire: Vec<(u64, Arc<InFlightMessage>)>,
    ruling: Ruling,
    lives: u32,
    /// Little goes wrong: what must be repeated is, and in time.
    is_fair: bool,
    is_undisturbed: bool,
    pub(crate) budget: Budget,
}

impl World {
    /// Everybody is logged in and the caller has called.
    pub(crate) fn new(called: usize, budget: Budget) -> World {
        let names = std::iter::once(("a", "0")).chain([("b", "1"), ("b", "2"), ("b", "3")]);
        let clients = names.take(called + 1).map(|(account, device)| {
            let client = Arc::new(Client::new(account, device, 0, budget.has_moved));
            (client, 0)
        });
        let (clients, wire, ruling) = (clients.collect(), Vec::new(), Ruling::default());
        let is_fair = budget.lost <= 1 && budget.early == 0 && budget.restarts == 0 && budget.reconnects == 0;
        let is_undisturbed =
            is_fair && called == 1 && budget.lost == 0 && budget.cancels == 0 && budget.twice == 0;
        let mut world =
            World { now: 1_000, clients, wire, ruling, lives: 0, is_fair, is_undisturbed, budget };
        for device in 0..=called {
            world.step(device, |client, now| client.log_in(now)).expect("a login");
        }
        let again = world.has_moved();
        while !world.wire.is_empty() {
            world.make(Move::Deliver(0)).expect("a login");
        }
        world.wire.extend(again);
        world.step(0, |client, now| client.call(now)).expect("a call");
        world
    }

    /// The first called device logs in before the last one does, whose mailbox has its hello: which is here
    /// once more.
    fn has_moved(&mut self) -> Option<(u64, Arc<InFlightMessage>)> {
        let (mut hello, last) = (None, self.clients.len() - 1);
        let first = |wire: &[(u64, Arc<InFlightMessage>)]| wire.iter().position(|it| *it.1.device == *"1");
        while let Some(at) = first(&self.wire).filter(|_| self.budget.has_moved) {
            let is_hello = self.wire[at].1.to == last && self.wire[at].1.payload.contains("\"hello\"");
            hello = hello.or_else(|| is_hello.then(|| self.wire[at].clone()));
            self.make(Move::Deliver(at)).expect("a login");
        }
        hello
    }

    /// Equal for states from which the same can follow.
    pub(crate) fn fingerprint(&self) -> u64 {
        let clients: Vec<u64> = self.clients.iter().map(|it| it.1).collect();
        let wire: Vec<u64> = self.wire.iter().map(|it| it.0).collect();
        digest(&(self.now, clients, wire, &self.ruling, self.budget))
    }

    pub(crate) fn describe(&self, step: Move) -> String {
        match step {
            Move::Deliver(at) | Move::Lose(at) | Move::Copy(at) => {
                let it = &self.wire[at].1;
                let kind = it.payload.split("\"k\":\"").nth(1).and_then(|it| it.split('"').next());
                let what = format!("{:?} {} of {}/{}", it.kind, kind.unwrap_or(""), it.account, it.device);
                format!("{:>6} {step:?}: {what} to device {}", self.now, it.to)
            }
            Move::Time
            | Move::Cancel
            | Move::HangUp(_)
            | Move::Accept(_)
            | Move::Reject(_)
            | Move::Busy(_)
            | Move::Restart(_)
            | Move::Claim(..)
            | Move::Reconnect(_) => format!("{:>6} {step:?}", self.now),
            Move::Forge(at, to) => {
                let (kind, more, _) = FORGERIES[at];
                format!("{:>6} Forge: {kind} {more} to device {to}", self.now)
            }
        }
    }

    /// All that can happen next.
    pub(crate) fn moves(&self) -> Vec<Move> {
        let mut moves = Vec::new();
        let budget = self.budget;
        for at in 0..self.wire.len() {
            if at > 0 && self.wire[at].0 == self.wire[at - 1].0 {
                continue;
            }
            moves.push(Move::Deliver(at));
            moves.extend((budget.lost > 0).then_some(Move::Lose(at)));
            moves.extend((budget.twice > 0).then_some(Move::Copy(at)));
        }
        for (device, (client, _)) in self.clients.iter().enumerate() {
            let may = |bits: u8| bits & (1 << device) != 0 && client.phase == Phase::Ringing;
            moves.extend(may(budget.accepts).then_some(Move::Accept(device)));
            moves.extend(may(budget.rejects).then_some(Move::Reject(device)));
            moves.extend(may(budget.busies).then_some(Move::Busy(device)));
            let is_on = !matches!(client.phase, Phase::Idle | Phase::Over);
            moves.extend((is_on && budget.restarts > 0).then_some(Move::Restart(device)));
            moves.extend((is_on && budget.reconnects > 0).then_some(Move::Reconnect(device)));
            let hangs_up = client.phase == Phase::InCall && budget.hangups > 0;
            moves.extend(hangs_up.then_some(Move::HangUp(device)));
        }
        for at in (0..FORGERIES.len()).filter(|_| budget.forged > 0) {
            let all = if FORGERIES[at].2 { 1..self.clients.len() } else { 0..1 };
            moves.extend(all.map(|to| Move::Forge(at, to)));
        }
        if budget.claims > 0 {
            moves.extend(self.claims().into_iter().map(|(at, to)| Move::Claim(at, to)));
        }
        if budget.cancels > 0 && self.clients[0].0.phase == Phase::Calling {
            moves.push(Move::Cancel);
        }
        let due = self.clients.iter().any(|it| it.0.due().is_some());
        if due && (self.wire.is_empty() || budget.early > 0) {
            moves.push(Move::Time);
        }
        let in_call = self.clients.iter().position(|it| it.0.phase == Phase::InCall);
        if let (true, Some(device)) = (moves.is_empty(), in_call) {
            // Whatever is left of the call is ended in the end.
            moves.push(Move::HangUp(device));
        }
        moves
    }

    /// Does it; the law that it breaks.
    pub(crate) fn make(&mut self, step: Move) -> Result<(), String> {
        match step {
            Move::Deliver(at) => {
                let (_, message) = self.wire.remove(at);
                self.step(message.to, |client, now| client.receive(now, &message))
            }
            Move::Copy(at) => {
                self.budget.twice -= 1;
                let message = self.wire[at].1.clone();
                self.step(message.to, |client, now| client.receive(now, &message))
            }
            Move::Lose(at) => {
                self.budget.lost -= 1;
                self.wire.remove(at);
                Ok(())
            }
            Move::Time => self.pass(),
            Move::Cancel => {
                self.budget.cancels -= 1;
                self.step(0, |client, now| client.cancel(now))
            }
            Move::HangUp(device) => {
                self.budget.hangups = self.budget.hangups.saturating_sub(1);
                self.step(device, |client, now| client.hang_up(now))
            }
            Move::Accept(device) => {
                self.budget.accepts &= !(1 << device);
                self.step(device, |client, now| client.answer(now, true))
            }
            Move::Reject(device) => {
                self.budget.rejects &= !(1 << device);
                self.step(device, |client, now| client.answer(now, false))
            }
            Move::Busy(device) => {
                self.budget.busies &= !(1 << device);
                self.step(device, |client, now| client.is_busy(now))
            }
            Move::Restart(device) => {
                self.budget.restarts -= 1;
                self.lives += 1;
                let config = self.clients[device].0.config.clone();
                self.clients[device].0 =
                    Arc::new(Client::new(&config.account, &config.device, self.lives, config.single_device));
                self.step(device, |client, now| client.log_in(now))
            }
            Move::Forge(at, to) => {
                self.budget.forged -= 1;
                let message = self.forgery(at, to);
                self.step(to, |client, now| client.receive(now, &message))
            }
            Move::Claim(at, to) => {
                self.budget.claims -= 1;
                let message = self.claim(at, to);
                self.step(to, |client, now| client.receive(now, &message))
            }
            Move::Reconnect(device) => {
                self.budget.reconnects -= 1;
                self.step(device, |client, now| client.reconnect(now))
            }
        }
    }

    pub(crate) fn clients(&self) -> usize {
        self.clients.len()
    }

    pub(crate) fn phase(&self, device: usize) -> Phase {
        self.clients[device].0.phase
    }

    /// The call's channel.
    pub(crate) fn channel(&self) -> &Text {
        self.clients[0].0.channel()
    }

    /// Nothing goes wrong, nobody takes the call back, and one device is called.
    pub(crate) fn is_undisturbed(&self) -> bool {
        self.is_undisturbed
    }

    /// The id of a message that is under way.
    pub(crate) fn message_id(&self, part: &str) -> Option<&str> {
        let message = self.wire.iter().map(|it| &it.1.payload).find(|it| it.contains(part))?;
        message.split("\"id\":\"").nth(1)?.split('"').next()
    }

    /// Somebody of another account, with the device name of a called one, who has seen every id of the call.
    fn forgery(&self, at: usize, to: usize) -> InFlightMessage {
        let (kind, more, _) = FORGERIES[at];
        let channel = self.clients[0].0.channel();
        let message = self.wire.iter().map(|it| &it.1.payload).find(|it| it.contains("\"settled\""));
        let id = message.and_then(|it| it.split("\"id\":\"").nth(1)?.split('"').next()).unwrap_or("m");
        let comma = if more.is_empty() { "" } else { "," };
        let body = format!(r#"{{"rid":"r"{comma}{more}}}"#);
        let head = format!(r#""v":1,"k":"{kind}","id":"{id}","inst":"m","cid":"{channel}","re":"{id}""#);
        let (account, device) = ("m".into(), "1".into());
        InFlightMessage {
            to,
            kind: TopicKind::Direct,
            account,
            device,
            payload: format!(r#"{{{head},"b":{body}}}"#),
        }
    }

    /// Nobody hears an end that nobody of the call wanted, or an answer that nobody gave.
    fn is_forged(&self, device: usize, observation: &Observation) -> bool {
        let phase = |device: usize| self.clients[device].0.phase;
        let is_quiet = self.lives == 0 && self.is_fair;
        is_quiet
            && match observation {
                Observation::CalleeNotified(EventKind::Cancel, _) => {
                    matches!(phase(0), Phase::Calling | Phase::InCall)
                }
                Observation::Closed if device == 0 => {
                    (1..self.clients.len()).any(|it| matches!(phase(it), Phase::InCall))
                }
                Observation::Closed => phase(0) == Phase::Calling,
                Observation::CallerNotified(_, by) | Observation::CalleeNotified(_, by) => {
                    let by = self.clients.iter().skip(1).find(|it| it.0.config.device == *by);
                    by.is_none_or(|it| matches!(it.0.phase, Phase::Idle | Phase::Ringing))
                }
                Observation::Granted(_)
                | Observation::Cancelled
                | Observation::Rejects(_)
                | Observation::IsBusy(_)
                | Observation::Kicked
                | Observation::Twice
                | Observation::RingsAgain
                | Observation::GivenUp => false,
            }
    }

    fn pass(&mut self) -> Result<(), String> {
        if !self.wire.is_empty() {
            self.budget.early -= 1;
        }
        let Some(due) = self.clients.iter().filter_map(|it| it.0.due()).min() else { return Ok(()) };
        self.now = self.now.max(due);
        let is_late = self.ruling.at.is_some_and(|at| at + RING_ON_MS < self.now);
        let rings = self.clients.iter().position(|it| it.0.phase == Phase::Ringing);
        if let (true, true, Some(device)) = (self.is_fair, is_late, rings) {
            return Err(format!("invariant 12: device {device} rings on long after the verdict"));
        }
        if let Some(device) = self.clients.iter().position(|it| it.0.rings_too_long(self.now)) {
            return Err(format!("invariant 5: device {device} rings on after the invite has expired"));
        }
        for device in 0..self.clients.len() {
            if self.clients[device].0.due().is_some_and(|at| at <= self.now) {
                self.step(device, |client, now| client.wake(now))?;
                if self.clients[device].0.due().is_some_and(|at| at <= self.now) {
                    return Err(format!("invariant 3: device {device}: its deadline does not pass"));
                }
            }
        }
        Ok(())
    }

    /// One device does something; what it says is under way, and what it learned is judged.
    fn step(
        &mut self,
        device: usize,
        act: impl FnOnce(&mut Client, u64) -> StepOutput,
    ) -> Result<(), String> {
        let mut client = Client::clone(&self.clients[device].0);
        let output = act(&mut client, self.now);
        for (topic, payload) in output.messages {
            self.post(device, &client, &topic, &payload);
        }
        let fingerprint = digest(&client);
        self.clients[device] = (Arc::new(client), fingerprint);
        output.observations.into_iter().try_for_each(|observation| self.judge(device, observation))
    }

    fn post(&mut self, from: usize, client: &Client, topic: &Topic, payload: &str) {
        let (account, device) = (client.config.account.clone(), client.config.device.clone());
        for to in 0..self.clients.len() {
            let config = if to == from { &client.config } else { &self.clients[to].0.config };
            let kind = match topic {
                Topic::Inbox(whose) if *whose == config.account => TopicKind::Inbox,
                Topic::Direct(whose, which) if *whose == config.account && *which == config.device => {
                    TopicKind::Direct
                }
                Topic::Own if config.account == account => TopicKind::Own,
                Topic::Inbox(_) | Topic::Direct(..) | Topic::Own => continue,
            };
            let (account, device, payload) = (account.clone(), device.clone(), payload.to_owned());
            let message = Arc::new(InFlightMessage { to, kind, account, device, payload });
            let fingerprint = digest(&message);
            let at = self.wire.partition_point(|it| it.0 < fingerprint);
            self.wire.insert(at, (fingerprint, message));
        }
    }

    /// The laws of what cores hear about one invite.
    fn judge(&mut self, device: usize, observation: Observation) -> Result<(), String> {
        if self.is_forged(device, &observation) {
            return Err(format!(
                "invariant 13: device {device}: {observation:?}: nobody of the call did that"
            ));
        }
        let rings = self.clients.iter().skip(1).any(|it| it.0.phase == Phase::Ringing);
        let ruling = &mut self.ruling;
        let broken =
            |why: &str, ruling: &Ruling| Err(format!("{why}: device {device}: {observation:?}, {ruling:?}"));
        let decision = match &observation {
            Observation::Twice => return broken("invariant 1: answers an operation twice", ruling),
            Observation::RingsAgain => return broken("invariant 5: rings after its end", ruling),
            Observation::GivenUp if self.is_fair => {
                return broken("invariant 3: an accept is not decided, and next to nothing was lost", ruling);
            }
            Observation::Kicked if device + 1 == self.clients.len() => {
                return broken("invariant 4: an earlier login ends a later one", ruling);
            }
            Observation::GivenUp | Observation::Closed | Observation::Kicked => return Ok(()),
            Observation::IsBusy(by) => {
                ruling.busies.insert(by.clone());
                return Ok(());
            }
            Observation::CallerNotified(EventKind::Reject, by)
                if self.is_fair && rings && ruling.busies.contains(by) =>
            {
                return broken("invariant 5: one busy device ends the ring of another", ruling);
            }
            Observation::Rejects(by) => {
                ruling.rejects.insert(by.clone());
                return Ok(());
            }
            // Of a sibling that said so: the caller may be gone, or have decided before.
            Observation::CalleeNotified(EventKind::Reject, by) if ruling.rejects.contains(by) => {
                return Ok(());
            }
            Observation::CallerNotified(signal, by) => (*signal, by.clone()),
            Observation::Granted(by) => (EventKind::Accept, by.clone()),
            Observation::Cancelled | Observation::CalleeNotified(EventKind::Cancel, _) => {
                (EventKind::Cancel, "".into())
            }
            Observation::CalleeNotified(signal, by) => (*signal, by.clone()),
        };
        ruling.at.get_or_insert(self.now);
        if *ruling.decision.get_or_insert(decision.clone()) != decision {
            return broken("invariant 4: two verdicts", ruling);
        }
        let is_repeated = match &observation {
            Observation::CallerNotified(..) | Observation::Cancelled => {
                std::mem::replace(&mut ruling.is_caller_notified, true)
            }
            Observation::Granted(_) => std::mem::replace(&mut ruling.is_granted, true),
            Observation::CalleeNotified(..)
            | Observation::Rejects(_)
            | Observation::IsBusy(_)
            | Observation::Kicked
            | Observation::Twice
            | Observation::RingsAgain
            | Observation::GivenUp
            | Observation::Closed => false,
        };
        if is_repeated { broken("invariant 4: once more", ruling) } else { Ok(()) }
    }

    /// Nothing can happen any more: everybody is idle, every operation answered, no channel left.
    pub(crate) fn at_rest(&self) -> Result<(), String> {
        for (device, (client, _)) in self.clients.iter().enumerate() {
            client.is_done().map_err(|why| format!("{why}: device {device}"))?;
        }
        self.has_rung()?;
        if self.ruling.is_granted && !self.ruling.is_caller_notified && self.lives == 0 {
            return Err("invariant 4: an accept was granted of which the caller never heard".into());
        }
        Ok(())
    }
}
