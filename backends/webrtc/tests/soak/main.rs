//! Long calls, one after the other, in virtual time: nothing grows, and clocks that differ do not matter.
//! `SOAK_CALLS=1 SOAK_MINUTES=3` for less.

mod figures;
mod sound;
mod world;

use std::sync::Arc;

use nertc_callkit_testkit::heap::{CountingHeap, in_use};
use nertc_callkit_testkit::number;
use nertc_callkit_webrtc::peer::{Input, Output, Security};

use parking_lot::Mutex;
use sound::Windows;
use world::{Link, MS, SECOND, START, World};

#[global_allocator]
static HEAP: CountingHeap = CountingHeap;

const MINUTE: u64 = 60 * SECOND;
/// A bad day: packets overtake each other.
const LINK: Link = Link { delay: 40 * MS, jitter: 30 * MS, loss_percent: 2 };
/// What may be in use more or less: queues are longer at one moment than at another.
const CHANCE: isize = 64 * 1024;

fn bytes() -> isize {
    in_use().0 as isize
}

/// Nothing was reported but the connection, its code and the peer's microphone, once each.
fn nothing_has_happened(world: &World, case: &str) {
    for side in &world.sides {
        let count = |is_it: fn(&Output) -> bool| side.told.iter().filter(|output| is_it(output)).count();
        let connected = count(|output| matches!(output, Output::Connected { .. }));
        let secured = count(|output| matches!(output, Output::Secured { state: Security::Unverified, .. }));
        let media = count(|output| matches!(output, Output::PeerMedia(_)));
        let others = side.told.len() - connected - secured - media;
        assert_eq!([connected, secured, media, others], [1, 1, 1, 0], "{case}: {:?}", side.told);
        assert!(side.texts <= 4, "{case}: {} texts", side.texts);
    }
}

/// Both sides play what the other sends, as late as it should be.
fn sound_is_in_time(world: &World, case: &str) {
    for side in &world.sides {
        let (delay, target) = side.ear.delay();
        let counters = side.ear.counters();
        assert!((delay - target as f64).abs() < 30_000.0, "{case}: {delay} us for {target}: {counters:?}");
        assert!(target <= 120 * MS, "{case}: {target} us: {counters:?}");
        assert_eq!((counters.skipped, counters.restarts), (0, 0), "{case}: {counters:?}");
    }
}

/// A call of so many minutes; the heap that it had after two minutes, beyond what there was before.
fn call(number: u64, minutes: u64) -> isize {
    let before = bytes();
    let sign = if number.is_multiple_of(2) { 1 } else { -1 };
    let mut world = World::start(number, LINK, [100 * sign, -100 * sign], |_| sound::packets());
    world.run_until(START + 15 * SECOND, World::is_connected);
    assert!(world.is_connected(), "call {number}: {:?}", world.sides.map(|side| side.told));
    let mut early = 0;
    for minute in 1..=minutes {
        world.run_until(START + minute * MINUTE, |_| false);
        let case = format!("call {number}, minute {minute}");
        nothing_has_happened(&world, &case);
        sound_is_in_time(&world, &case);
        let used = bytes() - before;
        if minute == 2 {
            early = used;
        }
        assert!(minute <= 2 || (used - early).abs() < CHANCE, "{case}: {used} bytes, {early} at first");
    }
    for (side, other) in [(0, 1), (1, 0)].map(|(at, other)| (&world.sides[at], &world.sides[other])) {
        let (part, lost) = (side.heard as f64 / other.spoken as f64, LINK.loss_percent as f64 / 100.0);
        // Five times as much as chance does.
        let chance = 5.0 * (lost * (1.0 - lost) / other.spoken as f64).sqrt();
        assert!((part - 1.0 + lost).abs() < chance, "call {number}: {part} of {} packets", other.spoken);
        let counters = side.ear.counters();
        let made_up = (counters.concealed_samples + counters.recovered_samples) as f64;
        let part = made_up / (minutes as f64 * 60.0 * 48_000.0);
        assert!(part < 0.025, "call {number}: {part} of the sound is made up: {counters:?}");
    }
    for at in 0..2 {
        let (now, peer) = (world.now, &mut world.sides[at].peer);
        peer.handle(now, Input::Leave);
    }
    early
}

/// The heap is the program's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
#[ignore = "make soak: hours, even if virtual"]
fn calls_of_half_an_hour_leave_nothing_behind() {
    let _alone = ALONE.lock();
    let (calls, minutes) = (number("SOAK_CALLS", 20), number("SOAK_MINUTES", 30));
    // What is made once for the process.
    call(0, 1);
    let before = bytes();
    let mut used = 0;
    for number in 1..=calls {
        used = call(number, minutes);
        let left = bytes() - before;
        assert!(left.abs() < 4_096, "{left} bytes are left after call {number}");
    }
    println!("soak: {calls} calls of {minutes} minutes; both sides of one use {used} bytes");
}

#[test]
#[ignore = "make soak: hours, even if virtual"]
fn a_tone_of_half_an_hour_has_few_holes() {
    let _alone = ALONE.lock();
    let minutes = number("SOAK_MINUTES", 30);
    let windows: [Arc<Mutex<Windows>>; 2] = Default::default();
    let mut world = World::start(7, LINK, [100, -100], |at| sound::tones(&windows[at]));
    world.sides.iter().for_each(|side| side.mouth.set_loss(2));
    // Without the set-up.
    world.run_until(START + 2 * SECOND, |_| false);
    windows.iter().for_each(|windows| *windows.lock() = Windows::default());
    for minute in 1..=minutes {
        world.run_until(START + minute * MINUTE, |_| false);
        let case = format!("minute {minute}");
        nothing_has_happened(&world, &case);
        sound_is_in_time(&world, &case);
    }
    for (windows, side) in windows.iter().map(|windows| *windows.lock()).zip(&world.sides) {
        let [silent, weak] = windows.percent();
        println!("soak: a tone of {minutes} minutes: {silent:.3} % silent, {weak:.3} % weak");
        let is_good = windows.all > minutes * 2_900 && silent <= 0.1 && weak <= 0.1;
        assert!(is_good, "{windows:?}: {:?}", side.ear.counters());
    }
}
