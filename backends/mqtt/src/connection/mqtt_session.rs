//! MQTT over one connection: bytes in, bytes out. PUBLISH and PUBACK are [`super::publish`]'s, and how many
//! are in flight is decided here; packet ids and all other packets are `mqtt-protocol-core`'s. A session
//! exists as long as its connection.

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{ConnectionOptions, Event};
use mqtt_protocol_core::mqtt::packet::prelude::*;
use mqtt_protocol_core::mqtt::packet::{Packet, Property};
use mqtt_protocol_core::mqtt::result_code::{MqttError, PubackReasonCode};
use mqtt_protocol_core::mqtt::{Connection as MqttCore, Version, role};

use super::framing::{Fault, Framing};
use super::packets;
use super::publish::{self, Frequent};
use super::settings::Settings;
use crate::protocol::{PublishResult, Qos};

/// Largest packet that we read, fixed header included.
const PACKET_BYTES: u32 = 32 * 1024;

/// Publishes that the broker may send without our answer.
const RECEIVE_MAXIMUM: u16 = 64;

/// Publishes that we send without its answer, even if it allows more.
const IN_FLIGHT: u16 = 64;

/// Publishes that wait for the receive window. A peer with more has lost its broker.
const WAITING: usize = 1024;

/// Quota exceeded: the result of a publish beyond that.
const QUOTA_EXCEEDED: i32 = 0x97;

