//! Backends behind their vtables, as the core sees them.

mod media;
mod reports;
mod signaling;

use std::ffi::{CStr, c_char, c_void};
use std::sync::Arc;

use nertc_callkit_abi as abi;
use parking_lot::Mutex;

/// Lines that a backend or a sink writes, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, line: impl Into<String>) {
        self.0.lock().push(line.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }

    /// As the ctx of a sink. The notes must outlive it.
    fn ctx(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// # Safety
    /// `ctx` is that of existing notes.
    unsafe fn of<'a>(ctx: *mut c_void) -> &'a Notes {
        // SAFETY: the caller's promise.
        unsafe { &*ctx.cast_const().cast() }
    }
}

/// A C struct with its size and zeros: what every struct of the header may be.
fn sized<T>() -> T {
    // SAFETY: structs of the header are numbers and pointers, for which zeros are values; each begins with
    // its size.
    unsafe {
        let mut it: T = std::mem::zeroed();
        std::ptr::from_mut(&mut it).cast::<u32>().write(size_of::<T>() as u32);
        it
    }
}

/// # Safety
/// NULL, or a text that ends.
unsafe fn shown(text: *const c_char) -> String {
    // SAFETY: the caller's promise.
    if text.is_null() { "-".into() } else { unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned() }
}
