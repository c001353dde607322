//! The machine's own audio system: PulseAudio with null sinks, and none at all. Each in a process of its own,
//! because the client libraries read the environment.

#![cfg(target_os = "linux")]

use std::f32::consts::TAU;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use nertc_callkit_audio_devices::{Code, DeviceId, Devices, Event, Kind, Machine};
use nertc_callkit_testkit::patience;
use nertc_callkit_testkit::process::Process;

/// Set in the process that is the test proper.
const INSIDE: &str = "NERTC_CALLKIT_TEST_INSIDE";

/// Runs the test of this name with that server, in another process. Returns what it printed.
fn inside(test: &str, server: &Path) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command.args(["--include-ignored", "--exact", "--nocapture", test]);
    command.env(INSIDE, "1").env("PULSE_SERVER", format!("unix:{}", server.display()));
    command.env("ALSA_CONFIG_PATH", "/nowhere").env("XDG_RUNTIME_DIR", "/nowhere");
    let mut process = Process::start(test, command);
    let status = process.end_for(10 * patience());
    assert!(status.success(), "{}", process.lines().join("\n"));
    process.lines()
}

/// Both devices in real time, with a tone on the speaker.
struct Call {
    devices: Devices,
    begin: Instant,
    played: u32,
    events: Vec<Event>,
    /// Frames of the microphone in a row that have the tone.
    with_tone: u32,
}

impl Call {
    fn new() -> Call {
        let devices = Devices::new(Arc::new(Machine));
        Call { devices, begin: Instant::now(), played: 0, events: Vec::new(), with_tone: 0 }
    }

    fn now(&self) -> u64 {
        self.begin.elapsed().as_millis() as u64
    }

    /// What a thread of media does every 10 ms.
    fn step(&mut self) {
        let events = self.devices.poll(self.now());
        self.events.extend(events);
        let tone = |at: u32| (8000.0 * (TAU * 440.0 * (at % 48_000) as f32 / 48_000.0).sin()) as i16;
        let sound: Vec<i16> = (self.played..self.played + 480).map(tone).collect();
        self.played += self.devices.write(&sound) as u32;
        let mut frame = [0; 480];
        while self.devices.read(&mut frame) {
            self.with_tone = if has_tone(&frame) { self.with_tone + 1 } else { 0 };
        }
        thread::sleep(Duration::from_millis(5));
    }

    #[track_caller]
    fn until(&mut self, what: &str, is_so: impl Fn(&Call) -> bool) {
        let begin = Instant::now();
        while !is_so(self) {
            assert!(begin.elapsed() < patience(), "not yet: {what}; {:?}, {:?}", self.events, self.devices);
            self.step();
        }
    }

    #[track_caller]
    fn until_event(&mut self, event: Event) {
        self.until(&format!("{event:?}"), |call| call.events.contains(&event));
    }

    /// Half a second of it.
    #[track_caller]
    fn until_tone(&mut self) {
        self.with_tone = 0;
        self.until("the tone", |call| call.with_tone >= 50);
    }

    /// 10 ms of a thread of media that writes what the speaker needs; the loudest sample of the microphone.
    fn paced(&mut self, sample: i16) -> u16 {
        let now = self.now();
        let events = self.devices.poll(now);
        self.events.extend(events);
        let needed = self.devices.needed(now).unwrap_or(0);
        self.devices.write(&vec![sample; needed]);
        let (mut frame, mut loudest) = ([0; 480], 0);
        while self.devices.read(&mut frame) {
            loudest = frame.iter().map(|it| it.unsigned_abs()).fold(loudest, u16::max);
        }
        thread::sleep(Duration::from_millis(10));
        loudest
    }

