//! Media operations, and their notifications of others in the room.

use nertc_callkit_abi::nertc_callkit_fault_on as on;
use nertc_callkit_backend::MediaMessage;
use nertc_callkit_media::{Media, MediaEvent, MediaOperation, MediaReport};
use nertc_callkit_signaling::{Code, Req, Text};

use super::faults::{self, Effect};
use super::ids::{DeviceId, Port};
use super::media_room::{MediaRooms, Participant, Ports};
use super::outbound::Output;
use super::state::Service;

/// A peer that did not leave on purpose.
const LOST: Code = Code::new(1);

impl Service {
    /// A new instance of a media backend.
    pub fn attach_media(&mut self) -> Port {
        let port = self.outbound.open();
        self.media.participants.insert(port, Box::default());
        port
    }

    /// The instance is gone; without a leave its peers see a lost connection.
    pub fn detach_media(&mut self, now: u64, port: Port) {
        self.now = now;
        self.end_media(port, LOST);
        self.media.participants.remove(port);
        self.outbound.close(port);
        self.settle();
    }

    /// Runs a media operation of this port. Without faults nothing about it depends on the time.
    pub fn run_media(&mut self, now: impl FnOnce() -> u64, port: Port, req: Req, operation: &MediaOperation) {
        if !self.outbound.script.is_empty() {
            self.now = now();
        }
        if let MediaOperation::Join(join) = operation {
            let owner = self.member_of_uid(join.uid);
            if let Some(it) = self.media.participants.get_mut(port) {
                it.owner = owner;
            }
        }
        let owner = self.media.participants.get(port).and_then(|it| it.owner);
        // A device that vanished neither acts nor gets an answer.
        if owner.is_none_or(|owner| !self.dead.contains(&owner)) {
            self.outbound.enable(port);
            self.perform_media(port, owner, req, operation);
            self.settle();
        }
    }

    /// The device that has this uid in a channel.
    fn member_of_uid(&self, uid: u64) -> Option<DeviceId> {
        let device = self.registry.device(DeviceId(uid))?;
        (!device.channels.is_empty()).then_some(DeviceId(uid))
    }

    fn perform_media(&mut self, port: Port, owner: Option<DeviceId>, req: Req, operation: &MediaOperation) {
        let on = faults::on_media_operation(operation);
        let addr = owner.and_then(|owner| self.registry.addr(owner));
        let effect = on.and_then(|on| self.outbound.script.fire(on, addr));
        if let (Some(fault @ (Effect::Crash | Effect::Kick)), Some(owner)) = (effect, owner) {
            self.outbound.trigger(owner, fault);
        }
        let completed = |code: Code| Output::Media(port, MediaMessage::Completed(req, code.into()));
        let after = effect.filter(|it| *it != Effect::Kick);
        match operation {
            MediaOperation::Join(join) => {
                let (room, uid) = (&join.channel_name, join.uid);
                let code = match effect {
                    Some(Effect::Refuse(code)) => code,
                    Some(Effect::Kick | Effect::Crash) => Code::NOT_LOGGED_IN,
                    _ => self.may_join(port, room, uid),
                };
                self.outbound.send(self.now, completed(code), after);
                if code == Code::OK {
                    self.enter_room(port, req, room, uid);
                }
            }
            MediaOperation::Leave => {
                let code = match effect {
                    Some(Effect::Refuse(code)) => code,
                    Some(Effect::Crash) => Code::OK,
                    _ => {
                        self.end_media(port, Code::OK);
                        Code::OK
                    }
                };
                self.outbound.send(self.now, completed(code), after);
            }
            MediaOperation::EnableLocal { media, on } => {
                self.outbound.emit(completed(Code::OK));
                self.enable(port, *media, *on);
            }
            MediaOperation::MuteLocal { media, muted } => {
                self.outbound.emit(completed(Code::OK));
                self.mute(port, *media, *muted);
            }
            MediaOperation::Subscribe { uid, media, on } => {
                self.outbound.emit(completed(Code::OK));
                if let Some(it) = self.media.participants.get_mut(port) {
                    it.subscribe(*uid, *media, *on);
                }
            }
            // Nothing is drawn: frames go to the app.
            MediaOperation::SetView { .. } => self.outbound.emit(completed(Code::OK)),
        }
    }

    fn may_join(&self, port: Port, room: &Text, uid: u64) -> Code {
        let MediaRooms { rooms, participants } = &self.media;
        let has_uid = |it: &Port| participants.get(*it).is_some_and(|it| it.uid == uid);
        match participants.get(port) {
            None => Code::BACKEND_FAILED,
            Some(it) if it.room.is_some() => Code::ALREADY_MEMBER,
            Some(_) if rooms.get(room).is_some_and(|room| room.iter().any(has_uid)) => Code::UID_CONFLICT,
            Some(_) => Code::OK,
        }
    }

