//! The call policy: whose invites ring.

use std::collections::BTreeSet;

use crate::number::numbered;
use crate::text::Text;

numbered! {
    /// Whose invites ring.
    #[derive(Default)]
    pub enum PolicyRule {
        /// Everybody's.
        #[default]
        Everybody = 0,
        /// Those of the listed accounts.
        OnlyListed = 1,
        /// All but those of the listed accounts.
        AllButListed = 2,
        /// Nobody's.
        Nobody = 3,
    }
}

/// Who may ring, and how the others are answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CallPolicy {
    /// Whose invites ring.
    pub rule: PolicyRule,
    /// The listed accounts.
    pub accounts: BTreeSet<Text>,
    /// Refused callers are answered busy by this device; else nothing.
    pub answers_busy: bool,
    /// Refused invites are not reported as missed.
    pub no_missed: bool,
}

impl CallPolicy {
    /// This account's invites ring.
    pub fn admits(&self, account: &str) -> bool {
        match self.rule {
            PolicyRule::Everybody => true,
            PolicyRule::OnlyListed => self.accounts.contains(account),
            PolicyRule::AllButListed => !self.accounts.contains(account),
            PolicyRule::Nobody => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_decides_who_rings() {
        let admitted = |rule| {
            let policy = CallPolicy { rule, accounts: ["bob".into()].into(), ..CallPolicy::default() };
            ["bob", "carol"].map(|account| policy.admits(account))
        };
        assert_eq!(admitted(PolicyRule::Everybody), [true, true]);
        assert_eq!(admitted(PolicyRule::OnlyListed), [true, false]);
        assert_eq!(admitted(PolicyRule::AllButListed), [false, true]);
        assert_eq!(admitted(PolicyRule::Nobody), [false, false]);
        assert!(CallPolicy::default().admits("anybody"));
    }
}
