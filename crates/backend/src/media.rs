//! What a media backend is, and how it reports.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use nertc_callkit_abi::nertc_callkit_frame;
use nertc_callkit_media::{Media, MediaOperation, MediaReport, Preparation};
use nertc_callkit_signaling::{Code, Outcome, Req, Text};
use parking_lot::{Condvar, Mutex};

use crate::LogLevel;
use crate::queue::{SinkMessage, SinkQueue};

/// A media backend of one client. [`crate::adapter`] makes the C vtable from it.
///
/// Called on the client's worker, one call at a time; must not block. Only `push_frame` is called on the
/// app's thread, concurrently. It reports through the [`MediaSink`] that it was created with, under the rules
/// of [`crate::SignalingBackend`].
pub trait MediaBackend: Any + Send + Sync {
    /// Called before the first login, at most once.
    ///
    /// # Errors
    /// It cannot work; the login fails with this code.
    fn open(&self) -> Result<(), Code> {
        Ok(())
    }

    /// Called once, after a successful `open`; nothing is reported afterwards.
    fn close(&self);

    /// Starts an operation, which is completed exactly once.
    ///
    /// # Errors
    /// Refused, and not completed.
    fn run(&self, req: Req, operation: MediaOperation) -> Result<(), Code>;

    /// Sends a frame of the app. Not called if the vtable has no frames. Outside of a call nobody receives
    /// it, which is no error.
    ///
    /// # Errors
    /// It was not accepted.
    fn push_frame(&self, frame: Frame<'_>) -> Result<(), PushError>;

    /// The device's network changed: restart what needs it.
    fn network_changed(&self) {}

    /// A text of the peer's media backend for the join of this number: a JSON object, in order, each once.
    /// Only called if the vtable has a protocol.
    fn receive(&self, join: Req, json: &Text) {
        let _ = (join, json);
    }

    /// A call is being made or rings: makes ready what its join needs. Nothing may reach the peer before the
    /// join, and nothing is reported. The join of this call follows, or `discard`, or another preparation,
    /// which replaces this one. Only called if the vtable has preparation.
    fn prepare(&self, preparation: &Preparation) {
        let _ = preparation;
    }

    /// The call that was prepared will not be joined.
    fn discard(&self, call_no: u64) {
        let _ = call_no;
    }
}

/// Why a frame of the app was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushError {
    /// Its format or size is not one that this backend sends: INVALID_ARGUMENT.
    Invalid,
    /// Too much waits to be sent: QUEUE_FULL.
    Full,
    /// This kind of media is not sent by this backend: UNSUPPORTED.
    Unsupported,
}

impl PushError {
    /// The number of the nertc_callkit_status.
    pub(crate) const fn status(self) -> i32 {
        use nertc_callkit_abi::nertc_callkit_status as status;
        match self {
            PushError::Invalid => status::NERTC_CALLKIT_STATUS_INVALID_ARGUMENT as i32,
            PushError::Full => status::NERTC_CALLKIT_STATUS_QUEUE_FULL as i32,
            PushError::Unsupported => status::NERTC_CALLKIT_STATUS_UNSUPPORTED as i32,
        }
    }
}

/// A frame of sound or a picture, lent for the call.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    pub(crate) c: nertc_callkit_frame,
    /// Its planes.
    planes: PhantomData<&'a [u8]>,
}

impl<'a> Frame<'a> {
    /// Sound of 1 or more channels by turns; `time_us` is when its first sample is to be heard.
    pub fn of_sound(samples: &'a [i16], sample_rate: u32, channels: u32, time_us: u64) -> Frame<'a> {
        let none = std::ptr::null();
        let number = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        let c = nertc_callkit_frame {
            struct_size: size_of::<nertc_callkit_frame>() as u32,
            media: Media::AUDIO.bits(),
            uid: 0,
            time_us,
            planes: [samples.as_ptr().cast(), none, none, none],
            strides: [number(size_of_val(samples)), 0, 0, 0],
            width: 0,
            height: 0,
            rotation: 0,
            sample_rate,
            channels,
            samples: number(samples.len()) / channels.max(1),
        };
        Frame { c, planes: PhantomData }
    }

    /// Its samples, of all channels by turns, its sample rate and its channels. `None` = it is a picture, or
    /// its plane is too small or misaligned.
    pub fn sound(&self) -> Option<(&'a [i16], u32, u32)> {
        let plane: *const i16 = self.c.planes[0].cast();
        let count = self.c.samples.checked_mul(self.c.channels)?;
        let is_whole = count.checked_mul(2).is_some_and(|bytes| bytes <= self.c.strides[0]);
        if self.media() != Media::AUDIO || plane.is_null() || !plane.is_aligned() || !is_whole {
            return None;
        }
        // SAFETY: the plane has that many bytes, is aligned and outlives `'a`, as whoever lent it promised.
        let samples = unsafe { std::slice::from_raw_parts(plane, count as usize) };
        Some((samples, self.c.sample_rate, self.c.channels))
    }
}

impl Frame<'_> {
    /// `c` must outlive `'a` with its planes.
    pub(crate) fn lent(c: &nertc_callkit_frame) -> Frame<'_> {
        Frame { c: *c, planes: PhantomData }
    }

    /// Sound or picture, one of them.
    pub fn media(&self) -> Media {
        Media::of(self.c.media)
    }

    /// The frame, sent by `uid`.
    pub fn with_uid(mut self, uid: u64) -> Self {
        self.c.uid = uid;
        self
    }
}

