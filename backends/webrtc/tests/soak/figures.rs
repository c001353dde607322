//! Figures that `make bench` shows: it looks for the lines that begin with `figure`.

use std::collections::BTreeMap;
use std::sync::Arc;

use nertc_callkit_testkit::Random;
use nertc_callkit_webrtc::audio::{RATE, tone};
use parking_lot::Mutex;

use crate::sound::{self, Windows};
use crate::world::{Link, MS, SECOND, START, World};

const CALM: Link = Link { delay: 30 * MS, jitter: 0, loss_percent: 0 };
const BAD: Link = Link { delay: 30 * MS, jitter: 15 * MS, loss_percent: 5 };
/// Samples that one value of a loudness curve stands for: 2.5 ms.
const STEP: usize = RATE as usize / 400;
const STEP_US: u64 = 2_500;
/// A burst or a pause.
const BURST_US: u64 = 40 * MS;

/// Loudness by time, in steps.
type Curve = Arc<Mutex<BTreeMap<u64, f64>>>;

fn add(curve: &Curve, time: u64, samples: &[i16]) {
    let mut curve = curve.lock();
    for (at, step) in samples.chunks(STEP).enumerate() {
        let energy: f64 = step.iter().map(|sample| f64::from(*sample).abs()).sum();
        curve.insert(time / STEP_US + at as u64, energy / step.len() as f64);
    }
}

/// How much later `heard` is than `said`, in microseconds: where they fit best.
fn delay(said: &Curve, heard: &Curve) -> u64 {
    let (said, heard) = (said.lock(), heard.lock());
    let fit = |late: u64| {
        let pairs = said.iter().filter_map(|(at, level)| Some((*level, *heard.get(&(at + late))?)));
        let pairs: Vec<(f64, f64)> = pairs.collect();
        let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
        let (one, other) = (mean(|pair| pair.0), mean(|pair| pair.1));
        pairs.iter().map(|pair| (pair.0 - one) * (pair.1 - other)).sum::<f64>() / pairs.len() as f64
    };
    let best = (0..200).max_by(|one, other| fit(*one).total_cmp(&fit(*other)));
    best.expect("some") * STEP_US
}

/// What we add to the way of sound from mouth to ear: 20 ms of a frame, the encoder's 6.5, and the buffer.
fn added_ms(link: Link) -> f64 {
    let [said, heard] = [Curve::default(), Curve::default()];
    let mut world = World::start(11, link, [0, 0], |at| {
        if at == 1 {
            let heard = heard.clone();
            return sound::opus(
                Box::new(|_, out| out.fill(0)),
                Box::new(move |time, it| add(&heard, time, it)),
            );
        }
        let (mut tone, said) = (tone::Tone::new(700.0, 10_000.0, RATE), said.clone());
        let source = move |time: u64, out: &mut [i16]| {
            tone.fill(out);
            // Whether a burst is loud follows from its number.
            if Random::new(time / BURST_US).chance(500) {
                out.fill(0);
            }
            add(&said, time, out);
        };
        sound::opus(Box::new(source), Box::new(|_, _| ()))
    });
    world.sides[0].mouth.set_loss(link.loss_percent as u8);
    // The buffer knows its network after some seconds.
    world.run_until(START + 10 * SECOND, |_| false);
    [&said, &heard].iter().for_each(|curve| curve.lock().clear());
    world.run_until(START + 30 * SECOND, |_| false);
    (delay(&said, &heard) - link.delay) as f64 / MS as f64
}

#[test]
fn what_we_add_to_the_delay_is_little() {
    let (calm, bad) = (added_ms(CALM), added_ms(BAD));
    println!("figure delay_calm_ms {calm}\nfigure delay_bad_ms {bad}");
    assert!((30.0..=70.0).contains(&calm), "{calm} ms");
    assert!((calm..=120.0).contains(&bad), "{bad} ms");
}

#[test]
fn a_tone_over_a_bad_network_has_few_holes() {
    let windows: [Arc<Mutex<Windows>>; 2] = Default::default();
    let mut world = World::start(12, BAD, [0, 0], |at| sound::tones(&windows[at]));
    world.sides.iter().for_each(|side| side.mouth.set_loss(5));
    world.run_until(START + 2 * SECOND, |_| false);
    windows.iter().for_each(|windows| *windows.lock() = Windows::default());
    world.run_until(START + 60 * SECOND, |_| false);
    let worst = windows.iter().map(|windows| windows.lock().percent());
    let [silent, weak] = worst
        .fold([0.0, 0.0], |worst, [silent, weak]| [f64::max(worst[0], silent), f64::max(worst[1], weak)]);
    println!("figure silent_percent {silent}\nfigure weak_percent {weak}");
    assert!(silent <= 1.2 && weak <= 0.1, "{silent} % silent, {weak} % weak");
}
