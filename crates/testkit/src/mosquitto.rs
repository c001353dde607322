//! A Mosquitto with the shipped configuration, on own ports, in an own folder; and its command-line clients.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{iter, thread};

use crate::environment::patience;
use crate::process::{Process, answer, program, run};
use crate::scratch_dir::{folder, port, repository};

/// What clients need to reach a broker.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The addresses of the broker.
    pub urls: Vec<String>,
    /// The trusted authority, for mqtts.
    pub ca: Option<PathBuf>,
    /// Where the clients keep their client ids.
    pub data: PathBuf,
}

/// A broker that can be stopped, killed and started again.
#[derive(Debug)]
pub struct Mosquitto {
    dir: PathBuf,
    /// Its port for MQTT.
    pub plain: u16,
    /// For MQTT over TLS.
    pub tls: u16,
    /// For MQTT over WebSockets.
    pub websockets: u16,
    process: Option<Process>,
}

impl Mosquitto {
    /// Starts one; each of `accounts` has the token `secret`. `name` is that of its folder.
    pub fn start(name: &str, accounts: &[&str]) -> Mosquitto {
        Mosquitto::with(name, accounts, "", "")
    }

    /// As `start`, with `more` lines in its configuration and `presence` `strict` or nothing.
    pub fn with(name: &str, accounts: &[&str], presence: &str, more: &str) -> Mosquitto {
        let dir = folder(name);
        let (plain, tls, websockets) = (port(), port(), port());
        let ports = [plain, tls, websockets].map(|port| port.to_string());
        let mut local = Command::new(repository("mosquitto/local"));
        local.arg(&dir).args(&ports).env("PRESENCE", presence);
        let (status, output) = answer(local);
        assert!(status.success(), "mosquitto/local: {output}");
        let mut file = OpenOptions::new().append(true).open(dir.join("mosquitto.conf")).expect("it");
        // Its first line reports that it is ready.
        write!(file, "log_type information\n{more}").expect("written");
        let mut broker = Mosquitto { dir, plain, tls, websockets, process: None };
        for account in accounts {
            broker.add(account, "secret");
        }
        broker.up();
        broker
    }

    /// One that admits everybody and logs nothing: for measurements. The shipped rules restrict accounts.
    pub fn anonymous(name: &str) -> Mosquitto {
        Mosquitto::open(name, "log_dest none\n")
    }

    /// The same, but it logs every packet, for [`Mosquitto::log`].
    pub fn anonymous_logging(name: &str) -> Mosquitto {
        Mosquitto::open(name, "log_dest stderr\nlog_type debug\n")
    }

    /// What it has logged so far.
    pub fn log(&self) -> Vec<String> {
        self.process.as_ref().expect("running").lines()
    }

    fn open(name: &str, log: &str) -> Mosquitto {
        let (dir, plain) = (folder(name), port());
        let mut lines = format!("listener {plain} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n");
        let rules = dir.join("callkit.acl");
        fs::copy(repository("mosquitto/callkit.acl"), &rules).expect("the rules");
        let _ = writeln!(lines, "acl_file {}", rules.display());
        lines += "max_packet_size 65536\nmax_queued_messages 200\npersistence false\n";
        lines += log;
        // SAFETY: a system call without arguments.
        if unsafe { libc::geteuid() } == 0 {
            // It would become another user, who cannot read this folder.
            lines += "user root\n";
        }
        let file = dir.join("mosquitto.conf");
        fs::write(&file, lines).expect("the configuration");
        let mut command = program("mosquitto");
        command.arg("-c").arg(&file);
        let process = Some(Process::start("mosquitto", command));
        let deadline = Instant::now() + patience();
        while TcpStream::connect(("127.0.0.1", plain)).is_err() {
            assert!(Instant::now() < deadline, "mosquitto does not come up");
            thread::sleep(Duration::from_millis(10));
        }
        Mosquitto { dir, plain, tls: 0, websockets: 0, process }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("running").id()
    }

    /// Starts it again.
    pub fn up(&mut self) {
        let mut command = program("mosquitto");
        command.arg("-c").arg(self.dir.join("mosquitto.conf"));
        let process = Process::start("mosquitto", command);
        process.wait_text(" running");
        self.process = Some(process);
    }

