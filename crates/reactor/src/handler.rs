//! The interface of the reactor's users.

use std::io;
use std::net::SocketAddr;

use super::socket::Readiness;

/// What the reactor drives: a device. Called on the reactor's thread, one call at a time, with no lock held.
pub trait Handler: Send + Sync {
    /// Its socket is ready.
    fn ready(&self, readiness: Readiness);
    /// Its deadline has passed; until it sets a new one there is none.
    fn timeout(&self);
    /// The names that its connection resolves.
    fn resolved(&self, ticket: u64, found: io::Result<Vec<SocketAddr>>);
    /// A call of one of the above panicked. It is called again as before; if this panics, too, no more.
    fn panicked(&self);
}
