//! Replays a trace for any caller of WebAssembly: [`allocate`] a buffer, write the trace into it,
//! [`replay`] it, read the text at [`text`]. The text is what `nertc-callkit replay --outputs` prints.

use std::cell::RefCell;

use nertc_callkit_trace::{outputs_line, replay_with};

thread_local! {
    static TRACE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A buffer of so many bytes for the next trace; it is valid until the next call of this module.
// SAFETY: no other symbol of the module has this name.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(length: usize) -> *mut u8 {
    TRACE.with_borrow_mut(|trace| {
        *trace = vec![0; length];
        trace.as_mut_ptr()
    })
}

/// Replays the trace in the buffer: 0 = the engine answers the same, 1 = otherwise, 2 = it is no trace.
// SAFETY: no other symbol of the module has this name.
#[unsafe(no_mangle)]
pub extern "C" fn replay() -> i32 {
    let trace = TRACE.take();
    let mut text = String::new();
    let report = replay_with(&*trace, |step, replayed| text += &outputs_line(step, replayed));
    let status = match report {
        Ok(report) => {
            text += &report.to_string();
            i32::from(report.difference.is_some())
        }
        Err(error) => {
            text += &error.to_string();
            2
        }
    };
    TEXT.set(text);
    status
}

/// The text of the last replay, `text_length` bytes of UTF-8.
// SAFETY: no other symbol of the module has this name.
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    TEXT.with_borrow(|text| text.as_ptr())
}

/// Bytes of the text.
// SAFETY: no other symbol of the module has this name.
#[unsafe(no_mangle)]
pub extern "C" fn text_length() -> usize {
    TEXT.with_borrow(String::len)
}
