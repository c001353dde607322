//! A device's way in and out: at once, late, aborted, or when there is a token again.

use std::sync::Arc;

use nertc_callkit_abi::nertc_callkit_fault_on as on;
use nertc_callkit_backend::SignalingMessage;
use nertc_callkit_signaling::{
    ChannelState, Code, Connection, DeviceAddr, Event, OperationResult, Outcome, Req, Text,
};

use super::faults::Effect;
use super::ids::{DeviceId, Port};
use super::outbound::{Due, Output};
use super::registry::Missed;
use super::state::{Actor, PendingLogin, Service, Session};

impl Service {
    /// A device logs in at this port. Its completion precedes what it finds: channels, backlog, records.
    pub fn login(&mut self, now: u64, port: Port, req: Req, addr: DeviceAddr) {
        self.now = now;
        let effect = self.outbound.script.fire(on::NERTC_CALLKIT_FAULT_ON_LOGIN as i32, Some(&addr));
        let before = self.session(port).and_then(|session| session.device);
        let account = before.and_then(|id| self.registry.addr(id)).map(|before| &before.account);
        let is_other = account.is_some_and(|account| *account != addr.account);
        self.cancel_login(port);
        match effect {
            Some(Effect::Crash) => {}
            Some(Effect::Refuse(code)) => self.complete(port, req, code, None),
            _ if is_other => self.complete(port, req, Code::ALREADY_LOGGED_IN, None),
            Some(Effect::Delay(delay_ms)) => {
                self.wait(port, PendingLogin { req, addr, needs_token: false });
                self.outbound.schedule(now + u64::from(delay_ms), Due::Login(port, req));
            }
            Some(Effect::Expire) => {
                self.wait(port, PendingLogin { req, addr, needs_token: true });
                self.outbound.enable(port);
                self.report(port, Connection::TokenNeeded(Code::BAD_TOKEN.into()));
            }
            Some(Effect::Drop | Effect::Duplicate | Effect::Reorder | Effect::Kick) | None => {
                self.enter(port, req, addr, effect);
            }
        }
        self.settle();
    }

    fn wait(&mut self, port: Port, login: PendingLogin) {
        if let Some(session) = self.sessions.get_mut(port) {
            session.pending = Some(login.into());
        }
    }

    /// The login takes effect.
    fn enter(&mut self, port: Port, req: Req, addr: DeviceAddr, effect: Option<Effect>) {
        let Some(before) = self.session(port).map(|session| session.device) else { return };
        self.outbound.enable(port);
        // Undelivered messages stay for the next login.
        let is_lost = effect == Some(Effect::Drop);
        let device = self.bring_online(port, addr);
        if let Some(before) = before.filter(|before| *before != device) {
            self.vanish(port, before);
        }
        let session = Session { device: Some(device), last: Some((req, is_lost)), ..Session::default() };
        self.sessions.insert(port, Box::new(session));
        let result = OperationResult { server_ms: self.now, ..OperationResult::default() };
        self.complete(port, req, result, effect);
        if !is_lost {
            self.hand_out(port, device);
        }
    }

    /// Brings a device online, at the expense of those that cannot be beside it.
    fn bring_online(&mut self, port: Port, addr: DeviceAddr) -> DeviceId {
        for other in self.registry.conflicting(port, &addr, self.options.single_device) {
            self.kick(other);
        }
        if let Some(oldest) = self.registry.outnumbered(&addr) {
            self.log_out(oldest);
            self.registry.forget(oldest);
        }
        let device = self.registry.register(port, addr);
        self.dead.retain(|it| *it != device);
        device
    }

    /// What a device finds after its login.
    fn hand_out(&mut self, port: Port, id: DeviceId) {
        let Some(device) = self.registry.device_mut(id) else { return };
        let Missed { backlog, records } = device.missed.take().map(|missed| *missed).unwrap_or_default();
        let channels: Arc<[ChannelState]> = self.channels_of(id).collect();
        if !channels.is_empty() {
            self.outbound.emit(Output::Signaling(port, SignalingMessage::Channels(channels)));
        }
        let with_validity = |event: Arc<Event>| {
            let mut event = Arc::unwrap_or_clone(event);
            event.channel.invalid = !self.channels.contains_key(&event.channel.id);
            event
        };
        let events: Arc<[Event]> = backlog.into_iter().map(with_validity).collect();
        if !events.is_empty() {
            self.outbound.emit(Output::Signaling(port, SignalingMessage::Offline(events)));
        }
        for record in records {
            self.outbound.emit(Output::Signaling(port, record.message()));
        }
    }

