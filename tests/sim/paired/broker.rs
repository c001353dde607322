//! Between the devices of two worlds: connections, mailboxes, and subscribers.

use nertc_callkit_mqtt::protocol::{self, PublishResult, Qos, Topic, TopicKind};
use nertc_callkit_signaling::Text;

use super::plan::{self, FRIENDS, Guard};
use super::world::{HOSTILES, LINK, Link, NET, PUBACK, QueuedMessage, Scheduled, World, number};

/// Paths of messages about hostile accounts.
const STRANGE: u64 = 1 << 41;

impl World {
    pub(super) fn come_up(&mut self, device: usize, epoch: u32) {
        let it = &mut self.devices[device];
        if it.epoch != epoch || it.link != Link::Connecting {
            return;
        }
        it.link = Link::Up;
        it.receives_itself = false;
        let resumed = std::mem::replace(&mut it.has_session, true);
        let waiting = std::mem::take(&mut it.mailbox);
        self.note(|| format!("device {device}: up, {} messages wait", waiting.len()));
        self.feed_protocol(device, protocol::Input::Up { resumed });
        for queued in waiting {
            self.arrive(device, queued);
        }
    }

    /// The connection breaks; the next one is up at `until`.
    pub(super) fn go_down(&mut self, device: usize, until: u64) {
        let it = &mut self.devices[device];
        if it.link != Link::Up {
            return;
        }
        it.epoch += 1;
        it.link = Link::Connecting;
        it.watches.clear();
        let (epoch, delay) = (it.epoch, until.saturating_sub(self.now));
        self.note(|| format!("device {device}: the connection breaks"));
        self.post([LINK, device as u64, 0], delay, 1, Scheduled::Up(device, epoch));
        let (account, whose) = (self.devices[device].account.clone(), self.devices[device].name.clone());
        for other in 0..self.devices.len() {
            if self.devices[other].watches.contains(&(account.clone(), whose.clone())) {
                let will = Scheduled::Gone {
                    device: other,
                    account: account.clone(),
                    whose: whose.clone(),
                    hostile: false,
                };
                self.post([NET, device as u64, other as u64], 1_500, 500, will);
            }
        }
        self.feed_protocol(device, protocol::Input::Down);
    }

    pub(super) fn disconnect(&mut self, device: usize, forget: bool) {
        let it = &mut self.devices[device];
        it.epoch += 1;
        it.link = Link::Off;
        it.watches.clear();
        if forget {
            it.has_session = false;
            it.mailbox.clear();
        }
        self.note(|| format!("device {device}: disconnects"));
    }

    /// A device publishes.
    pub(super) fn publish(
        &mut self,
        device: usize,
        (token, qos): (u64, Qos),
        topic: Topic,
        payload: String,
        expires_ms: u32,
    ) {
        self.note(|| format!("device {device}: publish {topic:?} {payload}"));
        let it = &self.devices[device];
        if it.link != Link::Up {
            return self.blame(format!("device {device} publishes without a connection"));
        }
        if !it.may_send {
            return self.blame(format!(
                "invariant 14: device {device} speaks, and nobody is logged in: {topic:?} {payload}"
            ));
        }
        if let Some(why) = self.is_improper(device, &topic, &payload) {
            return self.blame(format!("{why}: device {device}, {topic:?} {payload}"));
        }
        let it = &self.devices[device];
        let (link, to) = (it.epoch, self.receivers(&topic));
        let result = if to.is_empty() { PublishResult::NobodyThere } else { PublishResult::Delivered };
        let whom = match &topic {
            Topic::Inbox(account) | Topic::Direct(account, _) => self.number_of(account),
            Topic::Own => self.number_of(&it.account.clone()),
        };
        let whom = whom ^ self.class(&topic, device, &payload);
        let spread = self.plan.max_delay_ms;
        if qos == Qos::AtLeastOnce {
            let answer = Scheduled::Answered { device, link, token, result };
            self.post([PUBACK, device as u64, whom], 1, spread, answer);
        }
        let publish = Scheduled::Publish { device, qos, topic, payload, expires_ms };
        self.post([PUBACK, 500 + device as u64, whom], 0, 1, publish);
    }

