//! How far a connection has come.

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// TCP.
    Connecting,
    /// TLS, if there is any.
    Securing,
    /// CONNECT is sent.
    Greeting,
    /// CONNACK has come, SUBSCRIBE is sent.
    Subscribing,
    /// Everything works.
    Up,
}
