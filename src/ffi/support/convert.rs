//! Converts pointers, texts, numbers and sizes of C to checked Rust values. Nothing else here
//! dereferences a pointer of the app.

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::MaybeUninit;
use std::ops::{Deref, RangeInclusive};

use nertc_callkit_abi as abi;

use super::error::{Error, Problem};
use crate::engine::input::{Media, SwitchStep};
use crate::engine::limits;
use nertc_callkit_signaling::{CallType, Text};
use smallvec::SmallVec;

/// Largest struct_size that makes sense.
const LARGEST: usize = 4096;
/// struct_size and the 32-bit field beside it.
const SMALLEST: usize = 8;

/// A struct of the header that begins with its `u32 struct_size`.
///
/// # Safety
/// `#[repr(C)]`, begins with that field, and all-zero bytes are a value of it.
pub(crate) unsafe trait VersionedStruct: Copy {
    /// sizeof in the first release that had it: a smaller one is refused.
    const FIRST: usize = size_of::<Self>();
}

macro_rules! versioned_struct {
    ($($name:ident $(since $first:expr)?,)*) => {
        $(
            // SAFETY: crates/abi lays every one of them out so; fields are numbers, pointers
            // and optional functions.
            unsafe impl VersionedStruct for abi::$name {
                $(const FIRST: usize = $first;)?
            }
        )*
    };
}
versioned_struct! {
    // Functions that a shorter one does not have are NULL; what a newer one has grew at its
    // end.
    nertc_callkit_push,
    nertc_callkit_call_options,
    nertc_callkit_call_ref,
    nertc_callkit_view,
    nertc_callkit_timers since std::mem::offset_of!(abi::nertc_callkit_timers, token_ms),
    nertc_callkit_config,
    nertc_callkit_listener since SMALLEST,
    nertc_callkit_backends,
    nertc_callkit_fault,
    nertc_callkit_mqtt_options,
    nertc_callkit_ice_server,
    nertc_callkit_webrtc_options,
    nertc_callkit_call_stats,
    nertc_callkit_stream_stats,
    nertc_callkit_frame,
    nertc_callkit_call_info,
    nertc_callkit_signaling since SMALLEST,
    nertc_callkit_rtc since SMALLEST,
    nertc_callkit_signaling_result,
    nertc_callkit_signaling_event,
    nertc_callkit_signaling_connection,
    nertc_callkit_channel,
    nertc_callkit_member,
    nertc_callkit_channel_state,
    nertc_callkit_rtc_event since std::mem::offset_of!(abi::nertc_callkit_rtc_event, local_fingerprint),
    nertc_callkit_record,
    nertc_callkit_call_policy,
    nertc_callkit_end_options,
    nertc_callkit_push_call,
}

/// A pointer of the app or a backend that we only pass on.
#[derive(Clone, Copy)]
pub(crate) struct AppPtr(pub(crate) *mut c_void);
// SAFETY: never dereferenced here; its owner allows any thread.
unsafe impl Send for AppPtr {}
// SAFETY: as above.
unsafe impl Sync for AppPtr {}

/// A text of 1 to `limit` bytes.
///
/// # Safety
/// `text` is NULL or ends with NUL.
pub(crate) unsafe fn text(field: &'static str, text: *const c_char, limit: usize) -> Result<Text, Error> {
    // SAFETY: the caller's promise.
    unsafe { opt_text(field, text, limit)? }.ok_or_else(|| Error::invalid(field, Problem::Missing))
}

/// A text of up to `limit` bytes; NULL and empty are none.
///
/// # Safety
/// `text` is NULL or ends with NUL.
pub(crate) unsafe fn opt_text(
    field: &'static str,
    text: *const c_char,
    limit: usize,
) -> Result<Option<Text>, Error> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(text, limit + 1) };
    let Some(bytes) = bytes else { return Ok(None) };
    if bytes.len() > limit {
        return Err(Error::invalid(field, Problem::TooLong { limit }));
    }
    match std::str::from_utf8(bytes) {
        Ok("") => Ok(None),
        Ok(text) => Ok(Some(text.into())),
        Err(_) => Err(Error::invalid(field, Problem::NotUtf8)),
    }
}

/// Up to `limit` bytes before the NUL; nothing beyond them is read.
///
/// # Safety
/// `text` is NULL or ends with NUL; the bytes are lent for `'a`.
pub(crate) unsafe fn bytes<'a>(text: *const c_char, limit: usize) -> Option<&'a [u8]> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    Some(unsafe { std::slice::from_raw_parts(text.cast(), libc::strnlen(text, limit)) })
}

/// Text for C. Accounts and ids need no allocation. The pointer is good while the value stays
/// where it is.
pub(crate) enum CText {
    /// Ends with at least one NUL.
    Short([u8; CText::ROOM]),
    Long(CString),
}

