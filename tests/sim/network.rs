//! What lies between devices and services: delay, loss, copies, refusals, late and missing answers, cuts.

use nertc_callkit::engine::input::{Input, RtcEvent, RtcReport, Security};
use nertc_callkit::engine::output::RtcOp;
use nertc_callkit_signaling::{self as signaling, Code, Connection, OperationResult, Outcome, Req, Text};

use super::exchange::Report;
use super::legacy;
use super::world::{EPOCH, Scheduled, World};

/// Refusals by the backend itself: nothing has happened.
const REFUSALS: &[Code] = &[
    Code::TIMEOUT,
    Code::UNSUPPORTED,
    Code::BACKEND_FAILED,
    Code::CHANNEL_EXISTS,
    Code::NOT_MEMBER,
    Code::BAD_SETTINGS,
];

/// A report of the media backend's security, which says of which room it is.
fn secured(room: &Text) -> RtcEvent {
    RtcEvent::Secured {
        security: Security::Unverified,
        code: room.clone(),
        local_fingerprint: Text::EMPTY,
        remote_fingerprint: Text::EMPTY,
    }
}

impl World {
    /// An operation leaves its device.
    pub(super) fn start_operation(&mut self, device: usize, req: Req, op: signaling::Operation) {
        self.push(device, &op);
        let op = if self.conditions.is_before_1_1 { legacy::before_1_1(op) } else { op };
        let op = if self.devices[device].is_legacy { legacy::legacy_invite(op) } else { op };
        let delay = self.delay();
        let is_ideal = self.peers.is_none();
        if is_ideal && self.devices[device].is_offline && !matches!(op, signaling::Operation::Login { .. }) {
            return self.note(|| format!("device {device}: {req:?} {} (offline)", name(&op)));
        }
        if is_ideal && self.random.chance(self.conditions.lost_permille) {
            self.trouble(device);
            return self.note(|| format!("device {device}: {req:?} {} (lost)", name(&op)));
        }
        // An MQTT peer receives every bye.
        let is_farewell = matches!(
            op,
            signaling::Operation::Close { .. }
                | signaling::Operation::Leave { .. }
                | signaling::Operation::Logout
        );
        let can_refuse = is_ideal || !is_farewell;
        if can_refuse && self.random.chance(self.conditions.refused_permille) {
            self.trouble(device);
            let code = *self.random.pick(REFUSALS);
            self.note(|| format!("device {device}: {req:?} {} (refused: {code})", name(&op)));
            let result = OperationResult { outcome: Outcome::failed(code, ""), ..OperationResult::default() };
            return self.send(device, delay, Scheduled::Completed(req, result));
        }
        self.note(|| format!("device {device}: {req:?} {}", name(&op)));
        if let Some(op) = self.ask_protocol(device, req, op) {
            self.send(device, delay, Scheduled::Operation(req, op));
        }
    }

    /// A media operation leaves its device; they run in order.
    pub(super) fn start_media(&mut self, device: usize, req: Req, op: RtcOp) {
        let at = (self.now + self.delay()).max(self.devices[device].media_free);
        self.devices[device].media_free = at + 1;
        if self.random.chance(self.conditions.refused_permille) && !matches!(op, RtcOp::Leave) {
            self.trouble(device);
            self.note(|| format!("device {device}: {op:?} refused"));
            return self.send(device, at - self.now, Scheduled::RtcCompleted(req, Code::BACKEND_FAILED));
        }
        if op == RtcOp::Leave {
            // Its thread reports once more: of a room that the engine has left.
            self.notify_media(device, at - self.now, secured(&"left".into()));
            self.report_late(device);
        }
        self.send(device, at - self.now, Scheduled::RtcOperation(req, op));
    }

    pub(super) fn run_rtc(&mut self, device: usize, req: Req, op: &RtcOp) {
        if let RtcOp::Join(join) = op {
            self.devices[device].media_uid = join.uid;
            self.devices[device].media_join = req;
        }
        self.service.run_media(EPOCH + self.now, device, req, op);
        let delay = self.delay();
        while let Some((to, report)) = self.service.poll() {
            if let Report::MediaDone(_, code) = report {
                self.note(|| format!("media: device {device}: {op:?} = {code}"));
                if self.random.chance(self.conditions.unanswered_permille) {
                    self.trouble(device);
                } else {
                    self.send(device, delay, Scheduled::RtcCompleted(req, code));
                }
                if let (RtcOp::Join(join), Code::OK) = (op, code) {
                    self.notify_media(device, delay + 2, secured(&join.channel_name));
                }
            } else if let Report::Media(report) = report {
                self.notify_media(to, delay + 1, report.event);
            }
        }
        // A device that is cut off is still in the room, and silent.
        for other in self.service.room_mates(device) {
            if self.is_cut(other) {
                let join = self.devices[device].media_join;
                self.send(device, delay + 2_000, Scheduled::Silence(join, other));
            }
        }
    }

