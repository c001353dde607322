//! Carries connections from another address of the loopback interface to a broker.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Carries connections until it is dropped.
pub(crate) struct Relay(SocketAddr);

/// To `port`, from a free port of `host`.
pub(crate) fn to(port: u16, host: &str) -> Relay {
    let listener = TcpListener::bind((host, 0)).expect("a port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for socket in listener.incoming() {
            let (Ok(client), Ok(server)) = (socket, TcpStream::connect(("127.0.0.1", port))) else { return };
            carry(&client, &server);
            carry(&server, &client);
        }
    });
    Relay(address)
}

fn carry(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}

impl Relay {
    pub(crate) fn port(&self) -> u16 {
        self.0.port()
    }
}
