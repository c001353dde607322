//! Reads what the core lends to a vtable function.

use std::ffi::{CStr, c_char};
use std::mem::{MaybeUninit, offset_of, size_of};

use nertc_callkit_abi as abi;
use nertc_callkit_abi::{nertc_callkit_call_flag, nertc_callkit_rtc_join_flag};
use nertc_callkit_media::{Join, MediaOperation, Preparation};
use nertc_callkit_signaling::{
    CallPolicy, CallType, Code, InviteState, Message, Notification, PolicyRule, PushText, Record,
    RecordStatus, Text,
};

use crate::signaling::Login;

/// A struct of the core, lent for the call. Structs only grow at the end, so a larger one is a newer core's
/// and fine.
///
/// # Errors
/// It is missing, or the core is older than the fields that we read.
///
/// # Safety
/// `place` is NULL or points to a struct that begins with its `struct_size`, and outlives `'a`.
pub(super) unsafe fn borrow_struct<'a, T>(place: *const T) -> Result<&'a T, Code> {
    if place.is_null() {
        return Err(Code::BACKEND_FAILED);
    }
    // SAFETY: not NULL; the struct has at least the size that it states.
    unsafe {
        let is_whole = place.cast::<u32>().read() as usize >= size_of::<T>();
        if is_whole { Ok(&*place) } else { Err(Code::BACKEND_FAILED) }
    }
}

/// A struct that has grown since its first release, when it had `first` bytes: what an older core does not
/// know is zero.
///
/// # Errors
/// It is missing, or smaller than that.
///
/// # Safety
/// As `borrow_struct`, and all-zero is a value of `T`.
unsafe fn read_prefix<T: Copy>(place: *const T, first: usize) -> Result<T, Code> {
    if place.is_null() {
        return Err(Code::BACKEND_FAILED);
    }
    // SAFETY: not NULL; the struct has the size that it states.
    unsafe {
        let given = place.cast::<u32>().read() as usize;
        if given < first {
            return Err(Code::BACKEND_FAILED);
        }
        let mut value = MaybeUninit::<T>::zeroed();
        value.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(place.cast(), given.min(size_of::<T>()));
        Ok(value.assume_init())
    }
}

/// A text; NULL is empty.
///
/// # Errors
/// It is not UTF-8.
///
/// # Safety
/// `text` is NULL or NUL-terminated.
pub(super) unsafe fn text(text: *const c_char) -> Result<Text, Code> {
    if text.is_null() {
        return Ok(Text::EMPTY);
    }
    // SAFETY: the caller's promise.
    Text::from_c_str(unsafe { CStr::from_ptr(text) }).map_err(|_| Code::INVALID_ARGUMENT)
}

/// # Safety
/// As `text`.
unsafe fn opt_text(place: *const c_char) -> Result<Option<Text>, Code> {
    // SAFETY: the caller's promise.
    (!place.is_null()).then(|| unsafe { text(place) }).transpose()
}

/// # Safety
/// The texts of `args` end.
pub(super) unsafe fn login(args: &abi::nertc_callkit_login_args) -> Result<Login, Code> {
    // SAFETY: the caller's promise.
    unsafe {
        Ok(Login {
            account: text(args.account)?,
            token: text(args.token)?,
            device: text(args.device_id)?,
            data_dir: text(args.data_dir)?,
            timeout_ms: args.timeout_ms,
        })
    }
}

/// Whether nothing is kept for offline devices.
pub(super) fn no_offline(args: &abi::nertc_callkit_signaling_args) -> bool {
    args.flags & nertc_callkit_call_flag::NERTC_CALLKIT_CALL_FLAG_NO_OFFLINE as u32 != 0
}

/// # Safety
/// The texts of `args` end.
pub(super) unsafe fn message(args: &abi::nertc_callkit_signaling_args) -> Result<Message, Code> {
    // SAFETY: the caller's promise.
    unsafe {
        Ok(Message {
            channel_id: text(args.channel_id)?,
            account: text(args.account)?,
            request_id: text(args.request_id)?,
            custom_info: text(args.custom_info)?,
            no_offline: no_offline(args),
        })
    }
}

/// # Safety
/// `push` is NULL or a struct with NUL-terminated texts.
pub(super) unsafe fn push(push: *const abi::nertc_callkit_push) -> Result<Option<Box<PushText>>, Code> {
    // SAFETY: the caller's promise.
    unsafe {
        let Ok(push) = borrow_struct(push) else { return Ok(None) };
        Ok(Some(Box::new(PushText {
            title: opt_text(push.title)?,
            content: opt_text(push.content)?,
            payload: opt_text(push.payload)?,
        })))
    }
}

