//! A device that has only a connection: what it hears is kept for the test.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use nertc_callkit_mqtt::connection::{
    Connection, ConnectionEvent, Endpoint, Readiness, Roots, Settings, Timers,
};
use nertc_callkit_mqtt::protocol::{Qos, Topic};
use nertc_callkit_mqtt::topics::Topics;
use nertc_callkit_reactor::{Handler, Registration, now};
use nertc_callkit_testkit::mosquitto::Mosquitto;
use nertc_callkit_testkit::{Recorder, patience};
use parking_lot::Mutex;

/// The token of what a device says to itself when it is up.
const GREETING: u64 = 999_999;

/// A device that has only a connection.
pub(crate) struct Client {
    registration: Registration,
    topics: Topics,
    /// Says something whenever it is up.
    pub(crate) greets: AtomicBool,
    connection: Mutex<Connection>,
    received: Recorder<ConnectionEvent>,
}

impl Handler for Client {
    fn ready(&self, readiness: Readiness) {
        self.act(|connection, now| connection.on_ready(now, readiness));
    }

    fn timeout(&self) {
        self.act(|connection, now| connection.handle_timeout(now));
    }

    fn resolved(&self, ticket: u64, found: io::Result<Vec<SocketAddr>>) {
        self.act(|connection, now| connection.resolved(now, ticket, found));
    }

    fn panicked(&self) {}
}

impl Drop for Client {
    fn drop(&mut self) {
        self.registration.deregister();
    }
}

/// Settings for `account` at a broker, with short timers and the device `pad`.
pub(crate) fn settings(account: &str, endpoints: &[(&str, u16, bool)]) -> Settings {
    let endpoint = |&(host, port, tls): &(&str, u16, bool)| Endpoint { host: host.into(), port, tls };
    Settings {
        endpoints: endpoints.iter().map(endpoint).collect(),
        roots: Roots::Platform,
        client_cert: None,
        allow_plaintext: false,
        client_id: format!("n{account}0123456789"),
        session_expiry_s: 3600,
        keep_alive_s: 60,
        presence: true,
        topics: Topics::new("nck1", account, "pad").expect("names"),
        timers: Timers { backoff: 20, backoff_most: 200, ..Timers::default() },
    }
}

/// The certificate authority of a broker.
pub(crate) fn roots(broker: &Mosquitto) -> Roots {
    Roots::Pem(fs::read(broker.ca()).expect("a certificate"))
}

impl Client {
    /// A device that does nothing yet.
    pub(crate) fn new(settings: Settings) -> Arc<Client> {
        let registration = Registration::new().expect("a reactor");
        let topics = settings.topics.clone();
        let connection = Connection::new(settings, 7, Arc::new(registration.clone()));
        let client = Arc::new(Client {
            registration,
            topics,
            greets: AtomicBool::new(false),
            connection: Mutex::new(connection),
            received: Recorder::default(),
        });
        let weak: Weak<Client> = Arc::downgrade(&client);
        client.registration.set_handler(weak);
        client
    }

    /// A device that is up.
    pub(crate) fn up(settings: Settings) -> Arc<Client> {
        let client = Client::new(settings);
        client.connect("secret");
        client.wait_up();
        client
    }

    pub(crate) fn connect(&self, token: &str) {
        self.act(|connection, now| connection.connect(now, token));
    }

    /// Anything with the connection, as the real device does it.
    pub(crate) fn act(&self, body: impl FnOnce(&mut Connection, u64)) {
        let mut connection = self.connection.lock();
        let now = now();
        body(&mut connection, now);
        while let Some(mut event) = connection.poll_event() {
            if let ConnectionEvent::Message { expires_at, .. } = &mut event {
                // Moments are not compared; every message here has a minute at most.
                let left = expires_at.take().map(|at| at - now);
                assert!(left.is_none_or(|ms| (1..=60_000).contains(&ms)), "{left:?}");
                assert!(left.is_some() || connection.version() != 5, "a broker of MQTT 5 says it");
            }
            // A whole device proves each connection with a message to itself.
            if self.greets.load(Ordering::Relaxed) && matches!(event, ConnectionEvent::Up { .. }) {
                let topic = self.topics.write(&Topic::Own).expect("a topic");
                connection.publish(now, GREETING, Qos::AtLeastOnce, topic, "up".into(), 1_000);
            }
            self.received.push(event);
        }
        connection.flush(now);
        self.registration.set_deadline(connection.poll_timeout());
    }

    pub(crate) fn publish(&self, token: u64, topic: &Topic, payload: &str) {
        let topic = self.topics.write(topic).expect("a topic");
        let qos = Qos::AtLeastOnce;
        self.act(|connection, now| connection.publish(now, token, qos, topic, payload.into(), 60_000));
    }

    /// Waits for the next event that `find` knows; what came before it is skipped.
    #[track_caller]
    pub(crate) fn wait<T>(&self, what: &str, find: impl FnMut(&ConnectionEvent) -> Option<T>) -> T {
        self.received.next(what, find)
    }

    /// Waits for exactly this event.
    #[track_caller]
    pub(crate) fn wait_event(&self, event: &ConnectionEvent) {
        self.wait(&format!("{event:?}"), |it| (it == event).then_some(()));
    }

    /// Waits until it is up: whether the session was resumed.
    #[track_caller]
    pub(crate) fn wait_up(&self) -> bool {
        self.wait("Up", |event| match event {
            ConnectionEvent::Up { resumed } => Some(*resumed),
            ConnectionEvent::Refused { message, .. } => panic!("refused: {message}"),
            _ => None,
        })
    }

    /// Waits for a message: what it says.
    #[track_caller]
    pub(crate) fn wait_message(&self) -> String {
        self.wait("message", |event| match event {
            ConnectionEvent::Message { payload, .. } => {
                Some(String::from_utf8(payload.clone()).expect("text"))
            }
            _ => None,
        })
    }

    /// Waits until it is refused: code, the broker's number, message.
    #[track_caller]
    pub(crate) fn wait_refused(&self) -> (i32, i32, String) {
        self.wait("Refused", |event| match event {
            ConnectionEvent::Refused { code, raw_code, message } => {
                Some((*code, *raw_code, message.to_string()))
            }
            ConnectionEvent::Up { .. } => panic!("up"),
            _ => None,
        })
    }

    /// Waits until it knows why there is no connection, in these words among others.
    #[track_caller]
    pub(crate) fn wait_why(&self, words: &str) -> (i32, String) {
        let deadline = Instant::now() + patience();
        loop {
            let (raw_code, why) = self.connection.lock().why();
            if why.contains(words) {
                return (raw_code, why);
            }
            assert!(Instant::now() < deadline, "no {words}: {why}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn version(&self) -> u8 {
        self.connection.lock().version()
    }

    /// All it received.
    pub(crate) fn received(&self) -> Vec<ConnectionEvent> {
        self.received.all()
    }
}
