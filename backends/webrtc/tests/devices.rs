//! The sound of a call through devices of a simulated system: what is open when, and what passes.

#![cfg(feature = "devices")]

#[path = "../../../crates/audio_devices/tests/simulated/mod.rs"]
mod simulated;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use nertc_callkit_audio_devices::Code as DeviceCode;
use nertc_callkit_backend::MediaSink;
use nertc_callkit_media::Media;
use nertc_callkit_reactor::now_us;
use nertc_callkit_signaling::Code;
use nertc_callkit_testkit::{Random, patience};
use nertc_callkit_webrtc::audio::tone::{Tone, amplitude, snr_db};
use nertc_callkit_webrtc::audio::{Decoder, Encoder, FRAME, RATE};
use nertc_callkit_webrtc::options::{Given, MANUAL_AUDIO, NO_PROCESSING};
use nertc_callkit_webrtc::peer::{AudioPacket, MediaState};
use nertc_callkit_webrtc::{AudioPort, DeviceError, DeviceKind, DeviceWish, Options, with_devices};
use simulated::Simulated;

const PEER: u64 = 7;

/// A call's port, and the media thread of it.
struct Rig {
    system: Simulated,
    port: Arc<dyn AudioPort>,
    /// Virtual, and never before the real one.
    now: u64,
    tone: Tone,
    /// The peer's.
    peers_tone: Tone,
    encoder: Encoder,
    packets: u64,
    /// Of the last step: what was sent, decoded, and what each speaker played.
    decoder: Decoder,
    sent: Vec<i16>,
    played: Vec<Vec<i16>>,
    errors: Vec<DeviceError>,
    frames: Arc<Mutex<u32>>,
}

impl Rig {
    fn new(flags: u32, devices: &[&str]) -> Rig {
        let system = Simulated::default();
        system.set_devices(devices);
        let options = Options::read(&Given { flags, ..Given::default() }).expect("good options");
        let (sink, frames) = (Arc::<MediaSink>::default(), Arc::<Mutex<u32>>::default());
        let count = frames.clone();
        sink.open(|_| Ok(()), move |_| *count.lock().expect("a lock") += 1, |_, _| Ok(()));
        let port = with_devices(Arc::new(system.clone()))(&options, &sink).expect("memory");
        Rig {
            system,
            port,
            now: now_us(),
            tone: Tone::new(440.0, 10_000.0, RATE),
            peers_tone: Tone::new(440.0, 10_000.0, RATE),
            encoder: Encoder::new(32_000).expect("an encoder"),
            packets: 0,
            decoder: Decoder::new().expect("a decoder"),
            sent: Vec::new(),
            played: Vec::new(),
            errors: Vec::new(),
            frames,
        }
    }

    fn joined(flags: u32, devices: &[&str]) -> Rig {
        let rig = Rig::new(flags, devices);
        rig.enable(true);
        rig.port.open();
        rig
    }

    fn enable(&self, on: bool) {
        let on = if on { Media::AUDIO } else { Media::NONE };
        self.port.set_local(MediaState { on, ..MediaState::default() });
    }

    /// 10 ms of the devices, each microphone with a tone, and of the media thread.
    fn step(&mut self) {
        let mut frame = [0; 480];
        self.tone.fill(&mut frame);
        self.step_with(&frame);
    }

    fn step_with(&mut self, frame: &[i16; 480]) {
        self.now = now_us().max(self.now + 10_000);
        self.played = self.system.call(frame);
        self.turn();
    }

    fn turn(&mut self) {
        let (decoder, sent) = (&mut self.decoder, &mut self.sent);
        let errors = self.port.handle_timeout(self.now, Some(PEER), &mut |encoded| {
            sent.extend(decoder.decode(encoded.frame).0);
        });
        self.errors.extend(errors);
    }

    /// 20 ms of the peer's tone.
    fn hear(&mut self) {
        let mut frame = [0; FRAME];
        self.peers_tone.fill(&mut frame);
        self.hear_sound(&frame);
    }

    fn hear_sound(&mut self, frame: &[i16; FRAME]) {
        let Some(payload) = self.encoder.encode(frame) else { return };
        let (seq, payload) = (self.packets, payload.into());
        let time = seq * FRAME as u64;
        self.port.receive(AudioPacket { seq, time, received_us: self.now, starts_talk: seq == 0, payload });
        self.packets += 1;
    }

