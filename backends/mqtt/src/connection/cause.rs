//! Why there is no connection, as a text with the remedy.

use std::fmt;
use std::io::{self, ErrorKind};

use nertc_callkit_backend::escape;

use nertc_callkit_reactor::NameError;

use super::stage::Stage;

/// Bytes of a sentence about one endpoint, at most.
const SENTENCE_BYTES: usize = 300;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    /// What happened.
    pub(super) what: String,
    /// What to do about it, or empty.
    pub(super) advice: &'static str,
    /// errno, reason code of MQTT, alert of TLS, getaddrinfo's number; 0 = there is none.
    pub(super) raw_code: i32,
    /// Trying again is of no use: a setting is wrong, here or at the broker.
    pub(super) is_final: bool,
    /// The broker ended the connection in good order.
    pub(super) is_end: bool,
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&escape(&self.what, SENTENCE_BYTES))?;
        if self.advice.is_empty() { Ok(()) } else { write!(out, ": {}", self.advice) }
    }
}

impl Cause {
    pub(super) fn new(what: impl Into<String>, advice: &'static str, raw_code: i32) -> Cause {
        Cause { what: what.into(), advice, raw_code, is_final: false, is_end: false }
    }

    pub(super) fn finally(self) -> Cause {
        Cause { is_final: true, ..self }
    }

    /// A name could not be looked up.
    pub(super) fn name(error: &io::Error) -> Cause {
        let raw_code = error.get_ref().and_then(|it| it.downcast_ref::<NameError>()).map_or(0, |it| it.code);
        if error.kind() == ErrorKind::NotFound {
            let advice = "correct the endpoint";
            return Cause::new("the host name does not exist", advice, raw_code).finally();
        }
        let what = format!("the host name cannot be looked up now ({error})");
        Cause::new(what, "check this device's network", raw_code)
    }

    /// The name has addresses, and none that may be used.
    pub(super) fn elsewhere() -> Cause {
        let what = "the host name does not lead to this machine, and without TLS the token would be readable";
        Cause::new(what, "use mqtts://, or allow plaintext", 0).finally()
    }

    /// Something was not there within so many ms, or, with None, is not there yet.
    pub(super) fn late(stage: Stage, ms: Option<u64>) -> Cause {
        let (what, advice) = match stage {
            Stage::Connecting => {
                ("no answer from the host", "check address and port, and what filters between them")
            }
            Stage::Securing => {
                ("connected, but TLS was not agreed on", "check that the port is the broker's for mqtts://")
            }
            Stage::Greeting => {
                ("connected, but no answer to CONNECT", "check that a broker listens on that port")
            }
            Stage::Subscribing | Stage::Up => ("no answer to SUBSCRIBE", "check the broker's log"),
        };
        Cause::new(format!("{what} {}", within(ms)), advice, 0)
    }

    /// A name was not looked up in time, or is not yet.
    pub(super) fn late_name(ms: Option<u64>) -> Cause {
        let what = format!("the host name was not looked up {}", within(ms));
        Cause::new(what, "check this device's network", 0)
    }

    /// A socket or TLS failed in this stage of the connection.
    pub(super) fn failure(stage: Stage, error: &io::Error) -> Cause {
        #[cfg(feature = "tls")]
        if let Some(cause) = of_tls(error) {
            return cause;
        }
        let raw_code = error.raw_os_error().unwrap_or(0);
        let (what, advice) = match (error.kind(), stage) {
            (ErrorKind::ConnectionRefused, _) => {
                ("connection refused", "start the broker, or correct the port")
            }
            (ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable, _) => {
                ("the host cannot be reached", "check this device's network and the address")
            }
            (ErrorKind::TimedOut, Stage::Connecting) => {
                ("no answer from the host", "check address and port, and what filters between them")
            }
            (ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof, _) => {
                return Cause::ended(stage, raw_code);
            }
            (ErrorKind::InvalidInput, Stage::Connecting | Stage::Securing) => {
                ("no certificate can have that host's name", "use the broker's host name")
            }
            _ => return Cause::new(format!("the connection failed ({error})"), "", raw_code),
        };
        Cause::new(what, advice, raw_code)
    }

    /// The other side closed the connection without a reason.
    pub(super) fn ended(stage: Stage, raw_code: i32) -> Cause {
        let (what, advice) = match stage {
            Stage::Connecting => ("the host ended the connection at once", "check the port"),
            Stage::Securing => {
                ("the host ended the connection while TLS began", "check that the port is for mqtts://")
            }
            Stage::Greeting => (
                "the host ended the connection after CONNECT",
                "check that a broker listens on that port, and its log",
            ),
            Stage::Subscribing | Stage::Up => ("the broker ended the connection", ""),
        };
        Cause { is_end: raw_code == 0, ..Cause::new(what, advice, raw_code) }
    }