    /// Adds the port to the room; the others there are notified of it, and it of them.
    fn enter_room(&mut self, port: Port, req: Req, room: &Text, uid: u64) {
        let Some(participant) = self.media.participants.get_mut(port) else { return };
        (participant.room, participant.join, participant.uid) = (Some(room.clone()), Some(req), uid);
        let own = participant.introduction();
        for peer in self.media.others_in(room, port) {
            let theirs = self.media.participants.get(peer).map(|peer| peer.introduction());
            theirs.into_iter().flatten().for_each(|event| self.notify_media(port, event));
            own.clone().for_each(|event| self.notify_media(peer, event));
        }
        let room = self.media.rooms.entry(room.clone()).or_default();
        let at = room.partition_point(|it| *it < port);
        room.insert(at, port);
    }

    /// Removes the port from its room, if it is in one. OK: intentional; otherwise it is lost.
    fn end_media(&mut self, port: Port, code: Code) {
        let Some(participant) = self.media.participants.get_mut(port) else { return };
        let before = std::mem::take(&mut **participant);
        // A port that left has no name until the next join; a device that vanished stays cut off.
        participant.owner = before.owner.filter(|_| code != Code::OK);
        let Some(room) = before.room else { return };
        let peers = self.media.others_in(&room, port);
        if peers.is_empty() {
            self.media.rooms.remove(&room);
        } else if let Some(room) = self.media.rooms.get_mut(&room) {
            room.retain(|it| *it != port);
        }
        for peer in peers {
            self.notify_media(peer, MediaEvent::PeerLeave { uid: before.uid, code });
        }
    }

    /// The same for every port that a device joined with. A device that vanishes receives nothing any more.
    pub(super) fn end_media_of(&mut self, device: DeviceId, vanishes: bool) {
        let is_its = |it: &Participant| it.owner == Some(device) && it.room.is_some();
        let own = self.media.participants.iter().filter(|(_, it)| is_its(it.as_ref())).map(|(port, _)| port);
        for port in own.collect::<Vec<Port>>() {
            self.end_media(port, if vanishes { LOST } else { Code::OK });
            if vanishes {
                self.outbound.disable(port);
            }
        }
    }

    fn enable(&mut self, port: Port, media: Media, on: bool) {
        let Some(it) = self.media.participants.get_mut(port) else { return };
        let changed = if on { media - it.enabled } else { media - (media - it.enabled) };
        it.enabled = if on { it.enabled | media } else { it.enabled - media };
        let event = MediaEvent::PeerMedia { uid: it.uid, media: changed, on };
        self.notify_change(port, changed, &event);
    }

    fn mute(&mut self, port: Port, media: Media, muted: bool) {
        let Some(it) = self.media.participants.get_mut(port) else { return };
        let changed = if muted { media - it.muted } else { media - (media - it.muted) };
        it.muted = if muted { it.muted | media } else { it.muted - media };
        let event = MediaEvent::PeerMute { uid: it.uid, media: changed, muted };
        self.notify_change(port, changed, &event);
    }

    fn notify_change(&mut self, port: Port, changed: Media, event: &MediaEvent) {
        if !changed.is_empty() {
            self.media_peers(port).into_iter().for_each(|peer| self.notify_media(peer, event.clone()));
        }
    }

    fn notify_media(&mut self, port: Port, event: MediaEvent) {
        let participant = self.media.participants.get(port);
        let (owner, join) = participant.map_or((None, None), |it| (it.owner, it.join));
        let addr = owner.and_then(|owner| self.registry.addr(owner));
        let effect = self.outbound.script.fire(on::NERTC_CALLKIT_FAULT_ON_EVENT_RTC as i32, addr);
        match (effect, owner) {
            (Some(fault @ (Effect::Crash | Effect::Kick)), Some(owner)) => {
                self.outbound.trigger(owner, fault)
            }
            _ => {
                let message = MediaMessage::Event(MediaReport { join, event });
                self.outbound.send(self.now, Output::Media(port, message), effect);
            }
        }
    }

    /// Its uid, and the receivers of a frame of this kind from it.
    pub fn receivers(&self, port: Port, media: Media) -> (u64, Vec<Port>) {
        let sender = self.media.participants.get(port).filter(|it| it.sends(media));
        let Some(uid) = sender.map(|it| it.uid) else { return (0, Vec::new()) };
        let wants = |it: &Port| self.media.participants.get(*it).is_some_and(|it| it.wants(uid, media));
        (uid, self.media_peers(port).into_iter().filter(wants).collect())
    }

    /// It is in a media room.
    pub fn is_in_room(&self, port: Port) -> bool {
        self.media.participants.get(port).is_some_and(|it| it.room.is_some())
    }

    /// The others in its media room.
    pub fn media_peers(&self, port: Port) -> Ports {
        let room = self.media.participants.get(port).and_then(|it| it.room.as_ref());
        room.map(|room| self.media.others_in(room, port)).unwrap_or_default()
    }
}
