//! A connection over which nothing comes any more.

use mqtt_protocol_core::mqtt::result_code::PubackReasonCode;

use super::*;

/// Up at a broker, with the silence of the field.
fn up(broker: &mut Broker) -> Phone {
    let mut settings = settings(&[broker]);
    settings.timers = Timers::default();
    let mut phone = Phone::with(settings);
    phone.connection.connect(phone.now, "secret");
    phone.come_up(broker);
    phone
}

#[test]
fn an_overdue_answer_is_followed_by_another_connection() {
    let (mut broker, mut other) = (Broker::new(), Broker::new());
    let mut phone = up(&mut broker);
    // What is not answered anyway is no reason.
    assert_eq!(phone.connection.poll_timeout(), Some(phone.now + 60_000));
    broker.deaf = true;
    *phone.test_port.reroute.lock() = Some(SocketAddr::from(([127, 0, 0, 1], other.port())));
    phone.publish(1, "x", 0);
    assert_eq!(phone.next_deadline(), 1_500);
    phone.come_up_after_down(&mut other);
    assert_eq!(phone.now, 1_001_500, "no pause");
}

impl Phone {
    #[track_caller]
    fn come_up_after_down(&mut self, broker: &mut Broker) {
        assert_eq!(self.event(broker), ConnectionEvent::Down);
        self.come_up(broker);
    }
}

#[test]
fn a_connection_that_speaks_again_stays() {
    let mut broker = Broker::new();
    let mut phone = up(&mut broker);
    let address = SocketAddr::from(([127, 0, 0, 1], broker.port()));
    let connects = phone.test_port.mute(address);
    phone.publish(1, "x", 0);
    assert_eq!(phone.next_deadline(), 1_500);
    assert_eq!(phone.test_port.connects.lock().len(), 2, "one is made beside it");
    phone.until(&mut broker, |broker| broker.publishes().len() == 1);
    broker.puback(1, PubackReasonCode::Success);
    assert_eq!(phone.event(&mut broker), published(1, PublishResult::Delivered));
    connects.store(true, Ordering::SeqCst);
    phone.quiet(&mut broker);
    assert_eq!(phone.connection.poll_timeout(), Some(phone.now + 58_500), "the next ping");
    assert!(phone.connection.standby.is_none());
}

#[test]
fn patience_follows_the_round_trip_up_to_a_limit() {
    let mut broker = Broker::new();
    let mut phone = up(&mut broker);
    // Each answer takes so long, and was awaited for so long.
    let cases = [(1_000, 1_500), (200, 4_000), (100, 3_600), (0, 3_200), (0, 2_800), (0, 2_448), (0, 2_140)];
    for (at, (round_trip, patience)) in (0..).zip(cases) {
        phone.publish(at, "x", 0);
        assert_eq!(phone.connection.poll_timeout(), Some(phone.now + patience), "{at}");
        phone.now += round_trip;
        phone.until(&mut broker, |broker| broker.publishes().len() as u64 == at + 1);
        let id = broker.publishes()[at as usize].0;
        broker.puback(id, PubackReasonCode::Success);
        assert_eq!(phone.event(&mut broker), published(at, PublishResult::Delivered));
    }
}

/// A publish that takes long to leave is no dead connection; one that nobody acknowledges is.
#[test]
fn a_slow_uplink_is_not_a_dead_connection() {
    let mut broker = Broker::new();
    let mut settings = settings(&[&broker]);
    settings.timers = Timers::default();
    let mut phone = Phone::with(settings);
    let acknowledged = Arc::new(AtomicU64::new(u64::MAX));
    *phone.test_port.slow_uplink.lock() = Some(acknowledged.clone());
    phone.connection.connect(phone.now, "secret");
    phone.come_up(&mut broker);
    broker.deaf = true;
    phone.connection.set_call_active(phone.now, true);
    phone.publish(1, "x", 0);
    let start = phone.now;
    acknowledged.store(400, Ordering::SeqCst);
    while phone.now < start + 20_000 {
        phone.next_deadline();
        phone.drive();
        assert_eq!(phone.connection.poll_event(), None);
    }
    assert_eq!(phone.test_port.connects.lock().len(), 1, "no second connection");
    // No byte arrives any more.
    let (last, started) = (phone.now - 400, phone.test_port.connects.lock().len());
    while phone.test_port.connects.lock().len() == started {
        assert!(phone.now < last + 5_000, "the silence is not noticed");
        acknowledged.store(phone.now - last, Ordering::SeqCst);
        phone.next_deadline();
        acknowledged.store(phone.now - last, Ordering::SeqCst);
        phone.drive();
    }
}

#[test]
fn without_a_second_connection_the_first_is_kept() {
    let mut broker = Broker::new();
    let mut phone = up(&mut broker);
    let dead = Broker::new().port();
    *phone.test_port.reroute.lock() = Some(SocketAddr::from(([127, 0, 0, 1], dead)));
    broker.deaf = true;
    phone.connection.set_call_active(phone.now, true);
    phone.connection.flush(phone.now);
    let start = phone.now;
    let patience = broker::Patience::new();
    while phone.connection.poll_event() != Some(ConnectionEvent::Down) {
        phone.next_deadline();
        phone.drive();
        patience.check("it is never given up");
    }
    assert_eq!(phone.now - start, 5_100, "as a ping that is not answered");
    assert!(phone.test_port.connects.lock().len() >= 3);
}
