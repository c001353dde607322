//! A backend: a driver, that is a peer and its connection, behind a lock, a place at the reactor, and the
//! sink queue to the core.
//!
//! Whatever happens, on whichever thread, has one shape ([`Device::act`]): lock; let the driver do it; set
//! the deadline; unlock; empty the sink queue; call the app. No sink and no hook is called under the lock.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use nertc_callkit_abi::{nertc_callkit_req, nertc_callkit_signaling_sink};
use nertc_callkit_backend::codes::{ALREADY_LOGGED_IN, BACKEND_FAILED, INVALID_ARGUMENT, NOT_LOGGED_IN, OK};
use nertc_callkit_backend::messages::SignalingMessage;
use nertc_callkit_backend::sink_queue::{RETRY_MS, SinkQueue};
use parking_lot::Mutex;

use crate::client_id;
use crate::connection::{Connection, Readiness, Settings, Timers};
use crate::convert;
use crate::driver::Driver;
use crate::options::Options;
use crate::protocol::{Admission, Answer, Config, InviteState, Op, Text};
use crate::reactor::{Handler, Registration, now};
use crate::topics::{Topics, encode};

/// Seconds for which the broker keeps a session whose client id nobody keeps.
const SHORT_EXPIRY_S: u32 = 600;

/// Why an account cannot be reached at all.
const NO_TOPIC: &str = "an account or device of more than 64 bytes, where every byte but A-Z a-z 0-9 _ - \
                        counts as three, is too long for a topic";

/// One backend: what `ctx` points to, counted.
pub(crate) struct Device {
    options: Options,
    /// Tells this backend from others of the same device.
    instance: Text,
    state: Mutex<State>,
    sink_queue: SinkQueue<SignalingMessage>,
}

#[derive(Default)]
struct State {
    me: Weak<Device>,
    /// From open to close.
    registration: Option<Registration>,
    /// From the first login on; another account gets another one.
    driver: Option<Box<Driver>>,
    /// When the core is asked again whether it takes more.
    retry_at: Option<u64>,
}

/// Who logs in; the texts are lent.
pub(crate) struct Login<'a> {
    pub(crate) account: &'a str,
    pub(crate) token: &'a str,
    pub(crate) device: &'a str,
    pub(crate) folder: &'a str,
    /// How long the core waits; 0 = not said.
    pub(crate) within_ms: u32,
}

impl Device {
    /// None: the system has no random bytes.
    pub(crate) fn new(options: Options) -> Option<Arc<Device>> {
        let instance = client_id::random_name()?.into();
        Some(Arc::new_cyclic(|me| Device {
            options,
            instance,
            state: Mutex::new(State { me: me.clone(), ..State::default() }),
            sink_queue: SinkQueue::new(),
        }))
    }

    /// Connects the sink and takes a place at the reactor.
    pub(crate) fn open(&self, sink: &nertc_callkit_signaling_sink) -> i32 {
        let registration = match Registration::new() {
            Ok(registration) => registration,
            Err(error) => {
                log::error!("mqtt: no I/O thread: {error}");
                return BACKEND_FAILED;
            }
        };
        let mut state = self.state.lock();
        registration.set_handler(state.me.clone());
        state.registration = Some(registration);
        self.sink_queue.open(sink);
        OK
    }

    /// The barrier. Who did not log out is away: the session stays, others are not told.
    pub(crate) fn close(&self) {
        let (driver, registration) = {
            let mut state = self.state.lock();
            (state.driver.take(), state.registration.take())
        };
        if let Some(mut driver) = driver {
            driver.act(now(), &mut |_| (), |driver| driver.connection().disconnect(now(), false));
        }
        if let Some(registration) = registration {
            registration.deregister();
        }
        self.sink_queue.close();
    }

