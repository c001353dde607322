//! Brokers that know MQTT 3.1.1 only.

use nertc_callkit_mqtt::connection::ConnectionEvent;
use nertc_callkit_mqtt::protocol::{PublishResult, Topic};
use nertc_callkit_testkit::process::{Process, program};
use nertc_callkit_testkit::scratch_dir::{folder, port};

use crate::client::{Client, settings};

#[test]
fn nats_gets_3_1_1() {
    let dir = folder("nats");
    let (clients, mqtt) = (port(), port());
    let conf = format!(
        "server_name: one\nlisten: 127.0.0.1:{clients}\njetstream {{ store_dir: \"{}\" }}\n\
         mqtt {{ listen: \"127.0.0.1:{mqtt}\" }}\n\
         authorization {{ users: [\n\
         {{ user: alice, password: secret }}, {{ user: bob, password: secret }}] }}\n",
        dir.display()
    );
    std::fs::write(dir.join("nats.conf"), conf).expect("written");
    let mut command = program("nats-server");
    command.arg("-c").arg(dir.join("nats.conf"));
    let server = Process::start("nats-server", command);
    server.wait_text("Server is ready");

    let endpoint = [("127.0.0.1", mqtt, false)];
    let (alice, bob) = (Client::up(settings("alice", &endpoint)), Client::up(settings("bob", &endpoint)));
    assert_eq!((alice.version(), bob.version()), (3, 3));
    alice.publish(1, &Topic::Inbox("bob".into()), "hello");
    alice.wait_event(&ConnectionEvent::Published { token: 1, result: PublishResult::Delivered });
    assert_eq!(bob.wait_message(), "hello");
    // It is remembered, and the session is kept.
    bob.act(|connection, now| connection.network_changed(now));
    bob.wait_event(&ConnectionEvent::Down);
    assert!(bob.wait_up());
    let wrong = Client::new(settings("alice", &endpoint));
    wrong.connect("wrong");
    wrong.wait_event(&ConnectionEvent::NeedToken { refused: true });
    wrong.act(|connection, now| connection.set_token(now, "wrong, too"));
    let (code, raw_code, _) = wrong.wait_refused();
    assert_eq!((code, raw_code), (302, 5));
}
