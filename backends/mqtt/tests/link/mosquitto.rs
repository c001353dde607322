//! A Mosquitto with the shipped configuration, on own ports, in an own folder.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use crate::process::{Process, run};
use crate::scratch_dir::{folder, port, repository};

/// A broker that can be stopped and started again.
pub(crate) struct Mosquitto {
    dir: PathBuf,
    pub(crate) plain: u16,
    pub(crate) tls: u16,
    process: Option<Process>,
}

impl Mosquitto {
    /// Starts one; each of `accounts` has the token `secret`. `name` is that of its folder, `more` ends its
    /// configuration.
    pub(crate) fn start(name: &str, accounts: &[&str], more: &str) -> Mosquitto {
        let dir = folder(name);
        let ports = [port(), port(), port()];
        let words = ports.map(|port| port.to_string());
        run(repository("mosquitto/local"), &[&[dir.display().to_string()], &words[..]].concat());
        let file = dir.join("callkit.passwd");
        for account in accounts {
            run(repository("mosquitto/user"), &[file.as_os_str(), account.as_ref(), "secret".as_ref()]);
        }
        let mut conf = OpenOptions::new().append(true).open(dir.join("mosquitto.conf")).expect("it");
        // Its first words say that it is ready.
        write!(conf, "log_type information\n{more}").expect("written");
        let mut broker = Mosquitto { dir, plain: ports[0], tls: ports[1], process: None };
        broker.up();
        broker
    }

    /// Starts it again.
    pub(crate) fn up(&mut self) {
        let mut command = program("mosquitto");
        command.arg("-c").arg(self.dir.join("mosquitto.conf"));
        let process = Process::start("mosquitto", command);
        process.wait_text(" running");
        self.process = Some(process);
    }

    /// Ends it in good order.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().expect("a broker that runs");
        process.signal(libc::SIGTERM);
        process.end();
    }

    /// The authority of its certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.join("certificates/ca.crt")
    }
}

/// A program that Debian may have where users do not look.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin"));
    command
}
