//! A connection, a clock in the test's hand, and a broker that says what the test tells it to.

pub(crate) mod broker;
mod connect_errors;
mod dead_connection;
mod dial;
mod endpoints;
mod exchanges;
mod lifecycle;
mod settings;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::*;
use crate::protocol::{PublishResult, Qos};
use crate::topics::Topics;
use broker::Broker;

/// A port that registers nothing: the test asks the sockets themselves.
#[derive(Default)]
pub(crate) struct TestPort {
    asked: Mutex<Vec<(u64, String, u16)>>,
    /// Every connection that was begun.
    pub(crate) connects: Mutex<Vec<SocketAddr>>,
    /// Addresses where nobody says anything, and whether that connects.
    mute: Mutex<Vec<(SocketAddr, Arc<AtomicBool>)>>,
    /// What the next connection is.
    flood: Mutex<Option<Flood>>,
    /// Sockets have a slow uplink: milliseconds since the last acknowledgement.
    slow_uplink: Mutex<Option<Arc<AtomicU64>>>,
    /// Where connections lead instead.
    pub(crate) reroute: Mutex<Option<SocketAddr>>,
}

impl TestPort {
    /// An address where nobody says anything: connections to it are made when the flag is set.
    fn mute(&self, address: SocketAddr) -> Arc<AtomicBool> {
        let connects = Arc::new(AtomicBool::new(false));
        self.mute.lock().push((address, connects.clone()));
        connects
    }
}

/// A socket that gives these, a read each, and then that without end; it takes only so much.
struct Flood {
    first: Arc<Mutex<VecDeque<Vec<u8>>>>,
    then: Vec<u8>,
    takes: AtomicU64,
}

impl Socket for Flood {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut first = self.first.lock();
        let mut bytes =
            first.pop_front().unwrap_or_else(|| self.then.repeat(buffer.len() / self.then.len() + 1));
        let left = bytes.split_off(buffer.len().min(bytes.len()));
        buffer[..bytes.len()].copy_from_slice(&bytes);
        if !left.is_empty() {
            first.push_front(left);
        }
        Ok(bytes.len())
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len() as u64;
        if self.takes.load(Ordering::SeqCst) < count {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.takes.fetch_sub(count, Ordering::SeqCst);
        Ok(bytes.len())
    }

