//! In a call: joining the media room, presence of the peer, and every way in which the call can end.

use std::collections::VecDeque;

use super::core::{Engine, Timers};
use super::in_flight::{Awaited, Finish, Owner, TakeBack};
use super::input::{Media, RtcEvent, RtcReport, Security};
use super::messages;
use super::notify::{connection_event, foreign, other_media};
use super::output::{
    CallEnd, ConnectionEvent, EndReason, Event, MediaSecured, Operation, Output, Transport, UserEvent,
};
use super::state::{Ended, Ending, InCall, Invite, JoinStage, PeerMedia, Silence, State};
use super::text_queue::PeerTexts;
use super::time::{Soonest, Time};
use super::wire;
use nertc_callkit_signaling::{
    self as signaling, CallType, Code, Message, OperationResult, Outcome, Req, Text,
};

/// How long the peer has been silent when a media backend reports it.
const SILENT_MS: u32 = 2_000;
/// Quality number "nothing arrives".
const QUALITY_DOWN: i32 = 4;

impl InCall {
    /// A call of which nothing is known yet, with nobody in the media room: its two sides fill in the rest.
    pub(super) fn at_start() -> InCall {
        InCall {
            no: 0,
            issued_by: None,
            peer: Text::EMPTY,
            call_type: CallType::Audio,
            attachment: Text::EMPTY,
            channel_id: Text::EMPTY,
            request_id: Text::EMPTY,
            call_id: Text::EMPTY,
            rtc_channel: Text::EMPTY,
            own_uid: 0,
            rtc_token: Text::EMPTY,
            is_inviter: false,
            no_record: false,
            peer_has_call_id: false,
            peer_is_versionless: false,
            peer_takes_data: false,
            texts: PeerTexts::default(),
            ring_ms: 0,
            entry: JoinStage::Joining { notify_legacy_peer: false },
            connect_by: None,
            peer_uid: None,
            peer_media: PeerMedia::default(),
            secured: None,
            connected_at: None,
            peer_left: None,
            silence: None,
            is_unheard: false,
            camera_allowed: false,
            switch: None,
            alias: None,
            legacy_invite: None,
        }
    }

    /// The peer has been silent for so long that a new invite of it means that it restarted.
    pub(super) fn is_silent(&self, now: Time) -> bool {
        self.silence.is_some_and(|silence| silence.notified || silence.notify_at <= now)
    }

    pub(super) fn is_peer(&self, uid: u64) -> bool {
        self.peer_uid == Some(uid)
    }

