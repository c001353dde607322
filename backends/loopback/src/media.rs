//! Media rooms: who is in which, and who hears whom.

use std::ffi::CStr;
use std::sync::Arc;

use nertc_callkit_abi::{
    nertc_callkit_fault_on as on, nertc_callkit_req, nertc_callkit_rtc_event, nertc_callkit_rtc_sink,
    nertc_callkit_rtc_what as what,
};
use nertc_callkit_backend::input::size;
use nertc_callkit_backend::messages::{DeviceAddr, Text};
use nertc_callkit_backend::sink_queue::SinkMessage;

use crate::delivery::{Backend, Wire};
use crate::faults::Hit;
use crate::hub::State;
use crate::quick::Map;
use crate::rtc::LoopbackMedia;
use crate::{ALREADY_MEMBER, OK, UID_CONFLICT};

/// Rooms by name. An empty one goes.
pub(crate) type Rooms = Map<Text, Vec<Arc<LoopbackMedia>>>;

/// What a media backend knows of itself. Changed under the hub's lock only.
#[derive(Default)]
pub(crate) struct Seat {
    /// The room it is in.
    pub(crate) room: Option<Text>,
    pub(crate) uid: u64,
    /// Whose uid it is, as signaling knows it.
    pub(crate) owner: Option<Arc<DeviceAddr>>,
    /// Microphone and camera; off when the room is left, the core says anew what is on.
    pub(crate) enabled: u32,
    /// Ends with the room.
    pub(crate) muted: u32,
    /// (uid, media) that it does not want; ends with the room.
    pub(crate) unwanted: Vec<(u64, u32)>,
}

/// A message to a media sink.
#[derive(Clone, Copy)]
pub(crate) enum MediaMessage {
    /// An operation ended.
    Done(nertc_callkit_req, i32),
    /// Something happened in the room.
    Event(PeerEvent),
}

/// What happened to a peer; the fields of nertc_callkit_rtc_event that this backend uses.
#[derive(Clone, Copy)]
pub(crate) struct PeerEvent {
    what: what,
    uid: u64,
    code: i32,
    media: u32,
    flags: u32,
}

impl SinkMessage for MediaMessage {
    type Sink = nertc_callkit_rtc_sink;

    fn is_done(&self) -> bool {
        matches!(self, MediaMessage::Done(..))
    }

    /// Who is there must be told; what is muted and how well it sounds comes again.
    fn may_be_lost(&self) -> Option<&CStr> {
        let comes_again =
            |it: what| matches!(it, what::NERTC_CALLKIT_RTC_PEER_MUTE | what::NERTC_CALLKIT_RTC_QUALITY);
        match self {
            MediaMessage::Event(event) => comes_again(event.what).then_some(c""),
            MediaMessage::Done(..) => None,
        }
    }

    fn send(&self, sink: &nertc_callkit_rtc_sink) -> bool {
        match (*self, sink.complete, sink.event) {
            (MediaMessage::Done(req, code), Some(complete), _) => {
                // SAFETY: the sink is open.
                unsafe { complete(sink.ctx, req, code, 0, std::ptr::null()) };
                true
            }
            (MediaMessage::Event(it), _, Some(event)) => {
                let lent = nertc_callkit_rtc_event {
                    struct_size: size::<nertc_callkit_rtc_event>(),
                    what: it.what as i32,
                    code: it.code,
                    raw_code: 0,
                    media: it.media,
                    flags: it.flags,
                    uid: it.uid,
                    text: std::ptr::null(),
                };
                // SAFETY: the sink is open; the event outlives the call.
                unsafe { event(sink.ctx, &lent) == 0 }
            }
            (MediaMessage::Done(..), None, _) | (MediaMessage::Event(_), _, None) => true,
        }
    }
}

impl PeerEvent {
    fn new(what: what, uid: u64) -> PeerEvent {
        PeerEvent { what, uid, code: 0, media: 0, flags: 0 }
    }

    fn media(what: what, uid: u64, media: u32, on: bool) -> PeerEvent {
        PeerEvent { media, flags: on.into(), ..PeerEvent::new(what, uid) }
    }
}

impl Seat {
    /// It sends this kind of media.
    pub(crate) fn sends(&self, media: u32) -> bool {
        self.room.is_some() && self.enabled & !self.muted & media != 0
    }

    /// It wants this kind of media from `uid`.
    pub(crate) fn wants(&self, uid: u64, media: u32) -> bool {
        !self.unwanted.iter().any(|it| it.0 == uid && it.1 & media != 0)
    }

    /// Subscribes or unsubscribes.
    pub(crate) fn want(&mut self, uid: u64, media: u32, on: bool) {
        let before =
            self.unwanted.iter().position(|it| it.0 == uid).map_or(0, |it| self.unwanted.swap_remove(it).1);
        let after = if on { before & !media } else { before | media };
        if after != 0 {
            self.unwanted.push((uid, after));
        }
    }

    /// What a peer has to know about this seat: that it is there, what it sends, what is muted.
    fn introduction(&self) -> impl Iterator<Item = PeerEvent> + Clone + use<> {
        let (uid, enabled, muted) = (self.uid, self.enabled, self.muted);
        let sends =
            (enabled != 0).then(|| PeerEvent::media(what::NERTC_CALLKIT_RTC_PEER_MEDIA, uid, enabled, true));
        let is_muted =
            (muted != 0).then(|| PeerEvent::media(what::NERTC_CALLKIT_RTC_PEER_MUTE, uid, muted, true));
        [Some(PeerEvent::new(what::NERTC_CALLKIT_RTC_PEER_JOIN, uid)), sends, is_muted].into_iter().flatten()
    }
}

