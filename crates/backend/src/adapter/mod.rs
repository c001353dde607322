//! From a backend in Rust to the C vtables, and from the C sinks to Rust: the only `unsafe` of our own
//! backends.
//!
//! Rules that the adapter keeps, whatever the backend does:
//! - a panic does not leave a vtable function: it refuses the operation with BACKEND_FAILED;
//! - a struct that is missing or older than ours, and a text that is not UTF-8, refuse the operation;
//! - the sink is closed when `close_backend` returns, even if the backend's own `close` panicked;
//! - the backend is dropped in `release`, once, last.

mod lend;
mod media;
mod read;
mod signaling;
#[cfg(test)]
mod tests;

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use nertc_callkit_signaling::Code;

pub use media::{MediaVtable, media};
pub use signaling::{SignalingVtable, signaling};

/// What `ctx` points to: a backend and its sink.
struct Instance<B: ?Sized, S> {
    sink: S,
    backend: Box<B>,
}

impl<B: ?Sized, S> Instance<B, S> {
    /// The `ctx` of a vtable; the holder calls `release` once.
    fn into_ctx(self) -> *mut c_void {
        Box::into_raw(Box::new(self)).cast()
    }

    /// The instance behind `ctx`.
    ///
    /// # Safety
    /// `ctx` came from `into_ctx` of this very type, and was not released.
    unsafe fn of<'a>(ctx: *mut c_void) -> &'a Self {
        // SAFETY: the caller's promise; only shared references are ever made of it.
        unsafe { &*ctx.cast_const().cast() }
    }

    /// Takes the instance back.
    ///
    /// # Safety
    /// As `of`, and nobody uses `ctx` afterwards.
    unsafe fn release(ctx: *mut c_void) {
        let instance: *mut Self = ctx.cast();
        if let Some(instance) = NonNull::new(instance) {
            // SAFETY: the caller's promise.
            let instance = unsafe { Box::from_raw(instance.as_ptr()) };
            contain(|| drop(instance));
        }
    }
}

/// Runs a vtable function that answers with a code; a panic, which is a bug, becomes a refusal.
fn answer(body: impl FnOnce() -> Result<(), Code>) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Code::OK.number(),
        // OK would promise a completion.
        Ok(Err(code)) if code != Code::OK => code.number(),
        Ok(Err(_)) | Err(_) => Code::BACKEND_FAILED.number(),
    }
}

/// Runs a vtable function without an answer; a panic, which is a bug, ends here.
fn contain(body: impl FnOnce()) {
    // The panic hook has reported it.
    let _ = catch_unwind(AssertUnwindSafe(body));
}
