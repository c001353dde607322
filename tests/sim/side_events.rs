//! Events beside the calls themselves: pushes that are answered before the call arrives, ringing,
//! token requests, and records of others.

use nertc_callkit::engine::input::{CallRef, Command, Input};
use nertc_callkit::engine::output::{ConnectionEvent, Event};
use nertc_callkit_signaling::{
    self as signaling, CallType, Code, Connection, Outcome, Record, RecordStatus, Text,
};

use super::device::Push;
use super::world::{Scheduled, World};

/// How many pushes users remember.
const PUSHES: usize = 8;

/// The name under which an event is counted.
fn counted(event: &Event) -> Option<&'static str> {
    let is_early = matches!(event, Event::Invited(invited) if invited.answered);
    let is_counted = matches!(event, Event::MissedCall(missed) if missed.count > 1);
    let is_refused = matches!(event, Event::Kicked(event) if event.code == Code::BAD_TOKEN);
    [
        (is_early, "calls answered before they came"),
        (is_counted, "missed calls counted"),
        (is_refused, "sessions ended for want of a token"),
        (matches!(event, Event::UserRinging(_)), "rings reported to the caller"),
        (matches!(event, Event::TokenNeeded(_)), "tokens asked for"),
        (matches!(event, Event::RecordReceived(_)), "records of others"),
    ]
    .into_iter()
    .find_map(|(is_it, name)| is_it.then_some(name))
}

impl World {
    /// What is done about an event beside the app.
    pub(super) fn on_event(&mut self, device: usize, event: &Event) {
        if let Some(name) = counted(event) {
            *self.met.entry(name).or_default() += 1;
        }
        if let Event::Kicked(event) = event {
            self.on_kicked(device, event);
        }
    }

    /// An invite sets out, and so does a push, which may be faster.
    pub(super) fn push(&mut self, device: usize, op: &signaling::Operation) {
        let signaling::Operation::Invite { message, .. } = op else { return };
        if self.pushes.len() >= PUSHES {
            self.pushes.pop_front();
        }
        self.pushes.push_back(Push {
            to: message.account.clone(),
            from: self.devices[device].account.clone(),
            channel: message.channel_id.clone(),
            request: message.request_id.clone(),
        });
    }

    /// A user answers a push, whatever has become of its call; sometimes a forged one.
    pub(super) fn answer_early(&mut self, device: usize) -> Result<(), String> {
        let account = self.devices[device].account.clone();
        let mine: Vec<Push> = self.pushes.iter().filter(|push| push.to == account).cloned().collect();
        if mine.is_empty() {
            return Ok(());
        }
        let push = self.random.pick(&mine).clone();
        let request = if self.random.chance(900) { push.request } else { "another".into() };
        let call = CallRef {
            account: Some(push.from),
            channel_id: Some(push.channel),
            request_id: Some(request),
            wait: true,
            ..CallRef::default()
        };
        match self.random.below(3) {
            0 => {
                let (busy, text) = (self.random.chance(300), self.text(3));
                self.ask(device, Command::Reject { call, busy, text })
            }
            _ => self.ask(device, Command::Accept { call }),
        }
    }

    /// The backend needs a token for its next connection, and the app answers in time, late, or that it has
    /// none.
    pub(super) fn want_token(&mut self, device: usize) -> Result<(), String> {
        let wait = 1 + self.random.below(90_000);
        self.send(device, wait, Scheduled::Token);
        let why = Outcome { code: Code::BAD_TOKEN, ..Outcome::default() };
        self.feed(device, Input::Connection(Connection::TokenNeeded(why)))
    }

    pub(super) fn give_token(&mut self, device: usize) -> Result<(), String> {
        let token: Text = if self.random.chance(800) { "fresh".into() } else { Text::default() };
        self.command(device, Command::SetToken { token })
    }

    /// The core ended a session without a token: its backend is logged out, too.
    fn on_kicked(&mut self, device: usize, event: &ConnectionEvent) {
        if event.code != Code::BAD_TOKEN || self.peers.is_some() {
            return;
        }
        self.trouble(device);
        self.end_session(device);
        self.relogin(device);
    }

    /// An MQTT peer reports a record to its core; its claims do not matter here.
    pub(super) fn receive_claim(&mut self, device: usize, from: Text, id: Text) -> Result<(), String> {
        let record = Record {
            client_msg_id: id,
            to: self.devices[device].account.clone(),
            channel_id: "claimed".into(),
            call_type: CallType::Audio,
            status: RecordStatus::Cancelled,
            text: Text::default(),
            durations: Vec::new(),
        };
        self.feed(device, Input::Record { from, record })
    }

    pub(super) fn receive_record(&mut self, device: usize, from: Text, record: Record) -> Result<(), String> {
        if self.devices[device].is_offline || !self.service.is_online(device) {
            return Ok(());
        }
        self.feed(device, Input::Record { from, record })
    }
}
