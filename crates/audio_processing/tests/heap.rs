//! Memory of a processor.

use nertc_callkit_audio_processing::{FRAME, Processor, Settings};
use nertc_callkit_testkit::Random;
use nertc_callkit_testkit::heap::{CountingHeap, in_use};

#[global_allocator]
static HEAP: CountingHeap = CountingHeap;

#[test]
fn a_processor_does_not_grow() {
    let mut random = Random::new(1);
    let sound: Vec<i16> = (0..FRAME * 100).map(|_| random.below(8000) as i16 - 4000).collect();
    let (before, _) = in_use();
    let mut processor = Processor::new(Settings::default());
    let mut run = |frames: usize| {
        for at in 0..frames {
            processor.far(&sound[at % 50 * FRAME..][..FRAME]);
            let near = &sound[at % 40 * FRAME..][..FRAME];
            processor.near(near.try_into().expect("a frame"), &mut [0; FRAME]);
        }
        in_use()
    };
    let (first, _) = run(300);
    let (later, _) = run(3000);
    assert!(later <= first + 2000, "{first} bytes, later {later}");
    let used = first - before;
    assert!((100_000..1_000_000).contains(&used), "{used} bytes");
}
