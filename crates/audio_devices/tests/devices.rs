//! Both devices over a simulated system, with its threads; time is the test's.

mod simulated;

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use nertc_callkit_audio_devices::{Code, DeviceId, Devices, Event, Kind};
use nertc_callkit_testkit::patience;
use simulated::Simulated;

const SOUND: [i16; 480] = [1234; 480];

struct Rig {
    system: Simulated,
    devices: Devices,
    now: u64,
    events: Vec<Event>,
}

impl Rig {
    fn new(names: &[&str]) -> Rig {
        let system = Simulated::default();
        system.set_devices(names);
        let devices = Devices::new(Arc::new(system.clone()));
        Rig { system, devices, now: 0, events: Vec::new() }
    }

    /// Polls without letting time pass until it is so: only threads are waited for.
    #[track_caller]
    fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Rig) -> bool) {
        let begin = Instant::now();
        loop {
            let events = self.devices.poll(self.now);
            self.events.extend(events);
            if is_so(self) {
                return;
            }
            assert!(begin.elapsed() < patience(), "not yet: {what}; {:?}, {:?}", self.events, self.devices);
            thread::yield_now();
        }
    }

    #[track_caller]
    fn until_event(&mut self, event: Event) {
        self.until(&format!("{event:?}"), |rig| rig.events.contains(&event));
    }

    fn open(names: &[&str]) -> Rig {
        let mut rig = Rig::new(names);
        rig.devices.open(0, Kind::Microphone, 1);
        rig.devices.open(0, Kind::Speaker, 2);
        rig.until_event(completed(1, Ok(())));
        rig.until_event(completed(2, Ok(())));
        rig
    }
}

fn completed(command: u32, result: Result<(), Code>) -> Event {
    Event::Completed { command, result }
}

fn in_use(kind: Kind, name: &str) -> Event {
    Event::InUse(kind, Ok(DeviceId(name.to_owned())))
}

#[test]
fn sound_passes_both_ways() {
    let mut rig = Rig::open(&["a"]);
    let mut frame = [0; 480];
    assert!(!rig.devices.read(&mut frame), "none yet");
    assert_eq!(rig.devices.write(&SOUND[..100]), 100);
    let played = rig.system.call(&SOUND);
    assert_eq!((&played[0][..100], &played[0][100..]), (&SOUND[..100], &[0; 380][..]), "then silence");
    assert!(rig.devices.read(&mut frame));
    assert_eq!(frame, SOUND);
    assert_eq!((rig.devices.level(Kind::Microphone), rig.devices.level(Kind::Speaker)), (1234, 1234));
    assert_eq!(rig.devices.level(Kind::Microphone), 0, "since the last question");

    // A ring that nobody reads is full after 200 ms; nothing else happens.
    (0..100).for_each(|_| drop(rig.system.call(&SOUND)));
    let read = (0..100).filter(|_| rig.devices.read(&mut frame)).count();
    assert_eq!(read, 20);
    let written: usize = (0..100).map(|_| rig.devices.write(&SOUND)).sum();
    assert_eq!(written, 9600);
}

#[test]
fn nothing_is_open_after_close() {
    let mut rig = Rig::open(&["a"]);
    rig.system.call(&SOUND);
    rig.devices.close(0, Kind::Microphone, 3);
    rig.system.call(&SOUND);
    assert!(!rig.devices.read(&mut [0; 480]), "no sound passes any more");
    rig.until_event(completed(3, Ok(())));
    rig.devices.close(0, Kind::Speaker, 4);
    rig.until_event(completed(4, Ok(())));
    assert_eq!(rig.system.open(), [""; 0]);
}

#[test]
fn a_device_whose_opening_was_under_way_is_not_started() {
    let mut rig = Rig::new(&["a"]);
    rig.system.hold(true);
    rig.devices.open(0, Kind::Microphone, 1);
    rig.until("it opens", |rig| rig.system.waiting() == 1);
    rig.devices.close(0, Kind::Microphone, 2);
    rig.until_event(completed(1, Err(Code::Cancelled)));
    rig.system.hold(false);
    rig.until_event(completed(2, Ok(())));
    assert_eq!(rig.system.open(), [""; 0]);
}

