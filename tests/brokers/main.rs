//! Real brokers, started here on free ports of the loopback interface and ended with the test that started them.

mod mosquitto;
mod place;
mod process;
mod security;
