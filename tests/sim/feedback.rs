//! Invariant 15: reports to the backend about each INVITE that it delivered. Once, unless an accept or reject
//! of it was issued before; and ringing only after the app was notified. One that it delivered several
//! times at once may be reported once for all.

use std::collections::{BTreeMap, BTreeSet};

use nertc_callkit::engine::input::Input;
use nertc_callkit::engine::output::{Event, Operation, Output};
use nertc_callkit_signaling::{self as signaling, Code, EventKind, InviteState, Notification, Text};

/// Channel and request.
type Ids = (Text, Text);

/// Watches one device.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Feedback {
    /// With the account that sent them: how often they were delivered and what was reported.
    waiting: BTreeMap<(Ids, Text), (u32, u32)>,
    /// The app was notified of these.
    shown: BTreeSet<Ids>,
    /// Accepted or rejected.
    answered: BTreeSet<Ids>,
    /// Messages before a login's completion wait for it.
    is_logging_in: bool,
}

impl Feedback {
    /// Before the engine gets `input`.
    pub(crate) fn before(&mut self, input: &Input) {
        let Input::Signals { events, .. } = input else { return };
        for event in events.iter().filter(|event| event.kind == EventKind::Invite) {
            let ids = (event.channel.id.clone(), event.request_id.clone());
            if !self.answered.contains(&ids) {
                self.waiting.entry((ids, event.from.clone())).or_default().0 += 1;
            }
        }
    }

    /// One output of the engine, in order.
    pub(crate) fn output(&mut self, output: &Output) -> Result<(), String> {
        if let Output::Event(Event::Invited(invited)) = output {
            self.shown.insert((invited.channel_id.clone(), invited.request_id.clone()));
        } else if let Output::Signal {
            op: signaling::Operation::Accept(message) | signaling::Operation::Reject(message),
            ..
        } = output
        {
            let ids = (message.channel_id.clone(), message.request_id.clone());
            self.waiting.retain(|(waiting, account), _| *waiting != ids || *account != message.account);
            self.answered.insert(ids);
        } else if let Output::Signal { op: signaling::Operation::Login { .. }, .. } = output {
            self.is_logging_in = true;
        } else if let Output::Notify(Notification::AbortLogin(_))
        | Output::Signal { op: signaling::Operation::Logout, .. } = output
        {
            self.is_logging_in = false;
        } else if let Output::Done { result, .. } = output {
            let is_another = result.code == Code::ALREADY_LOGGED_IN;
            self.is_logging_in &= result.operation != Operation::Login || is_another;
        } else if let Output::Notify(Notification::InviteState { channel_id, account, request_id, state }) =
            output
        {
            let ids = (channel_id.clone(), request_id.clone());
            let waiting = self.waiting.get_mut(&(ids.clone(), account.clone()));
            let is_due = waiting.is_some_and(|(handed, notified)| {
                *notified += 1;
                *notified <= *handed
            });
            if !is_due && !self.answered.contains(&ids) {
                return Err(format!("invariant 15: {ids:?} is {state:?}, and nobody asked"));
            }
            if *state == InviteState::Ringing && !self.shown.contains(&ids) {
                return Err(format!("invariant 15: {ids:?} rings, and the app was not notified"));
            }
        }
        Ok(())
    }

    /// After an input was handled and its outputs were seen.
    pub(crate) fn settled(&mut self) -> Result<(), String> {
        if self.is_logging_in {
            self.waiting.retain(|_, (handed, notified)| notified < handed);
            return Ok(());
        }
        self.waiting.retain(|_, (_, notified)| *notified == 0);
        match self.waiting.first_key_value() {
            Some((invite, _)) => Err(format!("invariant 15: never learns what became of {invite:?}")),
            None => Ok(()),
        }
    }
}