/// Whether or not the system asks before it starts the first one.
#[test]
fn an_open_that_hangs_blocks_nobody() {
    for is_careless in [false, true] {
        let mut rig = Rig::new(&["a"]);
        rig.system.hold(true);
        rig.devices.open(0, Kind::Microphone, 1);
        rig.until("it opens", |rig| rig.system.waiting() == 1);
        rig.now = 5000;
        rig.until_event(completed(1, Err(Code::Busy)));
        rig.now = 5250;
        rig.until("another attempt", |rig| rig.system.waiting() == 2);
        if is_careless {
            rig.system.be_careless();
        }
        rig.system.hold(false);
        rig.until_event(in_use(Kind::Microphone, "a"));
        rig.until("the first is closed", |rig| rig.system.waiting() == 0 && rig.system.open().len() == 1);
        // The one that is left is the one that is read.
        rig.system.call(&SOUND);
        assert!(rig.devices.read(&mut [0; 480]));
    }
}

#[test]
fn the_systems_refusal_is_reported() {
    let mut rig = Rig::new(&["a"]);
    rig.system.refuse(Some(Code::Denied));
    rig.devices.open(0, Kind::Speaker, 1);
    rig.until_event(completed(1, Err(Code::Denied)));
    assert!(rig.events.contains(&Event::InUse(Kind::Speaker, Err(Code::Denied))));
    rig.system.refuse(None);
    rig.now = 250;
    rig.until_event(in_use(Kind::Speaker, "a"));
}

#[test]
fn a_device_is_switched_and_back_when_it_is_gone() {
    let mut rig = Rig::open(&["a", "b"]);
    rig.devices.set_device(0, Kind::Speaker, Some(DeviceId("b".to_owned())), 3);
    rig.until_event(completed(3, Ok(())));
    assert_eq!(rig.system.open(), ["a", "b"]);
    assert_eq!(rig.devices.write(&SOUND), 480);
    assert_eq!(rig.system.call(&SOUND), [SOUND]);

    rig.system.set_devices(&["a"]);
    rig.now = 2000;
    rig.until("the default", |rig| !rig.system.call(&SOUND).is_empty() && rig.system.open() == ["a", "a"]);
    rig.system.set_devices(&["a", "b"]);
    rig.now = 4000;
    rig.until("back", |rig| !rig.system.call(&SOUND).is_empty() && rig.system.open() == ["a", "b"]);
}

#[test]
fn dropping_closes_everything() {
    let rig = Rig::open(&["a"]);
    let system = rig.system.clone();
    drop(rig);
    let begin = Instant::now();
    while !system.open().is_empty() {
        assert!(begin.elapsed() < patience(), "still open: {:?}", system.open());
        thread::yield_now();
    }
}

#[test]
fn the_speaker_is_written_what_it_played() {
    let mut rig = Rig::new(&["a"]);
    assert_eq!(rig.devices.needed(0), None, "no speaker plays");
    rig.devices.open(0, Kind::Speaker, 1);
    rig.until_event(completed(1, Ok(())));
    rig.system.call(&SOUND);
    // What its longest callback takes, and 20 ms.
    assert_eq!(rig.devices.needed(0), Some(1440));
    assert_eq!(rig.devices.write(&[1; 1440]), 1440);
    assert_eq!(rig.devices.needed(0), Some(0));
    rig.system.call(&SOUND[..441]);
    assert_eq!(rig.devices.needed(10), Some(441));
    rig.devices.write(&[1; 441]);

    // One long callback counts for a while.
    rig.system.call(&[0; 960]);
    assert_eq!(rig.devices.needed(20), Some(1440));
    assert_eq!(rig.devices.needed(2600), Some(1440));
    assert_eq!(rig.devices.needed(5200), Some(480), "only 20 ms: nothing was called since");
    assert_eq!(rig.devices.in_use(Kind::Speaker), Some(&DeviceId("a".to_owned())));
    rig.devices.close(5200, Kind::Speaker, 2);
    assert_eq!((rig.devices.needed(5200), rig.devices.in_use(Kind::Speaker)), (None, None));
}
