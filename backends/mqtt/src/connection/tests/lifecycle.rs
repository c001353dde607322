//! A connection's life: publishes, pings, ends.

use mqtt_protocol_core::mqtt::packet::{
    MaximumPacketSize, Packet, Property, ReceiveMaximum, ServerKeepAlive,
};
use mqtt_protocol_core::mqtt::result_code::{DisconnectReasonCode, PubackReasonCode};

use super::*;
use crate::protocol::TopicKind;

fn receive_maximum(most: u16) -> Property {
    Property::ReceiveMaximum(ReceiveMaximum::new(most).expect("valid"))
}

/// Up at a broker whose CONNACK says this.
fn up_with(broker: &mut Broker, properties: &[Property]) -> Client {
    let mut client = Client::to(&[broker]);
    client.meet(broker);
    broker.welcome(properties);
    client.until(broker, Broker::has_filters);
    broker.grant();
    assert_eq!(client.event(broker), ConnectionEvent::Up { resumed: false });
    client
}

fn message(text: &str) -> ConnectionEvent {
    let payload = text.as_bytes().to_vec();
    let (from, device) = ("bob".into(), "pad".into());
    ConnectionEvent::Message { kind: TopicKind::Inbox, from, device, payload, expires_at: None }
}

const INBOX: &str = "nck1/u/alice/in/bob/pad";

#[test]
fn publishes_beyond_the_window_wait_and_expire() {
    let mut broker = Broker::new();
    let mut client = up_with(&mut broker, &[receive_maximum(2)]);
    for token in 1..=4 {
        client.publish(token, &token.to_string(), 10_000);
    }
    client.until(&mut broker, |broker| broker.publishes().len() == 2);
    client.quiet(&mut broker);
    assert_eq!(broker.publishes(), [(1, "1".into(), Some(10)), (2, "2".into(), Some(10))]);
    client.now += 3_500;
    broker.puback(2, PubackReasonCode::NoMatchingSubscribers);
    assert_eq!(client.event(&mut broker), published(2, PublishResult::NobodyThere));
    client.until(&mut broker, |broker| broker.publishes().len() == 3);
    assert_eq!(broker.publishes()[2], (2, "3".into(), Some(7)));
    broker.puback(1, PubackReasonCode::NotAuthorized);
    broker.puback(2, PubackReasonCode::QuotaExceeded);
    assert_eq!(client.event(&mut broker), published(1, PublishResult::Denied));
    assert_eq!(client.event(&mut broker), published(3, PublishResult::Refused { raw_code: 0x97 }));
    client.until(&mut broker, |broker| broker.publishes().len() == 4);
}

/// It needs no room, has no answer, and nothing is awaited after it.
#[test]
fn a_publish_with_qos_0_waits_for_nothing() {
    let mut broker = Broker::new();
    let mut client = up_with(&mut broker, &[receive_maximum(1)]);
    client.publish(1, "one", 0);
    client.publish(2, "waits", 0);
    let topic = "nck1/u/bob/in/alice/pad".into();
    client.connection.publish(client.now, 0, Qos::AtMostOnce, topic, "at once".into(), 2_000);
    client.connection.flush(client.now);
    client.until(&mut broker, |broker| broker.publishes().len() == 2);
    assert_eq!(broker.publishes(), [(1, "one".into(), None), (0, "at once".into(), Some(2))]);
    broker.puback(1, PubackReasonCode::Success);
    assert_eq!(client.event(&mut broker), published(1, PublishResult::Delivered));
    client.until(&mut broker, |broker| broker.publishes().len() == 3);
}

/// A peer may publish everything with QoS 1; only that is acknowledged.
#[test]
fn messages_are_taken_with_either_qos() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    broker.publish_unanswered(INBOX, "zero");
    broker.publish(INBOX, "one", false);
    assert_eq!(client.event(&mut broker), message("zero"));
    assert_eq!(client.event(&mut broker), message("one"));
    client.until(&mut broker, |broker| broker.pubacks() == 1);
    client.quiet(&mut broker);
    assert_eq!(broker.pubacks(), 1);
}

