//! A Mosquitto of our own, on a free port of the loopback interface, with the shipped access rules.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child as Process, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, process};

use super::child;
use crate::system;

/// A running Mosquitto; ends when dropped.
pub(crate) struct Broker {
    process: Process,
    dir: PathBuf,
    port: u16,
}

/// Debian has it where users do not look.
fn program() -> Option<PathBuf> {
    let path = env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    env::split_paths(&path).map(|dir| dir.join("mosquitto")).find(|file| file.exists())
}

/// Whether there is one.
pub(crate) fn is_there() -> bool {
    program().is_some()
}

impl Broker {
    /// Starts one. Everybody may come in; the user name says as whom, and the rules what that one may say.
    pub(crate) fn start() -> Broker {
        let port = system::free_port();
        let dir = env::temp_dir().join(format!("nertc_callkit_bench.{}.broker", process::id()));
        fs::create_dir_all(&dir).expect("a folder");
        let rules = dir.join("callkit.acl");
        fs::write(&rules, include_str!("../../../mosquitto/callkit.acl")).expect("the rules");
        let file = dir.join("mosquitto.conf");
        let lines = [
            format!("listener {port} 127.0.0.1"),
            format!("acl_file {}", rules.display()),
            "allow_anonymous true".to_owned(),
            "set_tcp_nodelay true".to_owned(),
            "max_packet_size 65536".to_owned(),
            "max_queued_messages 200".to_owned(),
            "persistence false".to_owned(),
            "log_dest none".to_owned(),
            // As root it would become another user, who cannot read this folder.
            if system::is_root() { "user root".to_owned() } else { String::new() },
        ];
        fs::write(&file, lines.join("\n") + "\n").expect("the configuration");
        let mut command = Command::new(program().expect("asked before"));
        command.arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = child::spawn(&mut command).expect("mosquitto starts");
        let broker = Broker { process, dir, port };
        broker.wait();
        broker
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "mosquitto does not come up");
            system::settle(Duration::from_millis(10));
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}
