//! A call over each kind of connection, what an observer sees of it, and clocks that differ.

use std::fs;

use nertc_callkit_testkit::mosquitto::{Mosquitto, listen, publish, received};
use nertc_callkit_testkit::process::run;
use nertc_callkit_testkit::scratch_dir::folder;

use crate::pair::{PEOPLE, Pair, connect, hang_up};
use crate::phone::Phone;
use crate::proxy::Proxy;

#[test]
fn over_tls() {
    let broker = Mosquitto::start("over_tls", &PEOPLE);
    let exchange = broker.tls_exchange();
    let mut pair = Pair::at(broker, exchange, &[]);
    pair.connect();
    pair.hang_up();
    // Another authority: no login, and the reason is reported.
    let stranger = folder("over_tls_stranger");
    run(nertc_callkit_testkit::scratch_dir::repository("mosquitto/certificates"), &[&stranger]);
    let mut exchange = pair.exchange.clone();
    exchange.ca = Some(stranger.join("ca.crt"));
    let mut carol = Phone::new(&exchange, "carol/phone", &[]);
    carol.until("done(login,408) done(login,302) done(login,90008)");
    carol.quit();
    pair.end();
}

/// As the bundle of a system, which has 200 kB; the authority that counts is the last one.
#[test]
fn a_large_file_of_authorities_is_read_whole_or_refused() {
    let broker = Mosquitto::start("authorities", &PEOPLE);
    let mut exchange = broker.tls_exchange();
    let own = fs::read(broker.ca()).expect("the authority");
    let file = broker.folder().join("bundle.crt");
    let bundle = |bytes: usize| [&b"of the bundle\n".repeat(bytes / 14)[..], &own].concat();
    exchange.ca = Some(file.clone());
    fs::write(&file, bundle(300_000)).expect("written");
    Phone::ready(&exchange, "alice/phone", &[]).quit();
    for (content, refusal) in [
        (
            bundle(2_000_000),
            "bundle.crt: more than 1048576 bytes of certificates: name a file with fewer of them",
        ),
        (b"0\0binary".to_vec(), "bundle.crt: this is no text: certificates as PEM are read"),
    ] {
        fs::write(&file, content).expect("written");
        Phone::new(&exchange, "alice/phone", &[]).prints(refusal);
    }
    exchange.ca = Some(broker.folder().clone());
    Phone::new(&exchange, "alice/phone", &[]).prints(": Is a directory");
}

#[test]
fn over_the_older_version_if_the_broker_knows_no_newer() {
    let broker = Mosquitto::start("over_311", &PEOPLE);
    let proxy = Proxy::new(broker.plain);
    let exchange = broker.exchange_at(proxy.port);
    let mut pair = Pair::at(broker, exchange, &[]);
    assert_eq!(proxy.turned_away(), 2, "each tried the newer one once");
    let mut tablet = pair.third("bob/tablet", &[]);
    pair.alice.send_line("call bob");
    pair.alice.expect("done(call,0)");
    tablet.expect("on_invited");
    pair.bob.expect("on_invited");
    crate::pair::accept(&mut pair.alice, &mut pair.bob);
    tablet.expect("on_other_client_accept on_call_end(18)");
    pair.hang_up();
    tablet.quit();
    pair.end();
}

#[test]
fn the_first_broker_is_not_there() {
    let broker = Mosquitto::start("second_url", &PEOPLE);
    let mut exchange = broker.exchange();
    exchange.urls.insert(0, format!("mqtt://127.0.0.1:{}", nertc_callkit_testkit::scratch_dir::port()));
    let mut pair = Pair::at(broker, exchange, &[]);
    pair.connect();
    pair.hang_up();
    pair.end();
}

