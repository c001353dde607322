//! Audio to video and back, inside a call.

use super::coalesce::Kind;
use super::core::Engine;
use super::input::{SwitchStep, Ticket};
use super::output::{Event, Operation};
use super::state::{State, Switch};
use super::time::Time;
use super::wire::{self, Attachment};
use nertc_callkit_signaling::{CallType, Code};

impl Engine {
    /// A switch to `target` needs consent.
    fn asks(&self, target: CallType) -> bool {
        match target {
            CallType::Video => self.config.confirm_audio_to_video,
            CallType::Audio => self.config.confirm_video_to_audio,
            CallType::Other => false,
        }
    }

    pub(super) fn cmd_switch(&mut self, now: Time, ticket: Ticket, target: CallType, step: SwitchStep) {
        let State::InCall(call) = &self.state else { return };
        let no = call.no;
        if !self.config.caps.control {
            return self.done(ticket, Operation::Switch, no, Code::UNSUPPORTED);
        }
        let is_asked = call.switch.is_some_and(|open| !open.ours && open.target == target);
        let is_same = call.call_type == target;
        let is_deaf = call.peer_is_versionless && target == CallType::Video;
        let code = match step {
            SwitchStep::Invite if is_same => Code::OK,
            SwitchStep::Invite if is_deaf => Code::UNSUPPORTED,
            SwitchStep::Invite | SwitchStep::Agree if is_asked => {
                self.send_switch(now, target, SwitchStep::Agree);
                self.change_type(now, target, true);
                Code::OK
            }
            SwitchStep::Invite => {
                self.ask_switch(now, target);
                Code::OK
            }
            SwitchStep::Reject if is_asked => {
                self.send_switch(now, target, SwitchStep::Reject);
                self.close_question();
                Code::OK
            }
            SwitchStep::Agree | SwitchStep::Reject => Code::INVALID_ARGUMENT,
        };
        self.done(ticket, Operation::Switch, no, code);
    }

    fn ask_switch(&mut self, now: Time, target: CallType) {
        let asks = self.asks(target);
        let until = now.after(self.config.timers.switch_ms);
        let State::InCall(call) = &mut self.state else { return };
        if asks && call.peer_has_call_id {
            call.switch = Some(Switch { target, ours: true, until });
            return self.send_switch(now, target, SwitchStep::Invite);
        }
        // Clients up to 1.6 know only the first message, later ones both; the second changes nothing then.
        self.send_control(now, wire::control_switched(target));
        self.send_switch(now, target, SwitchStep::Invite);
        self.change_type(now, target, true);
    }

    fn send_switch(&mut self, now: Time, target: CallType, step: SwitchStep) {
        let State::InCall(call) = &self.state else { return };
        let text = wire::control_switch(target, step, &call.call_id);
        self.send_control(now, text);
    }

    fn close_question(&mut self) {
        if let State::InCall(call) = &mut self.state {
            call.switch = None;
        }
    }

    /// The call is of this type now. Only a change that our user wanted starts the camera.
    fn change_type(&mut self, now: Time, target: CallType, wanted: bool) {
        let State::InCall(call) = &mut self.state else { return };
        call.call_type = target;
        call.switch = None;
        call.camera_allowed = wanted && target == CallType::Video;
        match target {
            CallType::Video if wanted => self.switch_camera(now, true),
            CallType::Audio => self.switch_camera(now, false),
            CallType::Video | CallType::Other => {}
        }
    }

    /// CONTROL 2 and 3 of the peer.
    pub(super) fn on_switch_message(&mut self, now: Time, text: &Attachment<'_>) {
        let (Some(target), Some(step)) = (text.wanted_type(), text.step()) else {
            return self.ignore("invalid type switch");
        };
        let State::InCall(call) = &self.state else { return self.ignore("type switch without a call") };
        let open = call.switch.filter(|open| open.target == target);
        let is_same = call.call_type == target;
        match (text.cid, step) {
            _ if is_same => self.ignore("the call is of this type already"),
            (2, _) => self.accept_switch(now, target, 0, false),
            (_, SwitchStep::Invite) => match open {
                // Both requested the same: both agree.
                Some(open) if open.ours => self.accept_switch(now, target, 2, true),
                Some(_) => self.ignore("the same type request again"),
                None if self.asks(target) => {
                    let peer = call.peer.clone();
                    if self.may_ask_app(now, &peer) {
                        let until = now.after(self.config.timers.switch_ms);
                        self.ask_app(target, until);
                    } else {
                        self.ignore("too many type requests of the peer: refused");
                        self.send_switch(now, target, SwitchStep::Reject);
                    }
                }
                None => {
                    self.send_switch(now, target, SwitchStep::Agree);
                    self.accept_switch(now, target, 0, false);
                }
            },
            (_, SwitchStep::Agree) if open.is_some_and(|open| open.ours) => {
                self.accept_switch(now, target, 2, true);
            }
            (_, SwitchStep::Reject) if open.is_some_and(|open| open.ours) => self.notify_refused(target),
            (_, SwitchStep::Agree | SwitchStep::Reject) => self.ignore("answer without an open type request"),
        }
    }

    fn accept_switch(&mut self, now: Time, target: CallType, state: i32, wanted: bool) {
        self.change_type(now, target, wanted);
        if let State::InCall(call) = &self.state {
            let (peer, event) = (call.peer.clone(), Event::CallTypeChange(call.call_event(state)));
            self.notify_coalesced(now, &peer, Kind::TypeChange, event);
        }
    }

    fn ask_app(&mut self, target: CallType, until: Time) {
        let State::InCall(call) = &mut self.state else { return };
        call.switch = Some(Switch { target, ours: false, until });
        let mut event = call.call_event(1);
        event.call_type = target;
        self.tell(Event::CallTypeRequest(event));
    }

    fn notify_refused(&mut self, target: CallType) {
        let State::InCall(call) = &mut self.state else { return };
        call.switch = None;
        let mut event = call.call_event(3);
        event.call_type = target;
        self.tell(Event::CallTypeRequest(event));
    }

    /// An unanswered request counts as refused.
    pub(super) fn expire_switch(&mut self, now: Time) {
        let State::InCall(call) = &mut self.state else { return };
        match call.switch {
            Some(open) if open.until <= now && open.ours => self.notify_refused(open.target),
            Some(open) if open.until <= now => self.close_question(),
            Some(_) | None => {}
        }
    }
}