/// What a media backend reports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MediaMessage {
    /// An operation ended.
    Completed(Req, Outcome),
    /// An event of the media room.
    Event(MediaReport),
    /// A line for the log.
    Log(LogLevel, Text),
}

impl SinkMessage for MediaMessage {
    fn is_completion(&self) -> bool {
        matches!(self, MediaMessage::Completed(..))
    }

    /// Presence must be delivered; mutes and quality are repeated.
    fn may_be_lost(&self) -> Option<&str> {
        match self {
            MediaMessage::Event(report) => report.event.is_repeated().then_some(""),
            MediaMessage::Log(..) => Some(""),
            MediaMessage::Completed(..) => None,
        }
    }
}

/// How a media backend reports: messages in order, and frames on the thread that has them.
#[derive(Default)]
pub struct MediaSink {
    messages: SinkQueue<MediaMessage>,
    send: Mutex<Option<SendText>>,
    frames: Mutex<Frames>,
    /// Signalled when the last frame has left the sink.
    still: Condvar,
}

type DeliverFrame = Arc<dyn Fn(&Frame<'_>) + Send + Sync>;
type SendText = Box<dyn Fn(Req, &Text) -> Result<(), SendError> + Send>;

/// Why a text for the peer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// Not a JSON object within the limits.
    Invalid,
    /// Too much waits: offer it again later.
    Full,
    /// The sink is closed, or the core is older than this.
    Closed,
}

#[derive(Default)]
struct Frames {
    /// From open to close.
    deliver: Option<DeliverFrame>,
    /// On their way into the sink.
    inside: u32,
    /// Completions that wait until no frame is on its way.
    after: Vec<(Req, Outcome)>,
}

impl MediaSink {
    /// The queue of its messages.
    pub fn messages(&self) -> &SinkQueue<MediaMessage> {
        &self.messages
    }

