//! A cluster of three NATS servers with JetStream, whose MQTT gateway supports 3.1.1 only.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use nertc_callkit_testkit::mosquitto::{self, Exchange};
use nertc_callkit_testkit::patience;
use nertc_callkit_testkit::process::{Process, program};
use nertc_callkit_testkit::scratch_dir::{folder, port};

/// A server of the cluster.
struct Node {
    config: PathBuf,
    mqtt: u16,
    process: Option<Process>,
}

/// Three servers.
pub(crate) struct Nats {
    /// Where its phones keep their client ids.
    data: PathBuf,
    nodes: Vec<Node>,
}

impl Nats {
    /// Starts the cluster and waits until it stores messages; the token of each of `accounts` is `secret`.
    pub(crate) fn start(name: &str, accounts: &[&str]) -> Nats {
        let dir = folder(name);
        let routes: Vec<u16> = (0..3).map(|_| port()).collect();
        let mut nodes = Vec::new();
        for (at, route) in routes.iter().enumerate() {
            let mqtt = port();
            let others = routes.iter().map(|other| format!("nats://127.0.0.1:{other}"));
            let others = others.collect::<Vec<_>>().join(", ");
            let config = dir.join(format!("n{at}.conf"));
            let text = format!(
                "server_name: n{at}\nlisten: 127.0.0.1:{client}\n\
                 jetstream {{ store_dir: \"{store}\" }}\n\
                 cluster {{ name: callkit, listen: \"127.0.0.1:{route}\", routes: [{others}] }}\n\
                 mqtt {{ listen: \"127.0.0.1:{mqtt}\", ack_wait: \"2s\" }}\n{users}",
                client = port(),
                store = dir.join(format!("store{at}")).display(),
                users = users(accounts),
            );
            fs::write(&config, text).expect("written");
            nodes.push(Node { config, mqtt, process: None });
        }
        let mut cluster = Nats { data: dir.join("phones"), nodes };
        for at in 0..3 {
            cluster.up(at);
        }
        cluster.wait_until_it_stores(accounts[0]);
        cluster
    }

    /// Starts a server.
    pub(crate) fn up(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        let mut command = program("nats-server");
        command.arg("-c").arg(&node.config);
        let process = Process::start(&format!("nats-server {at}"), command);
        process.wait_text("Listening for MQTT clients");
        node.process = Some(process);
    }

    /// A cluster elects its leaders first. A session that is stored is the proof.
    fn wait_until_it_stores(&self, account: &str) {
        let limit = patience() * 3;
        let deadline = Instant::now() + limit;
        for node in &self.nodes {
            loop {
                let mut command = mosquitto::client("mosquitto_sub", node.mqtt, "311", account);
                command.args(["-i", "prepares", "-c", "-E", "-t", &format!("nck1/u/{account}/in/+/+")]);
                if Process::start("mosquitto_sub", command).end_for(limit).success() {
                    break;
                }
                assert!(Instant::now() < deadline, "the cluster does not come up");
            }
        }
    }

    /// kill -9.
    pub(crate) fn kill(&mut self, at: usize) {
        self.nodes[at].process.take().expect("running").kill();
    }

    /// What phones need; they begin with server `first`.
    pub(crate) fn exchange(&self, first: usize) -> Exchange {
        let ports = (0..3).map(|at| self.nodes[(first + at) % 3].mqtt);
        let urls = ports.map(|port| format!("mqtt://127.0.0.1:{port}")).collect();
        Exchange { urls, ca: None, data: self.data.clone() }
    }

    /// Its port for MQTT.
    pub(crate) fn port(&self, at: usize) -> u16 {
        self.nodes[at].mqtt
    }
}

/// The rules of mosquitto/callkit.acl in the syntax of NATS, where a `/` of a topic is a `.`.
fn users(accounts: &[&str]) -> String {
    let mut text = "accounts { CALLKIT { jetstream: enabled, users: [\n".to_owned();
    for account in accounts {
        let publish = [
            format!("nck1.u.*.in.{account}.*"),
            format!("nck1.u.*.d.*.{account}.*"),
            format!("nck1.u.{account}.own.*"),
            format!("nck1.p.{account}.*"),
        ];
        let subscribe = [
            format!("nck1.u.{account}.in.*.*"),
            format!("nck1.u.{account}.d.*.*.*"),
            format!("nck1.u.{account}.own.*"),
            "nck1.p.*.*".to_owned(),
            // Where the gateway delivers QoS 1.
            "$MQTT.sub.>".to_owned(),
        ];
        let _ = writeln!(
            text,
            "{{ user: \"{account}\", password: secret, permissions: {{ publish: {publish:?}, \
             subscribe: {subscribe:?} }} }}"
        );
    }
    text + "] } }\n"
}