    /// The media service notifies a device, after all its earlier events.
    pub(super) fn notify_media(&mut self, to: usize, delay: u64, event: RtcEvent) {
        let at = (self.now + delay).max(self.devices[to].next_received);
        self.devices[to].next_received = at + 1;
        let join = self.devices[to].media_join;
        self.send(to, at - self.now, Scheduled::RtcEvent(join, event));
    }

    /// A room is being left: of a backend with threads some reports come long afterwards, in the next one.
    fn report_late(&mut self, device: usize) {
        let join = self.devices[device].media_join;
        let uid = self.service.room_mates(device).first().map_or(1, |peer| self.devices[*peer].media_uid);
        let lost = Outcome { code: Code::BACKEND_FAILED, ..Outcome::default() };
        let left = RtcEvent::PeerLeave { uid, code: Code::OK };
        for event in [RtcEvent::PeerJoin { uid }, secured(&"left".into()), left, RtcEvent::Disconnected(lost)]
        {
            if self.devices[device].reports_late && self.random.chance(300) {
                let delay = self.random.below(15_000);
                self.send(device, delay, Scheduled::RtcEvent(join, event));
            }
        }
    }

    pub(super) fn receive_media(&mut self, device: usize, join: Req, event: RtcEvent) -> Result<(), String> {
        let is_of_room = join == self.devices[device].media_join && self.service.is_in_room(device);
        if !is_of_room && !self.devices[device].reports_late {
            return Ok(());
        }
        self.note(|| format!("device {device}: media of {join:?}: {event:?}"));
        self.report_media(device, join, event)
    }

    fn report_media(&mut self, device: usize, join: Req, event: RtcEvent) -> Result<(), String> {
        let join = self.devices[device].reports_late.then_some(join);
        self.feed(device, Input::Rtc(RtcReport { join, event }))
    }

    /// Whether it reaches its device; during a disconnect it is lost, or late.
    pub(super) fn cross(&mut self, device: usize, life: u32, scheduled: Scheduled) -> Option<Scheduled> {
        let until = self.devices[device].cut_until;
        if until <= self.now {
            return Some(scheduled);
        }
        let is_late = self.random.chance(500);
        match scheduled {
            Scheduled::Message(delivery) if !is_late && life == self.devices[device].life => {
                self.devices[device].waiting.push(delivery);
            }
            Scheduled::Operation(..) | Scheduled::Completed(..) | Scheduled::Notification(_) if !is_late => {
                self.note(|| format!("device {device}: lost in a cut: {scheduled:?}"));
            }
            Scheduled::Message(_)
            | Scheduled::Operation(..)
            | Scheduled::Completed(..)
            | Scheduled::Notification(_) => {
                let delay = until - self.now + self.delay();
                self.send_late(device, life, delay, scheduled);
            }
            // The notification that the other left does not arrive either: it is just silent.
            Scheduled::RtcEvent(join, RtcEvent::PeerLeave { uid, .. }) => {
                self.send_late(device, life, 2_000, Scheduled::Silence(join, self.device_of(uid)));
                self.send_late(device, life, until - self.now + 1, scheduled);
            }
            // Media continues in order when the disconnect is over.
            Scheduled::RtcOperation(..) | Scheduled::RtcEvent(..) => {
                self.send_late(device, life, until - self.now + 1, scheduled);
            }
            Scheduled::RtcCompleted(..) | Scheduled::Silence(..) | Scheduled::UserActs | Scheduled::Login => {
                return Some(scheduled);
            }
            Scheduled::Backlog(..)
            | Scheduled::Gone(_)
            | Scheduled::CutNoticed
            | Scheduled::Healed
            | Scheduled::Reborn
            | Scheduled::Cut => {
                return Some(scheduled);
            }
            Scheduled::Record(..) => self.note(|| format!("device {device}: lost in a cut: {scheduled:?}")),
            // A connection has its own idea of a cut; a backend and its core are on one device.
            Scheduled::Wire(..) | Scheduled::SinkMessage(_) | Scheduled::Token | Scheduled::RtcSend(..) => {
                return Some(scheduled);
            }
        }
        None
    }