    /// Connects it: messages, frames and texts for the peer have each their own way.
    pub fn open(
        &self,
        deliver: impl FnMut(MediaMessage) -> Result<(), MediaMessage> + Send + 'static,
        frame: impl Fn(&Frame<'_>) + Send + Sync + 'static,
        send: impl Fn(Req, &Text) -> Result<(), SendError> + Send + 'static,
    ) {
        self.messages.open(deliver);
        *self.send.lock() = Some(Box::new(send));
        self.frames.lock().deliver = Some(Arc::new(frame));
    }

    /// The barrier, as [`SinkQueue::close`], also for frames.
    pub fn close(&self) {
        self.messages.close();
        *self.send.lock() = None;
        let mut frames = self.frames.lock();
        frames.deliver = None;
        while frames.inside > 0 {
            self.still.wait(&mut frames);
        }
    }

    /// Sends a JSON object to the peer's media backend, on any thread. `join` is the number of the join that
    /// it belongs to: a text of a room that was left is dropped.
    ///
    /// # Errors
    /// It was not accepted.
    pub fn send(&self, join: Req, json: &Text) -> Result<(), SendError> {
        // The core only copies and queues; the lock keeps it from closing meanwhile.
        self.send.lock().as_ref().map_or(Err(SendError::Closed), |send| send(join, json))
    }

    /// Announces a frame: until it was delivered, the sink does not close. None: the sink is closed.
    pub fn begin_frame(self: &Arc<Self>) -> Option<FrameDelivery> {
        let mut frames = self.frames.lock();
        let deliver = frames.deliver.clone()?;
        frames.inside += 1;
        Some(FrameDelivery { sink: self.clone(), deliver })
    }

    /// Completes an operation once no announced frame is on its way any more; no frame follows the
    /// completion. False: none is on its way, the caller completes it now.
    pub fn complete_after_frames(&self, req: Req, outcome: Outcome) -> bool {
        let mut frames = self.frames.lock();
        let waits = frames.inside > 0;
        if waits {
            frames.after.push((req, outcome));
        }
        waits
    }
}

/// A frame on its way into a sink. Once this is dropped, the sink's messages have to be flushed.
#[must_use = "the sink does not close before the frame was delivered"]
pub struct FrameDelivery {
    sink: Arc<MediaSink>,
    deliver: DeliverFrame,
}

impl FrameDelivery {
    /// Delivers the frame. No lock may be held.
    pub fn deliver(self, frame: &Frame<'_>) {
        (self.deliver)(frame);
    }
}

impl Drop for FrameDelivery {
    fn drop(&mut self) {
        let mut frames = self.sink.frames.lock();
        frames.inside -= 1;
        if frames.inside > 0 {
            return;
        }
        self.sink.still.notify_all();
        for (req, outcome) in std::mem::take(&mut frames.after) {
            self.sink.messages.push(MediaMessage::Completed(req, outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    fn frame() -> nertc_callkit_frame {
        nertc_callkit_frame {
            struct_size: size_of::<nertc_callkit_frame>() as u32,
            media: Media::AUDIO.bits(),
            uid: 1,
            time_us: 0,
            planes: [std::ptr::null(); 4],
            strides: [0; 4],
            width: 0,
            height: 0,
            rotation: 0,
            sample_rate: 0,
            channels: 0,
            samples: 0,
        }
    }

    /// A sink that notes what it gets.
    fn sink() -> (Arc<MediaSink>, mpsc::Receiver<String>) {
        let (sink, (messages, notes)) = (Arc::new(MediaSink::default()), mpsc::channel());
        let frames = messages.clone();
        sink.open(
            move |message| {
                messages.send(format!("{message:?}")).expect("the test listens");
                Ok(())
            },
            move |frame| frames.send(format!("frame of {}", frame.c.uid)).expect("the test listens"),
            |_, _| Ok(()),
        );
        (sink, notes)
    }

    #[test]
    fn a_leave_completes_after_the_frames_on_their_way() {
        let (sink, notes) = sink();
        assert!(!sink.complete_after_frames(Req(1), Outcome::default()));
        let delivery = sink.begin_frame().expect("open");
        assert!(sink.complete_after_frames(Req(2), Outcome::default()));
        delivery.deliver(&Frame::lent(&frame()).with_uid(7));
        sink.messages().flush();
        let notes: Vec<String> = notes.try_iter().collect();
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert_eq!(notes[0], "frame of 7");
        assert!(notes[1].starts_with("Completed(Req(2)"), "{notes:?}");
    }

    #[test]
    fn a_sink_closes_after_the_frames_on_their_way() {
        let (sink, notes) = sink();
        let delivery = sink.begin_frame().expect("open");
        let closer = thread::spawn({
            let sink = sink.clone();
            move || sink.close()
        });
        while sink.begin_frame().is_some() {
            thread::yield_now();
        }
        assert!(!closer.is_finished());
        delivery.deliver(&Frame::lent(&frame()));
        closer.join().expect("no panic");
        assert_eq!(notes.try_iter().collect::<Vec<_>>(), ["frame of 1"]);
    }

    #[test]
    fn a_closed_sink_sends_nothing() {
        let (sink, _notes) = sink();
        assert_eq!(sink.send(Req(1), &Text::EMPTY), Ok(()));
        sink.close();
        assert_eq!(sink.send(Req(1), &Text::EMPTY), Err(SendError::Closed));
    }

    #[test]
    fn sound_is_read_as_it_was_made() {
        let samples = [1i16, -2, 3, -4, 5, -6];
        let frame = Frame::of_sound(&samples, 48_000, 2, 7);
        assert_eq!(frame.sound(), Some((&samples[..], 48_000, 2)));
        assert_eq!((frame.c.samples, frame.c.strides[0], frame.c.time_us), (3, 12, 7));
        let broken: [fn(&mut nertc_callkit_frame); 5] = [
            |c| c.media = Media::VIDEO.bits(),
            |c| c.planes[0] = std::ptr::null(),
            |c| c.planes[0] = c.planes[0].wrapping_byte_add(1),
            |c| c.strides[0] = 11,
            |c| (c.samples, c.channels) = (u32::MAX, 2),
        ];
        for (row, change) in broken.into_iter().enumerate() {
            let mut c = frame.c;
            change(&mut c);
            assert_eq!(Frame::lent(&c).sound(), None, "row {row}");
        }
    }

    #[test]
    fn media_bits_are_those_of_the_header() {
        use nertc_callkit_abi::nertc_callkit_media::{NERTC_CALLKIT_MEDIA_AUDIO, NERTC_CALLKIT_MEDIA_VIDEO};
        assert_eq!(Media::AUDIO.bits(), NERTC_CALLKIT_MEDIA_AUDIO as u32);
        assert_eq!(Media::VIDEO.bits(), NERTC_CALLKIT_MEDIA_VIDEO as u32);
    }
}
