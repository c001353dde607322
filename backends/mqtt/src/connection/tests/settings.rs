//! What a broker is told in a CONNECT.

use mqtt_protocol_core::mqtt::packet::prelude::*;
use mqtt_protocol_core::mqtt::packet::{Packet, Property};

use super::*;

fn numbers(properties: &[Property]) -> Vec<(u8, u32)> {
    let number = |it: &Property| it.as_u32().or(it.as_u16().map(u32::from)).expect("a number");
    let mut all: Vec<_> = properties.iter().map(|it| (it.id() as u8, number(it))).collect();
    all.sort_unstable();
    all
}

#[test]
fn an_mqtt_5_connect_has_all_session_properties() {
    let mut broker = Broker::new();
    let mut settings = settings(&[&broker]);
    settings.presence = true;
    let mut client = Client::with(settings);
    client.connection.connect(client.now, "secret");
    client.meet(&mut broker);
    let Some(Packet::V5_0Connect(connect)) = broker.packets.first() else { panic!("no CONNECT") };
    assert!(!connect.clean_start());
    assert_eq!((connect.client_id(), connect.keep_alive()), ("nTEST", 60));
    assert_eq!((connect.user_name(), connect.password()), (Some("alice"), Some(&b"secret"[..])));
    // Session expiry, receive maximum, maximum packet size.
    assert_eq!(numbers(connect.props()), [(17, 86_400), (33, 64), (39, 32 * 1024)]);
    assert_eq!(connect.will_topic(), Some("nck1/p/alice/pad"));
    assert_eq!(connect.will_payload(), Some(&br#"{"v":1}"#[..]));
    assert_eq!((connect.will_qos() as u8, connect.will_retain()), (1, false));
    assert_eq!(numbers(connect.will_props()), [(24, 5)]);
}

#[test]
fn without_presence_there_is_no_will_and_no_watch_filter() {
    let mut broker = Broker::new();
    let mut client = Client::to(&[&broker]);
    client.connection.watch(&"bob".into(), &"pad".into(), true);
    client.come_up(&mut broker);
    let Some(Packet::V5_0Connect(connect)) = broker.packets.first() else { panic!("no CONNECT") };
    assert!(!connect.will_flag());
    let subscribes = |packet: &Packet| matches!(packet, Packet::V5_0Subscribe(_));
    assert_eq!(broker.count(subscribes), 2, "the device's own, and what it watches");
}
