//! A PulseAudio of this process alone, whose speakers and microphones are null sinks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nertc_callkit_testkit::process::Process;

use crate::system::{self, Limit};

/// Whether its programs are there.
pub(crate) fn is_there() -> bool {
    let is = |program: &str| Command::new(program).arg("--version").output().is_ok();
    ["pulseaudio", "pactl", "paplay"].into_iter().all(is)
}

/// Runs as long as it lives.
pub(super) struct Pulse {
    _server: Process,
    _player: Process,
}

impl Pulse {
    /// What the default microphone hears is `sound`, at 48 kHz. Before anything reads the environment.
    pub(super) fn start(sound: &[i16]) -> Pulse {
        // PulseAudio takes a server's address apart at blanks, which the checkout's path may have.
        let folder = std::env::temp_dir().join(format!("nck-pulse-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder of temporary files can be written");
        let socket = folder.join("native");
        let mut command = Command::new("pulseaudio");
        command.args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--system=no"]);
        let native = format!("module-native-protocol-unix auth-anonymous=1 socket={}", socket.display());
        command.args(["-L", &native]);
        for sink in ["voice", "speaker"] {
            command.args(["-L", &format!("module-null-sink sink_name={sink} rate=48000")]);
        }
        command.env("XDG_RUNTIME_DIR", &folder).env("HOME", &folder);
        let server = Process::start("pulseaudio", command);
        let limit = Limit::new();
        while !socket.exists() {
            limit.check(|| format!("pulseaudio: {}", server.lines().join("\n")));
            system::settle(Duration::from_millis(10));
        }
        let place = format!("unix:{}", socket.display());
        // SAFETY: this process has one thread so far.
        unsafe { std::env::set_var("PULSE_SERVER", &place) };
        for (what, name) in [("set-default-sink", "speaker"), ("set-default-source", "voice.monitor")] {
            let status = Command::new("pactl").args([what, name]).status().expect("pactl");
            assert!(status.success(), "pactl {what} {name}");
        }
        let mut command = Command::new("paplay");
        command.args(["--raw", "--format=s16le", "--rate=48000", "--channels=1", "--device=voice"]);
        command.arg(file(&folder, sound));
        Pulse { _server: server, _player: Process::start("paplay", command) }
    }
}

/// A minute of it.
fn file(folder: &Path, sound: &[i16]) -> PathBuf {
    let (path, minute) = (folder.join("voice.raw"), 60 * 48_000);
    let bytes: Vec<u8> = sound.iter().cycle().take(minute).flat_map(|it| it.to_le_bytes()).collect();
    fs::write(&path, bytes).expect("the folder can be written");
    path
}
