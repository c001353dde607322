//! A Mosquitto with the shipped configuration, on own ports, in an own folder; and its command-line clients.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use crate::phone::Exchange;
use crate::process::{Process, answer, run};
use crate::scratch_dir::{folder, port, repository};

/// A broker that can be stopped, killed and started again.
pub(crate) struct Mosquitto {
    dir: PathBuf,
    pub(crate) plain: u16,
    pub(crate) tls: u16,
    pub(crate) websockets: u16,
    process: Option<Process>,
}

impl Mosquitto {
    /// Starts one; each of `accounts` has the token `secret`. `name` is that of its folder.
    pub(crate) fn start(name: &str, accounts: &[&str]) -> Mosquitto {
        Mosquitto::with(name, accounts, "", "")
    }

    /// As `start`, with `more` lines in its configuration and `presence` `strict` or nothing.
    pub(crate) fn with(name: &str, accounts: &[&str], presence: &str, more: &str) -> Mosquitto {
        let dir = folder(name);
        let (plain, tls, websockets) = (port(), port(), port());
        let ports = [plain, tls, websockets].map(|port| port.to_string());
        let mut local = Command::new(repository("mosquitto/local"));
        local.arg(&dir).args(&ports).env("PRESENCE", presence);
        let (status, said) = answer(local);
        assert!(status.success(), "mosquitto/local: {said}");
        let mut file = OpenOptions::new().append(true).open(dir.join("mosquitto.conf")).expect("it");
        // Its first words say that it is ready.
        write!(file, "log_type information\n{more}").expect("written");
        let mut broker = Mosquitto { dir, plain, tls, websockets, process: None };
        for account in accounts {
            broker.add(account, "secret");
        }
        broker.up();
        broker
    }

    /// Starts it again.
    pub(crate) fn up(&mut self) {
        let mut command = Command::new("mosquitto");
        // Debian has it where users do not look.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:/usr/sbin")).arg("-c").arg(self.dir.join("mosquitto.conf"));
        let process = Process::start("mosquitto", command);
        process.wait_text(" running");
        self.process = Some(process);
    }

    /// Stops it in good order: it writes down what it has.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().expect("running");
        process.terminate();
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.process.take().expect("running").kill();
    }

    /// Stops it where it stands: nothing is closed, nothing is answered.
    pub(crate) fn freeze(&self) {
        self.process.as_ref().expect("running").signal(libc::SIGSTOP);
    }

    /// After `freeze`.
    pub(crate) fn thaw(&self) {
        self.process.as_ref().expect("running").signal(libc::SIGCONT);
    }

    /// Lets `account` in with `token`, from now on.
    pub(crate) fn add(&mut self, account: &str, token: &str) {
        let file = self.dir.join("callkit.passwd");
        run(repository("mosquitto/user"), &[file.as_os_str(), account.as_ref(), token.as_ref()]);
        self.read_again();
    }

    /// The same with a user name as it is, encoded or not.
    pub(crate) fn add_name(&mut self, name: &str, token: &str) {
        let file = self.dir.join("callkit.passwd");
        run("mosquitto_passwd", &["-b".as_ref(), file.as_os_str(), name.as_ref(), token.as_ref()]);
        self.read_again();
    }

    /// Lets `account` in no more.
    pub(crate) fn remove(&mut self, account: &str) {
        let file = self.dir.join("callkit.passwd");
        let all = fs::read_to_string(&file).expect("the password file");
        let others = all.lines().filter(|line| !line.starts_with(&format!("{account}:")));
        fs::write(&file, others.map(|line| format!("{line}\n")).collect::<String>()).expect("written");
        self.read_again();
    }

    fn read_again(&self) {
        if let Some(process) = &self.process {
            let count = |lines: &[String]| lines.iter().filter(|l| l.contains("Reloading config")).count();
            let before = count(&process.lines());
            process.signal(libc::SIGHUP);
            process.wait("Reloading config", |lines| (count(lines) > before).then_some(()));
        }
    }

    /// What phones need to call through it. Without TLS.
    pub(crate) fn exchange(&self) -> Exchange {
        self.exchange_at(self.plain)
    }

    /// The same through something on another port.
    pub(crate) fn exchange_at(&self, port: u16) -> Exchange {
        let urls = vec![format!("mqtt://127.0.0.1:{port}")];
        Exchange { urls, ca: None, data: self.dir.join("phones") }
    }

    /// With TLS.
    pub(crate) fn tls_exchange(&self) -> Exchange {
        let urls = vec![format!("mqtts://localhost:{}", self.tls)];
        Exchange { urls, ca: Some(self.ca()), data: self.dir.join("phones") }
    }

    /// The authority of its certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.join("certificates/ca.crt")
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &PathBuf {
        &self.dir
    }

    /// mosquitto_pub or mosquitto_sub as `account`, with the token `secret`.
    pub(crate) fn client(&self, program: &str, account: &str) -> Command {
        client(program, self.plain, "5", account)
    }
}

/// mosquitto_pub or mosquitto_sub at `port` with `version` of MQTT, as `account` with the token `secret`.
pub(crate) fn client(program: &str, port: u16, version: &str, account: &str) -> Command {
    // Else what it prints comes when it ends.
    let mut command = Command::new("stdbuf");
    command.args([
        "-oL",
        program,
        "-h",
        "127.0.0.1",
        "-p",
        &port.to_string(),
        "-V",
        version,
        "-q",
        "1",
        "-d",
    ]);
    command.args(["-u", account, "-P", "secret"]);
    command
}

/// The reason code that a publish of `account` to `topic` gets: 0, 16 = nobody there, 135 = not allowed.
pub(crate) fn publish(broker: &Mosquitto, account: &str, topic: &str, payload: &str) -> u32 {
    let mut command = broker.client("mosquitto_pub", account);
    command.args(["-t", topic, "-m", payload]);
    reason(command, "received PUBACK")
}

/// Runs a client to its end: the number after `RC:` in the line with `text`.
pub(crate) fn reason(command: Command, text: &str) -> u32 {
    let mut client = Process::start("mosquitto client", command);
    let line = client.wait_text(text);
    client.end();
    let (_, code) = line.rsplit_once("RC:").unwrap_or_else(|| panic!("no reason in {line}"));
    code.trim_end_matches(')').parse().expect("a number")
}

/// Somebody who listens to `filters`. Returns when the broker has answered.
pub(crate) fn listen(mut command: Command, filters: &[&str]) -> Process {
    for filter in filters {
        command.args(["-t", filter]);
    }
    command.args(["-F", "heard %t %p"]);
    let listener = Process::start("mosquitto_sub", command);
    listener.wait_text("Subscribed (mid");
    listener
}

/// What a listener has heard: topic and payload.
pub(crate) fn heard(listener: &Process) -> Vec<String> {
    listener.lines().iter().filter_map(|line| line.strip_prefix("heard ").map(str::to_owned)).collect()
}
