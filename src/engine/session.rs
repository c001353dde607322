//! Login, logout, kick, connection, and the way out of everything.

use super::core::Engine;
use super::fair_share::fair_share;
use super::in_flight::{Finish, Owner};
use super::input::{CallRef, Ticket};
use super::limits;
use super::notify::connection_event;
use super::output::{ConnectionEvent, EndReason, Event, Operation, Output, Transport};
use super::state::{CallMatch, Closing, MediaRoom, NextLogin, Session, State, Tokens};
use super::time::Time;
use nertc_callkit_signaling::{
    self as signaling, CallPolicy, ChannelState, Code, Connection, OperationResult, Outcome, Text,
};

impl Engine {
    pub(super) fn cmd_login(&mut self, now: Time, ticket: Ticket, account: Text, token: Text) {
        let current = self.session.account();
        match &mut self.session {
            Session::LoggedOut => {
                self.tokens = Tokens::default();
                let tickets = vec![ticket];
                let (early, channel_states, records) = (Vec::new(), Vec::new(), Vec::new());
                let account_of = account.clone();
                self.session =
                    Session::LoggingIn { account: account_of, tickets, early, channel_states, records };
                let ms = self.config.timers.login_ms;
                self.signal(now, ms, Owner::Login, signaling::Operation::Login { account, token });
                if self.policy != CallPolicy::default() {
                    self.hand_policy_on();
                }
            }
            Session::LoggingIn { tickets, .. } if current == account => tickets.push(ticket),
            Session::LoggedIn { .. } if current == account => self.login_again(now, ticket, token),
            Session::LoggingIn { .. } | Session::LoggedIn { .. } => {
                self.done(ticket, Operation::Login, 0, Code::ALREADY_LOGGED_IN);
            }
            Session::LoggingOut { next, .. } | Session::Aborting { next, .. } => {
                next.push(NextLogin { ticket, account, token });
            }
        }
    }

    pub(super) fn on_login_done(&mut self, now: Time, result: &OperationResult) {
        let session = std::mem::replace(&mut self.session, Session::LoggedOut);
        let Session::LoggingIn { account, tickets, early, channel_states, records } = session else {
            self.session = session;
            return self.ignore("completion of an abandoned login");
        };
        self.tokens = Tokens::default();
        let ok = result.outcome.code == Code::OK;
        if !ok {
            self.forget_early(now, &early, &account);
        } else {
            let clock = (result.server_ms > 0).then(|| result.server_ms.saturating_sub(now.0));
            self.session = Session::LoggedIn { account: account.clone(), clock };
        }
        for ticket in tickets {
            self.done_with(ticket, Operation::Login, 0, result.outcome.clone());
        }
        if ok {
            self.waiting_online(now, &account);
            self.on_channel_states(now, channel_states);
            self.on_offline(now, early);
            for (from, record) in records {
                self.on_record(now, from, record);
            }
        }
    }

    /// Keeps messages that came before the login's completion; true if they were kept.
    pub(super) fn keep_early(&mut self, events: &mut Vec<signaling::Event>) -> bool {
        let Session::LoggingIn { early, .. } = &mut self.session else { return false };
        early.append(events);
        let (kept, dropped) = fair_share(std::mem::take(early), limits::EARLY);
        *early = kept;
        self.drop_unread(&dropped);
        true
    }

    pub(super) fn cmd_logout(&mut self, now: Time, ticket: Ticket) {
        self.drop_waiting();
        match &mut self.session {
            Session::LoggedOut => self.done(ticket, Operation::Logout, 0, Code::NOT_LOGGED_IN),
            Session::Aborting { tickets, next } if tickets.is_empty() && next.is_empty() => {
                self.done(ticket, Operation::Logout, 0, Code::NOT_LOGGED_IN);
            }
            Session::LoggingOut { tickets, next, .. } | Session::Aborting { tickets, next } => {
                tickets.push(ticket);
                for login in std::mem::take(next) {
                    self.done(login.ticket, Operation::Login, 0, Code::SUPERSEDED);
                }
            }
            Session::LoggingIn { .. } | Session::LoggedIn { .. } => self.start_logout(now, vec![ticket]),
        }
    }

