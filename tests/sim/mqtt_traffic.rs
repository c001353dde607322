//! Messages between the peers of the MQTT backend over a broker that loses, duplicates, delays and
//! forgets. Engine, users, monitors and media are those of the other simulations.

use nertc_callkit::engine::input::Input;
use nertc_callkit_mqtt::protocol::{self, PublishResult, Qos};
use nertc_callkit_mqtt::topics::Incoming;
use nertc_callkit_signaling::{
    self as signaling, Code, Connection, Notification, OperationResult, Origin, Outcome, Req,
};

use super::broker::QueuedMessage;
use super::cross_device_monitor;
use super::mqtt_peers::{Client, Link, SinkMessage, Wire};
use super::world::{Scheduled, World};

impl World {
    pub(super) fn client(&mut self, device: usize) -> Option<&mut Client> {
        self.peers.as_mut().map(|peers| &mut peers.clients[device])
    }

    /// The core issues an operation. None: there is a backend; else the operation comes back.
    pub(super) fn ask_protocol(
        &mut self,
        device: usize,
        req: Req,
        op: signaling::Operation,
    ) -> Option<signaling::Operation> {
        let now = self.now;
        let Some(client) = self.client(device) else { return Some(op) };
        let is_login = matches!(op, signaling::Operation::Login { .. });
        if is_login && client.link == Link::Off {
            client.link = Link::Connecting;
            let connection = client.connection;
            let delay = self.delay();
            self.send(device, delay, Scheduled::Wire(connection, Wire::Connect));
        }
        let client = self.client(device)?;
        if req != Req(u64::MAX) {
            client.open.insert(req, op.clone());
        }
        client.protocol.handle(now, protocol::Input::Op { req: req.0, op: op.clone() });
        if let signaling::Operation::Invite { message, .. } = &op {
            let ids = (message.channel_id.clone(), message.request_id.clone());
            if let Some(peers) = &mut self.peers {
                peers.issued.insert(ids, now);
            }
            self.watch.on_operation(self.now, &self.devices, device, &op, Code::OK);
        } else if matches!(op, signaling::Operation::Accept(_) | signaling::Operation::Reject(_)) {
            // The caller's device may act on it before this one receives it.
            self.watch.on_sibling(&self.devices, device);
        }
        self.run_protocol(device);
        None
    }

    /// An input of an MQTT peer.
    pub(super) fn feed_protocol(&mut self, device: usize, input: protocol::Input) {
        let now = self.now;
        let Some(client) = self.client(device) else { return };
        client.protocol.handle(now, input);
        self.run_protocol(device);
    }

    /// A deadline of an MQTT peer has passed.
    pub(super) fn protocol_timeout(&mut self, device: usize) {
        let now = self.now;
        self.note(|| format!("device {device}: protocol: timer"));
        let Some(client) = self.client(device) else { return };
        client.protocol.handle_timeout(now);
        let next = client.protocol.poll_timeout();
        if next.is_some_and(|at| at <= now) {
            self.blame(device, "invariant 3: its deadline does not pass");
        }
        self.run_protocol(device);
    }

    fn blame(&mut self, device: usize, what: &str) {
        if let Some(peers) = &mut self.peers {
            peers.fault.get_or_insert(format!("peer {device}: {what}"));
        }
    }

    /// An MQTT peer's violation in this step.
    pub(super) fn protocol_fault(&mut self) -> Result<(), String> {
        self.peers.as_mut().and_then(|peers| peers.fault.take()).map_or(Ok(()), Err)
    }

    /// An MQTT peer's outputs are sent.
    fn run_protocol(&mut self, device: usize) {
        let mut count = 0;
        while let Some(output) = self.client(device).and_then(|client| client.protocol.poll_output()) {
            count += 1;
            self.run_output(device, output);
        }
        if count > 1_000 {
            self.blame(device, "it says too much at once");
        }
    }

