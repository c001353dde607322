//! Audio to video and back, inside a call.

use super::coalesce::Kind;
use super::core::{Config, Engine};
use super::input::{SwitchStep, Ticket};
use super::output::{CallEvent, Event, Operation};
use super::state::{InCall, State, Switch};
use super::time::Time;
use super::wire::{self, Attachment};
use nertc_callkit_signaling::{CallType, Code, Message, Text};

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

    /// The call is of this type now: whether the camera is to be switched, and how. Only a change that our
    /// user wanted starts it.
    fn set_type(&mut self, target: CallType, wanted: bool) -> Option<bool> {
        self.call_type = target;
        self.switch = None;
        self.camera_allowed = wanted && target == CallType::Video;
        match target {
            CallType::Video if wanted => Some(true),
            CallType::Audio => Some(false),
            CallType::Video | CallType::Other => None,
        }
    }

    /// The peer has switched, or agreed to our request.
    fn accept_switch(&mut self, target: CallType, state: i32, wanted: bool) -> Switched {
        let camera = self.set_type(target, wanted);
        Switched { camera, peer: self.peer.clone(), event: Event::CallTypeChange(self.call_event(state)) }
    }

    /// A request that is unanswered by now counts as refused; ours is reported.
    pub(super) fn expire_switch(&mut self, now: Time) -> Option<Event> {
        let open = self.switch.filter(|open| open.until <= now)?;
        self.switch = None;
        open.ours.then(|| self.refused(open.target))
    }
}

/// What a switch by the peer changes outside of the call.
struct Switched {
    camera: Option<bool>,
    peer: Text,
    event: Event,
}

impl Engine {
    pub(super) fn cmd_switch(&mut self, now: Time, ticket: Ticket, target: CallType, step: SwitchStep) {
        let asks = self.config.asks(target);
        let until = now.after(self.config.timers.switch_ms);
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
                let camera = call.set_type(target, true);
                self.send_control(now, agree);
                self.apply_camera(now, camera);
                Code::OK
            }
            SwitchStep::Invite if asks && call.peer_has_call_id => {
                call.switch = Some(Switch { target, ours: true, until });
                let invite = call.switch_control(target, SwitchStep::Invite);
                self.send_control(now, invite);
                Code::OK
            }
            SwitchStep::Invite => {
                // Clients up to 1.6 know only the first message, later ones both; the second changes nothing
                // then.
                let switched = call.control(wire::control_switched(target));
                let invite = call.switch_control(target, SwitchStep::Invite);
                let camera = call.set_type(target, true);
                self.send_control(now, switched);
                self.send_control(now, invite);
                self.apply_camera(now, camera);
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

    fn apply_camera(&mut self, now: Time, on: Option<bool>) {
        if let Some(on) = on {
            self.switch_camera(now, on);
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
        // Both requested the same: both agree.
        let is_ours = open.is_some_and(|open| open.ours);
        match (text.cid, step) {
            _ if is_same => self.ignore("the call is of this type already"),
            (2, _) => {
                let switched = call.accept_switch(target, 0, false);
                self.on_switched(now, switched);
            }
            (_, SwitchStep::Invite | SwitchStep::Agree) if is_ours => {
                let switched = call.accept_switch(target, 2, true);
                self.on_switched(now, switched);
            }
            (_, SwitchStep::Invite) if open.is_some() => self.ignore("the same type request again"),
            (_, SwitchStep::Invite) if self.config.asks(target) => {
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
            (_, SwitchStep::Invite) => {
                let agree = call.switch_control(target, SwitchStep::Agree);
                let switched = call.accept_switch(target, 0, false);
                self.send_control(now, agree);
                self.on_switched(now, switched);
            }
            (_, SwitchStep::Reject) if is_ours => {
                let refused = call.refused(target);
                self.emit(refused);
            }
            (_, SwitchStep::Agree | SwitchStep::Reject) => self.ignore("answer without an open type request"),
        }
    }

    fn on_switched(&mut self, now: Time, switched: Switched) {
        let Switched { camera, peer, event } = switched;
        self.apply_camera(now, camera);
        self.notify_coalesced(now, &peer, Kind::TypeChange, event);
    }
}