    /// The media thread goes on until it is so; the devices do not.
    #[track_caller]
    fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Rig) -> bool) {
        let begin = Instant::now();
        while !is_so(self) {
            let open = self.system.open();
            assert!(begin.elapsed() < patience(), "not yet: {what}; {open:?} {:?}", self.errors);
            self.now = now_us().max(self.now);
            self.turn();
            thread::yield_now();
        }
    }

    #[track_caller]
    fn until_open(&mut self, devices: &[&str]) {
        self.until(&format!("{devices:?} open"), |rig| rig.system.open() == devices);
    }

    fn codes(&self) -> Vec<Code> {
        self.errors.iter().map(|error| error.code).collect()
    }
}

fn has_tone(sound: &[i16]) -> bool {
    amplitude(sound, 440.0, RATE) > 3_000.0
}

#[test]
fn sound_passes_from_the_microphone_and_to_the_speaker() {
    let mut rig = Rig::joined(NO_PROCESSING, &["a"]);
    rig.until_open(&["a", "a"]);
    let mut heard = Vec::new();
    for _ in 0..100 {
        rig.hear();
        for _ in 0..2 {
            rig.step();
            heard.extend(rig.played.concat());
        }
    }
    let heard = &heard[heard.len() - 48_000..];
    assert!(snr_db(heard, 440.0, RATE) >= 20.0, "heard: {} dB", snr_db(heard, 440.0, RATE));
    assert!(has_tone(&rig.sent[rig.sent.len() - 4_800..]), "and sent");
    assert!(rig.errors.is_empty() && rig.port.stats().sent_level > 9_000, "{:?}", rig.errors);
    assert_eq!(rig.port.in_use(DeviceKind::Speaker).as_deref(), Some("a"));
}

/// Of 1 ms, of another rate's 10 ms, of 100 ms.
#[test]
fn a_device_may_ask_for_any_number_of_samples() {
    for period in [48_u64, 441, 4_800] {
        let mut rig = Rig::joined(NO_PROCESSING, &["a"]);
        rig.until_open(&["a", "a"]);
        let begin = rig.now;
        let (mut heard, mut asked) = (Vec::new(), 0);
        for tick in 0..300_u64 {
            if tick % 2 == 0 {
                rig.hear();
            }
            while (asked + 1) * period <= tick * 480 {
                let mut frame = vec![0; period as usize];
                rig.tone.fill(&mut frame);
                heard.extend(rig.system.call(&frame).concat());
                asked += 1;
            }
            rig.now = begin + tick * 10_000;
            rig.turn();
        }
        let heard = snr_db(&heard[heard.len() - 48_000..], 440.0, RATE);
        assert!(heard >= 20.0, "{period}: {heard} dB are heard");
        let sent = snr_db(&rig.sent[rig.sent.len() - 48_000..], 440.0, RATE);
        assert!(sent >= 20.0, "{period}: {sent} dB are sent");
    }
}

#[test]
fn devices_are_open_as_far_as_app_and_user_allow_it() {
    let mut rig = Rig::new(MANUAL_AUDIO, &["a"]);
    rig.enable(true);
    rig.port.wish(DeviceWish::Allow(false));
    rig.port.open();
    (0..100).for_each(|_| rig.step());
    assert_eq!(rig.system.open(), [""; 0], "the app has not allowed it");
    rig.port.wish(DeviceWish::Allow(true));
    rig.until_open(&["a", "a"]);
    rig.enable(false);
    rig.until_open(&["a"]);
    rig.step();
    assert_eq!(rig.played.len(), 1, "the speaker is still open");
    rig.port.wish(DeviceWish::Allow(false));
    rig.until_open(&[]);
    rig.enable(true);
    (0..100).for_each(|_| rig.step());
    assert_eq!(rig.system.open(), [""; 0]);
}

#[test]
fn nothing_opens_before_the_join_or_after_the_leave() {
    let mut rig = Rig::new(0, &["a"]);
    rig.enable(true);
    assert_eq!(rig.port.poll_timeout(true), None);
    (0..100).for_each(|_| rig.step());
    assert_eq!(rig.system.open(), [""; 0]);

    rig.port.open();
    rig.system.hold(true);
    rig.until("both are opened", |rig| rig.system.waiting() == 2);
    rig.system.be_careless();
    rig.port.close();
    rig.system.hold(false);
    rig.port.open();
    rig.enable(true);
    rig.port.wish(DeviceWish::Allow(true));
    rig.until("closed again", |rig| rig.system.waiting() == 0 && rig.system.open().is_empty());
    rig.sent.clear();
    rig.step();
    assert!(rig.sent.is_empty() && rig.port.poll_timeout(true).is_none());
}