    fn run_output(&mut self, device: usize, output: protocol::Output) {
        match output {
            protocol::Output::Publish { token, qos, topic, payload, expires_ms } => {
                self.publish(device, (token, qos), &topic, payload, expires_ms);
            }
            protocol::Output::Watch { account, device: whom, on } => {
                let is_it =
                    |other: &usize| self.devices[*other].account == account && other.to_string() == *whom;
                let found = (0..self.devices.len()).find(is_it);
                let session = self.peers.as_mut().and_then(|it| it.broker.session(device));
                if let (Some(whom), Some(session)) = (found, session) {
                    session.watch(whom, on);
                }
            }
            protocol::Output::CallActive(_) => {}
            protocol::Output::Disconnect { forget } => {
                self.send_up(device, Wire::Bye { forget });
                let Some(client) = self.client(device) else { return };
                client.hang_up(Link::Off, u64::MAX);
            }
            protocol::Output::Reconnect => self.drop_link(device, true),
            protocol::Output::Done { req, answer } => self.answered(device, Req(req), answer),
            protocol::Output::Events { origin, events } => {
                self.notify_core(device, SinkMessage::Events(origin, events));
            }
            protocol::Output::Record { from, id, .. } => {
                self.notify_core(device, SinkMessage::Record(from, id));
            }
            protocol::Output::Connection { change, code, message } => {
                let now_is = change.because(Outcome::failed(code, &message));
                self.notify_core(device, SinkMessage::Connection(now_is));
            }
            protocol::Output::Log { text } => self.note(|| format!("device {device}: protocol: {text}")),
        }
    }

    fn answered(&mut self, device: usize, req: Req, answer: OperationResult) {
        if req == Req(u64::MAX) {
            return;
        }
        let Some(op) = self.client(device).and_then(|client| client.open.remove(&req)) else {
            return self.blame(device, "invariant 1: it answers an operation twice, or one of nobody");
        };
        if self.kin(device).into_iter().any(|kin| self.is_connecting(kin)) {
            self.trouble(device);
        }
        if self.is_local(device, &op) {
            self.watch.on_sibling(&self.devices, device);
        } else if !matches!(op, signaling::Operation::Invite { .. }) {
            self.watch.on_operation(self.now, &self.devices, device, &op, answer.outcome.code);
        }
        if matches!(op, signaling::Operation::Login { .. }) && answer.outcome.code == Code::OK {
            self.trouble(device);
        }
        self.notify_core(device, SinkMessage::Done(req, answer));
    }

    /// It is logged in, or is to be, and has no connection.
    fn is_connecting(&self, device: usize) -> bool {
        self.peers.as_ref().is_some_and(|it| it.clients[device].link == Link::Connecting)
    }

    /// A device with other media decides for itself only, and a busy one if so configured.
    fn is_local(&self, device: usize, op: &signaling::Operation) -> bool {
        let signaling::Operation::Reject(message) = op else { return false };
        let is_busy = &*message.custom_info == "601" || message.custom_info.contains("\"reason\":3");
        cross_device_monitor::is_local(op)
            || is_busy && self.peers.as_ref().is_some_and(|it| it.clients[device].config.busy_is_local)
    }

    /// A backend's thread takes a moment, and keeps the order.
    fn notify_core(&mut self, device: usize, message: SinkMessage) {
        let at = self.now + self.random.below(3);
        let Some(client) = self.client(device) else { return };
        let at = at.max(client.next_report);
        client.next_report = at;
        self.send(device, at - self.now, Scheduled::SinkMessage(message));
    }

    /// The core receives its backend's report.
    pub(super) fn receive_message(&mut self, device: usize, message: SinkMessage) -> Result<(), String> {
        match message {
            SinkMessage::Done(req, result) => {
                self.note(|| format!("device {device}: completed {req:?} {}", result.outcome.code));
                self.feed(device, Input::SignalDone { req, result: result.into() })
            }
            SinkMessage::Events(Origin::Offline, events) => self.feed_backlog(device, events),
            SinkMessage::Events(source, events) => {
                events.into_iter().try_for_each(|event| self.receive(device, source, event))
            }
            SinkMessage::Record(from, id) => self.receive_claim(device, from, id),
            SinkMessage::Connection(now_is) => {
                self.note(|| format!("device {device}: {now_is:?}"));
                if matches!(now_is, Connection::Kicked(_)) {
                    self.relogin(device);
                }
                self.feed(device, Input::Connection(now_is))
            }
        }
    }

    /// The core notifies its backend; no result follows.
    pub(super) fn notify_protocol(&mut self, device: usize, notice: Notification) {
        self.note(|| format!("device {device}: {notice:?}"));
        let Some(input) = protocol::Input::of(notice) else { return };
        self.feed_protocol(device, input);
    }

    fn publish(
        &mut self,
        device: usize,
        (token, qos): (u64, Qos),
        topic: &protocol::Topic,
        payload: String,
        expires_ms: u32,
    ) {
        let Some(peers) = &mut self.peers else { return };
        if peers.clients[device].link != Link::Up {
            return self.blame(device, "it publishes without a connection");
        }
        let Some(topic) = peers.names[device].write(topic) else {
            return self.blame(device, "it publishes to a topic that cannot be written");
        };
        self.note(|| format!("device {device}: publish {topic} {payload}"));
        // Older clients publish everything with QoS 1.
        let is_older = self.client(device).is_some_and(|client| client.is_older);
        let qos = if is_older { Qos::AtLeastOnce } else { qos };
        self.send_up(device, Wire::Publish { token, qos, topic, payload, expires_ms });
    }

