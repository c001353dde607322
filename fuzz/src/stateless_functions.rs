//! Functions that need no call: push payloads, policies, tokens and texts.

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};

use nertc_callkit::ffi::api::{call::*, library::*, push::*, session::*};
use nertc_callkit_abi as abi;
use nertc_callkit_abi::nertc_callkit_status as status;

use super::backend::{Lent, size, zeroed};
use super::bytes::Bytes;
use super::values::{number, sized, text};

/// Any push payload: it is decoded to what encodes to the same text, or nothing is touched.
pub(crate) fn push(bytes: &mut Bytes<'_>) {
    let mut payload = if bytes.flag() { b"nck1:".to_vec() } else { Vec::new() };
    if bytes.flag() {
        payload.extend(encoded(bytes));
        for _ in 0..bytes.below(3) {
            let at = bytes.below(payload.len().max(1));
            payload.get_mut(at).into_iter().for_each(|byte| *byte = bytes.byte().max(1));
        }
    } else {
        payload.extend(bytes.take(64).iter().filter(|byte| **byte != 0));
    }
    let payload = CString::new(payload).unwrap_or_default();
    // SAFETY: numbers and bytes; any pattern is a value of it.
    let before: abi::nertc_callkit_push_call = abi::nertc_callkit_push_call {
        struct_size: size::<abi::nertc_callkit_push_call>(),
        sent_ms: 0x5a5a,
        ..zeroed()
    };
    let mut out = before;
    // SAFETY: a text that ends, and a struct of its stated size.
    match unsafe { nertc_callkit_push_decode(payload.as_ptr(), &mut out) } {
        status::NERTC_CALLKIT_STATUS_OK => {
            let (again, declared) = encode(&out, abi::NERTC_CALLKIT_PUSH_SIZE);
            assert_eq!(declared, status::NERTC_CALLKIT_STATUS_OK);
            assert_eq!(again.as_c_str(), payload.as_c_str(), "one text for one call");
        }
        status::NERTC_CALLKIT_STATUS_INVALID_ARGUMENT | status::NERTC_CALLKIT_STATUS_UNSUPPORTED => {
            assert!(out.sent_ms == 0x5a5a && out.call_type == 0 && out.to_account == [0; 65], "touched");
        }
        declared @ (status::NERTC_CALLKIT_STATUS_CLOSED
        | status::NERTC_CALLKIT_STATUS_QUEUE_FULL
        | status::NERTC_CALLKIT_STATUS_REENTRANT
        | status::NERTC_CALLKIT_STATUS_INTERNAL) => panic!("{declared:?}"),
    }
}

/// A call in a buffer of some size, and what was answered.
fn encode(call: &abi::nertc_callkit_push_call, room: u32) -> (CString, status) {
    let mut buffer = vec![0_u8; room.min(abi::NERTC_CALLKIT_PUSH_SIZE) as usize];
    let mut bytes = room;
    // SAFETY: as many bytes as stated, except for a size larger than ever needed.
    let declared = unsafe { nertc_callkit_push_encode(call, buffer.as_mut_ptr().cast(), &mut bytes) };
    if declared == status::NERTC_CALLKIT_STATUS_OK {
        assert!(bytes <= abi::NERTC_CALLKIT_PUSH_SIZE);
    } else {
        assert!(buffer.iter().all(|byte| *byte == 0), "touched");
    }
    (CStr::from_bytes_until_nul(&buffer).map(CStr::to_owned).unwrap_or_default(), declared)
}

/// A text that push_encode wrote, or the start of none.
fn encoded(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let mut call: abi::nertc_callkit_push_call = zeroed();
    call.struct_size = size::<abi::nertc_callkit_push_call>();
    call.call_type = number(1, bytes);
    call.sent_ms = bytes.number();
    call.ring_left_ms = bytes.u32();
    for field in [
        &mut call.to_account,
        &mut call.from_account,
        &mut call.from_device,
        &mut call.channel_id,
        &mut call.request_id,
    ] {
        let length = bytes.below(66);
        for (place, byte) in field.iter_mut().zip(bytes.take(length)) {
            *place = *byte as c_char;
        }
    }
    let room = bytes.u32();
    let (text, _) = encode(&call, room);
    text.into_bytes()
}

/// A call policy, mostly a good one.
fn policy(bytes: &mut Bytes<'_>, lent: &mut Lent) -> *const abi::nertc_callkit_call_policy {
    if bytes.chance(32) {
        return null();
    }
    let listed = bytes.below(4);
    let accounts: Vec<*const c_char> =
        (0..listed).map(|at| text(Some(["bob", "carol", "alice"][at % 3]), 64, bytes, lent)).collect();
    let count = if bytes.chance(8) && accounts.is_empty() { bytes.u32() } else { listed as u32 };
    let policy = abi::nertc_callkit_call_policy {
        struct_size: 0,
        flags: number(i32::from(bytes.byte() & 1), bytes) as u32,
        rule: number(i32::from(bytes.byte() & 3), bytes),
        answer: number(i32::from(bytes.byte() & 1), bytes),
        accounts: if accounts.is_empty() { null() } else { accounts.as_ptr() },
        account_count: count,
        reserved: u32::from(bytes.chance(4)),
    };
    lent.keep(accounts);
    sized(policy, bytes, lent)
}

/// How to end a call, mostly as documented.
pub(crate) fn end_options(bytes: &mut Bytes<'_>, lent: &mut Lent) -> *const abi::nertc_callkit_end_options {
    let options = abi::nertc_callkit_end_options {
        struct_size: 0,
        flags: number(i32::from(bytes.byte() & 3), bytes) as u32,
        reason: number(if bytes.flag() { 3 } else { 0 }, bytes),
        reserved: u32::from(bytes.chance(4)),
        text: text(Some("later"), 4096, bytes, lent),
    };
    sized(options, bytes, lent)
}

/// Settings, and texts for numbers.
pub(crate) fn settings(kit: *mut abi::nertc_callkit, bytes: &mut Bytes<'_>, lent: &mut Lent) -> status {
    let wanted = number(bytes.u32() as i32, bytes);
    let words = [
        nertc_callkit_end_reason_text(wanted),
        nertc_callkit_state_text(wanted),
        nertc_callkit_operation_text(wanted as u32),
    ];
    assert!(words.iter().all(|words| !words.is_null()));
    let token = text(Some("token"), 4096, bytes, lent);
    // SAFETY: structs and texts that are lent; handles may be anything.
    unsafe {
        match bytes.below(3) {
            0 => nertc_callkit_set_token(kit, token),
            1 => nertc_callkit_set_call_policy(kit, policy(bytes, lent)),
            _ => nertc_callkit_reject(kit, null(), end_options(bytes, lent), None, null_mut()),
        }
    }
}
