//! Arguments and reports of C, mostly right: else texts are NULL, too long or no UTF-8, sizes and numbers
//! wrong.

use std::ffi::{CString, c_char};
use std::ptr::{null, null_mut};

use nertc_callkit::ffi::api::{call::*, loopback::*, media::*, session::*};
use nertc_callkit_abi as abi;

use super::backend::{Known, Lent, zeroed};
use super::bytes::Bytes;
use super::values::{number, sized, text};

/// A report of a backend, ready to be made.
pub(crate) type Report = Box<dyn FnOnce(&abi::nertc_callkit_signaling_sink, &abi::nertc_callkit_rtc_sink)>;

fn recent(known: &[CString], bytes: &mut Bytes<'_>, lent: &mut Lent) -> *const c_char {
    match known.len().checked_sub(1 + bytes.seldom(4)) {
        Some(at) => lent.text(known[at].clone()),
        None => text(Some("none"), 64, bytes, lent),
    }
}

pub(crate) fn call_ref(
    known: &Known,
    bytes: &mut Bytes<'_>,
    lent: &mut Lent,
) -> *const abi::nertc_callkit_call_ref {
    if !bytes.chance(64) {
        return null();
    }
    let call = abi::nertc_callkit_call_ref {
        struct_size: 0,
        flags: number(i32::from(bytes.chance(64)), bytes) as u32,
        call_no: if bytes.flag() { 0 } else { u64::from(bytes.byte() & 7) },
        channel_id: if bytes.flag() { recent(&known.channels, bytes, lent) } else { null() },
        account: if bytes.flag() { text(Some("bob"), 64, bytes, lent) } else { null() },
        request_id: if bytes.flag() { recent(&known.requests, bytes, lent) } else { null() },
    };
    sized(call, bytes, lent)
}

pub(crate) fn call_options(bytes: &mut Bytes<'_>, lent: &mut Lent) -> *const abi::nertc_callkit_call_options {
    if bytes.chance(4) {
        return null();
    }
    let bits = bytes.byte();
    let push = abi::nertc_callkit_push {
        struct_size: 0,
        flags: 0,
        title: text(Some("title"), 512, bytes, lent),
        content: null(),
        payload: text(None, 2048, bytes, lent),
    };
    let options = abi::nertc_callkit_call_options {
        struct_size: 0,
        flags: number(i32::from(bits & 3), bytes) as u32,
        call_type: number(1 + i32::from(bits & 4 != 0), bytes),
        reserved: 0,
        user_id: text(Some(["bob", "carol"][usize::from(bits >> 7)]), 64, bytes, lent),
        attachment: text((bits & 8 != 0).then_some("{\"a\":[1]}"), 4096, bytes, lent),
        extra: text(None, 4096, bytes, lent),
        push: if bits & 16 != 0 { sized(push, bytes, lent) } else { null() },
    };
    sized(options, bytes, lent)
}

