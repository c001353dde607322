//! The port of a call whose sound goes through the machine's microphone and speaker.
//!
//! The speaker's clock makes the sound: every 10 ms it gets as much as it has played. While no speaker plays,
//! the media thread's clock does, so that on_frame and the statistics go on. What the speaker gets is the
//! reference that its echo is cancelled with. Devices are open from the join to the leave, as far as the app
//! allows it.

use std::sync::Arc;

use nertc_callkit_audio_devices::{Code as DeviceCode, Device, DeviceId, Devices, Event, Kind, System};
use nertc_callkit_audio_processing::{FRAME, Processor, Settings};
use nertc_callkit_backend::{Frame, MediaSink};
use nertc_callkit_media::Media;
use nertc_callkit_reactor::now_us;
use nertc_callkit_signaling::Code;
use parking_lot::Mutex;

use crate::audio::{Capture, CaptureError, FrameClock, PullError, RATE, Receiver, Sound};
use crate::audio_port::{AudioPort, DeviceError, DeviceKind, DeviceWish, Encoded, MakeAudio};
use crate::options::{ChosenDevices, NO_PROCESSING, Options};
use crate::peer::{AudioPacket, MediaState};
use crate::sound::{capture, receiver, stats};
use crate::stats::AudioStats;

const KINDS: [Kind; 2] = [Kind::Microphone, Kind::Speaker];

/// Ports that open devices of `system`.
pub fn with_devices(system: Arc<dyn System>) -> MakeAudio {
    Arc::new(move |options, sink| {
        open(options, sink, system.clone()).map(|port| Arc::new(port) as Arc<dyn AudioPort>)
    })
}

fn open(options: &Options, sink: &Arc<MediaSink>, system: Arc<dyn System>) -> Option<DeviceSound> {
    let room = Room {
        system,
        is_processed: !options.has(NO_PROCESSING),
        joined: None,
        has_left: false,
        chosen: ChosenDevices::default(),
        is_allowed: true,
        is_microphone_on: false,
        clock: FrameClock::default(),
    };
    Some(DeviceSound {
        capture: capture(options)?,
        receiver: Mutex::new(receiver(options)?),
        room: Mutex::new(room),
        sink: sink.clone(),
    })
}

struct DeviceSound {
    capture: Capture,
    /// Locked after `room`, where both are.
    receiver: Mutex<Receiver>,
    room: Mutex<Room>,
    sink: Arc<MediaSink>,
}

/// What a call has of the machine.
struct Room {
    system: Arc<dyn System>,
    is_processed: bool,
    /// From the join to the leave.
    joined: Option<Joined>,
    has_left: bool,
    chosen: ChosenDevices,
    /// The app allows devices to be open.
    is_allowed: bool,
    is_microphone_on: bool,
    clock: FrameClock,
}

struct Joined {
    devices: Devices,
    processor: Option<Processor>,
    /// Commands given so far.
    commands: u32,
    /// Of microphone and speaker: what is to be open, the command that chose the device, and which chosen one
    /// was said not to be there.
    is_wanted: [bool; 2],
    choice: [u32; 2],
    missing: [Option<String>; 2],
}

fn kind_of(kind: DeviceKind) -> Kind {
    match kind {
        DeviceKind::Microphone => Kind::Microphone,
        DeviceKind::Speaker => Kind::Speaker,
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Microphone => "microphone",
        Kind::Speaker => "speaker",
    }
}

impl Room {
    fn chosen(&self, kind: Kind) -> Option<&String> {
        match kind {
            Kind::Microphone => self.chosen.microphone.as_ref(),
            Kind::Speaker => self.chosen.speaker.as_ref(),
        }
    }

    /// Opens and closes what has to be.
    fn settle(&mut self) {
        let wanted = [self.is_allowed && self.is_microphone_on, self.is_allowed];
        let Some(joined) = &mut self.joined else { return };
        for (kind, is_wanted) in KINDS.into_iter().zip(wanted) {
            if std::mem::replace(&mut joined.is_wanted[kind as usize], is_wanted) == is_wanted {
                continue;
            }
            joined.commands += 1;
            if is_wanted {
                joined.devices.open(now_ms(), kind, joined.commands);
            } else {
                joined.devices.close(now_ms(), kind, joined.commands);
            }
        }
    }

