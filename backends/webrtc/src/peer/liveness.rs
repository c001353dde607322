//! Whether the peer is there, and whether it hears us: a value over events with their times, in microseconds.

/// Nothing has arrived for this long: the peer is silent.
const SILENT_US: u64 = 2_000_000;
/// Nothing has arrived, or the peer's reports show no progress, for this long: ICE restarts.
const STUCK_US: u64 = 4_000_000;
/// Longest time between two restarts.
const LONGEST_WAIT_US: u64 = 16_000_000;
/// Without an answer to a Binding request for this long, we stop sending (RFC 7675).
const CONSENT_US: u64 = 30_000_000;
/// After a pause in sending this long, progress is expected anew.
const PAUSE_US: u64 = 1_000_000;

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Change {
    /// Nothing has arrived for 2 s.
    Silent,
    /// Something arrives again.
    Heard,
    /// The connection is stuck: restart ICE.
    Restart,
    /// After a restart, both directions work again.
    Recovered,
}

/// The state of one connection. Before [`Liveness::on_connected`] it expects nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Liveness {
    is_connected: bool,
    is_silent: bool,
    is_stuck: bool,
    heard_at: u64,
    /// The peer's reports have last shown that our packets arrive, or there was nothing to report.
    progress_at: u64,
    sent_at: u64,
    consent_at: u64,
    /// Earliest time of the next restart, and how long to wait after it.
    restart_at: u64,
    wait: u64,
}

impl Liveness {
    /// ICE and DTLS are up.
    pub(super) fn on_connected(&mut self, now: u64) {
        *self = Liveness {
            is_connected: true,
            heard_at: now,
            progress_at: now,
            consent_at: now,
            wait: STUCK_US,
            ..Liveness::default()
        };
    }

    /// The connection is over.
    pub(super) fn on_closed(&mut self) {
        self.is_connected = false;
    }

    /// Something of the peer's has arrived.
    pub(super) fn on_heard(&mut self, now: u64) -> Option<Change> {
        self.heard_at = now;
        std::mem::take(&mut self.is_silent).then_some(Change::Heard)
    }

    /// A Binding request of ours was answered.
    pub(super) fn on_response(&mut self, now: u64) {
        self.consent_at = now;
    }

    /// We have sent sound.
    pub(super) fn on_sent(&mut self, now: u64) {
        if now.saturating_sub(self.sent_at) > PAUSE_US {
            self.progress_at = self.progress_at.max(now);
        }
        self.sent_at = now;
    }

    /// A report of the peer's says that more of our packets have arrived than before.
    pub(super) fn on_progress(&mut self, now: u64) {
        self.progress_at = now;
    }

    /// ICE has no pair any more: do not wait for the rest.
    pub(super) fn on_ice_lost(&mut self) {
        if self.is_connected {
            self.heard_at = self.heard_at.saturating_sub(STUCK_US);
        }
    }

    /// The peer agrees to be sent to.
    pub(super) fn may_send(&self, now: u64) -> bool {
        !self.is_connected || now < self.consent_at + CONSENT_US
    }

    /// When it is stuck if nothing happens until then.
    fn stuck_at(&self) -> u64 {
        let is_sending = self.sent_at + PAUSE_US > self.progress_at;
        let unreported = if is_sending { self.progress_at + STUCK_US } else { u64::MAX };
        unreported.min(self.heard_at + STUCK_US)
    }

    /// When [`Liveness::handle_timeout`] has something to do.
    pub(super) fn poll_timeout(&self) -> Option<u64> {
        let silent_at = (!self.is_silent).then_some(self.heard_at + SILENT_US);
        let restart_at = self.stuck_at().max(self.restart_at);
        self.is_connected.then(|| silent_at.map_or(restart_at, |at| at.min(restart_at)))
    }

