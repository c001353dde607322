//! A connection over which nothing comes any more.

use mqtt_protocol_core::mqtt::result_code::PubackReasonCode;

use super::*;

/// Up at a broker, with the silence of the field.
fn up(broker: &mut Broker) -> Client {
    let mut settings = settings(&[broker]);
    settings.timers = Timers::default();
    let mut client = Client::with(settings);
    client.connection.connect(client.now, "secret");
    client.come_up(broker);
    client
}

#[test]
fn an_overdue_answer_is_followed_by_another_connection() {
    let (mut broker, mut other) = (Broker::new(), Broker::new());
    let mut client = up(&mut broker);
    // What is not answered anyway is no reason.
    assert_eq!(client.connection.poll_timeout(), Some(client.now + 60_000));
    broker.deaf = true;
    *client.test_port.reroute.lock() = Some(SocketAddr::from(([127, 0, 0, 1], other.port())));
    client.publish(1, "x", 0);
    assert_eq!(client.next_deadline(), 1_500);
    client.come_up_after_down(&mut other);
    assert_eq!(client.now, 1_001_500, "no pause");
}

impl Client {
    #[track_caller]
    fn come_up_after_down(&mut self, broker: &mut Broker) {
        assert_eq!(self.event(broker), ConnectionEvent::Down);
        self.come_up(broker);
    }
}

#[test]
fn a_connection_that_receives_again_stays() {
    let mut broker = Broker::new();
    let mut client = up(&mut broker);
    let address = SocketAddr::from(([127, 0, 0, 1], broker.port()));
    let connects = client.test_port.mute(address);
    client.publish(1, "x", 0);
    assert_eq!(client.next_deadline(), 1_500);
    assert_eq!(client.test_port.connects.lock().len(), 2, "one is made beside it");
    client.until(&mut broker, |broker| broker.publishes().len() == 1);
    broker.puback(1, PubackReasonCode::Success);
    assert_eq!(client.event(&mut broker), published(1, PublishResult::Delivered));
    connects.store(true, Ordering::SeqCst);
    client.quiet(&mut broker);
    assert_eq!(client.connection.poll_timeout(), Some(client.now + 58_500), "the next ping");
    assert!(client.connection.standby.is_none());
}

#[test]
fn patience_follows_the_round_trip_up_to_a_limit() {
    let mut broker = Broker::new();
    let mut client = up(&mut broker);
    // Each answer takes so long, and was awaited for so long.
    let cases = [(1_000, 1_500), (200, 4_000), (100, 3_600), (0, 3_200), (0, 2_800), (0, 2_448), (0, 2_140)];
    for (at, (round_trip, patience)) in (0..).zip(cases) {
        client.publish(at, "x", 0);
        assert_eq!(client.connection.poll_timeout(), Some(client.now + patience), "{at}");
        client.now += round_trip;
        client.until(&mut broker, |broker| broker.publishes().len() as u64 == at + 1);
        let id = broker.publishes()[at as usize].0;
        broker.puback(id, PubackReasonCode::Success);
        assert_eq!(client.event(&mut broker), published(at, PublishResult::Delivered));
    }
}

/// A publish that takes long to leave is no dead connection; one that nobody acknowledges is.
#[test]
fn a_slow_uplink_is_not_a_dead_connection() {
    let mut broker = Broker::new();
    let mut settings = settings(&[&broker]);
    settings.timers = Timers::default();
    let mut client = Client::with(settings);
    let acknowledged = Arc::new(AtomicU64::new(u64::MAX));
    *client.test_port.slow_uplink.lock() = Some(acknowledged.clone());
    client.connection.connect(client.now, "secret");
    client.come_up(&mut broker);
    broker.deaf = true;
    client.connection.set_call_active(client.now, true);
    client.publish(1, "x", 0);
    let start = client.now;
    acknowledged.store(400, Ordering::SeqCst);
    while client.now < start + 20_000 {
        client.next_deadline();
        client.drive();
        assert_eq!(client.connection.poll_event(), None);
    }
    assert_eq!(client.test_port.connects.lock().len(), 1, "no second connection");
    // No byte arrives any more.
    let (last, started) = (client.now - 400, client.test_port.connects.lock().len());
    while client.test_port.connects.lock().len() == started {
        assert!(client.now < last + 5_000, "the silence is not noticed");
        acknowledged.store(client.now - last, Ordering::SeqCst);
        client.next_deadline();
        acknowledged.store(client.now - last, Ordering::SeqCst);
        client.drive();
    }
}

#[test]
fn without_a_second_connection_the_first_is_kept() {
    let mut broker = Broker::new();
    let mut client = up(&mut broker);
    let dead = Broker::new().port();
    *client.test_port.reroute.lock() = Some(SocketAddr::from(([127, 0, 0, 1], dead)));
    broker.deaf = true;
    client.connection.set_call_active(client.now, true);
    client.connection.flush(client.now);
    let start = client.now;
    let patience = broker::Patience::new();
    while client.connection.poll_event() != Some(ConnectionEvent::Down) {
        client.next_deadline();
        client.drive();
        patience.check("it is never given up");
    }
    assert_eq!(client.now - start, 5_100, "as a ping that is not answered");
    assert!(client.test_port.connects.lock().len() >= 3);
}