    /// Ends the live call, waits for its teardown, then asks the service.
    fn start_logout(&mut self, now: Time, tickets: Vec<Ticket>) {
        self.end_live(now, EndReason::Normal);
        self.notify_held();
        self.fail_media_requests();
        let account = self.session.account();
        let session = std::mem::replace(&mut self.session, Session::LoggedOut);
        self.done_logins(&Outcome { code: Code::SUPERSEDED, ..Outcome::default() });
        if let Session::LoggingIn { tickets: logins, early, .. } = session {
            self.forget_early(now, &early, &account);
            for ticket in logins {
                self.done(ticket, Operation::Login, 0, Code::SUPERSEDED);
            }
            return self.abort_login(now, tickets);
        }
        let until = Some(now.after(self.config.timers.destroy_wait_ms));
        self.session = Session::LoggingOut { account, until, tickets, next: Vec::new() };
        self.on_wire_quiet(now);
    }

    /// Continues a logout once no operation of an ended call is in flight.
    pub(super) fn on_wire_quiet(&mut self, now: Time) {
        // A busy answer to a third party belongs to no call: no logout waits for it.
        let is_of_call = |owner: &Owner| matches!(owner, Owner::Side { call_no, .. } if *call_no != 0);
        let is_quiet = self.teardowns.is_empty() && !self.ops.iter().any(|op| is_of_call(&op.owner));
        if is_quiet {
            self.send_logout(now);
        }
    }

    /// The teardown has ended, or its limit has expired.
    pub(super) fn send_logout(&mut self, now: Time) {
        let Session::LoggingOut { until: until @ Some(_), .. } = &mut self.session else { return };
        *until = None;
        self.forget_wire();
        let ms = self.config.timers.operation_ms;
        self.signal(now, ms, Owner::Logout, signaling::Operation::Logout);
    }

    pub(super) fn on_logout_done(&mut self, now: Time, outcome: &Outcome) {
        let session = std::mem::replace(&mut self.session, Session::LoggedOut);
        let Session::LoggingOut { tickets, next, .. } = session else {
            self.session = session;
            return self.ignore("completion of an abandoned logout");
        };
        self.is_connection_lost = false;
        self.tokens = Tokens::default();
        for ticket in tickets {
            self.done_with(ticket, Operation::Logout, 0, outcome.clone());
        }
        for login in next {
            self.cmd_login(now, login.ticket, login.account, login.token);
        }
        self.close_if_out();
    }

    /// Signaling operations mean nothing any more; media operations go on, and the app's data is completed by
    /// the end of its call.
    fn forget_wire(&mut self) {
        self.teardowns.clear();
        self.ops.retain(|op| {
            matches!(op.owner, Owner::RtcLeave | Owner::RtcJoin(_) | Owner::Media { .. } | Owner::Data { .. })
        });
    }

    pub(super) fn on_connection(&mut self, now: Time, connection: Connection) {
        let account = self.session.account();
        let call_no = self.known_no(self.state.call_no());
        match connection {
            Connection::Lost(outcome) if self.session.is_logged_in() && !self.is_connection_lost => {
                self.is_connection_lost = true;
                self.waiting_offline();
                let event = connection_event(call_no, Transport::Signaling, &account, 0, outcome);
                self.emit(Event::Reconnecting(event));
            }
            Connection::Restored if self.is_connection_lost => {
                self.is_connection_lost = false;
                self.waiting_online(now, &account);
                self.done_logins(&Outcome::default());
                // Restored without a token, or with the one that was set.
                self.tokens = Tokens::default();
                let event = connection_event(call_no, Transport::Signaling, &account, 0, Outcome::default());
                self.emit(Event::Reconnected(event));
            }
            Connection::Kicked(outcome) if self.outlives_token(&outcome) => {}
            Connection::Kicked(outcome) => self.on_kicked(now, outcome),
            Connection::TokenNeeded(outcome) => self.on_token_needed(now, outcome),
            Connection::Lost(_) | Connection::Restored => {
                self.ignore("connection change that changes nothing")
            }
        }
    }