impl CText {
    const ROOM: usize = 72;

    pub(crate) fn as_ptr(&self) -> *const c_char {
        match self {
            CText::Short(bytes) => bytes.as_ptr().cast(),
            CText::Long(text) => text.as_ptr(),
        }
    }
}

impl Deref for CText {
    type Target = CStr;

    fn deref(&self) -> &CStr {
        match self {
            CText::Short(bytes) => CStr::from_bytes_until_nul(bytes).unwrap_or_default(),
            CText::Long(text) => text,
        }
    }
}

/// Text for C. A peer can smuggle a NUL in as JSON; C sees what is before it.
pub(crate) fn c_text(text: &str) -> CText {
    if text.len() < CText::ROOM {
        let mut bytes = [0; CText::ROOM];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        return CText::Short(bytes);
    }
    let until = text.bytes().position(|byte| byte == 0).unwrap_or(text.len());
    CText::Long(CString::new(&text.as_bytes()[..until]).unwrap_or_default())
}

/// Accounts and seconds as parallel arrays; the texts are lent by `durations`.
pub(crate) fn split(durations: &[(Text, u32)]) -> (SmallVec<[*const c_char; 2]>, SmallVec<[u32; 2]>) {
    durations.iter().map(|(account, seconds)| (account.as_ptr(), *seconds)).unzip()
}

/// Copies a text into an array of `C`, cut if need be; the rest is zero.
pub(crate) fn fill(array: &mut [c_char], text: &str) {
    let room = array.len().saturating_sub(1);
    for (place, byte) in array.iter_mut().zip(text.bytes().take(room).take_while(|byte| *byte != 0)) {
        *place = byte as c_char;
    }
}

/// The known prefix of a struct; zero where the caller's is shorter. Also returns the caller's
/// size.
///
/// # Safety
/// `place` is NULL or has as many bytes as its struct_size says.
unsafe fn copy_prefix<T: VersionedStruct>(field: &'static str, place: *const T) -> Result<(T, usize), Error> {
    if place.is_null() {
        return Err(Error::invalid(field, Problem::Missing));
    }
    // SAFETY: the first field, which is always there.
    let size = unsafe { place.cast::<u32>().read_unaligned() } as usize;
    if !(T::FIRST..=LARGEST).contains(&size) {
        let problem = Problem::StructSize { given: size, least: T::FIRST, most: LARGEST };
        return Err(Error::invalid(field, problem));
    }
    // Half a pointer would be a wild one.
    let whole = size.min(size_of::<T>()) / align_of::<T>() * align_of::<T>();
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: `size` bytes are there; all-zero is a value of T, and so is what a C compiler
    // wrote over it.
    unsafe {
        value.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(place.cast(), whole);
        Ok((value.assume_init(), size))
    }
}

/// Options of the app: unknown fields must be zero.
///
/// # Safety
/// `place` is NULL or has as many bytes as its struct_size says.
pub(crate) unsafe fn read_strict<T: VersionedStruct>(
    field: &'static str,
    place: *const T,
) -> Result<T, Error> {
    // SAFETY: the caller's promise; what lies between our size and its size is the caller's.
    unsafe {
        let (value, size) = copy_prefix(field, place)?;
        let unknown = size.saturating_sub(size_of::<T>());
        let tail = std::slice::from_raw_parts(place.cast::<u8>().add(size - unknown), unknown);
        if tail.iter().any(|byte| *byte != 0) { Err(Error::unknown_field(field)) } else { Ok(value) }
    }
}

/// As `options`; NULL is fine.
///
/// # Safety
/// `place` is NULL or has as many bytes as its struct_size says.
pub(crate) unsafe fn read_strict_opt<T: VersionedStruct>(
    field: &'static str,
    place: *const T,
) -> Result<Option<T>, Error> {
    // SAFETY: the caller's promise.
    if place.is_null() { Ok(None) } else { unsafe { read_strict(field, place).map(Some) } }
}

/// Functions of the app and structs of a backend: unknown fields are ignored.
///
/// # Safety
/// `place` is NULL or has as many bytes as its struct_size says.
pub(crate) unsafe fn read_prefix<T: VersionedStruct>(
    field: &'static str,
    place: *const T,
) -> Result<T, Error> {
    // SAFETY: the caller's promise.
    unsafe { copy_prefix(field, place).map(|(value, _)| value) }
}

/// Writes the prefix of `value` that both sides know, and its size.
///
/// # Safety
/// `place` is NULL or has as many bytes as its struct_size says.
pub(crate) unsafe fn write_prefix<T: VersionedStruct>(
    field: &'static str,
    place: *mut T,
    value: &T,
) -> Result<(), Error> {
    // SAFETY: the caller's promise; the first 4 bytes of T are its struct_size.
    unsafe {
        let (_, size) = copy_prefix(field, place.cast_const())?;
        let common = size.min(size_of::<T>());
        place.cast::<u8>().copy_from_nonoverlapping(std::ptr::from_ref(value).cast(), common);
        place.cast::<u32>().write_unaligned(common as u32);
        Ok(())
    }
}