#[test]
fn a_chosen_device_that_is_missing_is_named_once() {
    let mut rig = Rig::new(0, &["a"]);
    rig.enable(true);
    rig.port.wish(DeviceWish::Use(DeviceKind::Speaker, Some("x".to_owned())));
    rig.port.open();
    rig.until_open(&["a", "a"]);
    (0..50).for_each(|_| rig.step());
    let message = "the speaker `x` is not there: another one is used until it is";
    let error = DeviceError { code: Code::DEVICE_NOT_FOUND, message: message.to_owned() };
    assert_eq!(rig.errors, [error]);

    // In the call as well, and each choice by itself.
    rig.errors.clear();
    rig.port.wish(DeviceWish::Use(DeviceKind::Microphone, Some("y".to_owned())));
    rig.until("an answer", |rig| !rig.errors.is_empty());
    assert!(rig.errors[0].message.contains("microphone `y`"), "{:?}", rig.errors);
    rig.errors.clear();
    rig.port.wish(DeviceWish::Use(DeviceKind::Microphone, Some("a".to_owned())));
    rig.port.wish(DeviceWish::Use(DeviceKind::Speaker, None));
    (0..50).for_each(|_| rig.step());
    assert_eq!((rig.codes(), rig.system.open().len()), (vec![], 2));
}

#[test]
fn a_refusal_is_told_and_the_call_goes_on() {
    let mut rig = Rig::new(0, &["a"]);
    rig.system.refuse(Some(DeviceCode::Denied));
    rig.enable(true);
    rig.port.open();
    rig.until("both refusals", |rig| rig.errors.len() == 2);
    assert_eq!(rig.codes(), [Code::DEVICE_DENIED; 2]);
    rig.hear();
    rig.until("frames for the app", |rig| *rig.frames.lock().expect("a lock") >= 10);
    rig.system.refuse(None);
    rig.until_open(&["a", "a"]);
    assert_eq!(rig.errors.len(), 2, "{:?}", rig.errors);
}

#[test]
fn without_any_device_the_call_is_silent() {
    let mut rig = Rig::joined(0, &[]);
    rig.until("both codes", |rig| rig.errors.len() == 2);
    assert_eq!(rig.codes(), [Code::DEVICE_NOT_FOUND; 2]);
    let heard = |rig: &Rig| *rig.frames.lock().expect("a lock");
    rig.until("frames for the app", |rig| heard(rig) >= 10);
    assert!(rig.sent.is_empty());
}

#[test]
fn muted_the_microphone_is_open_and_silent() {
    let mut rig = Rig::joined(NO_PROCESSING, &["a"]);
    rig.until_open(&["a", "a"]);
    rig.port.set_local(MediaState { on: Media::AUDIO, muted: Media::AUDIO });
    (0..200).for_each(|_| rig.step());
    assert!(rig.sent.iter().all(|sample| sample.unsigned_abs() < 4), "{:?}", rig.sent.iter().max());
    assert_eq!((rig.system.open().len(), rig.port.stats().sent_level), (2, 0));
}

/// The peer's noise in bursts, which the microphone hears 80 ms later, half as loud.
fn echo_level(flags: u32) -> f64 {
    let mut rig = Rig::joined(flags, &["a"]);
    rig.until_open(&["a", "a"]);
    let (mut random, mut room) = (Random::new(1), VecDeque::from([[0; 480]; 8]));
    for at in 0..400 {
        if at == 200 {
            rig.sent.clear();
        }
        let burst = if at / 15 % 2 == 0 { 16_000.0 } else { 500.0 };
        rig.hear_sound(&std::array::from_fn(|_| (burst * (random.below(1000) as f64 / 1000.0 - 0.5)) as i16));
        for _ in 0..2 {
            let echo = room.pop_front().unwrap_or([0; 480]);
            rig.step_with(&echo);
            let played: Option<[i16; 480]> = rig.played.first().and_then(|it| it[..].try_into().ok());
            room.push_back(played.unwrap_or([0; 480]).map(|sample| sample / 2));
        }
    }
    // Energy of the last 4 s; pauses have none.
    10.0 * rig.sent.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>().max(1.0).log10()
}

#[test]
fn the_peers_echo_is_not_sent() {
    let (before, after) = (echo_level(NO_PROCESSING), echo_level(0));
    assert!(after <= before - 25.0, "{before:.1} dB without processing, {after:.1} dB with it");
}