/// Functions without a completion, and wrong handles for those with one.
pub(crate) fn any_call(kit: *mut abi::nertc_callkit, bytes: &mut Bytes<'_>, lent: &mut Lent) {
    let wrong = [null_mut(), std::ptr::without_provenance_mut(bytes.below(256)), kit];
    let kit = *bytes.pick(&wrong);
    let view = abi::nertc_callkit_view { scaling: number(0, bytes), mirror: number(1, bytes), ..zeroed() };
    let view = sized(view, bytes, lent);
    let frame = abi::nertc_callkit_frame {
        media: bytes.below(4) as u32,
        planes: [lent.keep([0_u8; 4096]).cast(), null(), null(), null()],
        strides: [bytes.number() as u32, 0, 0, 0],
        sample_rate: bytes.u32(),
        channels: bytes.below(4) as u32,
        samples: bytes.number() as u32,
        ..zeroed()
    };
    let frame = sized(frame, bytes, lent);
    let options = call_options(bytes, lent);
    let mut backends: abi::nertc_callkit_backends = zeroed();
    backends.struct_size = bytes.below(9) as u32;
    // SAFETY: structs and texts that are lent; handles may be anything.
    let status = unsafe {
        match bytes.below(14) {
            12 | 13 => super::stateless_functions::settings(kit, bytes, lent),
            0 => nertc_callkit_set_call_timeout(kit, bytes.number() as u32),
            1 => nertc_callkit_set_local_view(kit, view, None, null_mut()),
            2 => nertc_callkit_set_remote_view(kit, view, None, null_mut()),
            3 => nertc_callkit_push_frame(kit, frame),
            4 => nertc_callkit_call(kit, options, None, null_mut()),
            5 => nertc_callkit_accept(kit, null(), None, null_mut()),
            6 => nertc_callkit_hangup(
                kit,
                null(),
                super::stateless_functions::end_options(bytes, lent),
                None,
                null_mut(),
            ),
            7 => nertc_callkit_mute_local(kit, bytes.u32(), number(1, bytes), None, null_mut()),
            8 => nertc_callkit_get_event_handle(kit, null_mut()),
            9 => nertc_callkit_null_rtc(&mut backends),
            10 => nertc_callkit_login(kit, text(Some("eve"), 64, bytes, lent), null(), None, null_mut()),
            _ => nertc_callkit_get_call_info(kit, null_mut()),
        }
    };
    let internal = abi::nertc_callkit_status::NERTC_CALLKIT_STATUS_INTERNAL;
    assert!(status != internal, "INTERNAL: a panic inside");
}

/// Makes a good answer a bad one.
pub(crate) fn spoil(
    result: &mut abi::nertc_callkit_signaling_result,
    bytes: &mut Bytes<'_>,
    lent: &mut Lent,
) {
    const CODES: [i32; 10] = [0, 408, 10201, 10404, 10408, 10409, 10410, -1, i32::MIN, 90008];
    result.code = *bytes.pick(&CODES);
    result.message = text(Some("why"), 256, bytes, lent);
    result.rtc_token = text(Some("token"), 4096, bytes, lent);
    result.server_ms = if bytes.chance(64) { bytes.number() } else { 0 };
    match bytes.below(8) {
        0 => result.struct_size = *bytes.pick(&[0, 4, 7, 8, 4097, u32::MAX]),
        1 => result.channel_state = null(),
        2 => result.channel_state = room("c1", bytes, lent),
        _ => {}
    }
}

fn channel(id: *const c_char, bytes: &mut Bytes<'_>, lent: &mut Lent) -> *const abi::nertc_callkit_channel {
    if bytes.chance(4) {
        return null();
    }
    let channel = abi::nertc_callkit_channel {
        call_type: number(1 + i32::from(bytes.byte() & 1), bytes),
        flags: u32::from(bytes.chance(16)),
        channel_id: id,
        creator: text(Some("bob"), 64, bytes, lent),
        create_ms: bytes.number(),
        ..zeroed()
    };
    sized(channel, bytes, lent)
}

fn room(id: &str, bytes: &mut Bytes<'_>, lent: &mut Lent) -> *const abi::nertc_callkit_channel_state {
    let members: Vec<*const abi::nertc_callkit_member> = (0..bytes.below(4))
        .map(|_| {
            let account = text(Some("alice"), 64, bytes, lent);
            let member = abi::nertc_callkit_member { account, uid: bytes.number(), ..zeroed() };
            if bytes.chance(8) { null() } else { sized(member, bytes, lent) }
        })
        .collect();
    let id = text(Some(id), 64, bytes, lent);
    let room = abi::nertc_callkit_channel_state {
        struct_size: 0,
        member_count: members.len() as u32,
        channel: channel(id, bytes, lent),
        members: if members.is_empty() { null() } else { members.as_ptr() },
    };
    lent.keep(members);
    sized(room, bytes, lent)
}