    /// What has changed by now; call it until there is nothing.
    pub(super) fn handle_timeout(&mut self, now: u64) -> Option<Change> {
        if !self.is_connected {
            return None;
        }
        if !self.is_silent && now >= self.heard_at + SILENT_US {
            self.is_silent = true;
            return Some(Change::Silent);
        }
        let is_sending = now < self.sent_at + PAUSE_US;
        if !is_sending {
            self.progress_at = self.progress_at.max(now.min(self.sent_at + PAUSE_US));
        }
        let unheard = now >= self.heard_at + STUCK_US;
        let unreported = is_sending && now >= self.progress_at + STUCK_US;
        if unheard || unreported {
            if now < self.restart_at {
                return None;
            }
            self.is_stuck = true;
            self.restart_at = now + self.wait;
            self.wait = LONGEST_WAIT_US.min(2 * self.wait);
            return Some(Change::Restart);
        }
        let is_well =
            self.is_stuck && !self.is_silent && self.heard_at.max(self.progress_at) + SILENT_US > now;
        // A peer that we do not send to reports nothing.
        if is_well && (!is_sending || self.progress_at + SILENT_US > now) {
            self.is_stuck = false;
            self.wait = STUCK_US;
            return Some(Change::Recovered);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    /// Runs for `seconds` in steps of 20 ms, as a sender of sound does.
    struct Run {
        it: Liveness,
        now: u64,
        seen: Vec<(u64, Change)>,
    }

    impl Run {
        fn new() -> Run {
            let mut run = Run { it: Liveness::default(), now: SECOND, seen: Vec::new() };
            run.it.on_connected(run.now);
            run
        }

        fn run(&mut self, seconds: u64, heard: bool, reported: bool, sending: bool) -> &mut Run {
            for step in 0..seconds * 50 {
                self.now += SECOND / 50;
                if sending {
                    self.it.on_sent(self.now);
                }
                if heard {
                    let change = self.it.on_heard(self.now);
                    self.seen.extend(change.map(|change| (self.now, change)));
                }
                if reported && step % 50 == 49 {
                    self.it.on_progress(self.now);
                }
                while let Some(change) = self.it.handle_timeout(self.now) {
                    self.seen.push((self.now, change));
                }
            }
            self
        }

        fn seen(&self) -> Vec<(u64, Change)> {
            self.seen.iter().map(|(at, change)| (at / (SECOND / 10), *change)).collect()
        }
    }

    #[test]
    fn a_good_connection_changes_nothing() {
        assert_eq!(Run::new().run(60, true, true, true).seen(), []);
        assert_eq!(Run::new().run(60, true, false, false).seen(), [], "a listener gets no reports");
    }

    #[test]
    fn a_vanished_peer_is_silent_then_restarts_with_longer_pauses() {
        let mut run = Run::new();
        run.run(60, false, false, true);
        let restarts = [50, 90, 170, 330, 490].map(|at| (at, Change::Restart));
        assert_eq!(run.seen(), [&[(30, Change::Silent)][..], &restarts].concat());
        assert!(!run.it.may_send(run.now), "no consent for 30 s");
        run.it.on_response(run.now);
        assert!(run.it.may_send(run.now));
    }

    #[test]
    fn loss_in_one_direction_is_found_by_reports() {
        let mut run = Run::new();
        run.run(5, true, false, true);
        assert_eq!(run.seen(), [(50, Change::Restart)]);
        run.run(3, true, true, true);
        assert_eq!(run.seen()[1..], [(70, Change::Recovered)]);
    }

    #[test]
    fn a_pause_in_sending_is_no_loss() {
        let mut run = Run::new();
        run.run(5, true, true, true).run(30, true, false, false).run(3, true, false, true);
        assert_eq!(run.seen(), []);
        run.run(2, true, false, true);
        assert!(matches!(run.seen()[..], [(_, Change::Restart)]), "{:?}", run.seen());
    }

    #[test]
    fn it_is_heard_again_and_recovers() {
        let mut run = Run::new();
        run.run(7, false, false, true).run(5, true, true, true).run(60, true, true, true);
        let changes: Vec<Change> = run.seen.iter().map(|(_, change)| *change).collect();
        assert_eq!(changes, [Change::Silent, Change::Restart, Change::Heard, Change::Recovered]);
    }

    #[test]
    fn lost_ice_does_not_wait() {
        let mut run = Run::new();
        run.run(1, true, true, true);
        run.it.on_ice_lost();
        assert!(run.it.poll_timeout().is_some_and(|at| at <= run.now));
    }

    #[test]
    fn nothing_is_expected_before_and_after_the_connection() {
        let mut it = Liveness::default();
        assert_eq!((it.poll_timeout(), it.handle_timeout(u64::MAX / 2)), (None, None));
        assert!(it.may_send(u64::MAX / 2));
        it.on_connected(5);
        it.on_closed();
        assert_eq!((it.poll_timeout(), it.handle_timeout(u64::MAX / 2)), (None, None));
    }

    /// Whoever waits until `poll_timeout` misses nothing, and does not spin.
    #[test]
    fn timeouts_come_when_they_are_due() {
        let mut it = Liveness::default();
        it.on_connected(0);
        let mut wakes = 0;
        let mut seen = Vec::new();
        while let Some(at) = it.poll_timeout().filter(|at| *at < 60 * SECOND) {
            wakes += 1;
            assert!(wakes < 50, "{seen:?}");
            while let Some(change) = it.handle_timeout(at) {
                seen.push((at / SECOND, change));
            }
        }
        let restarts = [4, 8, 16, 32, 48].map(|at| (at, Change::Restart));
        assert_eq!(seen, [&[(2, Change::Silent)][..], &restarts].concat());
    }
}
