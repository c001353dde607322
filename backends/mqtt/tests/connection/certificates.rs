//! Certificates that a broker shows and wants.

use std::fs;
use std::path::Path;
use std::process::Command;

use nertc_callkit_mqtt::connection::{ClientCert, Roots, Settings};
use nertc_callkit_testkit::mosquitto::Mosquitto;
use nertc_callkit_testkit::scratch_dir::{folder, path, port};

use crate::client::{Client, roots, settings};

fn openssl(dir: &Path, args: &[&str]) {
    let output = Command::new("openssl").args(args).current_dir(dir).output().expect("openssl");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A certificate of the broker's authority for `alice`, in `dir`.
fn certificate_of_alice(broker: &Mosquitto, dir: &Path, key: &[&str]) -> ClientCert {
    let ca = broker.ca();
    let (ca, ca_key) = (ca.display().to_string(), ca.with_extension("key").display().to_string());
    openssl(dir, &[&["genpkey", "-out", "alice.key"], key].concat());
    openssl(dir, &["req", "-new", "-key", "alice.key", "-subj", "/CN=alice", "-out", "alice.csr"]);
    let sign = ["x509", "-req", "-in", "alice.csr", "-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial"];
    openssl(dir, &[&sign[..], &["-days", "1", "-out", "alice.crt"]].concat());
    ClientCert { chain: read(&dir.join("alice.crt")), key: read(&dir.join("alice.key")) }
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("a file")
}

/// One that does not connect: its number and its words.
fn refused(settings: Settings) -> (i32, String) {
    let client = Client::new(settings);
    client.connect("secret");
    let (_, raw_code, message) = client.wait_refused();
    (raw_code, message)
}

#[test]
fn a_broker_that_asks_for_a_certificate_is_shown_one() {
    let (at, ports) = (path("client-cert").join("certificates"), [port(), port()]);
    let listener = |port: u16, more: &str| {
        format!(
            "listener {port} 127.0.0.1\ncafile {0}/ca.crt\ncertfile {0}/server.crt\nkeyfile {0}/server.key\n\
             require_certificate true\n{more}",
            at.display()
        )
    };
    let more = listener(ports[0], "") + &listener(ports[1], "use_identity_as_username true\n");
    let broker = Mosquitto::with("client-cert", &["alice"], "", &more);
    let dir = folder("client-cert-alice");
    let to = |port| {
        let mut settings = settings("alice", &[("localhost", port, true)]);
        settings.roots = roots(&broker);
        settings
    };
    // Both kinds of key that authorities hand out.
    for key in [
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..],
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    ] {
        let cert = certificate_of_alice(&broker, &dir, key);
        let with = |port| Settings { client_cert: Some(cert.clone()), ..to(port) };
        drop(Client::up(with(ports[0])));
        // The certificate says who it is: no token is asked for.
        let alice = Client::new(with(ports[1]));
        alice.connect("");
        alice.wait_up();
    }
    // Without one the broker says what it wants.
    let nameless = Client::new(to(ports[0]));
    nameless.connect("secret");
    let (raw_code, why) = nameless.wait_why("alert");
    assert_eq!(raw_code, 116, "certificate_required: {why}");
    assert!(why.contains("client_cert_pem"), "{why}");
}

#[test]
fn certificate_errors_are_reported() {
    let broker = Mosquitto::start("wrong-name", &["alice"]);
    // Mosquitto listens at 127.0.0.1 alone.
    let relay = crate::relay::to(broker.tls, "127.0.0.2");
    let mut other_name = settings("alice", &[("127.0.0.2", relay.port(), true)]);
    other_name.roots = roots(&broker);
    let (raw_code, why) = refused(other_name);
    assert_eq!(raw_code, 42, "{why}");
    assert!(why.starts_with("mqtts://127.0.0.2:") && why.contains("is for another name"), "{why}");

    let mut unknown = settings("alice", &[("localhost", broker.tls, true)]);
    let (raw_code, why) = refused(unknown.clone());
    assert_eq!(raw_code, 48, "{why}");
    assert!(why.contains("not trusted here") && why.contains("ca_pem"), "{why}");

    // Two endpoints: each is named.
    unknown.endpoints.push(unknown.endpoints[0].clone());
    unknown.endpoints[1].host = "127.0.0.1".into();
    let (_, why) = refused(unknown);
    assert!(why.contains("mqtts://localhost:") && why.contains("mqtts://127.0.0.1:"), "{why}");
}

#[test]
fn an_expired_certificate_is_reported_as_such() {
    let mut broker = Mosquitto::start("expired", &["alice"]);
    drop(Client::up(settings("alice", &[("127.0.0.1", broker.plain, false)])));
    broker.stop();
    let at = broker.ca().parent().expect("a folder").to_owned();
    fs::write(at.join("index.txt"), "").expect("written");
    fs::write(at.join("serial"), "01\n").expect("written");
    let conf = "[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\npolicy=any\n\
                default_md=sha256\n[any]\ncommonName=supplied\n[topics]\nsubjectAltName=DNS:localhost\n\
                basicConstraints=CA:FALSE\n";
    fs::write(at.join("ca.conf"), conf).expect("written");
    openssl(&at, &["req", "-new", "-key", "server.key", "-subj", "/CN=localhost", "-out", "server.csr"]);
    let sign = ["ca", "-batch", "-config", "ca.conf", "-cert", "ca.crt", "-keyfile", "ca.key", "-in"];
    let dates = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z", "-extensions", "topics"];
    openssl(&at, &[&sign[..], &["server.csr", "-out", "server.crt", "-notext"], &dates].concat());
    broker.up();
    let mut expired = settings("alice", &[("localhost", broker.tls, true)]);
    expired.roots = Roots::Pem(read(&broker.ca()));
    let (raw_code, why) = refused(expired);
    assert_eq!(raw_code, 45, "{why}");
    assert!(why.contains("has expired") && why.contains("clock"), "{why}");
}
