//! The fault script: what goes wrong, where, and how often.

use nertc_callkit_abi::{nertc_callkit_fault_action as action, nertc_callkit_fault_on as on};
use nertc_callkit_media::MediaOperation;
use nertc_callkit_signaling::{Code, DeviceAddr, EventKind, Operation, Text};

use crate::limits;

/// One line of a script, as it is handed in; `nertc_callkit_fault` describes the fields.
#[derive(Clone, Debug, Default)]
pub struct Fault {
    /// A nertc_callkit_fault_action.
    pub action: i32,
    /// A nertc_callkit_fault_on.
    pub on: i32,
    /// Number of matches to skip before the fault fires.
    pub skip_count: u32,
    /// How many are hit then; 0 = one, `u32::MAX` = all.
    pub hit_count: u32,
    /// DELAY: how long. At least 1.
    pub delay_ms: u32,
    /// REFUSE: with which code. Not 0.
    pub code: i32,
    /// Account it applies to; None = any.
    pub account: Option<Text>,
    /// Device it applies to; None = any.
    pub device: Option<Text>,
}

/// Why a line is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// An unknown number, a combination that makes no sense, or a value that the action needs and that is 0.
    Invalid,
    /// The script is full.
    Full,
}

/// What a fault does to an operation's completion, to a message, or to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Effect {
    /// It gets lost (NO_ANSWER for a completion).
    Drop,
    /// It arrives twice.
    Duplicate,
    /// It arrives this many milliseconds later.
    Delay(u32),
    /// It arrives after the next event.
    Reorder,
    /// The operation has no effect and this code.
    Refuse(Code),
    /// The device vanishes.
    Crash,
    /// The device is kicked.
    Kick,
    /// The device needs another token.
    Expire,
}

/// The rules that can still fire, in order.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct FaultScript {
    rules: Vec<FaultRule>,
}

#[derive(Clone, Debug, Hash)]
pub(super) struct FaultRule {
    effect: Effect,
    on: i32,
    skip: u32,
    /// How many are still to be hit; `u32::MAX` = all.
    left: u32,
    account: Option<Text>,
    device: Option<Text>,
}

/// The meaning of the numbers of `on`.
#[derive(PartialEq, Eq)]
enum Place {
    Now,
    Operation,
    Message,
}

impl FaultRule {
    /// Checks a line.
    pub(super) fn new(fault: Fault) -> Result<FaultRule, Refused> {
        let effect = place(fault.on).and_then(|place| effect(&fault, place)).ok_or(Refused::Invalid)?;
        Ok(FaultRule {
            effect,
            on: fault.on,
            skip: fault.skip_count,
            left: fault.hit_count.max(1),
            account: fault.account,
            device: fault.device,
        })
    }

    /// It fires when it is added.
    pub(super) fn is_now(&self) -> bool {
        self.on == on::NERTC_CALLKIT_FAULT_ON_NOW as i32
    }

    /// What it does.
    pub(super) fn effect(&self) -> Effect {
        self.effect
    }

    /// It applies to this device. A device without a name (media without a signaling channel) only meets
    /// rules that name none.
    pub(super) fn applies_to(&self, device: Option<&DeviceAddr>) -> bool {
        let same = |wanted: &Option<Text>, name: Option<&Text>| {
            wanted.as_ref().is_none_or(|wanted| name == Some(wanted))
        };
        same(&self.account, device.map(|it| &it.account)) && same(&self.device, device.map(|it| &it.device))
    }
}

impl FaultScript {
    /// Appends a rule.
    pub(super) fn add(&mut self, rule: FaultRule) -> Result<(), Refused> {
        if self.rules.len() >= limits::FAULTS {
            return Err(Refused::Full);
        }
        self.rules.push(rule);
        Ok(())
    }

    /// Nothing goes wrong any more.
    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Something happens: what goes wrong? The first rule that matches counts it and decides; a rule that has
    /// done its work is gone.
    #[inline]
    pub(super) fn fire(&mut self, on: i32, device: Option<&DeviceAddr>) -> Option<Effect> {
        if self.is_empty() { None } else { self.first_match(on, device) }
    }

    #[inline(never)]
    fn first_match(&mut self, on: i32, device: Option<&DeviceAddr>) -> Option<Effect> {
        let index = self.rules.iter().position(|rule| rule.on == on && rule.applies_to(device))?;
        let rule = &mut self.rules[index];
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        let effect = rule.effect;
        if rule.left != u32::MAX {
            rule.left -= 1;
            if rule.left == 0 {
                self.rules.remove(index);
            }
        }
        Some(effect)
    }
}