    /// From the write of a click until it is read from the microphone, in ms: the median of 21.
    fn click_latency(&mut self) -> f64 {
        let mut times = Vec::new();
        while times.len() < 21 {
            // Until what was written before has passed.
            let mut silent = 0;
            while silent < 30 {
                silent = if self.paced(0) < 1000 { silent + 1 } else { 0 };
            }
            let begin = Instant::now();
            let mut loudest = self.paced(20_000);
            while loudest < 10_000 {
                assert!(begin.elapsed() < patience(), "no click");
                loudest = self.paced(0);
            }
            times.push(begin.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        times[10]
    }

    fn use_sink(&mut self, name: &str, command: u32) {
        let now = self.now();
        self.devices.set_device(now, Kind::Speaker, Some(DeviceId(name.to_owned())), command);
        let monitor = DeviceId(format!("{name}.monitor"));
        self.devices.set_device(now, Kind::Microphone, Some(monitor), command + 1);
        self.until_event(completed(command, Ok(())));
        self.until_event(completed(command + 1, Ok(())));
    }
}

/// Most of the energy is at 440 Hz.
fn has_tone(frame: &[i16; 480]) -> bool {
    let (mut sine, mut cosine, mut energy) = (0.0, 0.0, 1.0);
    for (at, sample) in frame.iter().enumerate() {
        let (s, c) = (TAU * 440.0 * at as f32 / 48_000.0).sin_cos();
        let sample = f32::from(*sample);
        sine += s * sample;
        cosine += c * sample;
        energy += sample * sample;
    }
    energy > 1e6 && (sine * sine + cosine * cosine) / 240.0 > 0.7 * energy
}

fn completed(command: u32, result: Result<(), Code>) -> Event {
    Event::Completed { command, result }
}

fn in_use(kind: Kind, name: &str) -> Event {
    Event::InUse(kind, Ok(DeviceId(name.to_owned())))
}

fn pactl(arguments: &[&str]) -> String {
    let output = Command::new("timeout").arg("20").arg("pactl").args(arguments).output().expect("pactl");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// Of this process, in ticks of 10 ms.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a file");
    let after = stat.rsplit_once(')').expect("a name").1;
    after.split_whitespace().skip(11).take(2).map(|it| it.parse::<u64>().expect("ticks") * 10).sum()
}

/// Runs the test with a PulseAudio of its own. Returns what it printed.
fn beside_pulseaudio(test: &str) -> Vec<String> {
    // PulseAudio takes a server's address apart at blanks, which the checkout's path may have.
    let folder = std::env::temp_dir().join(format!("nck-pulse-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder of temporary files can be written");
    let socket = folder.join("native");
    let mut command = Command::new("pulseaudio");
    command.args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--system=no"]);
    command
        .args(["-L", &format!("module-native-protocol-unix auth-anonymous=1 socket={}", socket.display())]);
    command.args(["-L", "module-null-sink sink_name=one", "-L", "module-null-sink sink_name=two"]);
    command.args(["-L", "module-null-sink sink_name=odd rate=192000 channels=7"]);
    command.env("XDG_RUNTIME_DIR", &folder).env("HOME", &folder);
    let mut server = Process::start("pulseaudio", command);
    let begin = Instant::now();
    while !socket.exists() {
        assert!(begin.elapsed() < patience(), "{}", server.lines().join("\n"));
        thread::sleep(Duration::from_millis(10));
    }
    let lines = inside(test, &socket);
    server.terminate();
    lines
}

/// `cargo test -p nertc_callkit_audio_devices --test machine -- --ignored`
#[test]
#[ignore = "needs pulseaudio and pulseaudio-utils"]
fn a_tone_is_found_at_the_sinks_monitor() {
    if std::env::var_os(INSIDE).is_none() {
        println!("{}", beside_pulseaudio("a_tone_is_found_at_the_sinks_monitor").join("\n"));
        return;
    }
    pactl(&["set-default-sink", "one"]);
    pactl(&["set-default-source", "one.monitor"]);
    let mut call = Call::new();
    call.devices.open(0, Kind::Speaker, 1);
    call.devices.open(0, Kind::Microphone, 2);
    call.until_event(completed(1, Ok(())));
    call.until_event(completed(2, Ok(())));
    call.until_tone();
    call.until("five seconds", |call| call.now() > 5000);
    println!("both devices: {} ms of CPU in {} ms", cpu_ms(), call.now());

    println!("from the speaker's write to the microphone's read: {:.0} ms", call.click_latency());

    call.use_sink("odd", 8);
    call.until_tone();
    // Two clients at one device.
    let mut other = Call::new();
    other.devices.open(0, Kind::Speaker, 1);
    other.devices.open(0, Kind::Microphone, 2);
    other.use_sink("odd", 3);
    other.until_tone();
    drop(other);

    call.use_sink("two", 3);
    call.until_tone();

    // Gone, and back.
    let sinks = pactl(&["list", "short", "modules"]);
    let two = sinks.lines().find(|line| line.contains("sink_name=two")).expect("the module");
    call.events.clear();
    pactl(&["unload-module", two.split('\t').next().expect("a number")]);
    call.until_event(in_use(Kind::Speaker, "one"));
    call.until_event(in_use(Kind::Microphone, "one.monitor"));
    call.until_tone();
    pactl(&["load-module", "module-null-sink", "sink_name=two"]);
    call.until_event(in_use(Kind::Speaker, "two"));
    call.until_event(in_use(Kind::Microphone, "two.monitor"));
    call.until_tone();

    // Another default, while it is followed.
    let now = call.now();
    call.devices.set_device(now, Kind::Speaker, None, 5);
    call.until_event(completed(5, Ok(())));
    call.events.clear();
    pactl(&["set-default-sink", "two"]);
    call.until_event(in_use(Kind::Speaker, "two"));
    call.until_tone();

    let now = call.now();
    call.devices.close(now, Kind::Speaker, 6);
    call.devices.close(now, Kind::Microphone, 7);
    call.until_event(completed(6, Ok(())));
    call.until_event(completed(7, Ok(())));
    assert_eq!(pactl(&["list", "short", "sink-inputs"]) + &pactl(&["list", "short", "source-outputs"]), "");
}

#[test]
fn without_an_audio_system_there_is_a_code() {
    if std::env::var_os(INSIDE).is_none() {
        inside("without_an_audio_system_there_is_a_code", Path::new("/nowhere"));
        return;
    }
    let mut call = Call::new();
    for (kind, command) in [(Kind::Speaker, 1), (Kind::Microphone, 2)] {
        call.devices.open(0, kind, command);
        call.until_event(completed(command, Err(Code::NotFound)));
    }
}
