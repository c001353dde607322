//! A backend's way in: at once, late, taken back, or when there is a token again.

use std::sync::Arc;

use nertc_callkit_abi::{
    nertc_callkit_connection as connection, nertc_callkit_fault_on as on, nertc_callkit_req,
};
use nertc_callkit_backend::messages::{Answer, DeviceAddr, Extra, Notice, SignalingMessage};

use crate::delivery::Backend;
use crate::faults::Hit;
use crate::hub::{State, finish, now_ms};
use crate::signaling::LoopbackSignaling;
use crate::{ALREADY_LOGGED_IN, BAD_TOKEN, OK, TIMEOUT};

/// Who is logged in with a backend, and what is under way.
#[derive(Default)]
pub(crate) struct Login {
    /// Who is logged in.
    pub(crate) who: Option<Arc<DeviceAddr>>,
    /// A login that has not taken effect yet.
    pending: Option<Pending>,
    /// The login that took effect last, and whether its answer gets lost.
    last: Option<(nertc_callkit_req, bool)>,
    /// There is no connection until there is a token.
    pub(crate) needs_token: bool,
}

struct Pending {
    req: nertc_callkit_req,
    who: Arc<DeviceAddr>,
    needs_token: bool,
}

impl LoopbackSignaling {
    pub(crate) fn login(self: &Arc<Self>, req: nertc_callkit_req, who: DeviceAddr) -> i32 {
        let mut state = self.hub().lock();
        let fault = state.people.wire.script.hit(on::NERTC_CALLKIT_FAULT_ON_LOGIN as i32, Some(who.names()));
        let other = self.who().is_some_and(|it| it.account != who.account);
        let who = Arc::new(who);
        self.cancel_login(&mut state);
        match fault {
            Some(Hit::Die) => return OK,
            Some(Hit::Refuse(code)) => self.answer(&mut state, req, code),
            _ if other => self.answer(&mut state, req, ALREADY_LOGGED_IN),
            Some(Hit::Delay(delay)) => {
                self.state().pending = Some(Pending { req, who, needs_token: false });
                let backend = Arc::downgrade(self);
                self.timer().after(delay, move || {
                    backend.upgrade().inspect(|backend| backend.enter_late(req));
                });
            }
            Some(Hit::Expire) => {
                self.state().pending = Some(Pending { req, who, needs_token: true });
                self.sink_queue().enable();
                self.tell(&mut state, connection::NERTC_CALLKIT_CONNECTION_TOKEN_NEEDED, BAD_TOKEN);
            }
            _ => self.enter(&mut state, req, who, fault),
        }
        finish(state);
        OK
    }

    /// The login takes effect.
    fn enter(
        self: &Arc<Self>,
        state: &mut State,
        req: nertc_callkit_req,
        who: Arc<DeviceAddr>,
        fault: Option<Hit>,
    ) {
        self.sink_queue().enable();
        // What nobody will hear of stays for the next login.
        let is_lost = fault == Some(Hit::Drop);
        let (who, told) = state.login(self, who, !is_lost);
        *self.state() = Login { who: Some(who), last: Some((req, is_lost)), ..Login::default() };
        let extra = Some(Arc::new(Extra { server_ms: now_ms(), ..Extra::default() }));
        state.people.wire.send(
            self,
            SignalingMessage::Done(req, Answer { extra, ..Answer::default() }),
            fault,
        );
        for message in told {
            state.people.wire.send(self, message, None);
        }
    }

    fn enter_late(self: &Arc<Self>, req: nertc_callkit_req) {
        let mut state = self.hub().lock();
        let pending = self.state().pending.take_if(|it| it.req == req);
        if let Some(pending) = pending {
            self.enter(&mut state, req, pending.who, None);
        }
        finish(state);
    }

    /// A login that is under way is none any more; it is answered.
    pub(crate) fn cancel_login(self: &Arc<Self>, state: &mut State) {
        if let Some(pending) = self.state().pending.take() {
            self.answer(state, pending.req, TIMEOUT);
        }
    }

    /// Nobody wants the login `req` any more: the device is not there, as if it had never come. Its
    /// memberships and what waits for it stay.
    pub(crate) fn abort_login(self: &Arc<Self>, req: nertc_callkit_req) {
        let mut state = self.hub().lock();
        let (is_pending, last) = {
            let login = self.state();
            (login.pending.as_ref().is_some_and(|it| it.req == req), login.last)
        };
        if is_pending {
            self.cancel_login(&mut state);
        } else if let Some((_, is_lost)) = last.filter(|(last, _)| *last == req) {
            let login = std::mem::take(&mut *self.state());
            login.who.inspect(|who| state.vanish(self, who));
            if is_lost {
                self.answer(&mut state, req, TIMEOUT);
            }
        }
        finish(state);
    }

    /// A token for the next connection. Here any one will do; "" is none.
    pub(crate) fn set_token(self: &Arc<Self>, is_one: bool) {
        let mut state = self.hub().lock();
        let pending = self.state().pending.take_if(|it| it.needs_token && is_one);
        if let Some(pending) = pending {
            self.enter(&mut state, pending.req, pending.who, None);
        } else if is_one {
            self.reconnect(&mut state);
        }
        finish(state);
    }

    fn reconnect(self: &Arc<Self>, state: &mut State) {
        let cut_off = {
            let mut login = self.state();
            login.who.clone().filter(|_| std::mem::take(&mut login.needs_token))
        };
        let Some(who) = cut_off else { return };
        let (_, told) = state.login(self, who, true);
        self.tell(state, connection::NERTC_CALLKIT_CONNECTION_RESTORED, OK);
        for message in told {
            state.people.wire.send(self, message, None);
        }
    }

    /// Its token is none any more: the connection is lost until there is another.
    pub(crate) fn expire(self: &Arc<Self>, state: &mut State) {
        self.state().needs_token = true;
        self.tell(state, connection::NERTC_CALLKIT_CONNECTION_LOST, BAD_TOKEN);
        self.tell(state, connection::NERTC_CALLKIT_CONNECTION_TOKEN_NEEDED, BAD_TOKEN);
    }

    fn answer(self: &Arc<Self>, state: &mut State, req: nertc_callkit_req, code: i32) {
        state.people.wire.send(self, SignalingMessage::Done(req, code.into()), None);
    }

    fn tell(self: &Arc<Self>, state: &mut State, what: connection, code: i32) {
        let notice = (code != OK).then(|| Arc::new(Notice { code, ..Notice::default() }));
        state.people.wire.send(self, SignalingMessage::Connection(what, notice), None);
    }
}
