//! Calls over coturn (Debian: coturn), on loopback.

use std::cell::Cell;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nertc_callkit_backend::MediaBackend;
use nertc_callkit_media::{Media, MediaOperation};
use nertc_callkit_signaling::{Code, Req};
use nertc_callkit_testkit::scratch_dir::{folder, port};
use nertc_callkit_webrtc::CallStats;
use nertc_callkit_webrtc::options::{APP_AUDIO, Given, GivenServer, LOOPBACK, RELAY_ONLY};
use nertc_callkit_webrtc::peer::CandidateKind;

use crate::harness::{
    JOIN, Side, alone, carry, is_connected, join, sound_crosses, time_step, wait_for, wait_for_the_end,
};

struct Coturn {
    process: Child,
    port: u16,
}

impl Coturn {
    fn start(extra: &[&str]) -> Coturn {
        Coturn::at(port(), extra)
    }

    fn at(port: u16, extra: &[&str]) -> Coturn {
        let process = Command::new("turnserver")
            .args(["-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--allow-loopback-peers"])
            .args(["--lt-cred-mech", "--user=alice:secret", "--realm=test", "--no-cli", "--log-file=stdout"])
            .args(["--pidfile=/dev/null", "--no-dtls", "--simple-log"])
            .arg(format!("--listening-port={port}"))
            .args(extra)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("turnserver: install coturn");
        wait_for_port(port);
        Coturn { process, port }
    }
}