    /// What a device sends arrives in order.
    fn send_up(&mut self, device: usize, wire: Wire) {
        let at = self.now + self.delay();
        let Some(client) = self.client(device) else { return };
        let at = at.max(client.sent);
        client.sent = at;
        let connection = client.connection;
        self.send(device, at - self.now, Scheduled::Wire(connection, wire));
    }

    fn send_down(&mut self, device: usize, delay: u64, wire: Wire) {
        let session = self.peers.as_mut().and_then(|it| it.broker.session(device));
        if let Some(connection) = session.and_then(|session| session.connection) {
            self.send(device, delay, Scheduled::Wire(connection, wire));
        }
    }

    /// Something arrives, at the broker or at the device.
    pub(super) fn on_wire(&mut self, device: usize, connection: u32, wire: Wire) {
        let (now, is_cut) = (self.now, self.devices[device].cut_until > self.now);
        let Some(client) = self.client(device) else { return };
        let is_current = connection == client.connection;
        let gasps = client.gasp.0 == connection && client.gasp.1 >= now;
        if is_cut && (is_current || gasps) && !matches!(wire, Wire::Will) {
            let delay = self.devices[device].cut_until - now + 1;
            return self.send(device, delay, Scheduled::Wire(connection, wire));
        }
        match wire {
            Wire::Publish { .. } | Wire::Bye { .. } if !is_current && !gasps => {}
            Wire::Publish { token, qos, topic, payload, expires_ms } => {
                self.carry(device, connection, token, (qos, &topic, &payload), expires_ms);
            }
            Wire::Bye { forget } => self.send_bye(device, connection, forget),
            Wire::Will => self.publish_will(device, connection),
            _ if !is_current => {}
            Wire::Connect => self.connect(device, connection),
            Wire::Up { resumed } => {
                self.note(|| format!("device {device}: up, resumed {resumed}"));
                self.client(device).into_iter().for_each(|client| client.link = Link::Up);
                self.feed_protocol(device, protocol::Input::Up { resumed });
            }
            Wire::Answer { token, result } => {
                self.feed_protocol(device, protocol::Input::Published { token, result });
            }
            Wire::QueuedMessage(queued) => self.deliver_queued(device, queued),
            Wire::Gone { whose } => {
                let account = self.devices[whose].account.clone();
                let gone = whose.to_string().into();
                self.note(|| format!("device {device}: the will of device {whose}"));
                self.feed_protocol(device, protocol::Input::Gone { account, device: gone });
            }
        }
    }

    fn connect(&mut self, device: usize, connection: u32) {
        if self.devices[device].is_offline {
            let pause = 1_000 + self.random.below(4_000);
            return self.send(device, pause, Scheduled::Wire(connection, Wire::Connect));
        }
        if self.random.chance(self.conditions.refused_permille) {
            self.note(|| format!("device {device}: the broker refuses"));
            self.trouble(device);
            self.client(device).into_iter().for_each(|client| client.hang_up(Link::Off, 0));
            let (code, raw_code, message) = (Code::BACKEND_FAILED, 0x87, "not permitted".into());
            return self.feed_protocol(device, protocol::Input::Refused { code, raw_code, message });
        }
        self.trouble(device);
        let Some(peers) = &mut self.peers else { return };
        let resumed = peers.broker.connect(device, connection);
        // Stored messages may arrive before the SUBACK.
        let is_late = resumed && self.random.chance(300);
        let delay = if is_late { 2 * self.delay() } else { 1 };
        self.send(device, delay, Scheduled::Wire(connection, Wire::Up { resumed }));
        self.forward(device);
    }

    /// A publish reaches the broker.
    fn carry(
        &mut self,
        device: usize,
        connection: u32,
        token: u64,
        (qos, topic, payload): (Qos, &str, &str),
        expires_ms: u32,
    ) {
        let Some(peers) = &mut self.peers else { return };
        let session = peers.broker.session(device);
        if session.is_none_or(|session| session.connection != Some(connection)) {
            return;
        }
        let to = peers.broker.subscribers(topic, &peers.names);
        let mut result = match to.is_empty() && peers.broker.is_five {
            true => PublishResult::NobodyThere,
            false => PublishResult::Delivered,
        };
        if self.random.chance(self.conditions.refused_permille) {
            self.note(|| format!("broker: refuses {token} of device {device}"));
            self.trouble(device);
            result = *self.random.pick(&[PublishResult::Denied, PublishResult::Refused { raw_code: 0x97 }]);
        } else {
            for target in to {
                self.place(target, (qos, topic, payload), expires_ms);
            }
        }
        if token != 0 {
            let delay = self.delay();
            self.send_down(device, delay, Wire::Answer { token, result });
        }
    }

