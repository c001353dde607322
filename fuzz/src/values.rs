//! Values of C arguments: mostly the honest ones.

use std::ffi::c_char;
use std::ptr::null;

use nertc_callkit_signaling::{CallType, Record, RecordStatus, Text};

use super::backend::{Lent, size};
use super::bytes::Bytes;

/// A struct with room after it, for sizes that claim more than is known.
#[repr(C)]
struct Roomy<T> {
    value: T,
    more: [u8; 64],
}

/// Lends a struct whose first field is its size: mostly the right one.
pub(crate) fn sized<T: 'static>(mut value: T, bytes: &mut Bytes<'_>, lent: &mut Lent) -> *const T {
    let right = size::<T>();
    let sizes = [right - 8, right + 8, right + 64, 0, 4, 8, 4097, u32::MAX];
    let declared = if bytes.chance(12) { *bytes.pick(&sizes) } else { right };
    let more = [if bytes.chance(128) { 1 } else { 0 }; 64];
    // SAFETY: every struct here begins with its u32 struct_size.
    unsafe { std::ptr::from_mut(&mut value).cast::<u32>().write(declared) };
    lent.keep(Roomy { value, more }).cast()
}

/// A text, mostly this one.
pub(crate) fn text(
    honest: Option<&str>,
    limit: usize,
    bytes: &mut Bytes<'_>,
    lent: &mut Lent,
) -> *const c_char {
    if !bytes.chance(16) {
        return honest.map_or(null(), |honest| lent.text(honest));
    }
    match bytes.below(6) {
        0 => null(),
        1 => lent.text(""),
        2 => lent.text(vec![b'x'; limit + 1]),
        3 => lent.text(vec![b'y'; limit]),
        4 => lent.text(b"ab\xff\xfe".to_vec()),
        _ => lent.text(bytes.take(32)),
    }
}

/// A number, mostly this one.
pub(crate) fn number(honest: i32, bytes: &mut Bytes<'_>) -> i32 {
    if bytes.chance(8) { bytes.number() as i32 } else { honest }
}

/// A call record of a complete call.
pub(crate) fn record(to: Text) -> Record {
    Record {
        client_msg_id: "rec".into(),
        to,
        channel_id: Text::EMPTY,
        call_type: CallType::Audio,
        status: RecordStatus::Complete,
        text: "{}".into(),
        durations: Vec::new(),
    }
}
