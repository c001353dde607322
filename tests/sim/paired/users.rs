//! The users of the two accounts, who only call each other, and the calls before hostile accounts
//! act: each account has called one of them.

use nertc_callkit::engine::input::{CallOptions, CallRef, Command, Input, SwitchStep, Ticket};
use nertc_callkit::engine::state::Phase;
use nertc_callkit_mqtt::protocol::{Qos, TopicKind};
use nertc_callkit_signaling::{CallType, Text};
use nertc_callkit_testkit::Random;
use serde_json::json;

use super::plan::{self, FRIENDS, Guard, hostile_name};
use super::world::{HOSTILES, NET, QueuedMessage, Scheduled, USER, World, number};

impl World {
    pub(super) fn command(&mut self, device: usize, command: Command) {
        self.note(|| format!("device {device}: user: {command:?}"));
        let it = &mut self.devices[device];
        it.may_send |= matches!(command, Command::Login { .. });
        if matches!(command, Command::Logout) {
            it.is_leaving = true;
            self.watch.is_left(&it.account);
        }
        let it = &mut self.devices[device];
        it.last_ticket += 1;
        let ticket = Ticket(it.last_ticket);
        self.feed_engine(device, Input::Command { ticket, command: command.into() });
    }

    pub(super) fn user_acts(&mut self, device: usize) {
        let it = &mut self.devices[device];
        it.acts += 1;
        let path = [USER, device as u64, 0];
        let mut random = Random::new(number(self.plan.seed ^ 0xac75, path, it.acts));
        let (phase, is_in, may_send) = (it.engine.phase(), it.is_in, it.may_send);
        let (account, peer) = (it.account.clone(), it.engine.snapshot().peer);
        let pace = self.plan.pace_ms;
        self.post(path, 300, pace, Scheduled::User(device));
        if !is_in {
            // One login at a time.
            if !may_send && self.now < plan::END_MS {
                self.command(device, Command::Login { account, token: "".into() });
            }
            return;
        }
        if self.now < plan::BEGIN_MS {
            return;
        }
        let dice = random.below(100);
        if self.now > plan::END_MS {
            // The end of what is under way.
            if phase != Phase::Idle && dice < 60 {
                let call = CallRef::default();
                self.command(
                    device,
                    Command::Hangup { call, no_offline: false, no_record: false, text: None },
                );
            }
            return;
        }
        if let Some(command) = choose(phase, dice, &account, &peer, &mut random) {
            self.command(device, command);
        }
    }

    /// Calls between the two accounts and a hostile one, which still behaves.
    pub(super) fn prelude(&mut self, stage: u8) {
        if stage == 9 {
            let policy = self.plan.policy.clone();
            for device in 0..self.devices.len() {
                self.command(device, Command::SetCallPolicy(policy.clone()));
            }
            return;
        }
        let callers = [0, self.plan.devices[0]];
        for (at, device) in callers.into_iter().enumerate() {
            if stage == 0 && self.devices[device].is_in {
                let options = CallOptions::to(hostile_name(0), CallType::Audio);
                self.command(device, Command::Call(options));
            } else if let Some((channel, request)) = self.hostile.calls.get(&device).cloned() {
                let accepts = (self.plan.seed + at as u64).is_multiple_of(2);
                self.answer_politely(device, stage, accepts, &channel, &request);
            }
        }
        if stage < 5 {
            self.post([USER, 99, 0], 1_500, 1, Scheduled::Prelude(stage + 1));
        }
    }

    fn answer_politely(&mut self, to: usize, stage: u8, accepts: bool, channel: &str, request: &str) {
        let (kind, body) = match stage {
            1 => ("alert", json!({"rid": request})),
            2 if accepts => ("accept", json!({"rid": request, "custom": "{\"version\":\"1.8.1\"}"})),
            2 => ("reject", json!({"rid": request, "custom": ""})),
            4 if accepts => ("bye", json!({"how": "close", "custom": ""})),
            _ => return,
        };
        let id = format!("p-{to}-{stage}");
        let payload =
            json!({"v": 1, "k": kind, "id": id, "inst": "m", "cid": channel, "b": body}).to_string();
        let queued = QueuedMessage {
            kind: TopicKind::Direct,
            qos: Qos::AtLeastOnce,
            from: hostile_name(0),
            device: "phone".into(),
            payload,
            expires_at: self.now + 30_000,
            hostile: None,
        };
        self.post([NET, HOSTILES, to as u64], 1, 1, Scheduled::Arrive(to, queued));
    }

    /// When the policies are set.
    pub(super) fn plan_policy(&mut self) {
        if self.plan.guard == Guard::Policy {
            self.post([USER, 98, 0], plan::BEGIN_MS - 1_000, 1, Scheduled::Prelude(9));
        }
    }
}

/// What a user does about the call with the other account, or about one that a third party placed.
fn choose(phase: Phase, dice: u64, account: &Text, peer: &Text, random: &mut Random) -> Option<Command> {
    let call = CallRef::default();
    let friend: Text = if **account == *FRIENDS[0] { FRIENDS[1].into() } else { FRIENDS[0].into() };
    let call_type = if random.chance(500) { CallType::Audio } else { CallType::Video };
    let is_friend = *peer == friend;
    Some(match (phase, dice) {
        (Phase::Idle, 0..50) => Command::Call(CallOptions::to(friend, call_type)),
        (Phase::Idle, 95..100) => Command::Logout,
        (Phase::Called, 0..50) if is_friend => Command::Accept { call },
        (Phase::Called, 50..62) => Command::Reject { call, busy: false, text: None },
        (Phase::Calling | Phase::GlareAccepting, 0..15) => {
            Command::Cancel { call, attach_ext: None, no_offline: false, no_record: false }
        }
        (Phase::InCall, 0..20) => Command::Hangup { call, no_offline: false, no_record: false, text: None },
        (Phase::InCall, 20..28) => Command::Leave { call, no_offline: false, text: None },
        (Phase::InCall, 28..45) => Command::SwitchCallType { call_type, step: SwitchStep::Invite },
        (Phase::InCall, 45..60) => Command::SendData { call, json: "{\"said\":1}".into() },
        (Phase::InCall, 98..100) => Command::Logout,
        _ => return None,
    })
}
