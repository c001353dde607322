//! Against Mosquitto.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Instant;

use nertc_callkit_mqtt::connection::{ConnectionEvent, code};
use nertc_callkit_mqtt::protocol::{PublishResult, Qos, Topic, TopicKind};
use nertc_callkit_testkit::mosquitto::Mosquitto;
use nertc_callkit_testkit::patience;
use nertc_callkit_testkit::scratch_dir::port;

use crate::client::{Client, roots, settings};

fn plain(broker: &Mosquitto) -> [(&'static str, u16, bool); 1] {
    [("127.0.0.1", broker.plain, false)]
}

fn published(token: u64, result: PublishResult) -> ConnectionEvent {
    ConnectionEvent::Published { token, result }
}

#[test]
fn a_publish_arrives_with_its_sender() {
    let broker = Mosquitto::start("hears", &["alice", "bob"]);
    let (alice, bob) =
        (Client::up(settings("alice", &plain(&broker))), Client::up(settings("bob", &plain(&broker))));
    assert_eq!((alice.version(), bob.version()), (5, 5));
    alice.publish(1, &Topic::Inbox("bob".into()), "one");
    alice.wait_event(&published(1, PublishResult::Delivered));
    alice.publish(2, &Topic::Direct("bob".into(), "pad".into()), "two");
    alice.publish(3, &Topic::Inbox("nobody".into()), "three");
    alice.publish(4, &Topic::Own, "four");
    let message = |kind, from: &str, text: &str| ConnectionEvent::Message {
        kind,
        from: from.into(),
        device: "pad".into(),
        payload: text.into(),
        expires_at: None,
    };
    bob.wait_event(&message(TopicKind::Inbox, "alice", "one"));
    bob.wait_event(&message(TopicKind::Direct, "alice", "two"));
    alice.wait_event(&published(3, PublishResult::NobodyThere));
    let own = [message(TopicKind::Own, "alice", "four"), published(4, PublishResult::Delivered)];
    alice.wait("own message and its end", {
        let mut missing = own.to_vec();
        move |event| {
            missing.retain(|it| it != event);
            missing.is_empty().then_some(())
        }
    });
}

#[test]
fn tls_works_with_the_brokers_authority_and_not_without() {
    let broker = Mosquitto::start("tls", &["alice"]);
    let endpoint = [("localhost", broker.tls, true)];
    let mut trusting = settings("alice", &endpoint);
    trusting.roots = roots(&broker);
    let alice = Client::up(trusting);
    alice.publish(1, &Topic::Own, &"x".repeat(16 * 1024));
    assert_eq!(alice.wait_message().len(), 16 * 1024);

    let wary = Client::new(settings("alice", &endpoint));
    wary.connect("secret");
    let (code, _, message) = wary.wait_refused();
    assert_eq!(code, code::NOT_PERMITTED);
    assert!(message.contains("certificate"), "{message}");
}

#[test]
fn a_wrong_token_is_asked_for_again_once() {
    let broker = Mosquitto::start("token", &["alice"]);
    let refused = ConnectionEvent::NeedToken { refused: true };
    let alice = Client::new(settings("alice", &plain(&broker)));
    alice.connect("expired");
    alice.wait_event(&refused);
    alice.act(|connection, now| connection.set_token(now, "secret"));
    assert!(!alice.wait_up());

    let hopeless = Client::new(settings("alice", &plain(&broker)));
    hopeless.connect("expired");
    hopeless.wait_event(&refused);
    hopeless.act(|connection, now| connection.set_token(now, "wrong, too"));
    let (code, raw_code, message) = hopeless.wait_refused();
    assert_eq!((code, raw_code), (code::BAD_TOKEN, 0x87));
    assert!(message.contains(&format!("mqtt://127.0.0.1:{}", broker.plain)), "{message}");
}

#[test]
fn a_restarted_broker_is_found_and_the_session_resumed() {
    let mut broker = Mosquitto::start("back", &["alice", "bob"]);
    let alice = Client::up(settings("alice", &plain(&broker)));
    let mut bobs = settings("bob", &plain(&broker));
    bobs.keep_alive_s = 1;
    let bob = Client::up(bobs);
    // Its will waits five seconds for it; this is not a loss.
    bob.act(|connection, now| connection.disconnect(now, false));
    alice.publish(1, &Topic::Inbox("bob".into()), "while you were away");
    alice.wait_event(&published(1, PublishResult::Delivered));
    broker.stop();
    alice.wait_event(&ConnectionEvent::Down);
    broker.up();
    assert!(alice.wait_up(), "the session was kept over the restart");
    bob.connect("secret");
    assert!(bob.wait_up());
    assert_eq!(bob.wait_message(), "while you were away");
    // Forgotten: the next login has a new session.
    bob.act(|connection, now| connection.disconnect(now, true));
    bob.connect("secret");
    assert!(!bob.wait_up());
}

#[test]
fn a_watched_device_is_reported_lost_but_not_gone() {
    let broker = Mosquitto::start("will", &["alice", "bob"]);
    let alice = Client::up(settings("alice", &plain(&broker)));
    // The will is published when the session ends, at the latest.
    let mut bobs = settings("bob", &plain(&broker));
    bobs.session_expiry_s = 0;
    alice.act(|connection, _| connection.watch(&"bob".into(), &"pad".into(), true));
    // Its answer comes after that to the subscription.
    alice.publish(1, &Topic::Own, "x");
    alice.wait_event(&published(1, PublishResult::Delivered));
    let bob = Client::up(bobs.clone());
    bob.act(|connection, now| connection.disconnect(now, false));
    bob.connect("secret");
    bob.wait_up();
    assert!(!alice.received().iter().any(|event| matches!(event, ConnectionEvent::Gone { .. })));
    drop(bob);
    alice.wait_event(&ConnectionEvent::Gone { account: "bob".into(), device: "pad".into() });
}

#[test]
fn what_exceeds_the_window_waits_up_to_a_limit() {
    let broker = Mosquitto::with("window", &["alice"], "", "max_packet_size 4000\nmax_inflight_messages 3\n");
    let alice = Client::up(settings("alice", &plain(&broker)));
    alice.act(|connection, now| {
        for token in 0..200 {
            let topic = "nck1/u/alice/own/pad".into();
            connection.publish(now, token, Qos::AtLeastOnce, topic, format!("{token}"), 60_000);
        }
    });
    for token in 0..200 {
        alice.wait_event(&published(token, PublishResult::Delivered));
    }
    alice.publish(777, &Topic::Own, &"x".repeat(4000));
    alice.wait_event(&published(777, PublishResult::Refused { raw_code: 0x95 }));
    alice.publish(778, &Topic::Own, "still up");
    alice.wait_event(&published(778, PublishResult::Delivered));
    assert!(!alice.received().contains(&ConnectionEvent::Down));
    let texts = alice.received().into_iter().filter_map(|event| match event {
        ConnectionEvent::Message { payload, .. } => String::from_utf8(payload).ok(),
        _ => None,
    });
    assert!(texts.take(200).eq((0..200).map(|token| token.to_string())), "all, in order");
}

#[test]
fn a_forbidden_topic_is_denied() {
    let broker = Mosquitto::start("denied", &["alice"]);
    let alice = Client::up(settings("alice", &plain(&broker)));
    alice.act(|connection, now| {
        let topic = "nck1/u/bob/in/carol/pad".into();
        connection.publish(now, 1, Qos::AtLeastOnce, topic, "forged".into(), 0);
    });
    alice.wait_event(&published(1, PublishResult::Denied));
}

#[test]
fn names_resolve_and_the_first_working_endpoint_is_used() {
    let broker = Mosquitto::start("endpoints", &["alice"]);
    let endpoints = [
        ("no-such-name.invalid", broker.plain, true),
        ("localhost", port(), false),
        ("localhost", broker.plain, false),
    ];
    let mut all = settings("alice", &endpoints);
    all.roots = roots(&broker);
    let alice = Client::up(all);
    // Away and back: the endpoint that worked is tried first.
    alice.act(|connection, now| connection.network_changed(now));
    alice.wait_event(&ConnectionEvent::Down);
    assert!(alice.wait_up());
}

#[test]
fn plaintext_stays_on_this_machine_unless_it_is_allowed() {
    for host in ["192.0.2.1", "broker.example", "::ffff:192.0.2.1"] {
        let alice = Client::new(settings("alice", &[("127.0.0.1", 1, false), (host, 1883, false)]));
        alice.connect("secret");
        let (code, _, message) = alice.wait_refused();
        assert_eq!(code, code::NOT_PERMITTED);
        assert!(message.contains(host) && message.contains("TLS"), "{message}");
    }
    let mut allowed = settings("alice", &[("192.0.2.1", 1883, false)]);
    allowed.allow_plaintext = true;
    let alice = Client::new(allowed);
    alice.connect("secret");
    assert!(!alice.received().iter().any(|event| matches!(event, ConnectionEvent::Refused { .. })));
}

#[test]
fn of_two_devices_with_one_client_id_one_stays() {
    let broker = Mosquitto::start("fight", &["alice"]);
    let clients = [(); 2].map(|()| {
        let client = Client::new(settings("alice", &plain(&broker)));
        client.greets.store(true, Ordering::Relaxed);
        client.connect("secret");
        client.wait_up();
        client
    });
    let end = |client: &Client| {
        client.received().into_iter().find_map(|event| match event {
            ConnectionEvent::Refused { code, raw_code, message } => {
                Some((code, raw_code, message.to_string()))
            }
            _ => None,
        })
    };
    let deadline = Instant::now() + patience();
    let (loser, (code, raw_code, message)) = loop {
        if let Some(lost) = clients.iter().enumerate().find_map(|(at, client)| Some((at, end(client)?))) {
            break lost;
        }
        assert!(Instant::now() < deadline, "nobody gives way");
        thread::yield_now();
    };
    let stays = &clients[1 - loser];
    assert_eq!((code, raw_code), (code::TAKEN, 0x8E));
    assert!(message.contains("client id"), "{message}");
    // The other comes back, and nobody takes its place any more.
    while stays.version() == 0 {
        assert!(Instant::now() < deadline, "it is not up again");
        thread::yield_now();
    }
    stays.publish(7, &Topic::Own, "still here");
    stays.wait_event(&published(7, PublishResult::Delivered));
}
