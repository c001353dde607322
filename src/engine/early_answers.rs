//! Answers for calls that are not here yet: a push woke the app, and its user has answered before the INVITE
//! arrives, maybe before the login.
//!
//! Such an answer waits at most as long as an invite can ring (`invite_age_ms`, from the request on), and
//! once this device is online only as long as an accept may take (`request_ms`): the service has delivered
//! by then what it kept.

use super::answer::{Answer, Waiting, Words};
use super::core::Engine;
use super::input::{Command, Ticket};
use super::limits;
use super::messages;
use super::state::{CallMatch, Invite, State};
use super::time::Time;
use nertc_callkit_signaling::{self as signaling, Code, EventKind, Outcome, Text};

impl Engine {
    /// An accept or reject that may wait for its call; false if it is about a call that is here, or may not.
    pub(super) fn wait_for_call(&mut self, now: Time, ticket: Ticket, command: &Command) -> bool {
        let (call, answer) = if let Command::Accept { call } = command {
            (call, Answer::Accept)
        } else if let Command::Reject { call, busy, text } = command {
            (call, Answer::Reject(Words { busy: *busy, text: text.clone() }))
        } else {
            return false;
        };
        if !call.wait {
            return false;
        }
        let is_id = |id: &Option<Text>| id.clone().filter(|id| !id.is_empty());
        let ids = (is_id(&call.account), is_id(&call.channel_id), is_id(&call.request_id));
        let (Some(from), Some(channel_id), Some(request_id)) = ids else {
            self.done(ticket, answer.operation(), 0, Code::INVALID_ARGUMENT);
            return true;
        };
        let which = self.locate(call);
        if which == CallMatch::Live {
            return false;
        }
        let account = self.session.account_ref().cloned();
        let own = account.clone().unwrap_or_default();
        let is_over =
            which == CallMatch::Ended || self.tombstones.covers(now, &channel_id, &request_id, &from, &own);
        let latest = now.after(self.config.timers.invite_age_ms);
        let until = self.is_online().then(|| self.online_limit(now, latest));
        let waiting = Waiting { ticket, answer, from, channel_id, request_id, account, latest, until };
        if is_over {
            // As always, a request to end a call that has ended is fulfilled.
            let is_fulfilled = which == CallMatch::Ended && waiting.answer != Answer::Accept;
            let code = if is_fulfilled { Code::OK } else { Code::INVITE_NOT_EXISTS };
            self.done(ticket, waiting.answer.operation(), 0, code);
            return true;
        }
        let is_same = |other: &Waiting| {
            (&other.from, &other.channel_id, &other.request_id)
                == (&waiting.from, &waiting.channel_id, &waiting.request_id)
        };
        if let Some(older) = self.waiting.iter().position(is_same) {
            let older = self.waiting.remove(older);
            self.done(older.ticket, older.answer.operation(), 0, Code::SUPERSEDED);
        } else if self.waiting.len() >= limits::WAITING_ANSWERS {
            self.done(ticket, waiting.answer.operation(), 0, Code::LIMIT);
            return true;
        }
        self.waiting.push(waiting);
        true
    }

    fn is_online(&self) -> bool {
        self.session.is_logged_in() && !self.is_connection_lost
    }

    fn online_limit(&self, now: Time, latest: Time) -> Time {
        now.after(self.config.timers.request_ms).min(latest)
    }

    /// The app has answered this invite already.
    pub(super) fn is_awaited(&self, invite: &Invite) -> bool {
        self.waiting.iter().any(|waiting| waiting.is_for(invite))
    }

    /// The answer that waits for this invite.
    pub(super) fn take_answer(&mut self, invite: &Invite) -> Option<(Ticket, Answer)> {
        let index = self.waiting.iter().position(|waiting| waiting.is_for(invite))?;
        let waiting = self.waiting.remove(index);
        Some((waiting.ticket, waiting.answer))
    }

