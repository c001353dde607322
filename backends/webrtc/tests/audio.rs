//! Sound over networks that lose, delay and reorder, with clocks that differ, in virtual time. What happens
//! to the n-th packet follows from the seed and n.

use std::collections::BTreeMap;
use std::sync::Arc;

use nertc_callkit_webrtc::audio::{
    Capture, Counters, Encoder, FRAME, JitterBuffer, Limits, Next, RATE, Receiver, Sound, playout, tone,
};
use nertc_callkit_webrtc::peer::AudioPacket;

const MS: u64 = 1_000;
const SECOND: u64 = 1_000 * MS;
/// When the tests begin, on our clock.
const START: u64 = 5_000 * SECOND;

/// What a network does.
#[derive(Clone, Copy, Debug)]
struct Network {
    loss_percent: u64,
    jitter_us: u64,
    /// Our clock runs that much faster than the sender's, in millionths.
    drift_ppm: i64,
    seed: u64,
}

const CALM: Network = Network { loss_percent: 0, jitter_us: 0, drift_ppm: 0, seed: 1 };

impl Network {
    /// When a packet that is sent at `sent` on the sender's clock arrives; `None`: never.
    fn arrival(&self, n: u64, sent: u64) -> Option<u64> {
        let mut random = fastrand::Rng::with_seed(self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ n);
        let is_lost = random.u64(..100) < self.loss_percent;
        let drift = sent as i64 / 1_000_000 * self.drift_ppm;
        let delay = 30 * MS + random.u64(..=self.jitter_us);
        (!is_lost).then_some(START + sent.checked_add_signed(drift)? + delay)
    }
}

/// One within a talk.
fn packet(seq: u64, time: u64, received_us: u64, payload: Vec<u8>) -> AudioPacket {
    AudioPacket { seq, time, received_us, starts_talk: false, payload: payload.into() }
}

/// Packets on their way.
#[derive(Default)]
struct Way(BTreeMap<(u64, u64), AudioPacket>);

impl Way {
    fn send(&mut self, network: Network, n: u64, time: u64, payload: Arc<[u8]>) {
        if let Some(received_us) = network.arrival(n, time * 125 / 6) {
            let packet = AudioPacket { seq: n, time, received_us, starts_talk: n == 0, payload };
            self.0.insert((received_us, n), packet);
        }
    }

    fn arrived(&mut self, now: u64) -> Option<AudioPacket> {
        self.0.first_entry().filter(|first| first.key().0 <= now).map(|first| first.remove())
    }
}

/// How a stream was heard that was never decoded.
struct Played {
    counters: Counters,
    /// Delay and target at the end of each minute.
    minutes: Vec<(f64, u64)>,
    most_waiting: usize,
    frames: u64,
}

/// Whether the n-th frame is sent. Of a sender that pauses each other second, DTX sends one each 400 ms.
fn is_sent(pauses: bool, n: u64) -> bool {
    !pauses || (n / 50).is_multiple_of(2) || n.is_multiple_of(20)
}

/// Plays packets of 20 ms for minutes; the playout's clock is ours.
fn play(network: Network, minutes: u64, pauses: bool) -> Played {
    let (mut buffer, mut way) = (JitterBuffer::new(Limits::default()), Way::default());
    let payload: Arc<[u8]> = Arc::new([0b0111_1000, 1, 2]);
    let mut played =
        Played { counters: Counters::default(), minutes: Vec::new(), most_waiting: 0, frames: 0 };
    // In nanoseconds: a frame lasts a little more or less than 20 ms.
    let mut now_ns = START * 1_000;
    let (mut sent, mut seq, mut minute) = (0, 0, 1);
    while now_ns < (START + minutes * 60 * SECOND) * 1_000 {
        let now = now_ns / 1_000;
        // As far ahead as packets may arrive before those sent earlier, or by a faster clock.
        while sent * 20 * MS < now - START + SECOND {
            if is_sent(pauses, sent) {
                way.send(network, seq, sent * FRAME as u64, payload.clone());
                seq += 1;
            }
            sent += 1;
        }
        while let Some(packet) = way.arrived(now) {
            buffer.insert(packet);
        }
        played.most_waiting = played.most_waiting.max(buffer.waiting());
        let samples = match buffer.next(now) {
            Next::Packet(_) => FRAME as u32,
            Next::Recover { samples, .. }
            | Next::Conceal { samples }
            | Next::Comfort { samples }
            | Next::Silence { samples } => samples,
        };
        played.frames += 1;
        now_ns += (f64::from(samples) / f64::from(RATE) * 1e9 / buffer.speed()) as u64;
        if now >= START + minute * 60 * SECOND - SECOND {
            played.minutes.push((buffer.delay_us().expect("it plays"), buffer.target_us()));
            minute += 1;
        }
    }
    played.counters = buffer.counters();
    played
}

