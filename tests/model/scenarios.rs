//! The scenarios that are searched. The small ones come last, so that the cores finish together.

use crate::budget::{Budget, DEVICES, May};
use crate::world::{Ask, Setting, World};

/// A world to search.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    setting: Setting,
    pub(crate) budget: Budget,
    /// What happens before the search begins.
    prelude: fn(&mut World),
}

type Calls = [&'static [&'static str]; DEVICES];

const NOTHING: May = May::NOTHING;
const CALLS: May = NOTHING.calls(1);
const ANSWERS: May = NOTHING.accepts(1);
/// Calls, and cancels or hangs up.
const CALLER: May = CALLS.hangups(1);
/// Does what a callee can do.
const CALLEE: May = ANSWERS.rejects(1).hangups(1);

const PAIR: &[&str] = &["a", "b"];
const TWO_TO_ONE: &[&str] = &["a", "b", "b"];
const TWO_TO_TWO: &[&str] = &["a", "b", "a", "b"];
const THREE: &[&str] = &["a", "b", "c"];
const WITH_BUSY: &[&str] = &["a", "b", "b", "c"];

const A_CALLS_B: Calls = [&["b"], &[], &[], &[]];
const TWICE: Calls = [&["b", "b"], &[], &[], &[]];
const BOTH_CALL: Calls = [&["b"], &["a"], &[], &[]];
const C_CALLS_TOO: Calls = [&["b"], &[], &["b"], &[]];
const C_CALLED_BEFORE: Calls = [&["b"], &["a"], &[], &["b"]];

