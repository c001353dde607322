//! Signaling without a service: the peers of the MQTT backend decide among themselves,
//! over a broker.

use std::collections::BTreeMap;

use nertc_callkit_mqtt::protocol::{self, Peer, PublishResult, Qos};
use nertc_callkit_mqtt::topics::Topics;
use nertc_callkit_signaling::{self as signaling, Connection, OperationResult, Origin, Req, Text};
use nertc_callkit_testkit::Random;

use super::broker::{Broker, QueuedMessage};

/// The link of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Not wanted.
    Off,
    Connecting,
    Up,
}

/// A device's MQTT peer and its connection.
pub(super) struct Client {
    pub(super) protocol: Peer,
    pub(super) config: protocol::Config,
    pub(super) link: Link,
    /// Counts connections: messages on another one are lost.
    pub(super) connection: u32,
    /// The connection before, and until when what it sent still reaches the broker.
    pub(super) gasp: (u32, u64),
    /// What a device sends arrives in order: nothing before this.
    pub(super) sent: u64,
    /// Messages of one topic arrive in order: nothing before this.
    pub(super) next_arrival: BTreeMap<String, u64>,
    /// The backend reports to its core in order: nothing before this.
    pub(super) next_report: u64,
    /// Its client knows no QoS 0.
    pub(super) is_older: bool,
    /// Operations without an answer.
    pub(super) open: BTreeMap<Req, signaling::Operation>,
}

/// All MQTT peers, and the broker between them.
pub(super) struct MqttPeers {
    pub(super) clients: Vec<Client>,
    pub(super) names: Vec<Topics>,
    pub(super) broker: Broker,
    /// Messages of different topics, or QoS, overtake each other.
    pub(super) reorders: bool,
    /// An MQTT peer's violation.
    pub(super) fault: Option<String>,
    /// When each invite was issued.
    pub(super) issued: BTreeMap<(Text, Text), u64>,
}

/// What is between a device and the broker.
#[derive(Clone, Debug)]
pub(super) enum Wire {
    /// CONNECT.
    Connect,
    /// CONNACK and SUBACK.
    Up { resumed: bool },
    /// PUBLISH to the broker.
    Publish { token: u64, qos: Qos, topic: String, payload: String, expires_ms: u32 },
    /// PUBACK, or not.
    Answer { token: u64, result: PublishResult },
    /// PUBLISH to the device.
    QueuedMessage(QueuedMessage),
    /// DISCONNECT.
    Bye { forget: bool },
    /// The broker notices that the connection is dead, and publishes the will.
    Will,
    /// Another device's will.
    Gone { whose: usize },
}

/// A backend's report to its core.
#[derive(Clone, Debug)]
pub(super) enum SinkMessage {
    Done(Req, OperationResult),
    Events(Origin, Vec<signaling::Event>),
    Connection(Connection),
    Record(Text, Text),
}

impl MqttPeers {
    /// For devices of these accounts.
    pub(super) fn new(accounts: &[Text], random: &mut Random) -> MqttPeers {
        let is_single = random.chance(100);
        let watch_presence = random.chance(700);
        let busy_is_local = random.chance(300);
        let peer_lost_ms = *random.pick(&[0, 20_000, 60_000]);
        let mut peers = MqttPeers {
            clients: Vec::new(),
            names: Vec::new(),
            broker: Broker::new(accounts.len(), random.chance(700)),
            reorders: random.chance(500),
            fault: None,
            issued: BTreeMap::new(),
        };
        for (index, account) in accounts.iter().enumerate() {
            let (device, instance) = (index.to_string().into(), format!("{index}-0").into());
            let config = protocol::Config {
                single_device: is_single,
                busy_is_local,
                peer_lost_ms,
                watch_presence,
                ..protocol::Config::new(account.clone(), device, instance)
            };
            peers.names.push(Topics::new("nck1", account, &config.device).expect("plain names"));
            peers.clients.push(Client::new(config, random.next_u64(), random.chance(300)));
        }
        peers
    }

    /// The next deadline of an MQTT peer, and its owner.
    pub(super) fn next_due(&self) -> Option<(u64, usize)> {
        let due = |(index, client): (usize, &Client)| Some((client.protocol.poll_timeout()?, index));
        self.clients.iter().enumerate().filter_map(due).min()
    }

    /// How long ago a ringing invite was issued; 0 where the broker does not let messages expire.
    pub(super) fn age_of_invite(&self, now: u64, channel: &Text, request: &Text) -> u64 {
        let issued = self.issued.get(&(channel.clone(), request.clone())).filter(|_| self.broker.is_five);
        issued.map_or(0, |issued| now - issued)
    }

    /// At the end of a run: nothing is remembered that would not fade away by itself.
    pub(super) fn at_rest(&self, now: u64) -> Result<(), String> {
        for (index, client) in self.clients.iter().enumerate() {
            if !client.protocol.is_at_rest() {
                return Err(format!(
                    "invariant 11: peer {index} is left in a channel: {:?}",
                    client.protocol
                ));
            }
            let due = client.protocol.poll_timeout();
            if due.is_some_and(|at| at < now + 100_000) {
                return Err(format!(
                    "invariant 3: peer {index} does not come to rest: {:?}",
                    client.protocol
                ));
            }
            let bytes = format!("{:?}", client.protocol).len();
            if bytes > 1_000_000 {
                return Err(format!("peer {index} has grown to {bytes} bytes of text"));
            }
        }
        Ok(())
    }
}

impl Client {
    fn new(config: protocol::Config, seed: u64, is_older: bool) -> Client {
        Client {
            protocol: Peer::new(config.clone(), Peer::test_seed(seed)),
            config,
            link: Link::Off,
            connection: 0,
            gasp: (0, 0),
            sent: 0,
            next_arrival: BTreeMap::new(),
            next_report: 0,
            is_older,
            open: BTreeMap::new(),
        }
    }

    /// On another connection, or on none. What was sent may still arrive for so long.
    pub(super) fn hang_up(&mut self, link: Link, gasps_until: u64) {
        self.gasp = (self.connection, gasps_until);
        self.connection += 1;
        self.link = link;
        self.next_arrival.clear();
    }
}
