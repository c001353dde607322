//! What the core hands in becomes a Rust value. A panic never leaves a vtable function.

use std::ffi::{CStr, c_char};
use std::mem::{ManuallyDrop, size_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs a vtable function; a panic, a bug of ours, becomes a refusal instead of ending the process.
pub fn catch_panic(body: impl FnOnce() -> i32) -> i32 {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(crate::codes::BACKEND_FAILED)
}

/// The backend behind `ctx`, without taking its reference over.
///
/// # Safety
/// `ctx` came from `Arc::<P>::into_raw` and was not released.
pub unsafe fn backend<P>(ctx: *mut std::ffi::c_void) -> ManuallyDrop<Arc<P>> {
    // SAFETY: the caller's promise; the count is left as it was because the Arc is never dropped.
    ManuallyDrop::new(unsafe { Arc::from_raw(ctx.cast_const().cast()) })
}

/// A struct of the core. None: it is missing, or the core is older than the fields that we read. Structs only
/// grow at the end, so a larger one is a newer core's and fine.
///
/// # Safety
/// `place` is NULL or points to a struct that begins with its `struct_size`.
pub unsafe fn borrow_struct<'a, T>(place: *const T) -> Option<&'a T> {
    if place.is_null() {
        return None;
    }
    // SAFETY: not NULL; the struct has at least the size that it states.
    unsafe { (place.cast::<u32>().read() as usize >= size_of::<T>()).then(|| &*place) }
}

/// A text; NULL counts as empty.
///
/// # Safety
/// `text` is NULL or NUL-terminated and outlives `'a`.
pub unsafe fn text<'a>(text: *const c_char) -> &'a CStr {
    // SAFETY: the caller's promise.
    if text.is_null() { c"" } else { unsafe { CStr::from_ptr(text) } }
}

/// sizeof, as `struct_size` wants it.
pub const fn size<T>() -> u32 {
    size_of::<T>() as u32
}
