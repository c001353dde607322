//! Large batches: a batch is processed up to a limit, and each account has the same
//! share of it, so that one account's messages cannot hide another's.

use std::collections::BTreeMap;

use super::core::Engine;
use super::limits;
use nertc_callkit_signaling::{self as signaling, Text};

/// The messages that stay, in their order, and those that do not. Each account has the same share, and its
/// newest messages have it.
pub(super) fn fair_share(
    events: Vec<signaling::Event>,
    limit: usize,
) -> (Vec<signaling::Event>, Vec<signaling::Event>) {
    if events.len() <= limit {
        return (events, Vec::new());
    }
    let mut newer: BTreeMap<Text, usize> = BTreeMap::new();
    // How many newer ones each has of its sender, and which it is.
    let mut ranks: Vec<(usize, usize)> = Vec::with_capacity(events.len());
    let mut of_rank = vec![0; events.len()];
    for (index, event) in events.iter().enumerate().rev() {
        let count = newer.entry(event.from.clone()).or_default();
        ranks.push((*count, index));
        of_rank[*count] += 1;
        *count += 1;
    }
    // All of the ranks before `last` stay, and of that one the newest.
    let mut left = limit;
    let last = of_rank.iter().position(|&count| {
        let is_last = count >= left;
        left -= if is_last { 0 } else { count };
        is_last
    });
    let last = last.unwrap_or(events.len());
    let mut stays = vec![false; events.len()];
    for (rank, index) in ranks {
        stays[index] = rank < last || rank == last && left > 0;
        left -= usize::from(rank == last && left > 0);
    }
    let mut stays = stays.into_iter();
    events.into_iter().partition(|_| stays.next().unwrap_or(false))
}

impl Engine {
    /// A batch without its excess. Messages of the live call's parties always count.
    pub(super) fn limit_batch(&mut self, events: Vec<signaling::Event>) -> Vec<signaling::Event> {
        if events.len() <= limits::BATCH {
            return events;
        }
        let (peer, account) = (self.state.peer(), self.session.account());
        let is_live = |event: &signaling::Event| {
            (event.from == peer || event.from == account) && self.is_live_channel(&event.channel.id)
        };
        let (mut live, others): (Vec<_>, Vec<_>) = events.into_iter().partition(is_live);
        if live.len() > limits::BATCH {
            live.drain(..live.len() - limits::BATCH);
        }
        let (kept, dropped) = fair_share(others, limits::BATCH);
        self.drop_unread(&dropped);
        live.extend(kept);
        live
    }

    /// Messages that are too many.
    pub(super) fn drop_unread(&mut self, events: &[signaling::Event]) {
        if !events.is_empty() {
            self.drop_invites(events);
            self.ignore("more messages at once than are processed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nertc_callkit_signaling::{Channel, EventKind};

    fn event(from: &str, n: usize) -> signaling::Event {
        signaling::Event {
            kind: EventKind::Invite,
            channel: Channel { id: n.to_string().into(), ..Channel::default() },
            from: from.into(),
            from_device: Text::default(),
            to: Text::default(),
            request_id: Text::default(),
            custom_info: Text::default(),
            time_ms: 0,
            uid: 0,
        }
    }

    fn names(events: &[signaling::Event]) -> Vec<String> {
        events.iter().map(|event| format!("{}{}", event.from, event.channel.id)).collect()
    }

    #[test]
    fn each_has_the_same_share_and_the_order_stays() {
        let mut events = vec![event("bob", 0)];
        events.extend((1..100).map(|n| event("eve", n)));
        events.push(event("carol", 100));
        let (kept, dropped) = fair_share(events.clone(), 4);
        assert_eq!(names(&kept), ["bob0", "eve98", "eve99", "carol100"]);
        assert_eq!(dropped.len(), 97);
        let (kept, dropped) = fair_share(events, 101);
        assert!(kept.len() == 101 && dropped.is_empty());
    }

    #[test]
    fn many_accounts_leave_one_each_the_newest_first() {
        let events: Vec<signaling::Event> = (0..10).map(|n| event(&format!("u{n}x"), n)).collect();
        let (kept, _) = fair_share(events, 3);
        assert_eq!(names(&kept), ["u7x7", "u8x8", "u9x9"]);
    }
}
