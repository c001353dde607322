//! Rate limits for events caused by others, so that nobody can fill the app's queue. The first event of an
//! account and kind is emitted at once; those within the window are counted, and the newest is emitted at its
//! end with the count.

use serde::{Deserialize, Serialize};

use super::limits;
use super::output::{Event, Missed};
use super::time::Time;
use nertc_callkit_signaling::Text;

/// Kinds of callbacks that others cause at will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Kind {
    /// on_missed_call, by its reason.
    Missed(Missed),
    /// on_record_received.
    Record,
    /// on_call_type_change.
    TypeChange,
    /// on_call_type_request.
    TypeRequest,
    /// on_data.
    Data,
    /// Texts for the media backend.
    Negotiation,
}

impl Kind {
    /// Of a call: forgotten with it.
    fn is_of_call(self) -> bool {
        match self {
            Kind::TypeChange | Kind::TypeRequest | Kind::Data | Kind::Negotiation => true,
            Kind::Missed(_) | Kind::Record => false,
        }
    }

    /// How many are emitted at once: a record is about one call, so none stands for another.
    fn burst(self) -> u32 {
        match self {
            Kind::Missed(_) => 1,
            Kind::Record => limits::RECORD_BURST,
            Kind::TypeChange | Kind::TypeRequest => limits::SWITCH_BURST,
            Kind::Data | Kind::Negotiation => limits::TEXT_BURST,
        }
    }
}

/// One account's callbacks of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Window {
    account: Text,
    kind: Kind,
    /// Absolute: further events do not move it.
    until: Time,
    reported: u32,
    /// The newest of those that were held back.
    held: Option<Event>,
    /// How many were held back.
    count: u32,
}

/// Open windows, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Coalescer(Vec<Window>);

impl Coalescer {
    /// When something that was held back is due.
    pub(super) fn due(&self) -> Option<Time> {
        self.0.iter().filter(|window| window.held.is_some()).map(|window| window.until).min()
    }

    /// Takes an event; returns what must be emitted now.
    pub(super) fn offer(&mut self, now: Time, account: &Text, kind: Kind, event: Event) -> Vec<Event> {
        let mut due = self.take_due(now);
        if let Some(window) = self.0.iter_mut().find(|open| open.kind == kind && open.account == *account) {
            if window.reported < kind.burst() {
                window.reported += 1;
                due.push(event);
            } else {
                window.held = Some(event);
                window.count = window.count.saturating_add(1);
            }
            return due;
        }
        if self.0.len() >= limits::COALESCED {
            due.extend(self.evict());
        }
        let until = now.after(limits::COALESCE_MS);
        self.0.push(Window { account: account.clone(), kind, until, reported: 1, held: None, count: 0 });
        due.push(event);
        due
    }

    /// Counts one of a kind that is emitted at once or never; false: too many.
    pub(super) fn admit(&mut self, now: Time, account: &Text, kind: Kind) -> bool {
        self.0.retain(|window| window.kind != kind || window.until > now);
        if let Some(window) = self.0.iter_mut().find(|open| open.kind == kind && open.account == *account) {
            window.reported = window.reported.saturating_add(1);
            return window.reported <= kind.burst();
        }
        self.0.push(Window {
            account: account.clone(),
            kind,
            until: now.after(limits::COALESCE_MS),
            reported: 1,
            held: None,
            count: 0,
        });
        true
    }

    /// Forgets what was held back about a call that has ended.
    pub(super) fn forget_call(&mut self) {
        self.0.retain(|window| !window.kind.is_of_call());
    }

    /// Evicts the oldest window of the account with the most. Its held event is emitted, not lost.
    fn evict(&mut self) -> Option<Event> {
        let share = |of: &Window| self.0.iter().filter(|other| other.account == of.account).count();
        let oldest_of_greediest = self.0.iter().enumerate().rev().max_by_key(|(_, window)| share(window));
        let index = oldest_of_greediest.map(|(index, _)| index)?;
        self.0.remove(index).release()
    }

    /// Closes expired windows; those that held an event reopen with it.
    pub(super) fn take_due(&mut self, now: Time) -> Vec<Event> {
        let mut due = Vec::new();
        if self.0.iter().all(|window| window.until > now) {
            return due;
        }
        let (over, open) = std::mem::take(&mut self.0).into_iter().partition(|window| window.until <= now);
        self.0 = open;
        let over: Vec<Window> = over;
        for mut window in over {
            let next = Window {
                until: now.after(limits::COALESCE_MS),
                reported: 1,
                held: None,
                count: 0,
                account: window.account.clone(),
                ..window
            };
            if let Some(event) = window.release() {
                due.push(event);
                self.0.push(next);
            }
        }
        due
    }

    /// Closes all windows.
    pub(super) fn take_all(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.0).iter_mut().filter_map(Window::release).collect()
    }
}