/// Messages of peers.
pub(crate) fn events(
    known: &mut Known,
    bytes: &mut Bytes<'_>,
    lent: &mut Lent,
) -> Vec<*const abi::nertc_callkit_signaling_event> {
    (0..1 + bytes.below(3))
        .map(|_| {
            let signal = [3, 3, 6, 4, 5, 1, 7, 8, 2, 101, 102][bytes.below(11)];
            if signal == 3 && bytes.chance(192) {
                let made = known.channels.len();
                known.channels.push(CString::new(format!("c{made}")).unwrap_or_default());
                known.requests.push(CString::new(format!("0{made}")).unwrap_or_default());
            }
            let id = recent(&known.channels, bytes, lent);
            let custom = super::wire::attachment(bytes).replace('\0', "");
            let event = abi::nertc_callkit_signaling_event {
                signal: number(signal, bytes),
                channel: channel(id, bytes, lent),
                from_account: text(Some(["bob", "carol", "alice"][bytes.seldom(3)]), 64, bytes, lent),
                from_device: text(None, 64, bytes, lent),
                to_account: text(Some("alice"), 64, bytes, lent),
                request_id: recent(&known.requests, bytes, lent),
                custom_info: text(Some(&custom), 4096, bytes, lent),
                time_ms: if bytes.chance(32) { bytes.number() } else { 0 },
                ..zeroed()
            };
            if bytes.chance(4) { null() } else { sized(event, bytes, lent) }
        })
        .collect()
}

pub(crate) fn states(known: &mut Known, bytes: &mut Bytes<'_>, lent: &mut Lent) -> Report {
    let id = format!("c{}", known.channels.len().saturating_sub(bytes.below(4)));
    let states = [room(&id, bytes, lent), if bytes.flag() { null() } else { room("other", bytes, lent) }];
    let states = lent.keep(states).cast();
    Box::new(move |signaling, _| {
        // SAFETY: a list that is lent.
        signaling.channel_states.iter().for_each(|emit| _ = unsafe { emit(signaling.ctx, states, 2) });
    })
}

/// Events and frames of the media backend.
pub(crate) fn media(bytes: &mut Bytes<'_>, lent: &mut Lent) -> Report {
    let event = abi::nertc_callkit_rtc_event {
        r#type: number([1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11][bytes.below(12)], bytes),
        code: number(0, bytes),
        media: number(1, bytes) as u32,
        flags: u32::from(bytes.byte() & 1),
        uid: if bytes.chance(48) { bytes.number() } else { 8 },
        text: text(None, 256, bytes, lent),
        ..zeroed()
    };
    let event = if bytes.chance(4) { null() } else { sized(event, bytes, lent) };
    let frame = abi::nertc_callkit_frame { media: 1, uid: 8, ..zeroed() };
    let frame = sized(frame, bytes, lent);
    Box::new(move |_, rtc| {
        // SAFETY: an event and a frame that are lent.
        unsafe {
            rtc.event.iter().for_each(|emit| _ = emit(rtc.ctx, event));
            rtc.frame.iter().for_each(|give| give(rtc.ctx, frame));
        }
    })
}

/// The line, and the log.
pub(crate) fn line(bytes: &mut Bytes<'_>, lent: &mut Lent) -> Report {
    let event = abi::nertc_callkit_signaling_connection {
        r#type: number([1, 1, 2, 2, 3, 4][bytes.below(6)], bytes),
        code: number(0, bytes),
        message: text(Some("why"), 256, bytes, lent),
        ..zeroed()
    };
    let event = if bytes.chance(8) { null() } else { sized(event, bytes, lent) };
    let (level, words) = (number(2, bytes), text(Some("words"), 256, bytes, lent));
    let from = text(Some(["bob", "alice"][bytes.below(2)]), 64, bytes, lent);
    let record = abi::nertc_callkit_record {
        call_type: number(1, bytes),
        record_status: number(1 + bytes.below(5) as i32, bytes),
        client_msg_id: text(Some(["m1", "m2"][bytes.below(2)]), 64, bytes, lent),
        to_account: text(Some("alice"), 64, bytes, lent),
        channel_id: text(Some("c1"), 64, bytes, lent),
        ..zeroed()
    };
    let record = if bytes.chance(8) { null() } else { sized(record, bytes, lent) };
    Box::new(move |signaling, _| {
        // SAFETY: an event and a text that are lent.
        unsafe {
            signaling.connection.iter().for_each(|emit| _ = emit(signaling.ctx, event));
            signaling.log.iter().for_each(|log| log(signaling.ctx, level, words));
            signaling.record.iter().for_each(|emit| _ = emit(signaling.ctx, from, record));
        }
    })
}
