//! The worlds that are searched, and what each of them must show besides the invariants.

use nertc_callkit::engine::state::Phase;

use crate::world::{Budget, World};

/// A world to search.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    accounts: &'static [&'static str],
    /// Devices that send invites without call ids.
    old: &'static [usize],
    budget: Budget,
    /// Nobody refuses: when all is quiet, the first two are in one call.
    must_meet: bool,
    /// Both sides are clients before 1.1.0, which say "join now" to each other.
    ancient: bool,
}

impl Case {
    pub(crate) fn world(&self) -> World {
        let world = World::new(self.accounts, self.old, self.budget.clone());
        if self.ancient { world.ancient() } else { world }
    }

    /// What must hold in a reachable state besides the invariants.
    pub(crate) fn holds(&self, world: &World) -> Result<(), String> {
        let is_spent = world.budget.calls.iter().all(Vec::is_empty);
        if !self.must_meet || !is_spent || !world.is_quiet() || world.has_waited() {
            return Ok(());
        }
        let in_call = world.engines.iter().filter(|engine| engine.phase() == Phase::InCall);
        let channels: Vec<_> = in_call.map(|engine| engine.snapshot().channel_id).collect();
        match channels.as_slice() {
            [a, b] if a == b => Ok(()),
            other => Err(format!("both called and nobody refused, but the calls are {other:?}")),
        }
    }
}

/// A budget for so many devices, of so many of each.
fn budget(calls: &[&[&'static str]], accepts: u8, rejects: u8, hangups: u8) -> Budget {
    let devices = calls.len();
    Budget {
        calls: calls.iter().map(|calls| calls.to_vec()).collect(),
        accepts: vec![accepts; devices],
        rejects: vec![rejects; devices],
        hangups: vec![hangups; devices],
        leaves: vec![0; devices],
        switches: vec![0; devices],
        ..Budget::default()
    }
}

fn case(name: &'static str, accounts: &'static [&'static str], budget: Budget) -> Case {
    Case { name, accounts, old: &[], budget, must_meet: false, ancient: false }
}

pub(crate) fn cases() -> Vec<Case> {
    let pair: &[&str] = &["a", "b"];
    let two_to_one: &[&str] = &["a", "b", "b"];
    let mut cases = vec![
        case("caller and callee, all actions", pair, budget(&[&["b"], &[]], 1, 1, 1)),
        case("caller and callee, early deadlines", pair, {
            Budget { early_timers: 2, ..budget(&[&["b"], &[]], 1, 1, 1) }
        }),
        case("caller and callee, a loss", pair, Budget { losses: 1, ..budget(&[&["b"], &[]], 1, 1, 1) }),
        case("caller and callee, a copy", pair, Budget { copies: 1, ..budget(&[&["b"], &[]], 1, 1, 1) }),
        case("leave against hang-up", pair, Budget { leaves: vec![1, 1], ..budget(&[&["b"], &[]], 1, 0, 1) }),
        case("type switch against hang-up", pair, {
            Budget { switches: vec![1, 1], ..budget(&[&["b"], &[]], 1, 0, 1) }
        }),
        case("redial", pair, budget(&[&["b", "b"], &[]], 2, 1, 1)),
        case("callee with two devices", two_to_one, budget(&[&["b"], &[], &[]], 1, 1, 0)),
        case("callee with two devices, caller cancels", two_to_one, {
            Budget { hangups: vec![1, 0, 0], ..budget(&[&["b"], &[], &[]], 1, 0, 0) }
        }),
        case("a third caller", &["a", "b", "c"], budget(&[&["b"], &[], &["b"]], 1, 0, 0)),
        case("glare, all actions", pair, budget(&[&["b"], &["a"]], 0, 0, 1)),
        case("glare, a loss", pair, Budget { losses: 1, ..budget(&[&["b"], &["a"]], 0, 0, 0) }),
        case(
            "glare, early deadlines",
            pair,
            Budget { early_timers: 1, ..budget(&[&["b"], &["a"]], 0, 0, 0) },
        ),
        case("glare with an idle sibling that answers", two_to_one, budget(&[&["b"], &["a"], &[]], 1, 0, 0)),
    ];
    cases.push(Case {
        must_meet: true,
        ..case("glare, nobody refuses", pair, budget(&[&["b"], &["a"]], 1, 0, 0))
    });
    let old = |name, hangups: [u8; 2]| Case {
        old: &[1],
        ..case(name, pair, Budget { hangups: hangups.to_vec(), ..budget(&[&["b"], &["a"]], 0, 0, 0) })
    };
    cases.push(old("glare with an old peer", [0, 0]));
    cases.push(old("glare with an old peer, we hang up", [1, 0]));
    cases.push(Case {
        ancient: true,
        ..case("handshake before 1.1.0", pair, budget(&[&["b"], &[]], 1, 1, 1))
    });
    cases.push(case("glare with a sibling that rejects", two_to_one, {
        Budget { rejects: vec![0, 0, 1], ..budget(&[&["b"], &["a"], &[]], 0, 0, 0) }
    }));
    cases
}
