//! What the service calls its ports and its devices.

use crate::by_number::Number;

/// One instance of a backend on a service. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(pub(super) u32);

/// A device that is known. Also its media uid; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DeviceId(pub(super) u64);

impl Number for Port {
    fn number(self) -> u64 {
        self.0.into()
    }
}

impl Number for DeviceId {
    fn number(self) -> u64 {
        self.0
    }
}