#[test]
fn clocks_that_differ_never_move_the_delay() {
    for drift_ppm in [-300, -50, 0, 50, 300] {
        let network = Network { jitter_us: 15 * MS, loss_percent: 1, drift_ppm, seed: 2 };
        let played = play(network, 30, false);
        let counters = played.counters;
        assert_eq!((counters.skipped, counters.restarts), (0, 0), "{drift_ppm}: {counters:?}");
        for (minute, (delay, target)) in played.minutes.iter().enumerate().skip(1) {
            let error = delay - *target as f64;
            assert!(error.abs() < 15_000.0, "{drift_ppm}, minute {minute}: {delay} for {target}");
            assert!(*delay < 90_000.0, "{drift_ppm}, minute {minute}: {delay}");
        }
        // Without losses of the network's, nothing would be missing.
        assert!(counters.concealed_samples < played.frames * 960 / 100, "{drift_ppm}: {counters:?}");
        assert!(played.most_waiting <= 20, "{}", played.most_waiting);
    }
}

#[test]
fn any_loss_and_jitter_keeps_the_delay_in_bounds() {
    for (seed, (loss_percent, jitter_ms)) in
        [0, 2, 5, 10, 20].into_iter().flat_map(|loss| [0, 15, 60, 150, 300].map(|j| (loss, j))).enumerate()
    {
        let network = Network { loss_percent, jitter_us: jitter_ms * MS, drift_ppm: 0, seed: seed as u64 };
        let played = play(network, 5, false);
        let case = format!("{loss_percent} %, {jitter_ms} ms: {:?}", played.counters);
        for (delay, target) in &played.minutes[1..] {
            assert!((20_000..=200_000).contains(target), "{case}: {target}");
            assert!((delay - *target as f64).abs() < 60_000.0, "{case}: {delay} for {target}");
            assert!(*target <= (jitter_ms + 60) * MS, "{case}: {target}");
        }
        assert!(played.most_waiting <= 32, "{case}: {}", played.most_waiting);
        assert_eq!(played.counters.restarts, 0, "{case}");
        if jitter_ms <= 150 {
            // In time but for the last few; what is lost is made up or recovered, and no more than that.
            let made_up = played.counters.concealed_samples + played.counters.recovered_samples;
            let share = made_up as f64 / (played.frames * 960) as f64;
            assert!(share < loss_percent as f64 / 100.0 + 0.03, "{case}: {share}");
        }
    }
}

#[test]
fn the_buffer_waits_for_the_copies_of_lost_frames() {
    let network = Network { loss_percent: 5, jitter_us: 15 * MS, drift_ppm: 0, seed: 3 };
    let counters = play(network, 5, false).counters;
    assert!(counters.recovered_samples > 8 * counters.concealed_samples, "{counters:?}");
}

#[test]
fn pauses_of_the_sender_are_no_losses() {
    for (seed, jitter_ms) in [0, 15, 60, 150].into_iter().enumerate() {
        let network =
            Network { loss_percent: 0, jitter_us: jitter_ms * MS, drift_ppm: 100, seed: seed as u64 };
        let played = play(network, 5, true);
        let counters = played.counters;
        let share = counters.concealed_samples as f64 / (played.frames * 960) as f64;
        assert!(share < 0.02, "{jitter_ms} ms: {share} {counters:?}");
        assert_eq!((counters.restarts, counters.skipped), (0, 0), "{jitter_ms} ms: {counters:?}");
        let heard = counters.packets + counters.late;
        let sent = (0..5 * 60 * 50).filter(|n| is_sent(true, *n)).count() as u64;
        assert!((sent - 20..=sent).contains(&heard), "{jitter_ms} ms: {heard} of {sent}");
    }
}