    /// Messages that must not be sent: an answer to an account that may not ring and must not learn, or a
    /// hello of a device that does not receive its own messages.
    fn is_improper(&self, device: usize, topic: &Topic, payload: &str) -> Option<&'static str> {
        let value: serde_json::Value = serde_json::from_str(payload).unwrap_or_default();
        let kind = value["k"].as_str().unwrap_or_default();
        if kind == "hello" && !self.devices[device].receives_itself {
            return Some("invariant 14: a hello before the own mark came back");
        }
        let (Topic::Inbox(account) | Topic::Direct(account, _)) = topic else { return None };
        let is_refused = self.plan.guard == Guard::Policy && !self.plan.policy.answers_busy;
        if hostile_index(account).is_none() || !is_refused || self.now <= plan::BEGIN_MS {
            return None;
        }
        // Accounts that have called or been called recently, or that name an incarnation of the device, may
        // query.
        let is_known = self.plan.has_prelude || self.plan.is_informed || self.hostile.has_received();
        let may_answer = is_known && !matches!(kind, "alert" | "accept" | "reject");
        (!may_answer).then_some("invariant 13: a third party is answered")
    }

    /// Messages about hostile accounts must not shift those about others: they have their own paths, and
    /// so does each kind of message of a device to its own account.
    fn class(&self, topic: &Topic, device: usize, payload: &str) -> u64 {
        let value: serde_json::Value = serde_json::from_str(payload).unwrap_or_default();
        let channel = value["cid"].as_str().unwrap_or_default();
        let is_to_own = match topic {
            Topic::Inbox(account) | Topic::Direct(account, _) => *account == self.devices[device].account,
            Topic::Own => true,
        };
        let known = match channel {
            "" => Some(0),
            _ => self.channels.get(channel).copied(),
        };
        let Some(channel) = known else { return STRANGE };
        if !is_to_own {
            return 0;
        }
        let what = [&value["k"], &value["b"]["rid"]].map(|it| it.as_str().unwrap_or_default());
        let bytes = what.iter().flat_map(|it| it.bytes()).map(u64::from);
        bytes.chain([channel]).fold(STRANGE, |all, byte| number(all, [byte, 0, 0], 0) | 1 << 40)
    }

    /// Accounts as numbers.
    fn number_of(&self, account: &Text) -> u64 {
        let friend = FRIENDS.iter().position(|it| **it == **account);
        friend.map_or_else(|| HOSTILES + hostile_index(account).unwrap_or(0) as u64, |at| at as u64)
    }

    /// Devices with a session that have subscribed to it.
    fn receivers(&self, topic: &Topic) -> Vec<usize> {
        let is_theirs = |at: &usize| {
            let it = &self.devices[*at];
            it.has_session
                && match topic {
                    Topic::Inbox(account) => *account == it.account,
                    Topic::Direct(account, name) => *account == it.account && *name == it.name,
                    Topic::Own => true,
                }
        };
        (0..self.devices.len()).filter(is_theirs).collect()
    }

    /// The broker has a message.
    pub(super) fn carry(
        &mut self,
        device: usize,
        topic: &Topic,
        (qos, payload): (Qos, &str),
        expires_ms: u32,
    ) {
        let (account, name) = (self.devices[device].account.clone(), self.devices[device].name.clone());
        let (kind, to_account) = match topic {
            Topic::Inbox(to) => (TopicKind::Inbox, to.clone()),
            Topic::Direct(to, _) => (TopicKind::Direct, to.clone()),
            Topic::Own => (TopicKind::Own, account.clone()),
        };
        if let Some(by) = hostile_index(&to_account) {
            let to_hostile = Scheduled::ToHostile { by, from: device, payload: payload.to_owned() };
            return self.post([NET, device as u64, HOSTILES + by as u64], 1, 1, to_hostile);
        }
        let class = NET ^ self.class(topic, device, payload);
        for to in self.receivers(topic) {
            if *topic == Topic::Own && self.devices[to].account != account {
                continue;
            }
            let path = [class, device as u64, to as u64];
            let is_mark = to == device;
            if !is_mark && self.chance(path, self.plan.lost_permille) {
                self.note(|| format!("broker: lost to device {to}: {payload}"));
                continue;
            }
            let is_twice = self.chance([path[0] + 50, path[1], path[2]], self.plan.twice_permille);
            let times = 1 + u64::from(is_twice && qos == Qos::AtLeastOnce);
            for _ in 0..times {
                let queued = QueuedMessage {
                    kind,
                    qos,
                    from: account.clone(),
                    device: name.clone(),
                    payload: payload.to_owned(),
                    expires_at: self.now + u64::from(expires_ms),
                    hostile: None,
                };
                self.post(path, 1, self.plan.max_delay_ms, Scheduled::Arrive(to, queued));
            }
        }
        if self.plan.is_informed && self.is_hostile && to_account != account {
            self.hostile.now = self.now;
            self.hostile.overhears(&account, &name, payload);
            self.fire_pending();
        }
    }

    /// A message is there, or waits for its device.
    pub(super) fn arrive(&mut self, device: usize, queued: QueuedMessage) {
        let it = &mut self.devices[device];
        if !it.has_session || queued.expires_at <= self.now {
            return;
        }
        if it.link != Link::Up {
            if queued.qos == Qos::AtMostOnce {
                return self.note(|| format!("broker: device {device} is away: {}", queued.payload));
            }
            // Queued messages of hostile accounts are limited by the broker, per sender.
            let of_one = it.mailbox.iter().filter(|other| other.from == queued.from).count();
            return if of_one < 200 {
                it.mailbox.push(queued)
            };
        }
        let may_come = self.plan.guard != Guard::Busy || self.is_busy_with_friend(device);
        if queued.hostile.is_some() && !may_come {
            return;
        }
        self.note(|| format!("device {device}: gets {} {} {}", queued.from, queued.device, queued.payload));
        self.watch.logged = false;
        let is_mark = queued.device == self.devices[device].name && queued.payload.contains("\"k\":\"mark\"");
        self.devices[device].receives_itself |= is_mark && queued.hostile.is_none();
        let QueuedMessage { kind, qos: _, from, device: sender, payload, expires_at, hostile } = queued;
        let (payload, expires_at) = (payload.into_bytes(), Some(expires_at));
        let input = protocol::Input::Message { kind, from, device: sender, payload, expires_at };
        self.feed_protocol(device, input);
        if let Some(kind) = hostile.filter(|_| !self.watch.logged) {
            *self.hostile.accepted.entry(kind).or_default() += 1;
        }
    }

    pub(super) fn gone(&mut self, device: usize, account: Text, whose: Text, hostile: bool) {
        let may_come = self.plan.guard != Guard::Busy || self.is_busy_with_friend(device);
        if self.devices[device].link != Link::Up || hostile && !may_come {
            return;
        }
        self.note(|| format!("device {device}: the will of {account} {whose}"));
        self.feed_protocol(device, protocol::Input::Gone { account, device: whose });
        if hostile {
            *self.hostile.accepted.entry("will").or_default() += 1;
        }
    }
}

pub(super) fn hostile_index(account: &str) -> Option<usize> {
    account.strip_prefix("mallory").and_then(|index| index.parse().ok())
}
