//! What begins, interrupts and ends a session: logins, connections, the echo of the own messages, other
//! logins of the account.

use std::collections::BTreeSet;

use nertc_callkit_signaling::{
    CallPolicy, Code, DeviceAddr, Event, EventKind, InviteState, Origin, Outcome, Text,
};

use super::channel::{LivenessProbe, Role};
use super::message::{Body, ByeKind, Message};
use super::session::{Phase, Session};
use super::types::{ConnectionChange, Output, Topic};
use super::{Peer, direct, limits, message};

impl Peer {
    pub(super) fn on_login(&mut self, req: u64) {
        // A device that is logged in and has no connection waits for it.
        if self.session.is_in && !self.session.is_lost {
            return self.done(req, Code::OK.into());
        }
        if let Some(before) = self.session.login.replace(req) {
            self.done(before, Code::TIMEOUT.into());
        }
        if matches!(self.session.phase, Phase::Out) {
            self.session.phase = Phase::Connecting;
            self.policy = CallPolicy::default();
        }
    }

    /// The core aborted a login. The session that this login began ends silently, here only; one
    /// that an earlier login began continues.
    pub(super) fn on_abort_login(&mut self, req: u64) {
        let waited = self.session.login.take_if(|it| *it == req).is_some();
        if waited {
            self.done(req, Code::TIMEOUT.into());
        }
        if self.session.began_by.is_some_and(|by| by == req) || waited && !self.session.is_in {
            self.end_session();
            self.outputs.push_back(Output::Disconnect { forget: false });
        }
    }

    pub(super) fn on_logout(&mut self, req: u64) {
        self.end_session();
        self.done(req, Code::OK.into());
        self.outputs.push_back(Output::Disconnect { forget: true });
    }

    pub(super) fn on_up(&mut self) {
        if matches!(self.session.phase, Phase::Out) {
            return;
        }
        self.outbox.up(self.now, &mut self.outputs);
        self.send_to_self(false);
        // The connection subscribed anew: without wills.
        self.watched.clear();
        for incoming in std::mem::take(&mut self.session.early) {
            self.on_message(incoming);
        }
    }

    /// The mark, and then, at a login, the hello: only a login concerns the account's devices, and only
    /// from a device that receives its own messages. A mailbox must not fill with reconnects.
    fn send_to_self(&mut self, is_hello: bool) {
        let body = if is_hello {
            // A later login of this process has a higher number, whatever was evicted in between.
            self.epoch = (self.epoch + 1).max(self.now).min(limits::UID);
            Body::Hello { epoch: self.epoch }
        } else {
            Body::Mark
        };
        let message = self.new_message(&"".into(), body);
        let (topic, expires_ms) = match is_hello {
            true => (Topic::Own, limits::HELLO_EXPIRES_MS),
            false => (direct(&self.me), limits::ANSWER_EXPIRES_MS),
        };
        let (qos, payload) = (message.body.qos(), message::write(&message));
        self.outbox.send_once(&mut self.outputs, topic, qos, payload, expires_ms);
        let until = self.now + limits::ECHO_MS;
        self.session.phase = Phase::Greeting { awaits: message.id, is_hello, until };
    }

    pub(super) fn on_down(&mut self) {
        self.outbox.down();
        if matches!(self.session.phase, Phase::Out) {
            return;
        }
        self.session.phase = Phase::Connecting;
        self.session.early.clear();
        for channel in self.channels.values_mut() {
            channel.participants.iter_mut().for_each(|it| it.probe = None);
            if let Some(ring) = channel.ring() {
                (ring.probe, ring.alert_at) = (None, None);
            }
        }
        if self.session.is_in && !std::mem::replace(&mut self.session.is_lost, true) {
            self.connection(ConnectionChange::Lost, Code::OK, "the connection to the broker is lost".into());
        }
    }

