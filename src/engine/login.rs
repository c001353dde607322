//! Aborted logins: nothing of them may continue.

use super::core::Engine;
use super::in_flight::{Op, Owner};
use super::input::Ticket;
use super::messages;
use super::output::{Operation, Output};
use super::state::{Session, Tokens};
use super::time::Time;
use nertc_callkit_signaling::{self as signaling, Code, Notification, Outcome, Req};

impl Engine {
    /// The limit of a login has passed.
    pub(super) fn on_login_overdue(&mut self, now: Time, req: Req) {
        // Known again to `fail_login`, which looks for it.
        self.ops.push(Op { req, deadline: None, owner: Owner::Login });
        let outcome = match self.tokens.is_asked {
            true => Outcome::failed(Code::BAD_TOKEN, messages::NO_TOKEN),
            false => Outcome::failed(Code::TIMEOUT, messages::NO_ANSWER),
        };
        self.fail_login(now, outcome);
    }

    /// Completes a login that the backend is still at, and takes it back.
    pub(super) fn fail_login(&mut self, now: Time, outcome: Outcome) {
        let account = self.session.account();
        let session = std::mem::replace(&mut self.session, Session::LoggedOut);
        let Session::LoggingIn { tickets, early, .. } = session else {
            self.session = session;
            return;
        };
        self.tokens = Tokens::default();
        self.forget_early(now, &early, &account);
        for ticket in tickets {
            self.done_with(ticket, Operation::Login, 0, outcome.clone());
        }
        self.abort_login(now, Vec::new());
    }

    /// Takes the login under way back. `tickets` = logouts that complete with it.
    pub(super) fn abort_login(&mut self, now: Time, tickets: Vec<Ticket>) {
        let login = self.ops.iter().position(|op| op.owner == Owner::Login).map(|at| self.ops.remove(at));
        self.session = Session::Aborting { tickets, next: Vec::new() };
        let ms = self.config.timers.operation_ms;
        match login {
            Some(op) if self.config.caps.abort_login => {
                self.wire.push_back(Output::Notify(Notification::AbortLogin(op.req)));
                // Its result does not matter: by contract nothing of it continues.
                let owner = Owner::Abort { is_logout: false };
                self.ops.push(Op { deadline: Some(now.after(ms)), owner, ..op });
            }
            Some(_) | None => {
                self.signal(now, ms, Owner::Abort { is_logout: true }, signaling::Operation::Logout);
            }
        }
    }

    /// The session ends because it cannot continue; the backend is asked to stop.
    pub(super) fn give_session_up(&mut self, now: Time, outcome: Outcome) {
        if !self.session.is_logged_in() {
            return;
        }
        self.on_kicked(now, outcome);
        self.abort_login(now, Vec::new());
    }

    /// The backend has aborted the login.
    pub(super) fn on_aborted(&mut self, now: Time, is_logout: bool, outcome: Outcome) {
        let session = std::mem::replace(&mut self.session, Session::LoggedOut);
        let Session::Aborting { tickets, next } = session else {
            self.session = session;
            return self.ignore("completion of an aborted login");
        };
        let outcome = if is_logout { outcome } else { Outcome::default() };
        for ticket in tickets {
            self.done_with(ticket, Operation::Logout, 0, outcome.clone());
        }
        for login in next {
            self.cmd_login(now, login.ticket, login.account, login.token);
        }
        self.close_if_out();
    }
}