#[test]
fn queued_publishes_and_packet_sizes_are_limited() {
    let mut broker = Broker::new();
    let largest = Property::MaximumPacketSize(MaximumPacketSize::new(200).expect("valid"));
    let mut client = up_with(&mut broker, &[receive_maximum(1), largest]);
    client.publish(1, &"x".repeat(200), 0);
    assert_eq!(client.connection.poll_event(), Some(published(1, PublishResult::Refused { raw_code: 0x95 })));
    // One in flight, the rest waits; then there is no room.
    for token in 0..1026 {
        client.publish(token, "x", 0);
    }
    assert_eq!(
        client.connection.poll_event(),
        Some(published(1025, PublishResult::Refused { raw_code: 0x97 }))
    );
    client.until(&mut broker, |broker| broker.publishes().len() == 1);
    assert_eq!(broker.publishes(), [(1, "x".into(), None)]);
    client.quiet(&mut broker);
}

/// As the broker has it: what is left of the message's life when it is sent.
#[test]
fn the_expiry_of_a_message_is_handed_over() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    broker.publish_expiring(INBOX, "short", 9);
    broker.publish(INBOX, "long", false);
    for (text, expires_at) in [("short", Some(client.now + 9_000)), ("long", None)] {
        let ConnectionEvent::Message { payload, expires_at: found, .. } = client.event(&mut broker) else {
            panic!("no message");
        };
        assert_eq!((payload, found), (text.as_bytes().to_vec(), expires_at));
    }
}

#[test]
fn publishes_of_a_lost_connection_are_not_resent() {
    let mut broker = Broker::new();
    let mut client = Client::to(&[&broker]);
    client.publish(1, "too early", 0);
    client.come_up(&mut broker);
    client.publish(2, "unanswered", 0);
    client.until(&mut broker, |broker| broker.publishes().len() == 1);
    broker.hang_up();
    assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
    client.publish(3, "too late", 0);
    client.next_deadline();
    client.come_up(&mut broker);
    client.quiet(&mut broker);
    assert_eq!(broker.publishes(), []);
}

#[test]
fn silence_is_broken_by_a_ping_and_no_answer_is_the_end() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    assert_eq!(client.next_deadline(), 60_000);
    client.until(&mut broker, |broker| broker.pings() == 1);
    broker.pong();
    // Nothing but the next ping is due.
    client.until(&mut broker, |_| true);
    let patience = broker::Patience::new();
    while client.connection.poll_timeout() != Some(client.now + 60_000) {
        client.drive();
        patience.check("the answer to a ping is not heard");
    }
    // Whatever is sent is as good as a ping.
    client.now += 59_000;
    client.publish(1, "x", 0);
    assert_eq!(client.next_deadline(), 60_000);
    assert_eq!(client.next_deadline(), 10_000);
    assert_eq!(client.connection.poll_event(), Some(ConnectionEvent::Down));
    assert!(client.next_deadline() <= 200);
    client.come_up(&mut broker);
}

#[test]
fn the_broker_may_want_less_silence() {
    let mut broker = Broker::new();
    let seconds = Property::ServerKeepAlive(ServerKeepAlive::new(8).expect("valid"));
    let mut client = up_with(&mut broker, &[seconds]);
    assert_eq!(client.next_deadline(), 8_000);
    assert_eq!(client.next_deadline(), 4_000);
    assert_eq!(client.connection.poll_event(), Some(ConnectionEvent::Down));
}

