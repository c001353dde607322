//! Sound of a call while its broker is away: media decides how long the call lasts.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nertc_callkit_testkit::mosquitto::Mosquitto;
use nertc_callkit_testkit::patience;
use nertc_callkit_testkit::process::answer;

use crate::pair::PEOPLE;
use crate::phone::{Phone, compile};

/// Signaling gives a peer up after this many seconds of silence.
const PEER_LOST_S: usize = 3;
/// Sound that is heard once both clients have noticed the outage: signaling has given the peer up by then.
const MORE_S: usize = 2 * PEER_LOST_S;

/// A phone with sound, what it hears, and the pitch of that.
struct Side {
    phone: Phone,
    recording: PathBuf,
    hertz: &'static str,
}

/// Two phones in a call.
struct Talk {
    sides: [Side; 2],
    tone: PathBuf,
    broker: Mosquitto,
}

impl Talk {
    #[track_caller]
    fn new(name: &str) -> Talk {
        let broker = Mosquitto::start(name, &PEOPLE);
        let tone = compile("tests/c/tone.c", &format!("tone_{name}"), &["-lm"]);
        let peer_lost = format!("{PEER_LOST_S}000");
        let side = |name: &str, sends: &str, hertz| {
            let recording = broker.folder().join(format!("{}.wav", &name[..3]));
            let file = recording.display().to_string();
            let sound = ["--media", "webrtc", "--loopback", "--tone", sends, "--record", &file];
            let options = [&sound[..], &["--peer-lost", &peer_lost]].concat();
            Side { phone: Phone::ready(&broker.exchange(), name, &options), recording, hertz }
        };
        let sides = [side("alice/phone", "440", "660"), side("bob/phone", "660", "440")];
        let mut talk = Talk { sides, tone, broker };
        talk.sides[0].phone.send_line("call bob");
        talk.sides[1].phone.until("on_invited");
        talk.sides[1].phone.send_line("accept");
        talk.each(|side, tone| {
            side.phone.until("on_call_connected");
            side.hear_first(tone);
        });
        talk
    }

    fn each(&mut self, act: impl Fn(&mut Side, &Path)) {
        self.sides.iter_mut().for_each(|side| act(side, &self.tone));
    }

    /// Both notice it, and hear the other in every second of it; then it is over, and a hang-up ends both.
    #[track_caller]
    fn outlasts(mut self, begin: fn(&mut Mosquitto), end: fn(&mut Mosquitto)) {
        let lengths = [0, 1].map(|at| self.sides[at].length(&self.tone));
        begin(&mut self.broker);
        self.each(|side, _| side.phone.until_line("on_reconnecting", "transport=1"));
        let noticed = [0, 1].map(|at| self.sides[at].length(&self.tone));
        for (side, (began, noticed)) in self.sides.iter().zip(lengths.into_iter().zip(noticed)) {
            side.hear(&self.tone, began, (noticed - began).ceil() as usize + MORE_S);
        }
        end(&mut self.broker);
        self.each(|side, _| {
            // Not only when the next attempt is due, which may be later than this test waits.
            side.phone.send_line("network");
            side.phone.until_line("on_reconnected", "transport=1");
            side.phone.sync();
            assert!(side.phone.line("status").contains("state=in call "), "{}", side.phone.line("status"));
        });
        self.sides[0].phone.send_line("hangup");
        for (side, end) in self.sides.iter_mut().zip(["on_call_end(15)", "on_call_end(16)"]) {
            side.phone.until(end);
            side.phone.quit_now();
        }
    }
}

impl Side {
    fn ask(&self, tone: &Path, question: &[&str]) -> (bool, String) {
        let mut command = Command::new(tone);
        command.arg(&self.recording).args(question);
        let (status, answer) = answer(command);
        (status.success(), answer)
    }

    /// Seconds of its recording.
    #[track_caller]
    fn length(&self, tone: &Path) -> f64 {
        let (_, answer) = self.ask(tone, &[]);
        answer.parse().unwrap_or_else(|_| panic!("{answer}"))
    }

    /// Waits until it has heard the tone for 2 s.
    #[track_caller]
    fn hear_first(&self, tone: &Path) {
        let deadline = Instant::now() + patience();
        loop {
            match self.ask(tone, &[self.hertz]) {
                (true, _) => return,
                (false, answer) => {
                    assert!(Instant::now() < deadline, "{}: {answer}", self.recording.display())
                }
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until its recording has this many seconds more; the tone is in each of them.
    #[track_caller]
    fn hear(&self, tone: &Path, after: f64, seconds: usize) {
        let deadline = Instant::now() + patience();
        while self.length(tone) < after + seconds as f64 {
            assert!(Instant::now() < deadline, "not so much was recorded: {seconds} s after {after} s");
            thread::sleep(Duration::from_millis(50));
        }
        let (in_each, answer) = self.ask(tone, &[self.hertz, "every", &after.to_string()]);
        assert!(in_each, "{}: {answer}", self.recording.display());
    }
}

#[test]
#[ignore = "make test-brokers: real time"]
fn goes_on_while_the_broker_is_killed() {
    Talk::new("sound_killed").outlasts(Mosquitto::kill, Mosquitto::up);
}

#[test]
#[ignore = "make test-brokers: it takes the time of two pings"]
fn goes_on_while_the_broker_stands_still() {
    Talk::new("sound_frozen").outlasts(|broker| broker.freeze(), |broker| broker.thaw());
}
