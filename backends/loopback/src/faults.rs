//! The fault script: what shall go wrong, where, and how often.

use std::ffi::{CStr, CString};
use std::time::Duration;

use nertc_callkit_abi::{
    nertc_callkit_fault_action as action, nertc_callkit_fault_on as on, nertc_callkit_signal as signal,
};

use crate::limits;

/// One line of a script, as it is handed in; `nertc_callkit_fault` describes the fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fault<'a> {
    /// A nertc_callkit_fault_action.
    pub action: i32,
    /// A nertc_callkit_fault_on.
    pub on: i32,
    /// How many pass untouched first.
    pub after: u32,
    /// How many are hit then; 0 = one, `u32::MAX` = all.
    pub count: u32,
    /// DELAY: how long. At least 1.
    pub delay_ms: u32,
    /// REFUSE: with which code. Not 0.
    pub code: i32,
    /// Account it applies to; None = any.
    pub account: Option<&'a CStr>,
    /// Device it applies to; None = any.
    pub device: Option<&'a CStr>,
}

/// Why a line is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// An unknown number, a combination that makes no sense, or a value that the action needs and that is 0.
    Invalid,
    /// The script is full.
    Full,
}

/// What a line does to an operation's completion or to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    /// It gets lost (NO_ANSWER for a completion).
    Drop,
    /// It comes twice.
    Duplicate,
    /// It comes later.
    Delay(Duration),
    /// It comes after the next one.
    Reorder,
    /// The operation has no effect and this code.
    Refuse(i32),
    /// The device vanishes.
    Die,
    /// The device is kicked.
    Kick,
    /// The device needs another token.
    Expire,
}

/// The lines that still have something to do, in order.
#[derive(Default)]
pub(crate) struct Script {
    rules: Vec<Rule>,
}

/// A device by its names.
pub(crate) type Names<'a> = Option<(&'a CStr, &'a CStr)>;

pub(crate) struct Rule {
    hit: Hit,
    on: i32,
    after: u32,
    /// How many are still to be hit; `u32::MAX` = all.
    left: u32,
    account: Option<CString>,
    device: Option<CString>,
}

/// What the numbers of `on` stand for.
#[derive(PartialEq, Eq)]
enum Place {
    Now,
    Operation,
    Message,
}

impl Rule {
    /// Checks a line.
    pub(crate) fn new(fault: &Fault) -> Result<Rule, Refused> {
        let hit = hit(fault, place(fault.on).ok_or(Refused::Invalid)?).ok_or(Refused::Invalid)?;
        Ok(Rule {
            hit,
            on: fault.on,
            after: fault.after,
            left: fault.count.max(1),
            account: fault.account.map(CStr::to_owned),
            device: fault.device.map(CStr::to_owned),
        })
    }

    /// It strikes when it is added.
    pub(crate) fn is_now(&self) -> bool {
        self.on == on::NERTC_CALLKIT_FAULT_ON_NOW as i32
    }

    /// What it does.
    pub(crate) fn hit(&self) -> Hit {
        self.hit
    }

    /// It means this device. A device without a name (media without a signaling channel) is only meant by
    /// lines that name none.
    pub(crate) fn means(&self, who: Names) -> bool {
        let same = |wanted: &Option<CString>, name: Option<&CStr>| {
            wanted.as_deref().is_none_or(|wanted| name == Some(wanted))
        };
        same(&self.account, who.map(|it| it.0)) && same(&self.device, who.map(|it| it.1))
    }
}

impl Script {
    /// Appends a line.
    pub(crate) fn add(&mut self, rule: Rule) -> Result<(), Refused> {
        if self.rules.len() >= limits::FAULTS {
            return Err(Refused::Full);
        }
        self.rules.push(rule);
        Ok(())
    }

    /// Something happens: what goes wrong? The first line that matches counts it and decides; a line that has
    /// done its work is gone.
    pub(crate) fn hit(&mut self, on: i32, who: Names) -> Option<Hit> {
        let index = self.rules.iter().position(|rule| rule.on == on && rule.means(who))?;
        let rule = &mut self.rules[index];
        if rule.after > 0 {
            rule.after -= 1;
            return None;
        }
        let hit = rule.hit;
        if rule.left != u32::MAX {
            rule.left -= 1;
            if rule.left == 0 {
                self.rules.remove(index);
            }
        }
        Some(hit)
    }
}

/// The place of a message of this kind.
pub(crate) fn on_message(signal: signal) -> i32 {
    if signal == signal::NERTC_CALLKIT_SIGNAL_RINGING {
        return on::NERTC_CALLKIT_FAULT_ON_EVENT_RINGING as i32;
    }
    let first = on::NERTC_CALLKIT_FAULT_ON_EVENT_CLOSE as i32 - signal::NERTC_CALLKIT_SIGNAL_CLOSE as i32;
    first + signal as i32
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

fn hit(fault: &Fault, place: Place) -> Option<Hit> {
    const DROP: i32 = action::NERTC_CALLKIT_FAULT_DROP as i32;
    const DUPLICATE: i32 = action::NERTC_CALLKIT_FAULT_DUPLICATE as i32;
    const DELAY: i32 = action::NERTC_CALLKIT_FAULT_DELAY as i32;
    const REORDER: i32 = action::NERTC_CALLKIT_FAULT_REORDER as i32;
    const REFUSE: i32 = action::NERTC_CALLKIT_FAULT_REFUSE as i32;
    const NO_ANSWER: i32 = action::NERTC_CALLKIT_FAULT_NO_ANSWER as i32;
    const DIE: i32 = action::NERTC_CALLKIT_FAULT_CRASH as i32;
    const KICK: i32 = action::NERTC_CALLKIT_FAULT_KICK as i32;
    const EXPIRE: i32 = action::NERTC_CALLKIT_FAULT_EXPIRE_TOKEN as i32;
    // Nobody is logged in before a login: there is nobody to kick.
    let is_login = fault.on == on::NERTC_CALLKIT_FAULT_ON_LOGIN as i32;
    match (fault.action, place) {
        (DROP, Place::Message) | (NO_ANSWER, Place::Operation) => Some(Hit::Drop),
        (DUPLICATE, Place::Message | Place::Operation) => Some(Hit::Duplicate),
        (DELAY, Place::Message | Place::Operation) if fault.delay_ms > 0 => {
            Some(Hit::Delay(Duration::from_millis(fault.delay_ms.into())))
        }
        (REORDER, Place::Message) => Some(Hit::Reorder),
        (REFUSE, Place::Operation) if fault.code != 0 => Some(Hit::Refuse(fault.code)),
        (DIE, Place::Message | Place::Operation) => Some(Hit::Die),
        (KICK, Place::Message | Place::Operation) if !is_login => Some(Hit::Kick),
        (DIE, Place::Now) if fault.after == 0 => Some(Hit::Die),
        (KICK, Place::Now) if fault.after == 0 => Some(Hit::Kick),
        (EXPIRE, Place::Now) if fault.after == 0 => Some(Hit::Expire),
        (EXPIRE, Place::Operation) if is_login => Some(Hit::Expire),
        _ => None,
    }
}