    /// Logs in.
    pub(crate) fn login(&self, req: nertc_callkit_req, who: &Login<'_>) -> i32 {
        let Some(topics) = Topics::new(&self.options.prefix, who.account, who.device) else {
            return self.answer(req, INVALID_ARGUMENT, NO_TOPIC);
        };
        let is_same = {
            let state = self.state.lock();
            let driver = state.driver.as_deref();
            let is_same = driver.is_some_and(|it| it.is_of(who.account, who.device));
            if !is_same && driver.is_some_and(Driver::is_in) {
                drop(state);
                return self.answer(req, ALREADY_LOGGED_IN, "log out first");
            }
            is_same
        };
        // Reads a file or calls the app, so without the lock; nothing else makes a driver.
        let fresh = if is_same { None } else { self.driver(topics, who) };
        if !is_same && fresh.is_none() {
            return self.answer(req, BACKEND_FAILED, "no random bytes, or the backend is not open");
        }
        self.act(|state, now| {
            if let Some(before) = fresh.and_then(|fresh| state.driver.replace(fresh)) {
                // Its login was never granted, or it has logged out.
                before.retire(now, &mut |it| self.sink_queue.push(it));
            }
            self.on_driver(state, now, |driver| {
                driver.release_logout(&mut |it| self.sink_queue.push(it));
                driver.login(now, req as u64, who.token, who.within_ms);
            });
        });
        OK
    }

    fn driver(&self, topics: Topics, who: &Login<'_>) -> Option<Box<Driver>> {
        let Options { endpoints, roots, allow_plaintext, presence, hooks, .. } = &self.options;
        let client_id = client_id::load(&**hooks, who.account, who.device, who.folder)?;
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
        let lives = client_id::instances(who.account, who.device, who.folder, &self.instance);
        let config = Config {
            account: who.account.into(),
            device: who.device.into(),
            instance: self.instance.clone(),
            instances: lives.into_iter().map(Text::from).collect(),
            single_device: self.options.single_device,
            busy_is_local: self.options.busy_is_local,
            peer_lost_ms: self.options.peer_lost_ms,
            watch_presence: *presence,
        };
        let port = self.state.lock().registration.as_ref()?.port();
        Driver::new(config, settings, port).map(Box::new)
    }

    /// Every other operation.
    pub(crate) fn run(&self, req: nertc_callkit_req, op: Op) -> i32 {
        if let Op::Invite(message, _) = &op
            && encode(&message.account).is_none()
        {
            return self.answer(req, INVALID_ARGUMENT, NO_TOPIC);
        }
        self.act(|state, now| match state.driver {
            Some(_) => self.on_driver(state, now, |driver| driver.operate(now, req as u64, op)),
            None => self.sink_queue.push(SignalingMessage::Done(req, NOT_LOGGED_IN.into())),
        });
        OK
    }

    /// The login is not wanted any more.
    pub(crate) fn abort_login(&self, req: nertc_callkit_req) {
        self.act(|state, now| {
            self.on_driver(state, now, |driver| driver.abort_login(now, req as u64));
        });
    }

    /// The token for the next connection; empty: there is none.
    pub(crate) fn set_token(&self, token: &str) {
        self.on_connection(|connection, now| connection.set_token(now, token));
    }

    /// What the core made of an invite.
    pub(crate) fn invite_state(&self, channel: Text, request: Text, what: InviteState) {
        self.act(|state, now| {
            self.on_driver(state, now, |driver| driver.invite_state(now, channel, request, what));
        });
    }

    /// Whose invites may ring.
    pub(crate) fn set_policy(&self, admission: Admission) {
        self.act(|state, now| self.on_driver(state, now, |driver| driver.set_policy(now, admission)));
    }

    /// The device has another network.
    pub(crate) fn network_changed(&self) {
        self.on_connection(Connection::network_changed);
    }

    /// Completes an operation that needs nobody.
    fn answer(&self, req: nertc_callkit_req, code: i32, message: &str) -> i32 {
        let answer = Answer { code, message: message.into(), ..Answer::default() };
        self.sink_queue.push(convert::done(req as u64, &answer));
        self.deliver();
        OK
    }

    fn on_connection(&self, body: impl FnOnce(&mut Connection, u64)) {
        self.act(|state, now| self.on_driver(state, now, |driver| body(driver.connection(), now)));
    }

    /// Does something with the driver, if there is one.
    fn on_driver(&self, state: &mut State, now: u64, body: impl FnOnce(&mut Driver)) {
        if let Some(driver) = &mut state.driver {
            driver.act(now, &mut |it| self.sink_queue.push(it), body);
        }
        state.driver.take_if(|driver| driver.is_broken());
    }

    /// Does something under the lock, and then what has to be done without it.
    fn act(&self, body: impl FnOnce(&mut State, u64)) {
        {
            let mut state = self.state.lock();
            body(&mut state, now());
            state.set_deadline();
        }
        self.deliver();
    }

