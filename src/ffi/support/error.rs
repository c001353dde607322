//! Reasons for a refusal: a status for the caller, and a text for the log.

use std::borrow::Cow;
use std::fmt;

use nertc_callkit_abi::nertc_callkit_status;

use crate::worker::Refused;

/// Why the facade refused: nothing else fails synchronously.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// A NULL, an invalid text, an unknown value, over a limit.
    InvalidArgument(Invalid),
    /// An argument that a newer library, or another client or backend, could take.
    NotHere(Invalid),
    /// No such client (any more).
    Closed,
    /// Too much is waiting.
    QueueFull,
    /// Not from inside a callback.
    Reentrant,
    /// This library, client or backend cannot do it.
    Unsupported,
    /// The system refused a resource, or a bug.
    Internal,
}

/// What is wrong with which argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// The argument, or the path to its field.
    pub(crate) field: Cow<'static, str>,
    pub(crate) problem: Problem,
}

/// What can be wrong with an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// NULL or an empty text where there must be something.
    Missing,
    /// A text that was not read to its end.
    TooLong {
        limit: usize,
    },
    /// Its size on the wire.
    Encoded {
        bytes: usize,
        limit: usize,
    },
    NotUtf8,
    /// A number outside its range.
    Range {
        given: i64,
        least: i64,
        most: i64,
    },
    /// Flags that this library does not know.
    Flags {
        unknown: u32,
    },
    StructSize {
        given: usize,
        least: usize,
        most: usize,
    },
    /// Anything else.
    Because(Cow<'static, str>),
}

impl Error {
    /// An argument that cannot be.
    pub(crate) fn invalid(field: impl Into<Cow<'static, str>>, problem: Problem) -> Error {
        Error::InvalidArgument(Invalid { field: field.into(), problem })
    }

    /// An argument that cannot be, for a reason that only this place has.
    pub(crate) fn because(field: impl Into<Cow<'static, str>>, why: impl Into<Cow<'static, str>>) -> Error {
        Error::invalid(field, Problem::Because(why.into()))
    }

    /// An argument that requests something this library, client or backend does not support.
    pub(crate) fn not_here(field: impl Into<Cow<'static, str>>, why: impl Into<Cow<'static, str>>) -> Error {
        Error::NotHere(Invalid { field: field.into(), problem: Problem::Because(why.into()) })
    }

    /// A field of a newer struct is set.
    pub(crate) fn unknown_field(of: &'static str) -> Error {
        Error::not_here(of, "a field that this library does not know is not zero")
    }

    /// The same, with the field named as a field of `outer`; no name is `outer` itself.
    pub(crate) fn within(self, outer: &'static str) -> Error {
        let path = |field: Cow<'static, str>| match &*field {
            "" => Cow::Borrowed(outer),
            field => format!("{outer}.{field}").into(),
        };
        match self {
            Error::InvalidArgument(Invalid { field, problem }) => Error::invalid(path(field), problem),
            Error::NotHere(Invalid { field, problem }) => {
                Error::NotHere(Invalid { field: path(field), problem })
            }
            Error::Closed | Error::QueueFull | Error::Reentrant | Error::Unsupported | Error::Internal => {
                self
            }
        }
    }

    /// The same, with the field named as a field of element `at` of `list`; no name is the element itself.
    pub(crate) fn at(self, list: &str, at: usize) -> Error {
        let path = |field: Cow<'static, str>| match &*field {
            "" => format!("{list}[{at}]").into(),
            field => Cow::Owned(format!("{list}[{at}].{field}")),
        };
        match self {
            Error::InvalidArgument(Invalid { field, problem }) => Error::invalid(path(field), problem),
            Error::NotHere(Invalid { field, problem }) => {
                Error::NotHere(Invalid { field: path(field), problem })
            }
            Error::Closed | Error::QueueFull | Error::Reentrant | Error::Unsupported | Error::Internal => {
                self
            }
        }
    }

    /// Its number in the header.
    pub(crate) fn status(&self) -> nertc_callkit_status {
        match self {
            Error::InvalidArgument(_) => nertc_callkit_status::NERTC_CALLKIT_STATUS_INVALID_ARGUMENT,
            Error::Closed => nertc_callkit_status::NERTC_CALLKIT_STATUS_CLOSED,
            Error::QueueFull => nertc_callkit_status::NERTC_CALLKIT_STATUS_QUEUE_FULL,
            Error::Reentrant => nertc_callkit_status::NERTC_CALLKIT_STATUS_REENTRANT,
            Error::Unsupported | Error::NotHere(_) => nertc_callkit_status::NERTC_CALLKIT_STATUS_UNSUPPORTED,
            Error::Internal => nertc_callkit_status::NERTC_CALLKIT_STATUS_INTERNAL,
        }
    }

    /// Logs what the status cannot express. `function` is the exported one, without its prefix.
    pub(crate) fn log(&self, function: &str) {
        match self {
            Error::InvalidArgument(invalid) | Error::NotHere(invalid) => {
                log::warn!("{function}: {invalid}");
            }
            // The status is sufficient, or the failing place has logged it.
            Error::Closed | Error::QueueFull | Error::Reentrant | Error::Unsupported | Error::Internal => {}
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.field)?;
        match &self.problem {
            Problem::Missing => out.write_str("missing"),
            Problem::TooLong { limit } => write!(out, "more than {limit} bytes"),
            Problem::Encoded { bytes, limit } => write!(out, "{bytes} of {limit} bytes after encoding"),
            Problem::NotUtf8 => out.write_str("not UTF-8"),
            Problem::Range { given, least, most } => write!(out, "{given} is not in {least} to {most}"),
            Problem::Flags { unknown } => write!(out, "flags {unknown:#x} are not known here"),
            Problem::StructSize { given, least, most } => {
                write!(out, "a struct_size of {given}, which must be {least} to {most}")
            }
            Problem::Because(why) => out.write_str(why),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_field_and_limit() {
        let too_long = Error::invalid("account", Problem::TooLong { limit: 64 }).within("call");
        let Error::InvalidArgument(invalid) = too_long else { panic!("{too_long:?}") };
        assert_eq!(invalid.to_string(), "call.account: more than 64 bytes");
        for (field, path) in [("", "list[3]: missing"), ("url", "list[3].url: missing")] {
            let Error::InvalidArgument(invalid) = Error::invalid(field, Problem::Missing).at("list", 3)
            else {
                panic!("another error")
            };
            assert_eq!(invalid.to_string(), path);
        }
        for (problem, words) in [
            (Problem::Encoded { bytes: 5102, limit: 4096 }, "x: 5102 of 4096 bytes after encoding"),
            (Problem::Range { given: 0, least: 1, most: 120_000 }, "x: 0 is not in 1 to 120000"),
            (Problem::Flags { unknown: 4 }, "x: flags 0x4 are not known here"),
            (
                Problem::StructSize { given: 4, least: 8, most: 4096 },
                "x: a struct_size of 4, which must be 8 to 4096",
            ),
            (Problem::Because("upside down".into()), "x: upside down"),
        ] {
            assert_eq!(Invalid { field: "x".into(), problem }.to_string(), words);
        }
    }
}