    /// A legacy caller reports that it is in the media room. True: join it now.
    pub(super) fn stop_waiting(&mut self) -> Result<bool, &'static str> {
        match &mut self.entry {
            JoinStage::Signaling { wait, .. } => {
                *wait = None;
                Ok(false)
            }
            JoinStage::Waiting { .. } => {
                self.entry = JoinStage::Joining { notify_legacy_peer: false };
                Ok(true)
            }
            JoinStage::Joining { .. } | JoinStage::Joined => Err("join request while joining"),
        }
    }

    /// A text to the peer through the channel, and the call's number.
    pub(super) fn control(&self, custom_info: Text) -> (u64, Message) {
        let message = Message {
            channel_id: self.channel_id.clone(),
            account: self.peer.clone(),
            request_id: Text::default(),
            custom_info,
            no_offline: false,
        };
        (self.no, message)
    }

    /// Connected, once both are in the media room.
    fn connect(&mut self, now: Time) -> Option<Event> {
        if self.entry != JoinStage::Joined || self.peer_uid.is_none() || self.connected_at.is_some() {
            return None;
        }
        self.connected_at = Some(now);
        self.connect_by = None;
        Some(Event::CallConnected(self.call_event(0)))
    }

    /// The peer sends or mutes this, or does not any more.
    fn media_change(&self, bit: Media, on: bool, is_mute: bool) -> Event {
        let event = self.media_event(on);
        match (bit == Media::AUDIO, is_mute) {
            (true, false) => Event::AudioAvailable(event),
            (false, false) => Event::CameraAvailable(event),
            (true, true) => Event::AudioMuted(event),
            (false, true) => Event::VideoMuted(event),
        }
    }

    /// What the peer sent and muted before it entered.
    fn emit_media_at_entry(&self, app: &mut App) {
        let PeerMedia { sending, muted, .. } = self.peer_media;
        for bit in [Media::AUDIO, Media::VIDEO] {
            for (bits, is_mute) in [(sending, false), (muted, true)] {
                if bits.overlaps(bit) {
                    app.push_back(Output::Event(self.media_change(bit, true, is_mute)));
                }
            }
        }
    }

    /// Reports changes only: a backend may repeat itself.
    fn on_peer_media(&mut self, app: &mut App, uid: u64, media: Media, on: bool, is_mute: bool) -> Change {
        match self.peer_uid {
            None if uid == self.own_uid => return Err("own media"),
            Some(peer) if peer != uid => return Err("media of another account"),
            None | Some(_) => {}
        }
        let known = &mut self.peer_media;
        if known.uid != uid {
            *known = PeerMedia { uid, ..PeerMedia::default() };
        }
        let bits = if is_mute { &mut known.muted } else { &mut known.sending };
        let news = if on { media - *bits } else { media & *bits };
        *bits = if on { *bits | news } else { *bits - news };
        for bit in [Media::AUDIO, Media::VIDEO] {
            if self.peer_uid.is_some() && news.overlaps(bit) {
                app.push_back(Output::Event(self.media_change(bit, on, is_mute)));
            }
        }
        Ok(())
    }

    fn on_peer_silent(&mut self, app: &mut App, now: Time, timers: &Timers) -> Change {
        if self.silence.is_some() {
            return Err("the peer is silent already");
        }
        self.silence = Some(Silence {
            notified: false,
            notify_at: now.after(timers.peer_reconnecting_ms.saturating_sub(SILENT_MS)),
            lost_at: now.after(timers.peer_lost_ms.saturating_sub(SILENT_MS)),
        });
        app.push_back(Output::Event(Event::NetworkQuality(self.peer_connection(QUALITY_DOWN))));
        Ok(())
    }

    fn on_peer_active(&mut self, app: &mut App) {
        if self.silence.take().is_some_and(|silence| silence.notified) {
            app.push_back(Output::Event(Event::Reconnected(self.peer_connection(0))));
        }
    }

    /// What is new about the security of media.
    fn secure(&mut self, secured: MediaSecured) -> Option<MediaSecured> {
        if self.secured.as_deref().map_or(secured.is_initial(), |known| *known == secured) {
            return None;
        }
        self.secured = Some(Box::new(secured.clone()));
        Some(secured)
    }

    /// Payload of an event about the peer's media.
    fn peer_connection(&self, quality: i32) -> ConnectionEvent {
        connection_event(self.no, Transport::Media, &self.peer, quality, Outcome::default())
    }
}

/// Where what a report of the media backend changes is emitted; `Err` is the reason why it changes nothing.
type Change = Result<(), &'static str>;
type App = VecDeque<Output>;

impl Engine {
    /// The call that an accepted invite became; joins its channel.
    pub(super) fn new_callee_call(
        &mut self,
        now: Time,
        no: u64,
        invite: &Invite,
        since: Time,
        control: bool,
    ) -> InCall {
        let ms = self.config.timers.request_ms;
        let channel_id = invite.channel_id.clone();
        let join = signaling::Operation::Join { channel_id: channel_id.clone(), no_offline: false };
        let req = self.signal(now, ms, Owner::Enter(no, channel_id.clone()), join);
        let wait = (invite.old && !control).then(|| now.after(self.config.timers.handshake_ms));
        InCall {
            no,
            peer: invite.from.clone(),
            call_type: invite.switched.unwrap_or(invite.call_type),
            attachment: invite.attachment.clone(),
            rtc_channel: if invite.old { channel_id.clone() } else { invite.channel_name.clone() },
            channel_id,
            request_id: invite.request_id.clone(),
            call_id: invite.call_id.clone(),
            peer_has_call_id: !invite.call_id.is_empty(),
            peer_is_versionless: invite.is_versionless,
            peer_takes_data: invite.takes_data,
            texts: invite.texts.clone(),
            ring_ms: now.since(since),
            entry: JoinStage::Signaling { req, wait },
            connect_by: Some(now.after(self.config.timers.rtc_connect_ms)),
            // A switch of the peer's never starts the camera.
            camera_allowed: invite.switched.is_none_or(|switched| switched == invite.call_type),
            ..InCall::at_start()
        }
    }

