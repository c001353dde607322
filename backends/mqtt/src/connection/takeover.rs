//! Whether another client has our client id: a copied data folder, or the same device started twice.
//!
//! A broker of MQTT 5 may report it (0x8E); many only close the connection. A restarting broker does that,
//! too, and must not stop its devices. The next attempt distinguishes them: a restarting broker refuses it,
//! or has lost our session; one that gave the session to another client accepts us at once.

/// After how many takeovers the session is left to the other.
const TOO_OFTEN: usize = 3;

/// The takeovers of our session, as far as known.
#[derive(Clone, Debug, Default)]
pub(super) struct Takeovers {
    /// When it was taken, oldest first.
    known: [Option<u64>; TOO_OFTEN],
    /// A young connection ended without a reason, and the next one is not up yet.
    suspected: bool,
}

impl Takeovers {
    /// The broker reports it. True: too often within `window` ms.
    pub(super) fn reported(&mut self, now: u64, window: u64) -> bool {
        self.suspected = false;
        self.add(now);
        self.is_too_often(now, window, 0)
    }

    /// A young connection ended without a reason. True: if that is a takeover, too, it is one too many.
    pub(super) fn suspect(&mut self, now: u64, window: u64) -> bool {
        self.suspected = true;
        self.is_too_often(now, window, 1)
    }

    /// An attempt to connect has failed: the broker was away.
    pub(super) fn turned_away(&mut self) {
        self.suspected = false;
    }

    /// Up again. `resumed`: the broker knew our session.
    pub(super) fn back(&mut self, now: u64, resumed: bool) {
        if std::mem::take(&mut self.suspected) && resumed {
            self.add(now);
        }
    }

    fn add(&mut self, now: u64) {
        self.known.rotate_left(1);
        self.known[TOO_OFTEN - 1] = Some(now);
    }

    /// Forgets all if so: the next login is one like any other.
    fn is_too_often(&mut self, now: u64, window: u64, more: usize) -> bool {
        let is_over = self.known[more].is_some_and(|first| now.saturating_sub(first) <= window);
        if is_over {
            *self = Takeovers::default();
        }
        is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    #[test]
    fn three_times_within_a_minute_is_once_too_often() {
        let mut takeovers = Takeovers::default();
        let mut reported = |now| takeovers.reported(now, MINUTE);
        assert_eq!([reported(1000), reported(2000), reported(61_000)], [false, false, true]);
        assert_eq!([reported(62_000), reported(63_000), reported(122_001)], [false, false, false]);
        assert_eq!([reported(122_002), reported(123_000)], [true, false]);
    }

    /// Each time the broker takes us back at once, with our session.
    #[test]
    fn an_immediate_resume_means_a_takeover() {
        let mut takeovers = Takeovers::default();
        for now in [1000, 2000] {
            assert!(!takeovers.suspect(now, MINUTE));
            takeovers.back(now + 100, true);
        }
        assert!(takeovers.suspect(3000, MINUTE));
    }

    #[test]
    fn broker_that_lost_the_session_has_restarted() {
        let mut takeovers = Takeovers::default();
        for now in (1000..10_000).step_by(1000) {
            assert!(!takeovers.suspect(now, MINUTE));
            if now % 2000 == 0 {
                takeovers.turned_away();
            }
            takeovers.back(now + 100, now % 2000 == 0);
        }
    }
}
