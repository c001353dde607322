//! Pointers, texts, numbers and sizes of C become checked Rust values. Nothing else here looks behind a
//! pointer that the host handed in.

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::MaybeUninit;
use std::ops::Deref;
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
    ($($name:ident $(since $first:expr)?,)*) => {
        $(
            // SAFETY: crates/abi lays every one of them out so; fields are numbers, pointers and optional
            // functions.
            unsafe impl Sized32 for abi::$name {
                $(const FIRST: usize = $first;)?
            }
        )*
    };
}
sized32! {
    // Functions that a shorter one does not have are NULL; what a newer one has grew at its end.
    nertc_callkit_push,
    nertc_callkit_call_options,
    nertc_callkit_call_ref,
    nertc_callkit_cancel_options,
    nertc_callkit_view,
    nertc_callkit_timers since std::mem::offset_of!(abi::nertc_callkit_timers, token_ms),
    nertc_callkit_config,
    nertc_callkit_listener since SMALLEST,
    nertc_callkit_plugs,
    nertc_callkit_fault,
    nertc_callkit_mqtt_options,
    nertc_callkit_frame,
    nertc_callkit_call_info,
    nertc_callkit_signaling since SMALLEST,
    nertc_callkit_rtc since SMALLEST,
    nertc_callkit_signaling_result,
    nertc_callkit_signaling_event,
    nertc_callkit_signaling_connection,
    nertc_callkit_channel,
    nertc_callkit_member,
    nertc_callkit_room,
    nertc_callkit_rtc_event,
    nertc_callkit_record,
    nertc_callkit_call_policy,
    nertc_callkit_end_options,
    nertc_callkit_push_call,
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

/// Text for C. Accounts and ids need no allocation. The pointer is good while the value stays where it is.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As a struct looks after it grew by `b`.
    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Grown {
        struct_size: u32,
        a: u32,
        b: u64,
    }
    // SAFETY: numbers behind a u32 struct_size.
    unsafe impl Sized32 for Grown {
        const FIRST: usize = 8;
    }

    /// A struct of the host, with room behind it; `size` is what it claims.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Longer {
        known: Grown,
        tail: [u8; LARGEST],
    }

    fn longer(size: usize, tail: u8) -> Longer {
        Longer { known: Grown { struct_size: size as u32, a: 1, b: 2 }, tail: [tail; LARGEST] }
    }

    fn read_options(host: &Longer) -> Result<Grown, Error> {
        // SAFETY: as long as it may claim to be.
        unsafe { options(std::ptr::from_ref(host).cast()) }
    }

    #[test]
    fn an_impossible_struct_size_is_refused() {
        for size in [0, 4, 7, LARGEST + 1, u32::MAX as usize] {
            assert_eq!(read_options(&longer(size, 0)), Err(Error::InvalidArgument), "{size}");
            // SAFETY: as above.
            let read = unsafe { known::<Grown>(std::ptr::from_ref(&longer(size, 0)).cast()) };
            assert_eq!(read, Err(Error::InvalidArgument), "{size}");
        }
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { options::<Grown>(std::ptr::null()) }, Err(Error::InvalidArgument));
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { opt_options::<Grown>(std::ptr::null()) }, Ok(None));
    }

    #[test]
    fn of_an_older_host_the_prefix_is_read_and_the_rest_is_zero() {
        assert_eq!(read_options(&longer(8, 0xff)), Ok(Grown { struct_size: 8, a: 1, b: 0 }));
    }

    #[test]
    fn of_a_newer_host_what_is_unknown_must_be_zero_in_options_and_is_ignored_elsewhere() {
        assert_eq!(read_options(&longer(16, 0xff)), Ok(Grown { struct_size: 16, a: 1, b: 2 }));
        assert_eq!(read_options(&longer(LARGEST, 0)), Ok(Grown { struct_size: 4096, a: 1, b: 2 }));
        assert_eq!(read_options(&longer(17, 1)), Err(Error::Unsupported));
        // SAFETY: as long as it claims to be.
        let read = unsafe { known::<Grown>(std::ptr::from_ref(&longer(17, 1)).cast()) };
        assert_eq!(read, Ok(Grown { struct_size: 17, a: 1, b: 2 }));
    }

    #[test]
    fn what_both_sides_know_is_given_and_nothing_behind_it() {
        let ours = Grown { struct_size: 16, a: 7, b: 8 };
        for (size, expected) in [
            (8, Grown { struct_size: 8, a: 7, b: 2 }),
            (16, Grown { struct_size: 16, a: 7, b: 8 }),
            (40, Grown { struct_size: 16, a: 7, b: 8 }),
        ] {
            let mut host = longer(size, 0xee);
            // SAFETY: as long as it claims to be.
            assert_eq!(unsafe { give(std::ptr::from_mut(&mut host).cast(), &ours) }, Ok(()));
            assert_eq!(host.known, expected);
            assert!(host.tail.iter().all(|byte| *byte == 0xee));
        }
    }

    #[test]
    fn init_writes_as_far_as_the_host_says() {
        let mut host = longer(0, 0xee);
        // SAFETY: longer than that.
        unsafe { init(std::ptr::from_mut(&mut host).cast::<Grown>(), 24) };
        assert_eq!(host.known, Grown { struct_size: 24, a: 0, b: 0 });
        assert_eq!(host.tail[..9], [0, 0, 0, 0, 0, 0, 0, 0, 0xee]);
        let mut host = longer(5, 0xee);
        // SAFETY: nothing is written.
        unsafe { init(std::ptr::from_mut(&mut host).cast::<Grown>(), 4) };
        assert_eq!(host.known, longer(5, 0xee).known);
        // SAFETY: nothing is written.
        unsafe { init(std::ptr::null_mut::<Grown>(), 16) };
    }

    fn read_text(given: &[u8], limit: usize) -> Result<Text, Error> {
        let given = CString::new(given).unwrap();
        // SAFETY: ends with NUL.
        unsafe { text(given.as_ptr(), limit) }
    }

    #[test]
    fn a_text_is_utf8_of_one_byte_to_its_limit() {
        assert_eq!(read_text(b"bob", 3).as_deref(), Ok("bob"));
        assert_eq!(read_text("\u{4f60}".as_bytes(), 3).as_deref(), Ok("\u{4f60}"));
        for (given, limit) in
            [(&b"bobo"[..], 3), (b"", 3), (b"\xff", 3), (b"\xe4\xbd", 3), (&[b'a'; 1 << 20], 64)]
        {
            assert_eq!(read_text(given, limit), Err(Error::InvalidArgument));
        }
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { text(std::ptr::null(), 3) }, Err(Error::InvalidArgument));
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { opt_text(std::ptr::null(), 3) }, Ok(None));
        // SAFETY: ends with NUL.
        assert_eq!(unsafe { opt_text(c"".as_ptr(), 3) }, Ok(None));
    }

    #[test]
    fn text_for_c_ends_at_a_smuggled_nul() {
        for (text, seen) in [("a\0b", 1), (&"x".repeat(71), 71), (&"x".repeat(72), 72), ("", 0)] {
            assert_eq!(c_text(text).to_bytes(), &text.as_bytes()[..seen]);
        }
        let long = format!("{}\0b", "x".repeat(80));
        assert_eq!(c_text(&long).to_bytes().len(), 80);
        let mut array = [9; 4];
        fill(&mut array[..3], "xyz");
        assert_eq!(array, [b'x' as c_char, b'y' as c_char, 9, 9]);
    }

    #[test]
    fn numbers_outside_their_range_are_refused() {
        assert_eq!(call_type(2), Ok(CallType::Video));
        assert_eq!(step(3), Ok(SwitchStep::Reject));
        assert_eq!((media(3), yes_or_no(1), ring_ms(120_000)), (Ok(3), Ok(true), Ok(120_000)));
        assert!(call_type(0).is_err() && call_type(3).is_err() && call_type(-1).is_err());
        assert!(step(0).is_err() && step(4).is_err() && yes_or_no(2).is_err() && yes_or_no(-1).is_err());
        assert!(media(0).is_err() && media(4).is_err() && flags(4, 3).is_err());
        assert!(ring_ms(0).is_err() && ring_ms(120_001).is_err());
    }

    #[test]
    fn a_frame_must_have_what_it_says() {
        let data = [0_u8; 64];
        // SAFETY: all-zero is a value of it.
        let mut sound: abi::nertc_callkit_frame = unsafe { std::mem::zeroed() };
        (sound.media, sound.rate, sound.channels, sound.samples) = (1, 48_000, 2, 16);
        (sound.planes[0], sound.strides[0]) = (data.as_ptr().cast(), 64);
        assert!(is_whole(&sound));
        assert!(!is_whole(&abi::nertc_callkit_frame { samples: 17, ..sound }));
        assert!(!is_whole(&abi::nertc_callkit_frame { samples: u32::MAX, channels: u32::MAX, ..sound }));
        assert!(!is_whole(&abi::nertc_callkit_frame { rate: 0, ..sound }));
        assert!(!is_whole(&abi::nertc_callkit_frame { channels: 0, ..sound }));
        assert!(!is_whole(&abi::nertc_callkit_frame { planes: [std::ptr::null(); 4], ..sound }));
        assert!(!is_whole(&abi::nertc_callkit_frame { media: 3, ..sound }));
        let mut picture =
            abi::nertc_callkit_frame { media: 2, width: 5, height: 2, strides: [5, 3, 3, 0], ..sound };
        picture.planes = [data.as_ptr().cast(); 4];
        assert!(is_whole(&picture));
        assert!(!is_whole(&abi::nertc_callkit_frame { strides: [5, 2, 3, 0], ..picture }));
        assert!(!is_whole(&abi::nertc_callkit_frame { rotation: 45, ..picture }));
        assert!(!is_whole(&abi::nertc_callkit_frame { height: 0, ..picture }));
    }

    #[test]
    fn handles_that_are_none_are_told_apart() {
        assert_eq!(handle(std::ptr::null_mut()).err(), Some(Error::InvalidArgument));
        assert_eq!(handle(std::ptr::without_provenance_mut(usize::MAX)).err(), Some(Error::Closed));
        let address = std::ptr::from_ref(&0_u64).cast_mut().cast();
        assert_eq!(handle(address).err(), Some(Error::Closed));
    }
}