    /// The live call, if it is this one.
    pub(super) fn call_in(&mut self, no: u64) -> Option<&mut InCall> {
        match &mut self.state {
            State::InCall(call) if call.no == no => Some(call),
            State::Idle | State::Calling(_) | State::Called(_) | State::InCall(_) => None,
        }
    }

    pub(super) fn on_enter_done(
        &mut self,
        now: Time,
        no: u64,
        req: Req,
        _channel: &Text,
        result: &mut OperationResult,
    ) {
        let account = self.session.account();
        let Some(call) = self.call_in(no) else { return self.ignore("channel joined for an ended call") };
        let JoinStage::Signaling { req: running, wait } = call.entry else {
            return self.ignore("channel joined twice");
        };
        if running != req {
            return self.ignore("channel joined for another call");
        }
        let me =
            result.channel.as_ref().and_then(|state| state.members.iter().find(|m| m.account == account));
        let uid = me.map_or(0, |me| me.uid);
        if result.outcome.code == Code::CHANNEL_NOT_EXISTS {
            // The caller closed it after our accept; its CLOSE goes to members only, so this is the only
            // sign.
            return self.end_in_call(now, EndReason::PeerHungUp, None);
        }
        if !result.outcome.code.is_success() || uid == 0 {
            return self.media_failed(now, std::mem::take(&mut result.outcome));
        }
        call.own_uid = uid;
        call.rtc_token = result.rtc_token.take().unwrap_or_default();
        match wait.filter(|until| *until > now) {
            Some(until) => call.entry = JoinStage::Waiting { until },
            None => {
                call.entry = JoinStage::Joining { notify_legacy_peer: false };
                self.enter_media(now);
            }
        }
    }

    /// A legacy caller reports that it is in the media room.
    pub(super) fn on_join_now(&mut self, now: Time, next: Result<bool, &'static str>) {
        match next {
            Ok(true) => self.enter_media(now),
            Ok(false) => {}
            Err(why) => self.ignore(why),
        }
    }

    /// Joining the media room failed.
    pub(super) fn media_failed(&mut self, now: Time, outcome: Outcome) {
        let no = self.state.call_no();
        let code = if outcome.code.is_success() { Code::BACKEND_FAILED } else { outcome.code };
        self.notify_error(Operation::Rtc, no, Outcome { code, ..outcome });
        let reason = match code {
            Code::MEDIA_NOT_SECURE => EndReason::MediaNotSecure,
            _ => EndReason::RtcJoinFailed,
        };
        self.end_in_call(now, reason, Some(Finish::close()));
    }

    /// Media is not up in time.
    pub(super) fn media_late(&mut self, now: Time) {
        let outcome = Outcome::failed(Code::RTC_TIMEOUT, messages::NO_MEDIA);
        self.media_failed(now, outcome);
    }

    /// In the media room.
    pub(super) fn on_entered(&mut self, now: Time) {
        let no_media = self.config.caps.no_media;
        let State::InCall(call) = &mut self.state else { return };
        let notifies_peer = matches!(call.entry, JoinStage::Joining { notify_legacy_peer: true });
        let was_peer_first = call.peer_uid.is_some();
        call.entry = JoinStage::Joined;
        let joined = notifies_peer.then(|| call.control(wire::control_joined()));
        let connected = call.connect(now);
        if let Some(joined) = joined {
            self.send_control(now, joined);
        }
        if no_media {
            self.peer_entered(now, 0);
        } else if was_peer_first {
            self.apply_remote(now);
        }
        if let Some(connected) = connected {
            self.emit(connected);
        }
    }

