//! Result codes: every number that the engine and the backends return or examine, in one table.

use std::ffi::CStr;
use std::fmt;

/// A result code. The numbers are those of the C header; a service may return others, which are passed on
/// unchanged.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Code(i32);

/// Constants, names and texts from one table: a text has the code's meaning and the remedy.
macro_rules! codes {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        impl Code {
            $(
                #[doc = concat!("`NERTC_CALLKIT_CODE_", stringify!($name), "`.")]
                pub const $name: Code = Code($number);
            )*

            /// Every code of the header, in its order, with its name.
            pub const ALL: &[(Code, &str)] = &[$((Code::$name, stringify!($name))),*];

            /// What it means and what to do about it, for a developer.
            pub const fn text(self) -> &'static CStr {
                match self.0 {
                    $($number => $text,)*
                    _ => c"a code of the backend; see raw_code and the backend's documentation",
                }
            }
        }
    };
}

codes! {
    OK = 0, c"success";
    BAD_TOKEN = 302, c"wrong token or password";
    TIMEOUT = 408, c"no answer in time";
    PEER_OFFLINE = 10201, c"the peer is offline, a push can reach it (counts as success)";
    PEER_PUSH_OFFLINE = 10202, c"the peer is offline and no push reaches it (counts as success)";
    CHANNEL_NOT_EXISTS = 10404, c"the channel does not exist any more";
    CHANNEL_EXISTS = 10405, c"a channel of this name exists";
    NOT_MEMBER = 10406, c"not a member of the channel";
    ALREADY_MEMBER = 10407, c"already a member of the channel";
    INVITE_NOT_EXISTS = 10408, c"the invite does not exist, was cancelled or has expired";
    INVITE_REJECTED = 10409, c"the invite was rejected";
    INVITE_ACCEPTED = 10410, c"the invite was accepted";
    UID_CONFLICT = 10417, c"the media uid is taken";
    MEMBER_LIMIT = 10419, c"the channel is full";
    OTHER_DEVICE = 10420, c"this account is in the channel with another device";
    NOT_LOGGED_IN = 20001, c"log in first";
    CALL_IN_CALLING = 20002, c"call: already calling";
    CALL_IN_CALLED = 20003, c"call: somebody is ringing us";
    CALL_IN_CALL = 20004, c"call: already in a call";
    HANGUP_IN_IDLE = 20005, c"hangup: no call";
    LEAVE_IN_IDLE = 20009, c"leave: no call";
    LEAVE_IN_CALLING = 20010, c"leave: still calling; use cancel";
    LEAVE_IN_CALLED = 20011, c"leave: still ringing; use reject";
    CANCEL_IN_IDLE = 20013, c"cancel: no call";
    CANCEL_IN_CALLED = 20015, c"cancel: we are the called side; use reject";
    CANCEL_IN_CALL = 20016, c"cancel: already in the call; use hangup";
    ACCEPT_IN_IDLE = 20017, c"accept: nobody is calling";
    ACCEPT_IN_CALLING = 20018, c"accept: we are the calling side";
    ACCEPT_IN_CALL = 20020, c"accept: already in the call";
    REJECT_IN_IDLE = 20021, c"reject: nobody is calling";
    REJECT_IN_CALLING = 20022, c"reject: we are the calling side; use cancel";
    REJECT_IN_CALL = 20024, c"reject: already in the call; use hangup";
    SWITCH_IN_IDLE = 20025, c"switch_call_type: no call";
    SWITCH_IN_CALLING = 20026, c"switch_call_type: nobody has answered yet";
    SWITCH_IN_CALLED = 20027, c"switch_call_type: not answered yet";
    CALL_MISMATCH = 90001, c"the reference names another call than the running one";
    ALREADY_LOGGED_IN = 90002, c"logged in with another account: log out first";
    SHUTTING_DOWN = 90003, c"the client was released, destroyed or logged out before this was done";
    SUPERSEDED = 90004, c"superseded by a later request of the app";
    LIMIT = 90005, c"something exceeds a documented limit";
    RTC_TIMEOUT = 90006, c"media was not up in time after the call was accepted";
    UNSUPPORTED = 90007, c"the backend does not offer this operation";
    BACKEND_FAILED = 90008, c"the backend could not be opened or broke its contract";
    INVALID_ARGUMENT = 90009, c"the request makes no sense, for example calling oneself";
    NOT_IN_CALL = 90010, c"send_data: not in a call";
    MEDIA_MISMATCH = 90011, c"the media backends of the two sides cannot talk to each other";
    MEDIA_NOT_SECURE = 90012, c"somebody on the way may listen, or the required security code is missing";
    DEVICE_NOT_FOUND = 90013, c"no such microphone or speaker, or none at all: choose another";
    DEVICE_DENIED = 90014, c"the system refuses microphone or speaker: ask the user for permission";
    DEVICE_BUSY = 90015, c"microphone or speaker is in use, or does not answer; it is tried again";
}

