//! Time as a number that is handed in.

use serde::{Deserialize, Serialize};

/// Milliseconds since the client was created, by a clock that includes sleep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(pub u64);

impl Time {
    /// This moment plus `ms`.
    pub fn after(self, ms: u32) -> Time {
        Time(self.0.saturating_add(u64::from(ms)))
    }

    /// Milliseconds from `earlier` to this moment; 0 if it lies ahead.
    pub fn since(self, earlier: Time) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// What is due first, and why; of two at once, what was named first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Soonest(Option<(Time, &'static str)>);

impl Soonest {
    #[inline]
    pub(super) fn or(&mut self, at: Option<Time>, why: &'static str) {
        if let Some(at) = at
            && self.0.is_none_or(|(soonest, _)| at < soonest)
        {
            self.0 = Some((at, why));
        }
    }

    #[inline]
    pub(super) fn get(self) -> Option<(Time, &'static str)> {
        self.0
    }
}

impl From<Option<(Time, &'static str)>> for Soonest {
    fn from(due: Option<(Time, &'static str)>) -> Soonest {
        Soonest(due)
    }
}
