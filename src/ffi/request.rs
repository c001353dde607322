//! Options of C become commands of the engine.

use nertc_callkit_abi as abi;
use nertc_callkit_abi::nertc_callkit_flag;

use super::convert::{call_type, flags, opt_options, opt_text, options, text, yes_or_no};
use super::event::Host;
use super::guard::Error;
use crate::engine::input::{CallOptions, CallRef, Command, Push, View};
use crate::engine::{limits, wire};

/// A flag of call, cancel, hangup or leave.
pub(crate) const NO_OFFLINE: u32 = nertc_callkit_flag::NERTC_CALLKIT_FLAG_NO_OFFLINE as u32;
/// A flag of call, cancel or hangup.
pub(crate) const NO_RECORD: u32 = nertc_callkit_flag::NERTC_CALLKIT_FLAG_NO_RECORD as u32;

/// # Safety
/// NULL or the host's options, as the header says; so in all of these.
pub(crate) unsafe fn call(place: *const abi::nertc_callkit_call_options) -> Result<Command, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let c = options(place)?;
        let given = flags(c.flags, NO_OFFLINE | NO_RECORD)?;
        flags(c.reserved, 0)?;
        let call = CallOptions {
            user: text(c.user_id, limits::ACCOUNT)?,
            call_type: call_type(if c.call_type == 0 { 1 } else { c.call_type })?,
            attachment: opt_text(c.attachment, limits::CUSTOM)?,
            extra: opt_text(c.extra, limits::CUSTOM)?,
            push: push(c.push)?,
            no_offline: given & NO_OFFLINE != 0,
            no_record: given & NO_RECORD != 0,
        };
        fits(call.attachment.as_deref(), call.extra.as_deref())?;
        Ok(Command::Call(call))
    }
}

/// # Safety
/// As `call`.
pub(crate) unsafe fn cancel(
    place: *const abi::nertc_callkit_cancel_options,
    host: &Host,
) -> Result<Command, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(c) = opt_options(place)? else {
            let call = host.implied_call();
            return Ok(Command::Cancel { call, attach_ext: None, no_offline: false, no_record: false });
        };
        let given = flags(c.flags, NO_OFFLINE | NO_RECORD)?;
        let attach_ext = opt_text(c.attach_ext, limits::CUSTOM)?;
        fits(None, attach_ext.as_deref())?;
        let (no_offline, no_record) = (given & NO_OFFLINE != 0, given & NO_RECORD != 0);
        Ok(Command::Cancel { call: call_ref(c.call, host)?, attach_ext, no_offline, no_record })
    }
}

/// A reference that names nothing means the same as none.
///
/// # Safety
/// As `call`.
pub(crate) unsafe fn call_ref(
    place: *const abi::nertc_callkit_call_ref,
    host: &Host,
) -> Result<CallRef, Error> {
    // SAFETY: the caller's promise.
    let given = unsafe {
        let Some(c) = opt_options(place)? else { return Ok(host.implied_call()) };
        flags(c.flags, 0)?;
        CallRef {
            call_no: c.call_no,
            channel_id: opt_text(c.channel_id, limits::ID)?,
            account: opt_text(c.account, limits::ACCOUNT)?,
            request_id: opt_text(c.request_id, limits::ID)?,
            ..CallRef::default()
        }
    };
    Ok(if given == CallRef::default() { host.implied_call() } else { given })
}

/// # Safety
/// As `call`.
pub(crate) unsafe fn view(place: *const abi::nertc_callkit_view) -> Result<Option<View>, Error> {
    // SAFETY: the caller's promise.
    let Some(c) = (unsafe { opt_options(place)? }) else { return Ok(None) };
    flags(c.flags, 0)?;
    Ok(Some(View { scaling: c.scaling, mirror: yes_or_no(c.mirror)?, window: c.window.expose_provenance() }))
}

/// # Safety
/// As `call`.
unsafe fn push(place: *const abi::nertc_callkit_push) -> Result<Option<Push>, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(c) = opt_options(place)? else { return Ok(None) };
        flags(c.flags, 0)?;
        Ok(Some(Push {
            title: opt_text(c.title, limits::PUSH_TEXT)?,
            content: opt_text(c.content, limits::PUSH_TEXT)?,
            payload: opt_text(c.payload, limits::PUSH_PAYLOAD)?,
        }))
    }
}

fn fits(attachment: Option<&str>, extra: Option<&str>) -> Result<(), Error> {
    if wire::invite_fits(attachment, extra) { Ok(()) } else { Err(Error::InvalidArgument) }
}
