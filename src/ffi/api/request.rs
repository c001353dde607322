//! Converts C options to commands of the engine.

use std::collections::BTreeSet;
use std::ffi::c_char;

use nertc_callkit_abi as abi;
use nertc_callkit_abi::{
    nertc_callkit_call_flag, nertc_callkit_call_ref_flag, nertc_callkit_end_reason, nertc_callkit_policy_flag,
};

use crate::engine::input::{CallOptions, CallRef, Command, View};
use crate::engine::{Snapshot, limits, wire};
use crate::ffi::callbacks::CallbackSink;
use crate::ffi::support::convert::{
    call_type, flags, opt_text, parse_bool, range, read_strict, read_strict_opt, reserved, text,
};
use crate::ffi::support::error::{Error, Problem};
use nertc_callkit_signaling::{CallPolicy, PolicyRule, PushText, Text};

/// A flag of call, cancel, hangup or leave.
pub(crate) const NO_OFFLINE: u32 = nertc_callkit_call_flag::NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE as u32;
/// A flag of call, cancel or hangup.
pub(crate) const NO_RECORD: u32 = nertc_callkit_call_flag::NERTC_CALLKIT_CALL_FLAG_NO_RECORD as u32;
const CALL_REF_WAIT: u32 = nertc_callkit_call_ref_flag::NERTC_CALLKIT_CALL_REF_WAIT as u32;
const BUSY: i32 = nertc_callkit_end_reason::NERTC_CALLKIT_END_BUSY as i32;

/// # Safety
/// NULL or the app's options, as the header requires; so in all of these.
pub(crate) unsafe fn call(place: *const abi::nertc_callkit_call_options) -> Result<Command, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let c = read_strict("options", place)?;
        let given = flags("flags", c.flags, NO_OFFLINE | NO_RECORD)?;
        reserved(c.reserved)?;
        let call = CallOptions {
            user: text("user_id", c.user_id, limits::ACCOUNT)?,
            call_type: call_type("call_type", if c.call_type == 0 { 1 } else { c.call_type })?,
            attachment: opt_text("attachment", c.attachment, limits::CUSTOM)?,
            extra: opt_text("extra", c.extra, limits::CUSTOM)?,
            push: push(c.push).map_err(|error| error.within("push"))?,
            no_offline: given & NO_OFFLINE != 0,
            no_record: given & NO_RECORD != 0,
        };
        fits("attachment", call.attachment.as_deref(), call.extra.as_deref())?;
        Ok(Command::Call(call))
    }
}

/// How a call is to end.
#[derive(Default)]
pub(crate) struct Ending {
    pub(crate) no_offline: bool,
    pub(crate) no_record: bool,
    pub(crate) busy: bool,
    pub(crate) text: Option<Text>,
}

/// Options of cancel, reject, hangup and leave; `known` are the flags of the function.
///
/// # Safety
/// As `call`; NULL is all defaults.
pub(crate) unsafe fn ending(
    place: *const abi::nertc_callkit_end_options,
    known: u32,
    busy_is_known: bool,
) -> Result<Ending, Error> {
    // SAFETY: the caller's promise.
    let Some(c) = (unsafe { read_strict_opt("options", place)? }) else { return Ok(Ending::default()) };
    let given = flags("flags", c.flags, known)?;
    reserved(c.reserved)?;
    let busy = match c.reason {
        0 => false,
        BUSY if busy_is_known => true,
        _ if busy_is_known => return Err(Error::because("reason", "neither 0 nor NERTC_CALLKIT_END_BUSY")),
        _ => return Err(Error::because("reason", "must be 0; reject alone has a choice")),
    };
    // SAFETY: the caller's promise.
    let text = unsafe { opt_text("text", c.text, limits::CUSTOM)? };
    fits("text", None, text.as_deref())?;
    Ok(Ending { no_offline: given & NO_OFFLINE != 0, no_record: given & NO_RECORD != 0, busy, text })
}

/// Whether a function takes NERTC_CALLKIT_CALL_REF_WAIT.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    Allowed,
    Refused,
}

/// A reference that names nothing means the same as none.
///
/// # Safety
/// As `call`.
pub(crate) unsafe fn call_ref(
    place: *const abi::nertc_callkit_call_ref,
    app: &CallbackSink,
    wait: Wait,
) -> Result<CallRef, Error> {
    // SAFETY: the caller's promise.
    let given = unsafe { read_ref(place, wait) }.map_err(|error| error.within("call"))?;
    Ok(given.filter(|given| *given != CallRef::default()).unwrap_or_else(|| app.implied_call()))
}

/// The number of the call that a reference means, if it is the one that `shown` shows.
pub(crate) fn call_no_of(call: &CallRef, shown: &Snapshot) -> Option<u64> {
    let is_text = |given: &Option<Text>, is: &Text| given.as_ref().is_none_or(|given| given == is);
    let is_meant = if call.implied {
        call.shown == shown.call_no
    } else {
        (call.call_no == 0 || call.call_no == shown.call_no)
            && is_text(&call.account, &shown.peer)
            && is_text(&call.channel_id, &shown.channel_id)
            && is_text(&call.request_id, &shown.request_id)
    };
    (is_meant && shown.call_no != 0).then_some(shown.call_no)
}