/// The place of a signaling operation.
pub(super) fn on_operation(operation: &Operation) -> i32 {
    let on = match operation {
        Operation::Login { .. } => on::NERTC_CALLKIT_FAULT_ON_LOGIN,
        Operation::Logout => on::NERTC_CALLKIT_FAULT_ON_LOGOUT,
        Operation::Create { .. } => on::NERTC_CALLKIT_FAULT_ON_CREATE,
        Operation::Join { .. } => on::NERTC_CALLKIT_FAULT_ON_JOIN,
        Operation::Invite { .. } => on::NERTC_CALLKIT_FAULT_ON_INVITE,
        Operation::Cancel(_) => on::NERTC_CALLKIT_FAULT_ON_CANCEL,
        Operation::Accept(_) => on::NERTC_CALLKIT_FAULT_ON_ACCEPT,
        Operation::Reject(_) => on::NERTC_CALLKIT_FAULT_ON_REJECT,
        Operation::Leave { .. } => on::NERTC_CALLKIT_FAULT_ON_LEAVE,
        Operation::Close { .. } => on::NERTC_CALLKIT_FAULT_ON_CLOSE,
        Operation::Control(_) => on::NERTC_CALLKIT_FAULT_ON_CONTROL,
        Operation::Record(_) => on::NERTC_CALLKIT_FAULT_ON_RECORD,
    };
    on as i32
}

/// The place of a media operation, if it is one.
pub(super) fn on_media_operation(operation: &MediaOperation) -> Option<i32> {
    match operation {
        MediaOperation::Join(_) => Some(on::NERTC_CALLKIT_FAULT_ON_RTC_JOIN as i32),
        MediaOperation::Leave => Some(on::NERTC_CALLKIT_FAULT_ON_RTC_LEAVE as i32),
        MediaOperation::EnableLocal { .. }
        | MediaOperation::MuteLocal { .. }
        | MediaOperation::Subscribe { .. }
        | MediaOperation::SetView { .. } => None,
    }
}

/// The place of a signaling event.
pub(super) fn on_event(kind: EventKind) -> i32 {
    if kind == EventKind::Ringing {
        return on::NERTC_CALLKIT_FAULT_ON_EVENT_RINGING as i32;
    }
    on::NERTC_CALLKIT_FAULT_ON_EVENT_CLOSE as i32 + kind.number() - EventKind::Close.number()
}

fn place(number: i32) -> Option<Place> {
    const LOGIN: i32 = on::NERTC_CALLKIT_FAULT_ON_LOGIN as i32;
    const RTC_LEAVE: i32 = on::NERTC_CALLKIT_FAULT_ON_RTC_LEAVE as i32;
    const EVENT_CLOSE: i32 = on::NERTC_CALLKIT_FAULT_ON_EVENT_CLOSE as i32;
    const EVENT_RINGING: i32 = on::NERTC_CALLKIT_FAULT_ON_EVENT_RINGING as i32;
    match number {
        0 => Some(Place::Now),
        LOGIN..=RTC_LEAVE => Some(Place::Operation),
        EVENT_CLOSE..=EVENT_RINGING => Some(Place::Message),
        _ => None,
    }
}

fn effect(fault: &Fault, place: Place) -> Option<Effect> {
    const DROP: i32 = action::NERTC_CALLKIT_FAULT_DROP as i32;
    const DUPLICATE: i32 = action::NERTC_CALLKIT_FAULT_DUPLICATE as i32;
    const DELAY: i32 = action::NERTC_CALLKIT_FAULT_DELAY as i32;
    const REORDER: i32 = action::NERTC_CALLKIT_FAULT_REORDER as i32;
    const REFUSE: i32 = action::NERTC_CALLKIT_FAULT_REFUSE as i32;
    const NO_ANSWER: i32 = action::NERTC_CALLKIT_FAULT_NO_ANSWER as i32;
    const CRASH: i32 = action::NERTC_CALLKIT_FAULT_CRASH as i32;
    const KICK: i32 = action::NERTC_CALLKIT_FAULT_KICK as i32;
    const EXPIRE: i32 = action::NERTC_CALLKIT_FAULT_EXPIRE_TOKEN as i32;
    // Logged out before a login: there is nobody to kick.
    let is_login = fault.on == on::NERTC_CALLKIT_FAULT_ON_LOGIN as i32;
    match (fault.action, place) {
        (DROP, Place::Message) | (NO_ANSWER, Place::Operation) => Some(Effect::Drop),
        (DUPLICATE, Place::Message | Place::Operation) => Some(Effect::Duplicate),
        (DELAY, Place::Message | Place::Operation) if fault.delay_ms > 0 => {
            Some(Effect::Delay(fault.delay_ms))
        }
        (REORDER, Place::Message) => Some(Effect::Reorder),
        (REFUSE, Place::Operation) if fault.code != 0 => Some(Effect::Refuse(Code::new(fault.code))),
        (CRASH, Place::Message | Place::Operation) => Some(Effect::Crash),
        (KICK, Place::Message | Place::Operation) if !is_login => Some(Effect::Kick),
        (CRASH, Place::Now) if fault.skip_count == 0 => Some(Effect::Crash),
        (KICK, Place::Now) if fault.skip_count == 0 => Some(Effect::Kick),
        (EXPIRE, Place::Now) if fault.skip_count == 0 => Some(Effect::Expire),
        (EXPIRE, Place::Operation) if is_login => Some(Effect::Expire),
        _ => None,
    }
}