#[test]
fn in_a_call_it_pings_soon_and_often_and_gives_up_soon() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    client.connection.set_call_active(client.now, true);
    assert_eq!(client.next_deadline(), 100);
    let patience = broker::Patience::new();
    for pings in 1..4 {
        client.until(&mut broker, |broker| broker.pings() == pings);
        broker.pong();
        while client.connection.poll_timeout() != Some(client.now + 10_000) {
            client.drive();
            patience.check("the answer to a ping is not heard");
        }
        client.publish(1, "does not count", 0);
        assert_eq!(client.next_deadline(), 10_000);
    }
    assert_eq!(client.next_deadline(), 5_000);
    assert_eq!(client.connection.poll_event(), Some(ConnectionEvent::Down));
    // Still set_call_active after it came back, until it is said to be over.
    client.next_deadline();
    client.come_up(&mut broker);
    assert_eq!(client.next_deadline(), 100);
    client.until(&mut broker, |broker| broker.pings() == 1);
    broker.pong();
    client.connection.set_call_active(client.now, false);
    while client.connection.poll_timeout() != Some(client.now + 60_000) {
        client.drive();
        patience.check("a call is still active");
    }
}

#[test]
fn a_publish_under_way_is_as_good_as_the_first_ping() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    for is_answered in [true, false] {
        client.publish(1, "x", 0);
        client.connection.set_call_active(client.now, true);
        client.connection.flush(client.now);
        if is_answered {
            client.until(&mut broker, |broker| broker.publishes().len() == 1);
            broker.puback(1, PubackReasonCode::Success);
            assert!(matches!(client.event(&mut broker), ConnectionEvent::Published { .. }));
            assert_eq!(broker.pings(), 0);
            assert_eq!(client.connection.poll_timeout(), Some(client.now + 10_000));
            client.connection.set_call_active(client.now, false);
        }
    }
    assert_eq!(client.next_deadline(), 5_000);
    assert_eq!(client.connection.poll_event(), Some(ConnectionEvent::Down));
}

#[test]
fn stored_messages_follow_up_and_retained_ones_are_dropped() {
    let mut broker = Broker::new();
    let mut client = Client::to(&[&broker]);
    client.meet(&mut broker);
    broker.welcome(&[]);
    broker.publish(INBOX, "kept", false);
    broker.publish(INBOX, "planted", true);
    broker.publish("nck1/u/carol/in/bob/pad", "alien", false);
    broker.publish("nck1/p/bob/pad", "{}", false);
    client.until(&mut broker, Broker::has_filters);
    assert_eq!(client.connection.poll_event(), None);
    broker.grant();
    assert_eq!(client.event(&mut broker), ConnectionEvent::Up { resumed: false });
    assert_eq!(client.event(&mut broker), message("kept"));
    broker.publish(INBOX, "live", false);
    assert_eq!(client.event(&mut broker), message("live"));
    let acks = |broker: &Broker| broker.count(|packet| matches!(packet, Packet::V5_0Puback(_)));
    client.until(&mut broker, |broker| acks(broker) == 5);
}

#[test]
fn wills_of_watched_devices_are_received() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    let (bob, pad): (Text, Text) = ("bob".into(), "pad".into());
    client.connection.watch(&bob, &pad, true);
    client.connection.watch(&bob, &pad, true);
    client.connection.flush(client.now);
    let watches =
        |broker: &Broker| broker.filters().is_some_and(|(_, filters)| filters == ["nck1/p/bob/pad"]);
    client.until(&mut broker, watches);
    broker.publish("nck1/p/bob/pad", "{}", false);
    broker.publish("nck1/p/bob/phone", "{}", false);
    assert_eq!(
        client.event(&mut broker),
        ConnectionEvent::Gone { account: bob.clone(), device: pad.clone() }
    );
    client.connection.watch(&bob, &pad, false);
    client.connection.flush(client.now);
    client.until(&mut broker, |broker| {
        broker.count(|packet| matches!(packet, Packet::V5_0Unsubscribe(_))) == 1
    });
    broker.publish("nck1/p/bob/pad", "{}", false);
    client.quiet(&mut broker);
}

