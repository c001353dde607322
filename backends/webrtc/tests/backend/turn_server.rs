//! A TURN server on a socket of 127.0.0.1, for one client.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use turn_server_proto::api::{TurnServerApi, TurnServerPollRet};
use turn_server_proto::server;
use turn_server_proto::stun::agent::Transmit;
use turn_server_proto::types::TransportType;
use turn_server_proto::types::prelude::DelayedTransmitBuild;

/// What has happened so far.
#[derive(Default)]
pub(crate) struct Counts {
    allocated: AtomicU32,
    freed: AtomicU32,
    /// Datagrams from relayed addresses to somebody.
    left: AtomicU32,
}

/// Runs until it is dropped.
pub(crate) struct TurnServer {
    pub(crate) address: SocketAddr,
    counts: Arc<Counts>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TurnServer {
    pub(crate) fn start() -> TurnServer {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_read_timeout(Some(Duration::from_millis(10))).expect("a limit");
        let address = socket.local_addr().expect("an address");
        let (counts, is_over) = (Arc::<Counts>::default(), Arc::<AtomicBool>::default());
        let (shared, stop) = (counts.clone(), is_over.clone());
        let thread = thread::spawn(move || serve(&socket, address, &shared, &stop));
        TurnServer { address, counts, is_over, thread: Some(thread) }
    }

    /// Allocations, how many of them were given back, and datagrams to peers.
    pub(crate) fn counts(&self) -> [u32; 3] {
        let Counts { allocated, freed, left } = &*self.counts;
        [allocated, freed, left].map(|count| count.load(Ordering::SeqCst))
    }
}

impl Drop for TurnServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(socket: &UdpSocket, address: SocketAddr, counts: &Counts, is_over: &AtomicBool) {
    let count = |counter: &AtomicU32| {
        counter.fetch_add(1, Ordering::SeqCst);
    };
    let mut server = server::TurnServer::new(TransportType::Udp, address, "realm".to_owned());
    server.add_user("alice".to_owned(), "secret".to_owned());
    let began = Instant::now();
    let mut buffer = [0; 2048];
    while !is_over.load(Ordering::SeqCst) {
        let received = socket.recv_from(&mut buffer);
        let now = turn_server_proto::types::Instant::from_std(began);
        if let Ok((length, from)) = received {
            let request = Transmit::new(&buffer[..length], TransportType::Udp, from, address);
            let reply = server.recv(request, now).map(|it| it.data.build());
            // Of a Binding request, the server has the wrong destination.
            reply.into_iter().for_each(|bytes| drop(socket.send_to(&bytes, from)));
        }
        let mut is_allocated = false;
        for _ in 0..20 {
            match server.poll(now) {
                TurnServerPollRet::AllocateSocket { transport, listen_addr, client_addr, family, .. } => {
                    is_allocated = true;
                    // Nobody sends there.
                    let relayed = SocketAddr::from(([192, 0, 2, 1], 49152));
                    let udp = TransportType::Udp;
                    server.allocated_socket(
                        transport,
                        listen_addr,
                        client_addr,
                        udp,
                        family,
                        Ok(relayed),
                        now,
                    );
                }
                TurnServerPollRet::SocketClose { .. } => count(&counts.freed),
                TurnServerPollRet::WaitUntil(_)
                | TurnServerPollRet::TcpConnect { .. }
                | TurnServerPollRet::TcpClose { .. } => {}
            }
            while let Some(transmit) = server.poll_transmit(now) {
                if transmit.from == address {
                    let _ = socket.send_to(&transmit.data, transmit.to);
                } else {
                    count(&counts.left);
                }
            }
        }
        // The client's socket has the answer.
        if is_allocated {
            count(&counts.allocated);
        }
    }
}
