//! Tokens: the app is asked for one and has a limit to answer; a refused one does not end a call with
//! media.

use super::core::Engine;
use super::input::Ticket;
use super::messages;
use super::notify::connection_event;
use super::output::{Event, Operation, Output, Transport};
use super::state::{Session, Tokens};
use super::time::Time;
use nertc_callkit_signaling::{Code, Notification, Outcome, Text};

impl Engine {
    /// The backend needs a token for the next connection.
    pub(super) fn on_token_needed(&mut self, now: Time, outcome: Outcome) {
        let until = match self.session {
            Session::LoggingIn { .. } => None,
            Session::LoggedIn { .. } => Some(now.after(self.config.timers.token_ms)),
            Session::LoggedOut | Session::LoggingOut { .. } | Session::Aborting { .. } => {
                return self.ignore("token requested while logged out");
            }
        };
        if self.tokens.is_asked || self.tokens.refused.is_some() {
            return self.ignore("token requested again");
        }
        if self.config.no_token_listener {
            return self.refuse_token(now, outcome);
        }
        self.tokens.is_asked = true;
        self.tokens.until = until;
        let event = connection_event(0, Transport::Signaling, &self.session.account(), 0, outcome);
        self.emit(Event::TokenNeeded(event));
    }

    /// The app cannot be asked: the login fails, or the session ends, with the backend's reason.
    fn refuse_token(&mut self, now: Time, outcome: Outcome) {
        let message = if outcome.message.is_empty() { messages::NO_TOKEN.into() } else { outcome.message };
        let outcome = Outcome { code: Code::BAD_TOKEN, message, ..outcome };
        if matches!(self.session, Session::LoggingIn { .. }) {
            self.fail_login(now, outcome);
        } else {
            self.end_session(now, outcome);
        }
    }

    pub(super) fn cmd_set_token(&mut self, now: Time, ticket: Ticket, token: Text) {
        self.done(ticket, Operation::None, 0, Code::OK);
        match &mut self.session {
            Session::LoggedOut => {}
            Session::LoggingOut { next, .. } | Session::Aborting { next, .. } => {
                if let Some(login) = next.last_mut().filter(|_| !token.is_empty()) {
                    login.token = token;
                }
            }
            Session::LoggingIn { .. } if token.is_empty() => self.fail_login(now, no_token()),
            Session::LoggedIn { .. }
                if token.is_empty() && (self.is_connection_lost || self.tokens.is_asked) =>
            {
                self.end_session(now, no_token());
            }
            Session::LoggingIn { .. } | Session::LoggedIn { .. } => self.give_token(token),
        }
    }

    /// Passes a token on; a request for one is answered.
    fn give_token(&mut self, token: Text) {
        if !token.is_empty() {
            self.tokens = Tokens { logins: std::mem::take(&mut self.tokens.logins), ..Tokens::default() };
        }
        self.wire.push_back(Output::Notify(Notification::SetToken(token)));
    }

    /// A login of the account that is logged in.
    pub(super) fn login_again(&mut self, now: Time, ticket: Ticket, token: Text) {
        if !token.is_empty() {
            self.give_token(token);
        }
        if !self.is_connection_lost {
            return self.done(ticket, Operation::Login, 0, Code::OK);
        }
        self.tokens.logins.push((ticket, now.after(self.config.timers.login_ms)));
    }

    /// Completes the logins that wait for the connection.
    pub(super) fn done_logins(&mut self, outcome: &Outcome) {
        for (ticket, _) in std::mem::take(&mut self.tokens.logins) {
            self.done_with(ticket, Operation::Login, 0, outcome.clone());
        }
    }

    /// When something about tokens is due.
    pub(super) fn tokens_due(&self) -> Option<(Time, &'static str)> {
        let token = self.tokens.until.map(|at| (at, "the app gives no token"));
        let login = self.tokens.logins.iter().map(|(_, at)| (*at, "a login waits for the connection")).min();
        token.into_iter().chain(login).min()
    }

    pub(super) fn on_tokens_due(&mut self, now: Time) {
        let (over, open) =
            std::mem::take(&mut self.tokens.logins).into_iter().partition(|(_, until)| *until <= now);
        self.tokens.logins = open;
        let over: Vec<(Ticket, Time)> = over;
        for (ticket, _) in over {
            let outcome = Outcome::failed(Code::TIMEOUT, messages::NO_CONNECTION);
            self.done_with(ticket, Operation::Login, 0, outcome);
        }
        if self.tokens.until.is_some_and(|until| until <= now) {
            self.end_session(now, no_token());
        }
    }

    /// The session cannot go on: it ends now, or after its call if that has media.
    fn end_session(&mut self, now: Time, outcome: Outcome) {
        self.tokens.is_asked = false;
        self.tokens.until = None;
        if self.has_media() {
            self.tokens.refused = Some(Box::new(outcome));
        } else {
            self.give_session_up(now, outcome);
        }
    }

    /// The service refused the token during a call with media, which continues: the kick is reported after
    /// it.
    pub(super) fn outlives_token(&mut self, outcome: &Outcome) -> bool {
        if outcome.code != Code::BAD_TOKEN || !self.session.is_logged_in() || !self.has_media() {
            return false;
        }
        self.tokens.is_asked = false;
        self.tokens.until = None;
        self.tokens.refused.get_or_insert_with(|| Box::new(outcome.clone()));
        if !std::mem::replace(&mut self.is_connection_lost, true) {
            let (call_no, account) = (self.state.call_no(), self.session.account());
            let event = connection_event(call_no, Transport::Signaling, &account, 0, outcome.clone());
            self.emit(Event::Reconnecting(event));
        }
        true
    }

    /// Ends a session that only continued for its call.
    pub(super) fn settle_tokens(&mut self, now: Time) {
        if !self.has_media()
            && let Some(outcome) = self.tokens.refused.take()
        {
            self.give_session_up(now, *outcome);
        }
    }

    /// The live call has media or is about to: it does not need signaling to continue.
    fn has_media(&self) -> bool {
        !self.config.caps.no_media && self.state.is_past_join()
    }
}

fn no_token() -> Outcome {
    Outcome::failed(Code::BAD_TOKEN, messages::NO_TOKEN)
}
