//! Pointers, texts, numbers and sizes of C become checked Rust values. Nothing else here looks behind a
//! pointer that the host handed in.

use std::ffi::{CString, c_char, c_void};
use std::mem::MaybeUninit;
use std::sync::Arc;

use nertc_callkit_abi as abi;

use super::component::{Component, KITS};
use super::guard::Error;
use crate::engine::input::{CallType, Media, SwitchStep, Text};
use crate::engine::limits;

/// Largest struct_size that makes sense.
const LARGEST: usize = 4096;
/// struct_size and the 32-bit field beside it.
const SMALLEST: usize = 8;

/// A struct of the header that begins with its `u32 struct_size`.
///
/// # Safety
/// `#[repr(C)]`, begins with that field, and all-zero bytes are a value of it.
pub(crate) unsafe trait Sized32: Copy {
    /// sizeof in the first release that had it: a smaller one is refused.
    const FIRST: usize = size_of::<Self>();
}

macro_rules! sized32 {
    ($($name:ident)*) => {
        $(
            // SAFETY: crates/abi lays every one of them out so; fields are numbers, pointers and optional
            // functions.
            unsafe impl Sized32 for abi::$name {}
        )*
    };
}
sized32! {
    nertc_callkit_push nertc_callkit_call_options nertc_callkit_call_ref nertc_callkit_cancel_options
    nertc_callkit_view nertc_callkit_timers nertc_callkit_config nertc_callkit_listener nertc_callkit_plugs
    nertc_callkit_fault nertc_callkit_frame nertc_callkit_call_info nertc_callkit_signaling nertc_callkit_rtc
    nertc_callkit_signaling_result nertc_callkit_signaling_event nertc_callkit_signaling_connection
    nertc_callkit_channel nertc_callkit_member nertc_callkit_room nertc_callkit_rtc_event
}

/// A pointer of the host or a plug that we only pass on.
#[derive(Clone, Copy)]
pub(crate) struct HostPtr(pub(crate) *mut c_void);
// SAFETY: never dereferenced here; who gave it says "any thread".
unsafe impl Send for HostPtr {}
// SAFETY: as above.
unsafe impl Sync for HostPtr {}

/// The component behind a handle.
pub(crate) fn handle(kit: *mut abi::nertc_callkit) -> Result<Arc<Component>, Error> {
    let component = handle_or_closing(kit)?;
    if component.is_closing() { Err(Error::Closed) } else { Ok(component) }
}

/// The component behind a handle, also after release.
pub(crate) fn handle_or_closing(kit: *mut abi::nertc_callkit) -> Result<Arc<Component>, Error> {
    if kit.is_null() {
        return Err(Error::InvalidArgument);
    }
    KITS.get(kit as usize).ok_or(Error::Closed)
}

/// A text of 1 to `limit` bytes.
///
/// # Safety
/// `text` is NULL or ends with NUL.
pub(crate) unsafe fn text(text: *const c_char, limit: usize) -> Result<Text, Error> {
    // SAFETY: the caller's promise.
    unsafe { opt_text(text, limit)? }.ok_or(Error::InvalidArgument)
}

/// A text of up to `limit` bytes; NULL and empty are none.
///
/// # Safety
/// `text` is NULL or ends with NUL.
pub(crate) unsafe fn opt_text(text: *const c_char, limit: usize) -> Result<Option<Text>, Error> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(text, limit + 1) };
    let Some(bytes) = bytes else { return Ok(None) };
    match std::str::from_utf8(bytes) {
        Ok("") => Ok(None),
        Ok(text) if bytes.len() <= limit => Ok(Some(text.into())),
        Ok(_) | Err(_) => Err(Error::InvalidArgument),
    }
}

/// Up to `limit` bytes before the NUL; nothing behind them is looked at.
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

/// Text for C. A peer can smuggle a NUL in as JSON; C sees what is before it.
pub(crate) fn c_text(text: &str) -> CString {
    let until = text.bytes().position(|byte| byte == 0).unwrap_or(text.len());
    CString::new(&text.as_bytes()[..until]).unwrap_or_default()
}

/// Copies a text into an array of `C`, cut if need be; the rest is zero.
pub(crate) fn fill(array: &mut [c_char], text: &str) {
    let room = array.len().saturating_sub(1);
    for (place, byte) in array.iter_mut().zip(text.bytes().take(room).take_while(|byte| *byte != 0)) {
        *place = byte as c_char;
    }
}

/// The known prefix of a struct; zero where the caller's is shorter. Says how long the caller's is.
///
/// # Safety
/// `place` is NULL or has as many bytes as its struct_size says.
unsafe fn prefix<T: Sized32>(place: *const T) -> Result<(T, usize), Error> {
    if place.is_null() {
        return Err(Error::InvalidArgument);
    }
    // SAFETY: the first field, which is always there.
    let size = unsafe { place.cast::<u32>().read_unaligned() } as usize;
    if !(T::FIRST..=LARGEST).contains(&size) {
        return Err(Error::InvalidArgument);
    }
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: `size` bytes are there; all-zero is a value of T, and so is what a C compiler wrote over it.
    unsafe {
        value.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(place.cast(), size.min(size_of::<T>()));
        Ok((value.assume_init(), size))
    }
}