/// The protocol uses no clock of a device but to measure how long something takes.
#[test]
fn clocks_that_are_an_hour_apart() {
    let broker = Mosquitto::start("clocks", &PEOPLE);
    let exchange = broker.exchange();
    let mut alice = Phone::ready(&exchange, "alice/phone", &[]);
    let mut bob = Phone::under(&["faketime", "-f", "+1h"], &exchange, "bob/phone", &[]);
    let mut tablet = Phone::under(&["faketime", "-f", "-1h"], &exchange, "bob/tablet", &[]);
    bob.expect("done(login,0)");
    tablet.expect("done(login,0)");
    alice.send_line("call bob");
    alice.expect("done(call,0)");
    bob.expect("on_invited");
    tablet.expect("on_invited");
    crate::pair::accept(&mut alice, &mut bob);
    tablet.expect("on_other_client_accept on_call_end(18)");
    hang_up(&mut alice, &mut bob);
    // The other way round: the one ahead calls.
    bob.send_line("call alice");
    bob.expect("done(call,0)");
    alice.expect("on_invited");
    alice.send_line("reject");
    alice.expect("done(reject,0) on_call_end(13)");
    bob.expect("on_user_reject on_message_sent(3) on_call_end(14)");
    // The age of a stored message depends on no clock.
    bob.quit();
    tablet.quit();
    alice.send_line("call bob");
    alice.until("done(call,0)");
    let mut bob = Phone::under(&["faketime", "-f", "+1h"], &exchange, "bob/phone", &[]);
    bob.expect("done(login,0) on_invited");
    crate::pair::accept(&mut alice, &mut bob);
    hang_up(&mut alice, &mut bob);
    alice.quit();
    bob.quit();
}

#[test]
fn an_observer_with_an_account_sees_nothing_of_a_call() {
    let broker = Mosquitto::start("observer", &PEOPLE);
    let eve = listen(broker.client("mosquitto_sub", "eve"), &["#", "nck1/#", "nck1/u/+/d/+/+/+", "$SYS/#"]);
    let exchange = broker.exchange();
    let mut alice = Phone::ready(&exchange, "alice/phone", &["--presence"]);
    let mut bob = Phone::ready(&exchange, "bob/phone", &["--presence"]);
    connect(&mut alice, &mut bob);
    hang_up(&mut alice, &mut bob);
    alice.quit();
    bob.quit();
    publish(&broker, "alice", "nck1/u/eve/in/alice/phone", "last");
    eve.wait_text("last");
    let private: Vec<_> = received(&eve).into_iter().filter(|line| !line.starts_with("nck1/p/")).collect();
    assert!(private.iter().all(|line| line.ends_with(" last")), "eve heard {private:?}");
}

#[test]
fn neither_token_nor_client_id_is_published() {
    let broker = Mosquitto::start("secrets", &PEOPLE);
    let mut all = listen(broker.client("mosquitto_sub", "bob"), &["#"]);
    let exchange = broker.exchange();
    let mut alice = Phone::ready(&exchange, "alice/phone", &["--presence"]);
    let mut bob = Phone::ready(&exchange, "bob/phone", &["--presence"]);
    connect(&mut alice, &mut bob);
    hang_up(&mut alice, &mut bob);
    // Beside them are incarnations, which are no secret.
    let files = files(&exchange.data).into_iter();
    let ids: Vec<String> = files.filter(|(name, _)| name.starts_with("mqtt-")).map(|(_, id)| id).collect();
    assert_eq!(ids.len(), 2, "a file for each: {ids:?}");
    let printed = [alice.lines(), bob.lines()].concat().join("\n");
    alice.quit();
    bob.quit();
    all.signal(libc::SIGTERM);
    all.end();
    let output = all.lines().join("\n") + &printed;
    for id in ids {
        let id = id.trim();
        assert!(id.len() >= 22, "a client id: {id}");
        assert!(!output.contains(id), "a client id was logged");
    }
    assert!(!printed.contains("secret"), "the token was printed");
}

/// Names and texts of all files below a folder, which only their owner may read.
fn files(folder: &std::path::Path) -> Vec<(String, String)> {
    use std::os::unix::fs::PermissionsExt;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let mode = std::fs::metadata(&path).expect("it").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}: others may read it", path.display());
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            found.push((name, std::fs::read_to_string(&path).expect("text")));
        }
    }
    found
}
