//! What is reported about who listens, and what the app's own keys are asked.

use std::sync::Arc;
use std::thread::{self, ThreadId};

use nertc_callkit_backend::MediaMessage;
use nertc_callkit_media::{MediaEvent, MediaReport, Security};
use nertc_callkit_signaling::{Code, Text};
use nertc_callkit_webrtc::options::{Given, Hooks};
use parking_lot::Mutex;

use crate::harness::{CALL_NO, Side, alone, call, carry, carry_watched, loopback};

/// State and code of the next report.
fn secured(side: &Side) -> (Security, Text) {
    side.expect("a report of security", |message| match message {
        MediaMessage::Event(report) => {
            let MediaEvent::Secured { security, code, local_fingerprint, .. } = &report.event else {
                return None;
            };
            assert!(local_fingerprint.starts_with("sha-256 "), "{local_fingerprint:?}");
            Some((*security, code.clone()))
        }
        MediaMessage::Completed(..) | MediaMessage::Log(..) => None,
    })
}

fn has_state(side: &Side, state: Security) -> bool {
    side.backend.call_stats().security == state
}

#[test]
fn each_change_of_security_is_reported() {
    let _alone = alone();
    let [alice, bob] = call(&loopback());
    carry([&alice, &bob], "codes", || {
        has_state(&alice, Security::Unverified) && has_state(&bob, Security::Unverified)
    });
    // Behind the peer's arrival.
    alice.expect_event(&MediaEvent::PeerJoin { uid: 22 });
    let (state, code) = secured(&alice);
    assert_eq!((state, code.len()), (Security::Unverified, 4));
    assert_eq!(secured(&bob), (Security::Unverified, code.clone()));
    for other in [0, CALL_NO - 1, CALL_NO + 1] {
        assert!(!alice.backend.confirm_security_code(other, &code, true), "a tap of an earlier call");
    }
    assert!(!alice.backend.confirm_security_code(CALL_NO, "ILOU", true), "a code that was replaced");
    assert!(alice.backend.confirm_security_code(CALL_NO, &code, true));
    assert_eq!(secured(&alice), (Security::Verified, code.clone()));
    // The other user reads another code.
    assert!(bob.backend.confirm_security_code(CALL_NO, "ILOU", false));
    assert_eq!(secured(&bob), (Security::Mismatch, code));
    let ended = bob.expect("the end", |message| match message {
        MediaMessage::Event(MediaReport { event: MediaEvent::Disconnected(outcome), .. }) => {
            Some(outcome.code)
        }
        MediaMessage::Completed(..) | MediaMessage::Event(_) | MediaMessage::Log(..) => None,
    });
    assert_eq!(ended, Code::MEDIA_NOT_SECURE);
    alice.expect_event(&MediaEvent::PeerLeave { uid: 22, code: Code::OK });
    [&alice, &bob].into_iter().for_each(Side::close);
    assert!(!alice.backend.confirm_security_code(CALL_NO, "", true), "it is over");
}

/// Keys of a test: who was asked, on which thread.
#[derive(Debug, Default)]
struct Keys {
    asked: Mutex<Vec<(&'static str, ThreadId)>>,
    /// Bytes of a signature.
    length: usize,
}

impl Keys {
    fn note(&self, what: &'static str) {
        self.asked.lock().push((what, thread::current().id()));
    }
}

impl Hooks for Keys {
    fn signs(&self) -> bool {
        true
    }

    fn sign(&self, transcript: &[u8]) -> Option<Vec<u8>> {
        self.note("sign");
        let end = transcript[transcript.len() - 32..].iter();
        Some(end.copied().cycle().take(self.length).collect())
    }

    fn verify(&self, account: &str, transcript: &[u8], signature: &[u8]) -> bool {
        self.note("verify");
        assert!(["alice", "bob"].contains(&account), "{account}");
        signature[..32] == transcript[transcript.len() - 32..]
    }
}

fn signing(length: usize) -> ([Side; 2], [Arc<Keys>; 2]) {
    let keys = [0; 2].map(|_| Arc::new(Keys { length, ..Keys::default() }));
    let side = |at: usize, uid| Side::new(uid, &Given { hooks: keys[at].clone(), ..loopback() });
    let sides = [side(0, 11), side(1, 22)];
    (0..2).for_each(|at| sides[at].join(at == 0));
    (sides, keys)
}

#[test]
fn keys_of_the_app_are_asked_on_the_worker() {
    let _alone = alone();
    let ([alice, bob], keys) = signing(512);
    carry([&alice, &bob], "verified", || {
        has_state(&alice, Security::Verified) && has_state(&bob, Security::Verified)
    });
    [&alice, &bob].into_iter().for_each(Side::close);
    for keys in keys {
        let mut asked = keys.asked.lock().clone();
        asked.sort_unstable_by_key(|(what, _)| *what);
        // This thread hands in the texts: it is the worker.
        let worker = thread::current().id();
        assert_eq!(asked, [("sign", worker), ("verify", worker)]);
    }
}

#[test]
fn a_signature_that_is_too_long_is_not_sent() {
    let _alone = alone();
    let ([alice, bob], keys) = signing(513);
    let mut sent = 0;
    let watch = |text: &str| sent += u32::from(text.contains("\"sig\""));
    carry_watched([&alice, &bob], "codes", watch, || {
        let asked = keys.iter().all(|keys| !keys.asked.lock().is_empty());
        asked && has_state(&alice, Security::Unverified) && has_state(&bob, Security::Unverified)
    });
    [&alice, &bob].into_iter().for_each(Side::close);
    assert!(keys.iter().all(|keys| keys.asked.lock().iter().all(|(what, _)| *what == "sign")));
    assert_eq!(sent, 0);
}
