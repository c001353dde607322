//! The vocabulary.

/// Which way sound goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From the user.
    Microphone,
    /// To the user.
    Speaker,
}

/// The system's name of a device, which lasts longer than the process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub String);

/// One of the devices that a system has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What it is chosen by.
    pub id: DeviceId,
    /// What the user reads.
    pub name: String,
    /// The one that the system uses for programs that choose none.
    pub is_default: bool,
}

/// Why there is no sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// DEVICE_NOT_FOUND: no such device, none at all, or no audio system.
    NotFound,
    /// DEVICE_DENIED: the system or its user refuses access.
    Denied,
    /// DEVICE_BUSY: another program has it, or it does not answer.
    Busy,
    /// A later command replaced this one.
    Cancelled,
}
