//! A completion that a backend gives from inside the call that starts its operation: it is taken into the
//! step that runs, and needs no way through the inbox.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::{Mutex, MutexGuard};

use super::quota::Quota;
use crate::engine::input::Input;

/// The operation that a worker's thread is just starting; at most one.
#[derive(Default)]
pub(super) struct Starting {
    /// Whose it is, 0 = there is none. Leaves the value of a client under the lock only.
    client: AtomicU64,
    completion: Mutex<Option<Input>>,
}

impl Starting {
    /// An operation of `client` is about to be started.
    pub(super) fn begin(&self, client: u64) {
        self.client.store(client, Relaxed);
    }

    /// It was started, or refused. Answers the completion that was given meanwhile.
    pub(super) fn end(&self) -> Option<Input> {
        let mut completion = self.completion.lock();
        self.client.store(0, Relaxed);
        completion.take()
    }

    /// A place for a completion that a backend of `client` gives, on whichever thread. There is none if
    /// nothing is being started, or if something waits in the inbox for the client: that was reported before.
    #[inline]
    pub(super) fn place(&self, client: u64, quota: &Quota) -> Option<MutexGuard<'_, Option<Input>>> {
        if self.client.load(Relaxed) != client || !quota.is_unused() {
            return None;
        }
        let place = self.completion.lock();
        (self.client.load(Relaxed) == client && place.is_none()).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use nertc_callkit_signaling::{Outcome, Req};

    use super::super::quota::Class;
    use super::*;

    const ALICE: u64 = 1;
    const BOB: u64 = 2;

    fn done(number: u64) -> Input {
        Input::RtcDone { req: Req(number), outcome: Outcome::default() }
    }

    /// Whether it was taken.
    fn offer(starting: &Starting, client: u64, quota: &Quota, completion: Input) -> bool {
        let place = starting.place(client, quota);
        place.map(|mut place| *place = Some(completion)).is_some()
    }

    #[test]
    fn one_completion_is_taken_while_its_operation_starts() {
        let (starting, quota) = (Starting::default(), Quota::default());
        assert!(!offer(&starting, ALICE, &quota, done(1)), "nothing is being started");
        starting.begin(ALICE);
        assert!(!offer(&starting, BOB, &quota, done(2)), "not this client's");
        assert!(offer(&starting, ALICE, &quota, done(3)));
        assert!(!offer(&starting, ALICE, &quota, done(4)), "behind the first, in the inbox");
        assert_eq!((starting.end(), starting.end()), (Some(done(3)), None));
        assert!(!offer(&starting, ALICE, &quota, done(5)), "too late");
    }

    #[test]
    fn a_completion_overtakes_nothing_in_the_inbox() {
        for class in [Class::Command { reserved: false }, Class::Report, Class::Completion] {
            let (starting, quota) = (Starting::default(), Quota::default());
            quota.admit(class).expect("room");
            starting.begin(ALICE);
            assert!(!offer(&starting, ALICE, &quota, done(1)), "{class:?} waits");
            quota.took(class);
            assert!(offer(&starting, ALICE, &quota, done(1)));
        }
        let (starting, quota) = (Starting::default(), Quota::default());
        quota.admit(Class::Close).expect("open");
        starting.begin(ALICE);
        assert!(!offer(&starting, ALICE, &quota, done(1)), "the app's release waits");
    }
}
