//! Texts for the header's numbers, for logs and debugging.

use std::ffi::CStr;

use nertc_callkit_signaling::Code;

use crate::engine::output::Operation;

/// What to do about a nertc_callkit_status.
pub(crate) fn status(status: i32) -> &'static CStr {
    match status {
        0 => c"accepted",
        -1 => c"a NULL, a bad UTF-8 text, an over-long text or an unknown value: fix the call",
        -2 => c"the handle was released, destroyed, never existed, or is of the process before a fork",
        -3 => c"too much is waiting: dispatch, or try again later",
        -4 => c"not from inside a callback: return first, or use release",
        -5 => c"this library, client or backend cannot do it",
        -6 => c"the system is out of something, or a bug in this library; the log has it",
        _ => c"not a status of this library",
    }
}

/// What a nertc_callkit_code means and what to do about it.
pub(crate) fn code(code: i32) -> &'static CStr {
    Code::new(code).text()
}

/// A nertc_callkit_end_reason.
pub(crate) fn end_reason(reason: i32) -> &'static CStr {
    match reason {
        0 => c"ended by leave, logout or release",
        2 => c"nobody answered",
        3 => c"the called side was busy",
        5 => c"media was not up in time, or joining the media room failed",
        7 => c"the call could not be placed",
        8 => c"this device was kicked",
        10 => c"the own media connection was lost for good",
        11 => c"we cancelled",
        12 => c"the caller cancelled",
        13 => c"we rejected",
        14 => c"the called side rejected",
        15 => c"we hung up",
        16 => c"the peer hung up",
        17 => c"another device of this account rejected",
        18 => c"another device of this account accepted",
        19 => c"the peer's connection was lost",
        20 => c"the peer left",
        21 => c"our accept failed",
        101 => c"the media backends of the two sides cannot talk to each other",
        102 => c"it is not proven that media reaches the peer alone",
        _ => c"not an end reason of this library",
    }
}

/// A nertc_callkit_state.
pub(crate) fn state(state: i32) -> &'static CStr {
    match state {
        0 => c"idle",
        1 => c"calling",
        2 => c"called",
        3 => c"in call",
        _ => c"not a state of this library",
    }
}

/// A nertc_callkit_operation: the function's name without its prefix, or what the library did
/// by itself.
pub(crate) fn operation(operation: u32) -> &'static CStr {
    let known = Operation::ALL.iter().find(|known| **known as u32 == operation);
    known.map_or(c"not an operation of this library", |known| known.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and numbers of an enum of the header.
    fn values(name: &str) -> Vec<(&'static str, i64)> {
        let values = include_str!("../../crates/abi/src/values.rs");
        let (_, rest) = values.split_once(&format!("pub enum {name} {{")).expect("the enum");
        let (body, _) = rest.split_once("\n}").expect("its end");
        let rows = body.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(" = "));
        rows.filter_map(|(name, number)| Some((name, number.parse().ok()?))).collect()
    }

    fn has_words_for_just_these(name: &str, words: impl Fn(i64) -> &'static CStr) {
        let known: Vec<i64> = values(name).into_iter().map(|(_, number)| number).collect();
        let unknown = words(-99);
        assert!(known.len() > 3, "{name}");
        for number in -10..200 {
            assert_eq!(words(number) != unknown, known.contains(&number), "{name} {number}");
        }
    }

    #[test]
    fn every_number_of_the_header_has_a_text() {
        has_words_for_just_these("nertc_callkit_status", |number| status(number as i32));
        has_words_for_just_these("nertc_callkit_end_reason", |number| end_reason(number as i32));
        has_words_for_just_these("nertc_callkit_state", |number| state(number as i32));
        has_words_for_just_these("nertc_callkit_operation", |number| operation(number as u32));
    }

    #[test]
    fn the_header_has_the_codes_of_the_vocabulary() {
        let ours = Code::ALL.iter().map(|(code, name)| (*name, i64::from(code.number())));
        let header = values("nertc_callkit_code").into_iter();
        let header = header.map(|(name, number)| (name.trim_start_matches("NERTC_CALLKIT_CODE_"), number));
        assert_eq!(header.collect::<Vec<_>>(), ours.collect::<Vec<_>>());
    }
}