/// Packet too large.
const TOO_LARGE: i32 = 0x95;

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BrokerEvent {
    /// The broker takes us.
    Welcome { resumed: bool, keep_alive_s: Option<u16> },
    /// It does not: reason code of MQTT 5, or return code of 3.1.1, which is below 0x80.
    Refused(u8),
    /// A broker that does not know MQTT 5.
    OldBroker,
    /// The answer to the filters of a device.
    Subscribed { granted: bool },
    /// The end of a publish that was sent so long ago.
    Published { token: u64, result: PublishResult, after_ms: u64 },
    /// A message.
    Message { topic: String, payload: Vec<u8>, expires_s: Option<u32> },
    /// The answer to a ping.
    Pong,
    /// It disconnects us, for this reason.
    Bye(u8),
    /// It is no broker: so it began. Nothing follows.
    NotMqtt(u8),
    /// It broke the protocol; nothing follows.
    Broken(&'static str),
}

struct Publish {
    token: u64,
    qos: Qos,
    topic: String,
    payload: String,
    /// 0 = never.
    expires_at: u64,
}

/// MQTT over one connection.
pub(super) struct MqttSession {
    core: MqttCore<role::Client>,
    framing: Framing,
    version: Version,
    /// Bytes for the broker.
    pub(super) out: Vec<u8>,
    /// Answers to its publishes. They follow what is in `out`: a broker looks at one packet at a time.
    pub(super) answers: Vec<u8>,
    welcome: bool,
    ended: bool,
    largest: usize,
    room: u16,
    /// Token and time of what waits for its answer.
    in_flight: BTreeMap<u16, (u64, u64)>,
    waiting: VecDeque<Publish>,
    filters: Option<u16>,
}

impl MqttSession {
    /// A session whose CONNECT is in `out`.
    /// `forgets`: the broker drops what it has stored for this device.
    pub(super) fn open(
        version: Version,
        settings: &Settings,
        token: &str,
        forgets: bool,
    ) -> Result<MqttSession, MqttError> {
        let options =
            ConnectionOptions::new().maximum_packet_size_recv(PACKET_BYTES).receive_maximum(RECEIVE_MAXIMUM);
        let mut core = MqttCore::with_options(version, options);
        core.set_auto_pub_response(true);
        let mut session = MqttSession {
            core,
            framing: Framing::new(version, PACKET_BYTES as usize),
            version,
            out: Vec::new(),
            answers: Vec::new(),
            welcome: false,
            ended: false,
            largest: usize::MAX,
            room: IN_FLIGHT,
            in_flight: BTreeMap::new(),
            waiting: VecDeque::new(),
            filters: None,
        };
        let connect = packets::connect(version, settings, token, forgets)?;
        session.send(connect)?;
        Ok(session)
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    fn send(&mut self, packet: Packet) -> Result<(), MqttError> {
        for event in self.core.send(packet) {
            match event {
                Event::RequestSendPacket { packet, .. } => put(&mut self.out, &packet),
                Event::NotifyError(error) => return Err(error),
                Event::NotifyPacketReceived(_)
                | Event::NotifyPacketIdReleased(_)
                | Event::RequestTimerReset { .. }
                | Event::RequestTimerCancel(_)
                | Event::RequestClose => {}
            }
        }
        Ok(())
    }

    /// Subscribes to what a device needs; answered by [`BrokerEvent::Subscribed`].
    pub(super) fn subscribe(&mut self, filters: &[String]) -> Result<(), MqttError> {
        self.filters = Some(self.subscribe_more(filters)?);
        Ok(())
    }

    /// Subscribes to more filters; the result is not reported.
    pub(super) fn subscribe_more(&mut self, filters: &[String]) -> Result<u16, MqttError> {
        let id = self.core.acquire_packet_id()?;
        self.send(packets::subscribe(self.version, id, filters)?)?;
        Ok(id)
    }

    pub(super) fn unsubscribe(&mut self, filter: &str) -> Result<(), MqttError> {
        let id = self.core.acquire_packet_id()?;
        self.send(packets::unsubscribe(self.version, id, filter)?)
    }

    pub(super) fn ping(&mut self) -> Result<(), MqttError> {
        self.send(packets::ping(self.version)?)
    }

    /// Whether the broker owes the answer to a publish.
    pub(super) fn is_publishing(&self) -> bool {
        !self.in_flight.is_empty()
    }

    pub(super) fn disconnect(&mut self, forget: bool) -> Result<(), MqttError> {
        self.ended = true;
        // Nothing may follow it.
        self.out.append(&mut self.answers);
        self.send(packets::disconnect(self.version, forget)?)
    }

    /// Publishes now, or with QoS 1 when the receive window allows. Returns a result that needs no
    /// broker.
    pub(super) fn publish(
        &mut self,
        now: u64,
        token: u64,
        qos: Qos,
        topic: String,
        payload: String,
        expires_ms: u32,
    ) -> Option<PublishResult> {
        // Fixed header, length of the topic, packet id, length of the properties, expiry.
        if topic.len() + payload.len() + 5 + 2 + 2 + 1 + 5 > self.largest {
            return Some(PublishResult::Refused { raw_code: TOO_LARGE });
        }
        let expires_at = if expires_ms > 0 { now + u64::from(expires_ms) } else { 0 };
        let publish = Publish { token, qos, topic, payload, expires_at };
        if self.room > 0 || qos == Qos::AtMostOnce {
            return self.launch(now, &publish).err().map(|_| PublishResult::Refused { raw_code: 0 });
        }
        if self.waiting.len() >= WAITING {
            return Some(PublishResult::Refused { raw_code: QUOTA_EXCEEDED });
        }
        self.waiting.push_back(publish);
        None
    }

    fn launch(&mut self, now: u64, publish: &Publish) -> Result<(), MqttError> {
        let left = publish.expires_at.saturating_sub(now);
        let expires_s = match publish.expires_at {
            0 => 0,
            _ => u32::try_from(left.div_ceil(1000).max(1)).unwrap_or(u32::MAX),
        };
        let id = match publish.qos {
            Qos::AtMostOnce => None,
            Qos::AtLeastOnce => Some(self.core.acquire_packet_id()?),
        };
        let Publish { topic, payload, .. } = publish;
        publish::Outgoing { id, topic, payload, expires_s }.write(self.version, &mut self.out);
        if let Some(id) = id {
            self.room -= 1;
            self.in_flight.insert(id, (publish.token, now));
        }
        Ok(())
    }

    /// Receives bytes from the broker; messages are added to `received`.
    pub(super) fn receive(&mut self, now: u64, bytes: &[u8], received: &mut Vec<BrokerEvent>) {
        let mut rest = bytes;
        while !self.ended {
            match self.framing.feed(&mut rest) {
                Ok(false) => return,
                Ok(true) if self.welcome => match publish::read(self.version, self.framing.packet()) {
                    Ok(Some(Frequent::Publish(publish))) => {
                        if let Some(id) = publish.id {
                            publish::write_puback(id, &mut self.answers);
                        }
                        // A retained message is not live.
                        if !publish.is_retained {
                            received.push(BrokerEvent::Message {
                                topic: publish.topic.to_owned(),
                                payload: publish.payload.to_vec(),
                                expires_s: publish.expires_s,
                            });
                        }
                    }
                    Ok(Some(Frequent::Puback { id, reason })) => self.on_puback(now, id, reason, received),
                    Ok(None) => self.receive_other(received),
                    Err(fault) => self.on_fault(fault, received),
                },
                Ok(true) => self.receive_other(received),
                Err(fault) => self.on_fault(fault, received),
            }
        }
    }

    fn on_fault(&mut self, fault: Fault, received: &mut Vec<BrokerEvent>) {
        match fault {
            Fault::NotMqtt(byte) => {
                self.ended = true;
                received.push(BrokerEvent::NotMqtt(byte));
            }
            Fault::Broken(how) => self.end(how, received),
        }
    }

    fn receive_other(&mut self, received: &mut Vec<BrokerEvent>) {
        for event in self.core.recv(&mut Cursor::new(self.framing.packet())) {
            self.on_event(event, received);
        }
    }

    fn on_event(&mut self, event: Event, received: &mut Vec<BrokerEvent>) {
        match event {
            Event::NotifyPacketReceived(packet) => self.on_packet(packet, received),
            // A response that the protocol requires: of QoS 2.
            Event::RequestSendPacket { packet, .. } => put(&mut self.answers, &packet),
            Event::RequestClose | Event::NotifyError(_) => self.end("a packet that is not sound", received),
            Event::NotifyPacketIdReleased(_)
            | Event::RequestTimerReset { .. }
            | Event::RequestTimerCancel(_) => {}
        }
    }

    /// Nothing that follows makes sense.
    fn end(&mut self, how: &'static str, received: &mut Vec<BrokerEvent>) {
        if !mem::replace(&mut self.ended, true) {
            let old_broker = !self.welcome && self.version == Version::V5_0;
            received.push(if old_broker { BrokerEvent::OldBroker } else { BrokerEvent::Broken(how) });
        }
    }

    fn on_packet(&mut self, packet: Packet, received: &mut Vec<BrokerEvent>) {
        let is_connack = matches!(packet, Packet::V5_0Connack(_) | Packet::V3_1_1Connack(_));
        if self.ended || is_connack == self.welcome {
            return self.end("a packet out of turn", received);
        }
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "a foreign enum of 30 packets, most not for clients"
        )]
        match packet {
            Packet::V5_0Connack(connack) => {
                let code = connack.reason_code() as u8;
                self.on_connack(code, connack.session_present(), connack.props(), received);
            }
            Packet::V3_1_1Connack(connack) => {
                self.on_connack(connack.return_code() as u8, connack.session_present(), &[], received);
            }
            Packet::V5_0Suback(suback) => {
                let granted = suback.reason_codes().iter().all(|code| code.is_success());
                self.on_suback(suback.packet_id(), granted, received);
            }
            Packet::V3_1_1Suback(suback) => {
                let granted = suback.return_codes().iter().all(|code| code.is_success());
                self.on_suback(suback.packet_id(), granted, received);
            }
            Packet::V5_0Pingresp(_) | Packet::V3_1_1Pingresp(_) => received.push(BrokerEvent::Pong),
            Packet::V5_0Disconnect(bye) => {
                self.ended = true;
                received.push(BrokerEvent::Bye(bye.reason_code().map_or(0, |code| code as u8)));
            }
            // We never start such an exchange.
            Packet::V5_0Auth(_) => self.end("AUTH, which was not asked for", received),
            _ => {}
        }
    }

    fn on_connack(
        &mut self,
        code: u8,
        resumed: bool,
        properties: &[Property],
        received: &mut Vec<BrokerEvent>,
    ) {
        if code != 0 {
            self.ended = true;
            return received.push(BrokerEvent::Refused(code));
        }
        self.welcome = true;
        let mut keep_alive_s = None;
        for property in properties {
            #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; these three concern us")]
            match property {
                Property::ReceiveMaximum(most) => self.room = IN_FLIGHT.min(most.val()),
                Property::MaximumPacketSize(bytes) => self.largest = bytes.val() as usize,
                Property::ServerKeepAlive(seconds) => keep_alive_s = Some(seconds.val()),
                _ => {}
            }
        }
        received.push(BrokerEvent::Welcome { resumed, keep_alive_s });
    }

    fn on_suback(&mut self, id: u16, granted: bool, received: &mut Vec<BrokerEvent>) {
        if self.filters == Some(id) {
            self.filters = None;
            received.push(BrokerEvent::Subscribed { granted });
        }
    }

    fn on_puback(&mut self, now: u64, id: u16, reason: u8, received: &mut Vec<BrokerEvent>) {
        let Some((token, at)) = self.in_flight.remove(&id) else {
            return self.end("a PUBACK of nothing", received);
        };
        self.core.release_packet_id(id);
        let Some(result) = result(reason) else { return self.end("a PUBACK for no reason", received) };
        received.push(BrokerEvent::Published { token, result, after_ms: now.saturating_sub(at) });
        self.room += 1;
        while self.room > 0
            && let Some(publish) = self.waiting.pop_front()
        {
            if self.launch(now, &publish).is_err() {
                let result = PublishResult::Refused { raw_code: 0 };
                received.push(BrokerEvent::Published { token: publish.token, result, after_ms: 0 });
            }
        }
    }
}

fn put(out: &mut Vec<u8>, packet: &Packet) {
    let mut bytes = packet.to_continuous_buffer();
    if out.is_empty() {
        *out = bytes;
    } else {
        out.append(&mut bytes);
    }
}

/// What the reason code of a PUBACK means. None: it has no such meaning.
fn result(reason: u8) -> Option<PublishResult> {
    match PubackReasonCode::try_from(reason).ok()? {
        PubackReasonCode::Success => Some(PublishResult::Delivered),
        PubackReasonCode::NoMatchingSubscribers => Some(PublishResult::NobodyThere),
        PubackReasonCode::NotAuthorized => Some(PublishResult::Denied),
        PubackReasonCode::UnspecifiedError
        | PubackReasonCode::ImplementationSpecificError
        | PubackReasonCode::TopicNameInvalid
        | PubackReasonCode::PacketIdentifierInUse
        | PubackReasonCode::QuotaExceeded
        | PubackReasonCode::PayloadFormatInvalid => {
            Some(PublishResult::Refused { raw_code: i32::from(reason) })
        }
    }
}
