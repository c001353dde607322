//! Faults of connections, processes and the broker in simulations of MQTT peers.

use std::collections::BTreeSet;

use nertc_callkit_mqtt::protocol::{self, Peer, Qos};
use nertc_callkit_signaling::Text;

use super::mqtt_peers::{Link, Wire};
use super::world::{Scheduled, World};

impl World {
    /// A connection breaks. What was on its way to the broker arrives up to some moment.
    pub(super) fn drop_link(&mut self, device: usize, is_own_wish: bool) {
        self.expect_will(device);
        let gasps_until = self.now + self.delay();
        let Some(client) = self.client(device) else { return };
        if client.link == Link::Off {
            return;
        }
        let was_up = client.link == Link::Up;
        client.hang_up(Link::Connecting, gasps_until);
        let connection = client.connection;
        self.note(|| format!("device {device}: the connection breaks"));
        if !is_own_wish {
            self.trouble(device);
        }
        if was_up {
            self.feed_protocol(device, protocol::Input::Down);
        }
        let pause = 100 + self.random.below(2_000);
        self.send(device, pause, Scheduled::Wire(connection, Wire::Connect));
    }

    /// A disconnect that was not noticed on this side is over: does the connection still work?
    pub(super) fn mend_link(&mut self, device: usize) {
        let Some(peers) = &mut self.peers else { return };
        let connection = peers.clients[device].connection;
        let session = peers.broker.session(device);
        let is_known = session.is_some_and(|session| session.connection == Some(connection));
        if peers.clients[device].link == Link::Up && !is_known {
            self.drop_link(device, false);
        }
    }

    /// The process has died; a new one has the same names.
    pub(super) fn renew_protocol(&mut self, device: usize, life: u32, seed: u64) {
        if self.peers.is_none() {
            return;
        }
        self.expect_will(device);
        let gasps_until = self.now + self.delay();
        let Some(client) = self.client(device) else { return };
        client.hang_up(Link::Off, gasps_until);
        client.open.clear();
        client.config.instance = format!("{}-{life}", client.config.device).into();
        client.config.remember_instance();
        client.protocol = Peer::new(client.config.clone(), Peer::test_seed(seed));
    }

    /// The broker restarts without state.
    fn restart_broker(&mut self) {
        self.note(|| "the broker restarts".into());
        self.peers.iter_mut().for_each(|it| it.broker.forget_all());
        for device in 0..self.devices.len() {
            self.trouble(device);
            self.drop_link(device, false);
        }
    }

    /// Another process claims to be this device.
    pub(super) fn rival(&mut self, device: usize) {
        let (id, life) = (self.random.next_u64(), self.random.next_u64());
        let (topic, payload) = (
            format!("nck1/u/{}/own/{device}", self.devices[device].account),
            format!(r#"{{"v":1,"k":"hello","id":"{id}","inst":"{life}"}}"#),
        );
        let Some(peers) = &self.peers else { return };
        for target in peers.broker.subscribers(&topic, &peers.names) {
            self.trouble(target);
            self.place(target, (Qos::AtLeastOnce, &topic, &payload), 86_400_000);
        }
    }

    /// What befalls connections and the broker. False: this world has no broker.
    pub(super) fn wire_misfortune(&mut self, device: usize) -> bool {
        if self.peers.is_none() {
            return false;
        }
        match self.random.below(10) {
            0 => self.restart_broker(),
            1..4 => self.drop_link(device, false),
            _ => return false,
        }
        true
    }

    /// The accounts involved with a device now: its own, its peer's, and its callers.
    pub(super) fn kin(&self, device: usize) -> BTreeSet<usize> {
        if self.peers.is_none() {
            return [device].into();
        }
        let own = &self.devices[device].account;
        let is_own = |other: &usize| self.devices[*other].account == *own;
        let family: Vec<usize> = (0..self.devices.len()).filter(is_own).collect();
        let peers: Vec<Text> = family.iter().map(|it| self.devices[*it].engine.snapshot().peer).collect();
        let is_kin = |other: &usize| {
            let theirs = &self.devices[*other];
            theirs.account == *own || peers.contains(&theirs.account) || theirs.engine.snapshot().peer == *own
        };
        (0..self.devices.len()).filter(is_kin).collect()
    }
}
