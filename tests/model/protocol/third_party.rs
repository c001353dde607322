//! A third party that calls: it knows every id of the call, says them first, and invites the called
//! account, which refuses it. What it claims must not keep the call from ringing.

use nertc_callkit_mqtt::protocol::TopicKind;
use nertc_callkit_signaling::Text;

use super::core::{Phase, THIRD_PARTY};
use super::message::InFlightMessage;
use super::world::World;

/// Something it says.
#[derive(Clone, Copy)]
struct Claim {
    kind: &'static str,
    /// More of the message, and of its body.
    more: &'static str,
    body: &'static str,
    /// About a channel of its own, not the call's.
    is_own: bool,
    to_caller: bool,
}

const fn claim(kind: &'static str, more: &'static str, body: &'static str) -> Claim {
    Claim { kind, more, body, is_own: false, to_caller: false }
}

const fn to_caller(kind: &'static str, more: &'static str, body: &'static str) -> Claim {
    Claim { to_caller: true, ..claim(kind, more, body) }
}

const CLAIMS: &[Claim] = &[
    // The id of the invite, before or after it.
    claim("later", "", ""),
    Claim {
        is_own: true,
        ..claim("invite", "", r#""type":1,"custom":"","uid":5,"keep":true,"ring":120000"#)
    },
    claim("settled", "", r#""how":"close","by":"","custom":"""#),
    claim("bye", r#","n":1"#, r#""how":"leave","custom":"""#),
    claim("ctl", r#","n":2147483647"#, r#""custom":"""#),
    claim("sync", "", ""),
    to_caller("alert", "", r#""rings":true"#),
    to_caller("bye", r#","n":2147483647"#, r#""how":"leave","custom":"""#),
    to_caller("join", r#","n":1"#, r#""uid":1"#),
];

impl World {
    /// What it may say now, and to which device.
    pub(crate) fn claims(&self) -> Vec<(usize, usize)> {
        let of = |at: usize| if CLAIMS[at].to_caller { 0..1 } else { 1..self.clients() };
        (0..CLAIMS.len()).flat_map(|at| of(at).map(move |to| (at, to))).collect()
    }

    /// Its message, with the id of the invite while that is under way, or of whatever is.
    pub(crate) fn claim(&self, at: usize, to: usize) -> InFlightMessage {
        let Claim { kind, more, body, is_own, .. } = CLAIMS[at];
        let channel: Text = if is_own { "mc".into() } else { self.channel().clone() };
        let id = self.message_id("\"invite\"").or_else(|| self.message_id("\"k\"")).unwrap_or("m");
        let comma = if body.is_empty() { "" } else { "," };
        let head = format!(r#""v":1,"k":"{kind}","id":"{id}","inst":"m","cid":"{channel}"{more}"#);
        let payload = format!(r#"{{{head},"b":{{"rid":"r"{comma}{body}}}}}"#);
        InFlightMessage {
            to,
            kind: TopicKind::Inbox,
            account: THIRD_PARTY.into(),
            device: "1".into(),
            payload,
        }
    }

    /// Where nothing goes wrong and nobody takes the call back, it has rung.
    pub(crate) fn has_rung(&self) -> Result<(), String> {
        let silent = (1..self.clients()).find(|device| self.phase(*device) == Phase::Idle);
        match silent.filter(|_| self.is_undisturbed()) {
            Some(device) => Err(format!("invariant 13: device {device} never rang")),
            None => Ok(()),
        }
    }
}