impl Scenario {
    /// `users` may do so much, and the network may do so much harm.
    fn new(name: &'static str, accounts: &'static [&'static str], calls: Calls, users: &[May]) -> Scenario {
        let setting = Setting { accounts, calls, ..Setting::default() };
        let mut budget = Budget::default();
        budget.users[..users.len()].copy_from_slice(users);
        Scenario { name, setting, budget, prelude: |_| {} }
    }

    /// So many of what is under way get lost.
    fn lost(self, losses: u8) -> Scenario {
        Scenario { budget: Budget { losses, ..self.budget }, ..self }
    }

    /// So many messages arrive twice.
    fn twice(self, copies: u8) -> Scenario {
        Scenario { budget: Budget { copies, ..self.budget }, ..self }
    }

    /// So many operations fail.
    fn refused(self, refusals: u8) -> Scenario {
        Scenario { budget: Budget { refusals, ..self.budget }, ..self }
    }

    /// So many deadlines pass while something is still under way.
    fn early(self, early: u8) -> Scenario {
        Scenario { budget: Budget { early, ..self.budget }, ..self }
    }

    fn with(self, change: impl FnOnce(&mut Setting)) -> Scenario {
        let mut setting = self.setting;
        change(&mut setting);
        Scenario { setting, ..self }
    }

    fn other_wins(self) -> Scenario {
        self.with(|setting| setting.other_wins = true)
    }

    /// The second device is a legacy client.
    fn legacy_peer(self) -> Scenario {
        self.with(|setting| setting.legacy = &[1])
    }

    pub(crate) fn world(&self) -> World {
        let mut world = World::new(self.setting, self.budget);
        (self.prelude)(&mut world);
        world
    }
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let all = [
        glare_with_a_legacy_peer(),
        glare(),
        glare_with_siblings(),
        several_devices(),
        type_switches(),
        data(),
        two_calls(),
        one_call(),
    ];
    all.into_iter().flatten().collect()
}

fn pair(name: &'static str, calls: Calls, a: May, b: May) -> Scenario {
    Scenario::new(name, PAIR, calls, &[a, b])
}

fn one_call() -> Vec<Scenario> {
    let all = |name| pair(name, A_CALLS_B, CALLER.leaves(1), CALLEE.leaves(1));
    let slow = |name, a: May, b: May| pair(name, A_CALLS_B, a, b).with(|setting| setting.slow_media = true);
    let early = |name, a: May, b: May| pair(name, A_CALLS_B, a, b);
    let before_1_1 = |name| all(name).with(|setting| setting.before_1_1 = true);
    vec![
        slow("slow media, early deadlines", CALLER, ANSWERS).early(1),
        all("caller and callee, two early deadlines").early(2),
        slow("slow media, a loss", CALLER, ANSWERS.hangups(1)).lost(1),
        slow("slow media, a copy", CALLER, ANSWERS.hangups(1)).twice(1),
        slow("slow media, a refusal", CALLER, ANSWERS.hangups(1)).refused(1),
        slow("slow media, leave against hang-up", CALLER.leaves(1), ANSWERS.leaves(1).hangups(1)),
        before_1_1("handshake before 1.1.0").lost(1).twice(1),
        before_1_1("handshake before 1.1.0, an early deadline").early(1),
        all("caller and callee, a loss and an early deadline").lost(1).early(1),
        all("caller and callee, all actions").lost(1).twice(1).refused(1),
        all("caller and callee, two losses").lost(2),
        early("answered before the call is here", CALLER, CALLEE.pushes(2)).early(1),
        early("answered before the call is here, a loss and a copy", CALLS, CALLEE.pushes(1))
            .lost(1)
            .twice(1),
        early("answered before the login", CALLER, NOTHING.hangups(1).logouts(1, 1).pushes(1)).twice(1),
        early("answered before the login, a loss", CALLS, NOTHING.logouts(1, 1).pushes(2)).lost(1),
        pair("logout and login", A_CALLS_B, CALLS.logouts(1, 0), ANSWERS.logouts(1, 1)).lost(1).twice(1),
    ]
}

fn type_switches() -> Vec<Scenario> {
    let all = |name, answers| {
        pair(name, A_CALLS_B, CALLER.switches(1), ANSWERS.hangups(1).switches(1).answers(answers))
    };
    let asked = |name| all(name, 1).with(|setting| setting.confirm = true);
    let one = |name, a: May, b: May| pair(name, A_CALLS_B, a, b).lost(1).twice(1);
    vec![
        one("type switch of the callee against hang-up", CALLER, ANSWERS.hangups(1).switches(1)),
        asked("type switch with a question against hang-up, a copy").twice(1),
        one("type switch of the caller against hang-up", CALLER.switches(1), ANSWERS.hangups(1)),
        asked("type switch with a question against hang-up, a loss").lost(1),
        all("type switch against hang-up", 0),
        one("type switch, a loss or a copy", CALLS.switches(1), ANSWERS.switches(1)),
    ]
}

/// Texts of the apps, in order and each once, whatever overtakes them.
fn data() -> Vec<Scenario> {
    let both = |name, a, b| pair(name, A_CALLS_B, a, b);
    vec![
        both("data both ways against hang-up, a loss", CALLS.data(2), ANSWERS.hangups(1).data(1)).lost(1),
        both("data both ways against hang-up, a copy", CALLS.data(2), ANSWERS.hangups(1).data(1)).twice(1),
    ]
}

/// A calls twice. What belongs to the first call can arrive at any time of the second.
fn two_calls() -> Vec<Scenario> {
    let twice = |name, a: May, b: May| pair(name, TWICE, a.calls(2), b);
    let redial = |name, b: May| twice(name, CALLER, b.accepts(2));
    let cancel = |name| twice(name, NOTHING.hangups(2), ANSWERS);
    let reject = |name| twice(name, CALLER, ANSWERS.rejects(1));
    let leave = |name| twice(name, CALLS.leaves(1), ANSWERS.leaves(1));
    let logout = |name| twice(name, CALLS.logouts(1, 1), ANSWERS);
    let callee_logout = |name| twice(name, CALLS, ANSWERS.logouts(1, 1));
    let everything = CALLER.leaves(1).logouts(1, 1);
    vec![
        cancel("cancel against every operation, overtaking").lost(1).twice(1),
        redial("redial, both hang up, a loss", NOTHING.hangups(1)).lost(1),
        redial("redial, both hang up, a copy", NOTHING.hangups(1)).twice(1),
        redial("redial, the callee rejects, a loss", NOTHING.rejects(1)).lost(1),
        redial("redial, the callee rejects, a copy", NOTHING.rejects(1)).twice(1),
        redial("redial, a loss and a copy", NOTHING).lost(1).twice(1),
        redial("redial", NOTHING.rejects(1).hangups(1)),
        leave("leave against every operation, overtaking").lost(1).twice(1),
        twice("everything of the caller, overtaking", everything, ANSWERS.rejects(1)),
        reject("reject against every operation, overtaking, a loss").lost(1),
        reject("reject against every operation, overtaking, a copy").twice(1),
        callee_logout("logout of the callee, overtaking").lost(1).twice(1),
        reject("reject against every operation, overtaking, a refusal").refused(1),
        cancel("cancel against every operation, overtaking, a refusal").refused(1),
        logout("logout against every operation, overtaking").lost(1).twice(1),
        leave("leave against every operation, overtaking, a refusal").refused(1),
        logout("logout against every operation, overtaking, a refusal").refused(1),
    ]
}

fn several_devices() -> Vec<Scenario> {
    let three = |name, users: [May; 3]| Scenario::new(name, TWO_TO_ONE, A_CALLS_B, &users);
    let third = |name, users: [May; 3]| Scenario::new(name, THREE, C_CALLS_TOO, &users);
    let sibling_rejects = |name| three(name, [CALLER, ANSWERS, NOTHING.rejects(1)]);
    vec![
        three(
            "answered before the call is here, on two devices",
            [CALLER, ANSWERS.pushes(1), NOTHING.pushes(1)],
        ),
        third("a third caller, answered before both calls", [CALLS, ANSWERS.pushes(2), CALLS]),
        third("a third caller, the callee can do anything", [CALLS, CALLEE, CALLS]).lost(1).twice(1),
        third("a third caller, everybody hangs up", [CALLER, CALLEE, CALLER]),
        third("a third caller, a caller hangs up", [CALLER, ANSWERS, CALLS]).lost(1).twice(1),
        third("a third caller, the callers hang up, a loss", [CALLER, ANSWERS, CALLER]).lost(1),
        third("a third caller, the callers hang up, a copy", [CALLER, ANSWERS, CALLER]).twice(1),
        three("callee with two devices", [CALLS, ANSWERS.rejects(1), ANSWERS.rejects(1)]).lost(1).twice(1),
        three("callee with two devices, caller cancels", [CALLER, ANSWERS, ANSWERS]).lost(1).twice(1),
        sibling_rejects("sibling reject against accept, an early deadline").early(1),
        sibling_rejects("sibling reject against accept, a refusal").lost(1).refused(1),
        sibling_rejects("sibling reject against accept").lost(1).twice(1),
    ]
}

fn glare() -> Vec<Scenario> {
    let glare = |name, may: May| pair(name, BOTH_CALL, may, may);
    vec![
        glare("glare, hang-ups, a loss", CALLER).lost(1),
        glare("glare, hang-ups, a copy", CALLER).twice(1),
        glare("glare, early deadlines", CALLS).early(1),
        glare("glare, a loss, a copy, a refusal", CALLS).lost(1).twice(1).refused(1),
        glare("glare, nobody refuses", CALLS).twice(2).with(|setting| setting.must_meet = true),
        Scenario { prelude: both_call_and_refuse, ..glare("glare, both refuse everybody", CALLS) }
            .twice(2)
            .with(|setting| setting.must_meet = true),
    ]
}

fn glare_with_a_legacy_peer() -> Vec<Scenario> {
    let legacy = |name, a: May, b: May| pair(name, BOTH_CALL, a, b).legacy_peer();
    vec![
        legacy("glare with a legacy peer, hang-ups, a loss", CALLER, CALLER).lost(1),
        legacy("glare with a legacy peer, hang-ups, a copy", CALLER, CALLER).twice(1),
        legacy("glare with a legacy peer, hang-ups, a refusal", CALLER, CALLER).refused(1),
        legacy("glare with a legacy peer, early deadlines", CALLS, CALLS).early(1),
        legacy("glare with a legacy peer, all actions", CALLER.leaves(1).logouts(1, 1), CALLER),
        legacy("glare with a legacy peer, all faults", CALLS, CALLS).lost(1).twice(1).refused(1),
        legacy("glare with a legacy peer, we hang up", CALLER, CALLS),
    ]
}

fn glare_with_siblings() -> Vec<Scenario> {
    let three = |name, users: [May; 3]| Scenario::new(name, TWO_TO_ONE, BOTH_CALL, &users);
    let four = |name, users: [May; 4]| Scenario::new(name, TWO_TO_TWO, BOTH_CALL, &users);
    let answers = |name| three(name, [CALLS, CALLS, ANSWERS]);
    let rejects = |name| three(name, [CALLS, CALLS, NOTHING.rejects(1)]).lost(1).twice(1);
    let busy = |name| {
        let scenario = Scenario::new(name, WITH_BUSY, C_CALLED_BEFORE, &[CALLS, CALLS, ANSWERS, CALLS]);
        Scenario { prelude: sibling_in_a_call, ..scenario }.lost(1).twice(1)
    };
    vec![
        four("glare 2x2, siblings that answer", [CALLS, CALLS, ANSWERS, ANSWERS]),
        four("glare 2x2, the loser's sibling answers, a copy", [CALLS, CALLS, NOTHING, ANSWERS]).twice(1),
        four("glare 2x2, the loser's sibling answers, a loss", [CALLS, CALLS, NOTHING, ANSWERS]).lost(1),
        four("glare 2x2, a loss", [CALLS, CALLS, NOTHING, NOTHING]).lost(1),
        four("glare 2x2, a copy", [CALLS, CALLS, NOTHING, NOTHING]).twice(1),
        answers("glare with an idle sibling that answers, a loss").lost(1),
        answers("glare with an idle sibling that answers, a copy").twice(1),
        answers("glare with an idle sibling that answers, the other side wins, a loss").lost(1).other_wins(),
        answers("glare with an idle sibling that answers, the other side wins, a copy").twice(1).other_wins(),
        busy("glare with a busy sibling"),
        busy("glare with a busy sibling, the other side wins").other_wins(),
        rejects("glare with a sibling that rejects"),
        rejects("glare with a sibling that rejects, the other side wins").other_wins(),
    ]
}

/// Both call each other, and then refuse everybody: except the one they call.
fn both_call_and_refuse(world: &mut World) {
    for (device, ask) in [(0, Ask::Call), (1, Ask::Call), (0, Ask::RefuseAll), (1, Ask::RefuseAll)] {
        world.ask(device, ask).expect("nothing breaks before the search");
    }
}

/// The last device calls the account of the one before it, which answers.
fn sibling_in_a_call(world: &mut World) {
    let caller = world.devices() - 1;
    for (device, ask) in [(caller, Ask::Call), (caller - 1, Ask::Accept)] {
        world.ask(device, ask).expect("nothing breaks before the search");
        world.arrive_all();
    }
}
