//! Options of C become commands of the engine.

use nertc_callkit_abi as abi;
use nertc_callkit_abi::nertc_callkit_flag;

use super::convert::{call_type, flags, opt_options, opt_text, options, reserved, text, yes_or_no};
use super::error::{Error, Problem};
use super::event::Host;
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
        let c = options("options", place)?;
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

/// # Safety
/// As `call`.
pub(crate) unsafe fn cancel(
    place: *const abi::nertc_callkit_cancel_options,
    host: &Host,
) -> Result<Command, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(c) = opt_options("options", place)? else {
            let call = host.implied_call();
            return Ok(Command::Cancel { call, attach_ext: None, no_offline: false, no_record: false });
        };
        let given = flags("flags", c.flags, NO_OFFLINE | NO_RECORD)?;
        let attach_ext = opt_text("attach_ext", c.attach_ext, limits::CUSTOM)?;
        fits("attach_ext", attach_ext.as_deref(), None)?;
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
    let given = unsafe { read_ref(place) }.map_err(|error| error.within("call"))?;
    Ok(given.filter(|given| *given != CallRef::default()).unwrap_or_else(|| host.implied_call()))
}

/// # Safety
/// As `call`.
unsafe fn read_ref(place: *const abi::nertc_callkit_call_ref) -> Result<Option<CallRef>, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(c) = opt_options("", place)? else { return Ok(None) };
        flags("flags", c.flags, 0)?;
        Ok(Some(CallRef {
            call_no: c.call_no,
            channel_id: opt_text("channel_id", c.channel_id, limits::ID)?,
            account: opt_text("account", c.account, limits::ACCOUNT)?,
            request_id: opt_text("request_id", c.request_id, limits::ID)?,
            ..CallRef::default()
        }))
    }
}

/// # Safety
/// As `call`.
pub(crate) unsafe fn view(place: *const abi::nertc_callkit_view) -> Result<Option<View>, Error> {
    let read = |c: abi::nertc_callkit_view| {
        flags("flags", c.flags, 0)?;
        let mirror = yes_or_no("mirror", c.mirror)?;
        Ok(View { scaling: c.scaling, mirror, window: c.window.expose_provenance() })
    };
    // SAFETY: the caller's promise.
    let c = unsafe { opt_options("", place) };
    c.and_then(|c| c.map(read).transpose()).map_err(|error| error.within("view"))
}

/// # Safety
/// As `call`.
unsafe fn push(place: *const abi::nertc_callkit_push) -> Result<Option<Push>, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(c) = opt_options("", place)? else { return Ok(None) };
        flags("flags", c.flags, 0)?;
        Ok(Some(Push {
            title: opt_text("title", c.title, limits::PUSH_TEXT)?,
            content: opt_text("content", c.content, limits::PUSH_TEXT)?,
            payload: opt_text("payload", c.payload, limits::PUSH_PAYLOAD)?,
        }))
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