    fn is_connected(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn shut(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A socket that takes everything and gives nothing.
struct Mute(Arc<AtomicBool>);

impl Socket for Mute {
    fn read(&self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn is_connected(&self) -> io::Result<bool> {
        Ok(self.0.load(Ordering::SeqCst))
    }

    fn shut(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A socket that says how many milliseconds ago bytes were acknowledged, while more are under way.
struct Uplink(Box<dyn Socket>, Arc<AtomicU64>);

impl Socket for Uplink {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn is_connected(&self) -> io::Result<bool> {
        self.0.is_connected()
    }

    fn shut(&self) -> io::Result<()> {
        self.0.shut()
    }

    fn since_last_ack(&self) -> Option<u64> {
        Some(self.1.load(Ordering::SeqCst)).filter(|ms| *ms != u64::MAX)
    }
}

impl Port for TestPort {
    fn connect(&self, address: SocketAddr) -> io::Result<Arc<dyn Socket>> {
        self.connects.lock().push(address);
        if let Some(flood) = self.flood.lock().take() {
            return Ok(Arc::new(flood));
        }
        if let Some((_, connects)) = self.mute.lock().iter().find(|it| it.0 == address) {
            return Ok(Arc::new(Mute(connects.clone())));
        }
        let socket = nertc_callkit_reactor::connect(self.reroute.lock().unwrap_or(address))?;
        // The kernel's word is of another clock than the test's.
        let unknown = || Arc::new(AtomicU64::new(u64::MAX));
        let acknowledged = self.slow_uplink.lock().clone().unwrap_or_else(unknown);
        Ok(Arc::new(Uplink(Box::new(socket), acknowledged)))
    }

    fn resolve(&self, ticket: u64, host: &str, port: u16) {
        self.asked.lock().push((ticket, host.into(), port));
    }

    fn tls(&self, settings: &Settings) -> Result<Tls, String> {
        Tls::new(&settings.roots, settings.client_cert.as_ref())
    }
}

/// Everything that can be ready is.
pub(crate) const ALL: Readiness = Readiness::ALL;

/// A connection and its clock.
struct Client {
    connection: Connection,
    test_port: Arc<TestPort>,
    now: u64,
}

pub(crate) fn settings(brokers: &[&Broker]) -> Settings {
    let endpoint = |broker: &&Broker| Endpoint { host: "127.0.0.1".into(), port: broker.port(), tls: false };
    Settings {
        endpoints: brokers.iter().map(endpoint).collect(),
        roots: Roots::Platform,
        client_cert: None,
        allow_plaintext: false,
        client_id: "nTEST".into(),
        session_expiry_s: 86_400,
        keep_alive_s: 60,
        presence: false,
        topics: Topics::new("nck1", "alice", "pad").expect("names"),
        // Silence has tests of its own, and so have answers that wait.
        timers: Timers { silence_least: 3_600_000, silence_most: 3_600_000, answer: 0, ..Timers::default() },
    }
}

impl Client {
    fn with(settings: Settings) -> Client {
        let test_port = Arc::new(TestPort::default());
        Client { connection: Connection::new(settings, 1, test_port.clone()), test_port, now: 1_000_000 }
    }

    /// One that connects.
    fn to(brokers: &[&Broker]) -> Client {
        let mut client = Client::with(settings(brokers));
        client.connection.connect(client.now, "secret");
        client
    }

    /// One that is up, at a broker that has accepted it.
    fn up(broker: &mut Broker) -> Client {
        let mut client = Client::to(&[broker]);
        client.come_up(broker);
        client
    }

    /// Lets the broker take it and checks that it is up.
    #[track_caller]
    fn come_up(&mut self, broker: &mut Broker) {
        self.meet(broker);
        broker.welcome(&[]);
        self.until(broker, Broker::has_filters);
        broker.grant();
        let up = self.event(broker);
        assert_eq!(up, ConnectionEvent::Up { resumed: broker.remembers });
    }

    /// Connects until the broker has its CONNECT.
    #[track_caller]
    fn meet(&mut self, broker: &mut Broker) {
        self.until(broker, Broker::has_connect);
    }

    /// One look at the socket, at this moment.
    fn drive(&mut self) {
        self.connection.on_ready(self.now, ALL);
        self.connection.flush(self.now);
    }

    /// Both look at their sockets until `done`.
    #[track_caller]
    fn until(&mut self, broker: &mut Broker, done: impl Fn(&Broker) -> bool) {
        let patience = broker::Patience::new();
        while !done(broker) {
            self.drive();
            broker.drive();
            patience.check("the broker has not heard it");
        }
    }

    /// The next event.
    #[track_caller]
    fn event(&mut self, broker: &mut Broker) -> ConnectionEvent {
        let patience = broker::Patience::new();
        loop {
            if let Some(event) = self.connection.poll_event() {
                return event;
            }
            self.drive();
            broker.drive();
            patience.check("no event");
        }
    }

    /// Nothing has happened and nothing happens when both look again.
    #[track_caller]
    fn quiet(&mut self, broker: &mut Broker) {
        for _ in 0..20 {
            self.drive();
            broker.drive();
            assert_eq!(self.connection.poll_event(), None);
        }
    }

    /// Lets time pass up to the next deadline, and says how long that was.
    #[track_caller]
    fn next_deadline(&mut self) -> u64 {
        let at = self.connection.poll_timeout().expect("a deadline");
        let passed = at.saturating_sub(self.now);
        self.now += passed;
        self.connection.handle_timeout(self.now);
        self.connection.flush(self.now);
        passed
    }

    fn publish(&mut self, token: u64, payload: &str, expires_ms: u32) {
        self.connection.publish(
            self.now,
            token,
            Qos::AtLeastOnce,
            "nck1/u/bob/in/alice/pad".into(),
            payload.into(),
            expires_ms,
        );
        self.connection.flush(self.now);
    }

    #[track_caller]
    fn refused(&mut self, broker: &mut Broker) -> (i32, i32) {
        match self.event(broker) {
            ConnectionEvent::Refused { code, raw_code, message } => {
                assert!(!message.is_empty());
                (code, raw_code)
            }
            other => panic!("{other:?}"),
        }
    }
}

fn published(token: u64, result: PublishResult) -> ConnectionEvent {
    ConnectionEvent::Published { token, result }
}
