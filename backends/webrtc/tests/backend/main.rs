//! Two media backends in one process over real sockets: few tests, and tolerant of a busy machine.

mod calls;
mod harness;
mod order;
mod prepared;
mod relays;
mod security;
mod turn_server;
