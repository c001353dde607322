//! Reads the structs that backends pass: whatever is wrong with one is reported, and nothing
//! of it is used.

use std::ffi::{CStr, c_char};

use log::warn;
use nertc_callkit_abi as abi;

use crate::engine::input::{Media, RtcEvent, RtcReport, Security};
use crate::engine::limits;
use crate::ffi::support::convert::{VersionedStruct, bytes, read_prefix};
use nertc_callkit_signaling::{
    self as signaling, CallType, Channel, ChannelState, Code, Connection, EventKind, Member, OperationResult,
    Origin, Outcome, Record, RecordStatus, Req, Text,
};

/// Why a backend's report is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecodeError {
    /// A text over its limit.
    TooLong,
    /// Not UTF-8.
    Utf8,
    /// NULL, or a struct_size that cannot be.
    Struct,
    /// A number that the header does not know.
    Unknown,
}

impl DecodeError {
    fn why(self) -> &'static str {
        match self {
            DecodeError::TooLong => "a text exceeds its limit",
            DecodeError::Utf8 => "a text is not UTF-8",
            DecodeError::Struct => "a struct is NULL or has a wrong struct_size",
            DecodeError::Unknown => "a number has no meaning",
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        let code = match self {
            DecodeError::TooLong => Code::LIMIT,
            DecodeError::Utf8 | DecodeError::Struct | DecodeError::Unknown => Code::BACKEND_FAILED,
        };
        Outcome::failed(code, &format!("the backend's answer is not usable: {}", self.why()))
    }
}

pub(super) fn dropped(what: &str, error: DecodeError) -> i32 {
    warn!("a backend's {what} was dropped: {}", error.why());
    0
}

/// # Safety
/// `list` is NULL or has `count` elements.
pub(super) unsafe fn list<T, U>(
    list: *const *const T,
    count: u32,
    what: &str,
    read: impl Fn(*const T) -> Result<U, DecodeError>,
) -> Vec<U> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller's promise.
    let places = unsafe { std::slice::from_raw_parts(list, count as usize) };
    let keep = |place: &*const T| read(*place).inspect_err(|error| _ = dropped(what, *error)).ok();
    places.iter().filter_map(keep).collect()
}

/// # Safety
/// `place` is NULL or a struct with its struct_size.
unsafe fn read<T: VersionedStruct>(place: *const T) -> Result<T, DecodeError> {
    // SAFETY: the caller's promise.
    unsafe { read_prefix("", place) }.map_err(|_| DecodeError::Struct)
}

/// A text of a backend; NULL is empty.
///
/// # Safety
/// `text` is NULL or ends with NUL.
pub(super) unsafe fn text(text: *const c_char, limit: usize) -> Result<Text, DecodeError> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(text, limit + 1) }.unwrap_or_default();
    if bytes.len() > limit {
        return Err(DecodeError::TooLong);
    }
    if bytes.is_empty() {
        return Ok(Text::EMPTY);
    }
    // SAFETY: it ends within the limit.
    Text::from_c_str(unsafe { CStr::from_ptr(text) }).map_err(|_| DecodeError::Utf8)
}

/// A message of a backend, for developers: truncated at its limit and at the first invalid byte.
///
/// # Safety
/// `text` is NULL or ends with NUL.
pub(super) unsafe fn message(text: *const c_char) -> Text {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(text, limits::MESSAGE) }.unwrap_or_default();
    if bytes.is_empty() {
        return Text::default();
    }
    start_of(bytes)
}

/// A message of a backend of ours, cut at its limit.
pub(super) fn cut(message: Text) -> Text {
    if message.len() > limits::MESSAGE { start_of(&message.as_bytes()[..limits::MESSAGE]) } else { message }
}

/// What is text at the start of these bytes.
fn start_of(bytes: &[u8]) -> Text {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid()).into()
}

/// What a backend calls itself.
///
/// # Safety
/// `name` is NULL or ends with NUL.
pub(crate) unsafe fn backend_name(name: *const c_char) -> Text {
    // SAFETY: the caller's promise.
    let name = unsafe { message(name) };
    if name.is_empty() { "an unnamed backend".into() } else { name }
}