impl State {
    /// May this backend join the room with this uid?
    pub(crate) fn may_join(&self, backend: &LoopbackMedia, name: &CStr, uid: u64) -> i32 {
        let taken = |it: &Arc<LoopbackMedia>| it.seat().uid == uid;
        if backend.seat().room.is_some() {
            ALREADY_MEMBER
        } else if self.rooms.get(name).is_some_and(|room| room.iter().any(taken)) {
            UID_CONFLICT
        } else {
            OK
        }
    }

    /// Puts the backend into the room; everybody there learns of it, and it of them.
    pub(crate) fn enter_room(&mut self, backend: &Arc<LoopbackMedia>, name: &CStr, uid: u64) {
        let name: Text = name.into();
        let me = {
            let mut seat = backend.seat();
            (seat.room, seat.uid) = (Some(name.clone()), uid);
            seat.introduction()
        };
        let room = self.rooms.entry(name).or_default();
        for peer in room.iter() {
            let they = peer.seat().introduction();
            they.for_each(|event| tell(&mut self.people.wire, backend, event));
            me.clone().for_each(|event| tell(&mut self.people.wire, peer, event));
        }
        room.push(backend.clone());
    }

    /// Takes the backend out of its room, if it is in one. `lost`: without a word.
    pub(crate) fn end_media(&mut self, backend: &Arc<LoopbackMedia>, lost: bool) {
        let (name, uid) = {
            let mut seat = backend.seat();
            (seat.enabled, seat.muted) = (0, 0);
            seat.unwanted.clear();
            (seat.room.take(), seat.uid)
        };
        let Some(name) = name else { return };
        let Some(room) = self.rooms.get_mut(&name) else { return };
        room.retain(|it| !Arc::ptr_eq(it, backend));
        if room.is_empty() {
            self.rooms.remove(&name);
        }
        let event =
            PeerEvent { code: lost.into(), ..PeerEvent::new(what::NERTC_CALLKIT_RTC_PEER_LEAVE, uid) };
        self.tell_room(&name, None, event);
    }

    /// The same for every media backend that a device joined with. A device that dies hears nothing any more.
    pub(crate) fn end_media_of(&mut self, who: &DeviceAddr, dies: bool) {
        let all = self.rooms.values().flatten();
        let own = all.filter(|it| it.seat().owner.as_deref() == Some(who)).cloned().collect::<Vec<_>>();
        for backend in own {
            self.end_media(&backend, dies);
            if dies {
                backend.sink_queue().disable();
            }
        }
    }

    /// Opens or closes microphone or camera.
    pub(crate) fn enable(&mut self, backend: &Arc<LoopbackMedia>, media: u32, on: bool) {
        let changed = switch(&mut backend.seat().enabled, media, on);
        self.tell_change(backend, what::NERTC_CALLKIT_RTC_PEER_MEDIA, changed, on);
    }

    /// Mutes or unmutes.
    pub(crate) fn mute(&mut self, backend: &Arc<LoopbackMedia>, media: u32, on: bool) {
        let changed = switch(&mut backend.seat().muted, media, on);
        self.tell_change(backend, what::NERTC_CALLKIT_RTC_PEER_MUTE, changed, on);
    }

    /// Who hears a frame of `backend`: each is kept from closing until `LoopbackMedia::heard`.
    pub(crate) fn listeners(
        &self,
        backend: &Arc<LoopbackMedia>,
        media: u32,
    ) -> (u64, Vec<Arc<LoopbackMedia>>) {
        let seat = backend.seat();
        let uid = seat.uid;
        let Some(room) = seat.room.as_ref().filter(|_| seat.sends(media)) else { return (uid, Vec::new()) };
        let peers = self.rooms.get(room).into_iter().flatten().filter(|it| !Arc::ptr_eq(it, backend));
        (uid, peers.filter(|it| it.seat().wants(uid, media) && it.hear()).cloned().collect())
    }

    fn tell_change(&mut self, backend: &Arc<LoopbackMedia>, what: what, changed: u32, on: bool) {
        let (room, uid) = {
            let seat = backend.seat();
            (seat.room.clone(), seat.uid)
        };
        if let Some(room) = room.filter(|_| changed != 0) {
            self.tell_room(&room, Some(backend), PeerEvent::media(what, uid, changed, on));
        }
    }

    fn tell_room(&mut self, name: &CStr, except: Option<&Arc<LoopbackMedia>>, event: PeerEvent) {
        let peers = self.rooms.get(name).into_iter().flatten();
        for peer in peers.filter(|peer| !except.is_some_and(|it| Arc::ptr_eq(it, peer))) {
            tell(&mut self.people.wire, peer, event);
        }
    }
}

fn tell(wire: &mut Wire, backend: &Arc<LoopbackMedia>, event: PeerEvent) {
    let owner = backend.seat().owner.clone();
    let names = owner.as_deref().map(DeviceAddr::names);
    match (wire.script.hit(on::NERTC_CALLKIT_FAULT_ON_EVENT_RTC as i32, names), owner) {
        (Some(hit @ (Hit::Die | Hit::Kick)), Some(owner)) => wire.strike(&owner, hit),
        (fault, _) => wire.send(backend, MediaMessage::Event(event), fault),
    }
}

/// Sets or clears bits; answers those that changed.
fn switch(bits: &mut u32, media: u32, on: bool) -> u32 {
    let before = *bits;
    *bits = if on { before | media } else { before & !media };
    before ^ *bits
}
