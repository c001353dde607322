//! A proxy in front of a broker that refuses MQTT 5, as servers that support 3.1.1 only do.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use nertc_callkit_testkit::scratch_dir::port;

/// In CONNECT the protocol's version comes after its name.
const NAME: &[u8] = b"\x00\x04MQTT";

/// Listens until it is dropped.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// How many came with MQTT 5.
    turned_away: Arc<AtomicU32>,
    closed: Arc<AtomicBool>,
}

impl Proxy {
    /// In front of the broker at `broker`.
    pub(crate) fn new(broker: u16) -> Proxy {
        let proxy = Proxy { port: port(), turned_away: Arc::default(), closed: Arc::default() };
        let listener = TcpListener::bind(("127.0.0.1", proxy.port)).expect("a free port");
        let (closed, turned_away) = (Arc::clone(&proxy.closed), Arc::clone(&proxy.turned_away));
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if closed.load(Ordering::SeqCst) {
                    return;
                }
                let turned_away = Arc::clone(&turned_away);
                thread::spawn(move || {
                    let _ = pass(client, broker, &turned_away);
                });
            }
        });
        proxy
    }

    /// How many tried MQTT 5.
    pub(crate) fn turned_away(&self) -> u32 {
        self.turned_away.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Looks at the first packet, then carries bytes.
fn pass(mut client: TcpStream, broker: u16, turned_away: &AtomicU32) -> std::io::Result<()> {
    let mut first = vec![0; 4096];
    let mut length = 0;
    let version = loop {
        let read = client.read(&mut first[length..])?;
        length += read;
        let name = first[..length].windows(NAME.len()).position(|part| part == NAME);
        match name.and_then(|at| first[..length].get(at + NAME.len())) {
            Some(version) => break *version,
            None if read == 0 => return Err(ErrorKind::UnexpectedEof.into()),
            None => {}
        }
    };
    if version == 5 {
        turned_away.fetch_add(1, Ordering::SeqCst);
        // CONNACK of 3.1.1: unacceptable protocol version.
        client.write_all(&[0x20, 2, 0, 1])?;
        return client.shutdown(Shutdown::Both);
    }
    let mut server = TcpStream::connect(("127.0.0.1", broker))?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    server.write_all(&first[..length])?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let _ = std::io::copy(&mut client, &mut server);
    server.shutdown(Shutdown::Both)
}