    /// Sends a text to the peer through the channel of this call.
    pub(super) fn send_control(&mut self, now: Time, (no, message): (u64, Message)) {
        if self.config.caps.control {
            self.side(now, Operation::Switch, no, false, signaling::Operation::Control(message));
        }
    }

    fn peer_entered(&mut self, now: Time, uid: u64) {
        let State::InCall(call) = &mut self.state else { return };
        call.peer_left = None;
        if call.peer_uid.is_some() {
            return self.ignore("the peer is in the room already");
        }
        call.peer_uid = Some(uid);
        if call.peer_media.uid != uid {
            call.peer_media = PeerMedia { uid, ..PeerMedia::default() };
        }
        self.app.push_back(Output::Event(Event::UserEnter(call.user_event())));
        self.app.extend(call.connect(now).map(Output::Event));
        call.emit_media_at_entry(&mut self.app);
        self.apply_remote(now);
    }

    /// Payload of an event about our own media.
    fn own_media(&self, no: u64, quality: i32, outcome: Outcome) -> ConnectionEvent {
        connection_event(no, Transport::Media, &self.session.account(), quality, outcome)
    }

    /// A backend reports from its own threads: an event may arrive after its room was left, in the next one.
    pub(super) fn on_rtc_report(&mut self, now: Time, report: RtcReport) {
        let Some(current) = self.current_join() else {
            return self.ignore("media event outside of the media room");
        };
        if report.join.is_some_and(|join| join != current) {
            return self.ignore("media event of a media room that was left");
        }
        self.on_rtc_event(now, report.event);
    }

    fn on_rtc_event(&mut self, now: Time, event: RtcEvent) {
        let State::InCall(call) = &mut self.state else { return self.ignore("media event without a call") };
        let no = call.no;
        match event {
            RtcEvent::PeerJoin { uid } if uid != call.own_uid => self.peer_entered(now, uid),
            RtcEvent::PeerLeave { uid, code: Code::OK } if call.is_peer(uid) => {
                call.peer_left = Some(now.after(self.config.timers.peer_leave_ms));
            }
            RtcEvent::PeerLeave { uid, .. } if call.is_peer(uid) => {
                let lost = call.user_event();
                self.end_lost_peer(now, lost);
            }
            RtcEvent::PeerMedia { uid, media, on } => {
                let change = call.on_peer_media(&mut self.app, uid, media, on, false);
                change.unwrap_or_else(|why| self.ignore(why));
            }
            RtcEvent::PeerMute { uid, media, muted } => {
                let change = call.on_peer_media(&mut self.app, uid, media, muted, true);
                change.unwrap_or_else(|why| self.ignore(why));
            }
            RtcEvent::PeerSilent { uid } if call.is_peer(uid) => {
                let change = call.on_peer_silent(&mut self.app, now, &self.config.timers);
                change.unwrap_or_else(|why| self.ignore(why));
            }
            RtcEvent::PeerActive { uid } if call.is_peer(uid) => call.on_peer_active(&mut self.app),
            RtcEvent::Reconnecting => {
                let event = self.own_media(no, 0, Outcome::default());
                self.emit(Event::Reconnecting(event));
            }
            RtcEvent::Reconnected => {
                let event = self.own_media(no, 0, Outcome::default());
                self.emit(Event::Reconnected(event));
            }
            RtcEvent::Disconnected(outcome) => {
                self.end_disconnected(now, no, outcome);
            }
            RtcEvent::Quality { uid, quality } if uid == 0 || call.is_peer(uid) => {
                let event = if uid == 0 {
                    self.own_media(no, quality, Outcome::default())
                } else {
                    call.peer_connection(quality)
                };
                self.emit(Event::NetworkQuality(event));
            }
            RtcEvent::Error(outcome) => self.notify_error(Operation::Backend, no, outcome),
            RtcEvent::Secured { security, code, local_fingerprint, remote_fingerprint } => {
                let (call_no, user) = (no, call.peer.clone());
                let secured =
                    MediaSecured { call_no, user, security, code, local_fingerprint, remote_fingerprint };
                match call.secure(secured) {
                    Some(news) => self.on_secured(now, news),
                    None => self.ignore("security that is known already"),
                }
            }
            RtcEvent::PeerJoin { .. }
            | RtcEvent::PeerLeave { .. }
            | RtcEvent::PeerSilent { .. }
            | RtcEvent::PeerActive { .. }
            | RtcEvent::Quality { .. } => self.ignore("media event about another account"),
        }
    }

