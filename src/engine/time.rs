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
