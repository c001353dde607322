//! A backend: a driver, that is a peer and its connection, behind a lock, a registration at the reactor, and
//! the sink queue to the core.
//!
//! Every entry point, on any thread, has one shape ([`Device::act`]): lock; run the driver; set
//! the deadline; unlock; empty the sink queue; write to the broker. No sink and no hook is called under the
//! lock, and nothing is written, but the farewell of a driver that another one replaces: the core is notified
//! first, and its immediate reactions are sent in the same write.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use nertc_callkit_backend::{Login, RETRY_MS, SignalingSink};
use nertc_callkit_reactor::{Handler, Registration, now};
use nertc_callkit_signaling::{Code, Notification, Operation, Outcome, Req, Text};
use parking_lot::Mutex;

use crate::client_id;
use crate::connection::{Connection, Readiness, Settings, Timers};
use crate::driver::Driver;
use crate::options::Options;
use crate::protocol::Config;
use crate::topics::{Topics, encode};

/// Seconds for which the broker keeps a session whose client id is not stored.
const SHORT_EXPIRY_S: u32 = 600;

/// Why an operation ends before it reaches the broker.
#[derive(Debug)]
enum Refused {
    /// No topic can have the name of the account or device.
    NoTopic,
    /// Another account is logged in.
    LoggedIn,
    /// Logged out.
    NotLoggedIn,
    /// The system has no random bytes.
    NoRandomness,
    /// The core has not opened the backend, or has closed it.
    NotOpen,
}

impl From<Refused> for Outcome {
    fn from(refused: Refused) -> Outcome {
        match refused {
            Refused::NoTopic => Outcome::failed(
                Code::INVALID_ARGUMENT,
                "an account or device of more than 64 bytes, where every byte but A-Z a-z 0-9 _ - counts as \
                 three, is too long for a topic",
            ),
            Refused::LoggedIn => Outcome::failed(Code::ALREADY_LOGGED_IN, "log out first"),
            Refused::NotLoggedIn => Code::NOT_LOGGED_IN.into(),
            Refused::NoRandomness => Outcome::failed(Code::BACKEND_FAILED, "the system has no random bytes"),
            Refused::NotOpen => Outcome::failed(Code::BACKEND_FAILED, "the backend is not open"),
        }
    }
}

/// One backend.
pub(crate) struct Device {
    options: Options,
    /// Distinguishes this backend from others of the same device.
    instance: Text,
    state: Mutex<State>,
    sink: SignalingSink,
}

#[derive(Default)]
struct State {
    me: Weak<Device>,
    /// From open to close.
    registration: Option<Registration>,
    /// From the first login on; another account gets another one.
    driver: Option<Box<Driver>>,
    /// When the core is asked again whether it accepts more.
    retry_at: Option<u64>,
}

impl Device {
    /// None: the system has no random bytes.
    pub(crate) fn new(options: Options, sink: SignalingSink) -> Option<Arc<Device>> {
        let instance = client_id::random_name()?.into();
        Some(Arc::new_cyclic(|me| Device {
            options,
            instance,
            state: Mutex::new(State { me: me.clone(), ..State::default() }),
            sink,
        }))
    }

    /// Takes a place at the reactor.
    pub(crate) fn open(&self) -> Result<(), Code> {
        let registration = Registration::new().map_err(|error| {
            log::error!("mqtt: no I/O thread: {error}");
            Code::BACKEND_FAILED
        })?;
        let mut state = self.state.lock();
        registration.set_handler(state.me.clone());
        state.registration = Some(registration);
        Ok(())
    }

    /// Leaves the reactor. A device that did not log out is away: the session stays, others are not notified.
    pub(crate) fn close(&self) {
        // First, so that the I/O thread is not writing when the last is written.
        let registration = self.state.lock().registration.take();
        if let Some(registration) = registration {
            registration.deregister();
        }
        let driver = self.state.lock().driver.take();
        if let Some(mut driver) = driver {
            driver.act(now(), &mut |_| (), |driver| driver.connection().disconnect(now(), false));
            driver.write();
        }
    }

    /// Logs in.
    pub(crate) fn login(&self, req: Req, login: &Login) {
        match self.prepare(login) {
            Ok(fresh) => self.act(|state, now| {
                if let Some(before) = fresh.and_then(|fresh| state.driver.replace(fresh)) {
                    // Its login was never granted, or it has logged out.
                    before.retire(now, &mut |it| self.sink.push(it));
                }
                self.on_driver(state, now, |driver| {
                    driver.release_logout(&mut |it| self.sink.push(it));
                    driver.login(now, req.0, &login.token, login.timeout_ms);
                });
            }),
            Err(refused) => self.refuse(req, refused),
        }
    }

    /// The driver of another device than before; None: it is the same.
    fn prepare(&self, login: &Login) -> Result<Option<Box<Driver>>, Refused> {
        let topics =
            Topics::new(&self.options.prefix, &login.account, &login.device).ok_or(Refused::NoTopic)?;
        {
            let state = self.state.lock();
            let driver = state.driver.as_deref();
            if driver.is_some_and(|it| it.is_of(&login.account, &login.device)) {
                return Ok(None);
            }
            if driver.is_some_and(Driver::is_in) {
                return Err(Refused::LoggedIn);
            }
        }
        // Reads a file or calls the app, so without the lock; nothing else makes a driver.
        self.driver(topics, login).map(Some)
    }

