//! What a pair of worlds shares: everything but the messages of the hostile accounts.

use nertc_callkit_signaling::{CallPolicy, PolicyRule, Text};
use nertc_callkit_testkit::Random;

/// The two accounts that call each other.
pub(super) const FRIENDS: [&str; 2] = ["alice", "bob"];

/// Why the hostile accounts may not change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// Both accounts refuse them by their call policy.
    Policy,
    /// No policy, but their messages only reach devices that are calling, called by or in a call with the
    /// other account.
    Busy,
    /// Neither: they may ring. There is no twin to compare with, see `watch`.
    Open,
}

/// The strategy of the hostile accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Every kind of message with every id that is known.
    Mixed,
    /// Eight accounts, each with many invites that it never ends.
    Invites,
    /// The ids of messages to come are computed and sent first.
    Predictions,
    /// Presence wills, as often as a broker delivers them, and invites that wait in mailboxes.
    Wills,
    /// Messages about the channels of others, right after they were used.
    Answers,
    /// Received messages, replayed in other names.
    Repeats,
    /// Numbers, texts and rates beyond every limit.
    Extremes,
}

pub(super) const STYLES: [Style; 7] = [
    Style::Mixed,
    Style::Invites,
    Style::Predictions,
    Style::Wills,
    Style::Answers,
    Style::Repeats,
    Style::Extremes,
];

/// A pair of worlds.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// Devices of each of the two accounts.
    pub(super) devices: [usize; 2],
    pub(super) hostile_accounts: usize,
    pub(super) guard: Guard,
    pub(super) style: Style,
    /// The hostile accounts know every id that the two accounts use, as if a broker's access rules or a log
    /// had leaked them. Otherwise they know what they received.
    pub(super) is_informed: bool,
    /// One of the two accounts called a hostile one before.
    pub(super) has_prelude: bool,
    pub(super) policy: CallPolicy,
    pub(super) max_delay_ms: u64,
    pub(super) lost_permille: u64,
    pub(super) twice_permille: u64,
    /// Devices that are disconnected, from when, until when.
    pub(super) outages: Vec<(usize, u64, u64)>,
    /// The device whose first connection comes after its login has failed.
    pub(super) late_login: Option<usize>,
    pub(super) busy_is_local: bool,
    pub(super) peer_lost_ms: u32,
    pub(super) watch_presence: bool,
    pub(super) pace_ms: u64,
}

/// When users begin to act, when hostile accounts begin to send, and when both end.
pub(super) const BEGIN_MS: u64 = 15_000;
pub(super) const END_MS: u64 = 110_000;
pub(super) const REST_MS: u64 = 190_000;

impl Plan {
    pub(super) fn of(seed: u64) -> Plan {
        let mut random = Random::new(seed ^ 0x9a12ed);
        let guard = match random.below(10) {
            0..5 => Guard::Policy,
            5..8 => Guard::Busy,
            _ => Guard::Open,
        };
        let style = *random.pick(&STYLES);
        let devices = [1 + random.below(2) as usize, 1 + random.below(2) as usize];
        let hostile_accounts = if style == Style::Invites { 8 } else { 1 + random.below(2) as usize };
        let is_healthy = guard == Guard::Open || random.chance(400);
        let max_delay_ms = if is_healthy { 40 } else { *random.pick(&[40, 300, 900]) };
        let (lost_permille, twice_permille) =
            if is_healthy { (0, 0) } else { (*random.pick(&[0, 30]), *random.pick(&[0, 30])) };
        let mut outages = Vec::new();
        let count = if guard == Guard::Open { 0 } else { random.below(5) };
        for _ in 0..count {
            let device = random.below((devices[0] + devices[1]) as u64) as usize;
            let down = BEGIN_MS + 2_000 + random.below(END_MS - BEGIN_MS - 20_000);
            outages.push((device, down, down + 200 + random.below(9_000)));
        }
        let is_late = guard != Guard::Open && random.chance(150);
        Plan {
            seed,
            devices,
            hostile_accounts,
            guard,
            style,
            is_informed: random.chance(500),
            has_prelude: random.chance(700),
            policy: policy(guard, hostile_accounts, &mut random),
            max_delay_ms,
            lost_permille,
            twice_permille,
            outages,
            late_login: is_late.then(|| random.below((devices[0] + devices[1]) as u64) as usize),
            busy_is_local: random.chance(300),
            peer_lost_ms: *random.pick(&[0, 20_000]),
            watch_presence: style == Style::Wills || random.chance(500),
            pace_ms: *random.pick(&[2_500, 5_000, 9_000]),
        }
    }

    /// Nothing is lost or late: every message arrives in time.
    pub(super) fn is_healthy(&self) -> bool {
        self.lost_permille == 0 && self.max_delay_ms <= 300 && self.outages.is_empty()
    }
}

pub(super) fn hostile_name(index: usize) -> Text {
    format!("mallory{index}").into()
}

fn policy(guard: Guard, hostiles: usize, random: &mut Random) -> CallPolicy {
    if guard != Guard::Policy {
        return CallPolicy::default();
    }
    let is_open = random.chance(500);
    let (rule, accounts) = match is_open {
        true => (PolicyRule::AllButListed, (0..hostiles).map(hostile_name).collect()),
        false => (PolicyRule::OnlyListed, FRIENDS.iter().map(|name| Text::from(*name)).collect()),
    };
    CallPolicy { rule, accounts, answers_busy: random.chance(300), no_missed: random.chance(300) }
}