#[test]
fn a_protocol_error_ends_the_connection() {
    let publish_40_k = [&[0x30, 0xC0, 0xB8, 0x02, 0, 1, b'x'][..], &[0; 64]].concat();
    let connack = [0x20, 3, 0, 0, 0];
    let unknown_puback = [0x40, 2, 0, 9];
    let reserved = [0xF0, 0];
    let endless_length = [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
    let id_0 = [0x32, 6, 0, 1, b'x', 0, 0, 0];
    let twice_id_0 = [0x34, 6, 0, 1, b'x', 0, 0, 0];
    let cases =
        [&publish_40_k[..], &connack, &unknown_puback, &reserved, &endless_length, &id_0, &twice_id_0];
    for bytes in cases {
        let mut broker = Broker::new();
        let mut client = Client::up(&mut broker);
        broker.raw(bytes);
        assert_eq!(client.event(&mut broker), ConnectionEvent::Down, "{bytes:?}");
        client.until(&mut broker, |broker| broker.ended);
    }
}

#[test]
fn a_disconnect_of_the_broker_is_understood() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    broker.bye(DisconnectReasonCode::ServerShuttingDown);
    assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
    client.next_deadline();
    client.come_up(&mut broker);
    broker.bye(DisconnectReasonCode::NotAuthorized);
    assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
    assert_eq!(client.event(&mut broker), ConnectionEvent::NeedToken { refused: true });
}

/// Says something, so that the broker has proven to work.
fn prove(client: &mut Client, broker: &mut Broker, token: u64) {
    client.publish(token, &token.to_string(), 0);
    let is_it = |it: &(u16, String, Option<u32>)| it.1 == token.to_string();
    client.until(broker, |broker| broker.publishes().last().is_some_and(is_it));
    let id = broker.publishes().last().expect("it").0;
    broker.puback(id, PubackReasonCode::Success);
    assert_eq!(client.event(broker), published(token, PublishResult::Delivered));
}

/// A copied data folder: two processes with one client id take the session from each other.
#[test]
fn three_takeovers_end_the_session() {
    for is_reported in [true, false] {
        let mut broker = Broker::new();
        broker.remembers = true;
        let mut client = Client::up(&mut broker);
        let take = |client: &mut Client, broker: &mut Broker, token| {
            // Brokers of 3.1.1, and old ones, only end the connection.
            match is_reported {
                true => broker.bye(DisconnectReasonCode::SessionTakenOver),
                false => {
                    prove(client, broker, token);
                    client.now += 1000;
                    broker.hang_up();
                }
            }
        };
        for token in 1..=2 {
            take(&mut client, &mut broker, token);
            assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
            assert!(client.next_deadline() <= 400);
            client.come_up(&mut broker);
        }
        take(&mut client, &mut broker, 3);
        match client.event(&mut broker) {
            ConnectionEvent::Refused { code: code::TAKEN, raw_code: 0x8E, message } => {
                assert!(message.contains("client id") && message.contains("copied"), "{message}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(client.connection.poll_timeout(), None);
        client.connection.connect(client.now, "secret");
        client.until(&mut broker, |broker| broker.connections == 4);
        client.come_up(&mut broker);
    }
}

/// It ends connections as a takeover does, but has lost the sessions.
#[test]
fn repeated_broker_restarts_are_no_takeover() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    for token in 1..=6 {
        prove(&mut client, &mut broker, token);
        client.now += 1000;
        broker.hang_up();
        assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
        client.next_deadline();
        client.come_up(&mut broker);
    }
}

#[test]
fn a_connection_that_breaks_or_lived_long_was_not_taken() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    for token in 1..=4 {
        prove(&mut client, &mut broker, token);
        client.now += 5000;
        broker.hang_up();
        assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
        client.next_deadline();
        client.come_up(&mut broker);
    }
}

/// A cluster that has lost a server ends connections whose messages it cannot store yet.
#[test]
fn a_broker_that_accepts_no_message_is_retried_with_backoff() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    for longest in [200, 400, 800, 1600] {
        broker.hang_up();
        assert_eq!(client.event(&mut broker), ConnectionEvent::Down);
        assert!(client.next_deadline() <= longest);
        client.come_up(&mut broker);
    }
}

