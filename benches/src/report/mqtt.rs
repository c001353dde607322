//! Rows of signaling over a broker. The libraries with it, and sofia-sip's program, are beside the core's.

use std::path::Path;
use std::process::Command;

use super::added;
use super::row::{CALLGRIND, COLLECTED, Row, Values, measure, numbers_after, size_row, this};
use crate::{mqtt, system};

const LATENCY: [&str; 3] = ["setup_mqtt_accept", "setup_mqtt_connected", "setup_mqtt_accept_vs_sofia"];
/// Instructions of a call, caller's and called side.
const INSTRUCTIONS: [&str; 2] = ["instructions_per_call_mqtt_caller", "instructions_per_call_mqtt_callee"];
const LATENCY_TWO: [&str; 3] =
    ["setup_mqtt_accept_two_cpus", "setup_mqtt_connected_two_cpus", "setup_mqtt_accept_vs_sofia_two_cpus"];

/// Everything over a broker.
pub(super) fn rows(core: &str) -> Vec<Row> {
    let beside = |name: &str| Path::new(core).with_file_name(name).to_string_lossy().into_owned();
    let library = beside("libnertc_callkit_mqtt_tls.so");
    let mut rows = vec![
        size_row("so_bytes_mqtt_tls", &library, "with TLS"),
        size_row("so_bytes_mqtt_tls_small", &beside("libnertc_callkit_mqtt_tls_small.so"), "PROFILE=small")
            .within(2.1 + added::MQTT_TLS_SMALL, 2.0 + added::MQTT_TLS_SMALL),
        size_row("so_bytes_mqtt", &beside("libnertc_callkit_mqtt.so"), "without TLS"),
    ];
    if !mqtt::has_broker() {
        let rest = [
            "call_cpu_mqtt",
            INSTRUCTIONS[0],
            INSTRUCTIONS[1],
            "publishes_acknowledged_mqtt",
            "idle_wakeups_60s_mqtt",
            "mqtt_device_bytes",
        ];
        let why = "no mosquitto: make setup installs it";
        rows.extend(LATENCY.into_iter().chain(rest).map(|name| Row::missing(name, why)));
        return rows;
    }
    let sofia = beside("sofia");
    let one = measure("mqtt_one_cpu", &library, &[&sofia]);
    rows.extend(latency_rows(LATENCY, &one, ""));
    rows.push(cpu_row(&one));
    if system::cpus().len() > 1 {
        let two = measure("mqtt_two_cpus", &library, &[&sofia]);
        rows.extend(latency_rows(LATENCY_TWO, &two, "caller here, broker and callee there: "));
    }
    rows.extend(instruction_rows(&library));
    let count = measure("mqtt_publishes", &library, &[])["publishes"];
    let note = "a call, both sides: each costs a pair of acknowledgements";
    rows.push(Row::new("publishes_acknowledged_mqtt", count, "", note).at_most(6.0));
    let idle = measure("mqtt_idle", &library, &[]);
    let note = "one device, logged in, after a call: a ping and its answer, nothing else";
    rows.push(Row::new("idle_wakeups_60s_mqtt", idle["wakeups"], "", note).at_most(2.0));
    let crowd = measure("mqtt_crowd", &library, &[]);
    let note = format!(
        "private dirty, each of 1,000; {:.1} of it heap; the first {:.2} MB; {} threads",
        crowd["more_devices_heap"] / 1e3,
        crowd["first_device"] / 1e6,
        crowd["threads"]
    );
    rows.push(Row::new("mqtt_device_bytes", crowd["more_devices"] / 1e3, "kB", &note));
    rows
}

/// The difference of two runs: logging in and ending do not count.
fn instruction_rows(library: &str) -> [Row; 2] {
    let (few, many) = system::either((20, 120), (2, 12));
    let note = "user space of one process, call to end; callgrind";
    [(INSTRUCTIONS[0], false), (INSTRUCTIONS[1], true)].map(|(name, is_callee)| {
        let count = |calls: u32| {
            let mut command = Command::new(if is_callee { this() } else { CALLGRIND[0].into() });
            if !is_callee {
                command.args(&CALLGRIND[1..]).arg(this());
            }
            command.args(["mqtt_calls", library, &calls.to_string()]);
            command.args(CALLGRIND.iter().filter(|_| is_callee));
            numbers_after(&mut command, COLLECTED)[0]
        };
        let per_call = (count(many) - count(few)) / f64::from(many - few);
        Row::new(name, per_call / 1e6, "M", note).within(0.25, 0.15)
    })
}

fn latency_rows(names: [&'static str; 3], values: &Values, what: &str) -> Vec<Row> {
    let [accept, connected, peer] = names;
    let one_cpu = what.is_empty();
    let (must, stretch) = if one_cpu { (6.0, 4.5) } else { (3.2, 2.6) };
    let row = |name, value, note: &str| Row::compared(name, values, value, 1000.0, &format!("{what}{note}"));
    let mut rows = vec![
        row(accept, "accept", "call to on_user_accept, two processes, QoS 1 / publish to deliver")
            .within(must, stretch),
        row(connected, "connected", "call to on_call_connected / four times that"),
    ];
    let note = "the same / sofia-sip's nua, INVITE to 200, no proxy between";
    rows.push(match values.contains_key("peer") {
        true if one_cpu => row(peer, "peer", note).within(0.9, 0.6),
        true => row(peer, "peer", note),
        false => Row::missing(peer, "no libsofia-sip-ua-dev (Debian)"),
    });
    rows
}

fn cpu_row(values: &Values) -> Row {
    let note = format!("both processes, call to end; the broker {:.0}", values["broker_cpu"] / 1e3);
    let mut row = Row::new("call_cpu_mqtt", values["cpu"] / 1e3, "us", &note);
    if let Some(peer) = values.get("peer_cpu") {
        row.reference = Some(peer / 1e3);
        row.ratio = Some(values["cpu"] / peer);
        row.note += "; reference: sofia's two";
    }
    row
}