/// The result of an operation.
///
/// # Safety
/// `text` is NULL or ends with NUL.
pub(super) unsafe fn outcome(code: i32, raw_code: i32, text: *const c_char) -> Outcome {
    // SAFETY: the caller's promise.
    let message = unsafe { message(text) };
    bounded(Outcome { code: code.into(), raw_code, message })
}

/// Codes are positive; all other numbers of a backend are only passed on. The message is cut at its limit.
pub(super) fn bounded(outcome: Outcome) -> Outcome {
    let Outcome { code, raw_code, message } = outcome;
    let message = cut(message);
    match code.number() {
        number if number < 0 => Outcome { code: Code::BACKEND_FAILED, raw_code: number, message },
        _ => Outcome { code, raw_code, message },
    }
}

/// # Safety
/// As `read`, for all it points to, in this and all the following.
unsafe fn channel(place: *const abi::nertc_callkit_channel) -> Result<Channel, DecodeError> {
    // SAFETY: the caller's promise.
    unsafe {
        let c = read(place)?;
        Ok(Channel {
            id: text(c.channel_id, limits::ID)?,
            call_type: c.call_type,
            invalid: c.flags & 1 != 0,
            creator: text(c.creator, limits::ACCOUNT)?,
            create_ms: c.create_ms,
            expire_ms: c.expire_ms,
        })
    }
}

/// # Safety
/// As `channel`.
unsafe fn member(place: *const abi::nertc_callkit_member) -> Result<Member, DecodeError> {
    // SAFETY: the caller's promise.
    unsafe {
        let c = read(place)?;
        let (account, device) = (text(c.account, limits::ACCOUNT)?, text(c.device_id, limits::ID)?);
        Ok(Member { account, device, uid: c.uid })
    }
}

/// # Safety
/// As `channel`.
pub(super) unsafe fn room(
    place: *const abi::nertc_callkit_channel_state,
) -> Result<ChannelState, DecodeError> {
    // SAFETY: the caller's promise.
    unsafe {
        let c = read(place)?;
        let members = list(c.members, c.member_count, "member", |place| member(place));
        Ok(ChannelState { channel: channel(c.channel)?, members })
    }
}

/// # Safety
/// As `channel`.
pub(super) unsafe fn signal_result(
    place: *const abi::nertc_callkit_signaling_result,
) -> Result<OperationResult, DecodeError> {
    // SAFETY: the caller's promise.
    unsafe {
        let c = read(place)?;
        let rtc_token = text(c.rtc_token, limits::TOKEN)?;
        Ok(OperationResult {
            outcome: outcome(c.code, c.raw_code, c.message),
            channel: if c.channel_state.is_null() { None } else { Some(room(c.channel_state)?) },
            rtc_token: (!rtc_token.is_empty()).then_some(rtc_token),
            server_ms: c.server_ms,
        })
    }
}

/// # Safety
/// As `channel`.
pub(super) unsafe fn signal_event(
    place: *const abi::nertc_callkit_signaling_event,
) -> Result<signaling::Event, DecodeError> {
    // SAFETY: the caller's promise.
    unsafe {
        let c = read(place)?;
        Ok(signaling::Event {
            kind: EventKind::from_number(c.signal).ok_or(DecodeError::Unknown)?,
            channel: channel(c.channel)?,
            from: text(c.from_account, limits::ACCOUNT)?,
            from_device: text(c.from_device, limits::ID)?,
            to: text(c.to_account, limits::ACCOUNT)?,
            request_id: text(c.request_id, limits::ID)?,
            custom_info: text(c.custom_info, limits::CUSTOM)?,
            time_ms: c.time_ms,
            uid: c.uid,
        })
    }
}

/// A record of another device; fields that nobody needs are not read.
///
/// # Safety
/// As `channel`.
pub(super) unsafe fn record(place: *const abi::nertc_callkit_record) -> Result<Record, DecodeError> {
    // SAFETY: the caller's promise.
    unsafe {
        let c = read(place)?;
        Ok(Record {
            client_msg_id: text(c.client_msg_id, limits::ID)?,
            to: text(c.to_account, limits::ACCOUNT)?,
            channel_id: text(c.channel_id, limits::ID)?,
            call_type: CallType::from_number(c.call_type).ok_or(DecodeError::Unknown).and_then(recordable)?,
            status: RecordStatus::from_number(c.record_status).ok_or(DecodeError::Unknown)?,
            text: Text::default(),
            durations: Vec::new(),
        })
    }
}