#[test]
fn a_disconnect_is_sent_and_the_close_awaited() {
    for forget in [true, false] {
        let mut broker = Broker::new();
        let mut client = Client::up(&mut broker);
        client.publish(1, "last words", 0);
        client.connection.disconnect(client.now, forget);
        let bye = |packet: &Packet| matches!(packet, Packet::V5_0Disconnect(_));
        client.until(&mut broker, |broker| broker.ended);
        assert_eq!((broker.publishes().len(), broker.count(bye)), (1, 1));
        let Some(Packet::V5_0Disconnect(disconnect)) = broker.packets.last() else { panic!("no DISCONNECT") };
        let expiry = disconnect.props().as_ref().map(Vec::len).unwrap_or_default();
        assert_eq!(expiry, usize::from(forget));
        let patience = broker::Patience::new();
        while !matches!(client.connection.phase, Phase::Idle) {
            client.drive();
            patience.check("the end is not noticed");
        }
        assert_eq!((client.connection.poll_event(), client.connection.poll_timeout()), (None, None));
    }
}

#[test]
fn a_broker_that_does_not_end_is_not_awaited_for_long() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    broker.deaf = true;
    client.connection.disconnect(client.now, false);
    client.quiet(&mut broker);
    assert_eq!(client.next_deadline(), 1_000);
    assert!(matches!(client.connection.phase, Phase::Idle));
}

#[test]
fn what_the_socket_does_not_take_follows_when_it_does() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    broker.deaf = true;
    let big = "x".repeat(250_000);
    for token in 0..200 {
        client.publish(token, &big, 0);
    }
    for _ in 0..20 {
        client.drive();
    }
    // More than 64 wait for an answer, not for the socket.
    let Phase::Open(open) = &client.connection.phase else { panic!("not open") };
    assert!(open.stream.queued() > 0, "loopback took 16 megabytes");
    assert_ne!(client.connection.poll_timeout(), Some(0), "it waits for the socket, not for the clock");
    broker.deaf = false;
    client.until(&mut broker, |broker| broker.publishes().len() == 64);
    assert!(broker.publishes().iter().all(|(_, text, _)| text.len() == big.len()));
}

/// The answers to publishes ride with what is sent next; alone they leave after a moment, or when there are
/// many.
#[test]
fn answers_wait_a_moment_for_something_to_ride_with() {
    let mut broker = Broker::new();
    let mut settings = settings(&[&broker]);
    settings.timers.answer = 10;
    let mut client = Client::with(settings);
    client.connection.connect(client.now, "secret");
    client.come_up(&mut broker);
    for round in 0..2 {
        broker.publish(INBOX, "one", false);
        assert_eq!(client.event(&mut broker), message("one"));
        client.quiet(&mut broker);
        assert_eq!(broker.pubacks(), 2 * round);
        // The first has company, the second waits.
        client.publish(round as u64, "answer", 0);
        client.until(&mut broker, |broker| broker.publishes().len() == round + 1);
        assert_eq!(broker.pubacks(), 2 * round + 1);
        broker.publish(INBOX, "two", false);
        assert_eq!(client.event(&mut broker), message("two"));
        assert_eq!(client.next_deadline(), 10);
        client.until(&mut broker, |broker| broker.pubacks() == 2 * round + 2);
    }
    for _ in 0..9 {
        broker.publish(INBOX, "many", false);
        assert_eq!(client.event(&mut broker), message("many"));
    }
    client.until(&mut broker, |broker| broker.pubacks() == 4 + 9);
}