    /// The same, if it is a reject: that needs no ringing.
    pub(super) fn take_reject(&mut self, invite: &Invite) -> Option<(Ticket, Words)> {
        let index = self.waiting.iter().position(|waiting| waiting.is_for(invite))?;
        let Answer::Reject(words) = self.waiting[index].answer.clone() else { return None };
        Some((self.waiting.remove(index).ticket, words))
    }

    fn end_waiting(&mut self, code: Code, is_over: impl Fn(&Engine, &Waiting) -> bool) {
        let (over, open): (Vec<Waiting>, Vec<Waiting>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|waiting| is_over(self, waiting));
        self.waiting = open;
        for waiting in over {
            self.done(waiting.ticket, waiting.answer.operation(), 0, code);
        }
    }

    /// An answer to an invite whose end was seen completes.
    pub(super) fn settle_waiting(&mut self, now: Time) {
        self.end_waiting(Code::INVITE_NOT_EXISTS, |engine, waiting| {
            let own = waiting.account.clone().unwrap_or_default();
            engine.tombstones.covers(now, &waiting.channel_id, &waiting.request_id, &waiting.from, &own)
        });
    }

    /// Another device of ours answered an invite that is not here.
    pub(super) fn sibling_answered(&mut self, event: &signaling::Event) {
        let is_answer = matches!(event.kind, EventKind::Accept | EventKind::Reject);
        if !is_answer || self.waiting.is_empty() || Some(&event.from) != self.session.account_ref() {
            return;
        }
        let is_accept = event.kind == EventKind::Accept;
        let code = if is_accept { Code::INVITE_ACCEPTED } else { Code::INVITE_REJECTED };
        self.end_waiting(code, |_, waiting| {
            (&waiting.channel_id, &waiting.request_id) == (&event.channel.id, &event.request_id)
        });
    }

    /// Logged in as `account`, or the connection is back: from now on the service delivers.
    pub(super) fn waiting_online(&mut self, now: Time, account: &Text) {
        self.end_waiting(Code::INVITE_NOT_EXISTS, |_, waiting| {
            waiting.account.as_ref().is_some_and(|own| own != account)
        });
        let limit = now.after(self.config.timers.request_ms);
        for waiting in &mut self.waiting {
            waiting.account = Some(account.clone());
            waiting.until = Some(waiting.latest.min(limit));
        }
    }

    /// The connection is lost: nothing is delivered for a while.
    pub(super) fn waiting_offline(&mut self) {
        self.waiting.iter_mut().for_each(|waiting| waiting.until = None);
    }

    /// The session or the client ends.
    pub(super) fn drop_waiting(&mut self) {
        self.end_waiting(Code::SHUTTING_DOWN, |_, _| true);
    }

    /// When this answer expires. While its call is parked behind another of the same user, that
    /// is decided by the other.
    fn limit_of(&self, waiting: &Waiting) -> Time {
        let parked = match &self.state {
            State::Called(called) => called.parked.as_ref(),
            State::Calling(calling) => calling.parked(),
            State::Idle | State::InCall(_) => None,
        };
        let is_here = parked.is_some_and(|parked| waiting.is_for(parked));
        waiting.until.filter(|_| !is_here).unwrap_or(waiting.latest)
    }

    pub(super) fn waiting_due(&self) -> Option<Time> {
        self.waiting.iter().map(|waiting| self.limit_of(waiting)).min()
    }

    pub(super) fn on_waiting_due(&mut self, now: Time) {
        if self.waiting_due().is_none_or(|at| at > now) {
            return;
        }
        let (over, open): (Vec<Waiting>, Vec<Waiting>) =
            std::mem::take(&mut self.waiting).into_iter().partition(|one| self.limit_of(one) <= now);
        self.waiting = open;
        for waiting in over {
            let outcome = Outcome::failed(Code::INVITE_NOT_EXISTS, messages::NO_INVITE);
            self.done_with(waiting.ticket, waiting.answer.operation(), 0, outcome);
        }
    }
}
