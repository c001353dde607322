//! A device's callback neither allocates nor frees.

use nertc_callkit_audio_devices::callback::{Capture, Control, Playout};
use nertc_callkit_testkit::heap::{CountingHeap, allocations, in_use};

#[global_allocator]
static HEAP: CountingHeap = CountingHeap;

#[test]
fn callbacks_do_not_allocate() {
    let control = Control::default();
    let (mut capture, mut from_microphone) = Capture::new(control.clone());
    let (mut playout, mut to_speaker) = Playout::new(control);
    let mut frame = [1; 480];
    let before = (allocations(), in_use());
    assert!(before.0 > 0, "the heap counts");
    for at in 0..1000 {
        capture.deliver(&frame);
        playout.fill(&mut frame);
        // Empty, full, and in between.
        if at % 100 > 50 {
            let chunk = from_microphone.read_chunk(from_microphone.slots().min(500)).expect("slots");
            let read = chunk.into_iter().count();
            to_speaker
                .write_chunk_uninit(read.min(to_speaker.slots()))
                .expect("slots")
                .fill_from_iter([7; 500]);
        }
    }
    assert_eq!((allocations(), in_use()), before);
}