    fn driver(&self, topics: Topics, who: &Login) -> Result<Box<Driver>, Refused> {
        let Options { endpoints, roots, allow_plaintext, presence, hooks, .. } = &self.options;
        let client_id = client_id::load(&**hooks, &who.account, &who.device, &who.data_dir)
            .ok_or(Refused::NoRandomness)?;
        let expiry_s = self.options.session_expiry_s;
        let settings = Settings {
            endpoints: endpoints.clone(),
            roots: roots.clone(),
            client_cert: self.options.client_cert.clone(),
            allow_plaintext: *allow_plaintext,
            client_id: client_id.text,
            session_expiry_s: if client_id.kept { expiry_s } else { expiry_s.min(SHORT_EXPIRY_S) },
            keep_alive_s: self.options.keep_alive_s,
            presence: *presence,
            topics: topics.clone(),
            timers: Timers::default(),
        };
        let lives = client_id::instances(&who.account, &who.device, &who.data_dir, &self.instance);
        let config = Config {
            account: who.account.clone(),
            device: who.device.clone(),
            instance: self.instance.clone(),
            instances: lives.into_iter().map(Text::from).collect(),
            single_device: self.options.single_device,
            busy_is_local: self.options.busy_is_local,
            peer_lost_ms: self.options.peer_lost_ms,
            watch_presence: *presence,
        };
        let port = self.state.lock().registration.as_ref().ok_or(Refused::NotOpen)?.clone();
        Driver::new(config, settings, Arc::new(port)).map(Box::new).ok_or(Refused::NoRandomness)
    }

    /// Every operation but a login.
    pub(crate) fn run(&self, req: Req, operation: Operation) {
        if let Operation::Invite { message, .. } = &operation
            && encode(&message.account).is_none()
        {
            return self.refuse(req, Refused::NoTopic);
        }
        self.act(|state, now| match state.driver {
            Some(_) => self.on_driver(state, now, |driver| {
                driver.operate(now, req.0, operation);
            }),
            None => self.sink.complete(req, Outcome::from(Refused::NotLoggedIn)),
        });
    }

    /// Nothing answers it.
    pub(crate) fn notify(&self, notification: Notification) {
        self.act(|state, now| {
            self.on_driver(state, now, |driver| driver.notify(now, notification));
        });
    }

    /// The device has another network.
    pub(crate) fn network_changed(&self) {
        self.on_connection(Connection::network_changed);
    }

    /// Completes an operation that needs no peer.
    fn refuse(&self, req: Req, why: Refused) {
        self.sink.complete(req, Outcome::from(why));
        self.deliver();
    }

    fn on_connection(&self, body: impl FnOnce(&mut Connection, u64)) {
        self.act(|state, now| self.on_driver(state, now, |driver| body(driver.connection(), now)));
    }

    /// Does something with the driver, if there is one.
    fn on_driver(&self, state: &mut State, now: u64, body: impl FnOnce(&mut Driver)) {
        if let Some(driver) = &mut state.driver {
            driver.act(now, &mut |it| self.sink.push(it), body);
        }
        state.driver.take_if(|driver| driver.is_broken());
    }

    /// Does something under the lock, and then what has to be done without it.
    fn act(&self, body: impl FnOnce(&mut State, u64)) {
        let has_output = {
            let mut state = self.state.lock();
            body(&mut state, now());
            let has_output = state.driver.as_ref().is_some_and(|driver| driver.has_output());
            if !has_output {
                state.set_deadline();
            }
            has_output
        };
        self.deliver();
        if has_output {
            self.write();
        }
    }

    /// Writes to the broker, without the lock; what others have for it meanwhile, too.
    fn write(&self) {
        let mut written = None;
        loop {
            let next = {
                let mut state = self.state.lock();
                let next = state.driver.as_mut().and_then(|driver| driver.next_output(written.take()));
                if next.is_none() {
                    state.set_deadline();
                }
                next
            };
            let Some(outgoing) = next else { return };
            written = Some(outgoing.write());
        }
    }

    /// Empties the sink queue. What the core does not take now is offered again.
    fn deliver(&self) {
        if self.sink.flush() {
            let mut state = self.state.lock();
            state.retry_at = Some(now() + RETRY_MS);
            state.set_deadline();
        }
    }
}

impl Handler for Device {
    fn ready(&self, readiness: Readiness) {
        self.on_connection(|connection, now| connection.on_ready(now, readiness));
    }

    fn timeout(&self) {
        self.act(|state, now| {
            if state.retry_at.is_some_and(|at| at <= now) {
                state.retry_at = None;
                self.sink.retry();
            }
            self.on_driver(state, now, |driver| driver.on_time(now));
        });
    }

