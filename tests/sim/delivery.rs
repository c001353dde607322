//! Between the devices and the loopback's service: operations to it, and its outputs.

use nertc_callkit::engine::input::{Input, RtcEvent};
use nertc_callkit_signaling::{
    self as signaling, ChannelState, Code, Connection, EventKind, Notification, OperationResult, Origin,
    Outcome, Record, Req, Text,
};

use super::cross_device_monitor::is_local;
use super::device::Delivery;
use super::exchange::Report;
use super::network::name;
use super::world::{EPOCH, Scheduled, World};

/// Failures that imply nothing about what has happened.
const FAILURES: &[Code] = &[Code::TIMEOUT, Code::BACKEND_FAILED, Code::new(500)];

/// Results of an operation for the device that issued it.
#[derive(Default)]
struct Answer {
    result: Option<OperationResult>,
    channels: Vec<ChannelState>,
    events: Vec<signaling::Event>,
    records: Vec<(Text, Record)>,
}

impl World {
    /// The backend is notified.
    pub(super) fn notify(&mut self, device: usize, notice: Notification) {
        if let Notification::AbortLogin(req) = notice {
            self.abort_login(device, req);
        } else if !self.devices[device].is_offline && !self.random.chance(self.conditions.lost_permille) {
            let delay = self.delay();
            self.send(device, delay, Scheduled::Notification(notice));
        }
    }

    /// The service takes note.
    pub(super) fn run_notification(&mut self, device: usize, life: u32, notice: &Notification) {
        self.note(|| format!("service: device {device}: {notice:?}"));
        self.service.notify(EPOCH + self.now, device, life as usize, notice);
        self.dispatch_all();
    }

    /// Nothing of this login continues; what the service stores for the device stays.
    fn abort_login(&mut self, device: usize, req: Req) {
        self.note(|| format!("device {device}: {req:?} is given up"));
        let (mut is_completed, mut unread) = (false, Vec::new());
        self.schedule.retain(|_, (whose, _, scheduled)| {
            if *whose != device {
                return true;
            }
            is_completed |= matches!(scheduled, Scheduled::Completed(done, _) if *done == req);
            if let Scheduled::Backlog(_, events) = scheduled {
                unread.append(events);
                return false;
            }
            !matches!(scheduled, Scheduled::Operation(_, signaling::Operation::Login { .. }))
        });
        self.keep(device, unread);
        // The connection goes with the login, whichever was the last one that the service saw.
        let last = Notification::AbortLogin(Req(self.devices[device].last_login));
        let life = self.service.life(device);
        self.service.notify(EPOCH + self.now, device, life, &last);
        self.dispatch_all();
        if !is_completed {
            let delay = self.delay();
            self.send(device, delay, Scheduled::Completed(req, Code::TIMEOUT.into()));
        }
    }

    /// What was handed out and did not reach its device waits for the next login.
    pub(super) fn keep(&mut self, device: usize, events: Vec<signaling::Event>) {
        let unread = events.into_iter().map(|event| Delivery { to: device, source: Origin::Offline, event });
        self.devices[device].waiting.extend(unread);
    }

    /// The service gets an operation.
    pub(super) fn run_operation(&mut self, device: usize, life: u32, req: Req, op: &signaling::Operation) {
        let is_login = matches!(op, signaling::Operation::Login { .. });
        if is_login {
            let last = &mut self.devices[device].last_login;
            *last = req.0.max(*last);
        } else if *op == signaling::Operation::Logout
            && (life != self.devices[device].life || req.0 < self.devices[device].last_login)
        {
            return self.note(|| format!("service: device {device}: a logout of an earlier session"));
        }
        self.service.run(EPOCH + self.now, device, life as usize, req, op);
        let mut answer = Answer::default();
        while let Some((to, report)) = self.service.poll() {
            let is_own = to == device;
            match report {
                Report::Completed(_, result) if is_own => answer.result = Some(result),
                Report::Backlog(channels, events) if is_own => {
                    answer.channels.extend(channels);
                    answer.events.extend(events);
                }
                Report::Record(from, record) if is_own => answer.records.push((from, record)),
                Report::Completed(..) | Report::Backlog(..) | Report::Record(..) => self.dispatch(to, report),
                Report::Event(..) | Report::Kicked | Report::MediaDone(..) | Report::Media(_) => {
                    self.dispatch(to, report);
                }
            }
        }
        let Some(result) = answer.result.take() else {
            return self.note(|| format!("service: device {device}: {}: its process is gone", name(op)));
        };
        self.note(|| format!("service: device {device}: {} = {}", name(op), result.outcome.code));
        if is_local(op) {
            self.watch.on_sibling(&self.devices, device);
        } else {
            self.watch.on_operation(self.now, &self.devices, device, op, result.outcome.code);
        }
        if life == self.devices[device].life && req != Req(u64::MAX) {
            self.answer(device, req, is_login, result, answer);
        }
    }

