//! Turns a panic or a `Result` into a number. Every exported function runs inside one of these two.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nertc_callkit_abi::nertc_callkit_status;

use crate::worker::Refused;

/// Why the facade refused: one variant per status code; nothing else fails synchronously.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// A NULL, a bad text, an unknown value, over a limit.
    InvalidArgument,
    /// No such component (any more).
    Closed,
    /// Too much is waiting.
    QueueFull,
    /// Not from inside a callback.
    Reentrant,
    /// This library, component or plug cannot do it.
    Unsupported,
    /// The system refused a resource, or a bug.
    Internal,
}

impl Error {
    /// The number that the header gives it.
    pub(crate) fn status(self) -> nertc_callkit_status {
        match self {
            Error::InvalidArgument => nertc_callkit_status::NERTC_CALLKIT_STATUS_INVALID_ARGUMENT,
            Error::Closed => nertc_callkit_status::NERTC_CALLKIT_STATUS_CLOSED,
            Error::QueueFull => nertc_callkit_status::NERTC_CALLKIT_STATUS_QUEUE_FULL,
            Error::Reentrant => nertc_callkit_status::NERTC_CALLKIT_STATUS_REENTRANT,
            Error::Unsupported => nertc_callkit_status::NERTC_CALLKIT_STATUS_UNSUPPORTED,
            Error::Internal => nertc_callkit_status::NERTC_CALLKIT_STATUS_INTERNAL,
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        match refused {
            Refused::Closed => Error::Closed,
            Refused::QueueFull => Error::QueueFull,
            Refused::Reentrant => Error::Reentrant,
            Refused::Unsupported => Error::Unsupported,
            Refused::Exhausted => Error::Internal,
        }
    }
}

/// Runs `body`; its error, or a panic, becomes the status.
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Error>) -> nertc_callkit_status {
    guard_number(|| body().map(|()| nertc_callkit_status::NERTC_CALLKIT_STATUS_OK), Error::status)
}

/// Runs `body`, whose success is a number of its own.
pub(crate) fn guard_number<T>(body: impl FnOnce() -> Result<T, Error>, refused: impl Fn(Error) -> T) -> T {
    guard_or(None, || Some(body())).unwrap_or(Err(Error::Internal)).unwrap_or_else(refused)
}

/// Runs `body`; a panic becomes `default`. A panic is a bug in this library: it is logged and the process
/// lives.
pub(crate) fn guard_or<T>(default: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text =
            panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
        // Logging runs the app's function and may panic in its turn.
        let _ = catch_unwind(|| log::error!("a bug in this library: {}", text.unwrap_or("panic")));
        default
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_internal_and_an_error_its_status() {
        assert_eq!(guard(|| Ok(())), nertc_callkit_status::NERTC_CALLKIT_STATUS_OK);
        assert_eq!(guard(|| Err(Error::Closed)), nertc_callkit_status::NERTC_CALLKIT_STATUS_CLOSED);
        assert_eq!(guard(|| panic!("on purpose")), nertc_callkit_status::NERTC_CALLKIT_STATUS_INTERNAL);
        assert_eq!(guard_or(7, || panic!("on purpose")), 7);
    }
}
