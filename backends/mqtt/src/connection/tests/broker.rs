//! A broker on a loopback socket that does nothing by itself.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::Event;
use mqtt_protocol_core::mqtt::packet::prelude::*;
use mqtt_protocol_core::mqtt::packet::{MessageExpiryInterval, Packet, Property, Qos, v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::{
    ConnectReasonCode, ConnectReturnCode, DisconnectReasonCode, PubackReasonCode, SubackReasonCode,
    SubackReturnCode,
};
use mqtt_protocol_core::mqtt::{Connection, Version, role};

/// How long a test waits for anything.
pub(crate) struct Patience(Instant);

impl Patience {
    pub(crate) fn new() -> Patience {
        Patience(Instant::now() + Duration::from_secs(20))
    }

    #[track_caller]
    pub(crate) fn check(&self, what: &str) {
        assert!(Instant::now() < self.0, "{what}");
        thread::yield_now();
    }
}

/// A broker on a loopback socket that does nothing by itself.
pub(crate) struct Broker {
    listener: TcpListener,
    socket: Option<TcpStream>,
    core: Connection<role::Server>,
    /// Everything that came in on this connection.
    pub(crate) packets: Vec<Packet>,
    /// Connections so far.
    pub(crate) connections: usize,
    /// The client has ended the connection.
    pub(crate) ended: bool,
    /// Takes nothing in.
    pub(crate) deaf: bool,
    /// Has kept the client's session.
    pub(crate) remembers: bool,
    /// CONNECT has had its answer.
    answered: bool,
}

impl Broker {
    pub(crate) fn new() -> Broker {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        Broker {
            listener,
            socket: None,
            core: Connection::new(Version::Undetermined),
            packets: Vec::new(),
            connections: 0,
            ended: false,
            deaf: false,
            remembers: false,
            answered: false,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().expect("bound").port()
    }

    /// Takes in what there is.
    pub(crate) fn drive(&mut self) {
        if let Ok((socket, _)) = self.listener.accept() {
            socket.set_nonblocking(true).expect("a socket");
            socket.set_nodelay(true).expect("a socket");
            self.socket = Some(socket);
            self.core = Connection::new(Version::Undetermined);
            self.packets.clear();
            self.connections += 1;
            self.ended = false;
            self.answered = false;
        }
        let mut buffer = [0; 4096];
        while let Some(socket) = &mut self.socket
            && !self.deaf
        {
            match socket.read(&mut buffer) {
                Ok(0) => {
                    self.ended = true;
                    self.socket = None;
                }
                Ok(count) => self.take(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.ended = true;
                    self.socket = None;
                }
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let mut cursor = Cursor::new(bytes);
        while (cursor.position() as usize) < bytes.len() {
            for event in self.core.recv(&mut cursor) {
                match event {
                    Event::NotifyPacketReceived(packet) => self.packets.push(packet),
                    Event::NotifyError(error) => panic!("a client that breaks the protocol: {error:?}"),
                    Event::RequestSendPacket { .. }
                    | Event::NotifyPacketIdReleased(_)
                    | Event::RequestTimerReset { .. }
                    | Event::RequestTimerCancel(_)
                    | Event::RequestClose => {}
                }
            }
        }
    }

    /// Says something.
    pub(crate) fn send(&mut self, packet: impl Into<Packet>) {
        for event in self.core.send(packet.into()) {
            match event {
                Event::RequestSendPacket { packet, .. } => self.raw(&packet.to_continuous_buffer()),
                Event::NotifyError(error) => panic!("{error:?}"),
                Event::NotifyPacketReceived(_)
                | Event::NotifyPacketIdReleased(_)
                | Event::RequestTimerReset { .. }
                | Event::RequestTimerCancel(_)
                | Event::RequestClose => {}
            }
        }
    }

    /// Says anything.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let patience = Patience::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.socket.as_mut().expect("a connection").write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => patience.check("nobody reads"),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Ends the connection without a word.
    pub(crate) fn hang_up(&mut self) {
        self.socket = None;
    }

    fn old(&self) -> bool {
        self.version() == 3
    }

    /// Of the CONNECT that came.
    pub(crate) fn version(&self) -> u8 {
        match self.packets.first() {
            Some(Packet::V5_0Connect(_)) => 5,
            Some(Packet::V3_1_1Connect(_)) => 3,
            other => panic!("no CONNECT: {other:?}"),
        }
    }

    /// Of the CONNECT that came.
    pub(crate) fn password(&self) -> String {
        let password = match self.packets.first() {
            Some(Packet::V5_0Connect(it)) => it.password(),
            Some(Packet::V3_1_1Connect(it)) => it.password(),
            other => panic!("no CONNECT: {other:?}"),
        };
        String::from_utf8(password.unwrap_or_default().to_vec()).expect("text")
    }

    pub(crate) fn has_connect(&self) -> bool {
        !self.answered && !self.packets.is_empty()
    }

    /// CONNACK with success.
    pub(crate) fn welcome(&mut self, properties: &[Property]) {
        self.answered = true;
        if self.old() {
            let connack = v3_1_1::Connack::builder().session_present(self.remembers);
            return self.send(connack.return_code(ConnectReturnCode::Accepted).build().expect("it"));
        }
        let connack =
            v5_0::Connack::builder().session_present(self.remembers).reason_code(ConnectReasonCode::Success);
        self.send(connack.props(properties.to_vec()).build().expect("it"));
    }

    /// CONNACK without.
    pub(crate) fn refuse(&mut self, reason: ConnectReasonCode) {
        self.answered = true;
        let connack = v5_0::Connack::builder().session_present(false).reason_code(reason);
        self.send(connack.build().expect("it"));
    }

    pub(crate) fn has_filters(&self) -> bool {
        self.filters().is_some()
    }

    /// The last SUBSCRIBE.
    pub(crate) fn filters(&self) -> Option<(u16, Vec<String>)> {
        self.subscribes().pop()
    }

    fn subscribes(&self) -> Vec<(u16, Vec<String>)> {
        let subscribes = self.packets.iter().filter_map(|packet| match packet {
            Packet::V5_0Subscribe(it) => {
                Some((it.packet_id(), it.entries().iter().map(|it| it.topic_filter().to_owned()).collect()))
            }
            Packet::V3_1_1Subscribe(it) => {
                Some((it.packet_id(), it.entries().iter().map(|it| it.topic_filter().to_owned()).collect()))
            }
            _ => None,
        });
        subscribes.collect()
    }

    /// SUBACK with success, for the first SUBSCRIBE.
    pub(crate) fn grant(&mut self) {
        let (id, filters) = self.subscribes().swap_remove(0);
        if self.old() {
            let codes = vec![SubackReturnCode::SuccessMaximumQos1; filters.len()];
            return self
                .send(v3_1_1::Suback::builder().packet_id(id).return_codes(codes).build().expect("it"));
        }
        self.answer_filters(SubackReasonCode::GrantedQos1);
    }

    /// SUBACK for the first SUBSCRIBE, with this for its last filter.
    pub(crate) fn answer_filters(&mut self, last: SubackReasonCode) {
        let (id, filters) = self.subscribes().swap_remove(0);
        let mut codes = vec![SubackReasonCode::GrantedQos1; filters.len()];
        codes[filters.len() - 1] = last;
        self.send(v5_0::Suback::builder().packet_id(id).reason_codes(codes).build().expect("it"));
    }

    /// The publishes that came in: packet id (0: QoS 0), payload, expiry.
    pub(crate) fn publishes(&self) -> Vec<(u16, String, Option<u32>)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let expiry = |properties: &[Property]| {
            properties.first().map(|property| match property {
                Property::MessageExpiryInterval(seconds) => seconds.val(),
                other => panic!("{other}"),
            })
        };
        let of = |packet: &Packet| match packet {
            Packet::V5_0Publish(it) => {
                Some((it.packet_id().unwrap_or(0), text(it.payload().as_slice()), expiry(it.props())))
            }
            Packet::V3_1_1Publish(it) => {
                Some((it.packet_id().unwrap_or(0), text(it.payload().as_slice()), None))
            }
            _ => None,
        };
        self.packets.iter().filter_map(of).collect()
    }

    /// The publishes that came in: topic and payload.
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let of = |packet: &Packet| match packet {
            Packet::V5_0Publish(it) => Some((it.topic_name().to_owned(), text(it.payload().as_slice()))),
            Packet::V3_1_1Publish(it) => Some((it.topic_name().to_owned(), text(it.payload().as_slice()))),
            _ => None,
        };
        self.packets.iter().filter_map(of).collect()
    }

    /// Answers to our publishes that came in.
    pub(crate) fn pubacks(&self) -> usize {
        self.count(|packet| matches!(packet, Packet::V5_0Puback(_) | Packet::V3_1_1Puback(_)))
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Packet) -> bool) -> usize {
        self.packets.iter().filter(|packet| wanted(packet)).count()
    }

    pub(crate) fn pings(&self) -> usize {
        self.count(|packet| matches!(packet, Packet::V5_0Pingreq(_) | Packet::V3_1_1Pingreq(_)))
    }

    pub(crate) fn pong(&mut self) {
        if self.old() {
            return self.send(v3_1_1::Pingresp::builder().build().expect("it"));
        }
        self.send(v5_0::Pingresp::builder().build().expect("it"));
    }

    pub(crate) fn puback(&mut self, id: u16, reason: PubackReasonCode) {
        self.send(v5_0::Puback::builder().packet_id(id).reason_code(reason).build().expect("it"));
    }

    pub(crate) fn bye(&mut self, reason: DisconnectReasonCode) {
        self.send(v5_0::Disconnect::builder().reason_code(reason).build().expect("it"));
    }

    /// PUBLISH with QoS 1.
    pub(crate) fn publish(&mut self, topic: &str, payload: &str, retain: bool) {
        let id = self.core.acquire_packet_id().expect("an id");
        let packet = v5_0::Publish::builder().topic_name(topic).expect("it").qos(Qos::AtLeastOnce);
        self.send(packet.packet_id(id).retain(retain).payload(payload).build().expect("it"));
    }

    /// PUBLISH with QoS 2, and its packet id.
    pub(crate) fn publish_exactly_once(&mut self, topic: &str, payload: &str) -> u16 {
        let id = self.core.acquire_packet_id().expect("an id");
        let packet = v5_0::Publish::builder().topic_name(topic).expect("it").qos(Qos::ExactlyOnce);
        self.send(packet.packet_id(id).payload(payload).build().expect("it"));
        id
    }

    /// PUBLISH with QoS 0.
    pub(crate) fn publish_unanswered(&mut self, topic: &str, payload: &str) {
        let packet = v5_0::Publish::builder().topic_name(topic).expect("it").qos(Qos::AtMostOnce);
        self.send(packet.payload(payload).build().expect("it"));
    }

    /// PUBLISH with QoS 1 and a message expiry, in seconds.
    pub(crate) fn publish_expiring(&mut self, topic: &str, payload: &str, seconds: u32) {
        let id = self.core.acquire_packet_id().expect("an id");
        let expiry = Property::MessageExpiryInterval(MessageExpiryInterval::new(seconds).expect("it"));
        let packet = v5_0::Publish::builder().topic_name(topic).expect("it").qos(Qos::AtLeastOnce);
        self.send(packet.packet_id(id).props(vec![expiry]).payload(payload).build().expect("it"));
    }
}