    fn device_of(&self, uid: u64) -> usize {
        self.devices.iter().position(|device| device.media_uid == uid).unwrap_or_default()
    }

    fn send_late(&mut self, device: usize, life: u32, delay: u64, scheduled: Scheduled) {
        if life == self.devices[device].life {
            self.send(device, delay, scheduled);
        }
    }

    /// A device, or all devices of an account, are cut off for a while.
    pub(super) fn cut_somebody(&mut self) -> Result<(), String> {
        if !self.conditions.has_cuts {
            return Ok(());
        }
        let pause = 2_000 + self.random.below(30_000);
        self.send(0, pause, Scheduled::Cut);
        let one = self.random.below(self.devices.len() as u64) as usize;
        let whole_account = self.random.chance(300);
        let length = match self.random.below(3) {
            0 => 200 + self.random.below(2_000),
            1 => 2_000 + self.random.below(10_000),
            _ => 10_000 + self.random.below(40_000),
        };
        let account = self.devices[one].account.clone();
        for device in 0..self.devices.len() {
            let is_meant = device == one || whole_account && self.devices[device].account == account;
            if is_meant && self.devices[device].cut_until <= self.now {
                self.cut(device, length);
            }
        }
        Ok(())
    }

    fn cut(&mut self, device: usize, length: u64) {
        self.note(|| format!("device {device} is cut off for {length} ms"));
        self.trouble(device);
        self.devices[device].cut_until = self.now + length;
        self.send(device, length, Scheduled::Healed);
        let noticed = self.random.below(10_000);
        self.send(device, noticed, Scheduled::CutNoticed);
        self.expect_will(device);
        for other in self.service.room_mates(device) {
            self.trouble(other);
            for (to, about) in [(device, other), (other, device)] {
                let join = self.devices[to].media_join;
                self.send(to, 2_000, Scheduled::Silence(join, about));
            }
        }
    }

    pub(super) fn is_cut(&self, device: usize) -> bool {
        self.devices[device].cut_until > self.now
    }

    pub(super) fn notice_cut(&mut self, device: usize) -> Result<(), String> {
        if !self.is_cut(device) || self.devices[device].has_noticed_cut {
            return Ok(());
        }
        self.devices[device].has_noticed_cut = true;
        self.note(|| format!("device {device} notices that it is cut off"));
        if self.service.is_in_room(device) {
            self.report_media(device, self.devices[device].media_join, RtcEvent::Reconnecting)?;
        }
        if self.peers.is_some() {
            self.drop_link(device, false);
            return Ok(());
        }
        self.feed(device, Input::Connection(Connection::Lost(Outcome::default())))
    }

    /// Nothing was received for two seconds.
    pub(super) fn fall_silent(&mut self, device: usize, join: Req, other: usize) -> Result<(), String> {
        let is_reachable = !self.is_cut(device) && !self.is_cut(other);
        // A device that is cut off is not notified either that the other left.
        let is_gone = !self.is_cut(device) && !self.service.room_mates(device).contains(&other);
        if is_reachable || is_gone || join != self.devices[device].media_join {
            return Ok(());
        }
        let uid = self.devices[other].media_uid;
        self.note(|| format!("device {device} on_received nothing of device {other}"));
        self.report_media(device, join, RtcEvent::PeerSilent { uid })
    }

    pub(super) fn cut_is_over(&mut self, device: usize) -> Result<(), String> {
        self.devices[device].cut_until = 0;
        self.trouble(device);
        self.note(|| format!("device {device} is no longer cut off"));
        for other in self.service.room_mates(device) {
            self.trouble(other);
            for (to, about) in [(device, other), (other, device)] {
                let uid = self.devices[about].media_uid;
                if !self.is_cut(other) {
                    self.notify_media(to, 10, RtcEvent::PeerActive { uid });
                }
            }
        }
        let knew = std::mem::replace(&mut self.devices[device].has_noticed_cut, false);
        if knew && self.service.is_in_room(device) {
            self.report_media(device, self.devices[device].media_join, RtcEvent::Reconnected)?;
        }
        if self.peers.is_some() {
            self.mend_link(device);
            return Ok(());
        }
        if knew && !self.devices[device].is_offline {
            self.feed(device, Input::Connection(Connection::Restored))?;
        }
        match self.devices[device].is_offline || !self.service.is_online(device) {
            true => Ok(()),
            false => self.take_backlog(device),
        }
    }
}

pub(super) fn name(op: &signaling::Operation) -> String {
    let text = format!("{op:?}");
    let end = text.find("custom").unwrap_or(text.len()).min(160);
    text.chars().take(end).collect()
}
