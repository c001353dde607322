//! Brokers that know MQTT 3.1.1 only.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use nertc_callkit_mqtt::link::LinkEvent;
use nertc_callkit_mqtt::station::{Fate, Topic};

use crate::mosquitto::{Mosquitto, program};
use crate::phone::{Phone, settings};
use crate::place::{folder, port};
use crate::process::Process;

#[test]
fn nats_is_spoken_to_in_3_1_1() {
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
    let (alice, bob) = (Phone::up(settings("alice", &endpoint)), Phone::up(settings("bob", &endpoint)));
    assert_eq!((alice.version(), bob.version()), (3, 3));
    alice.publish(1, &Topic::Inbox("bob".into()), "hello");
    alice.wait_event(&LinkEvent::Published { token: 1, fate: Fate::Delivered });
    assert_eq!(bob.wait_message(), "hello");
    // It is remembered, and the session is kept.
    bob.act(|link, now| link.network_changed(now));
    bob.wait_event(&LinkEvent::Down);
    assert!(bob.wait_up());
    let wrong = Phone::new(settings("alice", &endpoint));
    wrong.connect("wrong");
    let (code, raw_code, _) = wrong.wait_refused();
    assert_eq!((code, raw_code), (302, 5));
}

/// A door to a broker that turns MQTT 5 away as a broker of 3.1.1 does. It stands until the test's process
/// ends.
fn old_door(broker: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let pass = |mut from: TcpStream, mut to: TcpStream| {
        thread::spawn(move || {
            let _ = copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    };
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.expect("a connection");
            // Fixed header with a length of one byte, the protocol's name, its level.
            let mut head = [0; 9];
            client.read_exact(&mut head).expect("a CONNECT");
            if head[8] == 5 {
                client.write_all(&[0x20, 2, 0, 1]).expect("told");
                continue;
            }
            let mut server = TcpStream::connect(("127.0.0.1", broker)).expect("the broker");
            server.write_all(&head).expect("said");
            pass(client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
            pass(server, client);
        }
    });
    port
}

#[test]
fn mosquitto_keeps_a_session_of_3_1_1() {
    let broker = Mosquitto::start("old", &["alice", "bob"], "");
    let door = [("127.0.0.1", old_door(broker.plain), false)];
    let (alice, bob) = (Phone::up(settings("alice", &door)), Phone::up(settings("bob", &door)));
    assert_eq!((alice.version(), bob.version()), (3, 3));
    bob.act(|link, now| link.disconnect(now, false));
    alice.publish(1, &Topic::Inbox("bob".into()), "while you were away");
    alice.wait_event(&LinkEvent::Published { token: 1, fate: Fate::Delivered });
    bob.connect("secret");
    assert!(bob.wait_up());
    assert_eq!(bob.wait_message(), "while you were away");
    // No code tells what the rules forbid: the station's own message to itself does not come back.
    alice.act(|link, now| link.publish(now, 2, "nck1/u/bob/in/carol/pad".into(), "forged".into(), 0));
    alice.wait_event(&LinkEvent::Published { token: 2, fate: Fate::Delivered });
    let wrong = Phone::new(settings("alice", &door));
    wrong.connect("wrong");
    assert_eq!(wrong.wait_refused().1, 5);
}
