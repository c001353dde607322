//! ejabberd with the shipped configuration on own ports, alone or as a cluster of two nodes.

use std::fs;
use std::path::{Path, PathBuf};

use nertc_callkit_testkit::mosquitto::Exchange;
use nertc_callkit_testkit::process::{Process, run};
use nertc_callkit_testkit::scratch_dir::{folder, port, repository};

use crate::erlang;

/// One node.
struct Node {
    dir: PathBuf,
    plain: u16,
    tls: u16,
    process: Option<Process>,
}

/// The nodes of a cluster; most tests have one.
pub(crate) struct Ejabberd {
    dir: PathBuf,
    /// The nodes' addresses: each its own, all with this port. The port is fixed,
    /// so there is no epmd.
    port: u16,
    nodes: Vec<Node>,
}

impl Ejabberd {
    /// Starts so many nodes. The token of each of `accounts` is `secret`; `name` is that of the folder.
    pub(crate) fn start(name: &str, count: usize, accounts: &[&str]) -> Ejabberd {
        erlang::need("/usr/sbin/ejabberdctl", "ejabberd");
        let dir = folder(name);
        run(repository("mosquitto/certificates"), &[dir.join("certificates")]);
        let nodes = (0..count).map(|at| Node {
            dir: dir.join(format!("node{at}")),
            plain: port(),
            tls: port(),
            process: None,
        });
        let mut cluster = Ejabberd { port: port(), nodes: nodes.collect(), dir };
        for at in 0..count {
            cluster.configure(at);
            let todo = if at == 0 { register(accounts) } else { join(&name_of(0)) };
            cluster.up(at, &todo);
        }
        cluster
    }

    /// The shipped configuration with own ports and certificates.
    fn configure(&self, at: usize) {
        let node = &self.nodes[at];
        let shipped = fs::read_to_string(repository("brokers/ejabberd.yml")).expect("the configuration");
        let changes = [
            ("/etc/ejabberd/callkit", &*self.dir.join("certificates").display().to_string()),
            ("port: 1883", &*format!("port: {}", node.plain)),
            ("port: 8883", &*format!("port: {}", node.tls)),
            ("ip: \"::\"", "ip: \"127.0.0.1\""),
        ];
        let text = changes.iter().fold(shipped, |text, (from, to)| {
            assert!(text.contains(from), "the configuration has {from}");
            text.replace(from, to)
        });
        fs::create_dir_all(node.dir.join("db")).expect("a folder");
        fs::write(node.dir.join("ejabberd.yml"), text).expect("written");
    }

    /// Starts a node, which then evaluates `todo`.
    fn up(&mut self, at: usize, todo: &str) {
        let node = &mut self.nodes[at];
        let mut command = erlang::command("erl", &node.dir);
        command.env("ERL_LIBS", libraries());
        command.env("EJABBERD_CONFIG_PATH", node.dir.join("ejabberd.yml"));
        command.env("EJABBERD_LOG_PATH", node.dir.join("ejabberd.log"));
        command.args(["-noinput", "-name", &name_of(at), "-setcookie", "callkit"]);
        command.args(["-kernel", "inet_dist_use_interface", &format!("{{127,0,0,{}}}", at + 1)]);
        command.args(["-start_epmd", "false", "-erl_epmd_port", &self.port.to_string()]);
        // As in the configuration, which takes effect a minute later alone.
        command.args(["-kernel", "net_ticktime", "8"]);
        // In quotes: an Erlang string.
        command.args(["-mnesia", "dir", &format!("{:?}", node.dir.join("db").display().to_string())]);
        command.args(["-s", "ejabberd", "-eval"]);
        command.arg(format!("{todo}, io:format(\"callkit: ready~n\")."));
        let process = Process::start(&format!("ejabberd {at}"), command);
        process.wait_for(erlang::boot(), "ready", |lines| {
            lines.iter().any(|line| line.contains("callkit: ready")).then_some(())
        });
        node.process = Some(process);
    }

    /// kill -9.
    pub(crate) fn kill(&mut self, at: usize) {
        self.nodes[at].process.take().expect("running").kill();
    }

    /// Freezes a node: nothing is closed, nothing is answered.
    pub(crate) fn freeze(&self, at: usize) {
        self.nodes[at].process.as_ref().expect("running").signal(libc::SIGSTOP);
    }

    /// Starts a node again that was killed: it finds the others by itself.
    pub(crate) fn again(&mut self, at: usize) {
        self.up(at, "ok");
    }

    /// What phones need; they begin with node `first`. Without TLS.
    pub(crate) fn exchange(&self, first: usize) -> Exchange {
        let count = self.nodes.len();
        let ports = (0..count).map(|at| self.nodes[(first + at) % count].plain);
        let urls = ports.map(|port| format!("mqtt://127.0.0.1:{port}")).collect();
        Exchange { urls, ca: None, data: self.dir.join("phones") }
    }

    /// With TLS.
    pub(crate) fn tls_exchange(&self) -> Exchange {
        let urls = vec![format!("mqtts://localhost:{}", self.nodes[0].tls)];
        let ca = self.dir.join("certificates/ca.crt");
        Exchange { urls, ca: Some(ca), data: self.dir.join("phones") }
    }

    /// Its port for MQTT without TLS.
    pub(crate) fn port(&self, at: usize) -> u16 {
        self.nodes[at].plain
    }
}

/// A node's name has the address at which the others reach it.
fn name_of(at: usize) -> String {
    format!("ejabberd@127.0.0.{}", at + 1)
}

/// The accounts are created with the first node.
fn register(accounts: &[&str]) -> String {
    let names: Vec<String> = accounts.iter().map(|name| format!("<<\"{name}\">>")).collect();
    format!(
        "[ok = ejabberd_auth:try_register(Name, <<\"localhost\">>, <<\"secret\">>) || Name <- [{}]]",
        names.join(", ")
    )
}

/// The others copy the state of the first one.
fn join(first: &str) -> String {
    format!("ok = ejabberd_cluster:join('{first}')")
}

/// Where Debian has ejabberd's modules: a folder for each machine architecture.
fn libraries() -> PathBuf {
    let has_it = |folder: &Path| {
        let mut inside = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        inside.any(|entry| entry.path().join("ebin/ejabberd.app").exists())
    };
    let mut folders = fs::read_dir("/usr/lib").expect("/usr/lib").filter_map(Result::ok);
    folders.find_map(|entry| Some(entry.path()).filter(|path| has_it(path))).expect("ejabberd's modules")
}
