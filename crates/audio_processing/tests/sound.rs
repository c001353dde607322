//! What processing does to silence, noise and loud sound.

mod rig;

use std::time::Instant;

use nertc_callkit_audio_processing::{FRAME, Processor, Settings};
use nertc_callkit_testkit::Random;
use rig::{level, noise, process, samples, voice};

#[test]
fn silence_stays_silence() {
    let silence = vec![0.0; samples(3.0)];
    let output = process(Settings::default(), &silence, &silence, 0.0);
    assert_eq!(output, silence);
    // Where the far end has no echo, no more than AEC3's comfort noise comes out.
    let output = process(Settings::default(), &voice(1, 3.0, 0.5), &silence, 0.0);
    assert!(level(&output) <= -70.0, "{:.1} dB", level(&output));
}

#[test]
fn a_noise_floor_is_lowered() {
    let mut random = Random::new(5);
    let near: Vec<f32> = (0..samples(6.0)).map(|_| 0.001 * noise(&mut random)).collect();
    let output = process(Settings::default(), &vec![0.0; near.len()], &near, 0.0);
    let (before, after) = (level(&near[samples(3.0)..]), level(&output[samples(3.0)..]));
    assert!(after <= before - 8.0, "{before:.1} dB before, {after:.1} dB after");
}

#[test]
fn a_quiet_voice_is_amplified() {
    let near = voice(9, 12.0, 0.02);
    let output = process(Settings::default(), &vec![0.0; near.len()], &near, 0.0);
    let (before, after) = (level(&near[samples(10.0)..]), level(&output[samples(10.0)..]));
    assert!(after >= before + 6.0, "{before:.1} dB before, {after:.1} dB after");
}

#[test]
fn loud_sound_is_not_clipped() {
    let near = voice(9, 6.0, 0.99);
    let output = process(Settings::default(), &voice(1, 6.0, 0.99), &near, 0.0);
    let clipped = output.iter().filter(|it| it.abs() >= 0.999).count();
    assert_eq!(clipped, 0);
    assert!(level(&output) > -40.0, "{:.1} dB", level(&output));
}

/// Square waves at full scale, and single samples: what no microphone sends.
#[test]
fn extreme_samples_do_no_harm() {
    let mut processor = Processor::new(Settings::default());
    let mut output = [0; FRAME];
    for at in 0..200 {
        let square =
            std::array::from_fn(|sample| if (sample / 24 + at) % 2 == 0 { i16::MIN } else { i16::MAX });
        processor.far(&square);
        processor.near(&square, &mut output);
    }
    for _ in 0..500 {
        processor.near(&[0; FRAME], &mut output);
    }
    assert!(output.iter().all(|it| it.abs() <= 1), "silence comes back");
}

#[test]
fn after_reset_it_is_as_new() {
    let sound: Vec<i16> = voice(4, 2.0, 0.5).iter().map(|it| (it * 32768.0) as i16).collect();
    let run = |processor: &mut Processor| {
        let mut output = Vec::new();
        for frame in sound.chunks_exact(FRAME) {
            let mut processed = [0; FRAME];
            processor.far(frame);
            processor.near(frame.try_into().expect("a frame"), &mut processed);
            output.extend(processed);
        }
        output
    };
    let mut processor = Processor::new(Settings::default());
    let first = run(&mut processor);
    assert_ne!(run(&mut processor), first, "it has learnt");
    processor.reset();
    assert_eq!(run(&mut processor), first);
}

/// `cargo test --release -p nertc_callkit_audio_processing --test sound -- --ignored --nocapture`
#[test]
#[ignore = "a figure"]
fn cost_of_a_frame() {
    let (far, near) = (voice(1, 30.0, 0.5), voice(2, 30.0, 0.3));
    let all = Settings::default();
    let echo = Settings { suppresses_noise: false, controls_gain: false, ..all };
    for (name, settings) in [("all", all), ("echo alone", echo)] {
        let costs = (0..5).map(|_| {
            let begin = Instant::now();
            process(settings, &far, &near, 0.0);
            begin.elapsed().as_micros() as f64 / 3000.0
        });
        println!("{name}: {:.0} us for 10 ms", costs.fold(f64::MAX, f64::min));
    }
}