    /// A delayed login takes effect, if it is still wanted.
    pub(super) fn enter_late(&mut self, port: Port, req: Req) {
        let session = self.sessions.get_mut(port);
        let pending = session.and_then(|it| it.pending.take_if(|it| it.req == req));
        if let Some(pending) = pending {
            self.enter(port, req, pending.addr, None);
        }
    }

    /// A login that is under way is none any more; it is answered.
    pub(super) fn cancel_login(&mut self, port: Port) {
        if let Some(pending) = self.sessions.get_mut(port).and_then(|session| session.pending.take()) {
            self.complete(port, pending.req, Code::TIMEOUT, None);
        }
    }

    /// The login `req` is aborted: the device is not online, as if it had never logged in. Its
    /// memberships and stored messages stay.
    pub(super) fn abort_login(&mut self, port: Port, req: Req) {
        let Some(session) = self.sessions.get_mut(port) else { return };
        if session.pending.as_ref().is_some_and(|it| it.req == req) {
            self.cancel_login(port);
        } else if let Some((_, is_lost)) = session.last.filter(|(last, _)| *last == req) {
            let device = std::mem::take(session).device;
            device.into_iter().for_each(|device| self.vanish(port, device));
            if is_lost {
                self.complete(port, req, Code::TIMEOUT, None);
            }
        }
    }

    /// A token for the next connection. Here any one will do; "" is none.
    pub(super) fn set_token(&mut self, port: Port, token: &Text) {
        let Some(session) = self.sessions.get_mut(port).filter(|_| !token.is_empty()) else { return };
        if let Some(pending) = session.pending.take_if(|it| it.needs_token) {
            self.enter(port, pending.req, pending.addr, None);
        } else if std::mem::take(&mut session.needs_token) {
            self.reconnect(port);
        }
    }

    fn reconnect(&mut self, port: Port) {
        let device = self.session(port).and_then(|session| session.device);
        let Some(addr) = device.and_then(|device| self.registry.addr(device)).cloned() else { return };
        let device = self.bring_online(port, addr);
        self.report(port, Connection::Restored);
        self.hand_out(port, device);
    }

    /// Takes a device offline for good: it leaves its channels.
    pub(super) fn log_out(&mut self, id: DeviceId) {
        let Some(device) = self.registry.device(id) else { return };
        let (actor, channels) = (Actor { id, addr: device.addr.clone() }, device.channels.clone());
        for channel in channels {
            self.leave(&actor, &channel, &Text::EMPTY, true);
        }
        self.registry.unregister(id);
    }

    /// The instance vanished silently: nobody is notified, the memberships stay.
    pub(super) fn vanish(&mut self, port: Port, device: DeviceId) {
        if let Some(device) = self.registry.device_mut(device) {
            device.port.take_if(|it| *it == port);
        }
        self.dead.retain(|it| *it != device);
    }

    /// The device is logged out by the service, leaves its channels and its media.
    pub(super) fn kick(&mut self, device: DeviceId) {
        let Some(port) = self.registry.unregister(device) else { return };
        if let Some(session) = self.sessions.get_mut(port) {
            **session = Session::default();
        }
        self.report(port, Connection::Kicked(Outcome::default()));
        self.log_out(device);
        self.end_media_of(device, false);
    }

    /// The device vanishes; only media notices.
    pub(super) fn crash(&mut self, device: DeviceId) {
        let Some(port) = self.registry.unregister(device) else { return };
        self.outbound.disable(port);
        self.dead.push(device);
        self.end_media_of(device, true);
    }

    /// The device has no token any more: signaling is cut off until there is another, media continues.
    pub(super) fn cut_off(&mut self, device: DeviceId) {
        let Some(port) = self.registry.unregister(device) else { return };
        if let Some(session) = self.sessions.get_mut(port) {
            session.needs_token = true;
        }
        self.report(port, Connection::Lost(Code::BAD_TOKEN.into()));
        self.report(port, Connection::TokenNeeded(Code::BAD_TOKEN.into()));
    }

    fn report(&mut self, port: Port, connection: Connection) {
        self.outbound.emit(Output::Signaling(port, SignalingMessage::Connection(Box::new(connection))));
    }
}