    /// Uses what the app has chosen.
    fn choose(&mut self, kind: Kind) {
        let device = self.chosen(kind).cloned().map(DeviceId);
        let Some(joined) = &mut self.joined else { return };
        joined.commands += 1;
        (joined.choice[kind as usize], joined.missing[kind as usize]) = (joined.commands, None);
        joined.devices.set_device(now_ms(), kind, device, joined.commands);
    }

    /// What the app has to know of what has happened.
    fn poll(&mut self, now: u64) -> Vec<DeviceError> {
        let Some(joined) = &mut self.joined else { return Vec::new() };
        let events = joined.devices.poll(now / 1000);
        let (mut errors, mut in_use) = (Vec::new(), Vec::new());
        for event in events {
            match event {
                Event::InUse(kind, Ok(id)) => {
                    // Its delay is another one.
                    joined.processor.iter_mut().for_each(Processor::reset);
                    in_use.push((kind, Some(id.0)));
                }
                Event::InUse(kind, Err(code)) => errors.extend(error(kind, code)),
                Event::Completed { command, result: Err(DeviceCode::NotFound) } => {
                    let chosen = KINDS.into_iter().find(|it| joined.choice[*it as usize] == command);
                    in_use.extend(chosen.map(|kind| (kind, None)));
                }
                // What else came of it is reported as what is in use.
                Event::Completed { .. } => {}
            }
        }
        errors.extend(in_use.into_iter().filter_map(|(kind, id)| self.missing(kind, id)));
        errors
    }

    /// Whether the app has to be told that the chosen device is not there: another one is in use, or perhaps
    /// none.
    fn missing(&mut self, kind: Kind, id: Option<String>) -> Option<DeviceError> {
        let chosen = self.chosen(kind).cloned();
        let missing = &mut self.joined.as_mut()?.missing[kind as usize];
        if chosen.is_none() || chosen == id {
            *missing = None;
            return None;
        }
        let chosen = chosen.filter(|chosen| missing.as_ref() != Some(chosen))?;
        *missing = Some(chosen.clone());
        let message = format!("the {} `{chosen}` is not there: another one is used until it is", name(kind));
        Some(DeviceError { code: Code::DEVICE_NOT_FOUND, message })
    }

    /// Sends what the microphone has.
    fn record(&mut self, now: u64, capture: &Capture, send: &mut dyn FnMut(Encoded<'_>)) {
        let Some(Joined { devices, processor, .. }) = &mut self.joined else { return };
        let mut frame = [0; FRAME];
        while devices.read(&mut frame) {
            let mut samples = frame;
            if let Some(processor) = processor {
                processor.near(&frame, &mut samples);
            }
            let sound = Sound { samples: &samples, sample_rate: RATE, channels: 1 };
            let taken = capture.push(now, sound, |it| {
                send(Encoded { time: it.time, starts_talk: it.starts_talk, frame: it.payload });
            });
            if let Err(error) = taken {
                log::debug!("webrtc: sound of the microphone was dropped: {error:?}");
            }
        }
    }

    /// The next 10 ms that are to be heard, and when; `None` = not yet. `is_due`: by the thread's clock.
    fn play(&mut self, now: u64, is_due: bool, receiver: &mut Receiver) -> Option<([i16; FRAME], u64)> {
        let Joined { devices, processor, .. } = self.joined.as_mut()?;
        let mut samples = [0; FRAME];
        match devices.needed(now / 1000) {
            Some(0) => None,
            Some(_) => {
                let time = now + devices.waiting() as u64 * 1_000_000 / u64::from(RATE);
                receiver.fill(now, &mut samples);
                if let Some(processor) = processor {
                    processor.far(&samples);
                }
                devices.write(&samples);
                Some((samples, time))
            }
            None if is_due => {
                receiver.fill(now, &mut samples);
                Some((samples, now))
            }
            None => None,
        }
    }
}

fn now_ms() -> u64 {
    now_us() / 1000
}

/// The devices of one kind. Waits for the system.
pub(crate) fn list(system: &dyn System, kind: DeviceKind) -> Result<Vec<Device>, Code> {
    system.list(kind_of(kind)).map_err(number)
}

fn number(code: DeviceCode) -> Code {
    match code {
        DeviceCode::NotFound => Code::DEVICE_NOT_FOUND,
        DeviceCode::Denied => Code::DEVICE_DENIED,
        DeviceCode::Busy => Code::DEVICE_BUSY,
        DeviceCode::Cancelled => Code::SUPERSEDED,
    }
}

/// What was closed on purpose is no error.
fn error(kind: Kind, code: DeviceCode) -> Option<DeviceError> {
    let why = match code {
        DeviceCode::NotFound => "none is there, or no audio system",
        DeviceCode::Denied => "the system refuses it: ask the user for permission",
        DeviceCode::Busy => "another program has it, or it does not answer",
        DeviceCode::Cancelled => return None,
    };
    let code = number(code);
    let message = format!("no {}: {why}; the call goes on without, and it is tried again", name(kind));
    Some(DeviceError { code, message })
}

impl AudioPort for DeviceSound {
    /// The microphone's place is taken.
    fn push(&self, _: &Frame<'_>, _: &mut dyn FnMut(Encoded<'_>)) -> Result<(), CaptureError> {
        Ok(())
    }