    /// The answer to an operation leaves the service, and what it finds for a login.
    fn answer(
        &mut self,
        device: usize,
        req: Req,
        is_login: bool,
        mut result: OperationResult,
        found: Answer,
    ) {
        let mut delay = self.delay();
        if self.random.chance(self.conditions.unanswered_permille) {
            self.trouble(device);
            if self.random.chance(500) {
                return self.keep(device, found.events);
            }
            delay += self.random.below(40_000);
        }
        if self.random.chance(self.conditions.refused_permille) {
            self.trouble(device);
            let code = *self.random.pick(FAILURES);
            result = OperationResult { outcome: Outcome::failed(code, ""), ..OperationResult::default() };
        }
        if self.random.chance(self.conditions.twice_permille) {
            let delay = self.delay();
            self.send(device, delay, Scheduled::Completed(req, result.clone()));
        }
        if is_login && result.outcome.code == Code::OK {
            self.devices[device].is_offline = false;
            self.trouble(device);
            self.send(device, delay + 1, Scheduled::Backlog(found.channels, found.events));
        } else {
            self.keep(device, found.events);
        }
        for (from, record) in found.records {
            self.send(device, delay + 2, Scheduled::Record(from, record));
        }
        self.send(device, delay, Scheduled::Completed(req, result));
    }

    /// Unsolicited outputs of the service.
    pub(super) fn dispatch_all(&mut self) {
        while let Some((to, report)) = self.service.poll() {
            self.dispatch(to, report);
        }
    }

    fn dispatch(&mut self, to: usize, report: Report) {
        match report {
            Report::Event(source, event) => self.post(Delivery { to, source, event }),
            Report::Record(from, record) => self.send_record(to, &from, &record),
            Report::Media(report) => {
                let delay = self.media_delay(&report.event);
                self.notify_media(to, delay, report.event);
            }
            // Nobody waits for it: the simulation issued it, or a process that has ended.
            Report::Completed(..) | Report::MediaDone(..) | Report::Kicked | Report::Backlog(..) => {}
        }
    }

    /// That a device is lost is noticed late.
    fn media_delay(&mut self, event: &RtcEvent) -> u64 {
        let is_lost = matches!(event, RtcEvent::PeerLeave { code, .. } if *code != Code::OK);
        if is_lost { 5_000 } else { self.delay() }
    }

    /// A message leaves the service.
    fn post(&mut self, delivery: Delivery) {
        if self.random.chance(self.conditions.lost_permille) {
            self.trouble(delivery.to);
            return self.note(|| format!("lost: {:?} to device {}", delivery.event.kind, delivery.to));
        }
        if self.random.chance(self.conditions.twice_permille) {
            let delay = self.delay();
            self.send(delivery.to, delay, Scheduled::Message(delivery.clone()));
        }
        let delay = self.delay();
        self.send(delivery.to, delay, Scheduled::Message(delivery));
    }

    /// A record is on its way to a device, now and then twice.
    fn send_record(&mut self, to: usize, from: &Text, record: &Record) {
        let copies = if self.random.chance(200) { 2 } else { 1 };
        for _ in 0..copies {
            let delay = self.delay();
            self.send(to, delay, Scheduled::Record(from.clone(), record.clone()));
        }
    }

    /// Something is due at the service. A reject that counts only now is its decision.
    pub(super) fn service_timeout(&mut self) {
        self.note(|| "service: timer".into());
        self.service.handle_timeout(EPOCH + self.now);
        while let Some((to, report)) = self.service.poll() {
            if let Report::Event(_, event) = &report
                && event.kind == EventKind::Reject
            {
                self.watch.on_decision(self.now, &event.channel.id, &event.request_id);
            }
            self.dispatch(to, report);
        }
    }

    /// The service logs a device out.
    pub(super) fn kick(&mut self, device: usize) -> Result<(), String> {
        if self.devices[device].cut_until > self.now {
            return Ok(());
        }
        self.note(|| format!("device {device} is kicked"));
        if self.peers.is_some() {
            self.rival(device);
            return Ok(());
        }
        self.service.kick(EPOCH + self.now, device);
        self.dispatch_all();
        self.relogin(device);
        self.feed(device, Input::Connection(Connection::Kicked(Outcome::default())))
    }

    /// The device's session ends without its core's doing.
    pub(super) fn end_session(&mut self, device: usize) {
        let life = self.service.life(device);
        self.service.run(EPOCH + self.now, device, life, Req(u64::MAX), &signaling::Operation::Logout);
        self.dispatch_all();
    }
}
