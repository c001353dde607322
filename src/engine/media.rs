//! Joining and leaving the media room, and the app's own microphone, camera and views.

use std::collections::VecDeque;

use super::core::Engine;
use super::in_flight::Owner;
use super::input::{Media, Ticket, View};
use super::output::{Join, Operation, Output, RtcOp};
use super::state::{JoinStage, MediaRoom, State};
use super::time::Time;
use nertc_callkit_signaling::{CallType, Code, Outcome, Req};

impl Engine {
    /// Joins the media room of the live call, after the last one was left.
    pub(super) fn enter_media(&mut self, now: Time) {
        let no = self.state.call_no();
        if let MediaRoom::Leaving { next, .. } = &mut self.media_room {
            *next = Some(no);
            return;
        }
        self.adjust_preparation();
        let State::InCall(call) = &self.state else { return };
        let join = Join {
            channel_name: call.rtc_channel.clone(),
            uid: call.own_uid,
            token: call.rtc_token.clone(),
            call_type: call.call_type,
            is_inviter: call.is_inviter,
            peer: call.peer.clone(),
            call_id: call.call_id.clone(),
            call_no: no,
            account: self.session.account(),
            device: self.config.device.clone(),
        };
        let ms = self.config.timers.rtc_connect_ms;
        let req = self.rtc(now, ms, Owner::RtcJoin(no), RtcOp::Join(Box::new(join)));
        self.media_room = MediaRoom::Joining { call: no, req };
        self.hand_over_texts(now);
    }

    pub(super) fn on_rtc_join_done(&mut self, now: Time, call: u64, req: Req, outcome: Outcome) {
        if self.media_room != (MediaRoom::Joining { call, req }) {
            return self.ignore("media room joined for an ended call");
        }
        if outcome.code.is_success() {
            self.media_room = MediaRoom::In { call, req };
            self.apply_local(now);
            return self.on_entered(now);
        }
        if outcome.code == Code::TIMEOUT {
            return self.media_late(now);
        }
        self.media_room = MediaRoom::Out;
        self.media_failed(now, outcome);
    }

    /// Leaves the media room, also if the join is still pending.
    pub(super) fn leave_media(&mut self, now: Time) {
        match &mut self.media_room {
            MediaRoom::Out => {}
            MediaRoom::Joining { req, .. } if is_unsent(&self.wire, *req) => {
                // The call began and ended within one input: the backend need not be involved.
                let req = *req;
                self.wire.retain(|output| match output {
                    Output::Rtc { req: sent, .. } | Output::RtcReceive { join: sent, .. } => *sent != req,
                    Output::Signal { .. }
                    | Output::Notify(_)
                    | Output::RtcPrepare(_)
                    | Output::RtcDiscard { .. }
                    | Output::Done { .. }
                    | Output::Event(_)
                    | Output::Ignored(_)
                    | Output::Closed => true,
                });
                self.ops.retain(|op| op.req != req);
                self.media_room = MediaRoom::Out;
            }
            MediaRoom::Joining { .. } | MediaRoom::In { .. } => {
                let ms = self.config.timers.rtc_leave_ms;
                let req = self.rtc(now, ms, Owner::RtcLeave, RtcOp::Leave);
                self.media_room = MediaRoom::Leaving { req, next: None };
            }
            MediaRoom::Leaving { next, .. } => *next = None,
        }
    }

    pub(super) fn on_rtc_leave_done(&mut self, now: Time, req: Req) {
        match self.media_room {
            MediaRoom::Leaving { req: running, next } if running == req => {
                self.media_room = MediaRoom::Out;
                if next.is_some_and(|call| call == self.state.call_no()) {
                    self.enter_media(now);
                }
            }
            MediaRoom::Out | MediaRoom::Joining { .. } | MediaRoom::In { .. } | MediaRoom::Leaving { .. } => {
                self.ignore("media room left twice")
            }
        }
    }

    fn is_joined(&self) -> bool {
        matches!(self.media_room, MediaRoom::In { .. }) && self.current_join().is_some()
    }

    fn peer_uid(&self) -> Option<u64> {
        match &self.state {
            State::InCall(call) if call.entry == JoinStage::Joined => call.peer_uid,
            State::Idle | State::Calling(_) | State::Called(_) | State::InCall(_) => None,
        }
    }

    fn media_op(&mut self, now: Time, operation: Operation, ticket: Option<Ticket>, op: RtcOp) {
        let ms = self.config.timers.operation_ms;
        let call_no = self.state.call_no();
        self.rtc(now, ms, Owner::Media { operation, call_no, ticket }, op);
    }

    /// Microphone, camera, mute and the own picture as the app set them. A join starts with everything off.
    fn apply_local(&mut self, now: Time) {
        let caps = self.config.caps;
        let State::InCall(call) = &self.state else { return };
        let may_film = call.camera_allowed && call.call_type == CallType::Video;
        let mut on = if self.local.microphone.unwrap_or(true) { Media::AUDIO } else { Media::NONE };
        if self.local.camera.unwrap_or(may_film) {
            on = on | Media::VIDEO;
        }
        if caps.mute_local && !self.local.muted.is_empty() {
            let op = RtcOp::MuteLocal { media: self.local.muted, muted: true };
            self.media_op(now, Operation::MuteLocal, None, op);
        }
        if caps.enable_local && !on.is_empty() {
            self.media_op(now, Operation::EnableLocal, None, RtcOp::EnableLocal { media: on, on: true });
        }
        if caps.set_view && self.local.local_view.is_some() {
            let view = self.local.local_view;
            self.media_op(now, Operation::LocalView, None, RtcOp::SetView { uid: 0, view });
        }
    }

