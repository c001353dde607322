//! Microphone and speaker of one call: controllers, the threads that wait for the system, and the rings.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rtrb::{Consumer, Producer};

use crate::callback::{Callback, Capture, Control, Playout};
use crate::controller::{Controller, Input, Output, StreamId};
use crate::device::{Code, Device, DeviceId, Kind};
use crate::limits::{AHEAD, LONGEST_WINDOW, RING};
use crate::system::{Stream, System};

/// What a thread that waited for the system brings back.
enum Answer {
    Listed(Kind, Result<Vec<Device>, Code>),
    Opened(Kind, StreamId, Result<Stream, Code>),
    Closed(Kind, StreamId),
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A command is done; once for each.
    Completed {
        /// Which.
        command: u32,
        /// How it ended.
        result: Result<(), Code>,
    },
    /// The device in use has changed, or why there is none.
    InUse(Kind, Result<DeviceId, Code>),
}

/// The end of a stream's ring.
enum Ring {
    FromMicrophone(Consumer<i16>),
    ToSpeaker(Producer<i16>),
}

/// How much waits for the speaker: enough for its longest callback of the last seconds.
#[derive(Default)]
struct Pace {
    /// Longest callbacks of this window and of the one before.
    longest: [usize; 2],
    window_ends: u64,
}

impl Pace {
    fn target(&mut self, now: u64, longest: usize) -> usize {
        if now >= self.window_ends {
            self.longest = [0, self.longest[0]];
            self.window_ends = now + LONGEST_WINDOW;
        }
        self.longest[0] = self.longest[0].max(longest);
        (self.longest[0].max(self.longest[1]) + AHEAD).min(RING)
    }
}

/// A stream from `Open` until it is closed.
struct Running {
    number: StreamId,
    control: Control,
    ring: Ring,
    pace: Pace,
    /// `None` while the system opens or closes it.
    stream: Option<Stream>,
}

/// One kind of device.
#[derive(Default)]
struct Side {
    controller: Controller,
    running: Vec<Running>,
}

impl Side {
    /// Of the stream that is open, or being opened: the others are closed.
    fn ring(&mut self) -> Option<&mut Ring> {
        self.running.iter_mut().find(|it| !it.control.is_closed()).map(|it| &mut it.ring)
    }
}

/// Both devices of a call. The thread of media calls [`Devices::poll`] every 10 ms or so, and reads and
/// writes sound; no call waits for the system.
pub struct Devices {
    system: Arc<dyn System>,
    microphone: Side,
    speaker: Side,
    sender: Sender<Answer>,
    answers: Receiver<Answer>,
    events: Vec<Event>,
}

impl std::fmt::Debug for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let controllers = (&self.microphone.controller, &self.speaker.controller);
        f.debug_struct("Devices").field("controllers", &controllers).finish_non_exhaustive()
    }
}

impl Devices {
    /// Opens nothing yet.
    pub fn new(system: Arc<dyn System>) -> Devices {
        let (sender, answers) = channel();
        Devices {
            system,
            microphone: Side::default(),
            speaker: Side::default(),
            sender,
            answers,
            events: Vec::new(),
        }
    }

    /// Opens the wanted device of this kind, and keeps it open.
    pub fn open(&mut self, now: u64, kind: Kind, command: u32) {
        self.handle(now, kind, Input::Open { command });
    }

    /// Closes it. When this returns no sound passes any more.
    pub fn close(&mut self, now: u64, kind: Kind, command: u32) {
        self.handle(now, kind, Input::Close { command });
    }

    /// Uses this device from now on; `None`: the system's default.
    pub fn set_device(&mut self, now: u64, kind: Kind, device: Option<DeviceId>, command: u32) {
        self.handle(now, kind, Input::Use { command, device });
    }

    /// Does what is due, and returns what has happened.
    pub fn poll(&mut self, now: u64) -> Vec<Event> {
        while let Ok(answer) = self.answers.try_recv() {
            self.on_answer(now, answer);
        }
        for kind in [Kind::Microphone, Kind::Speaker] {
            let called = |it: &Running| (it.number, it.control.callbacks());
            let running: Vec<_> = self.side(kind).running.iter().map(called).collect();
            for (stream, callbacks) in running {
                self.handle(now, kind, Input::Called { stream, callbacks });
            }
            if self.side(kind).controller.poll_timeout().is_some_and(|at| at <= now) {
                self.side(kind).controller.handle_timeout(now);
                self.execute(now, kind);
            }
        }
        std::mem::take(&mut self.events)
    }

    /// Sound of the microphone; false: less than `frame` is there.
    pub fn read(&mut self, frame: &mut [i16]) -> bool {
        let Some(Ring::FromMicrophone(ring)) = self.microphone.ring() else { return false };
        let Ok(chunk) = ring.read_chunk(frame.len()) else { return false };
        frame.iter_mut().zip(chunk).for_each(|(to, from)| *to = from);
        true
    }

    /// Samples that the speaker needs by now: its clock. `None` while no speaker plays.
    pub fn needed(&mut self, now: u64) -> Option<usize> {
        let is_playing = |it: &&mut Running| !it.control.is_closed() && it.control.callbacks() > 0;
        let playing = self.speaker.running.iter_mut().find(is_playing)?;
        let Ring::ToSpeaker(ring) = &playing.ring else { return None };
        let target = playing.pace.target(now, playing.control.take_longest());
        Some(target.saturating_sub(RING - ring.slots()))
    }

    /// Samples that wait for the speaker.
    pub fn waiting(&mut self) -> usize {
        match self.speaker.ring() {
            Some(Ring::ToSpeaker(ring)) => RING - ring.slots(),
            Some(Ring::FromMicrophone(_)) | None => 0,
        }
    }

