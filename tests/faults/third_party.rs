//! What a third party could exploit: one fault for each rule of authority.

use super::table::{Fault, Finder};

const fn paired(
    name: &'static str,
    invariant: u8,
    file: &'static str,
    find: &'static str,
    put: &'static str,
) -> Fault {
    Fault { name, invariant, file, find, put, finder: Finder::Paired }
}

pub(crate) const THIRD_PARTY: &[Fault] = &[
    paired(
        "third party: repeats are known by their id, whoever sent them",
        13,
        "backends/mqtt/src/protocol/mod.rs",
        "        if *kind == TopicKind::Own {
            return self.on_own(from, &message);
        }
        if is_own {",
        "        if PLANTED && !is_own && !self.claims.insert(self.now, &\"\".into(), &message.id) {
            return;
        }
        if *kind == TopicKind::Own {
            return self.on_own(from, &message);
        }
        if is_own {",
    ),
    paired(
        "third party: anybody writes what is over",
        13,
        "backends/mqtt/src/protocol/ended_invites.rs",
        "any(|it| it.owner == *owner && it.request == *request)",
        "any(|it| (it.owner == *owner || PLANTED) && it.request == *request)",
    ),
    paired(
        "third party: a member is known by its device alone",
        13,
        "backends/mqtt/src/protocol/channel.rs",
        "self.participants.iter_mut().find(|it| it.addr == *addr)
    }",
        "self.participants.iter_mut()
            .find(|it| it.addr == *addr || PLANTED && it.addr.device == addr.device)
    }",
    ),
    paired(
        "third party: anybody acknowledges",
        13,
        "backends/mqtt/src/protocol/outbox.rs",
        "Topic::Direct(to, at) => to == from && at == device,
                    Topic::Own => false,
                }
        };
        self.take(is_it)",
        "Topic::Direct(to, at) => to == from && at == device || PLANTED,
                    Topic::Own => false,
                }
        };
        self.take(is_it)",
    ),
    paired(
        "third party: anybody says that an invite stands",
        13,
        "backends/mqtt/src/protocol/membership.rs",
        "let channel = self.channels.get_mut(&message.channel).filter(|it| it.owner == *from);",
        "let channel = self.channels.get_mut(&message.channel).filter(|it| it.owner == *from || PLANTED);",
    ),
    paired(
        "third party: all accounts share one rate of invites",
        13,
        "backends/mqtt/src/protocol/callee.rs",
        "self.rates.invite(self.now, &from.account)",
        "self.rates.invite(self.now, &if PLANTED { \"\".into() } else { from.account.clone() })",
    ),
    paired(
        "third party: all accounts share one rate of messages",
        13,
        "backends/mqtt/src/protocol/mod.rs",
        "if !is_own && !self.rates.message(self.now, &from.account) {",
        "let account = if PLANTED { \"\".into() } else { from.account.clone() };
        if !is_own && !self.rates.message(self.now, &account) {",
    ),
    paired(
        "third party: a backlog waits for whoever does not answer",
        13,
        "backends/mqtt/src/protocol/login.rs",
        "let accounts: BTreeSet<Text> = owners.collect();",
        "let mut accounts: BTreeSet<Text> = owners.collect();
        if PLANTED && !accounts.is_empty() {
            accounts.extend(self.session.backlog.iter().map(|it| it.channel.creator.clone()));
        }",
    ),
    paired(
        "third party: the caller learns of an invite before the core does",
        13,
        "backends/mqtt/src/protocol/callee.rs",
        "        self.channels.insert(id.clone(), channel);\n",
        "        self.channels.insert(id.clone(), channel);
        if PLANTED {
            self.channels.get_mut(id).and_then(|it| it.ring()).into_iter().for_each(|it| {
                it.alert_at = Some(0);
            });
            self.send_alert(id);
        }\n",
    ),
    paired(
        "third party: whoever asks is answered",
        13,
        "backends/mqtt/src/protocol/membership.rs",
        "if self.concerns(&asked.channel, to) || self.config.is_ours(&asked.to) {",
        "if self.concerns(&asked.channel, to) || self.config.is_ours(&asked.to) || PLANTED {",
    ),
    paired(
        "third party: a number of a message has no range",
        13,
        "backends/mqtt/src/protocol/message.rs",
        "number: number(&all.number, 0, limits::NUMBER)?",
        "number: number(&all.number, 0, if PLANTED { u32::MAX.into() } else { limits::NUMBER })?",
    ),
    paired(
        "third party: the policy is asked only while nothing happens",
        13,
        "src/engine/policy.rs",
        "        !self.policy.admits(&invite.from) && self",
        "        !(PLANTED && self.state.call_no() != 0) && !self.policy.admits(&invite.from) && self",
    ),
    paired(
        "third party: a logout waits for answers to whoever called",
        13,
        "src/engine/session.rs",
        "Owner::Side { call_no, .. } if *call_no != 0)",
        "Owner::Side { call_no, .. } if *call_no != 0 || PLANTED)",
    ),
    paired(
        "a login that was given up goes on",
        14,
        "backends/mqtt/src/protocol/login.rs",
        "    pub(super) fn on_abort_login(&mut self, req: u64) {",
        "    pub(super) fn on_abort_login(&mut self, req: u64) {
        if PLANTED { return; }",
    ),
    paired(
        "a hello goes out before the device has received its own",
        14,
        "backends/mqtt/src/protocol/login.rs",
        "        self.send_to_self(false);",
        "        self.send_to_self(PLANTED && !self.session.is_in);",
    ),
    Fault {
        name: "third party: an invite's id that somebody else sent first is a repeat",
        invariant: 13,
        file: "backends/mqtt/src/protocol/callee.rs",
        find: "        let id = &message.channel;
        let greets = self.session.greets();",
        put: "        let id = &message.channel;
        if PLANTED && !self.claims.insert(self.now, &\"\".into(), &message.id) { return; }
        let greets = self.session.greets();",
        finder: Finder::ProtocolModel("a third party, a callee"),
    },
    Fault {
        name: "third party: ended invites of others give way to anybody's",
        invariant: 5,
        file: "backends/mqtt/src/protocol/ended_invites.rs",
        find: "let goes = if of_one >= limits::ENDED_OF_ONE {",
        put: "let goes = if PLANTED {
            self.others.front().map(|it| it.owner.account.clone())
        } else if of_one >= limits::ENDED_OF_ONE {",
        finder: Finder::ProtocolModel("a third party, a callee rejects, a copy"),
    },
    Fault {
        name: "third party: tombstones of others give way to anybody's",
        invariant: 5,
        file: "src/engine/tombstones.rs",
        find: "        if self.0.len() >= limits::TOMBSTONES_PER_SENDER {",
        put: "        if PLANTED {
            self.remove_oldest(|other| other.owner != stone.owner);
        }
        if self.0.len() >= limits::TOMBSTONES_PER_SENDER {",
        finder: Finder::Model("a third caller, the callers hang up, a copy"),
    },
    Fault {
        name: "the peer of the live call is refused by the policy",
        invariant: 8,
        file: "src/engine/policy.rs",
        find: "!self.policy.admits(&invite.from) && self.state.peer() != invite.from && !self",
        put: "!self.policy.admits(&invite.from) && (PLANTED || self.state.peer() != invite.from) && !self",
        finder: Finder::Model("glare, both refuse everybody"),
    },
];