    /// Stops it in good order: it writes down what it has.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("running");
        process.terminate();
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.process.take().expect("running").kill();
    }

    /// Freezes it: nothing is closed, nothing is answered.
    pub fn freeze(&self) {
        self.process.as_ref().expect("running").signal(libc::SIGSTOP);
    }

    /// After `freeze`.
    pub fn thaw(&self) {
        self.process.as_ref().expect("running").signal(libc::SIGCONT);
    }

    /// Lets `account` in with `token`, from now on.
    pub fn add(&mut self, account: &str, token: &str) {
        let file = self.dir.join("callkit.passwd");
        run(repository("mosquitto/user"), &[file.as_os_str(), account.as_ref(), token.as_ref()]);
        self.read_again();
    }

    /// The same with a user name as it is, encoded or not.
    pub fn add_name(&mut self, name: &str, token: &str) {
        let file = self.dir.join("callkit.passwd");
        run("mosquitto_passwd", &["-b".as_ref(), file.as_os_str(), name.as_ref(), token.as_ref()]);
        self.read_again();
    }

    /// Lets `account` in no more.
    pub fn remove(&mut self, account: &str) {
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
    pub fn exchange(&self) -> Exchange {
        self.exchange_at(self.plain)
    }

    /// The same through something on another port.
    pub fn exchange_at(&self, port: u16) -> Exchange {
        let urls = vec![format!("mqtt://127.0.0.1:{port}")];
        Exchange { urls, ca: None, data: self.dir.join("phones") }
    }

    /// With TLS.
    pub fn tls_exchange(&self) -> Exchange {
        let urls = vec![format!("mqtts://localhost:{}", self.tls)];
        Exchange { urls, ca: Some(self.ca()), data: self.dir.join("phones") }
    }

    /// The authority of its certificate.
    pub fn ca(&self) -> PathBuf {
        self.dir.join("certificates/ca.crt")
    }

    /// Its folder.
    pub fn folder(&self) -> &PathBuf {
        &self.dir
    }

    /// mosquitto_pub or mosquitto_sub as `account`, with the token `secret`.
    pub fn client(&self, program: &str, account: &str) -> Command {
        client(program, self.plain, "5", account)
    }
}

/// Whether there is one to start.
pub fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain(iter::once("/usr/sbin".into()));
    folders.any(|folder| folder.join("mosquitto").exists())
}

/// mosquitto_pub or mosquitto_sub at `port` with `version` of MQTT, as `account` with the token `secret`.
pub fn client(program: &str, port: u16, version: &str, account: &str) -> Command {
    // Otherwise its output arrives when it ends.
    let mut command = Command::new("stdbuf");
    command.args(["-oL", program, "-h", "127.0.0.1", "-p", &port.to_string()]);
    command.args(["-V", version, "-q", "1", "-d"]);
    command.args(["-u", account, "-P", "secret"]);
    command
}

/// The reason code of a publish of `account` to `topic`: 0, 16 = no subscriber, 135 = not authorized.
pub fn publish(broker: &Mosquitto, account: &str, topic: &str, payload: &str) -> u32 {
    let mut command = broker.client("mosquitto_pub", account);
    command.args(["-t", topic, "-m", payload]);
    reason(command, "received PUBACK")
}

/// Runs a client to its end: the number after `RC:` in the line with `text`.
pub fn reason(command: Command, text: &str) -> u32 {
    let mut client = Process::start("mosquitto client", command);
    let line = client.wait_text(text);
    client.end();
    let (_, code) = line.rsplit_once("RC:").unwrap_or_else(|| panic!("no reason in {line}"));
    code.trim_end_matches(')').parse().expect("a number")
}

/// A subscriber of `filters`. Returns when the broker has answered.
pub fn listen(mut command: Command, filters: &[&str]) -> Process {
    for filter in filters {
        command.args(["-t", filter]);
    }
    command.args(["-F", "received %t %p"]);
    let listener = Process::start("mosquitto_sub", command);
    listener.wait_text("Subscribed (mid");
    listener
}

/// Messages that a subscriber has received: topic and payload.
pub fn received(listener: &Process) -> Vec<String> {
    listener.lines().iter().filter_map(|line| line.strip_prefix("received ").map(str::to_owned)).collect()
}