    /// Our media connection is gone for good.
    fn end_disconnected(&mut self, now: Time, no: u64, outcome: Outcome) {
        let reason = match outcome.code {
            Code::MEDIA_NOT_SECURE => EndReason::MediaNotSecure,
            _ => EndReason::RtcDisconnected,
        };
        self.emit(Event::Disconnect(self.own_media(no, 0, outcome)));
        self.end_in_call(now, reason, Some(Finish::leave()));
    }

    /// How far media provably reaches the peer. A mismatch ends the call, whatever the backend does next.
    fn on_secured(&mut self, now: Time, secured: MediaSecured) {
        let (no, is_mismatch) = (secured.call_no, secured.security == Security::Mismatch);
        self.emit(Event::MediaSecured(secured));
        if is_mismatch {
            let outcome = Outcome { code: Code::MEDIA_NOT_SECURE, ..Outcome::default() };
            self.end_disconnected(now, no, outcome);
        }
    }

    /// Signaling receives nothing from the peer's device any more. Media decides, if there is any.
    pub(super) fn on_peer_lost(&mut self, now: Time, event: &signaling::Event) {
        let no_media = self.config.caps.no_media;
        let State::InCall(call) = &mut self.state else { return self.ignore("a lost peer without a call") };
        if call.channel_id != event.channel.id || call.peer != event.from {
            return self.ignore("another account is lost");
        }
        if no_media || call.is_silent(now) {
            let lost = call.user_event();
            return self.end_lost_peer(now, lost);
        }
        call.is_unheard = true;
        self.ignore("signaling lost the peer, media decides");
    }

    /// When something of the call is due.
    pub(super) fn in_call_due(call: &InCall) -> Option<(Time, &'static str)> {
        let legacy_caller = match call.entry {
            JoinStage::Waiting { until } => Some(until),
            JoinStage::Signaling { .. } | JoinStage::Joining { .. } | JoinStage::Joined => None,
        };
        let mut soonest = Soonest::default();
        soonest.or(legacy_caller, "a legacy caller does not say that it joined");
        soonest.or(call.texts.due(), "a text of the peer is missing");
        soonest.or(call.connect_by, "media is not up");
        match call.silence {
            Some(silence) if silence.notified => soonest.or(Some(silence.lost_at), "the peer is lost"),
            Some(silence) => soonest.or(Some(silence.notify_at.min(silence.lost_at)), "the peer is silent"),
            None => {}
        }
        soonest.or(call.peer_left, "the peer left the media room");
        soonest.or(call.switch.map(|switch| switch.until), "the question about the call type is open");
        soonest.get()
    }

