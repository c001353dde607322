//! Echo in five rooms, with devices whose clocks differ, a jump of the delay, and both sides talking.

mod rig;

use nertc_callkit_audio_processing::Settings;
use nertc_callkit_testkit::Random;
use rig::{Room, delayed_from, drifted, level, mix, noise, process, samples, voice};

const SECONDS: f64 = 14.0;
/// The delay grows by 60 ms.
const JUMP: f64 = 7.0;
/// Both sides talk from here on.
const BOTH: f64 = 11.0;

/// A handset on a desk, a laptop, a small and a large office, a hall with the microphone far away.
const ROOMS: [Room; 5] = [
    Room { seed: 10, delay_ms: 35.0, reverberation_ms: 60.0, gain_db: -6.0 },
    Room { seed: 11, delay_ms: 48.0, reverberation_ms: 120.0, gain_db: -12.0 },
    Room { seed: 12, delay_ms: 61.0, reverberation_ms: 200.0, gain_db: -10.0 },
    Room { seed: 13, delay_ms: 74.0, reverberation_ms: 300.0, gain_db: -8.0 },
    Room { seed: 14, delay_ms: 87.0, reverberation_ms: 400.0, gain_db: -16.0 },
];

fn part(sound: &[f32], from: f64, to: f64) -> &[f32] {
    &sound[samples(from)..samples(to)]
}

/// What of `voice` is in `output`, `lag` samples later: frame by frame the multiple of it that is nearest.
fn voice_in(output: &[f32], voice: &[f32], lag: usize) -> f64 {
    let frames = output[lag..].chunks_exact(480).zip(voice.chunks_exact(480));
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let energy = frames.map(|(output, voice)| dot(output, voice).powi(2) / (dot(voice, voice) + 1e-9));
    10.0 * (energy.sum::<f64>() / voice.len() as f64 + 1e-12).log10()
}

/// ERLE: how much less echo comes out than went in, in each second in which only the far side talks: from 3
/// s on, and again from 3 s after the jump. Double talk: three seconds of both voices, in which the near
/// voice stands 20 dB above the echo that comes out of the same seconds without it. AEC3 lowers it
/// meanwhile; not by more than 18 dB.
fn check(room: usize) {
    let far = voice(1, SECONDS, 0.5);
    let voice = voice(77, SECONDS, 0.3);
    let from = samples(BOTH);
    for ppm in [100.0, -100.0] {
        // The speaker's clock is the faster one: its sound is shorter in the microphone's.
        let mut near = drifted(&ROOMS[room].echo(&far), -ppm);
        delayed_from(&mut near, JUMP, 60.0);
        let mut random = Random::new(3);
        near.iter_mut().for_each(|it| *it += 0.0003 * noise(&mut random));
        let mut both = near.clone();
        mix(&mut both[from..], &voice[from..]);
        let output = process(Settings::default(), &far, &both, ppm);

        let erle = |from, to| level(part(&both, from, to)) - level(part(&output, from, to));
        let seconds = [3.0, 4.0, 5.0, 6.0, 10.0].map(|from| erle(from, from + 1.0));
        assert!(seconds.iter().all(|erle| *erle >= 25.0), "room {room}, {ppm} ppm: ERLE {seconds:.1?}");

        // The same seconds with and without the near voice.
        let echo = level(&process(Settings::default(), &far, &near, ppm)[from..]);
        let lags = (0..1000).step_by(4).map(|lag| voice_in(&output[from..], &voice[from..], lag));
        let kept = lags.fold(f64::MIN, f64::max);
        let lost = level(&voice[from..]) - kept;
        assert!(kept >= echo + 20.0, "room {room}, {ppm} ppm: voice {kept:.1} dB, echo {echo:.1} dB");
        assert!(lost <= 18.0, "room {room}, {ppm} ppm: lost {lost:.1} dB of the voice");
    }
}

#[test]
fn the_echo_of_a_handset_is_cancelled() {
    check(0);
}

#[test]
fn the_echo_of_a_laptop_is_cancelled() {
    check(1);
}

#[test]
fn the_echo_of_a_small_office_is_cancelled() {
    check(2);
}

#[test]
fn the_echo_of_a_large_office_is_cancelled() {
    check(3);
}

#[test]
fn the_echo_of_a_hall_is_cancelled() {
    check(4);
}