    /// Bytes that no broker sends.
    pub(super) fn not_mqtt(first: u8, tls: bool) -> Cause {
        // A TLS alert.
        if first == 0x15 && !tls {
            return Cause::new("the host speaks TLS on that port", "use mqtts://", 0).finally();
        }
        let what = format!("what listens on that port does not speak MQTT (it begins with {first:#04x})");
        Cause::new(what, "correct the port", 0).finally()
    }
}

fn within(ms: Option<u64>) -> String {
    ms.map_or("yet".into(), |ms| format!("within {}.{} s", ms / 1000, ms % 1000 / 100))
}

/// What a failure of TLS means; None: it is another one.
#[cfg(feature = "tls")]
#[expect(clippy::wildcard_enum_match_arm, reason = "foreign enums, of which few have words of their own")]
fn of_tls(error: &io::Error) -> Option<Cause> {
    use rustls::{AlertDescription, CertificateError as Untrusted, Error};

    let error = error.get_ref()?.downcast_ref::<Error>()?;
    let text = format!("{error}");
    Some(match error {
        Error::InvalidCertificate(why) => {
            let raw_code = i32::from(u8::from(AlertDescription::from(why.clone())));
            let (what, advice) = match why {
                Untrusted::Expired | Untrusted::ExpiredContext { .. } => {
                    ("has expired", "renew it at the broker, or set this device's clock")
                }
                Untrusted::NotValidYet | Untrusted::NotValidYetContext { .. } => {
                    ("is not valid yet", "set this device's clock")
                }
                Untrusted::UnknownIssuer => {
                    ("is from an authority that is not trusted here", "give that authority as ca_pem")
                }
                Untrusted::NotValidForName | Untrusted::NotValidForNameContext { .. } => {
                    ("is for another name", "use a name that the certificate has")
                }
                _ => ("is not trusted", "the broker needs another certificate"),
            };
            Cause::new(format!("the broker's certificate {what} ({text})"), advice, raw_code).finally()
        }
        Error::AlertReceived(alert) => {
            let advice = match alert {
                AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure => {
                    "the broker may want a client certificate: client_cert_pem and client_key_pem"
                }
                _ => "see the broker's log",
            };
            let raw_code = i32::from(u8::from(*alert));
            Cause::new(format!("the broker refuses TLS ({text})"), advice, raw_code)
        }
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } | Error::PeerSentOversizedRecord => {
            let advice = "use mqtt://, or the broker's port for mqtts://";
            Cause::new("what listens on that port does not speak TLS", advice, 0).finally()
        }
        _ => Cause::new(format!("TLS failed ({text})"), "", 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_own_text_and_number() {
        let os = |code| Cause::failure(Stage::Connecting, &io::Error::from_raw_os_error(code));
        let name = |kind, code| {
            Cause::name(&io::Error::new(kind, NameError { code, text: "the system's words".into() }))
        };
        let all = [
            (os(libc::ECONNREFUSED), libc::ECONNREFUSED, false),
            (os(libc::EHOSTUNREACH), libc::EHOSTUNREACH, false),
            (os(libc::ETIMEDOUT), libc::ETIMEDOUT, false),
            (os(libc::ECONNRESET), libc::ECONNRESET, false),
            (os(libc::EMFILE), libc::EMFILE, false),
            (name(ErrorKind::NotFound, -2), -2, true),
            (name(ErrorKind::Other, -3), -3, false),
            (Cause::late_name(Some(10_000)), 0, false),
            (Cause::late(Stage::Connecting, Some(8_000)), 0, false),
            (Cause::late(Stage::Securing, Some(8_000)), 0, false),
            (Cause::late(Stage::Greeting, Some(8_000)), 0, false),
            (Cause::late(Stage::Subscribing, Some(8_000)), 0, false),
            (Cause::ended(Stage::Securing, 0), 0, false),
            (Cause::ended(Stage::Greeting, 0), 0, false),
            (Cause::not_mqtt(b'H', false), 0, true),
            (Cause::not_mqtt(0x15, false), 0, true),
            (Cause::elsewhere(), 0, true),
        ];
        let mut sentences: Vec<String> = all.iter().map(|it| it.0.to_string()).collect();
        for (cause, raw_code, is_final) in &all {
            assert_eq!((cause.raw_code, cause.is_final), (*raw_code, *is_final), "{cause}");
        }
        // The system's first message and our own after the wait begin alike.
        sentences.sort();
        sentences.dedup();
        assert_eq!(sentences.len(), all.len(), "{sentences:?}");
    }

    #[test]
    fn remote_texts_stay_on_one_line() {
        let cause = Cause::new(format!("a\n\u{202e}{}", "x".repeat(999)), "mend it", 0);
        let text = cause.to_string();
        assert!(text.starts_with("a\\u{a}\\u{202e}x") && text.ends_with("\u{2026}: mend it"), "{text}");
        assert!(text.len() < 340);
    }
}
