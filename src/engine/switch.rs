//! Audio to video and back, inside a call.

use super::coalesce::Kind;
use super::core::{Config, Engine};
use super::input::{SwitchStep, Ticket};
use super::output::{CallEvent, Event, Operation};
use super::state::{InCall, State, Switch};
use super::time::Time;
use super::wire::{self, Attachment};
use nertc_callkit_signaling::{CallType, Code, Message};

impl Config {
    /// A switch to `target` needs consent.
    fn asks(&self, target: CallType) -> bool {
        match target {
            CallType::Video => self.confirm_audio_to_video,
            CallType::Audio => self.confirm_video_to_audio,
            CallType::Other => false,
        }
    }
}

impl InCall {
    /// A step of a type switch, to the peer.
    fn switch_control(&self, target: CallType, step: SwitchStep) -> (u64, Message) {
        self.control(wire::control_switch(target, step, &self.call_id))
    }

    /// on_call_type_request: the peer's question (1), or the answer to ours (3).
    fn type_request(&self, target: CallType, state: i32) -> Event {
        Event::CallTypeRequest(CallEvent { call_type: target, ..self.call_event(state) })
    }

    /// Our question was refused.
    fn refused(&mut self, target: CallType) -> Event {
        self.switch = None;
        self.type_request(target, 3)
    }
}

impl Engine {
    pub(super) fn cmd_switch(&mut self, now: Time, ticket: Ticket, target: CallType, step: SwitchStep) {
        let State::InCall(call) = &mut self.state else { return };
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
                let agree = call.switch_control(target, SwitchStep::Agree);
                self.send_control(now, agree);
                self.change_type(now, target, true);
                Code::OK
            }
            SwitchStep::Invite => {
                self.ask_switch(now, target);
                Code::OK
            }
            SwitchStep::Reject if is_asked => {
                call.switch = None;
                let reject = call.switch_control(target, SwitchStep::Reject);
                self.send_control(now, reject);
                Code::OK
            }
            SwitchStep::Agree | SwitchStep::Reject => Code::INVALID_ARGUMENT,
        };
        self.done(ticket, Operation::Switch, no, code);
    }

    fn ask_switch(&mut self, now: Time, target: CallType) {
        let asks = self.config.asks(target);
        let until = now.after(self.config.timers.switch_ms);
        let State::InCall(call) = &mut self.state else { return };
        let invite = call.switch_control(target, SwitchStep::Invite);
        if asks && call.peer_has_call_id {
            call.switch = Some(Switch { target, ours: true, until });
            return self.send_control(now, invite);
        }
        // Clients up to 1.6 know only the first message, later ones both; the second changes nothing then.
        let switched = call.control(wire::control_switched(target));
        self.send_control(now, switched);
        self.send_control(now, invite);
        self.change_type(now, target, true);
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
        let State::InCall(call) = &mut self.state else {
            return self.ignore("type switch without a call");
        };
        let open = call.switch.filter(|open| open.target == target);
        let is_same = call.call_type == target;
        match (text.cid, step) {
            _ if is_same => self.ignore("the call is of this type already"),
            (2, _) => self.accept_switch(now, target, 0, false),
            (_, SwitchStep::Invite) => match open {
                // Both requested the same: both agree.
                Some(open) if open.ours => self.accept_switch(now, target, 2, true),
                Some(_) => self.ignore("the same type request again"),
                None if self.config.asks(target) => {
                    if self.coalescer.admit(now, &call.peer, Kind::TypeRequest) {
                        let until = now.after(self.config.timers.switch_ms);
                        call.switch = Some(Switch { target, ours: false, until });
                        let request = call.type_request(target, 1);
                        self.emit(request);
                    } else {
                        let reject = call.switch_control(target, SwitchStep::Reject);
                        self.ignore("too many type requests of the peer: refused");
                        self.send_control(now, reject);
                    }
                }
                None => {
                    let agree = call.switch_control(target, SwitchStep::Agree);
                    self.send_control(now, agree);
                    self.accept_switch(now, target, 0, false);
                }
            },
            (_, SwitchStep::Agree) if open.is_some_and(|open| open.ours) => {
                self.accept_switch(now, target, 2, true);
            }
            (_, SwitchStep::Reject) if open.is_some_and(|open| open.ours) => {
                let refused = call.refused(target);
                self.emit(refused);
            }
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

    /// An unanswered request counts as refused.
    pub(super) fn expire_switch(&mut self, now: Time) {
        let State::InCall(call) = &mut self.state else { return };
        match call.switch {
            Some(open) if open.until <= now && open.ours => {
                let refused = call.refused(open.target);
                self.emit(refused);
            }
            Some(open) if open.until <= now => call.switch = None,
            Some(_) | None => {}
        }
    }
}
