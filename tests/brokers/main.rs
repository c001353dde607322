//! Real brokers, started here on free ports of the loopback interface and ended with their test.

mod mosquitto;
mod place;
mod process;
mod security;