    fn stats(&self) -> AudioStats {
        stats(&self.capture, &self.receiver.lock())
    }

    /// The speaker has it.
    fn pull(&self, out: &mut [i16], _: u32, _: u32) -> Result<usize, PullError> {
        out.fill(0);
        Ok(0)
    }

    fn set_loss(&self, percent: u8) {
        self.capture.set_loss(percent);
    }

    fn set_local(&self, state: MediaState) {
        self.capture.set_muted(state.muted.overlaps(Media::AUDIO));
        let mut room = self.room.lock();
        room.is_microphone_on = state.on.overlaps(Media::AUDIO);
        room.settle();
    }

    fn receive(&self, packet: AudioPacket) {
        self.receiver.lock().insert(packet);
    }

    fn reset(&self) {
        self.receiver.lock().restart();
    }

    fn wish(&self, wish: DeviceWish) {
        let mut room = self.room.lock();
        match wish {
            DeviceWish::Use(kind, id) => {
                let chosen = match kind {
                    DeviceKind::Microphone => &mut room.chosen.microphone,
                    DeviceKind::Speaker => &mut room.chosen.speaker,
                };
                // An app may repeat its wish in on_error.
                if *chosen != id {
                    *chosen = id;
                    room.choose(kind_of(kind));
                }
            }
            DeviceWish::Allow(is_allowed) => {
                room.is_allowed = is_allowed;
                room.settle();
            }
        }
    }

    fn open(&self) {
        let mut room = self.room.lock();
        if room.has_left || room.joined.is_some() {
            return;
        }
        room.joined = Some(Joined {
            devices: Devices::new(room.system.clone()),
            processor: room.is_processed.then(|| Processor::new(Settings::default())),
            commands: 0,
            is_wanted: [false; 2],
            choice: [0; 2],
            missing: [None, None],
        });
        KINDS.into_iter().for_each(|kind| room.choose(kind));
        room.settle();
    }

    fn close(&self) {
        let mut room = self.room.lock();
        room.has_left = true;
        // No sound passes any more when this returns; a driver may take its time.
        room.joined = None;
    }

    fn in_use(&self, kind: DeviceKind) -> Option<String> {
        let room = self.room.lock();
        room.joined.as_ref().and_then(|it| it.devices.in_use(kind_of(kind)).map(|id| id.0.clone()))
    }

    fn poll_timeout(&self, _: bool) -> Option<u64> {
        let room = self.room.lock();
        room.joined.as_ref().map(|_| room.clock.poll_timeout().unwrap_or_default())
    }

    fn handle_timeout(
        &self,
        now: u64,
        peer: Option<u64>,
        send: &mut dyn FnMut(Encoded<'_>),
    ) -> Vec<DeviceError> {
        let errors = {
            let mut room = self.room.lock();
            let errors = room.poll(now);
            room.record(now, &self.capture, send);
            errors
        };
        loop {
            let next = {
                let mut room = self.room.lock();
                let is_due = room.clock.due(now).is_some();
                let frame = peer.and_then(|_| room.play(now, is_due, &mut self.receiver.lock()));
                if frame.is_none() && !is_due {
                    return errors;
                }
                frame
            };
            if let Some(((samples, time), uid)) = next.zip(peer)
                && let Some(delivery) = self.sink.begin_frame()
            {
                delivery.deliver(&Frame::of_sound(&samples, RATE, 1, time).with_uid(uid));
            }
        }
    }
}
