//! Rows of media over WebRTC. The library with it, the figures of tests in virtual time and the programs to
//! compare with are beside the core's library.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::row::{Row, Values, measure, output};
use crate::{mqtt, system, webrtc};

/// Everything over WebRTC.
pub(super) fn rows(core: &str) -> Vec<Row> {
    let beside = |name: &str| Path::new(core).with_file_name(name);
    let mut rows = virtual_rows(&figures(&beside("webrtc_figures")));
    let library = beside("libnertc_callkit_full.so").to_string_lossy().into_owned();
    rows.push(set_up_row(&library));
    let cpu = measure("webrtc_cpu", &library, &[])["percent"];
    let note =
        "of a core, one side of a call: speech without pauses, 48 kHz, 32 kbit/s, with the pusher's work";
    rows.push(Row::new("webrtc_audio_cpu", cpu, "%", note).within(2.0, 1.2));
    rows.push(devices_row(&beside("libnertc_callkit_devices.so").to_string_lossy(), cpu));
    let peers = [("webrtc_audio_cpu_vs_aiortc", aiortc()), ("webrtc_audio_cpu_vs_baresip", baresip())];
    rows.extend(peers.map(|(name, peer)| compared(name, cpu, peer)));
    let crowd = measure("webrtc_crowd", &library, &[]);
    let note = format!("private dirty, each side of ten calls; {:.3} MB of it heap", crowd["heap"] / 1e6);
    rows.push(Row::new("webrtc_call_bytes", crowd["bytes"] / 1e6, "MB", &note).within(1.5, 0.7));
    let note = "both sides of each, by the CPU of ten";
    rows.push(Row::new("webrtc_calls_a_core", crowd["calls_a_core"], "", note));
    let idle = measure("webrtc_idle", &library, &[]);
    let note = format!("two clients with WebRTC, logged in, after a call; {} threads", idle["threads"]);
    rows.push(Row::new("idle_wakeups_20s_webrtc", idle["wakeups"], "", &note).at_most(0.0));
    rows
}

/// What microphone, speaker and processing cost beside the same call with the app's sound.
fn devices_row(library: &str, without: f64) -> Row {
    const NAME: &str = "webrtc_devices_cpu";
    if !webrtc::has_pulse() {
        return Row::missing(NAME, "no pulseaudio, pulseaudio-utils (Debian)");
    }
    let cpu = measure(NAME, library, &[])["percent"];
    let note = format!("of a core, one side: devices and processing; the call with them takes {cpu:.2} %");
    Row::new(NAME, cpu - without, "%", &note).within(6.0, 4.0)
}

/// The lines `figure NAME VALUE` of the tests.
fn figures(file: &Path) -> Values {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let figures = text.lines().filter_map(|line| line.strip_prefix("figure ")?.split_once(' '));
    figures.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
}

fn virtual_rows(figures: &Values) -> Vec<Row> {
    let row = |name, figure: &str, unit, note: &str| match figures.get(figure) {
        Some(value) => Row::new(name, *value, unit, note),
        None => panic!("the tests print no figure {figure}"),
    };
    let bad = "5 % loss, 15 ms jitter, virtual";
    vec![
        row(
            "webrtc_setup",
            "setup_ms",
            "ms",
            "accept to sound on both sides, 100 ms round trip, virtual, prepared",
        )
        .at_most(550.0),
        row("webrtc_setup_relay", "setup_relay_ms", "ms", "the same, over a relay of each side")
            .at_most(700.0),
        row(
            "webrtc_delay",
            "delay_calm_ms",
            "ms",
            "mouth to ear less the network: frame, Opus, buffer; virtual",
        ),
        row("webrtc_delay_bad", "delay_bad_ms", "ms", &format!("the same with {bad}")),
        row("webrtc_silent_windows", "silent_percent", "%", &format!("of a tone, 20 ms each; {bad}"))
            .at_most(1.2),
        row("webrtc_weak_windows", "weak_percent", "%", "likewise: below half of its level").at_most(0.1),
    ]
}

fn set_up_row(library: &str) -> Row {
    const NAME: &str = "webrtc_setup_broker";
    if !mqtt::has_broker() {
        return Row::missing(NAME, "no mosquitto: make setup installs it");
    }
    let setup = measure("webrtc_setup", library, &[])["setup"];
    Row::new(NAME, setup / 1e6, "ms", "accept to sound on both sides, local broker, one process, one CPU")
}

/// Another implementation: what starts its program, or why it cannot be.
type Peer = Result<Command, &'static str>;

/// Debian's Python may not be the one in PATH.
fn aiortc() -> Peer {
    let has_it = |python: &&str| {
        let answer = Command::new(python).args(["-c", "import aiortc"]).output();
        answer.is_ok_and(|answer| answer.status.success())
    };
    let python =
        ["python3", "/usr/bin/python3"].into_iter().find(has_it).ok_or("no python3-aiortc (Debian)")?;
    let mut command = Command::new(python);
    command.arg("benches/peers/aiortc_call.py");
    Ok(command)
}

fn baresip() -> Peer {
    Command::new("baresip").arg("-h").output().map_err(|_| "no baresip-core (Debian)")?;
    let mut command = Command::new("benches/peers/baresip_call");
    command.args([system::free_port(), system::free_port()].map(|port| port.to_string()));
    Ok(command)
}

/// Both sides of ours, and both of the peer's, which prints its version and percents of a core.
fn compared(name: &'static str, cpu: f64, peer: Peer) -> Row {
    let mut command = match peer {
        Ok(command) => command,
        Err(why) => return Row::missing(name, why),
    };
    let (out, _) = output(command.arg(system::either("20", "4")));
    let last = out.lines().last().unwrap_or_default();
    let (version, percent) = last.rsplit_once(' ').expect("a version and a number");
    let percent: f64 = percent.parse().expect("a number");
    let mut row = Row::new(name, 2.0 * cpu, "%", &format!("of a core, both sides of a call / {version}"));
    (row.reference, row.ratio) = (Some(percent), Some(2.0 * cpu / percent));
    row
}