/// # Safety
/// The texts of the record end, and it has as many accounts and durations as it states.
pub(super) unsafe fn record(record: &abi::nertc_callkit_record) -> Result<Record, Code> {
    let has_durations = !record.accounts.is_null() && !record.durations_s.is_null();
    let count = if has_durations { record.account_count as usize } else { 0 };
    // SAFETY: the caller's promise.
    let duration = |at: usize| unsafe { Ok((text(*record.accounts.add(at))?, *record.durations_s.add(at))) };
    // SAFETY: the caller's promise.
    unsafe {
        Ok(Record {
            client_msg_id: text(record.client_msg_id)?,
            to: text(record.to_account)?,
            channel_id: text(record.channel_id)?,
            call_type: CallType::of(record.call_type),
            status: RecordStatus::from_number(record.record_status).ok_or(Code::INVALID_ARGUMENT)?,
            text: text(record.text)?,
            durations: (0..count).map(duration).collect::<Result<_, Code>>()?,
        })
    }
}

/// # Safety
/// The texts of `args` end.
pub(super) unsafe fn invite_state(
    args: &abi::nertc_callkit_signaling_args,
    number: i32,
) -> Result<Notification, Code> {
    let state = InviteState::from_number(number).ok_or(Code::INVALID_ARGUMENT)?;
    // SAFETY: the caller's promise.
    let message = unsafe { message(args)? };
    Ok(Notification::InviteState {
        channel_id: message.channel_id,
        account: message.account,
        request_id: message.request_id,
        state,
    })
}

/// A rule of a newer core admits nobody: the core decides in any case.
///
/// # Safety
/// As many accounts are there as it states, with NUL-terminated texts.
pub(super) unsafe fn policy(policy: &abi::nertc_callkit_call_policy) -> Result<CallPolicy, Code> {
    let count = if policy.accounts.is_null() { 0 } else { policy.account_count as usize };
    // SAFETY: the caller's promise.
    let account = |at: usize| unsafe { text(*policy.accounts.add(at)) };
    Ok(CallPolicy {
        rule: PolicyRule::from_number(policy.rule).unwrap_or(PolicyRule::Nobody),
        accounts: (0..count).map(account).collect::<Result<_, Code>>()?,
        answers_busy: policy.answer == abi::nertc_callkit_policy_answer::NERTC_CALLKIT_POLICY_BUSY as i32,
        no_missed: policy.flags & abi::nertc_callkit_policy_flag::NERTC_CALLKIT_POLICY_NO_MISSED as u32 != 0,
    })
}

/// # Safety
/// The texts of `args` end.
pub(super) unsafe fn media_join(place: *const abi::nertc_callkit_rtc_join) -> Result<MediaOperation, Code> {
    // SAFETY: the caller's promise.
    unsafe {
        let args = read_prefix(place, offset_of!(abi::nertc_callkit_rtc_join, peer))?;
        let inviter = nertc_callkit_rtc_join_flag::NERTC_CALLKIT_RTC_JOIN_INVITER as u32;
        Ok(MediaOperation::Join(Box::new(Join {
            channel_name: text(args.channel_name)?,
            uid: args.uid,
            token: text(args.token)?,
            call_type: CallType::of(args.call_type),
            is_inviter: args.flags & inviter != 0,
            peer: text(args.peer)?,
            call_id: text(args.call_id)?,
            call_no: args.call_no,
            account: text(args.account)?,
            device: text(args.device_id)?,
        })))
    }
}

/// # Safety
/// The texts of `args` end.
pub(super) unsafe fn preparation(args: *const abi::nertc_callkit_rtc_prepare) -> Result<Preparation, Code> {
    // SAFETY: the caller's promise.
    unsafe {
        let args = borrow_struct(args)?;
        let inviter = nertc_callkit_rtc_join_flag::NERTC_CALLKIT_RTC_JOIN_INVITER as u32;
        Ok(Preparation {
            call_no: args.call_no,
            is_inviter: args.flags & inviter != 0,
            call_type: CallType::of(args.call_type),
            peer: text(args.peer)?,
            call_id: text(args.call_id)?,
        })
    }
}

/// A media sink; of an older core it has no `send`.
///
/// # Safety
/// As `read_prefix`.
pub(super) unsafe fn media_sink(
    place: *const abi::nertc_callkit_rtc_sink,
) -> Result<abi::nertc_callkit_rtc_sink, Code> {
    // SAFETY: the caller's promise.
    unsafe { read_prefix(place, offset_of!(abi::nertc_callkit_rtc_sink, send)) }
}
