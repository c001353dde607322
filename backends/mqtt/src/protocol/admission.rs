//! Whom the call policy refuses. The core decides about every invite; a device must know, too, lest it tells
//! somebody who is refused that it is there by asking whether an invite that waited still stands.

use std::collections::BTreeSet;

use super::types::Text;

/// Whose invites may ring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Admission {
    /// Everybody's.
    #[default]
    Everybody,
    /// Those of these accounts.
    Only(BTreeSet<Text>),
    /// All but those of these accounts.
    AllBut(BTreeSet<Text>),
    /// Nobody's.
    Nobody,
}

impl Admission {
    pub(super) fn admits(&self, account: &str) -> bool {
        match self {
            Admission::Everybody => true,
            Admission::Only(accounts) => accounts.contains(account),
            Admission::AllBut(accounts) => !accounts.contains(account),
            Admission::Nobody => false,
        }
    }
}