    fn resolved(&self, ticket: u64, found: io::Result<Vec<SocketAddr>>) {
        self.on_connection(|connection, now| connection.resolved(now, ticket, found));
    }

    /// What the driver does is contained there; this came from somewhere else.
    fn panicked(&self) {
        self.on_connection(Connection::reconnect);
    }
}

impl State {
    fn set_deadline(&self) {
        let Some(registration) = &self.registration else { return };
        let driver = self.driver.as_ref().and_then(|it| it.poll_timeout());
        registration.set_deadline([driver, self.retry_at].into_iter().flatten().min());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI32, Ordering};
    use std::time::{Duration, Instant};

    use nertc_callkit_backend::SignalingMessage;
    use nertc_callkit_signaling::{CallType, Message};
    use parking_lot::Condvar;

    use super::*;
    use crate::convert;
    use crate::options::{Given, NoHooks};
    use crate::protocol::ConnectionChange;

    /// What a sink received, and how many changes of the connection it refuses first.
    #[derive(Default)]
    struct Received {
        refusals: AtomicI32,
        lines: Mutex<Vec<String>>,
        more: Condvar,
    }

    impl Received {
        fn take(&self, message: &SignalingMessage) -> bool {
            let line = if let SignalingMessage::Completed(req, result) = message {
                format!("done {} {}", req.0, result.outcome.code)
            } else if self.refusals.fetch_sub(1, Ordering::SeqCst) > 0 {
                assert!(matches!(message, SignalingMessage::Connection(_)));
                return false;
            } else {
                format!("{message:?}")
            };
            self.lines.lock().push(line);
            self.more.notify_all();
            true
        }

        fn expect(&self, wanted: &[&str]) {
            let until = Instant::now() + Duration::from_secs(20);
            let mut lines = self.lines.lock();
            while lines.len() < wanted.len() {
                assert!(!self.more.wait_until(&mut lines, until).timed_out(), "only {lines:?}");
            }
            assert_eq!(std::mem::take(&mut *lines), wanted);
        }
    }

    /// A device that is open, and what its sink receives.
    fn device() -> (Arc<Device>, Arc<Received>) {
        let given = Given {
            flags: 0,
            endpoints: vec!["mqtt://127.0.0.1:1"],
            ca_pem: None,
            client_cert: None,
            client_key: None,
            prefix: None,
            session_expiry_s: 0,
            keep_alive_s: 0,
            peer_lost_ms: 0,
            hooks: Arc::new(NoHooks),
        };
        let (sink, received) = (SignalingSink::default(), Arc::new(Received::default()));
        let options = Options::read(&given).expect("good options");
        let device = Device::new(options, sink.clone()).expect("random bytes");
        let receiver = received.clone();
        sink.open(move |message| if receiver.take(&message) { Ok(()) } else { Err(message) });
        device.open().expect("a reactor");
        (device, received)
    }

    fn close(device: &Device) {
        device.close();
        device.sink.close();
    }

    fn who(account: &str) -> Login {
        Login { account: account.into(), token: "token".into(), device: "phone".into(), ..Login::default() }
    }

    #[test]
    fn a_full_core_is_asked_again_and_completions_overtake() {
        let (device, received) = device();
        received.refusals.store(2, Ordering::SeqCst);
        device.sink.push(convert::connection(ConnectionChange::Lost, Outcome::default()));
        device.sink.push(convert::connection(ConnectionChange::Restored, Outcome::default()));
        device.run(Req(1), Operation::Create { call_type: CallType::Audio });
        let lost = format!("Connection(Lost({:?}))", Outcome::default());
        received.expect(&["done 1 20001", &lost, "Connection(Restored)"]);
        close(&device);
    }

    #[test]
    fn another_account_may_log_in_until_the_first_is_let_in() {
        let (device, received) = device();
        device.login(Req(1), &who("alice"));
        device.login(Req(2), &who("bob"));
        received.expect(&["done 1 20001"]);
        device.login(Req(3), &who("bob"));
        received.expect(&["done 2 408"]);
        // No account can have this name: it need not ring.
        let account = "\u{e9}".repeat(11);
        let message = Message {
            channel_id: "c".into(),
            account: account.clone().into(),
            request_id: "r".into(),
            ..Message::default()
        };
        device.run(Req(8), Operation::Invite { message, expires_ms: 0, push: None });
        received.expect(&["done 8 90009"]);
        device.run(Req(4), Operation::Logout);
        received.expect(&["done 3 20001", "done 4 0"]);
        device.login(Req(5), &who(""));
        device.login(Req(6), &who(&account));
        received.expect(&["done 5 90009", "done 6 90009"]);
        close(&device);
        device.run(Req(7), Operation::Logout);
        received.expect(&[]);
    }

    #[test]
    fn a_login_into_a_closed_backend_is_refused() {
        let (device, _) = device();
        device.close();
        let refused = device.prepare(&who("alice")).err().map(Outcome::from).expect("refused");
        assert_eq!((refused.code, &*refused.message), (Code::BACKEND_FAILED, "the backend is not open"));
        close(&device);
    }
}
