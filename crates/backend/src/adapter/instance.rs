//! What the `ctx` of a vtable points to, and how its functions answer.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use nertc_callkit_signaling::Code;

/// What `ctx` points to: a backend and its sink.
pub(super) struct Instance<B: ?Sized, S> {
    pub(super) sink: S,
    pub(super) backend: Arc<B>,
}

impl<B: ?Sized, S> Instance<B, S> {
    /// The `ctx` of a vtable; the holder calls `release` once.
    pub(super) fn into_ctx(self) -> *mut c_void {
        Box::into_raw(Box::new(self)).cast()
    }

    /// The instance behind `ctx`.
    ///
    /// # Safety
    /// `ctx` came from `into_ctx` of this very type, and was not released.
    pub(super) unsafe fn of<'a>(ctx: *mut c_void) -> &'a Self {
        // SAFETY: the caller's promise; only shared references are ever made of it.
        unsafe { &*ctx.cast_const().cast() }
    }

    /// Takes the instance out of `ctx`.
    ///
    /// # Safety
    /// As `of`, and nobody uses `ctx` afterwards.
    pub(super) unsafe fn release(ctx: *mut c_void) {
        let instance: *mut Self = ctx.cast();
        if let Some(instance) = NonNull::new(instance) {
            // SAFETY: the caller's promise.
            let instance = unsafe { Box::from_raw(instance.as_ptr()) };
            contain(|| drop(instance));
        }
    }
}

/// Runs a function of a backend that returns a code; a panic, which is a bug, becomes a refusal.
pub(super) fn contain_or_refuse(body: impl FnOnce() -> Result<(), Code>) -> Result<(), Code> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Ok(()),
        // OK would promise a completion.
        Ok(Err(code)) if code != Code::OK => Err(code),
        Ok(Err(_)) | Err(_) => Err(Code::BACKEND_FAILED),
    }
}

/// The same as the answer of a vtable function.
pub(super) fn answer(body: impl FnOnce() -> Result<(), Code>) -> i32 {
    contain_or_refuse(body).err().unwrap_or(Code::OK).number()
}

/// Runs a vtable function; a panic, which is a bug, ends here: None.
pub(super) fn contain<T>(body: impl FnOnce() -> T) -> Option<T> {
    // The panic hook has reported it.
    catch_unwind(AssertUnwindSafe(body)).ok()
}
