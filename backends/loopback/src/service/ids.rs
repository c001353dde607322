//! What the service calls its ports and its devices.

/// One instance of a backend on a service. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(pub(super) u32);

/// A device that is known. Also its media uid; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DeviceId(pub(super) u64);