    /// A message is put into a session, or lost: with QoS 0 more often, and always while the device is away.
    pub(super) fn place(&mut self, device: usize, (qos, topic, payload): (Qos, &str, &str), expires_ms: u32) {
        let is_fragile = qos == Qos::AtMostOnce;
        let session = self.peers.as_mut().and_then(|it| it.broker.session(device));
        let is_away = is_fragile && session.is_none_or(|session| session.connection.is_none());
        let lost_permille = self.conditions.lost_permille * if is_fragile { 3 } else { 1 };
        if is_away || self.random.chance(lost_permille) {
            self.trouble(device);
            return self.note(|| format!("broker: lost to device {device}: {topic} {payload}"));
        }
        let times = 1 + u32::from(!is_fragile && self.random.chance(self.conditions.twice_permille));
        let now = self.now;
        for _ in 0..times {
            self.peers
                .iter_mut()
                .for_each(|it| it.broker.enqueue(now, device, (qos, topic, payload), expires_ms));
        }
        self.forward(device);
    }

    /// The broker sends what waits in a session.
    fn forward(&mut self, device: usize) {
        loop {
            let now = self.now;
            let session = self.peers.as_mut().and_then(|it| it.broker.session(device));
            let Some(queued) = session.and_then(|session| session.next(now)) else { return };
            let at = now + self.delay();
            let Some(peers) = &mut self.peers else { return };
            let kind =
                if peers.reorders { format!("{:?} {}", queued.qos, queued.topic) } else { String::new() };
            let next_arrival = peers.clients[device].next_arrival.entry(kind).or_default();
            *next_arrival = at.max(*next_arrival);
            let delay = *next_arrival - now;
            self.send_down(device, delay, Wire::QueuedMessage(queued));
        }
    }

    fn deliver_queued(&mut self, device: usize, queued: QueuedMessage) {
        let QueuedMessage { id, qos: _, topic, payload, expires_at } = queued;
        self.note(|| format!("device {device}: gets {topic} {payload}"));
        // A lost acknowledgement: the message is redelivered after the next connect.
        let is_acked = !self.random.chance(self.conditions.twice_permille);
        let Some(peers) = &mut self.peers else { return };
        let session = peers.broker.session(device);
        session.into_iter().filter(|_| is_acked).for_each(|session| session.acknowledged(id));
        let Some(Incoming::Message { kind, from, device: sender }) = peers.names[device].read(&topic) else {
            return self.blame(device, "it gets what is not for it");
        };
        // MQTT 3.1.1 has no expiry.
        let (payload, expires_at) = (payload.into_bytes(), peers.broker.is_five.then_some(expires_at));
        let input = protocol::Input::Message { kind, from, device: sender, payload, expires_at };
        self.feed_protocol(device, input);
    }

    fn send_bye(&mut self, device: usize, connection: u32, forget: bool) {
        let Some(peers) = &mut self.peers else { return };
        let session = peers.broker.session(device);
        let Some(session) = session.filter(|session| session.connection == Some(connection)) else { return };
        session.end();
        if forget {
            peers.broker.forget(device);
        }
    }

    fn publish_will(&mut self, device: usize, connection: u32) {
        let is_cut = self.devices[device].cut_until > self.now;
        let Some(peers) = &mut self.peers else { return };
        let is_left = peers.clients[device].connection != connection;
        let session = peers.broker.session(device);
        let Some(session) = session.filter(|it| it.connection == Some(connection)) else { return };
        if !is_cut && !is_left {
            return;
        }
        session.end();
        for watcher in peers.broker.watchers(device) {
            let delay = self.delay();
            self.send_down(watcher, delay, Wire::Gone { whose: device });
        }
    }

    /// The broker will notice, after a while, that this connection is dead.
    pub(super) fn expect_will(&mut self, device: usize) {
        let Some(connection) = self.client(device).map(|client| client.connection) else { return };
        let delay = 5_000 + self.random.below(15_000);
        self.send(device, delay, Scheduled::Wire(connection, Wire::Will));
    }
}
