//! What a device's callback touches: a ring and a few numbers. No lock, no allocation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, AtomicU64, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};

use crate::limits::RING;

/// Shared by a callback and who controls it.
#[derive(Debug, Default)]
struct Gate {
    is_closed: AtomicBool,
    callbacks: AtomicU64,
    peak: AtomicU16,
    /// Samples of the longest callback since somebody asked.
    longest: AtomicU32,
}

/// The controlling end of a callback.
#[derive(Clone, Debug, Default)]
pub struct Control(Arc<Gate>);

impl Control {
    /// From now on nothing passes, whatever the device does.
    pub fn close(&self) {
        self.0.is_closed.store(true, Ordering::SeqCst);
    }

    /// True after `close`. A system asks before it starts a device.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed.load(Ordering::SeqCst)
    }

    /// How often the device has called.
    pub fn callbacks(&self) -> u64 {
        self.0.callbacks.load(Ordering::Relaxed)
    }

    /// The loudest sample since the last question.
    pub fn take_peak(&self) -> u16 {
        self.0.peak.swap(0, Ordering::Relaxed)
    }

    /// Samples of the longest callback since the last question.
    pub fn take_longest(&self) -> usize {
        self.0.longest.swap(0, Ordering::Relaxed) as usize
    }

    /// A callback of so many samples began; false: nothing may pass.
    fn enter(&self, samples: usize) -> bool {
        self.0.callbacks.fetch_add(1, Ordering::Relaxed);
        self.0.longest.fetch_max(u32::try_from(samples).unwrap_or(u32::MAX), Ordering::Relaxed);
        !self.is_closed()
    }

    fn meter(&self, sound: &[i16]) {
        let peak = sound.iter().map(|it| it.unsigned_abs()).max().unwrap_or(0);
        self.0.peak.fetch_max(peak, Ordering::Relaxed);
    }
}

/// The microphone's callback.
#[derive(Debug)]
pub struct Capture {
    control: Control,
    ring: Producer<i16>,
}

impl Capture {
    /// With the other end of its ring.
    pub fn new(control: Control) -> (Capture, Consumer<i16>) {
        let (ring, end) = RingBuffer::new(RING);
        (Capture { control, ring }, end)
    }

    /// See [`Control`].
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Sound from the device. What nobody reads in time is dropped.
    pub fn deliver(&mut self, sound: &[i16]) {
        if !self.control.enter(sound.len()) {
            return;
        }
        self.control.meter(sound);
        let fits = sound.len().min(self.ring.slots());
        if let Ok(chunk) = self.ring.write_chunk_uninit(fits) {
            chunk.fill_from_iter(sound[..fits].iter().copied());
        }
    }
}

/// The speaker's callback.
#[derive(Debug)]
pub struct Playout {
    control: Control,
    ring: Consumer<i16>,
}

impl Playout {
    /// With the other end of its ring.
    pub fn new(control: Control) -> (Playout, Producer<i16>) {
        let (end, ring) = RingBuffer::new(RING);
        (Playout { control, ring }, end)
    }

    /// See [`Control`].
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Sound for the device; silence where there is none.
    pub fn fill(&mut self, sound: &mut [i16]) {
        let is_open = self.control.enter(sound.len());
        let ready = if is_open { sound.len().min(self.ring.slots()) } else { 0 };
        let (played, silent) = sound.split_at_mut(ready);
        if let Ok(chunk) = self.ring.read_chunk(ready) {
            let (first, second) = chunk.as_slices();
            played[..first.len()].copy_from_slice(first);
            played[first.len()..].copy_from_slice(second);
            chunk.commit_all();
        }
        silent.fill(0);
        self.control.meter(played);
    }
}

/// What a device calls.
#[derive(Debug)]
pub enum Callback {
    /// With sound.
    Capture(Capture),
    /// For sound.
    Playout(Playout),
}