impl Window {
    /// What was held back, with its count.
    fn release(&mut self) -> Option<Event> {
        let mut event = self.held.take()?;
        if let Event::MissedCall(missed) = &mut event {
            missed.count = self.count;
        }
        self.count = 0;
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::MissedCall;
    use super::*;
    use nertc_callkit_signaling::CallType;

    const KIND: Kind = Kind::Missed(Missed::Busy);

    fn missed(user: &str, n: u64) -> Event {
        Event::MissedCall(MissedCall {
            user: user.into(),
            call_type: CallType::Audio,
            attachment: Text::default(),
            reason: Missed::Busy,
            invited_at_ms: n,
            channel_id: Text::default(),
            request_id: Text::default(),
            count: 1,
        })
    }

    /// Users, numbers and counts.
    fn summary(events: &[Event]) -> Vec<(String, u64, u32)> {
        let line = |event: &Event| {
            let Event::MissedCall(missed) = event else { panic!("not a missed call: {event:?}") };
            (missed.user.to_string(), missed.invited_at_ms, missed.count)
        };
        events.iter().map(line).collect()
    }

    fn one(user: &str, n: u64, count: u32) -> Vec<(String, u64, u32)> {
        vec![(user.to_owned(), n, count)]
    }

    #[test]
    fn the_first_comes_at_once_and_the_newest_stands_for_the_rest() {
        let mut coalescer = Coalescer::default();
        let bob: Text = "bob".into();
        assert_eq!(summary(&coalescer.offer(Time(10), &bob, KIND, missed("bob", 1))), one("bob", 1, 1));
        assert_eq!(coalescer.due(), None, "nothing is held back");
        for n in 2..=6 {
            assert_eq!(coalescer.offer(Time(10 + n), &bob, KIND, missed("bob", n)), []);
        }
        let end = Time(10).after(limits::COALESCE_MS);
        assert_eq!(coalescer.due(), Some(end), "what comes meanwhile does not move the end");
        assert_eq!(coalescer.take_due(Time(end.0 - 1)), []);
        assert_eq!(summary(&coalescer.take_due(end)), one("bob", 6, 5));
        // The window reopens: the next one is counted, not emitted at once.
        assert_eq!(coalescer.offer(end, &bob, KIND, missed("bob", 7)), []);
        let end = end.after(limits::COALESCE_MS);
        assert_eq!(summary(&coalescer.take_due(end)), one("bob", 7, 1));
        assert_eq!(coalescer.take_due(end.after(limits::COALESCE_MS)), []);
        assert_eq!(coalescer, Coalescer::default(), "a window in which nothing came is forgotten");
    }

    #[test]
    fn another_account_or_kind_has_its_own_window() {
        let mut coalescer = Coalescer::default();
        let (bob, eve): (Text, Text) = ("bob".into(), "eve".into());
        let other = Kind::Missed(Missed::Cancelled);
        assert_eq!(coalescer.offer(Time(0), &eve, KIND, missed("eve", 1)).len(), 1);
        assert_eq!(coalescer.offer(Time(0), &eve, KIND, missed("eve", 2)).len(), 0);
        assert_eq!(coalescer.offer(Time(0), &bob, KIND, missed("bob", 1)).len(), 1);
        assert_eq!(coalescer.offer(Time(0), &eve, other, missed("eve", 3)).len(), 1);
    }

    #[test]
    fn a_full_table_reports_evictions_and_shares_by_account() {
        let mut coalescer = Coalescer::default();
        let bob: Text = "bob".into();
        coalescer.offer(Time(0), &bob, KIND, missed("bob", 1));
        coalescer.offer(Time(0), &bob, KIND, missed("bob", 2));
        let eve: Text = "eve".into();
        for kind in [KIND, Kind::Missed(Missed::Cancelled)] {
            coalescer.offer(Time(0), &eve, kind, missed("eve", 1));
            coalescer.offer(Time(0), &eve, kind, missed("eve", 2));
        }
        for n in coalescer.0.len()..limits::COALESCED {
            let user = format!("user{n}");
            coalescer.offer(Time(0), &user.as_str().into(), KIND, missed(&user, 1));
        }
        // Eve has two windows: the older goes first, and nothing is lost.
        let now = coalescer.offer(Time(1), &"new".into(), KIND, missed("new", 1));
        assert_eq!(summary(&now), [one("eve", 2, 1), one("new", 1, 1)].concat());
        // All have one: the oldest goes.
        let now = coalescer.offer(Time(1), &"newer".into(), KIND, missed("newer", 1));
        assert_eq!(summary(&now), [one("bob", 2, 1), one("newer", 1, 1)].concat());
        assert_eq!(coalescer.0.len(), limits::COALESCED);
    }

    #[test]
    fn an_expired_window_is_reported_before_the_next_event() {
        let mut coalescer = Coalescer::default();
        let bob: Text = "bob".into();
        coalescer.offer(Time(0), &bob, KIND, missed("bob", 1));
        coalescer.offer(Time(1), &bob, KIND, missed("bob", 2));
        let late = Time(0).after(limits::COALESCE_MS).after(5);
        assert_eq!(summary(&coalescer.offer(late, &bob, KIND, missed("bob", 3))), one("bob", 2, 1));
        assert_eq!(summary(&coalescer.take_all()), one("bob", 3, 1));
    }
}