    pub(super) fn on_refused(&mut self, code: Code, raw_code: i32, message: Text) {
        if let Some(req) = self.session.login.take() {
            self.done(req, Outcome { code, raw_code, message: message.clone() }.into());
        }
        if self.session.is_in {
            self.connection(ConnectionChange::Kicked, code, message);
        }
        self.end_session();
    }

    /// Everything of this session ends; the core ends its calls by itself.
    fn end_session(&mut self) {
        for req in self.outbox.clear() {
            self.done(req, Code::NOT_LOGGED_IN.into());
        }
        if let Some(req) = self.session.login.take() {
            self.done(req, Code::NOT_LOGGED_IN.into());
        }
        for (id, mut channel) in std::mem::take(&mut self.channels) {
            if let Some(req) = self.record_ended_ring(&id, &mut channel, Code::INVITE_NOT_EXISTS) {
                self.done(req, Code::NOT_LOGGED_IN.into());
            }
        }
        self.outbox.down();
        self.session = Session::default();
        self.watched.clear();
    }

    /// A final message to everybody whom our channels concern, sent once: it cannot be retransmitted.
    fn part(&mut self) {
        let is_ours = |it: &super::Channel| it.is_in || matches!(it.role, Role::Caller(_));
        let ids: Vec<Text> = self.channels.iter().filter(|it| is_ours(it.1)).map(|it| it.0.clone()).collect();
        for id in ids {
            self.notify_members(&id, &Body::Bye { how: ByeKind::Leave, custom: "".into() }, None);
            self.end_channel(&id, &"".into());
        }
    }

    fn connection(&mut self, change: ConnectionChange, code: Code, message: Text) {
        self.outputs.push_back(Output::Connection { change, code, message });
    }

    /// A message of an own device, maybe of this one.
    pub(super) fn on_own(&mut self, from: &DeviceAddr, message: &Message) {
        let is_me = from.device == self.me.device && message.instance == self.config.instance;
        if let Body::Hello { epoch } = &message.body {
            let is_newer = self.logins.insert(&from.device, &message.instance, *epoch);
            if is_me {
                self.on_echo(from, message);
            } else if is_newer {
                self.on_other_login(from);
            }
        } else if is_me {
            // Messages to our other devices.
        } else if let Body::Reject { request, custom, .. } = &message.body {
            self.on_sibling_reject(from, &message.channel, request, custom);
        } else if let Body::Record { text } = &message.body {
            self.on_record(from, &message.id, text);
        }
    }

    /// Another device of this account has logged in, or another incarnation of this one.
    fn on_other_login(&mut self, from: &DeviceAddr) {
        let is_rival = self.config.single_device || from.device == self.me.device;
        if is_rival && self.session.has_greeted {
            self.send_farewell();
            self.part();
            self.connection(ConnectionChange::Kicked, Code::OK, "logged in on another device".into());
            self.end_session();
            self.outputs.push_back(Output::Disconnect { forget: true });
        }
    }

    /// Our own message returned: with the last of them the session begins, or continues.
    pub(super) fn on_echo(&mut self, from: &DeviceAddr, message: &Message) {
        let Phase::Greeting { awaits, is_hello, .. } = &self.session.phase else { return };
        if *from != self.me || *awaits != message.id {
            return;
        }
        if !is_hello && !self.session.is_in {
            return self.send_to_self(true);
        }
        self.session.has_greeted |= is_hello;
        let login = self.session.login.take();
        if !std::mem::replace(&mut self.session.is_in, true) {
            self.session.began_by = login;
        }
        if let Some(req) = login {
            self.done(req, Code::OK.into());
        }
        if std::mem::take(&mut self.session.is_lost) {
            self.connection(ConnectionChange::Restored, Code::OK, "".into());
        }
        let until = self.now + limits::PROBING_MS;
        self.session.phase = Phase::Probing { until, accounts: BTreeSet::new() };
        let ids: Vec<Text> = self.channels.keys().cloned().collect();
        for id in ids {
            self.ask_after_reconnect(&id);
        }
        self.end_probing();
    }