    pub(super) fn on_kicked(&mut self, now: Time, outcome: Outcome) {
        let account = self.session.account();
        match &mut self.session {
            Session::LoggedOut | Session::Aborting { .. } => return self.ignore("kicked while logged out"),
            Session::LoggingOut { .. } => {
                self.forget_wire();
                return self.on_logout_done(now, &Outcome::default());
            }
            Session::LoggingIn { .. } | Session::LoggedIn { .. } => {}
        }
        self.forget_wire();
        self.notify_pending(Code::SHUTTING_DOWN);
        self.drop_waiting();
        self.notify_held();
        let session = std::mem::replace(&mut self.session, Session::LoggedOut);
        if let Session::LoggingIn { tickets, early, .. } = session {
            self.forget_early(now, &early, &account);
            // A kick ends a login even if the backend gives no reason.
            let code = if outcome.code == Code::OK { Code::NOT_LOGGED_IN } else { outcome.code };
            for ticket in tickets {
                self.done_with(ticket, Operation::Login, 0, Outcome { code, ..outcome.clone() });
            }
        }
        let code = if outcome.code == Code::OK { Code::NOT_LOGGED_IN } else { outcome.code };
        self.done_logins(&Outcome { code, ..outcome.clone() });
        self.is_connection_lost = false;
        self.tokens = Tokens::default();
        let call_no = self.state.call_no();
        let event = connection_event(call_no, Transport::Signaling, &account, 0, outcome);
        self.emit(Event::Kicked(event.clone()));
        if matches!(self.media_room, MediaRoom::In { .. }) {
            self.emit(Event::Disconnect(ConnectionEvent { transport: Transport::Media, ..event }));
        }
        self.drop_live(now, EndReason::Kicked, &account);
        self.fail_media_requests();
    }

    /// Channels that this device is still in after a login: only the live call's is kept.
    pub(super) fn on_channel_states(&mut self, now: Time, channel_states: Vec<ChannelState>) {
        if let Session::LoggingIn { channel_states: early, .. } = &mut self.session {
            early.extend(channel_states);
            return early.truncate(limits::SIDE_OPERATIONS);
        }
        if !self.session.is_logged_in() {
            return self.ignore("channel states while not logged in");
        }
        let account = self.session.account();
        for room in channel_states {
            let channel = room.channel;
            if channel.id.is_empty() || self.is_live_channel(&channel.id) || self.is_closing(&channel.id) {
                continue;
            }
            let finish = if channel.creator == account { Finish::close() } else { Finish::leave() };
            self.side(now, Operation::Close, 0, true, finish.op(channel.id));
        }
    }

    pub(super) fn is_live_channel(&self, channel: &str) -> bool {
        match &self.state {
            State::Idle => false,
            State::Calling(calling) => {
                &*calling.own.channel_id == channel || calling.has_parked_channel(channel)
            }
            State::Called(called) => {
                let parked = called.parked.as_ref().is_some_and(|parked| &*parked.channel_id == channel);
                parked || &*called.invite.channel_id == channel
            }
            State::InCall(call) => {
                let legacy_invite =
                    call.legacy_invite.as_ref().is_some_and(|own| &*own.channel_id == channel);
                legacy_invite || &*call.channel_id == channel
            }
        }
    }

    /// The client goes away.
    pub(super) fn on_close(&mut self, now: Time) {
        if self.closing != Closing::No {
            return self.ignore("closed twice");
        }
        let until = now.after(self.config.timers.destroy_wait_ms);
        self.closing = Closing::Until(until);
        self.drop_waiting();
        self.fail_media_requests();
        let next = match &mut self.session {
            Session::LoggedOut => Vec::new(),
            Session::LoggingOut { next, .. } | Session::Aborting { next, .. } => std::mem::take(next),
            Session::LoggingIn { .. } | Session::LoggedIn { .. } => {
                if let Session::LoggingIn { tickets, .. } = &mut self.session {
                    for ticket in std::mem::take(tickets) {
                        self.done(ticket, Operation::Login, 0, Code::SHUTTING_DOWN);
                    }
                }
                self.done_logins(&Outcome { code: Code::SHUTTING_DOWN, ..Outcome::default() });
                self.start_logout(now, Vec::new());
                Vec::new()
            }
        };
        for login in next {
            self.done(login.ticket, Operation::Login, 0, Code::SHUTTING_DOWN);
        }
        self.close_if_out();
    }