    /// Something of the call is due.
    pub(super) fn on_in_call_due(&mut self, now: Time) {
        let State::InCall(call) = &mut self.state else { return };
        let is_due = |at: Option<Time>| at.is_some_and(|at| at <= now);
        if is_due(call.peer_left) {
            let event = call.user_event();
            self.emit(Event::UserLeave(event));
            return self.end_in_call(now, EndReason::PeerLeft, Some(Finish::close()));
        }
        if call.silence.is_some_and(|silence| silence.lost_at <= now)
            || call.is_unheard && call.is_silent(now)
        {
            let lost = call.user_event();
            return self.end_lost_peer(now, lost);
        }
        if is_due(call.connect_by) {
            return self.media_late(now);
        }
        let silence = call.silence.as_mut().filter(|silence| !silence.notified && silence.notify_at <= now);
        let silent = silence.map(|silence| {
            silence.notified = true;
            connection_event(call.no, Transport::Media, &call.peer, 0, Outcome::default())
        });
        let expired = call.expire_switch(now);
        let has_waited = matches!(call.entry, JoinStage::Waiting { until } if until <= now);
        if has_waited {
            call.entry = JoinStage::Joining { notify_legacy_peer: false };
        }
        if let Some(event) = silent {
            self.emit(Event::Reconnecting(event));
        }
        if has_waited {
            self.enter_media(now);
        }
        if let Some(event) = expired {
            self.emit(event);
        }
        self.hand_over_texts(now);
    }

    /// The peer's connection is gone.
    pub(super) fn end_lost_peer(&mut self, now: Time, lost: UserEvent) {
        self.emit(Event::UserDisconnect(lost));
        self.end_in_call(now, EndReason::PeerDisconnected, Some(Finish::close()));
    }

    /// on_call_end of a call that was accepted. `wire` = how its channel is left; None = it is closed
    /// already, or there is no wire any more.
    pub(super) fn end_in_call(&mut self, now: Time, reason: impl Into<Ending>, wire: Option<Finish>) {
        let account = self.session.account();
        self.end_in_call_of(now, reason.into(), wire, &account);
    }

    /// CLOSE or LEAVE of the peer, with its app's text; `attachment` is the call's.
    pub(super) fn end_by_peer(
        &mut self,
        now: Time,
        reason: EndReason,
        (custom_info, attachment): (&str, &Text),
        wire: Option<Finish>,
    ) {
        let text = wire::read(custom_info);
        let is_other_media = text.rtc.is_some() && self.is_other_media(text.rtc.as_deref());
        let extra = foreign(&text.attachment, attachment);
        if is_other_media {
            let no = self.state.call_no();
            self.notify_error(Operation::Rtc, no, other_media());
            return self.end_in_call(now, Ending { reason: EndReason::MediaMismatch, extra }, wire);
        }
        self.end_in_call(now, Ending { reason, extra }, wire);
    }

    /// The same, when the account is not logged in any more.
    pub(super) fn end_in_call_of(&mut self, now: Time, ending: Ending, wire: Option<Finish>, account: &Text) {
        let State::InCall(mut call) = std::mem::replace(&mut self.state, State::Idle) else { return };
        self.forget_held_of_call();
        self.fail_data(call.no);
        let is_peer_informed = wire.is_some() || ending.reason == EndReason::PeerHungUp;
        if let Some(finish) = wire {
            let running = match call.entry {
                JoinStage::Signaling { req, .. } => Some((req, Awaited::Enter)),
                JoinStage::Waiting { .. } | JoinStage::Joining { .. } | JoinStage::Joined => None,
            };
            self.close_channel(now, call.no, &call.channel_id, finish, running);
        }
        if let Some(own) = call.legacy_invite.take() {
            self.close_own(now, &own, &TakeBack::for_glare());
        }
        self.leave_media(now);
        let talk_ms = call.connected_at.map_or(0, |at| now.since(at));
        let seconds = u32::try_from(talk_ms / 1000).unwrap_or(u32::MAX);
        let durations = match call.connected_at {
            Some(_) => vec![(account.clone(), seconds), (call.peer.clone(), seconds)],
            None => Vec::new(),
        };
        if is_peer_informed {
            self.record_complete(now, &call, &durations);
        }
        self.remember_ended(Ended {
            no: call.no,
            issued_by: call.issued_by,
            peer: call.peer.clone(),
            channel_id: call.channel_id.clone(),
            request_id: call.request_id.clone(),
        });
        self.become_idle();
        self.emit(Event::CallEnd(CallEnd {
            call_no: call.no,
            user: call.peer,
            reason: ending.reason,
            extra: ending.extra,
            ring_ms: call.ring_ms,
            talk_ms,
            durations,
        }));
    }
}