    /// Much may have happened: asks the owner of an invite, and the members of a channel.
    fn ask_after_reconnect(&mut self, id: &Text) {
        let is_new = self.session.has_invite(id);
        let Some(channel) = self.channels.get_mut(id) else { return };
        if is_new && !self.policy.admits(&channel.owner.account) {
            // The core refuses it, and its caller does not learn that the device is online.
            return;
        }
        for participant in &mut channel.participants {
            (participant.received_at, participant.asked) = (self.now, self.now);
        }
        let mut asked: Vec<(DeviceAddr, Body)> = Vec::new();
        if let Role::Callee(ring) = &mut channel.role
            && ring.is_ringing()
        {
            ring.probe = is_new.then_some(LivenessProbe { next: self.now + limits::PROBE_MS, left: 0 });
            let rings = ring.core_state == Some(InviteState::Ringing);
            let body = Body::Alert { request: ring.request.clone(), asks: true, rings };
            asked.push((channel.owner.clone(), body));
        }
        if channel.is_in {
            asked.extend(channel.participants.iter().map(|it| (it.addr.clone(), Body::Sync)));
        }
        for (addr, body) in asked {
            self.send_once_in(&addr, id, body);
        }
    }

    /// Delivers the part of the backlog whose senders are not being asked, or have had the time to answer.
    pub(super) fn end_probing(&mut self) {
        let Phase::Probing { until, .. } = self.session.phase else { return };
        let probed = self.probed();
        let owners =
            probed.iter().filter_map(|id| self.channels.get(id)).map(|channel| channel.owner.account.clone());
        let accounts: BTreeSet<Text> = owners.collect();
        let is_in = accounts.is_empty();
        let waits = |event: &Event| accounts.contains(&event.channel.creator);
        let (later, events) = std::mem::take(&mut self.session.backlog).into_iter().partition(waits);
        self.session.backlog = later;
        let waits = |it: &(Text, Output)| accounts.contains(&it.0);
        let (later, records) = std::mem::take(&mut self.session.records).into_iter().partition(waits);
        self.session.records = later;
        self.session.phase = if is_in { Phase::In } else { Phase::Probing { until, accounts } };
        let events: Vec<Event> = events;
        if !events.is_empty() {
            self.outputs.push_back(Output::Events { origin: Origin::Offline, events });
        }
        let records: Vec<(Text, Output)> = records;
        self.outputs.extend(records.into_iter().map(|it| it.1));
    }

    /// The invites of the backlog whose callers have not answered yet.
    fn probed(&self) -> Vec<Text> {
        let waits = |id: &Text, channel: &super::Channel| {
            channel.rings().is_some_and(|it| it.probe.is_some()) && self.session.has_invite(id)
        };
        self.channels.iter().filter(|(id, channel)| waits(id, channel)).map(|it| it.0.clone()).collect()
    }

    /// Removes an invite of the backlog that no device keeps any more. False: there is none.
    pub(super) fn spoil_invite(&mut self, channel: &Text) -> bool {
        let is_it = |it: &&mut Event| it.kind == EventKind::Invite && it.channel.id == *channel;
        let Some(event) = self.session.backlog.iter_mut().find(is_it) else { return false };
        event.channel.invalid = true;
        true
    }

    pub(super) fn session_timeouts(&mut self) {
        if self.session.timeout().is_none_or(|until| until > self.now) {
            return;
        }
        if matches!(self.session.phase, Phase::Probing { .. }) {
            return self.probed().iter().for_each(|id| self.end_lost(id));
        }
        self.outbox.down();
        let Some(req) = self.session.login.take_if(|_| !self.session.is_in) else {
            self.session.phase = Phase::Connecting;
            return self.outputs.push_back(Output::Reconnect);
        };
        let message = "the own message did not come back within 5 s: the broker is slow or overloaded, or \
                       its access rules do not let this account read and write its own topics";
        self.done(req, Outcome::failed(Code::BACKEND_FAILED, message).into());
        self.end_session();
        self.outputs.push_back(Output::Disconnect { forget: false });
    }
}