/// What is written without a lock: others leave it to whoever writes, and what the socket did not take is
/// not forgotten, whenever it says that it takes more.
#[test]
fn one_writes_and_the_others_leave_it_to_it() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    let topic = || "nck1/u/bob/in/alice/pad".to_owned();
    let publish = |client: &mut Client, text: &str| {
        client.connection.publish(client.now, 0, Qos::AtMostOnce, topic(), text.into(), 0);
        client.connection.queue_output(client.now);
    };
    publish(&mut client, "one");
    let first = client.connection.take_output().expect("one");
    publish(&mut client, "two");
    assert!(!client.connection.has_output() && client.connection.take_output().is_none());
    assert_ne!(client.connection.poll_timeout(), Some(0), "somebody is at it");
    client.connection.written(first.write());
    assert!(client.connection.has_output());
    let second = client.connection.take_output().expect("two");
    // The connection is another one by now.
    client.connection.network_changed(client.now);
    assert_eq!(client.connection.poll_event(), Some(ConnectionEvent::Down));
    client.until(&mut broker, |broker| broker.connections == 2);
    client.connection.written(second.write());
    client.come_up(&mut broker);
    publish(&mut client, "three");
    client.connection.flush(client.now);
    client.until(&mut broker, |broker| !broker.publishes().is_empty());
    assert_eq!(broker.publishes()[0].1, "three");
}

#[test]
fn another_network_means_another_connection_at_once() {
    let mut broker = Broker::new();
    let mut client = Client::up(&mut broker);
    client.connection.network_changed(client.now);
    assert_eq!(client.connection.poll_event(), Some(ConnectionEvent::Down));
    client.until(&mut broker, |broker| broker.connections == 2);
    client.come_up(&mut broker);
    client.connection.reconnect(client.now);
    assert_eq!(client.connection.poll_event(), Some(ConnectionEvent::Down));
    assert!(client.next_deadline() <= 200);
    client.come_up(&mut broker);
    client.connection.disconnect(client.now, true);
    client.connection.network_changed(client.now);
    client.quiet(&mut broker);
    assert_eq!(broker.connections, 3);
}

/// Drives a device whose broker sends this message for ever and reads 1,024 bytes, until it gives up.
fn flooded_with(message: &[u8], mut each: impl FnMut(&mut Client)) {
    let mut client = Client::with(settings(&[&Broker::new()]));
    // CONNACK; and, once it has subscribed, SUBACK for three filters.
    let first = Arc::new(Mutex::new([vec![0x20, 3, 0, 0, 0]].into()));
    let flood = Flood { first: first.clone(), then: message.to_vec(), takes: AtomicU64::new(1024) };
    *client.test_port.flood.lock() = Some(flood);
    client.connection.connect(client.now, "secret");
    client.drive();
    client.drive();
    first.lock().push_back(vec![0x90, 6, 0, 1, 0, 1, 1, 1]);
    let patience = broker::Patience::new();
    while !matches!(client.connection.phase, Phase::Waiting { .. }) {
        // It never becomes writable again.
        client.connection.on_ready(client.now, Readiness { writable: false, closed: false, ..ALL });
        client.connection.flush(client.now);
        each(&mut client);
        patience.check("it takes whatever comes");
    }
    assert!(client.connection.why().1.contains("does not listen"), "{}", client.connection.why().1);
}

#[test]
fn a_broker_that_does_not_read_is_abandoned() {
    // Its messages want an answer.
    flooded_with(&[0x32, 6, 0, 1, b'x', 0, 7, 0], |_| ());
}

/// What is acknowledged in messages of our own is not kept for ever, either.
#[test]
fn own_messages_count_for_a_broker_that_does_not_read() {
    flooded_with(&[0x30, 4, 0, 1, b'x', 0], |client| {
        let (topic, ack) = ("nck1/u/bob/in/alice/pad".into(), "ack".repeat(5_000));
        client.connection.publish(client.now, 0, Qos::AtMostOnce, topic, ack, 2_000);
    });
}