/// Until somebody listens there.
fn wait_for_port(port: u16) {
    wait_for("coturn does not start", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
}

impl Drop for Coturn {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn relay_only<'a>(url: &'a str, credential: &'a str) -> Given<'a> {
    let ice_servers = vec![GivenServer { url, username: "alice", credential }];
    Given { flags: RELAY_ONLY | LOOPBACK | APP_AUDIO, ice_servers, ..Given::default() }
}

fn call_over(url: &str) -> [Side; 2] {
    let given = relay_only(url, "secret");
    let sides = [Side::new(11, &given), Side::new(22, &given)];
    join([&sides[0], &sides[1]]);
    sound_crosses(&sides[0], &sides[1]);
    sound_crosses(&sides[1], &sides[0]);
    sides
}

#[test]
#[ignore = "make test-all: needs coturn"]
fn sound_crosses_over_relays() {
    let _alone = alone();
    let coturn = Coturn::start(&["--no-tls"]);
    for query in ["", "?transport=tcp", ""] {
        let sides = call_over(&format!("turn:127.0.0.1:{}{query}", coturn.port));
        let setup = [0, 1].map(|at| sides[at].backend.call_state().and_then(|it| it.setup_us));
        println!("relay{query}: join to connected {setup:?} us");
        let transport = if query.is_empty() { 1 } else { 2 };
        carry([&sides[0], &sides[1]], "candidates of relays", || {
            sides.iter().all(|it| {
                let stats = it.backend.call_stats();
                let kinds = [stats.local_candidate, stats.remote_candidate];
                kinds == [CandidateKind::Relay; 2] && stats.relay_transport == transport
            })
        });
        sides.iter().for_each(Side::close);
    }
}

#[test]
#[ignore = "make test-all: needs coturn"]
fn a_join_without_its_relay_fails() {
    let _alone = alone();
    let coturn = Coturn::start(&["--no-tls"]);
    let nobody = format!("turn:127.0.0.1:{}", port());
    let url = format!("turn:127.0.0.1:{}", coturn.port);
    for (url, credential) in [(&url, "wrong"), (&nobody, "secret")] {
        let side = Side::new(11, &relay_only(url, credential));
        side.join(true);
        assert_eq!(side.expect_completed(JOIN).code, Code::BACKEND_FAILED, "{url} {credential}");
        side.close();
    }
}

/// It is over: it holds no thread and no socket, what comes for it is answered, and the next call may join.
#[test]
fn a_join_that_fails_leaves_nothing() {
    let _alone = alone();
    let nobody = format!("turn:127.0.0.1:{}", port());
    let side = Side::new(11, &relay_only(&nobody, "secret"));
    for _ in 0..3 {
        side.join(true);
        assert_eq!(side.expect_completed(JOIN).code, Code::BACKEND_FAILED);
        wait_for_the_end();
        side.backend
            .run(Req(10), MediaOperation::MuteLocal { media: Media::AUDIO, muted: true })
            .expect("taken");
        assert_eq!(side.expect_completed(Req(10)).code, Code::NOT_MEMBER);
        assert_eq!(side.backend.call_stats(), CallStats::default());
    }
    side.leave();
    assert_eq!(side.expect_completed(Req(9)).code, Code::OK);
    side.close();
}

#[test]
#[ignore = "make test-all: needs coturn"]
fn a_relay_that_dies_is_replaced() {
    let _alone = alone();
    let coturn = Coturn::start(&["--no-tls"]);
    let port = coturn.port;
    let [alice, bob] = call_over(&format!("turn:127.0.0.1:{port}"));
    drop(coturn);
    let (time, silent) = (Cell::new(1_000_000), Cell::new(0));
    let hears = || {
        time.set(time.get() + 960);
        time_step(&bob, time.get());
        alice.packets.recv_timeout(Duration::from_millis(20)).is_ok()
    };
    carry([&alice, &bob], "silence without a relay", || {
        silent.set(if hears() { 0 } else { silent.get() + 1 });
        silent.get() >= 10
    });
    let _coturn = Coturn::at(port, &["--no-tls"]);
    let back = std::time::Instant::now();
    carry([&alice, &bob], "sound after another relay", hears);
    println!("heard {:?} after the relay is back", back.elapsed());
    assert!(is_connected([&alice, &bob]));
    alice.close();
    bob.close();
}

/// A folder with a certificate for 127.0.0.1 that is its own root.
fn certificate() -> std::path::PathBuf {
    let folder = folder("turns");
    let config = "[req]\ndistinguished_name=name\nx509_extensions=own\nprompt=no\n[name]\nCN=relay\n\
                  [own]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n";
    std::fs::write(folder.join("config"), config).expect("a file");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "2", "-config", "config", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(&folder)
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

#[test]
#[ignore = "make test-all: needs coturn"]
fn sound_crosses_over_relays_in_tls() {
    let _alone = alone();
    let (folder, port) = (certificate(), port());
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (cert, key) = (format!("--cert={}", path("cert.pem")), format!("--pkey={}", path("key.pem")));
    let _coturn = Coturn::start(&[&format!("--tls-listening-port={port}"), &cert, &key]);
    wait_for_port(port);
    let pem = std::fs::read_to_string(folder.join("cert.pem")).expect("a certificate");
    let url = format!("turns:127.0.0.1:{port}");
    let given = Given { ca_pem: Some(&pem), ..relay_only(&url, "secret") };
    let sides = [Side::new(11, &given), Side::new(22, &given)];
    join([&sides[0], &sides[1]]);
    sound_crosses(&sides[0], &sides[1]);
    sides.iter().for_each(Side::close);
    // One that no root vouches for is not spoken to.
    let stranger = Side::new(33, &relay_only(&url, "secret"));
    stranger.join(true);
    assert_eq!(stranger.expect_completed(JOIN).code, Code::BACKEND_FAILED);
    stranger.close();
    // Nor is a wrong credential said for ever, though nobody on the way sees the refusals.
    let wrong = Side::new(44, &Given { ca_pem: Some(&pem), ..relay_only(&url, "wrong") });
    wrong.join(true);
    let asked = std::time::Instant::now();
    assert_eq!(wrong.expect_completed(JOIN).code, Code::BACKEND_FAILED);
    println!("a wrong credential over TLS fails after {:?}", asked.elapsed());
    wrong.close();
}
