//! Whatever bytes a broker sends: nothing panics, and nothing is heard after the end.

use mqtt_protocol_core::mqtt::packet::prelude::*;
use mqtt_protocol_core::mqtt::packet::{
    MaximumPacketSize, Packet, Property, Qos, ReasonString, ReceiveMaximum, ServerKeepAlive,
    SubscriptionIdentifier, TopicAlias, TopicAliasMaximum, v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{
    ConnectReasonCode, ConnectReturnCode, DisconnectReasonCode, PubackReasonCode, SubackReasonCode,
    SubackReturnCode,
};

use super::*;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}

fn bytes(packet: impl Into<Packet>) -> Vec<u8> {
    packet.into().to_continuous_buffer()
}

/// What a broker of MQTT 5 says, one of each.
fn five() -> Vec<Vec<u8>> {
    let connack = |reason, properties: Vec<Property>| {
        let packet = v5_0::Connack::builder().session_present(false).reason_code(reason);
        bytes(packet.props(properties).build().expect("it"))
    };
    let limits = vec![
        Property::ReceiveMaximum(ReceiveMaximum::new(2).expect("it")),
        Property::MaximumPacketSize(MaximumPacketSize::new(500).expect("it")),
        Property::ServerKeepAlive(ServerKeepAlive::new(30).expect("it")),
        Property::TopicAliasMaximum(TopicAliasMaximum::new(3).expect("it")),
        Property::ReasonString(ReasonString::new("why").expect("it")),
    ];
    let publish = |qos, properties: Vec<Property>| {
        let packet = v5_0::Publish::builder().topic_name("nck1/u/alice/in/bob/pad").expect("it");
        let packet = packet.qos(qos).props(properties).payload("{}");
        let packet = if qos == Qos::AtMostOnce { packet } else { packet.packet_id(3_u16) };
        bytes(packet.build().expect("it"))
    };
    let suback = |code| v5_0::Suback::builder().packet_id(1_u16).reason_codes(vec![code; 3]).build();
    vec![
        connack(ConnectReasonCode::Success, limits),
        connack(ConnectReasonCode::Success, Vec::new()),
        connack(ConnectReasonCode::ServerBusy, Vec::new()),
        bytes(suback(SubackReasonCode::GrantedQos1).expect("it")),
        publish(Qos::AtLeastOnce, Vec::new()),
        publish(Qos::ExactlyOnce, vec![Property::TopicAlias(TopicAlias::new(1).expect("it"))]),
        publish(
            Qos::AtMostOnce,
            vec![Property::SubscriptionIdentifier(SubscriptionIdentifier::new(5).expect("it"))],
        ),
        bytes(v5_0::Puback::builder().packet_id(2_u16).build().expect("it")),
        bytes({
            let puback = v5_0::Puback::builder().packet_id(2_u16);
            puback.reason_code(PubackReasonCode::NotAuthorized).build().expect("it")
        }),
        bytes(v5_0::Pubrel::builder().packet_id(3_u16).build().expect("it")),
        bytes(v5_0::Pubrec::builder().packet_id(2_u16).build().expect("it")),
        bytes(v5_0::Pubcomp::builder().packet_id(2_u16).build().expect("it")),
        bytes(v5_0::Pingresp::builder().build().expect("it")),
        bytes({
            let bye = v5_0::Disconnect::builder().reason_code(DisconnectReasonCode::SessionTakenOver);
            bye.build().expect("it")
        }),
        vec![0xF0, 0],
        vec![0x20, 2, 0, 1],
    ]
}

/// What a broker of 3.1.1 says.
fn three() -> Vec<Vec<u8>> {
    let connack = |code| {
        let packet = v3_1_1::Connack::builder().session_present(false).return_code(code);
        bytes(packet.build().expect("it"))
    };
    let suback = v3_1_1::Suback::builder().packet_id(1_u16);
    let publish = v3_1_1::Publish::builder().topic_name("nck1/u/alice/own/pad").expect("it");
    vec![
        connack(ConnectReturnCode::Accepted),
        connack(ConnectReturnCode::NotAuthorized),
        bytes(suback.return_codes(vec![SubackReturnCode::SuccessMaximumQos1; 3]).build().expect("it")),
        bytes(publish.qos(Qos::AtLeastOnce).packet_id(9_u16).payload("{}").build().expect("it")),
        bytes(v3_1_1::Puback::builder().packet_id(2_u16).build().expect("it")),
        bytes(v3_1_1::Pingresp::builder().build().expect("it")),
    ]
}

/// A talk: most begin as they should, some bytes of some are changed, and it arrives in pieces.
fn talk(random: &mut Random, words: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut talk = Vec::new();
    if random.below(8) > 0 {
        talk.extend_from_slice(&words[random.below(2)]);
    }
    for _ in 0..random.below(6) {
        talk.extend_from_slice(&words[random.below(words.len())]);
    }
    for _ in 0..random.below(4) {
        if !talk.is_empty() {
            let at = random.below(talk.len());
            match random.below(3) {
                0 => talk[at] = random.below(256) as u8,
                1 => drop(talk.remove(at)),
                _ => talk.insert(at, random.below(256) as u8),
            }
        }
    }
    let piece = 1 + random.below(40);
    talk.chunks(piece).map(<[u8]>::to_vec).collect()
}

#[test]
fn no_bytes_of_a_broker_make_it_panic() {
    let settings = settings(&[]);
    for (version, words) in [(Version::V5_0, five()), (Version::V3_1_1, three())] {
        let mut random = Random(5);
        for _ in 0..5_000 {
            let mut session = Session::open(version, &settings, "secret").expect("valid");
            let mut heard = Vec::new();
            for piece in talk(&mut random, &words) {
                let before = heard.len();
                session.receive(0, &piece, &mut heard);
                if heard[before..].iter().any(|it| matches!(it, Heard::Welcome { .. })) {
                    // Fails if it has already ended.
                    let _ = session.subscribe(&settings.names.filters());
                    for token in 0..3 {
                        session.publish(0, token, "nck1/u/bob/in/alice/pad".into(), "{}".into(), 9);
                    }
                }
            }
            let last = |it: &Heard| {
                matches!(it, Heard::Refused(_) | Heard::OldBroker | Heard::Bye(_) | Heard::Broken)
            };
            let end = heard.iter().position(last).map_or(heard.len(), |at| at + 1);
            assert_eq!(end, heard.len(), "{heard:?}");
        }
    }
}