/// Sends a tone for some seconds and plays it; the share of silent and of weak windows of 20 ms, in percent.
fn windows(network: Network, seconds: u64) -> (f64, f64, Receiver) {
    let capture = Capture::new(32_000).expect("a capture");
    capture.set_loss(network.loss_percent as u8);
    let mut receiver = Receiver::new(Limits::default()).expect("a receiver");
    let (mut source, mut way, mut heard) =
        (tone::Tone::new(440.0, 10_000.0, RATE), Way::default(), Vec::new());
    for tick in 0..seconds * 100 {
        if tick % 2 == 0 {
            let mut frame = [0; FRAME];
            source.fill(&mut frame);
            let sound = Sound { samples: &frame, sample_rate: RATE, channels: 1 };
            let taken = capture.push(tick * 10 * MS, sound, |frame| {
                way.send(network, frame.time / FRAME as u64, frame.time, frame.payload.into());
            });
            assert_eq!(taken, Ok(()));
        }
        let now = START + tick * 10 * MS;
        while let Some(packet) = way.arrived(now) {
            receiver.insert(packet);
        }
        let mut out = [0; 480];
        receiver.fill(now, &mut out);
        heard.extend(out);
    }
    // The first second is set-up.
    let steady: Vec<f64> =
        heard[RATE as usize..].chunks_exact(FRAME).map(|w| tone::amplitude(w, 440.0, RATE)).collect();
    let share = |from: f64, to: f64| {
        let found = steady.iter().filter(|amplitude| (from..to).contains(*amplitude)).count();
        100.0 * found as f64 / steady.len() as f64
    };
    (share(0.0, 1_000.0), share(1_000.0, 5_000.0), receiver)
}

#[test]
fn a_tone_has_few_holes_at_5_percent_loss() {
    let network = Network { loss_percent: 5, jitter_us: 15 * MS, drift_ppm: 0, seed: 11 };
    let (silent, weak, receiver) = windows(network, 60);
    let counters = receiver.counters();
    println!("silent {silent:.2} %, weak {weak:.2} %, {counters:?}, target {} us", receiver.target_us());
    assert!(silent <= 1.2 && weak <= 0.1, "silent {silent}, weak {weak}: {counters:?}");
}

#[test]
fn a_tone_without_losses_has_no_hole() {
    let (silent, weak, receiver) = windows(CALM, 20);
    assert_eq!((silent, weak), (0.0, 0.0), "{:?}", receiver.counters());
    assert_eq!(receiver.counters().concealed_samples, 0);
    assert!((9_000..12_000).contains(&receiver.level()), "{}", receiver.level());
}

/// The app's playout clock drives: it is faster than the sender's.
#[test]
fn a_faster_playout_clock_never_runs_dry() {
    let capture = Capture::new(32_000).expect("a capture");
    let mut receiver = Receiver::new(Limits::default()).expect("a receiver");
    let (mut source, mut way, (mut ring, puller)) =
        (tone::Tone::new(440.0, 10_000.0, RATE), Way::default(), playout());
    let (mut out, mut pulled_ns, mut dry) = ([0; 441], 0, 0);
    for tick in 0..6_000 {
        let now = START + tick * 10 * MS;
        if tick % 2 == 0 {
            let mut frame = [0; FRAME];
            source.fill(&mut frame);
            let sound = Sound { samples: &frame, sample_rate: RATE, channels: 1 };
            let taken = capture.push(now, sound, |frame| {
                way.send(CALM, frame.time / FRAME as u64, frame.time, frame.payload.into());
            });
            assert_eq!(taken, Ok(()));
        }
        while let Some(packet) = way.arrived(now) {
            receiver.insert(packet);
        }
        ring.tick(now, &mut receiver);
        // 1000 ppm faster than time.
        while pulled_ns <= tick * 10_000_000 {
            let sound = puller.pull(&mut out, 44_100, 1).expect("usable");
            dry += u32::from(tick > 100 && sound < out.len());
            pulled_ns += 9_990_000;
        }
    }
    assert_eq!((dry, receiver.counters().skipped), (0, 0));
    let error = receiver.delay_us().expect("it plays") - receiver.target_us() as f64;
    assert!(error.abs() < 15_000.0, "{error}");
    assert_eq!(receiver.counters().concealed_samples, 0);
}