    /// The device that is open.
    pub fn in_use(&self, kind: Kind) -> Option<&DeviceId> {
        let side = if kind == Kind::Microphone { &self.microphone } else { &self.speaker };
        side.controller.in_use()
    }

    /// Sound for the speaker; returns how much of it fits.
    pub fn write(&mut self, sound: &[i16]) -> usize {
        let Some(Ring::ToSpeaker(ring)) = self.speaker.ring() else { return 0 };
        let fits = sound.len().min(ring.slots());
        ring.write_chunk_uninit(fits).map_or(0, |chunk| chunk.fill_from_iter(sound[..fits].iter().copied()))
    }

    /// The loudest sample since the last question; 0 while nothing is open.
    pub fn level(&self, kind: Kind) -> u16 {
        let side = if kind == Kind::Microphone { &self.microphone } else { &self.speaker };
        let open = side.running.iter().filter(|it| !it.control.is_closed());
        open.map(|it| it.control.take_peak()).max().unwrap_or(0)
    }

    fn side(&mut self, kind: Kind) -> &mut Side {
        match kind {
            Kind::Microphone => &mut self.microphone,
            Kind::Speaker => &mut self.speaker,
        }
    }

    fn handle(&mut self, now: u64, kind: Kind, input: Input) {
        self.side(kind).controller.handle(now, input);
        self.execute(now, kind);
    }

    fn on_answer(&mut self, now: u64, answer: Answer) {
        match answer {
            Answer::Listed(kind, result) => self.handle(now, kind, Input::Listed(result)),
            Answer::Opened(kind, stream, Err(code)) => {
                self.side(kind).running.retain(|it| it.number != stream);
                self.handle(now, kind, Input::Opened { stream, result: Err(code) });
                // If it was closed meanwhile, this is the answer to that, too.
                self.handle(now, kind, Input::Closed { stream });
            }
            Answer::Opened(kind, stream, Ok(opened)) => {
                let running = self.side(kind).running.iter_mut().find(|it| it.number == stream);
                let Some(running) = running else { return };
                let is_closed = running.control.is_closed();
                running.stream = Some(opened);
                if is_closed {
                    self.close_stream(kind, stream);
                } else {
                    self.handle(now, kind, Input::Opened { stream, result: Ok(()) });
                }
            }
            Answer::Closed(kind, stream) => {
                self.side(kind).running.retain(|it| it.number != stream);
                self.handle(now, kind, Input::Closed { stream });
            }
        }
    }

    fn execute(&mut self, now: u64, kind: Kind) {
        while let Some(output) = self.side(kind).controller.poll_output() {
            match output {
                Output::List => self.list(kind),
                Output::Open { stream, device } => self.open_stream(kind, stream, device),
                Output::Close { stream } => {
                    self.side(kind)
                        .running
                        .iter()
                        .filter(|it| it.number == stream)
                        .for_each(|it| it.control.close());
                    self.close_stream(kind, stream);
                }
                Output::Complete { command, result } => {
                    self.events.push(Event::Completed { command, result })
                }
                Output::Report(what) => {
                    log::info!("{kind:?} at {now}: {what:?}");
                    self.events.push(Event::InUse(kind, what));
                }
            }
        }
    }

    fn list(&mut self, kind: Kind) {
        let system = Arc::clone(&self.system);
        self.spawn(move || Answer::Listed(kind, system.list(kind)), Answer::Listed(kind, Err(Code::Busy)));
    }

    fn open_stream(&mut self, kind: Kind, stream: StreamId, device: DeviceId) {
        let control = Control::default();
        let (callback, ring) = match kind {
            Kind::Microphone => {
                let (capture, ring) = Capture::new(control.clone());
                (Callback::Capture(capture), Ring::FromMicrophone(ring))
            }
            Kind::Speaker => {
                let (playout, ring) = Playout::new(control.clone());
                (Callback::Playout(playout), Ring::ToSpeaker(ring))
            }
        };
        self.side(kind).running.push(Running {
            number: stream,
            control,
            ring,
            pace: Pace::default(),
            stream: None,
        });
        let system = Arc::clone(&self.system);
        let open = move || Answer::Opened(kind, stream, system.open(&device, callback));
        self.spawn(open, Answer::Opened(kind, stream, Err(Code::Busy)));
    }

    /// Closes it on a thread; one that the system still opens is closed when that is done.
    fn close_stream(&mut self, kind: Kind, stream: StreamId) {
        let running = self.side(kind).running.iter_mut().find(|it| it.number == stream);
        if let Some(opened) = running.and_then(|it| it.stream.take()) {
            let close = move || {
                drop(opened);
                Answer::Closed(kind, stream)
            };
            self.spawn(close, Answer::Closed(kind, stream));
        }
    }

    /// On a thread that nobody waits for: drivers may block for ever.
    fn spawn(&self, work: impl FnOnce() -> Answer + Send + 'static, without_thread: Answer) {
        let sender = self.sender.clone();
        // Nobody receives once the devices are dropped; then a stream is closed by dropping the answer.
        let run = move || drop(sender.send(work()));
        if let Err(error) = thread::Builder::new().name("nertc_device".to_owned()).spawn(run) {
            log::warn!("no thread for a device: {error}");
            drop(self.sender.send(without_thread));
        }
    }
}

impl Drop for Devices {
    fn drop(&mut self) {
        for side in [&mut self.microphone, &mut self.speaker] {
            side.running.iter().for_each(|it| it.control.close());
            // Closing may block, also here.
            let streams: Vec<Stream> = side.running.drain(..).filter_map(|it| it.stream).collect();
            if !streams.is_empty() {
                drop(thread::Builder::new().name("nertc_device".to_owned()).spawn(move || drop(streams)));
            }
        }
    }
}