    /// What the app set about the peer before it entered.
    pub(super) fn apply_remote(&mut self, now: Time) {
        let caps = self.config.caps;
        let Some(uid) = self.peer_uid() else { return };
        if caps.subscribe && !self.local.remote_muted.is_empty() {
            let op = RtcOp::Subscribe { uid, media: self.local.remote_muted, on: false };
            self.media_op(now, Operation::MuteRemote, None, op);
        }
        if caps.set_view && self.local.remote_view.is_some() {
            let view = self.local.remote_view;
            self.media_op(now, Operation::RemoteView, None, RtcOp::SetView { uid, view });
        }
    }

    pub(super) fn cmd_enable_local(&mut self, now: Time, ticket: Ticket, media: Media, on: bool) {
        if !self.config.caps.enable_local {
            return self.done(ticket, Operation::EnableLocal, 0, Code::UNSUPPORTED);
        }
        if media.overlaps(Media::AUDIO) {
            self.local.microphone = Some(on);
        }
        if media.overlaps(Media::VIDEO) {
            self.local.camera = Some(on);
        }
        if self.is_joined() {
            let op = RtcOp::EnableLocal { media, on };
            return self.media_op(now, Operation::EnableLocal, Some(ticket), op);
        }
        self.done(ticket, Operation::EnableLocal, self.known_no(self.state.call_no()), Code::OK);
    }

    /// A type switch that our user wanted starts or stops the camera, unless the app decides about it itself.
    pub(super) fn switch_camera(&mut self, now: Time, on: bool) {
        if self.config.caps.enable_local && self.local.camera.is_none() && self.is_joined() {
            let op = RtcOp::EnableLocal { media: Media::VIDEO, on };
            self.media_op(now, Operation::EnableLocal, None, op);
        }
    }

    pub(super) fn cmd_mute_local(&mut self, now: Time, ticket: Ticket, media: Media, muted: bool) {
        if !self.config.caps.mute_local {
            return self.done(ticket, Operation::MuteLocal, 0, Code::UNSUPPORTED);
        }
        let bits = &mut self.local.muted;
        *bits = if muted { *bits | media } else { *bits - media };
        if self.is_joined() {
            let op = RtcOp::MuteLocal { media, muted };
            return self.media_op(now, Operation::MuteLocal, Some(ticket), op);
        }
        self.done(ticket, Operation::MuteLocal, self.known_no(self.state.call_no()), Code::OK);
    }

    pub(super) fn cmd_mute_remote(&mut self, now: Time, ticket: Ticket, media: Media, muted: bool) {
        if !self.config.caps.subscribe {
            return self.done(ticket, Operation::MuteRemote, 0, Code::UNSUPPORTED);
        }
        let bits = &mut self.local.remote_muted;
        *bits = if muted { *bits | media } else { *bits - media };
        if let Some(uid) = self.peer_uid() {
            let op = RtcOp::Subscribe { uid, media, on: !muted };
            return self.media_op(now, Operation::MuteRemote, Some(ticket), op);
        }
        self.done(ticket, Operation::MuteRemote, self.known_no(self.state.call_no()), Code::OK);
    }

    pub(super) fn cmd_local_view(&mut self, now: Time, ticket: Ticket, view: Option<View>) {
        if !self.config.caps.set_view {
            return self.done(ticket, Operation::LocalView, 0, Code::UNSUPPORTED);
        }
        self.local.local_view = view;
        if self.is_joined() {
            let op = RtcOp::SetView { uid: 0, view };
            return self.media_op(now, Operation::LocalView, Some(ticket), op);
        }
        self.done(ticket, Operation::LocalView, self.known_no(self.state.call_no()), Code::OK);
    }

    pub(super) fn cmd_remote_view(&mut self, now: Time, ticket: Ticket, view: Option<View>) {
        if !self.config.caps.set_view {
            return self.done(ticket, Operation::RemoteView, 0, Code::UNSUPPORTED);
        }
        self.local.remote_view = view;
        if let Some(uid) = self.peer_uid() {
            let op = RtcOp::SetView { uid, view };
            return self.media_op(now, Operation::RemoteView, Some(ticket), op);
        }
        self.done(ticket, Operation::RemoteView, self.known_no(self.state.call_no()), Code::OK);
    }

    pub(super) fn on_media_done(
        &mut self,
        operation: Operation,
        call_no: u64,
        ticket: Option<Ticket>,
        outcome: Outcome,
    ) {
        match ticket {
            // A call that has ended is not named after its end.
            Some(ticket) if call_no == self.state.call_no() => {
                self.done_with(ticket, operation, call_no, outcome);
            }
            Some(ticket) => self.done_with(ticket, operation, 0, outcome),
            None if outcome.code.is_success() => {}
            None => self.notify_error(operation, call_no, outcome),
        }
    }

    /// Completes what the media backend has not answered.
    pub(super) fn fail_media_requests(&mut self) {
        let mut waiting = Vec::new();
        self.ops.retain(|op| {
            let Owner::Media { operation, ticket, .. } = &op.owner else { return true };
            waiting.extend(ticket.map(|ticket| (*operation, ticket)));
            false
        });
        for (operation, ticket) in waiting {
            self.done(ticket, operation, 0, Code::SHUTTING_DOWN);
        }
    }
}

/// The operation is still in the engine's hands.
fn is_unsent(wire: &VecDeque<Output>, req: Req) -> bool {
    wire.iter().any(|output| matches!(output, Output::Rtc { req: sent, .. } if *sent == req))
}
