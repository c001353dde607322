//! The faults: each an edit of the engine, or of the service between the engines, and the invariant that it
//! breaks. `PLANTED` in the new text is true while this fault is on, so that one build holds all of them.

/// The method that has to find a fault.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Finder {
    /// The random worlds, from seed 1 on.
    Sim,
    /// The search, in the scenarios whose names contain this.
    Model(&'static str),
    /// The random worlds of MQTT peers, from seed 1 on.
    Mqtt,
    /// The paired runs, from seed 1 on.
    Paired,
    /// The search of MQTT peers, in the worlds whose names contain this.
    ProtocolModel(&'static str),
}

/// One fault.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) invariant: u8,
    pub(crate) file: &'static str,
    /// Exactly once in the file.
    pub(crate) find: &'static str,
    pub(crate) put: &'static str,
    pub(crate) finder: Finder,
}

const fn sim(
    name: &'static str,
    invariant: u8,
    file: &'static str,
    find: &'static str,
    put: &'static str,
) -> Fault {
    Fault { name, invariant, file, find, put, finder: Finder::Sim }
}

pub(crate) const FAULTS: &[Fault] = &[
    // 16
    sim(
        "an invite rings whose media cannot talk to ours",
        16,
        "src/engine/negotiation.rs",
        "if !self.is_other_media(rtc) || invite.expires <= now {",
        "if PLANTED || !self.is_other_media(rtc) || invite.expires <= now {",
    ),
    // 6
    sim(
        "a media event of the room before counts",
        6,
        "src/engine/in_call.rs",
        "if report.join.is_some_and(|join| join != current) {",
        "if !PLANTED && report.join.is_some_and(|join| join != current) {",
    ),
    // 1
    sim(
        "a completion lost",
        1,
        "src/engine/notify.rs",
        "for &ticket in tickets {",
        "for &ticket in tickets.iter().filter(|_| !PLANTED) {",
    ),
    // 2
    sim(
        "a logout forgets the requests of the call",
        2,
        "src/engine/command.rs",
        "    pub(super) fn end_live(&mut self, now: Time, reason: EndReason) {
        self.notify_pending(Code::SHUTTING_DOWN);",
        "    pub(super) fn end_live(&mut self, now: Time, reason: EndReason) {
        if !PLANTED { self.notify_pending(Code::SHUTTING_DOWN); }",
    ),
    sim(
        "a second on_call_end",
        2,
        "src/engine/incoming.rs",
        "        self.emit(Event::CallEnd(CallEnd {
            call_no: no,
            user: invite.from,",
        "        if PLANTED {
            self.emit(Event::CallEnd(CallEnd { call_no: no, user: invite.from.clone(), reason: ending.reason,
                extra: Text::default(), ring_ms: 0, talk_ms: 0, durations: Vec::new() }));
        }
        self.emit(Event::CallEnd(CallEnd {
            call_no: no,
            user: invite.from,",
    ),
    sim(
        "a kick while calling says no end",
        2,
        "src/engine/command.rs",
        "self.notify_calling_end(now, &own, reason.into());",
        "if !PLANTED { self.notify_calling_end(now, &own, reason.into()); }",
    ),
    // 3
    sim(
        "nobody limits the ring of the caller",
        3,
        "src/engine/outgoing.rs",
        "Some(yield_at.map_or(ring, |at| at.min(ring)))",
        "if PLANTED { yield_at } else { Some(yield_at.map_or(ring, |at| at.min(ring))) }",
    ),
    sim(
        "an overdue accept is not failed",
        3,
        "src/engine/ops.rs",
        "            let outcome = Outcome::failed(Code::TIMEOUT, messages::NO_ANSWER);",
        "            if PLANTED && matches!(op.owner, Owner::Accept(..)) { continue; }
            let outcome = Outcome::failed(Code::TIMEOUT, messages::NO_ANSWER);",
    ),
    // 4
    sim(
        "an accept that another device won is taken as granted",
        4,
        "src/engine/incoming.rs",
        "        if outcome.code.is_success() {
            return self.accept_granted(now, accepting);",
        "        if outcome.code.is_success() || PLANTED && outcome.code == Code::INVITE_ACCEPTED {
            return self.accept_granted(now, accepting);",
    ),
    sim(
        "a second accept() is sent to the service again",
        4,
        "src/engine/incoming.rs",
        "return accepting.tickets.push(ticket);",
        "accepting.tickets.push(ticket);
            if PLANTED {
                let (no, channel) = (called.no, called.invite.channel_id.clone());
                let message = accept_of(&called.invite, &self.config.capabilities());
                let (ms, accept) = (self.config.timers.request_ms, signaling::Operation::Accept(message));
                self.signal(now, ms, Owner::Accept(no, channel), accept);
            }
            return;",
    ),
    // 5
    sim(
        "no tombstone for a busy-rejected invite",
        5,
        "src/engine/feedback.rs",
        "        self.record_tombstone(now, invite);
        if !self.side(",
        "        if !PLANTED { self.record_tombstone(now, invite); }
        if !self.side(",
    ),
    sim(
        "CLOSE ignored while calling",
        5,
        "src/engine/routing.rs",
        "                self.app.extend(calling.own.confirm(Outcome::default()));
                let extra = calling.own.foreign_text(",
        "                if PLANTED { return self.ignore(\"planted\"); }
                self.app.extend(calling.own.confirm(Outcome::default()));
                let extra = calling.own.foreign_text(",
    ),
    sim(
        "CANCEL of a ringing invite ignored",
        5,
        "src/engine/routing.rs",
        "
                self.on_caller_cancelled(now, cancel);",
        "
                if !PLANTED { self.on_caller_cancelled(now, cancel); }",
    ),
    sim(
        "a CANCEL that comes before its INVITE is not remembered",
        5,
        "src/engine/routing.rs",
        "State::Idle | State::InCall(_) => self.record_event_tombstone(now, event, false),",
        "State::Idle | State::InCall(_) if PLANTED => {}
            State::Idle | State::InCall(_) => self.record_event_tombstone(now, event, false),",
    ),
    // 6
    sim(
        "REJECT obeyed in a call",
        6,
        "src/engine/routing.rs",
        "        self.ignore(\"reject of an invite that was not sent\");",
        "        if PLANTED && matches!(&self.state, State::InCall(call) if call.peer == event.from) {
            return self.end_in_call(now, EndReason::PeerHungUp, None);
        }
        self.ignore(\"reject of an invite that was not sent\");",
    ),
    sim(
        "ACCEPT of an earlier call obeyed by the next",
        6,
        "src/engine/routing.rs",
        "                    && own.channel_id == event.channel.id
                    && own.request_id == event.request_id
                    && own.options.user == event.from;",
        "                    && (PLANTED
                        || own.channel_id == event.channel.id && own.request_id == event.request_id)
                    && own.options.user == event.from;",
    ),
    // 7
    sim(
        "no record when the peer was busy",
        7,
        "src/engine/outgoing.rs",
        "                        self.record_missed(now, own, RecordStatus::Busy);",
        "                        if !PLANTED { self.record_missed(now, own, RecordStatus::Busy); }",
    ),
    sim(
        "the callee writes a record too",
        7,
        "src/engine/record.rs",
        "let is_ours = call.is_inviter && ",
        "let is_ours = (call.is_inviter || PLANTED) && ",
    ),
    // 8
    sim(
        "cancel before the glare accept is granted",
        8,
        "src/engine/glare.rs",
        "        let owner = Owner::GlareAccept(",
        "        if let (true, State::Calling(calling)) = (PLANTED, &self.state) {
            let no = calling.own.no;
            if calling.own.step == InviteStage::Invited {
                let cancel = super::teardown::cancel_message(&calling.own, &TakeBack::for_glare());
                self.side(now, Operation::Cancel, no, true, signaling::Operation::Cancel(cancel));
            }
        }
        let owner = Owner::GlareAccept(",
    ),
    Fault {
        name: "CANCEL sent to a legacy client",
        invariant: 8,
        file: "src/engine/glare.rs",
        find: "OwnOutcome::Open | OwnOutcome::Over(_) if is_legacy && own.is_out() => {",
        put: "OwnOutcome::Open if PLANTED => self.close_own(now, &own, &TakeBack::for_glare()),
            OwnOutcome::Open | OwnOutcome::Over(_) if is_legacy && own.is_out() && !PLANTED => {",
        finder: Finder::Model("glare with a legacy peer, we hang up"),
    },
    sim(
        "both sides of a glare accept",
        8,
        "src/engine/glare.rs",
        "|| ours <= theirs;",
        "|| ours <= theirs || PLANTED;",
    ),
    // 9
    sim(
        "10410 after a user's cancel taken as accepted",
        9,
        "src/engine/outgoing.rs",
        "        record: bool,
    ) {
        self.end_calling(",
        "        record: bool,
    ) {
        if let (true, State::Calling(calling)) = (PLANTED, &self.state) {
            if calling.own.step == InviteStage::Invited && matches!(calling.glare, Glare::None) {
                let cancel = cancel_message(&calling.own, &TakeBack { reason: 2, ..TakeBack::plain() });
                self.done(done.0, done.1, calling.own.no, Code::OK);
                return self.on_calling_due(now, CallingDue::RingLimit(cancel));
            }
        }
        self.end_calling(",
    ),
    sim(
        "a hang-up does not stop the way into the media room",
        9,
        "src/engine/media.rs",
        "        if self.media_room != (MediaRoom::Joining { call, req }) {
            return",
        "        if PLANTED && outcome.code.is_success() && self.state.call_no() != call {
            let op = RtcOp::EnableLocal { media: Media::AUDIO, on: true };
            self.media_op(now, Operation::EnableLocal, None, op);
        }
        if self.media_room != (MediaRoom::Joining { call, req }) {
            return",
    ),
    // 10
    sim(
        "nobody limits the way into the media room",
        10,
        "src/engine/in_call.rs",
        "        if is_due(call.connect_by) {
            return self.media_late(now);",
        "        if PLANTED && is_due(call.connect_by) { call.connect_by = None; }
        if is_due(call.connect_by) {
            return self.media_late(now);",
    ),
    sim(
        "a silent peer is never given up",
        10,
        "src/engine/in_call.rs",
        "            lost_at: now.after(timers.peer_lost_ms.saturating_sub(SILENT_MS)),",
        "            lost_at: now.after(if PLANTED { 600_000 }
                else { timers.peer_lost_ms.saturating_sub(SILENT_MS) }),",
    ),
    // 11
    sim(
        "cancel before the invite returned",
        11,
        "src/engine/teardown.rs",
        "InviteStage::Inviting(req) => (Some(req), Step::Await(Awaited::Invite)),",
        "InviteStage::Inviting(_) if PLANTED => (None, Step::Cancelling),
            InviteStage::Inviting(req) => (Some(req), Step::Await(Awaited::Invite)),",
    ),
    sim(
        "an invite is not taken back before its channel goes",
        11,
        "src/engine/teardown.rs",
        "let cancel = (how.cancel && own.is_out()).then(|| cancel_message(own, how));",
        "let cancel = (how.cancel && own.is_out() && !PLANTED).then(|| cancel_message(own, how));",
    ),
    sim(
        "a channel that was created too late is left over",
        11,
        "src/engine/ops.rs",
        "result.channel.filter(|state| !state.channel.id.is_empty()) {",
        "result.channel.filter(|state| !state.channel.id.is_empty() && !PLANTED) {",
    ),
    // 12
    sim(
        "the service does not tell the other devices who answered",
        12,
        "backends/loopback/src/service/operations.rs",
        "self.registry.notify_other_devices(actor.id, &event, !message.no_offline, &mut self.outbound);",
        "if !PLANTED {
            self.registry.notify_other_devices(actor.id, &event, !message.no_offline, &mut self.outbound);
        }",
    ),
    // 15
    sim(
        "the backend of an invite that has ended is not notified",
        15,
        "src/engine/incoming.rs",
        "            self.notify_event_state(event, InviteState::Dropped);
            self.ignore(\"invite that has ended already\");",
        "            if !PLANTED { self.notify_event_state(event, InviteState::Dropped); }
            self.ignore(\"invite that has ended already\");",
    ),
    sim(
        "ringing is reported to the backend before the app is notified",
        15,
        "src/engine/incoming.rs",
        "        if !self.ring(now, invite.clone()) {",
        "        if PLANTED { self.notify_invite_state(&invite, InviteState::Ringing); }
        if !self.ring(now, invite.clone()) && !PLANTED {",
    ),
    sim(
        "the backend is notified twice of an invite that waits",
        15,
        "src/engine/incoming.rs",
        "                self.notify_invite_state(&invite, InviteState::Held);
                if let",
        "                self.notify_invite_state(&invite, InviteState::Held);
                if PLANTED { self.notify_invite_state(&invite, InviteState::Held); }
                if let",
    ),
    // MQTT peers: the protocol of the MQTT backend.
    Fault {
        name: "mqtt: a second accept is granted, too",
        invariant: 4,
        file: "backends/mqtt/src/protocol/caller.rs",
        find: "invite.filter(|it| it.decision.is_none())",
        put: "invite.filter(|it| it.decision.is_none() || PLANTED)",
        finder: Finder::ProtocolModel("two callees accept, cancel"),
    },
    Fault {
        name: "mqtt: a cancel after an accept is answered OK",
        invariant: 4,
        file: "backends/mqtt/src/protocol/caller.rs",
        find: "Some(Some((_, settled))) => settled.how.code(),",
        put: "Some(Some(_)) if PLANTED => Code::OK,
            Some(Some((_, settled))) => settled.how.code(),",
        finder: Finder::ProtocolModel("a callee"),
    },
    Fault {
        name: "mqtt: whoever accepts takes any grant for its own",
        invariant: 4,
        file: "backends/mqtt/src/protocol/callee.rs",
        find: "decision.how == DecisionKind::Accept && decision.by == self.me.device;",
        put: "decision.how == DecisionKind::Accept && (decision.by == self.me.device || PLANTED);",
        finder: Finder::Mqtt,
    },
    Fault {
        name: "mqtt: an answer is not repeated",
        invariant: 3,
        file: "backends/mqtt/src/protocol/outbox.rs",
        find: "Kind::Answer => limits::ANSWER_REPEATS,",
        put: "Kind::Answer if PLANTED => &[],
            Kind::Answer => limits::ANSWER_REPEATS,",
        finder: Finder::ProtocolModel("a callee, a loss, a copy"),
    },
    Fault {
        name: "mqtt: the last word is not repeated to those who rang",
        invariant: 12,
        file: "backends/mqtt/src/protocol/caller.rs",
        find: "for Alerted { device, instance, .. } in alerted {",
        put: "for Alerted { device, instance, .. } in alerted.into_iter().filter(|_| !PLANTED) {",
        finder: Finder::ProtocolModel("two callees accept, a loss"),
    },
    Fault {
        name: "mqtt: what is over may ring again",
        invariant: 5,
        file: "backends/mqtt/src/protocol/callee.rs",
        find: "self.ended.has(self.now, from, id, request) || (greets",
        put: "self.ended.has(self.now, from, id, request) && !PLANTED || (greets",
        finder: Finder::ProtocolModel("a callee, a loss, a copy"),
    },
    Fault {
        name: "mqtt: an operation is answered twice",
        invariant: 1,
        file: "backends/mqtt/src/protocol/outbox.rs",
        find: "        self.req_by = None;
        self.outgoing.req.take()",
        put: "        self.req_by = None;
        if PLANTED { return self.outgoing.req; }
        self.outgoing.req.take()",
        finder: Finder::Mqtt,
    },
    Fault {
        name: "mqtt: a ring has no end of its own",
        invariant: 11,
        file: "backends/mqtt/src/protocol/callee.rs",
        find: " + limits::RING_GRACE_MS,
            alert_at: None,
            hint: None,
            probe: None,
            ask_at: self.now + limits::RING_ASK_MS,",
        put: " + if PLANTED { 1 << 40 } else { limits::RING_GRACE_MS },
            alert_at: None,
            hint: None,
            probe: None,
            ask_at: self.now + if PLANTED { 1 << 40 } else { limits::RING_ASK_MS },",
        finder: Finder::Mqtt,
    },
    Fault {
        name: "mqtt: the end of a ring does not pass",
        invariant: 3,
        file: "backends/mqtt/src/protocol/callee.rs",
        find: "RingState::Ringing if ring.until <= now =>",
        put: "RingState::Ringing if ring.until <= now && !PLANTED =>",
        finder: Finder::Mqtt,
    },
    // A forger who has seen every id of a call.
    Fault {
        name: "mqtt: the last message of a forger ends a ring",
        invariant: 13,
        file: "backends/mqtt/src/protocol/callee.rs",
        find: "self.channels.get_mut(id).filter(|it| it.owner == *from).and_then(|it| it.ring());",
        put: "self.channels.get_mut(id).filter(|it| it.owner == *from || PLANTED).and_then(|it| it.ring());",
        finder: Finder::ProtocolModel("a forger, a callee"),
    },
    Fault {
        name: "mqtt: whoever does not know a call ends it",
        invariant: 13,
        file: "backends/mqtt/src/protocol/callee.rs",
        find: "if channel.owner == *from {
            self.end_lost(id);",
        put: "if channel.owner == *from || PLANTED {
            self.end_lost(id);",
        finder: Finder::ProtocolModel("a forger, a callee"),
    },
    Fault {
        name: "mqtt: an answer of another account counts",
        invariant: 13,
        file: "backends/mqtt/src/protocol/channel.rs",
        find: "rev().find(|it| it.request == *request && it.to == *to)",
        put: "rev().find(|it| it.request == *request && (it.to == *to || PLANTED))",
        finder: Finder::ProtocolModel("a forger, a callee"),
    },
    Fault {
        name: "mqtt: anybody calls an accept back",
        invariant: 3,
        file: "backends/mqtt/src/protocol/outbox.rs",
        find: "it.outgoing.channel == *channel && it.outgoing.topic == direct
        })",
        put: "it.outgoing.channel == *channel && (PLANTED || it.outgoing.topic == direct)
        })",
        finder: Finder::ProtocolModel("a forger, a callee, a loss"),
    },
    Fault {
        name: "mqtt: a repeat of an invite extends its ring",
        invariant: 5,
        file: "backends/mqtt/src/protocol/callee.rs",
        find: "            // It was sent before and got lost: now at once.
            if let Some(ring) = ring.filter(",
        put: "            let mut ring = ring;
            if let (true, Some(ring)) = (PLANTED, &mut ring) {
                ring.until = self.now + u64::from(*ring_ms) + limits::RING_GRACE_MS;
            }
            if let Some(ring) = ring.filter(",
        finder: Finder::ProtocolModel("a callee, a restart, a loss"),
    },
    Fault {
        name: "mqtt: the epoch of a hello is ignored",
        invariant: 4,
        file: "backends/mqtt/src/protocol/dedup.rs",
        find: "let is_newer = epoch > *highest;",
        put: "let is_newer = epoch > *highest || PLANTED;",
        finder: Finder::ProtocolModel("a callee logged in elsewhere"),
    },
    Fault {
        name: "mqtt: one busy device counts for its account",
        invariant: 5,
        file: "backends/mqtt/src/protocol/caller.rs",
        find: "if local || self.config.busy_is_local",
        put: "if (local && !PLANTED) || self.config.busy_is_local",
        finder: Finder::ProtocolModel("two callees, one is busy itself"),
    },
    // 17
    sim(
        "media: what was prepared is not discarded",
        17,
        "src/engine/preparation.rs",
        "                if !self.is_media_of(no) {",
        "                if !self.is_media_of(no) && !PLANTED {",
    ),
    sim(
        "media: a call is prepared before its user's answer counts",
        17,
        "src/engine/incoming.rs",
        "        self.state = State::Called(Box::new(called));
        match answer {",
        "        self.state = State::Called(Box::new(called));
        if PLANTED { self.settle_preparation(); }
        match answer {",
    ),
    sim(
        "media: the loser of a glare joins as the inviter",
        17,
        "src/engine/media.rs",
        "            is_inviter: call.is_inviter,",
        "            is_inviter: call.is_inviter || PLANTED && call.alias.is_some(),",
    ),
    sim(
        "media: a glare does not prepare the new role",
        17,
        "src/engine/preparation.rs",
        "                && standing.is_inviter == wanted.is_inviter
                && standing.call_id == wanted.call_id",
        "                && (PLANTED || standing.is_inviter == wanted.is_inviter)
                && (PLANTED || standing.call_id == wanted.call_id)",
    ),
];