    /// Empties the sink_queue. What the core does not take now is offered again.
    fn deliver(&self) {
        if self.sink_queue.flush() {
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
                self.sink_queue.retry();
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
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicI32, Ordering};
    use std::time::{Duration, Instant};

    use nertc_callkit_abi::{
        NERTC_CALLKIT_ABI, nertc_callkit_signaling_connection, nertc_callkit_signaling_result,
        nertc_callkit_status,
    };
    use nertc_callkit_backend::input::size;
    use parking_lot::Condvar;

    use super::*;
    use crate::options::{Given, NoHooks};
    use crate::protocol::{ConnectionChange, InviteExtra, OpArgs};

    /// What a sink was told, and how often it refuses first.
    #[derive(Default)]
    struct Told {
        refusals: AtomicI32,
        lines: Mutex<Vec<String>>,
        more: Condvar,
    }

    impl Told {
        fn note(&self, driver: String) {
            self.lines.lock().push(driver);
            self.more.notify_all();
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

    unsafe extern "C" fn complete(
        ctx: *mut c_void,
        req: nertc_callkit_req,
        result: *const nertc_callkit_signaling_result,
    ) {
        // SAFETY: the test's own sink.
        let (told, code) = unsafe { (&*ctx.cast::<Told>(), (*result).code) };
        told.note(format!("done {req} {code}"));
    }

    unsafe extern "C" fn changed(ctx: *mut c_void, event: *const nertc_callkit_signaling_connection) -> i32 {
        // SAFETY: the test's own sink.
        let (told, what) = unsafe { (&*ctx.cast::<Told>(), (*event).what) };
        if told.refusals.fetch_sub(1, Ordering::SeqCst) > 0 {
            return nertc_callkit_status::NERTC_CALLKIT_STATUS_QUEUE_FULL as i32;
        }
        told.note(format!("connection {what}"));
        0
    }

    fn sink(told: &Told) -> nertc_callkit_signaling_sink {
        nertc_callkit_signaling_sink {
            struct_size: size::<nertc_callkit_signaling_sink>(),
            abi: NERTC_CALLKIT_ABI,
            ctx: std::ptr::from_ref(told).cast_mut().cast(),
            complete: Some(complete),
            events: None,
            rooms: None,
            connection: Some(changed),
            log: None,
            record: None,
        }
    }

    fn device() -> Arc<Device> {
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
        Device::new(Options::read(&given).expect("good options")).expect("random bytes")
    }

    fn who(account: &str) -> Login<'_> {
        Login { account, token: "token", device: "phone", folder: "", within_ms: 0 }
    }

    #[test]
    fn what_a_full_core_does_not_take_is_offered_again_and_answers_overtake_it() {
        let (told, device) = (Told::default(), device());
        let sink = sink(&told);
        assert_eq!(device.open(&sink), OK);
        told.refusals.store(2, Ordering::SeqCst);
        device.sink_queue.push(convert::connection(ConnectionChange::Lost, OK, 0, ""));
        device.sink_queue.push(convert::connection(ConnectionChange::Restored, OK, 0, ""));
        assert_eq!(device.run(1, Op::Create { call_type: 1 }), OK);
        told.expect(&["done 1 20001", "connection 1", "connection 2"]);
        device.close();
    }

    #[test]
    fn another_account_may_log_in_as_long_as_the_first_is_not_let_in() {
        let (told, device) = (Told::default(), device());
        let sink = sink(&told);
        assert_eq!(device.open(&sink), OK);
        assert_eq!(device.login(1, &who("alice")), OK);
        assert_eq!(device.login(2, &who("bob")), OK);
        told.expect(&["done 1 20001"]);
        assert_eq!(device.login(3, &who("bob")), OK);
        told.expect(&["done 2 408"]);
        // Nobody can have this name: it need not ring out.
        let message = OpArgs {
            channel: "c".into(),
            account: "\u{e9}".repeat(11).into(),
            request: "r".into(),
            custom: "".into(),
            keep: true,
        };
        let invite = Op::Invite(message, InviteExtra { expires_ms: 0, push: None });
        assert_eq!(device.run(8, invite), OK);
        told.expect(&["done 8 90009"]);
        assert_eq!(device.run(4, Op::Logout), OK);
        told.expect(&["done 3 20001", "done 4 0"]);
        assert_eq!(device.login(5, &who("")), OK);
        assert_eq!(device.login(6, &who(&"\u{e9}".repeat(11))), OK);
        told.expect(&["done 5 90009", "done 6 90009"]);
        device.close();
        assert_eq!(device.run(7, Op::Logout), OK);
        told.expect(&[]);
    }
}
