//! MQTT over one connection: bytes in, bytes out. PUBLISH and PUBACK are [`super::publish`]'s, what else is
//! written [`super::packets`]'s and what else is read [`super::answers`]'s; packet ids, and which packet may
//! follow which, are decided here. A session exists as long as its connection.

use std::collections::VecDeque;
use std::mem;

use mqtt_protocol_core::mqtt::Version;
use mqtt_protocol_core::mqtt::result_code::{MqttError, PubackReasonCode};

use super::answers::{self, Answer, Connack, Unsound};
use super::framing::{Fault, Framing};
use super::packets::{self, PACKET_BYTES};
use super::publish::{self, Frequent};
use super::settings::Settings;
use crate::protocol::{PublishResult, Qos};

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
    /// What waits for its answer; few do.
    in_flight: Vec<InFlight>,
    waiting: VecDeque<Publish>,
    /// Packet ids of what the broker has not answered yet but publishes: SUBSCRIBE and UNSUBSCRIBE.
    requests: Vec<(Request, u16)>,
}

/// A publish without its PUBACK.
struct InFlight {
    id: u16,
    token: u64,
    /// When it was sent.
    at: u64,
}

/// What is answered, and not a publish.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Request {
    /// To what a device needs.
    Subscribe,
    SubscribeMore,
    Unsubscribe,
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
        Ok(MqttSession {
            framing: Framing::new(version, PACKET_BYTES as usize),
            version,
            out: packets::connect(version, settings, token, forgets)?,
            answers: Vec::new(),
            welcome: false,
            ended: false,
            largest: usize::MAX,
            room: IN_FLIGHT,
            in_flight: Vec::new(),
            waiting: VecDeque::new(),
            requests: Vec::new(),
        })
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    fn send(&mut self, packet: Vec<u8>) -> Result<(), MqttError> {
        if packet.len() > self.largest {
            return Err(MqttError::PacketTooLarge);
        }
        self.out.extend_from_slice(&packet);
        Ok(())
    }

    /// The lowest packet id that is not in use: few are at a time.
    fn free_id(&self) -> Result<u16, MqttError> {
        let is_free = |id: &u16| {
            !self.in_flight.iter().any(|it| it.id == *id) && !self.requests.iter().any(|(_, used)| used == id)
        };
        (1..=u16::MAX).find(is_free).ok_or(MqttError::PacketIdentifierFullyUsed)
    }

    fn request(&mut self, kind: Request, id: u16, packet: Vec<u8>) -> Result<(), MqttError> {
        self.send(packet)?;
        self.requests.push((kind, id));
        Ok(())
    }

    /// Subscribes to what a device needs; answered by [`BrokerEvent::Subscribed`].
    pub(super) fn subscribe(&mut self, filters: &[String]) -> Result<(), MqttError> {
        let id = self.free_id()?;
        self.request(Request::Subscribe, id, packets::subscribe(self.version, id, filters)?)
    }

    /// Subscribes to more filters; the result is not reported.
    pub(super) fn subscribe_more(&mut self, filters: &[String]) -> Result<(), MqttError> {
        let id = self.free_id()?;
        self.request(Request::SubscribeMore, id, packets::subscribe(self.version, id, filters)?)
    }

    pub(super) fn unsubscribe(&mut self, filter: &str) -> Result<(), MqttError> {
        let id = self.free_id()?;
        self.request(Request::Unsubscribe, id, packets::unsubscribe(self.version, id, filter)?)
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
            Qos::AtLeastOnce => Some(self.free_id()?),
        };
        let Publish { topic, payload, .. } = publish;
        publish::Outgoing { id, topic, payload, expires_s }.write(self.version, &mut self.out);
        if let Some(id) = id {
            self.room -= 1;
            self.in_flight.push(InFlight { id, token: publish.token, at: now });
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
                    // Nothing is subscribed to with QoS 2: it is answered, as it must be, and dropped.
                    Ok(Some(Frequent::PublishTwice(id))) => publish::write_pubrec(id, &mut self.answers),
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
        match answers::read(self.version, self.framing.packet()) {
            Ok(answer) => self.on_answer(answer, received),
            Err(Unsound) => self.end("a packet that is not sound", received),
        }
    }

    /// Nothing that follows makes sense.
    fn end(&mut self, how: &'static str, received: &mut Vec<BrokerEvent>) {
        if !mem::replace(&mut self.ended, true) {
            let old_broker = !self.welcome && self.version == Version::V5_0;
            received.push(if old_broker { BrokerEvent::OldBroker } else { BrokerEvent::Broken(how) });
        }
    }

    fn on_answer(&mut self, answer: Answer, received: &mut Vec<BrokerEvent>) {
        if self.ended || matches!(answer, Answer::Connack(_)) == self.welcome {
            return self.end("a packet out of turn", received);
        }
        match answer {
            Answer::Connack(connack) => self.on_connack(&connack, received),
            Answer::Suback { id, granted } => match self.take_request(id) {
                Some(Request::Subscribe) => received.push(BrokerEvent::Subscribed { granted }),
                Some(Request::SubscribeMore) => {}
                Some(Request::Unsubscribe) | None => self.end("a SUBACK of nothing", received),
            },
            Answer::Unsuback { id } => {
                if self.take_request(id) != Some(Request::Unsubscribe) {
                    self.end("an UNSUBACK of nothing", received);
                }
            }
            Answer::Pong => received.push(BrokerEvent::Pong),
            Answer::Bye(reason) => {
                self.ended = true;
                received.push(BrokerEvent::Bye(reason));
            }
            Answer::Pubrel(id) => publish::write_pubcomp(id, &mut self.answers),
            // We never start such an exchange.
            Answer::Auth => self.end("AUTH, which was not asked for", received),
            Answer::Other => self.end("a packet out of turn", received),
        }
    }

    fn on_connack(&mut self, connack: &Connack, received: &mut Vec<BrokerEvent>) {
        if connack.code != 0 {
            self.ended = true;
            return received.push(BrokerEvent::Refused(connack.code));
        }
        self.welcome = true;
        self.room = connack.receive_maximum.map_or(IN_FLIGHT, |most| IN_FLIGHT.min(most));
        self.largest = connack.largest.map_or(usize::MAX, |bytes| bytes as usize);
        let Connack { resumed, keep_alive_s, .. } = *connack;
        received.push(BrokerEvent::Welcome { resumed, keep_alive_s });
    }

    fn take_request(&mut self, id: u16) -> Option<Request> {
        let at = self.requests.iter().position(|(_, used)| *used == id)?;
        Some(self.requests.swap_remove(at).0)
    }

    fn on_puback(&mut self, now: u64, id: u16, reason: u8, received: &mut Vec<BrokerEvent>) {
        let Some(at) = self.in_flight.iter().position(|it| it.id == id) else {
            return self.end("a PUBACK of nothing", received);
        };
        let InFlight { token, at, .. } = self.in_flight.swap_remove(at);
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
