//! The stages of a connection.

/// The stage of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// TCP.
    Connecting,
    /// TLS, if there is any.
    Securing,
    /// CONNECT is sent.
    Greeting,
    /// CONNACK is received, SUBSCRIBE is sent.
    Subscribing,
    /// Everything works.
    Up,
}
