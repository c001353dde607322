//! Turns a panic or a `Result` into a number. Every exported function runs inside one of these
//! two.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use nertc_callkit_abi::nertc_callkit_status;

use super::error::Error;

/// Runs `body` of the exported `function`; its error, or a panic, becomes the status.
pub(crate) fn guard(function: &str, body: impl FnOnce() -> Result<(), Error>) -> nertc_callkit_status {
    match caught(body) {
        Ok(()) => nertc_callkit_status::NERTC_CALLKIT_STATUS_OK,
        Err(error) => refused(function, error),
    }
}

/// Runs `body`, whose success is a number.
pub(crate) fn guard_number(function: &str, body: impl FnOnce() -> Result<i32, Error>) -> i32 {
    caught(body).unwrap_or_else(|error| refused(function, error) as i32)
}

fn caught<T>(body: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        log_bug(panic);
        Err(Error::Internal)
    })
}

/// Runs `body`; a panic becomes `default`. A panic is a bug in this library: it is logged and
/// the process continues.
pub(crate) fn guard_or<T>(default: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        log_bug(panic);
        default
    })
}

/// Logs why an exported function does nothing, and answers its status. Once for all of them, as `log_bug`: in
/// each it would be most of its code.
#[cold]
#[inline(never)]
fn refused(function: &str, error: Error) -> nertc_callkit_status {
    guard_or((), || error.log(function));
    error.status()
}

#[cold]
#[inline(never)]
fn log_bug(panic: Box<dyn Any + Send>) {
    let text = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    // Logging runs the app's function and may panic in its turn.
    let _ = catch_unwind(|| log::error!("a bug in this library: {}", text.unwrap_or("panic")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_internal_and_an_error_its_status() {
        assert_eq!(guard("test", || Ok(())), nertc_callkit_status::NERTC_CALLKIT_STATUS_OK);
        assert_eq!(guard("test", || Err(Error::Closed)), nertc_callkit_status::NERTC_CALLKIT_STATUS_CLOSED);
        assert_eq!(
            guard("test", || panic!("on purpose")),
            nertc_callkit_status::NERTC_CALLKIT_STATUS_INTERNAL
        );
        assert_eq!(guard_or(7, || panic!("on purpose")), 7);
    }
}