/// # Safety
/// As `call`.
unsafe fn read_ref(place: *const abi::nertc_callkit_call_ref, wait: Wait) -> Result<Option<CallRef>, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(c) = read_strict_opt("", place)? else { return Ok(None) };
        let known = if wait == Wait::Allowed { CALL_REF_WAIT } else { 0 };
        let waits = flags("flags", c.flags, known)? != 0;
        let call = CallRef {
            call_no: c.call_no,
            channel_id: opt_text("channel_id", c.channel_id, limits::ID)?,
            account: opt_text("account", c.account, limits::ACCOUNT)?,
            request_id: opt_text("request_id", c.request_id, limits::ID)?,
            wait: waits,
            ..CallRef::default()
        };
        if waits {
            names_an_invite(&call)?;
        }
        Ok(Some(call))
    }
}

/// A call that has not arrived has no number: all other fields must identify it.
fn names_an_invite(call: &CallRef) -> Result<(), Error> {
    let texts =
        [("account", &call.account), ("channel_id", &call.channel_id), ("request_id", &call.request_id)];
    if let Some((field, _)) = texts.iter().find(|(_, text)| text.is_none()) {
        return Err(Error::because(*field, "missing, and CALL_REF_WAIT needs it"));
    }
    if call.call_no != 0 {
        return Err(Error::because("call_no", "must be 0 with CALL_REF_WAIT"));
    }
    Ok(())
}

/// # Safety
/// As `call`.
pub(crate) unsafe fn data(
    call: *const abi::nertc_callkit_call_ref,
    json: *const c_char,
    app: &CallbackSink,
) -> Result<Command, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let json = text("json", json, limits::DATA)?;
        if !wire::is_value(&json) {
            return Err(Error::because("json", "not a JSON value, or nested too deep"));
        }
        Ok(Command::SendData { call: call_ref(call, app, Wait::Refused)?, json })
    }
}

/// # Safety
/// As `call`; NULL means everybody.
pub(crate) unsafe fn policy(place: *const abi::nertc_callkit_call_policy) -> Result<CallPolicy, Error> {
    // SAFETY: the caller's promise.
    let Some(c) = (unsafe { read_strict_opt("policy", place)? }) else { return Ok(CallPolicy::default()) };
    let no_missed = nertc_callkit_policy_flag::NERTC_CALLKIT_POLICY_NO_MISSED as u32;
    let given = flags("flags", c.flags, no_missed)?;
    reserved(c.reserved)?;
    let rule = match range("rule", c.rule, 0..=3)? {
        0 => PolicyRule::Everybody,
        1 => PolicyRule::OnlyListed,
        2 => PolicyRule::AllButListed,
        _ => PolicyRule::Nobody,
    };
    let answers_busy = range("answer", c.answer, 0..=1)? == 1;
    // SAFETY: the caller's promise.
    let accounts = unsafe { listed(c.accounts, c.account_count)? };
    Ok(CallPolicy { rule, accounts, answers_busy, no_missed: given != 0 })
}

/// # Safety
/// `accounts` is NULL or has `count` texts.
unsafe fn listed(accounts: *const *const c_char, count: u32) -> Result<BTreeSet<Text>, Error> {
    let count = range("account_count", count, 0..=limits::POLICY_ACCOUNTS as u32)?;
    if accounts.is_null() && count > 0 {
        return Err(Error::invalid("accounts", Problem::Missing));
    }
    let read = |at: usize| {
        // SAFETY: the caller's promise.
        let account = unsafe { text("", *accounts.add(at), limits::ACCOUNT) };
        account.map_err(|error| error.at("accounts", at))
    };
    // Not collected: that sorts, which is 7 kB of code.
    let mut accounts = BTreeSet::new();
    for at in 0..count as usize {
        accounts.insert(read(at)?);
    }
    Ok(accounts)
}

/// # Safety
/// As `call`.
pub(crate) unsafe fn view(place: *const abi::nertc_callkit_view) -> Result<Option<View>, Error> {
    let read = |c: abi::nertc_callkit_view| {
        flags("flags", c.flags, 0)?;
        let mirror = parse_bool("mirror", c.mirror)?;
        Ok(View { scaling: c.scaling, mirror, window: c.window.expose_provenance() })
    };
    // SAFETY: the caller's promise.
    let c = unsafe { read_strict_opt("", place) };
    c.and_then(|c| c.map(read).transpose()).map_err(|error| error.within("view"))
}

/// # Safety
/// As `call`.
unsafe fn push(place: *const abi::nertc_callkit_push) -> Result<Option<Box<PushText>>, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(c) = read_strict_opt("", place)? else { return Ok(None) };
        flags("flags", c.flags, 0)?;
        Ok(Some(Box::new(PushText {
            title: opt_text("title", c.title, limits::PUSH_TEXT)?,
            content: opt_text("content", c.content, limits::PUSH_TEXT)?,
            payload: opt_text("payload", c.payload, limits::PUSH_PAYLOAD)?,
        })))
    }
}

fn fits(field: &'static str, attachment: Option<&str>, extra: Option<&str>) -> Result<(), Error> {
    if wire::invite_fits(attachment, extra) {
        return Ok(());
    }
    let bytes = wire::invite_bytes(attachment, extra);
    let field = if extra.is_none() { field } else { "attachment and extra" };
    Err(Error::invalid(field, Problem::Encoded { bytes, limit: limits::CUSTOM }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header documents this at the attachment.
    #[test]
    fn what_our_own_members_take() {
        let own = |attachment: Option<&str>, extra: Option<&str>| {
            let letters = attachment.map_or(0, str::len) + extra.map_or(0, str::len);
            wire::invite_bytes(attachment, extra) - letters
        };
        assert_eq!((own(Some("a"), None), own(None, Some("a")), own(Some("a"), Some("a"))), (343, 344, 361));
    }
}
