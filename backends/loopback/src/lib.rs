//! The embedded backends of libnertc_callkit: an in-process exchange for signaling and media, and media for
//! hosts that bring their own. It knows the C types and nothing of the core, and is meant to be read and
//! copied by authors of backends.
//!
//! Where to look:
//! - [`signaling`] and [`rtc`]: the two vtables. Each function reads its arguments, asks the hub, and answers
//!   through the sink. [`none`] is the smallest backend that keeps the contract: start there.
//! - `hub`: the lock and what happens to a device as a whole. `people`: who is known and online, and how a
//!   message finds its devices. `login`: a backend's way in, also late, taken back or without a token.
//!   `channels`: channels and invites. `media`: media rooms.
//! - `delivery`: the way from the hub to the sink queues of its backends. The sink queues, what is delivered,
//!   and how arguments are read, are those of every backend: nertc_callkit_backend.
//! - [`faults`]: the script of things that go wrong. `timer`: a thread that exists while something is
//!   delayed.
//! - `default`: the hub of components that ask for none.
//!
//! Life of an operation: lock the hub, look into the fault script, change the hub, put what it causes into
//! the sink queues of the devices concerned, unlock, empty those sink queues. A device that is offline gets
//! its messages when it logs in again.

mod channels;
mod default;
mod delivery;
pub mod faults;
mod hub;
mod login;
mod media;
pub mod none;
mod people;
mod quick;
pub mod rtc;
pub mod signaling;
mod timer;

pub use default::{after_fork_in_child, default_hub, running_default_hub};
pub use faults::Fault;
pub use hub::{Hub, Record};

use nertc_callkit_backend::codes::{
    ALREADY_LOGGED_IN, ALREADY_MEMBER, BACKEND_FAILED, BAD_TOKEN, CHANNEL_NOT_EXISTS, INVITE_ACCEPTED,
    INVITE_NOT_EXISTS, INVITE_REJECTED, MEMBER_LIMIT, NOT_LOGGED_IN, NOT_MEMBER, OK, OTHER_DEVICE,
    PEER_OFFLINE, TIMEOUT, UID_CONFLICT,
};

/// Every limit of a hub. Over the limit something is refused or forgotten, nothing grows.
mod limits {
    /// Members of a channel; the next one is answered MEMBER_LIMIT.
    pub(crate) const MEMBERS: usize = 100;
    /// Invites remembered by a channel; when all are pending the next one is answered MEMBER_LIMIT.
    pub(crate) const INVITES: usize = 100;
    /// Messages that wait for one offline device or one unknown account; the oldest is forgotten.
    pub(crate) const BACKLOG: usize = 256;
    /// Offline devices remembered for one account; the oldest is forgotten.
    pub(crate) const OFFLINE_DEVICES: usize = 16;
    /// Accounts that never logged in and for which messages wait; more are not kept.
    pub(crate) const UNKNOWN_ACCOUNTS: usize = 1024;
    /// Milliseconds in which another device may ring, before a device that alone is busy speaks for its
    /// account.
    pub(crate) const LOCAL_REJECT_MS: u64 = 2_000;
    /// Call records kept for tests, and those that wait for one offline device; the oldest is forgotten.
    pub(crate) const RECORDS: usize = 64;
    /// Lines of a fault script.
    pub(crate) const FAULTS: usize = 1024;
    /// Milliseconds that a channel lives at most.
    pub(crate) const CHANNEL_LIFE_MS: u64 = 2 * 60 * 60 * 1000;
    /// Channels from which on expired ones are looked for.
    pub(crate) const SWEEP: usize = 64;
}
