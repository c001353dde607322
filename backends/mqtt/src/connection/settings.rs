//! The configuration of a connection.

use crate::protocol::{PublishResult, TopicKind};
use crate::topics::Topics;
use nertc_callkit_signaling::Text;

/// Where a broker listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Name or address; an IPv6 address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// TLS from the first byte.
    pub tls: bool,
}

/// The trust anchors for a broker's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// The authorities that the system trusts.
    Platform,
    /// These, as PEM, and no others.
    Pem(Vec<u8>),
}

/// What a device shows of itself to a broker, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCert {
    /// Its certificate, and those that lead to the authority.
    pub chain: Vec<u8>,
    /// Its private key. Secret.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for ClientCert {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ClientCert")
    }
}

/// The configuration of a connection. Its secrets are never logged.
#[derive(Clone)]
pub struct Settings {
    /// Tried in turn; at least one.
    pub endpoints: Vec<Endpoint>,
    /// For endpoints with TLS.
    pub roots: Roots,
    /// For brokers that authenticate clients by certificate.
    pub client_cert: Option<ClientCert>,
    /// Without TLS to other machines, too: anybody on the path reads the token.
    pub allow_plaintext: bool,
    /// Secret: whoever knows it can end this device's session. At most 23 of `0-9A-Za-z` work everywhere.
    pub client_id: String,
    /// How long the broker keeps the session of a device that is away. MQTT 3.1.1 has no such thing.
    pub session_expiry_s: u32,
    /// Keep-alive in seconds; 0 = none requested. A broker may demand less.
    pub keep_alive_s: u16,
    /// The broker publishes the device's will when the connection is lost.
    pub presence: bool,
    /// Topics, and the account as user name.
    pub topics: Topics,
    /// How long things take at most.
    pub timers: Timers,
}

/// How long things take at most, in milliseconds. The default is for the field; tests shorten it.
#[derive(Clone, Debug)]
pub struct Timers {
    /// Looking a name up.
    pub resolve: u64,
    /// Between the addresses of an endpoint; none is abandoned for the next.
    pub stagger: u64,
    /// TCP and TLS, for all addresses of an endpoint.
    pub connect: u64,
    /// CONNACK, and after it SUBACK.
    pub connack: u64,
    /// First pause between attempts; doubles up to `backoff_most`, and a random part of it is waited.
    pub backoff: u64,
    /// Longest pause.
    pub backoff_most: u64,
    /// Before the first ping after set_call_active, if no publish is under way by then.
    pub first_ping: u64,
    /// How long the answer to a broker's publish waits for something else to be sent.
    pub answer: u64,
    /// Between pings while set_call_active.
    pub active_ping: u64,
    /// For the answer of such a ping.
    pub active_pong: u64,
    /// For the answer of other pings, at most; not more than half the keep-alive.
    pub pong: u64,
    /// An answer that takes four times as long as usual is overdue: not sooner than this, ...
    pub silence_least: u64,
    /// ... and not later than this. Then another connection is made beside.
    pub silence_most: u64,
    /// For a new token.
    pub token: u64,
    /// A connection that ends sooner than this may have been taken over ...
    pub fight_age: u64,
    /// ... and three times within this time means that another client has our client id.
    pub fight_window: u64,
    /// For the last bytes and the broker's end after a DISCONNECT.
    pub closing: u64,
}

impl Default for Timers {
    fn default() -> Timers {
        Timers {
            resolve: 10_000,
            stagger: 250,
            connect: 8_000,
            connack: 8_000,
            backoff: 200,
            backoff_most: 30_000,
            first_ping: 100,
            answer: 10,
            active_ping: 10_000,
            active_pong: 5_000,
            pong: 10_000,
            silence_least: 1_500,
            silence_most: 4_000,
            token: 60_000,
            fight_age: 5_000,
            fight_window: 60_000,
            closing: 1_000,
        }
    }
}

/// What a connection reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// Connected and subscribed. `resumed`: the broker kept our session.
    Up {
        /// Messages that came meanwhile may follow.
        resumed: bool,
    },
    /// The connection is lost and every publish without an answer forgotten. The connection reconnects by
    /// itself.
    Down,
    /// There is no token, or the broker refuses it:
    /// [`Connection::set_token`](super::Connection::set_token) continues, within a minute.
    NeedToken {
        /// There was one.
        refused: bool,
    },
    /// Abandoned, also while up; only [`Connection::connect`](super::Connection::connect) tries again.
    Refused {
        /// See [`code`](super::code).
        code: i32,
        /// The broker's reason or return code, or 0.
        raw_code: i32,
        /// A sentence for a developer.
        message: Text,
    },
    /// A message; its topic identifies the sender.
    Message {
        /// Which of our topics.
        kind: TopicKind,
        /// Sender.
        from: Text,
        /// With which device.
        device: Text,
        /// The envelope.
        payload: Vec<u8>,
        /// When it expires according to the broker, on the driver's clock; None: never, or MQTT 3.1.1.
        expires_at: Option<u64>,
    },
    /// How a publish ended.
    Published {
        /// Which.
        token: u64,
        /// How.
        result: PublishResult,
    },
    /// The broker published the will of a device that is watched.
    Gone {
        /// Account.
        account: Text,
        /// Device.
        device: Text,
    },
}