/// Codes that only a service returns; the header has no names for them.
impl Code {
    /// Access rules of the service, or ours, forbid it.
    pub const NOT_PERMITTED: Code = Code(403);
    /// The service does not take these settings.
    pub const BAD_SETTINGS: Code = Code(414);
    /// The id of this device is in use elsewhere.
    pub const DEVICE_IN_USE: Code = Code(417);
}

impl Code {
    /// A code by its number.
    pub const fn new(number: i32) -> Code {
        Code(number)
    }

    /// The number for C and for the wire.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// It went well. That the peer is offline is no failure: a push or the backlog reaches it.
    pub const fn is_success(self) -> bool {
        matches!(self, Code::OK | Code::PEER_OFFLINE | Code::PEER_PUSH_OFFLINE)
    }

    /// The header's name without its prefix, if it has one.
    pub fn name(self) -> Option<&'static str> {
        Code::ALL.iter().find(|(code, _)| *code == self).map(|(_, name)| *name)
    }
}

impl From<i32> for Code {
    fn from(number: i32) -> Code {
        Code::new(number)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "Code({})", self.0),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_text_of_its_own() {
        let mut seen = vec![Code::from(-12_345).text()];
        for (code, name) in Code::ALL {
            let text = code.text();
            assert!(!seen.contains(&text), "{name} has the text of another code: {text:?}");
            assert!(text.to_str().is_ok_and(|text| text.len() > 5), "{name}: {text:?}");
            seen.push(text);
        }
        assert!(seen.len() > 40);
    }

    #[test]
    fn codes_are_sorted_and_named() {
        assert!(Code::ALL.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!((Code::TIMEOUT.name(), Code::from(7).name()), (Some("TIMEOUT"), None));
        assert_eq!(format!("{:?} {:?} {}", Code::OK, Code::from(7), Code::TIMEOUT), "OK Code(7) 408");
    }

    #[test]
    fn a_function_in_the_wrong_state_is_named_by_its_code() {
        for (code, name) in
            Code::ALL.iter().filter(|(_, name)| name.contains("_IN_") && !name.starts_with("NOT_"))
        {
            let function = name.split("_IN_").next().expect("a name has a beginning").to_lowercase();
            assert!(code.text().to_bytes().starts_with(function.as_bytes()), "{name}: {:?}", code.text());
        }
    }

    #[test]
    fn a_peer_that_is_offline_is_no_failure() {
        let successes = Code::ALL.iter().filter(|(code, _)| code.is_success()).map(|(code, _)| code.number());
        assert_eq!(successes.collect::<Vec<_>>(), [0, 10201, 10202]);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_code_is_written_as_its_number() {
        assert_eq!(serde_json::to_string(&Code::TIMEOUT).expect("written"), "408");
        assert_eq!(serde_json::from_str::<Code>("408").expect("read"), Code::TIMEOUT);
    }
}