/// Packets of noise, and lengths that no encoder makes.
#[test]
fn garbage_is_survived_and_the_sound_comes_back() {
    let capture = Capture::new(32_000).expect("a capture");
    let mut receiver = Receiver::new(Limits::default()).expect("a receiver");
    let mut random = fastrand::Rng::with_seed(5);
    let (mut source, mut heard) = (tone::Tone::new(440.0, 10_000.0, RATE), Vec::new());
    for n in 0..1_000 {
        let now = START + n * 20 * MS;
        let (mut frame, mut packets) = ([0; FRAME], Vec::new());
        source.fill(&mut frame);
        let sound = Sound { samples: &frame, sample_rate: RATE, channels: 1 };
        let taken = capture.push(now, sound, |frame| packets.push((frame.time, frame.payload.to_vec())));
        assert_eq!(taken, Ok(()));
        for (time, payload) in packets {
            let payload = if n < 500 && random.bool() {
                (0..random.usize(..300)).map(|_| random.u8(..)).collect()
            } else {
                payload
            };
            receiver.insert(packet(n, time, now, payload));
        }
        let mut out = [0; FRAME];
        receiver.fill(now, &mut out);
        heard.extend(out);
    }
    let snr = tone::snr_db(&heard[700 * FRAME..], 440.0, RATE);
    assert!(snr >= 20.0, "{snr}");
}

/// A peer that does with numbers, times and lengths whatever it likes: 2.5 to 120 ms, one channel and two,
/// times that jump by half of their range, that stand still, run back and end. Nobody waits, and the sound
/// comes back.
#[test]
fn a_peer_may_send_any_numbers_times_and_lengths() {
    type Time = fn(u64, &mut fastrand::Rng) -> (u64, u64);
    let times: [(&str, Time); 8] = [
        ("any", |n, random| (n, random.u64(..))),
        ("any within 3 s", |n, random| (n, 90_000_000 + n * 960 + random.u64(..140_000))),
        ("half of 32 bits", |n, _| (n, n * (1 << 31))),
        ("a second each", |n, _| (n, n * 48_000)),
        ("standing still", |n, _| (n, 48_000)),
        ("running back", |n, _| (u64::MAX - n, 1_000_000 - n * 960)),
        ("one number", |n, _| (7, n * 960)),
        ("the end of numbers", |n, _| (u64::MAX - 100 + n % 100, u64::MAX - 2_000_000 + n * 960)),
    ];
    for (name, time) in times {
        let mut receiver = Receiver::new(Limits::default()).expect("a receiver");
        let mut random = fastrand::Rng::with_seed(9);
        let (mut encoder, mut source) =
            (Encoder::new(32_000).expect("an encoder"), tone::Tone::new(440.0, 10_000.0, RATE));
        let mut heard = Vec::new();
        for n in 0..600_u64 {
            let now = START + n * 20 * MS;
            let mut frame = [0; FRAME];
            source.fill(&mut frame);
            let good = encoder.encode(&frame).expect("no silence").to_vec();
            let (seq, time, payload) = if n < 200 {
                let (seq, time) = time(n, &mut random);
                let mut payload: Vec<u8> = (0..random.usize(1..60)).map(|_| random.u8(..)).collect();
                payload[0] = random.u8(..);
                (seq, time, payload)
            } else {
                (n, n * 960, good)
            };
            receiver.insert(packet(seq, time, now, payload));
            let mut out = [0; FRAME];
            receiver.fill(now, &mut out);
            heard.extend(out);
            assert!(receiver.target_us() <= 220_000, "{name}");
        }
        let snr = tone::snr_db(&heard[500 * FRAME..], 440.0, RATE);
        assert!(snr >= 20.0, "{name}: {snr}");
    }
}