/// Audio or video; of anything else there are no records.
pub(super) fn recordable(call_type: CallType) -> Result<CallType, DecodeError> {
    if call_type == CallType::Other { Err(DecodeError::Unknown) } else { Ok(call_type) }
}

/// A quality of the header.
pub(super) fn quality(number: i32) -> Result<i32, DecodeError> {
    if (0..=4).contains(&number) { Ok(number) } else { Err(DecodeError::Unknown) }
}

pub(super) fn origin(number: i32) -> Result<Origin, DecodeError> {
    Origin::from_number(number).ok_or(DecodeError::Unknown)
}

/// # Safety
/// As `channel`.
pub(super) unsafe fn connection(
    place: *const abi::nertc_callkit_signaling_connection,
) -> Result<Connection, DecodeError> {
    // SAFETY: the caller's promise.
    let (c, outcome) = unsafe {
        let c = read(place)?;
        (c, outcome(c.code, c.raw_code, c.message))
    };
    Connection::from_number(c.r#type, outcome).ok_or(DecodeError::Unknown)
}

/// # Safety
/// As `channel`.
pub(super) unsafe fn rtc_event_of(
    place: *const abi::nertc_callkit_rtc_event,
) -> Result<RtcReport, DecodeError> {
    // SAFETY: the caller's promise.
    let c = unsafe { read(place)? };
    let join = (c.join != 0).then_some(Req(c.join));
    // SAFETY: as above.
    let outcome = || unsafe { outcome(c.code, c.raw_code, c.text) };
    let (uid, media, on) = (c.uid, Media::of(c.media), c.flags & 1 != 0);
    let event = match c.r#type {
        1 => RtcEvent::PeerJoin { uid },
        2 => RtcEvent::PeerLeave { uid, code: c.code.into() },
        3 => RtcEvent::PeerMedia { uid, media, on },
        4 => RtcEvent::PeerMute { uid, media, muted: on },
        5 => RtcEvent::PeerSilent { uid },
        6 => RtcEvent::PeerActive { uid },
        7 => RtcEvent::Reconnecting,
        8 => RtcEvent::Reconnected,
        9 => RtcEvent::Disconnected(outcome()),
        10 => RtcEvent::Quality { uid, quality: quality(c.code)? },
        11 => RtcEvent::Error(outcome()),
        12 => {
            // SAFETY: the caller's promise.
            let (code, local_fingerprint, remote_fingerprint) = unsafe {
                let limit = limits::FINGERPRINT;
                (
                    text(c.text, limits::SECURITY_CODE)?,
                    text(c.local_fingerprint, limit)?,
                    text(c.remote_fingerprint, limit)?,
                )
            };
            let security = Security::from_number(c.code).ok_or(DecodeError::Unknown)?;
            RtcEvent::Secured { security, code, local_fingerprint, remote_fingerprint }
        }
        _ => return Err(DecodeError::Unknown),
    };
    Ok(RtcReport { join, event })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;
    use std::ptr;

    fn zeroed<T: VersionedStruct>() -> T {
        // SAFETY: all-zero is a value of it.
        unsafe { std::mem::zeroed() }
    }

    fn size<T>() -> u32 {
        size_of::<T>() as u32
    }

    fn some_channel() -> abi::nertc_callkit_channel {
        abi::nertc_callkit_channel { struct_size: size::<abi::nertc_callkit_channel>(), ..zeroed() }
    }

    fn invite(channel: &abi::nertc_callkit_channel) -> abi::nertc_callkit_signaling_event {
        let struct_size = size::<abi::nertc_callkit_signaling_event>();
        abi::nertc_callkit_signaling_event {
            struct_size,
            signal: 3,
            channel,
            from_account: c"bob".as_ptr(),
            ..zeroed()
        }
    }

    fn read_event(event: &abi::nertc_callkit_signaling_event) -> Result<signaling::Event, DecodeError> {
        // SAFETY: a whole event.
        unsafe { signal_event(event) }
    }

    #[test]
    fn null_texts_of_a_backend_are_empty() {
        let channel = some_channel();
        let event = read_event(&invite(&channel)).unwrap();
        assert_eq!((event.kind, &*event.from, &*event.custom_info), (EventKind::Invite, "bob", ""));
        assert_eq!(event.channel, Channel::default());
    }

    #[test]
    fn decode_errors_name_the_mistake() {
        let channel = some_channel();
        let good = invite(&channel);
        let long = CString::new(vec![b'x'; 1 << 20]).unwrap();
        type Event = abi::nertc_callkit_signaling_event;
        assert_eq!(read_event(&Event { signal: 9, ..good }), Err(DecodeError::Unknown));
        assert_eq!(read_event(&Event { struct_size: 8, ..good }), Err(DecodeError::Struct));
        assert_eq!(read_event(&Event { channel: ptr::null(), ..good }), Err(DecodeError::Struct));
        assert_eq!(read_event(&Event { from_account: long.as_ptr(), ..good }), Err(DecodeError::TooLong));
        assert_eq!(read_event(&Event { custom_info: long.as_ptr(), ..good }), Err(DecodeError::TooLong));
        assert_eq!(read_event(&Event { request_id: c"\xff".as_ptr(), ..good }), Err(DecodeError::Utf8));
        assert!(origin(3).is_err() && origin(-1).is_err());
    }

    #[test]
    fn an_answer_that_is_not_usable_fails_the_operation() {
        let long = CString::new(vec![b'x'; 65]).unwrap();
        let channel = abi::nertc_callkit_channel { channel_id: long.as_ptr(), ..some_channel() };
        let room = abi::nertc_callkit_channel_state {
            struct_size: size::<abi::nertc_callkit_channel_state>(),
            channel: &channel,
            ..zeroed()
        };
        let struct_size = size::<abi::nertc_callkit_signaling_result>();
        let result = abi::nertc_callkit_signaling_result { struct_size, channel_state: &room, ..zeroed() };
        // SAFETY: a whole result.
        let error = unsafe { signal_result(&result) }.unwrap_err();
        assert_eq!(error.outcome().code, Code::LIMIT);
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { signal_result(ptr::null()) }.unwrap_err().outcome().code, Code::BACKEND_FAILED);
    }

    #[test]
    fn a_code_below_zero_is_no_code() {
        // SAFETY: NULL is allowed.
        let (error, good) = unsafe { (outcome(-7, 1, ptr::null()), outcome(408, 1, ptr::null())) };
        assert_eq!((error.code, error.raw_code), (Code::BACKEND_FAILED, -7));
        assert_eq!((good.code, good.raw_code), (Code::TIMEOUT, 1));
    }

    #[test]
    fn a_message_is_cut_on_a_border_of_a_character() {
        let text = CString::new("\u{e9}".repeat(200)).unwrap();
        // SAFETY: ends with NUL.
        assert_eq!(unsafe { message(text.as_ptr()) }.len(), limits::MESSAGE);
        let text = CString::new(format!("x{}", "\u{e9}".repeat(200))).unwrap();
        // SAFETY: ends with NUL.
        assert_eq!(unsafe { message(text.as_ptr()) }.len(), limits::MESSAGE - 1);
        // SAFETY: ends with NUL, or is NULL.
        unsafe {
            assert_eq!(&*message(c"ab\xffcd".as_ptr()), "ab");
            assert_eq!(&*message(ptr::null()), "");
        }
    }

    #[test]
    fn valid_elements_of_a_list_are_kept() {
        let channel = some_channel();
        let (good, error) =
            (invite(&channel), abi::nertc_callkit_signaling_event { signal: 0, ..invite(&channel) });
        let events = [ptr::from_ref(&good), ptr::from_ref(&error), ptr::null(), ptr::from_ref(&good)];
        // SAFETY: four elements.
        let read = unsafe { list(events.as_ptr(), 4, "message", |place| signal_event(place)) };
        assert_eq!(read.len(), 2);
    }
}
