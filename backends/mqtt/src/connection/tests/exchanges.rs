//! Which answer belongs to what was sent, and packet ids.

use mqtt_protocol_core::mqtt::packet::{Packet, v5_0};

use super::*;

/// Ends with an error that names this.
#[track_caller]
fn breaks(broker: &mut Broker, client: &mut Client, bytes: &[u8], word: &str) {
    broker.raw(bytes);
    assert_eq!(client.event(broker), ConnectionEvent::Down);
    let why = client.connection.why().1;
    assert!(why.contains(word), "{why}");
}

#[test]
fn an_answer_to_nothing_ends_the_connection() {
    let cases: [(&[u8], &str); 7] = [
        (&[0x90, 4, 0, 9, 0, 1], "a SUBACK of nothing"),
        (&[0xB0, 4, 0, 9, 0, 0], "an UNSUBACK of nothing"),
        (&[0x40, 2, 0, 9], "a PUBACK of nothing"),
        (&[0x50, 2, 0, 9], "out of turn"),
        (&[0x70, 2, 0, 9], "out of turn"),
        (&[0xF0, 2, 0x18, 0], "AUTH"),
        (&[0x90, 3, 0, 9, 0], "not sound"),
    ];
    for (bytes, word) in cases {
        let mut broker = Broker::new();
        let mut client = Client::up(&mut broker);
        breaks(&mut broker, &mut client, bytes, word);
    }
}

/// An UNSUBACK is no answer to a SUBSCRIBE, nor the other way round.
#[test]
fn an_answer_of_another_kind_ends_the_connection() {
    for (on, bytes, word) in [
        (true, &[0xB0, 4, 0, 1, 0, 0][..], "an UNSUBACK of nothing"),
        (false, &[0x90, 4, 0, 2, 0, 1], "a SUBACK of nothing"),
    ] {
        let mut broker = Broker::new();
        let mut client = Client::up(&mut broker);
        // Unanswered: packet id 1, and 2.
        client.connection.watch(&"bob".into(), &"pad".into(), true);
        if !on {
            client.connection.watch(&"bob".into(), &"pad".into(), false);
        }
        client.connection.flush(client.now);
        breaks(&mut broker, &mut client, bytes, word);
    }
}

#[test]
fn a_packet_id_is_free_again_once_it_is_answered() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    // The SUBSCRIBE of the device has had its answer, that of the watch has none: 1 is in use.
    client.connection.watch(&"bob".into(), &"pad".into(), true);
    client.publish(1, "one", 0);
    client.publish(2, "two", 0);
    client.until(&mut broker, |broker| broker.publishes().len() == 2);
    broker.raw(&[0x90, 4, 0, 1, 0, 1]);
    client.quiet(&mut broker);
    client.publish(3, "three", 0);
    broker.raw(&[0x40, 2, 0, 3]);
    assert_eq!(client.event(&mut broker), published(2, PublishResult::Delivered));
    client.publish(4, "four", 0);
    client.until(&mut broker, |broker| broker.publishes().len() == 4);
    let ids: Vec<u16> = broker.publishes().iter().map(|it| it.0).collect();
    assert_eq!(ids, [2, 3, 1, 3]);
}

/// No filter asks for QoS 2; whoever sends it regardless gets the answers that the protocol requires.
#[test]
fn a_publish_with_qos_2_is_answered_and_dropped() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    let id = broker.publish_exactly_once("nck1/u/alice/in/bob/pad", "hello");
    let has_pubrec = |broker: &Broker| {
        broker.count(|it| matches!(it, Packet::V5_0Pubrec(pubrec) if pubrec.packet_id() == id)) == 1
    };
    client.until(&mut broker, has_pubrec);
    broker.send(v5_0::Pubrel::builder().packet_id(id).build().expect("it"));
    let has_pubcomp = |broker: &Broker| {
        broker.count(|it| matches!(it, Packet::V5_0Pubcomp(pubcomp) if pubcomp.packet_id() == id)) == 1
    };
    client.until(&mut broker, has_pubcomp);
    client.quiet(&mut broker);
}