/// Zeroes `struct_size` bytes at `place` and writes the size there.
///
/// # Safety
/// `place` is NULL or has room for `struct_size` bytes.
pub(crate) unsafe fn init(place: *mut c_void, struct_size: u32) {
    let size = struct_size as usize;
    if place.is_null() || !(SMALLEST..=LARGEST).contains(&size) {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe {
        place.cast::<u8>().write_bytes(0, size);
        place.cast::<u32>().write_unaligned(struct_size);
    }
}

/// Where sound goes; NULL is refused, and so is what no array of samples can be.
///
/// # Safety
/// `place` is NULL or has room for that many samples, which nobody else uses for `'a`.
pub(crate) unsafe fn samples<'a>(
    field: &'static str,
    place: *mut i16,
    count: u32,
) -> Result<&'a mut [i16], Error> {
    let place = out(field, place)?;
    if !place.is_aligned() {
        return Err(Error::because(field, "misaligned for 16-bit samples"));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts_mut(place, count as usize) })
}

/// Where an answer goes; NULL is refused.
pub(crate) fn out<T>(field: &'static str, place: *mut T) -> Result<*mut T, Error> {
    if place.is_null() { Err(Error::invalid(field, Problem::Missing)) } else { Ok(place) }
}

/// Flags out of those that are known.
pub(crate) fn flags(field: &'static str, given: u32, known: u32) -> Result<u32, Error> {
    match given & !known {
        0 => Ok(given),
        unknown => Err(Error::invalid(field, Problem::Flags { unknown })),
    }
}

/// A field that has no meaning yet.
pub(crate) fn reserved(given: u32) -> Result<(), Error> {
    range("reserved", given, 0..=0).map(drop)
}

/// A number within its range.
pub(crate) fn range<T>(field: &'static str, given: T, range: RangeInclusive<T>) -> Result<T, Error>
where
    T: Copy + PartialOrd + Into<i64>,
{
    if range.contains(&given) {
        return Ok(given);
    }
    let (least, most) = range.into_inner();
    let problem = Problem::Range { given: given.into(), least: least.into(), most: most.into() };
    Err(Error::invalid(field, problem))
}

/// 0 or 1.
pub(crate) fn parse_bool(field: &'static str, given: i32) -> Result<bool, Error> {
    range(field, given, 0..=1).map(|given| given == 1)
}

/// Audio or video.
pub(crate) fn call_type(field: &'static str, given: i32) -> Result<CallType, Error> {
    let is_video = range(field, given, 1..=2)? == 2;
    Ok(if is_video { CallType::Video } else { CallType::Audio })
}

/// A step of a type switch.
pub(crate) fn step(field: &'static str, given: i32) -> Result<SwitchStep, Error> {
    match range(field, given, 1..=3)? {
        1 => Ok(SwitchStep::Invite),
        2 => Ok(SwitchStep::Agree),
        _ => Ok(SwitchStep::Reject),
    }
}

/// At least one of the media bits.
pub(crate) fn media(field: &'static str, given: u32) -> Result<Media, Error> {
    range(field, given, 1..=3).map(Media::of)
}

/// A ring limit.
pub(crate) fn ring_ms(field: &'static str, given: u32) -> Result<u32, Error> {
    range(field, given, limits::RING_MS)
}

/// A frame whose planes exist and match its size.
///
/// # Safety
/// As `options`.
pub(crate) unsafe fn frame(
    place: *const abi::nertc_callkit_frame,
) -> Result<abi::nertc_callkit_frame, Error> {
    // SAFETY: the caller's promise.
    let frame = unsafe { read_strict("frame", place)? };
    if is_whole(&frame) {
        Ok(frame)
    } else {
        Err(Error::because("frame", "its numbers and planes do not fit together"))
    }
}

/// Whether a frame's planes exist and match its size.
pub(crate) fn is_whole(frame: &abi::nertc_callkit_frame) -> bool {
    let has = |plane: usize, bytes: u64| {
        !frame.planes[plane].is_null() && bytes > 0 && u64::from(frame.strides[plane]) >= bytes
    };
    let half = |length: u32| u64::from(length).div_ceil(2);
    match frame.media {
        1 => {
            let samples = u64::from(frame.samples).checked_mul(u64::from(frame.channels));
            frame.sample_rate > 0
                && samples.and_then(|all| all.checked_mul(2)).is_some_and(|bytes| has(0, bytes))
        }
        2 => {
            frame.height > 0
                && matches!(frame.rotation, 0 | 90 | 180 | 270)
                && has(0, u64::from(frame.width))
                && has(1, half(frame.width))
                && has(2, half(frame.width))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
