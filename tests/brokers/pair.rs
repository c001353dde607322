//! alice and bob, with a broker between them.

use nertc_callkit_testkit::mosquitto::{Exchange, Mosquitto};

use crate::phone::Phone;

/// All accounts at the brokers of these tests.
pub(crate) const PEOPLE: [&str; 4] = ["alice", "bob", "carol", "eve"];

/// Two clients that are logged in.
pub(crate) struct Pair {
    pub(crate) alice: Phone,
    pub(crate) bob: Phone,
    pub(crate) exchange: Exchange,
    /// Last: it goes when the phones have gone.
    pub(crate) broker: Mosquitto,
}

impl Pair {
    /// `name` is that of the folder; `options` are for both.
    #[track_caller]
    pub(crate) fn new(name: &str, options: &[&str]) -> Pair {
        let broker = Mosquitto::start(name, &PEOPLE);
        let exchange = broker.exchange();
        Pair::at(broker, exchange, options)
    }

    /// The same through an exchange that is there.
    #[track_caller]
    pub(crate) fn at(broker: Mosquitto, exchange: Exchange, options: &[&str]) -> Pair {
        let mut alice = Phone::new(&exchange, "alice/phone", options);
        let mut bob = Phone::new(&exchange, "bob/phone", options);
        alice.expect("done(login,0)");
        bob.expect("done(login,0)");
        Pair { alice, bob, exchange, broker }
    }

    /// Another device, logged in.
    #[track_caller]
    pub(crate) fn third(&self, name: &str, options: &[&str]) -> Phone {
        Phone::ready(&self.exchange, name, options)
    }

    /// alice calls and bob rings.
    #[track_caller]
    pub(crate) fn ring(&mut self) {
        ring(&mut self.alice, &mut [&mut self.bob]);
    }

    /// alice calls and bob accepts.
    #[track_caller]
    pub(crate) fn connect(&mut self) {
        connect(&mut self.alice, &mut self.bob);
    }

    /// alice hangs up.
    #[track_caller]
    pub(crate) fn hang_up(&mut self) {
        hang_up(&mut self.alice, &mut self.bob);
    }

    /// No label is left for both.
    #[track_caller]
    pub(crate) fn end(self) {
        self.alice.quit();
        self.bob.quit();
    }
}

/// `caller` calls bob, whose devices ring.
#[track_caller]
pub(crate) fn ring(caller: &mut Phone, devices: &mut [&mut Phone]) {
    caller.send_line("call bob");
    caller.expect("done(call,0)");
    for device in devices {
        device.expect("on_invited");
    }
}

/// `caller` calls bob, who accepts.
#[track_caller]
pub(crate) fn connect(caller: &mut Phone, bob: &mut Phone) {
    ring(caller, &mut [bob]);
    accept(caller, bob);
}

/// bob, who rings, accepts.
#[track_caller]
pub(crate) fn accept(caller: &mut Phone, bob: &mut Phone) {
    bob.send_line("accept");
    bob.expect("done(accept,0) on_user_enter on_call_connected");
    caller.expect("on_user_accept on_user_enter on_call_connected");
}

/// The caller hangs up, in the call.
#[track_caller]
pub(crate) fn hang_up(caller: &mut Phone, bob: &mut Phone) {
    caller.send_line("hangup");
    caller.expect("done(hangup,0) on_message_sent(1) on_call_end(15)");
    bob.expect("on_call_end(16)");
}
