//! RabbitMQ with the shipped configuration on own ports. Its MQTT plug-in supports 3.1.1 only.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use nertc_callkit_testkit::mosquitto::Exchange;
use nertc_callkit_testkit::process::{Process, answer, run};
use nertc_callkit_testkit::scratch_dir::{folder, port, repository};

use crate::erlang;

/// A broker, and the name server without which no RabbitMQ starts.
pub(crate) struct RabbitMq {
    dir: PathBuf,
    plain: u16,
    tls: u16,
    /// Before the name server: a RabbitMQ that misses it starts another, which would stay.
    _broker: Process,
    _names: Process,
}

impl RabbitMq {
    /// Starts one. The token of each of `accounts` is `secret`; `name` is that of the folder.
    pub(crate) fn start(name: &str, accounts: &[&str]) -> RabbitMq {
        let program = "/usr/lib/rabbitmq/bin/rabbitmq-server";
        erlang::need(program, "rabbitmq-server");
        let dir = folder(name);
        run(repository("mosquitto/certificates"), &[dir.join("certificates")]);
        let (plain, tls, epmd) = (port(), port(), port());
        let shipped = fs::read_to_string(repository("brokers/rabbitmq.conf")).expect("the configuration");
        let changes = [
            ("/etc/rabbitmq/callkit", &*dir.join("certificates").display().to_string()),
            ("127.0.0.1:1883", &*format!("127.0.0.1:{plain}")),
            ("ssl.1 = 8883", &*format!("ssl.1 = 127.0.0.1:{tls}")),
        ];
        let text = changes.iter().fold(shipped, |text, (from, to)| {
            assert!(text.contains(from), "the configuration has {from}");
            text.replace(from, to)
        });
        let definitions = dir.join("definitions.json");
        let load = format!("load_definitions = {}", definitions.display());
        let log = "log.console = true\nlog.console.level = info\nlog.file = false";
        fs::write(dir.join("rabbitmq.conf"), format!("{text}\n{load}\n{log}\n")).expect("written");
        fs::write(dir.join("enabled_plugins"), "[rabbitmq_mqtt].\n").expect("written");
        fs::write(definitions, users(accounts)).expect("written");

        let mut command = erlang::command("epmd", &dir);
        command.args(["-d", "-address", "127.0.0.1", "-port", &epmd.to_string()]);
        let names = Process::start("epmd", command);
        names.wait_text("epmd running");

        let mut command = erlang::command(program, &dir);
        command.env("ERL_EPMD_ADDRESS", "127.0.0.1").env("ERL_EPMD_PORT", epmd.to_string());
        command.env("RABBITMQ_NODENAME", "callkit@localhost").env("RABBITMQ_DIST_PORT", port().to_string());
        command.env("RABBITMQ_CONF_ENV_FILE", "/dev/null");
        command.env("RABBITMQ_CONFIG_FILE", dir.join("rabbitmq.conf"));
        command.env("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("enabled_plugins"));
        command.env("RABBITMQ_MNESIA_BASE", dir.join("db")).env("RABBITMQ_LOG_BASE", dir.join("log"));
        command.env(
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            "-setcookie callkit -kernel inet_dist_use_interface {127,0,0,1}",
        );
        // The script becomes the server; otherwise it would wait for it, and one would outlive the other.
        command.env("RUNNING_UNDER_SYSTEMD", "true");
        let broker = Process::start("rabbitmq", command);
        broker.wait_for(erlang::boot(), "Server startup complete", |lines| {
            lines.iter().any(|line| line.contains("Server startup complete")).then_some(())
        });
        RabbitMq { dir, plain, tls, _broker: broker, _names: names }
    }

    /// What phones need. Without TLS.
    pub(crate) fn exchange(&self) -> Exchange {
        let urls = vec![format!("mqtt://127.0.0.1:{}", self.plain)];
        Exchange { urls, ca: None, data: self.dir.join("phones") }
    }

    /// With TLS.
    pub(crate) fn tls_exchange(&self) -> Exchange {
        let urls = vec![format!("mqtts://localhost:{}", self.tls)];
        let ca = self.dir.join("certificates/ca.crt");
        Exchange { urls, ca: Some(ca), data: self.dir.join("phones") }
    }

    /// Its port for MQTT without TLS.
    pub(crate) fn port(&self) -> u16 {
        self.plain
    }
}

/// The definitions of these accounts.
fn users(accounts: &[&str]) -> Vec<u8> {
    let mut command = Command::new(repository("brokers/rabbitmq-users"));
    for account in accounts {
        command.args([account, "secret"]);
    }
    let (status, output) = answer(command);
    assert!(status.success(), "rabbitmq-users: {output}");
    output.into_bytes()
}