    pub(super) fn close_if_out(&mut self) {
        if matches!(self.closing, Closing::Until(_)) && self.session == Session::LoggedOut {
            self.become_closed();
        }
    }

    /// Nothing follows.
    pub(super) fn become_closed(&mut self) {
        if let Session::LoggingOut { tickets, .. } | Session::Aborting { tickets, .. } = &mut self.session {
            for ticket in std::mem::take(tickets) {
                self.done(ticket, Operation::Logout, 0, Code::SHUTTING_DOWN);
            }
        }
        self.session = Session::LoggedOut;
        self.forget_wire();
        self.ops.clear();
        self.closing = Closing::Closed;
        self.app.push_back(Output::Closed);
    }

    /// What a reference means now.
    pub(super) fn locate(&self, call: &CallRef) -> CallMatch {
        let live = self.state.call_no();
        if call.implied {
            return self.locate_implied(call, live);
        }
        let is_number = |no: u64| call.call_no == 0 || call.call_no == no;
        let is_text = |given: &Option<Text>, is: &Text| given.as_ref().is_none_or(|given| given == is);
        if live != 0 && is_number(live) && self.has_live_ids(call) {
            return CallMatch::Live;
        }
        if *call == CallRef::default() {
            return CallMatch::Unnamed;
        }
        let is_last = self.ended.as_ref().is_some_and(|ended| {
            is_number(ended.no)
                && is_text(&call.account, &ended.peer)
                && is_text(&call.channel_id, &ended.channel_id)
                && is_text(&call.request_id, &ended.request_id)
        });
        let has_only_number =
            call.account.is_none() && call.channel_id.is_none() && call.request_id.is_none();
        let is_earlier = has_only_number && call.call_no <= self.last_call && call.call_no != live;
        if is_last || is_earlier { CallMatch::Ended } else { CallMatch::Other }
    }

    fn locate_implied(&self, call: &CallRef, live: u64) -> CallMatch {
        let issued_live = match &self.state {
            State::Calling(calling) => Some(calling.own.issued_by),
            State::InCall(in_call) => in_call.issued_by,
            State::Idle | State::Called(_) => None,
        };
        let is_issued = |by: Option<Ticket>| by.is_some_and(|ticket| call.issued.contains(&ticket));
        if live != 0 && (call.shown == live || is_issued(issued_live)) {
            return CallMatch::Live;
        }
        let issued_last = self.ended.as_ref().and_then(|ended| ended.issued_by);
        if call.shown != 0 || is_issued(issued_last) {
            return CallMatch::Ended;
        }
        if live == 0 { CallMatch::Unnamed } else { CallMatch::Other }
    }

    fn has_live_ids(&self, call: &CallRef) -> bool {
        let fits = |channel: &Text, request: &Text| {
            call.channel_id.as_ref().is_none_or(|id| id == channel)
                && call.request_id.as_ref().is_none_or(|id| id == request)
        };
        let is_peer = call.account.as_ref().is_none_or(|account| *account == self.state.peer());
        is_peer
            && match &self.state {
                State::Idle => false,
                State::Calling(calling) => fits(&calling.own.channel_id, &calling.own.request_id),
                State::Called(called) => fits(&called.invite.channel_id, &called.invite.request_id),
                State::InCall(in_call) => {
                    fits(&in_call.channel_id, &in_call.request_id)
                        || in_call.alias.as_ref().is_some_and(|(channel, request)| fits(channel, request))
                }
            }
    }
}