/// Options of the host: what we do not know must be zero.
///
/// # Safety
/// `place` is NULL or has as many bytes as its struct_size says.
pub(crate) unsafe fn options<T: Sized32>(place: *const T) -> Result<T, Error> {
    // SAFETY: the caller's promise; what lies between our size and its size is the caller's.
    unsafe {
        let (value, size) = prefix(place)?;
        let unknown = size.saturating_sub(size_of::<T>());
        let tail = std::slice::from_raw_parts(place.cast::<u8>().add(size - unknown), unknown);
        if tail.iter().any(|byte| *byte != 0) { Err(Error::Unsupported) } else { Ok(value) }
    }
}

/// As `options`; NULL is fine.
///
/// # Safety
/// `place` is NULL or has as many bytes as its struct_size says.
pub(crate) unsafe fn opt_options<T: Sized32>(place: *const T) -> Result<Option<T>, Error> {
    // SAFETY: the caller's promise.
    if place.is_null() { Ok(None) } else { unsafe { options(place).map(Some) } }
}

/// Functions of the host and structs of a plug: what we do not know does not matter.
///
/// # Safety
/// `place` is NULL or has as many bytes as its struct_size says.
pub(crate) unsafe fn known<T: Sized32>(place: *const T) -> Result<T, Error> {
    // SAFETY: the caller's promise.
    unsafe { prefix(place).map(|(value, _)| value) }
}

/// Writes what both sides know of `value`, and how much that was.
///
/// # Safety
/// `place` is NULL or has as many bytes as its struct_size says.
pub(crate) unsafe fn give<T: Sized32>(place: *mut T, value: &T) -> Result<(), Error> {
    // SAFETY: the caller's promise; the first 4 bytes of T are its struct_size.
    unsafe {
        let (_, size) = prefix(place.cast_const())?;
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
pub(crate) unsafe fn init<T: Sized32>(place: *mut T, struct_size: u32) {
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

/// Where an answer goes; NULL is refused.
pub(crate) fn out<T>(place: *mut T) -> Result<*mut T, Error> {
    if place.is_null() { Err(Error::InvalidArgument) } else { Ok(place) }
}

/// Flags out of those that are known.
pub(crate) fn flags(given: u32, known: u32) -> Result<u32, Error> {
    if given & !known == 0 { Ok(given) } else { Err(Error::InvalidArgument) }
}

/// 0 or 1.
pub(crate) fn yes_or_no(given: i32) -> Result<bool, Error> {
    match given {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::InvalidArgument),
    }
}

/// Audio or video.
pub(crate) fn call_type(given: i32) -> Result<CallType, Error> {
    match given {
        1 => Ok(CallType::Audio),
        2 => Ok(CallType::Video),
        _ => Err(Error::InvalidArgument),
    }
}

/// The header's number of a call type.
pub(crate) fn call_type_number(call_type: CallType) -> i32 {
    match call_type {
        CallType::Audio => 1,
        CallType::Video => 2,
        CallType::Other => 3,
    }
}

/// A step of a type switch.
pub(crate) fn step(given: i32) -> Result<SwitchStep, Error> {
    match given {
        1 => Ok(SwitchStep::Invite),
        2 => Ok(SwitchStep::Agree),
        3 => Ok(SwitchStep::Reject),
        _ => Err(Error::InvalidArgument),
    }
}

/// At least one of the media bits.
pub(crate) fn media(given: u32) -> Result<Media, Error> {
    if given == 0 { Err(Error::InvalidArgument) } else { flags(given, 3) }
}

/// A ring limit.
pub(crate) fn ring_ms(given: u32) -> Result<u32, Error> {
    if limits::RING_MS.contains(&given) { Ok(given) } else { Err(Error::InvalidArgument) }
}

/// A frame whose planes are there and hold what it says.
///
/// # Safety
/// As `options`.
pub(crate) unsafe fn frame(
    place: *const abi::nertc_callkit_frame,
) -> Result<abi::nertc_callkit_frame, Error> {
    // SAFETY: the caller's promise.
    let frame = unsafe { options(place)? };
    if is_whole(&frame) { Ok(frame) } else { Err(Error::InvalidArgument) }
}

/// Whether a frame's planes are there and hold what it says.
pub(crate) fn is_whole(frame: &abi::nertc_callkit_frame) -> bool {
    let has = |plane: usize, bytes: u64| {
        !frame.planes[plane].is_null() && bytes > 0 && u64::from(frame.strides[plane]) >= bytes
    };
    let half = |length: u32| u64::from(length).div_ceil(2);
    match frame.media {
        1 => {
            let samples = u64::from(frame.samples).checked_mul(u64::from(frame.channels));
            frame.rate > 0 && samples.and_then(|all| all.checked_mul(2)).is_some_and(|bytes| has(0, bytes))
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
