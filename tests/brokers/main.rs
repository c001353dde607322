//! Calls between processes through real brokers, which are started here on free ports of the loopback
//! interface and end with their test: Mosquitto with the shipped configuration, and three NATS servers.
//!
//! The fast half runs with `cargo test`, the rest with `make test-all`, all of it with `make test-brokers`.

mod cluster;
mod data;
mod ejabberd;
mod erlang;
mod kicked;
mod killed;
mod nats;
mod nodes;
mod offline;
mod order;
mod outage;
mod pair;
mod phone;
mod proxy;
mod rabbitmq;
mod race;
mod refused;
mod security;
mod shared_cases;
mod sound;
mod transport;
